//! A workbook held in memory as a whole: that of every format whose cells this crate takes from the file in one go.

use super::grid::{SheetGrid, StoredCell};
use super::pieces::{SheetPiece, SheetPieces};
use super::region::MergedRegion;
use crate::error::Result;
use crate::ingest::cell::block::Block;
use crate::lang::Text;

/// Maximum number of rows, and approximately of cells, in a block.
const BLOCK_ROWS: usize = 8192;
const BLOCK_CELLS: usize = 1 << 19;
/// Maximum number of cells of a sheet, including the empty ones left of others: one gigabyte.
const MOST_CELLS: usize = 1 << 26;
/// Number of columns of the widest spreadsheet.
pub(super) const WIDEST: u32 = 16_384;

/// A workbook in memory.
#[derive(Default)]
pub(super) struct HeldBook {
    pub sheets: Vec<HeldSheet>,
    /// Notes on what is not read, each with the sheet it is about.
    pub notes: Vec<(Option<String>, Text)>,
    /// Encoding of the file, where it has one.
    pub encoding: Option<&'static str>,
}

/// A sheet in memory.
pub(super) struct HeldSheet {
    pub name: String,
    pub hidden: bool,
    pub cells: HeldCells,
}

/// The cells of a sheet, row by row.
#[derive(Default)]
pub(super) struct HeldCells {
    blocks: Vec<SheetGrid>,
    cells: usize,
    /// Merged cells.
    pub merged: Vec<MergedRegion>,
}

/// A sheet has too many columns or too many cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl HeldCells {
    /// Returns the number of blocks.
    fn is_full(&self, row: u32) -> bool {
        let full = |block: &SheetGrid| {
            block.last() != Some(row) && (block.rows() >= BLOCK_ROWS || block.cells() >= BLOCK_CELLS)
        };
        self.blocks.last().is_none_or(full)
    }

    /// Puts a cell into `row`, the last row or a later one, right of the cells it has; `store` makes it.
    pub(super) fn push(
        &mut self,
        row: u32,
        column: u32,
        store: impl FnOnce(&mut SheetGrid) -> StoredCell,
    ) -> std::result::Result<(), TooLarge> {
        if self.is_full(row) {
            self.cells += self.blocks.last().map_or(0, SheetGrid::cells);
            self.blocks.push(SheetGrid::default());
        }
        let Some(block) = self.blocks.last_mut() else { return Ok(()) };
        if column >= WIDEST || self.cells + block.cells() >= MOST_CELLS {
            return Err(TooLarge);
        }
        let cell = store(block);
        block.push(row, column, cell);
        Ok(())
    }

    /// Puts a text into `row`; nothing if it is empty.
    pub(super) fn push_text(&mut self, row: u32, column: u32, text: &str) -> std::result::Result<(), TooLarge> {
        if text.is_empty() { Ok(()) } else { self.push(row, column, |block| block.text(text)) }
    }
}

/// The blocks of a sheet in memory, one after another.
pub(super) struct HeldPieces<'a> {
    cells: &'a HeldCells,
    next: usize,
}

impl<'a> HeldPieces<'a> {
    pub(super) fn new(cells: &'a HeldCells) -> Self {
        Self { cells, next: 0 }
    }
}

impl SheetPieces for HeldPieces<'_> {
    fn next(&mut self) -> Result<Option<SheetPiece>> {
        let block = self.cells.blocks.get(self.next).cloned();
        self.next += 1;
        Ok(block.map(|block| SheetPiece::Grid(Some(block))))
    }

    fn merged(&self) -> Option<&[MergedRegion]> {
        Some(&self.cells.merged)
    }

    fn progress(&self) -> (u32, u32) {
        let last = |block: Option<&SheetGrid>| block.and_then(SheetGrid::last).unwrap_or_default();
        let done = self.next.checked_sub(1).and_then(|at| self.cells.blocks.get(at));
        (last(done), last(self.cells.blocks.last()))
    }

    fn is_1904(&self) -> bool {
        false
    }
}
