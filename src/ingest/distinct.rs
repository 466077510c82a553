//! The distinct values of a column of text, whatever Arrow array it is in.

use arrow::array::{Array, ArrayAccessor, LargeStringArray, StringArray, StringViewArray};
use rustc_hash::FxHashMap;

/// How many bytes of text Arrow keeps in a view itself.
const INLINE: u32 = 12;

/// An array of text.
pub(super) trait Texts<'a>: ArrayAccessor<Item = &'a str> {
    /// The position of each value among the distinct ones, any for nulls; and those.
    fn distinct(&self) -> (Vec<u32>, Vec<Option<&'a str>>) {
        let mut known = FxHashMap::default();
        let mut distinct = Vec::new();
        let keys = (0..self.len()).map(|at| {
            if self.is_null(at) {
                return 0;
            }
            *known.entry(self.value(at)).or_insert_with_key(|text| numbered(&mut distinct, text))
        });
        (keys.collect(), distinct)
    }
}

impl<'a> Texts<'a> for &'a StringArray {}
impl<'a> Texts<'a> for &'a LargeStringArray {}
impl<'a> Texts<'a> for &'a StringViewArray {
    fn distinct(&self) -> (Vec<u32>, Vec<Option<&'a str>>) {
        // A short text is its own view of 16 bytes, which is quicker to compare than text.
        let (mut short, mut long) = (FxHashMap::default(), FxHashMap::default());
        let mut distinct = Vec::new();
        let keys = self.views().iter().enumerate().map(|(at, view)| {
            if self.is_null(at) {
                0
            } else if *view as u32 <= INLINE {
                *short.entry(*view).or_insert_with(|| numbered(&mut distinct, self.value(at)))
            } else {
                *long.entry(self.value(at)).or_insert_with_key(|text| numbered(&mut distinct, text))
            }
        });
        (keys.collect(), distinct)
    }
}

fn numbered<'a>(distinct: &mut Vec<Option<&'a str>>, text: &'a str) -> u32 {
    distinct.push(Some(text));
    distinct.len() as u32 - 1
}
