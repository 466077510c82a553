//! Files become typed, checked, canonical record batches: what could be read, what was wrong, and what became of every
//! row.
//!
//! A reader decides nothing about duplicates of one organisation in one year: that needs all sources and is the
//! roster's.

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
    /// The file's name; where files of the reading share it, with as much of the folders before it as tells them apart.
    pub file: String,
    /// Its path, as given or found in a folder that was given; of a table in memory its name.
    pub path: PathBuf,
    /// The sheet's name, in workbooks.
    pub sheet: Option<String>,
    /// The years of its rows, ascending.
    pub years: Vec<i16>,
    /// Where the years come from.
    pub year_from: YearFrom,
    /// The encoding, in text files.
    pub encoding: Option<&'static str>,
    /// How many rows the header has.
    pub header_rows: usize,
    /// What each column of the file is.
    pub columns: Vec<Mapped>,
    /// How many rows there are of each kind.
    pub rows: Rows,
    /// How many of the data rows were rejected.
    pub rejected: usize,
}

/// Where the year of a source comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YearFrom {
    /// [`Options::year`].
    Argument,
    /// A column of the source.
    Column,
    /// The file's name.
    FileName,
    /// The sheet's name.
    SheetName,
    /// The title above the header, where no name has a year.
    Title,
}

impl YearFrom {
    /// A word for it.
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

/// What a column of a file is.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Its position in the file, from 0.
    pub index: usize,
    /// Its header as written, the parts of several rows joined with `/`; where a sheet has it more than once, the second
    /// has ` (2)` behind, and so on.
    pub header: String,
    /// The column it is read as.
    pub column: Option<String>,
    /// The word that a mark in this column means, where words stand side by side.
    pub value: Option<String>,
    /// The unit in which money stands here.
    pub unit: Option<&'static str>,
    /// What a header that is not known resembles; never taken without being asked for.
    pub proposal: Option<Proposal>,
    /// What the schema says about the header.
    pub status: Status,
    /// Whether it is kept as a column of the user's own.
    pub kept: bool,
}

/// What a header that is not known may mean, for somebody to decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The column.
    pub column: &'static str,
    /// The word, where a tick in the column says one.
    pub value: Option<String>,
    /// The known header or word that it resembles.
    pub like: String,
    /// How much, from 0 to 1.
    pub similarity: f64,
}

/// What the schema says about a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is a column of the schema.
    Mapped,
    /// It is known and not read, because other columns say the same, or a better header stands beside it.
    Ignored,
    /// It is about a natural person.
    Personal,
    /// It is not known.
    Unknown,
}

impl Status {
    /// A word for it.
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

/// How many rows of each kind a source has; together all its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Rows above the header.
    pub title: usize,
    /// Rows of the header.
    pub header: usize,
    /// Rows of the header that stand once more between others.
    pub repeated_header: usize,
    /// Organisations, the rejected ones too.
    pub data: usize,
    /// Rows without anything.
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

/// Some rows of a source: only the columns it has, under their canonical names and of the types of
/// [`schema::Type::arrow`](crate::schema::Type::arrow); always `year` and `org_id`, never null in those.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The position of the source in [`Reading::sources`].
    pub source: usize,
    /// For each row its number in the sheet, or the number of its record, from 1.
    pub rows: Vec<u32>,
    /// For each row its line, in text files, from 1.
    pub lines: Option<Vec<u32>>,
    /// The values. A column of the user's own has a type that tells what it holds: text codes, `UInt32` and `UInt64`
    /// counts, `Float64` numbers, flags and dates.
    pub records: RecordBatch,
}

/// A file or sheet that is no ledger and was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file's name, as in [`Source::file`].
    pub file: String,
    /// The sheet's name.
    pub sheet: Option<String>,
    /// Why.
    pub why: Text,
}

/// All that was read, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The sheets and text files.
    pub sources: Vec<Source>,
    /// Their rows.
    pub batches: Vec<Batch>,
    /// What was wrong.
    pub problems: Vec<Problem>,
    /// What was passed over.
    pub skipped: Vec<Skipped>,
}

/// Where a part of a reading belongs: file, sheet and part by their positions. In this order the parts are the rows in
/// the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub file: u32,
    pub sheet: u32,
    pub part: u32,
}

/// Takes rows as they are read, in any order and from any thread.
pub(crate) trait Take: Sync {
    /// Takes the rows that belong at `key`.
    fn take(&self, key: Key, piece: Piece) -> Result<()>;
}

/// All that was read, except the rows.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Of each source the file and the sheet that it is, ascending.
    pub keys: Vec<(u32, u32)>,
    pub sources: Vec<Source>,
    /// Of each source, whether its columns had types.
    pub typed: Vec<bool>,
    /// Of each source, what was wrong.
    pub problems: Vec<Vec<Problem>>,
    pub skipped: Vec<Skipped>,
}

impl Report {
    /// The position of the source to which `key` belongs.
    pub(crate) fn source(&self, key: Key) -> Option<usize> {
        self.keys.binary_search(&(key.file, key.sheet)).ok()
    }
}

/// Reads files and folders. Of a folder all ledgers are read, by name; its Parquet and Arrow files, which are rather
/// the results of earlier work, only if there is nothing else.
pub fn read(paths: &[PathBuf], options: &Options, job: &dyn Job) -> Result<Reading> {
    let gathered = Gather::default();
    let report = files::read(paths, &options.without_repair(), &gathered, job)?;
    gathered.reading(report)
}

/// Reads the bytes of a text file or workbook; its `name` tells by its ending which, and may tell the year.
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

/// Reads the Arrow batches called `name`. Unlike in files, columns that the schema does not know are kept as the
/// user's own, except those about people.
pub fn read_arrow(name: &str, batches: &[RecordBatch], options: &Options, job: &dyn Job) -> Result<Reading> {
    let gathered = Gather::default();
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let batches = RecordBatchIterator::new(batches.iter().cloned().map(Ok), schema);
    let report = self::format::arrow::read(name, batches, &options.without_repair(), &gathered, job)?;
    gathered.reading(report)
}

/// Keeps the rows as they come.
#[derive(Default)]
struct Gather(Mutex<Vec<(Key, Piece)>>);

impl Take for Gather {
    fn take(&self, key: Key, piece: Piece) -> Result<()> {
        self.0.lock().map_err(|_| Error::broken())?.push((key, piece));
        Ok(())
    }
}

impl Gather {
    /// The rows in their order.
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
