//! The organisations of a range of rows, numbered in order of arrival.

use std::cmp::Ordering;

use arrow::array::StringViewBuilder;
use rustc_hash::FxHashMap;

/// Maximum number of ascending runs before ids are looked up: tables come sorted, and resubmitted rows follow at
/// the end.
const RUNS: usize = 4;

/// Years and ids. No lookup is needed while they ascend, as in most tables. An organisation may occur once in each
/// ascending run.
#[derive(Default)]
pub(super) struct Keys<'a> {
    pub(super) all: Vec<(i16, &'a str)>,
    /// Ids, appended while the row that names them is in cache; a later fetch would miss.
    pub(super) ids: StringViewBuilder,
    /// Expected number of organisations.
    expected: usize,
    /// Number of completed runs.
    runs: usize,
    lookup: Option<Lookup<'a>>,
}

/// Number of partitions of short ids, each with its own lookup table.
pub(super) const PARTITIONS: usize = 128;

/// Lookup from year and id to the number of an organisation.
struct Lookup<'a> {
    /// Short ids, by partition. Year and id are packed into two words, so that a lookup reads no other memory.
    short: Vec<FxHashMap<[u64; 2], u32>>,
    long: FxHashMap<(i16, &'a str), u32>,
}

impl<'a> Lookup<'a> {
    fn entry(&mut self, key: (i16, &'a str), new: u32) -> u32 {
        match packed(key) {
            Some(packed) => *self.short[partition(packed)].entry(packed).or_insert(new),
            None => *self.long.entry(key).or_insert(new),
        }
    }
}

/// Returns the partition of a short id, the same in all years.
pub(super) fn partition([low, high]: [u64; 2]) -> usize {
    let mixed = ((low >> 16) ^ high.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize % PARTITIONS
}

/// Packs year, length and text of an id of up to 12 bytes.
pub(super) fn packed((year, id): (i16, &str)) -> Option<[u64; 2]> {
    let mut bytes = [0; 16];
    bytes[4..].get_mut(..id.len())?.copy_from_slice(id.as_bytes());
    bytes[..2].copy_from_slice(&year.to_le_bytes());
    bytes[2] = id.len() as u8;
    let packed = u128::from_le_bytes(bytes);
    Some([packed as u64, (packed >> 64) as u64])
}

impl<'a> Keys<'a> {
    /// Creates an empty list with room for `n` organisations.
    pub(super) fn with_capacity(n: usize) -> Self {
        Self { all: Vec::with_capacity(n), ids: StringViewBuilder::with_capacity(n), expected: n, ..Self::default() }
    }

    /// Checks whether the keys arrived in ascending order.
    pub(super) fn ascend(&self) -> bool {
        self.in_runs() && self.runs == 0
    }

    /// Checks whether the keys arrived in a few ascending runs.
    pub(super) fn in_runs(&self) -> bool {
        self.lookup.is_none()
    }

    /// Returns the number of an organisation. A new organisation gets the next number.
    ///
    /// A new run gets rows of its own only while there are not many more keys than expected. A table sorted by item
    /// would otherwise need new rows for every item.
    pub(super) fn number(&mut self, year: i16, id: &'a str) -> u32 {
        let (key, new) = ((year, id), self.all.len() as u32);
        let number = match &mut self.lookup {
            Some(lookup) => lookup.entry(key, new),
            None => match self.all.last().map_or(Ordering::Greater, |last| key.cmp(last)) {
                Ordering::Greater => new,
                Ordering::Equal => new - 1,
                Ordering::Less if self.runs + 1 < RUNS && self.all.len() <= self.expected + self.expected / 4 => {
                    self.runs += 1;
                    new
                }
                Ordering::Less => {
                    let mut lookup =
                        Lookup { short: vec![FxHashMap::default(); PARTITIONS], long: FxHashMap::default() };
                    for (at, key) in self.all.iter().enumerate() {
                        lookup.entry(*key, at as u32);
                    }
                    self.lookup.insert(lookup).entry(key, new)
                }
            },
        };
        if number == new {
            self.push(key);
        }
        number
    }

    /// Returns the number of an organisation by its packed key. `id` is called only if its text is needed.
    pub(super) fn number_of(&mut self, key: [u64; 2], id: impl FnOnce() -> &'a str) -> u32 {
        let new = self.all.len() as u32;
        let Some(lookup) = &mut self.lookup else { return self.number(key[0] as i16, id()) };
        let number = *lookup.short[partition(key)].entry(key).or_insert(new);
        if number == new {
            self.push((key[0] as i16, id()));
        }
        number
    }

    fn push(&mut self, key: (i16, &'a str)) {
        self.all.push(key);
        self.ids.append_value(key.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_when_the_order_breaks() {
        // No keys are expected, so the first key out of order starts the lookup.
        let mut keys = Keys::default();
        let rows = [(2012, "D1"), (2012, "D2"), (2012, "D2"), (2013, "一个很长的编号"), (2012, "D1"), (2013, "D1")];
        assert_eq!(rows.map(|(year, id)| keys.number(year, id)), [0, 1, 1, 2, 0, 3]);
        assert_eq!(keys.number(2013, "一个很长的编号"), 2);
        assert!(!keys.in_runs());
        assert_eq!(keys.all.len(), 4);
        assert_ne!(packed((0, "")), packed((0, "\0")), "lengths tell them apart");
    }

    #[test]
    fn a_few_stretches_stand_beside_each_other() {
        let mut keys = Keys::with_capacity(100);
        assert_eq!(["a", "b", "a", "b", "b", "a", "c", "a"].map(|id| keys.number(1, id)), [0, 1, 2, 3, 3, 4, 5, 6]);
        assert!(keys.in_runs() && !keys.ascend());
        assert_eq!(["c", "b", "a", "d", "c"].map(|id| keys.number(1, id)), [7, 1, 0, 8, 5]);
        assert!(!keys.in_runs());
    }
}
