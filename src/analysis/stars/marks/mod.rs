//! Score tables (评分表) as a matrix: one row per organisation and year, one cell per line of the form.
//!
//! Rows come in any order. Every thread assembles its own part, and the parts are merged cell by cell. The result
//! depends neither on the order of rows nor on the number of threads.

mod cells;
mod columns;
mod forms;
mod keys;
mod later;
mod merge;
mod names;
mod packed;
mod problems;
mod read;

use std::borrow::Cow;
use std::ops::Range;

use arrow::array::{Array, RecordBatch, StringViewArray};
use rayon::prelude::*;

use self::cells::Cells;
use self::columns::Table;
pub(crate) use self::columns::{lacks, texts, whole};
pub(crate) use self::packed::{HALF, Row};
pub(crate) use self::problems::{Fault, Problem};
use self::read::PartScores;
use super::scheme::{Item, Scheme};
use crate::error::Result;
use crate::job;
use crate::job::Job;

/// Cell that no row mentions.
pub(crate) const NONE: i32 = i32::MIN;
/// Cell that a row mentions without a usable number.
pub(crate) const OPEN: i32 = i32::MIN + 1;

/// Filter for the rows of a score table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Only this year; all years if `None`. A table without a column `year` belongs to this year.
    pub(crate) year: Option<i16>,
    /// Only this judge, if the table has a column `judge`.
    pub(crate) judge: Option<String>,
}

/// The scores of a scheme's items.
#[derive(Debug)]
pub(crate) struct Marks {
    /// Ids of the organisations, sorted by year and id.
    pub(crate) ids: StringViewArray,
    /// Years, ascending, with the range of organisations of each.
    pub(crate) years: Vec<(i16, Range<usize>)>,
    cells: Cells,
    /// Problems, in the order of organisations and items.
    pub(crate) problems: Vec<Problem>,
    /// Scores that repeat a cell of another row.
    pub(crate) repeated: u64,
    /// Rows read, after the filter of year and judge.
    pub(crate) rows: u64,
}

impl Marks {
    /// Reads a score table. A long table has the columns `party_org_id` (or `org_id`), `year`, `item`, `points`; a
    /// wide table has a column per item instead of the last two.
    pub(crate) fn read(batches: &[RecordBatch], scheme: &Scheme, reading: &Reading, job: &dyn Job) -> Result<Self> {
        let tables = batches.iter().map(|b| Table::new(b, scheme, reading)).collect::<Result<Vec<_>>>()?;
        let parts = shared(&tables, rayon::current_num_threads());
        let locals = parts.into_par_iter().map(|part| PartScores::read(scheme, reading, &tables, &part, job));
        let locals = locals.collect::<Result<Vec<_>>>()?;
        job::check(job)?;
        merge::merged(locals, scheme)
    }

    /// Returns the number of organisations, counted once per year.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns the cells of an organisation, item by item, one quarter after another.
    pub(crate) fn row(&self, subject: usize) -> Cow<'_, [i32]> {
        self.cells.row(subject).cells()
    }

    /// Returns the cells of one item, quarter by quarter. `items` is the number of items per quarter.
    pub(crate) fn of_item(&self, subject: usize, item: usize, items: usize) -> impl Iterator<Item = i32> {
        let row = self.cells.row(subject);
        (item..self.cells.width()).step_by(items).map(move |at| row.get(at))
    }

    /// Iterates over consecutive organisations without unpacking their cells.
    pub(crate) fn forms(&self, subjects: Range<usize>) -> impl Iterator<Item = Row<'_>> {
        self.cells.rows(subjects)
    }

    /// Returns the minimum and maximum points that a cell contributes to its dimension.
    pub(crate) fn brings(item: &Item, cell: i32) -> (i64, i64) {
        match (cell, item.unlisted) {
            (NONE, Some(points)) => (item.brings(points), item.brings(points)),
            (NONE | OPEN, _) => item.range(),
            (points, _) => (item.brings(i64::from(points)), item.brings(i64::from(points))),
        }
    }

    /// Returns the year of an organisation.
    pub(crate) fn year(&self, subject: usize) -> i16 {
        let at = self.years.partition_point(|(_, range)| range.end <= subject);
        self.years.get(at).map_or(0, |(year, _)| *year)
    }

    /// Returns the position of an organisation in a year.
    pub(crate) fn find(&self, year: i16, id: &str) -> Option<usize> {
        let (_, range) = self.years.iter().find(|(own, _)| *own == year)?;
        let (mut from, mut to) = (range.start, range.end);
        while from < to {
            let middle = usize::midpoint(from, to);
            match self.ids.value(middle).cmp(id) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

fn items(scheme: &Scheme) -> usize {
    scheme.parts.items.len()
}

/// Returns the number of cells per organisation.
fn width(scheme: &Scheme) -> usize {
    items(scheme) * scheme.parts.quarters as usize
}

/// Divides the rows of all tables among `threads`. If the organisations come in order, each thread gets many small
/// parts for balance. If not, every part may meet every organisation, so there is one part per thread.
fn shared(tables: &[Table], threads: usize) -> Vec<Vec<(usize, Range<usize>)>> {
    const SMALL: usize = 16;
    let small = divided(tables, threads * SMALL);
    let first = |part: &Vec<(usize, Range<usize>)>| {
        let (at, rows) = part.first()?;
        let (table, row) = (&tables[*at], rows.start);
        let year = table.year.as_ref().map_or(0, |years| years.value(row));
        Some((year, table.id.is_valid(row).then(|| table.id.value(row))))
    };
    let firsts: Vec<_> = small.iter().filter_map(first).collect();
    if firsts.is_sorted_by(|a, b| a < b) { small } else { divided(tables, threads) }
}

/// Divides the rows of all tables into consecutive parts of about equal size, one per thread. A part ends with the
/// last line of a form.
fn divided(tables: &[Table], threads: usize) -> Vec<Vec<(usize, Range<usize>)>> {
    /// Maximum rows scanned for the end of a form.
    const FORM: usize = 1 << 12;
    let all: usize = tables.iter().map(|table| table.rows).sum();
    let each = all.div_ceil(threads.max(1)).max(1);
    let mut parts = vec![Vec::new()];
    let mut room = each;
    for (at, table) in tables.iter().enumerate() {
        let ids = table.id.views();
        let mut from = 0;
        while from < table.rows {
            let mut to = table.rows.min(from + room);
            room -= to - from;
            if room == 0 {
                to += ids[to..].iter().take(FORM).take_while(|id| **id == ids[to - 1]).count();
            }
            if let Some(part) = parts.last_mut() {
                part.push((at, from..to));
            }
            from = to;
            if room == 0 {
                parts.push(Vec::new());
                room = each;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::stars::testing::scores;
    use crate::job::Quiet;

    /// Checks shuffled rows of many organisations, some repeated and some contradictory.
    #[test]
    fn neither_threads_nor_order_nor_batches_show() {
        let scheme = Scheme::shipped("shizhi").unwrap();
        let items: Vec<String> = scheme.parts.items.iter().map(|item| item.id.clone()).collect();
        let id = |at| if at < 50 { format!("D{at:04}") } else { format!("党组织-{at:04}-长编号") };
        let ids: Vec<String> = (0..97).map(id).collect();
        let mut rows: Vec<(&str, i16, &str, Option<f64>)> = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            for (nth, item) in items.iter().enumerate().filter(|(nth, _)| (at + nth) % 11 != 0) {
                let points = [Some(3.0), Some(7.5), None, Some(99.0)][(at * 7 + nth) % 4];
                rows.push((id, 2012 + (at % 3) as i16, item, points));
            }
        }
        let again: Vec<_> = rows.iter().step_by(13).map(|row| (row.0, row.1, row.2, row.3.map(|p| p + 1.0))).collect();
        rows.extend(rows.clone().into_iter().step_by(5).chain(again));
        let read = |rows: &[(&str, i16, &str, Option<f64>)], threads: usize, parts: usize| {
            let size = rows.len().div_ceil(parts);
            let batches: Vec<RecordBatch> = rows.chunks(size).map(|rows| scores("party_org_id", rows)).collect();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Marks::read(&batches, &scheme, &Reading::default(), &Quiet)).unwrap()
        };
        let first = read(&rows, 1, 1);
        assert_eq!(first.len(), 97);
        assert!(first.problems.len() > 50 && first.repeated > 100 && first.rows == rows.len() as u64);
        // Shuffle the rows by a hash of their position.
        let mut other: Vec<_> = rows.iter().copied().enumerate().collect();
        other.sort_by_key(|(at, _)| at.wrapping_mul(2_654_435_761) % 4093);
        let other: Vec<_> = other.into_iter().map(|(_, row)| row).collect();
        for (threads, parts) in [(2, 1), (3, 4), (5, 2)] {
            for rows in [&rows, &other] {
                let marks = read(rows, threads, parts);
                assert_eq!(marks.ids, first.ids);
                assert_eq!(marks.years, first.years);
                assert!((0..first.len()).all(|at| marks.row(at) == first.row(at)));
                assert_eq!(marks.problems, first.problems);
                assert_eq!(marks.repeated, first.repeated);
            }
        }
    }
}
