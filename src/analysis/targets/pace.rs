//! The pace of a target (进度): the shortfall, its yearly decrease so far, and the decrease needed.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::{met, named};
use crate::analysis::rates::{RateCounts, count, rate_counts};
use crate::cube::GroupedCounts;
use crate::definition::{Rate, Target};
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// The shortfall of a target: how many more must meet it.
#[derive(Clone, Copy)]
struct Missing {
    /// The shortfall among those whose answer is known.
    known: Option<u64>,
    /// The smallest and largest shortfall that the unknowns allow.
    low: u64,
    high: u64,
}

impl Missing {
    fn new(figures: &RateCounts, goal: f64) -> Self {
        let known = figures.success + figures.failure;
        let joined = figures.population_unknown - figures.maybe_failure;
        let most = figures.population + figures.population_unknown - figures.maybe_success + figures.unidentified;
        Self {
            known: (known > 0).then(|| short(figures.success, known, goal)),
            low: short(figures.success + figures.unknown() + joined, figures.population + joined, goal),
            high: short(figures.success, most, goal),
        }
    }
}

/// Returns the smallest increase of `success` that reaches the proportion `goal` of `whole`.
fn short(success: u64, whole: u64, goal: f64) -> u64 {
    let reached = |n: u64| whole == 0 || n as f64 / whole as f64 >= goal;
    let mut needed = (goal * whole as f64).ceil() as u64;
    while needed > 0 && reached(needed - 1) {
        needed -= 1;
    }
    while !reached(needed) {
        needed += 1;
    }
    needed.saturating_sub(success)
}

impl Roster {
    /// Reports the progress of each target in force in `year` by the dimensions of `scope` (whose years are ignored),
    /// and projects whether the pace so far reaches it by its deadline. `deadline` applies to targets without one.
    /// Earlier years are evaluated by the target's definition in `year`.
    ///
    /// Columns: `year`, the dimensions, `target`, `label_zh`, `label_en`, `counts`, `population`, `success`, `failure`,
    /// `unknown`, `population_unknown`, `rate`, `goal`, `met`; `missing` (how many more must meet it for the goal,
    /// among those whose answer is known), `missing_low` and `missing_high` (the bounds that the unknowns allow);
    /// `first_year` (the first in which the group has a rate) and `first_missing`; `pace` (mean yearly decrease of
    /// `missing` since then), `deadline`, `years_left` (from the end of `year`), `needed` (yearly decrease required
    /// from now on), `suffices` (whether the pace so far is enough; null if the unknowns decide, or without a deadline
    /// or an earlier year), `inferred`.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, Targets};
    /// let roster = Roster::sample(300, 3)?;
    /// let targets: Vec<_> = Targets::shipped()?.iter().cloned().collect();
    /// let table = roster.targets_pace(&targets, 2012, Some(2015), &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 4);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn targets_pace(
        &self,
        targets: &[Target],
        year: i16,
        deadline: Option<i16>,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        self.frame(year)?;
        let targets: Vec<&Target> = targets.iter().filter(|target| target.validity.holds(year)).collect();
        targets.iter().try_for_each(|target| target.check(self))?;
        let rates: Vec<Rate> = targets.iter().map(|target| target.rate.clone()).collect();
        let years: Vec<i16> = self.frames().iter().map(|f| f.year).filter(|y| *y <= year).collect();
        let counted = count(self, &rates, &scope.clone().in_years(years), job)?;
        let figures = rate_counts(&counted, rates.len());
        let mut earlier: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
        let (mut rows, mut now) = (Vec::new(), Vec::new());
        for group in 0..counted.years.len() {
            let same = earlier.entry(counted.keys.iter().map(|keys| keys[group]).collect()).or_default();
            if counted.years[group] < year {
                same.push(group);
                continue;
            }
            now.push(group);
            for (at, target) in targets.iter().enumerate() {
                let of_group = |group: usize| &figures[group * targets.len() + at];
                let missing = |group: usize| Missing::new(of_group(group), target.target);
                let first = same.iter().copied().find(|before| of_group(*before).rate().is_some());
                rows.push(Row {
                    target,
                    figures: *of_group(group),
                    missing: missing(group),
                    year,
                    first: first.map(|first| (counted.years[first], missing(first))),
                    deadline: target.deadline.or(deadline),
                });
            }
        }
        let keys = counted.keys.iter().map(|keys| now.iter().map(|group| keys[*group]).collect()).collect();
        let now = GroupedCounts::groups(counted.axes.clone(), vec![year; now.len()], keys);
        finish(Columns::default().groups(&now.repeated(targets.len())), &rows)
    }
}

/// A target in a group.
struct Row<'a> {
    target: &'a Target,
    figures: RateCounts,
    missing: Missing,
    year: i16,
    first: Option<(i16, Missing)>,
    deadline: Option<i16>,
}

impl Row<'_> {
    /// Returns the mean yearly decrease of the shortfall.
    fn pace(&self) -> Option<f64> {
        let (year, first) = self.first?;
        Some((first.known? as f64 - self.missing.known? as f64) / f64::from(self.year - year))
    }

    fn years_left(&self) -> Option<i16> {
        Some(self.deadline? - self.year)
    }

    fn needed(&self) -> Option<f64> {
        let left = self.years_left().filter(|left| *left > 0)?;
        Some(self.missing.known? as f64 / f64::from(left))
    }

    /// Checks whether the pace so far reaches the goal in time; `None` if the unknowns decide.
    fn suffices(&self) -> Option<bool> {
        let left = i64::from(self.years_left()?);
        if self.missing.high == 0 {
            return Some(true);
        }
        if left <= 0 {
            return (self.missing.low > 0).then_some(false);
        }
        let (year, first) = self.first?;
        let years = i64::from(self.year - year);
        // (first − now) / years >= now / left, multiplied out to stay in integers.
        let enough = |first: u64, now: u64| (first as i64 - now as i64) * left >= now as i64 * years;
        match (enough(first.low, self.missing.high), enough(first.high, self.missing.low)) {
            (worst, best) if worst == best => Some(worst),
            _ => None,
        }
    }
}

fn finish(columns: Columns, rows: &[Row]) -> Result<RecordBatch> {
    named(columns, rows.iter().map(|row| row.target))
        .counts("population", rows.iter().map(|r| r.figures.population))
        .counts("success", rows.iter().map(|r| r.figures.success))
        .counts("failure", rows.iter().map(|r| r.figures.failure))
        .counts("unknown", rows.iter().map(|r| r.figures.unknown()))
        .counts("population_unknown", rows.iter().map(|r| r.figures.population_unknown))
        .reals("rate", rows.iter().map(|r| r.figures.rate()))
        .reals("goal", rows.iter().map(|r| Some(r.target.target)))
        .flags("met", rows.iter().map(|r| met(&r.figures, r.target.target)))
        .some_counts("missing", rows.iter().map(|r| r.missing.known))
        .counts("missing_low", rows.iter().map(|r| r.missing.low))
        .counts("missing_high", rows.iter().map(|r| r.missing.high))
        .some_years("first_year", rows.iter().map(|r| r.first.map(|(year, _)| year)))
        .some_counts("first_missing", rows.iter().map(|r| r.first.and_then(|(_, first)| first.known)))
        .reals("pace", rows.iter().map(Row::pace))
        .some_years("deadline", rows.iter().map(|r| r.deadline))
        .some_years("years_left", rows.iter().map(Row::years_left))
        .reals("needed", rows.iter().map(Row::needed))
        .flags("suffices", rows.iter().map(Row::suffices))
        .flags("inferred", rows.iter().map(|r| Some(r.target.inferred)))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with a linear search.
    #[test]
    fn what_is_short_of_a_share_is_the_smallest_number_that_reaches_it() {
        for goal in [1.0, 0.95, 0.9, 0.6, 1.0 / 3.0, 0.3, 0.001] {
            for whole in 0..70 {
                for success in 0..=whole {
                    let enough = |more: &u64| whole == 0 || (success + more) as f64 / whole as f64 >= goal;
                    assert_eq!(
                        Some(short(success, whole, goal)),
                        (0..=whole).find(enough),
                        "{success} of {whole}, {goal}"
                    );
                }
            }
        }
    }
}
