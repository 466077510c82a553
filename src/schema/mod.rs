//! The one table of ledger columns. Readers find columns by it, documentation and reports are written from it.

mod columns;
mod dictionaries;
pub(crate) mod spelling;
pub mod words;

use std::collections::HashMap;
use std::sync::LazyLock;

use arrow::datatypes::DataType;

pub use self::columns::COLUMNS;
pub use self::dictionaries::{Dictionaries, Spelling};

/// What a column holds, and thereby how its cells are read, stored and given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A survey year.
    Year,
    /// The identity of an organisation: text, one to many years.
    Id,
    /// Free text that is read but not counted by, such as a name.
    Text,
    /// Text from an open set of values, dictionary-coded: a zone, a committee, a party organisation's code.
    Code,
    /// One of the words of a fixed set (see [`words`]).
    Word,
    /// A 12-digit region code.
    Region,
    /// A GB/T 4754 industry code with its section letter: `C13`.
    Industry,
    /// True, false or not known.
    Flag,
    /// A count of people or things.
    Count,
    /// Money in yuan.
    Money,
    /// A number with decimals.
    Real,
    /// A star grade; halves occur in some schemes.
    Star,
    /// A calendar day.
    Date,
}

impl Type {
    /// The Arrow type in which a column of this type enters and leaves the engine.
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

    /// A word for this type in documentation.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Id => "id",
            Self::Text => "text",
            Self::Code => "code",
            Self::Word => "word",
            Self::Region => "region",
            Self::Industry => "industry",
            Self::Flag => "flag",
            Self::Count => "count",
            Self::Money => "money",
            Self::Real => "real",
            Self::Star => "star",
            Self::Date => "date",
        }
    }
}

/// One column of a ledger.
#[derive(Debug)]
pub struct Column {
    /// Its canonical name, in predicates, frames and files.
    pub name: &'static str,
    /// Its Chinese label.
    pub zh: &'static str,
    /// Its English label.
    pub en: &'static str,
    /// What it holds.
    pub ty: Type,
    /// The unit of its numbers, where they have one.
    pub unit: Option<&'static str>,
    /// Headers under which real ledgers carry it, besides name and label (DOMAIN §6.6).
    pub aliases: &'static [&'static str],
    /// Whether it says something about a natural person; such columns are never read unless asked for.
    pub personal: bool,
    /// What it means, in a sentence.
    pub doc: &'static str,
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Column>> =
    LazyLock::new(|| COLUMNS.iter().map(|c| (c.name, c)).collect());

/// The column called `name`, if the schema has it.
#[must_use]
pub fn column(name: &str) -> Option<&'static Column> {
    BY_NAME.get(name).copied()
}

/// Headers that real ledgers carry and that mean none of [`COLUMNS`]: running numbers, declared stars (not awarded
/// ones), totals that other columns add up to. They are known, so they are never proposed as near misses.
pub const IGNORED_HEADERS: &[&str] = columns::IGNORED;

/// Headers of columns about natural persons: never read unless asked for.
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
            assert!(seen.insert(h), "{h} stands twice");
        }
        assert!(seen.len() > 150);
    }
}
