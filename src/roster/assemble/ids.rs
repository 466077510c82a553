//! Organisation ids packed into integers, which compare faster than text and sort the same way. No id is hashed.
//!
//! Nearly all ids are ASCII of at most 18 characters, which fit in a `u128` at seven bits each. Ledgers are mostly
//! written in id order, so sorted batches are merged rather than sorted together.

use std::sync::Mutex;

use arrow::array::{Array, StringArray};
use arrow::buffer::OffsetBuffer;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::error::{Error, Result};

/// Maximum length of an id that can be packed.
const MAX_PACKED: usize = 18;
/// Maximum ratio of merged ids to a batch's ids in the same range at which a linear merge beats galloping.
const DENSE: usize = 4;
/// Flag bit of ids that cannot be packed, which are numbered in order of arrival.
const UNPACKED: u128 = 1 << 127;

/// Ids that cannot be packed, each with its number.
#[derive(Default)]
pub(super) struct UnpackedIds(Mutex<FxHashMap<Box<str>, u32>>);

impl UnpackedIds {
    fn number(&self, id: &str) -> Result<u128> {
        let mut known = self.0.lock().map_err(|_| Error::broken())?;
        let next = known.len() as u32;
        let number = match known.get(id) {
            Some(number) => *number,
            None => *known.entry(id.into()).or_insert(next),
        };
        Ok(UNPACKED | u128::from(number))
    }
}

/// The ids of a batch as numbers, ascending.
#[derive(Default)]
pub(super) struct IdKeys {
    sorted: Vec<u128>,
    /// Row of each id; `None` if the rows are already in this order.
    rows: Option<Vec<u32>>,
}

impl IdKeys {
    pub(super) fn new(ids: &StringArray, others: &UnpackedIds) -> Result<Self> {
        let mut keys: Vec<u128> = Vec::with_capacity(ids.len());
        for (at, bounds) in ids.value_offsets().windows(2).enumerate() {
            match pack(&ids.value_data()[bounds[0] as usize..bounds[1] as usize]) {
                Some(key) => keys.push(key),
                None => keys.push(others.number(ids.value(at))?),
            }
        }
        if keys.is_sorted() {
            return Ok(Self { sorted: keys, rows: None });
        }
        let mut pairs: Vec<(u128, u32)> = keys.into_iter().zip(0..).collect();
        pairs.sort_unstable();
        let (sorted, rows) = pairs.into_iter().unzip();
        Ok(Self { sorted, rows: Some(rows) })
    }

    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Writes the position of each row's id among `all`.
    fn positions(&self, all: &DistinctIds, to: &mut [u32]) {
        let mut from = 0;
        while let Some(first) = self.sorted.get(from) {
            let range = all.starts.partition_point(|start| start <= first) - 1;
            let (list, before) = (&all.lists[range], all.before[range]);
            let rest = &self.sorted[from..];
            let end = from + all.starts.get(range + 1).map_or(rest.len(), |end| rest.partition_point(|key| key < end));
            let mut at = list.partition_point(|key| key < first);
            let keys = &self.sorted[from..end];
            let after = at + list[at..].partition_point(|key| Some(key) <= keys.last());
            // A linear merge is cheaper than galloping if the batch holds most ids of its range.
            if self.rows.is_none() && after - at < DENSE * keys.len() && keys.is_sorted_by(|a, b| a < b) {
                let (mut next, to) = (0, &mut to[from..end]);
                for (key, position) in list[at..after].iter().zip(before + at as u32..) {
                    // Matches are unpredictable, so advance without a branch.
                    to[next] = position;
                    next += usize::from(keys[next] == *key);
                }
                from = end;
                continue;
            }
            let positions = keys.iter().map(|key| {
                at = gallop(list, at, *key);
                before + at as u32
            });
            match &self.rows {
                None => to[from..end].iter_mut().zip(positions).for_each(|(to, position)| *to = position),
                Some(rows) => {
                    rows[from..end].iter().zip(positions).for_each(|(row, position)| to[*row as usize] = position);
                }
            }
            from = end;
        }
    }
}

/// The distinct numbers of all batches, ascending, split into ranges.
struct DistinctIds {
    /// First number of each range; that of the first range is the minimum.
    starts: Vec<u128>,
    lists: Vec<Vec<u128>>,
    /// Count of numbers before each range.
    before: Vec<u32>,
}

/// Finds the position of `key` in `all` by galloping forward from `from`, near which it usually is.
fn gallop(all: &[u128], from: usize, key: u128) -> usize {
    let before = |at: usize| all.get(at).is_some_and(|other| *other < key);
    if !before(from) {
        return from;
    }
    let mut step = 1;
    while before(from + step) {
        step *= 2;
    }
    let (low, high) = (from + step / 2, all.len().min(from + step));
    low + all.get(low..high).unwrap_or_default().partition_point(|other| *other < key)
}

/// Returns all ids in ascending order, and the position of each row's id over all batches.
pub(super) fn rank(batches: &[IdKeys], others: &UnpackedIds) -> Result<(StringArray, Vec<u32>)> {
    let all = merged(batches);
    let mut positions = vec![0; batches.iter().map(IdKeys::len).sum()];
    let mut rest = positions.as_mut_slice();
    let mut parts = Vec::with_capacity(batches.len());
    for keys in batches {
        let (part, others) = rest.split_at_mut(keys.len());
        parts.push((keys, part));
        rest = others;
    }
    parts.into_par_iter().for_each(|(keys, part)| keys.positions(&all, part));
    if all.lists.iter().rfind(|list| !list.is_empty()).and_then(|list| list.last()).is_none_or(|last| *last < UNPACKED)
    {
        return Ok((texts(&all.lists)?, positions));
    }
    let mut packed = all.lists.concat();
    let all = packed.len();
    let rest = packed.split_off(packed.partition_point(|key| *key < UNPACKED));
    let known = others.0.lock().map_err(|_| Error::broken())?;
    // Keep only ids that occur in a row.
    let mut others: Vec<(&str, usize)> = (known.iter())
        .filter_map(|(id, number)| Some((&**id, rest.binary_search(&(UNPACKED | u128::from(*number))).ok()?)))
        .collect();
    others.par_sort_unstable();
    let packed = texts(&[packed])?;
    let mut place = vec![0; all];
    let mut ids: Vec<&str> = Vec::with_capacity(all);
    let mut waiting = others.iter().peekable();
    let mut give = |id, at: usize| {
        place[at] = ids.len() as u32;
        ids.push(id);
    };
    for (at, id) in packed.iter().flatten().enumerate() {
        while let Some((other, rest)) = waiting.next_if(|(other, _)| *other < id) {
            give(other, packed.len() + rest);
        }
        give(id, at);
    }
    for (other, rest) in waiting {
        give(other, packed.len() + rest);
    }
    positions.par_iter_mut().for_each(|position| *position = place[*position as usize]);
    Ok((StringArray::from(ids), positions))
}

/// Merges the distinct numbers of `batches`, one cache-sized range at a time.
fn merged(batches: &[IdKeys]) -> DistinctIds {
    /// Batches per range: a range starts at every eighth of the batches' first numbers.
    const BATCHES: usize = 8;
    let mut firsts: Vec<u128> = batches.iter().filter_map(|keys| keys.sorted.first().copied()).collect();
    firsts.sort_unstable();
    let mut starts: Vec<u128> = firsts.into_iter().step_by(BATCHES).collect();
    starts.dedup();
    let merge_from = |at: usize| {
        let inside = |keys: &'_ IdKeys| {
            let before =
                |limit: Option<&u128>, none| limit.map_or(none, |limit| keys.sorted.partition_point(|k| k < limit));
            before(starts.get(at), 0)..before(starts.get(at + 1), keys.len())
        };
        let overlaps = |keys: &&IdKeys| {
            let ends = |limit: &u128| keys.sorted.last().is_some_and(|last| last < limit);
            let begins = |limit: &u128| keys.sorted.first().is_some_and(|first| first >= limit);
            !starts.get(at).is_some_and(ends) && !starts.get(at + 1).is_some_and(begins)
        };
        let slices = batches.iter().filter(overlaps).map(|keys| &keys.sorted[inside(keys)]);
        merge_all(&slices.collect::<Vec<_>>())
    };
    let lists: Vec<Vec<u128>> = (0..starts.len()).into_par_iter().map(merge_from).collect();
    let before = lists.iter().scan(0, |all, list| Some(std::mem::replace(all, *all + list.len() as u32))).collect();
    DistinctIds { starts, lists, before }
}

/// Merges ascending lists into one without repeats.
fn merge_all(lists: &[&[u128]]) -> Vec<u128> {
    let mut last = None;
    let ascending = lists.iter().all(|list| {
        let follows = list.is_empty() || last <= list.first();
        last = last.max(list.last());
        follows
    });
    if ascending {
        let mut all = Vec::with_capacity(lists.iter().map(|list| list.len()).sum());
        for key in lists.iter().copied().flatten() {
            if all.last() != Some(key) {
                all.push(*key);
            }
        }
        return all;
    }
    let (left, right) = lists.split_at(lists.len() / 2);
    merge(&merge_all(left), &merge_all(right))
}

/// Merges two ascending lists into one without repeats.
fn merge(left: &[u128], right: &[u128]) -> Vec<u128> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut l, mut r) = (0, 0);
    // The next list is unpredictable, so advance without a branch.
    while let (Some(a), Some(b)) = (left.get(l), right.get(r)) {
        all.push(*a.min(b));
        l += usize::from(a <= b);
        r += usize::from(b <= a);
    }
    all.extend_from_slice(&left[l..]);
    all.extend_from_slice(&right[r..]);
    all
}

/// Packs an id, first character in the highest bits; returns `None` if it does not fit.
fn pack(bytes: &[u8]) -> Option<u128> {
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    const LOW: u64 = u64::from_le_bytes([1; 8]);
    let (characters, is_whole): ([u8; MAX_PACKED], _) = if let Ok(whole) = bytes.try_into() {
        (whole, true)
    } else {
        let mut characters = [0; MAX_PACKED];
        characters.get_mut(..bytes.len())?.copy_from_slice(bytes);
        (characters, false)
    };
    let (first, rest) = characters.split_first_chunk()?;
    let (second, rest) = rest.split_first_chunk()?;
    let [last, after] = *rest.first_chunk()?;
    let (first, second) = (u64::from_be_bytes(*first), u64::from_be_bytes(*second));
    let zero = |eight: u64| eight.wrapping_sub(LOW) & !eight & HIGH != 0;
    let has_zero = if is_whole { zero(first) || zero(second) || last == 0 || after == 0 } else { bytes.contains(&0) };
    if (first | second) & HIGH != 0 || (last | after) & 0x80 != 0 || has_zero {
        return None;
    }
    Some(
        u128::from(squeeze(first)) << 70
            | u128::from(squeeze(second)) << 14
            | u128::from(last) << 7
            | u128::from(after),
    )
}

/// Packs eight ASCII characters into 56 bits.
fn squeeze(x: u64) -> u64 {
    let x = (x >> 1) & 0x3f80_3f80_3f80_3f80 | x & 0x007f_007f_007f_007f;
    let x = (x >> 2) & 0x0fff_c000_0fff_c000 | x & 0x0000_3fff_0000_3fff;
    (x >> 4) & 0x00ff_ffff_f000_0000 | x & 0x0000_0000_0fff_ffff
}

/// Reverses [`squeeze`].
fn widen(x: u64) -> [u8; 8] {
    let x = (x & 0x00ff_ffff_f000_0000) << 4 | x & 0x0000_0000_0fff_ffff;
    let x = (x & 0x0fff_c000_0fff_c000) << 2 | x & 0x0000_3fff_0000_3fff;
    let x = (x & 0x3f80_3f80_3f80_3f80) << 1 | x & 0x007f_007f_007f_007f;
    x.to_be_bytes()
}

/// Returns the length of an id packed by [`pack`].
fn length(key: u128) -> usize {
    MAX_PACKED - (key.trailing_zeros() as usize / 7).min(MAX_PACKED)
}

/// Unpacks an id, padded with zeros.
fn characters(key: u128) -> [u8; MAX_PACKED] {
    let mut characters = [0; MAX_PACKED];
    let (first, second) = (widen((key >> 70) as u64), widen((key >> 14) as u64 & ((1 << 56) - 1)));
    characters[..8].copy_from_slice(&first);
    characters[8..16].copy_from_slice(&second);
    characters[16..].copy_from_slice(&[(key >> 7) as u8 & 0x7f, key as u8 & 0x7f]);
    characters
}

/// Unpacks ids into one string array.
fn texts(lists: &[Vec<u128>]) -> Result<StringArray> {
    let lengths: Vec<usize> = lists.par_iter().map(|list| list.iter().map(|key| length(*key)).sum()).collect();
    let all: usize = lengths.iter().sum();
    if i32::try_from(all).is_err() {
        return Err(Error::data(
            "单位代码超过 2 GiB，一份名册容纳不下。请分开读取",
            "the codes of organisations are more than 2 GiB, too much for a roster. Read the files in parts",
        ));
    }
    let (mut bytes, mut ends) = (vec![0; all], vec![0; lists.iter().map(Vec::len).sum::<usize>() + 1]);
    let (mut bytes_left, mut ends_left) = (bytes.as_mut_slice(), ends.get_mut(1..).unwrap_or_default());
    let mut start = 0;
    let mut parts = Vec::with_capacity(lists.len());
    for (list, length) in lists.iter().zip(lengths) {
        let (bytes, bytes_behind) = std::mem::take(&mut bytes_left).split_at_mut(length);
        let (ends, ends_behind) = std::mem::take(&mut ends_left).split_at_mut(list.len());
        (bytes_left, ends_left) = (bytes_behind, ends_behind);
        parts.push((list, start, bytes, ends));
        start += length;
    }
    parts.into_par_iter().for_each(|(list, start, bytes, ends)| {
        let mut at = 0;
        for (key, end) in list.iter().zip(ends) {
            let (characters, next) = (characters(*key), at + length(*key));
            match bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
                // Nearly all ids have the full length.
                Some(whole) if next - at == MAX_PACKED => *whole = characters,
                _ => bytes[at..next].copy_from_slice(&characters[..next - at]),
            }
            at = next;
            *end = (start + at) as i32;
        }
    });
    Ok(StringArray::try_new(OffsetBuffer::new(ends.into()), bytes.into(), None)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_are_ranked_as_text(
            batches in prop::collection::vec(
                (
                    prop::bool::ANY,
                    prop::collection::vec(
                        prop::collection::vec(prop::sample::select(vec!['0', '1', 'A', 'Y', '~', '\0', '党']), 0..20),
                        0..40,
                    ),
                ),
                0..30,
            ),
        ) {
            let batches: Vec<Vec<String>> = batches
                .into_iter()
                .map(|(sorted, ids)| {
                    let mut ids: Vec<String> = ids.into_iter().map(String::from_iter).collect();
                    if sorted {
                        ids.sort();
                    }
                    ids
                })
                .collect();
            let others = UnpackedIds::default();
            let keys: Vec<IdKeys> =
                batches.iter().map(|ids| IdKeys::new(&StringArray::from(ids.clone()), &others).unwrap()).collect();
            let (all, positions) = rank(&keys, &others).unwrap();
            let mut expected = batches.concat();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(all.iter().flatten().collect::<Vec<_>>(), expected);
            let ids = batches.concat();
            prop_assert_eq!(ids.len(), positions.len());
            for (id, position) in ids.iter().zip(positions) {
                prop_assert_eq!(all.value(position as usize), id);
            }
        }
    }

    #[test]
    fn every_character_keeps_its_place() {
        let ids: Vec<String> = (1..=127_u8).map(|c| format!("{}91AZ", char::from(c)).repeat(4).split_off(2)).collect();
        for id in &ids {
            let packed = pack(id.as_bytes()).unwrap();
            assert_eq!(texts(&[vec![packed]]).unwrap().value(0), id);
        }
        assert_eq!(pack(b"1234567890123456789"), None);
        assert_eq!(texts(&[vec![pack(b"").unwrap()], Vec::new()]).unwrap().value(0), "");
    }
}
