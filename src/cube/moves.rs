//! What moved from where to where between neighbouring years, by walking two ascending lists: no hashing.

use std::sync::Arc;

use super::{Axis, Base, Counted, Lane, Values, count_one};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::roster::{Frame, Integers, Roster};

/// The things of one year that may move: ascending ids, and for each the row of the frame that stands for it.
pub(crate) struct Things {
    pub(crate) ids: Vec<u32>,
    /// `None` where thing and row are the same.
    pub(crate) rows: Option<Vec<u32>>,
    /// Whether each is counted at all; of two years the earlier one decides.
    pub(crate) counted: Option<Vec<bool>>,
}

/// The things of two years together: for each its place in either year.
struct Pairs {
    from: Vec<Option<u32>>,
    to: Vec<Option<u32>>,
}

fn pairs(earlier: &Things, later: &Things) -> Pairs {
    let capacity = earlier.ids.len().max(later.ids.len());
    let mut out = Pairs { from: Vec::with_capacity(capacity), to: Vec::with_capacity(capacity) };
    let counts = |things: &Things, at: usize| things.counted.as_ref().is_none_or(|c| c[at]);
    let (mut left, mut right) = (0, 0);
    loop {
        let (from, to) = match (earlier.ids.get(left), later.ids.get(right)) {
            (None, None) => return out,
            (Some(a), Some(b)) if a == b => (Some(left), Some(right)),
            (Some(a), b) if b.is_none_or(|b| a < b) => (Some(left), None),
            _ => (None, Some(right)),
        };
        if from.map_or_else(|| to.is_some_and(|at| counts(later, at)), |at| counts(earlier, at)) {
            out.from.push(from.map(|at| at as u32));
            out.to.push(to.map(|at| at as u32));
        }
        left += usize::from(from.is_some());
        right += usize::from(to.is_some());
    }
}

/// For each pair of neighbouring calendar years in `frames`: how many things of each group of `by` moved from each
/// value of `of` to each. Who is not in one of the two years is there as `absent`; a gap of two years is no move. The
/// group is that of the earlier year, for arrivals that of the later. The result's year is the earlier one.
pub(crate) fn moves(
    roster: &Roster,
    frames: &[&Frame],
    things: &[Things],
    of: &[Axis],
    by: &[Axis],
    absent: &str,
    job: &dyn Job,
) -> Result<Counted> {
    let steps: Vec<usize> = (1..frames.len()).filter(|t| frames[*t].year - 1 == frames[t - 1].year).collect();
    let pairs: Vec<Pairs> = steps.iter().map(|t| pairs(&things[t - 1], &things[*t])).collect();
    let unions: Vec<Frame> = steps
        .iter()
        .zip(&pairs)
        .map(|(t, pairs)| Frame {
            year: frames[t - 1].year,
            slots: (0..pairs.from.len() as u32).collect(),
            columns: Vec::new(),
        })
        .collect();
    let walk = Walk { frames, things, steps: &steps, pairs: &pairs };
    let mut axes = Vec::with_capacity(by.len() + 2 * of.len());
    for (at, axis) in by.iter().enumerate() {
        axes.push(walk.axis(axis, &axis.name, Side::Either, None, NAMES[0].get(at))?);
    }
    for (at, axis) in of.iter().enumerate() {
        axes.push(walk.axis(axis, &axis.name, Side::From, Some(absent), NAMES[1].get(at))?);
    }
    for (at, axis) in of.iter().enumerate() {
        axes.push(walk.axis(axis, &format!("next_{}", axis.name), Side::To, Some(absent), NAMES[2].get(at))?);
    }
    let unions: Vec<&Frame> = unions.iter().collect();
    // The union frames exist for this call only, and no lane borrows from them.
    let rows: Vec<usize> = unions.iter().map(|u| u.rows()).collect();
    let all = |nth: usize| Lane::Bits(arrow::buffer::BooleanBuffer::new_set(rows[nth]));
    count_one(roster, &unions, axes, |nth, _| Ok(vec![all(nth)]), job)
}

/// Names of computed bases: grouping, from, to.
const NAMES: [[&str; 6]; 3] = [
    ["by 1", "by 2", "by 3", "by 4", "by 5", "by 6"],
    ["from 1", "from 2", "from 3", "from 4", "from 5", "from 6"],
    ["to 1", "to 2", "to 3", "to 4", "to 5", "to 6"],
];

#[derive(Clone, Copy)]
enum Side {
    From,
    To,
    /// The earlier year, for arrivals the later.
    Either,
}

struct Walk<'a> {
    frames: &'a [&'a Frame],
    things: &'a [Things],
    steps: &'a [usize],
    pairs: &'a [Pairs],
}

impl Walk<'_> {
    /// `axis` seen from one side of the pairs, with `absent` as a further value if given. Its base is the values' own
    /// positions, so that the cells of the moves are as few as they can be.
    fn axis(
        &self,
        axis: &Axis,
        name: &str,
        side: Side,
        absent: Option<&str>,
        base: Option<&&'static str>,
    ) -> Result<Axis> {
        let base = base.ok_or_else(|| Error::argument("维度太多，至多 6 个", "too many dimensions; at most 6"))?;
        let mut values = axis.values.clone();
        let before = values.len() as u64;
        let gone = match (&mut values, absent) {
            (Values::Text(texts), Some(absent)) => {
                texts.push(absent.to_owned());
                before
            }
            _ => u64::MAX,
        };
        let null = values.len() as u64;
        let of_pairs = self.steps.iter().zip(self.pairs).map(|(t, pairs)| {
            let (from, to) = (self.positions(axis, t - 1, null)?, self.positions(axis, *t, null)?);
            let position = |at: usize| match (side, pairs.from[at], pairs.to[at]) {
                (Side::From | Side::Either, Some(i), _) => from.get(i as usize),
                (Side::To | Side::Either, _, Some(j)) => to.get(j as usize),
                _ => gone.min(null),
            };
            Ok(Integers::up_to(null, (0..pairs.from.len()).map(position)))
        });
        let cardinality = null as usize + 1;
        let base = Base::Given { name: base, codes: Arc::new(of_pairs.collect::<Result<_>>()?), cardinality };
        Ok(Axis { name: name.to_owned(), base, map: (0..=null as u32).collect(), values })
    }

    /// For each thing of the frame at `nth` the position of its value on `axis`, `null` where it has none.
    fn positions(&self, axis: &Axis, nth: usize, null: u64) -> Result<Integers> {
        let things = &self.things[nth];
        let codes = axis.base.codes(self.frames[nth], nth)?;
        let values = axis.values.len() as u32;
        let map: Vec<u64> = axis.map.iter().map(|at| if *at == values { null } else { u64::from(*at) }).collect();
        let row = |at: usize| things.rows.as_ref().map_or(at, |rows| rows[at] as usize);
        let position = |at| map[codes.as_ref().map_or(0, |c| c.get(row(at))) as usize];
        Ok(Integers::up_to(null, (0..things.ids.len()).map(position)))
    }
}
