//! The single table of ledger columns, from which readers find columns and documentation and reports are written.

mod columns;
mod dictionaries;
pub(crate) mod spelling;
pub mod words;

pub use self::spelling::{half_width, plain};
use std::collections::HashMap;
use std::sync::LazyLock;

use arrow::datatypes::DataType;

use crate::support::named::named_enum;

pub use self::columns::COLUMNS;
pub use self::dictionaries::{Dictionaries, Spelling};

/// The type of a column, which decides how its cells are read, stored and exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Survey year.
    Year,
    /// Identity of an organisation: text, one to many years.
    Id,
    /// Free text that is read but not grouped by, such as a name.
    Text,
    /// Text from an open set of values, dictionary-coded: a zone, a committee, a party organisation's code.
    Code,
    /// Word from a fixed set (see [`words`]).
    Word,
    /// 12-digit region code.
    Region,
    /// GB/T 4754 industry code with its section letter: `C13`.
    Industry,
    /// True, false or unknown.
    Flag,
    /// Count of people or objects.
    Count,
    /// Money in yuan.
    Money,
    /// Decimal number.
    Real,
    /// Star grade; halves occur in some schemes.
    Star,
    /// Calendar day.
    Date,
}

named_enum! {
    pub Type, "列的类型", "type of column";
    Year = "year", Id = "id", Text = "text", Code = "code", Word = "word", Region = "region", Industry = "industry",
    Flag = "flag", Count = "count", Money = "money", Real = "real", Star = "star", Date = "date",
}

impl Type {
    /// Returns the Arrow type in which a column of this type enters and leaves the engine.
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            Self::Year => DataType::Int16,
            Self::Id | Self::Text | Self::Code | Self::Word | Self::Region | Self::Industry => DataType::Utf8,
            Self::Flag => DataType::Boolean,
            Self::Count => DataType::UInt32,
            Self::Money => DataType::UInt64,
            Self::Real => DataType::Float64,
            Self::Star => DataType::Float32,
            Self::Date => DataType::Date32,
        }
    }
}

/// One column of a ledger.
#[derive(Debug)]
pub struct SchemaColumn {
    /// Canonical name, used in predicates, frames and files.
    pub name: &'static str,
    /// Chinese label.
    pub zh: &'static str,
    /// English label.
    pub en: &'static str,
    /// Type of the values.
    pub ty: Type,
    /// Unit of the numbers, if they have one.
    pub unit: Option<&'static str>,
    /// Headers of this column in real ledgers, besides name and label (docs/field-notes.md, headers).
    pub aliases: &'static [&'static str],
    /// True if the column describes a natural person; such columns are never read unless requested.
    pub personal: bool,
    /// One-sentence description.
    pub doc: &'static str,
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static SchemaColumn>> =
    LazyLock::new(|| COLUMNS.iter().map(|c| (c.name, c)).collect());

/// Returns the column called `name`, if the schema has it.
#[must_use]
pub fn column(name: &str) -> Option<&'static SchemaColumn> {
    BY_NAME.get(name).copied()
}

/// Headers in real ledgers that mean none of [`COLUMNS`]: running numbers, declared stars (not awarded ones),
/// totals of other columns. Known headers are never proposed as near misses.
pub const IGNORED_HEADERS: &[&str] = columns::IGNORED;

/// Headers of columns about natural persons: never read unless requested.
pub const PERSONAL_HEADERS: &[&str] = columns::PERSONAL;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_header_means_one_thing() {
        let mut seen = HashSet::new();
        for c in COLUMNS {
            for alias in c.aliases.iter().copied().chain([c.name, c.zh]).collect::<HashSet<_>>() {
                assert!(seen.insert(alias), "{alias} stands for two columns");
            }
        }
        for h in IGNORED_HEADERS.iter().chain(PERSONAL_HEADERS) {
            assert!(seen.insert(h), "{h} is defined twice");
        }
        assert!(seen.len() > 150);
    }
}
