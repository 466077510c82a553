//! Options for transition probabilities, forecasts and bootstrap intervals.

use super::transition_view::{Pooling, View};
use crate::error::{Error, Result};
use crate::stats::generator::Regularisation;
use crate::stats::wilson::z_for_confidence;
use crate::support::named::{look_up, named_enum};

/// Options for the bootstrap.
///
/// ```
/// use dangjian::analysis::trend::Bootstrap;
/// let bootstrap = Bootstrap::default().with_replicates(200).with_seed(7).with_level(0.9);
/// assert_eq!(bootstrap.replicates, 200);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bootstrap {
    /// Number of replicates.
    pub replicates: u32,
    /// Seed; equal seeds give equal replicates.
    pub seed: u64,
    /// Confidence level: the proportion of replicates between the ends of an interval.
    pub level: f64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { replicates: 1000, seed: 1, level: 0.95 }
    }
}

impl Bootstrap {
    /// Sets the number of replicates.
    #[must_use]
    pub fn with_replicates(self, replicates: u32) -> Self {
        Self { replicates, ..self }
    }

    /// Sets the seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets the confidence level.
    #[must_use]
    pub fn with_level(self, level: f64) -> Self {
        Self { level, ..self }
    }

    pub(crate) fn check(&self) -> Result<()> {
        z_for_confidence(self.level)?;
        if (1..=1_000_000).contains(&self.replicates) {
            return Ok(());
        }
        Err(Error::argument(
            format!("抽样次数应为 1 至 1000000，给的是 {}", self.replicates),
            format!("draws is {}; expected 1 to 1000000", self.replicates),
        ))
    }
}

/// Method for the intervals of a row of transition probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interval {
    /// Cell by cell (Wilson 1927).
    Wilson,
    /// Simultaneous for all cells of a row (Goodman 1965).
    Goodman,
    /// Simultaneous for all cells of a row, also for few and small counts (Sison and Glaz 1995).
    SisonGlaz,
    /// Bootstrap over organisations.
    Bootstrap(Bootstrap),
}

named_enum! {
    pub Interval;
    Self::Wilson => "wilson", Self::Goodman => "goodman", Self::SisonGlaz => "sison_glaz",
    Self::Bootstrap(_) => "bootstrap",
}

impl Interval {
    /// Returns the method called `name`; the error for any other name lists all names.
    pub fn from_name(name: &str, bootstrap: Bootstrap) -> Result<Self> {
        let all = [Self::Wilson, Self::Goodman, Self::SisonGlaz, Self::Bootstrap(bootstrap)];
        look_up(("区间（interval）", "interval"), name, &all, &Self::NAMES)
    }
}

/// Options for estimating transition probabilities.
///
/// ```
/// use dangjian::analysis::trend::{Interval, ProbabilityOptions, View};
/// let options = ProbabilityOptions::default().with_view(View::Removed).with_interval(Interval::Goodman);
/// assert_eq!(options.view, View::Removed);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProbabilityOptions {
    /// Choice of the denominator.
    pub view: View,
    /// Method of combining years.
    pub pooling: Pooling,
    /// Kind of interval. Intervals computed from counts are null if the probability is not a ratio of counts: a
    /// mean over years, or several years ahead.
    pub interval: Interval,
    /// Confidence level of the intervals.
    pub level: f64,
    /// Number of years ahead; fractions only with a generator.
    pub ahead: f64,
    /// Regularisation of the matrix logarithm, if the probabilities are to come from its generator.
    pub generator: Option<Regularisation>,
    /// True to assume that a state that was never left is kept, where probabilities several years ahead need it.
    pub stay: bool,
}

impl Default for ProbabilityOptions {
    fn default() -> Self {
        Self {
            view: View::default(),
            pooling: Pooling::default(),
            interval: Interval::Wilson,
            level: 0.95,
            ahead: 1.0,
            generator: None,
            stay: false,
        }
    }
}

impl ProbabilityOptions {
    /// Sets the denominator.
    #[must_use]
    pub fn with_view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Sets the method of combining years.
    #[must_use]
    pub fn with_pooling(self, pooling: Pooling) -> Self {
        Self { pooling, ..self }
    }

    /// Sets the kind of interval.
    #[must_use]
    pub fn with_interval(self, interval: Interval) -> Self {
        Self { interval, ..self }
    }

    /// Sets the confidence level of the intervals.
    #[must_use]
    pub fn with_level(self, level: f64) -> Self {
        Self { level, ..self }
    }

    /// Sets the number of years ahead.
    #[must_use]
    pub fn with_ahead(self, ahead: f64) -> Self {
        Self { ahead, ..self }
    }

    /// Sets the regularisation of the generator; `None` is without a generator.
    #[must_use]
    pub fn with_generator(self, generator: impl Into<Option<Regularisation>>) -> Self {
        Self { generator: generator.into(), ..self }
    }

    /// Assumes, or not, that a state that was never left is kept.
    #[must_use]
    pub fn with_stay(self, stay: bool) -> Self {
        Self { stay, ..self }
    }

    pub(crate) fn check(&self) -> Result<()> {
        z_for_confidence(self.level)?;
        if let Interval::Bootstrap(bootstrap) = &self.interval {
            bootstrap.check()?;
        }
        let whole = self.ahead.fract() == 0.0 && self.ahead <= 1000.0;
        if self.ahead > 0.0 && self.ahead.is_finite() && (whole || self.generator.is_some()) {
            return Ok(());
        }
        let ahead = self.ahead;
        Err(Error::argument(
            format!("年数应为 1 至 1000 的整数；不足整年的要用生成元（generator）。给的是 {ahead}"),
            format!("ahead is {ahead}; expected whole years from 1 to 1000, or parts of years with a generator"),
        ))
    }

    /// Checks whether each probability is a ratio of counts.
    pub(crate) fn is_ratio(&self) -> bool {
        self.ahead.to_bits() == 1.0_f64.to_bits() && self.pooling != Pooling::EqualYears && self.generator.is_none()
    }
}

/// Source of variation between simulated futures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Futures {
    /// Each year ahead is like one of the years used, drawn at random, so the intervals include variation between
    /// years. With small counts that variation includes sampling noise, which makes the intervals somewhat too
    /// wide.
    #[default]
    Years,
    /// Organisations are resampled, and all years are alike.
    Organisations,
}

named_enum! { pub Futures, "区间（interval）", "interval"; Years = "years", Organisations = "organisations" }

/// Options for a forecast.
///
/// ```
/// use dangjian::analysis::trend::{Bootstrap, ForecastOptions};
/// let options = ForecastOptions::default().with_horizon(5).with_at_least(4.0).with_bootstrap(Bootstrap::default());
/// assert_eq!(options.horizon, 5);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ForecastOptions {
    /// Number of years ahead.
    pub horizon: u32,
    /// Number of last pairs of years used for probabilities and arrivals; all if `None`.
    pub recent: Option<u32>,
    /// Denominator of proportions: those with a rating (`Removed`), or all listed (`Kept`).
    pub denominator: View,
    /// Grade of an extra line that adds up this grade and above.
    pub at_least: Option<f64>,
    /// Number of last years that are forecast from the earlier ones, to measure accuracy. If `None`, equal to the
    /// horizon, but at least two years are left.
    pub hold_out: Option<u32>,
    /// Source of variation between futures, besides the random transitions of the entities.
    pub futures: Futures,
    /// Options for the intervals; none if `None`.
    pub bootstrap: Option<Bootstrap>,
}

impl Default for ForecastOptions {
    fn default() -> Self {
        Self {
            horizon: 3,
            recent: None,
            denominator: View::Removed,
            at_least: None,
            hold_out: None,
            futures: Futures::Years,
            bootstrap: None,
        }
    }
}

impl ForecastOptions {
    /// Sets the number of years ahead.
    #[must_use]
    pub fn with_horizon(self, horizon: u32) -> Self {
        Self { horizon, ..self }
    }

    /// Sets the number of last pairs of years used; `None` is all.
    #[must_use]
    pub fn with_recent(self, recent: impl Into<Option<u32>>) -> Self {
        Self { recent: recent.into(), ..self }
    }

    /// Sets the denominator of proportions: `Removed` or `Kept`.
    #[must_use]
    pub fn with_denominator(self, denominator: View) -> Self {
        Self { denominator, ..self }
    }

    /// Adds a line for a grade and above.
    #[must_use]
    pub fn with_at_least(self, at_least: impl Into<Option<f64>>) -> Self {
        Self { at_least: at_least.into(), ..self }
    }

    /// Sets the number of last years held out to measure accuracy.
    #[must_use]
    pub fn with_hold_out(self, hold_out: impl Into<Option<u32>>) -> Self {
        Self { hold_out: hold_out.into(), ..self }
    }

    /// Sets the source of variation between futures.
    #[must_use]
    pub fn with_futures(self, futures: Futures) -> Self {
        Self { futures, ..self }
    }

    /// Adds bootstrap intervals.
    #[must_use]
    pub fn with_bootstrap(self, bootstrap: impl Into<Option<Bootstrap>>) -> Self {
        Self { bootstrap: bootstrap.into(), ..self }
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.bootstrap.as_ref().map_or(Ok(()), Bootstrap::check)?;
        if !(1..=100).contains(&self.horizon) || self.recent == Some(0) || self.hold_out == Some(0) {
            return Err(Error::argument(
                format!("预测年数应为 1 至 100，近年步数和检验年数至少为 1；给的预测年数是 {}", self.horizon),
                format!("horizon is {}; expected 1 to 100, and at least 1 for recent and hold_out", self.horizon),
            ));
        }
        Ok(())
    }
}
