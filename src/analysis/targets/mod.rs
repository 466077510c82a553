//! Target sets: results by year, gaps by group, and the pace towards the deadline.

pub(crate) mod gaps;
mod pace;

use std::collections::BTreeMap;

use arrow::array::{AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::datatypes::Int16Type;

use super::rates::breaks::series;
use super::rates::{RateCounts, count, rate_counts};
use crate::cube::GroupedCounts;
use crate::definition::{Rate, Target};
use crate::error::Result;
use crate::job::Job;
use crate::lang::Lang;
use crate::query::Scope;
use crate::roster::Roster;
use crate::support::columns::Columns;

impl Roster {
    /// Returns the targets in force in each year by the dimensions of `scope`.
    ///
    /// Columns: those of [`coverage`](Self::coverage) with `target` instead of `rate_id`, then `goal`, `met` (null if
    /// the unknowns decide), `inferred` (not stated in the source, to be confirmed), `note_zh`, `note_en`.
    ///
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, Targets};
    /// let roster = Roster::sample(300, 3)?;
    /// let targets: Vec<_> = Targets::shipped()?.iter().cloned().collect();
    /// let table = roster.targets(&targets, &Scope::default().in_year(2012), &Quiet)?;
    /// assert_eq!(table.num_rows(), 4);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn targets(&self, targets: &[Target], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        targets.iter().try_for_each(|target| target.check(self))?;
        let rates: Vec<Rate> = targets.iter().map(|target| target.rate.clone()).collect();
        in_force(targets, &gaps::table_of_targets(targets, &count(self, &rates, scope, job)?)?)
    }

    /// Computes every target in every year in which it is in force, target by target and year by year: the columns of
    /// [`targets`](Self::targets), then `deadline` and `series` (figures of a target are comparable only within one
    /// series number; see [`breaks`](Self::breaks)).
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, Targets};
    /// let roster = Roster::sample(300, 3)?;
    /// let targets: Vec<_> = Targets::shipped()?.iter().cloned().collect();
    /// let table = roster.targets_series(&targets, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 3 * 4);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn targets_series(&self, targets: &[Target], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        as_series(self, targets, &self.targets(targets, scope, job)?)
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

/// Removes the years in which a target is not in force from a table of [`Roster::targets`].
pub(crate) fn in_force(targets: &[Target], table: &RecordBatch) -> Result<RecordBatch> {
    let years = table["year"].as_primitive::<Int16Type>().values();
    let in_force: BooleanArray =
        years.iter().zip(targets.iter().cycle()).map(|(year, target)| Some(target.validity.holds(*year))).collect();
    Ok(filter_record_batch(table, &in_force)?)
}

/// Sorts a table of [`Roster::targets`] target by target, and adds deadlines and series.
pub(crate) fn as_series(roster: &Roster, set: &[Target], table: &RecordBatch) -> Result<RecordBatch> {
    let (years, ids) = (table["year"].as_primitive::<Int16Type>(), table["target"].as_string_view());
    let named = |id: &str, year: i16| set.iter().find(|t| t.rate.id == id && t.validity.holds(year));
    let of = |row: usize| named(ids.value(row), years.value(row));
    let rates: Vec<Rate> = set.iter().map(|target| target.rate.clone()).collect();
    let mut numbers: BTreeMap<&str, Vec<(i16, u64)>> = BTreeMap::new();
    for rate in &rates {
        numbers.entry(&rate.id).or_insert_with(|| series(roster, &rates, &rate.id));
    }
    let number = |row: usize| {
        let found = numbers.get(ids.value(row))?.iter().find(|(year, _)| *year == years.value(row));
        found.map(|(_, number)| *number)
    };
    let mut order: Vec<usize> = (0..table.num_rows()).collect();
    order.sort_by_key(|row| set.iter().position(|target| target.rate.id == ids.value(*row)));
    let sorted = take_record_batch(table, &order.iter().map(|row| *row as u32).collect::<UInt32Array>())?;
    let fields = table.schema();
    let columns = fields.fields().iter().zip(sorted.columns());
    columns
        .fold(Columns::default(), |columns, (field, column)| columns.array(field.name(), column.clone()))
        .some_years("deadline", order.iter().map(|row| of(*row).and_then(|target| target.deadline)))
        .some_counts("series", order.iter().map(|row| number(*row)))
        .finish()
}

/// Builds the table from the counts of [`statistic`](super::rates::statistic) for the rates of `set`.
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

/// Adds the ids, labels and units of `targets` to `columns`.
fn named<'a>(columns: Columns, targets: impl Iterator<Item = &'a Target> + Clone) -> Columns {
    columns
        .texts("target", targets.clone().map(|t| &t.rate.id))
        .texts("label_zh", targets.clone().map(|t| t.rate.label.get(Lang::Zh)))
        .texts("label_en", targets.clone().map(|t| t.rate.label.get(Lang::En)))
        .texts("counts", targets.map(|t| t.rate.counts.name()))
}
