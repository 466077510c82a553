//! The texts of a coded column: the dictionaries of its parts become one, and each row's key a code in it.

use arrow::array::{Array, AsArray, DictionaryArray};
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, DataType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use rayon::prelude::*;

use super::whole::Part;
use crate::memo::Memo;
use crate::roster::column::Integers;

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
    parts: &'a [Part],
    /// Those that a row has, each once.
    pub values: Vec<&'a str>,
    /// For each part the code of each key of its dictionary: a position in `values` from 1, or 0.
    codes: Vec<Vec<u32>>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(parts: &'a [Part]) -> Self {
        let mut labels = Self { parts, values: Vec::new(), codes: Vec::with_capacity(parts.len()) };
        let mut seen = Memo::new(0);
        for part in parts {
            let mut codes = Vec::new();
            if let Ok(array) = part {
                with_dictionary!(array, typed => codes = labels.enter(typed, &mut seen));
            }
            labels.codes.push(codes);
        }
        labels
    }

    /// The codes of the keys of `array`. Only values that a row has count: a dictionary may carry more.
    fn enter<K: ArrowDictionaryKeyType>(
        &mut self,
        array: &'a DictionaryArray<K>,
        seen: &mut Memo<&'a str, u32>,
    ) -> Vec<u32> {
        let texts = array.values().as_string::<i32>();
        let mut used = vec![false; texts.len()];
        if array.keys().null_count() == 0 {
            array.keys().values().iter().for_each(|key| used[key.as_usize()] = true);
        } else {
            array.keys().iter().flatten().for_each(|key| used[key.as_usize()] = true);
        }
        let code = |(key, used): (usize, bool)| {
            if !used || texts.is_null(key) {
                return 0;
            }
            let text = texts.value(key);
            seen.get(text, || {
                self.values.push(text);
                self.values.len() as u32
            })
        };
        used.into_iter().enumerate().map(code).collect()
    }

    /// Gives the value of each code from 1 another code: that at its place in `to`.
    pub(super) fn recode(&mut self, to: &[u32]) {
        for code in self.codes.iter_mut().flatten() {
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

    /// The code of each row, the highest being `most`.
    pub(super) fn codes(&self, most: usize) -> Integers {
        if u8::try_from(most).is_ok() {
            Integers::U8(self.rows(|code| code as u8))
        } else if u16::try_from(most).is_ok() {
            Integers::U16(self.rows(|code| code as u16))
        } else {
            Integers::U32(self.rows(|code| code))
        }
    }

    fn rows<T: Copy + Default>(&self, narrow: impl Fn(u32) -> T) -> Vec<T> {
        let mut rows = Vec::with_capacity(self.parts.iter().map(super::whole::length).sum());
        for (part, codes) in self.parts.iter().zip(&self.codes) {
            let codes: Vec<T> = codes.iter().map(|code| narrow(*code)).collect();
            match part {
                Ok(array) => with_dictionary!(array, typed => append(&mut rows, typed, &codes)),
                Err(missing) => rows.resize(rows.len() + missing, T::default()),
            }
        }
        rows
    }
}

/// Appends the code of each row of `array`, whose keys have `codes`.
fn append<K: ArrowDictionaryKeyType, T: Copy + Default>(rows: &mut Vec<T>, array: &DictionaryArray<K>, codes: &[T]) {
    let keys = array.keys();
    if keys.null_count() == 0 {
        rows.extend(keys.values().iter().map(|key| codes[key.as_usize()]));
    } else {
        rows.extend(keys.iter().map(|key| key.map_or_else(T::default, |key| codes[key.as_usize()])));
    }
}
