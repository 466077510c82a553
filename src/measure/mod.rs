//! 口径 as data: what a figure counts is a record in a file, its conditions are [`Predicate`]s.
//!
//! Three kinds of file, each with a shipped one in `definitions/`: [`Rates`], [`Targets`] and [`FormationRules`].

mod bind;
mod bits;
mod evaluate;
mod expr;
mod like;
mod need;
mod parse;
mod predicate;
mod rate;
mod source;
mod target;
mod truth;

#[cfg(test)]
mod against_duckdb;
#[cfg(test)]
mod predicate_tests;
#[cfg(test)]
mod property;
#[cfg(test)]
mod record_tests;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod testing;

pub use need::{FormationRules, Need, Needed};
pub use predicate::Predicate;
pub use rate::{Counts, Rate, Rates};
pub use target::{Target, Targets};
pub use truth::Truth;
