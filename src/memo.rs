//! What texts stand for, so that each distinct text of a column is read or numbered once.

/// Texts of up to this length are compared as two numbers.
const SHORT: usize = 16;
/// How many places a table has at first.
const PLACES: usize = 64;

/// Odd numbers to mix bits with.
const ODD: (u64, u64) = (0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93);

/// A text as it is looked up: its first and last bytes, which are all of a short one; of a long one something of all.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Mark {
    first: u64,
    last: u64,
    length: u32,
}

impl Mark {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) if bytes.len() <= SHORT => {
                (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
            }
            // Names of one office are often of one length, and begin and end alike.
            (_, Some(last)) => (mixed(bytes), u64::from_le_bytes(*last)),
            _ => match (bytes.first_chunk(), bytes.last_chunk()) {
                (Some(first), Some(last)) => {
                    (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
                }
                _ => (bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), 0),
            },
        };
        Self { first, last, length: bytes.len() as u32 }
    }

    fn hash(self) -> usize {
        let product =
            u128::from(self.first ^ ODD.0) * u128::from(self.last.rotate_left(23) ^ ODD.1 ^ u64::from(self.length));
        ((product >> 64) ^ product) as usize
    }
}

/// All of `bytes` but the last few in one number.
fn mixed(bytes: &[u8]) -> u64 {
    let (eights, _) = bytes.as_chunks();
    eights.iter().fold(0, |sum: u64, eight| (sum.rotate_left(29) ^ u64::from_le_bytes(*eight)).wrapping_mul(ODD.0))
}

/// A table from texts to what they stand for.
///
/// It keeps the texts as `K`: borrowed, or its own. What a short text stands for is found at one place of memory, as a
/// table of many texts is not in the processor's cache.
pub(crate) struct Memo<K, T> {
    places: Vec<Place<T>>,
    texts: Vec<K>,
    free: Place<T>,
    /// The place of the last text.
    last: usize,
}

/// A place for a text: its mark and what it stands for, and where it is kept from 1; 0 where the place is free.
#[derive(Clone, Copy)]
struct Place<T> {
    mark: Mark,
    value: T,
    kept: u32,
}

impl<K: AsRef<str>, T: Copy> Memo<K, T> {
    /// A table without texts; `any` stands where there is none.
    pub(crate) fn new(any: T) -> Self {
        let free = Place { mark: Mark::default(), value: any, kept: 0 };
        Self { places: vec![free; PLACES], texts: Vec::new(), free, last: 0 }
    }

    /// What `text` stands for; `read` tells when it is seen for the first time.
    #[inline]
    pub(crate) fn get<'t>(&mut self, text: &'t str, read: impl FnOnce() -> T) -> T
    where
        K: From<&'t str>,
    {
        let mark = Mark::of(text);
        if let Some(value) = self.at(self.last, mark, text) {
            return value;
        }
        let mut at = mark.hash() & (self.places.len() - 1);
        while self.places[at].kept > 0 {
            if let Some(value) = self.at(at, mark, text) {
                self.last = at;
                return value;
            }
            at = (at + 1) & (self.places.len() - 1);
        }
        let value = read();
        self.texts.push(text.into());
        self.places[at] = Place { mark, value, kept: self.texts.len() as u32 };
        self.last = at;
        if self.texts.len() * 4 > self.places.len() * 3 {
            self.grow();
        }
        value
    }

    /// Has the memory where `text` is looked up brought near. The answer means nothing.
    #[inline]
    pub(crate) fn touch(&self, text: &str) -> u32 {
        self.places[Mark::of(text).hash() & (self.places.len() - 1)].kept
    }

    /// What `text` stands for, if it is at `place`.
    #[inline]
    fn at(&self, place: usize, mark: Mark, text: &str) -> Option<T> {
        let there = &self.places[place];
        let same = || self.texts.get(there.kept as usize - 1).is_some_and(|same| same.as_ref() == text);
        (there.kept > 0 && there.mark == mark && (text.len() <= SHORT || same())).then_some(there.value)
    }

    fn grow(&mut self) {
        let mask = self.places.len() * 2 - 1;
        let mut places = vec![self.free; mask + 1];
        for &place in self.places.iter().filter(|place| place.kept > 0) {
            let mut at = place.mark.hash() & mask;
            while places[at].kept > 0 {
                at = (at + 1) & mask;
            }
            places[at] = place;
        }
        self.places = places;
        self.last = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{HashMap, HashSet};

    proptest! {
        #[test]
        fn every_text_is_read_once(
            texts in prop::collection::vec(
                prop::collection::vec(prop::sample::select(vec!["", "\0", "a", "b", "党", "12345678", "123456789"]), 0..4),
                0..300,
            ),
        ) {
            let texts: Vec<String> = texts.into_iter().map(|parts| parts.concat()).collect();
            let mut expected: HashMap<&str, usize> = HashMap::new();
            let mut memo: Memo<Box<str>, usize> = Memo::new(0);
            let mut read = 0;
            for text in &texts {
                let value = memo.get(text, || { read += 1; read });
                let next = expected.len() + 1;
                prop_assert_eq!(value, *expected.entry(text).or_insert(next));
            }
            prop_assert_eq!(read, expected.len());
        }
    }

    #[test]
    fn texts_that_begin_and_end_alike_are_found_apart() {
        let marks: HashSet<usize> =
            (0..10_000).map(|n| Mark::of(&format!("中共某县第{n:05}支部委员会")).hash() % 65_536).collect();
        // As many places as random numbers would take, 9275 in the mean.
        assert!(marks.len() > 9000, "{}", marks.len());
    }
}
