//! Codes within and before the unified code: the organisation code of nine characters (组织机构代码, GB 11714), the
//! registrar and kind of an organisation, and the 15-digit registration number (工商注册号, GS 15-2006).

use crate::lang::Lang;

/// Weights of the first eight characters (GB 11714).
const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Computes the check character for the first eight characters of an organisation code, `0`–`9` or `X`. Returns
/// `None` if they are not eight digits and capital letters. All 26 letters have a value here, 10 to 35.
/// ```
/// use dangjian::standards::organisation::check_character;
///
/// assert_eq!(check_character("60003734"), Some('1')); // inside 91110000600037341L
/// ```
#[must_use]
pub fn check_character(first: &str) -> Option<char> {
    if first.len() != 8 {
        return None;
    }
    let mut sum = 0;
    for (b, weight) in first.bytes().zip(WEIGHTS) {
        sum += weight * value(b)?;
    }
    match 11 - sum % 11 {
        10 => Some('X'),
        check => char::from_digit(check % 11, 10),
    }
}

fn value(character: u8) -> Option<u32> {
    match character {
        b'0'..=b'9' => Some(u32::from(character - b'0')),
        b'A'..=b'Z' => Some(u32::from(character - b'A') + 10),
        _ => None,
    }
}

/// Checks whether `code` (nine characters, without the hyphen printed before the last) has a valid check character.
#[must_use]
pub fn is_valid(code: &str) -> bool {
    code.len() == 9
        && code.split_at_checked(8).is_some_and(|(first, last)| check_character(first) == last.chars().next())
}

/// Returns the organisation code contained in `code`: positions 9–17 of a unified code, or the code itself, with or
/// without its hyphen. Expects `code` as normalised by [`code`](super::code). Use [`is_valid`] to validate the
/// result.
#[must_use]
pub fn organisation_code(code: &str) -> Option<String> {
    let plain = |code: &str| code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    match code.len() {
        18 if plain(code) => code.get(8..17).map(str::to_owned),
        9 if plain(code) => Some(code.to_owned()),
        10 => {
            let (first, last) = code.split_once('-')?;
            (first.len() == 8 && plain(first) && plain(last)).then(|| format!("{first}{last}"))
        }
        _ => None,
    }
}

/// Computes the check digit for the first 14 digits of a registration number: ISO 7064 MOD 11,10.
/// ```
/// use dangjian::standards::organisation::registration_check;
///
/// assert_eq!(registration_check("11010800000001"), Some('6'));
/// ```
#[must_use]
pub fn registration_check(first: &str) -> Option<char> {
    if first.len() != 14 {
        return None;
    }
    let mut product = 10;
    for b in first.bytes() {
        let sum = (char::from(b).to_digit(10)? + product) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    char::from_digit((11 - product) % 10, 10)
}

/// The registrar and kind of an organisation, given by the first two characters of its unified code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registrar {
    /// The two characters.
    pub prefix: &'static str,
    department: [&'static str; 2],
    kind: [&'static str; 2],
}

impl Registrar {
    /// Returns the registering department (登记管理部门).
    #[must_use]
    pub fn department(&self, lang: Lang) -> &'static str {
        pick(&self.department, lang)
    }

    /// Returns the kind of organisation (机构类别). Law firms, accounting firms and cooperatives are registered in ways
    /// of their own. The kind does not tell whether an enterprise is private.
    #[must_use]
    pub fn kind(&self, lang: Lang) -> &'static str {
        pick(&self.kind, lang)
    }
}

fn pick(texts: &[&'static str; 2], lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => texts[0],
        Lang::En => texts[1],
    }
}

const fn r(prefix: &'static str, department: [&'static str; 2], kind: [&'static str; 2]) -> Registrar {
    Registrar { prefix, department, kind }
}

const ESTABLISHMENT: [&str; 2] = ["机构编制", "public sector reform"];
const FOREIGN: [&str; 2] = ["外交", "foreign affairs"];
const JUSTICE: [&str; 2] = ["司法行政", "justice"];
const CULTURE: [&str; 2] = ["文化", "culture"];
const CIVIL: [&str; 2] = ["民政", "civil affairs"];
const TOURISM: [&str; 2] = ["旅游", "tourism"];
const RELIGION: [&str; 2] = ["宗教", "religious affairs"];
const UNIONS: [&str; 2] = ["工会", "trade unions"];
const MARKET: [&str; 2] = ["市场监管（工商）", "market regulation"];
const MILITARY: [&str; 2] = ["中央军委改革和编制办公室", "Central Military Commission"];
const AGRICULTURE: [&str; 2] = ["农业", "agriculture"];
const OTHER: [&str; 2] = ["其他", "other"];

/// The registrars of GB 32100-2015 with its amendments (docs/field-notes.md, unified codes).
#[rustfmt::skip]
const REGISTRARS: &[Registrar] = &[
    r("11", ESTABLISHMENT, ["机关", "government body"]),
    r("12", ESTABLISHMENT, ["事业单位", "public institution"]),
    r("13", ESTABLISHMENT, ["编办直接管理机构编制的群众团体", "mass organisation on the public establishment"]),
    r("19", ESTABLISHMENT, OTHER),
    r("21", FOREIGN, ["外国常驻新闻机构", "resident foreign news agency"]),
    r("29", FOREIGN, OTHER),
    r("31", JUSTICE, ["律师执业机构", "law firm"]),
    r("32", JUSTICE, ["公证处", "notary office"]),
    r("33", JUSTICE, ["基层法律服务所", "grassroots legal service"]),
    r("34", JUSTICE, ["司法鉴定机构", "forensic institution"]),
    r("35", JUSTICE, ["仲裁委员会", "arbitration commission"]),
    r("39", JUSTICE, OTHER),
    r("41", CULTURE, ["外国在华文化中心", "foreign cultural centre"]),
    r("49", CULTURE, OTHER),
    r("51", CIVIL, ["社会团体", "social group"]),
    r("52", CIVIL, ["民办非企业单位", "social service organisation"]),
    r("53", CIVIL, ["基金会", "foundation"]),
    r("54", CIVIL, ["村民委员会", "villagers' committee"]),
    r("55", CIVIL, ["居民委员会", "residents' committee"]),
    r("59", CIVIL, OTHER),
    r("61", TOURISM, ["外国旅游部门常驻代表机构", "resident office of a foreign tourism authority"]),
    r("62", TOURISM, ["港澳台地区旅游部门常驻代表机构", "resident office of a Hong Kong, Macao or Taiwan tourism authority"]),
    r("69", TOURISM, OTHER),
    r("71", RELIGION, ["宗教活动场所", "place of worship"]),
    r("72", RELIGION, ["宗教院校", "religious college"]),
    r("79", RELIGION, OTHER),
    r("81", UNIONS, ["基层工会", "grassroots trade union"]),
    r("89", UNIONS, OTHER),
    r("91", MARKET, ["企业", "enterprise"]),
    r("92", MARKET, ["个体工商户", "self-employed"]),
    r("93", MARKET, ["农民专业合作社", "farmers' cooperative"]),
    r("A1", MILITARY, ["军队事业单位", "military institution"]),
    r("A9", MILITARY, OTHER),
    r("N1", AGRICULTURE, ["组级集体经济组织", "collective economic organisation of a group"]),
    r("N2", AGRICULTURE, ["村级集体经济组织", "collective economic organisation of a village"]),
    r("N3", AGRICULTURE, ["乡镇级集体经济组织", "collective economic organisation of a township"]),
    r("N9", AGRICULTURE, OTHER),
    r("Y1", OTHER, OTHER),
];

/// Returns the registrar of the organisation with unified code `code`; `None` if `code` is not 18 characters long
/// or its prefix is not in use.
#[must_use]
pub fn registrar(code: &str) -> Option<&'static Registrar> {
    let prefix = code.get(..2).filter(|_| code.len() == 18)?;
    REGISTRARS.iter().find(|r| r.prefix == prefix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_codes() {
        // Organisation codes in the unified codes of docs/field-notes.md; the unified code of the last fails its
        // check.
        for (code, inside) in [
            ("91110000600037341L", "600037341"),
            ("91110000101623741K", "101623741"),
            ("911101066976941872", "697694187"),
            ("91350211M0000XUF46", "M0000XUF4"),
        ] {
            assert_eq!(organisation_code(code).as_deref(), Some(inside));
            assert!(is_valid(inside), "{inside}");
        }
        assert_eq!(organisation_code("60003734-1").as_deref(), Some("600037341"));
        assert_eq!(organisation_code("600037341").as_deref(), Some("600037341"));
        for none in ["", "6000373-41", "60003734－1", "150425006372899", "60003734x", "党00037"] {
            assert_eq!(organisation_code(none), None, "{none}");
        }
        assert!(!is_valid("600037342") && !is_valid("60003734") && !is_valid("6000373党"));
        // D2143569-X is the example of GB 11714.
        assert_eq!(check_character("D2143569"), Some('X'));
    }

    #[test]
    fn registration_numbers() {
        assert_eq!(registration_check("11010800000001"), Some('6'));
        assert_eq!(registration_check("1101080000000"), None);
        assert_eq!(registration_check("1101080000000A"), None);
    }

    #[test]
    fn registrars() {
        let of = |code: &str| registrar(code).map(|r| (r.department(Lang::En), r.kind(Lang::Zh)));
        assert_eq!(of("91110000600037341L"), Some(("market regulation", "企业")));
        assert_eq!(of("52110000600037341L"), Some(("civil affairs", "民办非企业单位")));
        assert_eq!(of("N2110000600037341L"), Some(("agriculture", "村级集体经济组织")));
        assert_eq!(of("99110000600037341L"), None);
        assert_eq!(of("91"), None);
    }

    proptest! {
        #[test]
        fn every_change_of_one_digit_of_a_registration_number_is_noticed(
            digits in prop::collection::vec(0..10_u8, 14), at in 0..14_usize, other in 1..10_u8,
        ) {
            let text = |digits: &[u8]| digits.iter().map(|d| char::from(b'0' + d)).collect::<String>();
            let check = registration_check(&text(&digits));
            let mut changed = digits.clone();
            changed[at] = (changed[at] + other) % 10;
            prop_assert_ne!(registration_check(&text(&changed)), check);
        }
    }
}
