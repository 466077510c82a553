//! Transitions between consecutive years: looks up each entity's state in both years by its id, without hashing or
//! sorting.

use std::borrow::Cow;
use std::ops::Range;

use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use super::digit::Digit;
use super::kernel::{Factor, add_factor};
use super::lanes::CHUNK;
use super::states::States;
use super::table::{DatedTable, GroupIndex, GroupTable, join_years};
use super::{Axis, AxisValues, DENSE, GroupedCounts, combinations};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::roster::{Frame, Integers};

/// Maximum number of groups; one more number is reserved for entities that are not counted.
const MAX_GROUPS: u64 = u32::MAX as u64 - 1;
/// Minimum number of ids per parallel task.
const MIN_TASK_IDS: usize = 1 << 17;

/// Entities of one year (organisations or party organisations) that may change state: their ids, ascending, and the
/// row that represents each.
pub(crate) struct YearEntities<'a> {
    pub(crate) ids: Cow<'a, [u32]>,
    /// Row of each entity; `None` where entities and rows coincide.
    pub(crate) rows: Option<Vec<u32>>,
    /// Entities to count; of two years, the earlier one decides.
    pub(crate) counted: Option<BooleanBuffer>,
}

/// Counts, for each pair of consecutive calendar years in `frames`, the entities of each group of `group_axes` by state
/// before and state after, where a state is a combination of values of `state_axes`.
///
/// An entity missing from one of the two years has the state `absent` there. Frames separated by a missing year are
/// not paired. The group is that of the earlier year, or of the later year for arrivals. The result's year is the
/// earlier one.
pub(crate) fn count_transitions(
    frames: &[&Frame],
    entities: &[YearEntities<'_>],
    state_axes: &[Axis],
    group_axes: &[Axis],
    absent: &str,
    job: &dyn Job,
) -> Result<GroupedCounts> {
    let states = States::new(state_axes, absent)?;
    let groups = combinations(group_axes.iter().map(|axis| axis.values.len() as u64 + 1), MAX_GROUPS)? as u32;
    let ids = entities.iter().filter_map(|t| t.ids.last()).max().map_or(0, |last| *last as usize + 1);
    let steps: Vec<usize> = (1..frames.len()).filter(|t| frames[*t].year - 1 == frames[t - 1].year).collect();
    // A pair of years is split only if there are more threads than pairs.
    let pieces = rayon::current_num_threads().div_ceil(steps.len().max(1)).min(ids / MIN_TASK_IDS + 1);
    let counter = PairCounter { frames, entities, state_axes, group_axes, states: &states, groups, ids, pieces };
    // Use the smallest integers: each year holds one entry per id.
    let parts = match (states.present, groups) {
        (0..=0xfe, 0..=0xfffe) => counter.count_pairs::<u8, u16>(&steps, job)?,
        (0..=0xfe, _) => counter.count_pairs::<u8, u32>(&steps, job)?,
        _ => counter.count_pairs::<u16, u32>(&steps, job)?,
    };
    let next = state_axes
        .iter()
        .zip(&states.values)
        .map(|(axis, values)| state_axis(axis, format!("next_{}", axis.name), values));
    let axes = group_axes.iter().cloned();
    let axes = axes
        .chain(state_axes.iter().zip(&states.values).map(|(axis, values)| state_axis(axis, axis.name.clone(), values)));
    let tables = steps.iter().zip(&parts);
    let tables: Vec<DatedTable<'_>> =
        tables.map(|(t, (table, digits))| (frames[t - 1].year, table, &digits[..], &[Some(0)][..])).collect();
    job::check(job)?;
    Ok(join_years(axes.chain(next).collect(), 1, &tables))
}

fn state_axis(axis: &Axis, name: String, values: &AxisValues) -> Axis {
    Axis { name, values: values.clone(), ..axis.clone() }
}

/// Integer type for the number of a state or group.
trait Number: Copy + PartialEq + Send + Sync {
    fn from_u32(number: u32) -> Self;
    fn into_usize(self) -> usize;
}

macro_rules! number {
    ($($ty:ty),*) => {$(
        impl Number for $ty {
            fn from_u32(number: u32) -> Self {
                number as Self
            }
            fn into_usize(self) -> usize {
                self as usize
            }
        }
    )*};
}
number!(u8, u16, u32);

/// One year: the state and group of the entity with each id.
struct YearStates<S, G> {
    states: Vec<S>,
    groups: Vec<G>,
    /// Flags of the states that occur.
    seen: Vec<bool>,
}

/// Transitions of one pair of years, and the digits that number their groups.
type PairCounts = (GroupTable, Vec<Digit>);

struct PairCounter<'a> {
    frames: &'a [&'a Frame],
    entities: &'a [YearEntities<'a>],
    state_axes: &'a [Axis],
    group_axes: &'a [Axis],
    states: &'a States,
    /// Number of groups; entities that are not counted get this number.
    groups: u32,
    /// Upper bound of the ids.
    ids: usize,
    /// Number of pieces into which the ids are split.
    pieces: usize,
}

impl PairCounter<'_> {
    /// Counts the transitions of each of `steps`. A thread takes consecutive steps, so that most years are read
    /// once.
    fn count_pairs<S: Number, G: Number>(&self, steps: &[usize], job: &dyn Job) -> Result<Vec<PairCounts>> {
        let run = steps.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts = steps.par_chunks(run).map(|steps| {
            let mut last: Option<(usize, YearStates<S, G>)> = None;
            let step = |t: &usize| {
                job::check(job)?;
                let earlier = match last.take() {
                    Some((at, side)) if at == t - 1 => side,
                    _ => self.states_of(t - 1)?,
                };
                let later = self.states_of(*t)?;
                let step = self.count_pair(&earlier, &later);
                last = Some((*t, later));
                Ok(step)
            };
            steps.iter().map(step).collect::<Result<Vec<_>>>()
        });
        Ok(parts.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn states_of<S: Number, G: Number>(&self, nth: usize) -> Result<YearStates<S, G>> {
        let entities = &self.entities[nth];
        let (present, frame) = (self.states.present, self.frames[nth]);
        let digits: Vec<_> =
            self.states.digits.iter().map(|(digits, cardinality)| (&digits[..], *cardinality)).collect();
        let state = RowNumbers::new(self.state_axes, &digits, frame, nth)?;
        let digits: Vec<_> = self.group_axes.iter().map(|axis| (&axis.map[..], axis.values.len() as u32 + 1)).collect();
        let group = RowNumbers::new(self.group_axes, &digits, frame, nth)?;
        let mut side = YearStates {
            states: vec![S::from_u32(present); self.ids],
            groups: vec![G::from_u32(self.groups); self.ids],
            seen: vec![false; present as usize + 1],
        };
        side.seen[present as usize] = true;
        let mut put = |id: u32, entity: usize, state: u32, group: u32| {
            let counted = entities.counted.as_ref().is_none_or(|counted| counted.value(entity));
            side.seen[state as usize] = true;
            side.states[id as usize] = S::from_u32(state);
            side.groups[id as usize] = G::from_u32(if counted { group } else { self.groups });
        };
        let (mut states, mut groups) = ([0; CHUNK], [0; CHUNK]);
        match &entities.rows {
            None => {
                for (at, ids) in entities.ids.chunks(CHUNK).enumerate() {
                    let start = at * CHUNK;
                    state.locate(&mut states[..ids.len()], start);
                    group.locate(&mut groups[..ids.len()], start);
                    for (at, (id, (state, group))) in ids.iter().zip(states.iter().zip(&groups)).enumerate() {
                        put(*id, start + at, *state, *group);
                    }
                }
            }
            Some(rows) => {
                for (entity, (id, row)) in entities.ids.iter().zip(rows).enumerate() {
                    state.locate(&mut states[..1], *row as usize);
                    group.locate(&mut groups[..1], *row as usize);
                    put(*id, entity, states[0], groups[0]);
                }
            }
        }
        Ok(side)
    }

    /// Counts the transitions from `earlier` to `later` by group, state before and state after.
    fn count_pair<S: Number, G: Number>(&self, earlier: &YearStates<S, G>, later: &YearStates<S, G>) -> PairCounts {
        let (before, mut from) = self.states.seen(&earlier.seen);
        let (after, to) = self.states.seen(&later.seen);
        let values = |axis: &Axis| Digit::from_positions(vec![(0..=axis.values.len() as u32).collect()]);
        let (before, after) = (Digit::from_positions(before), Digit::from_positions(after));
        for place in &mut from {
            *place *= after.cardinality() as u32;
        }
        let states = (before.cardinality() * after.cardinality()) as u32;
        let digits: Vec<Digit> = self.group_axes.iter().map(values).chain([before, after]).collect();
        let cardinalities: Vec<usize> = digits.iter().map(Digit::cardinality).collect();
        let counted = u64::from(self.groups) * u64::from(states);
        let all = counted + u64::from(states);
        let absent = S::from_u32(self.states.present);
        let visit = |ids: Range<usize>, visit: &mut dyn FnMut(&[u64])| {
            let mut cells = [0; CHUNK];
            for start in ids.clone().step_by(CHUNK) {
                let here = start..ids.end.min(start + CHUNK);
                let cells = &mut cells[..here.len()];
                let before = earlier.states[here.clone()].iter().zip(&earlier.groups[here.clone()]);
                let after = later.states[here.clone()].iter().zip(&later.groups[here]);
                for (cell, ((was, before), (is, after))) in cells.iter_mut().zip(before.zip(after)) {
                    // Presence is unpredictable, so the code avoids a branch on it.
                    let group = if *was == absent { *after } else { *before };
                    *cell = group.into_usize() as u64 * u64::from(states)
                        + u64::from(from[was.into_usize()] + to[is.into_usize()]);
                }
                visit(cells);
            }
        };
        if all > DENSE.max(4 * self.ids as u64) {
            let mut numbers = Vec::with_capacity(self.ids);
            visit(0..self.ids, &mut |cells| numbers.extend(cells.iter().filter(|cell| **cell < counted)));
            let index = GroupIndex::sparse(&numbers);
            let mut counters = vec![0; index.groups()];
            index.indices().iter().for_each(|place| counters[*place as usize] += 1);
            return (GroupTable::new(index, counters, 1, &cardinalities), digits);
        }
        let count = |ids: Range<usize>| {
            let mut counters = vec![0_u64; all as usize];
            visit(ids, &mut |cells| cells.iter().for_each(|cell| counters[*cell as usize] += 1));
            counters
        };
        let piece = self.ids.div_ceil(self.pieces);
        let counters = (0..self.pieces)
            .into_par_iter()
            .map(|nth| count((nth * piece).min(self.ids)..((nth + 1) * piece).min(self.ids)))
            .reduce_with(|mut a, b| {
                a.iter_mut().zip(&b).for_each(|(a, b)| *a += b);
                a
            });
        (
            GroupTable::new(
                GroupIndex::dense(Vec::new(), counted as usize),
                counters.unwrap_or_default(),
                1,
                &cardinalities,
            ),
            digits,
        )
    }
}

/// Numbers of rows on some axes, computed from given digits of the base codes.
struct RowNumbers<'a> {
    codes: Vec<(Cow<'a, Integers>, Vec<u32>)>,
    /// Contribution of axes that the year lacks.
    constant: u32,
}

impl<'a> RowNumbers<'a> {
    fn new(axes: &'a [Axis], digits: &[(&[u32], u32)], frame: &'a Frame, nth: usize) -> Result<Self> {
        let (mut codes, mut constant, mut stride) = (Vec::new(), 0, 1);
        for (axis, (digits, cardinality)) in axes.iter().zip(digits).rev() {
            match axis.base.codes(frame, nth)? {
                Some(of_row) => codes.push((of_row, digits.iter().map(|digit| digit * stride).collect())),
                None => constant += digits[0] * stride,
            }
            stride *= cardinality;
        }
        Ok(Self { codes, constant })
    }

    /// Writes the numbers of the rows from `start` on.
    fn locate(&self, numbers: &mut [u32], start: usize) {
        numbers.fill(self.constant);
        self.codes.iter().for_each(|(codes, table)| add_factor(numbers, &Factor::Table(codes, table.into()), start));
    }
}
