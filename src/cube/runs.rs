//! Runs: neighbouring rows that fall into one cell. Rows stand in the order of their ids, and those of organisations begin
//! with the code of the county that registered them; so a county's rows are mostly neighbours, and what counts for a run are
//! the bits set between its ends.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::kernel::CHUNK;
use super::lanes::Lane;
use crate::roster::{Integers, with_integers};

/// Runs of fewer rows on average are not worth while.
const SHORTEST: usize = 16;
/// How many divisions of a frame's rows into runs are kept.
const KEPT: usize = 8;

/// The rows of a frame in runs.
#[derive(Debug)]
pub(super) struct Runs {
    /// The row behind each run, ascending.
    ends: Vec<u32>,
    /// Its cell.
    cells: Vec<u32>,
}

impl Runs {
    /// The runs of `codes`, of which `of_code` tells the cell; `None` where they are short.
    pub(super) fn new(codes: &Integers, of_code: &[u32]) -> Option<Self> {
        let mut runs = Self { ends: Vec::new(), cells: Vec::new() };
        let most = codes.len() / SHORTEST;
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
}

/// A column, the cell of each of its codes, and the runs found.
type Division = (usize, Vec<u32>, Option<Arc<Runs>>);

/// The runs of one frame that are known.
#[derive(Default)]
pub(super) struct Known(Mutex<VecDeque<Division>>);

impl Known {
    /// The runs of the column at a position, whose rows have these codes.
    pub(super) fn runs(&self, column: usize, of_code: &[u32], codes: &Integers) -> Option<Arc<Runs>> {
        let all = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., runs)) = all().iter().find(|(at, cells, _)| *at == column && cells == of_code) {
            return runs.clone();
        }
        let runs = Runs::new(codes, of_code).map(Arc::new);
        let mut all = all();
        all.truncate(KEPT - 1);
        all.push_front((column, of_code.to_vec(), runs.clone()));
        runs
    }
}

/// The runs of up to [`CHUNK`] rows.
#[derive(Default)]
pub(super) struct Piece {
    /// The first of all runs that goes on behind the piece before.
    next: usize,
    /// The row behind each run, counted from the first of the piece.
    ends: Vec<u32>,
    cells: Vec<u32>,
}

impl Piece {
    /// Takes the runs of these rows, which lie behind those of the piece before.
    pub(super) fn cut(&mut self, runs: &Runs, rows: Range<usize>) {
        if self.cells.is_empty() {
            self.next = runs.ends.partition_point(|end| *end as usize <= rows.start);
        }
        let (first, start) = (self.next, rows.start as u32);
        self.ends.clear();
        while (runs.ends[self.next] as usize) < rows.end {
            self.ends.push(runs.ends[self.next] - start);
            self.next += 1;
        }
        self.ends.push(rows.len() as u32);
        self.cells.clear();
        self.cells.extend(&runs.cells[first..=self.next]);
        self.next += usize::from(runs.ends[self.next] as usize == rows.end);
    }

    /// Finds the runs among the cells of some rows; whether they are long enough.
    pub(super) fn find(&mut self, cells: &[u32]) -> bool {
        let changes: u32 = cells.iter().zip(cells.iter().skip(1)).map(|(a, b)| u32::from(a != b)).sum();
        if (changes as usize + 1) * SHORTEST > cells.len() {
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

    /// The cell of each run.
    pub(super) fn cells(&self) -> &[u32] {
        &self.cells
    }

    /// What `lane` adds up to in each run, behind what `to` has; rows that are not of `all` add nothing. The first row is
    /// that at `start`, a multiple of 64.
    pub(super) fn totals(&self, lane: &Lane, all: &Lane, start: usize, to: &mut Vec<u64>) {
        let rows = self.ends.last().map_or(0, |end| *end as usize);
        let (mut words, mut asked) = ([0_u64; CHUNK / 64 + 1], [0; CHUNK / 64]);
        let some = rows.div_ceil(64);
        lane.words(start, &mut words[..some]);
        all.words(start, &mut asked[..some]);
        words.iter_mut().zip(asked).for_each(|(word, asked)| *word &= asked);
        if let Lane::Sum(values, _) = lane {
            with_integers!(values, values => self.sums(&values[start..start + rows], &words, to));
            return;
        }
        // How many bits are set before each word.
        let mut before = [0_u32; CHUNK / 64 + 1];
        let mut sum = 0;
        for (before, set) in before.iter_mut().zip(words.map(u64::count_ones)) {
            *before = sum;
            sum += set;
        }
        let mut last = 0;
        to.extend(self.ends.iter().map(|end| {
            let (at, bit) = (*end as usize / 64, end % 64);
            let set = before[at] + (words[at] & ((1 << bit) - 1)).count_ones();
            u64::from(set - std::mem::replace(&mut last, set))
        }));
    }

    fn sums<T: Copy + Into<u64>>(&self, values: &[T], words: &[u64], to: &mut Vec<u64>) {
        let mut from = 0;
        to.extend(self.ends.iter().map(|end| {
            let rows = std::mem::replace(&mut from, *end as usize)..*end as usize;
            let asked = |row: usize| (words[row / 64] >> (row % 64) & 1).wrapping_neg();
            rows.map(|row| values[row].into() & asked(row)).sum::<u64>()
        }));
    }
}
