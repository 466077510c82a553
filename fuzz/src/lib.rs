//! Hostile files for the readers, with the invariants of any input: either an error that says what to do, or a
//! reading that accounts for every row and whose values are all valid for their column.
//!
//! The fuzz targets call these functions with generated input, `tests/fuzz_seeds.rs` with the seeds.

mod cells;
mod header;
mod reading;
mod text;

pub use cells::cells;
pub use header::header;
pub use text::csv;
