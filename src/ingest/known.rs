//! What the distinct texts of a column were read as, kept from one block of its rows to the next.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};

use super::problem::Code;
use super::reader::Label;
use crate::memo::Memo;

/// With more values than this, or more bytes of them, a table is given up, so that a column of ever new texts takes
/// little memory.
const MOST: usize = 1 << 17;
const MOST_BYTES: usize = 1 << 23;
/// Marks a number that stands for more than a value: something is to be said too.
const SAID: u32 = 1 << 31;

/// The tables of a column: one for each thread that reads it.
#[derive(Default)]
pub(super) struct Known {
    tables: Mutex<Vec<Texts>>,
    other: AtomicBool,
}

impl Known {
    /// A table for one block.
    pub(super) fn lend(&self) -> Texts {
        self.tables.lock().ok().and_then(|mut tables| tables.pop()).unwrap_or_else(Texts::new)
    }

    /// Remembers that something was read as another word than it is.
    pub(super) fn tell_other(&self) {
        self.other.store(true, Ordering::Relaxed);
    }

    /// Whether anything was.
    pub(super) fn has_other(&self) -> bool {
        self.other.load(Ordering::Relaxed)
    }

    /// Keeps the table for the next block.
    pub(super) fn take_back(&self, texts: Texts) {
        if texts.values.len() < MOST
            && texts.values.text.len() < MOST_BYTES
            && let Ok(mut tables) = self.tables.lock()
        {
            tables.push(texts);
        }
    }
}

/// Texts and what they were read as: values, numbered from 1 as they come; 0 is no value.
pub(super) struct Texts {
    memo: Memo<Box<str>, u32>,
    values: Values,
    /// What is to be said about texts, and the number of the value.
    said: Vec<(u32, Code)>,
    /// A dictionary of the first values, for all blocks that have no others.
    shared: ArrayRef,
    /// How many values the dictionaries have that blocks got for themselves since.
    spent: usize,
    /// For each value the block that had it last in a dictionary of its own, and its key there.
    own: Vec<(u32, u32)>,
    block: u32,
}

impl Texts {
    fn new() -> Self {
        let (values, said, spent, own, block) = Default::default();
        Self { memo: Memo::new(0), values, said, shared: Arc::new(StringArray::new_null(0)), spent, own, block }
    }

    /// Whether there are so many texts that most are far.
    pub(super) fn is_large(&self) -> bool {
        self.memo.is_large()
    }

    /// Has the memory where `text` is looked up brought near. The answer means nothing.
    #[inline]
    pub(super) fn touch(&self, text: &str) -> u32 {
        self.memo.touch(text)
    }

    /// The number of what `text` was read as; see [`Texts::said`].
    #[inline]
    pub(super) fn number<'a>(&mut self, text: &str, read: impl FnOnce() -> Label<'a>) -> u32 {
        let (values, said) = (&mut self.values, &mut self.said);
        self.memo.get(text, || enter(values, said, read()))
    }

    /// The same of a value that has no text.
    pub(super) fn enter(&mut self, label: Label<'_>) -> u32 {
        enter(&mut self.values, &mut self.said, label)
    }

    /// The number of the value alone, and what is to be said beside it.
    #[inline]
    pub(super) fn said(&self, number: u32) -> (u32, Option<Code>) {
        if number & SAID == 0 {
            return (number, None);
        }
        self.said.get((number & !SAID) as usize).map_or((0, None), |(number, code)| (*number, Some(*code)))
    }

    /// The dictionary of a block whose rows have the values of these `numbers`, which become keys of it, from 1.
    pub(super) fn dictionary(&mut self, numbers: &mut [u32]) -> ArrayRef {
        let most = numbers.iter().copied().max().unwrap_or(0) as usize;
        if most <= self.shared.len() {
            return Arc::clone(&self.shared);
        }
        // A shared dictionary is made when those that blocks had for themselves have cost as much.
        if self.spent + numbers.len().min(most) >= self.values.len() {
            self.spent = 0;
            self.shared = Arc::new(self.values.all());
            return Arc::clone(&self.shared);
        }
        self.block += 1;
        self.own.resize(self.values.len(), (0, 0));
        let mut own = Values::default();
        for number in numbers.iter_mut().filter(|number| **number > 0) {
            let at = *number as usize - 1;
            let Some((block, key)) = self.own.get_mut(at) else { continue };
            if *block != self.block {
                own.push(self.values.get(at));
                (*block, *key) = (self.block, own.len() as u32);
            }
            *number = *key;
        }
        self.spent += own.len();
        Arc::new(own.all())
    }
}

fn enter(values: &mut Values, said: &mut Vec<(u32, Code)>, label: Label<'_>) -> u32 {
    let (value, code) = match label {
        Ok(Some((value, code))) => (Some(value), code),
        Ok(None) => (None, None),
        Err(code) => (None, Some(code)),
    };
    let number = value.map_or(0, |value| {
        values.push(&value);
        values.len() as u32
    });
    let Some(code) = code else { return number };
    said.push((number, code));
    SAID | (said.len() as u32 - 1)
}

/// Texts one behind the other.
#[derive(Default)]
struct Values {
    text: String,
    ends: Vec<i32>,
}

impl Values {
    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len() as i32);
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, at: usize) -> &str {
        let end = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        self.text.get(at.checked_sub(1).map_or(0, end)..end(at)).unwrap_or_default()
    }

    fn all(&self) -> StringArray {
        let ends: ScalarBuffer<i32> = std::iter::once(0).chain(self.ends.iter().copied()).collect();
        StringArray::new(OffsetBuffer::new(ends), Buffer::from(self.text.as_bytes()), None)
    }
}
