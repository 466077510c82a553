//! Where star states, and states of any other kind, are going: what moved, how much, and what follows from it.
//!
//! Everything here is worked out from counts over all states. A share names its denominator, and what is undefined is
//! null beside the count that makes it so.

mod baseline;
mod bootstrap;
mod chain;
mod compare;
mod dated;
mod exact;
pub mod figure_tests;
mod flows;
mod forecast;
mod generator;
mod histories;
mod homogeneity;
mod intervals;
pub mod kendall;
mod mix;
mod mobility;
pub mod multiple;
mod panel;
pub mod paths;
pub mod pooled;
mod probabilities;
mod probability;
mod product;
pub mod proportion;
pub mod series;
pub mod slope;
mod steady;
pub mod survival;
mod transitions;
mod trends;
mod verdict;

pub use bootstrap::Draws;
pub use compare::compare;
pub use dated::{Dated, aalen_johansen, rates};
pub use flows::flows;
pub use forecast::{Forecast, Futures, forecast};
pub use generator::Regularised;
pub use homogeneity::step_tests;
pub use intervals::Interval;
pub use mobility::mobility;
pub use panel::{Of, Steps};
pub use probabilities::{How, probabilities};
pub use probability::{Pooling, View};
pub use steady::{passage, steady};
pub use transitions::{gaps, reratings};
pub use trends::trends;
