//! Counting kernel used by every statistic: computes the cell number of each row and adds the row's contribution to
//! that cell.
//!
//! Rows are processed in chunks that stay in the nearest cache. A chunk first computes cell numbers column by
//! column, then contributions lane by lane (a lane is an aggregate input), then makes one addition per row and
//! word.

use std::borrow::Cow;
use std::ops::Range;

use super::lanes::{CHUNK, Lane, Layout};
use super::runs::ChunkRuns;
use crate::roster::{Integers, with_integers};

/// Number of counters per cell when only rows are counted. Adjacent rows often hit the same cell; rotating over
/// several counters avoids stalling on the previous add.
const COUNTERS_PER_CELL: usize = 4;
/// A one-byte counter overflows after this many rows.
const FULL: u64 = u8::MAX as u64;

/// One term of a cell number, derived from the code of each row.
pub(super) enum Factor<'a> {
    /// Code times stride.
    Codes(&'a Integers, u32),
    /// Table entry at the code.
    Table(&'a Integers, Cow<'a, [u32]>),
    /// Constant for all rows.
    All(u32),
}

/// Adds the factor's term to the cell number of each row from `start` on.
#[allow(clippy::useless_conversion, reason = "one arm of the macro is u64 already")]
pub(super) fn add_factor(numbers: &mut [u32], factor: &Factor<'_>, start: usize) {
    match factor {
        Factor::Codes(codes, stride) => with_integers!(codes, codes => {
            for (number, code) in numbers.iter_mut().zip(&codes[start..]) {
                *number += u64::from(*code) as u32 * stride;
            }
        }),
        Factor::Table(codes, table) => with_integers!(codes, codes => {
            for (number, code) in numbers.iter_mut().zip(&codes[start..]) {
                *number += table[*code as usize];
            }
        }),
        Factor::All(part) => numbers.iter_mut().for_each(|number| *number += part),
    }
}

/// Appends to `to` the elements of `all` for which `matches` holds. The loop is branch-free.
pub(super) fn append_matching(all: Range<usize>, matches: impl Fn(usize) -> bool, to: &mut Vec<u32>) {
    let mut end = to.len();
    to.resize(end + all.len(), 0);
    for at in all {
        to[end] = at as u32;
        end += usize::from(matches(at));
    }
    to.truncate(end);
}

/// Splits each of `numbers` into digits with `cardinalities`.
pub(super) fn digits_of(numbers: Vec<u32>, cardinalities: &[usize]) -> Vec<Vec<u32>> {
    let mut digits: Vec<Vec<u32>> = Vec::with_capacity(cardinalities.len());
    let mut rest = numbers;
    for cardinality in cardinalities.iter().skip(1).rev().map(|cardinality| *cardinality as u32) {
        let mut last = Vec::with_capacity(rest.len());
        for number in &mut rest {
            let above = *number / cardinality;
            last.push(*number - above * cardinality);
            *number = above;
        }
        digits.push(last);
    }
    digits.extend((!cardinalities.is_empty()).then_some(rest));
    digits.reverse();
    digits
}

/// Accumulators of all lanes in each cell.
#[derive(Default)]
pub(super) struct Accumulators {
    cells: usize,
    banks: Vec<AccumulatorBank>,
}

/// Accumulator bank: the counters of some of the lanes in each cell.
struct AccumulatorBank {
    layout: Layout,
    cells: usize,
    /// Number of counters per cell.
    width: usize,
    /// Packed words of each cell, or `COUNTERS_PER_CELL` counters per cell where only rows are counted.
    narrow: Vec<u64>,
    /// 64-bit counters into which full cells are carried; empty until the first carry.
    wide: Vec<u64>,
    /// Cells that were carried at least once.
    carried: Vec<u32>,
}

impl Accumulators {
    /// Allocates accumulators for `lanes` in `cells` cells.
    pub(super) fn new(lanes: &[Lane], cells: usize) -> Self {
        let bank = |layout: Layout| AccumulatorBank {
            cells,
            width: layout.lanes().count(),
            narrow: vec![0; cells * if layout.is_plain() { COUNTERS_PER_CELL } else { layout.words.len() }],
            wide: Vec::new(),
            carried: Vec::new(),
            layout,
        };
        Self { cells, banks: Layout::banks(lanes).into_iter().map(bank).collect() }
    }

    /// Checks whether these accumulators have the layout for `lanes` in `cells` cells.
    pub(super) fn fits(&self, lanes: &[Lane], cells: usize) -> bool {
        self.cells == cells && Layout::banks(lanes).iter().eq(self.banks.iter().map(|bank| &bank.layout))
    }

    /// Returns the lane of each counter of a cell.
    pub(super) fn lanes(&self) -> Vec<usize> {
        self.banks.iter().flat_map(|bank| bank.layout.lanes()).collect()
    }

    /// Counts `rows`, whose start is a multiple of 64, into the cells given by `factors`.
    pub(super) fn count(
        &mut self,
        rows: Range<usize>,
        factors: &[Factor<'_>],
        lanes: &[Lane],
        mut stop: impl FnMut() -> bool,
    ) {
        let aligned: Vec<Lane> = lanes.iter().map(Lane::aligned).collect();
        let mut numbers = [0_u32; CHUNK];
        let (mut piece, mut counts) = (ChunkRuns::default(), Vec::new());
        let mut start = rows.start;
        while start < rows.end && !stop() {
            let numbers = &mut numbers[..(rows.end - start).min(CHUNK)];
            numbers.fill(0);
            for factor in factors {
                add_factor(numbers, factor, start);
            }
            if piece.find(numbers) {
                self.banks.iter_mut().for_each(|bank| bank.count_runs(&piece, &aligned, start, &mut counts));
                start += numbers.len();
                continue;
            }
            for bank in &mut self.banks {
                match bank.layout.words.len() {
                    1 if bank.layout.is_plain() => bank.count_rows(numbers, &aligned[0], start),
                    1 => bank.count::<1>(numbers, &aligned, start),
                    2 => bank.count::<2>(numbers, &aligned, start),
                    3 => bank.count::<3>(numbers, &aligned, start),
                    _ => bank.count::<{ super::lanes::MAX_WORDS }>(numbers, &aligned, start),
                }
            }
            start += numbers.len();
        }
    }

    /// Adds the counts of other accumulators with the same lanes and cells.
    pub(super) fn add(&mut self, other: &Self) {
        for (bank, other) in self.banks.iter_mut().zip(&other.banks) {
            bank.add(other);
        }
    }

    /// Appends the cells in `within` that have rows, ascending. `carried` flags the carried cells, and is empty if
    /// there are none.
    pub(super) fn occupied(&self, within: Range<usize>, carried: &[bool], to: &mut Vec<u32>) {
        let Some(bank) = self.banks.first() else { return };
        if bank.layout.is_plain() {
            let (cells, _) = bank.narrow.as_chunks::<COUNTERS_PER_CELL>();
            return append_matching(within, |cell| cells[cell].iter().any(|rows| *rows > 0), to);
        }
        let words = bank.layout.words.len();
        let has_rows = |cell: usize| bank.narrow[cell * words] & FULL > 0;
        if carried.is_empty() {
            append_matching(within, has_rows, to);
        } else {
            append_matching(within, |cell| has_rows(cell) || carried[cell], to);
        }
    }

    /// Adds the counts of each of `cells` that were not carried to `counters`, laid out as [`Accumulators::lanes`] per
    /// group; `group_of` gives the group index of each cell.
    pub(super) fn add_narrow(&self, cells: &[u32], group_of: &[u32], counters: &mut [u64]) {
        let (mut at, width) = (0, self.lanes().len());
        for bank in &self.banks {
            if bank.layout.is_plain() {
                let (turns, _) = bank.narrow.as_chunks::<COUNTERS_PER_CELL>();
                let rows = cells.iter().map(|cell| turns[*cell as usize].iter().sum::<u64>());
                rows.zip(group_of).for_each(|(rows, group)| counters[*group as usize] += rows);
                continue;
            }
            let words = bank.layout.words.len();
            let narrow = cells.iter().map(|cell| &bank.narrow[*cell as usize * words..][..words]);
            let group_of = group_of.iter().map(|group| *group as usize * width + at);
            bank.layout.spread(&narrow.zip(group_of), counters);
            at += bank.width;
        }
    }

    /// Returns the cells that were carried to wide counters at least once, in no particular order.
    pub(super) fn carried(&self) -> &[u32] {
        self.banks.first().map_or(&[], |bank| &bank.carried)
    }

    /// Adds the counts carried from a cell to `counters`, laid out as [`Accumulators::lanes`].
    pub(super) fn add_carried(&self, cell: u32, counters: &mut [u64]) {
        let wide = self.banks.iter().flat_map(|bank| &bank.wide[cell as usize * bank.width..][..bank.width]);
        counters.iter_mut().zip(wide).for_each(|(counter, wide)| *counter += wide);
    }

    /// Sets all counters to 0.
    pub(super) fn clear(&mut self) {
        for bank in &mut self.banks {
            bank.narrow.fill(0);
            for cell in bank.carried.drain(..) {
                bank.wide[cell as usize * bank.width..][..bank.width].fill(0);
            }
        }
    }
}

impl AccumulatorBank {
    fn count<const WORDS: usize>(&mut self, numbers: &[u32], lanes: &[Lane], start: usize) {
        let mut additions = [[0; CHUNK]; WORDS];
        self.layout.additions(lanes, start, numbers.len(), &mut additions);
        let mut narrow = std::mem::take(&mut self.narrow);
        let (cells, _) = narrow.as_chunks_mut::<WORDS>();
        for (row, number) in numbers.iter().enumerate().take(CHUNK) {
            let Some(cell) = cells.get_mut(*number as usize) else { continue };
            cell.iter_mut().zip(&additions).for_each(|(word, more)| *word += more[row]);
            if cell[0] & FULL == FULL {
                self.carry(*number, cell);
            }
        }
        self.narrow = narrow;
    }

    /// Counts rows only, which needs no carrying.
    fn count_rows(&mut self, numbers: &[u32], rows: &Lane, start: usize) {
        let (cells, _) = self.narrow.as_chunks_mut::<COUNTERS_PER_CELL>();
        for (at, numbers) in numbers.chunks(64).enumerate() {
            let counted = rows.word(start + at * 64);
            let all = counted.count_ones() as usize == numbers.len();
            for (row, number) in numbers.iter().enumerate() {
                if let Some(turns) = cells.get_mut(*number as usize) {
                    turns[row % COUNTERS_PER_CELL] += if all { 1 } else { counted >> row & 1 };
                }
            }
        }
    }

    /// Counts rows that form runs of one cell, run by run.
    fn count_runs(&mut self, runs: &ChunkRuns, lanes: &[Lane], start: usize, counts: &mut Vec<u64>) {
        counts.clear();
        self.layout.lanes().for_each(|lane| runs.totals(&lanes[lane], &lanes[0], start, counts));
        let each = runs.cells().len();
        for (run, cell) in runs.cells().iter().enumerate().filter(|(run, _)| counts[*run] > 0) {
            if self.layout.is_plain() {
                self.narrow[*cell as usize * COUNTERS_PER_CELL] += counts[run];
                continue;
            }
            let (wide, _) = self.wide(*cell);
            wide.iter_mut().enumerate().for_each(|(at, counter)| *counter += counts[at * each + run]);
        }
    }

    /// Empties a cell into its wide counters.
    #[cold]
    fn carry(&mut self, number: u32, cell: &mut [u64]) {
        let (wide, layout) = self.wide(number);
        layout.spread(&std::iter::once((&*cell, 0)), wide);
        cell.fill(0);
    }

    /// Returns the wide counters of a cell and records the cell as carried.
    fn wide(&mut self, number: u32) -> (&mut [u64], &Layout) {
        if self.wide.is_empty() {
            self.wide = vec![0; self.cells * self.width];
        }
        let wide = &mut self.wide[number as usize * self.width..][..self.width];
        if wide[0] == 0 {
            self.carried.push(number);
        }
        (wide, &self.layout)
    }

    fn add(&mut self, other: &Self) {
        if self.layout.is_plain() {
            return self.narrow.iter_mut().zip(&other.narrow).for_each(|(rows, more)| *rows += more);
        }
        let words = self.layout.words.len();
        let mut narrow = std::mem::take(&mut self.narrow);
        let cells = narrow.chunks_exact_mut(words).zip(other.narrow.chunks_exact(words));
        for (number, (cell, more)) in cells.enumerate() {
            if (cell[0] & FULL) + (more[0] & FULL) >= FULL {
                self.carry(number as u32, cell);
            }
            cell.iter_mut().zip(more).for_each(|(word, more)| *word += more);
        }
        self.narrow = narrow;
        for cell in &other.carried {
            let more = &other.wide[*cell as usize * self.width..][..self.width];
            self.wide(*cell).0.iter_mut().zip(more).for_each(|(counter, more)| *counter += more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cube::runs::Runs;
    use crate::job::Quiet;
    use arrow::buffer::BooleanBuffer;
    use proptest::prelude::*;

    proptest! {
        /// Compares with an oracle that adds up row by row. There are few cells, so bytes fill up. Rows come in two
        /// pieces that are added, with or without runs, and also as precomputed runs.
        #[test]
        fn equals_adding_up_row_by_row(
            mut rows in proptest::collection::vec((0..3_u64, 0..4_u64, any::<u32>(), 0..90_000_u64, 0..60_000_u64), 1..9000),
            of_runs in any::<bool>(),
            lanes in 1..=40_usize,
            sums in 0..4_usize,
            piece in 0..9000_usize,
        ) {
            if of_runs {
                rows.sort_by_key(|row| (row.1, row.0));
            }
            let a = Integers::smallest(&rows.iter().map(|r| r.0).collect::<Vec<_>>());
            let b = Integers::smallest(&rows.iter().map(|r| r.1 * 100).collect::<Vec<_>>());
            let wide = Integers::up_to(90_000, rows.iter().map(|r| r.3));
            let narrow = Integers::up_to(60_000, rows.iter().map(|r| r.4));
            let of = |row: &(u64, u64, u32, u64, u64), k: usize| row.2 & 1 & (row.2 >> (k % 31)) == 1;
            let bit = |k: usize| BooleanBuffer::collect_bool(rows.len(), |i| of(&rows[i], k));
            let both = |k: usize| match k % 3 {
                1 => Lane::Both(bit(k), BooleanBuffer::new_set(rows.len())),
                _ => Lane::Bits(bit(k)),
            };
            let mut plan: Vec<Lane> = (0..lanes).map(both).collect();
            plan.extend((0..sums).map(|k| Lane::Sum(if k == 1 { &wide } else { &narrow }, bit(k))));
            let factors = [Factor::Table(&a, (0..3).map(|code| code * 301).collect::<Vec<_>>().into()), Factor::Codes(&b, 1)];
            let cells = 3 * 301;
            let cut = (piece / 64 * 64).min(rows.len());
            let mut accumulators = Accumulators::new(&plan, cells);
            accumulators.count(0..cut, &factors, &plan, || false);
            let mut rest = Accumulators::new(&plan, cells);
            rest.count(cut..rows.len(), &factors, &plan, || false);
            accumulators.add(&rest);
            let mut want = vec![vec![0; plan.len()]; cells];
            for row in &rows {
                let cell = &mut want[(row.0 * 301 + row.1 * 100) as usize];
                for (k, counter) in cell.iter_mut().enumerate() {
                    *counter += match k.checked_sub(lanes) {
                        None => u64::from(of(row, k)),
                        Some(k) => u64::from(of(row, k)) * if k == 1 { row.3 } else { row.4 },
                    };
                }
            }
            let places = accumulators.lanes();
            let mut got = vec![vec![0; places.len()]; cells];
            let mut carried = vec![false; cells];
            accumulators.carried().iter().for_each(|cell| carried[*cell as usize] = true);
            let mut occupied = Vec::new();
            accumulators.occupied(0..cells, &carried, &mut occupied);
            let there = |cell: &usize| want[*cell].iter().enumerate().any(|(k, n)| k == 0 && *n > 0);
            prop_assert_eq!(&occupied, &(0..cells).filter(there).map(|cell| cell as u32).collect::<Vec<_>>());
            let mut flat = vec![0; cells * places.len()];
            accumulators.add_narrow(&occupied, &occupied, &mut flat);
            got.iter_mut().zip(flat.chunks(places.len())).for_each(|(to, from)| to.copy_from_slice(from));
            for cell in accumulators.carried() {
                accumulators.add_carried(*cell, &mut got[*cell as usize]);
            }
            for (got, want) in got.iter().zip(&want) {
                for (counter, lane) in got.iter().zip(&places) {
                    prop_assert_eq!(*counter, want[*lane]);
                }
            }
            let of_row = rows.iter().map(|row| row.0 * 301 + row.1 * 100).collect::<Vec<_>>();
            let of_code: Vec<u32> = (0..cells as u32).collect();
            if let Some(runs) = Runs::new(&Integers::smallest(&of_row), &of_code) {
                let counted = runs.count(&plan, cells, &Quiet).unwrap();
                for (at, counter) in counted.iter().enumerate() {
                    prop_assert_eq!(*counter, want[at % cells][at / cells]);
                }
            }
            accumulators.clear();
            occupied.clear();
            accumulators.occupied(0..cells, &[], &mut occupied);
            prop_assert!(occupied.is_empty() && accumulators.carried().is_empty());
        }
    }
}
