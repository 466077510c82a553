//! Counting by any mix of dimensions: the rows are counted once, into the cells of all bases together; each asked-for
//! table is then rolled up from those cells, not from the rows.

mod axis;
mod cells;
mod kernel;
mod lanes;
mod moves;
mod rollup;
mod runs;
mod states;
mod table;

use std::sync::Mutex;

use rayon::prelude::*;

use arrow::buffer::ScalarBuffer;
use arrow::datatypes::ArrowNativeType;
pub(crate) use axis::{Axis, Base, Values};
use cells::{BaseDigit, Leaf};
use lanes::distinct;
pub(crate) use lanes::{Lane, numbers};
pub(crate) use moves::{Things, moves};
use rollup::{Cells, plans, roll_up};
use table::joined;

use crate::error::{Error, Result};
use crate::job::{self, Job};
use crate::roster::Frame;

/// Up to this many cells, and up to four for each row, are laid out densely; beyond, only those that occur.
const DENSE: u64 = 1 << 20;

/// A grouping: its axes, and for each of its groups (ascending in the order of the axes' values, null last) the
/// position of its value on each axis, its year and what was counted.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) axes: Vec<Axis>,
    pub(crate) years: ScalarBuffer<i16>,
    pub(crate) keys: Vec<ScalarBuffer<u32>>,
    /// Lane by lane.
    pub(crate) counts: Vec<ScalarBuffer<u64>>,
}

/// Counts the lanes of each frame in each of the groupings `sets`. The first lane, bits, says which rows are counted at all and
/// so which groups exist. Years are never added up: a figure has one year.
pub(crate) fn count<'a>(
    frames: &[&'a Frame],
    sets: Vec<Vec<Axis>>,
    lanes: impl Fn(usize, &'a Frame) -> Result<Vec<Lane<'a>>> + Sync,
    job: &dyn Job,
) -> Result<Vec<Counted>> {
    let digits = BaseDigit::all(&sets);
    combinations(digits.iter().map(|digit| digit.card), u64::MAX)?;
    let plans = plans(&sets, &digits)?;
    let used = Mutex::new(Vec::new());
    // Years are counted side by side; a year is cut into pieces only where there are more threads than years.
    let spare = rayon::current_num_threads().div_ceil(frames.len().max(1));
    let years = frames
        .par_iter()
        .enumerate()
        .map(|(nth, frame)| {
            job::check(job)?;
            let leaf = Leaf::new(&digits, frame, nth)?;
            let (lanes, of) = distinct(lanes(nth, frame)?);
            if let Some(table) = leaf.of_runs(&lanes, job)? {
                return Ok((frame.year, of, roll_up(&plans, Cells::Table(table))));
            }
            let counted = leaf.count(&lanes, spare, &used, job)?;
            let places = counted.places(&of);
            Ok((frame.year, places, roll_up(&plans, Cells::Counted(counted))))
        })
        .collect::<Result<Vec<_>>>()?;
    job::check(job)?;
    let lanes = years.first().map_or(0, |(_, places, _)| places.len());
    let table = |(set, axes): (usize, Vec<Axis>)| {
        let of_year = years.iter().map(|(year, places, all)| (*year, &all[set], &plans[set].digits[..], &places[..]));
        joined(axes, lanes, &of_year.collect::<Vec<_>>())
    };
    Ok(sets.into_par_iter().enumerate().map(table).collect())
}

/// [`count`] for a single grouping.
pub(crate) fn count_one<'a>(
    frames: &[&'a Frame],
    axes: Vec<Axis>,
    lanes: impl Fn(usize, &'a Frame) -> Result<Vec<Lane<'a>>> + Sync,
    job: &dyn Job,
) -> Result<Counted> {
    let mut sets = count(frames, vec![axes], lanes, job)?;
    sets.pop().ok_or(Error::Cancelled)
}

/// How many combinations there are of as many values; more than `most` are too many.
fn combinations(cards: impl Iterator<Item = u64>, most: u64) -> Result<u64> {
    let all = cards.map(u128::from).fold(1, u128::saturating_mul);
    u64::try_from(all).ok().filter(|all| *all <= most).ok_or_else(|| {
        Error::argument(
            format!("维度的组合太多（{all}）。请减少维度"),
            format!("the dimensions have too many combinations ({all}). Name fewer"),
        )
    })
}

impl Counted {
    /// Groups without counts.
    pub(crate) fn groups(axes: Vec<Axis>, years: Vec<i16>, keys: Vec<Vec<u32>>) -> Self {
        let keys = keys.into_iter().map(ScalarBuffer::from).collect();
        Self { axes, years: years.into(), keys, counts: Vec::new() }
    }

    /// What the lane `at` counted, group by group; nothing where there were no frames to count.
    pub(crate) fn lane(&self, at: usize) -> &[u64] {
        self.counts.get(at).map_or(&[], |counts| counts)
    }

    /// The same with a group for every value of the last axis beside each group of the others; what did not occur
    /// counts 0. So a table of states shows all of them.
    pub(crate) fn filled(self) -> Self {
        let Some(states) = self.axes.last().map(|a| a.values.len() as u32) else { return self };
        let last = self.axes.len() - 1;
        let mut years = Vec::new();
        let mut keys = vec![Vec::new(); self.axes.len()];
        let mut counts = vec![Vec::new(); self.counts.len()];
        let outer = |g: usize| (self.years[g], self.keys[..last].iter().map(|k| k[g]).collect::<Vec<_>>());
        let groups: Vec<usize> = (0..self.years.len()).collect();
        for same in groups.chunk_by(|a, b| outer(*a) == outer(*b)) {
            let (year, key) = outer(same[0]);
            let null = same.last().is_some_and(|g| self.keys[last][*g] == states);
            for state in 0..states + u32::from(null) {
                let found = same.iter().find(|g| self.keys[last][**g] == state);
                years.push(year);
                keys[..last].iter_mut().zip(&key).for_each(|(all, k)| all.push(*k));
                keys[last].push(state);
                for (all, counts) in counts.iter_mut().zip(&self.counts) {
                    all.push(found.map_or(0, |g| counts[*g]));
                }
            }
        }
        Self {
            axes: self.axes,
            years: years.into(),
            keys: keys.into_iter().map(ScalarBuffer::from).collect(),
            counts: counts.into_iter().map(ScalarBuffer::from).collect(),
        }
    }

    /// The groups, each `times` times in a row, without counts.
    pub(crate) fn repeated(&self, times: usize) -> Self {
        if times == 1 {
            let (axes, years, keys) = (self.axes.clone(), self.years.clone(), self.keys.clone());
            return Self { axes, years, keys, counts: Vec::new() };
        }
        let keys = self.keys.par_iter().map(|keys| repeated(keys, times)).collect();
        Self { axes: self.axes.clone(), years: repeated(&self.years, times), keys, counts: Vec::new() }
    }
}

/// Each of `values` so many `times` in a row.
fn repeated<T: ArrowNativeType>(values: &[T], times: usize) -> ScalarBuffer<T> {
    let mut all = Vec::with_capacity(values.len() * times);
    for value in values {
        all.extend(std::iter::repeat_n(*value, times));
    }
    all.into()
}
