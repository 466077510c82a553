//! Columns of formation facts, read row by row: codes, flags and numbers, or a constant where the ledger has no column.

use std::sync::Arc;

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::BooleanBuffer;

use crate::roster::{Column, Dictionary, Integers};

/// Builds a coded column of `values`; codes start at 1, and 0 is unknown.
pub(crate) fn coded(values: Vec<String>, codes: &[u64]) -> Column {
    Column::Coded { codes: Integers::smallest(codes), dictionary: Arc::new(Dictionary::new(values)) }
}

pub(crate) fn constant(value: Option<u32>, rows: usize) -> Column {
    number(std::iter::repeat_n(value.map(u64::from), rows))
}

/// Builds a column of numbers.
pub(crate) fn number(values: impl Iterator<Item = Option<u64>>) -> Column {
    let rows = values.size_hint().0;
    let (mut numbers, mut known) = (Vec::with_capacity(rows), BooleanBufferBuilder::new(rows));
    for value in values {
        known.append(value.is_some());
        numbers.push(value.unwrap_or_default());
    }
    let known = Some(known.finish()).filter(BooleanBuffer::has_false);
    Column::Number { values: Integers::smallest(&numbers), known }
}

/// Builds a column of flags.
pub(crate) fn flag(values: impl ExactSizeIterator<Item = Option<bool>>) -> Column {
    let (mut set, mut known) = (BooleanBufferBuilder::new(values.len()), BooleanBufferBuilder::new(values.len()));
    for value in values {
        set.append(value == Some(true));
        known.append(value.is_some());
    }
    Column::Flag { set: set.finish(), known: Some(known.finish()) }
}
