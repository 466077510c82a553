//! Numbers as offices write them: plain, full-width, with thousands separators, followed by a measure word or a unit
//! of money.

use super::content::{Cell, CellResult, compact};
use crate::ingest::problem::Code;
use crate::support::interner::PrefixedText;

/// Largest amount in yuan: beyond 2^53 an amount is no longer exact, and none is that large.
const MOST_YUAN: f64 = 9_007_199_254_740_992.0;

/// Measure words after a count: people, organisations, times, cases. They are interchangeable, since a column has
/// only one of them.
const MEASURES: [&str; 12] = ["人", "名", "位", "个", "家", "户", "次", "场", "期", "件", "起", "项"];
/// Units of floor space. A 亩 is a different unit and is not read.
const AREAS: [&str; 9] = ["平方米", "平方", "平米", "平", "㎡", "m²", "m2", "M²", "M2"];
/// Spellings of yuan after an amount. 美元 and 港元 are other currencies.
const YUAN: [&str; 7] = ["元人民币", "人民币元", "人民币", "元", "圆", "RMB", "CNY"];
/// Multiples, longer ones before their suffixes.
const MULTIPLES: [(&str, f64); 6] =
    [("千万", 1e7), ("百万", 1e6), ("十万", 1e5), ("亿", 1e8), ("万", 1e4), ("千", 1e3)];

/// Reads a bare number of any kind.
pub(crate) fn number(cell: &Cell<'_>) -> CellResult<f64> {
    read(cell, parse)
}

/// Reads a count: a whole number, never negative. Floor space (`round`) may have decimals and is rounded.
pub(crate) fn count(cell: &Cell<'_>, round: bool) -> CellResult<u32> {
    let units: &[&str] = if round { &AREAS } else { &MEASURES };
    let Some(number) = read(cell, |text| measured(text, units))? else { return Ok(None) };
    if !(0.0..=f64::from(u32::MAX)).contains(&number) || (!round && number.fract() != 0.0) {
        return Err(Code::ImpossibleValue);
    }
    Ok(Some(number.round() as u32))
}

/// Parses text that consists of one to eight digits. No branch depends on the length, which varies from cell to cell.
#[inline]
pub(crate) fn digits(written: PrefixedText<'_>) -> Option<u32> {
    const ZEROS: u64 = u64::from_le_bytes(*b"00000000");
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let length = written.text.len() as u32;
    if !(1..=8).contains(&length) {
        return None;
    }
    // Shift the digits to the end of the eight bytes and put zeros in front.
    let empty = 64 - 8 * length;
    let digits = (written.prefix << empty | ZEROS & !(u64::MAX << empty)) ^ ZEROS;
    // Adding 0x76 sets the top bit of any byte above 9, unless it is set already.
    if (digits.wrapping_add(u64::from_le_bytes([0x76; 8])) | digits) & HIGH != 0 {
        return None;
    }
    // Combine digits into pairs, pairs into fours, and fours into the number.
    let pairs = (digits * 10 + (digits >> 8)) & u64::from_le_bytes([0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0]);
    let fours = (pairs * 100 + (pairs >> 16)) & u64::from_le_bytes([0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]);
    Some((fours as u32) * 10_000 + (fours >> 32) as u32)
}

/// Reads money in yuan, in the unit of the cell if it has one, else in that of the header, `factor` yuan each.
pub(crate) fn money(cell: &Cell<'_>, factor: f64) -> CellResult<u64> {
    let Some(number) = read(cell, |text| amount(text, factor))? else { return Ok(None) };
    let yuan = if matches!(cell, Cell::Number(_)) { number * factor } else { number };
    if yuan < 0.0 || yuan.round() > MOST_YUAN {
        return Err(Code::ImpossibleValue);
    }
    Ok(Some(yuan.round() as u64))
}

/// Reads points within `range`; 85% is read as 85 points of a hundred.
pub(crate) fn real(cell: &Cell<'_>, range: (f64, f64)) -> CellResult<f64> {
    match read(cell, points)? {
        Some(number) if number < range.0 || number > range.1 => Err(Code::ImpossibleValue),
        number => Ok(number),
    }
}

/// Reads a survey year.
pub(crate) fn year(cell: &Cell<'_>) -> CellResult<i16> {
    let Some(text) = cell.text()? else { return Ok(None) };
    let text = compact(&text);
    let bare = text.strip_suffix("年度").or_else(|| text.strip_suffix('年')).unwrap_or(&text);
    let year = match four_digits(bare) {
        Some(year) => Some(f64::from(year)),
        None => parse(bare),
    };
    year.filter(|y| y.fract() == 0.0 && is_year(*y as i64)).map(|y| Some(y as i16)).ok_or(Code::YearMissing)
}

/// Checks whether a number can be the year of a ledger.
pub(crate) fn is_year(number: i64) -> bool {
    (1900..=2100).contains(&number)
}

/// Returns the value of a Chinese digit in a digit sequence such as 二〇一二.
pub(crate) fn chinese_digit(c: char) -> Option<u16> {
    // The circle is written with three characters: U+3007, U+25CB, U+25EF.
    Some(match c {
        '〇' | '○' | '◯' | '零' => 0,
        '一' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// Parses a year of four Chinese digits.
pub(crate) fn four_digits(text: &str) -> Option<u16> {
    // Each digit has three bytes.
    if text.len() != 12 {
        return None;
    }
    text.chars().try_fold(0_u16, |year, c| Some(year * 10 + chinese_digit(c)?))
}

fn read(cell: &Cell<'_>, parse: impl Fn(&str) -> Option<f64>) -> CellResult<f64> {
    match cell {
        Cell::Number(number) if number.is_finite() => Ok(Some(*number)),
        Cell::Flag(_) | Cell::Day(_) | Cell::Number(_) => Err(Code::UnreadableNumber),
        _ => match cell.value()? {
            None => Ok(None),
            Some(text) => parse(&compact(&text)).map(Some).ok_or(Code::UnreadableNumber),
        },
    }
}

/// Parses digits with an optional sign, decimal point and commas between groups of three.
fn parse(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
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

/// Splits text into digits and unit; the unit may be in brackets: `100(万元)`.
fn split(text: &str) -> (&str, &str) {
    let at = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+'))).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(at).unwrap_or((text, ""));
    (digits, unit.strip_prefix('(').and_then(|unit| unit.strip_suffix(')')).unwrap_or(unit))
}

/// Splits a leading multiple off `unit`; returns the rest and the multiple.
fn multiple(unit: &str) -> (&str, f64) {
    MULTIPLES.iter().find_map(|(word, times)| Some((unit.strip_prefix(word)?, *times))).unwrap_or((unit, 1.0))
}

/// Multiplies `number` by `times` and removes the error of binary fractions: 1.1万 is 11000.
fn scaled(number: f64, times: f64) -> f64 {
    if times > 1.0 { (number * times * 1e6).round() / 1e6 } else { number }
}

fn measured(text: &str, units: &[&str]) -> Option<f64> {
    let (digits, unit) = split(text);
    let number = parse(digits)?;
    let (unit, times) = multiple(unit);
    (unit.is_empty() || units.contains(&unit)).then(|| scaled(number, times))
}

fn amount(text: &str, factor: f64) -> Option<f64> {
    let (digits, unit) = split(text.strip_prefix(['¥', '￥']).unwrap_or(text));
    let number = parse(digits)?;
    if unit.is_empty() {
        return Some(number * factor);
    }
    let (unit, times) = multiple(unit);
    (unit.is_empty() || YUAN.contains(&unit)).then(|| scaled(number, times))
}

fn points(text: &str) -> Option<f64> {
    parse(text.strip_suffix(['分', '%']).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cell::{Empty, Error, Number, Text};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_the_number_they_are(
            parts in prop::collection::vec(
                prop::sample::select(vec!["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "9", "1", "/", ":", "党", "é", "\0"]),
                0..10,
            ),
        ) {
            let text = parts.concat();
            let plain = (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            prop_assert_eq!(digits(text.as_str().into()), plain.then(|| text.parse().unwrap()));
            let bare: String = text.chars().filter(char::is_ascii_digit).take(8).collect();
            prop_assert_eq!(digits(bare.as_str().into()), bare.parse().ok());
        }
    }

    #[test]
    fn counts() {
        for (cell, value) in [
            (Text("12"), 12),
            (Text(" １２ "), 12),
            (Text("3.0"), 3),
            (Text("1,234"), 1234),
            (Text("１，２３４"), 1234),
            (Number(7.0), 7),
            (Text("007"), 7),
            (Text("4294967295"), u32::MAX),
            (Text("12人"), 12),
            (Text("35 名"), 35),
            (Text("１２（人）"), 12),
            (Text("1.1万人"), 11_000),
            (Text("2千"), 2000),
        ] {
            assert_eq!(count(&cell, false), Ok(Some(value)), "{cell:?}");
        }
        for word in [
            "若干",
            "待查",
            "不详",
            "12人左右",
            "约12人",
            "10余人",
            "12-15",
            "≥50",
            "1,2",
            "12,34",
            "1e5",
            "nan",
            "inf",
            ".",
            "3..0",
            "--3",
            "1.2.3",
            "人",
            "12元",
            "85%",
            "12㎡",
            "12((人))",
        ] {
            assert_eq!(count(&Text(word), false), Err(Code::UnreadableNumber), "{word}");
        }
        for impossible in [Text("-3"), Text("－3"), Text("-3人"), Number(-0.5), Text("4294967296"), Number(2.5)] {
            assert_eq!(count(&impossible, false), Err(Code::ImpossibleValue), "{impossible:?}");
        }
        for (cell, area) in [(Text("35.5"), 36), (Text("120㎡"), 120), (Text("35.4平方米"), 35), (Number(0.4), 0)] {
            assert_eq!(count(&cell, true), Ok(Some(area)), "{cell:?}");
        }
        for other in [Text("2亩"), Text("12人")] {
            assert_eq!(count(&other, true), Err(Code::UnreadableNumber), "{other:?}");
        }
        for nothing in [Empty, Text("无"), Text("暂无"), Text("N/A"), Text("-"), Text(" ")] {
            assert_eq!(count(&nothing, false), Ok(None), "{nothing:?}");
        }
        assert_eq!(count(&Error("#REF!"), false), Err(Code::ExcelError));
        assert_eq!(number(&Number(f64::INFINITY)), Err(Code::UnreadableNumber));
        assert_eq!(number(&Text("1人")), Err(Code::UnreadableNumber), "a running number has no unit");
    }

    #[test]
    fn the_unit_of_money_in_the_cell_wins() {
        for (cell, factor, yuan) in [
            (Text("3.4567"), 1e4, 34_567),
            (Number(0.13), 1e4, 1300),
            (Text("3.5万元"), 1e4, 35_000),
            (Text("3.5万元"), 1.0, 35_000),
            (Text("3.5万"), 1.0, 35_000),
            (Text("5000元"), 1e4, 5000),
            (Text("150万人民币"), 1.0, 1_500_000),
            (Text("2,000(万)"), 1.0, 20_000_000),
            (Text("￥1,200.50"), 1.0, 1201),
            (Text("1.2千万元"), 1.0, 12_000_000),
            (Text("2千元"), 1e4, 2000),
            (Text("0.3亿元"), 1.0, 30_000_000),
            (Text("1.005万元"), 1.0, 10_050),
        ] {
            assert_eq!(money(&cell, factor), Ok(Some(yuan)), "{cell:?}");
        }
        for other in ["100万美元", "100港元", "万元", "3.5万元左右", "3.5%", "1万2千元"] {
            assert_eq!(money(&Text(other), 1.0), Err(Code::UnreadableNumber), "{other}");
        }
        for impossible in [Number(-1.0), Text("-1万元"), Text("99999999亿元"), Number(1e16)] {
            assert_eq!(money(&impossible, 1.0), Err(Code::ImpossibleValue), "{impossible:?}");
        }
    }

    #[test]
    fn points_and_years() {
        for (cell, value) in [(Text("92.5"), 92.5), (Text("85%"), 85.0), (Text("８５％"), 85.0), (Text("92.5分"), 92.5)]
        {
            assert_eq!(real(&cell, (0.0, 200.0)), Ok(Some(value)), "{cell:?}");
        }
        assert_eq!(real(&Text("801"), (0.0, 200.0)), Err(Code::ImpossibleValue));
        assert_eq!(real(&Text("优"), (0.0, 200.0)), Err(Code::UnreadableNumber));
        for written in
            [Text("2013"), Text("2013年"), Text("２０１３年度"), Number(2013.0), Text("二〇一三年"), Text("二○一三")]
        {
            assert_eq!(year(&written), Ok(Some(2013)), "{written:?}");
        }
        for none in [Text("13"), Text("2013年上半年"), Text("一三年"), Text("N/A元"), Number(2013.5)] {
            assert_eq!(year(&none), Err(Code::YearMissing), "{none:?}");
        }
    }
}
