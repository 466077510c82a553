//! Results as Arrow tables: columns named, typed and in the order in which they are read.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int16Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow::datatypes::{Field, Schema};

use crate::cube::{Counted, Values};
use crate::dimension::region_name;
use crate::error::Result;

/// A table under construction.
#[derive(Default)]
pub(crate) struct Columns(Vec<(String, ArrayRef)>);

impl Columns {
    pub(crate) fn array(mut self, name: &str, array: ArrayRef) -> Self {
        self.0.push((name.to_owned(), array));
        self
    }

    pub(crate) fn years(self, name: &str, values: impl IntoIterator<Item = i16>) -> Self {
        self.array(name, Arc::new(Int16Array::from_iter_values(values)))
    }

    pub(crate) fn some_years(self, name: &str, values: impl IntoIterator<Item = Option<i16>>) -> Self {
        self.array(name, Arc::new(values.into_iter().collect::<Int16Array>()))
    }

    pub(crate) fn insert_years(&mut self, at: usize, name: &str, values: impl IntoIterator<Item = i16>) {
        self.0.insert(at, (name.to_owned(), Arc::new(Int16Array::from_iter_values(values))));
    }

    pub(crate) fn texts<T: AsRef<str>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.some_texts(name, values.into_iter().map(Some))
    }

    pub(crate) fn some_texts<T: AsRef<str>>(self, name: &str, values: impl IntoIterator<Item = Option<T>>) -> Self {
        self.array(name, Arc::new(StringArray::from_iter(values)))
    }

    pub(crate) fn counts(self, name: &str, values: impl IntoIterator<Item = u64>) -> Self {
        self.some_counts(name, values.into_iter().map(Some))
    }

    /// Counts leave as signed integers, so that a reader may subtract them.
    pub(crate) fn some_counts(self, name: &str, values: impl IntoIterator<Item = Option<u64>>) -> Self {
        self.array(name, Arc::new(values.into_iter().map(|v| v.map(|v| v as i64)).collect::<Int64Array>()))
    }

    pub(crate) fn reals(self, name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.array(name, Arc::new(values.into_iter().collect::<Float64Array>()))
    }

    pub(crate) fn flags(self, name: &str, values: impl IntoIterator<Item = Option<bool>>) -> Self {
        self.array(name, Arc::new(values.into_iter().collect::<BooleanArray>()))
    }

    /// `year` and the dimensions of `counted`; a region comes with its name beside it.
    pub(crate) fn groups(mut self, counted: &Counted) -> Self {
        self = self.years("year", counted.years.iter().copied());
        for (axis, keys) in counted.axes.iter().zip(&counted.keys) {
            let name = &axis.name;
            self = match &axis.values {
                Values::Text(values) => self.some_texts(name, keys.iter().map(|k| values.get(*k as usize))),
                Values::Flag => {
                    self.flags(name, keys.iter().map(|k| [Some(true), Some(false)].get(*k as usize).copied().flatten()))
                }
                Values::Region(codes) => {
                    let code = |k: &u32| codes.get(*k as usize);
                    self.some_texts(name, keys.iter().map(code))
                        .some_texts(&format!("{name}_name"), keys.iter().map(|k| region_name(code(k)?)))
                }
            };
        }
        self
    }

    pub(crate) fn finish(self) -> Result<RecordBatch> {
        let fields: Vec<Field> = self.0.iter().map(|(n, a)| Field::new(n, a.data_type().clone(), true)).collect();
        let rows = self.0.first().map_or(0, |(_, a)| a.len());
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let arrays = self.0.into_iter().map(|(_, a)| a).collect();
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
    }
}
