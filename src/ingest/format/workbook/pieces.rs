//! The rows of a sheet in pieces, whatever the format of the workbook.

use super::fault::fault;
use super::grid::Grid;
use super::region::Region;
use super::xlsx::Rows;
use crate::error::Result;
use crate::ingest::table::start::Place;
use crate::job;

/// Some rows of a sheet.
pub(super) enum Piece {
    /// Rows that were read already; `None` once taken.
    Grid(Option<Grid>),
    /// Rows in XML.
    Rows(Rows),
}

/// The rows of a sheet that are still in the file.
pub(super) trait Pieces {
    /// Returns the next rows.
    fn next(&mut self) -> Result<Option<Piece>>;
    /// Returns the merged cells, if they are known.
    fn merged(&self) -> Option<&[Region]>;
    /// Returns the current row and the number of rows, as far as known.
    fn progress(&self) -> (u32, u32);
    /// Checks whether dates count from 1904.
    fn is_1904(&self) -> bool;
}

impl Piece {
    /// Returns the next rows of the piece.
    pub(crate) fn next(&mut self, place: &Place<'_>, job: &dyn job::Job) -> Result<Option<Grid>> {
        match self {
            Self::Grid(grid) => Ok(grid.take()),
            Self::Rows(rows) => rows.next().map_err(|error| fault(place, job, error)),
        }
    }
}
