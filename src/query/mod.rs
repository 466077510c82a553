//! Which rows a statistic covers and by what it groups them.

pub mod dimension;
pub(crate) mod party_organisation;
mod size_band;
pub(crate) mod star_state;
