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
