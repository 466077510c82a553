//! Derived classes of rows that no ledger records: the star state and the mode needed.

use rayon::prelude::*;

use crate::cube::{Axis, AxisValues, Base, numbers};
use crate::definition::Condition;
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::predicate::Truth;
use crate::roster::coded;
use crate::roster::{Frame, Integers, Roster, with_integers};

/// Name of a value that the ledger does not give.
pub(crate) const UNKNOWN: &str = "unknown";
/// State of an organisation that is missing from a year's roster.
pub(crate) const ABSENT: &str = "absent";

/// Star states of a roster: its grades, ascending (1 to 5 and any others that occur), then the states without a
/// star.
pub(crate) struct StarStates {
    pub(crate) values: Vec<String>,
    star: Option<usize>,
    /// Condition for an organisation to have a party organisation.
    organised: Condition,
    /// State of each code of the star column; the entry of code 0 is unused.
    grades: Vec<u32>,
}

impl StarStates {
    /// Finds the states of `roster`. Without a star, an organisation is in the state that `organised` implies.
    pub(crate) fn new(roster: &Roster, organised: Condition) -> Self {
        let star = roster.field("star").ok();
        let dictionary = star.and_then(|at| roster.dictionary(at));
        let used = dictionary.map_or(&[][..], |d| d.values());
        let mut values: Vec<String> = (1..=5).map(|g| g.to_string()).chain(used.iter().cloned()).collect();
        values.sort_by(|a, b| grade(a).total_cmp(&grade(b)));
        values.dedup();
        let state = |v: &String| values.iter().position(|g| g == v).unwrap_or(0) as u32;
        let grades = std::iter::once(0).chain(used.iter().map(state)).collect();
        values.extend(["unrated", "no_party_org", UNKNOWN].map(str::to_owned));
        Self { values, star, organised, grades }
    }

    /// Returns the number of states that are grades.
    pub(crate) fn grades(&self) -> u32 {
        self.values.len() as u32 - 3
    }

    /// Tells for each row whether the organisation has a party organisation.
    pub(crate) fn organised(&self, roster: &Roster, frame: &Frame) -> Result<Truth> {
        self.organised.evaluate(roster, frame)
    }

    /// Returns the state of each row.
    pub(crate) fn codes(&self, roster: &Roster, frame: &Frame) -> Result<Integers> {
        Ok(self.codes_if(&self.organised(roster, frame)?, roster, frame))
    }

    /// Returns the state of each row: its star, or without a star the state implied by the answer of `organised`.
    #[allow(clippy::useless_conversion, reason = "one arm of the macro is u64 already")]
    pub(crate) fn codes_if(&self, organised: &Truth, roster: &Roster, frame: &Frame) -> Integers {
        let [unrated, no_party_org, unknown] = [0, 1, 2].map(|k| u64::from(self.grades()) + k);
        // A row's answer as two bits: yes, no.
        let answers = numbers(&[&organised.yes, &organised.no()]);
        let without = [unknown, unrated, no_party_org, unknown];
        let (most, without) = (self.values.len() as u64, |answer: u8| without[usize::from(answer & 3)]);
        let Some(stars) = coded(roster, frame, self.star) else {
            return Integers::up_to(most, answers.into_iter().map(without));
        };
        let state = |(star, answer): (u64, u8)| match star {
            0 => without(answer),
            star => u64::from(self.grades[star as usize]),
        };
        with_integers!(stars, stars => {
            Integers::up_to(most, stars.iter().map(|star| u64::from(*star)).zip(answers).map(state))
        })
    }

    /// Builds the axis of the organisations' states.
    pub(crate) fn of_organisations(&self, roster: &Roster, frames: &[&Frame], job: &dyn Job) -> Result<Axis> {
        let codes = |frame: &&Frame| {
            job::check(job)?;
            self.codes(roster, frame)
        };
        Ok(self.axis(frames.par_iter().map(codes).collect::<Result<_>>()?))
    }

    /// Creates an axis over codes from [`StarStates::codes`], or other codes with the same numbering.
    pub(crate) fn axis(&self, codes: Vec<Integers>) -> Axis {
        computed_axis("star_state", codes, self.values.clone())
    }

    /// Creates the axis on a base called `name`, for codes counted together with other star states.
    pub(crate) fn axis_of(&self, name: &'static str, codes: Vec<Integers>) -> Axis {
        Axis { name: "star_state".to_owned(), ..computed_axis(name, codes, self.values.clone()) }
    }
}

fn grade(value: &str) -> f64 {
    value.parse().unwrap_or(f64::NAN)
}

/// Creates an axis over computed codes: positions in `values`, or `values.len()` for null.
pub(crate) fn computed_axis(name: &'static str, codes: Vec<Integers>, values: Vec<String>) -> Axis {
    let null = values.len();
    Axis {
        name: name.to_owned(),
        base: Base::Given { name, codes: codes.into() },
        map: (0..=null as u32).collect(),
        values: AxisValues::Text(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Conditions;
    use crate::predicate::testing::{codes, roster};
    use crate::schema::Type;

    /// Without a star, the condition decides: as shipped, and as a user has it who counts area coverage too.
    #[test]
    fn the_condition_organised_decides_without_a_star() {
        let modes = [Some("solo"), Some("area"), Some("none"), None, Some("none")];
        let stars = [None, None, None, None, Some("3")];
        let wider = Conditions::from_toml(
            "[[condition]]\nid = 'organised'\nwhen = \"mode in ('solo', 'area')\"\nsource = 's'",
            "mine.toml",
        );
        let shipped = Conditions::shipped().unwrap();
        for (conditions, area) in
            [(shipped.clone(), "no_party_org"), (shipped.overridden_by(&wider.unwrap()).unwrap(), "unrated")]
        {
            for (column, starred) in [(Some(codes(&stars)), "3"), (None, "no_party_org")] {
                let columns = vec![("mode", Type::Word, Some(codes(&modes))), ("star", Type::Star, column)];
                let roster = roster(columns, modes.len());
                let states = StarStates::new(&roster, conditions.organised().unwrap());
                let codes = states.codes(&roster, &roster.frames()[0]).unwrap();
                let names: Vec<&str> =
                    (0..codes.len()).map(|row| states.values[codes.get(row) as usize].as_str()).collect();
                assert_eq!(names, ["unrated", area, "no_party_org", "unknown", starred]);
            }
        }
    }
}
