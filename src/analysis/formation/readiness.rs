//! Readiness (培育): counts and lists those a few members short of the next step, with the rate at which earlier ones
//! reached it.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;
use rayon::prelude::*;

use super::steps::{FormationStep, StepCandidate, StepCandidates, steps};
use crate::cube::Lane;
use crate::definition::{FormationRules, known};
use crate::error::Result;
use crate::job::Job;
use crate::lang::Lang;
use crate::query::Scope;
use crate::query::party_organisation::bitmap;
use crate::roster::{Frame, Roster};
use crate::support::columns::Columns;
use crate::{cube, job};

/// The counts of a step; the first two concern the year, the others the next year.
const ITEMS: [&str; 7] = ["ready", "unknown", "gone", "next_unknown", "stayed", "reached", "formed"];

impl Roster {
    /// Counts those short of the next step of the rules by up to `short` members, by the dimensions of `scope`, with
    /// their outcome in the next year. A step is a number of members from which an organisation needs another mode, or
    /// a party organisation another level. Party organisations are counted at their home row and followed by their
    /// code.
    ///
    /// Columns: `year`, the dimensions, `step`, `label_zh`, `label_en`, `counts`, `at_least` (the members of the step),
    /// `ready` (those short of it), `unknown` (those whose members are unknown); of those ready, in the next year:
    /// `gone` (not listed), `next_unknown` (members unknown), `stayed` (still short), `reached` (has the members), and
    /// `formed` (of those that reached it, the ones recorded with the mode or level); null if the next year is not in
    /// the roster. Then, of the group in all earlier years together: `past_known` (stayed or reached), `past_reached`,
    /// and `past_rate`, the ratio of the two.
    /// ```
    /// # use dangjian::{FormationRules, Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.readiness(&FormationRules::shipped()?, 1, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 3 * 4); // three years, four steps each
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn readiness(&self, rules: &FormationRules, short: u32, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        rules.check(self)?;
        let asked: Vec<i16> = scope.frames(self)?.iter().map(|frame| frame.year).collect();
        // Past rates need every year, including those outside the scope.
        let frames: Vec<&Frame> = self.frames().iter().collect();
        let steps = steps(rules);
        let candidates = frames.par_iter().copied().map(|frame| {
            job::check(job)?;
            steps.iter().map(|step| StepCandidates::new(self, frame, rules, step)).collect()
        });
        let candidates: Vec<Vec<StepCandidates>> = candidates.collect::<Result<_>>()?;
        let next =
            |nth: usize| frames.get(nth + 1).is_some_and(|next| next.year == frames[nth].year + 1).then_some(nth + 1);
        let lanes = |nth: usize, frame: &Frame| {
            let rows = scope.rows(self, frame)?;
            let mut lanes = vec![Lane::Bits(rows.clone())];
            for (at, step) in steps.iter().enumerate() {
                let after = next(nth).map(|next| &candidates[next][at]);
                for found in outcomes(&candidates[nth][at], after, step, short) {
                    lanes.push(Lane::Bits(&bitmap(frame.rows(), found.into_iter()) & &rows));
                }
            }
            Ok(lanes)
        };
        let counted = cube::count_one(&frames, scope.axes(self, &frames)?, lanes, job)?;
        let mut followed_years = BTreeMap::new();
        for (nth, frame) in frames.iter().enumerate() {
            let silent: Vec<bool> = candidates[nth].iter().map(|candidates| candidates.silent).collect();
            followed_years.insert(frame.year, (next(nth).is_some(), silent));
        }
        let mut past: BTreeMap<(usize, Vec<u32>), [u64; 2]> = BTreeMap::new();
        let (mut rows, mut kept) = (Vec::new(), Vec::new());
        for (group, year) in counted.years.iter().enumerate() {
            let (followed, silent) = &followed_years[year];
            for (nth, step) in steps.iter().enumerate() {
                let known = |item: usize| !silent[nth] && (item < 2 || *followed);
                let n = |item: usize| known(item).then(|| counted.lane(1 + nth * ITEMS.len() + item)[group]);
                let n: [Option<u64>; ITEMS.len()] = std::array::from_fn(n);
                let key = counted.keys.iter().map(|keys| keys[group]).collect();
                let before = past.entry((nth, key)).or_default();
                rows.push(ReadinessRow { step, n, past: *before });
                kept.push(asked.contains(year) && step.validity.holds(*year));
                let [stayed, reached] = [n[4], n[5]].map(Option::unwrap_or_default);
                *before = [before[0] + stayed + reached, before[1] + reached];
            }
        }
        let table = finish(Columns::default().groups(&counted.repeated(steps.len())), &rows)?;
        Ok(filter_record_batch(&table, &kept.into())?)
    }

    /// Lists those of a year short of a step by up to `short` members, for all steps or for the one called `step`, by
    /// organisation id. Only the filter of `scope` applies; its dimensions and years are ignored. A party organisation
    /// is listed at its home.
    ///
    /// Columns: `year`, `step`, `label_zh`, `label_en`, `counts`, `org_id`, `name`, `township`, `township_name`,
    /// `kind`, `committee`, `mode`, `party_org_id`, `party_org_level`, `instructor_id`, `members` (those the step
    /// counts), `at_least`.
    /// ```
    /// # use dangjian::{FormationRules, Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let rules = FormationRules::shipped()?;
    /// let list = roster.readiness_list(&rules, Some("solo_3"), 1, 2012, &Scope::default(), &Quiet)?;
    /// assert!(list.column_by_name("members").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn readiness_list(
        &self,
        rules: &FormationRules,
        step: Option<&str>,
        short: u32,
        year: i16,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let frame = self.frame(year)?;
        rules.check(self)?;
        let mut steps: Vec<FormationStep> = steps(rules).into_iter().filter(|step| step.validity.holds(year)).collect();
        if let Some(id) = step {
            let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
            known(("步骤", "step"), id, &ids)?;
            steps.retain(|step| step.id == id);
        }
        let rows = scope.rows(self, frame)?;
        let mut found: Vec<(&FormationStep, u32, u64)> = Vec::new();
        for step in &steps {
            job::check(job)?;
            let candidates = StepCandidates::new(self, frame, rules, step)?;
            let all = (0..candidates.ids().len()).map(|nth| candidates.get(nth));
            let short = all.filter_map(|t| Some((step, t.row, t.members.filter(|n| step.is_short(*n, short))?)));
            let from = found.len();
            found.extend(short.filter(|(_, row, _)| rows.value(*row as usize)));
            found[from..].sort_unstable_by_key(|(_, row, _)| *row);
        }
        let of_rows: Vec<u32> = found.iter().map(|(_, row, _)| *row).collect();
        let batch = self.picked(frame, LISTED, &of_rows)?;
        let columns = Columns::default()
            .years("year", found.iter().map(|_| year))
            .texts("step", found.iter().map(|(step, ..)| &step.id))
            .texts("label_zh", found.iter().map(|(step, ..)| step.label.get(Lang::Zh)))
            .texts("label_en", found.iter().map(|(step, ..)| step.label.get(Lang::En)))
            .texts("counts", found.iter().map(|(step, ..)| step.counts.name()));
        columns
            .listed(&batch, &LISTED)
            .counts("members", found.iter().map(|(.., members)| *members))
            .counts("at_least", found.iter().map(|(step, ..)| u64::from(step.at_least)))
            .finish()
    }
}

/// Ledger columns listed for an organisation.
const LISTED: [&str; 9] =
    ["org_id", "name", "region", "kind", "committee", "mode", "party_org_id", "party_org_level", "instructor_id"];

/// One row of the table.
struct ReadinessRow<'a> {
    step: &'a FormationStep,
    n: [Option<u64>; ITEMS.len()],
    /// Totals over the earlier years: those that stayed or reached the step, and those that reached it.
    past: [u64; 2],
}

fn finish(columns: Columns, rows: &[ReadinessRow]) -> Result<RecordBatch> {
    let columns = columns
        .texts("step", rows.iter().map(|r| &r.step.id))
        .texts("label_zh", rows.iter().map(|r| r.step.label.get(Lang::Zh)))
        .texts("label_en", rows.iter().map(|r| r.step.label.get(Lang::En)))
        .texts("counts", rows.iter().map(|r| r.step.counts.name()))
        .counts("at_least", rows.iter().map(|r| u64::from(r.step.at_least)));
    let counts = ITEMS.iter().enumerate();
    let columns = counts.fold(columns, |c, (item, name)| c.some_counts(name, rows.iter().map(move |r| r.n[item])));
    columns
        .counts("past_known", rows.iter().map(|r| r.past[0]))
        .counts("past_reached", rows.iter().map(|r| r.past[1]))
        .reals("past_rate", rows.iter().map(|r| (r.past[0] > 0).then(|| r.past[1] as f64 / r.past[0] as f64)))
        .finish()
}

/// Returns the rows counted under each of [`ITEMS`].
fn outcomes(
    here: &StepCandidates,
    next: Option<&StepCandidates>,
    step: &FormationStep,
    short: u32,
) -> [Vec<u32>; ITEMS.len()] {
    let mut items: [Vec<u32>; ITEMS.len()] = std::array::from_fn(|_| Vec::new());
    let (after, mut nth) = (next.map_or(&[][..], StepCandidates::ids), 0);
    for (at, id) in here.ids().iter().enumerate() {
        let candidate = here.get(at);
        let of: &[usize] = match candidate.members {
            None => &[1],
            Some(members) if !step.is_short(members, short) => &[],
            Some(_) => {
                nth += after[nth..].iter().take_while(|other| *other < id).count();
                match next.filter(|_| after.get(nth) == Some(id)).map(|next| (next, next.get(nth))) {
                    None => &[0, 2],
                    Some((_, StepCandidate { members: None, .. })) => &[0, 3],
                    Some((_, StepCandidate { members: Some(members), .. })) if members < u64::from(step.at_least) => {
                        &[0, 4]
                    }
                    Some((next, other)) if next.is_formed(other.row) => &[0, 5, 6],
                    Some(_) => &[0, 5],
                }
            }
        };
        for item in of {
            items[*item].push(candidate.row);
        }
    }
    items
}
