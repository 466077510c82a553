//! Counting kernel: counts rows by any mix of dimensions, with one scan for all requested tables.
//!
//! # Design goals
//!
//! - Scan the rows of a year once, however many tables are asked for.
//! - Do not hash per row: a group is a number computed from dictionary codes.
//! - Make one addition per row and 64-bit word: eight yes/no inputs share a word.
//! - Count in integers and never add up years, so that every figure belongs to one year.
//!
//! # Architecture
//!
//! Five rows of one year, counted by `county` × `mode` and by `prefecture`. Lane 0 counts rows, lane 1 those with
//! `union`. `mode` has three words and code 0 for unknown, so its cardinality is 4.
//!
//! ```text
//!   rows                 base codes       cells of the leaf              tables
//!                        (digits)         cell = region * 4 + mode
//!   region mode  union   region mode      cell  lane 0  lane 1           county × mode   rows  union
//!   A1     solo  yes       1     1 ───►    5      2       1              A1 solo          2      1
//!   A1     joint no        1     2 ───►    6      1       0     roll     A1 joint         1      0
//!   A2     solo  yes       2     1 ───►    9      1       1   ───up──►   A2 solo          1      1
//!   A1     solo  no        1     1 ───►    5                             B1 solo          1      0
//!   B1     solo  no        3     1 ───►   13      1       0                   │ roll up
//!                                                                             ▼
//!                                                                        prefecture      rows  union
//!                                                                        A                4      2
//!                                                                        B                1      0
//! ```
//!
//! Both region axes read the base `region`, so the cells need only its digit; each axis maps the digit to its own
//! value.
//!
//! # Discussion
//!
//! Cells are an array up to `DENSE` cells or four per row, whichever is more; beyond that, only cells that occur
//! are numbered, which costs a sort. Cells are narrow (one byte per yes/no lane) and are carried to 64-bit counters
//! when a byte fills up after 255 rows. Each table is rolled up from the smallest table that distinguishes its
//! groups, so most tables never read the cells. Years are counted in parallel; a year is split only if there are
//! more threads than years.
//!
//! # Glossary
//!
//! - **Lane**: aggregate input, the rows or values that are counted ([`Lane`]).
//! - **Axis**: group key, a dimension of a table ([`Axis`]).
//! - **Base**: key column whose codes one or more axes read ([`Base`]).
//! - **Digit**: a base code, or a class of codes that no axis distinguishes, as one digit of a mixed-radix number;
//!   its cardinality is the number of its values.
//! - **Cell**: combination of the digits of all bases, and the unit in which rows are counted.
//! - **Leaf**: cell numbering of one frame, the finest grouping, from which tables are rolled up.
//! - **Group index**: position of a group's counters ([`GroupIndex`](table::GroupIndex)).
//! - **Bank**: the counters of up to four words per cell; more lanes need more banks.

mod axis;
mod cells;
pub(crate) mod digit;
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

use arrow::buffer::ScalarBuffer;
use arrow::datatypes::ArrowNativeType;
use rayon::prelude::*;

use self::cells::{BaseDigit, CellRequest, Leaf};
use self::lanes::distinct;
use self::rollup::{YearCells, plans, roll_up};
use self::table::{GroupTable, join_years};
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::roster::Frame;

pub(crate) use self::axis::{Axis, AxisValues, Base, null_axis};

pub(crate) use self::lanes::{Lane, numbers};

pub(crate) use self::transitions::{YearEntities, count_transitions};

/// Cells are laid out densely up to this number, or up to four per row. Beyond both, only occurring cells are
/// numbered.
const DENSE: u64 = 1 << 20;

/// Counted result of one grouping. Groups ascend by year and then by the axes' values in axis order, null last;
/// each group has its year, the position of its value on each axis, and its counts.
#[derive(Debug)]
pub(crate) struct GroupedCounts {
    pub(crate) axes: Vec<Axis>,
    pub(crate) years: ScalarBuffer<i16>,
    pub(crate) keys: Vec<ScalarBuffer<u32>>,
    /// Counts, one buffer per lane.
    pub(crate) counts: Vec<ScalarBuffer<u64>>,
}

/// Lanes of a frame, by the frame's position. The first lane is a bitmap of the rows counted at all; it decides
/// which groups exist.
pub(crate) type FrameLanes<'l, 'a> = Box<dyn Fn(usize, &'a Frame) -> Result<Vec<Lane<'a>>> + Sync + 'l>;

/// Result of one request in one year: the counter of each lane, and the table of each grouping.
type RequestTables = (Vec<Option<usize>>, Vec<GroupTable>);

/// Groupings that are counted in the same cells.
pub(crate) struct CountRequest<'l, 'a> {
    pub(crate) sets: Vec<Vec<Axis>>,
    /// Frames to count; positions passed to `lanes` are relative to the first of them.
    pub(crate) frames: Range<usize>,
    pub(crate) lanes: FrameLanes<'l, 'a>,
}

/// Counts the lanes of each frame in each of the groupings `sets`. Years are never added up.
pub(crate) fn count<'a>(
    frames: &[&'a Frame],
    sets: Vec<Vec<Axis>>,
    lanes: impl Fn(usize, &'a Frame) -> Result<Vec<Lane<'a>>> + Sync,
    job: &dyn Job,
) -> Result<Vec<GroupedCounts>> {
    let mut results =
        count_requests(frames, vec![CountRequest { sets, frames: 0..frames.len(), lanes: Box::new(lanes) }], job)?;
    results.pop().ok_or_else(Error::no_result)
}

/// Counts several requests in one shared scan: a stretch of rows goes into the cells of every request before the next
/// stretch is read.
pub(crate) fn count_requests<'a>(
    frames: &[&'a Frame],
    requests: Vec<CountRequest<'_, 'a>>,
    job: &dyn Job,
) -> Result<Vec<Vec<GroupedCounts>>> {
    let digits: Vec<_> = requests.iter().map(|request| BaseDigit::for_sets(&request.sets)).collect();
    digits
        .iter()
        .try_for_each(|digits| combinations(digits.iter().map(|digit| digit.cardinality), u64::MAX).map(|_| ()))?;
    let plans = requests
        .iter()
        .zip(&digits)
        .map(|(request, digits)| plans(&request.sets, digits))
        .collect::<Result<Vec<_>>>()?;
    let spare: Vec<_> = requests.iter().map(|_| Mutex::new(Vec::new())).collect();
    // Years are counted in parallel. A year is split only if there are more threads than years.
    let threads = rayon::current_num_threads().div_ceil(frames.len().max(1));
    let years = frames
        .par_iter()
        .enumerate()
        .map(|(nth, frame)| {
            job::check(job)?;
            let mut years: Vec<Option<RequestTables>> = requests.iter().map(|_| None).collect();
            let mut cell_requests = Vec::new();
            for (at, request) in requests.iter().enumerate().filter(|(_, request)| request.frames.contains(&nth)) {
                let leaf = Leaf::new(&digits[at], frame, nth - request.frames.start)?;
                let (lanes, of) = distinct((request.lanes)(nth - request.frames.start, frame)?);
                match leaf.of_runs(&lanes, job)? {
                    Some(table) => years[at] = Some((of, roll_up(&plans[at], YearCells::Table(table)))),
                    None => cell_requests.push((at, of, CellRequest { leaf, lanes, spare: &spare[at] })),
                }
            }
            let (of_requests, cell_requests): (Vec<_>, Vec<_>) =
                cell_requests.into_iter().map(|(at, of, request)| ((at, of), request)).unzip();
            for ((at, of), counted) in of_requests.into_iter().zip(cells::count(cell_requests, threads, job)?) {
                let counters = counted.counters_of(&of);
                years[at] = Some((counters, roll_up(&plans[at], YearCells::Counted(counted))));
            }
            Ok(years)
        })
        .collect::<Result<Vec<_>>>()?;
    job::check(job)?;
    let tables = |(at, request): (usize, CountRequest<'_, 'a>)| {
        let years: Vec<_> =
            frames.iter().zip(&years).filter_map(|(frame, of)| Some((frame.year, of[at].as_ref()?))).collect();
        let lanes = years.first().map_or(0, |(_, (counters, _))| counters.len());
        let table = |(set, axes): (usize, Vec<Axis>)| {
            let of_year = years
                .iter()
                .map(|(year, (counters, all))| (*year, &all[set], &plans[at][set].digits[..], &counters[..]));
            join_years(axes, lanes, &of_year.collect::<Vec<_>>())
        };
        request.sets.into_par_iter().enumerate().map(table).collect()
    };
    Ok(requests.into_iter().enumerate().map(tables).collect())
}

/// Counts a single grouping; see [`count`].
pub(crate) fn count_one<'a>(
    frames: &[&'a Frame],
    axes: Vec<Axis>,
    lanes: impl Fn(usize, &'a Frame) -> Result<Vec<Lane<'a>>> + Sync,
    job: &dyn Job,
) -> Result<GroupedCounts> {
    let mut sets = count(frames, vec![axes], lanes, job)?;
    sets.pop().ok_or_else(Error::no_result)
}

/// Returns the number of combinations of values with `cardinalities`; fails if there are more than
/// `max`.
fn combinations(cardinalities: impl Iterator<Item = u64>, max: u64) -> Result<u64> {
    let all = cardinalities.map(u128::from).fold(1, u128::saturating_mul);
    u64::try_from(all).ok().filter(|all| *all <= max).ok_or_else(|| {
        Error::argument(
            format!("维度的组合太多（{all}）。请减少维度"),
            format!("the dimensions have too many combinations ({all}). Name fewer"),
        )
    })
}

impl GroupedCounts {
    /// Creates groups without counts.
    pub(crate) fn groups(axes: Vec<Axis>, years: Vec<i16>, keys: Vec<Vec<u32>>) -> Self {
        let keys = keys.into_iter().map(ScalarBuffer::from).collect();
        Self { axes, years: years.into(), keys, counts: Vec::new() }
    }

    /// Returns the counts of a lane, group by group; empty if there were no frames to count.
    pub(crate) fn lane(&self, lane: usize) -> &[u64] {
        self.counts.get(lane).map_or(&[], |counts| counts)
    }

    /// Adds a group with count 0 for every value of the last axis that does not occur, so that a table of states
    /// shows all states.
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
                let group = same.iter().find(|g| self.keys[last][**g] == state);
                years.push(year);
                keys[..last].iter_mut().zip(&key).for_each(|(all, k)| all.push(*k));
                keys[last].push(state);
                for (all, counts) in counts.iter_mut().zip(&self.counts) {
                    all.push(group.map_or(0, |g| counts[*g]));
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

    /// Returns the groups without counts, each repeated `times` times.
    pub(crate) fn repeated(&self, times: usize) -> Self {
        if times == 1 {
            let (axes, years, keys) = (self.axes.clone(), self.years.clone(), self.keys.clone());
            return Self { axes, years, keys, counts: Vec::new() };
        }
        let keys = self.keys.par_iter().map(|keys| repeated(keys, times)).collect();
        Self { axes: self.axes.clone(), years: repeated(&self.years, times), keys, counts: Vec::new() }
    }
}

/// Repeats each of `values` `times` times in a row.
fn repeated<T: ArrowNativeType>(values: &[T], times: usize) -> ScalarBuffer<T> {
    let mut all = Vec::with_capacity(values.len() * times);
    for value in values {
        all.extend(std::iter::repeat_n(*value, times));
    }
    all.into()
}
