//! The evaluation of a rate on each row, and its counts in a group.

use arrow::buffer::BooleanBuffer;

use crate::cube::{GroupedCounts, Lane};
use crate::definition::{Counts, Rate};
use crate::error::Result;
use crate::job::Job;
use crate::predicate::Truth;
use crate::query::Scope;
use crate::query::party_organisation::Parties;
use crate::roster::{Frame, Roster};

/// The truth values of a rate for each row of a frame; for party organisations at their home rows.
pub(crate) struct RateTruth {
    pub(crate) population: Truth,
    pub(crate) success: Truth,
    /// Rows in the population of a rate of party organisations that name no party organisation.
    pub(crate) unidentified: Option<BooleanBuffer>,
}

impl RateTruth {
    /// Evaluates a rate on the rows of `scope`.
    pub(crate) fn new(roster: &Roster, frame: &Frame, rate: &Rate, scope: &Scope, job: &dyn Job) -> Result<Self> {
        let mut population = rate.population.evaluate(roster, frame)?;
        if scope.narrows() {
            population = population.within(&scope.rows(roster, frame)?);
        }
        let success = rate.success.evaluate(roster, frame)?;
        Ok(match rate.counts {
            Counts::Organisations => Self { population, success, unidentified: None },
            Counts::PartyOrganisations => {
                let (population, success, unidentified) =
                    Parties::new(roster, frame).reduce(&population, &success, job)?;
                Self { population, success, unidentified: Some(unidentified) }
            }
        })
    }

    /// Returns the lanes (aggregate inputs) of [`RateCounts`], in field order. Lanes without any unknown are left
    /// empty.
    pub(super) fn lanes<'a>(&self) -> [Lane<'a>; RateCounts::LANES] {
        let (population, success) = (&self.population.yes, &self.success);
        let both = |rows: &BooleanBuffer, of: &BooleanBuffer| Lane::Both(rows.clone(), of.clone());
        let bits = |rows: Option<&BooleanBuffer>| rows.map_or(Lane::Nothing, |rows| Lane::Bits(rows.clone()));
        let maybe = self.population.open();
        let of_maybe = |of: &dyn Fn() -> BooleanBuffer| maybe.as_ref().map_or(Lane::Nothing, |rows| both(rows, &of()));
        [
            Lane::Bits(population.clone()),
            both(population, &success.yes),
            success.open().map_or(Lane::Nothing, |open| both(population, &open)),
            of_maybe(&|| success.yes.clone()),
            of_maybe(&|| success.no()),
            bits(maybe.as_ref()),
            bits(self.unidentified.as_ref()),
        ]
    }
}

/// The counts of one rate in one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateCounts {
    /// Members of the population.
    pub population: u64,
    /// Members of the population that meet the rate.
    pub success: u64,
    /// Members of the population that do not meet the rate.
    pub failure: u64,
    /// Possible members of the population that meet the rate.
    pub maybe_success: u64,
    /// Possible members of the population that do not meet the rate.
    pub maybe_failure: u64,
    /// All possible members: rows whose membership in the population is unknown.
    pub population_unknown: u64,
    /// Rows in the population that name no party organisation; only for rates of party organisations.
    pub unidentified: u64,
}

impl RateCounts {
    pub(super) const LANES: usize = 7;

    pub(super) fn from_lanes(counted: &GroupedCounts, first: usize, group: usize) -> Self {
        let at = |lane: usize| counted.lane(first + lane)[group];
        Self {
            population: at(0),
            success: at(1),
            failure: at(0) - at(1) - at(2),
            maybe_success: at(3),
            maybe_failure: at(4),
            population_unknown: at(5),
            unidentified: at(6),
        }
    }

    /// Returns the members of the population for which the rate is unknown.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.population - self.success - self.failure
    }

    /// Returns success / (success + failure); null if both are 0.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        ratio(self.success, self.success + self.failure)
    }

    /// Returns the smallest rate that the unknowns allow; null if no outcome of the unknowns gives a rate.
    #[must_use]
    pub fn low(&self) -> Option<f64> {
        let certain = ratio(self.success, self.population + self.population_unknown - self.maybe_success);
        certain.or((self.maybe_success > 0).then_some(1.0))
    }

    /// Returns the largest rate that the unknowns allow; null under the same condition as [`RateCounts::low`].
    #[must_use]
    pub fn high(&self) -> Option<f64> {
        let joined = self.population_unknown - self.maybe_failure;
        let open = ratio(self.success + self.unknown() + joined, self.population + joined);
        open.or((self.maybe_failure > 0).then_some(0.0))
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enumerates every outcome of the unknowns.
    #[test]
    fn bounds_are_the_extremes_of_what_the_unknowns_allow() {
        let figures = RateCounts {
            population: 9,
            success: 5,
            failure: 2,
            maybe_success: 1,
            maybe_failure: 2,
            population_unknown: 4,
            unidentified: 0,
        };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for met_in in 0..=figures.unknown() {
            for joined in 0..8_u64 {
                // Possible members are met, not met or unknown. Each group joins the population or stays out.
                for met_out in 0..=1 {
                    let (a, b, c) = (joined & 1, (joined >> 1 & 1) * 2, joined >> 2 & 1);
                    let success = figures.success + met_in + a + c * met_out;
                    let rate = success as f64 / (figures.population + a + b + c) as f64;
                    (low, high) = (low.min(rate), high.max(rate));
                }
            }
        }
        assert_eq!(figures.low(), Some(low));
        assert_eq!(figures.high(), Some(high));
        assert_eq!(figures.rate(), Some(5.0 / 7.0));
    }
}
