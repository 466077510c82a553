//! String interner: maps each distinct text to a value, so that a column's distinct texts are parsed or numbered
//! once.
//!
//! # Design goals
//!
//! - One cache miss per lookup of a text of up to 16 bytes, since a table of many texts does not fit in cache.
//! - No copy of a text with a `u64` key, since the key and the length determine the text.
//!
//! # Architecture
//!
//! ```text
//!   text ──► up to 8 bytes, or 9 to 16 digits?
//!              │ yes                               │ no
//!              ▼                                   ▼
//!      inline key: u64                     key: Wide { first, last, length }
//!      (bytes, or digits at                9 to 16 bytes: all bytes inline
//!       4 bits each)                       longer: hash of the text, last 8 bytes
//!              │ hash                              │ hash
//!              ▼                                   ▼
//!      Table<u64, T>                       Table<Wide, T>
//!      ┌─────┬───────┬────────────┐        ┌─────┬───────┬──────────────┐
//!      │ key │ value │ length + 1 │        │ key │ value │ position + 1 │──► owner's texts[position],
//!      └─────┴───────┴────────────┘        └─────┴───────┴──────────────┘    compared if over 16 bytes
//!        0 in the last field: free           0 in the last field: free
//! ```
//!
//! # Discussion
//!
//! Both tables use linear probing and never delete. Separate tables keep entries with a `u64` key small. A text of
//! more than 16 bytes costs a second access, to compare it with the owner's copy.

/// Texts of up to this length are compared as two numbers.
const SHORT: usize = 16;
/// Initial capacity of a table.
const PLACES: usize = 64;
/// A table with a smaller capacity fits in the nearest caches.
const NEAR: usize = 1 << 12;
/// A table of more texts does not fit in the nearest cache.
const LARGE: usize = 1 << 10;

/// Number of texts prefetched together.
pub(crate) const TOGETHER: usize = 64;
/// Flag of a position in the table of texts without a `u64` key.
const WIDE: u32 = 1 << 31;

/// Odd constants for mixing bits.
const ODD: (u64, u64) = (0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93);

/// Key by which a text is looked up.
trait Mark: Copy + Default + PartialEq {
    fn hash(self) -> usize;
}

/// A text with its first eight bytes as one number, padded with zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'t> {
    pub text: &'t str,
    pub first: u64,
}

impl Written<'_> {
    /// Checks whether both texts are equal.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        let length = self.text.len();
        self.first == other.first && length == other.text.len() && (length <= 8 || self.text == other.text)
    }
}

impl<'t> From<&'t str> for Written<'t> {
    #[inline]
    fn from(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let first = match (bytes.first_chunk(), bytes.first_chunk(), bytes.last_chunk()) {
            (Some(eight), ..) => u64::from_le_bytes(*eight),
            (_, Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (bytes.len() - 4))
            }
            _ => (0..).zip(bytes).fold(0, |first, (at, byte)| first | u64::from(*byte) << (8 * at)),
        };
        Self { text, first }
    }
}

/// Returns the text as a number that is unique among texts of the same length: up to 8 bytes verbatim, or 9 to 16
/// digits packed at 4 bits each.
#[inline]
fn narrow(written: Written<'_>) -> Option<u64> {
    const HIGH: u64 = u64::from_le_bytes([0xf0; 8]);
    const DIGITS: u64 = u64::from_le_bytes(*b"00000000");
    let bytes = written.text.as_bytes();
    if bytes.len() <= 8 {
        return Some(written.first);
    }
    let last = u64::from_le_bytes(*bytes.last_chunk()?);
    let digits = bytes.len() <= SHORT && written.first & HIGH == DIGITS && last & HIGH == DIGITS;
    digits.then_some((written.first & !HIGH) << 4 | last & !HIGH)
}

impl Mark for u64 {
    fn hash(self) -> usize {
        let product = u128::from(self ^ ODD.0) * u128::from(ODD.1);
        ((product >> 64) ^ product) as usize
    }
}

/// Key of any text: all bytes of a text of up to 16 bytes; a hash and the last bytes of a longer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wide {
    first: u64,
    last: u64,
    length: u32,
}

impl Wide {
    /// Builds the key of `bytes`, which must be longer than eight.
    fn of(bytes: &[u8]) -> Self {
        let last = bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        let first = match bytes.first_chunk() {
            Some(first) if bytes.len() <= SHORT => u64::from_le_bytes(*first),
            // Names from one office often have equal lengths, beginnings and endings. Hash all of the text.
            _ => mixed(bytes),
        };
        Self { first, last, length: bytes.len() as u32 }
    }
}

impl Mark for Wide {
    fn hash(self) -> usize {
        let product =
            u128::from(self.first ^ ODD.0) * u128::from(self.last.rotate_left(23) ^ ODD.1 ^ u64::from(self.length));
        ((product >> 64) ^ product) as usize
    }
}

/// Hashes the whole eight-byte chunks of `bytes`.
fn mixed(bytes: &[u8]) -> u64 {
    let (eights, _) = bytes.as_chunks();
    eights.iter().fold(0, |sum: u64, eight| (sum.rotate_left(29) ^ u64::from_le_bytes(*eight)).wrapping_mul(ODD.0))
}

/// Maps strings to values by key. The owner stores strings longer than 16 bytes.
///
/// A text of up to 16 bytes is resolved by reading one table entry, because a table of many texts is not in cache.
#[derive(Debug)]
pub(crate) struct Marks<T> {
    /// Texts with a `u64` key; each entry holds the length plus 1.
    narrow: Table<u64, T>,
    /// Other texts; each entry holds its position among them, counted from 1.
    wide: Table<Wide, T>,
}

/// Free slot for a text, with the text's key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Free {
    Narrow(usize, u64),
    Wide(usize, Wide),
}

impl<T: Copy> Marks<T> {
    /// Creates an empty table; `any` fills free slots.
    pub(crate) fn new(any: T) -> Self {
        Self { narrow: Table::new(any), wide: Table::new(any) }
    }

    /// Returns the value of a text, or the free slot for it. For texts longer than 16 bytes, `same` compares with a
    /// candidate, given the candidate's value and its position among the texts without a `u64` key.
    #[inline]
    pub(crate) fn find(&self, written: Written<'_>, same: impl Fn(T, usize) -> bool) -> Result<T, Free> {
        let length = written.text.len();
        if let Some(mark) = narrow(written) {
            let kept = length as u32 + 1;
            return self.narrow.find(mark, |place| place.kept == kept).map_err(|place| Free::Narrow(place, mark));
        }
        let mark = Wide::of(written.text.as_bytes());
        let same = |place: &Place<Wide, T>| length <= SHORT || same(place.value, place.kept as usize - 1);
        self.wide.find(mark, same).map_err(|place| Free::Wide(place, mark))
    }

    /// Stores a value in the free slot of a text. Returns true if the text has no `u64` key.
    pub(crate) fn put(&mut self, place: Free, length: usize, value: T) -> bool {
        match place {
            Free::Narrow(at, mark) => self.narrow.put(at, Place { mark, value, kept: length as u32 + 1 }),
            Free::Wide(at, mark) => self.wide.put(at, Place { mark, value, kept: self.wide.taken as u32 + 1 }),
        }
        matches!(place, Free::Wide(..))
    }

    /// Returns the number of texts.
    pub(crate) fn len(&self) -> usize {
        self.narrow.taken + self.wide.taken
    }

    /// Returns the slot at which the search for a text starts.
    #[inline]
    fn place(&self, written: Written<'_>) -> u32 {
        match narrow(written) {
            Some(mark) => self.narrow.first(mark) as u32,
            None => self.wide.first(Wide::of(written.text.as_bytes())) as u32 | WIDE,
        }
    }
}

/// Interner that stores the texts without a `u64` key as `K`, borrowed or owned.
#[derive(Debug)]
pub(crate) struct Memo<K, T> {
    marks: Marks<T>,
    texts: Vec<K>,
}

impl<K: AsRef<str>, T: Copy> Memo<K, T> {
    /// Creates an empty interner; `any` fills free slots.
    pub(crate) fn new(any: T) -> Self {
        Self { marks: Marks::new(any), texts: Vec::new() }
    }

    /// Returns the value of a text, calling `read` the first time the text is seen.
    #[inline]
    pub(crate) fn get<'t>(&mut self, written: impl Into<Written<'t>>, read: impl FnOnce() -> T) -> T
    where
        K: From<&'t str>,
    {
        let written = written.into();
        let same = |_, at: usize| self.texts.get(at).is_some_and(|text| text.as_ref() == written.text);
        self.marks.find(written, same).unwrap_or_else(|place| {
            let value = read();
            if self.marks.put(place, written.text.len(), value) {
                self.texts.push(written.text.into());
            }
            value
        })
    }

    /// Returns the number of texts.
    pub(crate) fn len(&self) -> usize {
        self.marks.len()
    }

    /// Checks whether the table has outgrown the nearest cache.
    pub(crate) fn is_large(&self) -> bool {
        self.len() > LARGE
    }

    /// Prefetches the table entries of up to [`TOGETHER`] texts.
    pub(crate) fn touch<'t>(&self, texts: impl Iterator<Item = Written<'t>>) {
        // Compute all positions first. The loads that follow are independent and overlap.
        let mut places = [0; TOGETHER];
        places.iter_mut().zip(texts).for_each(|(place, text)| *place = self.marks.place(text));
        let Marks { narrow, wide } = &self.marks;
        let kept = |place: u32| match place & WIDE {
            0 => narrow.places.get(place as usize).map_or(0, |place| place.kept),
            _ => wide.places.get((place & !WIDE) as usize).map_or(0, |place| place.kept),
        };
        std::hint::black_box(places.into_iter().map(kept).fold(0, u32::wrapping_add));
    }
}

#[derive(Debug)]
struct Table<M, T> {
    places: Vec<Place<M, T>>,
    free: Place<M, T>,
    taken: usize,
}

/// Table entry: key, value, and the length or position plus 1, which is 0 in a free slot.
#[derive(Clone, Copy, Debug)]
struct Place<M, T> {
    mark: M,
    value: T,
    kept: u32,
}

impl<M: Mark, T: Copy> Table<M, T> {
    fn new(any: T) -> Self {
        let free = Place { mark: M::default(), value: any, kept: 0 };
        Self { places: vec![free; PLACES], free, taken: 0 }
    }

    /// Returns the value of the entry with this key for which `same` holds, or the free slot where the search
    /// ended.
    #[inline]
    fn find(&self, mark: M, same: impl Fn(&Place<M, T>) -> bool) -> Result<T, usize> {
        let fits = |place: &Place<M, T>| place.mark == mark && place.kept > 0 && same(place);
        let wrap = self.places.len() - 1;
        let mut at = mark.hash() & wrap;
        loop {
            let place = &self.places[at];
            if fits(place) {
                return Ok(place.value);
            }
            if place.kept == 0 {
                return Err(at);
            }
            at = (at + 1) & wrap;
        }
    }

    #[inline]
    fn first(&self, mark: M) -> usize {
        mark.hash() & (self.places.len() - 1)
    }

    /// Stores an entry in a free slot.
    fn put(&mut self, at: usize, place: Place<M, T>) {
        self.places[at] = place;
        self.taken += 1;
        // While the table fits in cache, collisions dominate, so keep the load factor low. Once it does not, cache
        // misses dominate, so keep the table small.
        let most = if self.places.len() < NEAR { self.places.len() / 4 } else { self.places.len() / 8 * 7 };
        if self.taken > most {
            self.grow();
        }
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
                prop::collection::vec(prop::sample::select(vec!["", "\0", "a", "b", "党", "1", "?", "12345678", "123456789"]), 0..4),
                0..300,
            ),
        ) {
            let texts: Vec<String> = texts.into_iter().map(|parts| parts.concat()).collect();
            for text in &texts {
                let mut first = [0; 8];
                for (to, byte) in first.iter_mut().zip(text.bytes()) {
                    *to = byte;
                }
                prop_assert_eq!(Written::from(text.as_str()).first, u64::from_le_bytes(first));
            }
            let mut expected: HashMap<&str, usize> = HashMap::new();
            let mut memo: Memo<Box<str>, usize> = Memo::new(0);
            let mut read = 0;
            for text in &texts {
                let value = memo.get(text.as_str(), || { read += 1; read });
                let next = expected.len() + 1;
                prop_assert_eq!(value, *expected.entry(text).or_insert(next));
            }
            prop_assert_eq!(read, expected.len());
        }
    }

    #[test]
    fn texts_that_begin_and_end_alike_are_found_apart() {
        let marks: HashSet<usize> =
            (0..10_000).map(|n| Wide::of(format!("中共某县第{n:05}支部委员会").as_bytes()).hash() % 65_536).collect();
        // A random function would fill 9275 slots on average.
        assert!(marks.len() > 9000, "{}", marks.len());
    }
}
