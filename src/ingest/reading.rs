//! The result of a reading: sources, typed rows, problems, and what was skipped.

use std::path::PathBuf;

use ::arrow::array::RecordBatch;

use super::header::mapped::Mapped;
use super::problem::Problem;
use super::table::piece::Piece;
use crate::error::Result;
use crate::lang::Text;
use crate::support::named::named_enum;

/// One sheet or text file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Name of the file; where files of the reading share a name, prefixed with as many folders as make it unique.
    pub file: String,
    /// Path of the file, as given or as found in a given folder; for a table in memory its name.
    pub path: PathBuf,
    /// Name of the sheet, in workbooks.
    pub sheet: Option<String>,
    /// Number of the table among those of its sheet or file, from 1: below each other, then side by side.
    pub table: usize,
    /// First row of the header and last row with data, from 1; 0 where rows have no place, as in a frame.
    pub first_row: u32,
    /// Last row with data.
    pub last_row: u32,
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
    /// [`ReadOptions::with_year`](super::ReadOptions::with_year).
    Argument,
    /// A column of the source.
    Column,
    /// The name of the file.
    FileName,
    /// The name of the sheet.
    SheetName,
    /// The title above the header, or a heading between the rows.
    Title,
}

named_enum! {
    pub YearFrom, "年度来源", "origin of a year";
    Argument = "argument", Column = "column", FileName = "file name", SheetName = "sheet name", Title = "title",
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

/// A table on a sheet that was found beside ledgers and not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadTable {
    /// Name of the file, as in [`Source::file`].
    pub file: String,
    /// Name of the sheet.
    pub sheet: Option<String>,
    /// First row of its header, from 1.
    pub first_row: u32,
    /// Last row.
    pub last_row: u32,
    /// Number of rows below the header.
    pub rows: usize,
    /// Reason.
    pub why: Text,
}

impl Source {
    /// Returns the rectangle of the table, such as `B3:K20`, from its header to its last row of data; `None` where
    /// rows have no place.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        let (first, last) = (self.columns.first()?.index, self.columns.last()?.index);
        let name = |column| column_letters(column);
        (self.first_row > 0)
            .then(|| format!("{}{}:{}{}", name(first), self.first_row, name(last), self.last_row.max(self.first_row)))
    }
}

/// Returns the letters by which spreadsheets name a column: A, B, …, Z, AA, ….
fn column_letters(index: usize) -> String {
    let (mut rest, mut letters) = (index + 1, Vec::new());
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
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
    /// Tables beside ledgers that were not read; each is in `skipped` as well.
    pub unread: Vec<UnreadTable>,
}

/// Position of a part of a reading: file, table and part. Sorted by key, the parts are in the order of their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartKey {
    pub file: u32,
    /// Number of the table within the file.
    pub table: u32,
    pub part: u32,
}

/// Consumer of rows as they are read, in any order and from any thread.
pub(crate) trait PieceSink: Sync {
    /// Takes the rows at `key`.
    fn accept(&self, key: PartKey, piece: Piece) -> Result<()>;
    /// Drops all rows of the file at position `file`, which is read again in another way.
    fn discard(&self, file: u32) -> Result<()>;
}

/// Everything that was read, except the rows.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// File and table of each source, ascending.
    pub keys: Vec<(u32, u32)>,
    pub sources: Vec<Source>,
    /// For each source, true if its columns had types.
    pub typed: Vec<bool>,
    /// Problems of each source.
    pub problems: Vec<Vec<Problem>>,
    pub skipped: Vec<Skipped>,
    pub unread: Vec<UnreadTable>,
}

impl Report {
    /// Returns the position of the source to which `key` belongs.
    pub(crate) fn source(&self, key: PartKey) -> Option<usize> {
        self.keys.binary_search(&(key.file, key.table)).ok()
    }
}
