//! Statistics of a roster: counts, rates, targets, formation, stars, trends, identity and comparisons.
//!
//! Each is a method of [`Roster`](crate::Roster) in the file of its algorithm. The modules below hold what the methods
//! take and return other than tables.

mod annual_table;
pub mod compare;
pub mod count;
pub(crate) mod formation;
pub mod identity;
#[cfg(test)]
mod large_tests;
pub mod rates;
mod reconcile;
pub mod stars;
pub(crate) mod targets;
pub(crate) mod transitions;
pub mod trend;
pub mod workforce;
