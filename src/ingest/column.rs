//! One Arrow array becomes a canonical column.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, new_null_array};
use arrow::compute::{cast, max, min, take};
use arrow::datatypes::{DataType, Float64Type, Int16Type, Int32Type};

use super::cells::{self, Cell, is_year};
use super::problem::Code;
use super::sink::{SCORES, Sink};
use crate::error::Result;
use crate::schema::{Column, Type};

/// What is to be said about a value.
pub(super) struct Finding {
    pub row: usize,
    pub code: Code,
    pub value: String,
}

type Converted = Result<(ArrayRef, Vec<Finding>)>;

/// Whether an array of this type holds text, also in a dictionary.
pub(super) fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn is_time(ty: &DataType) -> bool {
    matches!(ty, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

/// Anything as text.
pub(super) fn as_text(array: &ArrayRef) -> Result<StringArray> {
    Ok(cast(array, &DataType::Utf8)?.as_string().clone())
}

/// Reads `array` as `column`; `None` where its type cannot be one of such a column.
pub(super) fn convert(array: &ArrayRef, column: &'static Column, factor: f64) -> Option<Converted> {
    let from = array.data_type();
    let wanted = column.ty.arrow();
    if *from == DataType::Null {
        return Some(Ok((new_null_array(&wanted, array.len()), Vec::new())));
    }
    if is_text(from) {
        let long = matches!(column.ty, Type::Id | Type::Text | Type::Code);
        return Some(if long { long_text(array, column) } else { distinct(array, column, factor) });
    }
    let exact = from.is_integer() || *from == DataType::Boolean;
    Some(match column.ty {
        Type::Flag if *from == DataType::Boolean => Ok((array.clone(), Vec::new())),
        Type::Date if is_time(from) => cast(array, &wanted).map(|a| (a, Vec::new())).map_err(Into::into),
        _ if is_time(from) => return None,
        Type::Count if from.is_integer() => whole(array, &wanted),
        Type::Money if from.is_integer() && factor <= 1.0 => whole(array, &wanted),
        Type::Year | Type::Real if from.is_integer() || from.is_floating() => ranged(array, column),
        Type::Region | Type::Industry | Type::Text | Type::Code | Type::Id if exact => {
            cast(array, &DataType::Utf8).map_err(Into::into).and_then(|text| distinct(&text, column, factor))
        }
        _ if exact || from.is_floating() => numbers(array, column, factor),
        _ => return None,
    })
}

/// Integers that fit, as they are; the others are impossible.
fn whole(array: &ArrayRef, wanted: &DataType) -> Converted {
    let values = cast(array, wanted)?;
    if values.null_count() == array.null_count() {
        return Ok((values, Vec::new()));
    }
    let texts = as_text(array)?;
    let wrong = (0..array.len()).filter(|at| values.is_null(*at) && array.is_valid(*at));
    let found = wrong.map(|row| Finding { row, code: Code::ImpossibleValue, value: texts.value(row).to_owned() });
    let found = found.collect();
    Ok((values, found))
}

/// Numbers as they are if all are in range.
fn ranged(array: &ArrayRef, column: &'static Column) -> Converted {
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
        Ok((values, Vec::new()))
    } else {
        numbers(array, column, 1.0)
    }
}

/// Numbers one by one.
fn numbers(array: &ArrayRef, column: &'static Column, factor: f64) -> Converted {
    let numbers = cast(array, &DataType::Float64)?;
    let numbers = numbers.as_primitive::<Float64Type>();
    let mut sink = Sink::of(column, factor);
    let mut found = Vec::new();
    for (row, number) in numbers.iter().enumerate() {
        // Frames of some libraries write "not known" as not-a-number.
        let cell = number.filter(|n| !n.is_nan()).map_or(Cell::Empty, Cell::Number);
        if let Some(code) = sink.push(&cell) {
            found.push(Finding { row, code, value: cell.shown().into_owned() });
        }
    }
    Ok((sink.finish(), found))
}

/// Text, read once for each distinct value.
fn distinct(array: &ArrayRef, column: &'static Column, factor: f64) -> Converted {
    let dictionary = cast(array, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))?;
    let dictionary = dictionary.as_dictionary::<Int32Type>();
    let texts: &StringArray = dictionary.values().as_string();
    let mut sink = Sink::of(column, factor);
    let said: Vec<Option<Code>> = texts.iter().map(|text| sink.push(&text.map_or(Cell::Empty, Cell::Text))).collect();
    let values = take(&sink.finish(), dictionary.keys(), None)?;
    let mut found = Vec::new();
    if said.iter().any(Option::is_some) {
        for (row, key) in dictionary.keys().iter().enumerate() {
            let Some(key) = key else { continue };
            if let Some(Some(code)) = said.get(key as usize) {
                found.push(Finding { row, code: *code, value: texts.value(key as usize).to_owned() });
            }
        }
    }
    Ok((values, found))
}

/// The words for modes as written, where they say more than the canonical word.
pub(super) fn mode_detail(array: &ArrayRef) -> Result<ArrayRef> {
    let dictionary = cast(array, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))?;
    let dictionary = dictionary.as_dictionary::<Int32Type>();
    let written = dictionary.values().as_string::<i32>();
    let detail = written.iter().map(|text| cells::mode_detail(&text.map_or(Cell::Empty, Cell::Text)));
    let detail: StringArray = detail.collect();
    Ok(take(&detail, dictionary.keys(), None)?)
}

/// Text whose values are mostly different: as it is where nothing is to be cleaned.
fn long_text(array: &ArrayRef, column: &'static Column) -> Converted {
    let texts = as_text(array)?;
    let mut sink = Sink::of(column, 1.0);
    let kept = |text: &str| {
        match &sink {
            Sink::Code(_) => cells::code(&Cell::Text(text)),
            Sink::RegistrationType(_) => cells::registration_type(&Cell::Text(text)),
            _ => cells::text(&Cell::Text(text)),
        }
        .is_ok_and(|read| read.is_some_and(|read| read == text))
    };
    let whole = texts.null_count() == 0 || !matches!(sink, Sink::Name(_));
    if whole && texts.iter().flatten().all(kept) {
        return Ok((Arc::new(texts), Vec::new()));
    }
    let mut found = Vec::new();
    for (row, text) in texts.iter().enumerate() {
        if let Some(code) = sink.push(&text.map_or(Cell::Empty, Cell::Text)) {
            found.push(Finding { row, code, value: text.unwrap_or_default().to_owned() });
        }
    }
    Ok((sink.finish(), found))
}

/// The type in which a column of the user's own is kept: signed integers until all of them were seen.
pub(super) fn own_type(ty: &DataType) -> Option<DataType> {
    Some(match ty {
        DataType::Boolean => DataType::Boolean,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => DataType::UInt32,
        DataType::UInt64 => DataType::UInt64,
        _ if ty.is_integer() => DataType::Int64,
        _ if ty.is_numeric() => DataType::Float64,
        _ if is_time(ty) => DataType::Date32,
        _ if is_text(ty) => DataType::Utf8,
        _ => return None,
    })
}

/// A column of the user's own.
pub(super) fn own(array: &ArrayRef) -> Result<ArrayRef> {
    let wanted = own_type(array.data_type()).unwrap_or(DataType::Utf8);
    if wanted != DataType::Utf8 {
        return Ok(cast(array, &wanted)?);
    }
    let mut sink = Sink::text();
    for text in &as_text(array)? {
        sink.push(&text.map_or(Cell::Empty, Cell::Text));
    }
    Ok(sink.finish())
}
