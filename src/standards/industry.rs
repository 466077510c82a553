//! Industries (国民经济行业分类, GB/T 4754-2017): sections, one letter each, and their two-digit divisions.

use crate::lang::Lang;

struct Section {
    letter: char,
    first: u8,
    last: u8,
    zh: &'static str,
    en: &'static str,
}

const fn row(letter: char, first: u8, last: u8, zh: &'static str, en: &'static str) -> Section {
    Section { letter, first, last, zh, en }
}

/// The 20 sections with their first and last divisions, covering all 97 divisions.
#[rustfmt::skip]
const SECTIONS: [Section; 20] = [
    row('A', 1, 5, "农、林、牧、渔业", "Agriculture, forestry, animal husbandry and fishery"),
    row('B', 6, 12, "采矿业", "Mining"),
    row('C', 13, 43, "制造业", "Manufacturing"),
    row('D', 44, 46, "电力、热力、燃气及水生产和供应业", "Electricity, heat, gas and water"),
    row('E', 47, 50, "建筑业", "Construction"),
    row('F', 51, 52, "批发和零售业", "Wholesale and retail trade"),
    row('G', 53, 60, "交通运输、仓储和邮政业", "Transport, storage and post"),
    row('H', 61, 62, "住宿和餐饮业", "Accommodation and catering"),
    row('I', 63, 65, "信息传输、软件和信息技术服务业", "Information and software services"),
    row('J', 66, 69, "金融业", "Finance"),
    row('K', 70, 70, "房地产业", "Real estate"),
    row('L', 71, 72, "租赁和商务服务业", "Leasing and business services"),
    row('M', 73, 75, "科学研究和技术服务业", "Scientific and technical services"),
    row('N', 76, 79, "水利、环境和公共设施管理业", "Water, environment and public facilities"),
    row('O', 80, 82, "居民服务、修理和其他服务业", "Resident, repair and other services"),
    row('P', 83, 83, "教育", "Education"),
    row('Q', 84, 85, "卫生和社会工作", "Health and social work"),
    row('R', 86, 90, "文化、体育和娱乐业", "Culture, sports and entertainment"),
    row('S', 91, 96, "公共管理、社会保障和社会组织", "Public management and social organisations"),
    row('T', 97, 97, "国际组织", "International organisations"),
];

/// Reads a division with its section letter (`C13`) from `written`: `C13`, `13`, `1` for `01`, a group or class
/// (`131`, `C1311`), each optionally followed by a name. A letter alone gives the section. Returns `None` if
/// `written` is no industry.
#[must_use]
pub fn division(written: &str) -> Option<String> {
    let code = super::code(written);
    let (letter, rest) = match code.chars().next() {
        Some(c) if c.is_ascii_alphabetic() => (Some(c), &code[1..]),
        _ => (None, &*code),
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, tail) = rest.split_at(digits);
    if number.len() > 4 || tail.starts_with('.') {
        return None;
    }
    if number.is_empty() {
        let section = SECTIONS.iter().find(|s| Some(s.letter) == letter)?;
        return Some(section.letter.to_string());
    }
    let find = |digits: &str| {
        let number: u8 = digits.parse().ok()?;
        let section = SECTIONS.iter().find(|s| (s.first..=s.last).contains(&number))?;
        let fits = letter.is_none_or(|l| l == section.letter);
        fits.then(|| format!("{}{number:02}", section.letter))
    };
    // The letter shows that `A111` is class 0111 with its leading zero dropped by a spreadsheet.
    let short = letter.is_some() && number.len() == 3;
    find(number.get(..2).unwrap_or(number)).or_else(|| find(number.get(..1).filter(|_| short)?))
}

/// Reads the section letter from `written`.
/// ```
/// use dangjian::standards::industry::{group, section};
///
/// assert_eq!(section("0111").as_deref(), Some("A"));
/// assert_eq!(group("C1311").as_deref(), Some("C131"));
/// assert_eq!(group("C13"), None);
/// ```
#[must_use]
pub fn section(written: &str) -> Option<String> {
    division(written)?.get(..1).map(str::to_owned)
}

/// Reads the group (中类) with its section letter, `C131`, if `written` is that detailed. Groups are not checked
/// against the standard: only sections and divisions are known here.
#[must_use]
pub fn group(written: &str) -> Option<String> {
    let division = division(written)?;
    let code = super::code(written);
    let digits: String = code.chars().skip_while(char::is_ascii_alphabetic).take_while(char::is_ascii_digit).collect();
    // A dropped leading zero is restored in the division: A111 is class 0111.
    let short = digits.len() == 3 && division.get(1..3) != digits.get(..2);
    let third = digits.chars().nth(if short { 1 } else { 2 })?;
    Some(format!("{division}{third}"))
}

/// Returns the name of the section given by the first letter of `code`.
#[must_use]
pub fn section_name(code: &str, lang: Lang) -> Option<&'static str> {
    let letter = code.chars().next()?;
    let section = SECTIONS.iter().find(|s| s.letter == letter)?;
    Some(match lang {
        Lang::Zh => section.zh,
        Lang::En => section.en,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_ledgers_write_a_division() {
        for (written, division_) in [
            ("C13", "C13"),
            ("13", "C13"),
            ("1", "A01"),
            ("01", "A01"),
            ("C13 农副食品加工业", "C13"),
            ("0111", "A01"),
            ("A0111", "A01"),
            ("A111", "A01"),
            ("131", "C13"),
            ("s95", "S95"),
            ("Ｆ５２", "F52"),
            ("97", "T97"),
            ("C", "C"),
        ] {
            assert_eq!(division(written).as_deref(), Some(division_), "{written}");
        }
        for none in ["98", "00", "A52", "农业", "", "13.5", "U", "123456"] {
            assert_eq!(division(none), None, "{none}");
        }
    }

    #[test]
    fn levels() {
        for (written, section_, group_) in [
            ("C131", "C", Some("C131")),
            ("1311", "C", Some("C131")),
            ("A0111 稻谷种植", "A", Some("A011")),
            ("A111", "A", Some("A011")),
            ("13", "C", None),
            ("C", "C", None),
        ] {
            assert_eq!(section(written).as_deref(), Some(section_), "{written}");
            assert_eq!(group(written).as_deref(), group_, "{written}");
        }
        assert_eq!((section("98"), group("9811")), (None, None));
    }

    #[test]
    fn sections_and_divisions_are_those_of_the_standard() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/industries.csv");
        let Ok(file) = std::fs::read_to_string(path) else {
            println!("skipped: ../shared/data/industries.csv is absent");
            return;
        };
        let mut seen = 0;
        for line in file.lines().skip(1) {
            let fields: Vec<_> = line.split(',').collect();
            match fields[1] {
                "section" => assert_eq!(section_name(fields[0], Lang::Zh), Some(fields[2])),
                "division" => {
                    assert_eq!(division(fields[0]).as_deref(), Some(fields[0]));
                    assert_eq!(division(&fields[0][1..]).as_deref(), Some(fields[0]));
                }
                _ => continue,
            }
            seen += 1;
        }
        assert_eq!(seen, 117);
    }
}
