//! Gaps of targets: the list of the organisations missing in one year, and their counts by group.

use std::collections::BTreeMap;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;

use super::named;
use crate::analysis::rates::rate_counts::RateTruth;
use crate::analysis::rates::{RateCounts, count, rate_counts};
use crate::cube::GroupedCounts;
use crate::definition::{Rate, Target};
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// Columns listed for an organisation in a gap list next to target and status.
pub(crate) const LISTED: [&str; 9] =
    ["org_id", "name", "region", "kind", "committee", "mode", "members_full", "party_org_id", "instructor_id"];

impl Roster {
    /// Lists the organisations missing from `target` in `year`: members of its population that do not meet it (`status`
    /// is `missing`), then those whose membership or success is unknown (`unknown`). A party organisation is listed at
    /// its home row; a row that names none is `unknown`. Only the filter of `scope` applies; its dimensions and years
    /// are ignored.
    ///
    /// Columns: `year`, `target`, `status`, `org_id`, `name`, `township`, `township_name`, `kind`, `committee`, `mode`,
    /// `members_full`, `party_org_id`, `instructor_id`.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, Targets};
    /// let roster = Roster::sample(300, 3)?;
    /// let targets = Targets::shipped()?;
    /// let missing = roster.gaps(targets.get("eligible_established")?, 2012, &Scope::default(), &Quiet)?;
    /// assert!(missing.column_by_name("org_id").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn gaps(&self, target: &Target, year: i16, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frame = self.frame(year)?;
        target.rate.check(self)?;
        let answers = RateTruth::new(self, frame, &target.rate, scope, job)?;
        let missing = &answers.population.yes & &answers.success.no();
        let undecided = &answers.population.yes & &answers.success.unknown();
        let maybe = &answers.population.unknown() & &!&answers.success.yes;
        let mut unknown = &undecided | &maybe;
        if let Some(unidentified) = &answers.unidentified {
            unknown = &unknown | unidentified;
        }
        let rows: Vec<u32> = missing.set_indices().chain(unknown.set_indices()).map(|row| row as u32).collect();
        let missing = missing.count_set_bits();
        let status = (0..rows.len()).map(|at| if at < missing { "missing" } else { "unknown" });
        let batch = self.picked(frame, LISTED, &rows)?;
        Columns::default()
            .years("year", std::iter::repeat_n(year, rows.len()))
            .texts("target", std::iter::repeat_n(&target.rate.id, rows.len()))
            .texts("status", status)
            .listed(&batch, &LISTED)
            .finish()
    }

    /// Counts the gaps of each target by the dimensions of `scope`; the counts match the rows of [`gaps`](Self::gaps).
    ///
    /// Columns: `year`, the dimensions, `target`, `label_zh`, `label_en`, `counts`, `population`, `success`, `missing`
    /// (in the population, not met), `unknown` (membership or success unknown), `share` (proportion of all missing of
    /// the year).
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, Targets};
    /// let roster = Roster::sample(300, 3)?;
    /// let targets: Vec<_> = Targets::shipped()?.iter().cloned().collect();
    /// let table = roster.gap_counts(&targets, &Scope::by(["province"]).in_year(2012), &Quiet)?;
    /// assert!(table.column_by_name("missing").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn gap_counts(&self, targets: &[Target], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        targets.iter().try_for_each(|target| target.check(self))?;
        let rates: Vec<Rate> = targets.iter().map(|target| target.rate.clone()).collect();
        table_of_gaps(targets, &count(self, &rates, scope, job)?)
    }
}

/// Builds the table of [`Roster::gap_counts`] from the counts of [`statistic`](crate::analysis::rates::statistic) for
/// the rates of `set`.
pub(crate) fn table_of_gaps(set: &[Target], counted: &GroupedCounts) -> Result<RecordBatch> {
    let figures = rate_counts(counted, set.len());
    let each = || counted.years.iter().flat_map(|year| (0..set.len()).map(move |at| (*year, at)));
    let mut missing: BTreeMap<(i16, usize), u64> = BTreeMap::new();
    for (key, figures) in each().zip(&figures) {
        *missing.entry(key).or_default() += figures.failure;
    }
    let share = |(key, figures): ((i16, usize), &RateCounts)| {
        let all = missing.get(&key).copied().filter(|all| *all > 0)?;
        Some(figures.failure as f64 / all as f64)
    };
    let listed = |f: &RateCounts| f.unknown() + f.population_unknown - f.maybe_success + f.unidentified;
    let table = named(Columns::default().groups(&counted.repeated(set.len())), each().map(|(_, at)| &set[at]))
        .counts("population", figures.iter().map(|f| f.population))
        .counts("success", figures.iter().map(|f| f.success))
        .counts("missing", figures.iter().map(|f| f.failure))
        .counts("unknown", figures.iter().map(listed))
        .reals("share", each().zip(&figures).map(share))
        .finish()?;
    let in_force: BooleanArray = each().map(|(year, at)| Some(set[at].validity.holds(year))).collect();
    Ok(filter_record_batch(&table, &in_force)?)
}
