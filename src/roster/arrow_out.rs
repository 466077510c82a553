//! A roster as canonical Arrow record batches, one a year, and as a Parquet file.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array, RecordBatch, StringArray, UInt32Array,
    UInt64Array, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::{Column, Field, Frame, Roster};
use crate::error::{Error, Result};
use crate::schema::Type;

impl Roster {
    /// The Arrow schema of [`Roster::batch`]: `year`, `org_id`, then the fields in their canonical types.
    #[must_use]
    pub fn arrow_schema(&self) -> SchemaRef {
        let fixed = [("year", DataType::Int16), ("org_id", DataType::Utf8)];
        let fixed = fixed.into_iter().map(|(name, ty)| ArrowField::new(name, ty, false));
        let fields = self.fields().iter().map(|f| ArrowField::new(&f.name, f.ty.arrow(), true));
        Arc::new(Schema::new(fixed.chain(fields).collect::<Vec<_>>()))
    }

    /// One year as a record batch; columns the year's sources do not have are null.
    pub fn batch(&self, frame: &Frame) -> Result<RecordBatch> {
        let year: ArrayRef = Arc::new(Int16Array::from_value(frame.year, frame.rows()));
        let ids = take(self.organisations(), &UInt32Array::from(frame.slots.clone()), None)?;
        let columns = self.fields().iter().zip(&frame.columns).map(|(field, column)| match column {
            Some(column) => array(field, column),
            None => new_null_array(&field.ty.arrow(), frame.rows()),
        });
        Ok(RecordBatch::try_new(self.arrow_schema(), [year, ids].into_iter().chain(columns).collect())?)
    }

    /// All years as record batches, ascending.
    pub fn batches(&self) -> Result<Vec<RecordBatch>> {
        self.frames().iter().map(|frame| self.batch(frame)).collect()
    }

    /// Writes the panel to a Parquet file, a row group or more a year.
    pub fn write_parquet(&self, path: &Path) -> Result<()> {
        let fail = |e: ParquetError| Error::unwritten(path, &of_system(e));
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let file = File::create(path).map_err(|e| Error::unwritten(path, &e))?;
        let mut writer = ArrowWriter::try_new(file, self.arrow_schema(), Some(properties)).map_err(fail)?;
        for frame in self.frames() {
            writer.write(&self.batch(frame)?).map_err(fail)?;
            writer.flush().map_err(fail)?;
        }
        writer.close().map_err(fail)?;
        Ok(())
    }
}

/// What the system said where it is the reason.
fn of_system(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => inner.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error),
        other => io::Error::other(other),
    }
}

/// A column in the canonical Arrow type of its field.
fn array(field: &Field, column: &Column) -> ArrayRef {
    let nulls = |known: &Option<_>| known.clone().map(NullBuffer::new);
    match column {
        Column::Coded { codes, dictionary } if field.ty == Type::Star => {
            let grades: Vec<Option<f32>> = dictionary.values().iter().map(|v| v.parse().ok()).collect();
            let grade = |row| grades.get((codes.get(row) as usize).checked_sub(1)?).copied().flatten();
            Arc::new((0..codes.len()).map(grade).collect::<Float32Array>())
        }
        Column::Coded { codes, dictionary } => {
            Arc::new((0..codes.len()).map(|row| dictionary.get(codes.get(row) as u32)).collect::<StringArray>())
        }
        Column::Flag { set, known } => Arc::new(BooleanArray::new(set.clone(), nulls(known))),
        Column::Number { values, known } if field.ty == Type::Money => {
            let values: Vec<u64> = (0..values.len()).map(|row| values.get(row)).collect();
            Arc::new(UInt64Array::new(values.into(), nulls(known)))
        }
        Column::Number { values, known } => {
            let values: Vec<u32> = (0..values.len()).map(|row| values.get(row) as u32).collect();
            Arc::new(UInt32Array::new(values.into(), nulls(known)))
        }
        Column::Real { values, known } => Arc::new(Float64Array::new(values.clone().into(), nulls(known))),
        Column::Date { values, known } => Arc::new(Date32Array::new(values.clone().into(), nulls(known))),
        Column::Text(values) => Arc::new(values.clone()),
    }
}
