//! Assembly of one column of one year from the batches of its row groups.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{Float32Type, Int32Type};

use crate::error::Result;
use crate::ingest::ColumnValues;
use crate::roster::Field;
use crate::roster::assemble::{GRADES, WholeColumn, half_steps, zero_unknown};
use crate::roster::column::{Column, Dictionary, Integers};
use crate::schema::Type;

/// Builds the column of `field`. Returns `None` if a value is not in its dictionary or the batches have another
/// type.
pub(super) fn column(
    field: &Field,
    batches: &[ArrayRef],
    dictionary: Option<&Arc<Dictionary>>,
) -> Result<Option<Column>> {
    let Some(dictionary) = dictionary else {
        let parts: Vec<_> = batches.iter().map(|array| Ok(ColumnValues::Array(Arc::clone(array)))).collect();
        return WholeColumn::new(field, &parts)?.all_rows().map(Some);
    };
    let codes = match dictionary.values().len() {
        0..=0xff => codes(field, batches, dictionary, |code| code as u8).map(Integers::U8),
        0x100..=0xffff => codes(field, batches, dictionary, |code| code as u16).map(Integers::U16),
        _ => codes(field, batches, dictionary, |code| code).map(Integers::U32),
    };
    Ok(codes.map(|codes| Column::Coded { codes, dictionary: Arc::clone(dictionary) }))
}

fn codes<T: Copy + Default + PartialEq>(
    field: &Field,
    batches: &[ArrayRef],
    dictionary: &Dictionary,
    narrow: impl Fn(u32) -> T,
) -> Option<Vec<T>> {
    let mut codes = Vec::with_capacity(batches.iter().map(Array::len).sum());
    if field.ty == Type::Star {
        let mut of_grade = [T::default(); GRADES];
        for (code, grade) in (1..).zip(dictionary.values()) {
            of_grade[half_steps(grade.parse().ok()?)] = narrow(code);
        }
        for batch in batches {
            let batch = batch.as_primitive_opt::<Float32Type>()?;
            let start = codes.len();
            codes.extend(batch.values().iter().map(|grade| of_grade[half_steps(*grade)]));
            zero_unknown(&mut codes[start..], batch.nulls());
            let unknown = codes[start..].iter().filter(|code| **code == T::default()).count();
            if unknown > batch.null_count() {
                return None;
            }
        }
        return Some(codes);
    }
    // Maps the batch's dictionary keys to codes. Batches of one row group share their dictionary, so reuse the map.
    let mut texts: Option<&StringArray> = None;
    let mut of_number: Vec<T> = Vec::new();
    for batch in batches {
        let batch = batch.as_dictionary_opt::<Int32Type>()?;
        let here = batch.values().as_string_opt::<i32>()?;
        if texts.is_none_or(|texts| !texts.values().ptr_eq(here.values()) || texts.len() != here.len()) {
            texts = Some(here);
            let code = |text: Option<&str>| text.map_or(Some(0), |text| dictionary.code(text)).map(&narrow);
            of_number = here.iter().map(code).collect::<Option<_>>()?;
        }
        let start = codes.len();
        let code = |number: &i32| of_number.get(*number as usize).copied().unwrap_or_default();
        codes.extend(batch.keys().values().iter().map(code));
        zero_unknown(&mut codes[start..], batch.keys().nulls());
    }
    Some(codes)
}
