//! Definitions (口径) as data: records in files state what a figure counts, with a [`Predicate`] for each condition.
//!
//! [`Predicate`]: crate::predicate::Predicate
//!
//! [`Rates`], [`Targets`] and [`FormationRules`] are each read from a file of their own; `definitions/` holds the
//! shipped ones. All of them may use [`Conditions`] by name.

mod annual_table;
mod bands;
mod breaks;
mod condition;
#[cfg(test)]
mod condition_tests;
mod finding;
mod need;
mod rate;
#[cfg(test)]
mod record_tests;
mod rules;
mod target;
mod validity;

pub use self::annual_table::{Annual, AnnualTable, Cell, Check, CheckSubject, Line, Part};
pub use self::bands::{Bands, Sizes};
pub use self::breaks::Break;
pub(crate) use self::condition::Layers;
pub use self::condition::{Condition, Conditions};
pub(crate) use self::finding::APPROVAL;
pub use self::finding::{Finding, FindingSeverity, Why};
pub use self::need::{Members, Need};
pub use self::rate::{Counts, Rate, Rates};
pub(crate) use self::rules::known;
pub use self::rules::{FormationRules, JointLimit, LevelRule, Needed, Term};
pub use self::target::{Target, Targets};
pub use self::validity::Validity;
