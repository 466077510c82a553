//! The rows of a sheet by position, wherever their blocks end.

use crate::ingest::cell::block::{Block, RowPosition};

/// All rows of a sheet, in order.
pub(crate) struct PlaneRows<'a, B> {
    blocks: &'a [B],
    /// Number of rows before each block.
    starts: Vec<usize>,
    rows: usize,
}

impl<'a, B: Block> PlaneRows<'a, B> {
    pub(crate) fn new(blocks: &'a [B]) -> Self {
        let mut starts = Vec::with_capacity(blocks.len());
        let mut rows = 0;
        for block in blocks {
            starts.push(rows);
            rows += block.rows();
        }
        Self { blocks, starts, rows }
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Returns the block of `row`, and the row within it.
    pub(crate) fn place(&self, row: usize) -> Option<(&'a B, usize)> {
        let at = self.starts.partition_point(|start| *start <= row).checked_sub(1)?;
        let block = self.blocks.get(at)?;
        let within = row - self.starts.get(at)?;
        (within < block.rows()).then_some((block, within))
    }

    /// Returns the texts of `row`.
    pub(crate) fn texts(&self, row: usize) -> Vec<String> {
        let Some((block, row)) = self.place(row) else { return Vec::new() };
        (0..block.width(row)).map(|column| block.cell(row, column).shown().into_owned()).collect()
    }

    /// Returns the position of `row` in its file.
    pub(crate) fn position(&self, row: usize) -> RowPosition {
        self.place(row).map_or(RowPosition { row: 0, line: None }, |(block, row)| block.position(row))
    }

    /// Returns the blocks that have rows of `from..to`, each with its number and the rows within it.
    pub(crate) fn parts(&self, from: usize, to: usize) -> Vec<(usize, &'a B, std::ops::Range<usize>)> {
        let part = |(at, (block, start)): (usize, (&'a B, &usize))| {
            let within = |row: usize| row.saturating_sub(*start).min(block.rows());
            (at, block, within(from)..within(to))
        };
        self.blocks.iter().zip(&self.starts).enumerate().map(part).filter(|(.., rows)| !rows.is_empty()).collect()
    }
}
