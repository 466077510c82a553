//! A rectangle of a block: the rows and columns of one table.

use std::ops::Range;

use crate::ingest::cell::block::{Block, RowPosition, VisitedCell};
use crate::ingest::cell::content::Cell;

/// Some rows and columns of a block, itself a block. Columns keep their positions; cells outside are empty.
pub(crate) struct Window<'a, B> {
    pub block: &'a B,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
}

impl<B: Block> Block for Window<'_, B> {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        if self.columns.contains(&column) { self.block.cell(self.rows.start + row, column) } else { Cell::Empty }
    }

    fn seen(&self, row: usize, column: usize) -> VisitedCell<'_> {
        if self.columns.contains(&column) { self.block.seen(self.rows.start + row, column) } else { Cell::Empty.into() }
    }

    fn width(&self, row: usize) -> usize {
        self.block.width(self.rows.start + row).min(self.columns.end)
    }

    fn position(&self, row: usize) -> RowPosition {
        self.block.position(self.rows.start + row)
    }
}
