//! Ids of organisations as numbers, given out as they come and put in order at the end.
//!
//! Nearly all ids are ASCII of at most 18 characters. Seven bits a character they fit into one number, which is compared
//! faster than text and has the same order.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// The longest id that fits.
const LONGEST: usize = 18;
const BITS: usize = 7;

/// Ids, each with the number that it was given, from 0.
#[derive(Default)]
pub(super) struct Ids {
    packed: FxHashMap<u128, u32>,
    other: FxHashMap<Box<str>, u32>,
    /// How many numbers were given out.
    given: u32,
}

impl Ids {
    /// The number of `id`.
    pub(super) fn number(&mut self, id: &str) -> u32 {
        let next = self.given;
        let number = match pack(id) {
            Some(packed) => *self.packed.entry(packed).or_insert(next),
            None => match self.other.get(id) {
                Some(number) => *number,
                None => *self.other.entry(id.into()).or_insert(next),
            },
        };
        if number == next {
            self.given += 1;
        }
        number
    }

    /// All ids with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, u32)> {
        let packed = self.packed.iter().map(|(packed, number)| (Cow::Owned(unpack(*packed)), *number));
        packed.chain(self.other.iter().map(|(id, number)| (Cow::Borrowed(&**id), *number)))
    }

    /// Takes out the ids with these numbers.
    pub(super) fn remove(&mut self, numbers: &FxHashSet<u32>) {
        self.packed.retain(|_, number| !numbers.contains(number));
        self.other.retain(|_, number| !numbers.contains(number));
    }

    /// The ids in ascending order, and for each number the position of its id; 0 where it has none any more.
    pub(super) fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut packed: Vec<(u128, u32)> = self.packed.into_iter().collect();
        packed.par_sort_unstable();
        let mut other: Vec<(Box<str>, u32)> = self.other.into_iter().collect();
        other.par_sort_unstable();
        let mut positions = vec![0; self.given as usize];
        let mut ids: Vec<String> = Vec::with_capacity(packed.len() + other.len());
        let (mut packed, mut other) = (packed.into_iter().peekable(), other.into_iter().peekable());
        loop {
            let first = packed.peek().map(|(packed, number)| (unpack(*packed), *number));
            let takes_other = match (&first, other.peek()) {
                (Some((id, _)), Some((text, _))) => **text < **id,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            let next = if takes_other {
                other.next().map(|(id, number)| (id.into_string(), number))
            } else {
                packed.next();
                first
            };
            let Some((id, number)) = next else { return (ids, positions) };
            positions[number as usize] = ids.len() as u32;
            ids.push(id);
        }
    }
}

/// The characters of `id`, the first in the highest bits; `None` where they do not fit.
fn pack(id: &str) -> Option<u128> {
    if id.len() > LONGEST || !id.bytes().all(|b| b.is_ascii() && b != 0) {
        return None;
    }
    let packed = id.bytes().fold(0_u128, |packed, b| packed << BITS | u128::from(b));
    Some(packed << (BITS * (LONGEST - id.len())))
}

fn unpack(packed: u128) -> String {
    let character = |at: usize| (packed >> (BITS * (LONGEST - 1 - at)) & 0x7f) as u8;
    (0..LONGEST).map(character).take_while(|b| *b != 0).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_are_numbered_once_and_sorted_as_text(
            ids in prop::collection::vec(
                prop::collection::vec(prop::sample::select(vec!['0', '1', 'A', 'Y', '~', '\0', '党']), 0..20),
                0..60,
            ),
        ) {
            let ids: Vec<String> = ids.into_iter().map(String::from_iter).collect();
            let mut numbers = Ids::default();
            let given: Vec<u32> = ids.iter().map(|id| numbers.number(id)).collect();
            let (sorted, positions) = numbers.sorted();
            let mut expected = ids.clone();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(&sorted, &expected);
            for (id, number) in ids.iter().zip(given) {
                prop_assert_eq!(&sorted[positions[number as usize] as usize], id);
            }
        }
    }
}
