//! Groupings of all levels in one table (小计), as SQL's `ROLLUP` gives them.

use crate::cube::{Axis, Counted};

/// The groupings that leave out none, the last, the last two … of `axes`.
pub(crate) fn levels(axes: &[Axis]) -> Vec<Vec<Axis>> {
    (0..=axes.len()).rev().map(|kept| axes[..kept].to_vec()).collect()
}

/// Groupings made by [`levels`] of `axes` as one: a group stands before the subtotal that it is part of. Beside each group the
/// number that SQL's `GROUPING(axes…)` gives: a bit for each axis, the last axis the lowest, set where it is added up.
pub(crate) fn joined(axes: Vec<Axis>, parts: &[Counted]) -> (Counted, Vec<u64>) {
    let nulls: Vec<u32> = axes.iter().map(|axis| axis.values.len() as u32).collect();
    let mut rows = Vec::new();
    for part in parts {
        let kept = part.axes.len();
        let flags = (1_u64 << (axes.len() - kept)) - 1;
        for group in 0..part.years.len() {
            let key: Vec<u32> = part.keys.iter().map(|k| k[group]).chain(nulls[kept..].iter().copied()).collect();
            rows.push((part.years[group], key, flags, part, group));
        }
    }
    rows.sort_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2)));
    let lanes = parts.first().map_or(0, |part| part.counts.len());
    let counted = Counted {
        keys: (0..axes.len()).map(|axis| rows.iter().map(|(_, key, ..)| key[axis]).collect()).collect(),
        years: rows.iter().map(|(year, ..)| *year).collect(),
        counts: (0..lanes)
            .map(|lane| rows.iter().map(|(.., part, group)| part.counts[lane][*group]).collect())
            .collect(),
        axes,
    };
    let flags = rows.iter().map(|(_, _, flags, ..)| *flags).collect();
    (counted, flags)
}
