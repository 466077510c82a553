//! A block: some rows of a table as its cells, wherever they come from. Blocks are what is read side by side.

use arrow::array::{Array, Float64Array, StringArray};

use super::Cell;
use crate::ingest::table::row_kind::Row;
pub(crate) use crate::support::interner::TOGETHER;
use crate::support::interner::Written;

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// The row of the sheet or the number of the record, from 1.
    pub row: u32,
    /// The line of the text file.
    pub line: Option<u32>,
}

/// Where rows stand.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    /// Each below the one before.
    Following {
        first: At,
        rows: usize,
    },
    Each(Vec<At>),
}

impl Places {
    /// The places of so many rows.
    pub(crate) fn new(rows: usize, at: impl Fn(usize) -> At) -> Self {
        if rows > 0 {
            let following = Self::Following { first: at(0), rows };
            if following.all().zip(0..).all(|(place, row)| place == at(row)) {
                return following;
            }
        }
        Self::Each((0..rows).map(at).collect())
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Following { rows, .. } => *rows,
            Self::Each(all) => all.len(),
        }
    }

    /// Where `row`, which is one of them, stands.
    pub(crate) fn at(&self, row: usize) -> At {
        match self {
            Self::Following { first, .. } => {
                let below = |first: u32| first.saturating_add(row as u32);
                At { row: below(first.row), line: first.line.map(below) }
            }
            Self::Each(all) => all[row],
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = At> {
        (0..self.len()).map(|row| self.at(row))
    }
}

/// A cell as it is visited: text, which nearly all are and empty ones too, or another one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen<'a> {
    Text(Written<'a>),
    Other(Cell<'a>),
}

impl<'a> Seen<'a> {
    /// The cell.
    pub(crate) fn cell(&self) -> Cell<'a> {
        match *self {
            Self::Text(Written { text: "", .. }) => Cell::Empty,
            Self::Text(Written { text, .. }) => Cell::Text(text),
            Self::Other(cell) => cell,
        }
    }

    /// Whether both are the same.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.is(other),
            (Self::Other(one), Self::Other(other)) => one == other,
            _ => false,
        }
    }
}

impl<'a> From<Cell<'a>> for Seen<'a> {
    #[inline]
    fn from(cell: Cell<'a>) -> Self {
        match cell {
            Cell::Empty => Self::Text(Written { text: "", first: 0 }),
            Cell::Text(text) => Self::Text(text.into()),
            _ => Self::Other(cell),
        }
    }
}

/// Some rows of a table.
pub(crate) trait Block: Sync {
    /// How many rows there are.
    fn rows(&self) -> usize;
    /// The cell in `column` of `row`, both from 0; empty beyond the row's end.
    fn cell(&self, row: usize, column: usize) -> Cell<'_>;
    /// The same, to be compared.
    fn seen(&self, row: usize, column: usize) -> Seen<'_> {
        self.cell(row, column).into()
    }
    /// Appends the cells in `column` of `rows`.
    fn see<'a>(&'a self, rows: &[u32], column: usize, to: &mut Vec<Seen<'a>>) {
        to.extend(rows.iter().map(|row| self.seen(*row as usize, column)));
    }
    /// Visits the cells in `column` of `rows`, in their order, always [`TOGETHER`] of them until fewer are left.
    #[inline]
    fn each<'a>(&'a self, rows: &[u32], column: usize, mut visit: impl FnMut(&[u32], &[Seen<'a>])) {
        let mut seen = Vec::with_capacity(TOGETHER);
        for rows in rows.chunks(TOGETHER) {
            seen.clear();
            self.see(rows, column, &mut seen);
            visit(rows, &seen);
        }
    }
    /// How many cells `row` has.
    fn width(&self, row: usize) -> usize;
    /// Where `row` stands.
    fn at(&self, row: usize) -> At;
}

/// One row of a block.
pub(crate) struct RowOf<'a, B>(pub &'a B, pub usize);

impl<B: Block> Row for RowOf<'_, B> {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.0.cell(self.1, column)
    }

    fn width(&self) -> usize {
        self.0.width(self.1)
    }
}

/// An Arrow array as a block of one column.
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

            fn at(&self, row: usize) -> At {
                At { row: row as u32 + 1, line: None }
            }
        }
    };
}

array_block!(
    /// Text.
    Texts, StringArray, Cell::Text
);
array_block!(
    /// Numbers; frames of some libraries write "not known" as not-a-number.
    Numbers, Float64Array, |number: f64| if number.is_nan() { Cell::Empty } else { Cell::Number(number) }
);
