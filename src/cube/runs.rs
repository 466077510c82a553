//! Runs: adjacent rows that fall into one cell.
//!
//! Rows are sorted by organisation id. An id begins with the code of the county that registered the organisation,
//! so most rows of a county are adjacent, and counting a run reduces to counting the bits set between its ends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::lanes::{CHUNK, Lane};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::roster::{Integers, with_integers};

/// Minimum average length of runs; shorter ones are not worth using.
const MIN_RUN: usize = 16;
/// Number of runs counted together.
const RUNS_AT_ONCE: usize = 64;
/// Number of run divisions cached per frame.
const MAX_CACHED: usize = 8;

/// Rows of a frame, divided into runs.
#[derive(Debug)]
pub(super) struct Runs {
    /// End (exclusive) of each run, ascending.
    ends: Vec<u32>,
    /// Cell of each run.
    cells: Vec<u32>,
}

impl Runs {
    /// Finds the runs of `codes`, whose cells are given by `of_code`; returns `None` if they are short.
    pub(super) fn new(codes: &Integers, of_code: &[u32]) -> Option<Self> {
        let mut runs = Self { ends: Vec::new(), cells: Vec::new() };
        let most = codes.len() / MIN_RUN;
        with_integers!(codes, codes => {
            let mut row = 0;
            for same in codes.chunk_by(|a, b| of_code[*a as usize] == of_code[*b as usize]) {
                row += same.len();
                runs.ends.push(row as u32);
                runs.cells.push(of_code[same[0] as usize]);
                if runs.ends.len() > most {
                    return None;
                }
            }
        });
        Some(runs)
    }

    /// Sums `lanes` in each of `cells` cells, lane by lane. Rows outside the first lane add nothing.
    pub(super) fn count(&self, lanes: &[Lane], cells: usize, job: &dyn Job) -> Result<Vec<u64>> {
        let Some(all) = lanes.first().map(Lane::aligned) else { return Ok(Vec::new()) };
        let rows = self.ends.last().map_or(0, |end| *end as usize);
        let mut counters = vec![0; cells * lanes.len()];
        // One extra word, so that the end of the last run has a word too.
        let mut words = vec![0; rows / 64 + 1];
        let mut before = vec![0; words.len()];
        for ((nth, lane), counters) in lanes.iter().enumerate().zip(counters.chunks_exact_mut(cells.max(1))) {
            job::check(job)?;
            if nth == 0 && matches!(lane, Lane::All(_)) {
                self.add_rows(counters);
                continue;
            }
            let lane = lane.aligned();
            lane.words(0, &mut words);
            if nth > 0 {
                all.within(0, &mut words);
            }
            if let Lane::Sum(values, _) = lane {
                let mut sums = Vec::with_capacity(self.ends.len());
                with_integers!(values, values => sums_of(&self.ends, values, &words, &mut sums));
                self.cells.iter().zip(sums).for_each(|(cell, sum)| counters[*cell as usize] += sum);
            } else if words[..rows / 64].iter().all(|word| *word == u64::MAX) && is_full(words[rows / 64], rows % 64) {
                self.add_rows(counters);
            } else {
                set_before(&words, &mut before);
                self.add_bits(&words, &before, counters);
            }
        }
        Ok(counters)
    }

    /// Adds the number of rows of each run to the counter of its cell.
    fn add_rows(&self, counters: &mut [u64]) {
        let mut from = 0;
        for (end, cell) in self.ends.iter().zip(&self.cells) {
            counters[*cell as usize] += u64::from(end - std::mem::replace(&mut from, *end));
        }
    }

    /// Adds the number of set bits of each run to the counter of its cell.
    fn add_bits(&self, words: &[u64], before: &[u32], counters: &mut [u64]) {
        // Process several runs at a time, so that the population counts can be vectorised.
        let (mut last, mut cut) = (0, [0; RUNS_AT_ONCE]);
        for (ends, cells) in self.ends.chunks(RUNS_AT_ONCE).zip(self.cells.chunks(RUNS_AT_ONCE)) {
            cut.iter_mut().zip(ends).for_each(|(cut, end)| *cut = words[*end as usize / 64] & ((1 << (end % 64)) - 1));
            let set = cut.map(u64::count_ones);
            for ((end, cell), set) in ends.iter().zip(cells).zip(set) {
                let set = before[*end as usize / 64] + set;
                counters[*cell as usize] += u64::from(set - std::mem::replace(&mut last, set));
            }
        }
    }
}

/// Checks whether the lowest `bits` bits are set.
fn is_full(word: u64, bits: usize) -> bool {
    word.count_ones() as usize == bits
}

/// Writes the number of bits set before each word.
fn set_before(words: &[u64], before: &mut [u32]) {
    before.iter_mut().zip(words).for_each(|(set, word)| *set = word.count_ones());
    let mut sum = 0;
    for set in before {
        sum += std::mem::replace(set, sum);
    }
}

/// Returns the number of bits set before bit `end`.
fn set_up_to(end: u32, words: &[u64], before: &[u32]) -> u32 {
    let (at, bit) = (end as usize / 64, end % 64);
    before[at] + (words[at] & ((1 << bit) - 1)).count_ones()
}

/// Appends the sum of the values of each run's set rows to `to`.
fn sums_of<T: Copy + Into<u64>>(ends: &[u32], values: &[T], words: &[u64], to: &mut Vec<u64>) {
    let mut from = 0;
    to.extend(ends.iter().map(|end| {
        let rows = std::mem::replace(&mut from, *end as usize)..*end as usize;
        let mask = |row: usize| (words[row / 64] >> (row % 64) & 1).wrapping_neg();
        rows.map(|row| values[row].into() & mask(row)).sum::<u64>()
    }));
}

/// A column, the cell of each of its codes, and the runs found.
type CachedRuns = (usize, Arc<[u32]>, Option<Arc<Runs>>);

/// Cache of the runs of one frame.
#[derive(Default)]
pub(super) struct RunCache(Mutex<VecDeque<CachedRuns>>);

impl RunCache {
    /// Returns the runs of the column at position `column` with the given `codes`, computing them on first use.
    pub(super) fn runs(&self, column: usize, of_code: &Arc<[u32]>, codes: &Integers) -> Option<Arc<Runs>> {
        let all = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |cells: &Arc<[u32]>| Arc::ptr_eq(cells, of_code) || cells == of_code;
        if let Some((.., runs)) = all().iter().find(|(at, cells, _)| *at == column && same(cells)) {
            return runs.clone();
        }
        let runs = Runs::new(codes, of_code).map(Arc::new);
        let mut all = all();
        all.truncate(MAX_CACHED - 1);
        all.push_front((column, Arc::clone(of_code), runs.clone()));
        runs
    }
}

/// Runs of up to [`CHUNK`] rows.
#[derive(Default)]
pub(super) struct ChunkRuns {
    /// End (exclusive) of each run, relative to the start of the piece.
    ends: Vec<u32>,
    cells: Vec<u32>,
}

impl ChunkRuns {
    /// Finds the runs in the cells of some rows. Returns false if they are too short to use.
    pub(super) fn find(&mut self, cells: &[u32]) -> bool {
        let changes: u32 = cells.iter().zip(cells.iter().skip(1)).map(|(a, b)| u32::from(a != b)).sum();
        if (changes as usize + 1) * MIN_RUN > cells.len() {
            return false;
        }
        self.ends.clear();
        self.cells.clear();
        for same in cells.chunk_by(|a, b| a == b) {
            self.ends.push(self.ends.last().map_or(0, |end| *end) + same.len() as u32);
            self.cells.push(same[0]);
        }
        true
    }

    /// Returns the cell of each run.
    pub(super) fn cells(&self) -> &[u32] {
        &self.cells
    }

    /// Appends the total of `lane` in each run to `to`. Rows outside `all` add nothing. The first row is `start`, a
    /// multiple of 64.
    pub(super) fn totals(&self, lane: &Lane, all: &Lane, start: usize, to: &mut Vec<u64>) {
        let rows = self.ends.last().map_or(0, |end| *end as usize);
        let mut words = [0; CHUNK / 64 + 1];
        let some = &mut words[..rows.div_ceil(64)];
        lane.words(start, some);
        all.within(start, some);
        if let Lane::Sum(values, _) = lane {
            with_integers!(values, values => sums_of(&self.ends, &values[start..start + rows], &words, to));
            return;
        }
        let mut before = [0; CHUNK / 64 + 1];
        set_before(&words, &mut before);
        let mut last = 0;
        to.extend(self.ends.iter().map(|end| {
            let set = set_up_to(*end, &words, &before);
            u64::from(set - std::mem::replace(&mut last, set))
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Quiet;
    use arrow::buffer::BooleanBuffer;

    #[test]
    fn all_rows_are_counted_as_the_bits_of_all() {
        let codes: Vec<u64> = (0..300).map(|row| row / 40 % 3).collect();
        let runs = Runs::new(&Integers::smallest(&codes), &[2, 0, 1]).unwrap();
        let (all, some) = (BooleanBuffer::new_set(300), BooleanBuffer::collect_bool(300, |row| row % 3 > 0));
        let count = |first: Lane, second: Lane| runs.count(&[first, second], 3, &Quiet).unwrap();
        let counted = count(Lane::All(300), Lane::Bits(some.clone()));
        assert_eq!(counted, count(Lane::Bits(all.clone()), Lane::Bits(some.clone())));
        assert_eq!(counted[..3], [100, 80, 120]);
        assert_eq!(count(Lane::Bits(some.clone()), Lane::All(300)), count(Lane::Bits(some), Lane::Bits(all)));
    }
}
