//! One column across all batches: fixes the dictionary for all rows, then assembles any runs of rows.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanBufferBuilder, NullBufferBuilder, StringArray, new_null_array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Date32Type, Float32Type, Float64Type, UInt64Type};

use super::merged_labels::{ColumnPart, MergedLabels};
use crate::error::{Error, Result};
use crate::ingest::{ColumnValues, with_numbers};
use crate::roster::Field;
use crate::roster::column::{Column, Dictionary, Integers};
use crate::schema::{Type, words};

/// A range of rows of one part.
pub(super) struct PartRun {
    pub part: usize,
    pub rows: Range<usize>,
}

/// One column across all batches.
pub(in crate::roster) struct WholeColumn<'a> {
    parts: &'a [ColumnPart],
    kind: ColumnKind,
}

enum ColumnKind {
    Coded(MergedLabels, Arc<Dictionary>),
    /// Code of each grade in half steps.
    Stars(Box<[u16; GRADES]>, Arc<Dictionary>),
    Flag,
    Count,
    Money,
    Real,
    Date,
    Text,
}

impl<'a> WholeColumn<'a> {
    /// Prepares the column `field` from its parts. Codes have one width in all years, that of the dictionary.
    pub(in crate::roster) fn new(field: &Field, parts: &'a [ColumnPart]) -> Result<Self> {
        for values in parts.iter().flatten() {
            check_canonical(field, values)?;
        }
        let kind = match field.ty {
            Type::Word => words_of(field, parts)?,
            Type::Code | Type::Region | Type::Industry | Type::Id | Type::Year => {
                let mut labels = MergedLabels::new(parts);
                let values = labels.sort();
                ColumnKind::Coded(labels, Arc::new(Dictionary::new(values)))
            }
            Type::Star => {
                let grades = grades(parts);
                let mut codes = Box::new([0; GRADES]);
                for (code, grade) in (1..).zip(&grades) {
                    codes[*grade] = code;
                }
                let names = grades.iter().map(|grade| format!("{}", *grade as f64 / 2.0)).collect();
                ColumnKind::Stars(codes, Arc::new(Dictionary::new(names)))
            }
            Type::Flag => ColumnKind::Flag,
            Type::Count => ColumnKind::Count,
            Type::Money => ColumnKind::Money,
            Type::Real => ColumnKind::Real,
            Type::Date => ColumnKind::Date,
            Type::Text => ColumnKind::Text,
        };
        Ok(Self { parts, kind })
    }

    /// Checks whether any of these parts has the column.
    pub(super) fn is_in(&self, parts: &BTreeSet<usize>) -> bool {
        parts.iter().any(|part| self.parts[*part].is_ok())
    }

    /// Assembles the column for all rows.
    pub(in crate::roster) fn all_rows(&self) -> Result<Column> {
        let run = |(part, rows): (usize, &ColumnPart)| PartRun {
            part,
            rows: 0..rows.as_ref().map_or_else(|rows| *rows, ColumnValues::len),
        };
        let runs: Vec<PartRun> = self.parts.iter().enumerate().map(run).collect();
        self.column(&runs)
    }

    /// Concatenates the rows of `runs`: numbers in the narrowest width that holds them, `known` only if some value
    /// is unknown.
    pub(super) fn column(&self, runs: &[PartRun]) -> Result<Column> {
        Ok(match &self.kind {
            ColumnKind::Coded(labels, dictionary) => {
                let codes = match dictionary.values().len() {
                    0..=0xff => Integers::U8(self.codes(labels, runs, |code| code as u8)),
                    0x100..=0xffff => Integers::U16(self.codes(labels, runs, |code| code as u16)),
                    _ => Integers::U32(self.codes(labels, runs, |code| code)),
                };
                Column::Coded { codes, dictionary: Arc::clone(dictionary) }
            }
            ColumnKind::Stars(of_grade, dictionary) => {
                let code = |grade: f32| of_grade[half_steps(grade)];
                let codes = match dictionary.values().len() {
                    0..=0xff => Integers::U8(self.values::<Float32Type, _>(runs, |grade| code(grade) as u8).0),
                    _ => Integers::U16(self.values::<Float32Type, _>(runs, code).0),
                };
                Column::Coded { codes, dictionary: Arc::clone(dictionary) }
            }
            ColumnKind::Flag => self.flags(runs),
            ColumnKind::Count => self.counts(runs),
            ColumnKind::Money => self.money(runs),
            ColumnKind::Real => {
                let (values, known) = self.values::<Float64Type, _>(runs, |v| v);
                Column::Real { values, known }
            }
            ColumnKind::Date => {
                let (values, known) = self.values::<Date32Type, _>(runs, |v| v);
                Column::Date { values, known }
            }
            ColumnKind::Text => self.texts(runs)?,
        })
    }

    fn array(&self, run: &PartRun) -> Option<&'a ArrayRef> {
        match &self.parts[run.part] {
            Ok(ColumnValues::Array(array)) => Some(array),
            _ => None,
        }
    }

    fn codes<T: Copy + Default>(&self, labels: &MergedLabels, runs: &[PartRun], narrow: impl Fn(u32) -> T) -> Vec<T> {
        let mut codes = Vec::with_capacity(length(runs));
        for run in runs {
            match &self.parts[run.part] {
                Ok(ColumnValues::Coded(part)) => labels.append(&mut codes, run.part, part, run.rows.clone(), &narrow),
                _ => codes.resize(codes.len() + run.rows.len(), T::default()),
            }
        }
        codes
    }

    /// Collects what `append` adds for each run, with unknown values zeroed. Also returns the validity bitmap, if
    /// any value is unknown.
    fn gathered<T: Copy + Default>(
        &self,
        runs: &[PartRun],
        append: impl Fn(&mut Vec<T>, &ArrayRef, Range<usize>),
    ) -> (Vec<T>, Option<BooleanBuffer>) {
        let rows = length(runs);
        let mut values: Vec<T> = Vec::with_capacity(rows);
        let mut nulls = NullBufferBuilder::new(rows);
        for run in runs {
            let start = values.len();
            let Some(array) = self.array(run) else {
                nulls.append_n_nulls(run.rows.len());
                values.resize(start + run.rows.len(), T::default());
                continue;
            };
            append(&mut values, array, run.rows.clone());
            if let Some(valid) = nulls_of(array) {
                let valid = valid.slice(run.rows.start, run.rows.len());
                nulls.append_buffer(&valid);
                zero_unknown(&mut values[start..], Some(&valid));
            } else {
                nulls.append_n_non_nulls(run.rows.len());
            }
        }
        let nulls = nulls.finish().filter(|nulls| nulls.null_count() > 0);
        (values, nulls.map(NullBuffer::into_inner))
    }

    /// Collects the numbers converted by `convert`.
    fn values<P: ArrowPrimitiveType, T: Copy + Default>(
        &self,
        runs: &[PartRun],
        convert: impl Fn(P::Native) -> T,
    ) -> (Vec<T>, Option<BooleanBuffer>) {
        self.gathered(runs, |values, array, rows| {
            values.extend(array.as_primitive::<P>().values()[rows].iter().map(|value| convert(*value)));
        })
    }

    /// Assembles counts in the narrowest width that holds them; each part has its own width.
    fn counts(&self, runs: &[PartRun]) -> Column {
        let bits = |run: &PartRun| {
            let array = self.array(run)?;
            Some(with_numbers!(array, numbers => all_bits(array, &numbers[run.rows.clone()], run.rows.start)))
        };
        macro_rules! counts {
            ($width:ident, $native:ty) => {{
                let (values, known) = self.gathered(runs, |values, array, rows| {
                    with_numbers!(array, numbers => values.extend(numbers[rows].iter().map(|n| *n as $native)));
                });
                Column::Number { values: Integers::$width(values), known }
            }};
        }
        match runs.iter().filter_map(bits).fold(0, |all, bits| all | bits) {
            0..=0xff => counts!(U8, u8),
            0x100..=0xffff => counts!(U16, u16),
            _ => counts!(U32, u32),
        }
    }

    /// Assembles amounts in the narrowest width that holds them.
    fn money(&self, runs: &[PartRun]) -> Column {
        let bits = |run: &PartRun| {
            let array = self.array(run)?;
            let values = &array.as_primitive::<UInt64Type>().values()[run.rows.clone()];
            Some(all_bits(array, values, run.rows.start))
        };
        macro_rules! money {
            ($width:ident, $native:ty) => {{
                let (values, known) = self.values::<UInt64Type, _>(runs, |yuan| yuan as $native);
                Column::Number { values: Integers::$width(values), known }
            }};
        }
        match runs.iter().filter_map(bits).fold(0, |all, bits| all | bits) {
            0..=0xff => money!(U8, u8),
            0x100..=0xffff => money!(U16, u16),
            0x1_0000..=0xffff_ffff => money!(U32, u32),
            _ => money!(U64, u64),
        }
    }

    fn flags(&self, runs: &[PartRun]) -> Column {
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
        // Clear flags that are not known.
        let set = set.finish();
        Column::Flag { set: known.as_ref().map_or_else(|| set.clone(), |known| &set & known), known }
    }

    fn texts(&self, runs: &[PartRun]) -> Result<Column> {
        let text = |run: &PartRun| match self.array(run) {
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

/// Returns the total number of rows of `runs`.
fn length(runs: &[PartRun]) -> usize {
    runs.iter().map(|run| run.rows.len()).sum()
}

/// Codes a word column in the order of its word table, so that every roster has the same codes.
fn words_of(field: &Field, parts: &[ColumnPart]) -> Result<ColumnKind> {
    let words = words::of(&field.name).ok_or_else(|| Error::data("没有词表", "a word column without words"))?;
    let dictionary = Dictionary::new(words.ids().map(str::to_owned).collect());
    let mut labels = MergedLabels::new(parts);
    let mut to = Vec::with_capacity(labels.values.len());
    for value in (1..=labels.values.len() as u32).map(|code| labels.values.get(code)) {
        to.push(dictionary.code(value).ok_or_else(|| {
            let (name, have) = (&field.name, dictionary.values().join(", "));
            Error::data(
                format!("列“{name}”中的“{value}”不在词表内：{have}"),
                format!("'{value}' in column '{name}' is not one of its words: {have}"),
            )
            .in_column(name)
            .with_value(value)
        })?);
    }
    labels.recode(&to);
    Ok(ColumnKind::Coded(labels, Arc::new(dictionary)))
}

/// Returns the nulls of `array`, if it has any.
fn nulls_of(array: &ArrayRef) -> Option<&NullBuffer> {
    array.nulls().filter(|nulls| nulls.null_count() > 0)
}

/// Zeroes unknown values. Nulls are unpredictable, so this selects without a branch.
pub(in crate::roster) fn zero_unknown<T: Copy + Default>(values: &mut [T], known: Option<&NullBuffer>) {
    let Some(known) = known.filter(|known| known.null_count() > 0) else { return };
    for (row, value) in values.iter_mut().enumerate() {
        *value = if known.is_valid(row) { *value } else { T::default() };
    }
}

/// Returns the bitwise OR of the known `values`, which needs the same width as the largest. `values` are those of
/// `array` from row `start` on.
fn all_bits<T: Copy + Into<u64>>(array: &ArrayRef, values: &[T], start: usize) -> u64 {
    match nulls_of(array) {
        None => values.iter().fold(0, |all, value| all | (*value).into()),
        Some(valid) => (start..)
            .zip(values)
            .fold(0, |all, (row, value)| all | if valid.is_valid(row) { (*value).into() } else { 0 }),
    }
}

/// Number of half-step grades that can be distinguished; the highest real grade is five stars.
pub(in crate::roster) const GRADES: usize = 1 << 8;

/// Converts a grade to half steps.
pub(in crate::roster) fn half_steps(grade: f32) -> usize {
    usize::from((grade * 2.0 + 0.5) as u8)
}

/// Returns the grades that occur, in half steps, ascending.
fn grades(parts: &[ColumnPart]) -> Vec<usize> {
    // The last entry absorbs nulls, which saves a branch.
    let mut used = [false; GRADES + 1];
    for values in parts.iter().flatten() {
        let ColumnValues::Array(array) = values else { continue };
        let grades = array.as_primitive::<Float32Type>().values();
        match array.nulls() {
            None => grades.iter().for_each(|grade| used[half_steps(*grade)] = true),
            Some(valid) => {
                for (row, grade) in grades.iter().enumerate() {
                    used[if valid.is_valid(row) { half_steps(*grade) } else { GRADES }] = true;
                }
            }
        }
    }
    (0..GRADES).filter(|grade| used[*grade]).collect()
}

impl Column {
    /// Checks whether rows `a` and `b` hold the same value.
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

/// Fails if a part of `field` does not have its canonical type.
fn check_canonical(field: &Field, values: &ColumnValues) -> Result<()> {
    let wanted = field.ty.arrow();
    let got = match values {
        ColumnValues::Coded(_) if wanted == DataType::Utf8 && field.ty != Type::Text => return Ok(()),
        ColumnValues::Coded(_) => &DataType::Utf8,
        ColumnValues::Array(array) => array.data_type(),
    };
    let is_right = match field.ty {
        Type::Count => matches!(got, DataType::UInt8 | DataType::UInt16 | DataType::UInt32),
        Type::Text => *got == wanted || matches!(got, DataType::Dictionary(_, values) if **values == DataType::Utf8),
        _ => *got == wanted && wanted != DataType::Utf8,
    };
    if is_right {
        return Ok(());
    }
    let name = &field.name;
    Err(Error::data(
        format!("列“{name}”的类型是 {got}，应为 {wanted}"),
        format!("column '{name}' has type {got}, expected {wanted}"),
    )
    .in_column(name))
}
