//! Cache of the distinct texts of a column and their readings, kept across blocks of rows.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::content::CellResult;
use crate::ingest::problem::Code;
use crate::support::interner::{Interner, InternerIndex, PrefixedText};

/// Maximum number of texts, and of bytes of text, in a thread's table. A larger table is dropped, so that a column of
/// ever new texts takes little memory.
const MAX_TEXTS: usize = 1 << 17;
const MAX_BYTES: usize = 1 << 23;
/// Flag of a number that refers to a value together with a problem.
const WITH_PROBLEM: u32 = 1 << 31;

/// The distinct values read so far in a column, with one table per thread that maps texts to readings.
#[derive(Debug, Default)]
pub(crate) struct ColumnInterner {
    values: Mutex<DistinctTexts>,
    tables: Mutex<Vec<ThreadTable>>,
    other: AtomicBool,
}

impl ColumnInterner {
    /// Locks the values, numbered from 1.
    pub(crate) fn values(&self) -> MutexGuard<'_, DistinctTexts> {
        // A panic while the lock was held cannot leave a value half added.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Borrows a table for one block.
    pub(crate) fn lend(&self) -> BorrowedTable<'_> {
        let table = self.tables.lock().ok().and_then(|mut tables| tables.pop());
        BorrowedTable { known: self, table: table.unwrap_or_default() }
    }

    /// Records that a text was read as a word other than itself.
    pub(crate) fn record_other(&self) {
        self.other.store(true, Ordering::Relaxed);
    }

    /// Checks whether any text was read as a word other than itself.
    pub(crate) fn has_other(&self) -> bool {
        self.other.load(Ordering::Relaxed)
    }
}

/// A table that maps texts to readings.
#[derive(Debug)]
struct ThreadTable {
    interner: Interner<Box<str>, u32>,
    /// Total bytes of its texts.
    bytes: usize,
    /// Problems of texts, each with the number of the value.
    problems: Vec<(u32, Code)>,
}

impl Default for ThreadTable {
    fn default() -> Self {
        Self { interner: Interner::new(0), bytes: 0, problems: Vec::new() }
    }
}

/// A borrowed table, returned on drop.
pub(crate) struct BorrowedTable<'k> {
    known: &'k ColumnInterner,
    table: ThreadTable,
}

impl BorrowedTable<'_> {
    /// Checks whether the table is too large for the cache.
    pub(crate) fn is_large(&self) -> bool {
        self.table.interner.is_large()
    }

    /// Prefetches the slots in which [`PREFETCHED`](crate::support::interner::PREFETCHED) texts are looked up.
    pub(crate) fn prefetch<'t>(&self, texts: impl Iterator<Item = PrefixedText<'t>>) {
        self.table.interner.prefetch(texts);
    }

    /// Returns the number of the reading of a text, to be resolved by [`BorrowedTable::resolve`].
    #[inline]
    pub(crate) fn number<'a>(&mut self, written: PrefixedText<'_>, read: impl FnOnce() -> LabelResult<'a>) -> u32 {
        let ThreadTable { interner, bytes, problems } = &mut self.table;
        interner.get_or_insert_with(written, || {
            *bytes += written.text.len();
            self.known.enter(problems, read())
        })
    }

    /// Returns the number of the reading of a value that has no text.
    pub(crate) fn enter(&mut self, label: LabelResult<'_>) -> u32 {
        self.known.enter(&mut self.table.problems, label)
    }

    /// Returns the number of the value, 0 if there is none, and the problem if there is one.
    #[inline]
    pub(crate) fn resolve(&self, number: u32) -> (u32, Option<Code>) {
        if number & WITH_PROBLEM == 0 {
            return (number, None);
        }
        self.table
            .problems
            .get((number & !WITH_PROBLEM) as usize)
            .map_or((0, None), |(number, code)| (*number, Some(*code)))
    }
}

impl Drop for BorrowedTable<'_> {
    fn drop(&mut self) {
        let table = std::mem::take(&mut self.table);
        if table.interner.len() < MAX_TEXTS
            && table.bytes < MAX_BYTES
            && let Ok(mut tables) = self.known.tables.lock()
        {
            tables.push(table);
        }
    }
}

impl ColumnInterner {
    fn enter(&self, problems: &mut Vec<(u32, Code)>, label: LabelResult<'_>) -> u32 {
        let (value, code) = match label {
            Ok(Some((value, code))) => (Some(value), code),
            Ok(None) => (None, None),
            Err(code) => (None, Some(code)),
        };
        let number = value.map_or(0, |value| self.values().number(&value));
        let Some(code) = code else { return number };
        problems.push((number, code));
        WITH_PROBLEM | (problems.len() as u32 - 1)
    }
}

/// Distinct texts, numbered from 1 in order of appearance.
#[derive(Debug)]
pub(crate) struct DistinctTexts {
    text: String,
    ends: Vec<usize>,
    numbers: InternerIndex<u32>,
}

impl Default for DistinctTexts {
    fn default() -> Self {
        Self { text: String::new(), ends: Vec::new(), numbers: InternerIndex::new(0) }
    }
}

impl DistinctTexts {
    /// Returns the number of texts.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the text with this number; empty for 0.
    pub(crate) fn get(&self, number: u32) -> &str {
        let end = |number: usize| number.checked_sub(1).and_then(|at| self.ends.get(at)).copied().unwrap_or(0);
        let number = number as usize;
        self.text.get(end(number.saturating_sub(1))..end(number)).unwrap_or_default()
    }

    /// Returns the number of `text`, adding the text if it is new.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        self.numbers.find(text.into(), |number, _| self.get(number) == text).unwrap_or_else(|slot| {
            self.text.push_str(text);
            self.ends.push(self.text.len());
            let number = self.len() as u32;
            self.numbers.insert(slot, text.len(), number);
            number
        })
    }
}

/// A value with an optional warning.
pub(crate) type LabelResult<'a> = CellResult<(Cow<'a, str>, Option<Code>)>;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn distinct_texts_are_numbered_as_they_come(
            texts in prop::collection::vec(
                prop::collection::vec(prop::sample::select(vec!["a", "b", "党"]), 0..6),
                0..300,
            ),
        ) {
            let texts: Vec<String> = texts.into_iter().map(|parts| parts.concat()).collect();
            let (mut distinct, mut expected) = (DistinctTexts::default(), HashMap::new());
            for text in &texts {
                let next = expected.len() as u32 + 1;
                let number = *expected.entry(text.as_str()).or_insert(next);
                prop_assert_eq!(distinct.number(text), number);
                prop_assert_eq!(distinct.get(number), text);
            }
            prop_assert_eq!(distinct.len(), expected.len());
            prop_assert_eq!(distinct.get(0), "");
        }
    }
}
