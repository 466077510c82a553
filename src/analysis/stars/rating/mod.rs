//! Rating (评星定级): scores into stars, rule after rule, with what each rule changed.
//!
//! A score that is not known is an interval, from the least to the most that its open items allow; so is a star. Every
//! rule works on both ends. A star is given only where both ends are the same.
//!
//! The order of the rules is fixed: the score, events that add and take stars, gates, caps, vetoes, the first year, the
//! step a year, direct grading, quotas. Quotas come last, so that nobody takes a place who may not have it.

mod facts;
mod listed;
mod previous;
mod quota;
mod reasons;
mod rows;
mod rules;
mod score;
mod select;
mod stages;
mod tables;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use rayon::prelude::*;

use self::facts::Round;
pub(crate) use self::facts::part_of;
pub(crate) use self::facts::{gate_answers, homes};
pub(crate) use self::listed::text_column;
pub(crate) use self::previous::Prev;
pub use self::previous::Previous;
pub(crate) use self::quota::QuotaUse;
pub(crate) use self::score::{Scores, bounded, total};
pub(crate) use self::stages::Stages;

use super::events::Events;
use super::marks::{Fault, Marks, Problem, Reading};
use super::scheme::{Rung, Scheme};
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::roster::Roster;

/// From the fewest to the most stars that what is known allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: Rung,
    pub(crate) high: Rung,
}

impl Span {
    pub(crate) fn one(rung: Rung) -> Self {
        Self { low: rung, high: rung }
    }

    /// The rung, if it is certain.
    pub(crate) fn known(self) -> Option<Rung> {
        (self.low == self.high).then_some(self.low)
    }
}

/// How sure an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sure {
    No,
    Maybe,
    Yes,
}

impl Sure {
    pub(crate) fn known(answer: bool) -> Self {
        if answer { Self::Yes } else { Self::No }
    }

    /// Whether what lies between two ends reaches a bound, from whether each of them does.
    pub(crate) fn reached(low: bool, high: bool) -> Self {
        match u8::from(low) + u8::from(high) {
            0 => Self::No,
            1 => Self::Maybe,
            _ => Self::Yes,
        }
    }
}

/// Which rule changed a star; where there are several of a kind, their position in the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    Event(u16),
    Gate(u16),
    Cap(u16),
    Veto(u16),
    FirstYear,
    Exception(u16),
    Step,
    Direct(u16),
    Quota(u16),
}

/// What a rule did to one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) subject: u32,
    pub(crate) rule: Rule,
    pub(crate) before: Span,
    pub(crate) after: Span,
    /// Of a quota the rank; of the step how many rungs were allowed, 255 for any.
    pub(crate) detail: u32,
}

/// The stages after which stars are kept, by the names of their columns.
pub(crate) const STAGES: [&str; 9] = [
    "by_score",
    "after_events",
    "after_gates",
    "after_caps",
    "after_vetoes",
    "after_first_year",
    "after_step",
    "after_direct",
    "after_quotas",
];

/// What a rating rests on besides its scheme and its roster.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only this year; all years of the scores where `None`.
    pub year: Option<i16>,
    /// Only scores of this judge, where the table has a column `judge`; `final` where `None`.
    pub judge: Option<String>,
    /// The register of events: `party_org_id` (or `org_id`), `kind`, and `date` or `year`.
    pub events: Option<Vec<RecordBatch>>,
    /// The stars of the round before.
    pub previous: Previous,
}

/// A rating: scores, stars, and why.
#[derive(Clone, Debug)]
pub struct Rating {
    pub(crate) scheme: Arc<Scheme>,
    pub(crate) roster: Roster,
    pub(crate) marks: Arc<Marks>,
    pub(crate) events: Arc<Events>,
    previous: Arc<Previous>,
    pub(crate) scores: Scores,
    /// For each stage the stars of each organisation.
    pub(crate) stages: Stages,
    /// By organisation, then in the order of the rules.
    pub(crate) changes: Vec<Change>,
    /// The round before.
    pub(crate) before: Vec<Prev>,
    /// The row of the year's frame at which each organisation stands.
    pub(crate) rows: Vec<Option<u32>>,
    /// Whether a veto takes the plaque.
    pub(crate) revoked: Vec<Sure>,
    /// Whether it takes no part: cancelled, or unrated in its first year.
    pub(crate) excluded: Vec<Sure>,
    pub(crate) quotas: Vec<QuotaUse>,
    pub(crate) populations: Vec<(i16, u64)>,
    pub(crate) problems: Vec<Problem>,
}

impl Rating {
    /// Rates the party organisations (or organisations) of a table of scores.
    ///
    /// The scores are long, with the columns `party_org_id` (`org_id` where the scheme counts organisations), `year`,
    /// `item`, `points`, or wide, with a column for each item; a scheme by quarters has `quarter` besides. An item without
    /// a score, and one whose score cannot be used, is open. Years are rated one after the other, each on the stars of the
    /// round before.
    ///
    /// Fails with [`Error::Data`] where the table lacks a column, [`Error::Argument`] where the roster does not have a
    /// year or the round before is needed and not known, [`Error::Definition`] where a rule does not fit the roster.
    pub fn new(
        roster: &Roster,
        scheme: Arc<Scheme>,
        scores: &[RecordBatch],
        options: Options,
        job: &dyn Job,
    ) -> Result<Self> {
        let judge = Some(options.judge.clone().unwrap_or_else(|| "final".to_owned()));
        let marks = Marks::read(scores, &scheme, &Reading { year: options.year, judge }, job)?;
        let events = match &options.events {
            Some(batches) => Events::read(batches, &scheme)?,
            None => Events::default(),
        };
        Self::of(roster, scheme, Arc::new(marks), Arc::new(events), Arc::new(options.previous), job)
    }

    /// The points of marks that are read, without events.
    pub(crate) fn of_points(roster: &Roster, scheme: Arc<Scheme>, marks: Marks, job: &dyn Job) -> Result<Self> {
        Self::of(roster, scheme, Arc::new(marks), Arc::default(), Arc::new(Previous::FirstRound), job)
    }

    /// The same scores rated by another scheme with the same items.
    pub(crate) fn again(&self, scheme: Arc<Scheme>, job: &dyn Job) -> Result<Self> {
        let (marks, events) = (Arc::clone(&self.marks), Arc::clone(&self.events));
        Self::of(&self.roster, scheme, marks, events, Arc::clone(&self.previous), job)
    }

    fn of(
        roster: &Roster,
        scheme: Arc<Scheme>,
        marks: Arc<Marks>,
        events: Arc<Events>,
        previous: Arc<Previous>,
        job: &dyn Job,
    ) -> Result<Self> {
        scheme.check(roster)?;
        if marks.len() == 0 {
            return Err(Error::data(
                "评分表里没有可用的行（所选年度和评分人）",
                "the table of scores has no row that can be used (of the year and judge asked for)",
            ));
        }
        if let Some((year, _)) = marks.years.iter().find(|(year, _)| !scheme.is_round(*year)) {
            let (round, every) = (scheme.round.unwrap_or(*year), scheme.cycle.years());
            return Err(Error::argument(
                format!("{year}年不是评定年度：本办法自{round}年起每{every}年评定一次"),
                format!("{year} is not a year of a round: the scheme rates every {every} years, as in {round}"),
            ));
        }
        let scores = Scores::new(&scheme, &marks, &events);
        let mut rating = Self {
            stages: Stages::default(),
            changes: Vec::new(),
            before: Vec::new(),
            rows: Vec::new(),
            revoked: Vec::new(),
            excluded: Vec::new(),
            quotas: Vec::new(),
            populations: Vec::new(),
            problems: marks.problems.par_iter().chain(&events.problems).cloned().collect(),
            scheme,
            roster: roster.clone(),
            marks,
            events,
            previous,
            scores,
        };
        let years = rating.marks.years.clone();
        for (year, range) in years {
            job::check(job)?;
            rating.round(year, range)?;
        }
        rating.changes.par_sort_by_key(|change| change.subject);
        rating.problems.par_sort_unstable();
        Ok(rating)
    }

    /// Rates one year; those before it are rated.
    fn round(&mut self, year: i16, range: Range<usize>) -> Result<()> {
        let roster = self.roster.clone();
        let round = Round::new(self, &roster, year, range.clone())?;
        for (at, row) in round.rows.iter().enumerate() {
            if row.is_none() {
                let id = self.marks.ids.value(range.start + at);
                self.problems.push(Problem::of(Fault::NotInRoster, year, id, "", ""));
            }
        }
        let before = self.previous.of_round(self, &round)?;
        let mut work = rules::Work::new(self, &round, &before);
        work.run()?;
        let rules::Work { stages, changes, revoked, excluded, uses, .. } = work;
        self.stages.extend(stages);
        put(&mut self.changes, changes);
        put(&mut self.revoked, revoked);
        put(&mut self.excluded, excluded);
        self.quotas.extend(uses);
        self.populations.push((year, round.population.all));
        put(&mut self.rows, round.rows);
        put(&mut self.before, before);
        Ok(())
    }

    /// Whether the caller says that there was no round before.
    fn is_first_round(&self) -> bool {
        matches!(*self.previous, Previous::FirstRound)
    }

    /// The stars after all rules.
    pub(crate) fn stars(&self) -> &[Span] {
        self.stages.last()
    }

    /// The changes of one organisation.
    pub(crate) fn changes_of(&self, subject: usize) -> &[Change] {
        let from = self.changes.partition_point(|c| (c.subject as usize) < subject);
        let to = self.changes.partition_point(|c| (c.subject as usize) <= subject);
        &self.changes[from..to]
    }

    /// How many organisations are rated, each counted in every year.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The scheme by which it is rated.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The years that are rated, ascending.
    #[must_use]
    pub fn years(&self) -> Vec<i16> {
        self.marks.years.iter().map(|(year, _)| *year).collect()
    }
}

/// Puts what belongs to a year behind what belongs to those before it.
fn put<T>(all: &mut Vec<T>, mut year: Vec<T>) {
    if all.is_empty() { *all = year } else { all.append(&mut year) }
}
