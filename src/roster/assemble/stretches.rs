//! An ordered list of rows across all batches, run-length encoded as ranges of consecutive rows.

use std::collections::BTreeSet;
use std::ops::Range;

use super::whole_column::PartRun;

/// Rows, as ranges of consecutive row numbers.
#[derive(Debug, Default)]
pub(super) struct Stretches(Vec<Range<u32>>);

impl Stretches {
    /// Encodes these rows, keeping their order.
    pub(super) fn from_rows(rows: &[u32]) -> Self {
        Self(rows.chunk_by(|a, b| a + 1 == *b).map(|rows| rows[0]..rows[0] + rows.len() as u32).collect())
    }

    /// Appends rows.
    pub(super) fn push(&mut self, rows: Range<u32>) {
        match self.0.last_mut() {
            Some(last) if last.end == rows.start => last.end = rows.end,
            _ => self.0.push(rows),
        }
    }

    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// Iterates over the rows one by one.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.0.iter().cloned().flatten()
    }

    /// Checks whether the ranges average at least about eight rows.
    pub(super) fn are_long(&self) -> bool {
        const SHORT: usize = 8;
        self.0.len().saturating_sub(1) * SHORT <= self.len()
    }

    /// Checks whether the `values` at these rows are strictly ascending.
    pub(super) fn ascend(&self, values: &[u32]) -> bool {
        let here = |rows: &Range<u32>| &values[rows.start as usize..rows.end as usize];
        self.0.iter().all(|rows| here(rows).windows(2).all(|pair| pair[0] < pair[1]))
            && self.0.windows(2).all(|pair| here(&pair[0]).last() < here(&pair[1]).first())
    }

    /// Gathers the `values` at these rows.
    pub(super) fn gather<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let mut all = Vec::with_capacity(self.len());
        for rows in &self.0 {
            all.extend_from_slice(&values[rows.start as usize..rows.end as usize]);
        }
        all
    }

    /// Returns the batches that contain these rows, given the first row of each batch in `starts`.
    pub(super) fn parts(&self, starts: &[u32]) -> BTreeSet<usize> {
        let mut parts = BTreeSet::new();
        let mut last = 0..0;
        for rows in &self.0 {
            let mut row = rows.start;
            while row < rows.end {
                if !last.contains(&row) {
                    let next = starts.partition_point(|start| *start <= row);
                    last = starts[next - 1]..starts.get(next).copied().unwrap_or(u32::MAX);
                    parts.insert(next - 1);
                }
                row = last.end;
            }
        }
        parts
    }

    /// Splits the ranges at batch boundaries; `starts` holds the first row of each batch.
    pub(super) fn runs(&self, starts: &[u32]) -> Vec<PartRun> {
        let mut runs = Vec::new();
        for Range { start: mut row, end } in self.0.iter().cloned() {
            while row < end {
                let next = starts.partition_point(|start| *start <= row);
                let start = starts[next - 1];
                let stop = starts.get(next).map_or(end, |next| end.min(*next));
                runs.push(PartRun { part: next - 1, rows: (row - start) as usize..(stop - start) as usize });
                row = stop;
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn stretches_are_their_rows(rows in prop::collection::vec(0..30_u32, 0..40), cuts in prop::collection::vec(1..6_u32, 12)) {
            let stretches = Stretches::from_rows(&rows);
            prop_assert_eq!(stretches.rows().collect::<Vec<_>>(), rows.clone());
            prop_assert_eq!(stretches.len(), rows.len());
            let values: Vec<u32> = (0..30).map(|n| n * 7 % 30).collect();
            let here: Vec<u32> = rows.iter().map(|row| values[*row as usize]).collect();
            prop_assert_eq!(stretches.gather(&values), here.clone());
            prop_assert_eq!(stretches.ascend(&values), here.is_sorted_by(|a, b| a < b));
            // Batches of a few rows each that cover all rows.
            let starts: Vec<u32> = cuts.iter().scan(0, |start, cut| Some(std::mem::replace(start, *start + cut))).collect();
            let runs = stretches.runs(&starts);
            let back = runs.iter().flat_map(|run| run.rows.clone().map(|row| starts[run.part] + row as u32));
            prop_assert_eq!(back.collect::<Vec<_>>(), rows);
            prop_assert_eq!(stretches.parts(&starts), runs.iter().map(|run| run.part).collect());
        }
    }
}
