//! Reads single cells: empty values, text, codes and words. The rules are listed in docs/cells.md.

pub(crate) mod arrow_column;
pub(crate) mod block;
pub(crate) mod dates;
pub(crate) mod distinct;
pub(crate) mod expression;
#[cfg(test)]
mod expression_tests;
mod marks;
mod numbers;
pub(crate) mod reader;
pub(crate) mod row_checks;
pub(crate) mod values;
pub(crate) mod year;

use std::borrow::Cow;

pub(super) use self::marks::{flag, star};
use self::numbers::plain_number;
pub(super) use self::numbers::{count, is_year, money, number, real, year};
use super::problem::Code;
use crate::schema::words;
use crate::schema::words::Words;
use crate::standards;
use crate::standards::{industry, region};

/// A cell as a file provides it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Empty,
    Text(&'a str),
    Number(f64),
    Flag(bool),
    /// A cell formatted as a date: days since 1970-01-01.
    Day(i32),
    /// An error value of a spreadsheet.
    Error(&'static str),
}

/// Result of reading a cell: a value, nothing, or a problem instead of a value.
pub(super) type Read<T> = Result<Option<T>, Code>;

/// Error values of spreadsheets, as text.
const ERRORS: [&str; 8] = ["#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA"];

/// Checks for the signs by which offices fill a cell without a value, and for what programs write instead.
fn is_sign(text: &str) -> bool {
    text.len() <= 6
        && (matches!(text, "" | "-" | "—" | "－" | "/" | "／" | "–" | "——" | "--") || is_not_available(text))
}

fn is_not_available(text: &str) -> bool {
    text.starts_with(['N', 'n']) && ["N/A", "NA", "NULL"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Words for none: nothing to count, date or name. In flags they mean no.
const NOTHING: [&str; 3] = ["无", "暂无", "没有"];

/// Words for unknown. In numbers, dates and words of a list, where an answer is expected, they are a problem; a text
/// is just not known.
const NOT_KNOWN: [&str; 5] = ["不详", "不明", "未知", "待查", "待定"];

/// Normalises text for comparison: no white space, nothing full-width. Borrows if the text is normal already.
pub(super) fn compact(text: &str) -> Cow<'_, str> {
    let same = |c: char| !c.is_whitespace() && c != '\u{feff}' && words::half_width(c) == c;
    if text.chars().all(same) { Cow::Borrowed(text) } else { words::plain(text) }
}

impl<'a> Cell<'a> {
    /// Checks whether the cell is empty, without even a sign for an empty value.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => standards::trim(text).is_empty(),
            _ => false,
        }
    }

    /// Returns the cell as displayed.
    pub(super) fn shown(&self) -> Cow<'a, str> {
        match *self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(plain_number(number)),
            Self::Flag(flag) => Cow::Borrowed(if flag { "TRUE" } else { "FALSE" }),
            Self::Day(day) => Cow::Owned(day_shown(day)),
            Self::Error(error) => Cow::Borrowed(error),
        }
    }

    /// Returns the cell's text, trimmed; nothing if it has no value.
    pub(super) fn text(&self) -> Read<Cow<'a, str>> {
        let text = match *self {
            Self::Text(text) => {
                let text = standards::trim(text);
                if text.starts_with('#') && ERRORS.contains(&text) {
                    return Err(Code::ExcelError);
                }
                Cow::Borrowed(text)
            }
            Self::Error(_) => return Err(Code::ExcelError),
            _ => self.shown(),
        };
        Ok((!is_sign(&text)).then_some(text))
    }

    /// Returns the cell's text, trimmed; nothing if it has no value or a word for none.
    pub(super) fn value(&self) -> Read<Cow<'a, str>> {
        Ok(self.text()?.filter(|text| !NOTHING.contains(&&**text)))
    }

    /// Returns the raw text of a text cell, `""` for an empty one, and `None` for any other.
    #[inline]
    pub(super) fn written(&self) -> Option<&'a str> {
        match *self {
            Self::Text(text) => Some(text),
            Self::Empty => Some(""),
            _ => None,
        }
    }

    /// Checks whether the cell contains anything other than a sign for an empty value.
    pub(super) fn is_written(&self) -> bool {
        match self {
            Self::Empty => false,
            Self::Text(text) => {
                let text = standards::trim(text);
                !is_sign(text) || is_not_available(text)
            }
            _ => true,
        }
    }
}

fn day_shown(day: i32) -> String {
    arrow::array::Date32Array::from(vec![day]).value_as_date(0).map_or_else(String::new, |date| date.to_string())
}

/// Reads free text as written, without line breaks.
pub(super) fn text<'a>(cell: &Cell<'a>) -> Read<Cow<'a, str>> {
    Ok(cell.text()?.map(|text| {
        if text.bytes().any(|b| matches!(b, b'\n' | b'\r')) { Cow::Owned(text.replace(['\n', '\r'], "")) } else { text }
    }))
}

/// Reads text that names something; words for none or unknown are empty.
pub(super) fn term<'a>(cell: &Cell<'a>) -> Read<Cow<'a, str>> {
    Ok(text(cell)?.filter(|text| is_name(text)))
}

fn is_name(text: &str) -> bool {
    !NOTHING.contains(&text) && !NOT_KNOWN.contains(&text)
}

/// Reads a formation mode as written, if it says more than the canonical word.
pub(super) fn mode_detail<'a>(cell: &Cell<'a>) -> Option<Cow<'a, str>> {
    let written = text(cell).ok().flatten()?;
    let canonical = words::of("mode")?.ids().any(|id| id == written);
    (!canonical).then_some(written)
}

/// Reads a code: half-width, upper case.
pub(super) fn code<'a>(cell: &Cell<'a>) -> Read<Cow<'a, str>> {
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

fn coded<'a>(cell: &Cell<'a>) -> Read<Cow<'a, str>> {
    Ok(cell.value()?.map(|text| match text {
        Cow::Borrowed(text) => standards::code(text),
        Cow::Owned(text) => Cow::Owned(standards::code(&text).into_owned()),
    }))
}

/// Reads a registration type: the number before its name.
pub(super) fn registration_type<'a>(cell: &Cell<'a>) -> Read<Cow<'a, str>> {
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
pub(super) fn word(cell: &Cell<'_>, words: &Words, unknown: Code) -> Read<usize> {
    let Some(text) = cell.text()? else { return Ok(None) };
    match words.find(&text) {
        None if unknown != Code::ModeUnknownWord && NOTHING.contains(&&*text) => Ok(None),
        found => found.map(Some).ok_or(unknown),
    }
}

/// Reads a region code of 12 digits from a code or a name, with an optional warning.
pub(super) fn region<'a>(cell: &Cell<'a>) -> Read<(Cow<'a, str>, Option<Code>)> {
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
pub(super) fn industry(cell: &Cell<'_>) -> Read<String> {
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
