//! Building a roster from typed batches: encode values, sort rows by organisation, find duplicates.
//!
//! ```text
//! batch (file, sheet, part):   years     ids              columns
//!                                |        |                  |
//! Builder::accept, any order       |     packed u128, sorted   texts interned to numbers
//!                                |        |                  |
//! Builder::finish, by key        |     merge (ids)           one WholeColumn per field
//!                                |        |                  |
//!                                |     organisations         |
//!                                |     slot of each row      |
//!                                |        |                  |
//! order, per year             Stretches of rows by slot, duplicates removed
//!                                         |                  |
//! Frame per year              slots  +  one Column per field, cut from the parts
//! ```
//!
//! The goal is a panel that depends only on the order of rows (file, sheet, part), although batches arrive from any
//! thread. Ids, columns and years are independent, so each is processed in parallel. Where a year consists of long
//! runs in slot order, its columns are copied straight from the batches. Otherwise one column of all rows is built
//! first and gathered by row, which costs a second copy but no lookup per row.

mod ids;
mod merged_labels;
mod repair;
mod stretches;
mod whole_column;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int16Type, UInt32Type};
use rayon::prelude::*;

use self::ids::{IdKeys, UnpackedIds, rank};
use self::merged_labels::ColumnPart;
use self::stretches::Stretches;
use super::{Column, Field, Frame, Roster, RowSelection};
use crate::error::{Error, Result};
use crate::ingest::{Coded, ColumnInterner, ColumnValues, OnConflict, Piece, RowPositions, agreed};
use crate::ingest::{PartKey, PieceSink};
use crate::job::Job;
use crate::schema::Type;
use crate::{job, schema};

pub(super) use self::repair::Repair;

pub(super) use self::whole_column::{GRADES, WholeColumn, half_steps, zero_unknown};

/// A row that was not used because another has the same organisation and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Row number, counted over all batches.
    pub row: usize,
    /// Number of the other row: the kept one or, where conflicting rows are all rejected, the one that it
    /// contradicts.
    pub kept: usize,
    /// True if the two rows are equal in every column.
    pub identical: bool,
}

/// Builds a roster from batches of canonical columns ([`Type::arrow`]), each with `year` and `org_id`. Keeps the
/// first row of an organisation in a year; returns the others as duplicates, in row order.
pub fn build(batches: &[RecordBatch], job: &dyn Job) -> Result<(Roster, Vec<Duplicate>)> {
    let builder = Builder::default();
    for (part, records) in batches.iter().enumerate() {
        builder.accept(PartKey { file: 0, table: 0, part: part as u32 }, piece(records)?)?;
    }
    let built = builder.finish(OnConflict::First, &|_| true, job)?;
    Ok((built.roster, built.duplicates))
}

/// Converts a batch to a piece without places in a source.
fn piece(records: &RecordBatch) -> Result<Piece> {
    let year = records.column_by_name("year").ok_or_else(|| missing("year"))?;
    let years = year.as_primitive_opt::<Int16Type>().ok_or_else(|| wrong("year", year, &DataType::Int16))?;
    let id = records.column_by_name("org_id").ok_or_else(|| missing("org_id"))?;
    let ids = id.as_string_opt::<i32>().ok_or_else(|| wrong("org_id", id, &DataType::Utf8))?;
    for (name, array) in [("year", year), ("org_id", id)] {
        if array.null_count() > 0 {
            return Err(missing(name));
        }
    }
    let schema = records.schema();
    let columns = schema.fields().iter().map(|f| f.name().clone()).zip(records.columns());
    let columns = columns.filter(|(name, _)| !matches!(name.as_str(), "year" | "org_id"));
    Ok(Piece {
        positions: RowPositions::Each(Vec::new()),
        years: years.values().to_vec(),
        ids: ids.clone(),
        columns: columns.map(|(name, array)| (name, ColumnValues::Array(Arc::clone(array)))).collect(),
    })
}

/// Collects batches from any thread and builds a roster from them.
#[derive(Default)]
pub(super) struct Builder {
    unpacked: UnpackedIds,
    /// Interners for text columns that arrive as plain arrays, by column name.
    known: Mutex<BTreeMap<String, Arc<ColumnInterner>>>,
    chunks: Mutex<Vec<Chunk>>,
}

/// A collected batch.
pub(super) struct Chunk {
    pub key: PartKey,
    /// Positions of the rows in their source.
    pub positions: RowPositions,
    years: Vec<i16>,
    ids: IdKeys,
    columns: Vec<(String, ColumnValues)>,
}

impl Chunk {
    /// Returns the year of each row.
    pub(super) fn years(&self) -> &[i16] {
        &self.years
    }
}

/// The result of [`Builder::finish`].
pub(super) struct Built {
    pub roster: Roster,
    /// Batches in key order, without their columns.
    pub chunks: Vec<Chunk>,
    pub duplicates: Vec<Duplicate>,
    /// Slot of the organisation of each row, over all batches.
    pub slots: Vec<u32>,
}

impl PieceSink for Builder {
    fn accept(&self, key: PartKey, piece: Piece) -> Result<()> {
        let Piece { positions, years, ids, columns } = piece;
        let ids = IdKeys::new(&ids, &self.unpacked)?;
        let columns = columns.into_iter().map(|(name, values)| Ok((name.clone(), self.coded(name, values)?)));
        let chunk = Chunk { key, positions, years, ids, columns: columns.collect::<Result<_>>()? };
        self.chunks.lock().map_err(|_| Error::broken())?.push(chunk);
        Ok(())
    }

    fn discard(&self, file: u32) -> Result<()> {
        self.chunks.lock().map_err(|_| Error::broken())?.retain(|chunk| chunk.key.file != file);
        Ok(())
    }
}

impl Builder {
    /// Returns the values of the column called `name`; texts that will be coded are interned to numbers.
    fn coded(&self, name: String, values: ColumnValues) -> Result<ColumnValues> {
        let is_plain = schema::column(&name).is_some_and(|column| column.ty == Type::Text);
        let array = match values {
            ColumnValues::Array(array) if !is_plain && is_text(array.data_type()) => array,
            other => return Ok(other),
        };
        let texts = cast(&array, &DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8)))?;
        let texts = texts.as_dictionary::<UInt32Type>();
        let known = Arc::clone(self.known.lock().map_err(|_| Error::broken())?.entry(name).or_default());
        let mut values = known.values();
        let numbers: Vec<u32> =
            texts.values().as_string::<i32>().iter().map(|text| text.map_or(0, |text| values.number(text))).collect();
        drop(values);
        let number = |key: Option<u32>| key.and_then(|key| numbers.get(key as usize)).copied().unwrap_or(0);
        let numbers = UInt32Array::from_iter_values(texts.keys().iter().map(number));
        Ok(ColumnValues::Coded(Coded { numbers: Arc::new(numbers), known }))
    }

    /// Builds the roster from all batches. `typed` reports whether the batch at a key comes from a source with
    /// types.
    pub(super) fn finish(
        self,
        on_conflict: OnConflict,
        typed: &dyn Fn(PartKey) -> bool,
        job: &dyn Job,
    ) -> Result<Built> {
        let mut chunks = self.chunks.into_inner().map_err(|_| Error::broken())?;
        chunks.sort_by_key(|chunk| chunk.key);
        let fields = fields(&mut chunks, typed)?;
        let ids: Vec<IdKeys> = chunks.iter_mut().map(|chunk| std::mem::take(&mut chunk.ids)).collect();
        let columns = columns(&mut chunks, &fields);
        let done = AtomicU64::new(0);
        let (ranked, whole) = rayon::join(
            || rank(&ids, &self.unpacked),
            || {
                let whole = fields.par_iter().zip(&columns).map(|(field, parts)| {
                    job::check(job)?;
                    let whole = WholeColumn::new(field, parts)?;
                    job.progress("roster", done.fetch_add(1, Ordering::Relaxed) + 1, fields.len() as u64);
                    Ok(whole)
                });
                whole.collect::<Result<Vec<WholeColumn<'_>>>>()
            },
        );
        let ((organisations, slots), whole) = (ranked?, whole?);
        ids.into_par_iter().for_each(drop);
        job::check(job)?;
        let starts: Vec<u32> = chunks
            .iter()
            .scan(0, |start, chunk| Some(std::mem::replace(start, *start + chunk.years.len() as u32)))
            .collect();
        let (order, duplicates) = order(&chunks, &starts, &slots, &whole, on_conflict, job)?;
        // Long stretches are cut straight from the batches. Short ones are gathered from columns of all rows.
        let all: Option<Vec<Column>> = if order.iter().all(|(_, rows)| rows.are_long()) {
            None
        } else {
            Some(whole.par_iter().map(WholeColumn::all_rows).collect::<Result<_>>()?)
        };
        let frames = order
            .par_iter()
            .map(|(year, stretches)| {
                let here = stretches.parts(&starts);
                let (runs, rows) = if all.is_none() {
                    (stretches.runs(&starts), Vec::new())
                } else {
                    (Vec::new(), stretches.rows().collect())
                };
                let rows = RowSelection::new(&rows);
                let column = |(at, whole): (usize, &WholeColumn<'_>)| {
                    job::check(job)?;
                    let column = || all.as_ref().map_or_else(|| whole.column(&runs), |all| all[at].gather(&rows));
                    whole.is_in(&here).then(column).transpose()
                };
                let columns = whole.par_iter().enumerate().map(column).collect::<Result<_>>()?;
                Ok(Frame::new(*year, stretches.gather(&slots), columns))
            })
            .collect::<Result<Vec<_>>>()?;
        drop(whole);
        // Freeing thousands of small arrays takes time, so free them in parallel.
        columns.into_par_iter().for_each(drop);
        let roster = Roster::from_parts(organisations, fields, frames);
        Ok(Built { roster, chunks, duplicates, slots })
    }
}

/// Checks whether an array of this type holds text.
fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 => true,
        DataType::Dictionary(_, values) => **values == DataType::Utf8,
        _ => false,
    }
}

/// Lists the fields of all batches: the schema's in its order, then the user's own by name. Casts each of the
/// latter to one type.
fn fields(chunks: &mut [Chunk], typed: &dyn Fn(PartKey) -> bool) -> Result<Vec<Field>> {
    let names: HashSet<&str> = chunks.iter().flat_map(|c| c.columns.iter().map(|(name, _)| name.as_str())).collect();
    let known = schema::COLUMNS.iter().filter(|c| names.contains(c.name));
    let mut fields: Vec<Field> = known.map(|c| Field { name: c.name.to_owned(), ty: c.ty }).collect();
    let own: BTreeSet<String> =
        names.into_iter().filter(|name| schema::column(name).is_none()).map(str::to_owned).collect();
    for name in own {
        let arrays: Vec<(ArrayRef, bool)> = chunks
            .iter()
            .filter_map(|c| {
                let (_, values) = c.columns.iter().find(|(n, _)| *n == name)?;
                let array = match values {
                    ColumnValues::Array(array) => Arc::clone(array),
                    ColumnValues::Coded(coded) => Arc::new(coded.distinct()) as ArrayRef,
                };
                Some((array, typed(c.key)))
            })
            .collect();
        let wanted = agreed(arrays.iter().map(|(array, typed)| (array, *typed)))?;
        let ty = own_type(&wanted).ok_or_else(|| {
            Error::data(
                format!("自定义列“{name}”的类型 {wanted} 不能读取，请改为文本、数、日期或布尔"),
                format!("the user's own column '{name}' has type {wanted}; expected text, number, date or boolean"),
            )
        })?;
        for (_, values) in chunks.iter_mut().flat_map(|c| &mut c.columns).filter(|(n, _)| *n == name) {
            let array = match values {
                ColumnValues::Array(array) if *array.data_type() != wanted => Arc::clone(array),
                ColumnValues::Coded(coded) if wanted != DataType::Utf8 => Arc::new(coded.texts()),
                _ => continue,
            };
            *values = ColumnValues::Array(cast(&array, &wanted)?);
        }
        fields.push(Field { name, ty });
    }
    Ok(fields)
}

/// Maps the Arrow type of a user's own column to its type.
fn own_type(ty: &DataType) -> Option<Type> {
    Some(match ty {
        DataType::Utf8 => Type::Code,
        DataType::Boolean => Type::Flag,
        DataType::UInt32 => Type::Count,
        DataType::UInt64 => Type::Money,
        DataType::Float64 => Type::Real,
        DataType::Date32 => Type::Date,
        _ => return None,
    })
}

/// Moves the columns out of the batches: for each field, one part per batch.
fn columns(chunks: &mut [Chunk], fields: &[Field]) -> Vec<Vec<ColumnPart>> {
    let mut columns: Vec<Vec<ColumnPart>> = fields.iter().map(|_| Vec::with_capacity(chunks.len())).collect();
    for chunk in chunks {
        for parts in &mut columns {
            parts.push(Err(chunk.years.len()));
        }
        for (name, values) in chunk.columns.drain(..) {
            if let Some(parts) = fields.iter().position(|f| f.name == name).and_then(|at| columns.get_mut(at))
                && let Some(part) = parts.last_mut()
            {
                *part = Ok(values);
            }
        }
    }
    columns
}

fn missing(column: &str) -> Error {
    Error::data(
        format!("每一行都必须有“{column}”，有的行没有"),
        format!("every row needs '{column}', and some have none"),
    )
    .in_column(column)
}

fn wrong(name: &str, array: &ArrayRef, wanted: &DataType) -> Error {
    let got = array.data_type();
    Error::data(
        format!("列“{name}”的类型是 {got}，应为 {wanted}"),
        format!("column '{name}' has type {got}, expected {wanted}"),
    )
    .in_column(name)
}

/// The kept rows of each year in slot order, and the duplicates.
type OrderedYears = (Vec<(i16, Stretches)>, Vec<Duplicate>);

fn order(
    chunks: &[Chunk],
    starts: &[u32],
    slots: &[u32],
    whole: &[WholeColumn<'_>],
    on_conflict: OnConflict,
    job: &dyn Job,
) -> Result<OrderedYears> {
    let mut by_year: BTreeMap<i16, Stretches> = BTreeMap::new();
    for (chunk, start) in chunks.iter().zip(starts) {
        let mut row = *start;
        for same in chunk.years.chunk_by(|a, b| a == b) {
            let next = row + same.len() as u32;
            by_year.entry(same[0]).or_default().push(row..next);
            row = next;
        }
    }
    let sorted: Vec<OrderedYears> = by_year
        .into_par_iter()
        .map(|(year, mut stretches)| {
            job::check(job)?;
            let mut duplicates = Vec::new();
            // Panels are often written in slot order with each organisation once.
            if !stretches.ascend(slots) {
                let slot = |row: &u32| slots[*row as usize];
                let mut keys: Vec<u64> =
                    stretches.rows().map(|row| u64::from(slot(&row)) << 32 | u64::from(row)).collect();
                keys.par_sort_unstable();
                let mut rows: Vec<u32> = keys.into_iter().map(|key| key as u32).collect();
                if rows.windows(2).any(|pair| slot(&pair[0]) == slot(&pair[1])) {
                    rows = unique(&rows, slot, starts, whole, on_conflict, &mut duplicates)?;
                }
                stretches = Stretches::from_rows(&rows);
            }
            Ok((vec![(year, stretches)], duplicates))
        })
        .collect::<Result<_>>()?;
    let (mut order, mut duplicates) = (Vec::new(), Vec::new());
    for (year, of_year) in sorted {
        order.extend(year);
        duplicates.extend(of_year);
    }
    order.retain(|(_, rows)| rows.len() > 0);
    duplicates.sort_unstable_by_key(|d| d.row);
    Ok((order, duplicates))
}

/// Picks one row per organisation from `rows`, which are sorted by `slot`.
fn unique(
    rows: &[u32],
    slot: impl Fn(&u32) -> u32,
    starts: &[u32],
    whole: &[WholeColumn<'_>],
    on_conflict: OnConflict,
    duplicates: &mut Vec<Duplicate>,
) -> Result<Vec<u32>> {
    let of_one = || rows.chunk_by(|a, b| slot(a) == slot(b));
    let several: Vec<u32> = of_one().filter(|same| same.len() > 1).flatten().copied().collect();
    let runs = Stretches::from_rows(&several).runs(starts);
    let columns: Vec<Column> = whole.iter().map(|whole| whole.column(&runs)).collect::<Result<_>>()?;
    let mut kept = Vec::with_capacity(rows.len());
    let mut at = 0;
    for same in of_one() {
        let [first, others @ ..] = same else { continue };
        let start = duplicates.len();
        for (other, row) in (at + 1..).zip(others) {
            let identical = columns.iter().all(|column| column.equal(other, at));
            duplicates.push(Duplicate { row: *row as usize, kept: *first as usize, identical });
        }
        if !others.is_empty() {
            at += same.len();
        }
        let conflict = duplicates[start..].iter().find(|d| !d.identical).copied();
        match conflict {
            Some(conflict) if on_conflict == OnConflict::Reject => {
                duplicates.push(Duplicate { row: *first as usize, kept: conflict.row, identical: false });
            }
            _ => kept.push(*first),
        }
    }
    Ok(kept)
}
