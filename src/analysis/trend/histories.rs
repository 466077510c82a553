//! The state of every organisation, or party organisation, in every year: its star state, or absent.

use std::borrow::Cow;

use arrow::array::{Array, StringArray};
use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use crate::definition::Counts;
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::query::Scope;
use crate::query::party_stars::PartyStars;
use crate::query::star_state::StarStates;
use crate::roster::{Frame, Roster};

/// Code of the state of an entity missing from a year's roster.
pub(crate) const GONE: u16 = u16::MAX;

/// States by year and entity.
pub(crate) struct Histories<'a> {
    pub(crate) roster: &'a Roster,
    pub(crate) frames: &'a [Frame],
    pub(crate) states: StarStates,
    counts: Counts,
    years: Vec<Year<'a>>,
}

struct Year<'a> {
    /// The state of each entity.
    states: Vec<u16>,
    /// Ids of the entities listed, ascending, with their rows. `rows` is `None` if row and position in `ids` are
    /// equal.
    ids: Cow<'a, [u32]>,
    rows: Option<Vec<u32>>,
}

impl<'a> Histories<'a> {
    /// Reads the states of all years of `roster`, by the conditions of `scope`. Entities are organisations, or party
    /// organisations at their home rows.
    pub(crate) fn new(roster: &'a Roster, counts: Counts, scope: &Scope, job: &dyn Job) -> Result<Self> {
        let frames = roster.frames();
        let states = StarStates::new(roster, scope.organised()?);
        let things = match counts {
            Counts::Organisations => roster.organisations().len(),
            Counts::PartyOrganisations => {
                let codes = roster.field("party_org_id").ok().and_then(|at| roster.dictionary(at));
                codes.map_or(0, |dictionary| dictionary.cardinality())
            }
        };
        let year = |frame: &'a Frame| {
            job::check(job)?;
            let mut by_thing = vec![GONE; things];
            Ok(match counts {
                Counts::Organisations => {
                    let codes = states.codes(roster, frame)?;
                    for (row, slot) in frame.slots.iter().enumerate() {
                        by_thing[*slot as usize] = codes.get(row) as u16;
                    }
                    Year { states: by_thing, ids: frame.slots.as_slice().into(), rows: None }
                }
                Counts::PartyOrganisations => {
                    let all = BooleanBuffer::new_set(frame.rows());
                    let parties = PartyStars::new(roster, frame, &states, &all)?;
                    for (id, row) in parties.ids.iter().zip(&parties.rows) {
                        by_thing[*id as usize] = parties.codes.get(*row as usize) as u16;
                    }
                    Year { states: by_thing, ids: parties.ids.into(), rows: Some(parties.rows) }
                }
            })
        };
        let years = frames.par_iter().map(year).collect::<Result<_>>()?;
        Ok(Self { roster, frames, states, counts, years })
    }

    /// Returns the number of entities.
    pub(crate) fn things(&self) -> usize {
        self.years.first().map_or(0, |year| year.states.len())
    }

    /// Returns the state of `thing` in the year at position `index`.
    pub(crate) fn state(&self, index: usize, thing: u32) -> u16 {
        self.years[index].states[thing as usize]
    }

    /// Checks whether the year at this position is the calendar year after the one at the previous position.
    pub(crate) fn follows(&self, index: usize) -> bool {
        index > 0 && self.frames[index].year - 1 == self.frames[index - 1].year
    }

    /// Returns the row of `thing` in the year at position `index`; `None` if it is not listed there.
    pub(crate) fn row(&self, index: usize, thing: u32) -> Option<usize> {
        let year = &self.years[index];
        let place = year.ids.binary_search(&thing).ok()?;
        Some(year.rows.as_ref().map_or(place, |rows| rows[place] as usize))
    }

    /// Returns the name of the id column, and the ids of `things`.
    pub(crate) fn names(&self, things: &[u32]) -> (&'static str, StringArray) {
        match self.counts {
            Counts::Organisations => {
                let all = self.roster.organisations();
                ("org_id", things.iter().map(|thing| Some(all.value(*thing as usize))).collect())
            }
            Counts::PartyOrganisations => {
                let dictionary = self.roster.field("party_org_id").ok().and_then(|at| self.roster.dictionary(at));
                ("party_org_id", things.iter().map(|thing| dictionary?.get(*thing)).collect())
            }
        }
    }

    /// Returns the number of stars of each grade; NaN for a grade that is not a number.
    pub(crate) fn stars(&self) -> Vec<f64> {
        let grades = self.states.values.iter().take(self.states.grades() as usize);
        grades.map(|grade| grade.parse().unwrap_or(f64::NAN)).collect()
    }
}
