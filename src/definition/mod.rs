//! 口径 as data: what a figure counts is a record in a file, its conditions are [`Predicate`]s.
//!
//! Three kinds of file, each with a shipped one in `definitions/`: [`Rates`], [`Targets`] and [`FormationRules`].

mod annual_table;
mod bands;
mod condition;
mod finding;
mod need;
mod rate;
#[cfg(test)]
mod record_tests;
mod rules;
mod target;
mod validity;

pub use self::annual_table::{Annual, AnnualTable, Cell, Check, Line, Of, Part};
pub use self::bands::{Bands, Sizes};
pub use self::condition::{Break, Condition};
pub(crate) use self::finding::APPROVAL;
pub use self::finding::{Finding, Severity, Why};
pub use self::need::{Members, Need};
pub use self::rate::{Counts, Rate, Rates};
pub(crate) use self::rules::known;
pub use self::rules::{FormationRules, JointLimit, Level, Needed, Term};
pub use self::target::{Target, Targets};
pub use self::validity::Validity;
