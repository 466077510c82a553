//! Columns of a piece: plain arrays, or text encoded as numbers of a string table that all pieces share.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray, StringArray, UInt8Array, UInt16Array, UInt32Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, filter, take};
use arrow::datatypes::{DataType, UInt32Type};

use super::distinct::ColumnInterner;
use crate::error::Result;

/// A column of a piece.
#[derive(Clone, Debug)]
pub(crate) enum ColumnValues {
    /// An array. Counts may have a narrower type than in the schema.
    Array(ArrayRef),
    /// Repetitive text.
    Coded(Coded),
}

/// Encoded text.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    /// Number of each row's text, 0 for none: `UInt8`, `UInt16` or `UInt32`, never null.
    pub numbers: ArrayRef,
    /// String table.
    pub known: Arc<ColumnInterner>,
}

/// Runs `$body` with `$numbers` bound to the values of an array of unsigned integers from [`narrowest`].
macro_rules! with_numbers {
    ($array:expr, $numbers:ident => $body:expr) => {
        match $array.data_type() {
            arrow::datatypes::DataType::UInt8 => {
                let $numbers = $array.as_primitive::<arrow::datatypes::UInt8Type>().values();
                $body
            }
            arrow::datatypes::DataType::UInt16 => {
                let $numbers = $array.as_primitive::<arrow::datatypes::UInt16Type>().values();
                $body
            }
            _ => {
                let $numbers = $array.as_primitive::<arrow::datatypes::UInt32Type>().values();
                $body
            }
        }
    };
}
pub(crate) use with_numbers;

/// Stores numbers in the narrowest type that holds them.
pub(crate) fn narrowest(numbers: &[u32], nulls: Option<NullBuffer>) -> ArrayRef {
    // The bitwise OR has as many bits as the maximum, and is faster to compute.
    match numbers.iter().fold(0, |all, number| all | number) {
        0..=0xff => Arc::new(UInt8Array::new(numbers.iter().map(|n| *n as u8).collect(), nulls)),
        0x100..=0xffff => Arc::new(UInt16Array::new(numbers.iter().map(|n| *n as u16).collect(), nulls)),
        _ => Arc::new(UInt32Array::new(numbers.to_vec().into(), nulls)),
    }
}

#[allow(clippy::useless_conversion, reason = "one arm of the macro is u32 already")]
impl Coded {
    /// Returns the text of each row.
    pub(crate) fn texts(&self) -> StringArray {
        let values = self.known.values();
        let text = |number: u32| (number > 0).then(|| values.get(number));
        with_numbers!(self.numbers, numbers => numbers.iter().map(|n| text((*n).into())).collect())
    }

    /// Returns the texts that occur, each once.
    pub(crate) fn distinct(&self) -> StringArray {
        let mut all: Vec<u32> = with_numbers!(self.numbers, numbers => numbers.iter().map(|n| (*n).into()).collect());
        all.sort_unstable();
        all.dedup();
        let values = self.known.values();
        StringArray::from_iter_values(all.into_iter().filter(|number| *number > 0).map(|number| values.get(number)))
    }
}

impl ColumnValues {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Array(array) => array.len(),
            Self::Coded(coded) => coded.numbers.len(),
        }
    }

    /// Checks whether no row has a value.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Array(array) => array.null_count() == array.len(),
            Self::Coded(Coded { numbers, .. }) => with_numbers!(numbers, numbers => numbers.iter().all(|n| *n == 0)),
        }
    }

    /// Stores counts in the narrowest type that holds them.
    pub(crate) fn narrowed(self) -> Self {
        let Self::Array(array) = &self else { return self };
        let Some(numbers) = array.as_primitive_opt::<UInt32Type>() else { return self };
        Self::Array(narrowest(numbers.values(), numbers.nulls().cloned()))
    }

    /// Returns the values as an array, text decoded.
    pub(crate) fn array(&self) -> ArrayRef {
        match self {
            Self::Array(array) => Arc::clone(array),
            Self::Coded(coded) => Arc::new(coded.texts()),
        }
    }

    /// Returns the values of the rows for which `keep` is set.
    pub(crate) fn filter(&self, keep: &BooleanArray) -> Result<Self> {
        self.try_map(|array| Ok(filter(array, keep)?))
    }

    /// Returns the values of `rows`, each of which may be null.
    pub(crate) fn gather<K>(&self, rows: &PrimitiveArray<K>) -> Result<Self>
    where
        K: arrow::datatypes::ArrowPrimitiveType,
    {
        self.try_map(|array| Ok(take(array, rows, None)?))
    }

    fn try_map(&self, convert: impl Fn(&ArrayRef) -> Result<ArrayRef>) -> Result<Self> {
        Ok(match self {
            Self::Array(array) => Self::Array(convert(array)?),
            Self::Coded(Coded { numbers, known }) => {
                let numbers = convert(numbers)?;
                let numbers = match numbers.nulls() {
                    // A null row has no text, hence number 0.
                    Some(_) => {
                        let wide = cast(&numbers, &DataType::UInt32)?;
                        let wide = wide.as_primitive::<UInt32Type>();
                        narrowest(&wide.iter().map(Option::unwrap_or_default).collect::<Vec<_>>(), None)
                    }
                    None => numbers,
                };
                Self::Coded(Coded { numbers, known: Arc::clone(known) })
            }
        })
    }
}
