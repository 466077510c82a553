//! Converts one Arrow array into a canonical column.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, new_null_array};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{DataType, Float64Type, Int16Type, Int32Type};

use super::block::{Block, NumberColumn, TextColumn};
use super::content::Cell;
use super::distinct::ColumnInterner;
use super::is_year;
use super::reader::{Reader, SCORES};
use super::values::ColumnValues;
use crate::error::Result;
use crate::ingest::cell;
use crate::ingest::problem::Code;
use crate::schema::{Dictionaries, SchemaColumn, Type};

pub(crate) use super::reader::CellProblem;

type Converted = Result<(ColumnValues, Vec<CellProblem>)>;

/// Wraps an array without problems.
fn as_it_is(array: ArrayRef) -> (ColumnValues, Vec<CellProblem>) {
    (ColumnValues::Array(array), Vec::new())
}

/// Checks whether an array of this type holds text, also as a dictionary.
pub(crate) fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn is_time(ty: &DataType) -> bool {
    matches!(ty, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

/// Casts any array to text.
pub(crate) fn as_text(array: &ArrayRef) -> Result<StringArray> {
    Ok(cast(array, &DataType::Utf8)?.as_string().clone())
}

/// Reads `array` as `column`; `None` if its type cannot hold such a column. `known` caches the readings of texts
/// across arrays.
pub(crate) fn convert(
    array: &ArrayRef,
    column: &'static SchemaColumn,
    factor: f64,
    words: &Dictionaries,
    known: &Arc<ColumnInterner>,
) -> Option<Converted> {
    let from = array.data_type();
    let wanted = column.ty.arrow();
    if *from == DataType::Null {
        return Some(Ok(as_it_is(new_null_array(&wanted, array.len()))));
    }
    if is_text(from) {
        return Some(match (column.ty, from) {
            (Type::Id | Type::Text, _) => long_text(array, column, words),
            (_, DataType::Dictionary(..)) => distinct(array, column, factor, words, known),
            _ => as_text(array)
                .map(|texts| read_all(&Reader::for_column(column, factor, words), &TextColumn(&texts), known)),
        });
    }
    let exact = from.is_integer() || *from == DataType::Boolean;
    Some(match column.ty {
        Type::Flag if *from == DataType::Boolean => Ok(as_it_is(array.clone())),
        Type::Date if is_time(from) => cast(array, &wanted).map(as_it_is).map_err(Into::into),
        _ if is_time(from) => return None,
        Type::Count if from.is_integer() => whole(array, &wanted),
        Type::Money if from.is_integer() && factor <= 1.0 => whole(array, &wanted),
        Type::Year | Type::Real if from.is_integer() || from.is_floating() => ranged(array, column, words, known),
        Type::Region | Type::Industry | Type::Text | Type::Code | Type::Id if exact => {
            as_text(array).map(|texts| read_all(&Reader::for_column(column, factor, words), &TextColumn(&texts), known))
        }
        _ if exact || from.is_floating() => numbers(array, column, factor, words, known),
        _ => return None,
    })
}

/// Casts integers; those that do not fit are impossible values.
fn whole(array: &ArrayRef, wanted: &DataType) -> Converted {
    let values = cast(array, wanted)?;
    if values.null_count() == array.null_count() {
        return Ok(as_it_is(values));
    }
    let texts = as_text(array)?;
    let wrong = (0..array.len()).filter(|at| values.is_null(*at) && array.is_valid(*at));
    let problems =
        wrong.map(|row| CellProblem { row, code: Code::ImpossibleValue, value: texts.value(row).to_owned() });
    let problems = problems.collect();
    Ok((ColumnValues::Array(values), problems))
}

/// Casts numbers if all are in range, and reads them one by one otherwise.
fn ranged(
    array: &ArrayRef,
    column: &'static SchemaColumn,
    words: &Dictionaries,
    known: &Arc<ColumnInterner>,
) -> Converted {
    let values = cast(array, &column.ty.arrow())?;
    let fits = match column.ty {
        Type::Year => {
            let years = values.as_primitive::<Int16Type>();
            let inside = |year: Option<i16>| year.is_none_or(|y| is_year(i64::from(y)));
            array.data_type().is_integer() && inside(min(years)) && inside(max(years))
        }
        _ if column.name == "score" => {
            let scores = values.as_primitive::<Float64Type>();
            let inside = |score: Option<f64>| score.is_none_or(|s| s >= SCORES.0 && s <= SCORES.1);
            inside(min(scores)) && inside(max(scores))
        }
        _ => true,
    };
    if fits && values.null_count() == array.null_count() {
        Ok(as_it_is(values))
    } else {
        numbers(array, column, 1.0, words, known)
    }
}

/// Reads numbers one by one.
fn numbers(
    array: &ArrayRef,
    column: &'static SchemaColumn,
    factor: f64,
    words: &Dictionaries,
    known: &Arc<ColumnInterner>,
) -> Converted {
    let numbers = cast(array, &DataType::Float64)?;
    Ok(read_all(&Reader::for_column(column, factor, words), &NumberColumn(numbers.as_primitive()), known))
}

/// Reads every cell of `block`.
pub(crate) fn read_all<B: Block>(
    reader: &Reader,
    block: &B,
    known: &Arc<ColumnInterner>,
) -> (ColumnValues, Vec<CellProblem>) {
    let rows: Vec<u32> = (0..block.rows() as u32).collect();
    let mut problems = Vec::new();
    let values = reader.read(block, &rows, 0, known, &mut problems);
    (values, problems)
}

/// Casts text to a dictionary.
fn dictionary(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(cast(array, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))?)
}

/// Reads text once per distinct value.
fn distinct(
    array: &ArrayRef,
    column: &'static SchemaColumn,
    factor: f64,
    words: &Dictionaries,
    known: &Arc<ColumnInterner>,
) -> Converted {
    let dictionary = dictionary(array)?;
    let dictionary = dictionary.as_dictionary::<Int32Type>();
    let texts: &StringArray = dictionary.values().as_string();
    let (values, of_text) = read_all(&Reader::for_column(column, factor, words), &TextColumn(texts), known);
    let of_text: HashMap<usize, Code> = of_text.into_iter().map(|finding| (finding.row, finding.code)).collect();
    let values = values.gather(dictionary.keys())?;
    let mut problems = Vec::new();
    if !of_text.is_empty() {
        for (row, key) in dictionary.keys().iter().enumerate() {
            let Some(key) = key.map(|key| key as usize) else { continue };
            if let Some(code) = of_text.get(&key) {
                problems.push(CellProblem { row, code: *code, value: texts.value(key).to_owned() });
            }
        }
    }
    Ok((values, problems))
}

/// Reads formation modes as written, where they say more than the canonical word.
pub(crate) fn mode_detail(array: &ArrayRef, known: &Arc<ColumnInterner>) -> Result<ColumnValues> {
    let dictionary = dictionary(array)?;
    let dictionary = dictionary.as_dictionary::<Int32Type>();
    let (detail, _) = read_all(&Reader::ModeDetail, &TextColumn(dictionary.values().as_string()), known);
    detail.gather(dictionary.keys())
}

/// Reads text whose values are mostly distinct; the array is reused if nothing needs cleaning.
fn long_text(array: &ArrayRef, column: &'static SchemaColumn, words: &Dictionaries) -> Converted {
    let texts = as_text(array)?;
    let reader = Reader::for_column(column, 1.0, words);
    let kept = |text: &str| {
        match reader {
            Reader::Code => cell::code(&Cell::Text(text)),
            _ => cell::term(&Cell::Text(text)),
        }
        .is_ok_and(|read| read.is_some_and(|read| read == text))
    };
    let whole = texts.null_count() == 0 || !matches!(reader, Reader::Name);
    if whole && texts.iter().flatten().all(kept) {
        return Ok(as_it_is(Arc::new(texts)));
    }
    Ok(read_all(&reader, &TextColumn(&texts), &Arc::default()))
}

/// Returns the type in which a column of the user's own is kept; signed integers until all values were seen.
pub(crate) fn own_type(ty: &DataType) -> Option<DataType> {
    Some(match ty {
        DataType::Boolean => DataType::Boolean,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => DataType::UInt32,
        DataType::UInt64 => DataType::UInt64,
        _ if ty.is_integer() => DataType::Int64,
        _ if ty.is_numeric() => DataType::Float64,
        _ if is_time(ty) => DataType::Date32,
        _ if is_text(ty) || *ty == DataType::Null => DataType::Utf8,
        _ => return None,
    })
}

/// Reads a column of the user's own.
pub(crate) fn own(array: &ArrayRef, known: &Arc<ColumnInterner>) -> Result<ColumnValues> {
    let wanted = own_type(array.data_type()).unwrap_or(DataType::Utf8);
    if wanted != DataType::Utf8 {
        return Ok(ColumnValues::Array(cast(array, &wanted)?));
    }
    Ok(read_all(&Reader::Label, &TextColumn(&as_text(array)?), known).0)
}
