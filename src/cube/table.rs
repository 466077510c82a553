//! What was counted in the groups of a table in one year, group by group, and the columns made of it.

use arrow::buffer::ScalarBuffer;
use rayon::prelude::*;

use super::kernel::{digits_of, picked};
use super::rollup::Digit;
use super::{Axis, Counted};

/// Groups are laid out densely as long as their counters are no more than these, so that they stay in the processor's cache.
const DENSE: u64 = 1 << 22;

/// So many groups are written together.
const SOME: usize = 256;

/// Where the counters of groups stand.
pub(super) struct Places {
    /// Of each thing that belongs to a group.
    each: Vec<u32>,
    /// The numbers of the groups, ascending; `None` where a group stands at its number.
    known: Option<Vec<u64>>,
    groups: usize,
}

impl Places {
    /// Whether groups of which there may be so many stand at their numbers.
    pub(super) fn are_dense(groups: u64, width: usize) -> bool {
        groups.saturating_mul(width as u64) <= DENSE
    }

    /// Each group at its number, of which there are so many.
    pub(super) fn dense(each: Vec<u32>, groups: usize) -> Self {
        Self { each, known: None, groups }
    }

    /// A place for each group that there is.
    pub(super) fn sparse(numbers: &[u64]) -> Self {
        let mut known = numbers.to_vec();
        known.par_sort_unstable();
        known.dedup();
        let each = numbers.par_iter().map(|number| known.partition_point(|k| k < number) as u32).collect();
        Self { each, groups: known.len(), known: Some(known) }
    }

    /// How many groups have a place.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// The place of each thing's group.
    pub(super) fn each(&self) -> &[u32] {
        &self.each
    }

    /// The place of a group.
    pub(super) fn of(&self, number: u64) -> u32 {
        self.known.as_ref().map_or(number, |known| known.partition_point(|k| *k < number) as u64) as u32
    }
}

/// A table of one year.
#[derive(Clone)]
pub(super) struct Table {
    counters: Vec<u64>,
    width: usize,
    /// From the counters of a place to those of the next, and from a counter of a place to its next.
    steps: (usize, usize),
    /// The places of the groups that have rows, in the order of their numbers.
    groups: Vec<u32>,
    /// For each digit of the numbers that of each of these groups.
    digits: Vec<Vec<u32>>,
}

impl Table {
    /// The groups of which the first of the `width` counters is not 0; their numbers have digits of these `cards`.
    pub(super) fn new(places: Places, counters: Vec<u64>, width: usize, cards: &[usize]) -> Self {
        Self::with(places, counters, width, (width, 1), cards)
    }

    /// The same of counters that stand lane by lane.
    pub(super) fn of_lanes(places: Places, counters: Vec<u64>, width: usize, cards: &[usize]) -> Self {
        let steps = (1, places.groups);
        Self::with(places, counters, width, steps, cards)
    }

    fn with(places: Places, counters: Vec<u64>, width: usize, steps: (usize, usize), cards: &[usize]) -> Self {
        let is_there = |place: usize| counters[place * steps.0] > 0;
        let mut groups = Vec::new();
        picked(0..places.groups, is_there, &mut groups);
        let digits = match places.known {
            None => digits_of(groups.clone(), cards),
            Some(known) => {
                let mut stride = 1;
                let digit = |card: &usize| {
                    let digit = |place: &u32| (known[*place as usize] / stride % *card as u64) as u32;
                    let digits = groups.iter().map(digit).collect();
                    stride *= *card as u64;
                    digits
                };
                let mut digits: Vec<Vec<u32>> = cards.iter().rev().map(digit).collect();
                digits.reverse();
                digits
            }
        };
        Self { counters, width, steps, groups, digits }
    }

    /// How many counters a group has.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The places of the groups that have rows.
    pub(super) fn groups(&self) -> &[u32] {
        &self.groups
    }

    /// For each digit of the groups' numbers that of each of them.
    pub(super) fn digits(&self) -> &[Vec<u32>] {
        &self.digits
    }

    /// The counters of the group at a place.
    pub(super) fn counters(&self, place: u32) -> impl Iterator<Item = u64> {
        (0..self.width).map(move |lane| self.counters[place as usize * self.steps.0 + lane * self.steps.1])
    }

    fn write(&self, digits: &[Digit], places: &[Option<usize>], part: &mut Columns<'_>) {
        let of_axis =
            digits.iter().zip(&self.digits).flat_map(|(digit, of)| digit.positions.iter().map(move |p| (p, of)));
        for (keys, (positions, of_group)) in part.keys.iter_mut().zip(of_axis) {
            keys.iter_mut().zip(of_group).for_each(|(key, digit)| *key = positions[*digit as usize]);
        }
        // Some groups at a time, whose counters stay near while lane after lane is written.
        for (at, groups) in self.groups.chunks(SOME).enumerate() {
            for (counts, lane) in part.counts.iter_mut().zip(places) {
                let Some(lane) = lane else { continue };
                let counters = self.counters.get(lane * self.steps.1..).unwrap_or_default();
                let counter = |group: &u32| counters[*group as usize * self.steps.0];
                counts[at * SOME..].iter_mut().zip(groups).for_each(|(count, group)| *count = counter(group));
            }
        }
    }
}

/// The part of a table's columns that is of one year.
struct Columns<'a> {
    keys: Vec<&'a mut [u32]>,
    counts: Vec<&'a mut [u64]>,
}

/// A table of one year, with what its groups are numbered by and the counter of each lane; `None` for one that counted nothing.
pub(super) type OfYear<'a> = (i16, &'a Table, &'a [Digit], &'a [Option<usize>]);

/// The tables of all years, of `lanes` in a grouping by `axes`, as one.
pub(super) fn joined(axes: Vec<Axis>, lanes: usize, tables: &[OfYear<'_>]) -> Counted {
    let rows: usize = tables.iter().map(|(_, table, ..)| table.groups.len()).sum();
    let years = tables.iter().flat_map(|(year, table, ..)| std::iter::repeat_n(*year, table.groups.len()));
    let years: ScalarBuffer<i16> = years.collect::<Vec<_>>().into();
    let mut keys: Vec<Vec<u32>> = axes.iter().map(|_| vec![0; rows]).collect();
    let is_counted = |lane: usize| tables.iter().any(|(.., places)| places.get(lane).is_some_and(Option::is_some));
    let counted: Vec<bool> = (0..lanes).map(is_counted).collect();
    let mut counts: Vec<Vec<u64>> = counted.iter().map(|is| vec![0; if *is { rows } else { 0 }]).collect();
    let mut key_rests: Vec<&mut [u32]> = keys.iter_mut().map(Vec::as_mut_slice).collect();
    let mut count_rests: Vec<&mut [u64]> = counts.iter_mut().map(Vec::as_mut_slice).collect();
    let parts: Vec<Columns<'_>> = (tables.iter())
        .map(|(_, table, ..)| Columns {
            keys: cut(&mut key_rests, table.groups.len()),
            counts: cut(&mut count_rests, table.groups.len()),
        })
        .collect();
    let parts = tables.par_iter().zip(parts);
    parts.for_each(|((_, table, digits, places), mut part)| table.write(digits, places, &mut part));
    let keys = keys.into_iter().map(ScalarBuffer::from).collect();
    // Lanes that no year counted are one and the same column.
    let nothing = ScalarBuffer::from(vec![0; if counted.contains(&false) { rows } else { 0 }]);
    let columns = counts.into_iter().zip(counted);
    let counts = columns.map(|(column, is)| if is { column.into() } else { nothing.clone() }).collect();
    Counted { axes, years, keys, counts }
}

/// The next `rows` of each of `columns`, which then begin behind them.
fn cut<'a, T>(columns: &mut [&'a mut [T]], rows: usize) -> Vec<&'a mut [T]> {
    let mut parts = Vec::with_capacity(columns.len());
    for column in columns {
        let all = std::mem::take(column);
        let (here, rest) = all.split_at_mut(rows.min(all.len()));
        *column = rest;
        parts.push(here);
    }
    parts
}
