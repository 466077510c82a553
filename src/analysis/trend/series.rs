//! The yearly series of a figure, group by group: the input of the trend tests.

use std::collections::BTreeMap;

use crate::analysis::count::Measure;
use crate::analysis::rates::breaks::series;
use crate::analysis::rates::{count, rate_counts};
use crate::cube;
use crate::cube::{Axis, GroupedCounts, Lane};
use crate::definition::Rate;
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::proportion::YearlyProportion;

/// A figure computed for every year.
#[derive(Clone, Debug)]
pub enum Figure {
    /// A rate, in all its versions: success ÷ (success + failure).
    Rate(Vec<Rate>),
    /// A count or a sum.
    Measure(Measure),
}

/// Series of one group, over years in which its figures are comparable.
pub(crate) struct Line {
    /// Number of the stretch of years between two breaks.
    pub(crate) series: u64,
    /// Position of the group on each axis.
    pub(crate) key: Vec<u32>,
    /// Figure of each year of the stretch; NaN if unknown.
    pub(crate) values: Vec<f64>,
    /// Numerator and denominator of a rate, parallel to `values`.
    pub(crate) proportions: Vec<YearlyProportion>,
}

/// The values of a line, with their numerators and denominators.
type LineValues = (Vec<f64>, Vec<YearlyProportion>);

/// All lines of a figure, by stretch, then in the order of the axis values.
pub(crate) struct Lines {
    pub(crate) axes: Vec<Axis>,
    /// The years of each stretch.
    pub(crate) years: BTreeMap<u64, Vec<i16>>,
    pub(crate) all: Vec<Line>,
}

impl Lines {
    pub(crate) fn new(roster: &Roster, figure: &Figure, scope: &Scope, job: &dyn Job) -> Result<Self> {
        let selected: Vec<i16> = scope.frames(roster)?.iter().map(|frame| frame.year).collect();
        match figure {
            Figure::Rate(rates) => {
                let id = rates.first().map_or("", |rate| rate.id.as_str());
                let mut years: BTreeMap<u64, Vec<i16>> = BTreeMap::new();
                for (year, number) in series(roster, rates, id).into_iter().filter(|(y, _)| selected.contains(y)) {
                    years.entry(number).or_default().push(year);
                }
                let counted = count(roster, rates, scope, job)?;
                let all = rate_counts(&counted, rates.len());
                let in_force = |year: i16| rates.iter().position(|rate| rate.validity.holds(year));
                let proportion = |group: usize| {
                    let year = counted.years[group];
                    let own = &all[group * rates.len() + in_force(year)?];
                    let (success, known) = (own.success, own.success + own.failure);
                    let value = own.rate().unwrap_or(f64::NAN);
                    Some((value, YearlyProportion { year: f64::from(year), success, known }))
                };
                Ok(Self::from_counts(&counted, years, proportion))
            }
            Figure::Measure(measure) => {
                let frames = scope.frames(roster)?;
                let counted = cube::count_one(
                    &frames,
                    scope.axes(roster, &frames)?,
                    |_, frame| {
                        let rows = scope.rows(roster, frame)?;
                        Ok(vec![Lane::Bits(rows.clone()), measure.lane(roster, frame, &rows)?])
                    },
                    job,
                )?;
                let values = measure.values(roster, &counted, 1);
                let value = |group: usize| {
                    let value = values.get(group).copied().flatten().map_or(f64::NAN, |value| value as f64);
                    Some((value, YearlyProportion { year: f64::from(counted.years[group]), success: 0, known: 0 }))
                };
                Ok(Self::from_counts(&counted, BTreeMap::from([(1, selected)]), value))
            }
        }
    }

    /// Arranges the yearly groups of `counted` as lines.
    fn from_counts(
        counted: &GroupedCounts,
        years: BTreeMap<u64, Vec<i16>>,
        value: impl Fn(usize) -> Option<(f64, YearlyProportion)>,
    ) -> Self {
        let place = |year: i16| {
            let position = |(number, own): (&u64, &Vec<i16>)| Some((*number, own.binary_search(&year).ok()?));
            years.iter().find_map(position)
        };
        let mut lines: BTreeMap<(u64, Vec<u32>), LineValues> = BTreeMap::new();
        for (group, year) in counted.years.iter().enumerate() {
            let Some(((number, at), (value, proportion))) = place(*year).zip(value(group)) else { continue };
            let key = counted.keys.iter().map(|keys| keys[group]).collect();
            let (values, proportions) = lines.entry((number, key)).or_insert_with(|| {
                let none = |year: &i16| YearlyProportion { year: f64::from(*year), success: 0, known: 0 };
                (vec![f64::NAN; years[&number].len()], years[&number].iter().map(none).collect())
            });
            (values[at], proportions[at]) = (value, proportion);
        }
        let line = |((series, key), (values, proportions))| Line { series, key, values, proportions };
        Self { axes: counted.axes.clone(), years, all: lines.into_iter().map(line).collect() }
    }

    /// Returns the years of a stretch, counted from its first.
    pub(crate) fn times(&self, series: u64) -> Vec<f64> {
        let years = self.years.get(&series).map_or(&[][..], Vec::as_slice);
        years.iter().map(|year| f64::from(year - years[0])).collect()
    }

    /// Returns the positions of the groups on each axis.
    pub(crate) fn keys(&self) -> Vec<Vec<u32>> {
        (0..self.axes.len()).map(|axis| self.all.iter().map(|line| line.key[axis]).collect()).collect()
    }
}
