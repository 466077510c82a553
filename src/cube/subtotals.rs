//! Subtotals (小计): groupings of all levels in one table, as SQL's `ROLLUP` returns them.

use arrow::buffer::ScalarBuffer;
use rayon::prelude::*;

use super::{Axis, GroupedCounts};
use crate::error::Result;
use crate::job;
use crate::job::Job;

/// Rows produced between cancellation checks.
const ROWS_PER_CHECK: usize = 1 << 16;

/// Returns the groupings that drop none, the last, the last two … of `axes`.
pub(crate) fn levels(axes: &[Axis]) -> Vec<Vec<Axis>> {
    (0..=axes.len()).rev().map(|kept| axes[..kept].to_vec()).collect()
}

/// Joins the groupings made by [`levels`] of `axes`, each group before the subtotal that contains it. Also returns
/// SQL's `GROUPING(axes…)` of each group: one bit per axis, the last axis lowest, set where the axis is added up.
pub(crate) fn join_levels(
    axes: Vec<Axis>,
    parts: &[GroupedCounts],
    job: &dyn Job,
) -> Result<(GroupedCounts, Vec<u64>)> {
    let order = order(parts, job)?;
    let years = gathered(&order, |part, group| parts[part].years[group], job)?;
    let flag_of = |part: &GroupedCounts| (1_u64 << (axes.len() - part.axes.len())) - 1;
    let levels: Vec<u64> = parts.iter().map(flag_of).collect();
    let flags = gathered(&order, |part, _| levels[part], job)?;
    let key = |axis: usize| {
        let null = axes[axis].values.len() as u32;
        let keys: Vec<Option<&[u32]>> = parts.iter().map(|part| part.keys.get(axis).map(|keys| &keys[..])).collect();
        gathered(&order, |part, group| keys[part].map_or(null, |keys| keys[group]), job).map(ScalarBuffer::from)
    };
    let keys = (0..axes.len()).into_par_iter().map(key).collect::<Result<Vec<_>>>()?;
    // Lanes that share one column in every part, such as those not counted, keep sharing it.
    let lanes = parts.first().map_or(0, |part| part.counts.len());
    let same = |a: usize, b: usize| parts.iter().all(|part| part.counts[a].inner().ptr_eq(part.counts[b].inner()));
    let first: Vec<usize> = (0..lanes).map(|lane| (0..lane).find(|other| same(*other, lane)).unwrap_or(lane)).collect();
    let count = |lane: usize| {
        let counts: Vec<&[u64]> = parts.iter().map(|part| &part.counts[lane][..]).collect();
        if first[lane] < lane {
            return Ok(ScalarBuffer::default());
        }
        gathered(&order, |part, group| counts[part][group], job).map(ScalarBuffer::from)
    };
    let mut counts = (0..lanes).into_par_iter().map(count).collect::<Result<Vec<_>>>()?;
    first.iter().enumerate().for_each(|(lane, first)| counts[lane] = counts[*first].clone());
    Ok((GroupedCounts { axes, years: years.into(), keys, counts }, flags))
}

/// Returns the part and group of each row.
fn order(parts: &[GroupedCounts], job: &dyn Job) -> Result<Vec<(u32, u32)>> {
    let Some((finest, above)) = parts.split_first() else { return Ok(Vec::new()) };
    let mut order = Vec::with_capacity(parts.iter().map(|part| part.years.len()).sum());
    let mut next = vec![0; above.len()];
    for group in 0..finest.years.len() {
        if group % ROWS_PER_CHECK == 0 {
            job::check(job)?;
        }
        order.push((0, group as u32));
        // Groups ascend in every part. A subtotal is due where one of the values it keeps changes.
        let (here, behind) = (group, group + 1);
        let goes_on = finest.years.get(behind) == finest.years.get(here);
        let kept = |keys: &&ScalarBuffer<u32>| goes_on && keys[here] == keys[behind];
        let shared = finest.keys.iter().take_while(kept).count();
        for ((at, part), next) in (1..).zip(above).zip(&mut next) {
            if !goes_on || part.axes.len() > shared {
                order.push((at, *next));
                *next += 1;
            }
        }
    }
    Ok(order)
}

/// Collects `value` for the part and group of each row.
fn gathered<T>(order: &[(u32, u32)], value: impl Fn(usize, usize) -> T, job: &dyn Job) -> Result<Vec<T>> {
    let mut all = Vec::with_capacity(order.len());
    for some in order.chunks(ROWS_PER_CHECK) {
        job::check(job)?;
        all.extend(some.iter().map(|(part, group)| value(*part as usize, *group as usize)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cube::{AxisValues, Base};
    use crate::job::Quiet;
    use proptest::prelude::*;

    proptest! {
        /// Compares with an oracle that sorts all groups by year, values and level.
        #[test]
        fn groups_stand_before_their_subtotals(
            rows in prop::collection::btree_map((0..3_i16, 0..4_u32, 0..3_u32), 1..9_u64, 0..40)
        ) {
            let text = |n: usize| AxisValues::Text(vec![String::new(); n]);
            let axes = vec![Axis::plain("a", Base::Field(0), text(3)), Axis::plain("b", Base::Field(1), text(2))];
            let mut expected = Vec::new();
            let mut parts = Vec::new();
            for kept in [2, 1, 0] {
                let mut groups = std::collections::BTreeMap::new();
                for ((year, a, b), n) in &rows {
                    *groups.entry((*year, [*a, *b][..kept].to_vec())).or_insert(0) += n;
                }
                for ((year, key), n) in &groups {
                    let whole = [key.first().map_or(3, |a| *a), key.get(1).map_or(2, |b| *b)];
                    expected.push((*year, whole, (1_u64 << (2 - kept)) - 1, *n));
                }
                let keys = (0..kept).map(|at| groups.keys().map(|(_, key)| key[at]).collect()).collect();
                let mut part = GroupedCounts::groups(axes[..kept].to_vec(), groups.keys().map(|(year, _)| *year).collect(), keys);
                part.counts = vec![groups.values().copied().collect()];
                part.counts.push(part.counts[0].clone());
                parts.push(part);
            }
            expected.sort_unstable();
            let (counted, flags) = join_levels(axes, &parts, &Quiet).unwrap();
            let got: Vec<_> = (0..flags.len())
                .map(|at| (counted.years[at], [0, 1].map(|axis| counted.keys[axis][at]), flags[at], counted.counts[0][at]))
                .collect();
            prop_assert_eq!(got, expected);
            prop_assert!(counted.counts[0].inner().ptr_eq(counted.counts[1].inner()));
        }
    }
}
