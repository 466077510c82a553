//! Fast path for score forms whose lines are in order, as in most tables: each form is read as a whole.

use std::ops::Range;

use arrow::array::{Array, StringViewArray};
use arrow::buffer::NullBuffer;

use super::columns::{Shape, Table};
use super::names::Names;
use super::packed::{HALF, MOST_HALVES};
use super::{OPEN, Reading};
use crate::analysis::stars::scheme::Scheme;
use crate::analysis::stars::scheme::units::POINT;

/// A long table in which every row of the range names its organisation, year and item.
pub(super) struct Forms<'a> {
    table: &'a Table,
    reading: &'a Reading,
    item: &'a StringViewArray,
    years: Option<&'a [i16]>,
}

fn full(nulls: Option<&NullBuffer>, rows: &Range<usize>) -> bool {
    nulls.is_none_or(|nulls| nulls.slice(rows.start, rows.len()).null_count() == 0)
}

impl<'a> Forms<'a> {
    /// Creates the fast path; `None` if any of `rows` has to be read individually.
    pub(super) fn new(table: &'a Table, reading: &'a Reading, rows: &Range<usize>) -> Option<Self> {
        let Shape::Long { item, .. } = &table.shape else { return None };
        let judges = table.judge.as_ref().is_some_and(|_| reading.judge.is_some());
        if judges || table.quarter.is_some() || !full(table.id.nulls(), rows) || !full(item.nulls(), rows) {
            return None;
        }
        if !full(table.year.as_ref().and_then(|years| years.nulls()), rows) {
            return None;
        }
        Some(Self { table, reading, item, years: table.year.as_ref().map(|years| &years.values()[..]) })
    }

    /// Returns the year of a row; `None` if that year is not read.
    pub(super) fn year(&self, row: usize) -> Option<i16> {
        match (self.years, self.reading.year) {
            (None, year) => year,
            (Some(years), None) => Some(years[row]),
            (Some(years), Some(wanted)) => Some(wanted).filter(|wanted| years[row] == *wanted),
        }
    }

    /// Counts the leading rows of `rows` that share the organisation and year of the first row and name the next
    /// items in order. Returns 0 if the first row has to be read individually.
    pub(super) fn lines(&self, rows: Range<usize>, names: &Names<'_>) -> usize {
        let (first, ids) = (rows.start, self.table.id.views());
        let id = ids[first];
        if !names.is(names.next, self.item, first) || id as u32 == 0 || self.year(first).is_none() {
            return 0;
        }
        let room = rows.len().min(names.short.len() - names.next);
        let lines = first..first + room;
        let one_id = ids[lines.clone()].iter().fold(0, |other, own| other | (own ^ id)) == 0;
        let of_year = |years: &[i16]| years[lines.clone()].iter().fold(0, |other, own| other | (own ^ years[first]));
        if one_id
            && self.years.is_none_or(|years| of_year(years) == 0)
            && self.item.views()[lines.clone()] == names.short[names.next..names.next + room]
        {
            return room;
        }
        let text = self.table.id.value(first);
        let same = |row: usize| {
            (ids[row] == id || self.table.id.value(row) == text)
                && self.years.is_none_or(|years| years[row] == years[first])
        };
        let follow = |row: &usize| same(*row) && names.is(names.next + row - first, self.item, *row);
        lines.take_while(follow).count()
    }
}

/// 2⁵²: doubles from here on have no fraction.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// The values that cells may hold.
pub(super) struct Bounds {
    /// Maximum points of each item.
    pub(super) most: Vec<i32>,
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
    pub(super) fn new(scheme: &Scheme) -> Self {
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
    pub(super) fn allow(&self, item: usize, exact: i32) -> bool {
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
    pub(super) fn halves(&self, item: usize, points: &[f64], cells: &mut [u16]) -> bool {
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
    pub(super) fn cells(&self, item: usize, points: &[f64], cells: &mut [i32]) -> bool {
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
