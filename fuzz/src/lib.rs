//! Hostile files for the readers, and what must hold whatever is in them: an error that says what to do, or a reading in
//! which every row is accounted for and every value is one that its column may have.
//!
//! The fuzz targets feed these functions what they make up, `tests/fuzz_seeds.rs` the seeds.

mod cells;
mod header;
mod reading;
mod text;

pub use cells::cells;
pub use header::header;
pub use text::csv;
