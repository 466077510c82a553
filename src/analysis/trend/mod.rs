//! Trends in star states, or in the values of any dimension: transitions between years, rates, tests and forecasts.
//!
//! Every table is a method of [`Roster`](crate::Roster) and is computed from counts over all states. A column called
//! `share` documents its denominator. An undefined value is null, next to the count that explains it.

mod bootstrap;
mod compare_groups;
mod figure_trend;
mod flows;
mod forecast;
mod histories;
mod homogeneity;
mod intervals;
mod mix;
mod mobility;
mod options;
mod panel;
mod paths;
mod series;
mod star_trends;
mod steady;
pub mod survival;
mod transition_counts;
mod transition_table;
mod transition_view;

pub use self::options::{Bootstrap, ForecastOptions, Futures, Interval, ProbabilityOptions};
pub use self::panel::{StateSource, TransitionQuery};
pub use self::paths::Course;
pub use self::series::Figure;
pub use self::transition_view::{Pooling, View};
