//! The books of Party building in private enterprises and social organisations (两新组织党建), as a data engine.
//!
//! Data flows one way: files → `ingest` → [`Roster`] → `measure` and `cube` → coverage, formation, stars →
//! review. A module knows only those before it.

pub mod error;
pub mod ingest;
pub mod job;
pub mod lang;
pub mod measure;
pub mod roster;
pub mod schema;
pub mod standards;
pub mod synth;

pub use error::{Error, Result};
pub use lang::Lang;
pub use roster::Roster;
