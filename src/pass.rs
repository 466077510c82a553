//! Statistics as the kernel counts them: each says by what its rows are grouped and what is counted of them, and makes its
//! tables of what was counted. So one is counted by itself or several together, in one pass over the rows.

use std::ops::Range;
use std::sync::OnceLock;

use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::datatypes::ArrowNativeType;

use crate::cube::{self, Axis, Counted, Lane};
use crate::error::{Error, Result};
use crate::job::{self, Job};
use crate::roster::Frame;

/// What is counted of the frame at a position; the first lane says which groups exist. As many lanes for every frame. They
/// take a while for many rows, and look from time to time whether the job is still wanted.
type Lanes<'r> = Box<dyn Fn(usize, &'r Frame, &dyn Job) -> Result<Vec<Lane<'r>>> + Sync + 'r>;

/// What is made of the counts of all groupings, in their order.
type Answer<'r, T> = Box<dyn FnOnce(Vec<Counted>) -> Result<T> + 'r>;

/// A statistic: what it asks of the rows, and its answer.
pub(crate) struct Statistic<'r, T> {
    sets: Vec<Vec<Axis>>,
    lanes: Lanes<'r>,
    answer: Answer<'r, T>,
}

impl<'r, T: 'r> Statistic<'r, T> {
    pub(crate) fn new(
        sets: Vec<Vec<Axis>>,
        lanes: impl Fn(usize, &'r Frame, &dyn Job) -> Result<Vec<Lane<'r>>> + Sync + 'r,
        answer: impl FnOnce(Vec<Counted>) -> Result<T> + 'r,
    ) -> Self {
        Self { sets, lanes: Box::new(lanes), answer: Box::new(answer) }
    }

    /// The same with something made of its answer.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> Result<U> + 'r) -> Statistic<'r, U> {
        let answer = self.answer;
        Statistic { sets: self.sets, lanes: self.lanes, answer: Box::new(move |counted| make(answer(counted)?)) }
    }

    /// Its answer for `frames`, which its axes were made for.
    pub(crate) fn count(self, frames: &[&'r Frame], job: &dyn Job) -> Result<T> {
        let lanes = self.lanes;
        let counted = cube::count(frames, self.sets, |nth, frame| lanes(nth, frame, job), job)?;
        job::check(job)?;
        (self.answer)(counted)
    }
}

/// The answers of all `statistics` for `frames`, in one pass over their rows: the groupings of all are handed to the kernel
/// together, the lanes of each behind those of the one before.
pub(crate) fn count_all<'r, T: 'r>(
    frames: &[&'r Frame],
    statistics: Vec<Statistic<'r, T>>,
    job: &dyn Job,
) -> Result<Vec<T>> {
    let (mut sets, mut lanes, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for statistic in statistics {
        answers.push((statistic.sets.len(), statistic.answer));
        lanes.push(statistic.lanes);
        sets.extend(statistic.sets);
    }
    let ranges = OnceLock::new();
    let all = |nth, frame: &'r Frame| {
        // Groups are those that any statistic may have; each takes its own.
        let mut all = vec![Lane::Bits(BooleanBuffer::new_set(frame.rows()))];
        let mut here: Vec<Range<usize>> = Vec::with_capacity(lanes.len());
        for lanes in &lanes {
            let first = all.len();
            all.extend(lanes(nth, frame, job)?);
            here.push(first..all.len());
        }
        ranges.get_or_init(|| here);
        Ok(all)
    };
    let mut counted = cube::count(frames, sets, all, job)?.into_iter();
    let ranges = ranges.into_inner().unwrap_or_else(|| vec![0..0; answers.len()]);
    let of = |(range, (sets, answer)): (Range<usize>, (usize, Answer<'r, T>))| {
        job::check(job)?;
        answer(counted.by_ref().take(sets).map(|counted| narrowed(counted, range.clone())).collect())
    };
    ranges.into_iter().zip(answers).map(of).collect()
}

/// Of what was counted the lanes `own`, in the groups that they say exist.
fn narrowed(counted: Counted, own: Range<usize>) -> Counted {
    let counts = counted.counts.get(own).unwrap_or_default();
    let there: &[u64] = counts.first().map_or(&[], |first| first);
    if there.iter().all(|n| *n > 0) && there.len() == counted.years.len() {
        return Counted { counts: counts.to_vec(), ..counted };
    }
    Counted {
        years: kept(&counted.years, there),
        keys: counted.keys.iter().map(|keys| kept(keys, there)).collect(),
        counts: counts.iter().map(|lane| kept(lane, there)).collect(),
        axes: counted.axes,
    }
}

/// Those of `values` where `there` is not 0.
fn kept<T: ArrowNativeType>(values: &[T], there: &[u64]) -> ScalarBuffer<T> {
    values.iter().zip(there).filter(|(_, n)| **n > 0).map(|(value, _)| *value).collect()
}

/// The only one of several.
pub(crate) fn only<T>(mut several: Vec<T>) -> Result<T> {
    several.pop().ok_or(Error::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Roster;
    use crate::dimension::Scope;
    use crate::ingest::Options;
    use crate::job::Quiet;
    use crate::measure::Predicate;
    use crate::synth;

    /// The rows for which `filter` holds, and of them those of mode solo, by each of `sets`.
    fn asked<'r>(
        roster: &'r Roster,
        frames: &[&'r Frame],
        sets: &[&[&str]],
        filter: &str,
    ) -> Statistic<'r, Vec<Counted>> {
        let scope = Scope { filter: Some(Predicate::parse(filter).unwrap()), ..Scope::default() };
        let axes = |by: &&[&str]| Scope::by(by.iter().copied()).axes(roster, frames).unwrap();
        let lanes = move |_, frame: &'r Frame, _: &dyn Job| {
            let rows = scope.rows(roster, frame)?;
            let solo = &Predicate::parse("mode = 'solo'")?.evaluate(roster, frame)?.yes & &rows;
            Ok(vec![Lane::Bits(rows), Lane::Bits(solo)])
        };
        Statistic::new(sets.iter().map(axes).collect(), lanes, Ok)
    }

    fn plain(counted: &[Counted]) -> Vec<String> {
        counted.iter().map(|c| format!("{:?} {:?} {:?}", c.years, c.keys, c.counts)).collect()
    }

    /// Also where one leaves out groups that another has.
    #[test]
    fn several_at_once_are_what_each_is_alone() {
        let panel = synth::panel(300, 3, 2010, 7).unwrap();
        let roster = Roster::read_arrow("made", &panel, &Options::default(), &Quiet).unwrap();
        let frames: Vec<&Frame> = roster.frames().iter().collect();
        let all = || {
            vec![
                asked(&roster, &frames, &[&[], &["kind"]], "kind = 'enterprise'"),
                asked(&roster, &frames, &[&["mode", "kind"]], "true"),
                asked(&roster, &frames, &[], "true"),
                asked(&roster, &frames, &[&["kind"]], "false"),
            ]
        };
        let alone: Vec<_> = all().into_iter().map(|one| one.count(&frames, &Quiet).unwrap()).collect();
        let together = count_all(&frames, all(), &Quiet).unwrap();
        assert_eq!(alone.len(), together.len());
        for (alone, together) in alone.iter().zip(&together) {
            assert_eq!(plain(alone), plain(together));
        }
        assert!(together[1][0].years.len() > together[0][1].years.len() && together[3][0].years.is_empty());
    }
}
