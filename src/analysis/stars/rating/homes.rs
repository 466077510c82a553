//! The organisations or party organisations that a rating rates, each at its home row.

use crate::definition::Condition;
use crate::error::Result;
use crate::query::party_organisation::Parties;
use crate::roster::{Frame, Roster};

/// The population that quotas are proportions of.
pub(crate) struct Population {
    /// Ledger row of each member.
    pub(crate) rows: Vec<u32>,
    pub(crate) all: u64,
}

/// Returns the home row of each party organisation of `frame`, by code. Rows for which it is unknown whether they are
/// `organised` count too, and come last if their mode is unknown; rows that are not do not count.
pub(crate) fn homes(roster: &Roster, frame: &Frame, organised: &Condition) -> Result<Vec<Option<u32>>> {
    let organised = organised.evaluate(roster, frame)?;
    Ok(Parties::new(roster, frame).homes(&!&organised.no()))
}
