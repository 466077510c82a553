//! What a rate answers for each row, and its counts in a group.

use arrow::buffer::BooleanBuffer;

use crate::cube::{Counted, Lane};
use crate::definition::{Counts, Rate};
use crate::error::Result;
use crate::job::Job;
use crate::predicate::Truth;
use crate::query::dimension::Scope;
use crate::query::party_organisation::Parties;
use crate::roster::{Frame, Roster};

/// What a rate answers for each row of a frame; for party organisations the answers stand at their home rows.
pub(crate) struct Answers {
    pub(crate) population: Truth,
    pub(crate) success: Truth,
    /// Rows in the population of a rate of party organisations whose party organisation the ledger does not name.
    pub(super) unidentified: Option<BooleanBuffer>,
}

impl Answers {
    /// The answers for the rows that `scope` has.
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

    /// The lanes of [`Figures`], in its order. Mostly nothing is unknown, and there is nothing to count of it.
    pub(super) fn lanes<'a>(&self) -> [Lane<'a>; Figures::LANES] {
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
pub struct Figures {
    /// Those the rate is about.
    pub population: u64,
    /// Of them, those that meet it.
    pub success: u64,
    /// Of them, those that do not.
    pub failure: u64,
    /// Those of whom it is not known whether they belong to the population, by whether they meet the rate: met.
    pub maybe_success: u64,
    /// The same: not met.
    pub maybe_failure: u64,
    /// The same: all of them.
    pub population_unknown: u64,
    /// Rows in the population that name no party organisation; only for rates of party organisations.
    pub unidentified: u64,
}

impl Figures {
    pub(super) const LANES: usize = 7;

    pub(super) fn read(counted: &Counted, first: usize, group: usize) -> Self {
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

    /// Those in the population of whom it is not known whether they meet the rate.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.population - self.success - self.failure
    }

    /// Success over those of the population whose answer is known. Null where there are none.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        ratio(self.success, self.success + self.failure)
    }

    /// The smallest rate that the answers not known allow; null where there is none whatever they turn out to be.
    #[must_use]
    pub fn low(&self) -> Option<f64> {
        let certain = ratio(self.success, self.population + self.population_unknown - self.maybe_success);
        certain.or((self.maybe_success > 0).then_some(1.0))
    }

    /// The largest rate that the answers not known allow; null as [`Figures::low`].
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

    /// Tries every way in which the unknowns may turn out.
    #[test]
    fn bounds_are_the_extremes_of_what_the_unknowns_allow() {
        let figures = Figures {
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
                // The three kinds of "maybe": met, not met, neither known; each joins the population or not.
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
