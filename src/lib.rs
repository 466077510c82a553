//! The books of Party building in private enterprises and social organisations (两新组织党建), as a data engine.
//!
//! Data flows one way: files → [`ingest`] → [`Roster`] → [`measure`] and the counting kernel → [`coverage`],
//! [`targets`], [`formation`], [`stars`] → [`review`]. A module knows only those before it.

pub mod annual;
mod bands;
pub mod breaks;
mod classes;
pub mod compare;
pub mod coverage;
mod cube;
pub mod dimension;
pub mod error;
pub mod explain;
pub mod formation;
pub mod identity;
pub mod ingest;
mod interval;
pub mod job;
pub mod labels;
pub mod lang;
#[cfg(test)]
mod large;
pub mod measure;
mod memo;
pub mod moves;
mod os;
mod party;
mod pass;
pub mod published;
pub mod reconcile;
mod record;
pub mod review;
mod rng;
mod rollup;
pub mod roster;
pub mod schema;
mod similar;
pub mod standards;
pub mod stars;
mod stats;
pub mod synth;
mod table;
pub mod tally;
pub mod targets;
pub mod tree;
mod views;
pub mod workforce;

pub use error::{Error, Result};
pub use lang::Lang;
pub use roster::Roster;
