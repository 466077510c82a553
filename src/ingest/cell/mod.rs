//! Reads single cells: empty values, text, codes and words. The rules are listed in docs/cells.md.

pub(crate) mod arrow_column;
pub(crate) mod block;
pub(crate) mod content;
pub(crate) mod dates;
pub(crate) mod distinct;
pub(crate) mod expression;
#[cfg(test)]
mod expression_tests;
mod marks;
mod numbers;
pub(super) mod organisation_number;
pub(crate) mod reader;
pub(crate) mod row_checks;
pub(crate) mod values;
pub(crate) mod year;

use std::borrow::Cow;

use self::content::{Cell, CellResult, NOT_KNOWN, NOTHING};
use super::problem::Code;
use crate::schema::words;
use crate::schema::words::Words;
use crate::standards;
use crate::standards::person::masked;
use crate::standards::{industry, region};

pub(super) use self::marks::{flag, star};
pub(super) use self::numbers::{count, is_year, money, number, real, year};

/// Reads free text as written, without line breaks.
pub(super) fn text<'a>(cell: &Cell<'a>) -> CellResult<Cow<'a, str>> {
    Ok(cell.text()?.map(|text| {
        if text.bytes().any(|b| matches!(b, b'\n' | b'\r')) { Cow::Owned(text.replace(['\n', '\r'], "")) } else { text }
    }))
}

/// Reads text that names something; words for none or unknown are empty.
pub(super) fn term<'a>(cell: &Cell<'a>) -> CellResult<Cow<'a, str>> {
    Ok(text(cell)?.filter(|text| is_name(text)).map(without_persons))
}

/// Hides the numbers of persons in a text.
pub(super) fn without_persons(text: Cow<'_, str>) -> Cow<'_, str> {
    match masked(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(masked) => Cow::Owned(masked),
    }
}

fn is_name(text: &str) -> bool {
    !NOTHING.contains(&text) && !NOT_KNOWN.contains(&text)
}

/// Reads a formation mode as written, if it says more than the canonical word.
pub(super) fn mode_detail<'a>(cell: &Cell<'a>) -> Option<Cow<'a, str>> {
    let written = text(cell).ok().flatten()?;
    let canonical = words::of("mode")?.ids().any(|id| id == written);
    (!canonical).then(|| without_persons(written))
}

/// Reads a code: half-width, upper case.
pub(super) fn code<'a>(cell: &Cell<'a>) -> CellResult<Cow<'a, str>> {
    if let Cell::Text(text) = *cell
        && is_plain_code(text)
    {
        return Ok(Some(Cow::Borrowed(text)));
    }
    Ok(coded(cell)?.filter(|text| is_name(text)))
}

/// Checks whether the text is a code that needs no cleaning. An initial N is excluded because of "NA".
fn is_plain_code(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('N') && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn coded<'a>(cell: &Cell<'a>) -> CellResult<Cow<'a, str>> {
    Ok(cell.value()?.map(|text| match text {
        Cow::Borrowed(text) => standards::code(text),
        Cow::Owned(text) => Cow::Owned(standards::code(&text).into_owned()),
    }))
}

/// Reads a registration type: the number before its name.
pub(super) fn registration_type<'a>(cell: &Cell<'a>) -> CellResult<Cow<'a, str>> {
    Ok(code(cell)?.map(|code| {
        let digits = code.bytes().take_while(u8::is_ascii_digit).count();
        match code.get(..digits) {
            Some(number) if digits > 0 => Cow::Owned(number.to_owned()),
            _ => code,
        }
    }))
}

/// Reads a word and returns its position in the set. 无 in a mode is a problem, since only the ledger knows whether it
/// means not formed (未建) or not recorded.
pub(super) fn word(cell: &Cell<'_>, words: &Words, unknown: Code) -> CellResult<usize> {
    let Some(text) = cell.text()? else { return Ok(None) };
    match words.find(&text) {
        None if unknown != Code::ModeUnknownWord && NOTHING.contains(&&*text) => Ok(None),
        found => found.map(Some).ok_or(unknown),
    }
}

/// Reads a region code of 12 digits from a code or a name, with an optional warning.
pub(super) fn region<'a>(cell: &Cell<'a>) -> CellResult<(Cow<'a, str>, Option<Code>)> {
    if let Cell::Text(text) = *cell
        && region::is_listed(text)
    {
        return Ok(Some((Cow::Borrowed(text), None)));
    }
    let Some(code) = coded(cell)? else { return Ok(None) };
    if standards::is_scientific(&code) {
        return Err(Code::RegionMangled);
    }
    let full = match region::fill(&code) {
        Some(full) => Cow::Owned(full.into_owned()),
        None if code.bytes().any(|b| b.is_ascii_digit()) => return Err(Code::RegionUnknown),
        None => match region::find(&code, None, None) {
            region::Found::One(unit) => Cow::Borrowed(unit.code),
            region::Found::Several(_) => return Err(Code::RegionAmbiguous),
            region::Found::None => return Err(Code::RegionUnknown),
        },
    };
    match region::current(&full) {
        region::Standing::Current => Ok(Some((full, None))),
        region::Standing::Replaced(county) => Ok(Some((county.into(), Some(Code::OldRegionCode)))),
        region::Standing::TownshipUnknown(county) => Ok(Some((county.into(), Some(Code::TownshipUnknown)))),
        region::Standing::Unknown => Err(Code::RegionUnknown),
    }
}

/// Reads an industry division with its section letter.
pub(super) fn industry(cell: &Cell<'_>) -> CellResult<String> {
    match cell.value()? {
        None => Ok(None),
        Some(text) => industry::division(&text).map(Some).ok_or(Code::IndustryUnknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cell::{Empty, Error, Number, Text};

    #[test]
    fn signs_for_nothing_and_error_values() {
        for nothing in [Empty, Text(" "), Text("\u{3000}"), Text("-"), Text("—"), Text("－"), Text("/"), Text("'")] {
            assert_eq!(text(&nothing), Ok(None), "{nothing:?}");
            assert_eq!(count(&nothing, false), Ok(None), "{nothing:?}");
        }
        assert_eq!(text(&Text(" 中共\n某厂 支部\r\n")), Ok(Some("中共某厂 支部".into())));
        for error in [Text("#N/A"), Text(" #DIV/0! "), Error("#REF!")] {
            assert_eq!(text(&error), Err(Code::ExcelError));
            assert_eq!(number(&error), Err(Code::ExcelError));
        }
    }

    #[test]
    fn what_is_not_known_is_nothing() {
        for nothing in ["N/A", "n/a", "NA", "NULL", "null"] {
            assert_eq!(text(&Text(nothing)), Ok(None), "{nothing}");
            assert!(Text(nothing).is_written());
        }
        for none in ["无", "暂无", " 不详 ", "待查", "未知"] {
            assert_eq!(code(&Text(none)), Ok(None), "{none}");
            assert_eq!(term(&Text(none)), Ok(None), "{none}");
            assert_eq!(text(&Text(none)), Ok(Some(none.trim().into())), "a column of one's own stays as written");
        }
        assert_eq!(term(&Text("无为县某厂")), Ok(Some("无为县某厂".into())));
        assert_eq!(term(&Text("Nanjing")), Ok(Some("Nanjing".into())));
        let (level, mode) = (words::of("party_org_level").unwrap(), words::of("mode").unwrap());
        assert_eq!(word(&Text("无"), level, Code::WordUnknown), Ok(None));
        assert_eq!(word(&Text("不详"), level, Code::WordUnknown), Err(Code::WordUnknown));
        assert_eq!(word(&Text("无"), mode, Code::ModeUnknownWord), Err(Code::ModeUnknownWord));
        assert_eq!(word(&Text("N/A"), mode, Code::ModeUnknownWord), Ok(None));
        assert_eq!(region(&Text("不详")), Err(Code::RegionUnknown));
        assert_eq!(region(&Text("无")), Ok(None));
        assert_eq!(industry(&Text("无")), Ok(None));
    }

    #[test]
    fn codes() {
        assert_eq!(region(&Number(150_425_100.0)), Ok(Some(("150425100000".into(), None))));
        assert_eq!(region(&Text("152425")), Ok(Some(("150425000000".into(), Some(Code::OldRegionCode)))));
        assert_eq!(region(&Text("3.70883E+11")), Err(Code::RegionMangled));
        assert_eq!(region(&Text("990425105000")), Err(Code::RegionUnknown));
        for name in ["克什克腾旗", "内蒙古自治区 赤峰市\n克什克腾旗", "赤峰克什克腾"] {
            assert_eq!(region(&Text(name)), Ok(Some(("150425000000".into(), None))), "{name}");
        }
        assert_eq!(region(&Text("密云县")), Ok(Some(("110118000000".into(), Some(Code::OldRegionCode)))));
        assert_eq!(region(&Text("鼓楼区")), Err(Code::RegionAmbiguous));
        assert_eq!(region(&Text("某某旗")), Err(Code::RegionUnknown));
        assert_eq!(registration_type(&Text("173 私营有限责任公司")), Ok(Some("173".into())));
        assert_eq!(registration_type(&Number(173.0)), Ok(Some("173".into())));
        assert_eq!(industry(&Number(1.0)), Ok(Some("A01".into())));
        assert_eq!(mode_detail(&Text("4-区域覆盖")), Some("4-区域覆盖".into()));
        assert_eq!(mode_detail(&Text("solo")), None);
    }
}
