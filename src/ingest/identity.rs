//! Checks of a row as a whole: whose it is, and whether its numbers go together.

use std::borrow::Cow;

use super::cells::{self, Cell};
use super::problem::Code;
use crate::standards::uscc;

/// The organisation's code in `cell`, with what is to be said about it; or why the row has none.
pub(super) fn identity<'a>(cell: &Cell<'a>) -> Result<(Cow<'a, str>, Option<Code>), Code> {
    match *cell {
        Cell::Text(code) if uscc::is_valid(code) => return Ok((Cow::Borrowed(code), None)),
        // A spreadsheet keeps 15 digits of a number.
        Cell::Number(number) if number >= 1e15 => return Err(Code::IdMangled),
        Cell::Number(number) if number < 0.0 || number.fract() != 0.0 => return Err(Code::IdUnreadable),
        Cell::Day(_) | Cell::Flag(_) | Cell::Error(_) => return Err(Code::IdUnreadable),
        _ => {}
    }
    let code = cells::code(cell).map_err(|_| Code::IdUnreadable)?.ok_or(Code::IdMissing)?;
    let said = match uscc::status(&code) {
        uscc::Status::Valid => None,
        uscc::Status::CheckDigit => Some(Code::UsccCheckDigit),
        uscc::Status::RegistrationNumber => Some(Code::OldRegistrationNumber),
        uscc::Status::Mangled => return Err(Code::IdMangled),
        uscc::Status::Missing => return Err(Code::IdMissing),
        uscc::Status::Other if !code.bytes().any(|b| b.is_ascii_digit()) => return Err(Code::IdUnreadable),
        uscc::Status::Other => {
            let long = (16..=20).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
            long.then_some(Code::IdLength)
        }
    };
    Ok((code, said))
}

/// More full members than five times the employees is impossible (`rules` of the ledgers' truth.json).
pub(super) fn too_many(members: u32, employees: u32) -> bool {
    u64::from(members) > 5 * u64::from(employees)
}
