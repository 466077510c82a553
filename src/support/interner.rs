//! What texts stand for, so that each distinct text of a column is read or numbered once.

/// Texts of up to this length are compared as two numbers.
const SHORT: usize = 16;
/// How many places a table has at first.
const PLACES: usize = 64;
/// A table of fewer places is in the processor's nearest caches.
const NEAR: usize = 1 << 12;
/// A table of more texts does not fit into the processor's nearest cache.
const LARGE: usize = 1 << 10;

/// How many texts are asked for together.
pub(crate) const TOGETHER: usize = 64;
/// Marks a place in the table of texts that are not narrow.
const WIDE: u32 = 1 << 31;

/// Odd numbers to mix bits with.
const ODD: (u64, u64) = (0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93);

/// What a text is looked up by.
trait Mark: Copy + Default + PartialEq {
    fn hash(self) -> usize;
}

/// A text, and its first eight bytes as one number, zeros behind its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'t> {
    pub text: &'t str,
    pub first: u64,
}

impl Written<'_> {
    /// Whether both are the same.
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

/// A text as a number, where it is that of no other text as long: up to 8 bytes as they are, of digits up to 16.
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

/// Any text: its first and last bytes, which are all of a short one; of a long one something of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wide {
    first: u64,
    last: u64,
    length: u32,
}

impl Wide {
    /// The mark of `bytes`, of which there are more than eight.
    fn of(bytes: &[u8]) -> Self {
        let last = bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        let first = match bytes.first_chunk() {
            Some(first) if bytes.len() <= SHORT => u64::from_le_bytes(*first),
            // Names of one office are often of one length, and begin and end alike.
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

/// All of `bytes` but the last few in one number.
fn mixed(bytes: &[u8]) -> u64 {
    let (eights, _) = bytes.as_chunks();
    eights.iter().fold(0, |sum: u64, eight| (sum.rotate_left(29) ^ u64::from_le_bytes(*eight)).wrapping_mul(ODD.0))
}

/// What texts stand for, found by their marks. Who has it keeps those of more than 16 bytes.
///
/// What a text of up to 16 bytes stands for is found at one place of memory, as a table of many texts is not in the
/// processor's cache.
#[derive(Debug)]
pub(crate) struct Marks<T> {
    /// By the number that a text is; each is kept with its length and 1.
    narrow: Table<u64, T>,
    /// The others, each kept with its position among them, from 1.
    wide: Table<Wide, T>,
}

/// A free place for a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Free {
    Narrow(usize, u64),
    Wide(usize, Wide),
}

impl<T: Copy> Marks<T> {
    /// A table without texts; `any` stands where there is none.
    pub(crate) fn new(any: T) -> Self {
        Self { narrow: Table::new(any), wide: Table::new(any) }
    }

    /// What a text stands for, or the place for it. A long one is the `same` as another by what that stands for and its
    /// position among those that are not narrow.
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

    /// Puts what a text stands for at the place for it; whether it is not narrow.
    pub(crate) fn put(&mut self, place: Free, length: usize, value: T) -> bool {
        match place {
            Free::Narrow(at, mark) => self.narrow.put(at, Place { mark, value, kept: length as u32 + 1 }),
            Free::Wide(at, mark) => self.wide.put(at, Place { mark, value, kept: self.wide.taken as u32 + 1 }),
        }
        matches!(place, Free::Wide(..))
    }

    /// How many texts it has.
    pub(crate) fn len(&self) -> usize {
        self.narrow.taken + self.wide.taken
    }

    /// The place where a text is looked for first.
    #[inline]
    fn place(&self, written: Written<'_>) -> u32 {
        match narrow(written) {
            Some(mark) => self.narrow.first(mark) as u32,
            None => self.wide.first(Wide::of(written.text.as_bytes())) as u32 | WIDE,
        }
    }
}

/// A table from texts to what they stand for. It keeps long texts as `K`: borrowed, or its own.
#[derive(Debug)]
pub(crate) struct Memo<K, T> {
    marks: Marks<T>,
    texts: Vec<K>,
}

impl<K: AsRef<str>, T: Copy> Memo<K, T> {
    /// A table without texts; `any` stands where there is none.
    pub(crate) fn new(any: T) -> Self {
        Self { marks: Marks::new(any), texts: Vec::new() }
    }

    /// What a text stands for; `read` tells when it is seen for the first time.
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

    /// How many texts it has.
    pub(crate) fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether it has so many texts that most are far.
    pub(crate) fn is_large(&self) -> bool {
        self.len() > LARGE
    }

    /// Has the memory where texts are looked up brought near, all at once.
    pub(crate) fn touch<'t>(&self, texts: impl Iterator<Item = Written<'t>>) {
        // First where it is, which takes some steps: what is asked for one directly after the other comes together.
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

/// A place for a text: its mark and what it stands for, and what it is kept with; 0 where the place is free.
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

    /// What stands at the text with this mark that is the `same`, or the place for it.
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

    /// Puts a text at a free place.
    fn put(&mut self, at: usize, place: Place<M, T>) {
        self.places[at] = place;
        self.taken += 1;
        // Near by, what is waited for is whether a place is that of another text; far off, the place itself: few places then.
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
        // As many places as random numbers would take, 9275 in the mean.
        assert!(marks.len() > 9000, "{}", marks.len());
    }
}
