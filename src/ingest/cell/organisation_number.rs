//! Takes apart the text in a column of codes: a code with a label or more around it, a placeholder, the number of
//! a person, or an organisation's own number of the office.

use std::borrow::Cow;

use crate::ingest::problem::Code;
use crate::standards::person;
use crate::standards::uscc;
use crate::standards::uscc::UsccStatus;

/// Minimum digits of an office's own number that has no letter; shorter ones are counts from another column.
const SHORTEST_NUMBER: usize = 4;
/// Maximum length of an office's own number.
const LONGEST_NUMBER: usize = 30;
/// Length of a unified code.
const CODE: usize = 18;

/// Returns the organisation code in `text`, normalised by [`code`](crate::standards::code), with an optional warning;
/// or the reason why it is none.
pub(crate) fn read(text: Cow<'_, str>) -> Result<(Cow<'_, str>, Option<Code>), Code> {
    if text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return of_word(text);
    }
    if is_placeholder(&text) {
        return Err(Code::IdPlaceholder);
    }
    if uscc::status(&text) == UsccStatus::Mangled {
        return Err(Code::IdMangled);
    }
    let whole = without_label(&text).to_owned();
    let joined: String = whole.chars().filter(|c| !is_divider(*c)).collect();
    if joined.len() == CODE && uscc::is_valid(&joined) {
        return Ok((Cow::Owned(joined), None));
    }
    if is_organisation_code(&whole) {
        // Its hyphen belongs to it.
        return of_word(Cow::Owned(joined)).map(|(_, warning)| (Cow::Owned(whole), warning));
    }
    if whole.len() < text.len() && whole.bytes().all(|b| b.is_ascii_alphanumeric()) && !whole.is_empty() {
        return of_word(Cow::Owned(whole));
    }
    if person::masked(&text) != text && !words(&text).any(uscc::is_valid) {
        return Err(Code::IdOfPerson);
    }
    let mut codes: Vec<&str> = words(&text).filter(|word| uscc::is_valid(word)).collect();
    codes.dedup();
    match *codes.as_slice() {
        [one] => return Ok((Cow::Owned(one.to_owned()), Some(Code::IdWithMore))),
        [_, _, ..] => return Err(Code::IdSeveral),
        [] => {}
    }
    // A code whose check is wrong, and a registration number, are known by their length alone.
    let is_long = |word: &&str| matches!(word.len(), 15 | CODE) && word.bytes().any(|b| b.is_ascii_digit());
    let long: Vec<String> = words(&text).filter(is_long).map(str::to_owned).collect();
    match long.as_slice() {
        [one] => return of_word(Cow::Owned(one.clone())).map(|(id, _)| (id, Some(Code::IdWithMore))),
        [_, _, ..] => return Err(Code::IdSeveral),
        [] => {}
    }
    if whole.chars().count() == CODE && is_almost_code(&whole) {
        // One illegible character, which may be repaired.
        return Ok((Cow::Owned(whole), Some(Code::UsccCheckDigit)));
    }
    if is_certificate(&text) || is_own_number(&text) {
        return Ok((text, Some(Code::IdOwnNumber)));
    }
    Err(Code::IdUnreadable)
}

/// Reads a number without any other sign.
fn of_word(code: Cow<'_, str>) -> Result<(Cow<'_, str>, Option<Code>), Code> {
    let status = uscc::status(&code);
    if is_placeholder(&code) {
        return Err(Code::IdPlaceholder);
    }
    if status != UsccStatus::Valid && (person::is_identity_number(&code) || person::is_mobile_number(&code)) {
        return Err(Code::IdOfPerson);
    }
    let warning = match status {
        UsccStatus::Valid => None,
        UsccStatus::CheckDigit => Some(Code::UsccCheckDigit),
        UsccStatus::RegistrationNumber => Some(Code::OldRegistrationNumber),
        UsccStatus::Mangled => return Err(Code::IdMangled),
        UsccStatus::Missing => return Err(Code::IdMissing),
        UsccStatus::Other if !code.bytes().any(|b| b.is_ascii_digit()) => return Err(Code::IdUnreadable),
        UsccStatus::Other if (16..=20).contains(&code.len()) => Some(Code::IdLength),
        UsccStatus::Other if crate::standards::organisation::is_valid(&code) => None,
        UsccStatus::Other if code.len() < SHORTEST_NUMBER && code.bytes().all(|b| b.is_ascii_digit()) => {
            return Err(Code::IdPlaceholder);
        }
        UsccStatus::Other if is_day(&code) => return Err(Code::IdUnreadable),
        UsccStatus::Other if code.len() > LONGEST_NUMBER => {
            return twice(&code).map(|id| (Cow::Owned(id), Some(Code::IdWithMore)));
        }
        UsccStatus::Other => Some(Code::IdOwnNumber),
    };
    Ok((code, warning))
}

/// Returns the code in a text of two numbers without anything between them.
fn twice(numbers: &str) -> Result<String, Code> {
    let tail = numbers.len().checked_sub(CODE).and_then(|at| numbers.get(at..));
    let valid = |code: Option<&str>| code.filter(|code| uscc::is_valid(code)).map(str::to_owned);
    match (valid(numbers.get(..CODE)), valid(tail)) {
        (Some(head), Some(tail)) if head != tail => Err(Code::IdSeveral),
        (Some(one), _) | (None, Some(one)) => Ok(one),
        (None, None) => Err(Code::IdUnreadable),
    }
}

/// Checks for what is written where there is no code: one sign over and over (000…, 99999, ****), a run of digits
/// (12345…), zeros before a last sign (0…0X), and a code of which several signs are hidden.
fn is_placeholder(text: &str) -> bool {
    let mut signs = text.chars();
    let Some(first) = signs.next() else { return false };
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    let is_run = |step: u8| {
        let follows = |(one, next): (u8, u8)| (next + 10 - one) % 10 == step;
        text.len() > 2 && is_number && text.bytes().zip(text.bytes().skip(1)).all(follows)
    };
    let same = signs.all(|c| c == first) && (!first.is_alphabetic() || matches!(first, 'X' | 'N'));
    let zeros = text.len() > 4 && text.bytes().rev().skip(1).all(|b| b == b'0');
    let hidden = text.chars().filter(|c| matches!(c, '*' | '＊' | '?' | '×' | '#')).count() > 1;
    // A code has nine signs of its own at the end; a made one stops after its first ones.
    let padded = text.len() == CODE && text.ends_with("0000000000");
    same || is_run(1) || is_run(9) || zeros || hidden || padded
}

/// Returns what is behind a label such as `统一社会信用代码:`; all of the text where there is none.
fn without_label(text: &str) -> &str {
    let start = text.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0);
    let label = text.get(..start).unwrap_or_default();
    let named = ["代码", "号", "编码", "码"].iter().any(|end| label.trim_end_matches([':', '：']).ends_with(end));
    let is_label = named && !label.contains('字') && !label.contains('第');
    if is_label { text.get(start..).unwrap_or(text) } else { text }
}

/// Checks for an organisation code of old with its hyphen: 12345678-9.
fn is_organisation_code(text: &str) -> bool {
    let parts = text.split_once('-');
    parts.is_some_and(|(number, check)| {
        (number.len(), check.len()) == (8, 1)
            && [number, check].iter().all(|part| part.bytes().all(|b| b.is_ascii_alphanumeric()))
    })
}

fn is_divider(c: char) -> bool {
    matches!(c, '-' | '—' | '–' | '_' | '.' | '·' | '\'' | '’' | '‘' | '"')
}

/// Iterates over the runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// Checks whether all but one of the signs belong to codes.
fn is_almost_code(text: &str) -> bool {
    text.chars().filter(|c| !c.is_ascii_alphanumeric()).count() == 1
}

/// Checks for the number of a certificate: 社证字第0123号.
fn is_certificate(text: &str) -> bool {
    text.contains('字')
        && text.ends_with('号')
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.chars().count() <= LONGEST_NUMBER
}

/// Checks for a number that an office or another register gives: letters, digits, dividers and at most six Chinese
/// characters, with two digits among them and one at the end, where Chinese characters are no unit (12人). One digit is
/// enough beside one or two of them (单位1, but not 详见附表3).
fn is_own_number(text: &str) -> bool {
    let is_han = |c: &char| matches!(c, '\u{4e00}'..='\u{9fff}');
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | '(' | ')' | '#');
    let han = text.chars().filter(is_han).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let ends_well =
        text.bytes().next_back().is_some_and(|b| b.is_ascii_digit() || (han == 0 && b.is_ascii_uppercase()));
    let least = if (1..=2).contains(&han) { 1 } else { 2 };
    han <= 6
        && text.len() <= 2 * LONGEST_NUMBER
        && text.chars().all(|c| is_han(&c) || is_sign(c))
        && digits >= least
        && ends_well
        && !is_day(text)
}

/// Checks whether a text is a day or a month: 2013-05-01, 2013.5, 20130501.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let number = |part: &str| part.parse::<u32>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()));
    let is = |year: &str, month: &str, day: Option<&str>| {
        number(year).is_some_and(|y| (1900..2100).contains(&y))
            && number(month).is_some_and(|m| (1..=12).contains(&m))
            && day.is_none_or(|day| number(day).is_some_and(|d| (1..=31).contains(&d)))
    };
    match *parts.as_slice() {
        [year, month] => year.len() == 4 && is(year, month, None),
        [year, month, day] => year.len() == 4 && is(year, month, Some(day)),
        [one] => one.len() == 8 && one.is_ascii() && is(&one[..4], &one[4..6], Some(&one[6..])),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards;

    const BARE: &str = "91110000600037341L";

    fn of(text: &str) -> Result<(String, Option<Code>), Code> {
        read(standards::code(text)).map(|(id, warning)| (id.into_owned(), warning))
    }

    #[test]
    fn a_code_is_taken_out_of_its_label_and_its_dividers() {
        for text in [
            "统一社会信用代码:91110000600037341L",
            "代码：91110000600037341L",
            "9111-0000-6000-3734-1L",
            "91 110000 600037341 L",
            "911100006000.37341L",
            "\u{202d}91110000600037341L\u{202c}",
            "\u{feff}91110000600037341L\u{200e}",
        ] {
            assert_eq!(of(text), Ok((BARE.to_owned(), None)), "{text}");
        }
    }

    #[test]
    fn more_than_a_code_is_said() {
        for text in [
            "91110000600037341L(01)",
            "91110000600037341L/110000000012345",
            "91110000600037341L（副本）",
            "原110000000012345，现91110000600037341L",
            "11000000001234591110000600037341L",
            "91110000600037341L;91110000600037341L",
        ] {
            assert_eq!(of(text), Ok((BARE.to_owned(), Some(Code::IdWithMore))), "{text}");
        }
        assert_eq!(of("91110000600037341L、911101066976941872"), Err(Code::IdSeveral));
        assert_eq!(of("91110000600037341L911101066976941872"), Err(Code::IdSeveral));
        assert_eq!(of("注册号：150425006372899"), Ok(("150425006372899".into(), Some(Code::OldRegistrationNumber))));
    }

    #[test]
    fn what_is_no_code_is_no_organisation() {
        for text in [
            "0",
            "000000000000000000",
            "00000000000000000X",
            "111111111111111111",
            "9999",
            "12345",
            "123456789012345678",
            "987654321",
            "****",
            "91150425******042R",
            "XXXX",
            "12",
            "911504250000000000",
        ] {
            assert_eq!(of(text), Err(Code::IdPlaceholder), "{text}");
        }
        for text in ["110101190001010014", "身份证110101190001010014", "13912345678", "11010119000101009X(业主)"] {
            assert_eq!(of(text), Err(Code::IdOfPerson), "{text}");
        }
        for text in ["必填,18位", "2013-05-01", "20130501", "办理中", "某某有限公司2号楼", "约12人", "详见附表3"]
        {
            assert_eq!(of(text), Err(Code::IdUnreadable), "{text}");
        }
    }

    #[test]
    fn numbers_of_the_office_are_numbers() {
        for text in [
            "H1234",
            "1504250012",
            "DL-0001",
            "赤社证字第0123号",
            "党建001",
            "2013-0017",
            "000004.SZ",
            "单位1",
            "B单位1",
        ] {
            assert_eq!(of(text), Ok((text.to_owned(), Some(Code::IdOwnNumber))), "{text}");
        }
        assert_eq!(of("802100434"), Ok(("802100434".into(), Some(Code::IdOwnNumber))));
        assert_eq!(of("D2143569-X"), Ok(("D2143569-X".into(), None)));
        assert_eq!(of("D2143569X"), Ok(("D2143569X".into(), None)), "an organisation code whose check is right");
    }

    #[test]
    fn what_went_through_a_double_is_mangled() {
        assert_eq!(of("911504259900600064"), Err(Code::IdMangled));
        assert_eq!(of("911504259900600000"), Err(Code::IdMangled));
        assert_eq!(of("911504259900600065"), Ok(("911504259900600065".into(), Some(Code::UsccCheckDigit))));
    }
}
