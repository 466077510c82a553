//! Star states of organisations and of party organisations: how many have which, and what moved between years.
//!
//! The states are the grades, `unrated` (a party organisation without a star), `no_party_org` (listed, has none),
//! `unknown` (the ledger does not say) and, between years, `absent`. They are never merged.
//!
//! And the rating itself: a [`Scheme`] is data, a [`Rating`] what it makes of scores, with the reason of every star.

mod events;
mod judges;
mod marks;
mod need;
mod plaque;
#[cfg(test)]
mod published;
mod rating;
mod scheme;
#[cfg(test)]
mod testing;
mod trail;
mod whatif;

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;

use crate::classes::{ABSENT, ORGANISED, StarStates, coded};
use crate::cube::{self, Axis, Counted, Lane, Things};
use crate::dimension::Scope;
use crate::error::Result;
use crate::job::Job;
use crate::measure::Counts;
use crate::moves;
use crate::party::Parties;
use crate::roster::{Frame, Integers, Roster};
use crate::table::Columns;

pub use judges::Judges;
pub(crate) use rating::STAGES;
pub use rating::{Options, Previous, Rating};
pub use scheme::{Scheme, schemes_table};
pub use trail::replay;
pub use whatif::{compare_counts, compare_schemes};

/// Star states by the dimensions of `scope`.
///
/// Columns: `year`, the dimensions, `star_state`, `organisations`, `party_organisations`. A party organisation has the
/// highest star of its rows with a mode of its own (solo, joint, affiliated), else it is `unrated`; it stands in the
/// group of its home row.
///
/// ```
/// # use dangjian::{Roster, dimension::Scope, ingest::Options, job::Quiet, synth};
/// let roster = Roster::read_arrow("made", &synth::panel(300, 3, 2010, 7)?, &Options::default(), &Quiet)?;
/// let table = dangjian::stars::star_distribution(&roster, &Scope::default(), &Quiet)?;
/// assert_eq!(table.num_rows(), 3 * 8); // three years of five grades and three states
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn star_distribution(roster: &Roster, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let frames = scope.frames(roster)?;
    let by = scope.axes_beside(roster, &frames, &["star_state"])?;
    let states = StarStates::new(roster);
    let organisations = {
        let state = states.of_organisations(roster, &frames);
        let axes = by.iter().cloned().chain([state]).collect();
        let lanes = |_, frame: &Frame| Ok(vec![Lane::Bits(scope.rows(roster, frame)?)]);
        cube::count_one(&frames, axes, lanes, job)?.filled()
    };
    let parties = PartyStars::all(roster, &frames, &states, scope)?;
    let state = states.axis(parties.iter().map(|p| p.codes.clone()).collect());
    let axes = by.into_iter().chain([state]).collect();
    let lanes = |nth: usize, _: &Frame| Ok(vec![Lane::Bits(parties[nth].homes())]);
    let of_parties = cube::count_one(&frames, axes, lanes, job)?;
    let counts = aligned(&organisations, &of_parties);
    Columns::default()
        .groups(&organisations)
        .counts("organisations", organisations.lane(0).iter().copied())
        .counts("party_organisations", counts)
        .finish()
}

/// Moves between star states from one year to the next, of organisations (linked by their id) or of party
/// organisations (linked by their code), by the dimensions of `scope`.
///
/// Columns: `year`, `next_year`, the dimensions, `star_state`, `next_star_state` (both with `absent`), and
/// `organisations` or `party_organisations`.
///
/// ```
/// # use dangjian::{Roster, dimension::Scope, ingest::Options, job::Quiet, synth};
/// let roster = Roster::read_arrow("made", &synth::panel(300, 3, 2010, 7)?, &Options::default(), &Quiet)?;
/// let counts = dangjian::measure::Counts::Organisations;
/// let table = dangjian::stars::star_transitions(&roster, counts, &Scope::default(), &Quiet)?;
/// assert!(table.column_by_name("next_star_state").is_some());
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn star_transitions(roster: &Roster, counts: Counts, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let frames = scope.frames(roster)?;
    let by = scope.axes_beside(roster, &frames, &["star_state"])?;
    let states = StarStates::new(roster);
    let counted = match counts {
        Counts::Organisations => {
            let axis = states.of_organisations(roster, &frames);
            moves::of_organisations(roster, &frames, &[axis], &by, scope, job)?
        }
        Counts::PartyOrganisations => of_parties(roster, &frames, &states, &by, scope, job)?,
    };
    moves::table(&counted, &[(counts.name(), counted.lane(0))])
}

fn of_parties(
    roster: &Roster,
    frames: &[&Frame],
    states: &StarStates,
    by: &[Axis],
    scope: &Scope,
    job: &dyn Job,
) -> Result<Counted> {
    let parties = PartyStars::all(roster, frames, states, scope)?;
    let axis = states.axis(parties.iter().map(|p| p.codes.clone()).collect());
    let things: Vec<Things<'_>> =
        parties.into_iter().map(|p| Things { ids: p.ids.into(), rows: Some(p.rows), counted: None }).collect();
    cube::moves(frames, &things, &[axis], by, ABSENT, job)
}

/// The party organisations of one year.
pub(crate) struct PartyStars {
    /// Their codes, ascending.
    pub(crate) ids: Vec<u32>,
    /// Their home rows.
    pub(crate) rows: Vec<u32>,
    /// For each row of the frame a star state; at home rows that of the party organisation.
    pub(crate) codes: Integers,
}

impl PartyStars {
    fn all(roster: &Roster, frames: &[&Frame], states: &StarStates, scope: &Scope) -> Result<Vec<Self>> {
        frames.iter().map(|frame| Ok(Self::new(roster, frame, states, &scope.rows(roster, frame)?))).collect()
    }

    pub(crate) fn new(roster: &Roster, frame: &Frame, states: &StarStates, rows: &BooleanBuffer) -> Self {
        let mode = roster.field("mode").ok();
        let organised: Vec<u64> = mode
            .and_then(|at| roster.dictionary(at))
            .map_or_else(Vec::new, |d| ORGANISED.iter().filter_map(|m| d.code(m).map(u64::from)).collect());
        let modes = coded(roster, frame, mode);
        let has_own = |row| modes.is_some_and(|m| organised.contains(&m.get(row)));
        let own = BooleanBuffer::collect_bool(frame.rows(), |row| rows.value(row) && has_own(row));
        let parties = Parties::new(roster, frame);
        let of_rows = states.codes(roster, frame);
        let unrated = u64::from(states.grades());
        let mut best = BTreeMap::new();
        for row in own.set_indices().filter(|row| parties.code(*row) > 0) {
            let star = Some(of_rows.get(row)).filter(|s| *s < unrated);
            let top = best.entry(parties.code(row)).or_insert(None);
            *top = star.max(*top);
        }
        let homes = parties.homes(&own);
        let (mut ids, mut at_home) = (Vec::new(), Vec::new());
        let mut codes: Vec<u64> = vec![unrated; frame.rows()];
        for (code, top) in best {
            if let Some(home) = homes[code] {
                ids.push(code as u32);
                at_home.push(home);
                codes[home as usize] = top.unwrap_or(unrated);
            }
        }
        Self { ids, rows: at_home, codes: Integers::smallest(&codes) }
    }

    fn homes(&self) -> BooleanBuffer {
        let mut rows = self.rows.clone();
        rows.sort_unstable();
        BooleanBuffer::collect_bool(self.codes.len(), |row| rows.binary_search(&(row as u32)).is_ok())
    }
}

/// The counts of `other` in the order of the groups of `counted`, 0 where it has no such group.
fn aligned(counted: &Counted, other: &Counted) -> Vec<u64> {
    let key = |c: &Counted, g: usize| (c.years[g], c.keys.iter().map(|k| k[g]).collect::<Vec<_>>());
    let found: BTreeMap<_, u64> = (0..other.years.len()).map(|g| (key(other, g), other.lane(0)[g])).collect();
    (0..counted.years.len()).map(|g| found.get(&key(counted, g)).copied().unwrap_or(0)).collect()
}
