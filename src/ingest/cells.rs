//! One cell at a time: what the ways in which offices write numbers, dates, stars, yes and no mean.

use std::borrow::Cow;

use super::problem::Code;
use crate::schema::words::{self, Words};
use crate::standards::{self, industry, region};

/// A cell as a file gives it.
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

/// What a cell says: a value, nothing, or a problem in place of a value.
pub(super) type Read<T> = Result<Option<T>, Code>;

/// The error values of spreadsheets, as they look in text.
const ERRORS: [&str; 8] = ["#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA"];

/// Signs with which offices fill a cell that has no value.
fn is_null(text: &str) -> bool {
    text.len() <= 6 && matches!(text, "" | "-" | "—" | "－" | "/" | "／" | "–" | "——" | "--")
}

impl<'a> Cell<'a> {
    /// Whether nothing stands here, not even a sign for nothing.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => standards::trim(text).is_empty(),
            _ => false,
        }
    }

    /// The cell as it looks in the file.
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

    /// The cell's text, trimmed; nothing where it has no value.
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
        Ok((!is_null(&text)).then_some(text))
    }
}

/// A whole number without point and exponent, others as usual.
pub(super) fn plain_number(number: f64) -> String {
    format!("{number}")
}

fn day_shown(day: i32) -> String {
    arrow::array::Date32Array::from(vec![day]).value_as_date(0).map_or_else(String::new, |date| date.to_string())
}

/// Free text: line breaks are taken out, the rest stays as written.
pub(super) fn text<'a>(cell: &Cell<'a>) -> Read<Cow<'a, str>> {
    Ok(cell.text()?.map(|text| {
        if text.bytes().any(|b| matches!(b, b'\n' | b'\r')) { Cow::Owned(text.replace(['\n', '\r'], "")) } else { text }
    }))
}

/// The word for a mode as written, where it says more than the canonical word.
pub(super) fn mode_detail<'a>(cell: &Cell<'a>) -> Option<Cow<'a, str>> {
    let written = text(cell).ok().flatten()?;
    let canonical = words::of("mode")?.ids().any(|id| id == written);
    (!canonical).then_some(written)
}

/// A code: half-width, in capitals.
pub(super) fn code<'a>(cell: &Cell<'a>) -> Read<Cow<'a, str>> {
    Ok(cell.text()?.map(|text| match text {
        Cow::Borrowed(text) => standards::code(text),
        Cow::Owned(text) => Cow::Owned(standards::code(&text).into_owned()),
    }))
}

/// A registration type: the number in front of its name.
pub(super) fn registration_type<'a>(cell: &Cell<'a>) -> Read<Cow<'a, str>> {
    Ok(code(cell)?.map(|code| {
        let digits = code.bytes().take_while(u8::is_ascii_digit).count();
        match code.get(..digits) {
            Some(number) if digits > 0 => Cow::Owned(number.to_owned()),
            _ => code,
        }
    }))
}

/// The position of a word in its set.
pub(super) fn word(cell: &Cell<'_>, words: &Words, unknown: Code) -> Read<usize> {
    match cell.text()? {
        None => Ok(None),
        Some(text) => words.find(&text).map(Some).ok_or(unknown),
    }
}

/// A region code of 12 digits, from a code or a name, and what is to be said about it.
pub(super) fn region(cell: &Cell<'_>) -> Read<(String, Option<Code>)> {
    let Some(code) = code(cell)? else { return Ok(None) };
    if standards::is_scientific(&code) {
        return Err(Code::RegionMangled);
    }
    let full = match region::fill(&code) {
        Some(full) => full.into_owned(),
        None if code.bytes().any(|b| b.is_ascii_digit()) => return Err(Code::RegionUnknown),
        None => match region::find(&code, None, None) {
            region::Found::One(unit) => unit.code.to_owned(),
            region::Found::Several(_) => return Err(Code::RegionAmbiguous),
            region::Found::None => return Err(Code::RegionUnknown),
        },
    };
    match region::current(&full) {
        region::Standing::Current => Ok(Some((full, None))),
        region::Standing::Replaced(county) => Ok(Some((county, Some(Code::OldRegionCode)))),
        region::Standing::TownshipUnknown(county) => Ok(Some((county, Some(Code::TownshipUnknown)))),
        region::Standing::Unknown => Err(Code::RegionUnknown),
    }
}

/// An industry division with its section letter.
pub(super) fn industry(cell: &Cell<'_>) -> Read<String> {
    match cell.text()? {
        None => Ok(None),
        Some(text) => industry::division(&text).map(Some).ok_or(Code::IndustryUnknown),
    }
}

/// Yes or no.
pub(super) fn flag(cell: &Cell<'_>) -> Read<bool> {
    if let Cell::Flag(flag) = cell {
        return Ok(Some(*flag));
    }
    let Some(text) = cell.text()? else { return Ok(None) };
    match words::plain(&text).to_ascii_uppercase().as_str() {
        "是" | "有" | "√" | "✓" | "✔" | "●" | "☑" | "Y" | "1" | "1.0" | "YES" | "TRUE" => Ok(Some(true)),
        "否" | "无" | "×" | "N" | "0" | "0.0" | "NO" | "FALSE" | "✗" | "✘" | "X" | "☐" => Ok(Some(false)),
        _ => Err(Code::UnreadableFlag),
    }
}

/// A number of any kind.
pub(super) fn number(cell: &Cell<'_>) -> Read<f64> {
    match cell {
        Cell::Number(number) if number.is_finite() => Ok(Some(*number)),
        Cell::Flag(_) | Cell::Day(_) | Cell::Number(_) => Err(Code::UnreadableNumber),
        _ => match cell.text()? {
            None => Ok(None),
            Some(text) => parse_number(&text).map(Some).ok_or(Code::UnreadableNumber),
        },
    }
}

fn parse_number(text: &str) -> Option<f64> {
    let text = words::plain(text);
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(first) || !groups.all(|g| g.len() == 3 && digits(g)) {
        return None;
    }
    if whole.len() == first.len() { text.parse().ok() } else { text.replace(',', "").parse().ok() }
}

/// A count: a whole number, never negative. Floor space may have decimals and is rounded (`round`).
pub(super) fn count(cell: &Cell<'_>, round: bool) -> Read<u32> {
    if let Cell::Text(text) = cell
        && (1..=9).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
    {
        return text.parse().map(Some).map_err(|_| Code::UnreadableNumber);
    }
    let Some(number) = number(cell)? else { return Ok(None) };
    if !(0.0..=f64::from(u32::MAX)).contains(&number) || (!round && number.fract() != 0.0) {
        return Err(Code::ImpossibleValue);
    }
    Ok(Some(number.round() as u32))
}

/// Money in yuan, from the unit of the header, `factor` yuan each.
pub(super) fn money(cell: &Cell<'_>, factor: f64) -> Read<u64> {
    // Beyond 2^53 yuan an amount is no longer exact, and none is so large.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let Some(number) = number(cell)? else { return Ok(None) };
    let yuan = (number * factor).round();
    if number < 0.0 || yuan > LARGEST {
        return Err(Code::ImpossibleValue);
    }
    Ok(Some(yuan as u64))
}

/// A number within `range`.
pub(super) fn real(cell: &Cell<'_>, range: (f64, f64)) -> Read<f64> {
    match number(cell)? {
        Some(number) if number < range.0 || number > range.1 => Err(Code::ImpossibleValue),
        number => Ok(number),
    }
}

/// Words for "not rated".
const UNRATED: [&str; 8] = ["未评", "未评星", "未评定", "未评级", "不定星", "未定星", "无", "无星"];

/// A star grade in half steps up to five; words for "not rated" are no grade.
pub(super) fn star(cell: &Cell<'_>) -> Read<f32> {
    let grade = if let Cell::Number(number) = cell {
        *number
    } else {
        let Some(text) = cell.text()? else { return Ok(None) };
        let text = words::plain(&text);
        if UNRATED.contains(&&*text) {
            return Ok(None);
        }
        parse_star(&text).ok_or(Code::UnreadableStar)?
    };
    let halves = grade * 2.0;
    if (1.0..=10.0).contains(&halves) && halves.fract() == 0.0 {
        Ok(Some(grade as f32))
    } else {
        Err(Code::ImpossibleValue)
    }
}

fn parse_star(text: &str) -> Option<f64> {
    let glyphs = text.chars().filter(|c| matches!(c, '★' | '⭐')).count();
    if glyphs > 0 {
        let only = text.chars().all(|c| matches!(c, '★' | '⭐' | '☆'));
        return only.then_some(glyphs as f64);
    }
    let bare = text.strip_suffix('级').unwrap_or(text);
    let bare = bare.strip_suffix('星').unwrap_or(bare);
    let word = |c| "一二三四五六七八九".chars().position(|d| d == c).map(|at| at as f64 + 1.0);
    let mut chars = bare.chars();
    match (chars.next(), chars.next()) {
        (Some('两'), None) => Some(2.0),
        (Some(c), None) if word(c).is_some() => word(c),
        (Some(c), Some('半')) if chars.next().is_none() => word(c).map(|n| n + 0.5),
        _ => parse_number(bare),
    }
}

/// A survey year.
pub(super) fn year(cell: &Cell<'_>) -> Read<i16> {
    let Some(text) = cell.text()? else { return Ok(None) };
    let text = words::plain(&text);
    let text = text.strip_suffix("年度").or_else(|| text.strip_suffix('年')).unwrap_or(&text);
    let year = parse_number(text).filter(|y| y.fract() == 0.0 && is_year(*y as i64));
    year.map(|y| Some(y as i16)).ok_or(Code::YearMissing)
}

/// Whether a number can be the year of a ledger.
pub(super) fn is_year(number: i64) -> bool {
    (1900..=2100).contains(&number)
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
    fn numbers() {
        for (cell, value) in [
            (Text("12"), 12),
            (Text(" １２ "), 12),
            (Text("3.0"), 3),
            (Text("1,234"), 1234),
            (Text("１，２３４"), 1234),
            (Number(7.0), 7),
            (Text("007"), 7),
            (Text("4294967295"), u32::MAX),
        ] {
            assert_eq!(count(&cell, false), Ok(Some(value)), "{cell:?}");
        }
        for word in ["若干", "待查", "12人左右", "1,2", "12,34", "1e5", "nan", "inf", ".", "3..0", "--3", "1.2.3"]
        {
            assert_eq!(count(&Text(word), false), Err(Code::UnreadableNumber), "{word}");
        }
        for impossible in [Text("-3"), Text("－3"), Number(-0.5), Text("4294967296"), Number(2.5)] {
            assert_eq!(count(&impossible, false), Err(Code::ImpossibleValue), "{impossible:?}");
        }
        assert_eq!(count(&Text("35.5"), true), Ok(Some(36)));
        assert_eq!(money(&Text("3.4567"), 1e4), Ok(Some(34_567)));
        assert_eq!(money(&Number(0.13), 1e4), Ok(Some(1300)));
        assert_eq!(money(&Number(-1.0), 1.0), Err(Code::ImpossibleValue));
        assert_eq!(real(&Text("801"), (0.0, 200.0)), Err(Code::ImpossibleValue));
        assert_eq!(number(&Number(f64::INFINITY)), Err(Code::UnreadableNumber));
    }

    #[test]
    fn stars_flags_and_years() {
        for (written, grade) in [
            (Text("3"), 3.0),
            (Text("三星"), 3.0),
            (Text("三星级"), 3.0),
            (Text("3星"), 3.0),
            (Text("★★★"), 3.0),
            (Text("★★★☆☆"), 3.0),
            (Number(3.0), 3.0),
            (Text("3.5"), 3.5),
            (Text("三星半"), 0.0),
            (Text("四半星"), 4.5),
            (Text("两星"), 2.0),
            (Number(0.5), 0.5),
            (Text("五 星 级"), 5.0),
        ] {
            let expected = if grade > 0.0 { Ok(Some(grade)) } else { Err(Code::UnreadableStar) };
            assert_eq!(star(&written), expected, "{written:?}");
        }
        for unrated in ["未评", "未评星", "不定星", "", "－"] {
            assert_eq!(star(&Text(unrated)), Ok(None), "{unrated}");
        }
        for outside in [Text("6"), Text("8星"), Number(0.0), Number(3.2), Text("-1")] {
            assert_eq!(star(&outside), Err(Code::ImpossibleValue), "{outside:?}");
        }
        for yes in ["是", "有", "√", "✓", "✔", "●", "☑", "Y", "y", "1", "１", "true"] {
            assert_eq!(flag(&Text(yes)), Ok(Some(true)), "{yes}");
        }
        for no in ["否", "无", "×", "N", "0", "false"] {
            assert_eq!(flag(&Text(no)), Ok(Some(false)), "{no}");
        }
        assert_eq!(flag(&Number(1.0)), Ok(Some(true)));
        assert_eq!(flag(&Text("—")), Ok(None));
        assert_eq!(flag(&Text("待定")), Err(Code::UnreadableFlag));
        for written in [Text("2013"), Text("2013年"), Text("２０１３年度"), Number(2013.0)] {
            assert_eq!(year(&written), Ok(Some(2013)), "{written:?}");
        }
        assert_eq!(year(&Text("13")), Err(Code::YearMissing));
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
