//! Roll-up of tables from the cells: each table uses the smallest table that distinguishes its groups, so most
//! never read the cells.

use std::ops::AddAssign;
use std::sync::Arc;

use super::cells::{BaseDigit, Counted};
use super::table::{Places, Table};
use super::{Axis, Base, combinations};
use crate::error::Result;

/// Plan for rolling up one table.
pub(super) struct Plan {
    /// Index of the source table; `None` means the cells.
    from: Option<usize>,
    /// For each digit of the source, the amount each of its values adds to a group number.
    adds: Vec<Vec<u64>>,
    /// Digits that number the groups.
    pub(super) digits: Vec<Digit>,
    /// Maximum number of groups.
    groups: u64,
    /// True if the groups are numbered exactly as those of the source.
    same: bool,
}

/// Adjacent axes over one base, combined into one digit of a group number.
pub(super) struct Digit {
    /// Position of the value on each axis, for each digit; digits ascend in the order of these values.
    pub(super) positions: Vec<Vec<u32>>,
    /// Digit of each code of the base.
    of_code: Arc<[u32]>,
}

impl Digit {
    /// Creates a digit from positions alone, axis by axis, without base codes.
    pub(super) fn at(positions: Vec<Vec<u32>>) -> Self {
        Self { positions, of_code: Arc::default() }
    }

    /// Returns the cardinality.
    pub(super) fn card(&self) -> usize {
        self.positions.first().map_or(0, Vec::len)
    }

    fn all(axes: &[Axis]) -> Vec<(&Base, Self)> {
        axes.chunk_by(|a, b| a.base.same(&b.base)).map(|axes| (&axes[0].base, Self::new(axes))).collect()
    }

    fn new(axes: &[Axis]) -> Self {
        if let [Axis { map, values, .. }] = axes {
            let positions = vec![(0..=values.len() as u32).collect()];
            return Self { positions, of_code: Arc::clone(map) };
        }
        // Radix sort of the codes by their values: stable counting sorts from the last axis to the first.
        let codes = axes[0].map.len();
        let mut order: Vec<u32> = (0..codes as u32).collect();
        for Axis { map, values, .. } in axes.iter().rev() {
            let mut starts = vec![0; values.len() + 2];
            for at in map.iter() {
                starts[*at as usize + 1] += 1;
            }
            (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
            let mut sorted = vec![0; codes];
            for code in order {
                let start = &mut starts[map[code as usize] as usize];
                sorted[*start] = code;
                *start += 1;
            }
            order = sorted;
        }
        let (mut positions, mut of_code) = (vec![Vec::new(); axes.len()], vec![0; codes]);
        for same in order.chunk_by(|a, b| axes.iter().all(|axis| axis.map[*a as usize] == axis.map[*b as usize])) {
            for code in same {
                of_code[*code as usize] = positions[0].len() as u32;
            }
            positions.iter_mut().zip(axes).for_each(|(all, axis)| all.push(axis.map[same[0] as usize]));
        }
        Self { positions, of_code: of_code.into() }
    }

    /// Maps each of the `card` digits of another list to a digit here; `others` gives that list's digit for each
    /// code. Returns `None` if the other digits do not determine the ones here.
    fn of_other(&self, others: &Arc<[u32]>, card: usize) -> Option<Vec<u32>> {
        const NONE: u32 = u32::MAX;
        if Arc::ptr_eq(others, &self.of_code) {
            return Some((0..card as u32).collect());
        }
        let mut of_other = vec![NONE; card];
        for (other, digit) in others.iter().zip(&*self.of_code) {
            let known = &mut of_other[*other as usize];
            if *known != NONE && *known != *digit {
                return None;
            }
            *known = *digit;
        }
        // Digits that no row can have map to 0.
        Some(of_other.into_iter().map(|digit| if digit == NONE { 0 } else { digit }).collect())
    }
}

/// Plans the roll-up of each of `sets`.
pub(super) fn plans(sets: &[Vec<Axis>], cells: &[BaseDigit<'_>]) -> Result<Vec<Plan>> {
    let tables: Vec<Vec<(&Base, Digit)>> = sets.iter().map(|axes| Digit::all(axes)).collect();
    let size = |set: &Vec<(&Base, Digit)>| combinations(set.iter().map(|(_, d)| d.card() as u64), u64::MAX);
    let sizes = tables.iter().map(size).collect::<Result<Vec<u64>>>()?;
    let of_cells: Vec<Source<'_>> = cells.iter().map(|d| (d.base, &d.of_code, d.card as usize)).collect();
    let plan = |set: usize| {
        // Among tables of equal size, only the first may serve as a source. No two tables are then rolled up from
        // each other.
        let mut larger: Vec<usize> = (0..sets.len()).filter(|s| (sizes[*s], set) > (sizes[set], *s)).collect();
        larger.sort_by_key(|s| sizes[*s]);
        let from = |source: usize| {
            let digits = tables[source].iter().map(|(base, d)| (*base, &d.of_code, d.card()));
            Some((Some(source), adds(&tables[set], &digits.collect::<Vec<_>>())?))
        };
        larger.into_iter().find_map(from).or_else(|| Some((None, adds(&tables[set], &of_cells)?)))
    };
    let found: Vec<_> = (0..sets.len()).map(|set| plan(set).unwrap_or_default()).collect();
    let parts = tables.into_iter().zip(sizes).zip(found);
    let plans = parts.map(|((table, groups), (from, adds))| {
        let digits = table.into_iter().map(|(_, digit)| digit).collect();
        let same = matches!(&adds[..], [adds] if adds.len() as u64 == groups && adds.iter().copied().eq(0..groups));
        Plan { from, adds, digits, groups, same }
    });
    Ok(plans.collect())
}

/// Digit of a source: its base, the digit of each code, and the cardinality.
type Source<'a> = (&'a Base, &'a Arc<[u32]>, usize);

/// Computes, for each digit of `source`, the amount each of its values adds to a group number of `table`. Returns
/// `None` if the source does not distinguish the table's groups.
fn adds(table: &[(&Base, Digit)], source: &[Source<'_>]) -> Option<Vec<Vec<u64>>> {
    let mut adds: Vec<Vec<u64>> = source.iter().map(|(.., card)| vec![0; *card]).collect();
    let mut stride = 1;
    for (base, digit) in table.iter().rev() {
        let same = source.iter().enumerate().filter(|(_, (other, ..))| base.same(other));
        let found = |(at, (_, of_code, card)): (usize, &Source<'_>)| Some((at, digit.of_other(of_code, *card)?));
        let (at, of_source) = same.into_iter().find_map(found)?;
        adds[at].iter_mut().zip(of_source).for_each(|(add, digit)| *add += u64::from(digit) * stride);
        stride *= digit.card() as u64;
    }
    Some(adds)
}

/// Cells of one year, counted row by row or already a table.
pub(super) enum Cells<'a> {
    Counted(Counted<'a>),
    Table(Table),
}

/// Rolls up the tables of `plans` from the `cells` of one year.
pub(super) fn roll_up(plans: &[Plan], cells: Cells<'_>) -> Vec<Table> {
    let cells = match (plans, cells) {
        ([Plan { same: true, .. }], Cells::Table(only)) => return vec![only],
        (_, cells) => cells,
    };
    let mut tables: Vec<Option<Table>> = plans.iter().map(|_| None).collect();
    // Every source is larger than its table, so the loop ends.
    while tables.iter().any(Option::is_none) {
        for (at, plan) in plans.iter().enumerate() {
            let table = match (&tables[at], plan.from) {
                (Some(_), _) => continue,
                (None, None) => match &cells {
                    Cells::Counted(cells) => plan.of_cells(cells),
                    Cells::Table(cells) => plan.of_table(cells),
                },
                (None, Some(from)) => match &tables[from] {
                    Some(source) => plan.of_table(source),
                    None => continue,
                },
            };
            tables[at] = Some(table);
        }
    }
    tables.into_iter().flatten().collect()
}

impl Plan {
    fn of_cells(&self, cells: &Counted<'_>) -> Table {
        let (places, width) = (self.places(&cells.digits, cells.cells.len(), cells.width()), cells.width());
        let mut counters = vec![0; places.groups() * width];
        let of_digits = |digits: &[u32]| {
            let parts = self.adds.iter().zip(digits);
            places.of(parts.map(|(adds, digit)| adds[*digit as usize]).sum())
        };
        cells.add_to(places.each(), of_digits, &mut counters);
        Table::new(places, counters, width, &self.cards())
    }

    fn of_table(&self, source: &Table) -> Table {
        if self.same {
            return source.clone();
        }
        let width = source.width();
        let places = self.places(source.digits(), source.groups().len(), width);
        let mut counters = vec![0; places.groups() * width];
        for (group, place) in source.groups().iter().zip(places.each()) {
            let to = &mut counters[*place as usize * width..][..width];
            to.iter_mut().zip(source.counters(*group)).for_each(|(counter, more)| *counter += more);
        }
        Table::new(places, counters, width, &self.cards())
    }

    fn cards(&self) -> Vec<usize> {
        self.digits.iter().map(Digit::card).collect()
    }

    /// Assigns group indices to `things` source groups with these `digits`.
    fn places(&self, digits: &[Vec<u32>], things: usize, width: usize) -> Places {
        if Places::are_dense(self.groups, width) {
            Places::dense(self.numbers(digits, things, |add| add as u32), self.groups as usize)
        } else {
            Places::sparse(&self.numbers(digits, things, |add| add))
        }
    }

    fn numbers<T: Copy + Default + AddAssign>(
        &self,
        digits: &[Vec<u32>],
        things: usize,
        of: impl Fn(u64) -> T,
    ) -> Vec<T> {
        let mut numbers = vec![T::default(); things];
        for (adds, digits) in self.adds.iter().zip(digits).filter(|(adds, _)| adds.iter().any(|add| *add > 0)) {
            let adds: Vec<T> = adds.iter().map(|add| of(*add)).collect();
            numbers.iter_mut().zip(digits).for_each(|(number, digit)| *number += adds[*digit as usize]);
        }
        numbers
    }
}
