//! String-view dictionary: builds text columns from row keys, storing each text once.

use arrow::array::{ArrayRef, BooleanArray, StringViewArray, UInt32Array};
use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::compute::{nullif, take};

use crate::error::Result;

/// Texts that rows refer to by position; some may be null, as is the position after the last.
#[derive(Debug)]
pub(crate) struct Views {
    /// Null texts are stored as empty strings: gathering without nulls is faster, and most tables have none.
    texts: StringViewArray,
    none: Vec<bool>,
    /// Position of the first null.
    first: u32,
}

impl Views {
    pub(crate) fn new<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Self {
        let texts: Vec<Option<&str>> = texts.chain([None]).collect();
        let none: Vec<bool> = texts.iter().map(Option::is_none).collect();
        let first = none.iter().position(|none| *none).unwrap_or_default() as u32;
        Self { texts: texts.into_iter().map(|text| Some(text.unwrap_or_default())).collect(), none, first }
    }

    /// Returns the text at each of `keys`.
    pub(crate) fn at(&self, keys: &ScalarBuffer<u32>) -> Result<ArrayRef> {
        let texts = take(&self.texts, &UInt32Array::new(keys.clone(), None), None)?;
        // Check all keys. A branch-free maximum is faster than stopping at the first.
        if keys.iter().map(|key| u32::from(*key >= self.first)).max().unwrap_or_default() == 0 {
            return Ok(texts);
        }
        let none = BooleanBuffer::collect_bool(keys.len(), |row| self.none[keys[row] as usize]);
        Ok(nullif(&texts, &BooleanArray::new(none, None))?)
    }
}
