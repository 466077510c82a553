//! Ledger rows of rated organisations.

use std::cmp::Ordering;
use std::ops::Range;

use arrow::array::{Array, StringViewArray};
use rayon::prelude::*;

use super::Rating;
use super::homes::homes;
use crate::definition::Counts;
use crate::error::Result;
use crate::roster::{Frame, Roster};

/// Ids per task.
const IDS_PER_TASK: usize = 1 << 13;

/// Returns the ledger rows of the organisations in `range`, and the rows of all that may be rated.
pub(super) fn ledger_rows(
    rating: &Rating,
    roster: &Roster,
    frame: &Frame,
    range: Range<usize>,
) -> Result<(Vec<Option<u32>>, Vec<u32>)> {
    let ids = &rating.marks.ids;
    Ok(match rating.scheme.counts {
        Counts::PartyOrganisations => {
            let homes = homes(roster, frame, &rating.scheme.organised)?;
            let words = roster.field("party_org_id").ok().and_then(|at| roster.dictionary(at));
            let home = |code: usize| homes.get(code).copied().flatten();
            let rows = match words {
                None => vec![None; range.len()],
                Some(words) if words.ascends() => {
                    let values = words.values();
                    matched_rows(ids, range, values.len(), |at| values[at].as_str(), |at| home(at + 1))
                }
                Some(words) => range.into_par_iter().map(|at| home(words.code(ids.value(at))? as usize)).collect(),
            };
            (rows, homes.into_iter().flatten().collect())
        }
        Counts::Organisations => {
            let all = roster.organisations();
            let row = |slot: usize| frame.slots.binary_search(&(slot as u32)).ok().map(|row| row as u32);
            let rows = matched_rows(ids, range, all.len(), |at| all.value(at), row);
            (rows, (0..frame.rows() as u32).collect())
        }
    })
}

/// Merges ascending ids with `n` ascending texts; returns `row` of the position of each id.
fn matched_rows<'a>(
    ids: &StringViewArray,
    range: Range<usize>,
    n: usize,
    text: impl Fn(usize) -> &'a str + Sync,
    row: impl Fn(usize) -> Option<u32> + Sync,
) -> Vec<Option<u32>> {
    let mut rows = vec![None; range.len()];
    rows.par_chunks_mut(IDS_PER_TASK).zip(range.into_par_iter().step_by(IDS_PER_TASK)).for_each(|(rows, first)| {
        let mut from = 0;
        for (own, at) in rows.iter_mut().zip(first..) {
            let id = ids.value(at);
            from = not_before(id, from, n, &text);
            if from < n && text(from) == id {
                *own = row(from);
                from += 1;
            }
        }
    });
    rows
}

/// Returns the first position from `from` on whose text is not less than `id`. The search gallops, as the position
/// is mostly near.
fn not_before<'a>(id: &str, from: usize, n: usize, text: impl Fn(usize) -> &'a str) -> usize {
    let (mut low, mut step) = (from, 1);
    let mut high = loop {
        let at = low + step - 1;
        if at >= n {
            break n;
        }
        match text(at).cmp(id) {
            Ordering::Equal => return at,
            Ordering::Greater => break at,
            Ordering::Less => (low, step) = (at + 1, step * 2),
        }
    };
    while low < high {
        let middle = usize::midpoint(low, high);
        if text(middle) < id { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_where_looking_for_each_finds_them() {
        let texts: Vec<String> = (0..40_000).map(|at| format!("D{:06}", at * 3)).collect();
        let ids: StringViewArray =
            (0..30_000).map(|at| Some(format!("D{:06}", if at < 20_000 { at } else { at * 4 }))).collect();
        let rows = matched_rows(&ids, 7..30_000, texts.len(), |at| &texts[at], |at| Some(at as u32 + 1));
        for (row, id) in rows.iter().zip(ids.iter().skip(7)) {
            assert_eq!(
                *row,
                texts.binary_search_by(|text| text.as_str().cmp(id.unwrap())).ok().map(|at| at as u32 + 1)
            );
        }
        let place = |id: &str| not_before(id, 0, 2, |at| ["a", "c"][at]);
        assert_eq!(["", "a", "b", "c", "d"].map(place), [0, 0, 1, 1, 2]);
    }
}
