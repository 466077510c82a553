//! Export of a roster as canonical Arrow record batches, one per year.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array, RecordBatch, StringArray, UInt32Array,
    UInt64Array, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};

use super::{Column, Field, Frame, Roster, RowSelection};
use crate::error::{Error, Result};
use crate::schema::Type;

impl Roster {
    /// Returns the Arrow schema of [`Roster::batch`]: `year`, `org_id`, then the fields in their canonical types.
    #[must_use]
    pub fn arrow_schema(&self) -> SchemaRef {
        let fixed = [("year", DataType::Int16), ("org_id", DataType::Utf8)];
        let fixed = fixed.into_iter().map(|(name, ty)| ArrowField::new(name, ty, false));
        let fields = self.fields().iter().map(|f| ArrowField::new(&f.name, f.ty.arrow(), true));
        Arc::new(Schema::new(fixed.chain(fields).collect::<Vec<_>>()))
    }

    /// Returns one year as a record batch; columns that the year's sources do not have are null.
    pub fn batch(&self, frame: &Frame) -> Result<RecordBatch> {
        let columns = (0..self.fields().len()).map(|at| self.array(frame, at));
        Ok(RecordBatch::try_new(self.arrow_schema(), self.keys(frame)?.into_iter().chain(columns).collect())?)
    }

    /// Returns the `year` and `org_id` columns of a frame.
    pub(super) fn keys(&self, frame: &Frame) -> Result<[ArrayRef; 2]> {
        let year = Arc::new(Int16Array::from_value(frame.year, frame.rows()));
        Ok([year, take(self.organisations(), &UInt32Array::from(frame.slots.clone()), None)?])
    }

    /// Returns field `index` in its canonical type.
    pub(super) fn array(&self, frame: &Frame, index: usize) -> ArrayRef {
        let field = &self.fields()[index];
        self.values(frame, index)
            .map_or_else(|| new_null_array(&field.ty.arrow(), frame.rows()), |column| array(field, column))
    }

    /// Returns `year` and the columns in `names` that the roster has, for the given rows of one year.
    pub(crate) fn picked<'n>(
        &self,
        frame: &Frame,
        names: impl IntoIterator<Item = &'n str>,
        rows: &[u32],
    ) -> Result<RecordBatch> {
        let selection = RowSelection::new(rows);
        let mut columns: Vec<(&str, ArrayRef)> =
            vec![("year", Arc::new(Int16Array::from_value(frame.year, rows.len())))];
        for name in names {
            if name == "org_id" {
                columns.push((
                    name,
                    take(self.organisations(), &UInt32Array::from(selection.gather(&frame.slots)), None)?,
                ));
            } else if let Some((field, values)) = self.fields().iter().zip(&frame.columns).find(|(f, _)| f.name == name)
            {
                let values = values
                    .as_ref()
                    .map(|values| Ok::<_, Error>(array(field, &values.gather(&selection)?)))
                    .transpose()?;
                columns.push((name, values.unwrap_or_else(|| new_null_array(&field.ty.arrow(), rows.len()))));
            }
        }
        Ok(RecordBatch::try_from_iter(columns)?)
    }

    /// Returns all years as record batches, ascending.
    pub fn batches(&self) -> Result<Vec<RecordBatch>> {
        self.frames().iter().map(|frame| self.batch(frame)).collect()
    }
}

/// Converts a column to the canonical Arrow type of its field.
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
