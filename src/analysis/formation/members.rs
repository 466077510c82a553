//! The party organisations of a year, each with the organisations it is made of: those of mode solo, joint or affiliated
//! that share its code.

use std::collections::HashSet;

use arrow::buffer::BooleanBuffer;

use super::facts::{coded, flag, number};
use crate::definition::{Level, Members};
use crate::query::star_state::{ORGANISED, coded as codes_of};
use crate::roster::{Column, Frame, Integers, Roster};
use crate::standards::region;
use crate::standards::region::Level as Place;

/// What is known of one party organisation: `None` where one of its organisations does not say, or where an organisation
/// that has its code may be one of them, its mode not being known.
pub(super) type Known = Option<u64>;

/// The party organisations of one year.
pub(super) struct Bodies<'a> {
    codes: Option<&'a Integers>,
    modes: Option<&'a Integers>,
    /// The codes of solo, joint, affiliated; 0, which no row of theirs has, where none has the mode.
    words: [u64; 3],
    /// For each row the party organisation that it belongs to; 0 where to none.
    of_row: Vec<u32>,
    /// For each party organisation whether an organisation whose mode is not known has its code.
    unsure: Vec<bool>,
    rows: usize,
}

impl<'a> Bodies<'a> {
    pub(super) fn new(roster: &'a Roster, frame: &'a Frame) -> Self {
        let (party, mode) = (roster.field("party_org_id").ok(), roster.field("mode").ok());
        let dictionary = mode.and_then(|at| roster.dictionary(at));
        let words = ORGANISED.map(|word| dictionary.and_then(|d| d.code(word)).map_or(0, u64::from));
        let cardinality = party.and_then(|at| roster.dictionary(at)).map_or(1, |d| d.cardinality());
        let mut bodies = Self {
            codes: codes_of(roster, frame, party),
            modes: codes_of(roster, frame, mode),
            words,
            of_row: Vec::new(),
            unsure: vec![false; cardinality],
            rows: frame.rows(),
        };
        let is_own = |row: usize| bodies.mode(row) > 0 && bodies.words.contains(&bodies.mode(row));
        bodies.of_row = (0..bodies.rows).map(|row| if is_own(row) { bodies.code(row) as u32 } else { 0 }).collect();
        let unsure: Vec<usize> =
            (0..bodies.rows).filter(|row| bodies.mode(*row) == 0).map(|row| bodies.code(row)).collect();
        for code in unsure {
            bodies.unsure[code] = true;
        }
        bodies
    }

    /// The party organisation of a row, 0 where none is given.
    fn code(&self, row: usize) -> usize {
        self.codes.map_or(0, |codes| codes.get(row) as usize)
    }

    fn mode(&self, row: usize) -> u64 {
        self.modes.map_or(0, |modes| modes.get(row))
    }

    /// What the mode solo is called here.
    pub(super) fn solo(&self) -> u64 {
        self.words[0]
    }

    /// Whether the sources of the year have the columns that tell.
    pub(super) fn told(&self) -> bool {
        self.codes.is_some() && self.modes.is_some()
    }

    /// Whether a row belongs to a party organisation.
    pub(super) fn belongs(&self, row: usize) -> bool {
        self.of_row[row] > 0
    }

    fn len(&self) -> usize {
        self.unsure.len()
    }

    /// The rows of party organisations, each with its code.
    fn own(&self) -> impl Iterator<Item = (usize, usize)> {
        let rows = self.of_row.iter().enumerate().filter(|(_, code)| **code > 0);
        rows.map(|(row, code)| (row, *code as usize))
    }

    /// For each party organisation how many of its organisations have a mode that `counts`.
    pub(super) fn units(&self, counts: impl Fn(u64) -> bool) -> Vec<Known> {
        let mut units = vec![0; self.len()];
        self.own().filter(|(row, _)| counts(self.mode(*row))).for_each(|(_, code)| units[code] += 1);
        units.into_iter().zip(&self.unsure).map(|(n, unsure)| (!unsure).then_some(n)).collect()
    }

    /// For each party organisation how many organisations are recorded as its own.
    pub(super) fn recorded(&self) -> Vec<Known> {
        self.those(&BooleanBuffer::new_set(self.rows))
    }

    /// For each party organisation how many of its recorded organisations are among `rows`.
    pub(super) fn those(&self, rows: &BooleanBuffer) -> Vec<Known> {
        let mut units = vec![0; self.len()];
        self.own().filter(|(row, _)| rows.value(*row)).for_each(|(_, code)| units[code] += 1);
        units.into_iter().map(Some).collect()
    }

    /// For each party organisation how many organisations that have its code do not say their mode.
    pub(super) fn maybe(&self) -> Vec<Known> {
        let mut units = vec![0; self.len()];
        (0..self.rows).filter(|row| self.mode(*row) == 0).for_each(|row| units[self.code(row)] += 1);
        units.into_iter().map(Some).collect()
    }

    /// Whether a row's party organisation has more than `most` organisations, whatever those are whose mode is not known.
    pub(super) fn over(&self, most: Option<u32>) -> Column {
        let over =
            |(units, maybe): (Known, Known)| match (units? > u64::from(most?), units? + maybe? > u64::from(most?)) {
                (sure, possible) if sure == possible => Some(sure),
                _ => None,
            };
        let over: Vec<Option<bool>> = self.recorded().into_iter().zip(self.maybe()).map(over).collect();
        flag(self.of_row.iter().map(|code| if *code > 0 { over[*code as usize] } else { None }))
    }

    /// For each party organisation the members of all its organisations together.
    pub(super) fn members(&self, roster: &Roster, frame: &Frame, members: &Members) -> Vec<Known> {
        let counts = counts(roster, frame, members);
        let mut sums: Vec<Known> = self.unsure.iter().map(|unsure| (!unsure).then_some(0)).collect();
        for (row, code) in self.own() {
            sums[code] = sums[code].zip(counts(row)).map(|(sum, n)| sum + n);
        }
        sums
    }

    /// For each party organisation the members of those of its organisations that say.
    pub(super) fn members_recorded(&self, roster: &Roster, frame: &Frame, members: &Members) -> Vec<Known> {
        let counts = counts(roster, frame, members);
        let mut sums = vec![0; self.len()];
        self.own().for_each(|(row, code)| sums[code] += counts(row).unwrap_or(0));
        let told = said(roster, frame, members);
        sums.into_iter().map(|sum| told.then_some(sum)).collect()
    }

    /// For each party organisation in how many townships its organisations lie.
    pub(super) fn townships(&self, roster: &Roster, frame: &Frame) -> Vec<Known> {
        let at = roster.field("region").ok();
        let regions = codes_of(roster, frame, at);
        let dictionary = at.and_then(|at| roster.dictionary(at));
        let township = |code: &String| region::at_level(code, Place::Township);
        let places: Vec<Option<String>> =
            std::iter::once(None).chain(dictionary.into_iter().flat_map(|d| d.values().iter().map(township))).collect();
        let mut seen = HashSet::new();
        let mut spread: Vec<Known> = self.unsure.iter().map(|unsure| (!unsure).then_some(0)).collect();
        for (row, code) in self.own() {
            let place = regions.and_then(|regions| places[regions.get(row) as usize].as_deref());
            let more = place.map(|place| u64::from(seen.insert((code, place))));
            spread[code] = spread[code].zip(more).map(|(n, more)| n + more);
        }
        spread
    }

    /// What is known of the party organisation of each row, as a column.
    pub(super) fn number(&self, known: &[Known]) -> Column {
        number(self.of_row.iter().map(|code| if *code > 0 { known[*code as usize] } else { None }))
    }

    /// Whether a row's party organisation has an organisation of mode solo or joint.
    pub(super) fn hosted(&self) -> Column {
        let hosts: Vec<Known> = self.units(|mode| mode > 0 && (mode == self.words[0] || mode == self.words[1]));
        let hosted = |code: &u32| if *code > 0 { hosts[*code as usize].map(|n| n > 0) } else { None };
        flag(self.of_row.iter().map(hosted))
    }

    /// The level that the party organisation of each row needs: the highest whose threshold it reaches, else the lowest.
    pub(super) fn level(&self, roster: &Roster, frame: &Frame, levels: &[&Level]) -> Column {
        let mut needed: Vec<Known> = vec![Some(0); self.len()];
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

/// How many members a row has by the columns of `members`; `None` where one of them does not say.
pub(super) fn counts<'a>(roster: &'a Roster, frame: &'a Frame, members: &Members) -> impl Fn(usize) -> Known + use<'a> {
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

/// Whether the sources of the year have all columns of `members`.
pub(super) fn said(roster: &Roster, frame: &Frame, members: &Members) -> bool {
    columns(roster, frame, members).is_some()
}

fn columns<'a>(roster: &'a Roster, frame: &'a Frame, members: &Members) -> Option<Vec<&'a Column>> {
    let column = |name: &String| roster.field(name).ok().and_then(|at| roster.values(frame, at));
    members.columns().iter().map(column).collect()
}
