//! Columns of organisations in a list, as the ledger or the facts have them.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::DataType;

use crate::dimension::region_name;
use crate::standards::region::{self, Level};
use crate::table::Columns;

/// `columns` with these of `batch`, null where it does not have one; in place of `region` come `township` and
/// `township_name`.
pub(super) fn listed(columns: Columns, batch: &RecordBatch, names: &[(&str, DataType)]) -> Columns {
    names.iter().fold(columns, |columns, (name, ty)| {
        let column = batch.column_by_name(name).map_or_else(|| new_null_array(ty, batch.num_rows()), ArrayRef::clone);
        if *name != "region" {
            return columns.array(name, column);
        }
        let codes = column.as_string::<i32>().iter();
        let township: StringArray = codes.map(|code| region::at_level(code?, Level::Township)).collect();
        let names: Vec<_> = township.iter().map(|code| region_name(code?)).collect();
        columns.array("township", Arc::new(township)).some_texts("township_name", names)
    })
}
