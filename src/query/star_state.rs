//! Derived classes of rows that no ledger records: the star state and the mode needed.

use rayon::prelude::*;

use crate::cube::{Axis, Base, Values};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::roster::coded;
use crate::roster::{Frame, Integers, Roster, with_integers};

/// Modes that mean a party organisation exists: 单建, 联建, 挂靠.
pub(crate) const ORGANISED: [&str; 3] = ["solo", "joint", "affiliated"];

/// Name of a value that the ledger does not give.
pub(crate) const UNKNOWN: &str = "unknown";
/// State of an organisation that is missing from a year's roster.
pub(crate) const ABSENT: &str = "absent";

/// Star states of a roster: its grades, ascending (1 to 5 and any others that occur), then the states without a
/// star.
pub(crate) struct StarStates {
    pub(crate) values: Vec<String>,
    star: Option<usize>,
    mode: Option<usize>,
    /// State of each code of the star column; the entry of code 0 is unused.
    grades: Vec<u32>,
}

impl StarStates {
    pub(crate) fn new(roster: &Roster) -> Self {
        let star = roster.field("star").ok();
        let dictionary = star.and_then(|at| roster.dictionary(at));
        let used = dictionary.map_or(&[][..], |d| d.values());
        let mut values: Vec<String> = (1..=5).map(|g| g.to_string()).chain(used.iter().cloned()).collect();
        values.sort_by(|a, b| grade(a).total_cmp(&grade(b)));
        values.dedup();
        let state = |v: &String| values.iter().position(|g| g == v).unwrap_or(0) as u32;
        let grades = std::iter::once(0).chain(used.iter().map(state)).collect();
        values.extend(["unrated", "no_party_org", UNKNOWN].map(str::to_owned));
        Self { values, star, mode: roster.field("mode").ok(), grades }
    }

    /// Returns the number of states that are grades.
    pub(crate) fn grades(&self) -> u32 {
        self.values.len() as u32 - 3
    }

    /// Returns the state of each row: its star, or without a star the state implied by the mode.
    #[allow(clippy::useless_conversion, reason = "one arm of the macro is u64 already")]
    pub(crate) fn codes(&self, roster: &Roster, frame: &Frame) -> Integers {
        let stars = coded(roster, frame, self.star);
        let modes = coded(roster, frame, self.mode);
        let state_of_mode = self.state_of_mode(roster);
        let state = |star: u64, mode: u64| match star {
            0 => state_of_mode[mode as usize],
            star => u64::from(self.grades[star as usize]),
        };
        let most = self.values.len() as u64;
        if let (Some(stars), Some(modes)) = (stars, modes) {
            return with_integers!(stars, stars => with_integers!(modes, modes => {
                let both = stars.iter().zip(modes);
                Integers::up_to(most, both.map(|(star, mode)| state(u64::from(*star), u64::from(*mode))))
            }));
        }
        let code = |codes: Option<&Integers>, row| codes.map_or(0, |codes| codes.get(row));
        Integers::up_to(most, (0..frame.rows()).map(|row| state(code(stars, row), code(modes, row))))
    }

    /// Returns the state of one row.
    pub(crate) fn of_row(&self, roster: &Roster, frame: &Frame, row: usize) -> &str {
        let code = |at| coded(roster, frame, at).map_or(0, |codes| codes.get(row) as usize);
        let state = match code(self.star) {
            0 => self.state_of_mode(roster)[code(self.mode)] as usize,
            star => self.grades[star] as usize,
        };
        &self.values[state]
    }

    /// Returns the state of a row without a star for each code of the mode column.
    fn state_of_mode(&self, roster: &Roster) -> Vec<u64> {
        let [unrated, no_party_org, unknown] = [0, 1, 2].map(|k| u64::from(self.grades()) + k);
        let modes = self.mode.and_then(|at| roster.dictionary(at));
        let state = |mode: &String| if ORGANISED.contains(&mode.as_str()) { unrated } else { no_party_org };
        std::iter::once(unknown).chain(modes.into_iter().flat_map(|d| d.values().iter().map(state))).collect()
    }

    /// Builds the axis of the organisations' states.
    pub(crate) fn of_organisations(&self, roster: &Roster, frames: &[&Frame], job: &dyn Job) -> Result<Axis> {
        let codes = |frame: &&Frame| {
            job::check(job)?;
            Ok(self.codes(roster, frame))
        };
        Ok(self.axis(frames.par_iter().map(codes).collect::<Result<_>>()?))
    }

    /// Creates an axis over codes from [`StarStates::codes`], or other codes with the same numbering.
    pub(crate) fn axis(&self, codes: Vec<Integers>) -> Axis {
        given("star_state", codes, self.values.clone())
    }

    /// Creates the axis on a base called `name`, for codes counted together with other star states.
    pub(crate) fn axis_of(&self, name: &'static str, codes: Vec<Integers>) -> Axis {
        Axis { name: "star_state".to_owned(), ..given(name, codes, self.values.clone()) }
    }
}

fn grade(value: &str) -> f64 {
    value.parse().unwrap_or(f64::NAN)
}

/// Creates an axis over computed codes: positions in `values`, or `values.len()` for null.
pub(crate) fn given(name: &'static str, codes: Vec<Integers>, values: Vec<String>) -> Axis {
    let null = values.len();
    Axis {
        name: name.to_owned(),
        base: Base::Given { name, codes: codes.into() },
        map: (0..=null as u32).collect(),
        values: Values::Text(values),
    }
}
