//! One sheet becomes record batches: each row is told apart, its cells are read, what is wrong is written down.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int16Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{Field, Schema};

use super::Source;
use super::cells::{self, Cell};
use super::group::{Group, groups};
use super::header::{Header, Heading, Meaning};
use super::identity::{identity, too_many};
use super::problem::{Code, Problem, shown};
use super::rows::{Classifier, Kind, Row};
use super::sink::Sink;
use crate::error::Result;
use crate::schema::{COLUMNS, Type};

/// How many rows a batch has.
const BATCH: usize = 65_536;

/// Where a row of a sheet stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// The row of the sheet or the number of the record, from 1.
    pub row: u32,
    /// The line of the text file.
    pub line: Option<u32>,
}

/// Rows of one sheet, read.
#[derive(Debug)]
pub(super) struct Piece {
    pub rows: Vec<u32>,
    pub lines: Option<Vec<u32>>,
    pub records: RecordBatch,
}

/// A sheet, read.
#[derive(Debug)]
pub(super) struct Sheet {
    pub source: Source,
    pub pieces: Vec<Piece>,
    pub problems: Vec<Problem>,
    /// Whether the columns had types of their own.
    pub typed: bool,
}

/// Reads the rows of a sheet one after another.
pub(super) struct Table {
    source: Source,
    year: Year,
    id: Option<usize>,
    id_header: Option<String>,
    rows: Classifier,
    slots: Vec<Slot>,
    groups: Vec<Group>,
    /// The words for modes as written, where the sheet does not have them in a column of their own.
    detail: Option<Sink>,
    ids: StringBuilder,
    years: Int16Builder,
    numbers: Vec<u32>,
    lines: Vec<u32>,
    pieces: Vec<Piece>,
    problems: Vec<Problem>,
}

/// Where the year of a row comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Year {
    /// All rows have the same.
    Fixed(i16),
    /// A column of the sheet says it.
    Column(usize),
}

/// A column and its reader.
struct Slot {
    name: String,
    header: String,
    index: usize,
    role: Role,
    sink: Sink,
}

/// Columns that another depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    Employees,
    MembersFull,
    Mode,
}

impl Table {
    /// A reader for the sheet of `source` below `header`, whose rows are `texts`.
    pub(super) fn new(mut source: Source, header: &Header, texts: &[Vec<String>], year: Year) -> Self {
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
            year,
            id: id.map(|c| c.index),
            id_header: id.map(Heading::header),
            rows: Classifier::new(header, texts),
            detail: (has("mode") && !has("mode_detail")).then(Sink::text),
            slots,
            groups,
            ids: StringBuilder::new(),
            years: Int16Builder::new(),
            numbers: Vec::new(),
            lines: Vec::new(),
            pieces: Vec::new(),
            problems: Vec::new(),
            source,
        }
    }

    /// Counts `rows` empty rows that the source leaves out.
    pub(super) fn skip_blank(&mut self, rows: usize) {
        self.source.rows.blank += rows;
    }

    /// Reads a row; one of a text file must have `fields` fields.
    pub(super) fn row<R: Row>(&mut self, row: &R, at: At, fields: Option<usize>) -> Result<()> {
        let fits = fields.is_none_or(|fields| row.width() == fields);
        let kind = self.rows.kind(row);
        let kind = if !fits && matches!(kind, Kind::RepeatedHeader) { Kind::Data } else { kind };
        self.source.rows.count(kind);
        if kind != Kind::Data {
            return Ok(());
        }
        if let Some(fields) = fields.filter(|_| !fits) {
            // The fields themselves are shifted and may hold names of people: only their number is told.
            self.reject(Code::FieldCount, at, None, &format!("{} ≠ {fields}", row.width()));
            return Ok(());
        }
        let year = match self.year {
            Year::Fixed(year) => year,
            Year::Column(column) => {
                let Ok(Some(year)) = cells::year(&row.cell(column)) else {
                    self.reject(Code::YearMissing, at, Some("year"), &row.cell(column).shown());
                    return Ok(());
                };
                year
            }
        };
        let id_cell = self.id.map_or(Cell::Empty, |id| row.cell(id));
        match identity(&id_cell) {
            Ok((id, said)) => {
                self.ids.append_value(&id);
                if let Some(code) = said {
                    self.say(code, at, Some(year), Some("org_id"), self.id_header.clone(), &id_cell.shown());
                }
            }
            Err(code) => {
                self.say(code, at, Some(year), Some("org_id"), self.id_header.clone(), &id_cell.shown());
                self.source.rejected += 1;
                return Ok(());
            }
        }
        self.years.append_value(year);
        if !self.source.years.contains(&year) {
            self.source.years.push(year);
        }
        self.numbers.push(at.row);
        self.lines.extend(at.line);
        self.cells(row, at, year);
        if self.numbers.len() == BATCH { self.flush() } else { Ok(()) }
    }

    fn cells<R: Row>(&mut self, row: &R, at: At, year: i16) {
        let mut said = Vec::new();
        let mut employees = None;
        for (slot_at, slot) in self.slots.iter_mut().enumerate() {
            let cell = row.cell(slot.index);
            let code = match slot.role {
                Role::Employees => {
                    employees = cells::count(&cell, false).ok().flatten();
                    slot.sink.push(&cell)
                }
                Role::MembersFull if too_many(cells::count(&cell, false), employees) => {
                    slot.sink.push(&Cell::Empty);
                    Some(Code::ImpossibleValue)
                }
                Role::Plain | Role::MembersFull => slot.sink.push(&cell),
                Role::Mode => {
                    if let Some(detail) = &mut self.detail {
                        detail.push_text(cells::mode_detail(&cell).as_deref());
                    }
                    slot.sink.push(&cell)
                }
            };
            if let Some(code) = code {
                said.push((code, slot_at, cell.shown()));
            }
        }
        for (code, slot, value) in said {
            if let Some(slot) = self.slots.get(slot) {
                let (name, header) = (slot.name.clone(), slot.header.clone());
                self.say(code, at, Some(year), Some(&name), Some(header), &value);
            }
        }
        let mut said = Vec::new();
        for group in &mut self.groups {
            let read = group.read(row);
            let is_mode = group.column.name == "mode";
            let word = match &read {
                Ok(Some(member)) => member.word.and_then(|at| group.words.ids().nth(at)),
                Ok(None) => is_mode.then_some("none"),
                Err(_) => None,
            };
            if is_mode && let Some(detail) = &mut self.detail {
                let member = read.as_ref().ok().copied().flatten();
                detail.push_text(member.map(|m| m.written.as_str()));
            }
            if let Err((code, value)) = read {
                said.push((code, group.column.name, group.header.clone(), value));
            }
            group.sink.push_text(word);
        }
        for (code, column, header, value) in said {
            self.say(code, at, Some(year), Some(column), Some(header), &value);
        }
    }

    fn reject(&mut self, code: Code, at: At, column: Option<&str>, value: &str) {
        self.source.rejected += 1;
        let year = match self.year {
            Year::Fixed(year) => Some(year),
            Year::Column(_) => None,
        };
        self.say(code, at, year, column, None, value);
    }

    fn say(
        &mut self,
        code: Code,
        at: At,
        year: Option<i16>,
        column: Option<&str>,
        header: Option<String>,
        value: &str,
    ) {
        self.problems.push(Problem {
            file: self.source.file.clone(),
            sheet: self.source.sheet.clone(),
            row: at.row,
            line: at.line,
            column: column.map(str::to_owned),
            header,
            value: shown(value),
            code,
            year,
        });
    }

    fn flush(&mut self) -> Result<()> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        let mut columns: Vec<(String, ArrayRef)> = vec![
            ("year".to_owned(), Arc::new(self.years.finish())),
            ("org_id".to_owned(), Arc::new(self.ids.finish())),
        ];
        columns.extend(self.slots.iter_mut().map(|slot| (slot.name.clone(), slot.sink.finish())));
        columns.extend(self.groups.iter_mut().map(|g| (g.column.name.to_owned(), g.sink.finish())));
        columns.extend(self.detail.iter_mut().map(|d| ("mode_detail".to_owned(), d.finish())));
        let lines = std::mem::take(&mut self.lines);
        self.pieces.push(Piece {
            rows: std::mem::take(&mut self.numbers),
            lines: (!lines.is_empty()).then_some(lines),
            records: records(columns)?,
        });
        Ok(())
    }

    /// What was read.
    pub(super) fn finish(mut self) -> Result<Sheet> {
        self.flush()?;
        if self.detail.is_some() {
            drop_empty_detail(&mut self.pieces);
        }
        self.source.years.sort_unstable();
        Ok(Sheet { source: self.source, pieces: self.pieces, problems: self.problems, typed: false })
    }
}

/// A batch of `columns`, in the schema's order, the user's own at the end.
pub(super) fn records(mut columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch> {
    columns.sort_by_key(|(name, _)| COLUMNS.iter().position(|c| c.name == name).unwrap_or(COLUMNS.len()));
    let field = |(name, array): &(String, ArrayRef)| {
        let key = matches!(name.as_str(), "year" | "org_id");
        Field::new(name, array.data_type().clone(), !key)
    };
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(schema), arrays)?)
}

/// Takes the words for modes as written out again where no row has one: the modes were canonical words already.
pub(super) fn drop_empty_detail(pieces: &mut [Piece]) {
    let at = |piece: &Piece| piece.records.schema().index_of("mode_detail").ok();
    let is_empty = |piece: &Piece| at(piece).is_none_or(|at| piece.records.column(at).null_count() == piece.rows.len());
    if pieces.iter().all(is_empty) {
        for piece in pieces {
            if let Some(at) = at(piece) {
                piece.records.remove_column(at);
            }
        }
    }
}

/// The columns that are read each by itself. The schema has the employees before the members.
fn slots(header: &Header) -> Vec<Slot> {
    let mut slots = Vec::new();
    for heading in &header.columns {
        let (name, sink) = match &heading.meaning {
            Meaning::Column { column, .. } if matches!(column.ty, Type::Id | Type::Year) => continue,
            Meaning::Column { column, factor, .. } => {
                (column.name.to_owned(), Sink::of(column, *factor, &header.words))
            }
            Meaning::Own(name) => (name.clone(), Sink::text()),
            Meaning::Mark { .. } | Meaning::Not(_) => continue,
        };
        let role = match name.as_str() {
            "employees" => Role::Employees,
            "members_full" => Role::MembersFull,
            "mode" => Role::Mode,
            _ => Role::Plain,
        };
        slots.push(Slot { name, header: heading.header(), index: heading.index, role, sink });
    }
    slots.sort_by_key(|s| s.role != Role::Employees);
    slots
}
