//! Ledgers into a roster: read, build, and account for every row.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int16Type;

use super::{Roster, build};
use crate::error::Result;
use crate::ingest::{self, Code, Options, Problem, Reading, Skipped, Source};
use crate::job::Job;

/// What happened to the rows of one source: `data = kept + rejected + merged + conflicts`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Rows of data the source has.
    pub data: u64,
    /// Rows that are in the roster.
    pub kept: u64,
    /// Rows that could not be used.
    pub rejected: u64,
    /// Rows that say the same as an earlier row of their organisation and year.
    pub merged: u64,
    /// Rows that contradict an earlier row of their organisation and year; the earlier one counts.
    pub conflicts: u64,
}

/// Where a roster comes from: its sources, what became of their rows, and every problem found.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The sheets and files, in the order given.
    pub sources: Vec<(Source, Balance)>,
    /// Every rejected, repaired or doubtful row and cell, in the order of sources and rows.
    pub problems: Vec<Problem>,
    /// The sheets and files that are no ledgers, with the reason.
    pub skipped: Vec<Skipped>,
    /// The ids that were replaced by links, ascending, with the id that their organisation has now.
    pub linked: Vec<Same>,
}

/// An id that stood for an organisation, and the id that it has now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Same {
    /// The id that the ledgers have.
    pub former: String,
    /// The organisation's id.
    pub id: String,
}

impl Origin {
    /// The same with further ids replaced.
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

impl Roster {
    /// Reads ledgers: files, or folders of them.
    ///
    /// ```
    /// use dangjian::{Roster, ingest::Options, job::Quiet};
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/python/dangjian/datasets/hexigten");
    /// let ledger = format!("{folder}/克什克腾旗两新组织党建台账2013年.xlsx");
    /// let roster = Roster::read(&[ledger.into()], &Options::default(), &Quiet)?;
    /// assert_eq!(roster.frame(2013)?.rows(), 574);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn read(paths: &[PathBuf], options: &Options, job: &dyn Job) -> Result<Self> {
        Self::of(ingest::read(paths, options, job)?, job)
    }

    /// Reads tables that are in memory already, under a name for messages; columns are found, cast and checked as those
    /// of files are.
    pub fn read_arrow(name: &str, batches: &[RecordBatch], options: &Options, job: &dyn Job) -> Result<Self> {
        Self::of(ingest::read_arrow(name, batches, options, job)?, job)
    }

    fn of(reading: Reading, job: &dyn Job) -> Result<Self> {
        let Reading { sources, batches, mut problems, skipped } = reading;
        let records: Vec<RecordBatch> = batches.iter().map(|b| b.records.clone()).collect();
        let (roster, duplicates) = build(&records, job)?;
        let mut balances: Vec<Balance> =
            sources.iter().map(|s| Balance { rejected: s.rejected as u64, ..Balance::default() }).collect();
        for batch in &batches {
            balances[batch.source].kept += batch.rows.len() as u64;
        }
        let mut starts = vec![0];
        starts.extend(records.iter().scan(0, |at, r| {
            *at += r.num_rows();
            Some(*at)
        }));
        for duplicate in &duplicates {
            let at = starts.partition_point(|start| *start <= duplicate.row) - 1;
            let (batch, row) = (&batches[at], duplicate.row - starts[at]);
            let balance = &mut balances[batch.source];
            balance.kept -= 1;
            let (code, n) = if duplicate.identical {
                (Code::DuplicateExact, &mut balance.merged)
            } else {
                (Code::DuplicateConflict, &mut balance.conflicts)
            };
            *n += 1;
            let source = &sources[batch.source];
            let first = starts.partition_point(|start| *start <= duplicate.kept) - 1;
            let kept = &sources[batches[first].source];
            let place = [(kept.file != source.file).then_some(kept.file.as_str()), kept.sheet.as_deref()];
            let place: Vec<&str> = place.into_iter().flatten().collect();
            let id = batch.records["org_id"].as_string::<i32>().value(row);
            let value = format!("{id} ↔ {} #{}", place.join(" "), batches[first].rows[duplicate.kept - starts[first]]);
            problems.push(Problem {
                file: source.file.clone(),
                sheet: source.sheet.clone(),
                row: batch.rows[row],
                line: batch.lines.as_ref().map(|lines| lines[row]),
                column: None,
                header: None,
                value,
                code,
                year: Some(batch.records["year"].as_primitive::<Int16Type>().value(row)),
            });
        }
        for balance in &mut balances {
            balance.data = balance.kept + balance.rejected + balance.merged + balance.conflicts;
        }
        let order = |p: &Problem| sources.iter().position(|s| s.file == p.file && s.sheet == p.sheet);
        problems.sort_by_cached_key(|p| (order(p), p.row));
        let sources = sources.into_iter().zip(balances).collect();
        let origin = Origin { sources, problems, skipped, linked: Vec::new() };
        Ok(Self { origin: Arc::new(origin), ..roster })
    }

    /// Where the rows come from and what was wrong with them.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}
