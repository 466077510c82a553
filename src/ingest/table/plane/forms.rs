//! Forms: sheets with one form for each organisation, in which every label is followed by its value.
//!
//! ```text
//! 单位名称 | 某厂 | 统一社会信用代码 | 9115…
//! 从业人员 | 12   | 正式党员        | 3
//! ```
//!
//! The labels are read as a header and each form as a row.

use super::rows::PlaneRows;
use crate::ingest::cell::block::{Block, BlockRow, CellRow, RowPosition};
use crate::ingest::cell::content::Cell;
use crate::ingest::header::naming::{named, not_read};
use crate::ingest::header::{Header, propose};
use crate::ingest::{ColumnStatus, ReadOptions};
use crate::schema::Type;
use crate::schema::spelling::folded;
use crate::standards::{trim, uscc};

/// The forms of a sheet as the rows of a table, one column for each label.
pub(crate) struct Forms<'a, B> {
    rows: &'a PlaneRows<'a, B>,
    labels: Vec<String>,
    found: Vec<Form>,
}

/// One form: the row with its code, and the place of the value of each label.
struct Form {
    code: usize,
    values: Vec<Option<ValuePlace>>,
}

/// Row and column of a value.
type ValuePlace = (usize, usize);

/// Checks whether a row is one of a form: it begins with a label, and has the label of a code, followed by a code. In
/// a list of findings a header may stand before a code as well, but not at the start of the row.
pub(crate) fn is_of_form<R: CellRow>(row: &R) -> bool {
    let first = (0..row.width()).map(|column| row.cell(column)).find(|cell| !cell.is_blank());
    let Some(Cell::Text(text)) = first else { return false };
    let is_label = named(text).is_some() || not_read(&[text.to_owned()]) != ColumnStatus::Unknown;
    is_label && pairs(row).iter().any(|(label, value)| is_code_label(label) && is_code(&row.cell(*value)))
}

fn is_code_label(label: &str) -> bool {
    named(label).is_some_and(|(column, _)| column.ty == Type::Id)
}

fn is_code(cell: &Cell<'_>) -> bool {
    matches!(cell, Cell::Text(text) if uscc::is_valid(trim(text)))
}

/// Returns the known labels of a row, each with the column of its value: the next cell with content that is no label.
fn pairs<R: CellRow>(row: &R) -> Vec<(String, usize)> {
    let mut pairs = Vec::new();
    let mut label: Option<String> = None;
    for column in 0..row.width() {
        let cell = row.cell(column);
        if cell.is_blank() {
            continue;
        }
        match &cell {
            Cell::Text(text) if named(text).is_some() => label = Some((*text).to_owned()),
            _ => pairs.extend(label.take().map(|label| (label, column))),
        }
    }
    pairs
}

impl<'a, B: Block> Forms<'a, B> {
    /// Finds the forms of a sheet; `None` if no row is one of a form.
    pub(crate) fn find(rows: &'a PlaneRows<'a, B>) -> Option<Self> {
        let is_form = |row| rows.place(row).is_some_and(|(block, row)| is_of_form(&BlockRow(block, row)));
        if !(0..rows.len()).any(is_form) {
            return None;
        }
        let mut found = Self { rows, labels: Vec::new(), found: Vec::new() };
        let mut form: Vec<Option<ValuePlace>> = Vec::new();
        let mut code = None;
        for row in 0..rows.len() {
            let Some((block, within)) = rows.place(row) else { continue };
            let cells = BlockRow(block, within);
            for (label, column) in pairs(&cells) {
                let at = found.label(&label);
                // A label once more begins the next form.
                if form.get(at).copied().flatten().is_some() {
                    found.found.extend(code.take().map(|code| Form { code, values: std::mem::take(&mut form) }));
                    form.clear();
                }
                if is_code_label(&label) {
                    code = Some(row);
                }
                if form.len() <= at {
                    form.resize(at + 1, None);
                }
                if let Some(place) = form.get_mut(at) {
                    *place = Some((row, column));
                }
            }
        }
        found.found.extend(code.map(|code| Form { code, values: form }));
        (!found.found.is_empty()).then_some(found)
    }

    /// Returns the position of a label among the labels, and adds it if it is new.
    fn label(&mut self, label: &str) -> usize {
        let key = folded(label);
        self.labels.iter().position(|known| folded(known) == key).unwrap_or_else(|| {
            self.labels.push(label.to_owned());
            self.labels.len() - 1
        })
    }

    /// Returns the labels as a header.
    pub(crate) fn header(&self, options: &ReadOptions) -> Header {
        let mut header = Header::of_rows(std::slice::from_ref(&self.labels), options);
        propose::fill(&mut header);
        header
    }
}

impl<B: Block> Block for Forms<'_, B> {
    fn rows(&self) -> usize {
        self.found.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let place = self.found.get(row).and_then(|form| *form.values.get(column)?);
        let cell = place.and_then(|(row, column)| self.rows.place(row).map(|(block, row)| block.cell(row, column)));
        cell.unwrap_or(Cell::Empty)
    }

    fn width(&self, _: usize) -> usize {
        self.labels.len()
    }

    fn position(&self, row: usize) -> RowPosition {
        self.rows.position(self.found.get(row).map_or(0, |form| form.code))
    }
}
