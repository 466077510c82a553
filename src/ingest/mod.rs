//! Reads files into typed, validated record batches, and reports every problem and the outcome of every row.
//!
//! ```text
//! files     paths, folders, bytes: what is read, and under which name it is reported
//!   |
//!   v
//! format    text | workbooks, web pages | Parquet, Arrow
//!   |                   |
//!   | first rows        | blocks of cells, in parallel
//!   v                   v
//! header -----------> table     row kinds, organisation codes, years
//!   column meanings     |
//!                       | one column of a block at a time
//!                       v
//!                     cell      numbers, dates, words, codes, marks
//!                       |
//!                       v
//!                     block     rows as typed columns (a piece)  --->  roster, or a `Reading`
//! ```
//!
//! The goal is one definition of every column, whatever the format: each format only yields cells (or typed Arrow
//! columns, which are cast and checked as a whole); `header`, `table` and `cell` interpret them.
//! A table is immutable once its header is known, so its blocks are read in parallel and carry a key that restores
//! their order. The price is that nothing here sees all rows at once: duplicates of one organisation in one year need
//! all sources and are resolved by the roster.

mod cell;
mod file_names;
mod files;
mod format;
mod header;
mod options;
mod problem;
pub(crate) mod reading;
mod register;
mod table;

pub(crate) use self::cell::block::{RowPosition, RowPositions};
pub(crate) use self::cell::distinct::{ColumnInterner, DistinctTexts};
pub use self::cell::expression::{Expression, IndustryLevel, RegionLookup, RegistrationPart};
pub(crate) use self::cell::values::{Coded, ColumnValues, with_numbers};
pub(crate) use self::files::{read as stream, read_bytes as stream_bytes};
pub(crate) use self::format::arrow::read as stream_arrow;
pub(crate) use self::format::parquet::{broken, guarded};
pub use self::format::sheet_cells::{Grid, grids};
pub(crate) use self::format::text::all_records;
pub use self::header::mapped::{ColumnStatus, Mapped, Proposal};
pub(crate) use self::header::naming::is_personal;
pub use self::header::profile::Profile;
pub use self::options::{OnConflict, ReadOptions};
pub use self::problem::{Action, Code, Problem, ProblemSeverity};
pub use self::reading::{Batch, Reading, Rows, Skipped, Source, UnreadTable, YearFrom};
pub(crate) use self::reading::{PartKey, PieceSink, Report};
pub use self::register::Register;
pub(crate) use self::table::own_columns::agreed;
pub(crate) use self::table::piece::Piece;
pub(crate) use self::table::start::unreadable;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ::arrow::array::{RecordBatch, RecordBatchIterator};
use ::arrow::datatypes::Schema;

use crate::error::{Error, Result};
use crate::job::Job;

/// Reads files and folders. All ledgers of a folder are read, by name; its Parquet and Arrow files, which tend to be
/// results of earlier work, only if it has no other ledgers.
pub fn read(paths: &[PathBuf], options: &ReadOptions, job: &dyn Job) -> Result<Reading> {
    let gathered = PieceCollector::default();
    let report = files::read(paths, &options.without_repair(), &gathered, job)?;
    gathered.reading(report)
}

/// Reads the bytes of a text file or workbook. The extension of `name` gives the format, and the name may give the
/// year.
///
/// ```
/// use dangjian::ingest; use dangjian::ingest::ReadOptions; use dangjian::job::Quiet;
/// let text = "统一社会信用代码,单位名称,从业人员\n91110000600037341L,某厂,12人\n";
/// let reading = ingest::read_bytes("台账2013.csv", text.as_bytes(), &ReadOptions::default(), &Quiet)?;
/// assert_eq!(reading.sources[0].rows.data, 1);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn read_bytes(name: &str, bytes: &[u8], options: &ReadOptions, job: &dyn Job) -> Result<Reading> {
    let gathered = PieceCollector::default();
    let report = files::read_bytes(name, bytes, &options.without_repair(), &gathered, job)?;
    gathered.reading(report)
}

/// Reads the Arrow batches called `name`. Unlike in files, columns unknown to the schema are kept as the user's own,
/// except those about people.
pub fn read_arrow(name: &str, batches: &[RecordBatch], options: &ReadOptions, job: &dyn Job) -> Result<Reading> {
    let gathered = PieceCollector::default();
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let batches = RecordBatchIterator::new(batches.iter().cloned().map(Ok), schema);
    let report = self::format::arrow::read(name, batches, &options.without_repair(), &gathered, job)?;
    gathered.reading(report)
}

/// Reads the names and codes of a register, or of the ledgers of another year, for
/// [`ReadOptions::with_codes_from`].
pub fn read_register(paths: &[PathBuf], job: &dyn Job) -> Result<Register> {
    Register::new(read(paths, &of_any_year(), job)?.batches.iter().map(|batch| &batch.records))
}

/// Works like [`read_register`] for a table in memory.
pub fn register_of_arrow(name: &str, batches: &[RecordBatch], job: &dyn Job) -> Result<Register> {
    Register::new(read_arrow(name, batches, &of_any_year(), job)?.batches.iter().map(|batch| &batch.records))
}

/// Returns the options for a register, which needs no year.
fn of_any_year() -> ReadOptions {
    ReadOptions::default().with_year(2000)
}

/// Collects the rows as they come.
#[derive(Default)]
struct PieceCollector(Mutex<Vec<(PartKey, Piece)>>);

impl PieceSink for PieceCollector {
    fn accept(&self, key: PartKey, piece: Piece) -> Result<()> {
        self.0.lock().map_err(|_| Error::broken())?.push((key, piece));
        Ok(())
    }

    fn discard(&self, file: u32) -> Result<()> {
        self.0.lock().map_err(|_| Error::broken())?.retain(|(key, _)| key.file != file);
        Ok(())
    }
}

impl PieceCollector {
    /// Returns the rows in order.
    fn reading(self, report: Report) -> Result<Reading> {
        let mut pieces = self.0.into_inner().map_err(|_| Error::broken())?;
        pieces.sort_by_key(|(key, _)| *key);
        let mut batches = Vec::with_capacity(pieces.len());
        for (key, piece) in pieces {
            let source = report.source(key).unwrap_or_default();
            let rows = piece.positions.iter().map(|position| position.row).collect();
            let lines = piece.positions.iter().map(|position| position.line).collect();
            batches.push(Batch { source, rows, lines, records: piece.records()? });
        }
        let mut reading = Reading {
            sources: report.sources,
            batches,
            problems: report.problems.concat(),
            skipped: report.skipped,
            unread: report.unread,
        };
        self::table::own_columns::agree(&mut reading, &report.typed)?;
        Ok(reading)
    }
}
