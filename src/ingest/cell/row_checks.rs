//! Checks of a row as a whole: its organisation, and the plausibility of its numbers.

use std::borrow::Cow;

use super::content::Cell;
use super::organisation_number;
use crate::ingest::problem::Code;
use crate::ingest::{ReadOptions, cell};
use crate::standards;
use crate::standards::spoilt::Spoilt;
use crate::standards::uscc;

/// Organisation of a row according to its code cell, with an optional warning; or the reason why it has none.
pub(crate) type IdentityResult<'a> = Result<(Cow<'a, str>, Option<Code>), Code>;

/// Function that assigns rows to organisations.
pub(crate) type Identify = for<'a> fn(&Cell<'a>) -> IdentityResult<'a>;

/// Returns [`identity_or_rest`] if codes are to be repaired, else [`identity`].
pub(crate) fn identify_function(options: &ReadOptions) -> Identify {
    if options.repair { identity_or_rest } else { identity }
}

/// Works like [`identity`], but returns the remains of a mangled code as the id, for the roster to find the code or
/// reject the row. [`identity`] never returns such an id.
fn identity_or_rest<'a>(cell: &Cell<'a>) -> IdentityResult<'a> {
    let whose = identity(cell);
    if whose != Err(Code::IdMangled) {
        return whose;
    }
    let rest = match cell {
        Cell::Text(text) => standards::code(text),
        Cell::Number(number) => Cow::Owned(format!("{number:.0}.0")),
        _ => return whose,
    };
    if Spoilt::detect(&rest).is_some() { Ok((rest, Some(Code::IdMangled))) } else { whose }
}

/// Reads the organisation code in `cell`, with an optional warning; or returns why the row has none.
pub(crate) fn identity<'a>(cell: &Cell<'a>) -> IdentityResult<'a> {
    match *cell {
        Cell::Text(code) if uscc::is_issued(code) => return Ok((Cow::Borrowed(code), None)),
        // A spreadsheet keeps only 15 digits of a number.
        Cell::Number(number) if number >= 1e15 => return Err(Code::IdMangled),
        Cell::Number(number) if number < 0.0 || number.fract() != 0.0 => return Err(Code::IdUnreadable),
        Cell::Day(_) | Cell::Flag(_) | Cell::Error(_) => return Err(Code::IdUnreadable),
        _ => {}
    }
    let code = cell::code(cell).map_err(|_| Code::IdUnreadable)?.ok_or(Code::IdMissing)?;
    organisation_number::read(whole(code)?)
}

/// Removes the `.0` of a number that passed through a float column (`150425006372899.0`): exact up to 15 digits,
/// rounded if longer.
fn whole(code: Cow<'_, str>) -> Result<Cow<'_, str>, Code> {
    match code.strip_suffix(".0") {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            if digits.len() > 15 {
                Err(Code::IdMangled)
            } else {
                Ok(Cow::Owned(digits.to_owned()))
            }
        }
        _ => Ok(code),
    }
}

/// Checks whether there are more than five full members per employee, which is impossible (`rules` of the ledgers'
/// truth.json).
pub(crate) fn too_many(members: u32, employees: u32) -> bool {
    u64::from(members) > 5 * u64::from(employees)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cell::{Empty, Number, Text};

    #[test]
    fn whose_a_row_is() {
        for (cell, id, warning) in [
            (Text("91110000600037341L"), "91110000600037341L", None),
            (Text("'91110000600037341l\t"), "91110000600037341L", None),
            (Text("91110000600037341X"), "91110000600037341X", Some(Code::UsccCheckDigit)),
            (Text("150425006372899"), "150425006372899", Some(Code::OldRegistrationNumber)),
            (Text("150425006372899.0"), "150425006372899", Some(Code::OldRegistrationNumber)),
            (Number(150_425_006_372_899.0), "150425006372899", Some(Code::OldRegistrationNumber)),
            (Text("H1234"), "H1234", Some(Code::IdOwnNumber)),
        ] {
            assert_eq!(identity(&cell), Ok((Cow::Borrowed(id), warning)), "{cell:?}");
        }
        for (cell, code) in [
            (Empty, Code::IdMissing),
            (Text("-"), Code::IdMissing),
            (Text("无"), Code::IdMissing),
            (Text("待查"), Code::IdMissing),
            (Text("办理中"), Code::IdUnreadable),
            (Text("#REF!"), Code::IdUnreadable),
            (Text("9.11E+17"), Code::IdMangled),
            (Text("911504250846069000.0"), Code::IdMangled),
            (Number(911_504_250_846_069_000.0), Code::IdMangled),
            (Number(1.5), Code::IdUnreadable),
        ] {
            assert_eq!(identity(&cell), Err(code), "{cell:?}");
        }
    }

    #[test]
    fn what_is_left_of_a_code_stands_for_it() {
        for (cell, rest) in [
            (Text("'911504250846069000"), "911504250846069000"),
            (Text("9.11504250846069e+17"), "9.11504250846069E+17"),
            (Number(911_504_250_846_069_000.0), "911504250846068992.0"),
        ] {
            assert_eq!(identity_or_rest(&cell), Ok((Cow::Borrowed(rest), Some(Code::IdMangled))), "{cell:?}");
            assert_eq!(identity(&Text(rest)), Err(Code::IdMangled), "{rest} is an id");
        }
        for cell in [Text("9.11E+17"), Number(9.11e16), Text("-"), Text("91110000600037341X"), Empty, Number(1.5)] {
            assert_eq!(identity_or_rest(&cell), identity(&cell), "{cell:?}");
        }
    }
}
