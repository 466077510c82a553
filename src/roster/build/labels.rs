//! The texts of a coded column: the dictionaries of its parts become one, and each row's key a code in it.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray};
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use rayon::prelude::*;

use super::whole::Part;
use crate::memo::Memo;

/// Among how many tables the one of a dictionary is looked for: readers have one each for most of their blocks.
const NEAR: usize = 16;

/// Runs `$body` with `$array` as the dictionary array that it is.
macro_rules! with_dictionary {
    ($array:expr, $typed:ident => $body:expr) => {
        match $array.data_type() {
            DataType::Dictionary(key, _) => match **key {
                DataType::UInt8 => with_dictionary!(@ UInt8Type, $array, $typed => $body),
                DataType::UInt16 => with_dictionary!(@ UInt16Type, $array, $typed => $body),
                DataType::UInt32 => with_dictionary!(@ UInt32Type, $array, $typed => $body),
                DataType::UInt64 => with_dictionary!(@ UInt64Type, $array, $typed => $body),
                DataType::Int8 => with_dictionary!(@ Int8Type, $array, $typed => $body),
                DataType::Int16 => with_dictionary!(@ Int16Type, $array, $typed => $body),
                DataType::Int32 => with_dictionary!(@ Int32Type, $array, $typed => $body),
                _ => with_dictionary!(@ Int64Type, $array, $typed => $body),
            },
            // Batches are taken with their texts in dictionaries.
            _ => {}
        }
    };
    (@ $key:ty, $array:expr, $typed:ident => $body:expr) => {{
        let $typed = $array.as_dictionary::<$key>();
        $body
    }};
}

/// The texts of a column.
pub(super) struct Labels<'a> {
    /// Those that a row has, each once.
    pub values: Vec<&'a str>,
    tables: Vec<Table<'a>>,
    /// For each part its table.
    of_part: Vec<usize>,
}

/// The codes of one dictionary, and of all that are its beginning.
struct Table<'a> {
    texts: &'a StringArray,
    /// For each key its code: a position in the values from 1, or 0.
    codes: Vec<u32>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(parts: &'a [Part]) -> Self {
        let mut labels = Self { values: Vec::new(), tables: Vec::new(), of_part: Vec::with_capacity(parts.len()) };
        for part in parts {
            let mut table = 0;
            if let Ok(array) = part {
                with_dictionary!(array, typed => table = labels.table(typed));
            }
            labels.of_part.push(table);
        }
        // Only values that a row has count: a dictionary may carry more.
        let mut seen: Memo<&str, u32> = Memo::new(0);
        for Table { texts, codes } in &mut labels.tables {
            for (key, code) in codes.iter_mut().enumerate().filter(|(_, used)| **used > 0) {
                if texts.is_null(key) {
                    *code = 0;
                    continue;
                }
                let text = texts.value(key);
                *code = seen.get(text, || {
                    labels.values.push(text);
                    labels.values.len() as u32
                });
            }
        }
        labels
    }

    /// The table of a dictionary; its codes only tell yet which keys a row has.
    fn table<K: ArrowDictionaryKeyType>(&mut self, array: &'a DictionaryArray<K>) -> usize {
        let texts = array.values().as_string::<i32>();
        let near = self.tables.len().saturating_sub(NEAR);
        let same =
            self.tables[near..].iter().rposition(|table| begins(table.texts, texts) || begins(texts, table.texts));
        let at = same.map_or(self.tables.len(), |same| near + same);
        if same.is_none() {
            self.tables.push(Table { texts, codes: Vec::new() });
        }
        let table = &mut self.tables[at];
        if table.codes.len() < texts.len() {
            table.texts = texts;
            table.codes.resize(texts.len(), 0);
        }
        if array.keys().null_count() == 0 {
            array.keys().values().iter().for_each(|key| table.codes[key.as_usize()] = 1);
        } else {
            array.keys().iter().flatten().for_each(|key| table.codes[key.as_usize()] = 1);
        }
        at
    }

    /// Gives the value of each code from 1 another code: that at its place in `to`.
    pub(super) fn recode(&mut self, to: &[u32]) {
        for code in self.tables.iter_mut().flat_map(|table| &mut table.codes) {
            *code = (*code as usize).checked_sub(1).map_or(0, |at| to[at]);
        }
    }

    /// The values in order, which is that of the codes then.
    pub(super) fn sort(&mut self) -> Vec<String> {
        let mut order: Vec<u32> = (0..self.values.len() as u32).collect();
        order.par_sort_unstable_by_key(|at| self.values[*at as usize]);
        let mut to = vec![0; order.len()];
        for (at, old) in order.iter().enumerate() {
            to[*old as usize] = at as u32 + 1;
        }
        self.recode(&to);
        order.into_iter().map(|at| self.values[at as usize].to_owned()).collect()
    }

    /// Appends the codes of `rows` of part `part`, which is `array`.
    pub(super) fn append<T: Copy + Default>(
        &self,
        to: &mut Vec<T>,
        part: usize,
        array: &ArrayRef,
        rows: Range<usize>,
        narrow: impl Fn(u32) -> T,
    ) {
        let Some(Table { codes, .. }) = self.of_part.get(part).and_then(|at| self.tables.get(*at)) else { return };
        with_dictionary!(array, typed => {
            let keys = typed.keys();
            let values = &keys.values()[rows.clone()];
            if keys.null_count() == 0 {
                to.extend(values.iter().map(|key| narrow(codes[key.as_usize()])));
            } else {
                let code = |(row, key): (usize, &_)| if keys.is_null(row) { T::default() } else { narrow(codes[index(key)]) };
                to.extend(rows.zip(values).map(code));
            }
        });
    }
}

fn index<K: ArrowNativeType>(key: &K) -> usize {
    key.as_usize()
}

/// Whether the texts of `whole` begin with those of `start`. Nulls are not looked for: then only one array begins itself.
fn begins(whole: &StringArray, start: &StringArray) -> bool {
    let offsets = start.value_offsets();
    if !whole.value_offsets().starts_with(offsets) {
        return false;
    }
    if whole.nulls().is_some() || start.nulls().is_some() {
        return whole.values().as_ptr() == start.values().as_ptr() && whole.nulls() == start.nulls();
    }
    let bytes = offsets[0] as usize..offsets[offsets.len() - 1] as usize;
    whole.values().as_ptr() == start.values().as_ptr() || whole.value_data()[bytes.clone()] == start.value_data()[bytes]
}
