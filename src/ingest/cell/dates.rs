//! Calendar days as offices write them.

use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::Date32Type;

use super::content::{Cell, CellResult, compact, plain_number};
use super::is_year;
use super::numbers::{chinese_digit, four_digits};
use crate::ingest::problem::Code;

/// Day 0 of spreadsheets, 1899-12-30, in days since 1970-01-01.
const SERIAL_ZERO: i32 = -25_569;

/// Reads a calendar day in days since 1970-01-01; a month alone is its first day.
pub(crate) fn date(cell: &Cell<'_>) -> CellResult<i32> {
    match cell {
        Cell::Day(day) => Ok(Some(*day)),
        Cell::Number(number) => day_of_number(*number).map(Some).ok_or(Code::UnreadableDate),
        Cell::Flag(_) => Err(Code::UnreadableDate),
        _ => match cell.value()? {
            None => Ok(None),
            Some(text) => iso(&text).or_else(|| day_of_text(&text)).map(Some).ok_or(Code::UnreadableDate),
        },
    }
}

/// Converts a spreadsheet's serial number, for days of 1927–2119.
fn day_of_serial(number: f64) -> Option<i32> {
    (10_000.0..80_000.0).contains(&number).then(|| number.floor() as i32 + SERIAL_ZERO)
}

/// Reads a number as a date: a spreadsheet's serial number, 20120501, 201205 or 2012.5.
fn day_of_number(number: f64) -> Option<i32> {
    if let Some(day) = day_of_serial(number) {
        return Some(day);
    }
    let text = plain_number(number);
    // The number 2012.1 may have been 2012.10: January or October.
    if text.len() == 6 && text.ends_with(".1") {
        return None;
    }
    day_of_text(&text)
}

/// Reads the canonical form, which needs no normalisation.
fn iso(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let year: u16 = text.get(..4)?.parse().ok()?;
    is_year(i64::from(year)).then(|| Date32Type::parse(text)).flatten()
}

fn day_of_text(text: &str) -> Option<i32> {
    // Ignore a time of day after the date.
    let date = match text.split_once([' ', 'T']) {
        Some((date, time)) if time.contains(':') => date,
        _ => text,
    };
    let date = compact(date);
    // A number that passed through a float column: 20120501.0.
    let date = date.strip_suffix(".0").filter(|whole| whole.len() >= 5).unwrap_or(&date);
    if date.bytes().all(|b| b.is_ascii_digit()) {
        return match date.len() {
            8 => day(date.get(..4)?, date.get(4..6)?, date.get(6..)?),
            6 => day(date.get(..4)?, date.get(4..)?, "1"),
            5 => day_of_serial(date.parse().ok()?),
            _ => None,
        };
    }
    let date = date.strip_suffix('份').filter(|month| month.ends_with('月')).unwrap_or(date);
    let mut parts = date.split(['-', '/', '.', '年', '月', '日', '号']).filter(|p| !p.is_empty());
    let (year, month, day_) = (parts.next()?, parts.next()?, parts.next().unwrap_or("1"));
    parts.next().is_none().then(|| day(year, month, day_)).flatten()
}

fn day(year: &str, month: &str, day: &str) -> Option<i32> {
    let year = year.parse().ok().or_else(|| four_digits(year))?;
    day_of(year, small(month)?, small(day)?)
}

/// Reads a month or day number, in digits or in words: 十, 十二, 二十一, 三十.
fn small(text: &str) -> Option<u16> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let one = |text: &str| {
        let mut chars = text.chars();
        let digit = chinese_digit(chars.next()?).filter(|digit| *digit > 0);
        digit.filter(|_| chars.next().is_none())
    };
    match text.split_once('十') {
        None => one(text),
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { one(tens)? };
            let ones = if ones.is_empty() { 0 } else { one(ones)? };
            Some(10 * tens + ones)
        }
    }
}

/// Converts a date to days since 1970-01-01, if the calendar has it.
pub(crate) fn day_of(year: u16, month: u16, day: u16) -> Option<i32> {
    if !is_year(i64::from(year)) {
        return None;
    }
    Date32Type::parse(&format!("{year}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cell::{Day, Flag, Number, Text};

    #[test]
    fn dates_as_offices_write_them() {
        // 2012-05-01 is 15461 days after 1970-01-01; its spreadsheet serial number is 41030.
        for written in [
            Text("2012-05-01"),
            Text("2012/5/1"),
            Text("2012.5.1"),
            Text("2012年5月1日"),
            Text("2012.5"),
            Text("2012年5月"),
            Text("2012-05"),
            Text("20120501"),
            Text("201205"),
            Text("41030"),
            Number(41_030.0),
            Number(41_030.7),
            Number(20_120_501.0),
            Number(201_205.0),
            Number(2012.5),
            Day(15_461),
            Text("２０１２年５月"),
            Text("2012-05-01 00:00:00"),
            Text("2012-05-01T08:30:00"),
            Text("2012/5/1 0:00"),
            Text("2012. 5. 1"),
            Text("2012年5月份"),
            Text("二〇一二年五月"),
            Text("二○一二年五月一日"),
            Text("二零一二年五月一日"),
            Text("二〇一二年5月1日"),
            Text("41030.0"),
            Text("20120501.0"),
        ] {
            assert_eq!(date(&written), Ok(Some(15_461)), "{written:?}");
        }
        for none in [
            Text("2012.13"),
            Text("2011年2月30日"),
            Text("2010-00-15"),
            Text("2009/4/31"),
            Text("待批"),
            Text("2012"),
            Text("2012年"),
            Number(2012.1),
            Number(5.0),
            Text("1-2-3-4"),
            Text("99999999"),
            Text("99999"),
            Number(99_999.0),
            Text("00041"),
            Flag(true),
            Text("1812-05-01"),
            Text("12-May"),
            Text("5/1/2012"),
            Text("12.5.1"),
            Text("二〇一二年"),
            Text("二〇一二年十三月"),
            Text("二〇一二年二月三十日"),
            Text("一二年五月"),
            Text("2012年5月前"),
            Text("2012-05-01至2013-05-01"),
            Text("不详"),
            Text("0000-00-00"),
        ] {
            assert_eq!(date(&none), Err(Code::UnreadableDate), "{none:?}");
        }
        for nothing in [Text("无"), Text("N/A"), Text("/")] {
            assert_eq!(date(&nothing), Ok(None), "{nothing:?}");
        }
        assert_eq!(date(&Text("2012-02-29")), Ok(Some(15_399)));
        // Text keeps all digits, whereas the number 2012.10 loses the last.
        let october = date(&Text("2012-10-01"));
        assert!(matches!(october, Ok(Some(_))));
        for written in [Text("2012.10"), Text("二〇一二年十月"), Text("2012年十月一日")] {
            assert_eq!(date(&written), october, "{written:?}");
        }
        for (spoken, day) in [("十一", 11), ("二十", 20), ("二十九", 29), ("三十一", 31)] {
            assert_eq!(date(&Text(&format!("二〇一二年十二月{spoken}日"))), date(&Text(&format!("2012-12-{day}"))));
        }
    }
}
