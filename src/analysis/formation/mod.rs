//! The formation of party organisations: counts by mode, the mode needed against the mode recorded, transitions
//! between years.

mod audit;
mod audit_list;
pub(crate) mod fact_columns;
mod facts;
mod joint;
mod members;
pub(crate) mod readiness;
mod returns;
mod steps;
mod term;

use arrow::array::RecordBatch;

use crate::cube::statistic::{Statistic, only};
use crate::cube::{GroupedCounts, Lane};
use crate::definition::FormationRules;
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::query::dimension::named_null;
use crate::query::needed_mode;
use crate::query::party_organisation::Parties;
use crate::roster::coded;
use crate::roster::{Frame, Integers, Roster};
use crate::support::columns::Columns;

pub(crate) use self::audit::statistic as audit_statistic;

impl Roster {
    /// Counts organisations and party organisations by mode and the dimensions of `scope`.
    ///
    /// Columns: `year`, the dimensions, `mode` (`solo`, `joint`, `affiliated`, `area`, `none`, or `unknown` if the
    /// ledger does not give it), `organisations`, `party_organisations` (distinct ones among the organisations of that
    /// mode; the host of an affiliated organisation is also counted under its own mode).
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.formation(&Scope::by(["kind"]), &Quiet)?;
    /// assert!(table.num_rows() > 3);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn formation(&self, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frames = scope.frames(self)?;
        only(modes(self, &frames, std::slice::from_ref(&scope.by), scope)?.count(&frames, job)?)
    }

    /// Counts organisations by the mode the rules require and the mode the ledger records, by the dimensions of
    /// `scope`.
    ///
    /// Columns: `year`, the dimensions, `need`, `mode` (both with `unknown`), `organisations`.
    /// ```
    /// # use dangjian::{FormationRules, Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.formation_need(&FormationRules::shipped()?, &Scope::default(), &Quiet)?;
    /// assert!(table.column_by_name("need").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn formation_need(&self, rules: &FormationRules, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frames = scope.frames(self)?;
        needs(self, &frames, rules, scope)?.count(&frames, job)
    }

    /// Counts transitions of organisations between modes from one year to the next, by the dimensions of `scope`
    /// (values of the earlier year; of the later year for arrivals). Only adjacent calendar years are compared.
    ///
    /// Columns: `year`, `next_year`, the dimensions, `mode`, `next_mode` (both with `unknown` and `absent`),
    /// `organisations`.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.formation_transitions(&Scope::default(), &Quiet)?;
    /// assert!(table.column_by_name("next_mode").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn formation_transitions(&self, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        self.transitions(&["mode"], scope, job)
    }
}

/// Builds the statistic of [`Roster::formation`] for each of `sets`.
pub(crate) fn modes<'r>(
    roster: &'r Roster,
    frames: &[&'r Frame],
    sets: &[Vec<String>],
    scope: &Scope,
) -> Result<Statistic<'r, Vec<RecordBatch>>> {
    let axes = |by: &Vec<String>| {
        let mut axes = scope.divided(by).axes_except(roster, frames, &["mode"])?;
        axes.push(named_null(scope.axis(roster, frames, "mode")?));
        Ok(axes)
    };
    let (sets, scope) = (sets.iter().map(axes).collect::<Result<_>>()?, scope.clone());
    let mode = roster.field("mode").ok();
    let lanes = move |_, frame: &Frame, _: &dyn Job| {
        let rows = scope.rows(roster, frame)?;
        let none = Integers::up_to(0, std::iter::repeat_n(0, frame.rows()));
        let modes = coded(roster, frame, mode).unwrap_or(&none);
        let homes = Parties::new(roster, frame).home_rows_by(&rows, modes);
        Ok(vec![Lane::Bits(rows), Lane::Bits(homes)])
    };
    let table = |counted: GroupedCounts| {
        let counted = counted.filled();
        Columns::default()
            .groups(&counted)
            .counts("organisations", counted.lane(0).iter().copied())
            .counts("party_organisations", counted.lane(1).iter().copied())
            .finish()
    };
    Ok(Statistic::new(sets, lanes, move |counted| counted.into_iter().map(table).collect()))
}

/// Builds the statistic of [`Roster::formation_need`] for `frames`.
pub(crate) fn needs<'r>(
    roster: &'r Roster,
    frames: &[&'r Frame],
    rules: &FormationRules,
    scope: &Scope,
) -> Result<Statistic<'r, RecordBatch>> {
    let mut axes = scope.axes_except(roster, frames, &["need", "mode"])?;
    axes.push(needed_mode::axis(roster, frames, rules)?);
    axes.push(named_null(scope.axis(roster, frames, "mode")?));
    let scope = scope.clone();
    let lanes = move |_, frame: &Frame, _: &dyn Job| Ok(vec![Lane::Bits(scope.rows(roster, frame)?)]);
    Ok(Statistic::new(vec![axes], lanes, |counted| {
        let counted = only(counted)?;
        Columns::default().groups(&counted).counts("organisations", counted.lane(0).iter().copied()).finish()
    }))
}
