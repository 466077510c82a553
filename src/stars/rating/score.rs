//! Points into totals, all organisations at once.

use std::ops::Range;

use rayon::prelude::*;

use crate::stars::events::Events;
use crate::stars::marks::{Marks, NONE, OPEN};
use crate::stars::scheme::units::POINT;
use crate::stars::scheme::{Method, Rung, Scheme};

use super::Span;

/// Totals and dimensions, each from the least to the most that the open items allow.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    /// In units of totals.
    pub(crate) totals: Vec<(i64, i64)>,
    /// The dimensions of each stretch of organisations.
    dimensions: Vec<Sums>,
    width: usize,
    /// How many items are open.
    pub(crate) open: Vec<u16>,
    /// The stars that the score alone earns.
    pub(super) earned: Vec<Span>,
    /// What events add to the total, in ten-thousandths of a point; nothing where there are none.
    added: Vec<i64>,
}

/// Organisation by organisation the dimensions before their weights, in ten-thousandths of a point.
#[derive(Clone, Debug)]
struct Sums {
    low: Vec<i64>,
    /// Nothing where all is certain.
    high: Vec<i64>,
    /// Whether any is not.
    open: bool,
}

/// An item ready to be counted: what a number on the form brings.
struct Line {
    dimension: usize,
    sign: i64,
    base: i64,
    low: i64,
    high: i64,
    /// The most that may stand on the form.
    most: i64,
    /// What no row brings, where that is known.
    unlisted: Option<i64>,
}

/// Items of one dimension that follow each other and count the same way.
struct Run {
    lines: Range<usize>,
    dimension: usize,
    sign: i64,
    /// What they bring where all numbers are 0.
    base: i64,
    /// Whether their numbers together are one of 32 bits.
    narrow: bool,
}

impl Run {
    fn all(lines: &[Line]) -> Vec<Self> {
        let mut from = 0;
        let runs = lines.chunk_by(|a, b| a.dimension == b.dimension && a.sign == b.sign).map(|run| {
            let lines = from..from + run.len();
            from = lines.end;
            let base = run.iter().map(|line| line.base).sum();
            let narrow = run.iter().map(|line| line.most).sum::<i64>() <= i64::from(i32::MAX);
            Self { lines, dimension: run[0].dimension, sign: run[0].sign, base, narrow }
        });
        runs.collect()
    }

    /// What they bring with the numbers of a form, none of which is open.
    fn brings(&self, form: &[i32]) -> i64 {
        let cells = &form[self.lines.clone()];
        let sum = if self.narrow {
            i64::from(cells.iter().sum::<i32>())
        } else {
            cells.iter().map(|cell| i64::from(*cell)).sum()
        };
        self.base + self.sign * sum
    }
}

/// Organisations that a thread works on at once.
const STRETCH: usize = 4096;

impl Scores {
    pub(crate) fn new(scheme: &Scheme, marks: &Marks, events: &Events) -> Self {
        let lines: Vec<Line> = scheme
            .parts
            .items
            .iter()
            .map(|item| {
                let (low, high) = item.range();
                let base = item.brings(0);
                let sign = item.brings(1) - base;
                let unlisted = item.unlisted.map(|points| item.brings(points));
                Line { dimension: item.dimension, sign, base, low, high, most: item.points, unlisted }
            })
            .collect();
        let runs = Run::all(&lines);
        let added = added(scheme, marks, events);
        let (all, width) = (marks.len(), scheme.parts.dimensions.len());
        let (mut totals, mut open) = (vec![(0, 0); all], vec![0u16; all]);
        let mut earned = vec![Span::default(); all];
        let parts =
            totals.par_chunks_mut(STRETCH).zip(open.par_chunks_mut(STRETCH)).zip(earned.par_chunks_mut(STRETCH));
        let dimensions = parts.enumerate().map(|(stretch, ((totals, open), earned))| {
            let mut sums = Sums { low: Vec::with_capacity(totals.len() * width), high: Vec::new(), open: false };
            let (mut own, mut certain) = (vec![(0, 0); width], vec![0; width]);
            let first = stretch * STRETCH;
            let rows = marks.forms(first..first + totals.len());
            for ((at, total_of), row) in totals.iter_mut().enumerate().zip(rows) {
                let added = added.get(first + at).copied().unwrap_or(0);
                // Both words for what is no number are below nothing, and no number is.
                if row.iter().fold(0, |all, cell| all | cell) >= 0 {
                    certain.fill(0);
                    for form in row.chunks_exact(lines.len()) {
                        for run in &runs {
                            certain[run.dimension] += run.brings(form);
                        }
                    }
                    for (sum, dimension) in certain.iter_mut().zip(&scheme.parts.dimensions) {
                        *sum = bounded(*sum, dimension.least, dimension.most);
                    }
                    let sum = certain.iter().zip(&scheme.parts.dimensions).map(|(sum, own)| sum * own.weight).sum();
                    *total_of = (in_all(scheme, sum, added), in_all(scheme, sum, added));
                    earned[at] = stars(scheme, *total_of, &certain.iter().map(|sum| (*sum, *sum)));
                    sums.push_certain(&certain);
                    continue;
                }
                own.fill((0, 0));
                for form in row.chunks(lines.len()) {
                    if form.iter().fold(0, |all, cell| all | cell) >= 0 {
                        for run in &runs {
                            let (sum, brings) = (&mut own[run.dimension], run.brings(form));
                            *sum = (sum.0 + brings, sum.1 + brings);
                        }
                    } else {
                        open[at] += one_by_one(&lines, form, &mut own);
                    }
                }
                for (sum, dimension) in own.iter_mut().zip(&scheme.parts.dimensions) {
                    let bounded = |v: i64| bounded(v, dimension.least, dimension.most);
                    *sum = (bounded(sum.0), bounded(sum.1));
                }
                *total_of = total(scheme, &own, added);
                earned[at] = stars(scheme, *total_of, &own.iter().copied());
                sums.push(&own);
            }
            sums
        });
        let dimensions = dimensions.collect();
        Self { totals, dimensions, width, open, earned, added }
    }

    /// The dimensions of an organisation.
    pub(crate) fn dimensions(&self, subject: usize) -> impl Iterator<Item = (i64, i64)> {
        (0..self.width).map(move |at| self.dimension(subject, at))
    }

    /// A dimension of an organisation.
    pub(crate) fn dimension(&self, subject: usize, at: usize) -> (i64, i64) {
        let sums = &self.dimensions[subject / STRETCH];
        let at = subject % STRETCH * self.width + at;
        let low = sums.low[at];
        (low, sums.high.get(at).copied().unwrap_or(low))
    }

    /// What events add to the total, in ten-thousandths of a point.
    pub(crate) fn added(&self, subject: usize) -> i64 {
        self.added.get(subject).copied().unwrap_or(0)
    }
}

impl Sums {
    /// The same where each has one end.
    fn push_certain(&mut self, own: &[i64]) {
        self.low.extend_from_slice(own);
        if self.open {
            self.high.extend_from_slice(own);
        }
    }

    fn push(&mut self, own: &[(i64, i64)]) {
        if !self.open && own.iter().any(|(low, high)| low != high) {
            self.open = true;
            self.high.clone_from(&self.low);
        }
        self.low.extend(own.iter().map(|(low, _)| low));
        if self.open {
            self.high.extend(own.iter().map(|(_, high)| high));
        }
    }
}

/// Adds what each line of a form brings that has open items; gives how many these are.
fn one_by_one(lines: &[Line], form: &[i32], sums: &mut [(i64, i64)]) -> u16 {
    let mut open = 0;
    for (line, cell) in lines.iter().zip(form) {
        let (low, high) = match (*cell, line.unlisted) {
            (NONE, Some(brings)) => (brings, brings),
            (NONE | OPEN, _) => {
                open += 1;
                (line.low, line.high)
            }
            (points, _) => {
                let brings = line.base + line.sign * i64::from(points);
                (brings, brings)
            }
        };
        let sum = &mut sums[line.dimension];
        *sum = (sum.0 + low, sum.1 + high);
    }
    open
}

pub(crate) fn bounded(value: i64, least: Option<i64>, most: Option<i64>) -> i64 {
    let value = least.map_or(value, |least| value.max(least));
    most.map_or(value, |most| value.min(most))
}

/// A sum of dimensions with what events add, within what the scheme allows.
fn in_all(scheme: &Scheme, sum: i64, added: i64) -> i64 {
    bounded(sum + added * POINT, scheme.least, scheme.most)
}

/// The total of these dimensions, with what events add.
pub(crate) fn total(scheme: &Scheme, dimensions: &[(i64, i64)], added: i64) -> (i64, i64) {
    let weights = || scheme.parts.dimensions.iter().map(|dimension| dimension.weight);
    let of = |sum: i64| in_all(scheme, sum, added);
    let low = of(dimensions.iter().zip(weights()).map(|((low, _), weight)| low * weight).sum());
    if dimensions.iter().all(|(low, high)| low == high) {
        return (low, low);
    }
    (low, of(dimensions.iter().zip(weights()).map(|((_, high), weight)| high * weight).sum()))
}

/// The stars of a total and of dimensions.
pub(crate) fn stars(
    scheme: &Scheme,
    total: (i64, i64),
    dimensions: &(impl Iterator<Item = (i64, i64)> + Clone),
) -> Span {
    let by_bands = || {
        let (low, high) = scheme.bands.rungs(total.0);
        Span { low, high: if total.0 == total.1 { high } else { scheme.bands.rungs(total.1).1 } }
    };
    let by_dimensions = || {
        let reached = |end: fn(&(i64, i64)) -> i64| {
            let all = dimensions.clone().zip(&scheme.parts.dimensions);
            all.filter(|(sum, dimension)| earns(end(sum), dimension)).count()
        };
        let rung = |n: usize| scheme.ladder.rung(n as f64).unwrap_or(0);
        Span { low: rung(reached(|sum| sum.0)), high: rung(reached(|sum| sum.1)) }
    };
    match scheme.method {
        Method::Bands => by_bands(),
        Method::Dimensions => by_dimensions(),
        Method::Both { lower } => {
            let (a, b) = (by_bands(), by_dimensions());
            let of = |a: Rung, b: Rung| if lower { a.min(b) } else { a.max(b) };
            Span { low: of(a.low, b.low), high: of(a.high, b.high) }
        }
        Method::Top => Span::one(scheme.ladder.top()),
        Method::Score => Span::one(0),
    }
}

/// Whether a dimension of so many points earns its star.
pub(crate) fn earns(points: i64, dimension: &crate::stars::scheme::Dimension) -> bool {
    dimension.share.is_some_and(|share| points * POINT >= share * dimension.full)
}

/// What the events of the year add to each total.
fn added(scheme: &Scheme, marks: &Marks, events: &Events) -> Vec<i64> {
    let mut added = Vec::new();
    for (at, event) in scheme.parts.events.iter().enumerate().filter(|(_, event)| event.points != 0) {
        added.resize(marks.len(), 0);
        for (year, _) in &marks.years {
            for (id, n) in events.of(at, *year..=*year) {
                if let Some(subject) = marks.find(*year, id) {
                    added[subject] += event.comes_to(i64::from(n));
                }
            }
        }
    }
    added
}
