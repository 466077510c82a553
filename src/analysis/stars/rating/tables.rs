//! The tables of a rating.

use arrow::array::RecordBatch;
use std::sync::Arc;

use super::{Rating, STAGES, Span};
use crate::analysis::stars::scheme::units::POINT;
use crate::analysis::stars::scheme::{Places, Rounding, Test, Ties};
use crate::error::Result;
use crate::lang::Lang;
use crate::support::columns::Columns;

/// Minimum and maximum of a count.
type Ends = fn(&super::QuotaUse) -> (u64, u64);

impl Rating {
    /// Returns the reasons for each organisation's stars, in one line.
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

    /// Counts the stars after each stage.
    ///
    /// Columns: `year`, `star_state` (highest first, then `unrated`, `unknown`), a count of organisations for each
    /// stage (see [`Rating::table`]), `share_rated` (of rated organisations, after all rules), `all` (organisations
    /// in the year's ledger), `share_all`.
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
        let proportion = |(n, whole): (&u64, u64)| (whole > 0).then(|| *n as f64 / whole as f64);
        columns
            .reals("share_rated", last.iter().zip(rated).map(proportion))
            .counts("all", all.iter().copied())
            .reals("share_all", last.iter().zip(all.iter().copied()).map(proportion))
            .finish()
    }

    /// Lists the quotas by year and group.
    ///
    /// Columns: `year`, `stars`, `group` (null for a quota over all), `of` (`all`, `rated`; null if the places are
    /// a number), `share`, `rounding`, `ties`, and as minimum and maximum (`…_low`, `…_high`): `population`,
    /// `places`, `candidates` (with the star before the quota), `given` (with the star after it); `direct` (by
    /// direct grading), `tied` (equal organisations at the last place, 0 if the line separates two ranks), `over`
    /// (organisations in excess of the places), `share_given` (of the population; null if not certain).
    pub fn quotas(&self) -> Result<RecordBatch> {
        let quota = |at: u16| &self.scheme.quotas[at as usize];
        let uses = || self.quotas.iter();
        let shared = |at: u16| matches!(quota(at).places, Places::Proportion(_));
        let proportion = |at: u16| match quota(at).places {
            Places::Proportion(proportion) => Some(proportion as f64 / POINT as f64),
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
            .reals("share", uses().map(|u| proportion(u.quota)))
            .some_texts("rounding", uses().map(|u| shared(u.quota).then(|| rounding(u.quota))))
            .texts("ties", uses().map(|u| if quota(u.quota).ties == Ties::In { "in" } else { "out" }));
        let ends: [(&str, Ends); 4] = [
            ("population", |u| u.population),
            ("places", |u| u.places),
            ("candidates", |u| u.candidates),
            ("given", |u| u.given),
        ];
        for (name, ends_of) in ends {
            columns = columns.counts(&format!("{name}_low"), uses().map(|u| ends_of(u).0));
            columns = columns.counts(&format!("{name}_high"), uses().map(|u| ends_of(u).1));
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

    /// Compares the stars with the goals of the scheme. Goals are never enforced.
    ///
    /// Columns: `year`, `label_zh`, `label_en`, `stars` (minimum), `goal` (a proportion), `of`, `population`,
    /// `have_low`, `have_high`, `share_low`, `share_high`, `met` (null if open items decide).
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
        let proportion = |n: u64, whole: u64| (whole > 0).then(|| n as f64 / whole as f64);
        let met = |goal: i64, whole: u64, have: (u64, u64)| {
            let reached = |n: u64| whole > 0 && n as i64 * POINT >= goal * whole as i64;
            (reached(have.0) == reached(have.1)).then(|| reached(have.0))
        };
        let label = |goal: &crate::analysis::stars::scheme::Goal, lang| {
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
            .reals("goal", rows.iter().map(|(_, goal, ..)| Some(goal.proportion as f64 / POINT as f64)))
            .texts("of", rows.iter().map(|(_, goal, ..)| if goal.of_all { "all" } else { "rated" }))
            .counts("population", rows.iter().map(|(_, _, whole, _)| *whole))
            .counts("have_low", rows.iter().map(|(.., have)| have.0))
            .counts("have_high", rows.iter().map(|(.., have)| have.1))
            .reals("share_low", rows.iter().map(|(_, _, whole, have)| proportion(have.0, *whole)))
            .reals("share_high", rows.iter().map(|(_, _, whole, have)| proportion(have.1, *whole)))
            .flags("met", rows.iter().map(|(_, goal, whole, have)| met(goal.proportion, *whole, *have)))
            .finish()
    }

    /// Lists unusable scores and events, and organisations missing from the ledger.
    ///
    /// Columns: `year` (null if the row has none), the id, `what` (item, or kind of event), `value`, `problem`,
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

    /// Lists notes for readers of the rating: points that the scheme's source leaves open, and rules that could not
    /// act.
    ///
    /// Columns: `note_zh`, `note_en`.
    pub fn notes(&self) -> Result<RecordBatch> {
        let scheme = &*self.scheme;
        let mut notes: Vec<(String, String)> =
            scheme.open().iter().zip(scheme.open_en()).map(|(zh, en)| (zh.clone(), en.clone())).collect();
        let by_events = scheme.rule_conditions().iter().any(|c| matches!(c.test, Test::Event { .. }))
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
