//! Columns of the user's own: their type is inferred from all values, and is the same in every source.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::compute::{cast, max, min};
use arrow::datatypes::{DataType, Int64Type, UInt64Type};

use crate::error::Result;
use crate::ingest::Reading;
use crate::schema;

/// Number of digits that a float keeps exactly.
const EXACT_DIGITS: usize = 15;

/// Gives each of the user's own columns one type over all batches. `typed` says for each source whether its columns
/// already had types.
pub(crate) fn agree(reading: &mut Reading, typed: &[bool]) -> Result<()> {
    let mut own: BTreeMap<String, Vec<(&ArrayRef, bool)>> = BTreeMap::new();
    for batch in &reading.batches {
        for (field, array) in batch.records.schema().fields().iter().zip(batch.records.columns()) {
            if schema::column(field.name()).is_none() {
                let typed = typed.get(batch.source).copied().unwrap_or(false);
                own.entry(field.name().clone()).or_default().push((array, typed));
            }
        }
    }
    let wanted_types: BTreeMap<String, DataType> =
        own.into_iter().map(|(name, arrays)| Ok((name, agreed(arrays.into_iter())?))).collect::<Result<_>>()?;
    if wanted_types.is_empty() {
        return Ok(());
    }
    for batch in &mut reading.batches {
        let schema = batch.records.schema();
        let columns = schema.fields().iter().zip(batch.records.columns()).map(|(field, array)| {
            let array = match wanted_types.get(field.name()) {
                Some(wanted) if wanted != array.data_type() => cast(array, wanted)?,
                _ => array.clone(),
            };
            Ok((field.name().clone(), array))
        });
        batch.records = super::piece::records(columns.collect::<Result<_>>()?)?;
    }
    Ok(())
}

/// Returns the one type for all parts of a column: counts, numbers or text. Each part comes with a flag saying
/// whether its source had types: text from a typed source stays text, text from a file may be numbers.
pub(crate) fn agreed<'a>(arrays: impl Iterator<Item = (&'a ArrayRef, bool)>) -> Result<DataType> {
    let mut wanted: Option<DataType> = None;
    let mut empty = None;
    for (array, typed) in arrays {
        if array.null_count() == array.len() {
            empty.get_or_insert(array.data_type().clone());
            continue;
        }
        let here = narrowest(array, typed)?;
        wanted = Some(match wanted.take() {
            Some(other) => wider(&other, &here),
            None => here,
        });
    }
    // A column without values keeps the type it came in.
    Ok(wanted.unwrap_or(match empty {
        Some(DataType::Dictionary(..) | DataType::Null) | None => DataType::Utf8,
        Some(DataType::Int64 | DataType::UInt64) => DataType::UInt32,
        Some(other) => other,
    }))
}

/// Returns the narrowest type that holds these values.
fn narrowest(array: &ArrayRef, typed: bool) -> Result<DataType> {
    Ok(match array.data_type() {
        DataType::Utf8 if !typed => of_text(array.as_string())?,
        DataType::Dictionary(..) => narrowest(array.as_any_dictionary().values(), typed)?,
        DataType::Int64 => whole(array.as_primitive::<Int64Type>()),
        DataType::UInt64 if max(array.as_primitive::<UInt64Type>()).is_none_or(|most| most <= MOST) => DataType::UInt32,
        other => other.clone(),
    })
}

/// Largest count.
const MOST: u64 = u32::MAX as u64;

/// Returns the type of whole numbers: counts if they fit, wider integers if larger, floats if negative.
fn whole(values: &Int64Array) -> DataType {
    match (min(values), max(values)) {
        (Some(least), _) if least < 0 => DataType::Float64,
        (_, Some(most)) if most as u64 > MOST => DataType::UInt64,
        _ => DataType::UInt32,
    }
}

/// Returns a number type if reading the text as numbers loses nothing: no leading zeros, no long codes.
fn of_text(values: &StringArray) -> Result<DataType> {
    let code = |v: &str| v.len() > EXACT_DIGITS || (v.len() > 1 && v.starts_with('0') && !v.starts_with("0."));
    let number = |v: &str| v.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    if values.iter().flatten().any(|v| code(v) || !number(v)) {
        return Ok(DataType::Utf8);
    }
    for wanted in [DataType::UInt32, DataType::Float64] {
        if cast(values, &wanted)?.null_count() == values.null_count() {
            return Ok(wanted);
        }
    }
    Ok(DataType::Utf8)
}

fn wider(a: &DataType, b: &DataType) -> DataType {
    let counts = |t: &DataType| matches!(t, DataType::UInt32 | DataType::UInt64);
    let number = |t: &DataType| counts(t) || *t == DataType::Float64;
    if a == b {
        a.clone()
    } else if counts(a) && counts(b) {
        DataType::UInt64
    } else if number(a) && number(b) {
        DataType::Float64
    } else {
        DataType::Utf8
    }
}
