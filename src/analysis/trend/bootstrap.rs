//! Bootstrap intervals: organisations are resampled with all their years, because the years of one organisation are
//! dependent (Hanson and Schuermann 2006).
//!
//! Goal: exact bootstrap replicates whose cost grows with the distinct histories, not with the organisations.
//! Structure: organisations with equal transitions form one cell, and a replicate draws the multinomial number of
//! times that each cell occurs. Trade-off: building the cells takes a scan of the whole panel, but a replicate then
//! costs one binomial number per shared cell, and one uniform number per draw from the cells of one organisation.
//! Each replicate has its own random stream, so neither threads nor row order change the result.
//!
//! ```text
//!  organisations         cells                      one replicate (n = 4)          squares
//!  A: 3→4, 4→4 ─┬──▶  {3→4, 4→4} × 2   ──▶  Binomial(4, 2/4) = 3   ──▶  3→4 += 3, 4→4 += 3
//!  D: 3→4, 4→4 ─┘
//!  B: 3→3, 3→4 ────▶  {3→3, 3→4} × 1   ─┬▶  the remaining 4 − 3 = 1,
//!  C: 3→3, 3→3 ────▶  {3→3 twice} × 1  ─┘   uniform over both: C    ──▶  3→3 += 2
//! ```

use std::collections::HashMap;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::options::Bootstrap;
use super::panel::{NOT_COUNTED, Panel};
use super::transition_counts::SquareMatrix;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::support::random::Rng;

/// Bootstrap distribution of a statistic.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Resampled {
    /// Ends of the interval: percentiles of the replicates in which the statistic is defined.
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    /// Number of those replicates.
    pub(crate) replicates: u64,
}

/// The entities of one group, in cells.
pub(crate) struct Sample {
    /// Number of the group.
    pub(crate) group: u32,
    /// Number of entities in each cell, the largest first.
    counts: Vec<u64>,
    /// Start of each cell in `transitions`, and the end of the last.
    starts: Vec<u32>,
    /// Transitions, each with the number of times that every entity of the cell makes it.
    transitions: Vec<(u32, u32)>,
    states: usize,
    pairs: usize,
}

impl Sample {
    /// Returns the number of entities to draw from.
    pub(crate) fn things(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Draws as many entities as there are, with replacement, and returns their transitions, per pair or for all
    /// pairs together.
    pub(crate) fn resample(&self, rng: &mut Rng) -> Vec<SquareMatrix> {
        let mut squares = vec![SquareMatrix::new(self.states); self.pairs];
        let mut add = |cell: usize, times: u64| {
            for (transition, each) in &self.transitions[self.starts[cell] as usize..self.starts[cell + 1] as usize] {
                let (pair, states) =
                    (*transition as usize / self.states.pow(2), *transition as usize % self.states.pow(2));
                squares[pair].add(states / self.states, states % self.states, times * u64::from(*each));
            }
        };
        let mut left = self.things();
        let mut weight = left;
        let single = self.counts.partition_point(|count| *count > 1);
        for (cell, count) in self.counts[..single].iter().enumerate() {
            let times = rng.binomial(left, *count as f64 / weight as f64);
            if times > 0 {
                add(cell, times);
            }
            left -= times;
            weight -= count;
        }
        // Cells of one entity are equally likely.
        let singles = (self.counts.len() - single) as u64;
        if singles > 0 {
            (0..left).for_each(|_| add(single + rng.below(singles) as usize, 1));
        }
        squares
    }

    /// Returns the intervals of `statistics` over the bootstrap replicates.
    pub(crate) fn intervals(
        &self,
        bootstrap: &Bootstrap,
        job: &dyn Job,
        statistics: impl Fn(&[SquareMatrix], &mut Rng) -> Vec<Option<f64>> + Sync,
    ) -> Result<Vec<Resampled>> {
        resampled(self.group, bootstrap, job, |rng| statistics(&self.resample(rng), rng))
    }
}

/// Returns the intervals of `statistics` over the replicates of one group; each replicate has its own random
/// stream.
pub(crate) fn resampled(
    group: u32,
    bootstrap: &Bootstrap,
    job: &dyn Job,
    statistics: impl Fn(&mut Rng) -> Vec<Option<f64>> + Sync,
) -> Result<Vec<Resampled>> {
    let stream = Rng(bootstrap.seed).fork(u64::from(group));
    let replicates = (0..bootstrap.replicates).into_par_iter().map(|replicate| {
        job::check(job)?;
        Ok(statistics(&mut stream.fork(u64::from(replicate))))
    });
    let replicates = replicates.collect::<Result<Vec<_>>>()?;
    let many = replicates.first().map_or(0, Vec::len);
    Ok((0..many)
        .map(|at| percentiles(replicates.iter().filter_map(|replicate| replicate[at]), bootstrap.level))
        .collect())
}

/// Maps the key of each group to its sample.
pub(crate) fn by_key<'a>(panel: &Panel<'_>, samples: &'a [Sample]) -> HashMap<Vec<u32>, &'a Sample> {
    samples.iter().map(|sample| (panel.key(sample.group), sample)).collect()
}

/// Returns the ends of the middle `proportion` of `values`, by the linear interpolation that most software uses
/// (Hyndman and Fan 1996, type 7).
fn percentiles(values: impl Iterator<Item = f64>, proportion: f64) -> Resampled {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let at = |p: f64| {
        let place = p * (values.len().checked_sub(1)? as f64);
        let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
        Some(below + (above - below) * place.fract())
    };
    Resampled {
        low: at((1.0 - proportion) / 2.0),
        high: at(f64::midpoint(1.0, proportion)),
        replicates: values.len() as u64,
    }
}

/// States in one year: that of each id, and for each listed entity its group and rating time.
struct YearStates<'a> {
    ids: &'a [u32],
    states: Vec<u16>,
    groups: Vec<u32>,
    rated: Option<Vec<u32>>,
}

/// The years, and the transitions that the entities contribute.
struct Contributions<'a> {
    years: Vec<YearStates<'a>>,
    pairs: &'a [(usize, usize)],
    states: usize,
    /// For each state and next state, true if the transition counts.
    kept: Vec<bool>,
    /// True if pairs are kept separate.
    each: bool,
    /// Number of values on the axis of rating times.
    ratings: u32,
}

/// Groups the entities of `panel` into cells by their transitions, in the order of the group numbers. Transitions
/// that fail `kept` are ignored, but their entities are drawn all the same. `each` keeps pairs of years separate.
pub(crate) fn samples(
    panel: &Panel<'_>,
    each: bool,
    kept: impl Fn(usize, usize) -> bool,
    job: &dyn Job,
) -> Result<Vec<Sample>> {
    let states = panel.states.len();
    let pairs = if each { panel.pairs.len() } else { 1 };
    if u16::try_from(states).is_err() || u32::try_from(pairs * states * states).is_err() {
        return Err(Error::argument(
            format!("状态太多（{states}），不能抽样；请换一个取值较少的维度"),
            format!("{states} states are too many to draw from; name a dimension with fewer values"),
        ));
    }
    let year = |nth: usize| {
        job::check(job)?;
        let ids: &[u32] = &panel.things[nth].ids;
        let mut of_id = vec![states as u16 - 1; panel.ids()];
        for (id, state) in ids.iter().zip(panel.positions(nth, &panel.axis)?) {
            of_id[*id as usize] = state as u16;
        }
        let rated = panel.rating.as_ref().map(|axis| panel.positions(nth, axis)).transpose()?;
        Ok(YearStates { ids, states: of_id, groups: panel.groups(nth)?, rated })
    };
    let years = (0..panel.frames.len()).into_par_iter().map(year).collect::<Result<Vec<_>>>()?;
    let contributions = Contributions {
        years,
        pairs: &panel.pairs,
        states,
        kept: (0..states * states).map(|transition| kept(transition / states, transition % states)).collect(),
        each,
        ratings: panel.rating.as_ref().map_or(0, |axis| axis.values.len() as u32),
    };
    let cells = contributions.cells(panel.ids(), job)?;
    let mut samples: Vec<Sample> = Vec::new();
    for cells in cells.chunk_by(|a, b| a.group == b.group) {
        let mut cells: Vec<(u64, Vec<(u32, u32)>)> =
            cells.iter().map(|cell| (cell.count, contributions.transitions_of(cell.group, cell.first))).collect();
        cells.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let starts = std::iter::once(0).chain(cells.iter().scan(0, |at, cell| {
            *at += cell.1.len() as u32;
            Some(*at)
        }));
        samples.push(Sample {
            group: 0,
            counts: cells.iter().map(|cell| cell.0).collect(),
            starts: starts.collect(),
            transitions: cells.iter().flat_map(|cell| cell.1.iter().copied()).collect(),
            states,
            pairs,
        });
    }
    let numbers = cells.chunk_by(|a, b| a.group == b.group).map(|cells| cells[0].group);
    samples.iter_mut().zip(numbers).for_each(|(sample, group)| sample.group = group);
    Ok(samples)
}

/// Entities of one group with equal transitions.
struct HistoryCell {
    group: u32,
    count: u64,
    /// Smallest id in the cell, as its representative.
    first: u32,
}

/// Ids per parallel task.
const IDS_PER_TASK: usize = 1 << 15;

/// Contribution of an entity to its group so far.
#[derive(Clone, Copy)]
struct Contribution {
    group: u32,
    transitions: u128,
}

impl Contributions<'_> {
    /// Returns all cells, by group. Contributions are compared by sums of one 128-bit random number per transition:
    /// the probability that two different ones among a million collide is about 10^-27.
    fn cells(&self, ids: usize, job: &dyn Job) -> Result<Vec<HistoryCell>> {
        let mut sums = vec![Contribution { group: NOT_COUNTED, transitions: 0 }; ids];
        // Contributions to groups other than the first group of the entity.
        let mut others: Vec<(u32, u32, u128)> = Vec::new();
        for (nth, pair) in self.pairs.iter().enumerate() {
            job::check(job)?;
            let more = sums.par_chunks_mut(IDS_PER_TASK).enumerate().map(|(piece, sums)| {
                let mut others = Vec::new();
                self.visit(*pair, piece * IDS_PER_TASK..piece * IDS_PER_TASK + sums.len(), |id, group, transition| {
                    let transitions =
                        transition.map_or(0, |transition| signature(if self.each { nth } else { 0 }, transition));
                    let sum = &mut sums[id - piece * IDS_PER_TASK];
                    if sum.group == NOT_COUNTED {
                        sum.group = group;
                    }
                    if sum.group == group {
                        sum.transitions = sum.transitions.wrapping_add(transitions);
                    } else {
                        others.push((group, id as u32, transitions));
                    }
                });
                others
            });
            others.extend(more.collect::<Vec<_>>().into_iter().flatten());
        }
        others.par_sort_unstable_by_key(|(group, id, _)| (*group, *id));
        let mut cells: FxHashMap<(u32, u128), (u64, u32)> = FxHashMap::default();
        let mut add = |group: u32, transitions: u128, id: u32| {
            let cell = cells.entry((group, transitions)).or_insert((0, id));
            *cell = (cell.0 + 1, cell.1.min(id));
        };
        for (id, sum) in sums.iter().enumerate().filter(|(_, sum)| sum.group != NOT_COUNTED) {
            add(sum.group, sum.transitions, id as u32);
        }
        for one in others.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            add(one[0].0, one.iter().fold(0, |sum, (.., transitions)| sum.wrapping_add(*transitions)), one[0].1);
        }
        let mut cells: Vec<HistoryCell> =
            cells.into_iter().map(|((group, _), (count, first))| HistoryCell { group, count, first }).collect();
        cells.sort_unstable_by_key(|cell| (cell.group, cell.first));
        Ok(cells)
    }

    /// Visits each id of the range that is counted in the pair, with its group and its transition, if that counts.
    fn visit(
        &self,
        (earlier, later): (usize, usize),
        ids: std::ops::Range<usize>,
        mut visit: impl FnMut(usize, u32, Option<usize>),
    ) {
        let (before, after) = (&self.years[earlier], &self.years[later]);
        let absent = self.states as u16 - 1;
        let mut left = before.ids.partition_point(|id| (*id as usize) < ids.start);
        let mut right = after.ids.partition_point(|id| (*id as usize) < ids.start);
        for id in ids {
            let (from, to) = (before.states[id], after.states[id]);
            let (was, is) = (from != absent, to != absent);
            if was || is {
                let group = if was { before.groups[left] } else { after.groups[right] };
                if group != NOT_COUNTED {
                    let transition = usize::from(from) * self.states + usize::from(to);
                    let counts = self.kept[transition] && !(was && is && self.carried(before, left, after, right));
                    visit(id, group, counts.then_some(transition));
                }
            }
            left += usize::from(was);
            right += usize::from(is);
        }
    }

    /// Checks whether the rating was carried over from the year before.
    fn carried(&self, before: &YearStates<'_>, left: usize, after: &YearStates<'_>, right: usize) -> bool {
        match (&before.rated, &after.rated) {
            (Some(was), Some(is)) => was[left] < self.ratings && was[left] == is[right],
            _ => false,
        }
    }

    /// Returns the transitions of one entity in a group, ascending, each with its count.
    fn transitions_of(&self, group: u32, thing: u32) -> Vec<(u32, u32)> {
        let thing = thing as usize;
        let mut transitions: Vec<u32> = Vec::new();
        for (nth, pair) in self.pairs.iter().enumerate() {
            self.visit(*pair, thing..thing + 1, |_, own, transition| {
                if let Some(transition) = transition.filter(|_| own == group) {
                    let nth = if self.each { nth } else { 0 };
                    transitions.push((nth * self.states * self.states + transition) as u32);
                }
            });
        }
        transitions.sort_unstable();
        transitions.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)).collect()
    }
}

/// Returns a fixed 128-bit random number for a transition between the years of a pair.
fn signature(pair: usize, transition: usize) -> u128 {
    let mut rng = Rng(((pair as u64) << 32) | transition as u64);
    (u128::from(rng.next()) << 64) | u128::from(rng.next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::trend::panel::TransitionQuery;
    use crate::analysis::trend::transition_counts::TransitionCounts;
    use crate::ingest::ReadOptions;
    use crate::job::Quiet;
    use crate::query::Scope;
    use crate::roster::Roster;
    use crate::synth;

    /// Drawing every organisation once gives the counts of the kernel, for each group and year.
    #[test]
    fn cells_hold_every_transition() {
        let years = synth::panel(3000, 5, 2010, 7).unwrap();
        let roster = Roster::read_arrow("made", &years, &ReadOptions::default(), &Quiet).unwrap();
        for scope in [Scope::default(), Scope::by(["mode", "kind"])] {
            let panel = Panel::new(&roster, &TransitionQuery::default(), &scope, &Quiet).unwrap();
            let counted = TransitionCounts::count(&panel, &Quiet).unwrap();
            let samples = samples(&panel, true, |_, _| true, &Quiet).unwrap();
            let samples = by_key(&panel, &samples);
            assert_eq!(samples.len(), counted.groups.len());
            for group in &counted.groups {
                let sample = samples[&group.key];
                let mut squares = vec![SquareMatrix::new(panel.states.len()); panel.pairs.len()];
                for (cell, count) in sample.counts.iter().enumerate() {
                    for (transition, each) in
                        &sample.transitions[sample.starts[cell] as usize..sample.starts[cell + 1] as usize]
                    {
                        let size = panel.states.len();
                        let (pair, states) =
                            (*transition as usize / (size * size), *transition as usize % (size * size));
                        squares[pair].add(states / size, states % size, count * u64::from(*each));
                    }
                }
                for (pair, square) in squares.iter().enumerate() {
                    assert_eq!(*square, counted.square(group, &(pair..pair + 1)));
                }
            }
            let drawn_from: u64 = samples.values().map(|sample| sample.things()).sum();
            let listed = arrow::array::Array::len(roster.organisations()) as u64;
            // An entity that changes its group is drawn in each of its groups.
            assert!(if scope.by.is_empty() { drawn_from == listed } else { drawn_from > listed });
        }
    }

    #[test]
    fn percentiles_are_those_of_type_7() {
        // R 4.5: quantile(c(1, 2, 4, 8), c(0.1, 0.9)) is 1.3 and 6.8.
        let resampled = percentiles([8.0, 1.0, 4.0, 2.0].into_iter(), 0.8);
        assert!((resampled.low.unwrap() - 1.3).abs() < 1e-12 && (resampled.high.unwrap() - 6.8).abs() < 1e-12);
        assert_eq!(percentiles(std::iter::empty(), 0.8), Resampled::default());
    }
}
