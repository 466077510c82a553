//! Points into totals, all organisations at once.

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
    /// Organisation by organisation the dimensions before their weights, in ten-thousandths of a point.
    dimensions: Vec<(i64, i64)>,
    width: usize,
    /// How many items are open.
    pub(crate) open: Vec<u16>,
    /// What events add to the total, in ten-thousandths of a point.
    pub(crate) added: Vec<i64>,
}

/// An item ready to be counted: what a number on the form brings.
struct Line {
    dimension: usize,
    sign: i64,
    base: i64,
    low: i64,
    high: i64,
    /// What no row brings, where that is known.
    unlisted: Option<i64>,
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
                Line { dimension: item.dimension, sign, base, low, high, unlisted }
            })
            .collect();
        let added = added(scheme, marks, events);
        let (all, width) = (marks.len(), scheme.parts.dimensions.len());
        let (mut totals, mut open) = (vec![(0, 0); all], vec![0u16; all]);
        let mut dimensions = vec![(0, 0); all * width];
        totals
            .par_chunks_mut(STRETCH)
            .zip(dimensions.par_chunks_mut(STRETCH * width))
            .zip(open.par_chunks_mut(STRETCH))
            .enumerate()
            .for_each(|(stretch, ((totals, dimensions), open))| {
                for at in 0..totals.len() {
                    let subject = stretch * STRETCH + at;
                    let own = &mut dimensions[at * width..(at + 1) * width];
                    for form in marks.row(subject).chunks(lines.len()) {
                        for (line, cell) in lines.iter().zip(form) {
                            let (low, high) = match (*cell, line.unlisted) {
                                (NONE, Some(brings)) => (brings, brings),
                                (NONE | OPEN, _) => {
                                    open[at] += 1;
                                    (line.low, line.high)
                                }
                                (points, _) => {
                                    let brings = line.base + line.sign * i64::from(points);
                                    (brings, brings)
                                }
                            };
                            let sum = &mut own[line.dimension];
                            *sum = (sum.0 + low, sum.1 + high);
                        }
                    }
                    for (sum, dimension) in own.iter_mut().zip(&scheme.parts.dimensions) {
                        let bounded = |v: i64| bounded(v, dimension.least, dimension.most);
                        *sum = (bounded(sum.0), bounded(sum.1));
                    }
                    totals[at] = total(scheme, own, added[subject]);
                }
            });
        Self { totals, dimensions, width, open, added }
    }

    /// The dimensions of an organisation.
    pub(crate) fn dimensions(&self, subject: usize) -> &[(i64, i64)] {
        &self.dimensions[subject * self.width..(subject + 1) * self.width]
    }

    /// The stars that the score alone earns.
    pub(crate) fn rungs(&self, scheme: &Scheme, subject: usize) -> Span {
        stars(scheme, self.totals[subject], self.dimensions(subject))
    }
}

pub(crate) fn bounded(value: i64, least: Option<i64>, most: Option<i64>) -> i64 {
    let value = least.map_or(value, |least| value.max(least));
    most.map_or(value, |most| value.min(most))
}

/// The total of these dimensions, with what events add.
pub(crate) fn total(scheme: &Scheme, dimensions: &[(i64, i64)], added: i64) -> (i64, i64) {
    let weighted = |end: fn(&(i64, i64)) -> i64| {
        let sum: i64 = dimensions.iter().zip(&scheme.parts.dimensions).map(|(sum, d)| end(sum) * d.weight).sum();
        bounded(sum + added * POINT, scheme.least, scheme.most)
    };
    (weighted(|sum| sum.0), weighted(|sum| sum.1))
}

/// The stars of a total and of dimensions.
pub(crate) fn stars(scheme: &Scheme, total: (i64, i64), dimensions: &[(i64, i64)]) -> Span {
    let by_bands = || Span { low: scheme.bands.rungs(total.0).0, high: scheme.bands.rungs(total.1).1 };
    let by_dimensions = || {
        let reached = |end: fn(&(i64, i64)) -> i64| {
            let all = dimensions.iter().zip(&scheme.parts.dimensions);
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
    let mut added = vec![0; marks.len()];
    for (at, event) in scheme.parts.events.iter().enumerate().filter(|(_, event)| event.points != 0) {
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
