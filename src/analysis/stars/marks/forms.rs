//! Fast path for score forms whose lines are in order, as in most tables: each form is read as a whole.

use std::ops::Range;

use arrow::array::{Array, StringViewArray};
use arrow::buffer::NullBuffer;

use super::Reading;
use super::columns::{Shape, Table};
use super::names::Names;

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
