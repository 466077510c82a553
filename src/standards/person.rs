//! Numbers of natural persons: identity numbers (居民身份证号, GB 11643-1999) and mobile telephones. Ledgers hold them by
//! mistake; they are recognised in order to be kept out of everything that is stored or shown.

use std::borrow::Cow;

use super::{organisation, uscc};

/// Weights of the first 17 digits of an identity number.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters by the weighted sum modulo 11.
const CHECKS: &[u8; 11] = b"10X98765432";
/// First two digits of the provinces in which numbers are issued.
const PROVINCES: [&str; 8] = [
    "11 12 13 14 15",
    "21 22 23",
    "31 32 33 34 35 36 37",
    "41 42 43 44 45 46",
    "50 51 52 53 54",
    "61 62 63 64 65",
    "71",
    "81 82 83",
];

/// Checks whether `text` is an identity number of 18 characters whose check character is right, or one with a slip: a
/// province and a day of birth stand where they should, and the text is no valid unified code.
#[must_use]
pub fn is_identity_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.len() {
        18 => {
            let (Some((digits, [last])), Some(born)) = (bytes.split_first_chunk::<17>(), text.get(6..14)) else {
                return false;
            };
            let shaped =
                digits.iter().all(u8::is_ascii_digit) && (last.is_ascii_digit() || matches!(last, b'X' | b'x'));
            shaped && is_of_province(text) && is_day(born) && !uscc::is_valid(text)
        }
        // Registration numbers have 15 digits too, and a check digit of their own.
        15 => {
            let born = text.get(6..12).map(|day| format!("19{day}"));
            let registered = text.get(..14).and_then(organisation::registration_check);
            bytes.iter().all(u8::is_ascii_digit)
                && is_of_province(text)
                && born.is_some_and(|born| is_day(&born))
                && text.chars().next_back() != registered
        }
        _ => false,
    }
}

/// Checks whether the check character of an identity number of 18 characters is right.
#[must_use]
pub fn has_right_check(text: &str) -> bool {
    let Some((digits, [last])) = text.as_bytes().split_first_chunk::<17>() else { return false };
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    digits.iter().all(u8::is_ascii_digit) && CHECKS.get((sum % 11) as usize) == Some(&last.to_ascii_uppercase())
}

/// Checks whether `text` is the number of a mobile telephone: 11 digits from 13 to 19, with or without +86.
#[must_use]
pub fn is_mobile_number(text: &str) -> bool {
    let text =
        text.strip_prefix("+86").or_else(|| text.strip_prefix("86").filter(|rest| rest.len() == 11)).unwrap_or(text);
    text.len() == 11
        && text.starts_with('1')
        && matches!(text.as_bytes()[1], b'3'..=b'9')
        && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_of_province(text: &str) -> bool {
    text.get(..2).is_some_and(|province| PROVINCES.iter().any(|list| list.split(' ').any(|known| known == province)))
}

/// Checks whether eight digits are a day from 1900 to 2099.
fn is_day(digits: &str) -> bool {
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1900..2100).contains(&year) && (1..=longest).contains(&day)
}

/// Hides the numbers of persons in `text`, wherever they stand in it: three characters at either end are left of an
/// identity number, three and two of a telephone.
///
/// ```
/// use dangjian::standards::person::masked;
///
/// assert_eq!(masked("业主 13912345678"), "业主 139******78");
/// assert_eq!(masked("91110000600037341L"), "91110000600037341L");
/// ```
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let of_number = |c: char| c.is_ascii_digit() || matches!(c, 'X' | 'x');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits < 11 {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, behind) = rest.split_at(start);
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(behind.len());
        let (word, next) = behind.split_at(end);
        shown.push_str(before);
        let hidden = if word.chars().all(of_number) { hidden(word) } else { None };
        changed |= hidden.is_some();
        shown.push_str(hidden.as_deref().unwrap_or(word));
        rest = next;
    }
    if !changed {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

fn hidden(word: &str) -> Option<String> {
    let left = if is_identity_number(word) {
        3
    } else if is_mobile_number(word) {
        2
    } else {
        return None;
    };
    let (head, tail) = (word.get(..3)?, word.get(word.len() - left..)?);
    Some(format!("{head}{}{tail}", "*".repeat(word.len() - 3 - left)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers made up for the test: the county of no one, days of birth, and their check characters.
    #[test]
    fn numbers_of_persons_are_told_from_those_of_organisations() {
        for number in ["110101190001010014", "11010119000101009X", "150425196503071234", "150425650307102"] {
            assert!(is_identity_number(number), "{number}");
        }
        assert!(has_right_check("11010119000101009X"));
        assert!(!has_right_check("110101190001010094"));
        for number in [
            "91110000600037341L",
            "911101066976941872",
            "150425006372899",
            "110101190013010014",
            "110101190002300014",
            "990101190001010014",
            "11010119000101",
            "",
        ] {
            assert!(!is_identity_number(number), "{number}");
        }
        assert!(is_mobile_number("13912345678") && is_mobile_number("+8613912345678"));
        assert!(!is_mobile_number("12912345678") && !is_mobile_number("1391234567"));
    }

    #[test]
    fn numbers_are_hidden_wherever_they_stand() {
        for (text, shown) in [
            ("110101190001010014", "110************014"),
            ("身份证：11010119000101009X，电话13912345678。", "身份证：110************09X，电话139******78。"),
            ("91110000600037341L", "91110000600037341L"),
            ("2013年", "2013年"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }
}
