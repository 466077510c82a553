//! One column of all rows, in the order in which they were read: put together out of its parts, then dealt out to years.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, DictionaryArray, PrimitiveArray, StringArray,
    UInt32Array, new_null_array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, DataType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::roster::Field;
use crate::roster::column::{Column, Dictionary, Integers, known, with_integers};
use crate::schema::{Type, words};

/// A column of all rows. `known` is `None` where every value is.
pub(super) enum Whole {
    Coded(Integers, Arc<Dictionary>),
    Flag(BooleanBuffer, Option<BooleanBuffer>),
    Number(Integers, Option<BooleanBuffer>),
    Real(Vec<f64>, Option<BooleanBuffer>),
    Date(Vec<i32>, Option<BooleanBuffer>),
    Text(StringArray),
}

/// A part of a column: its array, or how many rows do not have it.
pub(super) type Part = Result<ArrayRef, usize>;

fn length(part: &Part) -> usize {
    part.as_ref().map_or_else(|rows| *rows, Array::len)
}

impl Whole {
    /// The column `field` out of its parts.
    pub(super) fn new(field: &Field, parts: &[Part]) -> Result<Self> {
        for array in parts.iter().flatten() {
            canonical(field, array.data_type())?;
        }
        Ok(match field.ty {
            Type::Word => Self::words(field, parts)?,
            Type::Code | Type::Region | Type::Industry | Type::Id | Type::Year => {
                let (values, codes) = labels(parts).sorted();
                Self::coded(&codes, Dictionary::new(values))
            }
            Type::Star => Self::stars(parts),
            Type::Flag => Self::flags(parts),
            Type::Count => {
                let (values, known) = numbers::<UInt32Type>(parts);
                Self::Number(Integers::U32(values), known)
            }
            Type::Money => {
                let (values, known) = numbers::<UInt64Type>(parts);
                Self::Number(Integers::smallest(&values), known)
            }
            Type::Real => {
                let (values, known) = numbers::<Float64Type>(parts);
                Self::Real(values, known)
            }
            Type::Date => {
                let (values, known) = numbers::<Date32Type>(parts);
                Self::Date(values, known)
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

    /// All years of a roster hold a coded column in one width: that of its dictionary.
    fn coded(codes: &[u32], dictionary: Dictionary) -> Self {
        let most = dictionary.values().len() as u64;
        Self::Coded(Integers::up_to(most, codes.iter().map(|code| u64::from(*code))), Arc::new(dictionary))
    }

    /// Words keep the order of their table, so that every roster has the same codes for them.
    fn words(field: &Field, parts: &[Part]) -> Result<Self> {
        let words = words::of(&field.name).ok_or_else(|| Error::data("没有词表", "a word column without words"))?;
        let dictionary = Dictionary::new(words.ids().map(str::to_owned).collect());
        let mut labels = labels(parts);
        let mut recode = vec![0];
        for value in &labels.values {
            recode.push(dictionary.code(value).ok_or_else(|| {
                let (name, have) = (&field.name, dictionary.values().join(", "));
                Error::data(
                    format!("列“{name}”中的“{value}”不在词表内：{have}"),
                    format!("'{value}' in column '{name}' is none of its words: {have}"),
                )
            })?);
        }
        labels.codes.iter_mut().for_each(|code| *code = recode[*code as usize]);
        Ok(Self::coded(&labels.codes, dictionary))
    }

    /// Grades in half steps.
    fn stars(parts: &[Part]) -> Self {
        let (grades, known) = numbers::<Float32Type>(parts);
        let halves = |at: usize| {
            let is_known = known.as_ref().is_none_or(|known| known.value(at));
            is_known.then(|| (grades[at] * 2.0).round() as u32)
        };
        let mut used: Vec<u32> = (0..grades.len()).filter_map(halves).collect();
        used.par_sort_unstable();
        used.dedup();
        let code = |at: usize| halves(at).and_then(|g| used.binary_search(&g).ok()).map_or(0, |at| at as u32 + 1);
        let codes: Vec<u32> = (0..grades.len()).map(code).collect();
        Self::coded(&codes, Dictionary::new(used.iter().map(|g| format!("{}", f64::from(*g) / 2.0)).collect()))
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
        Self::Flag(set, known)
    }

    /// Whether rows `a` and `b` say the same.
    pub(super) fn equal(&self, a: usize, b: usize) -> bool {
        let both = |known: &Option<BooleanBuffer>| known.as_ref().is_none_or(|k| k.value(a) == k.value(b));
        match self {
            Self::Coded(codes, _) => codes.get(a) == codes.get(b),
            Self::Flag(set, known) => set.value(a) == set.value(b) && both(known),
            Self::Number(values, known) => values.get(a) == values.get(b) && both(known),
            Self::Real(values, known) => values[a].to_bits() == values[b].to_bits() && both(known),
            Self::Date(values, known) => values[a] == values[b] && both(known),
            Self::Text(v) => v.is_null(a) == v.is_null(b) && (v.is_null(a) || v.value(a) == v.value(b)),
        }
    }

    /// The column of a frame whose rows are `rows`.
    pub(super) fn gather(&self, rows: &[u32]) -> Result<Column> {
        let bits = |all: &Option<BooleanBuffer>| {
            all.as_ref().and_then(|all| known(rows.len(), |at| all.value(rows[at] as usize)))
        };
        Ok(match self {
            Self::Coded(codes, dictionary) => {
                Column::Coded { codes: codes.gather(rows), dictionary: Arc::clone(dictionary) }
            }
            Self::Flag(set, known) => Column::Flag {
                set: BooleanBuffer::collect_bool(rows.len(), |at| set.value(rows[at] as usize)),
                known: bits(known),
            },
            Self::Number(values, known) => Column::Number { values: values.gather_smallest(rows), known: bits(known) },
            Self::Real(values, known) => {
                Column::Real { values: rows.iter().map(|row| values[*row as usize]).collect(), known: bits(known) }
            }
            Self::Date(values, known) => {
                Column::Date { values: rows.iter().map(|row| values[*row as usize]).collect(), known: bits(known) }
            }
            Self::Text(values) => {
                Column::Text(take(values, &UInt32Array::from(rows.to_vec()), None)?.as_string::<i32>().clone())
            }
        })
    }
}

impl Integers {
    /// The values of `rows` in the same width.
    fn gather(&self, rows: &[u32]) -> Self {
        let at = |row: &u32| *row as usize;
        match self {
            Self::U8(v) => Self::U8(rows.iter().map(|row| v[at(row)]).collect()),
            Self::U16(v) => Self::U16(rows.iter().map(|row| v[at(row)]).collect()),
            Self::U32(v) => Self::U32(rows.iter().map(|row| v[at(row)]).collect()),
            Self::U64(v) => Self::U64(rows.iter().map(|row| v[at(row)]).collect()),
        }
    }

    /// The values of `rows` in the smallest width that holds them.
    fn gather_smallest(&self, rows: &[u32]) -> Self {
        with_integers!(self, v => {
            let values = || rows.iter().map(|row| Into::<u64>::into(v[*row as usize]));
            Self::up_to(values().max().unwrap_or(0), values())
        })
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

/// Texts of a column as codes: 0 where not known, else the position among `values`, from 1.
struct Labels<'a> {
    values: Vec<&'a str>,
    codes: Vec<u32>,
}

/// The texts of all parts.
fn labels(parts: &[Part]) -> Labels<'_> {
    let mut labels = Labels { values: Vec::new(), codes: Vec::with_capacity(parts.iter().map(length).sum()) };
    let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
    for part in parts {
        let array = match part {
            Ok(array) => array,
            Err(rows) => {
                labels.codes.resize(labels.codes.len() + rows, 0);
                continue;
            }
        };
        macro_rules! dictionary {
            ($key:ty) => {
                labels.dictionary(array.as_dictionary::<$key>(), &mut seen)
            };
        }
        match array.data_type() {
            DataType::Dictionary(key, _) => match **key {
                DataType::UInt8 => dictionary!(UInt8Type),
                DataType::UInt16 => dictionary!(UInt16Type),
                DataType::UInt32 => dictionary!(UInt32Type),
                DataType::UInt64 => dictionary!(UInt64Type),
                DataType::Int8 => dictionary!(Int8Type),
                DataType::Int16 => dictionary!(Int16Type),
                DataType::Int32 => dictionary!(Int32Type),
                _ => dictionary!(Int64Type),
            },
            _ => {
                for text in array.as_string::<i32>() {
                    let code = text.map_or(0, |text| labels.code(text, &mut seen));
                    labels.codes.push(code);
                }
            }
        }
    }
    labels
}

impl<'a> Labels<'a> {
    fn code(&mut self, text: &'a str, seen: &mut FxHashMap<&'a str, u32>) -> u32 {
        *seen.entry(text).or_insert_with(|| {
            self.values.push(text);
            self.values.len() as u32
        })
    }

    fn dictionary<K: ArrowDictionaryKeyType>(
        &mut self,
        array: &'a DictionaryArray<K>,
        seen: &mut FxHashMap<&'a str, u32>,
    ) {
        let texts = array.values().as_string::<i32>();
        // Only values that a row has: a dictionary may carry more.
        let mut codes: Vec<Option<u32>> = vec![None; texts.len()];
        let keys: &PrimitiveArray<K> = array.keys();
        for key in keys {
            let code = key.map_or(0, |key| {
                let key = key.as_usize();
                codes[key].unwrap_or_else(|| {
                    let code = if texts.is_null(key) { 0 } else { self.code(texts.value(key), seen) };
                    codes[key] = Some(code);
                    code
                })
            });
            self.codes.push(code);
        }
    }

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
