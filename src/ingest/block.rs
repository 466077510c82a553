//! A block: some rows of a table as its cells, wherever they come from. Blocks are what is read side by side.

use arrow::array::{Array, Float64Array, StringArray};

use super::cells::Cell;
use super::rows::Row;

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// The row of the sheet or the number of the record, from 1.
    pub row: u32,
    /// The line of the text file.
    pub line: Option<u32>,
}

/// Some rows of a table.
pub(super) trait Block: Sync {
    /// How many rows there are.
    fn rows(&self) -> usize;
    /// The cell in `column` of `row`, both from 0; empty beyond the row's end.
    fn cell(&self, row: usize, column: usize) -> Cell<'_>;
    /// How many cells `row` has.
    fn width(&self, row: usize) -> usize;
    /// Where `row` stands.
    fn at(&self, row: usize) -> At;
}

/// One row of a block.
pub(super) struct RowOf<'a, B>(pub &'a B, pub usize);

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
        pub(super) struct $name<'a>(pub &'a $array);

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
