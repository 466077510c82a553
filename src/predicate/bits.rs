//! Tests over whole columns, packed into bitmaps 64 rows at a time.

use arrow::buffer::BooleanBuffer;
use wide::u8x16;

use crate::roster::{Integers, with_integers};

/// Returns the bitmap of the `values` that pass `test`.
///
/// The test fills 64 bytes, which the compiler turns into vector comparisons, and the highest bit of each byte is
/// gathered: many times faster than setting bit by bit.
pub(crate) fn bits<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> BooleanBuffer {
    let words = values.chunks(64).map(|chunk| {
        let mut flags = [0u8; 64];
        for (flag, value) in flags.iter_mut().zip(chunk) {
            *flag = u8::from(test(*value)).wrapping_neg();
        }
        pack(flags)
    });
    BooleanBuffer::new(words.collect::<Vec<u64>>().into(), 0, values.len())
}

/// Gathers the highest bits: bit `i` of the result is the highest bit of `flags[i]`.
fn pack(flags: [u8; 64]) -> u64 {
    let (sixteens, _) = flags.as_chunks::<16>();
    sixteens.iter().rev().fold(0, |word, sixteen| word << 16 | u64::from(u8x16::new(*sixteen).to_bitmask()))
}

/// Returns the bitmap of the `values` that lie in one of `ranges`, both ends included.
pub(crate) fn in_ranges(values: &Integers, ranges: &[(u64, u64)]) -> BooleanBuffer {
    let one = |range: &(u64, u64)| with_integers!(values, v => in_range(v, *range));
    match ranges {
        [] => BooleanBuffer::new_unset(values.len()),
        [first, rest @ ..] => rest.iter().fold(one(first), |rows, range| &rows | &one(range)),
    }
}

#[expect(clippy::needless_bitwise_bool, reason = "`&&` is not vectorised here and takes ten times as long")]
fn in_range<T: Copy + Ord + TryFrom<u64>>(values: &[T], (low, high): (u64, u64)) -> BooleanBuffer {
    match (T::try_from(low), T::try_from(high)) {
        (Ok(low), Ok(high)) => bits(values, |v| (v >= low) & (v <= high)),
        // The upper end exceeds the maximum of this integer type.
        (Ok(low), Err(_)) => bits(values, |v| v >= low),
        (Err(_), _) => BooleanBuffer::new_unset(values.len()),
    }
}

/// Returns the bitmap of the `codes` whose entry in `table` is true. Most sets of words are a few runs of codes,
/// which are tested as ranges.
pub(crate) fn in_table(codes: &Integers, table: &[bool]) -> BooleanBuffer {
    const FEW: usize = 3;
    let ranges: Vec<_> = runs(table).take(FEW + 1).collect();
    if ranges.len() <= FEW {
        return in_ranges(codes, &ranges);
    }
    with_integers!(codes, v => bits(v, |code| {
        // A code of a 64-bit column fits in `usize`, since its dictionary is in memory.
        table.get(code as usize) == Some(&true)
    }))
}

/// Returns the runs of true entries: the first and last position of each.
fn runs(table: &[bool]) -> impl Iterator<Item = (u64, u64)> {
    let mut at = 0;
    table.chunk_by(|a, b| a == b).filter_map(move |run| {
        let first = at;
        at += run.len() as u64;
        (run.first() == Some(&true)).then_some((first, at - 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Covers lengths around the word size, values around both ends of the range, and every integer width.
    #[test]
    fn agrees_with_asking_row_by_row() {
        for len in [0, 1, 7, 63, 64, 65, 130, 1000] {
            let values: Vec<u64> = (0..len).map(|i| i * 7919 % 251).collect();
            let wide = |by: u64| Integers::smallest(&values.iter().map(|v| v * by).collect::<Vec<_>>());
            for (column, by) in [(wide(1), 1), (wide(257), 257), (wide(1 << 20), 1 << 20), (wide(1 << 40), 1 << 40)] {
                let ranges = [(3 * by, 40 * by), (200 * by, u64::MAX), (0, 0)];
                let found = in_ranges(&column, &ranges);
                for (row, v) in values.iter().enumerate() {
                    let expected = (3..=40).contains(v) || *v >= 200 || *v == 0;
                    assert_eq!(found.value(row), expected, "row {row} of {len}, value {v} x {by}");
                }
            }
            for step in [2, 120] {
                let table: Vec<bool> = (0..240).map(|code| code % step == 1).collect();
                let found = in_table(&wide(1), &table);
                for (row, v) in values.iter().enumerate() {
                    assert_eq!(found.value(row), *v < 240 && v % step == 1, "row {row} of {len}, code {v}");
                }
            }
        }
    }

    #[test]
    fn a_range_beyond_the_width_holds_nothing() {
        let column = Integers::smallest(&[0, 255]);
        assert_eq!(in_ranges(&column, &[(256, 300)]).count_set_bits(), 0);
        assert_eq!(in_ranges(&column, &[(255, 300)]).count_set_bits(), 1);
        assert_eq!(in_ranges(&column, &[]).count_set_bits(), 0);
    }
}
