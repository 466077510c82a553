//! Survival analysis: curves, competing risks and the log-rank test.

pub(crate) mod curve;
pub(crate) mod interval;
pub(crate) mod log_rank;
pub(crate) mod risk;
