//! Arrow tables of results: builds named and typed columns in the order in which they are read.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int16Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{Field, Schema};
use rayon::prelude::*;

use super::string_views::StringViews;
use crate::error::Result;
use crate::job;
use crate::job::Job;

/// A column name with the function that computes its value for one item.
type NamedValue<'a, T, V> = (&'a str, fn(&T) -> V);

/// Function that builds some columns of a table.
pub(crate) type ColumnsFn<'a> = Box<dyn Fn() -> Columns + Send + Sync + 'a>;

/// A table under construction.
#[derive(Default)]
pub(crate) struct Columns(Vec<(String, Result<ArrayRef>)>);

impl Columns {
    pub(crate) fn array(self, name: &str, array: ArrayRef) -> Self {
        self.result(name, Ok(array))
    }

    fn result(mut self, name: &str, array: Result<ArrayRef>) -> Self {
        self.0.push((name.to_owned(), array));
        self
    }

    pub(crate) fn years(self, name: &str, values: impl IntoIterator<Item = i16>) -> Self {
        self.array(name, Arc::new(Int16Array::from_iter_values(values)))
    }

    pub(crate) fn some_years(self, name: &str, values: impl IntoIterator<Item = Option<i16>>) -> Self {
        self.array(name, Arc::new(values.into_iter().collect::<Int16Array>()))
    }

    pub(crate) fn insert_years(&mut self, index: usize, name: &str, values: impl IntoIterator<Item = i16>) {
        self.0.insert(index, (name.to_owned(), Ok(Arc::new(Int16Array::from_iter_values(values)))));
    }

    pub(crate) fn texts<T: AsRef<str>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        self.some_texts(name, values.into_iter().map(Some))
    }

    pub(crate) fn some_texts<T: AsRef<str>>(self, name: &str, values: impl IntoIterator<Item = Option<T>>) -> Self {
        self.array(name, Arc::new(StringArray::from_iter(values)))
    }

    pub(crate) fn counts(self, name: &str, values: impl IntoIterator<Item = u64>) -> Self {
        self.array(name, Arc::new(Int64Array::from_iter_values(values.into_iter().map(|v| v as i64))))
    }

    /// Adds counts as signed integers, so that users can subtract them.
    pub(crate) fn some_counts(self, name: &str, values: impl IntoIterator<Item = Option<u64>>) -> Self {
        self.array(name, Arc::new(values.into_iter().map(|v| v.map(|v| v as i64)).collect::<Int64Array>()))
    }

    /// Adds integers that may be negative.
    pub(crate) fn some_integers(self, name: &str, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.array(name, Arc::new(values.into_iter().collect::<Int64Array>()))
    }

    pub(crate) fn reals(self, name: &str, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.array(name, Arc::new(values.into_iter().collect::<Float64Array>()))
    }

    pub(crate) fn flags(self, name: &str, values: impl IntoIterator<Item = Option<bool>>) -> Self {
        self.array(name, Arc::new(values.into_iter().collect::<BooleanArray>()))
    }

    /// Adds the text at each of `keys`.
    pub(crate) fn gathered<'a>(
        self,
        name: &str,
        texts: impl Iterator<Item = &'a str>,
        keys: &ScalarBuffer<u32>,
    ) -> Self {
        self.result(name, StringViews::new(texts.map(Some)).gather(keys))
    }

    /// Adds `texts` repeated cyclically to fill `rows` rows.
    pub(crate) fn cycled<T: AsRef<str>>(self, name: &str, texts: impl IntoIterator<Item = T>, rows: usize) -> Self {
        let texts: Vec<T> = texts.into_iter().collect();
        let keys: Vec<u32> = (0..texts.len() as u32).cycle().take(rows).collect();
        self.result(name, StringViews::new(texts.iter().map(|text| Some(text.as_ref()))).gather(&keys.into()))
    }

    /// Builds the columns of `parts` in parallel and keeps their order.
    pub(crate) fn in_parallel(parts: &[ColumnsFn<'_>], job: &dyn Job) -> Result<Self> {
        let made = parts.par_iter().map(|part| job::check(job).map(|()| part()));
        let made = made.collect::<Result<Vec<_>>>()?;
        job::check(job)?;
        Ok(Self(made.into_iter().flat_map(|columns| columns.0).collect()))
    }

    /// Appends the columns of another table.
    pub(crate) fn followed_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds counts and reals computed from `items`, one row each, in parallel; checks for cancellation before each
    /// column.
    pub(crate) fn computed<T: Sync>(
        mut self,
        items: &[T],
        counts: &[NamedValue<'_, T, u64>],
        reals: &[NamedValue<'_, T, Option<f64>>],
        job: &dyn Job,
    ) -> Self {
        let counts = counts.par_iter().map(|(name, value)| {
            let values = || Int64Array::from(items.iter().map(|item| value(item) as i64).collect::<Vec<_>>());
            ((*name).to_owned(), job::check(job).map(|()| Arc::new(values()) as ArrayRef))
        });
        let reals = reals.par_iter().map(|(name, value)| {
            let values = || items.iter().map(value).collect::<Float64Array>();
            ((*name).to_owned(), job::check(job).map(|()| Arc::new(values()) as ArrayRef))
        });
        self.0.par_extend(counts.chain(reals));
        self
    }

    /// Adds columns that were built elsewhere.
    pub(crate) fn extended(mut self, columns: impl IntoParallelIterator<Item = (String, Result<ArrayRef>)>) -> Self {
        self.0.par_extend(columns);
        self
    }

    pub(crate) fn finish(self) -> Result<RecordBatch> {
        let columns = self.0.into_iter().map(|(name, array)| {
            let array = array?;
            Ok((Field::new(name, array.data_type().clone(), true), array))
        });
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let rows = arrays.first().map_or(0, |array| array.len());
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
    }
}
