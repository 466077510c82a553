//! Survival at a minimum number of stars (保级): how long a rating is kept, and how it is lost.
//!
//! A spell begins in the first year with at least the given stars and continues while each next calendar year is in
//! the roster with at least as many. It ends by the event, a year rated below, or by a loss: `unrated`,
//! `no_party_org`, `absent`. If the state of the next year is unknown, or there is no survey, the spell is
//! right-censored. Losses are competing events, not censoring: an organisation that has left the roster will not be
//! rated below any more.

mod spells;
mod study;
mod tables;

use crate::definition::Counts;
use crate::support::named::named_enum;

pub use self::study::Entry;
pub use self::tables::{
    compare, curve_of, star_logrank, star_spells, star_survival, star_survival_summary, summary_of,
};
pub use crate::stats::survival::curve::{Curve, Spread};
pub use crate::stats::survival::interval::Scale;
pub use crate::stats::survival::log_rank::{Group, LogRank, log_rank};
pub use crate::stats::survival::risk::{Risk, Watched};

/// Source of the variance of a curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variance {
    /// Contributions of organisations: the spells of one organisation are dependent.
    #[default]
    Organisation,
    /// Counts alone, as if all spells were independent.
    Greenwood,
}

named_enum! { pub Variance, "方差", "variance"; Organisation = "organisation", Greenwood = "greenwood" }

/// Options for a study of spells.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Minimum number of stars; halves as in the roster.
    pub at_least: f64,
    /// Entities: organisations, or party organisations.
    pub counts: Counts,
    /// Spells to include, and the origin of their time.
    pub entry: Entry,
    /// True to include spells that follow another included spell of the same organisation.
    pub recurrent: bool,
    /// Scale on which intervals are symmetric.
    pub scale: Scale,
    /// Confidence level of intervals.
    pub level: f64,
    /// Source of variances.
    pub variance: Variance,
    /// Time to which the mean is restricted; `None` for the last that all groups reach.
    pub horizon: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            at_least: 3.0,
            counts: Counts::Organisations,
            entry: Entry::default(),
            recurrent: true,
            scale: Scale::default(),
            level: 0.95,
            variance: Variance::default(),
            horizon: None,
        }
    }
}
