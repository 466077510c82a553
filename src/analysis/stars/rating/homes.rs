//! The organisations or party organisations that a rating rates, each at its home row.

use arrow::buffer::BooleanBuffer;

use crate::query::party_organisation::Parties;
use crate::query::star_state::ORGANISED;
use crate::roster::coded;
use crate::roster::{Frame, Roster};

/// The population that quotas are proportions of.
pub(crate) struct Population {
    /// Ledger row of each member.
    pub(crate) rows: Vec<u32>,
    pub(crate) all: u64,
}

/// Returns the home row of each party organisation of `frame`, by code. Rows with a mode of their own come first
/// and rows of unknown mode last; rows with any other mode do not count.
pub(crate) fn homes(roster: &Roster, frame: &Frame) -> Vec<Option<u32>> {
    let mode = roster.field("mode").ok();
    let others: Vec<u64> = mode.and_then(|at| roster.dictionary(at)).map_or_else(Vec::new, |words| {
        let others = words.values().iter().filter(|word| !ORGANISED.contains(&word.as_str()));
        others.filter_map(|word| words.code(word).map(u64::from)).collect()
    });
    let modes = coded(roster, frame, mode);
    let own = |row| modes.is_none_or(|modes| !others.contains(&modes.get(row)));
    Parties::new(roster, frame).homes(&BooleanBuffer::collect_bool(frame.rows(), own))
}
