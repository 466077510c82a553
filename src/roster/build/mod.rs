//! From typed batches to a roster: values coded, rows sorted by organisation, duplicates found.
//!
//! Batches are taken as they come, from any thread; each has a place in the order of all rows, and the result depends
//! on that order alone. Columns are independent of one another, so each is put together on its own, in parallel.

mod ids;
mod labels;
mod repair;
mod whole;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int16Type};
use rayon::prelude::*;

use self::ids::{Keys, Others, rank};
pub(super) use self::repair::Repair;
use self::whole::{Part, Run, Whole};
use super::{Column, Field, Frame, Roster, Rows};
use crate::error::{Error, Result};
use crate::ingest::{Key, OnConflict, Piece, Places, Take, agreed};
use crate::job::{self, Job};
use crate::schema::{self, Type};

/// A row that was not used because another has its organisation and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The row, counted over all batches.
    pub row: usize,
    /// The other row: the one that was kept, or, where conflicting rows are all rejected, the one that it contradicts.
    pub kept: usize,
    /// Whether both say the same in every column.
    pub identical: bool,
}

/// Builds a roster from batches of canonical columns ([`Type::arrow`]), each with `year` and `org_id`. Of several rows
/// of one organisation in one year the first is kept; the others come back as duplicates, in row order.
pub fn build(batches: &[RecordBatch], job: &dyn Job) -> Result<(Roster, Vec<Duplicate>)> {
    let builder = Builder::default();
    for (part, records) in batches.iter().enumerate() {
        let piece = Piece { places: Places::Each(Vec::new()), records: records.clone() };
        builder.take(Key { file: 0, sheet: 0, part: part as u32 }, piece)?;
    }
    let built = builder.finish(OnConflict::First, &|_| true, job)?;
    Ok((built.roster, built.duplicates))
}

/// Takes batches and builds a roster out of them.
#[derive(Default)]
pub(super) struct Builder {
    others: Others,
    chunks: Mutex<Vec<Chunk>>,
}

/// A batch that was taken.
pub(super) struct Chunk {
    pub key: Key,
    /// Where the rows stand in their source.
    pub places: Places,
    years: Vec<i16>,
    ids: Keys,
    columns: Vec<(String, ArrayRef)>,
}

impl Chunk {
    /// The years of its rows.
    pub(super) fn years(&self) -> &[i16] {
        &self.years
    }
}

/// What was built.
pub(super) struct Built {
    pub roster: Roster,
    /// The batches in their order, without their columns.
    pub chunks: Vec<Chunk>,
    pub duplicates: Vec<Duplicate>,
    /// For each row of all batches the slot of its organisation.
    pub slots: Vec<u32>,
}

impl Take for Builder {
    fn take(&self, key: Key, piece: Piece) -> Result<()> {
        let Piece { places, records } = piece;
        let year = records.column_by_name("year").ok_or_else(|| missing("year"))?;
        let years = year.as_primitive_opt::<Int16Type>().ok_or_else(|| wrong("year", year, &DataType::Int16))?;
        let id = records.column_by_name("org_id").ok_or_else(|| missing("org_id"))?;
        let texts = id.as_string_opt::<i32>().ok_or_else(|| wrong("org_id", id, &DataType::Utf8))?;
        for (name, array) in [("year", year), ("org_id", id)] {
            if array.null_count() > 0 {
                return Err(missing(name));
            }
        }
        let ids = Keys::new(texts, &self.others)?;
        let schema = records.schema();
        let columns = schema.fields().iter().map(|f| f.name().clone()).zip(records.columns().iter().cloned());
        let columns = columns
            .filter(|(name, _)| !matches!(name.as_str(), "year" | "org_id"))
            .map(|(name, array)| coded(&name, array).map(|array| (name, array)))
            .collect::<Result<_>>()?;
        let chunk = Chunk { key, places, years: years.values().to_vec(), ids, columns };
        self.chunks.lock().map_err(|_| Error::broken())?.push(chunk);
        Ok(())
    }
}

impl Builder {
    /// The roster of all that was taken. `typed` tells whether the batch at a key is from a source with types.
    pub(super) fn finish(self, on_conflict: OnConflict, typed: &dyn Fn(Key) -> bool, job: &dyn Job) -> Result<Built> {
        let mut chunks = self.chunks.into_inner().map_err(|_| Error::broken())?;
        chunks.sort_by_key(|chunk| chunk.key);
        let fields = fields(&mut chunks, typed)?;
        let ids: Vec<Keys> = chunks.iter_mut().map(|chunk| std::mem::take(&mut chunk.ids)).collect();
        let columns = columns(&mut chunks, &fields);
        let done = AtomicU64::new(0);
        let (ranked, whole) = rayon::join(
            || rank(&ids, &self.others),
            || {
                let whole = fields.par_iter().zip(&columns).map(|(field, parts)| {
                    job::check(job)?;
                    let whole = Whole::new(field, parts)?;
                    job.progress("roster", done.fetch_add(1, Ordering::Relaxed) + 1, fields.len() as u64);
                    Ok(whole)
                });
                whole.collect::<Result<Vec<Whole<'_>>>>()
            },
        );
        let ((organisations, slots), whole) = (ranked?, whole?);
        drop(ids);
        job::check(job)?;
        let starts: Vec<u32> = chunks
            .iter()
            .scan(0, |start, chunk| Some(std::mem::replace(start, *start + chunk.years.len() as u32)))
            .collect();
        let (order, duplicates) = order(&chunks, &starts, &slots, &whole, on_conflict, job)?;
        // Rows that stand in stretches come straight out of the batches, others out of columns of all rows.
        let all: Option<Vec<Column>> = if order.iter().all(|(_, rows)| is_in_stretches(rows)) {
            None
        } else {
            Some(whole.par_iter().map(Whole::all).collect::<Result<_>>()?)
        };
        let frames = order
            .par_iter()
            .map(|(year, rows)| {
                let here = chunks_of(rows, &starts);
                let runs = if all.is_none() { runs(rows, &starts) } else { Vec::new() };
                let rows = Rows::new(rows);
                let column = |(at, whole): (usize, &Whole<'_>)| {
                    job::check(job)?;
                    let column = || all.as_ref().map_or_else(|| whole.column(&runs), |all| all[at].gather(&rows));
                    whole.is_in(&here).then(column).transpose()
                };
                let columns = whole.par_iter().enumerate().map(column).collect::<Result<_>>()?;
                let slots = rows.gather(&slots);
                Ok(Frame { year: *year, slots, columns })
            })
            .collect::<Result<Vec<_>>>()?;
        drop(whole);
        let roster = Roster::from_parts(organisations, fields, frames);
        Ok(Built { roster, chunks, duplicates, slots })
    }
}

/// The fields of all batches together: the schema's in its order, then the user's own by name, each in one type.
fn fields(chunks: &mut [Chunk], typed: &dyn Fn(Key) -> bool) -> Result<Vec<Field>> {
    let names: HashSet<&str> = chunks.iter().flat_map(|c| c.columns.iter().map(|(name, _)| name.as_str())).collect();
    let known = schema::COLUMNS.iter().filter(|c| names.contains(c.name));
    let mut fields: Vec<Field> = known.map(|c| Field { name: c.name.to_owned(), ty: c.ty }).collect();
    let own: BTreeSet<String> =
        names.into_iter().filter(|name| schema::column(name).is_none()).map(str::to_owned).collect();
    for name in own {
        let arrays = chunks.iter().filter_map(|c| {
            let (_, array) = c.columns.iter().find(|(n, _)| *n == name)?;
            Some((array, typed(c.key)))
        });
        let wanted = agreed(arrays)?;
        let ty = own_type(&wanted).ok_or_else(|| {
            Error::data(
                format!("自定义列“{name}”的类型 {wanted} 不能读取，请改为文本、数、日期或布尔"),
                format!("the user's own column '{name}' has type {wanted}; expected text, number, date or boolean"),
            )
        })?;
        for (_, array) in chunks.iter_mut().flat_map(|c| &mut c.columns).filter(|(n, _)| *n == name) {
            let is_text = matches!(array.data_type(), DataType::Dictionary(..)) && wanted == DataType::Utf8;
            if *array.data_type() != wanted && !is_text {
                *array = cast(array, &wanted)?;
            }
        }
        fields.push(Field { name, ty });
    }
    Ok(fields)
}

/// The array of the column called `name`, in a dictionary where its texts are to be coded.
fn coded(name: &str, array: ArrayRef) -> Result<ArrayRef> {
    let is_plain = schema::column(name).is_some_and(|column| column.ty == Type::Text);
    if *array.data_type() != DataType::Utf8 || is_plain {
        return Ok(array);
    }
    Ok(cast(&array, &DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8)))?)
}

/// The type of a user's own column, from its Arrow type.
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

/// For each field its parts, one of each batch; the batches have no columns then.
fn columns(chunks: &mut [Chunk], fields: &[Field]) -> Vec<Vec<Part>> {
    let mut columns: Vec<Vec<Part>> = fields.iter().map(|_| Vec::with_capacity(chunks.len())).collect();
    for chunk in chunks {
        for parts in &mut columns {
            parts.push(Err(chunk.years.len()));
        }
        for (name, array) in chunk.columns.drain(..) {
            if let Some(parts) = fields.iter().position(|f| f.name == name).and_then(|at| columns.get_mut(at))
                && let Some(part) = parts.last_mut()
            {
                *part = Ok(array);
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
}

fn wrong(name: &str, array: &ArrayRef, wanted: &DataType) -> Error {
    let got = array.data_type();
    Error::data(
        format!("列“{name}”的类型是 {got}，应为 {wanted}"),
        format!("column '{name}' has type {got}, expected {wanted}"),
    )
}

/// For each year its kept rows in the order of organisations, and the duplicates.
type Sorted = (Vec<(i16, Vec<u32>)>, Vec<Duplicate>);

fn order(
    chunks: &[Chunk],
    starts: &[u32],
    slots: &[u32],
    whole: &[Whole<'_>],
    on_conflict: OnConflict,
    job: &dyn Job,
) -> Result<Sorted> {
    let mut by_year: BTreeMap<i16, Vec<u32>> = BTreeMap::new();
    for (chunk, start) in chunks.iter().zip(starts) {
        let mut row = *start;
        for same in chunk.years.chunk_by(|a, b| a == b) {
            let next = row + same.len() as u32;
            by_year.entry(same[0]).or_default().extend(row..next);
            row = next;
        }
    }
    let sorted: Vec<Sorted> = by_year
        .into_par_iter()
        .map(|(year, mut rows)| {
            job::check(job)?;
            let slot = |row: &u32| slots[*row as usize];
            // Panels are often written in order.
            if !rows.is_sorted_by_key(slot) {
                let mut keys: Vec<u64> = rows.iter().map(|row| u64::from(slot(row)) << 32 | u64::from(*row)).collect();
                keys.par_sort_unstable();
                rows = keys.into_iter().map(|key| key as u32).collect();
            }
            let mut duplicates = Vec::new();
            if rows.windows(2).any(|pair| slot(&pair[0]) == slot(&pair[1])) {
                rows = unique(&rows, slot, starts, whole, on_conflict, &mut duplicates)?;
            }
            Ok((vec![(year, rows)], duplicates))
        })
        .collect::<Result<_>>()?;
    let (mut order, mut duplicates) = (Vec::new(), Vec::new());
    for (year, found) in sorted {
        order.extend(year);
        duplicates.extend(found);
    }
    order.retain(|(_, rows)| !rows.is_empty());
    duplicates.sort_unstable_by_key(|d| d.row);
    Ok((order, duplicates))
}

/// The positions of the batches that `rows` are of; the first row of each batch is one of `starts`.
fn chunks_of(rows: &[u32], starts: &[u32]) -> BTreeSet<usize> {
    let mut chunks = BTreeSet::new();
    let mut here = 0..0;
    for row in rows {
        if !here.contains(row) {
            let next = starts.partition_point(|start| start <= row);
            here = starts[next - 1]..starts.get(next).copied().unwrap_or(u32::MAX);
            chunks.insert(next - 1);
        }
    }
    chunks
}

/// Whether most of `rows` follow the one before.
fn is_in_stretches(rows: &[u32]) -> bool {
    const SHORT: usize = 8;
    rows.windows(2).filter(|pair| pair[0] + 1 != pair[1]).count() * SHORT <= rows.len()
}

/// `rows` as stretches of the batches whose first rows are `starts`.
fn runs(rows: &[u32], starts: &[u32]) -> Vec<Run> {
    let mut runs = Vec::new();
    for stretch in rows.chunk_by(|a, b| a + 1 == *b) {
        let (mut row, end) = (stretch[0], stretch[0] + stretch.len() as u32);
        while row < end {
            let next = starts.partition_point(|start| *start <= row);
            let start = starts[next - 1];
            let stop = starts.get(next).map_or(end, |next| end.min(*next));
            runs.push(Run { part: next - 1, rows: (row - start) as usize..(stop - start) as usize });
            row = stop;
        }
    }
    runs
}

/// One row of each organisation out of `rows`, which are sorted by their `slot`.
fn unique(
    rows: &[u32],
    slot: impl Fn(&u32) -> u32,
    starts: &[u32],
    whole: &[Whole<'_>],
    on_conflict: OnConflict,
    duplicates: &mut Vec<Duplicate>,
) -> Result<Vec<u32>> {
    let of_one = || rows.chunk_by(|a, b| slot(a) == slot(b));
    let several: Vec<u32> = of_one().filter(|same| same.len() > 1).flatten().copied().collect();
    let runs = runs(&several, starts);
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
