//! Files become typed, checked, canonical record batches: what could be read, what was wrong, and what became of every
//! row.
//!
//! A reader decides nothing about duplicates of one organisation in one year: that needs all sources and is the
//! roster's.

mod arrow;
mod cells;
mod column;
mod csv;
mod dates;
mod distinct;
mod expression;
#[cfg(test)]
mod expression_tests;
mod files;
mod frame;
mod group;
mod header;
mod identity;
mod naming;
mod own;
mod parquet;
mod problem;
mod rows;
mod sheets;
mod sink;
mod table;
mod year;
mod zones;

pub use self::arrow::read_arrow;
pub use self::expression::{Expression, IndustryLevel, Region, RegistrationPart};
pub use self::problem::{Action, Code, Problem, Severity};

use std::path::PathBuf;
use std::sync::Arc;

use ::arrow::array::RecordBatch;

use crate::error::Result;
use crate::job::Job;
use crate::lang::Text;
use crate::standards::zone::Zones;

/// What a caller may say about the files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The year of every row, whatever columns and names say.
    pub year: Option<i16>,
    /// Headers as in the file with the column that each is: one of the schema's or a new one of the user's own.
    pub columns: Vec<(String, String)>,
    /// Headers of further columns to be kept as the user's own; `*` keeps all that are not personal. A personal one is
    /// kept only if it is named.
    pub keep: Vec<String>,
    /// The zones that the column `zone` names; without them it is taken as written.
    pub zones: Option<Arc<Zones>>,
}

/// One sheet or text file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's name, without its folder.
    pub file: String,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Its position in the file, from 0.
    pub index: usize,
    /// Its header as written, the parts of several rows joined with `/`.
    pub header: String,
    /// The column it is read as.
    pub column: Option<String>,
    /// The word that a mark in this column means, where words stand side by side.
    pub value: Option<String>,
    /// What the schema says about the header.
    pub status: Status,
    /// Whether it is kept as a column of the user's own.
    pub kept: bool,
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
    /// The file's name.
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

/// Reads files and folders. Of a folder all ledgers are read, by name; its Parquet files, which are rather the results
/// of earlier work, only if there is nothing else.
pub fn read(paths: &[PathBuf], options: &Options, job: &dyn Job) -> Result<Reading> {
    files::read(paths, options, job)
}
