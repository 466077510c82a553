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
use crate::stats::survival::{CurveOptions, Scale, Variance};

pub use self::study::Entry;

/// Options for a study of spells.
///
/// ```
/// use dangjian::analysis::trend::survival::{Entry, SpellOptions};
/// let options = SpellOptions::default().with_at_least(4.0).with_entry(Entry::Delayed).with_level(0.9);
/// assert_eq!(options.entry, Entry::Delayed);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SpellOptions {
    /// Minimum number of stars; halves as in the roster.
    pub at_least: f64,
    /// Entities: organisations, or party organisations.
    pub counts: Counts,
    /// Spells to include, and the origin of their time.
    pub entry: Entry,
    /// True to include spells that follow another included spell of the same organisation.
    pub recurrent: bool,
    /// Options for the curves.
    pub curve: CurveOptions,
}

impl Default for SpellOptions {
    fn default() -> Self {
        Self {
            at_least: 3.0,
            counts: Counts::Organisations,
            entry: Entry::default(),
            recurrent: true,
            curve: CurveOptions::default(),
        }
    }
}

impl SpellOptions {
    /// Sets the minimum number of stars.
    #[must_use]
    pub fn with_at_least(self, at_least: f64) -> Self {
        Self { at_least, ..self }
    }

    /// Sets the entities: organisations, or party organisations.
    #[must_use]
    pub fn with_counts(self, counts: Counts) -> Self {
        Self { counts, ..self }
    }

    /// Sets the spells to include, and the origin of their time.
    #[must_use]
    pub fn with_entry(self, entry: Entry) -> Self {
        Self { entry, ..self }
    }

    /// Includes or excludes spells that follow another included spell of the same organisation.
    #[must_use]
    pub fn with_recurrent(self, recurrent: bool) -> Self {
        Self { recurrent, ..self }
    }

    /// Sets the options for the curves.
    #[must_use]
    pub fn with_curve(self, curve: CurveOptions) -> Self {
        Self { curve, ..self }
    }

    /// Sets the scale on which intervals are symmetric.
    #[must_use]
    pub fn with_scale(self, scale: Scale) -> Self {
        Self { curve: self.curve.with_scale(scale), ..self }
    }

    /// Sets the confidence level of intervals.
    #[must_use]
    pub fn with_level(self, level: f64) -> Self {
        Self { curve: self.curve.with_level(level), ..self }
    }

    /// Sets the source of variances.
    #[must_use]
    pub fn with_variance(self, variance: Variance) -> Self {
        Self { curve: self.curve.with_variance(variance), ..self }
    }

    /// Restricts the mean to a time; `None` is the last that all groups reach.
    #[must_use]
    pub fn with_horizon(self, horizon: impl Into<Option<f64>>) -> Self {
        Self { curve: self.curve.with_horizon(horizon), ..self }
    }
}
