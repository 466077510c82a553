//! Party organisations, derived from the organisations they belong to: a joint branch (联建) is one party
//! organisation and several organisations.
//!
//! Each party organisation is counted at one row of its year, its home: among the qualifying rows, the one with the
//! strongest mode (单建 before 联建 before 挂靠), then the smallest organisation id. Party organisations can thus be
//! counted by the same kernel as organisations, and the parts of every table add up to the total.

use arrow::array::BooleanBufferBuilder;
use arrow::buffer::BooleanBuffer;

use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::predicate::{Certainty, Truth};
use crate::roster::coded;
use crate::roster::{Frame, Integers, Roster, with_integers};

/// Rows processed between cancellation checks.
const ROWS_PER_CHECK: usize = 1 << 18;

/// Builds a bitmap of `all` rows with the given rows set.
pub(crate) fn bitmap(all: usize, rows: impl Iterator<Item = u32>) -> BooleanBuffer {
    let mut bits = BooleanBufferBuilder::new(all);
    bits.append_n(all, false);
    rows.for_each(|row| bits.set_bit(row as usize, true));
    bits.finish()
}

/// Party organisation of each row of one year.
pub(crate) struct Parties<'a> {
    codes: Option<&'a Integers>,
    modes: Option<&'a Integers>,
    rows: usize,
    cardinality: usize,
}

impl<'a> Parties<'a> {
    pub(crate) fn new(roster: &Roster, frame: &'a Frame) -> Self {
        let at = roster.field("party_org_id").ok();
        Self {
            codes: coded(roster, frame, at),
            modes: coded(roster, frame, roster.field("mode").ok()),
            rows: frame.rows(),
            cardinality: at.and_then(|at| roster.dictionary(at)).map_or(1, |d| d.cardinality()),
        }
    }

    /// Returns the code of a row's party organisation; 0 if the ledger gives none.
    pub(crate) fn code(&self, row: usize) -> usize {
        self.codes.map_or(0, |c| c.get(row) as usize)
    }

    /// Returns the rank of a row's mode: the order of the mode's words, strongest first, an unknown mode last.
    fn weakness(&self, row: usize) -> u64 {
        self.modes.map_or(0, |m| m.get(row)).wrapping_sub(1)
    }

    /// Returns the home of each party organisation among `rows`, indexed by code.
    pub(crate) fn homes(&self, rows: &BooleanBuffer) -> Vec<Option<u32>> {
        let mut homes: Vec<Option<u32>> = vec![None; self.cardinality];
        let mut consider = |row: usize, code: usize| {
            if code > 0 && homes[code].is_none_or(|home| self.weakness(row) < self.weakness(home as usize)) {
                homes[code] = Some(row as u32);
            }
        };
        if let Some(codes) = self.codes {
            with_integers!(codes, codes => rows.set_indices().for_each(|row| consider(row, codes[row] as usize)));
        }
        homes
    }

    /// Returns, for each party organisation and value of `class`, the first of `rows`.
    pub(crate) fn home_rows_by(&self, rows: &BooleanBuffer, class: &Integers) -> BooleanBuffer {
        let mut seen = std::collections::HashSet::new();
        let first = |row: &usize| self.code(*row) > 0 && seen.insert((self.code(*row), class.get(*row)));
        bitmap(self.rows, rows.set_indices().filter(first).map(|row| row as u32))
    }

    /// Reduces answers about organisations to answers about party organisations, each placed at its home.
    ///
    /// A party organisation is in the population if any of its rows is; its success is the strongest answer
    /// among those rows. The third bitmap holds the rows in the population without a party organisation's code. A row
    /// without a code whose membership in the population is unknown is kept as it is.
    pub(crate) fn reduce(
        &self,
        population: &Truth,
        success: &Truth,
        job: &dyn Job,
    ) -> Result<(Truth, Truth, BooleanBuffer)> {
        if self.codes.is_none() {
            // The year has no party organisation codes.
            let open = population.unknown();
            let success = Truth::of(&(&open & &success.yes), &(&open & &success.no()));
            let none = BooleanBuffer::new_unset(self.rows);
            return Ok((Truth::known(&none, Some(&!&open)), success, population.yes.clone()));
        }
        let mut state = vec![(Certainty::No, Certainty::No, None::<u32>); self.cardinality];
        let mut unidentified = Vec::new();
        let mut alone = Vec::new();
        for row in 0..self.rows {
            if row % ROWS_PER_CHECK == 0 {
                job::check(job)?;
            }
            let [pop, suc] = [population, success].map(|truth| Certainty::from(truth.value(row)));
            let code = self.code(row);
            match (pop, code) {
                (Certainty::No, _) => {}
                (Certainty::Yes, 0) => unidentified.push(row as u32),
                (Certainty::Unknown, 0) => alone.push((Certainty::Unknown, suc, Some(row as u32))),
                (_, code) => {
                    let (p, s, home) = &mut state[code];
                    if pop > *p {
                        (*p, *s, *home) = (pop, suc, Some(row as u32));
                    } else if pop == *p {
                        *s = (*s).max(suc);
                        if home.is_none_or(|h| self.weakness(row) < self.weakness(h as usize)) {
                            *home = Some(row as u32);
                        }
                    }
                }
            }
        }
        state.extend(alone);
        let at = |wanted: &dyn Fn(Certainty, Certainty) -> bool| {
            bitmap(self.rows, state.iter().filter(|(p, s, _)| wanted(*p, *s)).filter_map(|(_, _, home)| *home))
        };
        let yes = at(&|p, _| p == Certainty::Yes);
        let unknown = at(&|p, _| p == Certainty::Unknown);
        let no = &(!&yes) & &(!&unknown);
        let success =
            Truth::of(&at(&|_, s| s == Certainty::Yes), &at(&|p, s| p != Certainty::No && s == Certainty::No));
        Ok((Truth::of(&yes, &no), success, bitmap(self.rows, unidentified.into_iter())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Quiet;

    fn truth(answers: &[Option<bool>]) -> Truth {
        let is = |want| BooleanBuffer::collect_bool(answers.len(), |row| answers[row] == Some(want));
        Truth::of(&is(true), &is(false))
    }

    /// Rows 0 and 1 share party organisation 1, rows 2 to 4 share 2; 5 and 6 have none.
    #[test]
    fn a_party_organisation_is_asked_once_and_answers_at_its_home() {
        let codes = Integers::smallest(&[1, 1, 2, 2, 2, 0, 0]);
        let modes = Integers::smallest(&[3, 1, 2, 2, 2, 1, 0]);
        let parties = Parties { codes: Some(&codes), modes: Some(&modes), rows: 7, cardinality: 3 };
        let [yes, no, maybe] = [Some(true), Some(false), None];
        let population = truth(&[yes, yes, no, maybe, maybe, yes, maybe]);
        let success = truth(&[no, maybe, yes, no, yes, yes, no]);
        let (population, success, unidentified) = parties.reduce(&population, &success, &Quiet).unwrap();
        let rows = |bits: &BooleanBuffer| bits.set_indices().collect::<Vec<_>>();
        assert_eq!(rows(&population.yes), [1], "at the solo row, not at the affiliated one before it");
        assert_eq!(rows(&population.unknown()), [3, 6]);
        assert_eq!(rows(&success.yes), [3], "any of its rows in the population that is met meets it");
        assert_eq!(rows(&success.no()), [6]);
        assert_eq!(rows(&unidentified), [5]);
        assert_eq!(parties.homes(&BooleanBuffer::new_set(7)), [None, Some(1), Some(2)]);
        // A year without the column gives the same result as a column of zeros.
        let population = truth(&[yes, yes, no, maybe, maybe, yes, maybe]);
        let success = truth(&[no, maybe, yes, no, yes, yes, maybe]);
        let none = Integers::smallest(&[0; 7]);
        let without = Parties { codes: None, modes: None, rows: 7, cardinality: 1 };
        let named = Parties { codes: Some(&none), ..without };
        let [one, other] = [&without, &named].map(|p| p.reduce(&population, &success, &Quiet).unwrap());
        assert_eq!((one.0, one.1, one.2), (other.0, other.1, other.2));
    }
}
