//! Compact cells: most forms give whole and half points, which fit in 16 bits.

use std::borrow::Cow;
use std::ops::Range;

use super::{NONE, OPEN};
use crate::analysis::stars::scheme::Scheme;
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
    pub(super) fn try_write(&mut self, cells: Range<usize>, bounds: &Bounds, item: usize, points: &[f64]) -> bool {
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

    pub(crate) fn get(self, index: usize) -> i32 {
        match self {
            Self::Halves(cells) => unpacked(cells[index]),
            Self::Fine(cells) => cells[index],
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

/// 2⁵²: doubles from here on have no fraction.
pub(crate) const WHOLE: f64 = 4_503_599_627_370_496.0;

/// The values that cells may hold.
pub(crate) struct Bounds {
    /// Maximum points of each item.
    pub(crate) most: Vec<i32>,
    /// `most` as doubles, for values that are not rounded yet; `halves` in half points, at most as many as 16 bits
    /// hold.
    reals: Vec<f64>,
    halves: Vec<f64>,
    /// The only permitted values of each item; empty if any value in range is permitted.
    values: Vec<Vec<i32>>,
    /// True if any item lists its values.
    listed: bool,
}

impl Bounds {
    pub(crate) fn new(scheme: &Scheme) -> Self {
        let items = &scheme.parts.items;
        Self {
            most: items.iter().map(|item| item.points as i32).collect(),
            reals: items.iter().map(|item| item.points as f64).collect(),
            halves: items.iter().map(|item| f64::from((item.points as i32 / HALF).min(MOST_HALVES))).collect(),
            values: items.iter().map(|item| item.values.iter().map(|v| *v as i32).collect()).collect(),
            listed: items.iter().any(|item| !item.values.is_empty()),
        }
    }

    /// Checks whether an item may have this value.
    pub(crate) fn allow(&self, item: usize, exact: i32) -> bool {
        let values = &self.values[item];
        (0..=self.most[item]).contains(&exact) && (values.is_empty() || values.contains(&exact))
    }

    /// Converts the points of the items from `item` on to half points. Returns false if any is out of range, not
    /// listed, or finer than half a point.
    #[allow(
        clippy::float_cmp,
        clippy::needless_bitwise_bool,
        reason = "halves are exact; without branches it is quicker"
    )]
    pub(crate) fn halves(&self, item: usize, points: &[f64], cells: &mut [u16]) -> bool {
        let mut all = true;
        for ((cell, points), most) in cells.iter_mut().zip(points).zip(&self.halves[item..]) {
            let exact = points + points;
            let whole = exact + WHOLE;
            all &= (exact >= 0.0) & (exact <= *most) & (whole - WHOLE == exact);
            *cell = whole.to_bits() as u16;
        }
        let allowed = |(cell, item): (&u16, usize)| self.allow(item, i32::from(*cell) * HALF);
        all && (!self.listed || cells.iter().zip(item..).all(allowed))
    }

    /// Converts the points of the items from `item` on to cells. Values that have to be read individually become
    /// [`OPEN`]; returns false if there are any.
    #[allow(
        clippy::float_cmp,
        clippy::needless_bitwise_bool,
        reason = "the half is exact; without branches it is quicker"
    )]
    pub(crate) fn cells(&self, item: usize, points: &[f64], cells: &mut [i32]) -> bool {
        let mut all = true;
        for ((cell, points), most) in cells.iter_mut().zip(points).zip(&self.reals[item..]) {
            let exact = points * POINT as f64;
            let whole = exact + WHOLE;
            // Adding `WHOLE` rounds ties to even. Ties have to round up.
            let up = exact - (whole - WHOLE) == 0.5;
            let fits = (exact >= 0.0) & (exact <= *most);
            *cell = if fits { (whole.to_bits() as u32 as i32).wrapping_add(i32::from(up)) } else { OPEN };
            all &= fits;
        }
        if self.listed {
            for (cell, item) in cells.iter_mut().zip(item..) {
                if !self.allow(item, *cell) {
                    (*cell, all) = (OPEN, false);
                }
            }
        }
        all
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

#[cfg(test)]
mod bounds_tests {
    use super::*;
    use crate::analysis::stars::scheme::units::exact;

    /// Checks that converting a whole form agrees with rounding each value separately.
    #[test]
    fn points_taken_at_once_are_those_taken_one_by_one() {
        let most = 100_000;
        let (reals, halves) = (vec![f64::from(most); 4], vec![f64::from(most / HALF); 4]);
        let bounds = Bounds { most: vec![most; 4], reals, halves, values: vec![vec![]; 4], listed: false };
        let near = |value: f64| [value.next_down(), value, value.next_up(), -value];
        let halves = (0..200_100).map(|at| near(f64::from(at) / 20_000.0));
        let odd = [[0.0, -0.0, f64::NAN, f64::INFINITY], [1e300, -1e300, f64::MIN_POSITIVE, 214_748.364_75]];
        for points in halves.chain(odd) {
            let mut cells = [0; 4];
            let all = bounds.cells(0, &points, &mut cells);
            assert_eq!(all, !cells.contains(&OPEN));
            let mut halves = [0; 4];
            let fit = bounds.halves(0, &points, &mut halves);
            assert_eq!(fit, all && points.iter().all(|points| (points * 2.0).fract() == 0.0), "{points:?}");
            assert!(!fit || halves.iter().zip(&cells).all(|(half, cell)| i32::from(*half) * HALF == *cell));
            for (cell, value) in cells.into_iter().zip(points) {
                assert!(cell == OPEN || (cell <= most && i64::from(cell) == exact(value)), "{value}: {cell}");
                assert!(cell != OPEN || !(0.0..=10.0).contains(&value), "{value}");
            }
        }
    }
    #[test]
    fn half_points_that_are_not_listed_are_not_taken() {
        let values = vec![vec![0, 3 * HALF]; 2];
        let bounds =
            Bounds { most: vec![100_000; 2], reals: vec![1e5; 2], halves: vec![20.0; 2], values, listed: true };
        for (points, fit) in [([0.0, 1.5], true), ([1.5, 1.0], false), ([1.5, 99.0], false)] {
            assert_eq!(bounds.halves(0, &points, &mut [0; 2]), fit, "{points:?}");
            assert_eq!(bounds.cells(0, &points, &mut [0; 2]), fit, "{points:?}");
        }
    }
}
