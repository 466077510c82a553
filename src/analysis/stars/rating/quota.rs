//! Quotas (名额): the places for a star, the organisations that get them, and ties at the last place.
//!
//! Quotas are applied from the highest star down. For each organisation that has or may have the star, the minimum
//! and maximum number of organisations ahead is counted. Its upper end falls only if it loses the place in the best
//! case; its lower end stays only if it keeps the place in the worst case.

use rayon::prelude::*;

use super::facts::part_of;
use super::rules::Work;
use super::{Rule, Span};
use crate::analysis::stars::scheme::{Part, Quota, Rung, Ties};
use crate::error::Result;
use crate::predicate::Certainty;

/// Use of a quota in one year and group.
#[derive(Clone, Debug)]
pub(crate) struct QuotaUse {
    pub(crate) year: i16,
    /// Position of the quota in the scheme.
    pub(crate) quota: u16,
    pub(crate) group: Option<String>,
    /// Minimum and maximum population that the places are a proportion of.
    pub(crate) population: (u64, u64),
    pub(crate) places: (u64, u64),
    /// Organisations with the star before the quota, certain and possible.
    pub(crate) candidates: (u64, u64),
    /// Organisations with the star after the quota, certain and possible.
    pub(crate) given: (u64, u64),
    /// Organisations that direct grading gave the star.
    pub(crate) direct: u64,
    /// Number of equal organisations at the last place; 0 if the line separates two ranks.
    pub(crate) tied: u64,
}

/// Sort key of an organisation in the worst and the best case. `K` is the total, or the total and the tie-breakers.
struct Key<K> {
    low: K,
    high: K,
}

/// An organisation that may have the star.
struct Contender<K> {
    at: usize,
    key: Key<K>,
    /// True if the star is certain and has to be competed for.
    certain: bool,
}

/// Distinct keys, descending, each with the number of better keys and of keys at least as good.
struct Ranks<K>(Vec<(K, u64, u64)>);

impl<K: Ord + Copy + Send> Ranks<K> {
    fn new(mut keys: Vec<K>) -> Self {
        keys.par_sort_unstable_by(|a, b| b.cmp(a));
        let mut better = 0;
        let ranks = keys.chunk_by(|a, b| a == b).map(|same| {
            let before = better;
            better += same.len() as u64;
            (same[0], before, better)
        });
        Self(ranks.collect())
    }

    /// Counts the keys better than `key`, and those at least as good.
    fn rank(&self, key: K) -> (u64, u64) {
        let at = self.0.partition_point(|(own, ..)| *own > key);
        match self.0.get(at) {
            Some((own, better, as_good)) if *own == key => (*better, *as_good),
            Some((_, better, _)) => (*better, *better),
            None => self.0.last().map_or((0, 0), |(.., all)| (*all, *all)),
        }
    }

    /// Counts the equal keys at the last of `places`; 0 if the line separates two ranks.
    fn tied(&self, places: u64) -> u64 {
        let at = self.0.partition_point(|(.., as_good)| *as_good <= places);
        self.0.get(at).filter(|(_, better, _)| *better < places).map_or(0, |(_, better, as_good)| as_good - better)
    }
}

pub(super) fn run(work: &mut Work<'_>) -> Result<()> {
    let scheme = work.scheme;
    for (nth, quota) in scheme.quotas.iter().enumerate() {
        let groups = work.round.groups(scheme, &quota.within)?;
        let members = by_group(&groups.of_subjects, groups.labels.len());
        let mut homes = vec![0u64; groups.labels.len()];
        groups.of_population.iter().for_each(|group| homes[*group as usize] += 1);
        let mut uses = Vec::new();
        for (group, members) in members.iter().enumerate() {
            let sure = |wanted: fn(Certainty) -> bool| {
                members.iter().filter(|at| wanted(work.excluded[**at as usize])).count() as u64
            };
            let population = if quota.of_all {
                (homes[group], homes[group])
            } else {
                (sure(|s| s == Certainty::No), sure(|s| s != Certainty::Yes))
            };
            let own = one(work, nth, quota, population, members);
            if population.1 > 0 || own.candidates.1 > 0 {
                uses.push(super::QuotaUse { group: groups.labels[group].clone(), ..own });
            }
        }
        uses.sort_by(|a, b| a.group.cmp(&b.group));
        work.uses.extend(uses);
    }
    Ok(())
}

/// Lists the members of each group.
fn by_group(group_of: &[u32], groups: usize) -> Vec<Vec<u32>> {
    if groups == 1 {
        return vec![(0..group_of.len() as u32).collect()];
    }
    let mut members = vec![Vec::new(); groups];
    for (at, group) in (0..).zip(group_of) {
        members[*group as usize].push(at);
    }
    members
}

fn has(span: Span, rung: Rung) -> (bool, bool) {
    (span == Span::one(rung), (span.low..=span.high).contains(&rung))
}

/// Allocates the places of one group.
fn one(work: &mut Work<'_>, nth: usize, quota: &Quota, population: (u64, u64), members: &[u32]) -> QuotaUse {
    let rung = quota.rung;
    let places = (quota.places_of(population.0), quota.places_of(population.1));
    // Certain direct grading does not compete. `inside` decides whether it takes a place.
    let (mut taken, mut perhaps, mut direct) = (0, 0, 0);
    let mut contenders = Vec::new();
    let may_have: Vec<(usize, bool)> = members
        .par_iter()
        .filter_map(|at| {
            let (sure, maybe) = has(work.spans[*at as usize], rung);
            maybe.then_some((*at as usize, sure))
        })
        .collect();
    let candidates = (may_have.iter().filter(|(_, sure)| *sure).count() as u64, may_have.len() as u64);
    for (at, sure) in may_have {
        let graded = work.direct[at].filter(|(own, ..)| *own >= rung);
        if let Some((_, answer, inside)) = graded {
            perhaps += u64::from(inside);
            taken += u64::from(inside && sure && answer == Certainty::Yes);
            direct += u64::from(answer == Certainty::Yes);
        }
        if graded.is_none_or(|(_, answer, _)| answer != Certainty::Yes) {
            contenders.push((at, sure && graded.is_none()));
        }
    }
    let free = (places.0.saturating_sub(perhaps), places.1.saturating_sub(taken));
    let tied = if quota.tie_by.is_empty() {
        let contenders: Vec<Contender<i64>> = contenders
            .into_par_iter()
            .map(|(at, certain)| {
                let (low, high) = part(work, Part::Total, at);
                Contender { at, key: Key { low, high }, certain }
            })
            .collect();
        compete(work, nth as u16, quota, free, &contenders)
    } else {
        let keys: Vec<Key<Vec<i64>>> = contenders.par_iter().map(|(at, _)| key(work, quota, *at)).collect();
        let contenders: Vec<Contender<&[i64]>> = contenders
            .into_iter()
            .zip(&keys)
            .map(|((at, certain), key)| Contender { at, key: Key { low: &key.low[..], high: &key.high[..] }, certain })
            .collect();
        compete(work, nth as u16, quota, free, &contenders)
    };
    let after = members.par_iter().map(|at| has(work.spans[*at as usize], rung));
    let given = after.map(|(sure, maybe)| (u64::from(sure), u64::from(maybe)));
    QuotaUse {
        year: work.round.year,
        quota: nth as u16,
        group: None,
        population,
        places,
        candidates,
        given: given.reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        direct,
        tied,
    }
}

/// Returns the minimum and maximum of a part of an organisation's score.
fn part(work: &Work<'_>, part: Part, at: usize) -> (i64, i64) {
    part_of(work.rating, work.scheme, part, work.round.range.start + at)
}

/// Returns the total followed by the tie-breakers.
fn key(work: &Work<'_>, quota: &Quota, at: usize) -> Key<Vec<i64>> {
    let parts = std::iter::once(Part::Total).chain(quota.tie_by.iter().copied());
    let (low, high) = parts.map(|own| part(work, own, at)).unzip();
    Key { low, high }
}

/// Takes the star from organisations beyond the places; returns the number of equal ones at the line.
fn compete<K: Ord + Copy + Send + Sync>(
    work: &mut Work<'_>,
    nth: u16,
    quota: &Quota,
    free: (u64, u64),
    contenders: &[Contender<K>],
) -> u64 {
    let possible = Ranks::new(contenders.iter().map(|c| c.key.high).collect());
    // If nothing is open, the certain and the possible ranks coincide.
    let all_certain = contenders.par_iter().all(|c| c.certain && c.key.low == c.key.high);
    let certain =
        (!all_certain).then(|| Ranks::new(contenders.iter().filter(|c| c.certain).map(|c| c.key.low).collect()));
    let rung = quota.rung;
    let judged = contenders.par_iter().filter_map(|c| {
        let open = c.key.low != c.key.high;
        let maybe = possible.rank(c.key.low);
        let sure = certain.as_ref().map_or(maybe, |certain| certain.rank(c.key.high));
        let ahead = (sure.0, maybe.0 - u64::from(open));
        let itself = u64::from(c.certain && !open);
        let level = (sure.1 - itself, maybe.1 - 1);
        let (stays, goes) = match quota.ties {
            Ties::In => (ahead.1 < free.0, ahead.0 >= free.1),
            Ties::Out => (level.1 < free.0, level.0 >= free.1),
        };
        let before = work.spans[c.at];
        let maybe_direct = work.direct[c.at].is_some_and(|(own, ..)| own >= rung);
        let mut after = before;
        if before.low == rung && !stays {
            after.low = rung - 1;
        }
        if before.high == rung && goes && !maybe_direct {
            after.high = rung - 1;
        }
        (after != before).then_some((c.at, (after, ahead.0 as u32 + 1)))
    });
    let judged: Vec<(usize, (Span, u32))> = judged.collect();
    for (at, made) in judged {
        work.set(at, Rule::Quota(nth), made);
    }
    possible.tied(free.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_who_is_better_and_who_is_equal() {
        let ranks = Ranks::new(vec![5, 9, 7, 7, 7, 2]);
        assert_eq!(
            [10, 9, 8, 7, 5, 2, 1].map(|key| ranks.rank(key)),
            [(0, 0), (0, 1), (1, 1), (1, 4), (4, 5), (5, 6), (6, 6)]
        );
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(|places| ranks.tied(places)), [0, 0, 3, 3, 0, 0, 0, 0]);
        assert_eq!(Ranks::<i64>::new(Vec::new()).rank(3), (0, 0));
    }
}
