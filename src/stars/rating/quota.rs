//! Quotas (名额): how many may have a star, who is in, and who is equal at the line.
//!
//! Stars are gone through from the highest. For each organisation that has or may have the star it is counted how many
//! are ahead at least and at most; it stays where it stays in the worst case, and goes where it goes in the best.

use rayon::prelude::*;

use super::facts::part_of;
use super::rules::Work;
use super::{Rule, Span, Sure};
use crate::error::Result;
use crate::stars::scheme::{Part, Quota, Rung, Ties};

/// A quota in one year and group: what there was to give, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct QuotaUse {
    pub(crate) year: i16,
    /// Which of the scheme's quotas.
    pub(crate) quota: u16,
    pub(crate) group: Option<String>,
    /// Of which a share is given, at least and at most.
    pub(crate) population: (u64, u64),
    pub(crate) places: (u64, u64),
    /// Who had the star before, for certain and perhaps.
    pub(crate) candidates: (u64, u64),
    /// Who has it after.
    pub(crate) given: (u64, u64),
    /// Those of them that direct grading gave it to.
    pub(crate) direct: u64,
    /// How many were equal where the places end; 0 where the line lies between two.
    pub(crate) tied: u64,
}

/// What decides between two organisations, worst and best case.
struct Key {
    low: Vec<i64>,
    high: Vec<i64>,
}

/// An organisation that may have the star.
struct Contender {
    at: usize,
    key: Key,
    /// Whether it has the star for certain, and competes for it.
    certain: bool,
}

pub(super) fn run(work: &mut Work<'_>) -> Result<()> {
    let scheme = work.scheme;
    for (nth, quota) in scheme.quotas.iter().enumerate() {
        let groups = work.round.groups(&quota.within)?;
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups.labels.len()];
        for (at, group) in groups.of_subjects.iter().enumerate() {
            members[*group as usize].push(at);
        }
        let mut homes = vec![0u64; groups.labels.len()];
        groups.of_homes.iter().for_each(|group| homes[*group as usize] += 1);
        let mut uses = Vec::new();
        for (group, members) in members.iter().enumerate() {
            let sure =
                |wanted: fn(Sure) -> bool| members.iter().filter(|at| wanted(work.excluded[**at])).count() as u64;
            let rated = (sure(|s| s == Sure::No), sure(|s| s != Sure::Yes));
            let population = if quota.of_all { (homes[group], homes[group]) } else { rated };
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

fn has(span: Span, rung: Rung) -> (bool, bool) {
    (span == Span::one(rung), (span.low..=span.high).contains(&rung))
}

/// The places of one group.
fn one(work: &mut Work<'_>, nth: usize, quota: &Quota, population: (u64, u64), members: &[usize]) -> QuotaUse {
    let rung = quota.rung;
    let places = (quota.places_of(population.0), quota.places_of(population.1));
    let count = |work: &Work<'_>| {
        let all = members.iter().map(|at| has(work.spans[*at], rung));
        all.fold((0, 0), |(sure, maybe), (s, m)| (sure + u64::from(s), maybe + u64::from(m)))
    };
    let candidates = count(work);
    // Direct grading: who has it for certain does not compete; whether it takes a place the scheme says.
    let (mut taken, mut perhaps, mut direct) = (0, 0, 0);
    let mut contenders = Vec::new();
    for at in members {
        let (sure, maybe) = has(work.spans[*at], rung);
        if !maybe {
            continue;
        }
        let graded = work.direct[*at].filter(|(own, ..)| *own >= rung);
        if let Some((_, answer, inside)) = graded {
            perhaps += u64::from(inside);
            taken += u64::from(inside && sure && answer == Sure::Yes);
            direct += u64::from(answer == Sure::Yes);
        }
        if graded.is_none_or(|(_, answer, _)| answer != Sure::Yes) {
            contenders.push(Contender { at: *at, key: key(work, quota, *at), certain: sure && graded.is_none() });
        }
    }
    let free = (places.0.saturating_sub(perhaps), places.1.saturating_sub(taken));
    let tied = compete(work, nth as u16, quota, free, &contenders);
    QuotaUse {
        year: work.round.year,
        quota: nth as u16,
        group: None,
        population,
        places,
        candidates,
        given: count(work),
        direct,
        tied,
    }
}

/// The total, then what decides between equals.
fn key(work: &Work<'_>, quota: &Quota, at: usize) -> Key {
    let subject = work.round.range.start + at;
    let parts = std::iter::once(Part::Total).chain(quota.tie_by.iter().copied());
    let (low, high) = parts.map(|part| part_of(work.rating, work.scheme, part, subject)).unzip();
    Key { low, high }
}

/// Lets those go who are beyond the places; gives how many are equal at the line.
fn compete(work: &mut Work<'_>, nth: u16, quota: &Quota, free: (u64, u64), contenders: &[Contender]) -> u64 {
    let sorted = |keys: &mut Vec<&[i64]>| keys.par_sort_unstable_by(|a, b| b.cmp(a));
    let mut certain: Vec<&[i64]> = contenders.iter().filter(|c| c.certain).map(|c| &c.key.low[..]).collect();
    let mut possible: Vec<&[i64]> = contenders.iter().map(|c| &c.key.high[..]).collect();
    sorted(&mut certain);
    sorted(&mut possible);
    // Descending: how many are better than a key, and how many at least as good.
    let better = |keys: &[&[i64]], key: &[i64]| keys.partition_point(|own| *own > key) as u64;
    let as_good = |keys: &[&[i64]], key: &[i64]| keys.partition_point(|own| *own >= key) as u64;
    let rung = quota.rung;
    let judged: Vec<(usize, bool, bool, u64)> = contenders
        .par_iter()
        .map(|c| {
            let open = c.key.low != c.key.high;
            let ahead = (better(&certain, &c.key.high), better(&possible, &c.key.low) - u64::from(open));
            let itself = u64::from(c.certain && !open);
            let level = (as_good(&certain, &c.key.high) - itself, as_good(&possible, &c.key.low) - 1);
            let (stays, goes) = match quota.ties {
                Ties::In => (ahead.1 < free.0, ahead.0 >= free.1),
                Ties::Out => (level.1 < free.0, level.0 >= free.1),
            };
            (c.at, stays, goes, ahead.0 + 1)
        })
        .collect();
    for (at, stays, goes, rank) in judged {
        let Span { low, high } = work.spans[at];
        let maybe_direct = work.direct[at].is_some_and(|(own, ..)| own >= rung);
        let mut after = Span { low, high };
        if low == rung && !stays {
            after.low = rung - 1;
        }
        if high == rung && goes && !maybe_direct {
            after.high = rung - 1;
        }
        work.set(at, Rule::Quota(nth), (after, rank as u32));
    }
    // The line lies within equals where the last that is in and the first that is out have one key.
    let line = free.1 as usize;
    match (line.checked_sub(1).and_then(|last| possible.get(last)), possible.get(line)) {
        (Some(last), Some(next)) if last == next => as_good(&possible, next) - better(&possible, next),
        _ => 0,
    }
}
