//! Registration types of enterprises (登记注册类型) in the three code systems found in ledgers. A number can mean
//! different types in different systems (140 is 联营 or 个人独资), so a number alone does not always identify a type.

use crate::lang::Lang;
use crate::schema::spelling::plain;
use crate::support::named::named_enum;

/// A code system of registration types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// Statistical codes of 1998, revised in 2011.
    Old,
    /// Statistical codes of 2022 (关于市场主体统计分类的划分规定).
    New,
    /// Four-digit codes of the business register (工商).
    Registry,
}

named_enum! { pub System, "代码体系", "system"; Old = "old", New = "new", Registry = "registry" }

impl System {
    /// Parses a system from its name, its year, or 旧, 新, 工商.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let written = plain(written).to_lowercase();
        Some(match written.trim_end_matches(['年', '版']) {
            "old" | "1998" | "2011" | "旧" | "老" => Self::Old,
            "new" | "2022" | "2023" | "新" => Self::New,
            "registry" | "工商" => Self::Registry,
            _ => return None,
        })
    }
}

/// A registration type: a number and its meaning in one system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationType {
    /// Code system of the number.
    pub system: System,
    /// Number of the type.
    pub number: u16,
    zh: &'static str,
    en: &'static str,
    /// Other names, without 企业 and 公司, which are stripped before comparing.
    also: &'static [&'static str],
}

impl RegistrationType {
    /// Returns the name of the type.
    #[must_use]
    pub fn label(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

const fn old(number: u16, zh: &'static str, en: &'static str, also: &'static [&'static str]) -> RegistrationType {
    RegistrationType { system: System::Old, number, zh, en, also }
}

const fn new(number: u16, zh: &'static str, en: &'static str, also: &'static [&'static str]) -> RegistrationType {
    RegistrationType { system: System::New, number, zh, en, also }
}

const fn registry(number: u16, zh: &'static str, en: &'static str) -> RegistrationType {
    RegistrationType { system: System::Registry, number, zh, en, also: &[] }
}

/// The types of the three systems (docs/field-notes.md, registration types). Of the register's types, only those
/// with a known statistical equivalent.
#[rustfmt::skip]
const TYPES: &[RegistrationType] = &[
    old(110, "国有企业", "state-owned enterprise", &[]),
    old(120, "集体企业", "collective enterprise", &[]),
    old(130, "股份合作企业", "joint-stock cooperative", &[]),
    old(140, "联营企业", "joint operation", &[]),
    old(141, "国有联营企业", "state joint operation", &[]),
    old(142, "集体联营企业", "collective joint operation", &[]),
    old(143, "国有与集体联营企业", "state and collective joint operation", &[]),
    old(149, "其他联营企业", "other joint operation", &[]),
    old(150, "有限责任公司", "limited liability company", &[]),
    old(151, "国有独资公司", "wholly state-owned company", &[]),
    old(159, "其他有限责任公司", "other limited liability company", &[]),
    old(160, "股份有限公司", "joint-stock company", &[]),
    old(170, "私营企业", "private enterprise", &[]),
    old(171, "私营独资企业", "private sole proprietorship", &[]),
    old(172, "私营合伙企业", "private partnership", &[]),
    old(173, "私营有限责任公司", "private limited liability company", &["私营有限"]),
    old(174, "私营股份有限公司", "private joint-stock company", &["私营股份"]),
    old(190, "其他企业", "other domestic enterprise", &["其他内资"]),
    old(200, "港、澳、台商投资企业", "Hong Kong, Macao, Taiwan investment", &["港澳台商投资", "港澳台投资"]),
    old(210, "合资经营企业（港或澳、台资）", "joint venture (Hong Kong, Macao, Taiwan)", &["港澳台合资", "港澳台商合资", "与港澳台商合资经营"]),
    old(220, "合作经营企业（港或澳、台资）", "cooperative venture (Hong Kong, Macao, Taiwan)", &["港澳台合作", "港澳台商合作", "与港澳台商合作经营"]),
    old(230, "港、澳、台商独资经营企业", "wholly owned (Hong Kong, Macao, Taiwan)", &["港澳台独资", "港澳台商独资", "港澳台商独资经营"]),
    old(240, "港、澳、台商投资股份有限公司", "joint-stock company (Hong Kong, Macao, Taiwan)", &["港澳台商投资股份有限", "港澳台股份", "港澳台商投资股份"]),
    old(290, "其他港、澳、台商投资企业", "other Hong Kong, Macao, Taiwan investment", &["其他港澳台商投资", "其他港澳台投资"]),
    old(300, "外商投资企业", "foreign investment", &["外商投资"]),
    old(310, "中外合资经营企业", "Sino-foreign joint venture", &["中外合资"]),
    old(320, "中外合作经营企业", "Sino-foreign cooperative venture", &["中外合作"]),
    old(330, "外资企业", "wholly foreign-owned", &["外商独资"]),
    old(340, "外商投资股份有限公司", "foreign joint-stock company", &["外商股份", "外商投资股份"]),
    old(390, "其他外商投资企业", "other foreign investment", &[]),
    new(110, "有限责任公司", "limited liability company", &[]),
    new(111, "国有独资公司", "wholly state-owned company", &[]),
    new(112, "私营有限责任公司", "private limited liability company", &["私营有限"]),
    new(119, "其他有限责任公司", "other limited liability company", &[]),
    new(120, "股份有限公司", "joint-stock company", &[]),
    new(121, "私营股份有限公司", "private joint-stock company", &["私营股份"]),
    new(129, "其他股份有限公司", "other joint-stock company", &[]),
    new(130, "非公司企业法人", "enterprise that is no company", &[]),
    new(131, "全民所有制企业（国有企业）", "enterprise owned by the whole people", &["全民所有制"]),
    new(132, "集体所有制企业（集体企业）", "collectively owned enterprise", &["集体所有制"]),
    new(133, "股份合作企业", "joint-stock cooperative", &[]),
    new(134, "联营企业", "joint operation", &[]),
    new(140, "个人独资企业", "sole proprietorship", &[]),
    new(150, "合伙企业", "partnership", &[]),
    new(190, "其他内资企业", "other domestic enterprise", &[]),
    new(200, "港澳台投资企业", "Hong Kong, Macao, Taiwan investment", &["港澳台商投资"]),
    new(210, "港澳台投资有限责任公司", "limited liability company (Hong Kong, Macao, Taiwan)", &[]),
    new(220, "港澳台投资股份有限公司", "joint-stock company (Hong Kong, Macao, Taiwan)", &[]),
    new(230, "港澳台投资合伙企业", "partnership (Hong Kong, Macao, Taiwan)", &[]),
    new(290, "其他港澳台投资企业", "other Hong Kong, Macao, Taiwan investment", &["其他港澳台商投资"]),
    new(300, "外商投资企业", "foreign investment", &[]),
    new(310, "外商投资有限责任公司", "foreign limited liability company", &[]),
    new(320, "外商投资股份有限公司", "foreign joint-stock company", &[]),
    new(330, "外商投资合伙企业", "foreign partnership", &[]),
    new(390, "其他外商投资企业", "other foreign investment", &[]),
    new(400, "农民专业合作社（联合社）", "farmers' cooperative", &["农民专业合作社"]),
    new(500, "个体工商户", "self-employed", &[]),
    new(900, "其他市场主体", "other market entity", &[]),
    registry(1130, "有限责任公司（自然人投资或控股）", "limited liability company, held by natural persons"),
    registry(1140, "有限责任公司（国有控股）", "limited liability company, held by the state"),
];

/// The result of reading a registration type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Exactly one type.
    One(&'static RegistrationType),
    /// Several types: the meaning depends on the system, which the ledger does not name.
    Ambiguous(Vec<&'static RegistrationType>),
    /// No known type, or a number and a name that contradict each other.
    Unknown,
}

/// Reads a registration type from a number, a name, or both (`173 私营有限责任公司`, `私营独资`), in `system` if the ledger
/// names it. The system is never guessed: a number with different types in two systems is ambiguous, and so is a
/// name with two numbers.
/// ```
/// use dangjian::standards::registration::{Read, System, read};
///
/// assert!(matches!(read("173 私营有限责任公司", None), Read::One(t) if t.number == 173));
/// assert!(matches!(read("140", None), Read::Ambiguous(types) if types.len() == 2));
/// assert!(matches!(read("140", Some(System::New)), Read::One(t) if t.number == 140));
/// assert!(matches!(read("140个人独资", None), Read::One(t) if t.system == System::New));
/// ```
#[must_use]
pub fn read(written: &str, system: Option<System>) -> Read {
    let written = plain(super::trim(written));
    let digits = written.bytes().take_while(u8::is_ascii_digit).count();
    let (number, name) = written.split_at(digits);
    let name = bare(name.trim_start_matches(['-', '.', '、', ':', '：', '_']));
    // Spreadsheets write whole numbers as 173.0.
    let name = if digits > 0 && name == "0" { String::new() } else { name };
    let of_system = TYPES.iter().filter(|t| system.is_none_or(|s| s == t.system));
    let called = |t: &RegistrationType| bare(t.zh) == name || t.also.contains(&name.as_str());
    let mut found: Vec<_> = match number.parse::<u16>() {
        Ok(number) => of_system.filter(|t| t.number == number).collect(),
        Err(_) if digits > 0 || name.is_empty() => return Read::Unknown,
        Err(_) => of_system.filter(|t| called(t)).collect(),
    };
    if digits > 0 && !name.is_empty() {
        if found.iter().any(|t| called(t)) {
            found.retain(|t| called(t));
        } else if TYPES.iter().any(called) {
            return Read::Unknown;
        }
    }
    match found[..] {
        [] => Read::Unknown,
        [one] => Read::One(one),
        // The number has the same meaning in both systems.
        [first, ..] if digits > 0 && found.iter().all(|t| bare(t.zh) == bare(first.zh)) => Read::One(first),
        _ => Read::Ambiguous(found),
    }
}

/// Strips the parts of a name that offices add or omit: brackets with their content, final 企业 or 公司, the marks in
/// 港、澳、台.
fn bare(name: &str) -> String {
    let mut depth = 0;
    let mut bare = String::new();
    for c in plain(name).chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '、' | '"' | '“' | '”' => {}
            _ if depth <= 0 => bare.push(c),
            _ => {}
        }
    }
    for end in ["公司", "企业"] {
        if let Some(short) = bare.strip_suffix(end).filter(|short| !short.is_empty()) {
            return short.to_owned();
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    fn one(written: &str, system: Option<System>) -> (System, u16) {
        match read(written, system) {
            Read::One(t) => (t.system, t.number),
            other => panic!("{written}: {other:?}"),
        }
    }

    #[test]
    fn as_ledgers_write_them() {
        use System::{New, Old, Registry};
        for (written, system, expected) in [
            ("173 私营有限责任公司", None, (Old, 173)),
            ("173-私营有限责任公司", None, (Old, 173)),
            ("１７３", None, (Old, 173)),
            ("173.0", None, (Old, 173)),
            ("私营独资", None, (Old, 171)),
            ("私营独资企业", None, (Old, 171)),
            ("1130 有限责任公司(自然人投资或控股)", None, (Registry, 1130)),
            ("112", None, (New, 112)),
            ("私营有限责任公司", Some(New), (New, 112)),
            ("私营有限责任公司", Some(Old), (Old, 173)),
            ("140", Some(Old), (Old, 140)),
            ("140个人独资企业", None, (New, 140)),
            ("150 合伙", None, (New, 150)),
            ("330 外资企业", None, (Old, 330)),
            ("310中外合资经营", None, (Old, 310)),
            ("500", None, (New, 500)),
            ("外商独资", None, (Old, 330)),
            ("港、澳、台商独资", None, (Old, 230)),
            ("159 某某", None, (Old, 159)),
        ] {
            assert_eq!(one(written, system), expected, "{written}");
        }
        for unknown in ["", "999", "173 私营独资企业", "待查", "140 外资企业", "99999999", "-"] {
            assert_eq!(read(unknown, None), Read::Unknown, "{unknown}");
        }
        assert_eq!(read("173", Some(New)), Read::Unknown);
    }

    #[test]
    fn numbers_of_two_meanings_are_ambiguous() {
        // These numbers were observed with different meanings (docs/field-notes.md, registration types).
        for number in ["140", "150", "210", "230", "310", "330"] {
            assert!(matches!(read(number, None), Read::Ambiguous(types) if types.len() == 2), "{number}");
            assert!(System::ALL[..2].iter().all(|s| matches!(read(number, Some(*s)), Read::One(_))), "{number}");
        }
        assert!(matches!(read("私营有限责任公司", None), Read::Ambiguous(types) if types.len() == 2));
        assert!(matches!(read("390", None), Read::One(_)));
    }

    #[test]
    fn every_type_is_found_by_its_number_its_name_and_both() {
        let mut numbers = HashSet::new();
        let mut names: HashMap<_, Vec<_>> = HashMap::new();
        for t in TYPES {
            assert!(numbers.insert((t.system, t.number)), "{}", t.number);
            names.entry((t.system, bare(t.zh))).or_default().push(t.number);
            assert_eq!(one(&t.number.to_string(), Some(t.system)), (t.system, t.number));
            assert_eq!(one(&format!("{} {}", t.number, t.zh), Some(t.system)), (t.system, t.number));
            assert_ne!(t.label(Lang::Zh), t.label(Lang::En));
        }
        assert!(names.iter().filter(|((s, _), _)| *s != System::Registry).all(|(_, n)| n.len() == 1), "{names:?}");
        assert_eq!(TYPES.len(), 60);
    }

    #[test]
    fn systems_by_name() {
        for system in System::ALL {
            assert_eq!(System::parse(system.name()), Some(system));
        }
        assert_eq!(System::parse(" 2011年版"), Some(System::Old));
        assert_eq!(System::parse("GB"), None);
    }
}
