//! Counted groups of a table in one year, and the result columns built from them.

use arrow::buffer::ScalarBuffer;
use rayon::prelude::*;

use super::digit::Digit;
use super::kernel::{append_matching, digits_of};
use super::{Axis, GroupedCounts};

/// Maximum number of counters for which groups are laid out densely, so that they stay in cache.
const DENSE: u64 = 1 << 22;

/// Number of groups written at a time.
const GROUPS_AT_ONCE: usize = 256;

/// Group indices: the position of each group's counters.
pub(super) struct GroupIndex {
    /// Group index of each source cell or group.
    indices: Vec<u32>,
    /// Group numbers, ascending; `None` where each group's index is its number.
    numbers: Option<Vec<u64>>,
    groups: usize,
}

impl GroupIndex {
    /// Checks whether up to `groups` groups of `width` counters are laid out densely.
    pub(super) fn are_dense(groups: u64, width: usize) -> bool {
        groups.saturating_mul(width as u64) <= DENSE
    }

    /// Uses the numbers of `groups` groups as their indices.
    pub(super) fn dense(indices: Vec<u32>, groups: usize) -> Self {
        Self { indices, numbers: None, groups }
    }

    /// Assigns an index to each group that occurs.
    pub(super) fn sparse(occurring: &[u64]) -> Self {
        let mut numbers = occurring.to_vec();
        numbers.par_sort_unstable();
        numbers.dedup();
        let indices = occurring.par_iter().map(|number| numbers.partition_point(|n| n < number) as u32).collect();
        Self { indices, groups: numbers.len(), numbers: Some(numbers) }
    }

    /// Returns the number of indexed groups.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// Returns the group index of each source cell or group.
    pub(super) fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// Returns the index of the group with this number.
    pub(super) fn index_of(&self, number: u64) -> u32 {
        self.numbers.as_ref().map_or(number, |numbers| numbers.partition_point(|n| *n < number) as u64) as u32
    }
}

/// Table of one year.
#[derive(Clone)]
pub(super) struct GroupTable {
    counters: Vec<u64>,
    width: usize,
    /// Strides: from one group to the next, and from one counter of a group to the next.
    strides: (usize, usize),
    /// Indices of the groups that have rows, in the order of their numbers.
    groups: Vec<u32>,
    /// Digits of these groups' numbers, digit by digit.
    digits: Vec<Vec<u32>>,
}

impl GroupTable {
    /// Keeps the groups whose first of `width` counters is not 0; `cardinalities` has one for each digit of a group
    /// number.
    pub(super) fn new(index: GroupIndex, counters: Vec<u64>, width: usize, cardinalities: &[usize]) -> Self {
        Self::with_strides(index, counters, width, (width, 1), cardinalities)
    }

    /// Creates a table from counters laid out lane by lane; see [`GroupTable::new`].
    pub(super) fn of_lanes(index: GroupIndex, counters: Vec<u64>, width: usize, cardinalities: &[usize]) -> Self {
        let strides = (1, index.groups);
        Self::with_strides(index, counters, width, strides, cardinalities)
    }

    fn with_strides(
        index: GroupIndex,
        counters: Vec<u64>,
        width: usize,
        strides: (usize, usize),
        cardinalities: &[usize],
    ) -> Self {
        let is_there = |group: usize| counters[group * strides.0] > 0;
        let mut groups = Vec::new();
        append_matching(0..index.groups, is_there, &mut groups);
        let digits = match index.numbers {
            None => digits_of(groups.clone(), cardinalities),
            Some(numbers) => {
                let mut stride = 1;
                let digit = |cardinality: &usize| {
                    let digit = |group: &u32| (numbers[*group as usize] / stride % *cardinality as u64) as u32;
                    let digits = groups.iter().map(digit).collect();
                    stride *= *cardinality as u64;
                    digits
                };
                let mut digits: Vec<Vec<u32>> = cardinalities.iter().rev().map(digit).collect();
                digits.reverse();
                digits
            }
        };
        Self { counters, width, strides, groups, digits }
    }

    /// Returns the number of counters per group.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Returns the indices of the groups that have rows.
    pub(super) fn groups(&self) -> &[u32] {
        &self.groups
    }

    /// Returns the digits of these groups' numbers, digit by digit.
    pub(super) fn digits(&self) -> &[Vec<u32>] {
        &self.digits
    }

    /// Returns the counters of the group at an index.
    pub(super) fn counters(&self, group: u32) -> impl Iterator<Item = u64> {
        (0..self.width).map(move |lane| self.counters[group as usize * self.strides.0 + lane * self.strides.1])
    }

    fn write(&self, digits: &[Digit], counter_of: &[Option<usize>], part: &mut YearColumns<'_>) {
        let of_axis =
            digits.iter().zip(&self.digits).flat_map(|(digit, of)| digit.positions.iter().map(move |p| (p, of)));
        for (keys, (positions, of_group)) in part.keys.iter_mut().zip(of_axis) {
            keys.iter_mut().zip(of_group).for_each(|(key, digit)| *key = positions[*digit as usize]);
        }
        // Write a few groups at a time. Their counters stay in cache while lane after lane is written.
        for (at, groups) in self.groups.chunks(GROUPS_AT_ONCE).enumerate() {
            for (counts, lane) in part.counts.iter_mut().zip(counter_of) {
                let Some(lane) = lane else { continue };
                let counters = self.counters.get(lane * self.strides.1..).unwrap_or_default();
                let counter = |group: &u32| counters[*group as usize * self.strides.0];
                counts[at * GROUPS_AT_ONCE..].iter_mut().zip(groups).for_each(|(count, group)| *count = counter(group));
            }
        }
    }
}

/// Part of a table's columns that belongs to one year.
struct YearColumns<'a> {
    keys: Vec<&'a mut [u32]>,
    counts: Vec<&'a mut [u64]>,
}

/// Table of one year, with its year, the digits that number its groups, and the counter of each lane; `None` for a
/// lane that counted nothing.
pub(super) type DatedTable<'a> = (i16, &'a GroupTable, &'a [Digit], &'a [Option<usize>]);

/// Joins the tables of all years into one grouping by `axes` with `lanes` lanes.
pub(super) fn join_years(axes: Vec<Axis>, lanes: usize, tables: &[DatedTable<'_>]) -> GroupedCounts {
    let rows: usize = tables.iter().map(|(_, table, ..)| table.groups.len()).sum();
    let years = tables.iter().flat_map(|(year, table, ..)| std::iter::repeat_n(*year, table.groups.len()));
    let years: ScalarBuffer<i16> = years.collect::<Vec<_>>().into();
    let mut keys: Vec<Vec<u32>> = axes.iter().map(|_| vec![0; rows]).collect();
    let is_counted =
        |lane: usize| tables.iter().any(|(.., counter_of)| counter_of.get(lane).is_some_and(Option::is_some));
    let counted: Vec<bool> = (0..lanes).map(is_counted).collect();
    let mut counts: Vec<Vec<u64>> = counted.iter().map(|is| vec![0; if *is { rows } else { 0 }]).collect();
    let mut key_rests: Vec<&mut [u32]> = keys.iter_mut().map(Vec::as_mut_slice).collect();
    let mut count_rests: Vec<&mut [u64]> = counts.iter_mut().map(Vec::as_mut_slice).collect();
    let parts: Vec<YearColumns<'_>> = (tables.iter())
        .map(|(_, table, ..)| YearColumns {
            keys: cut(&mut key_rests, table.groups.len()),
            counts: cut(&mut count_rests, table.groups.len()),
        })
        .collect();
    let parts = tables.par_iter().zip(parts);
    parts.for_each(|((_, table, digits, counter_of), mut part)| table.write(digits, counter_of, &mut part));
    let keys = keys.into_iter().map(ScalarBuffer::from).collect();
    // Lanes that no year counted share one column of zeros.
    let nothing = ScalarBuffer::from(vec![0; if counted.contains(&false) { rows } else { 0 }]);
    let columns = counts.into_iter().zip(counted);
    let counts = columns.map(|(column, is)| if is { column.into() } else { nothing.clone() }).collect();
    GroupedCounts { axes, years, keys, counts }
}

/// Splits off the next `rows` of each of `columns`, which are advanced past them.
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
