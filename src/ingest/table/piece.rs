//! Pieces: the output of every reader, rows of one table as typed columns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int16Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::{Field, Schema, UInt32Type};

use crate::error::Result;
use crate::ingest::cell::block::RowPositions;
use crate::ingest::cell::row_checks::too_many;
use crate::ingest::cell::values::ColumnValues;
use crate::schema;
use crate::schema::{COLUMNS, Type};

/// Rows of one sheet as typed columns.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Positions of the rows in the file.
    pub positions: RowPositions,
    pub years: Vec<i16>,
    pub ids: StringArray,
    /// The other columns, each once.
    pub columns: Vec<(String, ColumnValues)>,
}

impl Piece {
    /// Converts the piece to a batch of canonical columns, with text decoded and counts in the schema's type.
    pub(crate) fn records(self) -> Result<RecordBatch> {
        let years: ArrayRef = Arc::new(Int16Array::from(self.years));
        let keys = [("year".to_owned(), years), ("org_id".to_owned(), Arc::new(self.ids))];
        let columns = self.columns.into_iter().map(|(name, values)| {
            let array = values.array();
            let array = match schema::column(&name) {
                Some(column) if column.ty == Type::Count => cast(&array, &column.ty.arrow())?,
                _ => array,
            };
            Ok((name, array))
        });
        records(keys.into_iter().map(Ok).chain(columns).collect::<Result<_>>()?)
    }
}

/// Builds a batch of `columns`, in the schema's order, with the user's own at the end.
pub(crate) fn records(mut columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch> {
    columns.sort_by_key(|(name, _)| COLUMNS.iter().position(|c| c.name == name).unwrap_or(COLUMNS.len()));
    let field = |(name, array): &(String, ArrayRef)| {
        let key = matches!(name.as_str(), "year" | "org_id");
        Field::new(name, array.data_type().clone(), !key)
    };
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(schema), arrays)?)
}

/// Sets impossible numbers of members to null and passes each to `report`.
pub(crate) fn plausible(members: &ArrayRef, employees: &ArrayRef, mut report: impl FnMut(usize, String)) -> ArrayRef {
    let (Some(numbers), Some(employees)) =
        (members.as_primitive_opt::<UInt32Type>(), employees.as_primitive_opt::<UInt32Type>())
    else {
        return Arc::clone(members);
    };
    // Null slots hold arbitrary values, so a hit here is only a reason to check again with validity.
    let pairs = numbers.values().iter().zip(employees.values());
    if !pairs.fold(false, |any, (members, employees)| any | too_many(*members, *employees)) {
        return Arc::clone(members);
    }
    let wrong =
        |at: usize| numbers.is_valid(at) && employees.is_valid(at) && too_many(numbers.value(at), employees.value(at));
    let kept: UInt32Array = numbers
        .iter()
        .enumerate()
        .map(|(at, number)| {
            if wrong(at) {
                report(at, number.unwrap_or_default().to_string());
                None
            } else {
                number
            }
        })
        .collect();
    Arc::new(kept)
}
