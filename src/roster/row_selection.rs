//! Gathering selected rows of a column.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::take;

use super::column::{Column, Integers, with_integers};
use crate::error::Result;

/// Row numbers in any order.
pub(crate) struct RowSelection<'a> {
    rows: &'a [u32],
    /// The contiguous range, if the rows form one in ascending order.
    stretch: Option<Range<usize>>,
}

impl<'a> RowSelection<'a> {
    pub(crate) fn new(rows: &'a [u32]) -> Self {
        let stretch = match rows {
            [first, .., last]
                if last.checked_sub(*first) == Some(rows.len() as u32 - 1) && rows.is_sorted_by(|a, b| a < b) =>
            {
                Some(*first as usize..*last as usize + 1)
            }
            _ => None,
        };
        Self { rows, stretch }
    }

    /// Gathers the values at these rows.
    pub(crate) fn gather<T: Copy>(&self, values: &[T]) -> Vec<T> {
        match &self.stretch {
            Some(stretch) => values[stretch.clone()].to_vec(),
            None => self.rows.iter().map(|row| values[*row as usize]).collect(),
        }
    }

    fn gather_bits(&self, bits: &BooleanBuffer) -> BooleanBuffer {
        match &self.stretch {
            Some(stretch) => BooleanBuffer::new(bits.slice(stretch.start, stretch.len()).sliced(), 0, stretch.len()),
            None => BooleanBuffer::collect_bool(self.rows.len(), |at| bits.value(self.rows[at] as usize)),
        }
    }
}

impl Integers {
    /// Gathers the values at `rows`, keeping the width.
    fn gather(&self, rows: &RowSelection<'_>) -> Self {
        match self {
            Self::U8(v) => Self::U8(rows.gather(v)),
            Self::U16(v) => Self::U16(rows.gather(v)),
            Self::U32(v) => Self::U32(rows.gather(v)),
            Self::U64(v) => Self::U64(rows.gather(v)),
        }
    }

    /// Repacks the values in the narrowest width that holds them.
    fn shrunk(self) -> Self {
        let max = with_integers!(&self, v => v.iter().copied().max().map_or(0, Into::<u64>::into));
        match self {
            Self::U64(v) if max > u64::from(u32::MAX) => Self::U64(v),
            Self::U32(v) if max > u64::from(u16::MAX) => Self::U32(v),
            other => with_integers!(&other, v => Self::up_to(max, v.iter().map(|v| Into::<u64>::into(*v)))),
        }
    }
}

impl Column {
    /// Gathers these rows: numbers in the narrowest width that holds them, `known` only if some value is unknown.
    pub(crate) fn gather(&self, rows: &RowSelection<'_>) -> Result<Self> {
        let bits = |all: &Option<BooleanBuffer>| {
            let all = rows.gather_bits(all.as_ref()?);
            Some(all).filter(|known| known.count_set_bits() < known.len())
        };
        Ok(match self {
            Self::Coded { codes, dictionary } => {
                Self::Coded { codes: codes.gather(rows), dictionary: Arc::clone(dictionary) }
            }
            Self::Flag { set, known } => Self::Flag { set: rows.gather_bits(set), known: bits(known) },
            Self::Number { values, known } => Self::Number { values: values.gather(rows).shrunk(), known: bits(known) },
            Self::Real { values, known } => Self::Real { values: rows.gather(values), known: bits(known) },
            Self::Date { values, known } => Self::Date { values: rows.gather(values), known: bits(known) },
            Self::Text(values) => {
                Self::Text(take(values, &UInt32Array::from(rows.rows.to_vec()), None)?.as_string::<i32>().clone())
            }
        })
    }
}
