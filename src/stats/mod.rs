//! Statistical methods on plain arrays, independent of rosters and stars.

pub mod aalen_johansen;
pub(crate) mod baseline;
pub mod benjamini_hochberg;
pub(crate) mod distribution;
pub mod generator;
mod kendall_exact;
pub mod mann_kendall;
pub(crate) mod markov_chain;
mod product_integral;
pub mod proportion;
pub mod regional_kendall;
pub mod sen_slope;
pub mod survival;
mod verdict;
pub(crate) mod wilson;
