//! Year-to-year transitions of organisations between the values of any dimension.

use arrow::array::RecordBatch;

use crate::cube;
use crate::cube::{Axis, GroupedCounts, YearEntities};
use crate::error::Result;
use crate::job::Job;
use crate::query::dimension::named_null;
use crate::query::scope::{Scope, distinct};
use crate::query::star_state::ABSENT;
use crate::roster::{Frame, Roster};
use crate::support::columns::Columns;

impl Roster {
    /// Counts transitions of organisations between the joint values of `dimensions` from one year to the next, by the
    /// dimensions of `scope` (values of the earlier year; of the later year for arrivals). Organisations are linked by
    /// id alone. Only adjacent calendar years are compared, so there is no transition over a missing year.
    ///
    /// Columns: `year`, `next_year`, the dimensions of `scope`, `dimensions`, these again as `next_<name>`,
    /// `organisations`. An organisation missing from one of the two years has `absent` there.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.transitions(&["mode", "star"], &Scope::by(["province"]), &Quiet)?;
    /// assert!(table.column_by_name("next_star").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn transitions(&self, dimensions: &[&str], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frames = scope.frames(self)?;
        let by = scope.axes_except(self, &frames, dimensions)?;
        let state = |name: &&str| {
            let axis = scope.axis(self, &frames, name)?;
            Ok(if *name == "mode" { named_null(axis) } else { axis })
        };
        let states = distinct(dimensions.iter().map(state).collect::<Result<Vec<_>>>()?)?;
        let counted = of_organisations(self, &frames, &states, &by, scope, job)?;
        table(&counted, "organisations")
    }
}

/// Counts [`Roster::transitions`] on axes that are already built.
pub(crate) fn of_organisations(
    roster: &Roster,
    frames: &[&Frame],
    states: &[Axis],
    by: &[Axis],
    scope: &Scope,
    job: &dyn Job,
) -> Result<GroupedCounts> {
    let things = frames
        .iter()
        .map(|frame| {
            let rows = scope.narrows().then(|| scope.rows(roster, frame)).transpose()?;
            Ok(YearEntities { ids: frame.slots.as_slice().into(), rows: None, counted: rows })
        })
        .collect::<Result<Vec<_>>>()?;
    cube::count_transitions(frames, &things, states, by, ABSENT, job)
}

/// Builds the table of `counted`: its groups with `next_year` after `year`, and the counts as a column named
/// `counts`.
pub(crate) fn table(counted: &GroupedCounts, counts: &str) -> Result<RecordBatch> {
    let mut columns = Columns::default().groups(counted);
    columns.insert_years(1, "next_year", counted.years.iter().map(|year| year + 1));
    columns.lane(counts, counted, 0, None).finish()
}
