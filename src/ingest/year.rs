//! The year in a name: of a file, of a sheet, in a title.

use super::cells::is_year;
use crate::schema::words::half_width;

/// The year that `name` speaks of, if it speaks of exactly one: `台账2013`, `2013年度`, `20131231`.
pub(super) fn in_name(name: &str) -> Option<i16> {
    let name: String = name.chars().map(half_width).collect();
    let mut years = name.split(|c: char| !c.is_ascii_digit()).filter_map(in_digits);
    let year = years.next()?;
    years.all(|other| other == year).then_some(year)
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
            ("两新组织台账2009-2013.xlsx", None),
            ("Sheet1", None),
            ("150425", None),
            ("9999", None),
        ] {
            assert_eq!(in_name(name), year, "{name}");
        }
    }
}
