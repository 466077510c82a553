//! Survival analysis: curves, competing risks and the log-rank test.

pub(crate) mod curve;
mod interval;
mod log_rank;
mod options;
mod risk;
pub(crate) mod tables;

pub use self::curve::{Curve, CurveVariance};
pub use self::interval::Scale;
pub use self::log_rank::{LogRank, LogRankGroup, log_rank};
pub use self::options::{CurveOptions, Variance};
pub use self::risk::{Observation, RiskTable};
pub use self::tables::{log_rank_table, survival_curve, survival_summary};
