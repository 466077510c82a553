//! Labels of a coded column: merges the interners of its parts and maps each row's number to a code.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::AsArray;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::ingest::{Coded, Distinct, Known, Values, with_numbers};

/// One batch's part of a column: its values, or its number of rows if the batch lacks the column.
pub(in crate::roster) type Part = Result<Values, usize>;

/// The distinct texts of a column, with the mapping from numbers to codes.
pub(super) struct Labels {
    /// Distinct texts that occur in a row.
    pub values: Distinct,
    /// For each interner, the code of each of its numbers; 0 for texts that no row has.
    tables: Vec<Vec<u32>>,
    /// Interner of each part.
    of_part: Vec<usize>,
}

/// The texts of one interner that occur in a row.
struct Used<'a> {
    known: &'a Known,
    /// For each number, 1 where a row has it.
    codes: Vec<u32>,
    /// Numbers not yet seen in a row.
    rest: usize,
}

impl<'a> Used<'a> {
    fn new(known: &'a Known) -> Self {
        let rest = known.values().len();
        let mut codes = vec![0; rest + 1];
        codes[0] = 1;
        Self { known, codes, rest }
    }

    fn mark(&mut self, coded: &Coded) {
        // Usually every text is seen after a few parts.
        if self.rest == 0 {
            return;
        }
        let mut rest = self.rest;
        with_numbers!(coded.numbers, numbers => for number in numbers {
            let code = &mut self.codes[*number as usize];
            rest -= usize::from(*code == 0);
            *code = 1;
        });
        self.rest = rest;
    }
}

impl Labels {
    pub(super) fn new(parts: &[Part]) -> Self {
        let mut tables: Vec<Used<'_>> = Vec::new();
        let mut of_part = Vec::with_capacity(parts.len());
        let mut at: FxHashMap<*const Known, usize> = FxHashMap::default();
        for part in parts {
            let Ok(Values::Coded(coded)) = part else {
                of_part.push(0);
                continue;
            };
            let table = *at.entry(Arc::as_ptr(&coded.known)).or_insert(tables.len());
            if table == tables.len() {
                tables.push(Used::new(&coded.known));
            }
            if let Some(used) = tables.get_mut(table) {
                used.mark(coded);
            }
            of_part.push(table);
        }
        let mut values = Distinct::default();
        let tables = tables.into_iter().map(|Used { known, mut codes, .. }| {
            let texts = known.values();
            codes[0] = 0;
            for (number, code) in (0..).zip(&mut codes).filter(|(_, used)| **used > 0) {
                *code = values.number(texts.get(number));
            }
            codes
        });
        let tables = tables.collect();
        Self { values, tables, of_part }
    }

    /// Replaces code `k` by `to[k - 1]`.
    pub(super) fn recode(&mut self, to: &[u32]) {
        for code in self.tables.iter_mut().flatten() {
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
        let Some(of_number) = self.of_part.get(part).and_then(|at| self.tables.get(*at)) else { return };
        with_numbers!(coded.numbers, numbers => {
            to.extend(numbers[rows].iter().map(|number| narrow(of_number[*number as usize])));
        });
    }
}
