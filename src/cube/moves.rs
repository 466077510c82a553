//! What moved from where to where between neighbouring years: each thing has a state in either year, found at its id;
//! no hashing, no sorting.

use std::borrow::Cow;

use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use super::{Axis, Counted, DENSE, Part, Values, combinations};
use crate::error::Result;
use crate::job::{self, Job};
use crate::roster::{Frame, with_integers};

/// So many states, and groups of things, are told apart; a group, a state and another fit into 64 bits.
const MOST_STATES: u64 = 1 << 15;
const MOST_GROUPS: u64 = u32::MAX as u64 - 1;

/// So many counters are looked at together.
const SOME: usize = 16;

/// The things of one year that may move: ascending ids, and for each the row of the frame that stands for it.
pub(crate) struct Things<'a> {
    pub(crate) ids: Cow<'a, [u32]>,
    /// `None` where thing and row are the same.
    pub(crate) rows: Option<Vec<u32>>,
    /// Which are counted at all; of two years the earlier one decides.
    pub(crate) counted: Option<BooleanBuffer>,
}

/// For each pair of neighbouring calendar years in `frames`: how many things of each group of `by` moved from each
/// value of `of` to each. Who is not in one of the two years is there as `absent`; a gap of two years is no move. The
/// group is that of the earlier year, for arrivals that of the later. The result's year is the earlier one.
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
    let walk = Walk { frames, things, of, by, states: &states, groups, ids };
    let parts = match states.present {
        0..=0xfe => walk.all::<u8>(&steps, job)?,
        0xff..=0xfffe => walk.all::<u16>(&steps, job)?,
        _ => walk.all::<u32>(&steps, job)?,
    };
    let next =
        of.iter().zip(&states.values).map(|(axis, values)| state_axis(axis, format!("next_{}", axis.name), values));
    let axes = by.iter().cloned();
    let axes =
        axes.chain(of.iter().zip(&states.values).map(|(axis, values)| state_axis(axis, axis.name.clone(), values)));
    let years = steps.iter().map(|t| frames[t - 1].year);
    Ok(Counted::new(axes.chain(next).collect(), years.zip(parts).collect()))
}

fn state_axis(axis: &Axis, name: String, values: &Values) -> Axis {
    Axis { name, values: values.clone(), ..axis.clone() }
}

/// The combinations of values of the axes `of`, and to be absent.
struct States {
    /// The values of each axis, to be absent among them.
    values: Vec<Values>,
    /// For each axis and base code the digit of a state, and how many digits there are.
    digits: Vec<(Vec<u32>, u32)>,
    /// How many states there are besides absence, whose number this is.
    present: u32,
    /// For each state, absence the last, its rank in the order of the axes' values.
    ranks: Vec<u32>,
    /// For each rank the position of the value on each axis.
    positions: Vec<Vec<u32>>,
}

impl States {
    fn new(of: &[Axis], absent: &str) -> Result<Self> {
        let mut values = Vec::with_capacity(of.len());
        let mut digits = Vec::with_capacity(of.len());
        let mut digit_positions: Vec<Vec<u32>> = Vec::with_capacity(of.len());
        let mut gone = Vec::with_capacity(of.len());
        for axis in of {
            let mut all = axis.values.clone();
            let before = all.len() as u32;
            if let Values::Text(texts) = &mut all {
                texts.push(absent.to_owned());
            }
            let null = all.len() as u32;
            // A value that cannot be absent has no row then.
            gone.push(if null > before { before } else { null });
            let position = |at: &u32| if *at == before { null } else { *at };
            let mut reached: Vec<u32> = axis.map.iter().map(position).collect();
            reached.sort_unstable();
            reached.dedup();
            let digit = |at: &u32| reached.binary_search(&position(at)).unwrap_or(0) as u32;
            digits.push((axis.map.iter().map(digit).collect(), reached.len() as u32));
            digit_positions.push(reached);
            values.push(all);
        }
        let present = combinations(digits.iter().map(|(_, card)| u64::from(*card)), MOST_STATES)? as u32;
        let mut of_state: Vec<Vec<u32>> = vec![Vec::new()];
        for reached in &digit_positions {
            let longer = |state: &Vec<u32>| reached.iter().map(|at| [&state[..], &[*at]].concat()).collect::<Vec<_>>();
            of_state = of_state.iter().flat_map(longer).collect();
        }
        of_state.push(gone);
        let mut sorted = of_state.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let ranks = of_state.iter().map(|state| sorted.binary_search(state).unwrap_or(0) as u32).collect();
        Ok(Self { values, digits, present, ranks, positions: sorted })
    }
}

/// A number of a state.
trait State: Copy + PartialEq + Send + Sync {
    fn of(number: u32) -> Self;
    fn number(self) -> usize;
}

macro_rules! state {
    ($($ty:ty),*) => {$(
        impl State for $ty {
            fn of(number: u32) -> Self {
                number as Self
            }
            fn number(self) -> usize {
                self as usize
            }
        }
    )*};
}
state!(u8, u16, u32);

/// One year.
struct Side<T> {
    /// For each id the state of its thing.
    states: Vec<T>,
    /// For each thing its group, and one more.
    groups: Vec<u32>,
}

struct Walk<'a> {
    frames: &'a [&'a Frame],
    things: &'a [Things<'a>],
    of: &'a [Axis],
    by: &'a [Axis],
    states: &'a States,
    /// How many groups there are; what is not counted is in one beyond.
    groups: u32,
    /// How many ids there may be.
    ids: usize,
}

impl Walk<'_> {
    /// What moved in each of `steps`: runs of them side by side, so that a year is mostly looked at once.
    fn all<T: State>(&self, steps: &[usize], job: &dyn Job) -> Result<Vec<Part>> {
        let run = steps.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts = steps.par_chunks(run).map(|steps| {
            let mut last: Option<(usize, Side<T>)> = None;
            let mut counters = Vec::new();
            let part = |t: &usize| {
                job::check(job)?;
                let earlier = match last.take() {
                    Some((at, side)) if at == t - 1 => side,
                    _ => self.side(t - 1)?,
                };
                let later = self.side(*t)?;
                let part = self.count(&earlier, &later, &mut counters);
                last = Some((*t, later));
                Ok(part)
            };
            steps.iter().map(part).collect::<Result<Vec<_>>>()
        });
        Ok(parts.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn side<T: State>(&self, nth: usize) -> Result<Side<T>> {
        let things = &self.things[nth];
        let maps: Vec<_> = self.states.digits.iter().map(|(digits, card)| (&digits[..], *card)).collect();
        let numbers = self.numbers(nth, self.of, &maps)?;
        let mut states = vec![T::of(self.states.present); self.ids];
        for (id, number) in things.ids.iter().zip(numbers) {
            states[*id as usize] = T::of(number);
        }
        let maps: Vec<_> = self.by.iter().map(|axis| (&axis.map[..], axis.values.len() as u32 + 1)).collect();
        let mut groups = self.numbers(nth, self.by, &maps)?;
        if let Some(counted) = &things.counted {
            groups.iter_mut().zip(counted).filter(|(_, counted)| !counted).for_each(|(group, _)| *group = self.groups);
        }
        groups.push(self.groups);
        Ok(Side { states, groups })
    }

    /// For each thing the number that its values on `axes` make, whose base codes have these digits.
    fn numbers(&self, nth: usize, axes: &[Axis], digits: &[(&[u32], u32)]) -> Result<Vec<u32>> {
        let things = &self.things[nth];
        let mut numbers = vec![0; things.ids.len()];
        for (axis, (digits, card)) in axes.iter().zip(digits) {
            let Some(codes) = axis.base.codes(self.frames[nth], nth)? else {
                for number in &mut numbers {
                    *number = *number * card + digits[0];
                }
                continue;
            };
            with_integers!(codes.as_ref(), codes => match &things.rows {
                None => {
                    for (number, code) in numbers.iter_mut().zip(codes) {
                        *number = *number * card + digits[*code as usize];
                    }
                }
                Some(rows) => {
                    for (number, row) in numbers.iter_mut().zip(rows) {
                        *number = *number * card + digits[codes[*row as usize] as usize];
                    }
                }
            });
        }
        Ok(numbers)
    }

    /// The moves from `earlier` to `later`, by group, rank before and rank after. The `counters` are 0, before and after.
    fn count<T: State>(&self, earlier: &Side<T>, later: &Side<T>, counters: &mut Vec<u32>) -> Part {
        let ranks = self.states.positions.len() as u64;
        let cells = u64::from(self.groups + 1).saturating_mul(ranks * ranks);
        let rows = (earlier.groups.len() + later.groups.len()) as u64;
        let counted = u64::from(self.groups).saturating_mul(ranks * ranks);
        if cells <= DENSE.max(4 * rows) {
            counters.resize(cells as usize, 0);
            self.visit(earlier, later, |cell| counters[cell as usize] += 1);
            let (counters, others) = counters.split_at_mut(counted as usize);
            others.fill(0);
            // Most counters are 0.
            let some = counters.chunks_mut(SOME).enumerate().filter(|(_, some)| some.iter().fold(0, |a, b| a | b) > 0);
            let found = some.flat_map(|(at, some)| (at * SOME..).zip(some)).filter(|(_, count)| **count > 0);
            let found = found.map(|(cell, count)| (cell as u64, std::mem::take(count)));
            self.part(&found.collect::<Vec<_>>())
        } else {
            let mut moves = Vec::with_capacity(rows as usize);
            self.visit(earlier, later, |cell| moves.push(cell));
            moves.retain(|cell| *cell < counted);
            moves.par_sort_unstable();
            let same = moves.chunk_by(|a, b| a == b);
            self.part(&same.map(|same| (same[0], same.len() as u32)).collect::<Vec<_>>())
        }
    }

    /// Visits the cell of each thing of either year; cells of groups that do not count are beyond all others.
    #[inline]
    fn visit<T: State>(&self, earlier: &Side<T>, later: &Side<T>, mut visit: impl FnMut(u64)) {
        let ranks = self.states.positions.len() as u64;
        let absent = T::of(self.states.present);
        let to: Vec<u64> = self.states.ranks.iter().map(|rank| u64::from(*rank)).collect();
        let from: Vec<u64> = to.iter().map(|rank| rank * ranks).collect();
        let (mut left, mut right) = (0, 0);
        // Who is there in which year cannot be foreseen: no branch depends on it.
        for (before, after) in earlier.states.iter().zip(&later.states) {
            let (was, is) = (*before != absent, *after != absent);
            // Behind the last thing stands the group of those that do not count.
            let (left_here, arrived) = (earlier.groups[left], if is { later.groups[right] } else { self.groups });
            let group = if was { left_here } else { arrived };
            visit(u64::from(group) * (ranks * ranks) + from[before.number()] + to[after.number()]);
            left += usize::from(was);
            right += usize::from(is);
        }
    }

    /// The moves of `cells`, which ascend, with their counts.
    fn part(&self, cells: &[(u64, u32)]) -> Part {
        let ranks = self.states.positions.len() as u64;
        let mut groups = Vec::with_capacity(cells.len());
        let mut before = Vec::with_capacity(cells.len());
        let mut after = Vec::with_capacity(cells.len());
        for (cell, _) in cells {
            let group = cell / (ranks * ranks);
            let states = (cell - group * (ranks * ranks)) as u32;
            groups.push(group as u32);
            before.push(states / ranks as u32);
            after.push(states % ranks as u32);
        }
        let mut keys = vec![Vec::new(); self.by.len()];
        for (keys, axis) in keys.iter_mut().zip(self.by).rev() {
            let card = axis.values.len() as u32 + 1;
            *keys = groups.iter().map(|group| group % card).collect();
            for group in &mut groups {
                *group /= card;
            }
        }
        for ranks in [before, after] {
            for axis in 0..self.of.len() {
                let of_rank: Vec<u32> = self.states.positions.iter().map(|positions| positions[axis]).collect();
                keys.push(ranks.iter().map(|rank| of_rank[*rank as usize]).collect());
            }
        }
        Part { keys, counts: vec![cells.iter().map(|(_, count)| u64::from(*count)).collect()] }
    }
}
