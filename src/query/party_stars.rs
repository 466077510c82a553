//! The star state of each party organisation, at its home row.

use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use super::party_organisation::{Parties, bitmap};
use super::scope::Scope;
use super::star_state::StarStates;
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::roster::{Frame, Integers, Roster};

/// The party organisations of one year.
pub(crate) struct PartyStars {
    /// Codes, ascending.
    pub(crate) ids: Vec<u32>,
    /// Home row of each code.
    pub(crate) rows: Vec<u32>,
    /// Star state of each frame row; home rows hold the state of the party organisation.
    pub(crate) codes: Integers,
}

impl PartyStars {
    pub(crate) fn by_frame(
        roster: &Roster,
        frames: &[&Frame],
        states: &StarStates,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<Vec<Self>> {
        let of_frame = |frame: &&Frame| {
            job::check(job)?;
            Self::new(roster, frame, states, &scope.rows(roster, frame)?)
        };
        frames.par_iter().map(of_frame).collect()
    }

    /// Finds the party organisations among `rows` of `frame`. The organisations of each are those with its code that
    /// are organised.
    pub(crate) fn new(roster: &Roster, frame: &Frame, states: &StarStates, rows: &BooleanBuffer) -> Result<Self> {
        let organised = states.organised(roster, frame)?;
        let own = rows & &organised.yes;
        let parties = Parties::new(roster, frame);
        let of_rows = states.codes_if(&organised, roster, frame);
        let unrated = u64::from(states.grades());
        let homes = parties.homes(&own);
        // Highest star of each party organisation: 0 for none, otherwise the state plus one.
        let mut best = vec![0; homes.len()];
        for row in own.set_indices() {
            let star = of_rows.get(row);
            let top = &mut best[parties.code(row)];
            *top = (*top).max(if star < unrated { star + 1 } else { 0 });
        }
        let (mut ids, mut at_home) = (Vec::new(), Vec::new());
        let mut codes: Vec<u64> = vec![unrated; frame.rows()];
        for (code, home) in homes.into_iter().enumerate() {
            if let Some(home) = home {
                ids.push(code as u32);
                at_home.push(home);
                codes[home as usize] = best[code].checked_sub(1).unwrap_or(unrated);
            }
        }
        Ok(Self { ids, rows: at_home, codes: Integers::smallest(&codes) })
    }

    pub(crate) fn homes(&self) -> BooleanBuffer {
        bitmap(self.codes.len(), self.rows.iter().copied())
    }
}
