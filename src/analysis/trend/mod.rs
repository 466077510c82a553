//! Trends in star states, or in the values of any dimension: transitions between years, rates, tests and forecasts.
//!
//! Every table is computed from counts over all states. A column called `share` documents its denominator. An
//! undefined value is null, next to the count that explains it.

mod bootstrap;
mod compare;
pub mod figure_tests;
mod flows;
mod forecast;
mod histories;
mod homogeneity;
mod intervals;
mod mix;
mod mobility;
mod panel;
pub mod paths;
mod probabilities;
mod probability;
pub mod series;
mod steady;
pub mod survival;
mod transitions;
mod trends;

pub use self::bootstrap::Draws;
pub use self::compare::compare;
pub use self::flows::flows;
pub use self::forecast::{Forecast, Futures, forecast};
pub use self::homogeneity::step_tests;
pub use self::intervals::Interval;
pub use self::mobility::mobility;
pub use self::panel::{Of, Steps};
pub use self::probabilities::{How, probabilities};
pub use self::probability::{Pooling, View};
pub use self::steady::{passage, steady};
pub use self::transitions::{gaps, reratings};
pub use self::trends::trends;
pub use crate::stats::aalen_johansen::{Dated, aalen_johansen, rates};
pub use crate::stats::generator::Regularised;
