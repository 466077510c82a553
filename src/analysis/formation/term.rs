//! The end of a party organisation's term (任期届满), judged at the end of the survey year.

use arrow::array::{AsArray, Date32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::{DatePart, date_part};
use arrow::datatypes::Int32Type;

use super::fact_columns::flag;
use crate::definition::FormationRules;
use crate::error::Result;
use crate::roster::coded;
use crate::roster::{Column, Frame, Roster};

/// Flags the rows whose party organisation's term is over. A term runs from the last election, `elected_on`. If
/// that is unknown, an organisation established less than one term ago is in its first term; for any other the flag
/// is null.
pub(super) fn over(roster: &Roster, frame: &Frame, rules: &FormationRules) -> Result<Column> {
    let at = roster.field("party_org_level").ok();
    let levels = coded(roster, frame, at);
    let dictionary = at.and_then(|at| roster.dictionary(at));
    let terms: Vec<Option<u32>> = std::iter::once(None)
        .chain(dictionary.into_iter().flat_map(|d| {
            d.values().iter().map(|level| rules.terms(frame.year).find(|t| t.level == *level).map(|t| t.years))
        }))
        .collect();
    let (elected, established) = (years_of(roster, frame, "elected_on")?, years_of(roster, frame, "established_on")?);
    // A term of n years from a day of year y ends on that day of y + n, so it is over by the end of that year.
    let over = |from: i32, years: u32| i64::from(from) + i64::from(years) <= i64::from(frame.year);
    let of_row = |row: usize| {
        let years = levels.and_then(|levels| terms[levels.get(row) as usize])?;
        match (elected[row], established[row]) {
            (Some(elected), _) => Some(over(elected, years)),
            (None, Some(established)) if !over(established, years) => Some(false),
            _ => None,
        }
    };
    Ok(flag((0..frame.rows()).map(of_row)))
}

/// Returns the year of each day in the column `name`.
fn years_of(roster: &Roster, frame: &Frame, name: &str) -> Result<Vec<Option<i32>>> {
    let days = roster.field(name).ok().and_then(|at| roster.values(frame, at));
    let Some(Column::Date { values, known }) = days else { return Ok(vec![None; frame.rows()]) };
    let days = Date32Array::new(values.clone().into(), known.clone().map(NullBuffer::new));
    Ok(date_part(&days, DatePart::Year)?.as_primitive::<Int32Type>().iter().collect())
}
