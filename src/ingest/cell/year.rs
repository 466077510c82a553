//! Finds the year in the name of a file or sheet, or in a title.

use super::numbers::{chinese_digit, four_digits, is_year};
use crate::schema::spelling::half_width;

/// Returns the year in `name`, if there is exactly one: `台账2013`, `2013年度`, `20131231`, `二〇一三年度`.
pub(crate) fn in_name(name: &str) -> Option<i16> {
    let name: String = name.chars().map(half_width).collect();
    let digits = name.split(|c: char| !c.is_ascii_digit()).filter_map(in_digits);
    let mut years = digits.chain(name.split(|c| !is_spoken(c)).filter_map(in_characters));
    let year = years.next()?;
    years.all(|other| other == year).then_some(year)
}

/// Returns the year that `text` names as that of a ledger: the only one, and one that is no part of a date
/// (`2013年度`, `台账2013`, but not `2013年12月31日`, `20131231`).
pub(crate) fn of_ledger(text: &str) -> Option<i16> {
    let year = in_name(text)?;
    let text: String = text.chars().map(half_width).collect();
    let is_dated =
        text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 4 && in_digits(digits).is_some());
    let mut rest = text.as_str();
    let mut month = false;
    while let Some(at) = rest.find(['年', '-', '.', '/']) {
        let (before, after) = rest.split_at(at);
        let after = after.trim_start_matches(['年', '-', '.', '/', ' ']);
        let named = before.trim_end().chars().next_back().is_some_and(|c| c.is_ascii_digit() || is_spoken(c));
        month |= named && is_month(after);
        rest = after;
    }
    (!is_dated && !month).then_some(year)
}

/// Checks whether `text` goes on with a month: `12月31日`, `1-15`, `十二月`.
fn is_month(text: &str) -> bool {
    let digits = text.chars().take_while(|c| c.is_ascii_digit() || is_spoken(*c) || *c == '十').count();
    (1..=2).contains(&digits)
        && text.chars().nth(digits).is_some_and(|c| matches!(c, '月' | '-' | '.' | '/' | '号' | '日'))
}

/// Checks whether a year in Chinese digits may contain this character; its zero may be an ASCII one.
fn is_spoken(c: char) -> bool {
    c == '0' || chinese_digit(c).is_some()
}

fn in_characters(digits: &str) -> Option<i16> {
    let year = four_digits(&digits.replace('0', "〇"))?;
    i16::try_from(year).ok().filter(|year| is_year(i64::from(*year)))
}

fn in_digits(digits: &str) -> Option<i16> {
    let year: i16 = digits.get(..4)?.parse().ok()?;
    let month = || digits.get(4..6)?.parse::<u8>().ok();
    let dated = match digits.len() {
        4 => true,
        6 | 8 => month().is_some_and(|m| (1..=12).contains(&m)),
        _ => false,
    };
    (dated && is_year(i64::from(year))).then_some(year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_of_ledgers_are_no_dates() {
        for (text, year) in [
            ("2013年度两新组织党建台账", Some(2013)),
            ("台账2013", Some(2013)),
            ("（二〇一三年度）", Some(2013)),
            ("2013年（企业）", Some(2013)),
            ("2013年1季度", Some(2013)),
            ("统计截止日期：2013年12月31日", None),
            ("二〇一三年十二月三十一日", None),
            ("20131231", None),
            ("201312", None),
            ("2013-12-31", None),
            ("2013.12.31", None),
            ("2012年—2013年", None),
        ] {
            assert_eq!(of_ledger(text), year, "{text}");
        }
    }

    #[test]
    fn years_in_names() {
        for (name, year) in [
            ("克什克腾旗两新组织党建台账2013年.xlsx", Some(2013)),
            ("panel-2009.csv", Some(2009)),
            ("２０１３年度", Some(2013)),
            ("台账20131231", Some(2013)),
            ("台账（2013年）统计截止日期：2013年12月31日", Some(2013)),
            ("某旗两新组织党建工作台账（二〇一三年度）", Some(2013)),
            ("二○一三年十二月三十一日，2013年", Some(2013)),
            ("二零零九年", Some(2009)),
            ("二0一0年度", Some(2010)),
            ("二〇〇九年至二〇一三年", None),
            ("台账（2009年）二〇一三年报", None),
            ("第一二三四网格", None),
            ("两新组织台账2009-2013.xlsx", None),
            ("Sheet1", None),
            ("150425", None),
            ("9999", None),
        ] {
            assert_eq!(in_name(name), year, "{name}");
        }
    }
}
