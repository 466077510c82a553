//! Provenance of a roster: its sources, the balance of rows, and how duplicates were settled.

use crate::ingest::Problem;
use crate::ingest::{Skipped, Source, UnreadTable};

/// Row accounting of one source: `data = kept + rejected + merged + conflicts`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Data rows in the source.
    pub data: u64,
    /// Rows in the roster.
    pub kept: u64,
    /// Rows that could not be used.
    pub rejected: u64,
    /// Rows identical to an earlier row of the same organisation and year.
    pub merged: u64,
    /// Rows that contradict an earlier row of the same organisation and year; the earlier one counts.
    pub conflicts: u64,
}

/// The provenance of a roster: its sources, the fate of their rows, and every problem found.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Sheets and files, in the order given.
    pub sources: Vec<(Source, Balance)>,
    /// Every rejected, repaired or doubtful row and cell, in the order of sources and rows.
    pub problems: Vec<Problem>,
    /// Sheets and files that are not ledgers, with the reason.
    pub skipped: Vec<Skipped>,
    /// Tables beside ledgers that were not read.
    pub unread: Vec<UnreadTable>,
    /// Ids replaced by links, ascending, each with the current id of its organisation.
    pub linked: Vec<Same>,
}

/// An id found in the ledgers and the current id of its organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Same {
    /// Id in the ledgers.
    pub former: String,
    /// Current id of the organisation.
    pub id: String,
}

impl Origin {
    /// Returns this origin with further ids replaced; earlier replacements are updated to the new ids.
    pub(crate) fn with_linked(&self, more: Vec<Same>) -> Self {
        let mut linked = self.linked.clone();
        for same in &mut linked {
            if let Ok(at) = more.binary_search_by(|m| m.former.cmp(&same.id)) {
                same.id.clone_from(&more[at].id);
            }
        }
        linked.extend(more);
        linked.sort();
        Self { linked, ..self.clone() }
    }
}
