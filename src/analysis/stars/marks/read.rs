//! Reader of one thread's part of the rows, into cells by organisation.

use std::ops::Range;

use arrow::array::{Array, StringViewArray};

use super::columns::{Points, Shape, Table};
use super::forms::Forms;
use super::keys::{Keys, packed};
use super::later::{Later, Score};
use super::names::Names;
use super::packed::{Bounds, Packed};
use super::problems::{Fault, Problem, Problems};
use super::{NONE, OPEN, Reading, items, width};
use crate::analysis::stars::scheme::Scheme;
use crate::analysis::stars::scheme::units::{MOST, POINT};
use crate::error::Result;
use crate::job;
use crate::job::Job;

/// Rows processed between cancellation checks.
const ROWS_PER_CHECK: usize = 1 << 16;

/// The cells of the organisations in one part of the rows.
pub(super) struct PartScores<'a> {
    pub(super) keys: Keys<'a>,
    pub(super) cells: Packed,
    /// Organisation and column of cells on which rows disagree.
    pub(super) conflicts: Vec<(u32, u32)>,
    pub(super) problems: Problems,
    /// Number of scores read into cells, repetitions included.
    pub(super) scores_read: u64,
    /// Number of cells filled.
    pub(super) filled: u64,
    pub(super) rows: u64,
    scheme: &'a Scheme,
    bounds: Bounds,
    width: usize,
    /// Organisation of the previous row: view of the id, year, number.
    last: Option<(u128, i16, u32)>,
    /// Buffer for the cells of the current form.
    form: Vec<i32>,
    /// Scores that wait for their organisation.
    later: Later,
}

impl<'a> PartScores<'a> {
    /// Reads the rows of `part`, a list of table positions and row ranges.
    pub(super) fn read(
        scheme: &'a Scheme,
        reading: &Reading,
        tables: &'a [Table],
        part: &[(usize, Range<usize>)],
        job: &dyn Job,
    ) -> Result<Self> {
        let rows: usize = part.iter().map(|(_, range)| range.len()).sum();
        let width = width(scheme);
        let expected = rows / width.max(1) + 1;
        let mut local = Self {
            keys: Keys::with_capacity(expected),
            cells: Packed::with_capacity(expected * width),
            conflicts: Vec::new(),
            problems: Problems::default(),
            scores_read: 0,
            filled: 0,
            rows: 0,
            scheme,
            bounds: Bounds::new(scheme),
            width,
            last: None,
            form: vec![NONE; items(scheme)],
            later: Later::default(),
        };
        let mut names = Names::new(scheme);
        for (at, range) in part {
            local.last = None;
            let mut from = range.start;
            while from < range.end {
                job::check(job)?;
                let to = range.end.min(from + ROWS_PER_CHECK);
                local.read_rows(reading, &tables[*at], from..to, &mut names);
                from = to;
                if local.later.are_many() {
                    local.settle(&tables[*at], job)?;
                }
            }
            local.settle(&tables[*at], job)?;
        }
        Ok(local)
    }

    fn read_rows(&mut self, reading: &Reading, table: &'a Table, rows: Range<usize>, names: &mut Names<'a>) {
        let forms = Forms::new(table, reading, &rows);
        let mut row = rows.start;
        while row < rows.end {
            let lines = forms.as_ref().map_or(0, |forms| forms.lines(row..rows.end, names));
            // In a shuffled table a single matching line is a coincidence.
            let lines = if lines == 1 && !self.keys.in_runs() { 0 } else { lines };
            match (&forms, &table.shape) {
                (Some(forms), Shape::Long { points, .. }) if lines > 0 => {
                    if let Some(year) = forms.year(row) {
                        self.lines(table, points, year, row..row + lines, names.next);
                    }
                    names.advance_past(names.next + lines - 1);
                    row += lines;
                }
                _ => {
                    self.row(reading, table, row, names);
                    row += 1;
                }
            }
        }
    }

    /// Reads consecutive lines of one form, the items from `item` on.
    fn lines(&mut self, table: &'a Table, points: &Points, year: i16, rows: Range<usize>, item: usize) {
        let subject = self.subject(year, table.id.views()[rows.start], &table.id, rows.start);
        let (n, from) = (rows.len(), subject as usize * self.width + item);
        self.rows += n as u64;
        let free = self.cells.are_free(from..from + n);
        let numbers = &points.values.values()[rows.clone()];
        if free && points.values.null_count() == 0 && self.cells.try_write(from..from + n, &self.bounds, item, numbers)
        {
            self.scores_read += n as u64;
            self.filled += n as u64;
            return;
        }
        let mut form = std::mem::take(&mut self.form);
        self.fill(table, points, year, rows, item, &mut form[..n]);
        for (column, cell) in (item..).zip(&form[..n]) {
            self.put(subject, column, *cell);
        }
        self.form = form;
    }

    /// Computes the cells of consecutive lines, including values that have to be read individually.
    fn fill(&mut self, table: &Table, points: &Points, year: i16, rows: Range<usize>, item: usize, cells: &mut [i32]) {
        let mut all = self.bounds.cells(item, &points.values.values()[rows.clone()], cells);
        if points.values.null_count() > 0 {
            for (cell, row) in cells.iter_mut().zip(rows.clone()) {
                if points.values.is_null(row) {
                    (*cell, all) = (OPEN, false);
                }
            }
        }
        if !all {
            for (nth, cell) in cells.iter_mut().enumerate().filter(|(_, cell)| **cell == OPEN) {
                *cell = self.cell(item + nth, points, rows.start + nth, year, &table.id);
            }
        }
    }

    fn row(&mut self, reading: &Reading, table: &'a Table, row: usize, names: &mut Names<'a>) {
        if let (Some(wanted), Some(judges)) = (&reading.judge, &table.judge)
            && (judges.is_null(row) || judges.value(row) != wanted)
        {
            return;
        }
        let year = match &table.year {
            Some(years) if years.is_null(row) => None,
            Some(years) => Some(years.value(row)),
            None => reading.year,
        };
        let Some(year) = year else { return self.fault(Fault::NoYear, 0, &table.id, row, "", "") };
        if reading.year.is_some_and(|wanted| wanted != year) {
            return;
        }
        self.rows += 1;
        if table.id.is_null(row) || table.id.value(row).is_empty() {
            return self.fault(Fault::NoOrganisation, year, &table.id, row, "", "");
        }
        let quarter = match &table.quarter {
            None => 0,
            Some(quarters) if !quarters.is_null(row) && (1..=4).contains(&quarters.value(row)) => {
                quarters.value(row) as usize - 1
            }
            Some(_) => {
                self.subject(year, table.id.views()[row], &table.id, row);
                return self.fault(Fault::NoQuarter, year, &table.id, row, "", "");
            }
        };
        match &table.shape {
            Shape::Long { item, points } => {
                if let Some(at) = names.find(item, row) {
                    let cell = self.cell(at, points, row, year, &table.id);
                    self.score(year, table, row, quarter * items(self.scheme) + at, cell);
                } else {
                    self.subject(year, table.id.views()[row], &table.id, row);
                    let name = if item.is_null(row) { "" } else { item.value(row) };
                    self.fault(Fault::UnknownItem, year, &table.id, row, name, "");
                }
            }
            Shape::Wide(columns) => {
                let subject = self.subject(year, table.id.views()[row], &table.id, row);
                for (at, points) in columns {
                    let cell = self.cell(*at, points, row, year, &table.id);
                    self.put(subject, quarter * items(self.scheme) + at, cell);
                }
            }
        }
    }

    /// Writes a score to its cell, or buffers it.
    fn score(&mut self, year: i16, table: &'a Table, row: usize, column: usize, cell: i32) {
        match packed((year, table.id.value(row))) {
            Some(key) if !self.keys.in_runs() => {
                self.later.push(Score { key, row, column: column as u32, cell });
            }
            _ => {
                let subject = self.subject(year, table.id.views()[row], &table.id, row);
                self.put(subject, column, cell);
            }
        }
    }

    /// Writes the buffered scores, which are rows of `table`.
    fn settle(&mut self, table: &'a Table, job: &dyn Job) -> Result<()> {
        let parts = self.later.take_all();
        for scores in &parts {
            job::check(job)?;
            for Score { key, row, column, cell } in scores {
                let subject = self.keys.number_of(*key, || table.id.value(*row));
                self.cells.resize(self.keys.all.len() * self.width);
                self.put(subject, *column as usize, *cell);
            }
        }
        self.later.give_back(parts);
        Ok(())
    }

    /// Returns the number of the organisation of a row with an id.
    fn subject(&mut self, year: i16, view: u128, ids: &'a StringViewArray, row: usize) -> u32 {
        if let Some((last, own_year, subject)) = self.last
            && last == view
            && own_year == year
        {
            return subject;
        }
        let subject = self.keys.number(year, ids.value(row));
        self.cells.resize(self.keys.all.len() * self.width);
        self.last = Some((view, year, subject));
        subject
    }

    fn put(&mut self, subject: u32, column: usize, value: i32) {
        self.scores_read += 1;
        let at = subject as usize * self.width + column;
        let known = self.cells.get(at);
        if known == NONE {
            self.cells.set(at, value);
            self.filled += 1;
        } else if known != value {
            self.conflicts.push((subject, column as u32));
        }
    }

    /// Returns the cell of a row. A value that the item cannot have is reported and left open.
    fn cell(&mut self, item: usize, points: &Points, row: usize, year: i16, ids: &StringViewArray) -> i32 {
        let (fault, value) = if points.values.is_null(row) {
            // Text that is not a number is reported; an empty cell is not.
            match points.texts.as_ref().filter(|t| t.is_valid(row) && !t.value(row).trim().is_empty()) {
                Some(texts) => (Fault::NotANumber, texts.value(row).to_owned()),
                None => return OPEN,
            }
        } else {
            let value = points.values.value(row);
            if value.is_nan() {
                (Fault::NotANumber, "NaN".to_owned())
            } else {
                let exact = (value.clamp(-1.0, MOST + 1.0) * POINT as f64).round() as i32;
                if self.bounds.allow(item, exact) {
                    return exact;
                }
                (Fault::OutOfRange, value.to_string())
            }
        };
        self.fault(fault, year, ids, row, &self.scheme.parts.items[item].id, &value);
        OPEN
    }

    fn fault(&mut self, fault: Fault, year: i16, ids: &StringViewArray, row: usize, what: &str, value: &str) {
        let id = if ids.is_null(row) { "" } else { ids.value(row) };
        self.problems.push(Problem::new(fault, year, id, what, value));
    }
}
