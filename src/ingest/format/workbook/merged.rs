//! Merged cells. Cells of a column merged over several rows mean that each of these rows has the text; a number of people
//! or of money is one number of all of them, and no row's own.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::grid::{SheetGrid, StoredCell};
use super::region::MergedRegion;
use crate::ingest::cell::content::MERGED_NUMBER;

/// Merged cells of a sheet below its header, traversed row by row.
pub(super) struct MergedCells {
    /// Regions that begin further down, the next one last.
    coming: Vec<TallRegion>,
    /// Regions that contain the current row.
    here: Vec<TallRegion>,
    /// Texts of the header; where a merged column repeats one of them, nothing is filled.
    header: HashSet<String>,
    /// Columns of numbers that rows cannot have in common.
    counted: HashSet<u32>,
}

/// Merged cells of one column and several rows.
struct TallRegion {
    column: u32,
    first: u32,
    last: u32,
    value: Option<MergedValue>,
}

/// A value that outlives its block.
enum MergedValue {
    Text(String),
    Other(StoredCell),
}

impl MergedValue {
    fn from_cell(grid: &SheetGrid, stored: StoredCell) -> Self {
        grid.text_of(stored).map_or(Self::Other(stored), |text| Self::Text(text.to_owned()))
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Other(_) => "",
        }
    }

    fn store(&self, grid: &mut SheetGrid) -> StoredCell {
        match self {
            Self::Text(text) => grid.text(text),
            Self::Other(stored) => *stored,
        }
    }
}

impl MergedCells {
    /// Selects the regions of one column and several rows from row `below` on; `header` are the rows of the header.
    /// Wider regions are titles and notes, unless they begin in a column of `counted`.
    pub(super) fn new(regions: &[MergedRegion], below: u32, header: &[Vec<String>], counted: HashSet<u32>) -> Self {
        let is_one = |r: &&MergedRegion| r.left == r.right || counted.contains(&r.left);
        let tall = regions.iter().filter(|r| r.bottom > r.top && r.top >= below).filter(is_one);
        let tall = tall.map(|r| TallRegion { column: r.left, first: r.top, last: r.bottom, value: None });
        let mut coming: Vec<TallRegion> = tall.collect();
        coming.sort_by_key(|region| Reverse(region.first));
        Self { coming, here: Vec::new(), header: header.iter().flatten().cloned().collect(), counted }
    }

    /// Moves on to the row at position `number`.
    fn advance(&mut self, number: u32) {
        self.here.retain(|region| region.last >= number);
        while self.coming.last().is_some_and(|region| region.first <= number) {
            // A region that begins in a row without cells has no value; of two that overlap the later one wins.
            if let Some(region) = self.coming.pop().filter(|region| region.first == number) {
                self.here.retain(|other| other.column != region.column);
                self.here.push(region);
            }
        }
    }

    /// Checks whether no regions are left.
    pub(super) fn is_done(&self) -> bool {
        self.coming.is_empty() && self.here.is_empty()
    }

    /// Fills the values of merged cells into all rows of `grid` that they span.
    pub(super) fn fill(&mut self, grid: SheetGrid) -> SheetGrid {
        if self.is_done() {
            return grid;
        }
        grid.mapped(|grid, number, row| {
            self.advance(number);
            for region in &mut self.here {
                let here = row.get(region.column as usize).copied().unwrap_or(StoredCell::Empty);
                if number == region.first {
                    region.value =
                        Some(MergedValue::from_cell(grid, here)).filter(|value| !self.header.contains(value.text()));
                    let is_number = match here {
                        StoredCell::Empty | StoredCell::Error(_) | StoredCell::Flag(_) => false,
                        StoredCell::Number(_) | StoredCell::Day(_) => true,
                        StoredCell::Text(..) | StoredCell::Shared(_) => {
                            grid.text_of(here).is_some_and(|text| text.chars().any(char::is_numeric))
                        }
                    };
                    if is_number && region.value.is_some() && self.counted.contains(&region.column) {
                        let shared = StoredCell::Error(MERGED_NUMBER);
                        region.value = Some(MergedValue::Other(shared));
                        grid.push(number, region.column, shared);
                    }
                } else if matches!(here, StoredCell::Empty)
                    && let Some(value) = &region.value
                {
                    let value = value.store(grid);
                    grid.push(number, region.column, value);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::cell::block::Block;
    use std::sync::Arc;

    fn grid(rows: &[(u32, &[&str])]) -> SheetGrid {
        let mut grid = SheetGrid::new(Arc::default());
        for (number, cells) in rows {
            for (column, text) in cells.iter().enumerate() {
                let cell = if text.is_empty() { StoredCell::Empty } else { grid.text(text) };
                grid.push(*number, column as u32, cell);
            }
        }
        grid
    }

    #[test]
    fn a_number_of_several_rows_is_none_of_theirs() {
        let tall = |column| MergedRegion { top: 1, left: column, bottom: 2, right: column };
        let mut merged = MergedCells::new(&[tall(0), tall(1)], 1, &[], HashSet::from([1]));
        let filled = merged.fill(grid(&[(1, &["甲", "5", "x"]), (2, &["", "", "y"])]));
        let texts = |row| filled.texts(row);
        assert_eq!(texts(0), ["甲", MERGED_NUMBER, "x"]);
        assert_eq!(texts(1), ["甲", MERGED_NUMBER, "y"]);
    }

    #[test]
    fn values_go_down_over_blocks_and_never_over_others() {
        let tall = |column, top, bottom| MergedRegion { top, left: column, bottom, right: column };
        let regions =
            [tall(0, 1, 4), tall(1, 2, 3), tall(1, 0, 9), tall(0, 6, 8), MergedRegion { right: 3, ..tall(2, 1, 4) }];
        let mut merged = MergedCells::new(&regions, 1, &[vec!["表头".to_owned()]], HashSet::new());
        let first = merged.fill(grid(&[(1, &["甲", "a"]), (2, &["", "b", "x"]), (3, &["乙", "", "y"])]));
        let second = merged.fill(grid(&[(4, &["", "c"]), (6, &["表头", "d"]), (7, &["", "e"])]));
        let texts = |grid: &SheetGrid| (0..grid.rows()).map(|row| grid.texts(row)).collect::<Vec<_>>();
        assert_eq!(texts(&first), [vec!["甲", "a"], vec!["甲", "b", "x"], vec!["乙", "b", "y"]]);
        assert_eq!(texts(&second), [["甲", "c"], ["表头", "d"], ["", "e"]]);
        assert_eq!((second.position(0).row, second.position(2).row), (5, 8));
        assert!(!merged.is_done());
        merged.fill(grid(&[(9, &["", "f"])]));
        assert!(merged.is_done());
    }
}
