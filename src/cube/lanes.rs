//! Lanes (aggregate inputs) and their packing into cells: eight bit lanes share the bytes of a word, two narrow
//! sums share its halves.
//!
//! A row therefore costs one addition per word however many lanes it hits, and cells are small enough for many to
//! stay in the nearest cache. A byte is full after 255 rows; the cell is then carried to wide counters.

use arrow::buffer::BooleanBuffer;

use crate::roster::{Integers, with_integers};

/// Aggregate input: what is counted in each group.
pub(crate) enum Lane<'a> {
    /// All rows; the payload is the number of rows.
    All(usize),
    /// Rows of a bitmap.
    Bits(BooleanBuffer),
    /// Rows set in both bitmaps.
    Both(BooleanBuffer, BooleanBuffer),
    /// No rows.
    Nothing,
    /// Sum of a column over the rows of a bitmap; unknown values are stored as 0.
    Sum(&'a Integers, BooleanBuffer),
}

impl Lane<'_> {
    /// Returns the lane's bits for the 64 rows from `row`, a multiple of 64. The bitmaps must be [`aligned`].
    #[inline]
    pub(super) fn word(&self, row: usize) -> u64 {
        match self {
            Self::All(rows) => first_bits(rows.saturating_sub(row)),
            Self::Bits(rows) | Self::Sum(_, rows) => word(rows, row),
            Self::Both(a, b) => word(a, row) & word(b, row),
            Self::Nothing => 0,
        }
    }

    /// Fills `words` with the lane's bits from row `start` on.
    pub(super) fn words(&self, start: usize, words: &mut [u64]) {
        match self {
            Self::All(_) => (0..).zip(words).for_each(|(at, to)| *to = self.word(start + at * 64)),
            Self::Bits(rows) | Self::Sum(_, rows) => fill(rows, start, words, |to, word| *to = word),
            Self::Both(a, b) => {
                fill(a, start, words, |to, word| *to = word);
                fill(b, start, words, |to, word| *to &= word);
            }
            Self::Nothing => words.fill(0),
        }
    }

    /// Clears in `words`, laid out as by [`Lane::words`], the rows outside this lane.
    pub(super) fn within(&self, start: usize, words: &mut [u64]) {
        match self {
            Self::Bits(rows) => fill(rows, start, words, |to, word| *to &= word),
            // Bits after the last row are already clear.
            Self::All(_) => {}
            _ => (0..).zip(words).for_each(|(at, to)| *to &= self.word(start + at * 64)),
        }
    }

    /// Returns the lane with bitmaps that start at the first bit of a byte.
    pub(super) fn aligned(&self) -> Self {
        match self {
            Self::Bits(rows) => Self::Bits(aligned(rows)),
            Self::Both(a, b) => Self::Both(aligned(a), aligned(b)),
            Self::Sum(values, rows) => Self::Sum(values, aligned(rows)),
            Self::All(rows) => Self::All(*rows),
            Self::Nothing => Self::Nothing,
        }
    }

    /// Checks whether both lanes are known to have the same rows and values.
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All(a), Self::All(b)) => a == b,
            (Self::Bits(a), Self::Bits(b)) => shared(a, b),
            (Self::Both(a, b), Self::Both(c, d)) => shared(a, c) && shared(b, d),
            (Self::Sum(of, a), Self::Sum(to, b)) => std::ptr::eq(*of, *to) && shared(a, b),
            _ => false,
        }
    }
}

/// Checks whether both bitmaps are the same bits at the same address.
fn shared(a: &BooleanBuffer, b: &BooleanBuffer) -> bool {
    a.inner().ptr_eq(b.inner()) && a.offset() == b.offset() && a.len() == b.len()
}

/// Deduplicates lanes, keeping the first lane first. Returns the distinct lanes and the index of each of `lanes`
/// among them, `None` for a lane without rows.
pub(super) fn distinct(lanes: Vec<Lane>) -> (Vec<Lane>, Vec<Option<usize>>) {
    let (mut different, mut index_of) = (Vec::<Lane>::with_capacity(lanes.len()), Vec::with_capacity(lanes.len()));
    for lane in lanes {
        let at = match lane {
            Lane::Nothing if !different.is_empty() => None,
            _ => Some(different.iter().position(|known| known.same(&lane)).unwrap_or(different.len())),
        };
        index_of.push(at);
        if at == Some(different.len()) {
            different.push(lane);
        }
    }
    (different, index_of)
}

/// Maximum number of words per cell; further lanes go into further banks.
pub(super) const MAX_WORDS: usize = 4;
/// Number of bit lanes per word.
const BYTES: usize = 8;

/// Layout of one word of a cell, with the lane that each part counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CellWord {
    /// Up to eight one-byte counters.
    Bytes(Vec<usize>),
    /// Two 32-bit halves; 255 values of 16 bits fit into one.
    Halves(Vec<usize>),
    /// One 64-bit counter.
    Whole(usize),
}

impl CellWord {
    /// Adds the parts of each word to `all`; each word comes with the index of its first counter.
    pub(super) fn spread(&self, numbers: impl Iterator<Item = (u64, usize)>, all: &mut [u64]) {
        match self {
            Self::Bytes(lanes) if lanes.len() == BYTES => {
                for (number, place) in numbers {
                    if let Some(counters) = all.get_mut(place..).and_then(|from| from.first_chunk_mut::<BYTES>()) {
                        counters.iter_mut().zip(number.to_le_bytes()).for_each(|(c, byte)| *c += u64::from(byte));
                    }
                }
            }
            Self::Bytes(lanes) => {
                for (number, place) in numbers {
                    let counters = &mut all[place..place + lanes.len()];
                    counters.iter_mut().zip(number.to_le_bytes()).for_each(|(c, byte)| *c += u64::from(byte));
                }
            }
            Self::Halves(lanes) if lanes.len() == 2 => {
                for (number, place) in numbers {
                    if let Some([low, high]) = all.get_mut(place..).and_then(|from| from.first_chunk_mut()) {
                        *low += number & u64::from(u32::MAX);
                        *high += number >> 32;
                    }
                }
            }
            Self::Halves(_) | Self::Whole(_) => numbers.for_each(|(number, place)| all[place] += number),
        }
    }

    /// Returns the number of counters in the word.
    pub(super) fn width(&self) -> usize {
        self.lanes().len()
    }

    fn lanes(&self) -> &[usize] {
        match self {
            Self::Bytes(lanes) | Self::Halves(lanes) => lanes,
            Self::Whole(lane) => std::slice::from_ref(lane),
        }
    }
}

/// Layout of a cell in one bank. The lowest byte of the first word counts the rows of lane 0, unless that is the
/// only lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) words: Vec<CellWord>,
}

impl Layout {
    /// Splits `lanes` into banks. Each bank starts with lane 0, so that it knows when its bytes are full.
    pub(super) fn banks(lanes: &[Lane]) -> Vec<Self> {
        if lanes.len() == 1 && !matches!(lanes[0], Lane::Sum(..)) {
            return vec![Self { words: vec![CellWord::Whole(0)] }];
        }
        let mut banks = vec![Self { words: vec![CellWord::Bytes(vec![0])] }];
        for (at, lane) in lanes.iter().enumerate() {
            let narrow = match lane {
                Lane::Sum(values, _) => Some(matches!(values, Integers::U8(_) | Integers::U16(_))),
                _ if at == 0 => continue,
                _ => None,
            };
            let has_room = |word: &&mut CellWord| match word {
                CellWord::Bytes(lanes) => narrow.is_none() && lanes.len() < BYTES,
                CellWord::Halves(lanes) => narrow == Some(true) && lanes.len() < 2,
                CellWord::Whole(_) => false,
            };
            if let Some(CellWord::Bytes(lanes) | CellWord::Halves(lanes)) =
                banks.last_mut().and_then(|bank| bank.words.iter_mut().find(has_room))
            {
                lanes.push(at);
                continue;
            }
            if banks.last().is_none_or(|bank| bank.words.len() == MAX_WORDS) {
                banks.push(Self { words: vec![CellWord::Bytes(vec![0])] });
            }
            if let Some(bank) = banks.last_mut() {
                match (narrow, &mut bank.words[..]) {
                    // The bank was opened for this lane.
                    (None, [CellWord::Bytes(lanes)]) if lanes.len() == 1 => lanes.push(at),
                    (None, _) => bank.words.push(CellWord::Bytes(vec![at])),
                    (Some(true), _) => bank.words.push(CellWord::Halves(vec![at])),
                    (Some(false), _) => bank.words.push(CellWord::Whole(at)),
                }
            }
        }
        banks
    }

    /// Checks whether only rows are counted.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.words[..], [CellWord::Whole(0)])
    }

    /// Returns the lane of each counter.
    pub(super) fn lanes(&self) -> impl Iterator<Item = usize> {
        self.words.iter().flat_map(|word| word.lanes().iter().copied())
    }

    /// Adds the contents of cells to `all`; each cell comes with the index of its first counter.
    pub(super) fn spread<'a>(&self, cells: &(impl Iterator<Item = (&'a [u64], usize)> + Clone), all: &mut [u64]) {
        let mut at = 0;
        for (nth, word) in self.words.iter().enumerate() {
            word.spread(cells.clone().map(|(cell, place)| (cell[nth], place + at)), all);
            at += word.width();
        }
    }

    /// Computes what each row from `start`, a multiple of 64, adds to each word of its cell. Rows outside lane 0
    /// add nothing.
    pub(super) fn additions(&self, lanes: &[Lane], start: usize, rows: usize, additions: &mut [[u64; CHUNK]]) {
        let Some(all) = lanes.first() else { return };
        for (word, additions) in self.words.iter().zip(additions) {
            let additions = &mut additions[..rows];
            match word {
                CellWord::Bytes(of) => {
                    for (at, additions) in additions.chunks_mut(64).enumerate() {
                        let here = start + at * 64;
                        let (mask, mut words) = (all.word(here), [0; BYTES]);
                        words.iter_mut().zip(of).for_each(|(to, lane)| *to = lanes[*lane].word(here) & mask);
                        let bytes = transposed(words);
                        additions.iter_mut().zip(bytes).for_each(|(to, byte)| *to = SPREAD[usize::from(byte)]);
                    }
                }
                CellWord::Halves(of) => {
                    values(&lanes[of[0]], all, start, additions, |to, value| *to = value);
                    if let Some(high) = of.get(1) {
                        values(&lanes[*high], all, start, additions, |to, value| *to |= value << 32);
                    }
                }
                CellWord::Whole(lane) => values(&lanes[*lane], all, start, additions, |to, value| *to = value),
            }
        }
    }
}

/// Passes the contribution of `lane` for each row to `give`: the value, or 0.
#[inline]
fn values(lane: &Lane, all: &Lane, start: usize, to: &mut [u64], give: impl Fn(&mut u64, u64)) {
    let Lane::Sum(values, rows) = lane else { return };
    with_integers!(values, values => {
        for (at, to) in to.chunks_mut(64).enumerate() {
            let here = start + at * 64;
            let mask = word(rows, here) & all.word(here);
            let values = &values[here..here + to.len()];
            if mask.count_ones() as usize == to.len() {
                to.iter_mut().zip(values).for_each(|(to, value)| give(to, widened(*value)));
            } else {
                for (bit, (to, value)) in to.iter_mut().zip(values).enumerate() {
                    give(to, widened(*value) & (mask >> bit & 1).wrapping_neg());
                }
            }
        }
    });
}

#[inline]
fn widened(value: impl Into<u64>) -> u64 {
    value.into()
}

/// Spreads the bits of a byte over the bytes of a word.
static SPREAD: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < BYTES {
            table[byte] |= ((byte >> bit & 1) as u64) << (8 * bit);
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// Returns the 64 bits from `row`, a multiple of 64; bits past the end are 0.
#[inline]
fn word(bits: &BooleanBuffer, row: usize) -> u64 {
    let bytes = bits.values().get(row / 8..).unwrap_or_default();
    let word = match bytes.first_chunk() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    word & first_bits(bits.len().saturating_sub(row))
}

/// Returns a mask of the lowest `bits` bits, at most a whole word.
#[inline]
fn first_bits(bits: usize) -> u64 {
    if bits < 64 { (1 << bits) - 1 } else { u64::MAX }
}

/// Passes the words of a bitmap from `row`, a multiple of 64, to `give`.
fn fill(bits: &BooleanBuffer, row: usize, words: &mut [u64], give: impl Fn(&mut u64, u64)) {
    let bytes = bits.values().get(row / 8..).unwrap_or_default();
    let whole = (bits.len().saturating_sub(row) / 64).min(words.len());
    for (to, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0).take(whole) {
        give(to, u64::from_le_bytes(*bytes));
    }
    for (at, to) in words.iter_mut().enumerate().skip(whole) {
        give(to, word(bits, row + at * 64));
    }
}

/// Transposes one word from each of up to eight bitmaps into 64 bytes, one per row: bit `k` of a byte comes from
/// `words[k]`.
#[inline]
fn transposed(mut words: [u64; BYTES]) -> [u8; 64] {
    // First transpose the 8 × 8 bytes of the eight words. Then transpose the 8 × 8 bits within each word.
    for (half, mask) in [(4, 0x0000_0000_ffff_ffff_u64), (2, 0x0000_ffff_0000_ffff), (1, 0x00ff_00ff_00ff_00ff)] {
        for at in (0..8).filter(|at| at & half == 0) {
            let swap = (words[at] >> (8 * half) ^ words[at + half]) & mask;
            words[at + half] ^= swap;
            words[at] ^= swap << (8 * half);
        }
    }
    let mut bytes = [0; 64];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(&mut words) {
        for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)] {
            let swap = (*word ^ (*word >> shift)) & mask;
            *word ^= swap ^ (swap << shift);
        }
        *bytes = word.to_le_bytes();
    }
    bytes
}

/// Returns for each row the number whose bits are the row's bits in up to eight bitmaps of equal length.
pub(crate) fn numbers(bits: &[&BooleanBuffer]) -> Vec<u8> {
    let rows = bits.first().map_or(0, |bits| bits.len());
    let bits: Vec<BooleanBuffer> = bits.iter().map(|bits| aligned(bits)).collect();
    let mut numbers = Vec::with_capacity(rows.next_multiple_of(64));
    for row in (0..rows).step_by(64) {
        let mut words = [0; BYTES];
        words.iter_mut().zip(&bits).for_each(|(to, bits)| *to = word(bits, row));
        numbers.extend_from_slice(&transposed(words));
    }
    numbers.truncate(rows);
    numbers
}

/// Returns the bitmap with its first bit at the start of the first byte.
fn aligned(bits: &BooleanBuffer) -> BooleanBuffer {
    if bits.offset() == 0 { bits.clone() } else { BooleanBuffer::new(bits.sliced(), 0, bits.len()) }
}

/// Rows processed at a time.
pub(crate) const CHUNK: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_of_a_row_make_its_number(rows in prop::collection::vec(any::<u8>(), 0..300), offset in 0..9_usize) {
            let bits: Vec<BooleanBuffer> = (0..8)
                .map(|k| BooleanBuffer::collect_bool(rows.len() + offset, |row| row >= offset && rows[row - offset] >> k & 1 == 1))
                .map(|all| all.slice(offset, rows.len()))
                .collect();
            prop_assert_eq!(numbers(&bits.iter().collect::<Vec<_>>()), rows);
        }
    }

    #[test]
    fn banks_have_room_for_all_lanes() {
        let bits = || Lane::Bits(BooleanBuffer::new_set(1));
        let (narrow, wide) = (Integers::U16(vec![1]), Integers::U32(vec![1]));
        let sum = |values| Lane::Sum(values, BooleanBuffer::new_set(1));
        for lanes in 1..80 {
            let mut all: Vec<Lane> = (0..lanes).map(|_| bits()).collect();
            all.extend([&narrow, &wide, &narrow, &narrow].map(sum));
            let banks = Layout::banks(&all);
            assert!(banks.iter().all(|bank| bank.words.len() <= MAX_WORDS && bank.lanes().next() == Some(0)));
            let mut told: Vec<usize> = banks.iter().flat_map(|bank| bank.lanes().filter(|lane| *lane > 0)).collect();
            told.sort_unstable();
            assert_eq!(told, (1..all.len()).collect::<Vec<_>>());
        }
        assert!(Layout::banks(&[bits()])[0].is_plain());
    }
}
