//! String interner: maps each distinct text to a value, so that a column's distinct texts are parsed or numbered
//! once.
//!
//! # Design goals
//!
//! - One cache miss per lookup of a text of up to 16 bytes, since a table of many texts does not fit in cache.
//! - No copy of a text with an inline key, since the key and the length determine the text.
//!
//! # Architecture
//!
//! ```text
//!   text ──► up to 8 bytes, or 9 to 16 digits?
//!              │ yes                               │ no
//!              ▼                                   ▼
//!      InlineKey: u64                      HashedKey { first, last, length }
//!      (bytes, or digits at                9 to 16 bytes: all bytes inline
//!       4 bits each)                       longer: hash of the text, last 8 bytes
//!              │ hash                              │ hash
//!              ▼                                   ▼
//!      HashTable<InlineKey, T>             HashTable<HashedKey, T>
//!      ┌─────┬───────┬────────────┐        ┌─────┬───────┬──────────────┐
//!      │ key │ value │ length + 1 │        │ key │ value │ position + 1 │──► owner's texts[position],
//!      └─────┴───────┴────────────┘        └─────┴───────┴──────────────┘    compared if over 16 bytes
//!        0 in the last field: free           0 in the last field: free
//! ```
//!
//! # Discussion
//!
//! Both tables use linear probing and never delete. Separate tables keep slots with an inline key small. A text of
//! more than 16 bytes costs a second access, to compare it with the owner's copy.

/// Texts of up to this length are compared as two numbers.
const INLINE_LENGTH: usize = 16;
/// Initial capacity of a table.
const INITIAL_CAPACITY: usize = 64;
/// A table with a smaller capacity fits in the nearest caches.
const CACHED_CAPACITY: usize = 1 << 12;
/// A table of more texts does not fit in the nearest cache.
const CACHED_TEXTS: usize = 1 << 10;

/// Number of texts prefetched together.
pub(crate) const PREFETCHED: usize = 64;
/// Flag of a slot in the table of hashed keys.
const HASHED: u32 = 1 << 31;

/// Odd constants for mixing bits.
const MIXERS: (u64, u64) = (0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93);

/// Key by which a text is looked up.
trait Key: Copy + Default + PartialEq {
    fn hash(self) -> usize;
}

/// A text with its first eight bytes as one number, padded with zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrefixedText<'t> {
    pub text: &'t str,
    pub prefix: u64,
}

impl PrefixedText<'_> {
    /// Checks whether both texts are equal.
    #[inline]
    pub(crate) fn equals(&self, other: &Self) -> bool {
        let length = self.text.len();
        self.prefix == other.prefix && length == other.text.len() && (length <= 8 || self.text == other.text)
    }
}

impl<'t> From<&'t str> for PrefixedText<'t> {
    #[inline]
    fn from(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let prefix = match (bytes.first_chunk(), bytes.first_chunk(), bytes.last_chunk()) {
            (Some(eight), ..) => u64::from_le_bytes(*eight),
            (_, Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (bytes.len() - 4))
            }
            _ => (0..).zip(bytes).fold(0, |prefix, (at, byte)| prefix | u64::from(*byte) << (8 * at)),
        };
        Self { text, prefix }
    }
}

/// A number that is unique among texts of the same length: up to 8 bytes verbatim, or 9 to 16 digits packed at 4 bits
/// each.
type InlineKey = u64;

/// Returns the inline key of a text, if it has one.
#[inline]
fn inline_key(text: PrefixedText<'_>) -> Option<InlineKey> {
    const HIGH: u64 = u64::from_le_bytes([0xf0; 8]);
    const DIGITS: u64 = u64::from_le_bytes(*b"00000000");
    let bytes = text.text.as_bytes();
    if bytes.len() <= 8 {
        return Some(text.prefix);
    }
    let last = u64::from_le_bytes(*bytes.last_chunk()?);
    let digits = bytes.len() <= INLINE_LENGTH && text.prefix & HIGH == DIGITS && last & HIGH == DIGITS;
    digits.then_some((text.prefix & !HIGH) << 4 | last & !HIGH)
}

impl Key for InlineKey {
    fn hash(self) -> usize {
        let product = u128::from(self ^ MIXERS.0) * u128::from(MIXERS.1);
        ((product >> 64) ^ product) as usize
    }
}

/// Key of any text: all bytes of a text of up to 16 bytes; a hash and the last bytes of a longer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HashedKey {
    first: u64,
    last: u64,
    length: u32,
}

impl HashedKey {
    /// Builds the key of `bytes`, which must be longer than eight.
    fn new(bytes: &[u8]) -> Self {
        let last = bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        let first = match bytes.first_chunk() {
            Some(first) if bytes.len() <= INLINE_LENGTH => u64::from_le_bytes(*first),
            // Names from one office often have equal lengths, beginnings and endings. Hash all of the text.
            _ => hash_chunks(bytes),
        };
        Self { first, last, length: bytes.len() as u32 }
    }
}

impl Key for HashedKey {
    fn hash(self) -> usize {
        let product = u128::from(self.first ^ MIXERS.0)
            * u128::from(self.last.rotate_left(23) ^ MIXERS.1 ^ u64::from(self.length));
        ((product >> 64) ^ product) as usize
    }
}

/// Hashes the whole eight-byte chunks of `bytes`.
fn hash_chunks(bytes: &[u8]) -> u64 {
    let (chunks, _) = bytes.as_chunks();
    let hash = |sum: u64, chunk: &[u8; 8]| (sum.rotate_left(29) ^ u64::from_le_bytes(*chunk)).wrapping_mul(MIXERS.0);
    chunks.iter().fold(0, hash)
}

/// Maps strings to values by key. The owner stores strings longer than 16 bytes.
///
/// A text of up to 16 bytes is resolved by reading one table entry, because a table of many texts is not in cache.
#[derive(Debug)]
pub(crate) struct InternerIndex<T> {
    /// Texts with an inline key; each slot holds the length plus 1.
    inline: HashTable<InlineKey, T>,
    /// Other texts; each slot holds its position among them, counted from 1.
    hashed: HashTable<HashedKey, T>,
}

/// Free slot for a text, with the text's key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FreeSlot {
    Inline(usize, InlineKey),
    Hashed(usize, HashedKey),
}

impl<T: Copy> InternerIndex<T> {
    /// Creates an empty index; `filler` fills free slots.
    pub(crate) fn new(filler: T) -> Self {
        Self { inline: HashTable::new(filler), hashed: HashTable::new(filler) }
    }

    /// Returns the value of a text, or the free slot for it. For texts longer than 16 bytes, `same` compares with a
    /// candidate, given the candidate's value and its position among the texts without an inline key.
    #[inline]
    pub(crate) fn find(&self, text: PrefixedText<'_>, same: impl Fn(T, usize) -> bool) -> Result<T, FreeSlot> {
        let length = text.text.len();
        if let Some(key) = inline_key(text) {
            let tag = length as u32 + 1;
            return self.inline.find(key, |slot| slot.tag == tag).map_err(|slot| FreeSlot::Inline(slot, key));
        }
        let key = HashedKey::new(text.text.as_bytes());
        let same = |slot: &Slot<HashedKey, T>| length <= INLINE_LENGTH || same(slot.value, slot.tag as usize - 1);
        self.hashed.find(key, same).map_err(|slot| FreeSlot::Hashed(slot, key))
    }

    /// Stores a value in the free slot of a text. Returns true if the text has no inline key.
    pub(crate) fn insert(&mut self, slot: FreeSlot, length: usize, value: T) -> bool {
        match slot {
            FreeSlot::Inline(at, key) => self.inline.insert(at, Slot { key, value, tag: length as u32 + 1 }),
            FreeSlot::Hashed(at, key) => {
                self.hashed.insert(at, Slot { key, value, tag: self.hashed.occupied as u32 + 1 });
            }
        }
        matches!(slot, FreeSlot::Hashed(..))
    }

    /// Returns the number of texts.
    pub(crate) fn len(&self) -> usize {
        self.inline.occupied + self.hashed.occupied
    }

    /// Returns the slot at which the search for a text starts.
    #[inline]
    fn home_slot(&self, text: PrefixedText<'_>) -> u32 {
        match inline_key(text) {
            Some(key) => self.inline.home_slot(key) as u32,
            None => self.hashed.home_slot(HashedKey::new(text.text.as_bytes())) as u32 | HASHED,
        }
    }
}

/// Interner that stores the texts without an inline key as `K`, borrowed or owned.
#[derive(Debug)]
pub(crate) struct Interner<K, T> {
    index: InternerIndex<T>,
    texts: Vec<K>,
}

impl<K: AsRef<str>, T: Copy> Interner<K, T> {
    /// Creates an empty interner; `filler` fills free slots.
    pub(crate) fn new(filler: T) -> Self {
        Self { index: InternerIndex::new(filler), texts: Vec::new() }
    }

    /// Returns the value of a text, calling `value` the first time the text is seen.
    #[inline]
    pub(crate) fn get_or_insert_with<'t>(&mut self, text: impl Into<PrefixedText<'t>>, value: impl FnOnce() -> T) -> T
    where
        K: From<&'t str>,
    {
        let text = text.into();
        let same = |_, at: usize| self.texts.get(at).is_some_and(|known| known.as_ref() == text.text);
        self.index.find(text, same).unwrap_or_else(|slot| {
            let value = value();
            if self.index.insert(slot, text.text.len(), value) {
                self.texts.push(text.text.into());
            }
            value
        })
    }

    /// Returns the number of texts.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Checks whether the table has outgrown the nearest cache.
    pub(crate) fn is_large(&self) -> bool {
        self.len() > CACHED_TEXTS
    }

    /// Prefetches the table entries of up to [`PREFETCHED`] texts.
    pub(crate) fn prefetch<'t>(&self, texts: impl Iterator<Item = PrefixedText<'t>>) {
        // Compute all positions first. The loads that follow are independent and overlap.
        let mut slots = [0; PREFETCHED];
        slots.iter_mut().zip(texts).for_each(|(slot, text)| *slot = self.index.home_slot(text));
        let InternerIndex { inline, hashed } = &self.index;
        let tag = |slot: u32| match slot & HASHED {
            0 => inline.slots.get(slot as usize).map_or(0, |slot| slot.tag),
            _ => hashed.slots.get((slot & !HASHED) as usize).map_or(0, |slot| slot.tag),
        };
        std::hint::black_box(slots.into_iter().map(tag).fold(0, u32::wrapping_add));
    }
}

/// Hash table with linear probing.
#[derive(Debug)]
struct HashTable<K, T> {
    slots: Vec<Slot<K, T>>,
    free: Slot<K, T>,
    occupied: usize,
}

/// Table entry: key, value, and the length or position plus 1, which is 0 in a free slot.
#[derive(Clone, Copy, Debug)]
struct Slot<K, T> {
    key: K,
    value: T,
    tag: u32,
}

impl<K: Key, T: Copy> HashTable<K, T> {
    fn new(filler: T) -> Self {
        let free = Slot { key: K::default(), value: filler, tag: 0 };
        Self { slots: vec![free; INITIAL_CAPACITY], free, occupied: 0 }
    }

    /// Returns the value of the slot with this key for which `same` holds, or the free slot where the search ended.
    #[inline]
    fn find(&self, key: K, same: impl Fn(&Slot<K, T>) -> bool) -> Result<T, usize> {
        let fits = |slot: &Slot<K, T>| slot.key == key && slot.tag > 0 && same(slot);
        let wrap = self.slots.len() - 1;
        let mut at = key.hash() & wrap;
        loop {
            let slot = &self.slots[at];
            if fits(slot) {
                return Ok(slot.value);
            }
            if slot.tag == 0 {
                return Err(at);
            }
            at = (at + 1) & wrap;
        }
    }

    #[inline]
    fn home_slot(&self, key: K) -> usize {
        key.hash() & (self.slots.len() - 1)
    }

    /// Stores an entry in the free slot at `index`.
    fn insert(&mut self, index: usize, slot: Slot<K, T>) {
        self.slots[index] = slot;
        self.occupied += 1;
        // While the table fits in cache, collisions dominate, so keep the load factor low. Once it does not, cache
        // misses dominate, so keep the table small.
        let capacity = self.slots.len();
        let most = if capacity < CACHED_CAPACITY { capacity / 4 } else { capacity / 8 * 7 };
        if self.occupied > most {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![self.free; mask + 1];
        for &slot in self.slots.iter().filter(|slot| slot.tag > 0) {
            let mut at = slot.key.hash() & mask;
            while slots[at].tag > 0 {
                at = (at + 1) & mask;
            }
            slots[at] = slot;
        }
        self.slots = slots;
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
                prop_assert_eq!(PrefixedText::from(text.as_str()).prefix, u64::from_le_bytes(first));
            }
            let mut expected: HashMap<&str, usize> = HashMap::new();
            let mut interner: Interner<Box<str>, usize> = Interner::new(0);
            let mut read = 0;
            for text in &texts {
                let value = interner.get_or_insert_with(text.as_str(), || { read += 1; read });
                let next = expected.len() + 1;
                prop_assert_eq!(value, *expected.entry(text).or_insert(next));
            }
            prop_assert_eq!(read, expected.len());
        }
    }

    #[test]
    fn texts_that_begin_and_end_alike_are_found_apart() {
        let hashes: HashSet<usize> = (0..10_000)
            .map(|n| HashedKey::new(format!("中共某县第{n:05}支部委员会").as_bytes()).hash() % 65_536)
            .collect();
        // A random function would fill 9275 slots on average.
        assert!(hashes.len() > 9000, "{}", hashes.len());
    }
}
