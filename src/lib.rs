//! The books of Party building in private enterprises and social organisations (两新组织党建), as a data engine.
//!
//! Data flows one way: files → [`ingest`] → [`Roster`] → [`predicate`] and the counting kernel → [`analysis`] →
//! [`review`]. A module knows only those below it in the list, which is the order of this file.

pub mod synth;

pub mod review;

pub mod analysis;

pub mod query;

pub mod definition;

pub mod predicate;

mod cube;

pub mod roster;

pub mod ingest;

pub mod labels;

pub mod standards;

pub mod schema;

pub mod stats;

mod support;

pub mod job;

pub mod error;

pub mod lang;

pub use self::definition::{FormationRules, Rate, Rates, Target, Targets};
pub use self::error::{Error, Result};
pub use self::ingest::ReadOptions;
pub use self::job::{Job, Quiet};
pub use self::lang::Lang;
pub use self::query::Scope;
pub use self::roster::Roster;
