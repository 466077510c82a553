//! One column of all rows, in the order in which they were read: put together out of its parts.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Date32Type, Float32Type, Float64Type, UInt32Type, UInt64Type};
use rustc_hash::FxHashMap;

use super::labels::Labels;
use crate::error::{Error, Result};
use crate::roster::Field;
use crate::roster::column::{Column, Dictionary, Integers};
use crate::schema::{Type, words};

/// A part of a column: its array, or how many rows do not have it.
pub(super) type Part = Result<ArrayRef, usize>;

pub(super) fn length(part: &Part) -> usize {
    part.as_ref().map_or_else(|rows| *rows, Array::len)
}

impl Column {
    /// The column `field` of all rows out of its parts; all years hold a coded one in one width, that of its dictionary.
    pub(super) fn whole(field: &Field, parts: &[Part]) -> Result<Self> {
        for array in parts.iter().flatten() {
            canonical(field, array.data_type())?;
        }
        Ok(match field.ty {
            Type::Word => Self::words(field, parts)?,
            Type::Code | Type::Region | Type::Industry | Type::Id | Type::Year => {
                let mut labels = Labels::new(parts);
                let values = labels.sort();
                Self::Coded { codes: labels.codes(values.len()), dictionary: Arc::new(Dictionary::new(values)) }
            }
            Type::Star => Self::stars(parts),
            Type::Flag => Self::flags(parts),
            Type::Count => {
                let (values, known) = numbers::<UInt32Type>(parts);
                Self::Number { values: Integers::U32(values), known }
            }
            Type::Money => {
                let (values, known) = numbers::<UInt64Type>(parts);
                Self::Number { values: Integers::smallest(&values), known }
            }
            Type::Real => {
                let (values, known) = numbers::<Float64Type>(parts);
                Self::Real { values, known }
            }
            Type::Date => {
                let (values, known) = numbers::<Date32Type>(parts);
                Self::Date { values, known }
            }
            Type::Text => {
                let plain = |part: &Part| match part {
                    Ok(array) => Ok(cast(array, &DataType::Utf8)?),
                    Err(rows) => Ok(new_null_array(&DataType::Utf8, *rows)),
                };
                let arrays: Vec<ArrayRef> = parts.iter().map(plain).collect::<Result<_>>()?;
                let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
                Self::Text(concat(&arrays)?.as_string::<i32>().clone())
            }
        })
    }

    /// Words keep the order of their table, so that every roster has the same codes for them.
    fn words(field: &Field, parts: &[Part]) -> Result<Self> {
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
        Ok(Self::Coded { codes: labels.codes(dictionary.values().len()), dictionary: Arc::new(dictionary) })
    }

    /// Grades in half steps.
    fn stars(parts: &[Part]) -> Self {
        let (grades, known) = numbers::<Float32Type>(parts);
        let halves = |at: usize| {
            let is_known = known.as_ref().is_none_or(|known| known.value(at));
            is_known.then(|| (grades[at] * 2.0).round() as u32)
        };
        let mut used = BTreeSet::new();
        let mut last = None;
        for grade in (0..grades.len()).filter_map(halves) {
            if last.replace(grade) != Some(grade) {
                used.insert(grade);
            }
        }
        let codes: FxHashMap<u32, u64> = used.iter().copied().zip(1..).collect();
        let code = |at: usize| halves(at).and_then(|grade| codes.get(&grade)).copied().unwrap_or(0);
        let dictionary = Dictionary::new(used.iter().map(|grade| format!("{}", f64::from(*grade) / 2.0)).collect());
        Self::Coded {
            codes: Integers::up_to(used.len() as u64, (0..grades.len()).map(code)),
            dictionary: Arc::new(dictionary),
        }
    }

    fn flags(parts: &[Part]) -> Self {
        let mut flags = arrow::array::BooleanBuilder::with_capacity(parts.iter().map(length).sum());
        for part in parts {
            match part {
                Ok(array) => flags.append_array(array.as_boolean()),
                Err(rows) => flags.append_nulls(*rows),
            }
        }
        let flags: BooleanArray = flags.finish();
        let (set, nulls) = flags.into_parts();
        let known = nulls.map(NullBuffer::into_inner);
        // A flag that is not known is not set.
        let set = known.as_ref().map_or_else(|| set.clone(), |known| &set & known);
        Self::Flag { set, known }
    }

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

/// The numbers of all parts, 0 where not known.
fn numbers<T: ArrowPrimitiveType>(parts: &[Part]) -> (Vec<T::Native>, Option<BooleanBuffer>) {
    let rows = parts.iter().map(length).sum();
    let mut values: Vec<T::Native> = Vec::with_capacity(rows);
    let mut nulls = arrow::array::NullBufferBuilder::new(rows);
    for part in parts {
        match part {
            Ok(array) => {
                let array = array.as_primitive::<T>();
                if let Some(valid) = array.nulls() {
                    nulls.append_buffer(valid);
                    values.extend(array.iter().map(Option::unwrap_or_default));
                } else {
                    nulls.append_n_non_nulls(array.len());
                    values.extend_from_slice(array.values());
                }
            }
            Err(rows) => {
                nulls.append_n_nulls(*rows);
                values.resize(values.len() + rows, T::Native::default());
            }
        }
    }
    let nulls = nulls.finish().filter(|nulls| nulls.null_count() > 0);
    (values, nulls.map(NullBuffer::into_inner))
}
