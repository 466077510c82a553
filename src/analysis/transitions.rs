//! Moves of organisations from year to year between the values of any dimension.

use arrow::array::RecordBatch;

use crate::cube;
use crate::cube::{Axis, Counted, Things};
use crate::error::Result;
use crate::job::Job;
use crate::query::dimension::{Scope, axis, distinct, named_null};
use crate::query::star_state::ABSENT;
use crate::roster::{Frame, Roster};
use crate::support::columns::Columns;

/// Moves of organisations between the values of the dimensions `of`, together, from one year to the next, by the
/// dimensions of `scope` (those of the earlier year; of arrivals those of the later). Organisations are linked by their
/// id alone, and only neighbouring calendar years are compared: a gap of two years is no move.
///
/// Columns: `year`, `next_year`, the dimensions of `scope`, those of `of`, the same as `next_<name>`, `organisations`.
/// An organisation that is not in one of the two years has `absent` there.
///
/// ```
/// # use dangjian::{Roster, synth}; use dangjian::query::dimension::Scope; use dangjian::ingest::Options; use dangjian::job::Quiet;
/// let roster = Roster::read_arrow("made", &synth::panel(300, 3, 2010, 7)?, &Options::default(), &Quiet)?;
/// let table = dangjian::analysis::transitions::moves(&roster, &["mode", "star"], &Scope::by(["province"]), &Quiet)?;
/// assert!(table.column_by_name("next_star").is_some());
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn moves(roster: &Roster, of: &[&str], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let frames = scope.frames(roster)?;
    let by = scope.axes_beside(roster, &frames, of)?;
    let state = |name: &&str| {
        let axis = axis(roster, &frames, name)?;
        Ok(if *name == "mode" { named_null(axis) } else { axis })
    };
    let of = distinct(of.iter().map(state).collect::<Result<Vec<_>>>()?)?;
    let counted = of_organisations(roster, &frames, &of, &by, scope, job)?;
    table(&counted, "organisations")
}

/// The same on axes that are there already.
pub(crate) fn of_organisations(
    roster: &Roster,
    frames: &[&Frame],
    of: &[Axis],
    by: &[Axis],
    scope: &Scope,
    job: &dyn Job,
) -> Result<Counted> {
    let things = frames
        .iter()
        .map(|frame| {
            let rows = scope.narrows().then(|| scope.rows(roster, frame)).transpose()?;
            Ok(Things { ids: frame.slots.as_slice().into(), rows: None, counted: rows })
        })
        .collect::<Result<Vec<_>>>()?;
    cube::moves(frames, &things, of, by, ABSENT, job)
}

/// The groups of `counted` with `next_year` after `year`, and what was counted under a name.
pub(crate) fn table(counted: &Counted, counts: &str) -> Result<RecordBatch> {
    let mut columns = Columns::default().groups(counted);
    columns.insert_years(1, "next_year", counted.years.iter().map(|year| year + 1));
    columns.lane(counts, counted, 0, None).finish()
}
