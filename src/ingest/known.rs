//! What the distinct texts of a column were read as, kept from one block of its rows to the next.

use std::sync::Mutex;

use arrow::array::{StringArray, StringBuilder};

use super::problem::Code;
use super::reader::Label;
use crate::memo::Memo;

/// With more texts than this a table is given up, so that a column of ever new texts takes little memory.
const MOST: usize = 1 << 17;

/// The tables of a column: one for each thread that reads it.
#[derive(Default)]
pub(super) struct Known(Mutex<Vec<Texts>>);

impl Known {
    /// A table for one block.
    pub(super) fn lend(&self) -> Texts {
        let mut texts = self.0.lock().ok().and_then(|mut tables| tables.pop()).unwrap_or_else(Texts::new);
        texts.used.clear();
        texts.block += 1;
        texts
    }

    /// Keeps the table for the next block.
    pub(super) fn take_back(&self, texts: Texts) {
        if texts.keys.len() < MOST
            && let Ok(mut tables) = self.0.lock()
        {
            tables.push(texts);
        }
    }
}

/// Texts, what they were read as, and which of them the block has.
pub(super) struct Texts {
    memo: Memo<Box<str>, u32>,
    /// For each entry what it was read as.
    values: Vec<Option<Box<str>>>,
    /// For each entry what is to be said about it, the block that had it last, and its key there.
    keys: Vec<(Option<Code>, u32, u32)>,
    block: u32,
    /// The entries that the block's dictionary consists of.
    used: Vec<u32>,
}

impl Texts {
    fn new() -> Self {
        let (values, keys, used) = Default::default();
        Self { memo: Memo::new(0), values, keys, block: 0, used }
    }

    /// Has the memory where `text` is looked up brought near. The answer means nothing.
    #[inline]
    pub(super) fn touch(&self, text: &str) -> u32 {
        self.memo.touch(text)
    }

    /// The key of `text` in the block's dictionary, from 1, or 0 where it has no value; and what is to be said about it.
    #[inline]
    pub(super) fn key<'a>(&mut self, text: &str, read: impl FnOnce() -> Label<'a>) -> (u32, Option<Code>) {
        let (values, keys) = (&mut self.values, &mut self.keys);
        let at = self.memo.get(text, || append(values, keys, read()));
        self.used(at)
    }

    /// The same of a value that has no text.
    pub(super) fn enter(&mut self, label: Label<'_>) -> (u32, Option<Code>) {
        let at = append(&mut self.values, &mut self.keys, label);
        self.used(at)
    }

    #[inline]
    fn used(&mut self, at: u32) -> (u32, Option<Code>) {
        let Some((said, block, key)) = self.keys.get_mut(at as usize) else { return (0, None) };
        if *block != self.block {
            (*block, *key) = (self.block, 0);
            if self.values.get(at as usize).is_some_and(Option::is_some) {
                self.used.push(at);
                *key = self.used.len() as u32;
            }
        }
        (*key, *said)
    }

    /// The values of the block's dictionary, by their keys.
    pub(super) fn values(&self) -> StringArray {
        let value = |at: &u32| self.values.get(*at as usize).and_then(Option::as_deref);
        let mut values = StringBuilder::with_capacity(self.used.len(), self.used.len() * 16);
        self.used.iter().for_each(|at| values.append_option(value(at)));
        values.finish()
    }
}

fn append(values: &mut Vec<Option<Box<str>>>, keys: &mut Vec<(Option<Code>, u32, u32)>, label: Label<'_>) -> u32 {
    let (value, said) = match label {
        Ok(Some((value, said))) => (Some(value.into()), said),
        Ok(None) => (None, None),
        Err(code) => (None, Some(code)),
    };
    values.push(value);
    keys.push((said, 0, 0));
    keys.len() as u32 - 1
}
