//! The tables on a sheet: below each other, each with its titles and header, and side by side.
//!
//! ```text
//! 2012年度…名单                          title of 1 and 2
//! 单位名称 | 信用代码 |   | 单位名称 | 信用代码     header of 1 and 2, side by side
//! …                  |   | …
//! 2013年度…名单                          title of 3
//! 单位名称 | 信用代码 | 星级                  header of 3
//! …
//! ```
//!
//! Most sheets have one table and are read as they come from the file. Where a row further down looks like another
//! header, or a heading names another year, the rows are looked at as a whole: first the rows that look like headers
//! are found, then each header's titles above it and its rows below it, up to the next header's titles.

mod bands;
mod boundary;
mod forms;
mod plan;
mod read;
mod rows;

pub(crate) use self::bands::is_several as has_bands;
pub(crate) use self::boundary::{heading_year, is_header_like};
pub(crate) use self::forms::is_of_form;
pub(crate) use self::plan::PlannedTable;
pub(crate) use self::read::read_tables;
