//! General-purpose utilities: strings, records, random numbers, Arrow columns.

pub(crate) mod columns;
pub(crate) mod interner;
pub(crate) mod named;
pub(crate) mod random;
pub(crate) mod record;
pub(crate) mod similarity;
pub(crate) mod string_views;
