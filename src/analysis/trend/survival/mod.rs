//! Survival at so many stars and more (保级): how long what was rated that high stays so, and how it is lost.
//!
//! A spell begins in the first year with at least so many stars and goes on while each next calendar year is in the roster with at
//! least as many. It ends by an event, a year rated below, or by a loss, which is another matter than a year below: `unrated`,
//! `no_party_org`, `absent`. Where the state of the next year is not known, or there is no survey, the watch ends and nothing is
//! said. Losses are competing events, not censoring: who has left the roster will not be rated below any more.

mod spells;
mod study;
mod tables;

use crate::definition::Counts;
use crate::error::{Error, Result};

pub use self::study::Entry;
pub use self::tables::{
    compare, curve_of, star_logrank, star_spells, star_survival, star_survival_summary, summary_of,
};
pub use crate::stats::survival::curve::{Curve, Spread};
pub use crate::stats::survival::interval::Scale;
pub use crate::stats::survival::log_rank::{Group, LogRank, log_rank};
pub use crate::stats::survival::risk::{Risk, Watched};

/// From what the variance of a curve is worked out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variance {
    /// What each organisation adds: its spells hang together.
    #[default]
    Organisation,
    /// The counts alone, as if all spells were independent.
    Greenwood,
}

impl Variance {
    /// The one called `name`: `organisation`, `greenwood`.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "organisation" => Ok(Self::Organisation),
            "greenwood" => Ok(Self::Greenwood),
            _ => Err(Error::argument(
                format!("没有名为“{name}”的方差。可用：organisation、greenwood"),
                format!("there is no variance '{name}'. Available: organisation, greenwood"),
            )),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Greenwood => "greenwood",
        }
    }
}

/// What a study of spells looks at.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The least number of stars; halves as the roster has them.
    pub at_least: f64,
    /// Whose spells: those of organisations, or of party organisations.
    pub counts: Counts,
    /// Which spells, and from when their time counts.
    pub entry: Entry,
    /// Whether a spell counts that follows another of the same organisation.
    pub recurrent: bool,
    /// On which scale intervals are symmetric.
    pub scale: Scale,
    /// The level of intervals.
    pub level: f64,
    /// From what variances are worked out.
    pub variance: Variance,
    /// Up to which time the mean is restricted; `None` for the last that all groups reach.
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
