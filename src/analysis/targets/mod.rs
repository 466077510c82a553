//! Target sets: results by year (this file), gaps, and the pace towards the deadline.

pub(crate) mod gaps;
mod pace;

use std::collections::BTreeMap;

use arrow::array::{AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::datatypes::Int16Type;

use super::rates::breaks::series;
use super::rates::{RateCounts, columns, count, rate_counts};
use crate::cube::GroupedCounts;
use crate::definition::{Rate, Target};
use crate::error::Result;
use crate::job::{Job, Quiet};
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
        in_force(targets, &table_of_targets(targets, &count(self, &rates, scope, job)?)?)
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
}

/// Builds the table of [`Roster::targets`] from the counts of [`statistic`](super::rates::statistic) for the rates of
/// `targets`.
pub(crate) fn table_of_targets(targets: &[Target], counted: &GroupedCounts) -> Result<RecordBatch> {
    let figures = rate_counts(counted, targets.len());
    let target = || (0..counted.years.len()).flat_map(|_| targets);
    let note = |lang| target().map(move |t| t.rate.note.as_ref().map(|n| n.get(lang).to_owned()));
    let columns = Columns::default()
        .groups(&counted.repeated(targets.len()))
        .cycled("target", targets.iter().map(|t| &t.rate.id), figures.len())
        .cycled("label_zh", targets.iter().map(|t| t.rate.label.get(Lang::Zh)), figures.len())
        .cycled("label_en", targets.iter().map(|t| t.rate.label.get(Lang::En)), figures.len())
        .cycled("counts", targets.iter().map(|t| t.rate.counts.name()), figures.len());
    columns
        .followed_by(columns::of_counts(&figures, &Quiet))
        .reals("goal", target().map(|t| Some(t.target)))
        .flags("met", figures.iter().zip(target()).map(|(f, t)| met(f, t.target)))
        .flags("inferred", target().map(|t| Some(t.inferred)))
        .some_texts("note_zh", note(Lang::Zh))
        .some_texts("note_en", note(Lang::En))
        .finish()
}

/// Checks whether a goal is met. True or false only if every outcome of the unknowns gives that answer.
pub(crate) fn met(figures: &RateCounts, goal: f64) -> Option<bool> {
    if figures.population + figures.population_unknown == 0 || figures.low()? >= goal && figures.unidentified == 0 {
        return (figures.population > 0).then_some(true);
    }
    (figures.high()? < goal).then_some(false)
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

/// Adds the ids, labels and units of `targets` to `columns`.
fn named<'a>(columns: Columns, targets: impl Iterator<Item = &'a Target> + Clone) -> Columns {
    columns
        .texts("target", targets.clone().map(|t| &t.rate.id))
        .texts("label_zh", targets.clone().map(|t| t.rate.label.get(Lang::Zh)))
        .texts("label_en", targets.clone().map(|t| t.rate.label.get(Lang::En)))
        .texts("counts", targets.map(|t| t.rate.counts.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_missed_only_for_certain() {
        let certain = RateCounts { population: 4, success: 4, ..RateCounts::default() };
        assert_eq!(met(&certain, 1.0), Some(true));
        assert_eq!(met(&RateCounts { success: 3, failure: 1, ..certain }, 1.0), Some(false));
        assert_eq!(met(&RateCounts { success: 3, ..certain }, 1.0), None);
        assert_eq!(met(&RateCounts { population_unknown: 1, ..certain }, 1.0), None);
        assert_eq!(met(&RateCounts { population_unknown: 1, maybe_success: 1, ..certain }, 1.0), Some(true));
        assert_eq!(met(&RateCounts { unidentified: 1, ..certain }, 1.0), None);
        assert_eq!(met(&RateCounts::default(), 1.0), None);
    }
}
