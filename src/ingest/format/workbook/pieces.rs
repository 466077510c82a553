//! The rows of a sheet in pieces, whatever the format of the workbook.

use super::fault::fault;
use super::grid::SheetGrid;
use super::region::MergedRegion;
use super::xlsx::XmlRows;
use crate::error::Result;
use crate::ingest::table::start::TableLocation;
use crate::job;

/// Some rows of a sheet.
pub(super) enum SheetPiece {
    /// Rows that were read already; `None` once taken.
    Grid(Option<SheetGrid>),
    /// Rows in XML.
    Rows(XmlRows),
}

/// The rows of a sheet that are still in the file.
pub(super) trait SheetPieces {
    /// Returns the next rows.
    fn next(&mut self) -> Result<Option<SheetPiece>>;
    /// Returns the merged cells, if they are known.
    fn merged(&self) -> Option<&[MergedRegion]>;
    /// Returns the current row and the number of rows, as far as known.
    fn progress(&self) -> (u32, u32);
    /// Checks whether dates count from 1904.
    fn is_1904(&self) -> bool;
}

impl SheetPiece {
    /// Returns the next rows of the piece.
    pub(crate) fn next(&mut self, location: &TableLocation<'_>, job: &dyn job::Job) -> Result<Option<SheetGrid>> {
        match self {
            Self::Grid(grid) => Ok(grid.take()),
            Self::Rows(rows) => rows.next().map_err(|error| fault(location, job, error)),
        }
    }
}
