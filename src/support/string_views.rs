//! String-view dictionary: builds text columns from row keys, storing each text once.

use arrow::array::{ArrayRef, BooleanArray, StringViewArray, UInt32Array};
use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::compute::{nullif, take};

use crate::error::Result;

/// Texts that rows refer to by position; some may be null, as is the position after the last.
#[derive(Debug)]
pub(crate) struct StringViews {
    /// Null texts are stored as empty strings: gathering without nulls is faster, and most tables have none.
    texts: StringViewArray,
    is_null: Vec<bool>,
    /// Position of the first null.
    first_null: u32,
}

impl StringViews {
    pub(crate) fn new<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Self {
        let texts: Vec<Option<&str>> = texts.chain([None]).collect();
        let is_null: Vec<bool> = texts.iter().map(Option::is_none).collect();
        let first_null = is_null.iter().position(|is_null| *is_null).unwrap_or_default() as u32;
        Self { texts: texts.into_iter().map(|text| Some(text.unwrap_or_default())).collect(), is_null, first_null }
    }

    /// Returns the text at each of `keys`.
    pub(crate) fn gather(&self, keys: &ScalarBuffer<u32>) -> Result<ArrayRef> {
        let texts = take(&self.texts, &UInt32Array::new(keys.clone(), None), None)?;
        // Check all keys. A branch-free maximum is faster than stopping at the first.
        if keys.iter().map(|key| u32::from(*key >= self.first_null)).max().unwrap_or_default() == 0 {
            return Ok(texts);
        }
        let null = BooleanBuffer::collect_bool(keys.len(), |row| self.is_null[keys[row] as usize]);
        Ok(nullif(&texts, &BooleanArray::new(null, None))?)
    }
}
