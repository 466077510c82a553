//! Result columns taken from a roster: groups and dimensions of counts, and the columns of lists of organisations.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int16Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use rayon::prelude::*;

use crate::cube::{Axis, AxisValues, GroupedCounts};
use crate::error::Result;
use crate::schema;
use crate::standards::region;
use crate::standards::region::RegionLevel;
use crate::support::columns::{Columns, ColumnsFn};
use crate::support::string_views::StringViews;

impl Columns {
    /// Adds a lane of `counted`, null in the rows for which `known` is false.
    pub(crate) fn lane(self, name: &str, counted: &GroupedCounts, lane: usize, known: Option<BooleanBuffer>) -> Self {
        let counts = counted
            .counts
            .get(lane)
            .map_or_else(ScalarBuffer::default, |counts| ScalarBuffer::new(counts.inner().clone(), 0, counts.len()));
        self.array(name, Arc::new(Int64Array::new(counts, known.map(NullBuffer::new))))
    }

    /// Adds the columns `names` of `batch`, null where `batch` lacks one; `region` is replaced by `township` and
    /// `township_name`.
    pub(crate) fn listed(self, batch: &RecordBatch, names: &[&str]) -> Self {
        names.iter().fold(self, |columns, name| {
            if *name != "region" {
                return columns.array(name, column_of(batch, name));
            }
            let townships = townships(batch);
            let names: Vec<_> = townships.iter().map(|code| region::name(code?)).collect();
            columns.array("township", Arc::new(townships)).some_texts("township_name", names)
        })
    }

    /// Adds `year` and the dimensions of `counted`; a region is followed by its name.
    pub(crate) fn groups(self, counted: &GroupedCounts) -> Self {
        self.array("year", Arc::new(Int16Array::new(counted.years.clone(), None)))
            .dimensions(&counted.axes, &counted.keys)
    }

    /// Adds the dimensions `axes`; `keys` holds the value positions of the rows, axis by axis.
    pub(crate) fn dimensions<K: Clone + Into<ScalarBuffer<u32>> + Sync>(self, axes: &[Axis], keys: &[K]) -> Self {
        let axes = axes.par_iter().zip(keys);
        self.extended(axes.flat_map_iter(|(axis, keys)| {
            let keys = keys.clone().into();
            std::iter::once(dimension(axis, &keys)).chain(names(axis, &keys))
        }))
    }
}

/// Returns the column of `batch` called `name`. One that it lacks is a ledger column, null in every row: computed columns
/// are always there.
fn column_of(batch: &RecordBatch, name: &str) -> ArrayRef {
    let null = || {
        let ty = schema::column(name).map_or(DataType::Utf8, |column| column.ty.arrow());
        new_null_array(&ty, batch.num_rows())
    };
    batch.column_by_name(name).map_or_else(null, Arc::clone)
}

/// Returns the township of each row.
pub(crate) fn townships(batch: &RecordBatch) -> StringArray {
    let regions = column_of(batch, "region");
    regions.as_string::<i32>().iter().map(|code| region::at_level(code?, RegionLevel::Township)).collect()
}

impl GroupedCounts {
    /// Returns the columns of [`Columns::groups`] as parts, to be built together with others.
    pub(crate) fn columns(&self) -> Vec<ColumnsFn<'_>> {
        let year = || Columns::default().array("year", Arc::new(Int16Array::new(self.years.clone(), None)));
        let mut parts: Vec<ColumnsFn<'_>> = vec![Box::new(year)];
        for (axis, keys) in self.axes.iter().zip(&self.keys) {
            parts.push(Box::new(|| Columns::default().extended([dimension(axis, keys)])));
            parts.push(Box::new(|| Columns::default().extended(names(axis, keys))));
        }
        parts
    }
}

/// Builds the column of a dimension from the value positions of the rows.
fn dimension(axis: &Axis, keys: &ScalarBuffer<u32>) -> (String, Result<ArrayRef>) {
    let column = match &axis.values {
        AxisValues::Text(values) => StringViews::new(values.iter().map(|value| Some(value.as_str()))).gather(keys),
        AxisValues::Flag => {
            let flag = |key: &u32| [Some(true), Some(false)].get(*key as usize).copied().flatten();
            Ok(Arc::new(keys.iter().map(flag).collect::<BooleanArray>()) as ArrayRef)
        }
        AxisValues::Region(codes) => codes.views().gather(keys),
    };
    (axis.name.clone(), column)
}

/// Builds the column of region names, if the axis has names.
fn names(axis: &Axis, keys: &ScalarBuffer<u32>) -> Option<(String, Result<ArrayRef>)> {
    let AxisValues::Region(codes) = &axis.values else { return None };
    Some((format!("{}_name", axis.name), codes.region_names().gather(keys)))
}
