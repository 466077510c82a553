//! Reading ledgers into a roster: parse, build, and account for every row.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow::datatypes::Schema;

use super::Roster;
use super::assemble::{Builder, Built, Chunk, Repair};
use super::file::PanelFile;
use super::origin::{Balance, Origin};
use crate::error::Result;
use crate::ingest;
use crate::ingest::{Code, Problem, ReadOptions};
use crate::ingest::{PartKey, Report};
use crate::job::Job;

impl Roster {
    /// Reads ledgers: files, or folders of files. A single panel written by [`Roster::write_parquet`], read with no
    /// options that affect it, is [opened](Roster::open) directly.
    ///
    /// ```
    /// use dangjian::Roster; use dangjian::ingest::ReadOptions; use dangjian::job::Quiet;
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/python/dangjian/datasets/hexigten");
    /// let ledger = format!("{folder}/克什克腾旗两新组织党建台账2013年.xlsx");
    /// let roster = Roster::read(&[ledger.into()], &ReadOptions::default(), &Quiet)?;
    /// assert_eq!(roster.frame(2013)?.rows(), 574);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn read(paths: &[PathBuf], options: &ReadOptions, job: &dyn Job) -> Result<Self> {
        // If the file cannot be opened, fall through: the ledger readers report why.
        if let [path] = paths
            && options.say_nothing()
            && let Some(panel) = PanelFile::find(path).ok().flatten()
        {
            return panel.open(None, job);
        }
        let builder = Builder::default();
        let report = ingest::stream(paths, options, &builder, job)?;
        Self::from_builder(builder, report, options, job)
    }

    /// Reads a text file or workbook from memory, such as one received over a network. The extension of `name`
    /// gives the format, and `name` may give the year.
    ///
    /// ```
    /// use dangjian::Roster; use dangjian::ingest::ReadOptions; use dangjian::job::Quiet;
    /// let text = "统一社会信用代码,单位名称,从业人员\n91110000600037341L,某厂,12人\n";
    /// let roster = Roster::read_bytes("台账2013.csv", text.as_bytes(), &ReadOptions::default(), &Quiet)?;
    /// assert_eq!(roster.frame(2013)?.rows(), 1);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn read_bytes(name: &str, bytes: &[u8], options: &ReadOptions, job: &dyn Job) -> Result<Self> {
        let builder = Builder::default();
        let report = ingest::stream_bytes(name, bytes, options, &builder, job)?;
        Self::from_builder(builder, report, options, job)
    }

    /// Reads Arrow batches already in memory; `name` appears in messages. Columns are found, cast and checked as in
    /// files.
    pub fn read_arrow(name: &str, batches: &[RecordBatch], options: &ReadOptions, job: &dyn Job) -> Result<Self> {
        let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        let batches = RecordBatchIterator::new(batches.iter().cloned().map(Ok), schema);
        Self::read_stream(name, batches, options, job)
    }

    /// Reads a table batch by batch, such as from a database cursor, without holding all of it in memory.
    pub fn read_stream(
        name: &str,
        batches: impl RecordBatchReader,
        options: &ReadOptions,
        job: &dyn Job,
    ) -> Result<Self> {
        let builder = Builder::default();
        let report = ingest::stream_arrow(name, batches, options, &builder, job)?;
        Self::from_builder(builder, report, options, job)
    }

    fn from_builder(mut builder: Builder, mut report: Report, options: &ReadOptions, job: &dyn Job) -> Result<Self> {
        let repairs = if options.repair { builder.repair()? } else { Vec::new() };
        let incomplete = report_repairs(&mut report, repairs);
        let mut problems = std::mem::take(&mut report.problems).concat();
        let typed = |key: PartKey| report.source(key).and_then(|at| report.typed.get(at)).copied().unwrap_or(false);
        let Built { roster, chunks, duplicates, slots } = builder.finish(options.on_conflict, &typed, job)?;
        for at in incomplete {
            let years = chunks.iter().filter(|c| report.source(c.key) == Some(at)).flat_map(Chunk::years);
            report.sources[at].years = years.copied().collect::<BTreeSet<_>>().into_iter().collect();
        }
        let source_of = |chunk: &Chunk| report.source(chunk.key).unwrap_or_default();
        let mut balances: Vec<Balance> =
            report.sources.iter().map(|s| Balance { rejected: s.rejected as u64, ..Balance::default() }).collect();
        let mut starts = Vec::with_capacity(chunks.len());
        let mut start = 0;
        for chunk in &chunks {
            balances[source_of(chunk)].kept += chunk.positions.len() as u64;
            starts.push(start);
            start += chunk.positions.len();
        }
        let place = |row: usize| {
            let at = starts.partition_point(|start| *start <= row) - 1;
            (&chunks[at], row - starts[at])
        };
        for duplicate in &duplicates {
            let (chunk, row) = place(duplicate.row);
            let place_of = chunk.positions.get(row);
            let at = source_of(chunk);
            let balance = &mut balances[at];
            balance.kept -= 1;
            let (code, n) = if duplicate.identical {
                (Code::DuplicateExact, &mut balance.merged)
            } else {
                (options.on_conflict.code(), &mut balance.conflicts)
            };
            *n += 1;
            let source = &report.sources[at];
            let (other, other_row) = place(duplicate.kept);
            let kept = &report.sources[source_of(other)];
            let place = [(kept.file != source.file).then_some(kept.file.as_str()), kept.sheet.as_deref()];
            let place: Vec<&str> = place.into_iter().flatten().collect();
            let id = roster.organisations().value(slots[duplicate.row] as usize);
            let value = format!("{id} ↔ {} #{}", place.join(" "), other.positions.get(other_row).row);
            problems.push(Problem {
                file: source.file.clone(),
                sheet: source.sheet.clone(),
                row: place_of.row,
                line: place_of.line,
                column: None,
                header: None,
                value,
                code,
                year: Some(chunk.years()[row]),
            });
        }
        for balance in &mut balances {
            balance.data = balance.kept + balance.rejected + balance.merged + balance.conflicts;
        }
        let order = |p: &Problem| report.sources.iter().position(|s| s.file == p.file && s.sheet == p.sheet);
        problems.sort_by_cached_key(|p| (order(p), p.row));
        let sources = report.sources.into_iter().zip(balances).collect();
        let (skipped, unread) = (report.skipped, report.unread);
        let origin = Origin { sources, problems, skipped, unread, linked: Vec::new() };
        Ok(Self { origin: Arc::new(origin), ..roster })
    }

    /// Returns the sources of the rows and the problems found in them.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Reports rows whose code was repaired, and counts removed rows as rejected. Returns the sources that lost rows.
fn report_repairs(report: &mut Report, repairs: Vec<Repair>) -> BTreeSet<usize> {
    let mut of_source: BTreeMap<usize, HashMap<u32, Repair>> = BTreeMap::new();
    for repair in repairs {
        of_source.entry(report.source(repair.key).unwrap_or_default()).or_default().insert(repair.position.row, repair);
    }
    let mut incomplete = BTreeSet::new();
    for (at, mut repairs) in of_source {
        let (source, problems) = (&mut report.sources[at], &mut report.problems[at]);
        let lost = repairs.values().filter(|repair| repair.id.is_none()).count();
        source.rejected += lost;
        if lost > 0 {
            incomplete.insert(at);
        }
        let is_id = |p: &Problem| p.column.as_deref() == Some("org_id");
        // For a rejected row, report only the rejection.
        problems.retain(|p| is_id(p) || repairs.get(&p.row).is_none_or(|repair| repair.id.is_some()));
        for problem in problems.iter_mut().filter(|p| is_id(p)) {
            if let Some(Repair { id: Some(id), .. }) = repairs.remove(&problem.row) {
                problem.value = format!("{} → {id}", problem.value);
                problem.code = Code::IdRepaired;
            }
        }
        let header = source.columns.iter().find(|c| c.column.as_deref() == Some("org_id")).map(|c| c.header.clone());
        for repair in repairs.into_values() {
            let Some(id) = repair.id else { continue };
            problems.push(Problem {
                file: source.file.clone(),
                sheet: source.sheet.clone(),
                row: repair.position.row,
                line: repair.position.line,
                column: Some("org_id".to_owned()),
                header: header.clone(),
                value: format!("{} → {id}", repair.former_id),
                code: Code::IdRepaired,
                year: Some(repair.year),
            });
        }
    }
    incomplete
}
