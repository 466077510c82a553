//! Columns of a file and what they were taken for.

use crate::support::named::named_enum;

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
    pub status: ColumnStatus,
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
pub enum ColumnStatus {
    /// A column of the schema.
    Mapped,
    /// Known but not read, because other columns say the same or another column has a better header.
    Ignored,
    /// About a natural person.
    Personal,
    /// Unknown.
    Unknown,
}

named_enum! {
    pub ColumnStatus, "列的状态", "status of a column";
    Mapped = "mapped", Ignored = "ignored", Personal = "personal", Unknown = "unknown",
}
