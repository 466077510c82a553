//! Rows of a sheet as a block, with cells in one array and their texts concatenated.

use std::sync::Arc;

use super::xlsx::Strings;
use crate::ingest::cell::block::{Block, RowPosition};
use crate::ingest::cell::content::Cell;

/// Content of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) enum StoredCell {
    Empty,
    /// Start and end of its text among the texts.
    Text(u32, u32),
    /// Number of its text in the workbook's string table.
    Shared(u32),
    Number(f64),
    Flag(bool),
    Day(i32),
    Error(&'static str),
}

/// Rows of a sheet.
#[derive(Clone, Debug, Default)]
pub(in crate::ingest) struct SheetGrid {
    /// String table of the workbook.
    shared: Arc<Strings>,
    texts: String,
    cells: Vec<StoredCell>,
    /// Start of each row's cells, and its position in the sheet, from 0.
    rows: Vec<(u32, u32)>,
}

impl SheetGrid {
    pub(super) fn new(shared: Arc<Strings>) -> Self {
        Self { shared, ..Self::default() }
    }

    /// Returns the number of cells, including empty ones.
    pub(super) fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Returns the position of the first row.
    pub(super) fn first(&self) -> Option<u32> {
        self.rows.first().map(|row| row.1)
    }

    /// Returns the position of the last row.
    pub(super) fn last(&self) -> Option<u32> {
        self.rows.last().map(|row| row.1)
    }

    /// Counts the rows without cells that were skipped between others.
    pub(super) fn gaps(&self) -> usize {
        self.rows.windows(2).map(|rows| if let [one, next] = rows { gap(one.1, next.1) } else { 0 }).sum()
    }

    fn begin(&mut self, number: u32) {
        self.rows.push((self.cells.len() as u32, number));
    }

    /// Puts a cell into row `number`, which is the last row or a new one.
    pub(super) fn push(&mut self, number: u32, column: u32, cell: StoredCell) {
        if matches!(cell, StoredCell::Empty) {
            return;
        }
        if self.last() != Some(number) {
            self.begin(number);
        }
        let Some((start, _)) = self.rows.last() else { return };
        let at = *start as usize + column as usize;
        if self.cells.len() < at {
            self.cells.resize(at, StoredCell::Empty);
        }
        match self.cells.get_mut(at) {
            Some(place) => *place = cell,
            None => self.cells.push(cell),
        }
    }

    /// Stores `text` and returns a cell with it.
    pub(super) fn text(&mut self, text: &str) -> StoredCell {
        let start = self.texts.len() as u32;
        self.texts.push_str(text);
        StoredCell::Text(start, self.texts.len() as u32)
    }

    /// Returns a cell with the text that `write` appends.
    pub(super) fn text_by<E>(&mut self, write: impl FnOnce(&mut String) -> Result<(), E>) -> Result<StoredCell, E> {
        let start = self.texts.len() as u32;
        write(&mut self.texts)?;
        Ok(StoredCell::Text(start, self.texts.len() as u32))
    }

    /// Returns the text of a text cell.
    pub(super) fn text_of(&self, cell: StoredCell) -> Option<&str> {
        match cell {
            StoredCell::Text(start, end) => Some(self.texts.get(start as usize..end as usize).unwrap_or_default()),
            StoredCell::Shared(at) => Some(self.shared.get(at as usize).unwrap_or_default()),
            _ => None,
        }
    }

    /// Rebuilds the rows, letting `add` add to each; it receives the position of the row and its cells so far.
    pub(super) fn mapped(mut self, mut add: impl FnMut(&mut Self, u32, &[StoredCell])) -> Self {
        let (rows, cells) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.cells));
        let ends = rows.iter().skip(1).map(|row| row.0 as usize).chain([cells.len()]);
        for ((start, number), end) in rows.iter().zip(ends) {
            let row = cells.get(*start as usize..end).unwrap_or_default();
            self.begin(*number);
            self.cells.extend_from_slice(row);
            add(&mut self, *number, row);
        }
        self
    }

    /// Changes the numbers in `columns`.
    pub(super) fn change(&mut self, columns: &[usize], change: impl Fn(f64) -> f64) {
        for row in 0..self.rows.len() {
            let (start, end) = self.bounds(row);
            let cells = self.cells.get_mut(start..end).unwrap_or_default();
            for column in columns {
                if let Some(StoredCell::Number(number)) = cells.get_mut(*column) {
                    *number = change(*number);
                }
            }
        }
    }

    /// Returns the texts of the cells of `row`.
    pub(super) fn texts(&self, row: usize) -> Vec<String> {
        (0..self.width(row)).map(|column| self.cell(row, column).shown().into_owned()).collect()
    }

    /// Leaves out the first `rows` rows.
    pub(super) fn skip(&mut self, rows: usize) {
        self.rows.drain(..rows.min(self.rows.len()));
    }

    fn bounds(&self, row: usize) -> (usize, usize) {
        let start = |row: usize| self.rows.get(row).map_or(self.cells.len(), |row| row.0 as usize);
        (start(row), start(row + 1))
    }
}

/// Returns the number of rows between two positions.
pub(super) fn gap(one: u32, next: u32) -> usize {
    next.saturating_sub(one).saturating_sub(1) as usize
}

impl Block for SheetGrid {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let (start, end) = self.bounds(row);
        let at = start.saturating_add(column);
        if at >= end {
            return Cell::Empty;
        }
        match self.cells.get(at) {
            None | Some(StoredCell::Empty) => Cell::Empty,
            Some(StoredCell::Number(number)) => Cell::Number(*number),
            Some(StoredCell::Flag(flag)) => Cell::Flag(*flag),
            Some(StoredCell::Day(day)) => Cell::Day(*day),
            Some(StoredCell::Error(error)) => Cell::Error(error),
            Some(text) => Cell::Text(self.text_of(*text).unwrap_or_default()),
        }
    }

    fn width(&self, row: usize) -> usize {
        let (start, end) = self.bounds(row);
        end - start
    }

    fn position(&self, row: usize) -> RowPosition {
        RowPosition { row: self.rows.get(row).map_or(0, |row| row.1.saturating_add(1)), line: None }
    }
}

/// Returns the error value written as `text`.
pub(super) fn error_text(text: &str) -> &'static str {
    const ERRORS: [&str; 16] = [
        "#N/A",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
        "#BUSY!",
        "#UNKNOWN!",
        "#EXTERNAL!",
    ];
    ERRORS.into_iter().find(|error| *error == text.trim()).unwrap_or("#ERROR!")
}
