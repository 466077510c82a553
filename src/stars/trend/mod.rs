//! Where star states, and states of any other kind, are going: what moved, how much, and what follows from it.
//!
//! Everything here is worked out from counts over all states. A share names its denominator, and what is undefined is
//! null beside the count that makes it so.

mod exact;
mod histories;
pub mod kendall;
pub mod multiple;
pub mod paths;
pub mod pooled;
pub mod proportion;
pub mod series;
pub mod slope;
pub mod survival;
pub mod test;
