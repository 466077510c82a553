//! Statistics as inputs of the shared scan: each defines its groupings and lanes (aggregate inputs), and builds its
//! tables from the counts, so that one or several statistics can be counted in one scan.

use std::ops::Range;
use std::sync::OnceLock;

use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use arrow::datatypes::ArrowNativeType;

use super::{Axis, CountRequest, GroupedCounts, Lane};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::roster::Frame;
use crate::{cube, job};

/// Lanes of the frame at a position; the first lane decides which groups exist, and every frame has the same number
/// of lanes. Building lanes takes time for many rows, so implementations check the job for cancellation.
type StatisticLanes<'r> = Box<dyn Fn(usize, &'r Frame, &dyn Job) -> Result<Vec<Lane<'r>>> + Sync + 'r>;

/// Function that builds the result from the counts of all groupings, in their order.
type StatisticAnswer<'r, T> = Box<dyn FnOnce(Vec<GroupedCounts>) -> Result<T> + 'r>;

/// A statistic: its groupings, its lanes, and its answer.
pub(crate) struct Statistic<'r, T> {
    sets: Vec<Vec<Axis>>,
    lanes: StatisticLanes<'r>,
    answer: StatisticAnswer<'r, T>,
}

impl<'r, T: 'r> Statistic<'r, T> {
    pub(crate) fn new(
        sets: Vec<Vec<Axis>>,
        lanes: impl Fn(usize, &'r Frame, &dyn Job) -> Result<Vec<Lane<'r>>> + Sync + 'r,
        answer: impl FnOnce(Vec<GroupedCounts>) -> Result<T> + 'r,
    ) -> Self {
        Self { sets, lanes: Box::new(lanes), answer: Box::new(answer) }
    }

    /// Applies `make` to the answer.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> Result<U> + 'r) -> Statistic<'r, U> {
        let answer = self.answer;
        Statistic { sets: self.sets, lanes: self.lanes, answer: Box::new(move |counted| make(answer(counted)?)) }
    }

    /// Counts the statistic over `frames`, for which its axes were built, and returns its answer.
    pub(crate) fn count(self, frames: &[&'r Frame], job: &dyn Job) -> Result<T> {
        let lanes = self.lanes;
        let counted = cube::count(frames, self.sets, |nth, frame| lanes(nth, frame, job), job)?;
        job::check(job)?;
        (self.answer)(counted)
    }
}

/// Statistics counted in the same cells: their groupings are passed to the kernel together, and their lanes are
/// concatenated. Do not mix statistics with many lanes and few cells with ones that have few lanes and many cells.
pub(crate) struct ScanPart<'r, T> {
    /// Frames to count.
    pub(crate) frames: Range<usize>,
    pub(crate) statistics: Vec<Statistic<'r, T>>,
}

/// One scan of the rows of `frames` that answers the statistics of all parts.
pub(crate) struct SharedScan<'f, 'r, T> {
    pub(crate) frames: &'f [&'r Frame],
    pub(crate) parts: Vec<ScanPart<'r, T>>,
}

impl<'r, T: 'r> SharedScan<'_, 'r, T> {
    /// Runs the scan and returns the answers, part by part.
    pub(crate) fn run(self, job: &dyn Job) -> Result<Vec<T>> {
        let Self { frames, parts } = self;
        let ranges: Vec<OnceLock<Vec<Range<usize>>>> = parts.iter().map(|_| OnceLock::new()).collect();
        let (mut requests, mut answers) = (Vec::new(), Vec::new());
        for (part, ranges) in parts.into_iter().zip(&ranges) {
            let (mut sets, mut lanes, mut answers_of) = (Vec::new(), Vec::new(), Vec::new());
            for statistic in part.statistics {
                answers_of.push((statistic.sets.len(), statistic.answer));
                lanes.push(statistic.lanes);
                sets.extend(statistic.sets);
            }
            let all = move |nth, frame: &'r Frame| {
                // Lane 0 is all rows, so that every group of any statistic exists. Each statistic is narrowed to its
                // own groups later.
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
            requests.push(CountRequest { sets, frames: part.frames, lanes: Box::new(all) });
            answers.push(answers_of);
        }
        let counted = cube::count_requests(frames, requests, job)?;
        let mut all = Vec::new();
        for ((counted, ranges), answers) in counted.into_iter().zip(&ranges).zip(answers) {
            let mut counted = counted.into_iter();
            for (at, (sets, answer)) in answers.into_iter().enumerate() {
                job::check(job)?;
                let own = ranges.get().and_then(|ranges| ranges.get(at)).cloned().unwrap_or(0..0);
                all.push(answer(counted.by_ref().take(sets).map(|counted| narrowed(counted, own.clone())).collect())?);
            }
        }
        Ok(all)
    }
}

/// Returns the lanes `own` of `counted`, restricted to the groups in which the first of them is not 0.
fn narrowed(counted: GroupedCounts, own: Range<usize>) -> GroupedCounts {
    let counts = counted.counts.get(own).unwrap_or_default();
    let there: &[u64] = counts.first().map_or(&[], |first| first);
    if there.iter().all(|n| *n > 0) && there.len() == counted.years.len() {
        return GroupedCounts { counts: counts.to_vec(), ..counted };
    }
    GroupedCounts {
        years: kept(&counted.years, there),
        keys: counted.keys.iter().map(|keys| kept(keys, there)).collect(),
        counts: counts.iter().map(|lane| kept(lane, there)).collect(),
        axes: counted.axes,
    }
}

/// Returns the `values` for which `there` is not 0.
fn kept<T: ArrowNativeType>(values: &[T], there: &[u64]) -> ScalarBuffer<T> {
    values.iter().zip(there).filter(|(_, n)| **n > 0).map(|(value, _)| *value).collect()
}

/// Returns the only element of `several`.
pub(crate) fn only<T>(mut several: Vec<T>) -> Result<T> {
    several.pop().ok_or_else(Error::no_result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::ReadOptions;
    use crate::job::Quiet;
    use crate::lang::Lang;
    use crate::predicate::Predicate;
    use crate::query::Scope;
    use crate::roster::Roster;
    use crate::synth;

    /// Counts the rows for which `filter` holds, and among them those of mode solo, by each of `sets`.
    fn solo_counts<'r>(
        roster: &'r Roster,
        frames: &[&'r Frame],
        sets: &[&[&str]],
        filter: &str,
    ) -> Statistic<'r, Vec<GroupedCounts>> {
        let scope = Scope::default().filter(Predicate::parse(filter).unwrap());
        let axes = |by: &&[&str]| Scope::by(by.iter().copied()).axes(roster, frames).unwrap();
        let lanes = move |_, frame: &'r Frame, _: &dyn Job| {
            let rows = scope.rows(roster, frame)?;
            let solo = &Predicate::parse("mode = 'solo'")?.evaluate(roster, frame)?.yes & &rows;
            Ok(vec![Lane::Bits(rows), Lane::Bits(solo)])
        };
        Statistic::new(sets.iter().map(axes).collect(), lanes, Ok)
    }

    #[test]
    fn a_result_that_is_missing_is_an_internal_error() {
        assert_eq!(only(vec![3]).unwrap(), 3);
        let error = only(Vec::<()>::new()).unwrap_err();
        assert!(matches!(error, Error::Internal(_)), "{error:?}");
        assert!(error.message(Lang::Zh).contains("请报告") && error.message(Lang::En).contains("report"));
    }

    fn plain(counted: &[GroupedCounts]) -> Vec<String> {
        counted.iter().map(|c| format!("{:?} {:?} {:?}", c.years, c.keys, c.counts)).collect()
    }

    /// Includes statistics that lack groups of others, and parts over different years.
    #[test]
    fn several_at_once_are_what_each_is_alone() {
        let panel = synth::panel(300, 3, 2010, 7).unwrap();
        let roster = Roster::read_arrow("made", &panel, &ReadOptions::default(), &Quiet).unwrap();
        let frames: Vec<&Frame> = roster.frames().iter().collect();
        let all = |frames| {
            vec![
                solo_counts(&roster, frames, &[&[], &["kind"]], "kind = 'enterprise'"),
                solo_counts(&roster, frames, &[&["mode", "kind"]], "true"),
                solo_counts(&roster, frames, &[], "true"),
                solo_counts(&roster, frames, &[&["kind"]], "false"),
            ]
        };
        let ranges = [0..3, 0..2, 2..3, 1..1];
        let alone = ranges.iter().flat_map(|range| {
            let frames = &frames[range.clone()];
            all(frames).into_iter().map(|one| one.count(frames, &Quiet).unwrap())
        });
        let alone: Vec<Vec<GroupedCounts>> = alone.collect();
        let parts =
            ranges.iter().map(|range| ScanPart { frames: range.clone(), statistics: all(&frames[range.clone()]) });
        let together = SharedScan { frames: &frames, parts: parts.collect() }.run(&Quiet).unwrap();
        assert_eq!((alone.len(), together.len()), (16, 16));
        for (alone, together) in alone.iter().zip(&together) {
            assert_eq!(plain(alone), plain(together));
        }
        assert!(together[1][0].years.len() > together[0][1].years.len() && together[3][0].years.is_empty());
        assert!(together[13][0].years.is_empty(), "no frames, no groups");
    }
}
