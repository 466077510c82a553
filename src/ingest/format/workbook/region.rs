//! A rectangle of merged cells.

/// Merged cells: first and last row and column, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MergedRegion {
    pub top: u32,
    pub left: u32,
    pub bottom: u32,
    pub right: u32,
}
