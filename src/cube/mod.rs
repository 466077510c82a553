//! Counting by any mix of dimensions: the rows are counted once, into the cells of all bases together; each asked-for
//! table is then rolled up from those cells, not from the rows.

mod axis;
mod cells;
mod kernel;
mod lanes;
mod rollup;
mod runs;
mod states;
pub(crate) mod statistic;
pub(crate) mod subtotals;
mod table;
mod transitions;

use std::ops::Range;
use std::sync::Mutex;

use rayon::prelude::*;

pub(crate) use self::axis::{Axis, Base, Values};
use self::cells::{Asked, BaseDigit, Leaf};
use self::lanes::distinct;
pub(crate) use self::lanes::{Lane, numbers};
use self::rollup::{Cells, plans, roll_up};
use self::table::{Table, joined};
pub(crate) use self::transitions::{Things, moves};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::ArrowNativeType;

use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
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

/// What is counted of a frame, by its position; the first lane, bits, says which rows are counted at all and so which groups
/// exist.
pub(crate) type Lanes<'l, 'a> = Box<dyn Fn(usize, &'a Frame) -> Result<Vec<Lane<'a>>> + Sync + 'l>;

/// What of a part was counted in a year: which counter each lane is, and the table of each grouping.
type OfYear = (Vec<Option<usize>>, Vec<Table>);

/// Groupings that are counted in the same cells.
pub(crate) struct Part<'l, 'a> {
    pub(crate) sets: Vec<Vec<Axis>>,
    /// Of which frames; positions are counted from the first of them.
    pub(crate) frames: Range<usize>,
    pub(crate) lanes: Lanes<'l, 'a>,
}

/// Counts the lanes of each frame in each of the groupings `sets`. Years are never added up: a figure has one year.
pub(crate) fn count<'a>(
    frames: &[&'a Frame],
    sets: Vec<Vec<Axis>>,
    lanes: impl Fn(usize, &'a Frame) -> Result<Vec<Lane<'a>>> + Sync,
    job: &dyn Job,
) -> Result<Vec<Counted>> {
    let mut parts = count_parts(frames, vec![Part { sets, frames: 0..frames.len(), lanes: Box::new(lanes) }], job)?;
    parts.pop().ok_or(Error::Cancelled)
}

/// Counts several parts in one pass over the rows: those of a stretch go into the cells of every part before the next stretch
/// is looked at.
pub(crate) fn count_parts<'a>(
    frames: &[&'a Frame],
    parts: Vec<Part<'_, 'a>>,
    job: &dyn Job,
) -> Result<Vec<Vec<Counted>>> {
    let digits: Vec<_> = parts.iter().map(|part| BaseDigit::all(&part.sets)).collect();
    digits.iter().try_for_each(|digits| combinations(digits.iter().map(|digit| digit.card), u64::MAX).map(|_| ()))?;
    let plans =
        parts.iter().zip(&digits).map(|(part, digits)| plans(&part.sets, digits)).collect::<Result<Vec<_>>>()?;
    let used: Vec<_> = parts.iter().map(|_| Mutex::new(Vec::new())).collect();
    // Years are counted side by side; a year is cut into pieces only where there are more threads than years.
    let spare = rayon::current_num_threads().div_ceil(frames.len().max(1));
    let years = frames
        .par_iter()
        .enumerate()
        .map(|(nth, frame)| {
            job::check(job)?;
            let mut years: Vec<Option<OfYear>> = parts.iter().map(|_| None).collect();
            let mut asked = Vec::new();
            for (at, part) in parts.iter().enumerate().filter(|(_, part)| part.frames.contains(&nth)) {
                let leaf = Leaf::new(&digits[at], frame, nth - part.frames.start)?;
                let (lanes, of) = distinct((part.lanes)(nth - part.frames.start, frame)?);
                match leaf.of_runs(&lanes, job)? {
                    Some(table) => years[at] = Some((of, roll_up(&plans[at], Cells::Table(table)))),
                    None => asked.push((at, of, Asked { leaf, lanes, used: &used[at] })),
                }
            }
            let (places, asked): (Vec<_>, Vec<_>) = asked.into_iter().map(|(at, of, asked)| ((at, of), asked)).unzip();
            for ((at, of), counted) in places.into_iter().zip(cells::count(asked, spare, job)?) {
                let places = counted.places(&of);
                years[at] = Some((places, roll_up(&plans[at], Cells::Counted(counted))));
            }
            Ok(years)
        })
        .collect::<Result<Vec<_>>>()?;
    job::check(job)?;
    let tables = |(at, part): (usize, Part<'_, 'a>)| {
        let years: Vec<_> =
            frames.iter().zip(&years).filter_map(|(frame, of)| Some((frame.year, of[at].as_ref()?))).collect();
        let lanes = years.first().map_or(0, |(_, (places, _))| places.len());
        let table = |(set, axes): (usize, Vec<Axis>)| {
            let of_year =
                years.iter().map(|(year, (places, all))| (*year, &all[set], &plans[at][set].digits[..], &places[..]));
            joined(axes, lanes, &of_year.collect::<Vec<_>>())
        };
        part.sets.into_par_iter().enumerate().map(table).collect()
    };
    Ok(parts.into_iter().enumerate().map(tables).collect())
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
