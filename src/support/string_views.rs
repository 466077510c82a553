//! Texts as the columns of tables hold them: views, of which a text is one number a row.

use arrow::array::{ArrayRef, BooleanArray, StringViewArray, UInt32Array};
use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::compute::{nullif, take};

use crate::error::Result;

/// Texts that rows name by their positions; some may be none, and behind the last there is none.
#[derive(Debug)]
pub(crate) struct Views {
    /// Those that are none are empty: without nulls it is quicker, and most tables have none.
    texts: StringViewArray,
    none: Vec<bool>,
    /// The first that is none.
    first: u32,
}

impl Views {
    pub(crate) fn new<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Self {
        let texts: Vec<Option<&str>> = texts.chain([None]).collect();
        let none: Vec<bool> = texts.iter().map(Option::is_none).collect();
        let first = none.iter().position(|none| *none).unwrap_or_default() as u32;
        Self { texts: texts.into_iter().map(|text| Some(text.unwrap_or_default())).collect(), none, first }
    }

    /// For each of `keys` the text at its place.
    pub(crate) fn at(&self, keys: &ScalarBuffer<u32>) -> Result<ArrayRef> {
        let texts = take(&self.texts, &UInt32Array::new(keys.clone(), None), None)?;
        // All are looked at, which is quicker than to stop at the first.
        if keys.iter().map(|key| u32::from(*key >= self.first)).max().unwrap_or_default() == 0 {
            return Ok(texts);
        }
        let none = BooleanBuffer::collect_bool(keys.len(), |row| self.none[keys[row] as usize]);
        Ok(nullif(&texts, &BooleanArray::new(none, None))?)
    }
}
