//! Rating (评星定级): stars from scores, rule by rule, with the effect of each rule.
//!
//! ```text
//!  score table ─► Marks ──┐
//!                         ├─► Scores ──► by_score
//!  event table ─► Events ─┘   points        │  events, gates, caps, vetoes, first year,
//!                                           │  promotion step, direct grading, quotas
//!  roster ──────► Round ────► conditions ──►│
//!  last round ──► Prev ────────────────────►│
//!                                           ├─► Stages: stars after each kind of rule ─► table
//!                                           └─► Change: rule, stars before and after ─► reasons, trail
//! ```
//!
//! A score with open items is an interval, from the minimum to the maximum that the open items allow, and so are
//! its stars. Every rule works on both ends. A star is given only if both ends agree.
//!
//! The order of the rules is fixed, as in the drawing. Quotas come last, so that no place goes to an organisation
//! that another rule excludes. The trade-off is one stored span per stage and organisation; stages without changes
//! share their memory.

mod facts;
pub(crate) mod homes;
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
use super::events::Events;
use super::marks::{Fault, Marks, Problem, Reading};
use super::scheme::{Rung, Scheme};
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::predicate::Certainty;
use crate::roster::Roster;

pub(crate) use self::facts::gate_answers;
pub(crate) use self::facts::part_of;
pub(crate) use self::homes::homes;
pub(crate) use self::listed::text_column;
pub(crate) use self::previous::Prev;
pub use self::previous::Previous;
pub(crate) use self::quota::QuotaUse;
pub(crate) use self::score::{Scores, bounded, total};
pub(crate) use self::stages::Stages;

/// Minimum and maximum stars consistent with the known facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: Rung,
    pub(crate) high: Rung,
}

impl Span {
    pub(crate) fn one(rung: Rung) -> Self {
        Self { low: rung, high: rung }
    }

    /// Returns the rung if it is certain.
    pub(crate) fn known(self) -> Option<Rung> {
        (self.low == self.high).then_some(self.low)
    }
}

/// The rule that changed a star, with its position in the scheme if there are several of its kind.
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

/// The effect of a rule on one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) subject: u32,
    pub(crate) rule: Rule,
    pub(crate) before: Span,
    pub(crate) after: Span,
    /// Number of events for an event rule, rank for a quota, rungs allowed for the promotion step (255 for any).
    pub(crate) detail: u32,
}

/// Stages after which stars are kept, named as their columns.
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

/// Options for a rating.
///
/// ```
/// use dangjian::analysis::stars::{Previous, RatingOptions};
/// let options = RatingOptions::default().with_year(2013).with_previous(Previous::FirstRound);
/// assert_eq!(options.year, Some(2013));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RatingOptions {
    /// Only this year; all years of the scores if `None`.
    pub year: Option<i16>,
    /// Only scores of this judge, if the table has a column `judge`; `final` if `None`.
    pub judge: Option<String>,
    /// Register of events: `party_org_id` (or `org_id`), `kind`, and `date` or `year`.
    pub events: Option<Vec<RecordBatch>>,
    /// Stars of the previous round.
    pub previous: Arc<Previous>,
}

impl RatingOptions {
    /// Restricts the rating to one year.
    #[must_use]
    pub fn with_year(self, year: impl Into<Option<i16>>) -> Self {
        Self { year: year.into(), ..self }
    }

    /// Selects the scores of one judge.
    #[must_use]
    pub fn with_judge(self, judge: impl Into<String>) -> Self {
        Self { judge: Some(judge.into()), ..self }
    }

    /// Adds a register of events.
    #[must_use]
    pub fn with_events(self, events: Vec<RecordBatch>) -> Self {
        Self { events: Some(events), ..self }
    }

    /// Sets the source of the stars of the previous round.
    #[must_use]
    pub fn with_previous(self, previous: Previous) -> Self {
        Self { previous: Arc::new(previous), ..self }
    }
}

/// A rating: scores, stars and reasons.
#[derive(Clone, Debug)]
pub struct Rating {
    pub(crate) scheme: Arc<Scheme>,
    pub(crate) roster: Roster,
    pub(crate) marks: Arc<Marks>,
    pub(crate) events: Arc<Events>,
    previous: Arc<Previous>,
    pub(crate) scores: Scores,
    /// Stars of each organisation after each stage.
    pub(crate) stages: Stages,
    /// Changes by organisation, in the order of the rules.
    pub(crate) changes: Vec<Change>,
    /// Previous round of each organisation.
    pub(crate) before: Vec<Prev>,
    /// Frame row of each organisation.
    pub(crate) rows: Vec<Option<u32>>,
    /// Certainty that a veto takes the plaque.
    pub(crate) revoked: Vec<Certainty>,
    /// Certainty that the organisation takes no part: cancelled, or unrated in its first year.
    pub(crate) excluded: Vec<Certainty>,
    pub(crate) quotas: Vec<QuotaUse>,
    pub(crate) populations: Vec<(i16, u64)>,
    pub(crate) problems: Vec<Problem>,
}

impl Roster {
    /// Rates the party organisations (or organisations) of a score table by a scheme.
    ///
    /// A long table has the columns `party_org_id` (`org_id` if the scheme counts organisations), `year`, `item`,
    /// `points`; a wide table has a column per item. A quarterly scheme also needs `quarter`. An item without a
    /// usable score is open. Years are rated in order, each on the stars of the previous round.
    ///
    /// Returns [`Error::Data`] if the table lacks a column, [`Error::Argument`] if the roster lacks a year or a
    /// required previous round is unknown, [`Error::Definition`] if a rule does not fit the roster.
    ///
    /// ```
    /// # use dangjian::{Roster, job::Quiet};
    /// # use std::sync::Arc;
    /// use arrow::array::{ArrayRef, RecordBatch, StringArray};
    /// use dangjian::analysis::stars::{RatingOptions, Scheme};
    ///
    /// let roster = Roster::sample(300, 3)?;
    /// let texts = |texts: &[&str]| Arc::new(StringArray::from_iter_values(texts)) as ArrayRef;
    /// let ids = ("org_id", texts(&["a", "b"]));
    /// let scores = RecordBatch::try_from_iter([ids, ("assessed", texts(&["960", "720.5"]))])?;
    /// let options = RatingOptions::default().with_year(2012);
    /// let rating = roster.rate_stars(&[scores], Scheme::shipped("anqing")?, &options, &Quiet)?;
    /// assert_eq!(rating.len(), 2);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn rate_stars(
        &self,
        scores: &[RecordBatch],
        scheme: impl Into<Arc<Scheme>>,
        options: &RatingOptions,
        job: &dyn Job,
    ) -> Result<Rating> {
        let scheme = scheme.into();
        let judge = Some(options.judge.clone().unwrap_or_else(|| "final".to_owned()));
        let marks = Marks::read(scores, &scheme, &Reading { year: options.year, judge }, job)?;
        let events = match &options.events {
            Some(batches) => Events::read(batches, &scheme)?,
            None => Events::default(),
        };
        Rating::from_marks(self, scheme, Arc::new(marks), Arc::new(events), Arc::clone(&options.previous), job)
    }
}

impl Rating {
    /// Rates marks that are already read, without events, as a first round.
    pub(crate) fn from_points(roster: &Roster, scheme: Arc<Scheme>, marks: Marks, job: &dyn Job) -> Result<Self> {
        Self::from_marks(roster, scheme, Arc::new(marks), Arc::default(), Arc::new(Previous::FirstRound), job)
    }

    /// Rates the same scores by another scheme with the same items.
    pub(crate) fn with_scheme(&self, scheme: Arc<Scheme>, job: &dyn Job) -> Result<Self> {
        let (marks, events) = (Arc::clone(&self.marks), Arc::clone(&self.events));
        Self::from_marks(&self.roster, scheme, marks, events, Arc::clone(&self.previous), job)
    }

    fn from_marks(
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
                "the table of scores has no usable row (for this year and judge)",
            ));
        }
        if let Some((year, _)) = marks.years.iter().find(|(year, _)| !scheme.is_round(*year)) {
            let (round, every) = (scheme.round.unwrap_or(*year), scheme.cycle.years());
            return Err(Error::argument(
                format!("{year}年不是评定年度：本办法自{round}年起每{every}年评定一次"),
                format!("{year} is not a rating year: the scheme rates every {every} years, as in {round}"),
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

    /// Rates one year, after all years before it.
    fn round(&mut self, year: i16, range: Range<usize>) -> Result<()> {
        let roster = self.roster.clone();
        let round = Round::new(self, &roster, year, range.clone())?;
        for (at, row) in round.rows.iter().enumerate() {
            if row.is_none() {
                let id = self.marks.ids.value(range.start + at);
                self.problems.push(Problem::new(Fault::NotInRoster, year, id, "", ""));
            }
        }
        let before = self.previous.of_round(self, &round)?;
        let mut work = rules::Work::new(self, &round, &before);
        work.run()?;
        let rules::Work { stages, changes, revoked, excluded, uses, .. } = work;
        self.stages.extend(stages);
        append(&mut self.changes, changes);
        append(&mut self.revoked, revoked);
        append(&mut self.excluded, excluded);
        self.quotas.extend(uses);
        self.populations.push((year, round.population.all));
        append(&mut self.rows, round.rows);
        append(&mut self.before, before);
        Ok(())
    }

    /// Checks whether the caller declared a first round.
    fn is_first_round(&self) -> bool {
        matches!(*self.previous, Previous::FirstRound)
    }

    /// Returns the stars after all rules.
    pub(crate) fn stars(&self) -> &[Span] {
        self.stages.last()
    }

    /// Returns the changes of one organisation.
    pub(crate) fn changes_of(&self, subject: usize) -> &[Change] {
        let from = self.changes.partition_point(|c| (c.subject as usize) < subject);
        let to = self.changes.partition_point(|c| (c.subject as usize) <= subject);
        &self.changes[from..to]
    }

    /// Returns the number of rated organisations, counted once per year.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.ids.len()
    }

    /// Checks whether no organisation is rated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the scheme of the rating.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Returns the rated years, ascending.
    #[must_use]
    pub fn years(&self) -> Vec<i16> {
        self.marks.years.iter().map(|(year, _)| *year).collect()
    }
}

/// Appends the values of a year to those of earlier years.
fn append<T>(all: &mut Vec<T>, mut year: Vec<T>) {
    if all.is_empty() { *all = year } else { all.append(&mut year) }
}
