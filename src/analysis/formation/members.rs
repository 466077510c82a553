//! The party organisations of a year, each with the organisations it consists of: those with its code that the
//! condition `organised` of the rules holds for.

use std::collections::HashSet;

use arrow::buffer::BooleanBuffer;

use super::fact_columns::{coded, flag, number};
use crate::definition::{FormationRules, LevelRule, Members};
use crate::error::Result;
use crate::predicate::Truth;
use crate::roster::coded as codes_of;
use crate::roster::{Column, Frame, Integers, Roster};
use crate::standards::region;
use crate::standards::region::RegionLevel;

/// A value of one party organisation. `None` if the value of one of its organisations is unknown, or if it is unknown
/// of an organisation with its code, such as one of unknown mode, whether it belongs to it.
pub(super) type KnownCount = Option<u64>;

/// The party organisations of one year.
pub(super) struct PartyOrganisations<'a> {
    codes: Option<&'a Integers>,
    modes: Option<&'a Integers>,
    /// The codes of solo and joint; 0 for a mode that the dictionary lacks.
    words: [u64; 2],
    /// The rows of organised organisations, and those of which this is unknown.
    organised: Truth,
    /// The party organisation of each row; 0 if none.
    of_row: Vec<u32>,
    /// For each party organisation, true if it is unknown of an organisation with its code whether it is organised.
    uncertain: Vec<bool>,
    rows: usize,
}

impl<'a> PartyOrganisations<'a> {
    pub(super) fn new(roster: &'a Roster, frame: &'a Frame, rules: &FormationRules) -> Result<Self> {
        let (party, mode) = (roster.field("party_org_id").ok(), roster.field("mode").ok());
        let dictionary = mode.and_then(|at| roster.dictionary(at));
        let words = ["solo", "joint"].map(|word| dictionary.and_then(|d| d.code(word)).map_or(0, u64::from));
        let cardinality = party.and_then(|at| roster.dictionary(at)).map_or(1, |d| d.cardinality());
        let mut party_orgs = Self {
            codes: codes_of(roster, frame, party),
            modes: codes_of(roster, frame, mode),
            words,
            organised: rules.organised().evaluate(roster, frame)?,
            of_row: vec![0; frame.rows()],
            uncertain: vec![false; cardinality],
            rows: frame.rows(),
        };
        for row in party_orgs.organised.yes.set_indices() {
            party_orgs.of_row[row] = party_orgs.code(row) as u32;
        }
        for row in party_orgs.organised.unknown().set_indices() {
            let code = party_orgs.code(row);
            party_orgs.uncertain[code] = true;
        }
        Ok(party_orgs)
    }

    /// Returns the party organisation code of a row; 0 if none is given.
    fn code(&self, row: usize) -> usize {
        self.codes.map_or(0, |codes| codes.get(row) as usize)
    }

    fn mode(&self, row: usize) -> u64 {
        self.modes.map_or(0, |modes| modes.get(row))
    }

    /// Returns the code of the mode solo.
    pub(super) fn solo(&self) -> u64 {
        self.words[0]
    }

    /// Checks whether the year's sources have both the mode and the party organisation code.
    pub(super) fn has_columns(&self) -> bool {
        self.codes.is_some() && self.modes.is_some()
    }

    /// Checks whether a row belongs to a party organisation.
    pub(super) fn belongs(&self, row: usize) -> bool {
        self.of_row[row] > 0
    }

    fn len(&self) -> usize {
        self.uncertain.len()
    }

    /// Returns the rows that belong to party organisations, each with its code.
    fn own(&self) -> impl Iterator<Item = (usize, usize)> {
        let rows = self.of_row.iter().enumerate().filter(|(_, code)| **code > 0);
        rows.map(|(row, code)| (row, *code as usize))
    }

    /// Counts, for each party organisation, its organisations whose mode satisfies `counts`.
    pub(super) fn units(&self, counts: impl Fn(u64) -> bool) -> Vec<KnownCount> {
        let mut units = vec![0; self.len()];
        self.own().filter(|(row, _)| counts(self.mode(*row))).for_each(|(_, code)| units[code] += 1);
        units.into_iter().zip(&self.uncertain).map(|(n, uncertain)| (!uncertain).then_some(n)).collect()
    }

    /// Counts, for each party organisation, the organisations recorded as its own.
    pub(super) fn recorded(&self) -> Vec<KnownCount> {
        self.units_among(&BooleanBuffer::new_set(self.rows))
    }

    /// Counts, for each party organisation, its recorded organisations among `rows`.
    pub(super) fn units_among(&self, rows: &BooleanBuffer) -> Vec<KnownCount> {
        let mut units = vec![0; self.len()];
        self.own().filter(|(row, _)| rows.value(*row)).for_each(|(_, code)| units[code] += 1);
        units.into_iter().map(Some).collect()
    }

    /// Counts, for each party organisation, the organisations with its code of which it is unknown whether they are
    /// organised.
    pub(super) fn units_unknown(&self) -> Vec<KnownCount> {
        let mut units = vec![0; self.len()];
        self.organised.unknown().set_indices().for_each(|row| units[self.code(row)] += 1);
        units.into_iter().map(Some).collect()
    }

    /// Flags the rows whose party organisation has more than `max` organisations. Null if those that may belong to it
    /// decide.
    pub(super) fn over_limit(&self, max: Option<u32>) -> Column {
        let over = |(units, unknown): (KnownCount, KnownCount)| match (
            units? > u64::from(max?),
            units? + unknown? > u64::from(max?),
        ) {
            (sure, possible) if sure == possible => Some(sure),
            _ => None,
        };
        let over: Vec<Option<bool>> = self.recorded().into_iter().zip(self.units_unknown()).map(over).collect();
        flag(self.of_row.iter().map(|code| if *code > 0 { over[*code as usize] } else { None }))
    }

    /// Sums, for each party organisation, the members of all its organisations.
    pub(super) fn members(&self, roster: &Roster, frame: &Frame, members: &Members) -> Vec<KnownCount> {
        let counts = counts(roster, frame, members);
        let mut sums: Vec<KnownCount> = self.uncertain.iter().map(|uncertain| (!uncertain).then_some(0)).collect();
        for (row, code) in self.own() {
            sums[code] = sums[code].zip(counts(row)).map(|(sum, n)| sum + n);
        }
        sums
    }

    /// Sums, for each party organisation, the members of its organisations whose count is known.
    pub(super) fn members_recorded(&self, roster: &Roster, frame: &Frame, members: &Members) -> Vec<KnownCount> {
        let counts = counts(roster, frame, members);
        let mut sums = vec![0; self.len()];
        self.own().for_each(|(row, code)| sums[code] += counts(row).unwrap_or(0));
        let has_columns = has_member_columns(roster, frame, members);
        sums.into_iter().map(|sum| has_columns.then_some(sum)).collect()
    }

    /// Counts, for each party organisation, the townships its organisations lie in.
    pub(super) fn townships(&self, roster: &Roster, frame: &Frame) -> Vec<KnownCount> {
        let at = roster.field("region").ok();
        let regions = codes_of(roster, frame, at);
        let dictionary = at.and_then(|at| roster.dictionary(at));
        let township = |code: &String| region::at_level(code, RegionLevel::Township);
        let places: Vec<Option<String>> =
            std::iter::once(None).chain(dictionary.into_iter().flat_map(|d| d.values().iter().map(township))).collect();
        let mut seen = HashSet::new();
        let mut spread: Vec<KnownCount> = self.uncertain.iter().map(|uncertain| (!uncertain).then_some(0)).collect();
        for (row, code) in self.own() {
            let place = regions.and_then(|regions| places[regions.get(row) as usize].as_deref());
            let more = place.map(|place| u64::from(seen.insert((code, place))));
            spread[code] = spread[code].zip(more).map(|(n, more)| n + more);
        }
        spread
    }

    /// Builds a column with the value of each row's party organisation.
    pub(super) fn number(&self, known: &[KnownCount]) -> Column {
        number(self.of_row.iter().map(|code| if *code > 0 { known[*code as usize] } else { None }))
    }

    /// Flags the rows whose party organisation has an organisation of mode solo or joint.
    pub(super) fn hosted(&self) -> Column {
        let hosts: Vec<KnownCount> = self.units(|mode| mode > 0 && (mode == self.words[0] || mode == self.words[1]));
        let hosted = |code: &u32| if *code > 0 { hosts[*code as usize].map(|n| n > 0) } else { None };
        flag(self.of_row.iter().map(hosted))
    }

    /// Returns the level that each row's party organisation needs: the highest whose threshold it reaches,
    /// otherwise the lowest.
    pub(super) fn level(&self, roster: &Roster, frame: &Frame, levels: &[&LevelRule]) -> Column {
        let mut needed: Vec<KnownCount> = vec![Some(0); self.len()];
        for (at, level) in levels.iter().enumerate() {
            for (needed, members) in needed.iter_mut().zip(self.members(roster, frame, &level.members)) {
                *needed = match (*needed, members) {
                    (Some(_), Some(members)) if members >= u64::from(level.at_least) => Some(at as u64 + 1),
                    (Some(lower), Some(_)) => Some(lower.max(1)),
                    _ => None,
                };
            }
        }
        let of_row = |code: &u32| if *code > 0 { needed[*code as usize].unwrap_or(0) } else { 0 };
        let names = levels.iter().map(|level| level.level.clone()).collect();
        coded(names, &self.of_row.iter().map(of_row).collect::<Vec<_>>())
    }
}

/// Returns a function from a row to its members by the columns of `members`; `None` if one of them is null.
pub(super) fn counts<'a>(
    roster: &'a Roster,
    frame: &'a Frame,
    members: &Members,
) -> impl Fn(usize) -> KnownCount + use<'a> {
    let columns = columns(roster, frame, members);
    move |row: usize| {
        let value = |column: &&Column| match column {
            Column::Number { values, known } => {
                known.as_ref().is_none_or(|known| known.value(row)).then(|| values.get(row))
            }
            _ => None,
        };
        columns.as_ref()?.iter().map(value).sum()
    }
}

/// Checks whether the year's sources have all columns of `members`.
pub(super) fn has_member_columns(roster: &Roster, frame: &Frame, members: &Members) -> bool {
    columns(roster, frame, members).is_some()
}

fn columns<'a>(roster: &'a Roster, frame: &'a Frame, members: &Members) -> Option<Vec<&'a Column>> {
    let column = |name: &String| roster.field(name).ok().and_then(|at| roster.values(frame, at));
    members.columns().iter().map(column).collect()
}
