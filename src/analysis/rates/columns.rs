//! The numeric columns of a table of rates: a row for each group and each rate.

use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use rayon::prelude::*;

use super::breaks::series;
use super::rate_counts::RateCounts;
use crate::cube::GroupedCounts;
use crate::definition::Rate;
use crate::job::Job;
use crate::roster::Roster;
use crate::stats::wilson::wilson;
use crate::support::columns::{Columns, ColumnsFn};

/// Number of groups written per block, so that their rows stay in cache while each rate is written in turn.
const GROUPS_PER_BLOCK: usize = 512;

/// A count column and its accessor.
type CountColumn = (&'static str, fn(&RateCounts) -> u64);
/// A rate column and its formula.
type RateColumn = (&'static str, fn(&RateCounts) -> Option<f64>);

const COUNT_COLUMNS: [CountColumn; 6] = [
    ("population", |f| f.population),
    ("success", |f| f.success),
    ("failure", |f| f.failure),
    ("unknown", RateCounts::unknown),
    ("population_unknown", |f| f.population_unknown),
    ("unidentified", |f| f.unidentified),
];
const RATE_COLUMNS: [RateColumn; 3] =
    [("rate", RateCounts::rate), ("rate_low", RateCounts::low), ("rate_high", RateCounts::high)];

/// Reads the figures of every group and rate. Returns fewer once `job` is cancelled.
pub(super) fn read_all(counted: &GroupedCounts, rates: usize, job: &dyn Job) -> Vec<RateCounts> {
    let of = |group| (0..rates).map(move |r| RateCounts::from_lanes(counted, 1 + r * RateCounts::LANES, group));
    (0..counted.years.len()).into_par_iter().take_any_while(|_| !job.cancelled()).flat_map_iter(of).collect()
}

/// Builds the columns of all `figures`.
pub(crate) fn of_counts(figures: &[RateCounts], job: &dyn Job) -> Columns {
    Columns::default().computed(figures, &COUNT_COLUMNS, &RATE_COLUMNS, job)
}

/// Builds the columns of figures for a number of rates, with confidence intervals of `z` standard deviations.
pub(super) fn of_rates<'a>(
    counted: &'a GroupedCounts,
    rates: usize,
    z: Option<f64>,
    job: &'a dyn Job,
) -> Vec<ColumnsFn<'a>> {
    if z.is_none()
        && let Some(known) = CertainRates::new(counted, rates)
    {
        return known.columns();
    }
    vec![Box::new(move || {
        let figures = read_all(counted, rates, job);
        let columns = of_counts(&figures, job);
        let Some(z) = z else { return columns };
        let bounds = || figures.iter().map(|f| wilson(f.success, f.success + f.failure, z));
        columns
            .reals("wilson_low", bounds().map(|b| b.map(|(low, _)| low)))
            .reals("wilson_high", bounds().map(|b| b.map(|(_, high)| high)))
    })]
}

/// Rates without unknowns, the usual case: a rate is then its own lower and upper bound.
struct CertainRates<'a> {
    /// The population and success counts of each rate, group by group.
    rates: Vec<[&'a ScalarBuffer<u64>; 2]>,
    groups: usize,
}

impl<'a> CertainRates<'a> {
    fn new(counted: &'a GroupedCounts, rates: usize) -> Option<Self> {
        // Lanes that were not counted often share one buffer, which then needs scanning only once.
        let mut nothing: Option<&ScalarBuffer<u64>> = None;
        let mut is_nothing = |lane: &'a ScalarBuffer<u64>| {
            let is = nothing.is_some_and(|known| known.inner().ptr_eq(lane.inner())) || lane.iter().all(|n| *n == 0);
            nothing = if is { Some(lane) } else { nothing };
            is
        };
        let of =
            |rate| match counted.counts.get(1 + rate * RateCounts::LANES..)?.first_chunk::<{ RateCounts::LANES }>()? {
                [population, success, open @ ..] if open.iter().all(&mut is_nothing) => Some([population, success]),
                _ => None,
            };
        Some(Self { rates: (0..rates).map(of).collect::<Option<_>>()?, groups: counted.years.len() })
    }

    fn columns(self) -> Vec<ColumnsFn<'a>> {
        let (known, zeros) = (Arc::new(self), Arc::new(OnceLock::new()));
        let count = |name: &'static str, value: fn(u64, u64) -> i64| -> ColumnsFn<'a> {
            let known = Arc::clone(&known);
            Box::new(move || Columns::default().array(name, Arc::new(Int64Array::from(known.rows(value)))))
        };
        let whole = |name: &'static str, lane: usize, value: fn(u64, u64) -> i64| match &known.rates[..] {
            [rate] => {
                let counts = ScalarBuffer::new(rate[lane].inner().clone(), 0, rate[lane].len());
                let column: ArrayRef = Arc::new(Int64Array::new(counts, None));
                Box::new(move || Columns::default().array(name, Arc::clone(&column)))
            }
            _ => count(name, value),
        };
        let nothing = |name: &'static str| -> ColumnsFn<'a> {
            let (rows, zeros) = (known.groups * known.rates.len(), Arc::clone(&zeros));
            let column = move || Arc::new(Int64Array::from(vec![0; rows])) as ArrayRef;
            Box::new(move || Columns::default().array(name, Arc::clone(zeros.get_or_init(column))))
        };
        let shares = Arc::clone(&known);
        vec![
            whole("population", 0, |population, _| population as i64),
            whole("success", 1, |_, success| success as i64),
            count("failure", |population, success| (population - success) as i64),
            nothing("unknown"),
            nothing("population_unknown"),
            nothing("unidentified"),
            Box::new(move || {
                let column = shares.rates_column();
                RATE_COLUMNS
                    .iter()
                    .fold(Columns::default(), |columns, (name, _)| columns.array(name, Arc::clone(&column)))
            }),
        ]
    }

    /// Computes the rates; null if the population is empty.
    fn rates_column(&self) -> ArrayRef {
        let rates = self.rows(|population, success| success as f64 / population.max(1) as f64);
        let is_empty = self.rates.iter().any(|[population, _]| population.contains(&0));
        let nulls = is_empty.then(|| NullBuffer::from(self.rows(|population, _| population > 0)));
        Arc::new(Float64Array::new(rates.into(), nulls))
    }

    /// Applies `value` to population and success, row by row.
    fn rows<T: Copy + Default>(&self, value: impl Fn(u64, u64) -> T) -> Vec<T> {
        let each = self.rates.len();
        if let [[population, success]] = &self.rates[..] {
            return population
                .iter()
                .zip(&success[..])
                .map(|(population, success)| value(*population, *success))
                .collect();
        }
        let mut rows = vec![T::default(); self.groups * each];
        for (some, rows) in rows.chunks_mut(GROUPS_PER_BLOCK * each.max(1)).enumerate() {
            for (at, [population, success]) in self.rates.iter().enumerate() {
                let counts = population.iter().zip(&success[..]).skip(some * GROUPS_PER_BLOCK);
                for (row, (population, success)) in rows.chunks_exact_mut(each).zip(counts) {
                    row[at] = value(*population, *success);
                }
            }
        }
        rows
    }
}

/// Builds the column `series`: the series number of each row's figures.
pub(super) fn series_of(roster: &Roster, rates: &[Rate], counted: &GroupedCounts) -> Columns {
    let series: Vec<_> = rates.iter().map(|rate| series(roster, rates, &rate.id)).collect();
    let number = |year: i16, at: usize| series[at].iter().find(|(y, _)| *y == year).map(|(_, number)| *number);
    let numbers = by_year(counted, rates.len(), |year, at| number(year, at).map_or(0, |number| number as i64));
    let years = counted.years.chunk_by(PartialEq::eq);
    let all_known = years.into_iter().all(|of| (0..rates.len()).all(|at| number(of[0], at).is_some()));
    let known = (!all_known).then(|| by_year(counted, rates.len(), |year, at| number(year, at).is_some()));
    let known = known.map(|known| NullBuffer::new(BooleanBuffer::from(known)));
    Columns::default().array("series", Arc::new(Int64Array::new(numbers.into(), known)))
}

/// Evaluates `value` once per year and rate, and repeats the values for every group of `counted`.
pub(super) fn by_year<T: Copy + PartialEq>(
    counted: &GroupedCounts,
    rates: usize,
    value: impl Fn(i16, usize) -> T,
) -> Vec<T> {
    let mut all = Vec::with_capacity(counted.years.len() * rates);
    for groups in counted.years.chunk_by(PartialEq::eq) {
        let each: Vec<T> = (0..rates).map(|at| value(groups[0], at)).collect();
        match each.first() {
            Some(first) if each.iter().all(|other| other == first) => {
                all.resize(all.len() + groups.len() * rates, *first);
            }
            _ => groups.iter().for_each(|_| all.extend_from_slice(&each)),
        }
    }
    all
}
