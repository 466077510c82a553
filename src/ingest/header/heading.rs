//! One column of a header: its texts, and what it means.

use std::sync::Arc;

use super::naming::not_read;
use super::unit::MONEY;
use crate::ingest::{ColumnStatus, Mapped, Proposal};
use crate::schema::words::Words;
use crate::schema::{SchemaColumn, Type};
use crate::standards::person::masked;

/// One column of a header.
#[derive(Clone, Debug)]
pub(crate) struct Heading {
    pub index: usize,
    /// Texts from top to bottom, as written.
    pub parts: Vec<String>,
    pub meaning: Meaning,
    /// Number of this column among those with the same header, from 1.
    pub(crate) repeat: usize,
    /// True if the caller or the profile decided about this column.
    pub requested: bool,
    pub proposal: Option<Proposal>,
}

impl Heading {
    /// Returns the header as written, its parts joined.
    pub(crate) fn written(&self) -> String {
        self.parts.join("/")
    }

    /// Returns the header that identifies the column in its sheet: as written, numbered from the second occurrence
    /// on.
    pub(crate) fn header(&self) -> String {
        numbered(self.written(), self.repeat)
    }

    /// Returns the lowest part.
    pub(crate) fn leaf(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    /// Returns the parts above the lowest.
    pub(crate) fn group(&self) -> &[String] {
        self.parts.split_last().map_or(&[], |(_, group)| group)
    }

    /// Returns the group of a column that is one of the known words of a group.
    pub(crate) fn marked_group(&self) -> Option<Vec<String>> {
        matches!(self.meaning, Meaning::Mark { word: Some(_), .. }).then(|| self.group().to_vec())
    }

    /// Returns the column as the reading reports it.
    pub(crate) fn mapped(&self) -> Mapped {
        let (column, value, status) = match &self.meaning {
            Meaning::Column { column, .. } => (Some(column.name.to_owned()), None, ColumnStatus::Mapped),
            Meaning::Mark { column, words, word } => {
                let value = word.and_then(|at| words.ids().nth(at)).map(str::to_owned);
                let status = if value.is_some() { ColumnStatus::Mapped } else { ColumnStatus::Unknown };
                (Some(column.name.to_owned()), value, status)
            }
            Meaning::Own(name) => (Some(name.clone()), None, not_read(&self.parts)),
            Meaning::Not(status) => (None, None, *status),
        };
        let unit = match &self.meaning {
            Meaning::Column { column, factor, .. } if column.ty == Type::Money => {
                MONEY.iter().find(|(_, yuan)| (yuan - factor).abs() < 0.5).map(|(unit, _)| *unit)
            }
            _ => None,
        };
        Mapped {
            index: self.index,
            header: masked(&self.header()).into_owned(),
            column,
            value,
            unit,
            proposal: self.proposal.clone(),
            status,
            kept: matches!(self.meaning, Meaning::Own(_)),
        }
    }
}

pub(crate) fn numbered(name: String, repeat: usize) -> String {
    if repeat > 1 { format!("{name} ({repeat})") } else { name }
}

/// Meaning of a column.
#[derive(Clone, Debug)]
pub(crate) enum Meaning {
    /// A column of the schema; money in units of `factor` yuan. The lower the rank, the better the match.
    Column { column: &'static SchemaColumn, factor: f64, rank: usize },
    /// A column of a one-hot group: a mark in it is this word of the column, or none of its words.
    Mark { column: &'static SchemaColumn, words: Arc<Words>, word: Option<usize> },
    /// A column of the user's own.
    Own(String),
    /// Known not to be read, about a person, or unknown.
    Not(ColumnStatus),
}

impl Meaning {
    /// Checks whether the column is read.
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::Column { .. } | Self::Own(_) => true,
            Self::Mark { word, .. } => word.is_some(),
            Self::Not(_) => false,
        }
    }
}
