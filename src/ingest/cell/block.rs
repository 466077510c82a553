//! Blocks: some rows of a table as cells, whatever their format. Blocks are read in parallel.

use arrow::array::{Array, Float64Array, StringArray};

use super::content::Cell;
use crate::support::interner::PrefixedText;

pub(crate) use crate::support::interner::PREFETCHED;

/// Position of a row in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowPosition {
    /// Row of the sheet or number of the record, from 1.
    pub row: u32,
    /// Line of the text file.
    pub line: Option<u32>,
}

/// Positions of several rows.
#[derive(Clone, Debug)]
pub(crate) enum RowPositions {
    /// Consecutive rows.
    Consecutive {
        first: RowPosition,
        rows: usize,
    },
    Each(Vec<RowPosition>),
}

impl RowPositions {
    /// Collects the positions of `rows` rows.
    pub(crate) fn new(rows: usize, position: impl Fn(usize) -> RowPosition) -> Self {
        if rows > 0 {
            let consecutive = Self::Consecutive { first: position(0), rows };
            if consecutive.iter().zip(0..).all(|(known, row)| known == position(row)) {
                return consecutive;
            }
        }
        Self::Each((0..rows).map(position).collect())
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Consecutive { rows, .. } => *rows,
            Self::Each(all) => all.len(),
        }
    }

    /// Returns the position of `row`, which must exist.
    pub(crate) fn get(&self, row: usize) -> RowPosition {
        match self {
            Self::Consecutive { first, .. } => {
                let below = |first: u32| first.saturating_add(row as u32);
                RowPosition { row: below(first.row), line: first.line.map(below) }
            }
            Self::Each(all) => all[row],
        }
    }

    /// Iterates over all positions.
    pub(crate) fn iter(&self) -> impl Iterator<Item = RowPosition> {
        (0..self.len()).map(|row| self.get(row))
    }
}

/// A cell as visited: text, which nearly all cells are (empty ones included), or another value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum VisitedCell<'a> {
    Text(PrefixedText<'a>),
    Other(Cell<'a>),
}

impl<'a> VisitedCell<'a> {
    /// Returns the cell.
    pub(crate) fn cell(&self) -> Cell<'a> {
        match *self {
            Self::Text(PrefixedText { text: "", .. }) => Cell::Empty,
            Self::Text(PrefixedText { text, .. }) => Cell::Text(text),
            Self::Other(cell) => cell,
        }
    }

    /// Checks whether two cells are equal.
    #[inline]
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.equals(other),
            (Self::Other(one), Self::Other(other)) => one == other,
            _ => false,
        }
    }
}

impl<'a> From<Cell<'a>> for VisitedCell<'a> {
    #[inline]
    fn from(cell: Cell<'a>) -> Self {
        match cell {
            Cell::Empty => Self::Text(PrefixedText { text: "", prefix: 0 }),
            Cell::Text(text) => Self::Text(text.into()),
            _ => Self::Other(cell),
        }
    }
}

/// Some rows of a table.
pub(crate) trait Block: Sync {
    /// Returns the number of rows.
    fn rows(&self) -> usize;
    /// Returns the cell at `row` and `column`, both from 0; empty beyond the end of the row.
    fn cell(&self, row: usize, column: usize) -> Cell<'_>;
    /// Returns the same cell in a form that is cheap to compare.
    fn seen(&self, row: usize, column: usize) -> VisitedCell<'_> {
        self.cell(row, column).into()
    }
    /// Appends the cells of `rows` in `column`.
    fn see<'a>(&'a self, rows: &[u32], column: usize, to: &mut Vec<VisitedCell<'a>>) {
        to.extend(rows.iter().map(|row| self.seen(*row as usize, column)));
    }
    /// Visits the cells of `rows` in `column`, in order, [`PREFETCHED`] at a time until fewer are left.
    #[inline]
    fn each<'a>(&'a self, rows: &[u32], column: usize, mut visit: impl FnMut(&[u32], &[VisitedCell<'a>])) {
        let mut seen = Vec::with_capacity(PREFETCHED);
        for rows in rows.chunks(PREFETCHED) {
            seen.clear();
            self.see(rows, column, &mut seen);
            visit(rows, &seen);
        }
    }
    /// Returns the number of cells in `row`.
    fn width(&self, row: usize) -> usize;
    /// Returns the position of `row` in its file.
    fn position(&self, row: usize) -> RowPosition;
}

/// One row of a block.
pub(crate) struct BlockRow<'a, B>(pub &'a B, pub usize);

impl<B: Block> CellRow for BlockRow<'_, B> {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.0.cell(self.1, column)
    }

    fn width(&self) -> usize {
        self.0.width(self.1)
    }
}

/// Defines an Arrow array as a block of one column.
macro_rules! array_block {
    ($(#[$doc:meta])* $name:ident, $array:ty, $cell:expr) => {
        $(#[$doc])*
        pub(crate) struct $name<'a>(pub &'a $array);

        impl Block for $name<'_> {
            fn rows(&self) -> usize {
                self.0.len()
            }

            fn cell(&self, row: usize, _: usize) -> Cell<'_> {
                if self.0.is_null(row) { Cell::Empty } else { $cell(self.0.value(row)) }
            }

            fn width(&self, _: usize) -> usize {
                1
            }

            fn position(&self, row: usize) -> RowPosition {
                RowPosition { row: row as u32 + 1, line: None }
            }
        }
    };
}

array_block!(
    /// A column of text.
    TextColumn, StringArray, Cell::Text
);
array_block!(
    /// A column of numbers; not-a-number is empty, since some frame libraries write it for unknown values.
    NumberColumn, Float64Array, |number: f64| if number.is_nan() { Cell::Empty } else { Cell::Number(number) }
);

/// A row of any source.
pub(crate) trait CellRow {
    /// Returns the cell in `column`, from 0; empty beyond the end of the row.
    fn cell(&self, column: usize) -> Cell<'_>;
    /// Returns the number of cells in the row.
    fn width(&self) -> usize;
}
