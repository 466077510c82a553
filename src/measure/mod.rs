//! 口径 as data: what a figure counts is a record in a file, its conditions are [`Predicate`]s.
//!
//! Three kinds of file, each with a shipped one in `definitions/`: [`Rates`], [`Targets`] and [`FormationRules`].

mod annual;
mod bands;
mod bind;
mod bits;
mod condition;
mod evaluate;
mod expr;
mod finding;
mod like;
mod need;
mod parse;
mod predicate;
mod rate;
mod rules;
mod source;
mod target;
mod truth;
mod validity;

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

pub use annual::{Annual, AnnualTable, Cell, Check, Line, Of, Part};
pub use bands::{Bands, Sizes};
pub use condition::{Break, Condition};
pub(crate) use finding::APPROVAL;
pub use finding::{Finding, Severity, Why};
pub use need::{Members, Need};
pub use predicate::Predicate;
pub use rate::{Counts, Rate, Rates};
pub(crate) use rules::known;
pub use rules::{FormationRules, JointLimit, Level, Needed, Term};
pub(crate) use source::ledger_column;
pub use target::{Target, Targets};
pub use truth::Truth;
pub use validity::Validity;
