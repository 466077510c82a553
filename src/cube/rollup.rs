//! Tables out of the cells of all bases: each is rolled up from the smallest table that tells its groups apart, so that
//! most never look at the cells.

use rayon::prelude::*;

use super::cells::BaseDigit;
use super::{Axis, Base, DENSE, Part, combinations};
use crate::error::Result;

/// How a table is rolled up.
pub(super) struct Plan {
    /// The table that it is rolled up from, by its position; `None` for the cells.
    from: Option<usize>,
    digits: Vec<Digit>,
    /// How many groups there may be.
    groups: u64,
    /// How many axes the table has.
    axes: usize,
}

/// Neighbouring axes over one base: together they are one digit of a group's number.
struct Digit {
    /// Which of the keys of the source tells.
    key: usize,
    /// For each value of that key the digit.
    of_key: Vec<u32>,
    /// For each digit, ascending, the position of its value on each of the axes.
    positions: Vec<Vec<u32>>,
}

/// Neighbouring axes over one base, and for each of its codes the digit.
struct Group<'a> {
    base: &'a Base,
    of_code: Vec<u32>,
    positions: Vec<Vec<u32>>,
}

impl<'a> Group<'a> {
    fn all(axes: &'a [Axis]) -> Vec<Self> {
        axes.chunk_by(|a, b| a.base.same(&b.base)).map(Self::new).collect()
    }

    fn new(axes: &'a [Axis]) -> Self {
        if let [Axis { base, map, values, .. }] = axes {
            let positions = (0..=values.len() as u32).map(|at| vec![at]).collect();
            return Self { base, of_code: map.clone(), positions };
        }
        let codes = axes[0].map.len();
        let of = |code: usize| axes.iter().map(|axis| axis.map[code]).collect::<Vec<_>>();
        let all: Vec<Vec<u32>> = (0..codes).map(of).collect();
        let mut positions = all.clone();
        positions.sort_unstable();
        positions.dedup();
        let of_code = all.iter().map(|at| positions.binary_search(at).unwrap_or(0) as u32).collect();
        Self { base: &axes[0].base, of_code, positions }
    }

    /// For each value of `axis` the digit, where it tells that.
    fn of_axis(&self, axis: &Axis) -> Option<Vec<u32>> {
        const NONE: u32 = u32::MAX;
        if !axis.base.same(self.base) {
            return None;
        }
        let mut of_axis = vec![NONE; axis.values.len() + 1];
        for (at, digit) in axis.map.iter().zip(&self.of_code) {
            let known = &mut of_axis[*at as usize];
            if *known != NONE && *known != *digit {
                return None;
            }
            *known = *digit;
        }
        // Values that no row can have.
        Some(of_axis.into_iter().map(|digit| if digit == NONE { 0 } else { digit }).collect())
    }
}

/// How each of `sets` is rolled up.
pub(super) fn plans(sets: &[Vec<Axis>], cells: &[BaseDigit<'_>]) -> Result<Vec<Plan>> {
    let groups: Vec<Vec<Group<'_>>> = sets.iter().map(|axes| Group::all(axes)).collect();
    let size = |set: usize| groups[set].iter().map(|g| g.positions.len() as u64).fold(1, u64::saturating_mul);
    let plan = |set: usize| {
        let from = |source: usize| {
            let digit = |group: &Group<'_>| {
                let found = sets[source].iter().enumerate().find_map(|(key, axis)| Some((key, group.of_axis(axis)?)));
                found.map(|(key, of_key)| Digit { key, of_key, positions: group.positions.clone() })
            };
            groups[set].iter().map(digit).collect::<Option<Vec<_>>>()
        };
        // Of two that tell the same, the first; so no two are rolled up from one another.
        let mut larger: Vec<usize> = (0..sets.len()).filter(|s| (size(*s), set) > (size(set), *s)).collect();
        larger.sort_by_key(|s| size(*s));
        let found = larger.into_iter().find_map(|source| Some((Some(source), from(source)?)));
        let (from, digits) = found.unwrap_or_else(|| {
            let digit = |group: &Group<'_>| {
                let key = cells.iter().position(|digit| digit.base.same(group.base)).unwrap_or_default();
                let mut of_key = vec![0; cells[key].card as usize];
                for (digit, of_code) in cells[key].of_code.iter().zip(&group.of_code) {
                    of_key[*digit as usize] = *of_code;
                }
                Digit { key, of_key, positions: group.positions.clone() }
            };
            (None, groups[set].iter().map(digit).collect())
        });
        let groups = combinations(digits.iter().map(|digit| digit.positions.len() as u64), u64::MAX)?;
        Ok(Plan { from, digits, groups, axes: sets[set].len() })
    };
    (0..sets.len()).map(plan).collect()
}

/// The tables of `plans` out of the `cells` of one frame.
pub(super) fn roll_up(plans: &[Plan], cells: &Part) -> Vec<Part> {
    let mut parts: Vec<Option<Part>> = plans.iter().map(|_| None).collect();
    // Sources are larger, so this ends.
    while parts.iter().any(Option::is_none) {
        for (at, plan) in plans.iter().enumerate() {
            let source = plan.from.map_or(Some(cells), |from| parts[from].as_ref());
            if parts[at].is_none()
                && let Some(source) = source
            {
                parts[at] = Some(plan.part(source));
            }
        }
    }
    parts.into_iter().flatten().collect()
}

impl Plan {
    fn part(&self, source: &Part) -> Part {
        let rows = source.counts.first().map_or(0, Vec::len);
        let mut numbers = vec![0_u64; rows];
        for digit in &self.digits {
            let card = digit.positions.len() as u64;
            for (number, key) in numbers.iter_mut().zip(&source.keys[digit.key]) {
                *number = *number * card + u64::from(digit.of_key[*key as usize]);
            }
        }
        let (groups, place) = ranked(&numbers, self.groups);
        let mut keys = Vec::with_capacity(self.axes);
        let mut stride = self.groups;
        for Digit { positions, .. } in &self.digits {
            let card = positions.len() as u64;
            stride /= card;
            let digits: Vec<u32> = groups.iter().map(|group| (group / stride % card) as u32).collect();
            for axis in 0..positions.first().map_or(0, Vec::len) {
                let of_digit: Vec<u32> = positions.iter().map(|position| position[axis]).collect();
                keys.push(digits.iter().map(|digit| of_digit[*digit as usize]).collect());
            }
        }
        let sums = |lane: &Vec<u64>| {
            let mut sums = vec![0; groups.len()];
            for (count, place) in lane.iter().zip(&place) {
                sums[*place as usize] += count;
            }
            sums
        };
        Part { keys, counts: source.counts.iter().map(sums).collect() }
    }
}

/// The distinct values of `keys` (all below `total`), ascending, and for each key its place among them.
fn ranked(keys: &[u64], total: u64) -> (Vec<u64>, Vec<u32>) {
    if total > DENSE.max(4 * keys.len() as u64) {
        let mut distinct = keys.to_vec();
        distinct.par_sort_unstable();
        distinct.dedup();
        let place = keys.iter().map(|key| distinct.partition_point(|k| k < key) as u32).collect();
        return (distinct, place);
    }
    let mut place = vec![u32::MAX; total as usize];
    for key in keys {
        place[*key as usize] = 0;
    }
    let mut distinct = Vec::new();
    for (key, place) in place.iter_mut().enumerate().filter(|(_, place)| **place == 0) {
        *place = distinct.len() as u32;
        distinct.push(key as u64);
    }
    let of_key = keys.iter().map(|key| place[*key as usize]).collect();
    (distinct, of_key)
}
