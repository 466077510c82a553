//! Rows that a statistic covers, and dimensions by which it groups them.

pub(crate) mod dimension;
pub(crate) mod needed_mode;
pub(crate) mod party_organisation;
pub(crate) mod party_stars;
pub(crate) mod scope;
mod size_band;
pub(crate) mod star_state;
pub(crate) mod table;

pub use self::scope::Scope;
