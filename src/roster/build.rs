//! From typed batches to a roster: values coded, rows sorted by organisation, duplicates found.
//!
//! Columns are independent of one another, so each is coded on its own, in parallel: intern its values, sort them, and
//! give every row the position of its value. Sorting makes the result independent of the order of files and rows.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Date32Type, Float32Type, Float64Type, Int16Type, UInt32Type, UInt64Type};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::column::{Column, Dictionary, Integers, known};
use super::{Field, Frame, Roster};
use crate::error::{Error, Result};
use crate::job::{self, Job};
use crate::schema::{self, Type, words};

/// A row that was not used because an earlier row has its organisation and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The row, counted over all batches.
    pub row: usize,
    /// The earlier row that was kept.
    pub kept: usize,
    /// Whether both say the same in every column.
    pub identical: bool,
}

/// Builds a roster from batches of canonical columns ([`Type::arrow`]), each with `year` and `org_id`. Of several rows
/// of one organisation in one year the first is kept; the others come back as duplicates, in row order.
pub fn build(batches: &[RecordBatch], job: &dyn Job) -> Result<(Roster, Vec<Duplicate>)> {
    let fields = fields(batches)?;
    let years = years(batches)?;
    let (organisations, ids) = intern(batches, "org_id", job)?.sorted();
    if ids.contains(&0) {
        return Err(missing("org_id"));
    }
    job::check(job)?;
    let done = AtomicU64::new(0);
    let raw: Vec<Raw> = fields
        .par_iter()
        .map(|f| {
            job::check(job)?;
            let raw = Raw::read(batches, f, job)?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            job.progress("roster", done, fields.len() as u64);
            Ok(raw)
        })
        .collect::<Result<_>>()?;
    let (order, duplicates) = order(&years, &ids, &raw, job)?;
    let present = presence(batches, &fields);
    let batch_of = batch_of(batches);
    let frames = order
        .par_iter()
        .map(|(year, rows)| {
            job::check(job)?;
            let slots = rows.iter().map(|r| ids[*r as usize] - 1).collect();
            let columns = raw
                .par_iter()
                .enumerate()
                .map(|(at, raw)| {
                    let present = rows.iter().any(|r| present[batch_of[*r as usize] as usize][at]);
                    present.then(|| raw.gather(rows)).transpose()
                })
                .collect::<Result<_>>()?;
            Ok(Frame { year: *year, slots, columns })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok((Roster::from_parts(StringArray::from(organisations), fields, frames), duplicates))
}

/// The fields of all batches together: the schema's in its order, then the user's own by name.
fn fields(batches: &[RecordBatch]) -> Result<Vec<Field>> {
    let mut own: Vec<Field> = Vec::new();
    let mut have = HashSet::new();
    for field in batches.iter().flat_map(|b| b.schema_ref().fields()) {
        if !have.insert(field.name().clone()) || schema::column(field.name()).is_some() {
            continue;
        }
        let ty = own_type(field.data_type()).ok_or_else(|| {
            let (name, ty) = (field.name(), field.data_type());
            Error::data(
                format!("自定义列“{name}”的类型 {ty} 不能读取，请改为文本、数、日期或布尔"),
                format!("the user's own column '{name}' has type {ty}; expected text, number, date or boolean"),
            )
        })?;
        own.push(Field { name: field.name().clone(), ty });
    }
    own.sort_by(|a, b| a.name.cmp(&b.name));
    let known = schema::COLUMNS.iter().filter(|c| !matches!(c.ty, Type::Year | Type::Id) && have.contains(c.name));
    Ok(known.map(|c| Field { name: c.name.to_owned(), ty: c.ty }).chain(own).collect())
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

/// For each batch, which of `fields` it has.
fn presence(batches: &[RecordBatch], fields: &[Field]) -> Vec<Vec<bool>> {
    batches.iter().map(|b| fields.iter().map(|f| b.column_by_name(&f.name).is_some()).collect()).collect()
}

fn batch_of(batches: &[RecordBatch]) -> Vec<u32> {
    batches.iter().enumerate().flat_map(|(at, b)| std::iter::repeat_n(at as u32, b.num_rows())).collect()
}

fn years(batches: &[RecordBatch]) -> Result<Vec<i16>> {
    let mut years = Vec::with_capacity(rows(batches));
    for batch in batches {
        let year = canonical(batch, "year", &DataType::Int16)?.ok_or_else(|| missing("year"))?;
        if year.null_count() > 0 {
            return Err(missing("year"));
        }
        years.extend_from_slice(year.as_primitive::<Int16Type>().values());
    }
    Ok(years)
}

fn missing(column: &str) -> Error {
    Error::data(
        format!("每一行都必须有“{column}”，有的行没有"),
        format!("every row needs '{column}', and some have none"),
    )
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// The column called `name`, whose type must be the canonical one.
fn canonical<'a>(batch: &'a RecordBatch, name: &str, ty: &DataType) -> Result<Option<&'a dyn Array>> {
    let Some(array) = batch.column_by_name(name) else {
        return Ok(None);
    };
    if array.data_type() == ty {
        return Ok(Some(array.as_ref()));
    }
    let got = array.data_type();
    Err(Error::data(
        format!("列“{name}”的类型是 {got}，应为 {ty}"),
        format!("column '{name}' has type {got}, expected {ty}"),
    ))
}

/// Strings of a column over all batches as codes: 0 for null, else the position among `values`, from 1.
struct Interned<'a> {
    values: Vec<&'a str>,
    codes: Vec<u32>,
}

fn intern<'a>(batches: &'a [RecordBatch], name: &str, job: &dyn Job) -> Result<Interned<'a>> {
    let mut values: Vec<&str> = Vec::new();
    let mut codes = Vec::with_capacity(rows(batches));
    let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
    for batch in batches {
        job::check(job)?;
        let Some(array) = canonical(batch, name, &DataType::Utf8)? else {
            codes.resize(codes.len() + batch.num_rows(), 0);
            continue;
        };
        let array = array.as_string::<i32>();
        codes.extend((0..array.len()).map(|row| {
            if array.is_null(row) {
                return 0;
            }
            let text = array.value(row);
            *seen.entry(text).or_insert_with(|| {
                values.push(text);
                values.len() as u32
            })
        }));
    }
    Ok(Interned { values, codes })
}

impl Interned<'_> {
    /// The values in the order of `dictionary` and each row's code in it.
    fn sorted(mut self) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<u32> = (0..self.values.len() as u32).collect();
        order.par_sort_unstable_by_key(|at| self.values[*at as usize]);
        let mut rank = vec![0; self.values.len() + 1];
        for (at, old) in order.iter().enumerate() {
            rank[*old as usize + 1] = at as u32 + 1;
        }
        self.codes.iter_mut().for_each(|c| *c = rank[*c as usize]);
        (order.iter().map(|at| self.values[*at as usize].to_owned()).collect(), self.codes)
    }
}

/// A column of all rows before they are sorted into years.
enum Raw {
    Coded(Vec<u32>, Arc<Dictionary>),
    /// 0 not known, 1 true, 2 false.
    Flag(Vec<u8>),
    Number(Vec<Option<u64>>),
    Real(Vec<Option<f64>>),
    Date(Vec<Option<i32>>),
    Text(StringArray),
}

/// Appends the values of a primitive column of every batch, nulls where a batch does not have it.
macro_rules! primitive {
    ($batches:expr, $field:expr, $arrow:ty, $convert:expr) => {{
        let mut out = Vec::with_capacity(rows($batches));
        for batch in $batches {
            match canonical(batch, &$field.name, &$field.ty.arrow())? {
                Some(array) => out.extend(array.as_primitive::<$arrow>().iter().map(|v| v.map($convert))),
                None => out.resize(out.len() + batch.num_rows(), None),
            }
        }
        out
    }};
}

impl Raw {
    fn read(batches: &[RecordBatch], field: &Field, job: &dyn Job) -> Result<Self> {
        Ok(match field.ty {
            Type::Word => Self::word(batches, field, job)?,
            Type::Code | Type::Region | Type::Industry | Type::Id | Type::Year => {
                let (values, codes) = intern(batches, &field.name, job)?.sorted();
                Self::Coded(codes, Arc::new(Dictionary::new(values)))
            }
            Type::Star => {
                let grades = primitive!(batches, field, Float32Type, |v: f32| (v * 2.0).round() as u32);
                let mut used: Vec<u32> = grades.iter().flatten().copied().collect();
                used.sort_unstable();
                used.dedup();
                let code = |g: Option<u32>| g.and_then(|g| used.binary_search(&g).ok()).map_or(0, |at| at as u32 + 1);
                let codes = grades.into_iter().map(code).collect();
                let values = used.iter().map(|g| format!("{}", f64::from(*g) / 2.0)).collect();
                Self::Coded(codes, Arc::new(Dictionary::new(values)))
            }
            Type::Flag => {
                let mut out = Vec::with_capacity(rows(batches));
                for batch in batches {
                    match canonical(batch, &field.name, &DataType::Boolean)? {
                        Some(array) => out.extend(array.as_boolean().iter().map(|v| match v {
                            None => 0,
                            Some(true) => 1,
                            Some(false) => 2,
                        })),
                        None => out.resize(out.len() + batch.num_rows(), 0),
                    }
                }
                Self::Flag(out)
            }
            Type::Count => Self::Number(primitive!(batches, field, UInt32Type, u64::from)),
            Type::Money => Self::Number(primitive!(batches, field, UInt64Type, |v| v)),
            Type::Real => Self::Real(primitive!(batches, field, Float64Type, |v| v)),
            Type::Date => Self::Date(primitive!(batches, field, Date32Type, |v| v)),
            Type::Text => {
                let mut parts = Vec::with_capacity(batches.len());
                for batch in batches {
                    parts.push(match batch.column_by_name(&field.name) {
                        Some(array) => Arc::clone(array),
                        None => arrow::array::new_null_array(&DataType::Utf8, batch.num_rows()),
                    });
                }
                let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
                Self::Text(concat(&parts)?.as_string::<i32>().clone())
            }
        })
    }

    /// Words keep the order of their table, so that every roster has the same codes for them.
    fn word(batches: &[RecordBatch], field: &Field, job: &dyn Job) -> Result<Self> {
        let words = words::of(&field.name).ok_or_else(|| Error::data("没有词表", "a word column without words"))?;
        let dictionary = Dictionary::new(words.ids().map(str::to_owned).collect());
        let interned = intern(batches, &field.name, job)?;
        let mut recode = vec![0];
        for value in &interned.values {
            recode.push(dictionary.code(value).ok_or_else(|| {
                let (name, have) = (&field.name, dictionary.values().join(", "));
                Error::data(
                    format!("列“{name}”中的“{value}”不在词表内：{have}"),
                    format!("'{value}' in column '{name}' is none of its words: {have}"),
                )
            })?);
        }
        let codes = interned.codes.iter().map(|c| recode[*c as usize]).collect();
        Ok(Self::Coded(codes, Arc::new(dictionary)))
    }

    /// Whether rows `a` and `b` say the same.
    fn equal(&self, a: usize, b: usize) -> bool {
        match self {
            Self::Coded(v, _) => v[a] == v[b],
            Self::Flag(v) => v[a] == v[b],
            Self::Number(v) => v[a] == v[b],
            Self::Real(v) => v[a] == v[b],
            Self::Date(v) => v[a] == v[b],
            Self::Text(v) => v.is_null(a) == v.is_null(b) && (v.is_null(a) || v.value(a) == v.value(b)),
        }
    }

    /// The column of a frame whose rows are `rows`.
    fn gather(&self, rows: &[u32]) -> Result<Column> {
        let at = |r: &u32| *r as usize;
        Ok(match self {
            Self::Coded(v, dictionary) => {
                // All years of a roster hold a coded column in one width: that of its dictionary.
                let max = dictionary.values().len() as u64;
                let codes = Integers::up_to(max, rows.iter().map(|r| u64::from(v[at(r)])));
                Column::Coded { codes, dictionary: Arc::clone(dictionary) }
            }
            Self::Flag(v) => Column::Flag {
                set: arrow::buffer::BooleanBuffer::collect_bool(rows.len(), |i| v[rows[i] as usize] == 1),
                known: known(rows.len(), |i| v[rows[i] as usize] != 0),
            },
            Self::Number(v) => Column::Number {
                values: Integers::smallest(&rows.iter().map(|r| v[at(r)].unwrap_or(0)).collect::<Vec<_>>()),
                known: known(rows.len(), |i| v[rows[i] as usize].is_some()),
            },
            Self::Real(v) => Column::Real {
                values: rows.iter().map(|r| v[at(r)].unwrap_or(0.0)).collect(),
                known: known(rows.len(), |i| v[rows[i] as usize].is_some()),
            },
            Self::Date(v) => Column::Date {
                values: rows.iter().map(|r| v[at(r)].unwrap_or(0)).collect(),
                known: known(rows.len(), |i| v[rows[i] as usize].is_some()),
            },
            Self::Text(v) => {
                let rows = arrow::array::UInt32Array::from(rows.to_vec());
                Column::Text(take(v, &rows, None)?.as_string::<i32>().clone())
            }
        })
    }
}

/// For each year its kept rows in the order of organisations, and the duplicates.
type Sorted = (Vec<(i16, Vec<u32>)>, Vec<Duplicate>);

fn order(years: &[i16], ids: &[u32], raw: &[Raw], job: &dyn Job) -> Result<Sorted> {
    let mut by_year: BTreeMap<i16, Vec<u32>> = BTreeMap::new();
    for (row, year) in years.iter().enumerate() {
        by_year.entry(*year).or_default().push(row as u32);
    }
    let mut duplicates = Vec::new();
    for rows in by_year.values_mut() {
        job::check(job)?;
        rows.par_sort_by_key(|row| ids[*row as usize]);
        let mut last: Option<usize> = None;
        rows.retain(|row| {
            let row = *row as usize;
            let first = last.filter(|kept| ids[*kept] == ids[row]);
            if let Some(kept) = first {
                let identical = raw.iter().all(|column| column.equal(row, kept));
                duplicates.push(Duplicate { row, kept, identical });
            } else {
                last = Some(row);
            }
            first.is_none()
        });
    }
    duplicates.sort_unstable_by_key(|d| d.row);
    Ok((by_year.into_iter().collect(), duplicates))
}
