//! One column of all batches: what its values are called is settled for all rows, then any stretches of rows are put
//! together.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanBufferBuilder, NullBufferBuilder, PrimitiveArray, StringArray,
    new_null_array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{cast, concat, max};
use arrow::datatypes::{DataType, Date32Type, Float32Type, Float64Type, UInt32Type, UInt64Type};

use super::labels::Labels;
use crate::error::{Error, Result};
use crate::roster::Field;
use crate::roster::column::{Column, Dictionary, Integers};
use crate::schema::{Type, words};

/// A part of a column: its array, or how many rows do not have it.
pub(super) type Part = Result<ArrayRef, usize>;

/// Some rows of one part.
pub(super) struct Run {
    pub part: usize,
    pub rows: Range<usize>,
}

/// One column of all batches.
pub(super) struct Whole<'a> {
    parts: &'a [Part],
    kind: Kind<'a>,
}

enum Kind<'a> {
    Coded(Labels<'a>, Arc<Dictionary>),
    /// Grades in half steps, ascending.
    Stars(Vec<u32>, Arc<Dictionary>),
    Flag,
    Count,
    Money,
    Real,
    Date,
    Text,
}

impl<'a> Whole<'a> {
    /// The column `field` out of its parts. All rows hold a coded one in one width, that of its dictionary.
    pub(super) fn new(field: &Field, parts: &'a [Part]) -> Result<Self> {
        for array in parts.iter().flatten() {
            canonical(field, array.data_type())?;
        }
        let kind = match field.ty {
            Type::Word => words_of(field, parts)?,
            Type::Code | Type::Region | Type::Industry | Type::Id | Type::Year => {
                let mut labels = Labels::new(parts);
                let values = labels.sort();
                Kind::Coded(labels, Arc::new(Dictionary::new(values)))
            }
            Type::Star => {
                let grades = grades(parts);
                let names = grades.iter().map(|grade| format!("{}", f64::from(*grade) / 2.0)).collect();
                Kind::Stars(grades, Arc::new(Dictionary::new(names)))
            }
            Type::Flag => Kind::Flag,
            Type::Count => Kind::Count,
            Type::Money => Kind::Money,
            Type::Real => Kind::Real,
            Type::Date => Kind::Date,
            Type::Text => Kind::Text,
        };
        Ok(Self { parts, kind })
    }

    /// Whether any of these parts has the column.
    pub(super) fn is_in(&self, parts: &BTreeSet<usize>) -> bool {
        parts.iter().any(|part| self.parts[*part].is_ok())
    }

    /// The column of all rows.
    pub(super) fn all(&self) -> Result<Column> {
        let run =
            |(part, rows): (usize, &Part)| Run { part, rows: 0..rows.as_ref().map_or_else(|rows| *rows, Array::len) };
        let runs: Vec<Run> = self.parts.iter().enumerate().map(run).collect();
        self.column(&runs)
    }

    /// The column of the rows of `runs`, one behind the other: numbers in the smallest width that holds them, `known` only
    /// where one is not.
    pub(super) fn column(&self, runs: &[Run]) -> Result<Column> {
        Ok(match &self.kind {
            Kind::Coded(labels, dictionary) => {
                let codes = match dictionary.values().len() {
                    0..=0xff => Integers::U8(self.codes(labels, runs, |code| code as u8)),
                    0x100..=0xffff => Integers::U16(self.codes(labels, runs, |code| code as u16)),
                    _ => Integers::U32(self.codes(labels, runs, |code| code)),
                };
                Column::Coded { codes, dictionary: Arc::clone(dictionary) }
            }
            Kind::Stars(grades, dictionary) => {
                let code = |grade: f32| grades.binary_search(&halves(grade)).map_or(0, |at| at as u32 + 1);
                let codes = match grades.len() {
                    0..=0xff => Integers::U8(self.values::<Float32Type, _>(runs, |grade| code(grade) as u8).0),
                    _ => Integers::U32(self.values::<Float32Type, _>(runs, code).0),
                };
                Column::Coded { codes, dictionary: Arc::clone(dictionary) }
            }
            Kind::Flag => self.flags(runs),
            Kind::Count => self.numbers::<UInt32Type>(runs),
            Kind::Money => self.numbers::<UInt64Type>(runs),
            Kind::Real => {
                let (values, known) = self.values::<Float64Type, _>(runs, |v| v);
                Column::Real { values, known }
            }
            Kind::Date => {
                let (values, known) = self.values::<Date32Type, _>(runs, |v| v);
                Column::Date { values, known }
            }
            Kind::Text => self.texts(runs)?,
        })
    }

    fn array(&self, run: &Run) -> Option<&'a ArrayRef> {
        self.parts[run.part].as_ref().ok()
    }

    fn codes<T: Copy + Default>(&self, labels: &Labels<'_>, runs: &[Run], narrow: impl Fn(u32) -> T) -> Vec<T> {
        let mut codes = Vec::with_capacity(length(runs));
        for run in runs {
            match self.array(run) {
                Some(array) => labels.append(&mut codes, run.part, array, run.rows.clone(), &narrow),
                None => codes.resize(codes.len() + run.rows.len(), T::default()),
            }
        }
        codes
    }

    /// The numbers as `of` makes them, nothing where not known; and where they are known, if not everywhere.
    fn values<P: ArrowPrimitiveType, T: Copy + Default>(
        &self,
        runs: &[Run],
        of: impl Fn(P::Native) -> T,
    ) -> (Vec<T>, Option<BooleanBuffer>) {
        let rows = length(runs);
        let mut values = Vec::with_capacity(rows);
        let mut nulls = NullBufferBuilder::new(rows);
        for run in runs {
            let Some(array) = self.array(run) else {
                nulls.append_n_nulls(run.rows.len());
                values.resize(values.len() + run.rows.len(), T::default());
                continue;
            };
            let array: &PrimitiveArray<P> = array.as_primitive();
            let native = &array.values()[run.rows.clone()];
            if let Some(valid) = array.nulls() {
                nulls.append_buffer(&valid.slice(run.rows.start, run.rows.len()));
                let value =
                    |(row, value): (usize, &P::Native)| if valid.is_valid(row) { of(*value) } else { T::default() };
                values.extend(run.rows.clone().zip(native).map(value));
            } else {
                nulls.append_n_non_nulls(run.rows.len());
                values.extend(native.iter().map(|value| of(*value)));
            }
        }
        let nulls = nulls.finish().filter(|nulls| nulls.null_count() > 0);
        (values, nulls.map(NullBuffer::into_inner))
    }

    /// Whole numbers in the smallest width that holds them.
    fn numbers<P: ArrowPrimitiveType<Native: Into<u64>>>(&self, runs: &[Run]) -> Column {
        let most = |run: &Run| {
            let array = self.array(run)?.as_primitive::<P>();
            max(&array.slice(run.rows.start, run.rows.len())).map(Into::into)
        };
        let (values, known) = match runs.iter().filter_map(most).max().unwrap_or(0) {
            0..=0xff => {
                let (values, known) = self.values::<P, _>(runs, |v| v.into() as u8);
                (Integers::U8(values), known)
            }
            0x100..=0xffff => {
                let (values, known) = self.values::<P, _>(runs, |v| v.into() as u16);
                (Integers::U16(values), known)
            }
            0x1_0000..=0xffff_ffff => {
                let (values, known) = self.values::<P, _>(runs, |v| v.into() as u32);
                (Integers::U32(values), known)
            }
            _ => {
                let (values, known) = self.values::<P, _>(runs, Into::into);
                (Integers::U64(values), known)
            }
        };
        Column::Number { values, known }
    }

    fn flags(&self, runs: &[Run]) -> Column {
        let rows = length(runs);
        let mut set = BooleanBufferBuilder::new(rows);
        let mut nulls = NullBufferBuilder::new(rows);
        for run in runs {
            let Some(array) = self.array(run) else {
                set.append_n(run.rows.len(), false);
                nulls.append_n_nulls(run.rows.len());
                continue;
            };
            let array = array.as_boolean().slice(run.rows.start, run.rows.len());
            set.append_buffer(array.values());
            match array.nulls() {
                Some(valid) => nulls.append_buffer(valid),
                None => nulls.append_n_non_nulls(array.len()),
            }
        }
        let known = nulls.finish().filter(|nulls| nulls.null_count() > 0).map(NullBuffer::into_inner);
        // A flag that is not known is not set.
        let set = set.finish();
        Column::Flag { set: known.as_ref().map_or_else(|| set.clone(), |known| &set & known), known }
    }

    fn texts(&self, runs: &[Run]) -> Result<Column> {
        let text = |run: &Run| match self.array(run) {
            Some(array) => Ok(cast(&array.slice(run.rows.start, run.rows.len()), &DataType::Utf8)?),
            None => Ok(new_null_array(&DataType::Utf8, run.rows.len())),
        };
        let arrays: Vec<ArrayRef> = runs.iter().map(text).collect::<Result<_>>()?;
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        Ok(Column::Text(if arrays.is_empty() {
            StringArray::new_null(0)
        } else {
            concat(&arrays)?.as_string::<i32>().clone()
        }))
    }
}

/// How many rows `runs` have.
fn length(runs: &[Run]) -> usize {
    runs.iter().map(|run| run.rows.len()).sum()
}

/// Words keep the order of their table, so that every roster has the same codes for them.
fn words_of<'a>(field: &Field, parts: &'a [Part]) -> Result<Kind<'a>> {
    let words = words::of(&field.name).ok_or_else(|| Error::data("没有词表", "a word column without words"))?;
    let dictionary = Dictionary::new(words.ids().map(str::to_owned).collect());
    let mut labels = Labels::new(parts);
    let mut to = Vec::with_capacity(labels.values.len());
    for value in &labels.values {
        to.push(dictionary.code(value).ok_or_else(|| {
            let (name, have) = (&field.name, dictionary.values().join(", "));
            Error::data(
                format!("列“{name}”中的“{value}”不在词表内：{have}"),
                format!("'{value}' in column '{name}' is none of its words: {have}"),
            )
        })?);
    }
    labels.recode(&to);
    Ok(Kind::Coded(labels, Arc::new(dictionary)))
}

fn halves(grade: f32) -> u32 {
    (grade * 2.0 + 0.5) as u32
}

/// The grades that a row has, in half steps, ascending.
fn grades(parts: &[Part]) -> Vec<u32> {
    let mut used = BTreeSet::new();
    let mut last = None;
    for grade in parts.iter().flatten().flat_map(AsArray::as_primitive::<Float32Type>).flatten() {
        if last.replace(grade.to_bits()) != Some(grade.to_bits()) {
            used.insert(halves(grade));
        }
    }
    used.into_iter().collect()
}

impl Column {
    /// Whether rows `a` and `b` say the same.
    pub(super) fn equal(&self, a: usize, b: usize) -> bool {
        let both = |known: &Option<BooleanBuffer>| known.as_ref().is_none_or(|k| k.value(a) == k.value(b));
        match self {
            Self::Coded { codes, .. } => codes.get(a) == codes.get(b),
            Self::Flag { set, known } => set.value(a) == set.value(b) && both(known),
            Self::Number { values, known } => values.get(a) == values.get(b) && both(known),
            Self::Real { values, known } => values[a].to_bits() == values[b].to_bits() && both(known),
            Self::Date { values, known } => values[a] == values[b] && both(known),
            Self::Text(v) => v.is_null(a) == v.is_null(b) && (v.is_null(a) || v.value(a) == v.value(b)),
        }
    }
}

/// Fails where a part of `field` is not of its canonical type, text in a dictionary or not.
fn canonical(field: &Field, got: &DataType) -> Result<()> {
    let wanted = field.ty.arrow();
    let is_text = matches!(got, DataType::Dictionary(_, values) if **values == DataType::Utf8);
    if *got == wanted || (is_text && wanted == DataType::Utf8) {
        return Ok(());
    }
    let name = &field.name;
    Err(Error::data(
        format!("列“{name}”的类型是 {got}，应为 {wanted}"),
        format!("column '{name}' has type {got}, expected {wanted}"),
    ))
}
