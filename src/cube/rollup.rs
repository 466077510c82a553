//! Roll-up of tables from the cells: each table uses the smallest table that distinguishes its groups, so most
//! never read the cells.

use std::ops::AddAssign;
use std::sync::Arc;

use super::cells::{BaseDigit, CountedCells};
use super::digit::Digit;
use super::table::{GroupIndex, GroupTable};
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

/// Plans the roll-up of each of `sets`.
pub(super) fn plans(sets: &[Vec<Axis>], cells: &[BaseDigit<'_>]) -> Result<Vec<Plan>> {
    let tables: Vec<Vec<(&Base, Digit)>> = sets.iter().map(|axes| Digit::for_axes(axes)).collect();
    let size = |set: &Vec<(&Base, Digit)>| combinations(set.iter().map(|(_, d)| d.cardinality() as u64), u64::MAX);
    let sizes = tables.iter().map(size).collect::<Result<Vec<u64>>>()?;
    let of_cells: Vec<SourceDigit<'_>> = cells.iter().map(|d| (d.base, &d.of_code, d.cardinality as usize)).collect();
    let plan = |set: usize| {
        // Among tables of equal size, only the first may serve as a source. No two tables are then rolled up from
        // each other.
        let mut larger: Vec<usize> = (0..sets.len()).filter(|s| (sizes[*s], set) > (sizes[set], *s)).collect();
        larger.sort_by_key(|s| sizes[*s]);
        let from = |source: usize| {
            let digits = tables[source].iter().map(|(base, d)| (*base, &d.of_code, d.cardinality()));
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
type SourceDigit<'a> = (&'a Base, &'a Arc<[u32]>, usize);

/// Computes, for each digit of `source`, the amount each of its values adds to a group number of `table`. Returns
/// `None` if the source does not distinguish the table's groups.
fn adds(table: &[(&Base, Digit)], source: &[SourceDigit<'_>]) -> Option<Vec<Vec<u64>>> {
    let mut adds: Vec<Vec<u64>> = source.iter().map(|(.., cardinality)| vec![0; *cardinality]).collect();
    let mut stride = 1;
    for (base, digit) in table.iter().rev() {
        let same = source.iter().enumerate().filter(|(_, (other, ..))| base.same(other));
        let found = |(at, (_, of_code, cardinality)): (usize, &SourceDigit<'_>)| {
            Some((at, digit.digits_of_other(of_code, *cardinality)?))
        };
        let (at, of_source) = same.into_iter().find_map(found)?;
        adds[at].iter_mut().zip(of_source).for_each(|(add, digit)| *add += u64::from(digit) * stride);
        stride *= digit.cardinality() as u64;
    }
    Some(adds)
}

/// Cells of one year, counted row by row or already a table.
pub(super) enum YearCells<'a> {
    Counted(CountedCells<'a>),
    Table(GroupTable),
}

/// Rolls up the tables of `plans` from the `cells` of one year.
pub(super) fn roll_up(plans: &[Plan], cells: YearCells<'_>) -> Vec<GroupTable> {
    let cells = match (plans, cells) {
        ([Plan { same: true, .. }], YearCells::Table(only)) => return vec![only],
        (_, cells) => cells,
    };
    let mut tables: Vec<Option<GroupTable>> = plans.iter().map(|_| None).collect();
    // Every source is larger than its table, so the loop ends.
    while tables.iter().any(Option::is_none) {
        for (at, plan) in plans.iter().enumerate() {
            let table = match (&tables[at], plan.from) {
                (Some(_), _) => continue,
                (None, None) => match &cells {
                    YearCells::Counted(cells) => plan.of_cells(cells),
                    YearCells::Table(cells) => plan.of_table(cells),
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
    fn of_cells(&self, cells: &CountedCells<'_>) -> GroupTable {
        let (index, width) = (self.group_index(&cells.digits, cells.cells.len(), cells.width()), cells.width());
        let mut counters = vec![0; index.groups() * width];
        let of_digits = |digits: &[u32]| {
            let parts = self.adds.iter().zip(digits);
            index.index_of(parts.map(|(adds, digit)| adds[*digit as usize]).sum())
        };
        cells.add_to(index.indices(), of_digits, &mut counters);
        GroupTable::new(index, counters, width, &self.cardinalities())
    }

    fn of_table(&self, source: &GroupTable) -> GroupTable {
        if self.same {
            return source.clone();
        }
        let width = source.width();
        let index = self.group_index(source.digits(), source.groups().len(), width);
        let mut counters = vec![0; index.groups() * width];
        for (group, group_index) in source.groups().iter().zip(index.indices()) {
            let to = &mut counters[*group_index as usize * width..][..width];
            to.iter_mut().zip(source.counters(*group)).for_each(|(counter, more)| *counter += more);
        }
        GroupTable::new(index, counters, width, &self.cardinalities())
    }

    fn cardinalities(&self) -> Vec<usize> {
        self.digits.iter().map(Digit::cardinality).collect()
    }

    /// Assigns group indices to `groups` source groups with these `digits`.
    fn group_index(&self, digits: &[Vec<u32>], groups: usize, width: usize) -> GroupIndex {
        if GroupIndex::are_dense(self.groups, width) {
            GroupIndex::dense(self.numbers(digits, groups, |add| add as u32), self.groups as usize)
        } else {
            GroupIndex::sparse(&self.numbers(digits, groups, |add| add))
        }
    }

    fn numbers<T: Copy + Default + AddAssign>(
        &self,
        digits: &[Vec<u32>],
        groups: usize,
        convert: impl Fn(u64) -> T,
    ) -> Vec<T> {
        let mut numbers = vec![T::default(); groups];
        for (adds, digits) in self.adds.iter().zip(digits).filter(|(adds, _)| adds.iter().any(|add| *add > 0)) {
            let adds: Vec<T> = adds.iter().map(|add| convert(*add)).collect();
            numbers.iter_mut().zip(digits).for_each(|(number, digit)| *number += adds[*digit as usize]);
        }
        numbers
    }
}
