//! Options for survival curves.

use super::interval::Scale;
use crate::support::named::named_enum;

/// Source of the variance of a curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variance {
    /// Contributions of organisations (clusters): the spells of one organisation are dependent (infinitesimal
    /// jackknife, as in Lin and Wei 1989).
    #[default]
    Organisation,
    /// Counts alone, as if all spells were independent (Greenwood 1926).
    Greenwood,
}

named_enum! { pub Variance, "方差", "variance"; Organisation = "organisation", Greenwood = "greenwood" }

/// Options for a survival curve and its summary.
///
/// ```
/// use dangjian::stats::survival::{CurveOptions, Scale};
/// let options = CurveOptions::default().with_scale(Scale::Log).with_level(0.9).with_horizon(5.0);
/// assert_eq!(options.horizon, Some(5.0));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CurveOptions {
    /// Scale on which intervals are symmetric.
    pub scale: Scale,
    /// Confidence level of intervals.
    pub level: f64,
    /// Source of variances.
    pub variance: Variance,
    /// Time to which the mean is restricted; `None` for the last that all groups reach.
    pub horizon: Option<f64>,
}

impl Default for CurveOptions {
    fn default() -> Self {
        Self { scale: Scale::default(), level: 0.95, variance: Variance::default(), horizon: None }
    }
}

impl CurveOptions {
    /// Sets the scale on which intervals are symmetric.
    #[must_use]
    pub fn with_scale(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    /// Sets the confidence level of intervals.
    #[must_use]
    pub fn with_level(self, level: f64) -> Self {
        Self { level, ..self }
    }

    /// Sets the source of variances.
    #[must_use]
    pub fn with_variance(self, variance: Variance) -> Self {
        Self { variance, ..self }
    }

    /// Restricts the mean to a time; `None` is the last that all groups reach.
    #[must_use]
    pub fn with_horizon(self, horizon: impl Into<Option<f64>>) -> Self {
        Self { horizon: horizon.into(), ..self }
    }
}
