//! Rates over any dimension.

pub(crate) mod breaks;
pub(crate) mod change;
pub(crate) mod columns;
pub mod published;
pub(crate) mod rate_counts;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::buffer::ScalarBuffer;
use arrow::compute::filter_record_batch;

use crate::cube::statistic::{Statistic, only};
use crate::cube::subtotals::{join_levels, levels};
use crate::cube::{Axis, GroupedCounts, Lane};
use crate::definition::Rate;
use crate::error::Result;
use crate::job;
use crate::job::{Job, Quiet};
use crate::lang::Lang;
use crate::query::Scope;
use crate::roster::{Frame, Roster};
use crate::stats::wilson::z_for_confidence;
use crate::support::columns::{Columns, ColumnsFn};

pub use self::rate_counts::RateCounts;
pub(crate) use self::rate_counts::RateTruth;

/// Optional extras of a table of rates.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CoverageOptions {
    pub(crate) rollup: bool,
    pub(crate) interval: Option<f64>,
}

impl CoverageOptions {
    /// Adds subtotals, rolling the dimensions up from the last to the first as SQL's `ROLLUP` does. A column
    /// `grouping` after the dimensions distinguishes a subtotal from an unknown value. It holds the number that
    /// SQL's `GROUPING` of the dimensions gives: one bit per dimension, the last dimension lowest, set if the
    /// dimension is rolled up, so 0 is no subtotal.
    #[must_use]
    pub fn with_rollup(self, rollup: bool) -> Self {
        Self { rollup, ..self }
    }

    /// Adds a confidence interval of a level such as 0.95, as columns `wilson_low` and `wilson_high` after the bounds
    /// of the rate.
    ///
    /// The interval is Wilson's, of success among those whose answer is known: the sampling error of the rate, taken
    /// as an estimate for a larger population. It does not cover unknown answers; `unknown` and `rate_low` to
    /// `rate_high` do.
    #[must_use]
    pub fn with_interval(self, level: impl Into<Option<f64>>) -> Self {
        Self { interval: level.into(), ..self }
    }
}

impl Roster {
    /// Computes rates by the dimensions of `scope`: a row for each group and rate, with groups in the order of their
    /// values. A rate has no row in a year in which it is not in force.
    ///
    /// Columns: `year`, the dimensions, `rate_id`, `label_zh`, `label_en`, `counts` (`organisations` or
    /// `party_organisations`), `population`, `success`, `failure`, `unknown`, `population_unknown`, `unidentified`,
    /// `rate` (success ÷ (success + failure); null if that sum is 0), `rate_low` and `rate_high` (the bounds that the
    /// unknowns allow), `series` (figures of a rate are comparable only within one series number; see
    /// [`breaks`](Self::breaks)).
    /// ```
    /// # use dangjian::{Quiet, Rates, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let rates: Vec<_> = Rates::shipped()?.iter().cloned().collect();
    /// let table = roster.coverage(&rates, &Scope::by(["province"]).in_year(2012), &Quiet)?;
    /// assert_eq!(table["year"].len(), table["rate"].len());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn coverage(&self, rates: &[Rate], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        self.coverage_as(rates, &CoverageOptions::default(), scope, job)
    }

    /// Computes [`coverage`](Self::coverage) with subtotals or confidence intervals.
    /// ```
    /// # use dangjian::{Quiet, Rates, Roster, Scope, analysis::rates::CoverageOptions};
    /// let roster = Roster::sample(300, 3)?;
    /// let rates = [Rates::shipped()?.get("organised")?.clone()];
    /// let options = CoverageOptions::default().with_rollup(true).with_interval(0.95);
    /// let table = roster.coverage_as(&rates, &options, &Scope::by(["kind", "mode"]).in_year(2012), &Quiet)?;
    /// assert!(table.column_by_name("grouping").is_some() && table.column_by_name("wilson_low").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn coverage_as(
        &self,
        rates: &[Rate],
        options: &CoverageOptions,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        // Enter the thread pool once. Otherwise the calling thread parks and is woken after every parallel step.
        rayon::scope(|_| answer(self, rates, *options, scope, job))
    }
}

fn answer(
    roster: &Roster,
    rates: &[Rate],
    options: CoverageOptions,
    scope: &Scope,
    job: &dyn Job,
) -> Result<RecordBatch> {
    let z = options.interval.map(z_for_confidence).transpose()?;
    let frames = scope.frames(roster)?;
    let axes = scope.axes(roster, &frames)?;
    if options.rollup {
        let sets = levels(&axes);
        let answer = |parts: Vec<GroupedCounts>| {
            let (counted, flags) = join_levels(axes, &parts, job)?;
            table(roster, rates, &counted, Some(&flags), z, job)
        };
        return statistic(roster, rates, sets, scope, answer)?.count(&frames, job);
    }
    let answer = |counted| table(roster, rates, &only(counted)?, None, z, job);
    statistic(roster, rates, vec![axes], scope, answer)?.count(&frames, job)
}

/// Builds the table from the counts of [`statistic`]. `flags` mark subtotals; intervals span `z` standard
/// deviations.
pub(crate) fn table(
    roster: &Roster,
    rates: &[Rate],
    counted: &GroupedCounts,
    flags: Option<&[u64]>,
    z: Option<f64>,
    job: &dyn Job,
) -> Result<RecordBatch> {
    let each = rates.len();
    let groups = counted.repeated(each);
    job::check(job)?;
    let of_rates: ScalarBuffer<u32> = (0..each as u32).cycle().take(counted.years.len() * each).collect();
    let text = |name: &'static str, value: fn(&Rate) -> &str| -> ColumnsFn<'_> {
        let of_rates = &of_rates;
        Box::new(move || Columns::default().gathered(name, rates.iter().map(value), of_rates))
    };
    let mut parts: Vec<ColumnsFn<'_>> = groups.columns();
    if let Some(flags) = flags {
        parts.push(Box::new(move || {
            let flags = flags.iter().flat_map(|flag| std::iter::repeat_n(*flag, each));
            Columns::default().counts("grouping", flags)
        }));
    }
    parts.push(text("rate_id", |rate| &rate.id));
    parts.push(text("label_zh", |rate| rate.label.get(Lang::Zh)));
    parts.push(text("label_en", |rate| rate.label.get(Lang::En)));
    parts.push(text("counts", |rate| rate.counts.name()));
    parts.extend(columns::of_rates(counted, each, z, job));
    parts.push(Box::new(|| columns::series_of(roster, rates, counted)));
    let table = Columns::in_parallel(&parts, job)?.finish()?;
    let holds = |year: i16, at: usize| rates[at].validity.holds(year);
    if counted.years.chunk_by(PartialEq::eq).all(|of| (0..each).all(|at| holds(of[0], at))) {
        return Ok(table);
    }
    Ok(filter_record_batch(&table, &BooleanArray::from(columns::by_year(counted, each, holds)))?)
}

/// Builds the statistic of `rates` in the groupings `sets` of the rows of `scope`; [`rate_counts`] reads the counts.
pub(crate) fn statistic<'r, T: 'r>(
    roster: &'r Roster,
    rates: &'r [Rate],
    sets: Vec<Vec<Axis>>,
    scope: &Scope,
    answer: impl FnOnce(Vec<GroupedCounts>) -> Result<T> + 'r,
) -> Result<Statistic<'r, T>> {
    rates.iter().try_for_each(|rate| rate.check(roster))?;
    let scope = scope.clone();
    Ok(Statistic::new(sets, move |_, frame, job| lanes(roster, frame, rates, &scope, job), answer))
}

/// Counts the statistic of `rates` by the dimensions of `scope`.
pub(crate) fn count(roster: &Roster, rates: &[Rate], scope: &Scope, job: &dyn Job) -> Result<GroupedCounts> {
    let frames = scope.frames(roster)?;
    statistic(roster, rates, vec![scope.axes(roster, &frames)?], scope, only)?.count(&frames, job)
}

/// Returns the lanes of a frame: the rows, then the lanes of each rate.
fn lanes<'a>(roster: &Roster, frame: &'a Frame, rates: &[Rate], scope: &Scope, job: &dyn Job) -> Result<Vec<Lane<'a>>> {
    let rows = if scope.narrows() { Lane::Bits(scope.rows(roster, frame)?) } else { Lane::All(frame.rows()) };
    let mut lanes = vec![rows];
    for rate in rates {
        job::check(job)?;
        lanes.extend(RateTruth::new(roster, frame, rate, scope, job)?.lanes());
    }
    Ok(lanes)
}

/// Reads the figures of each rate in each group.
pub(crate) fn rate_counts(counted: &GroupedCounts, rates: usize) -> Vec<RateCounts> {
    columns::read_all(counted, rates, &Quiet)
}
