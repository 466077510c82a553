//! A rating as tables.

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::sync::Arc;

use super::listed::texts_at;
use super::{Prev, Rating, STAGES, Span};
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::stars::scheme::units::{POINT, real};
use crate::stars::scheme::{Places, Rounding, Test, Ties};
use crate::table::Columns;

/// Both ends of a count.
type Ends = fn(&super::QuotaUse) -> (u64, u64);

/// What may become of stars.
const MOVES: [&str; 5] = ["up", "down", "same", "new", "unknown"];

/// What became of stars since the round before, by its place among [`MOVES`].
fn move_at(before: Prev, now: Span) -> usize {
    match (before.listed, before.span.known(), now.known()) {
        (true, Some(before), Some(now)) => match now.cmp(&before) {
            Ordering::Greater => 0,
            Ordering::Less => 1,
            Ordering::Equal => 2,
        },
        (false, _, Some(_)) => 3,
        _ => 4,
    }
}

/// What is known for certain, at least, and at most, as numbers. Where everything is certain they are one column.
fn ends<T: Copy + Sync, E: PartialEq + Copy>(
    all: &[T],
    of: impl Fn(T) -> (E, E) + Sync,
    number: impl Fn(E) -> Option<f64> + Sync,
) -> [ArrayRef; 3] {
    let column = |value: &(dyn Fn(T) -> Option<f64> + Sync)| -> ArrayRef {
        Arc::new(all.iter().map(|own| value(*own)).collect::<Float64Array>())
    };
    let low = column(&|own| number(of(own).0));
    let certain = |own: &T| of(*own).0 == of(*own).1;
    if all.iter().all(certain) {
        return [Arc::clone(&low), Arc::clone(&low), low];
    }
    [column(&|own| number(of(own).0).filter(|_| certain(&own))), low, column(&|own| number(of(own).1))]
}

impl Rating {
    /// The organisations with their scores and stars, by year and id.
    ///
    /// Columns: `year`, the id (`party_org_id` or `org_id`), `org_id`, `name`, `township`, `township_name`, `kind`,
    /// `committee` (where the party organisation stands), `score` (null where items are open), `score_low`, `score_high`,
    /// `open_items`, `open_points`, the star states `by_score`, `after_events`, `after_gates`, `after_caps`,
    /// `after_vetoes`, `after_first_year`, `after_step`, `after_direct`, `after_quotas`; `previous` (of the round before,
    /// `absent` where that does not have it), `star_state` (the last of them: a grade, `unrated`, or `unknown` where what
    /// is open decides), `stars`, `stars_low`, `stars_high` (null is unrated), `moved` (`up`, `down`, `same`, `new`, or
    /// `unknown`).
    pub fn table(&self) -> Result<RecordBatch> {
        let (totals, stars) = (&self.scores.totals, self.stars());
        let (listed, (numbers, words)) = rayon::join(
            || self.listed(&self.everybody()),
            || {
                rayon::join(
                    || {
                        rayon::join(
                            || ends(totals, |(low, high)| (low, high), |end| Some(real(end))),
                            || ends(stars, |span| (span.low, span.high), |end| self.scheme.ladder.stars(end)),
                        )
                    },
                    || {
                        let rest = || rayon::join(|| self.previous_states(), || self.moved());
                        let (stages, (previous, moved)) = rayon::join(|| self.all_stages(), rest);
                        Ok::<_, Error>((stages?, previous?, moved?))
                    },
                )
            },
        );
        let ([score, score_low, score_high], [stars, stars_low, stars_high]) = numbers;
        let (stages, previous, moved) = words?;
        let open_points = Float64Array::from_iter_values(totals.iter().map(|(low, high)| real(high - low)));
        let mut columns = listed?
            .array("score", score)
            .array("score_low", score_low)
            .array("score_high", score_high)
            .counts("open_items", self.scores.open.iter().map(|open| u64::from(*open)))
            .array("open_points", Arc::new(open_points));
        for (name, stage) in STAGES.iter().zip(&stages) {
            columns = columns.array(name, Arc::clone(stage));
        }
        columns
            .array("previous", previous)
            .array("star_state", Arc::clone(&stages[STAGES.len() - 1]))
            .array("stars", stars)
            .array("stars_low", stars_low)
            .array("stars_high", stars_high)
            .array("moved", moved)
            .finish()
    }

    fn previous_states(&self) -> Result<ArrayRef> {
        let mut values = self.states();
        values.push(crate::classes::ABSENT.to_owned());
        let absent = values.len() as u32 - 1;
        let at = |prev: &Prev| if prev.listed { self.state_at(prev.span) } else { absent };
        texts_at(values, self.before.par_iter().map(at).collect())
    }

    fn moved(&self) -> Result<ArrayRef> {
        let moves = self.before.par_iter().zip(self.stars()).map(|(before, now)| move_at(*before, *now) as u32);
        texts_at(MOVES, moves.collect())
    }

    /// Every organisation with all that made its stars in one line of words.
    ///
    /// Columns: `year`, the id, `name`, `star_state`, `reason_zh`, `reason_en`.
    pub fn reasons(&self) -> Result<RecordBatch> {
        let all = 0..self.len();
        let listed = self.listed(&self.everybody())?.finish()?;
        Columns::default()
            .array("year", Arc::clone(&listed["year"]))
            .array(self.scheme.id_column(), Arc::clone(&listed[self.scheme.id_column()]))
            .array("name", Arc::clone(&listed["name"]))
            .array("star_state", self.stage(STAGES.len() - 1)?)
            .texts("reason_zh", all.clone().map(|at| self.line(at, Lang::Zh)))
            .texts("reason_en", all.map(|at| self.line(at, Lang::En)))
            .finish()
    }

    /// How many have which stars, rule after rule.
    ///
    /// Columns: `year`, `star_state` (the highest first, then `unrated`, `unknown`), a count of organisations for each
    /// stage (see [`Rating::table`]), `share_rated` (of those rated, after all rules), `all` (organisations of the year's
    /// ledger), `share_all`.
    pub fn summary(&self) -> Result<RecordBatch> {
        let states = self.states();
        let order: Vec<u32> =
            (1..=u32::from(self.scheme.ladder.top())).rev().chain([0, states.len() as u32 - 1]).collect();
        let mut columns = Columns::default();
        let years = self.marks.years.iter();
        columns = columns
            .years("year", years.clone().flat_map(|(year, _)| order.iter().map(|_| *year)))
            .texts("star_state", years.clone().flat_map(|_| order.iter().map(|at| states[*at as usize].clone())));
        let count = |stage: usize| -> Vec<u64> {
            let mut all = Vec::new();
            for (_, range) in &self.marks.years {
                let mut n = vec![0u64; states.len()];
                self.stages[stage][range.clone()].iter().for_each(|span| n[self.state_at(*span) as usize] += 1);
                all.extend(order.iter().map(|at| n[*at as usize]));
            }
            all
        };
        let mut last = Vec::new();
        for (at, name) in STAGES.iter().enumerate() {
            last = count(at);
            columns = columns.counts(name, last.iter().copied());
        }
        let rated = years.clone().flat_map(|(_, range)| order.iter().map(|_| range.len() as u64));
        let all: Vec<u64> = self.populations.iter().flat_map(|(_, all)| order.iter().map(|_| *all)).collect();
        let share = |(n, of): (&u64, u64)| (of > 0).then(|| *n as f64 / of as f64);
        columns
            .reals("share_rated", last.iter().zip(rated).map(share))
            .counts("all", all.iter().copied())
            .reals("share_all", last.iter().zip(all.iter().copied()).map(share))
            .finish()
    }

    /// The quotas, year by year and group by group.
    ///
    /// Columns: `year`, `stars`, `group` (null where a quota is over all), `of` (`all`, `rated`, null where places are a
    /// number), `share`, `rounding`, `ties`, and, each at least and at most (`…_low`, `…_high`): `population`, `places`,
    /// `candidates` (who had the star before), `given` (who has it after); `direct` (of them by direct grading), `tied`
    /// (how many are equal where the places end, 0 where the line lies between two), `over` (how many more have it than
    /// there are places), `share_given` (of the population; null where that is not certain).
    pub fn quotas(&self) -> Result<RecordBatch> {
        let quota = |at: u16| &self.scheme.quotas[at as usize];
        let uses = || self.quotas.iter();
        let shared = |at: u16| matches!(quota(at).places, Places::Share(_));
        let share = |at: u16| match quota(at).places {
            Places::Share(share) => Some(share as f64 / POINT as f64),
            Places::Number(_) => None,
        };
        let rounding = |at: u16| match quota(at).rounding {
            Rounding::Floor => "floor",
            Rounding::Nearest => "nearest",
            Rounding::Ceil => "ceil",
        };
        let mut columns = Columns::default()
            .years("year", uses().map(|u| u.year))
            .reals("stars", uses().map(|u| self.scheme.ladder.stars(quota(u.quota).rung)))
            .some_texts("group", uses().map(|u| u.group.clone()))
            .some_texts(
                "of",
                uses().map(|u| shared(u.quota).then(|| if quota(u.quota).of_all { "all" } else { "rated" })),
            )
            .reals("share", uses().map(|u| share(u.quota)))
            .some_texts("rounding", uses().map(|u| shared(u.quota).then(|| rounding(u.quota))))
            .texts("ties", uses().map(|u| if quota(u.quota).ties == Ties::In { "in" } else { "out" }));
        let ends: [(&str, Ends); 4] = [
            ("population", |u| u.population),
            ("places", |u| u.places),
            ("candidates", |u| u.candidates),
            ("given", |u| u.given),
        ];
        for (name, of) in ends {
            columns = columns.counts(&format!("{name}_low"), uses().map(|u| of(u).0));
            columns = columns.counts(&format!("{name}_high"), uses().map(|u| of(u).1));
        }
        let certain =
            |u: &super::QuotaUse| u.population.0 == u.population.1 && u.given.0 == u.given.1 && u.population.0 > 0;
        columns
            .counts("direct", uses().map(|u| u.direct))
            .counts("tied", uses().map(|u| u.tied))
            .counts("over", uses().map(|u| u.given.0.saturating_sub(u.places.1)))
            .reals("share_given", uses().map(|u| certain(u).then(|| u.given.0 as f64 / u.population.0 as f64)))
            .finish()
    }

    /// The goals of the scheme and how far they are reached: never enforced.
    ///
    /// Columns: `year`, `label_zh`, `label_en`, `stars` (at least), `goal` (a share), `of`, `population`, `have_low`,
    /// `have_high`, `share_low`, `share_high`, `met` (null where what is open decides).
    pub fn goals(&self) -> Result<RecordBatch> {
        let mut rows = Vec::new();
        for ((year, range), (_, all)) in self.marks.years.iter().zip(&self.populations) {
            for goal in self.scheme.goals.iter().filter(|goal| goal.year.is_none_or(|own| own == *year)) {
                let stars = &self.stars()[range.clone()];
                let have = |end: fn(&Span) -> u8| stars.iter().filter(|s| end(s) >= goal.rung).count() as u64;
                let have = (have(|s| s.low), have(|s| s.high));
                rows.push((*year, goal, if goal.of_all { *all } else { range.len() as u64 }, have));
            }
        }
        let share = |n: u64, of: u64| (of > 0).then(|| n as f64 / of as f64);
        let met = |goal: i64, of: u64, have: (u64, u64)| {
            let reached = |n: u64| of > 0 && n as i64 * POINT >= goal * of as i64;
            (reached(have.0) == reached(have.1)).then(|| reached(have.0))
        };
        let label = |goal: &crate::stars::scheme::Goal, lang| {
            let own = goal.label.as_ref().map(|label| label.get(lang).to_owned());
            own.unwrap_or_else(|| match lang {
                Lang::Zh => format!("{}及以上", self.scheme.ladder.word(goal.rung, lang)),
                Lang::En => format!("{} and more", self.scheme.ladder.word(goal.rung, lang)),
            })
        };
        Columns::default()
            .years("year", rows.iter().map(|(year, ..)| *year))
            .texts("label_zh", rows.iter().map(|(_, goal, ..)| label(goal, Lang::Zh)))
            .texts("label_en", rows.iter().map(|(_, goal, ..)| label(goal, Lang::En)))
            .reals("stars", rows.iter().map(|(_, goal, ..)| self.scheme.ladder.stars(goal.rung)))
            .reals("goal", rows.iter().map(|(_, goal, ..)| Some(goal.share as f64 / POINT as f64)))
            .texts("of", rows.iter().map(|(_, goal, ..)| if goal.of_all { "all" } else { "rated" }))
            .counts("population", rows.iter().map(|(_, _, of, _)| *of))
            .counts("have_low", rows.iter().map(|(.., have)| have.0))
            .counts("have_high", rows.iter().map(|(.., have)| have.1))
            .reals("share_low", rows.iter().map(|(_, _, of, have)| share(have.0, *of)))
            .reals("share_high", rows.iter().map(|(_, _, of, have)| share(have.1, *of)))
            .flags("met", rows.iter().map(|(_, goal, of, have)| met(goal.share, *of, *have)))
            .finish()
    }

    /// What could not be used of scores and events, and which organisations the ledger does not have.
    ///
    /// Columns: `year` (null where a row does not say), the id, `what` (item, or kind of event), `value`, `problem`,
    /// `label_zh`, `label_en`.
    pub fn problems(&self) -> Result<RecordBatch> {
        let all = || self.problems.iter();
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Columns::default()
            .some_years("year", all().map(|p| (p.year != 0).then_some(p.year)))
            .some_texts(self.scheme.id_column(), all().map(|p| some(&p.id)))
            .some_texts("what", all().map(|p| some(&p.what)))
            .some_texts("value", all().map(|p| some(&p.value)))
            .texts("problem", all().map(|p| p.fault.name()))
            .texts("label_zh", all().map(|p| p.fault.text().zh))
            .texts("label_en", all().map(|p| p.fault.text().en))
            .finish()
    }

    /// What a reader of the rating has to know: what the scheme's source leaves open, which rules could not act.
    ///
    /// Columns: `note_zh`, `note_en`.
    pub fn notes(&self) -> Result<RecordBatch> {
        let scheme = &*self.scheme;
        let mut notes: Vec<(String, String)> =
            scheme.open().iter().zip(scheme.open_en()).map(|(zh, en)| (zh.clone(), en.clone())).collect();
        let by_events = scheme.conditions().iter().any(|c| matches!(c.test, Test::Event { .. }))
            || scheme.parts.events.iter().any(|event| event.points != 0 || event.steps != 0);
        if by_events && !self.events.given {
            notes.push((
                "没有给出事件表：一票否决、加减星、破格等一律按没有发生处理。".to_owned(),
                "No table of events was given: vetoes, stars added and taken, exceptions are taken as not having happened."
                    .to_owned(),
            ));
        }
        if scheme.step.is_some() && self.is_first_round() {
            notes.push((
                "按第一轮评定：逐级晋升不适用。".to_owned(),
                "Rated as a first round: promotion step by step does not apply.".to_owned(),
            ));
        }
        let (rows, repeated) = (self.marks.rows, self.marks.repeated);
        if repeated > 0 {
            notes.push((
                format!("评分表读入 {rows} 行，其中 {repeated} 个得分与别的行说的是同一项，只计一次；互相矛盾的列在问题里。"),
                format!(
                    "Of {rows} rows of scores, {repeated} scores are of an item of which another row speaks as well; each counts once, those that contradict are listed."
                ),
            ));
        }
        Columns::default()
            .texts("note_zh", notes.iter().map(|(zh, _)| zh))
            .texts("note_en", notes.iter().map(|(_, en)| en))
            .finish()
    }
}
