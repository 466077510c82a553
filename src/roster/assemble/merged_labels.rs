//! Labels of a coded column: merges the interners of its parts and maps each row's number to a code.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::AsArray;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::ingest::{Coded, ColumnInterner, ColumnValues, DistinctTexts, with_numbers};

/// One batch's part of a column: its values, or its number of rows if the batch lacks the column.
pub(in crate::roster) type ColumnPart = Result<ColumnValues, usize>;

/// The distinct texts of a column, with the mapping from numbers to codes.
pub(super) struct MergedLabels {
    /// Distinct texts that occur in a row.
    pub values: DistinctTexts,
    /// For each interner, the code of each of its numbers; 0 for texts that no row has.
    interners: Vec<Vec<u32>>,
    /// Interner of each part.
    interner_of_part: Vec<usize>,
}

/// The texts of one interner that occur in a row.
struct UsedInterner<'a> {
    known: &'a ColumnInterner,
    /// For each number, 1 where a row has it.
    codes: Vec<u32>,
    /// Numbers not yet seen in a row.
    unseen: usize,
}

impl<'a> UsedInterner<'a> {
    fn new(known: &'a ColumnInterner) -> Self {
        let unseen = known.values().len();
        let mut codes = vec![0; unseen + 1];
        codes[0] = 1;
        Self { known, codes, unseen }
    }

    fn mark(&mut self, coded: &Coded) {
        // Usually every text is seen after a few parts.
        if self.unseen == 0 {
            return;
        }
        let mut unseen = self.unseen;
        with_numbers!(coded.numbers, numbers => for number in numbers {
            let code = &mut self.codes[*number as usize];
            unseen -= usize::from(*code == 0);
            *code = 1;
        });
        self.unseen = unseen;
    }
}

impl MergedLabels {
    pub(super) fn new(parts: &[ColumnPart]) -> Self {
        let mut interners: Vec<UsedInterner<'_>> = Vec::new();
        let mut interner_of_part = Vec::with_capacity(parts.len());
        let mut position: FxHashMap<*const ColumnInterner, usize> = FxHashMap::default();
        for part in parts {
            let Ok(ColumnValues::Coded(coded)) = part else {
                interner_of_part.push(0);
                continue;
            };
            let interner = *position.entry(Arc::as_ptr(&coded.known)).or_insert(interners.len());
            if interner == interners.len() {
                interners.push(UsedInterner::new(&coded.known));
            }
            if let Some(used) = interners.get_mut(interner) {
                used.mark(coded);
            }
            interner_of_part.push(interner);
        }
        let mut values = DistinctTexts::default();
        let interners = interners.into_iter().map(|UsedInterner { known, mut codes, .. }| {
            let texts = known.values();
            codes[0] = 0;
            for (number, code) in (0..).zip(&mut codes).filter(|(_, used)| **used > 0) {
                *code = values.number(texts.get(number));
            }
            codes
        });
        let interners = interners.collect();
        Self { values, interners, interner_of_part }
    }

    /// Replaces code `k` by `to[k - 1]`.
    pub(super) fn recode(&mut self, to: &[u32]) {
        for code in self.interners.iter_mut().flatten() {
            *code = (*code as usize).checked_sub(1).map_or(0, |at| to[at]);
        }
    }

    /// Sorts the values and renumbers the codes in that order. Returns the sorted values.
    pub(super) fn sort(&mut self) -> Vec<String> {
        let mut order: Vec<u32> = (1..=self.values.len() as u32).collect();
        order.par_sort_unstable_by_key(|code| self.values.get(*code));
        let mut to = vec![0; order.len()];
        for (at, old) in (1..).zip(&order) {
            to[*old as usize - 1] = at;
        }
        self.recode(&to);
        order.into_iter().map(|code| self.values.get(code).to_owned()).collect()
    }

    /// Appends the codes of `rows` of part `part`, whose values are `coded`.
    pub(super) fn append<T>(
        &self,
        to: &mut Vec<T>,
        part: usize,
        coded: &Coded,
        rows: Range<usize>,
        narrow: impl Fn(u32) -> T,
    ) {
        let Some(of_number) = self.interner_of_part.get(part).and_then(|at| self.interners.get(*at)) else { return };
        with_numbers!(coded.numbers, numbers => {
            to.extend(numbers[rows].iter().map(|number| narrow(of_number[*number as usize])));
        });
    }
}
