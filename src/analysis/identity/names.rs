//! Normalisation of names and codes for comparison.

use crate::schema::spelling::name;
use crate::standards::uscc;
use crate::standards::uscc::UsccStatus;

/// Separators between several former names or codes in one cell.
const DIVIDERS: [char; 6] = [';', ',', '、', '|', '/', '\n'];

/// Suffix ("see more") left by a well-known look-up service in a cell with more names than its page showed.
const MORE: &str = "查看更多";

/// Lists the former names a cell may contain: the whole cell, and its parts if it has separators.
pub(super) fn former_names(cell: &str) -> Vec<String> {
    let cell = cell.trim_end().strip_suffix(MORE).unwrap_or(cell);
    let whole = name(cell).into_owned();
    // White space may separate names or occur inside one.
    let spaced = cell.split_whitespace().map(|part| name(part).into_owned());
    let divided = spaced.chain([whole.clone()]).flat_map(|part| {
        let parts = part.split(DIVIDERS).map(str::to_owned);
        parts.collect::<Vec<_>>()
    });
    let mut names: Vec<String> = divided.filter(|part| part.chars().count() > 1).collect();
    if !whole.is_empty() {
        names.push(whole);
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Lists the codes in a cell of former codes.
pub(super) fn former_codes(cell: &str) -> Vec<String> {
    let parts = cell.split(|c: char| c.is_whitespace() || matches!(c, '；' | '，') || DIVIDERS.contains(&c));
    parts.map(|part| crate::standards::code(part).into_owned()).filter(|code| !code.is_empty()).collect()
}

/// The form of an id, in ascending order of usefulness as an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum IdForm {
    /// Number of another register, or anything else.
    Other,
    /// Bare organisation code (组织机构代码, GB 11714): 9 characters, with or without a hyphen before the last.
    Bare,
    /// Registration number (注册号) of 15 digits.
    Number,
    /// 18 characters with a wrong check character.
    Wrong,
    /// 18 characters with a correct check character.
    Valid,
}

impl IdForm {
    pub(super) fn classify(id: &str) -> Self {
        match uscc::status(id) {
            UsccStatus::Valid => Self::Valid,
            UsccStatus::CheckDigit => Self::Wrong,
            UsccStatus::RegistrationNumber => Self::Number,
            _ if bare(id).is_some() => Self::Bare,
            _ => Self::Other,
        }
    }

    /// Checks whether it is a unified code, valid or mistyped.
    pub(super) fn is_unified(self) -> bool {
        matches!(self, Self::Valid | Self::Wrong)
    }
}

/// Returns the organisation code in an id of this form: characters 9 to 17 of a unified code, or the whole id.
pub(super) fn organisation_code(id: &str, form: IdForm) -> Option<[u8; 9]> {
    match form {
        IdForm::Valid | IdForm::Wrong => id.as_bytes().get(8..17)?.try_into().ok(),
        IdForm::Bare => bare(id),
        IdForm::Number | IdForm::Other => None,
    }
}

fn bare(id: &str) -> Option<[u8; 9]> {
    let (body, check) = match id.len() {
        9 => id.split_at_checked(8)?,
        10 => id.split_once('-')?,
        _ => return None,
    };
    let upper = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    let fits = body.len() == 8 && body.bytes().all(upper) && matches!(check.as_bytes(), [b'0'..=b'9' | b'X']);
    if !fits {
        return None;
    }
    let mut code = [0; 9];
    code.iter_mut().zip(body.bytes().chain(check.bytes())).for_each(|(to, from)| *to = from);
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_cell() {
        assert_eq!(name("某某（集团） Co.有限公司"), "某某(集团)CO.有限公司");
        assert_eq!(former_names("甲厂；乙厂"), ["乙厂", "甲厂", "甲厂;乙厂"]);
        assert!(former_names("甲 厂；乙厂").contains(&"甲厂".to_owned()));
        assert_eq!(former_names("甲厂 乙厂"), ["乙厂", "甲厂", "甲厂乙厂"]);
        assert_eq!(former_names("莱阳市酒厂查看更多"), ["莱阳市酒厂"]);
        assert!(former_names(" ").is_empty());
        assert_eq!(former_codes("370681018019402，12345678-9"), ["370681018019402", "12345678-9"]);
    }

    #[test]
    fn forms_of_ids() {
        // Examples: docs/field-notes.md, unified codes.
        let forms = ["91110000600037341L", "91350211M0000XUF46", "370681018013864", "16942006X", "16942006-X", "单位1"];
        assert_eq!(
            forms.map(IdForm::classify),
            [IdForm::Valid, IdForm::Wrong, IdForm::Number, IdForm::Bare, IdForm::Bare, IdForm::Other]
        );
        let code = |id: &str| organisation_code(id, IdForm::classify(id));
        assert_eq!(code("9137068116942006X7"), Some(*b"16942006X"));
        assert_eq!(code("16942006-X"), code("9137068116942006X7"));
        assert_eq!(code("370681018013864"), None);
        assert_eq!(code("1694-2006X"), None);
    }
}
