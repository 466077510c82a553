//! Reads files into typed, checked, canonical record batches, and reports what was wrong and what became of every
//! row.
//!
//! ```text
//! files     paths, folders, bytes: what is read, and under which name it is reported
//!   |
//!   v
//! format    text | xlsx, xls, xlsb, ods | Parquet, Arrow
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
//! columns, which are cast and checked as a whole), and all decisions are taken in the header, table and cell rooms.
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
mod table;

pub(crate) use self::cell::block::{At, Places};
pub(crate) use self::cell::distinct::{Distinct, Known};
pub use self::cell::expression::{Expression, IndustryLevel, Region, RegistrationPart};
pub(crate) use self::cell::values::{Coded, Values, with_numbers};
pub(crate) use self::files::{read as stream, read_bytes as stream_bytes, unreadable};
pub(crate) use self::format::arrow::read as stream_arrow;
pub use self::format::grid::{Grid, grids};
pub(crate) use self::format::parquet::{broken, guarded};
pub(crate) use self::format::text::all_records;
pub(crate) use self::header::naming::is_personal;
pub use self::header::profile::Profile;
pub use self::options::{OnConflict, Options};
pub use self::problem::{Action, Code, Problem, Severity};
pub(crate) use self::table::own_columns::agreed;
pub(crate) use self::table::piece::Piece;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ::arrow::array::{RecordBatch, RecordBatchIterator};
use ::arrow::datatypes::Schema;

use crate::error::{Error, Result};
use crate::job::Job;
use crate::lang::Text;

/// One sheet or text file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Name of the file; where files of the reading share a name, prefixed with as many folders as make it unique.
    pub file: String,
    /// Path of the file, as given or as found in a given folder; for a table in memory its name.
    pub path: PathBuf,
    /// Name of the sheet, in workbooks.
    pub sheet: Option<String>,
    /// Years of the rows, ascending.
    pub years: Vec<i16>,
    /// Origin of the years.
    pub year_from: YearFrom,
    /// Encoding, for text files.
    pub encoding: Option<&'static str>,
    /// Number of header rows.
    pub header_rows: usize,
    /// Columns of the file and their meaning.
    pub columns: Vec<Mapped>,
    /// Number of rows of each kind.
    pub rows: Rows,
    /// Number of data rows that were rejected.
    pub rejected: usize,
}

/// Origin of the year of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YearFrom {
    /// [`Options::year`].
    Argument,
    /// A column of the source.
    Column,
    /// The name of the file.
    FileName,
    /// The name of the sheet.
    SheetName,
    /// The title above the header, where no name has a year.
    Title,
}

impl YearFrom {
    /// Returns the name of the origin.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Column => "column",
            Self::FileName => "file name",
            Self::SheetName => "sheet name",
            Self::Title => "title",
        }
    }
}

/// A column of a file and its meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Position in the file, from 0.
    pub index: usize,
    /// Header as written, the parts of several rows joined with `/`; the second column of a sheet with the same
    /// header is suffixed with ` (2)`, and so on.
    pub header: String,
    /// Column under which it is read.
    pub column: Option<String>,
    /// Word that a mark in this column means, where each word has its own column.
    pub value: Option<String>,
    /// Unit of the amounts in a column of money.
    pub unit: Option<&'static str>,
    /// Column that an unknown header resembles; never applied unless the caller asks for it.
    pub proposal: Option<Proposal>,
    /// Status of the header in the schema.
    pub status: Status,
    /// True if it is kept as a column of the user's own.
    pub kept: bool,
}

/// Suggested meaning of an unknown header, for the user to decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The column.
    pub column: &'static str,
    /// Word that a tick in the column means, where each word has its own column.
    pub value: Option<String>,
    /// Known header or word that the unknown one resembles.
    pub like: String,
    /// Similarity from 0 to 1.
    pub similarity: f64,
}

/// Status of a header in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// A column of the schema.
    Mapped,
    /// Known but not read, because other columns say the same or another column has a better header.
    Ignored,
    /// About a natural person.
    Personal,
    /// Unknown.
    Unknown,
}

impl Status {
    /// Returns the name of the status.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Ignored => "ignored",
            Self::Personal => "personal",
            Self::Unknown => "unknown",
        }
    }
}

/// Number of rows of each kind in a source; the kinds add up to all its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Rows above the header.
    pub title: usize,
    /// Rows of the header.
    pub header: usize,
    /// Header rows repeated further down, and rows that number the columns (栏次).
    pub repeated_header: usize,
    /// Organisations, including rejected ones.
    pub data: usize,
    /// Empty rows.
    pub blank: usize,
    /// 合计.
    pub total: usize,
    /// 小计.
    pub subtotal: usize,
    /// Remarks, and rows that say nothing about an organisation.
    pub note: usize,
    /// 填表人, 审核人 and the like.
    pub footer: usize,
}

/// Some rows of a source: only the columns it has, under their canonical names and with the types of
/// [`schema::Type::arrow`](crate::schema::Type::arrow). `year` and `org_id` are always present and never null.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Position of the source in [`Reading::sources`].
    pub source: usize,
    /// Number of each row in the sheet, or number of its record, from 1.
    pub rows: Vec<u32>,
    /// Line of each row, for text files, from 1.
    pub lines: Option<Vec<u32>>,
    /// The values. A column of the user's own has the type that fits its content: text for codes, `UInt32` or
    /// `UInt64` for counts, `Float64` for other numbers, or flags and dates.
    pub records: RecordBatch,
}

/// A file or sheet that is not a ledger and was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Name of the file, as in [`Source::file`].
    pub file: String,
    /// Name of the sheet.
    pub sheet: Option<String>,
    /// Reason.
    pub why: Text,
}

/// Everything that was read, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The sheets and text files.
    pub sources: Vec<Source>,
    /// Rows of the sources.
    pub batches: Vec<Batch>,
    /// Problems found.
    pub problems: Vec<Problem>,
    /// Files and sheets that were skipped.
    pub skipped: Vec<Skipped>,
}

/// Position of a part of a reading: file, sheet and part. Sorted by key, the parts are in the order of their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub file: u32,
    pub sheet: u32,
    pub part: u32,
}

/// Consumer of rows as they are read, in any order and from any thread.
pub(crate) trait Take: Sync {
    /// Takes the rows at `key`.
    fn take(&self, key: Key, piece: Piece) -> Result<()>;
}

/// Everything that was read, except the rows.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// File and sheet of each source, ascending.
    pub keys: Vec<(u32, u32)>,
    pub sources: Vec<Source>,
    /// For each source, true if its columns had types.
    pub typed: Vec<bool>,
    /// Problems of each source.
    pub problems: Vec<Vec<Problem>>,
    pub skipped: Vec<Skipped>,
}

impl Report {
    /// Returns the position of the source to which `key` belongs.
    pub(crate) fn source(&self, key: Key) -> Option<usize> {
        self.keys.binary_search(&(key.file, key.sheet)).ok()
    }
}

/// Reads files and folders. All ledgers of a folder are read, by name; its Parquet and Arrow files, which tend to be
/// results of earlier work, only if it has no other ledgers.
pub fn read(paths: &[PathBuf], options: &Options, job: &dyn Job) -> Result<Reading> {
    let gathered = Gather::default();
    let report = files::read(paths, &options.without_repair(), &gathered, job)?;
    gathered.reading(report)
}

/// Reads the bytes of a text file or workbook. The extension of `name` gives the format, and the name may give the
/// year.
///
/// ```
/// use dangjian::ingest; use dangjian::ingest::Options; use dangjian::job::Quiet;
/// let text = "统一社会信用代码,单位名称,从业人员\n91110000600037341L,某厂,12人\n";
/// let reading = ingest::read_bytes("台账2013.csv", text.as_bytes(), &Options::default(), &Quiet)?;
/// assert_eq!(reading.sources[0].rows.data, 1);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn read_bytes(name: &str, bytes: &[u8], options: &Options, job: &dyn Job) -> Result<Reading> {
    let gathered = Gather::default();
    let report = files::read_bytes(name, bytes, &options.without_repair(), &gathered, job)?;
    gathered.reading(report)
}

/// Reads the Arrow batches called `name`. Unlike in files, columns unknown to the schema are kept as the user's own,
/// except those about people.
pub fn read_arrow(name: &str, batches: &[RecordBatch], options: &Options, job: &dyn Job) -> Result<Reading> {
    let gathered = Gather::default();
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let batches = RecordBatchIterator::new(batches.iter().cloned().map(Ok), schema);
    let report = self::format::arrow::read(name, batches, &options.without_repair(), &gathered, job)?;
    gathered.reading(report)
}

/// Collects the rows as they come.
#[derive(Default)]
struct Gather(Mutex<Vec<(Key, Piece)>>);

impl Take for Gather {
    fn take(&self, key: Key, piece: Piece) -> Result<()> {
        self.0.lock().map_err(|_| Error::broken())?.push((key, piece));
        Ok(())
    }
}

impl Gather {
    /// Returns the rows in order.
    fn reading(self, report: Report) -> Result<Reading> {
        let mut pieces = self.0.into_inner().map_err(|_| Error::broken())?;
        pieces.sort_by_key(|(key, _)| *key);
        let mut batches = Vec::with_capacity(pieces.len());
        for (key, piece) in pieces {
            let source = report.source(key).unwrap_or_default();
            let rows = piece.places.all().map(|at| at.row).collect();
            let lines = piece.places.all().map(|at| at.line).collect();
            batches.push(Batch { source, rows, lines, records: piece.records()? });
        }
        let mut reading =
            Reading { sources: report.sources, batches, problems: report.problems.concat(), skipped: report.skipped };
        self::table::own_columns::agree(&mut reading, &report.typed)?;
        Ok(reading)
    }
}
