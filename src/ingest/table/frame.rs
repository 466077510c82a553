//! Reads a table of Arrow batches: decides the meaning of its columns once, then converts one batch after another.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int16Array, RecordBatch, StringArray, StringBuilder};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Int16Type, Schema};

use super::ledger_year::{LedgerYear, year_of};
use super::piece::{Piece, plausible};
use super::start::TableLocation;
use super::{ReadSheet, ReadSummary, YearSource};
use crate::error::{Error, Result};
use crate::ingest::ReadOptions;
use crate::ingest::cell::arrow_column::{CellProblem, as_text, convert, mode_detail, own, own_type};
use crate::ingest::cell::block::{RowPosition, RowPositions};
use crate::ingest::cell::content::Cell;
use crate::ingest::cell::distinct::ColumnInterner;
use crate::ingest::cell::row_checks;
use crate::ingest::cell::row_checks::Identify;
use crate::ingest::cell::values::ColumnValues;
use crate::ingest::header::heading::Heading;
use crate::ingest::header::{Header, Meaning};
use crate::ingest::problem::{Code, Problem, shown};
use crate::ingest::{ColumnStatus, Rows, Source};
use crate::schema;
use crate::schema::{Dictionaries, SchemaColumn, Type};
use crate::standards::uscc;

/// Reader for the columns of one table of batches.
pub(crate) struct BatchReader {
    source: Source,
    year: BatchYear,
    id: WantedColumn,
    identity: Identify,
    columns: Vec<WantedColumn>,
    /// True if formation modes as written have no column of their own and are derived from `mode`.
    detail: bool,
    /// Readings of formation modes as written.
    written: Arc<ColumnInterner>,
    words: Dictionaries,
}

enum BatchYear {
    Fixed(i16),
    Column(WantedColumn),
}

/// A column to be read.
struct WantedColumn {
    /// Name in the table, which need not be unique, and position.
    field: String,
    index: usize,
    target: ColumnTarget,
    known: Arc<ColumnInterner>,
}

enum ColumnTarget {
    Column(&'static SchemaColumn, f64),
    Own(String),
}

impl WantedColumn {
    fn name(&self) -> &str {
        match &self.target {
            ColumnTarget::Column(column, _) => column.name,
            ColumnTarget::Own(name) => name,
        }
    }
}

impl BatchReader {
    /// Creates the reader for a table with this schema; `None` if it is not a ledger.
    pub(crate) fn new(location: &TableLocation<'_>, schema: &Schema, options: &ReadOptions) -> Result<Option<Self>> {
        let keep_all = ReadOptions { keep: [&options.keep[..], &["*".to_owned()]].concat(), ..options.clone() };
        let mut header = Header::of_names(schema.fields().iter().map(|f| f.name().as_str()), &keep_all);
        for heading in &mut header.columns {
            let ty = schema.fields().get(heading.index).map(|f| f.data_type());
            if matches!(heading.meaning, Meaning::Own(_)) && ty.is_none_or(|ty| own_type(ty).is_none()) {
                heading.meaning = Meaning::Not(ColumnStatus::Unknown);
            }
        }
        if !header.is_ledger() {
            return Ok(None);
        }
        let LedgerYear { source: year, from: year_from, .. } = year_of(location, &header, &[], options)?;
        let (mut id, mut years, mut columns) = (None, None, Vec::new());
        for heading in &header.columns {
            let target = match &heading.meaning {
                Meaning::Column { column, factor, .. } => ColumnTarget::Column(column, *factor),
                Meaning::Own(name) => ColumnTarget::Own(name.clone()),
                Meaning::Mark { .. } | Meaning::Not(_) => continue,
            };
            let wanted = WantedColumn { field: heading.written(), index: heading.index, target, known: Arc::default() };
            match wanted.target {
                ColumnTarget::Column(column, _) if column.ty == Type::Id => id = Some(wanted),
                ColumnTarget::Column(column, _) if column.ty == Type::Year => years = Some(wanted),
                _ => columns.push(wanted),
            }
        }
        let Some(id) = id else { return Ok(None) };
        let has = |name: &str| columns.iter().any(|c| c.name() == name);
        let year = match (year, years) {
            (YearSource::Column(_), Some(column)) => BatchYear::Column(column),
            (YearSource::Fixed(year), _) => BatchYear::Fixed(year),
            (YearSource::Column(_), None) => return Ok(None),
        };
        Ok(Some(Self {
            source: Source {
                file: location.file(),
                path: location.path.to_owned(),
                sheet: None,
                table: 1,
                first_row: 0,
                last_row: 0,
                years: Vec::new(),
                year_from,
                encoding: None,
                header_rows: 0,
                columns: header.columns.iter().map(Heading::mapped).collect(),
                rows: Rows::default(),
                rejected: 0,
            },
            year,
            id,
            identity: row_checks::identify_function(options),
            detail: has("mode") && !has("mode_detail"),
            written: Arc::default(),
            columns,
            words: header.words,
        }))
    }

    /// Returns the positions of the columns that are read, ascending, and assumes from then on that batches have only
    /// these.
    pub(crate) fn project(&mut self) -> Vec<usize> {
        let year = match &mut self.year {
            BatchYear::Column(column) => Some(column),
            BatchYear::Fixed(_) => None,
        };
        let wanted: Vec<&mut WantedColumn> = self.columns.iter_mut().chain([&mut self.id]).chain(year).collect();
        let mut all: Vec<usize> = wanted.iter().map(|wanted| wanted.index).collect();
        all.sort_unstable();
        for wanted in wanted {
            wanted.index = all.binary_search(&wanted.index).unwrap_or_default();
        }
        all
    }

    /// Reads a batch that starts at row `first` of the table, from 0.
    pub(crate) fn piece(&self, batch: &RecordBatch, first: u64) -> Result<(Piece, ReadSummary)> {
        let data = batch.num_rows();
        let mut problems = Vec::new();
        let (years, wrong_years) = self.years(batch)?;
        let (ids, keep, said) = self.ids(batch, &years, &wrong_years)?;
        // Positions have 32 bits; no roster holds more rows.
        let row = |at: u32| u32::try_from(first + u64::from(at) + 1).unwrap_or(u32::MAX);
        let year_of = |years: &Int16Array, at: usize| years.is_valid(at).then(|| years.value(at));
        for (at, code, column, value) in said {
            let header = match (&self.year, column) {
                (BatchYear::Column(wanted), Type::Year) => Some(wanted.field.clone()),
                (BatchYear::Fixed(_), Type::Year) => None,
                _ => Some(self.id.field.clone()),
            };
            let name = if column == Type::Year { "year" } else { "org_id" };
            problems.push(self.problem(code, row(at), name, header, &value, year_of(&years, at as usize)));
        }
        let all = keep.true_count() == data;
        let batch = if all { batch.clone() } else { filter_record_batch(batch, &keep)? };
        let numbers: Vec<u32> = (0..data as u32).filter(|at| keep.value(*at as usize)).map(row).collect();
        let years = arrow::compute::filter(&years, &keep)?;
        let years = years.as_primitive::<Int16Type>();
        let mut columns: Vec<(String, ColumnValues)> = Vec::with_capacity(self.columns.len() + 1);
        for wanted in &self.columns {
            let array = field(&batch, wanted)?;
            let (values, found) = match &wanted.target {
                ColumnTarget::Column(column, factor) => convert(array, column, *factor, &self.words, &wanted.known)
                    .ok_or_else(|| wrong_type(wanted, array))??,
                ColumnTarget::Own(_) => (own(array, &wanted.known)?, Vec::new()),
            };
            for CellProblem { row, code, value } in found {
                let Some(number) = numbers.get(row) else { continue };
                let header = Some(wanted.field.clone());
                problems.push(self.problem(code, *number, wanted.name(), header, &value, year_of(years, row)));
            }
            if self.detail && wanted.name() == "mode" {
                let words = mode_detail(array, &self.written)?;
                if !words.is_empty() {
                    columns.push(("mode_detail".to_owned(), words));
                }
            }
            columns.push((wanted.name().to_owned(), values));
        }
        Self::members(&mut columns, |at, value| {
            if let Some((header, number)) = self.members_header().zip(numbers.get(at)) {
                let year = year_of(years, at);
                problems.push(self.problem(Code::ImpossibleValue, *number, "members_full", Some(header), &value, year));
            }
        });
        let mut seen: Vec<i16> = years.values().to_vec();
        seen.sort_unstable();
        seen.dedup();
        let rejected = data - numbers.len();
        problems.sort_by_key(|p| p.row);
        let rows = Rows { data, ..Rows::default() };
        let positions = RowPositions::new(numbers.len(), |at| RowPosition { row: numbers[at], line: None });
        let piece = Piece { positions, years: years.values().to_vec(), ids, columns };
        Ok((piece, ReadSummary { rows, rejected, years: seen, problems, ..ReadSummary::default() }))
    }

    /// Returns the years, and the rows without one.
    fn years(&self, batch: &RecordBatch) -> Result<(Int16Array, Vec<CellProblem>)> {
        match &self.year {
            BatchYear::Fixed(year) => Ok((Int16Array::from_value(*year, batch.num_rows()), Vec::new())),
            BatchYear::Column(wanted) => {
                let array = field(batch, wanted)?;
                let column = schema::column("year").ok_or_else(|| wrong_type(wanted, array))?;
                let (years, mut found) = convert(array, column, 1.0, &self.words, &wanted.known)
                    .ok_or_else(|| wrong_type(wanted, array))??;
                let years = years.array();
                let said: HashSet<usize> = found.iter().map(|finding| finding.row).collect();
                let empty = (0..array.len()).filter(|at| years.is_null(*at) && !said.contains(at));
                found.extend(empty.map(|row| CellProblem { row, code: Code::YearMissing, value: String::new() }));
                Ok((years.as_primitive::<Int16Type>().clone(), found))
            }
        }
    }

    /// Returns the organisation codes, the rows to keep, and the problems.
    #[allow(clippy::type_complexity, reason = "used once, by the caller beside it")]
    fn ids(
        &self,
        batch: &RecordBatch,
        years: &Int16Array,
        wrong_years: &[CellProblem],
    ) -> Result<(StringArray, BooleanArray, Vec<(u32, Code, Type, String)>)> {
        let array = field(batch, &self.id)?;
        let floats = array.data_type().is_floating().then(|| cast(array, &DataType::Float64)).transpose()?;
        let texts = if floats.is_none() { Some(as_text(array)?) } else { None };
        if let Some(texts) = &texts
            && wrong_years.is_empty()
            && texts.null_count() == 0
            && texts.iter().flatten().all(uscc::is_issued)
        {
            return Ok((texts.clone(), BooleanArray::from(vec![true; texts.len()]), Vec::new()));
        }
        let mut ids = StringBuilder::with_capacity(array.len(), array.len() * 18);
        let mut said: Vec<_> =
            wrong_years.iter().map(|f| (f.row as u32, f.code, Type::Year, f.value.clone())).collect();
        let mut keep = Vec::with_capacity(array.len());
        // An office's own numbers are said once for the table.
        let mut own = false;
        for at in 0..array.len() {
            if years.is_null(at) {
                keep.push(false);
                continue;
            }
            let cell = match (&texts, &floats) {
                _ if array.is_null(at) => Cell::Empty,
                (Some(texts), _) => Cell::Text(texts.value(at)),
                (None, Some(floats)) => Cell::Number(floats.as_primitive::<arrow::datatypes::Float64Type>().value(at)),
                (None, None) => Cell::Empty,
            };
            let code = match (self.identity)(&cell) {
                Ok((id, code)) => {
                    ids.append_value(&id);
                    keep.push(true);
                    code
                }
                Err(code) => {
                    keep.push(false);
                    Some(code)
                }
            };
            if let Some(code) = code.filter(|code| *code != Code::IdOwnNumber || !std::mem::replace(&mut own, true)) {
                said.push((at as u32, code, Type::Id, cell.shown().into_owned()));
            }
        }
        Ok((ids.finish(), BooleanArray::from(keep), said))
    }

    /// Sets impossible numbers of members to null and passes each to `report`.
    fn members(columns: &mut [(String, ColumnValues)], report: impl FnMut(usize, String)) {
        let of = |name: &str| {
            columns.iter().find_map(|(n, values)| match values {
                ColumnValues::Array(array) if n == name => Some(Arc::clone(array)),
                _ => None,
            })
        };
        if let (Some(employees), Some(members)) = (of("employees"), of("members_full"))
            && let Some((_, values)) = columns.iter_mut().find(|(name, _)| name == "members_full")
        {
            *values = ColumnValues::Array(plausible(&members, &employees, report));
        }
    }

    fn members_header(&self) -> Option<String> {
        self.columns.iter().find(|c| c.name() == "members_full").map(|wanted| wanted.field.clone())
    }

    fn problem(
        &self,
        code: Code,
        row: u32,
        column: &str,
        header: Option<String>,
        value: &str,
        year: Option<i16>,
    ) -> Problem {
        Problem {
            file: self.source.file.clone(),
            sheet: None,
            row,
            line: None,
            column: Some(column.to_owned()),
            header,
            value: shown(value),
            code,
            year,
        }
    }

    /// Returns the table being read.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Assembles the table from its batches.
    pub(crate) fn finish(self, summaries: Vec<(u32, ReadSummary)>) -> ReadSheet {
        self.source.finish(summaries, true)
    }
}

/// Returns the array of a column: by position if the name matches there, else by name.
fn field<'a>(batch: &'a RecordBatch, wanted: &WantedColumn) -> Result<&'a ArrayRef> {
    let name = &wanted.field;
    let is_there = batch.schema_ref().fields().get(wanted.index).is_some_and(|field| field.name() == name);
    let array = if is_there { batch.columns().get(wanted.index) } else { batch.column_by_name(name) };
    array.ok_or_else(|| {
        Error::data(
            format!("各批数据的列不一致：有一批没有“{name}”列"),
            format!("the batches have different columns: one lacks '{name}'"),
        )
        .in_column(name)
    })
}

fn wrong_type(wanted: &WantedColumn, array: &ArrayRef) -> Error {
    let (field, name, got) = (&wanted.field, wanted.name(), array.data_type());
    Error::data(
        format!("列“{field}”的类型是 {got}，无法作为 {name} 读取"),
        format!("column '{field}' is of type {got}, which cannot be read as {name}"),
    )
    .in_column(field)
}
