//! Spells (保级期): consecutive years in which an entity has a minimum number of stars, with their start and end.

use rayon::prelude::*;

use crate::analysis::trend::histories::{GONE, Histories};
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::support::named::named_enum;

/// Start of a spell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// Listed the year before with fewer stars, or without a star.
    Risen,
    /// Not in the roster the year before.
    Appeared,
    /// Already held in the roster's first year.
    FirstYear,
    /// No survey the year before.
    AfterGap,
    /// State unknown the year before.
    AfterUnknown,
}

named_enum! {
    pub(crate) Begun;
    Risen = "risen", Appeared = "appeared", FirstYear = "first_year", AfterGap = "after_gap",
    AfterUnknown = "after_unknown",
}

/// End of a spell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Rated, with fewer stars: the event.
    Below,
    /// A party organisation without a star.
    Unrated,
    /// Listed, without a party organisation.
    NoPartyOrg,
    /// No longer in the roster.
    Absent,
    /// Not ended: the selected years end.
    Study,
    /// Next calendar year missing from the selected years.
    Gap,
    /// State unknown the year after.
    Unknown,
}

named_enum! {
    pub(crate) Ended;
    Below = "below", Unrated = "unrated", NoPartyOrg = "no_party_org", Absent = "absent", Study = "end_of_study",
    Gap = "gap", Unknown = "unknown",
}

impl Ended {
    /// Ends that are causes rather than censoring.
    pub(crate) const CAUSES: [Self; 4] = [Self::Below, Self::Unrated, Self::NoPartyOrg, Self::Absent];

    /// Returns the number among the causes, from 1; 0 for censoring.
    pub(crate) fn cause(self) -> usize {
        Self::CAUSES.iter().position(|cause| *cause == self).map_or(0, |at| at + 1)
    }
}

/// A spell, as far as it was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spell {
    pub(crate) thing: u32,
    /// Position of the year in which it was first observed.
    pub(crate) frame: usize,
    pub(crate) begun: Begun,
    /// First year of the spell, if known: not later than `first`.
    pub(crate) start: Option<i16>,
    /// First year in which it was observed, among the selected years.
    pub(crate) first: i16,
    /// Last year in which it was observed.
    pub(crate) last: i16,
    pub(crate) ended: Ended,
}

impl Spell {
    /// Returns the year of exit: the year of the cause, or the last observed year if censored.
    pub(crate) fn exit(&self) -> i16 {
        if self.ended.cause() > 0 { self.last + 1 } else { self.last }
    }
}

/// Meaning of a state for a spell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Held,
    Not(Ended),
}

/// Finds the spells with a minimum number of stars.
pub(super) struct Finder<'a> {
    histories: &'a Histories<'a>,
    /// Class of each state.
    classes: Vec<Class>,
    /// Positions of the selected years, ascending. Other years only show when a spell began.
    window: Vec<usize>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(histories: &'a Histories<'a>, at_least: f64, window: Vec<usize>) -> Result<Self> {
        if !at_least.is_finite() {
            return Err(Error::argument(
                format!("星级下限应为数字，如 3 或 3.5；给的是 {at_least}"),
                format!("the least number of stars is a number, such as 3 or 3.5; got {at_least}"),
            ));
        }
        let grade = |stars: f64| if stars >= at_least { Class::Held } else { Class::Not(Ended::Below) };
        let mut classes: Vec<Class> = histories.stars().into_iter().map(grade).collect();
        classes.extend([Ended::Unrated, Ended::NoPartyOrg, Ended::Unknown].map(Class::Not));
        Ok(Self { histories, classes, window })
    }

    /// Returns all spells, by entity and time.
    pub(super) fn spells(&self, job: &dyn Job) -> Result<Vec<Spell>> {
        /// Entities per parallel task.
        const THINGS_PER_TASK: usize = 1 << 14;
        let things: Vec<u32> = (0..self.histories.things() as u32).collect();
        let task = |things: &[u32]| {
            job::check(job)?;
            let mut spells = Vec::new();
            for thing in things {
                self.push_spells(*thing, &mut spells);
            }
            Ok(spells)
        };
        Ok(things.par_chunks(THINGS_PER_TASK).map(task).collect::<Result<Vec<_>>>()?.concat())
    }

    fn class(&self, at: usize, thing: u32) -> Class {
        match self.histories.state(at, thing) {
            GONE => Class::Not(Ended::Absent),
            state => self.classes[state as usize],
        }
    }

    /// Appends the spells of one entity.
    fn push_spells(&self, thing: u32, spells: &mut Vec<Spell>) {
        let year = |at: usize| self.histories.frames[at].year;
        let mut open: Option<Spell> = None;
        for (nth, &at) in self.window.iter().enumerate() {
            let follows = nth > 0 && self.window[nth - 1] + 1 == at && self.histories.follows(at);
            if !follows {
                spells.extend(open.take().map(|spell| Spell { ended: Ended::Gap, ..spell }));
            }
            match (self.class(at, thing), &mut open) {
                (Class::Held, Some(spell)) => spell.last = year(at),
                (Class::Held, None) => {
                    let (begun, start) = self.begun(at, thing);
                    let (first, last) = (year(at), year(at));
                    open = Some(Spell { thing, frame: at, begun, start, first, last, ended: Ended::Study });
                }
                (Class::Not(ended), _) => spells.extend(open.take().map(|spell| Spell { ended, ..spell })),
            }
        }
        spells.extend(open);
    }

    /// Returns the kind of start of the spell observed in the year at position `at`, and its first year, if known.
    fn begun(&self, mut at: usize, thing: u32) -> (Begun, Option<i16>) {
        loop {
            let year = self.histories.frames[at].year;
            if at == 0 {
                return (Begun::FirstYear, None);
            }
            if !self.histories.follows(at) {
                return (Begun::AfterGap, None);
            }
            match self.class(at - 1, thing) {
                Class::Held => at -= 1,
                Class::Not(Ended::Unknown) => return (Begun::AfterUnknown, None),
                Class::Not(Ended::Absent) => return (Begun::Appeared, Some(year)),
                Class::Not(_) => return (Begun::Risen, Some(year)),
            }
        }
    }
}
