//! Star states of organisations and party organisations: counts by state, and transitions between years.
//!
//! The states are the grades, `unrated` (a party organisation without a star), `no_party_org` (listed, without a
//! party organisation), `unknown` (not in the ledger) and, between years, `absent`. They are never merged.
//!
//! The rating itself is here as well: a [`Scheme`] is data, and a [`Rating`] applies it to scores and records the
//! reason for every star.

mod events;
mod judges;
mod marks;
mod need;
mod plaque;
#[cfg(test)]
mod published_tests;
mod rating;
#[cfg(test)]
mod rule_tests;
mod scheme;
#[cfg(test)]
mod testing;
mod trail;
mod whatif;

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::transitions;
use crate::cube;
use crate::cube::statistic::{Statistic, only};
use crate::cube::{Axis, GroupedCounts, Lane, YearEntities};
use crate::definition::Counts;
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::query::party_stars::PartyStars;
use crate::query::star_state::{ABSENT, StarStates};
use crate::roster::{Frame, Roster};
use crate::support::columns::Columns;

pub use self::judges::Judges;
pub use self::rating::{Previous, Rating, RatingOptions};
pub use self::scheme::{Scheme, schemes_table};
pub use self::trail::replay_stars;

impl Roster {
    /// Counts star states by the dimensions of `scope`.
    ///
    /// Columns: `year`, the dimensions, `star_state`, `organisations`, `party_organisations`. A party organisation has
    /// the highest star among its organised rows (solo, joint, affiliated, as shipped), or else is `unrated`. It is
    /// counted in the group of its home row.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.star_distribution(&Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 3 * 8); // three years of five grades and three states
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn star_distribution(&self, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frames = scope.frames(self)?;
        only(states(self, &frames, std::slice::from_ref(&scope.by), scope, job)?.count(&frames, job)?)
    }
}

/// Builds [`Roster::star_distribution`] for each of `sets` as a statistic for the shared scan.
pub(crate) fn states<'r>(
    roster: &'r Roster,
    frames: &[&'r Frame],
    sets: &[Vec<String>],
    scope: &Scope,
    job: &dyn Job,
) -> Result<Statistic<'r, Vec<RecordBatch>>> {
    let states = StarStates::new(roster, scope.organised()?);
    let parties = PartyStars::by_frame(roster, frames, &states, scope, job)?;
    let of_parties = states.axis_of("party_star_state", parties.iter().map(|p| p.codes.clone()).collect());
    let of_organisations = states.of_organisations(roster, frames, job)?;
    let mut axes = Vec::new();
    for by in sets {
        let by = scope.divided(by).axes_except(roster, frames, &["star_state"])?;
        for state in [&of_organisations, &of_parties] {
            axes.push(by.iter().chain([state]).cloned().collect());
        }
    }
    let scope = scope.clone();
    let lanes = move |nth: usize, frame: &Frame, _: &dyn Job| {
        Ok(vec![Lane::Bits(scope.rows(roster, frame)?), Lane::Bits(parties[nth].homes())])
    };
    let table = |[organisations, parties]: [GroupedCounts; 2]| {
        let organisations = organisations.filled();
        let parties = aligned(&organisations, &parties, 1);
        Columns::default()
            .groups(&organisations)
            .counts("organisations", organisations.lane(0).iter().copied())
            .counts("party_organisations", parties)
            .finish()
    };
    let answer = move |counted: Vec<GroupedCounts>| {
        let mut counted = counted.into_iter();
        std::iter::from_fn(|| Some([counted.next()?, counted.next()?])).map(table).collect()
    };
    Ok(Statistic::new(axes, lanes, answer))
}

impl Roster {
    /// Counts transitions between star states from one year to the next, by the dimensions of `scope`. Organisations
    /// are linked by id, party organisations by code.
    ///
    /// Columns: `year`, `next_year`, the dimensions, `star_state`, `next_star_state` (both with `absent`), and
    /// `organisations` or `party_organisations`.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// let roster = Roster::sample(300, 3)?;
    /// let counts = dangjian::definition::Counts::Organisations;
    /// let table = roster.star_transitions(counts, &Scope::default(), &Quiet)?;
    /// assert!(table.column_by_name("next_star_state").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn star_transitions(&self, counts: Counts, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frames = scope.frames(self)?;
        let by = scope.axes_except(self, &frames, &["star_state"])?;
        let states = StarStates::new(self, scope.organised()?);
        let counted = match counts {
            Counts::Organisations => {
                let axis = states.of_organisations(self, &frames, job)?;
                transitions::of_organisations(self, &frames, &[axis], &by, scope, job)?
            }
            Counts::PartyOrganisations => of_parties(self, &frames, &states, &by, scope, job)?,
        };
        transitions::table(&counted, counts.name())
    }
}

fn of_parties(
    roster: &Roster,
    frames: &[&Frame],
    states: &StarStates,
    by: &[Axis],
    scope: &Scope,
    job: &dyn Job,
) -> Result<GroupedCounts> {
    let parties = PartyStars::by_frame(roster, frames, states, scope, job)?;
    let axis = states.axis(parties.iter().map(|p| p.codes.clone()).collect());
    let things: Vec<YearEntities<'_>> =
        parties.into_iter().map(|p| YearEntities { ids: p.ids.into(), rows: Some(p.rows), counted: None }).collect();
    cube::count_transitions(frames, &things, &[axis], by, ABSENT, job)
}

/// Returns one lane (aggregate input) of `other` in the order of the groups of `counted`, 0 for missing groups.
fn aligned(counted: &GroupedCounts, other: &GroupedCounts, lane: usize) -> Vec<u64> {
    let key = |c: &GroupedCounts, g: usize| (c.years[g], c.keys.iter().map(|k| k[g]).collect::<Vec<_>>());
    let by_key: BTreeMap<_, u64> = (0..other.years.len()).map(|g| (key(other, g), other.lane(lane)[g])).collect();
    (0..counted.years.len()).map(|g| by_key.get(&key(counted, g)).copied().unwrap_or(0)).collect()
}
