//! Sums of points by dimension and in total, a block of organisations at a time.

use std::ops::Range;

use rayon::prelude::*;

use crate::analysis::stars::events::Events;
use crate::analysis::stars::marks::{HALF, Marks, NONE, OPEN, Row};
use crate::analysis::stars::scheme::units::POINT;
use crate::analysis::stars::scheme::{Method, Rung, Scheme};

use super::Span;

/// Totals and dimensions, each as the minimum and maximum that the open items allow.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    /// Totals in hundred-millionths of a point.
    pub(crate) totals: Vec<(i64, i64)>,
    /// Dimensions of each stretch of organisations.
    dimensions: Vec<Sums>,
    width: usize,
    /// Number of open items.
    pub(crate) open: Vec<u16>,
    /// Stars earned by the score alone.
    pub(super) earned: Vec<Span>,
    /// Points added by events, in ten-thousandths; empty if no event adds points.
    added: Vec<i64>,
}

/// Unweighted dimensions of a stretch of organisations in ten-thousandths of a point, one dimension after another.
#[derive(Clone, Debug)]
struct Sums {
    organisations: usize,
    low: Numbers,
    /// Maximum of each dimension; `None` if nothing is open.
    high: Option<Numbers>,
}

/// Numbers of 32 bits if no form of the scheme can exceed them, otherwise of 64.
#[derive(Clone, Debug)]
enum Numbers {
    Narrow(Vec<i32>),
    Wide(Vec<i64>),
}

impl Numbers {
    fn zeroed(n: usize, narrow: bool) -> Self {
        if narrow { Self::Narrow(vec![0; n]) } else { Self::Wide(vec![0; n]) }
    }

    /// Checks whether every dimension fits in 32 bits.
    fn narrow(scheme: &Scheme, lines: &[Line]) -> bool {
        let forms: i64 = lines.iter().map(|line| line.low.abs().max(line.high.abs())).sum();
        let least = scheme.parts.dimensions.iter().filter_map(|dimension| dimension.least);
        least.fold(forms * scheme.parts.quarters, i64::max) <= i64::from(i32::MAX)
    }

    fn get(&self, at: usize) -> i64 {
        match self {
            Self::Narrow(all) => i64::from(all[at]),
            Self::Wide(all) => all[at],
        }
    }

    fn put(&mut self, place: Range<usize>, values: &[i64]) {
        match self {
            Self::Narrow(all) => all[place].iter_mut().zip(values).for_each(|(to, value)| *to = *value as i32),
            Self::Wide(all) => all[place].copy_from_slice(values),
        }
    }
}

/// An item prepared for summing: the points a number on the form brings.
struct Line {
    dimension: usize,
    sign: i64,
    base: i64,
    low: i64,
    high: i64,
    /// Maximum number on the form.
    most: i64,
    /// Points of an item that no row mentions, if defined.
    unlisted: Option<i64>,
}

/// Consecutive items of one dimension with the same sign.
struct Run {
    lines: Range<usize>,
    dimension: usize,
    sign: i64,
    /// Points if all numbers are 0.
    base: i64,
    /// True if the sum of the numbers fits in 32 bits.
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

    /// Sums the half points of a form without open items.
    fn brings_halves(&self, form: &[u16]) -> i64 {
        let sum: u32 = form[self.lines.clone()].iter().map(|cell| u32::from(*cell)).sum();
        self.base + self.sign * i64::from(sum) * i64::from(HALF)
    }

    /// Sums the numbers of a form without open items.
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

/// Organisations per task.
const SUBJECTS_PER_TASK: usize = 4096;
/// Organisations whose sums stay in the L1 cache until their totals are computed.
const BLOCK: usize = 64;

/// Sums of a block of organisations.
struct Block {
    /// Minimum of each dimension; `high`, the maximum, is valid only if any item is open.
    low: Vec<[i64; BLOCK]>,
    high: Vec<[i64; BLOCK]>,
    open: bool,
    /// Dimensions of one organisation.
    own: Vec<(i64, i64)>,
}

impl Block {
    fn new(dimensions: usize) -> Self {
        let none = vec![[0; BLOCK]; dimensions];
        Self { low: none.clone(), high: none, open: false, own: vec![(0, 0); dimensions] }
    }

    /// Sums the forms of a block and counts the open items of each organisation.
    fn read<'m>(&mut self, lines: &[Line], runs: &[Run], rows: impl Iterator<Item = Row<'m>>, open: &mut [u16]) {
        self.low.iter_mut().for_each(|sums| sums.fill(0));
        self.open = false;
        for ((at, row), open) in rows.enumerate().zip(open) {
            if row.is_closed() {
                match row {
                    Row::Halves(row) => self.add(at, runs, row.chunks_exact(lines.len()), Run::brings_halves),
                    Row::Fine(row) => self.add(at, runs, row.chunks_exact(lines.len()), Run::brings),
                }
                if self.open {
                    self.close(at);
                }
                continue;
            }
            if !self.open {
                self.open = true;
                (0..at).for_each(|before| self.close(before));
            }
            self.own.fill((0, 0));
            for form in row.cells().chunks_exact(lines.len()) {
                *open += one_by_one(lines, form, &mut self.own);
            }
            for ((low, high), own) in self.low.iter_mut().zip(&mut self.high).zip(&self.own) {
                (low[at], high[at]) = *own;
            }
        }
    }

    /// Adds the forms of an organisation without open items.
    fn add<'m, T: 'm>(
        &mut self,
        at: usize,
        runs: &[Run],
        forms: impl Iterator<Item = &'m [T]>,
        brings: impl Fn(&Run, &[T]) -> i64,
    ) {
        for form in forms {
            for run in runs {
                self.low[run.dimension][at] += brings(run, form);
            }
        }
    }

    /// Copies the minimum of an organisation without open items to its maximum.
    fn close(&mut self, at: usize) {
        self.high.iter_mut().zip(&self.low).for_each(|(high, low)| high[at] = low[at]);
    }

    /// Applies the bounds of the dimensions and stores those of `n` organisations from `first` on.
    fn bound(&mut self, scheme: &Scheme, first: usize, n: usize, sums: &mut Sums) {
        if self.open && sums.high.is_none() {
            sums.high = Some(sums.low.clone());
        }
        for (nth, dimension) in scheme.parts.dimensions.iter().enumerate() {
            let place = nth * sums.organisations + first..nth * sums.organisations + first + n;
            for own in [&mut self.low, &mut self.high].into_iter().take(1 + usize::from(self.open)) {
                if dimension.least.is_some() || dimension.most.is_some() {
                    own[nth][..n].iter_mut().for_each(|sum| *sum = bounded(*sum, dimension.least, dimension.most));
                }
            }
            sums.low.put(place.clone(), &self.low[nth][..n]);
            if let Some(high) = &mut sums.high {
                high.put(place, &if self.open { &self.high } else { &self.low }[nth][..n]);
            }
        }
    }

    /// Returns the totals of `n` organisations, without events.
    fn totals(&self, scheme: &Scheme, n: usize) -> [[i64; BLOCK]; 2] {
        let mut totals = [[0; BLOCK]; 2];
        for (ends, total) in [&self.low, &self.high].into_iter().zip(&mut totals).take(1 + usize::from(self.open)) {
            for (sums, dimension) in ends.iter().zip(&scheme.parts.dimensions) {
                total[..n].iter_mut().zip(sums).for_each(|(total, sum)| *total += sum * dimension.weight);
            }
        }
        if !self.open {
            totals[1] = totals[0];
        }
        totals
    }
}

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
        let (runs, narrow) = (Run::all(&lines), Numbers::narrow(scheme, &lines));
        let added = added(scheme, marks, events);
        let (all, width) = (marks.len(), scheme.parts.dimensions.len());
        let (mut totals, mut open) = (vec![(0, 0); all], vec![0u16; all]);
        let mut earned = vec![Span::default(); all];
        let parts = totals
            .par_chunks_mut(SUBJECTS_PER_TASK)
            .zip(open.par_chunks_mut(SUBJECTS_PER_TASK))
            .zip(earned.par_chunks_mut(SUBJECTS_PER_TASK));
        let dimensions = parts.enumerate().map(|(task, ((totals, open), earned))| {
            let organisations = totals.len();
            let low = Numbers::zeroed(organisations * width, narrow);
            let mut sums = Sums { organisations, low, high: None };
            let mut block = Block::new(width);
            let first = task * SUBJECTS_PER_TASK;
            let mut rows = marks.forms(first..first + organisations);
            let blocks = totals.chunks_mut(BLOCK).zip(open.chunks_mut(BLOCK)).zip(earned.chunks_mut(BLOCK));
            for (from, ((totals, open), earned)) in (0..).step_by(BLOCK).zip(blocks) {
                let n = totals.len();
                block.read(&lines, &runs, rows.by_ref().take(n), open);
                block.bound(scheme, from, n, &mut sums);
                let sum = block.totals(scheme, n);
                for (at, (total, earned)) in totals.iter_mut().zip(earned).enumerate() {
                    let added = added.get(first + from + at).copied().unwrap_or(0);
                    *total = (in_all(scheme, sum[0][at], added), in_all(scheme, sum[1][at], added));
                    let high = if block.open { &block.high } else { &block.low };
                    *earned = stars(scheme, *total, &block.low.iter().zip(high).map(|(low, high)| (low[at], high[at])));
                }
            }
            sums
        });
        let dimensions = dimensions.collect();
        Self { totals, dimensions, width, open, earned, added }
    }

    /// Returns the dimensions of an organisation.
    pub(crate) fn dimensions(&self, subject: usize) -> impl Iterator<Item = (i64, i64)> {
        (0..self.width).map(move |at| self.dimension(subject, at))
    }

    /// Returns one dimension of an organisation.
    pub(crate) fn dimension(&self, subject: usize, index: usize) -> (i64, i64) {
        let sums = &self.dimensions[subject / SUBJECTS_PER_TASK];
        let at = index * sums.organisations + subject % SUBJECTS_PER_TASK;
        let low = sums.low.get(at);
        (low, sums.high.as_ref().map_or(low, |high| high.get(at)))
    }

    /// Returns the points that events add to the total, in ten-thousandths.
    pub(crate) fn added(&self, subject: usize) -> i64 {
        self.added.get(subject).copied().unwrap_or(0)
    }
}

/// Adds each line of a form that may have open items; returns the number of open items.
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

/// Adds events to a weighted sum of dimensions and applies the bounds of the total.
fn in_all(scheme: &Scheme, sum: i64, added: i64) -> i64 {
    bounded(sum + added * POINT, scheme.least, scheme.most)
}

/// Returns the total of dimensions and events.
pub(crate) fn total(scheme: &Scheme, dimensions: &[(i64, i64)], added: i64) -> (i64, i64) {
    let weights = || scheme.parts.dimensions.iter().map(|dimension| dimension.weight);
    let bounded_total = |sum: i64| in_all(scheme, sum, added);
    let low = bounded_total(dimensions.iter().zip(weights()).map(|((low, _), weight)| low * weight).sum());
    if dimensions.iter().all(|(low, high)| low == high) {
        return (low, low);
    }
    (low, bounded_total(dimensions.iter().zip(weights()).map(|((_, high), weight)| high * weight).sum()))
}

/// Returns the stars of a total and its dimensions.
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
            let combined = |a: Rung, b: Rung| if lower { a.min(b) } else { a.max(b) };
            Span { low: combined(a.low, b.low), high: combined(a.high, b.high) }
        }
        Method::Top => Span::one(scheme.ladder.top()),
        Method::Score => Span::one(0),
    }
}

/// Checks whether a dimension with `points` earns its star.
pub(crate) fn earns(points: i64, dimension: &crate::analysis::stars::scheme::Dimension) -> bool {
    dimension.proportion.is_some_and(|proportion| points * POINT >= proportion * dimension.full)
}

/// Sums the points that the events of each year add to the totals.
fn added(scheme: &Scheme, marks: &Marks, events: &Events) -> Vec<i64> {
    let mut added = Vec::new();
    for (at, event) in scheme.parts.events.iter().enumerate().filter(|(_, event)| event.points != 0) {
        added.resize(marks.len(), 0);
        for (year, _) in &marks.years {
            for (id, n) in events.in_years(at, *year..=*year) {
                if let Some(subject) = marks.find(*year, id) {
                    added[subject] += event.comes_to(i64::from(n));
                }
            }
        }
    }
    added
}
