//! File formats: workbooks, text, Parquet and Arrow, each cut into the tables it holds.
//!
//! The format of a file is selected by its first bytes, in `kind.rs`, and where these leave a choice by its extension.

pub(crate) mod arrow;
pub(crate) mod kind;
pub(crate) mod parquet;
mod pump;
pub(crate) mod sheet_cells;
pub(crate) mod text;
pub(crate) mod workbook;
