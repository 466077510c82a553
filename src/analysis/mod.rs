//! Statistics of a roster: counts, rates, targets, formation, stars, trends, identity and comparisons.

pub mod annual_table;
pub mod compare;
pub mod count;
pub mod formation;
pub mod identity;
#[cfg(test)]
mod large_tests;
pub mod rates;
pub mod reconcile;
pub mod stars;
pub mod targets;
pub mod transitions;
pub mod trend;
pub mod workforce;
