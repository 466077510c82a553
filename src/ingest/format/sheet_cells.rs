//! The cells of a workbook as they are, for rewriting formats that cannot be written (xls, xlsb, ods).

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt32Array};

use super::workbook::{WholeSheet, whole_sheets};
use crate::error::Result;
use crate::ingest::cell::block::Block;
use crate::ingest::cell::content::Cell;
use crate::ingest::table::start::unreadable;
use crate::job::Job;

/// Cells of one sheet.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Name of the sheet.
    pub sheet: String,
    /// True if the sheet is hidden.
    pub hidden: bool,
    /// Non-empty cells, row by row: `row` and `column` from 0; `kind` (`text`, `number`, `flag`, `day` or `error`);
    /// `text` as displayed; and `number`, the value of the cell: 1 or 0 for a flag, days since 1970-01-01 for a day.
    pub cells: RecordBatch,
    /// Merged cells: first row and column, last row and column, from 0.
    pub merged: Vec<[u32; 4]>,
}

/// Returns the sheets with cells of the workbook at `path`, in order.
///
/// ```no_run
/// let sheets = dangjian::ingest::grids("台账2013.xls".as_ref(), &dangjian::job::Quiet)?;
/// println!("{}: {} cells", sheets[0].sheet, sheets[0].cells.num_rows());
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn grids(path: &Path, job: &dyn Job) -> Result<Vec<Grid>> {
    let file = File::open(path).map_err(|e| unreadable(path, e))?;
    let mut grids = Vec::new();
    for WholeSheet { name: sheet, hidden, blocks, merged } in whole_sheets(path, file, job)? {
        let rows = blocks.iter().flat_map(|block| (0..block.rows()).map(move |row| (block, row)));
        let placed = rows.flat_map(|(block, row)| {
            let number = block.position(row).row.saturating_sub(1);
            (0..block.width(row)).map(move |column| (number, column as u32, block.cell(row, column)))
        });
        let placed = placed.filter(|(.., cell)| *cell != Cell::Empty);
        grids.push(Grid { cells: batch(&placed.collect::<Vec<_>>())?, sheet, hidden, merged });
    }
    Ok(grids)
}

fn batch(cells: &[(u32, u32, Cell<'_>)]) -> Result<RecordBatch> {
    let kind = |cell: &Cell<'_>| match cell {
        Cell::Empty | Cell::Text(_) => "text",
        Cell::Number(_) => "number",
        Cell::Flag(_) => "flag",
        Cell::Day(_) => "day",
        Cell::Error(_) => "error",
    };
    let number = |cell: &Cell<'_>| match *cell {
        Cell::Number(number) => Some(number),
        Cell::Flag(flag) => Some(f64::from(u8::from(flag))),
        Cell::Day(day) => Some(f64::from(day)),
        Cell::Empty | Cell::Text(_) | Cell::Error(_) => None,
    };
    let columns: [(&str, ArrayRef); 5] = [
        ("row", Arc::new(cells.iter().map(|c| Some(c.0)).collect::<UInt32Array>())),
        ("column", Arc::new(cells.iter().map(|c| Some(c.1)).collect::<UInt32Array>())),
        ("kind", Arc::new(cells.iter().map(|c| Some(kind(&c.2))).collect::<StringArray>())),
        ("text", Arc::new(cells.iter().map(|c| Some(c.2.shown())).collect::<StringArray>())),
        ("number", Arc::new(cells.iter().map(|c| number(&c.2)).collect::<Float64Array>())),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))?)
}
