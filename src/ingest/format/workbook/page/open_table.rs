//! A table of a page while it is read: cells find their places among those that reach down from rows above.

use super::PageTable;
use super::text::FlowText;
use super::tokens::Tag;
use crate::ingest::format::workbook::held::{TooLarge, WIDEST};
use crate::ingest::format::workbook::region::MergedRegion;

/// Largest number of columns and rows of one cell (HTML 4.9.11).
const MOST_COLUMNS: u32 = 1000;
const MOST_ROWS: u32 = 65_534;

/// A table being read.
#[derive(Debug, Default)]
pub(super) struct OpenTable {
    table: PageTable,
    /// True within a row.
    in_row: bool,
    /// Number of rows that were begun.
    rows: u32,
    /// For each column, the first row that no cell from above covers.
    free_from: Vec<u32>,
    cell: Option<OpenCell>,
    in_caption: bool,
    flow: FlowText,
    /// True if a cell was closed by a tag, as are then all.
    closes_cells: bool,
}

/// A cell being read.
#[derive(Debug)]
struct OpenCell {
    column: u32,
    /// Text instead of what shows.
    instead: Option<String>,
}

impl OpenTable {
    pub(super) fn new(hidden: bool) -> Self {
        Self { table: PageTable { hidden, ..PageTable::default() }, ..Self::default() }
    }

    /// Returns the text to which characters are added.
    pub(super) fn flow(&mut self) -> &mut FlowText {
        &mut self.flow
    }

    /// Checks whether the text ends within a cell, though cells have ends.
    pub(super) fn is_cut(&self) -> bool {
        self.cell.is_some() && self.closes_cells
    }

    pub(super) fn open(&mut self, name: &str, tag: &Tag<'_>) -> Result<(), TooLarge> {
        match name {
            "tr" => self.begin_row(),
            "td" | "th" => {
                self.table.has_headings |= name == "th";
                return self.begin_cell(tag);
            }
            "thead" | "tbody" | "tfoot" => self.end_section(),
            "caption" => {
                self.flow.take();
                self.in_caption = true;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn close(&mut self, name: &str) {
        match name {
            "td" | "th" => {
                self.closes_cells |= self.cell.is_some();
                self.end_cell();
            }
            "tr" => self.end_row(),
            "thead" | "tbody" | "tfoot" => self.end_section(),
            "caption" => self.end_caption(),
            _ => {}
        }
    }

    fn end_caption(&mut self) {
        if std::mem::take(&mut self.in_caption) {
            self.table.caption = self.flow.take().replace('\n', " ");
        }
    }

    fn begin_row(&mut self) {
        self.end_row();
        self.in_row = true;
        self.rows += 1;
        self.table.rows.push(Vec::new());
    }

    fn begin_cell(&mut self, tag: &Tag<'_>) -> Result<(), TooLarge> {
        self.end_cell();
        self.end_caption();
        self.flow.take();
        if !self.in_row {
            self.begin_row();
        }
        let row = self.rows.saturating_sub(1);
        let span = |name: &str| tag.attribute(name).and_then(|value| value.trim().parse::<u32>().ok());
        let columns = span("colspan").unwrap_or(1).clamp(1, MOST_COLUMNS);
        // A cell of 0 rows reaches to the end of its section.
        let rows = span("rowspan").map_or(1, |rows| if rows == 0 { MOST_ROWS } else { rows.min(MOST_ROWS) });
        let last = self.table.rows.last().and_then(|row| row.last()).map_or(0, |(column, _)| *column as usize);
        let is_free = |at: &usize| self.free_from.get(*at).is_none_or(|free| *free <= row);
        let free = (last..=self.free_from.len().max(last)).find(is_free).unwrap_or_default();
        let column = free as u32;
        let end = free + columns as usize;
        if end > WIDEST as usize {
            return Err(TooLarge);
        }
        if self.free_from.len() < end {
            self.free_from.resize(end, 0);
        }
        for free_from in self.free_from.get_mut(free..end).unwrap_or_default() {
            *free_from = row + rows;
        }
        if columns > 1 || rows > 1 {
            self.table.merged.push(MergedRegion {
                top: row,
                left: column,
                bottom: row + rows - 1,
                right: column + columns - 1,
            });
        }
        self.table.width = self.table.width.max(end as u32);
        // Spreadsheets write the value beside a text that their column had no room for.
        let instead = tag.attribute("x:num").filter(|value| !value.is_empty());
        self.cell = Some(OpenCell { column, instead });
        Ok(())
    }

    fn end_cell(&mut self) {
        let Some(OpenCell { column, instead }) = self.cell.take() else { return };
        let shown = self.flow.take();
        let text = instead.filter(|_| is_no_room(&shown)).unwrap_or(shown);
        if let Some(row) = self.table.rows.last_mut() {
            row.push((column, text));
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        self.in_row = false;
    }

    /// Ends a section: no cell reaches beyond it.
    fn end_section(&mut self) {
        self.end_caption();
        self.end_row();
        let end = self.rows;
        for free_from in &mut self.free_from {
            *free_from = (*free_from).min(end);
        }
        for region in self.table.merged.iter_mut().rev().take_while(|region| region.top + MOST_ROWS >= end) {
            region.bottom = region.bottom.min(end.saturating_sub(1));
        }
    }

    /// Ends the table.
    pub(super) fn end(&mut self) {
        self.end_section();
        self.table.merged.retain(|region| region.bottom > region.top || region.right > region.left);
    }

    /// Checks whether the table arranges the text of one cell: it has one row or one column.
    pub(super) fn is_small(&self) -> bool {
        self.rows < 2 || self.table.width < 2
    }

    /// Returns the texts of all cells.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.table.rows.iter().flatten().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty())
    }

    /// Takes the texts of the rows so far if they are no table, as what stands above a table inside this one.
    pub(super) fn take_titles(&mut self) -> Vec<String> {
        if !self.table.is_text() {
            return Vec::new();
        }
        let rows = self.table.rows.iter_mut().flatten().map(|(_, text)| std::mem::take(text));
        let mut lines: Vec<String> = rows.collect();
        lines.push(self.flow.take());
        lines.iter().flat_map(|text| text.lines()).map(str::to_owned).collect()
    }

    pub(super) fn finished(self) -> PageTable {
        self.table
    }
}

/// Checks whether a text stands for a number for which there was no room: `####`, or a long one with an exponent.
fn is_no_room(text: &str) -> bool {
    let is_exponent = || {
        let (number, power) = text.split_once(['E', 'e'])?;
        Some(power.starts_with('+') && number.parse::<f64>().is_ok() && power.parse::<i32>().is_ok())
    };
    (!text.is_empty() && text.bytes().all(|b| b == b'#')) || is_exponent() == Some(true)
}

/// Checks whether an element does not show.
pub(super) fn is_hidden(tag: &Tag<'_>) -> bool {
    let style = tag.attribute("style").unwrap_or_default().to_ascii_lowercase();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    style.contains("display:none") || style.contains("visibility:hidden")
}
