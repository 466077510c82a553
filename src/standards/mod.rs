//! National code systems: organisations ([`uscc`], [`organisation`]), regions with their history ([`region`]),
//! industries ([`industry`]) and registration types ([`registration`]); also the numbers of
//! persons, which are kept out ([`person`]), and zones, which users define themselves
//! ([`zone`]).

pub mod industry;
pub mod organisation;
pub mod person;
pub mod region;
pub mod registration;
pub(crate) mod spoilt;
pub mod uscc;
pub mod zone;

use std::borrow::Cow;

use crate::schema::spelling::{half_width, is_space};

/// Trims a cell's text: white space of any width, and the apostrophe or tab that offices use to make a spreadsheet
/// keep text.
#[must_use]
pub fn trim(text: &str) -> &str {
    // Most cells begin and end with a letter or digit.
    if let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().next_back())
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
    {
        return text;
    }
    let text = text.trim_matches(is_space);
    text.strip_prefix('\'').map_or(text, |rest| rest.trim_matches(is_space))
}

/// Normalises a code for comparison: trimmed, half-width, upper case, inner white space and line breaks removed.
#[must_use]
pub fn code(text: &str) -> Cow<'_, str> {
    let text = trim(text);
    if text.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_lowercase()) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter(|c| !is_space(*c));
    Cow::Owned(kept.map(|c| half_width(c).to_ascii_uppercase()).collect())
}

/// Checks whether `code` is a number in a spreadsheet's scientific notation (`9.11504E+17`), whose digits are lost.
/// A code of 18 characters may hold one `E` among digits, but has neither point nor sign.
#[must_use]
pub fn is_scientific(code: &str) -> bool {
    let Some((mantissa, exponent)) = code.split_once(['E', 'e']) else {
        return false;
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let bare = exponent.trim_start_matches(['+', '-']);
    let plain = mantissa.replacen('.', "", 1);
    digits(&plain) && digits(bare) && (plain.len() < mantissa.len() || bare.len() < exponent.len() || code.len() < 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_trimmed_and_made_half_width() {
        assert_eq!(code("\u{3000}９１１５04250846069305\u{a0}"), "911504250846069305");
        assert_eq!(code("'91350211m0000xuf46"), "91350211M0000XUF46");
        assert!(matches!(code(" A1 "), Cow::Borrowed("A1")));
    }

    #[test]
    fn scientific_notation_is_told_from_codes() {
        for lost in ["9.11504E+17", "3.70883E+11", "5E+17", "9.1E17", "1E5"] {
            assert!(is_scientific(lost), "{lost}");
        }
        for code in ["911504250846E69305", "E12", "12E", "H1234", "1.5", ""] {
            assert!(!is_scientific(code), "{code}");
        }
    }
}
