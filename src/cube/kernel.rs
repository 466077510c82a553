//! The counting kernel every statistic goes through: one dense group number and one bit per measure for each row.
//!
//! Eight measures are one byte of a row, and a table turns that byte into eight increments, so a row costs one load, one
//! add and one store whatever it answers. Rows go through in chunks that stay in the nearest cache.

use arrow::buffer::BooleanBuffer;

use crate::roster::{Integers, with_integers};

/// Rows handled at a time: their group numbers and measure bytes fit the first-level cache.
const CHUNK: usize = 4096;

/// Measures that share a byte.
const PACK: usize = 8;

/// For each byte of measures, what it adds to the eight counters.
static ADD: [[u32; PACK]; 256] = {
    let mut table = [[0; PACK]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < PACK {
            table[byte][bit] = (byte >> bit & 1) as u32;
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// What is counted in a group.
pub(crate) enum Lane<'a> {
    /// The rows of a bitmap.
    Bits(BooleanBuffer),
    /// The sum of a column over the rows of a bitmap; values that are not known are stored as 0.
    Sum(&'a Integers, BooleanBuffer),
}

/// One part of the group number, from the code of each row.
pub(crate) enum Factor<'a> {
    /// The code times a stride.
    Codes(&'a Integers, u32),
    /// What a table has at the code.
    Table(&'a Integers, Vec<u32>),
}

/// The counters of all lanes.
pub(crate) struct Tally {
    groups: usize,
    packs: Vec<Pack>,
    sums: Vec<Vec<u64>>,
    /// Where each lane is counted.
    lanes: Vec<Place>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Bit { pack: usize, bit: usize },
    Sum(usize),
}

fn places(lanes: &[Lane]) -> Vec<Place> {
    let (mut bits, mut sums) = (0, 0);
    lanes
        .iter()
        .map(|lane| match lane {
            Lane::Bits(_) => {
                bits += 1;
                Place::Bit { pack: (bits - 1) / PACK, bit: (bits - 1) % PACK }
            }
            Lane::Sum(..) => {
                sums += 1;
                Place::Sum(sums - 1)
            }
        })
        .collect()
}

impl Tally {
    /// Counters for `lanes` in each of `groups` groups.
    pub(crate) fn new(lanes: &[Lane], groups: usize) -> Self {
        let bits = lanes.iter().filter(|lane| matches!(lane, Lane::Bits(_))).count();
        let width = |pack: usize| (bits - pack * PACK).min(PACK);
        Self {
            groups,
            packs: (0..bits.div_ceil(PACK)).map(|pack| Pack::new(width(pack), groups)).collect(),
            sums: vec![vec![0; groups]; lanes.len() - bits],
            lanes: places(lanes),
        }
    }

    /// Whether these are counters for `lanes` in so many groups.
    pub(crate) fn fits(&self, lanes: &[Lane], groups: usize) -> bool {
        self.groups == groups && self.lanes == places(lanes)
    }

    /// Counts `rows`, whose first is a multiple of 64.
    pub(crate) fn count(
        &mut self,
        rows: std::ops::Range<usize>,
        factors: &[Factor],
        lanes: &[Lane],
        mut stop: impl FnMut() -> bool,
    ) {
        let bits = lanes.iter().filter_map(|lane| match lane {
            Lane::Bits(b) => Some(aligned(b)),
            Lane::Sum(..) => None,
        });
        let bits: Vec<BooleanBuffer> = bits.collect();
        let mut group = [0_u32; CHUNK];
        let mut bytes = [0_u8; CHUNK];
        let mut start = rows.start;
        while start < rows.end && !stop() {
            let end = rows.end.min(start + CHUNK);
            let group = &mut group[..end - start];
            group.fill(0);
            for factor in factors {
                add(group, factor, start);
            }
            for (pack, bits) in self.packs.iter_mut().zip(bits.chunks(PACK)) {
                transpose(&mut bytes, bits, start, end);
                pack.add(group, &bytes);
            }
            let sums = lanes.iter().filter_map(|lane| match lane {
                Lane::Sum(values, of) => Some((values, of)),
                Lane::Bits(_) => None,
            });
            for ((values, of), totals) in sums.zip(&mut self.sums) {
                sum(totals, group, values, of, start);
            }
            start = end;
        }
    }

    /// Adds what others counted.
    pub(crate) fn add(&mut self, other: &Self) {
        for (pack, other) in self.packs.iter_mut().zip(&other.packs) {
            pack.counters.iter_mut().zip(&other.counters).for_each(|(a, b)| *a += b);
        }
        for (sums, other) in self.sums.iter_mut().zip(&other.sums) {
            sums.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
    }

    /// The groups in which lane `at` counted something.
    pub(crate) fn occupied(&self, at: usize) -> Vec<u32> {
        let groups = 0..self.groups as u32;
        match self.lanes[at] {
            Place::Bit { pack, bit } => {
                let Pack { width, counters } = &self.packs[pack];
                groups.filter(|g| counters[*g as usize * width + bit] > 0).collect()
            }
            Place::Sum(at) => groups.filter(|g| self.sums[at][*g as usize] > 0).collect(),
        }
    }

    /// What each lane counted in `groups`.
    pub(crate) fn take(&self, groups: &[u32]) -> Vec<Vec<u64>> {
        let lane = |place: &Place| match *place {
            Place::Bit { pack, bit } => {
                let Pack { width, counters } = &self.packs[pack];
                groups.iter().map(|g| u64::from(counters[*g as usize * width + bit])).collect()
            }
            Place::Sum(at) => groups.iter().map(|g| self.sums[at][*g as usize]).collect(),
        };
        self.lanes.iter().map(lane).collect()
    }

    /// Sets the counters of `groups` back to 0.
    pub(crate) fn clear(&mut self, groups: &[u32]) {
        for Pack { width, counters } in &mut self.packs {
            for group in groups {
                counters[*group as usize * *width..][..*width].fill(0);
            }
        }
        for sums in &mut self.sums {
            for group in groups {
                sums[*group as usize] = 0;
            }
        }
    }
}

/// The counters of up to eight measures: side by side for each group, as many as there are measures, rounded up to a
/// power of two.
struct Pack {
    width: usize,
    counters: Vec<u32>,
}

impl Pack {
    fn new(measures: usize, groups: usize) -> Self {
        let width = measures.next_power_of_two();
        Self { width, counters: vec![0; width * groups] }
    }

    /// Adds each row's byte of measures to its group's counters.
    fn add(&mut self, group: &[u32], bytes: &[u8; CHUNK]) {
        match self.width {
            1 => self.add_wide::<1>(group, bytes),
            2 => self.add_wide::<2>(group, bytes),
            4 => self.add_wide::<4>(group, bytes),
            _ => self.add_wide::<PACK>(group, bytes),
        }
    }

    fn add_wide<const WIDTH: usize>(&mut self, group: &[u32], bytes: &[u8; CHUNK]) {
        let (counters, _) = self.counters.as_chunks_mut::<WIDTH>();
        for (g, byte) in group.iter().zip(bytes) {
            if let Some(counters) = counters.get_mut(*g as usize) {
                counters.iter_mut().zip(&ADD[usize::from(*byte)]).for_each(|(c, a)| *c += a);
            }
        }
    }
}

#[allow(clippy::useless_conversion, reason = "one arm of the macro is u64 already")]
fn add(group: &mut [u32], factor: &Factor, start: usize) {
    match factor {
        Factor::Codes(codes, stride) => with_integers!(codes, codes => {
            for (g, code) in group.iter_mut().zip(&codes[start..]) {
                *g += u64::from(*code) as u32 * stride;
            }
        }),
        Factor::Table(codes, table) => with_integers!(codes, codes => {
            for (g, code) in group.iter_mut().zip(&codes[start..]) {
                *g += table[*code as usize];
            }
        }),
    }
}

#[allow(clippy::useless_conversion, reason = "one arm of the macro is u64 already")]
fn sum(sums: &mut [u64], group: &[u32], values: &Integers, of: &BooleanBuffer, start: usize) {
    let all = of.slice(start, group.len()).count_set_bits() == group.len();
    with_integers!(values, values => {
        if all {
            for (g, value) in group.iter().zip(&values[start..]) {
                if let Some(total) = sums.get_mut(*g as usize) {
                    *total += u64::from(*value);
                }
            }
            return;
        }
        for (at, (g, value)) in group.iter().zip(&values[start..]).enumerate() {
            if let Some(total) = sums.get_mut(*g as usize) {
                *total += u64::from(*value) * u64::from(of.value(start + at));
            }
        }
    });
}

/// The same bits, starting at the first bit of the first byte.
fn aligned(bits: &BooleanBuffer) -> BooleanBuffer {
    if bits.offset() == 0 { bits.clone() } else { BooleanBuffer::new(bits.sliced(), 0, bits.len()) }
}

/// Turns up to eight bitmaps into one byte a row: bit `k` of a row's byte is the row's bit in `bits[k]`.
fn transpose(bytes: &mut [u8; CHUNK], bits: &[BooleanBuffer], start: usize, end: usize) {
    for (at, block) in bytes.chunks_exact_mut(8).take((end - start).div_ceil(8)).enumerate() {
        let mut square = 0;
        for (k, bits) in bits.iter().enumerate() {
            square |= u64::from(bits.values()[start / 8 + at]) << (8 * k);
        }
        block.copy_from_slice(&transposed(square).to_le_bytes());
    }
}

/// An 8 × 8 square of bits, mirrored at its diagonal, in three rounds of swaps.
fn transposed(mut x: u64) -> u64 {
    for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)] {
        let swap = (x ^ (x >> shift)) & mask;
        x ^= swap ^ (swap << shift);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The oracle adds up row by row.
        #[test]
        fn equals_adding_up_row_by_row(
            rows in proptest::collection::vec((0..7_u64, 0..300_u64, any::<u16>(), 0..90_000_u64), 1..9000),
            lanes in 1..=16_usize,
        ) {
            let a = Integers::smallest(&rows.iter().map(|r| r.0).collect::<Vec<_>>());
            let b = Integers::smallest(&rows.iter().map(|r| r.1).collect::<Vec<_>>());
            let values = Integers::smallest(&rows.iter().map(|r| r.3).collect::<Vec<_>>());
            let bit = |k: usize| BooleanBuffer::collect_bool(rows.len(), |i| rows[i].2 >> k & 1 == 1);
            let mut plan: Vec<Lane> = (0..lanes).map(|k| Lane::Bits(bit(k))).collect();
            plan.push(Lane::Sum(&values, bit(0)));
            let factors = [Factor::Table(&a, (0..7).map(|code| code * 300).collect()), Factor::Codes(&b, 1)];
            let mut tally = Tally::new(&plan, 7 * 300);
            tally.count(0..rows.len(), &factors, &plan, || false);
            let got = tally.take(&(0..7 * 300).collect::<Vec<_>>());
            let mut want = vec![vec![0; 7 * 300]; lanes + 1];
            for (a, b, bits, value) in &rows {
                let g = (a * 300 + b) as usize;
                for (k, lane) in want.iter_mut().enumerate().take(lanes) {
                    lane[g] += u64::from(bits >> k & 1);
                }
                want[lanes][g] += value * u64::from(bits & 1);
            }
            prop_assert_eq!(got, want);
        }
    }
}
