//! Tables as objects that support the Arrow stream protocol.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::errors::raise;

/// Wraps batches of one schema.
pub(crate) fn table(batches: Vec<RecordBatch>) -> PyResult<PyTable> {
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    PyTable::try_new(batches, schema)
}

/// Builds a table of texts.
pub(crate) fn texts(columns: Vec<(&str, Vec<Option<String>>)>) -> PyResult<PyTable> {
    let arrays = columns.into_iter().map(|(name, values)| (name, Arc::new(StringArray::from(values)) as ArrayRef));
    columns_of(arrays.collect())
}

/// Builds a table of columns.
pub(crate) fn columns_of(columns: Vec<(&str, ArrayRef)>) -> PyResult<PyTable> {
    let fields: Vec<Field> = columns.iter().map(|(n, a)| Field::new(*n, a.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, a)| a).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| raise(&e.into()))?;
    table(vec![batch])
}

/// Returns the batches of a table passed from Python.
pub(crate) fn batches(data: AnyRecordBatch) -> PyResult<Vec<RecordBatch>> {
    let reader = data.into_reader()?;
    reader.collect::<std::result::Result<_, _>>().map_err(|e| raise(&e.into()))
}
