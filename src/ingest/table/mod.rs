//! Turns one sheet into record batches: classifies each row, reads its cells and records the problems.
//!
//! A [`TableReader`] is immutable while it reads, so blocks of its rows are read in parallel.

mod choose;
pub(crate) mod frame;
mod ledger_year;
mod location;
pub(crate) mod own_columns;
pub(crate) mod piece;
pub(crate) mod plane;
pub(crate) mod row_kind;
pub(crate) mod start;
mod window;
pub(crate) mod zones;

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::buffer::OffsetBuffer;

use self::choose::LedgerRows;
use self::ledger_year::LedgerYear;
use self::piece::{Piece, plausible};
use self::row_kind::Classifier;
use super::cell::block::{Block, BlockRow, PREFETCHED, RowPosition, RowPositions};
use super::cell::distinct::ColumnInterner;
use super::cell::reader::{CellProblem, ColumnReader, LabelBuilder, Reader};
use super::cell::row_checks;
use super::cell::row_checks::Identify;
use super::cell::values::ColumnValues;
use super::header::heading::Heading;
use super::header::one_hot::{OneHotGroup, groups};
use super::header::settle::{AmbiguousColumns, settle};
use super::header::{Header, Meaning};
use super::problem::{Code, Problem, shown};
use super::reading::{Rows, Source, YearFrom};
use super::{ReadOptions, Register};
use crate::error::Result;
use crate::schema::Type;

/// Row counts and problems of a block.
#[derive(Debug, Default)]
pub(super) struct ReadSummary {
    pub rows: Rows,
    pub rejected: usize,
    /// Distinct years of the rows.
    pub years: Vec<i16>,
    pub problems: Vec<Problem>,
    /// Last row of data.
    pub last_row: u32,
    /// True if there may be another table among the rows.
    pub several: bool,
}

/// A sheet that was read and whose rows were passed on.
#[derive(Debug)]
pub(super) struct ReadSheet {
    pub source: Source,
    pub problems: Vec<Problem>,
    /// True if the columns had types of their own.
    pub typed: bool,
}

/// Reader for the rows of a sheet.
pub(super) struct TableReader {
    source: Source,
    year: YearSource,
    /// Years that names and titles give besides.
    other_years: Vec<(i16, YearFrom)>,
    ambiguous: Vec<AmbiguousColumns>,
    id: usize,
    id_header: Option<String>,
    id_requested: bool,
    name: Option<usize>,
    /// Columns of other numbers of the organisation, which stand for a code that is missing.
    other_ids: Vec<usize>,
    region: Option<usize>,
    register: Option<Arc<Register>>,
    identity: Identify,
    rows: Classifier,
    slots: Vec<ColumnSlot>,
    groups: Vec<OneHotGroup>,
    /// True if formation modes as written have no column of their own and are derived from `mode`.
    detail: bool,
}

/// Origin of the year of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum YearSource {
    /// One year for all rows.
    Fixed(i16),
    /// A column of the sheet.
    Column(usize),
}

/// A column and its reader.
struct ColumnSlot {
    name: String,
    header: String,
    index: usize,
    reader: Reader,
    known: Arc<ColumnInterner>,
    /// Readings of formation modes as written, where they are kept in addition.
    written: Arc<ColumnInterner>,
}

impl TableReader {
    /// Creates the reader for the sheet of `source` below `header`; `texts` are the rows of title and header.
    pub(super) fn new(
        mut source: Source,
        header: &Header,
        texts: &[Vec<String>],
        year: LedgerYear,
        options: &ReadOptions,
    ) -> Self {
        let mut header = header.clone();
        let fixed = match year.source {
            YearSource::Fixed(year) => Some(year),
            YearSource::Column(_) => None,
        };
        let ambiguous = settle(&mut header.columns, fixed);
        let header = &header;
        let slots = slots(header);
        let groups = groups(header);
        let has = |name: &str| slots.iter().any(|s| s.name == name) || groups.iter().any(|g| g.column.name == name);
        let id = header
            .columns
            .iter()
            .find(|c| matches!(&c.meaning, Meaning::Column { column, .. } if column.ty == Type::Id));
        source.header_rows = header.height;
        source.columns = header.columns.iter().map(Heading::mapped).collect();
        source.rows.header += header.height;
        Self {
            year: year.source,
            other_years: year.others,
            ambiguous,
            // A sheet without this column is not a ledger; beyond the last column all cells are empty.
            id: id.map_or(usize::MAX, |c| c.index),
            id_header: id.map(Heading::header),
            id_requested: id.is_some_and(|heading| heading.requested),
            name: slots.iter().find(|slot| slot.name == "name").map(|slot| slot.index),
            other_ids: header.other_ids(),
            region: slots.iter().find(|slot| slot.name == "region").map(|slot| slot.index),
            register: options.codes_from.clone(),
            identity: row_checks::identify_function(options),
            rows: Classifier::new(header, texts),
            detail: has("mode") && !has("mode_detail"),
            slots,
            groups,
            source,
        }
    }

    /// Returns the sheet being read.
    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Reads the rows of `block`; rows of a text file must have `fields` fields.
    pub(super) fn read<B: Block>(&self, block: &B, fields: Option<usize>) -> Result<(Option<Piece>, ReadSummary)> {
        let mut summary = ReadSummary::default();
        let chosen = self.choose(block, fields, &mut summary);
        let piece = if chosen.rows.is_empty() { None } else { Some(self.cells(block, chosen, &mut summary)?) };
        summary.problems.sort_by_key(|p| p.row);
        Ok((piece, summary))
    }

    /// Reads the columns of the chosen rows.
    fn cells<B: Block>(&self, block: &B, chosen: LedgerRows, summary: &mut ReadSummary) -> Result<Piece> {
        let rows = &chosen.rows;
        let mut columns: Vec<(String, ColumnValues)> = Vec::with_capacity(self.slots.len() + self.groups.len() + 1);
        let mut employees: Option<ArrayRef> = None;
        let mut problems = Vec::new();
        let mut report = |problems: &mut Vec<CellProblem>, name: &str, header: &str| {
            for finding in problems.drain(..) {
                let at = rows.binary_search(&(finding.row as u32)).unwrap_or_default();
                let year = chosen.years.get(at).copied();
                let (header, value) = (Some(header.to_owned()), &finding.value);
                let position = block.position(finding.row);
                summary.problems.push(self.problem(finding.code, position, year, Some(name), header, value));
            }
        };
        for (slot, mut values, mut problems) in self.slots(block, rows) {
            if let ColumnValues::Array(array) = &mut values {
                if slot.name == "members_full"
                    && let Some(employees) = &employees
                {
                    *array = plausible(array, employees, |at, value| {
                        let row = rows.get(at).copied().unwrap_or_default() as usize;
                        problems.push(CellProblem { row, code: Code::ImpossibleValue, value });
                    });
                }
                if slot.name == "employees" {
                    employees = Some(Arc::clone(array));
                }
            }
            report(&mut problems, &slot.name, &slot.header);
            if self.detail && slot.name == "mode" && slot.known.has_other() {
                detail(&mut columns, Reader::ModeDetail.read(block, rows, slot.index, &slot.written, &mut Vec::new()));
            }
            columns.push((slot.name.clone(), values.narrowed()));
        }
        for group in &self.groups {
            let mut words = LabelBuilder::with_capacity(rows.len(), &group.known);
            let mut written = LabelBuilder::with_capacity(rows.len(), &group.as_written);
            let is_mode = group.column.name == "mode";
            for &row in rows {
                let read = group.read(&BlockRow(block, row as usize));
                words.push(match &read {
                    Ok(Some(member)) => member.word.and_then(|at| group.words.ids().nth(at)),
                    Ok(None) => is_mode.then_some("none"),
                    Err(_) => None,
                });
                if is_mode && self.detail {
                    written.push(read.as_ref().ok().copied().flatten().map(|member| member.written.as_str()));
                }
                if let Err((code, value)) = read {
                    problems.push(CellProblem { row: row as usize, code, value });
                }
            }
            report(&mut problems, group.column.name, &group.header);
            columns.push((group.column.name.to_owned(), group.values(words.finish())?));
            if is_mode && self.detail {
                detail(&mut columns, written.finish());
            }
        }
        summary.last_row = rows.last().map_or(0, |last| block.position(*last as usize).row);
        let positions = RowPositions::new(chosen.rows.len(), |at| block.position(chosen.rows[at] as usize));
        let ids = StringArray::try_new(OffsetBuffer::new(chosen.ends.into()), chosen.ids.into(), None)?;
        Ok(Piece { positions, years: chosen.years, ids, columns })
    }

    /// Reads the columns that are independent of others, and their problems. Rows are read in chunks, so that their
    /// text stays in the L1 cache for all columns.
    fn slots<B: Block>(&self, block: &B, rows: &[u32]) -> Vec<(&ColumnSlot, ColumnValues, Vec<CellProblem>)> {
        let mut columns: Vec<(&ColumnSlot, Box<dyn ColumnReader<'_> + '_>, Vec<CellProblem>)> =
            Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            columns.push((slot, slot.reader.begin(rows.len(), &slot.known), Vec::new()));
        }
        let mut seen = Vec::with_capacity(PREFETCHED);
        for rows in rows.chunks(PREFETCHED) {
            for (slot, values, problems) in &mut columns {
                seen.clear();
                block.see(rows, slot.index, &mut seen);
                values.add(rows, &seen, problems);
            }
        }
        columns.into_iter().map(|(slot, values, problems)| (slot, values.finish(), problems)).collect()
    }

    fn problem(
        &self,
        code: Code,
        position: RowPosition,
        year: Option<i16>,
        column: Option<&str>,
        header: Option<String>,
        value: &str,
    ) -> Problem {
        Problem {
            file: self.source.file.clone(),
            sheet: self.source.sheet.clone(),
            row: position.row,
            line: position.line,
            column: column.map(str::to_owned),
            header,
            value: shown(value),
            code,
            year,
        }
    }

    /// Assembles the sheet from its blocks by number; `encoding` is given where it was detected late.
    pub(super) fn finish(mut self, summaries: Vec<(u32, ReadSummary)>, encoding: Option<&'static str>) -> ReadSheet {
        self.source.encoding = encoding;
        let mut sheet = self.source.finish(summaries, false);
        let source = &sheet.source;
        let ambiguous = self.ambiguous.iter().map(|columns| columns.problem(source));
        sheet.problems.splice(0..0, ambiguous);
        if let Some(problem) = ledger_year::disagreement(source, &self.other_years) {
            sheet.problems.insert(0, problem);
        }
        sheet
    }
}

impl Source {
    /// Adds the counts and problems of the blocks, ordered by number; `typed` if the columns had types.
    pub(super) fn finish(mut self, mut summaries: Vec<(u32, ReadSummary)>, typed: bool) -> ReadSheet {
        summaries.sort_by_key(|(part, _)| *part);
        let mut problems = Vec::new();
        for (_, summary) in summaries {
            self.rows.add(summary.rows);
            self.rejected += summary.rejected;
            self.last_row = self.last_row.max(summary.last_row);
            self.years.extend(summary.years);
            problems.extend(summary.problems);
        }
        once_for_a_column(&mut problems);
        for once in [Code::IdOwnNumber, Code::IdByName] {
            let mut said = false;
            problems.retain(|problem| problem.code != once || !std::mem::replace(&mut said, true));
        }
        self.years.sort_unstable();
        self.years.dedup();
        ReadSheet { source: self, problems, typed }
    }
}

/// Leaves of the formulas without a result the first of each column, with their number.
fn once_for_a_column(problems: &mut Vec<Problem>) {
    let mut columns: Vec<(Option<String>, usize)> = Vec::new();
    problems.retain(|problem| {
        if problem.code != Code::FormulaNoResult {
            return true;
        }
        if let Some((_, count)) = columns.iter_mut().find(|(header, _)| *header == problem.header) {
            *count += 1;
            return false;
        }
        columns.push((problem.header.clone(), 1));
        true
    });
    for problem in problems.iter_mut().filter(|problem| problem.code == Code::FormulaNoResult) {
        if let Some((_, count)) = columns.iter().find(|(header, _)| *header == problem.header) {
            problem.value = count.to_string();
        }
    }
}

/// Adds the formation modes as written, unless all modes were canonical words.
fn detail(columns: &mut Vec<(String, ColumnValues)>, words: ColumnValues) {
    if !words.is_empty() {
        columns.push(("mode_detail".to_owned(), words));
    }
}

/// Returns the columns that are read separately. Employees precede the members that are compared with them.
fn slots(header: &Header) -> Vec<ColumnSlot> {
    let mut slots = Vec::new();
    for heading in &header.columns {
        let (name, reader) = match &heading.meaning {
            Meaning::Column { column, .. } if matches!(column.ty, Type::Id | Type::Year) => continue,
            Meaning::Column { column, factor, .. } => {
                (column.name.to_owned(), Reader::for_column(column, *factor, &header.words))
            }
            Meaning::Own(name) => (name.clone(), Reader::Label),
            Meaning::Mark { .. } | Meaning::Not(_) => continue,
        };
        let (known, written) = Default::default();
        slots.push(ColumnSlot { name, header: heading.header(), index: heading.index, reader, known, written });
    }
    slots.sort_by_key(|s| s.name != "employees");
    slots
}
