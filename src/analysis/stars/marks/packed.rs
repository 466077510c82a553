//! Compact cells: most forms give whole and half points, which fit in 16 bits.

use std::borrow::Cow;
use std::ops::Range;

use super::forms::Bounds;
use super::{NONE, OPEN};
use crate::analysis::stars::scheme::units::POINT;

/// Half a point, in cell units.
pub(crate) const HALF: i32 = POINT as i32 / 2;
/// First 16-bit value that is a marker and not a number.
const WORDS: u16 = 1 << 15;
/// [`OPEN`] and [`NONE`] in 16 bits.
const OPEN_WORD: u16 = u16::MAX - 1;
const NONE_WORD: u16 = u16::MAX;
/// Maximum number of half points in 16 bits.
pub(super) const MOST_HALVES: i32 = WORDS as i32 - 1;

/// Cells of organisations: in half points while all of them fit, afterwards in ten-thousandths.
#[derive(Debug)]
pub(super) enum Packed {
    Halves(Vec<u16>),
    Fine(Vec<i32>),
}

/// The cells of one organisation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Row<'a> {
    Halves(&'a [u16]),
    Fine(&'a [i32]),
}

/// Packs a cell into 16 bits; `None` if it does not fit.
fn packed(cell: i32) -> Option<u16> {
    match cell {
        NONE => Some(NONE_WORD),
        OPEN => Some(OPEN_WORD),
        cell if cell % HALF == 0 => u16::try_from(cell / HALF).ok().filter(|halves| *halves < WORDS),
        _ => None,
    }
}

fn unpacked(cell: u16) -> i32 {
    match cell {
        NONE_WORD => NONE,
        OPEN_WORD => OPEN,
        halves => i32::from(halves) * HALF,
    }
}

impl Default for Packed {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Packed {
    pub(super) fn with_capacity(cells: usize) -> Self {
        Self::Halves(Vec::with_capacity(cells))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Halves(cells) => cells.len(),
            Self::Fine(cells) => cells.len(),
        }
    }

    /// Resizes to `cells` cells; new cells are [`NONE`].
    pub(super) fn resize(&mut self, cells: usize) {
        match self {
            Self::Halves(all) => all.resize(cells, NONE_WORD),
            Self::Fine(all) => all.resize(cells, NONE),
        }
    }

    pub(super) fn get(&self, at: usize) -> i32 {
        match self {
            Self::Halves(cells) => unpacked(cells[at]),
            Self::Fine(cells) => cells[at],
        }
    }

    pub(super) fn set(&mut self, at: usize, cell: i32) {
        if let Self::Halves(cells) = self {
            match packed(cell) {
                Some(packed) => cells[at] = packed,
                None => *self = Self::Fine(cells.iter().map(|cell| unpacked(*cell)).collect()),
            }
        }
        if let Self::Fine(cells) = self {
            cells[at] = cell;
        }
    }

    pub(super) fn row(&self, cells: Range<usize>) -> Row<'_> {
        match self {
            Self::Halves(all) => Row::Halves(&all[cells]),
            Self::Fine(all) => Row::Fine(&all[cells]),
        }
    }

    /// Checks whether all of these cells are [`NONE`].
    pub(super) fn are_free(&self, cells: Range<usize>) -> bool {
        match self {
            Self::Halves(all) => all[cells].iter().fold(0, |other, cell| other | (cell ^ NONE_WORD)) == 0,
            Self::Fine(all) => all[cells].iter().fold(0, |other, cell| other | (cell ^ NONE)) == 0,
        }
    }

    /// Writes the points of the items from `item` on into free cells. Returns false, with the cells still free, if
    /// any value is not permitted or needs the wider format.
    pub(super) fn take(&mut self, cells: Range<usize>, bounds: &Bounds, item: usize, points: &[f64]) -> bool {
        match self {
            Self::Halves(all) => {
                let cells = &mut all[cells];
                let fit = bounds.halves(item, points, cells);
                if !fit {
                    cells.fill(NONE_WORD);
                }
                fit
            }
            Self::Fine(all) => {
                let cells = &mut all[cells];
                let fit = bounds.cells(item, points, cells);
                if !fit {
                    cells.fill(NONE);
                }
                fit
            }
        }
    }
}

impl From<Vec<i32>> for Packed {
    fn from(cells: Vec<i32>) -> Self {
        Self::Fine(cells)
    }
}

impl<'a> Row<'a> {
    /// Returns the cells in ten-thousandths.
    pub(crate) fn cells(self) -> Cow<'a, [i32]> {
        match self {
            Self::Halves(cells) => cells.iter().map(|cell| unpacked(*cell)).collect(),
            Self::Fine(cells) => cells.into(),
        }
    }

    pub(crate) fn get(self, at: usize) -> i32 {
        match self {
            Self::Halves(cells) => unpacked(cells[at]),
            Self::Fine(cells) => cells[at],
        }
    }

    /// Checks whether every cell holds a number. Both markers set the highest bit, and no number does.
    pub(crate) fn is_closed(self) -> bool {
        match self {
            Self::Halves(cells) => cells.iter().fold(0, |all, cell| all | cell) < WORDS,
            Self::Fine(cells) => cells.iter().fold(0, |all, cell| all | cell) >= 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_what_was_put_in_them() {
        let most = MOST_HALVES * HALF;
        let mut cells = Packed::with_capacity(8);
        cells.resize(8);
        for (at, cell) in [OPEN, NONE, 0, HALF, most].into_iter().enumerate() {
            cells.set(at, cell);
        }
        let all = [OPEN, NONE, 0, HALF, most, NONE, NONE, NONE];
        assert!(matches!(cells, Packed::Halves(_)) && cells.row(0..8).cells()[..] == all);
        assert!(cells.are_free(5..8) && !cells.are_free(4..8) && cells.row(2..5).is_closed());
        assert!(!cells.row(0..1).is_closed() && !cells.row(1..2).is_closed());
        for wide in [1, most + HALF, -HALF] {
            let mut cells = Packed::with_capacity(8);
            cells.resize(8);
            all.into_iter().enumerate().for_each(|(at, cell)| cells.set(at, cell));
            cells.set(6, wide);
            assert!(matches!(cells, Packed::Fine(_)), "{wide}");
            assert_eq!(cells.row(0..8).cells()[..], [&all[..6], &[wide, NONE]].concat());
            assert!((0..8).all(|at| cells.get(at) == cells.row(0..8).get(at)));
            assert!(cells.are_free(7..8) && cells.row(2..5).is_closed() && !cells.row(0..1).is_closed());
        }
    }
}
