//! Finds the cell styles of dates. A spreadsheet stores a date as a number, so only the style identifies it.

use rustc_hash::FxHashMap;

use super::Parsed;
use super::markup::{Markup, Token};
use super::text::value;

/// First and last day accepted as a date, in days since 1970-01-01: those of 1900 and 2100.
const FIRST: i64 = -25_567;
const LAST: i64 = 47_846;
/// Days to 1970-01-01 from 1899-12-30, the usual day 0 of spreadsheets, and from 1904-01-01, the other day 0.
const SINCE_1900: i64 = 25_569;
const SINCE_1904: i64 = 24_107;
/// Serial number of 29 February 1900, which spreadsheets believe to exist; days before it are shifted by one.
const NO_DAY: i64 = 60;

/// Converts the serial number `number` to days since 1970-01-01.
pub(super) fn day(number: f64, is_1904: bool) -> Option<i32> {
    let serial = number.floor().max(0.0) as i64;
    let day = match serial {
        _ if is_1904 => serial.saturating_sub(SINCE_1904),
        NO_DAY => return None,
        ..NO_DAY => serial - SINCE_1900 + 1,
        _ => serial.saturating_sub(SINCE_1900),
    };
    (FIRST..=LAST).contains(&day).then_some(day as i32)
}

/// Part of a date that a cell style shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateLook {
    /// A number.
    None,
    /// A day, a month or a time.
    Day,
    /// The year alone.
    Year,
}

/// Returns for each cell style, by number, what it shows of a date; `part` is the part of the workbook that lists
/// styles.
pub(super) fn dates(part: &[u8]) -> Parsed<Vec<DateLook>> {
    let mut markup = Markup::new(part, 0);
    let (mut formats, mut dates) = (FxHashMap::default(), Vec::new());
    let (mut in_formats, mut in_looks) = (false, false);
    while let Some(token) = markup.next() {
        let (name, tag) = match token {
            Token::Open(tag) => (tag.name, Some(tag)),
            Token::Close(name) => (name, None),
            Token::Text(_) | Token::Verbatim(_) => continue,
        };
        let id =
            || tag.and_then(|tag| tag.attribute("numFmtId")).and_then(|id| std::str::from_utf8(id).ok()?.parse().ok());
        match name {
            b"numFmts" => in_formats = tag.is_some_and(|tag| !tag.empty),
            b"cellXfs" => in_looks = tag.is_some_and(|tag| !tag.empty),
            b"numFmt" if in_formats => {
                if let (Some(id), Some(code)) = (id(), tag.and_then(|tag| tag.attribute("formatCode"))) {
                    formats.insert(id, date_look(&value(code)?));
                }
            }
            b"xf" if in_looks && tag.is_some() => dates.push(id().map_or(DateLook::None, |id: u32| {
                let built_in = || if is_date_by_number(id) { DateLook::Day } else { DateLook::None };
                formats.get(&id).copied().unwrap_or_else(built_in)
            })),
            _ => {}
        }
    }
    Ok(dates)
}

/// Checks whether a built-in number format is one of dates (ECMA-376, 18.8.30); 46 is a duration.
fn is_date_by_number(id: u32) -> bool {
    matches!(id, 14..=22 | 27..=36 | 45 | 47 | 50..=58)
}

/// Returns what a format shows of a date.
fn date_look(format: &str) -> DateLook {
    if !is_date(format) {
        return DateLook::None;
    }
    let mut quoted = false;
    let mut bracketed = false;
    let shown = format.split(';').next().unwrap_or_default().chars().filter(|c| {
        match c {
            '"' => quoted = !quoted,
            '[' => bracketed = true,
            ']' => bracketed = false,
            _ => {}
        }
        !quoted && !bracketed && c.is_ascii_alphabetic()
    });
    let letters: String = shown.map(|c| c.to_ascii_lowercase()).collect();
    if !letters.is_empty() && letters.len() <= 4 && letters.bytes().all(|b| b == b'y') {
        DateLook::Year
    } else {
        DateLook::Day
    }
}

/// Checks whether a format displays numbers as dates or times of day: its first section has a letter for a part of a
/// date or time outside quotes and brackets. A duration starts with such a letter in brackets: `[h]:mm`.
fn is_date(format: &str) -> bool {
    let mut chars = format.chars();
    let mut noon = false;
    while let Some(c) = chars.next() {
        match c {
            // The next character is shown as it is, or only sets a width or a filling.
            '\\' | '_' | '*' => drop(chars.next()),
            '"' => drop(chars.by_ref().find(|c| *c == '"')),
            ';' => return false,
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let mut letters = inside.chars().map(|c| c.to_ascii_lowercase());
                let first = letters.next();
                if matches!(first, Some('h' | 'm' | 's')) && letters.all(|c| Some(c) == first) {
                    return false;
                }
            }
            'a' | 'A' if !noon => noon = true,
            'p' | 'P' | 'm' | 'M' | '/' if noon => return true,
            'd' | 'm' | 'h' | 'y' | 's' | 'D' | 'M' | 'H' | 'Y' | 'S' if !noon => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::cell::dates::day_of;
    use calamine::{ExcelDateTime, ExcelDateTimeType};

    #[test]
    fn days_are_those_of_another_reader() {
        for is_1904 in [false, true] {
            for serial in (-3..80_000).map(f64::from).chain([0.5, 59.9, 60.5, 366.5, 39_568.999_999, 1e9, 1e300]) {
                let other = ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, is_1904);
                let (year, month, date, ..) = other.to_ymd_hms_milli();
                assert_eq!(day(serial, is_1904), day_of(year, u16::from(month), u16::from(date)), "{serial}");
            }
        }
    }

    #[test]
    fn formats_of_dates() {
        let dates = [
            "yyyy\\-mm\\-dd",
            "m\"月\"d\"日\";@",
            "[$-804]yyyy\"年\"m\"月\"",
            "h:mm AM/PM",
            "AM/PM",
            "*-yyyy-mm-dd",
            "[red]d",
        ];
        for format in dates {
            assert!(is_date(format), "{format}");
        }
        let others =
            ["0.00%", "General", "@", "#,##0\"d\"", "0_d", "0;yyyy", "[h]:mm:ss", "[SS]", "\\Y000000", "[Red]0", ""];
        for format in others {
            assert!(!is_date(format), "{format}");
        }
    }

    #[test]
    fn looks_by_number() {
        let part = r#"<styleSheet><numFmts count="2"><numFmt numFmtId="176" formatCode="yyyy&quot;年&quot;"/><numFmt
            numFmtId="14" formatCode="0"/></numFmts><cellStyleXfs><xf numFmtId="15"/></cellStyleXfs><cellXfs><xf/><xf numFmtId="176"
            ><alignment/></xf><xf numFmtId="14"/><xf numFmtId="15"/></cellXfs><dxfs><dxf><numFmt numFmtId="15" formatCode="0"/>
            </dxf></dxfs></styleSheet>"#;
        let shown = [DateLook::None, DateLook::Year, DateLook::None, DateLook::Day];
        assert_eq!(super::dates(part.as_bytes()).unwrap(), shown);
    }
}
