//! Transitions between consecutive years: looks up each entity's state in both years by its id, without hashing or
//! sorting.

use std::borrow::Cow;
use std::ops::Range;

use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use super::digit::Digit;
use super::kernel::{Factor, add};
use super::lanes::CHUNK;
use super::states::States;
use super::table::{OfYear, Places, Table, joined};
use super::{Axis, Counted, DENSE, Values, combinations};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::roster::{Frame, Integers};

/// Maximum number of groups; one more number is reserved for entities that are not counted.
const MOST_GROUPS: u64 = u32::MAX as u64 - 1;
/// Minimum number of ids per parallel task.
const TASK: usize = 1 << 17;

/// Entities of one year (organisations or party organisations) that may change state: their ids, ascending, and the
/// row that represents each.
pub(crate) struct Things<'a> {
    pub(crate) ids: Cow<'a, [u32]>,
    /// Row of each entity; `None` where entities and rows coincide.
    pub(crate) rows: Option<Vec<u32>>,
    /// Entities to count; of two years, the earlier one decides.
    pub(crate) counted: Option<BooleanBuffer>,
}

/// Counts, for each pair of consecutive calendar years in `frames`, the entities of each group of `by` by state
/// before and state after, where a state is a combination of values of `of`.
///
/// An entity missing from one of the two years has the state `absent` there. Frames separated by a missing year are
/// not paired. The group is that of the earlier year, or of the later year for arrivals. The result's year is the
/// earlier one.
pub(crate) fn moves(
    frames: &[&Frame],
    things: &[Things<'_>],
    of: &[Axis],
    by: &[Axis],
    absent: &str,
    job: &dyn Job,
) -> Result<Counted> {
    let states = States::new(of, absent)?;
    let groups = combinations(by.iter().map(|axis| axis.values.len() as u64 + 1), MOST_GROUPS)? as u32;
    let ids = things.iter().filter_map(|t| t.ids.last()).max().map_or(0, |last| *last as usize + 1);
    let steps: Vec<usize> = (1..frames.len()).filter(|t| frames[*t].year - 1 == frames[t - 1].year).collect();
    // A pair of years is split only if there are more threads than pairs.
    let pieces = rayon::current_num_threads().div_ceil(steps.len().max(1)).min(ids / TASK + 1);
    let walk = Walk { frames, things, of, by, states: &states, groups, ids, pieces };
    // Use the smallest integers: each year holds one entry per id.
    let parts = match (states.present, groups) {
        (0..=0xfe, 0..=0xfffe) => walk.all::<u8, u16>(&steps, job)?,
        (0..=0xfe, _) => walk.all::<u8, u32>(&steps, job)?,
        _ => walk.all::<u16, u32>(&steps, job)?,
    };
    let next =
        of.iter().zip(&states.values).map(|(axis, values)| state_axis(axis, format!("next_{}", axis.name), values));
    let axes = by.iter().cloned();
    let axes =
        axes.chain(of.iter().zip(&states.values).map(|(axis, values)| state_axis(axis, axis.name.clone(), values)));
    let tables = steps.iter().zip(&parts);
    let tables: Vec<OfYear<'_>> =
        tables.map(|(t, (table, digits))| (frames[t - 1].year, table, &digits[..], &[Some(0)][..])).collect();
    job::check(job)?;
    Ok(joined(axes.chain(next).collect(), 1, &tables))
}

fn state_axis(axis: &Axis, name: String, values: &Values) -> Axis {
    Axis { name, values: values.clone(), ..axis.clone() }
}

/// Integer type for the number of a state or group.
trait Number: Copy + PartialEq + Send + Sync {
    fn of(number: u32) -> Self;
    fn number(self) -> usize;
}

macro_rules! number {
    ($($ty:ty),*) => {$(
        impl Number for $ty {
            fn of(number: u32) -> Self {
                number as Self
            }
            fn number(self) -> usize {
                self as usize
            }
        }
    )*};
}
number!(u8, u16, u32);

/// One year: the state and group of the entity with each id.
struct Side<S, G> {
    states: Vec<S>,
    groups: Vec<G>,
    /// Flags of the states that occur.
    seen: Vec<bool>,
}

/// Transitions of one pair of years, and the digits that number their groups.
type Step = (Table, Vec<Digit>);

struct Walk<'a> {
    frames: &'a [&'a Frame],
    things: &'a [Things<'a>],
    of: &'a [Axis],
    by: &'a [Axis],
    states: &'a States,
    /// Number of groups; entities that are not counted get this number.
    groups: u32,
    /// Upper bound of the ids.
    ids: usize,
    /// Number of pieces into which the ids are split.
    pieces: usize,
}

impl Walk<'_> {
    /// Counts the transitions of each of `steps`. A thread takes consecutive steps, so that most years are read
    /// once.
    fn all<S: Number, G: Number>(&self, steps: &[usize], job: &dyn Job) -> Result<Vec<Step>> {
        let run = steps.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts = steps.par_chunks(run).map(|steps| {
            let mut last: Option<(usize, Side<S, G>)> = None;
            let step = |t: &usize| {
                job::check(job)?;
                let earlier = match last.take() {
                    Some((at, side)) if at == t - 1 => side,
                    _ => self.side(t - 1)?,
                };
                let later = self.side(*t)?;
                let step = self.step(&earlier, &later);
                last = Some((*t, later));
                Ok(step)
            };
            steps.iter().map(step).collect::<Result<Vec<_>>>()
        });
        Ok(parts.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn side<S: Number, G: Number>(&self, nth: usize) -> Result<Side<S, G>> {
        let things = &self.things[nth];
        let (present, frame) = (self.states.present, self.frames[nth]);
        let digits: Vec<_> = self.states.digits.iter().map(|(digits, card)| (&digits[..], *card)).collect();
        let state = Numbers::new(self.of, &digits, frame, nth)?;
        let digits: Vec<_> = self.by.iter().map(|axis| (&axis.map[..], axis.values.len() as u32 + 1)).collect();
        let group = Numbers::new(self.by, &digits, frame, nth)?;
        let mut side = Side {
            states: vec![S::of(present); self.ids],
            groups: vec![G::of(self.groups); self.ids],
            seen: vec![false; present as usize + 1],
        };
        side.seen[present as usize] = true;
        let mut put = |id: u32, thing: usize, state: u32, group: u32| {
            let counted = things.counted.as_ref().is_none_or(|counted| counted.value(thing));
            side.seen[state as usize] = true;
            side.states[id as usize] = S::of(state);
            side.groups[id as usize] = G::of(if counted { group } else { self.groups });
        };
        let (mut states, mut groups) = ([0; CHUNK], [0; CHUNK]);
        match &things.rows {
            None => {
                for (at, ids) in things.ids.chunks(CHUNK).enumerate() {
                    let start = at * CHUNK;
                    state.locate(&mut states[..ids.len()], start);
                    group.locate(&mut groups[..ids.len()], start);
                    for (at, (id, (state, group))) in ids.iter().zip(states.iter().zip(&groups)).enumerate() {
                        put(*id, start + at, *state, *group);
                    }
                }
            }
            Some(rows) => {
                for (thing, (id, row)) in things.ids.iter().zip(rows).enumerate() {
                    state.locate(&mut states[..1], *row as usize);
                    group.locate(&mut groups[..1], *row as usize);
                    put(*id, thing, states[0], groups[0]);
                }
            }
        }
        Ok(side)
    }

    /// Counts the transitions from `earlier` to `later` by group, state before and state after.
    fn step<S: Number, G: Number>(&self, earlier: &Side<S, G>, later: &Side<S, G>) -> Step {
        let (before, mut from) = self.states.seen(&earlier.seen);
        let (after, to) = self.states.seen(&later.seen);
        let values = |axis: &Axis| Digit::at(vec![(0..=axis.values.len() as u32).collect()]);
        let (before, after) = (Digit::at(before), Digit::at(after));
        for place in &mut from {
            *place *= after.card() as u32;
        }
        let states = (before.card() * after.card()) as u32;
        let digits: Vec<Digit> = self.by.iter().map(values).chain([before, after]).collect();
        let cards: Vec<usize> = digits.iter().map(Digit::card).collect();
        let counted = u64::from(self.groups) * u64::from(states);
        let all = counted + u64::from(states);
        let absent = S::of(self.states.present);
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
                    *cell = group.number() as u64 * u64::from(states) + u64::from(from[was.number()] + to[is.number()]);
                }
                visit(cells);
            }
        };
        if all > DENSE.max(4 * self.ids as u64) {
            let mut numbers = Vec::with_capacity(self.ids);
            visit(0..self.ids, &mut |cells| numbers.extend(cells.iter().filter(|cell| **cell < counted)));
            let places = Places::sparse(&numbers);
            let mut counters = vec![0; places.groups()];
            places.each().iter().for_each(|place| counters[*place as usize] += 1);
            return (Table::new(places, counters, 1, &cards), digits);
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
        (Table::new(Places::dense(Vec::new(), counted as usize), counters.unwrap_or_default(), 1, &cards), digits)
    }
}

/// Numbers of rows on some axes, computed from given digits of the base codes.
struct Numbers<'a> {
    codes: Vec<(Cow<'a, Integers>, Vec<u32>)>,
    /// Contribution of axes that the year lacks.
    constant: u32,
}

impl<'a> Numbers<'a> {
    fn new(axes: &'a [Axis], digits: &[(&[u32], u32)], frame: &'a Frame, nth: usize) -> Result<Self> {
        let (mut codes, mut constant, mut stride) = (Vec::new(), 0, 1);
        for (axis, (digits, card)) in axes.iter().zip(digits).rev() {
            match axis.base.codes(frame, nth)? {
                Some(of_row) => codes.push((of_row, digits.iter().map(|digit| digit * stride).collect())),
                None => constant += digits[0] * stride,
            }
            stride *= card;
        }
        Ok(Self { codes, constant })
    }

    /// Writes the numbers of the rows from `start` on.
    fn locate(&self, numbers: &mut [u32], start: usize) {
        numbers.fill(self.constant);
        self.codes.iter().for_each(|(codes, table)| add(numbers, &Factor::Table(codes, table.into()), start));
    }
}
