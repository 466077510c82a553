//! Partial recovery of unified codes damaged by a spreadsheet or in handwriting, and matching of candidates against
//! them.

use super::{is_scientific, uscc};

/// Digits of a number that a spreadsheet keeps.
const KEPT_DIGITS: usize = 15;

/// A damaged code.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spoilt {
    /// Read as a number by a spreadsheet: 15 of its 18 digits are kept.
    Rounded(f64),
    /// One character outside the alphabet: the code implied by the check character.
    Illegible(String),
}

impl Spoilt {
    /// Interprets `text`, normalised by [`code`](super::code), as a damaged code. Returns `None` if it is valid or
    /// too little is left.
    pub(crate) fn detect(text: &str) -> Option<Self> {
        if uscc::is_valid(text) {
            return None;
        }
        rounded(text).map(Self::Rounded).or_else(|| mended(text).map(Self::Illegible))
    }
}

/// Parses the number in `text` if it shows 15 digits of an 18-digit number.
fn rounded(text: &str) -> Option<f64> {
    let is_whole = |digits: &str| digits.len() == 18 && digits.bytes().all(|b| b.is_ascii_digit());
    let shows_all = match text.strip_suffix(".0") {
        Some(digits) => is_whole(digits),
        None if is_scientific(text) => {
            let mantissa = text.split(['E', 'e']).next().unwrap_or_default();
            mantissa.bytes().filter(u8::is_ascii_digit).count() >= KEPT_DIGITS
        }
        None => is_whole(text) && uscc::status(text) == uscc::UsccStatus::Mangled,
    };
    let number = text.parse::<f64>().ok().filter(|_| shows_all)?;
    (1e17..1e18).contains(&number).then_some(number)
}

/// Checks whether `code`, an 18-digit number, can have become `rounded`: truncated or rounded to 15 digits, as
/// spreadsheets and other programs do, or rounded to the nearest `f64`, which keeps slightly more.
pub(crate) fn became(code: u64, rounded: f64) -> bool {
    [code, code / 1000 * 1000, (code + 500) / 1000 * 1000].iter().any(|n| (*n as f64).to_bits() == rounded.to_bits())
}

/// Replaces the only illegible character in `text` by the one that satisfies the check. Exactly one character does
/// at any position, since 31 is prime.
fn mended(text: &str) -> Option<String> {
    let in_alphabet = |c: char| u8::try_from(c).is_ok_and(|b| uscc::ALPHABET.contains(&b));
    let mut illegible = text.char_indices().filter(|(_, c)| !in_alphabet(*c));
    let ((at, wrong), None) = (illegible.next()?, illegible.next()) else { return None };
    if text.chars().count() != 18 {
        return None;
    }
    let (before, behind) = (text.get(..at)?, text.get(at + wrong.len_utf8()..)?);
    let codes = uscc::ALPHABET.iter().map(|b| format!("{before}{}{behind}", char::from(*b)));
    codes.into_iter().find(|code| uscc::is_valid(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_leave() {
        // 911101066976941872 is a real code with digits only (docs/field-notes.md, unified codes).
        for left in ["911101066976941000", "9.11101066976941E+17", "911101066976941000.0", "911101066976941952.0"] {
            let Some(Spoilt::Rounded(number)) = Spoilt::detect(left) else { panic!("{left}") };
            assert!(became(911_101_066_976_941_872, number), "{left}");
            assert!(!became(911_101_066_976_943_872, number) && !became(911_101_066_976_939_872, number), "{left}");
        }
        for other in ["911101066976941872", "9.11101E+17", "911101066976941", "9.11101066976941E+16", "000", ""] {
            assert_eq!(Spoilt::detect(other), None, "{other}");
        }
    }

    #[test]
    fn an_illegible_character_is_the_one_that_the_check_leaves() {
        for code in ["91110000600037341L", "91110000101623741K", "911101066976941872"] {
            for at in 0..18 {
                for sign in ["?", "*", "O", "I", "□"] {
                    let left = format!("{}{sign}{}", &code[..at], &code[at + 1..]);
                    assert_eq!(Spoilt::detect(&left), Some(Spoilt::Illegible(code.to_owned())), "{left}");
                }
            }
        }
        for other in ["9111000060003734?", "9111000060003734??", "91110000600037341X"] {
            assert_eq!(Spoilt::detect(other), None, "{other}");
        }
    }
}
