//! Rows of a sheet as a block: cells side by side, their texts one behind the other.

use std::cmp::Reverse;
use std::collections::HashSet;

use calamine::{CellErrorType, DataRef, Dimensions, ExcelDateTime};

use super::super::block::{At, Block};
use super::super::cells::Cell;
use super::super::dates::day_of;

/// What stands in a cell.
#[derive(Clone, Copy, Debug)]
enum Stored {
    Empty,
    /// From where to where its text stands among the texts.
    Text(u32, u32),
    Number(f64),
    Flag(bool),
    Day(i32),
    Error(&'static str),
}

/// Rows of a sheet.
#[derive(Default)]
pub(in crate::ingest) struct Grid {
    texts: String,
    cells: Vec<Stored>,
    /// For each row where its cells begin, and where the last one's end.
    starts: Vec<u32>,
    /// For each row its position in the sheet, from 0.
    numbers: Vec<u32>,
}

impl Grid {
    pub(super) fn new() -> Self {
        Self { starts: vec![0], ..Self::default() }
    }

    /// How many cells there are, empty ones too.
    pub(super) fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The position of the last row.
    pub(super) fn last(&self) -> Option<u32> {
        self.numbers.last().copied()
    }

    /// Begins the row at position `number`.
    pub(super) fn begin(&mut self, number: u32) {
        self.numbers.push(number);
        self.starts.push(self.cells.len() as u32);
    }

    fn store(&mut self, column: u32, cell: Stored) {
        let Some(start) = self.starts.len().checked_sub(2).and_then(|at| self.starts.get(at)) else { return };
        let at = *start as usize + column as usize;
        if self.cells.len() <= at {
            self.cells.resize(at + 1, Stored::Empty);
        }
        if let Some(place) = self.cells.get_mut(at) {
            *place = cell;
        }
        if let Some(end) = self.starts.last_mut() {
            *end = self.cells.len() as u32;
        }
    }

    fn text(&mut self, text: &str) -> Stored {
        let start = self.texts.len() as u32;
        self.texts.push_str(text);
        Stored::Text(start, self.texts.len() as u32)
    }

    /// Puts a cell into the last row.
    pub(super) fn put(&mut self, column: u32, value: &DataRef<'_>) {
        let cell = match value {
            DataRef::Empty => return,
            DataRef::Int(number) => Stored::Number(*number as f64),
            DataRef::Float(number) => Stored::Number(*number),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => self.text(text),
            DataRef::SharedString(text) => self.text(text),
            DataRef::Bool(flag) => Stored::Flag(*flag),
            DataRef::DateTime(time) => day(time),
            DataRef::Error(error) => Stored::Error(error_text(error)),
        };
        self.store(column, cell);
    }

    /// The same rows with the values of merged cells in all the rows that they span.
    pub(super) fn filled(mut self, merged: &mut Merged) -> Self {
        if merged.is_done() {
            return self;
        }
        let (starts, numbers) = (std::mem::take(&mut self.starts), std::mem::take(&mut self.numbers));
        let cells = std::mem::take(&mut self.cells);
        self.starts.push(0);
        for (number, bounds) in numbers.into_iter().zip(starts.windows(2)) {
            let &[start, end] = bounds else { continue };
            let row = cells.get(start as usize..end as usize).unwrap_or_default();
            self.begin(number);
            self.cells.extend_from_slice(row);
            if let Some(end) = self.starts.last_mut() {
                *end = self.cells.len() as u32;
            }
            merged.advance(number);
            for region in &mut merged.here {
                let here = row.get(region.column as usize).copied().unwrap_or(Stored::Empty);
                if number == region.first {
                    region.value = Some(Value::of(&self, here)).filter(|value| !merged.header.contains(value.text()));
                } else if matches!(here, Stored::Empty)
                    && let Some(value) = &region.value
                {
                    let value = value.store(&mut self);
                    self.store(region.column, value);
                }
            }
        }
        self
    }

    /// The texts of the cells of `row`.
    pub(super) fn texts(&self, row: usize) -> Vec<String> {
        (0..self.width(row)).map(|column| self.cell(row, column).shown().into_owned()).collect()
    }

    /// Leaves out the first `rows`.
    pub(super) fn skip(&mut self, rows: usize) {
        self.starts.drain(..rows.min(self.numbers.len()));
        self.numbers.drain(..rows.min(self.numbers.len()));
    }
}

impl Block for Grid {
    fn rows(&self) -> usize {
        self.numbers.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let (Some(&start), Some(&end)) = (self.starts.get(row), self.starts.get(row + 1)) else { return Cell::Empty };
        let at = start as usize + column;
        if at >= end as usize {
            return Cell::Empty;
        }
        match self.cells.get(at) {
            None | Some(Stored::Empty) => Cell::Empty,
            Some(Stored::Text(start, end)) => {
                Cell::Text(self.texts.get(*start as usize..*end as usize).unwrap_or_default())
            }
            Some(Stored::Number(number)) => Cell::Number(*number),
            Some(Stored::Flag(flag)) => Cell::Flag(*flag),
            Some(Stored::Day(day)) => Cell::Day(*day),
            Some(Stored::Error(error)) => Cell::Error(error),
        }
    }

    fn width(&self, row: usize) -> usize {
        match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(start), Some(end)) => (end - start) as usize,
            _ => 0,
        }
    }

    fn at(&self, row: usize) -> At {
        At { row: self.numbers.get(row).map_or(0, |number| number.saturating_add(1)), line: None }
    }
}

/// Cells merged over rows of one column, met as the rows go by.
#[derive(Default)]
pub(super) struct Merged {
    /// Those that are still to come, the first last.
    coming: Vec<Region>,
    /// Those that span the row.
    here: Vec<Region>,
    /// The texts of the header, which may stand once more between the rows.
    header: HashSet<String>,
}

struct Region {
    column: u32,
    first: u32,
    last: u32,
    value: Option<Value>,
}

/// A value that outlives its block.
enum Value {
    Text(String),
    Other(Stored),
}

impl Value {
    fn of(grid: &Grid, stored: Stored) -> Self {
        match stored {
            Stored::Text(start, end) => {
                Self::Text(grid.texts.get(start as usize..end as usize).unwrap_or_default().to_owned())
            }
            other => Self::Other(other),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Other(_) => "",
        }
    }

    fn store(&self, grid: &mut Grid) -> Stored {
        match self {
            Self::Text(text) => grid.text(text),
            Self::Other(stored) => *stored,
        }
    }
}

impl Merged {
    /// The regions of one column and several rows from row `below` on, under the rows of `header`. Wider ones are titles
    /// and notes.
    pub(super) fn new(regions: &[Dimensions], below: u32, header: &[Vec<String>]) -> Self {
        let tall = regions.iter().filter(|r| r.start.1 == r.end.1 && r.end.0 > r.start.0 && r.start.0 >= below);
        let mut coming: Vec<Region> =
            tall.map(|r| Region { column: r.start.1, first: r.start.0, last: r.end.0, value: None }).collect();
        coming.sort_by_key(|region| Reverse(region.first));
        Self { coming, here: Vec::new(), header: header.iter().flatten().cloned().collect() }
    }

    /// Goes on to the row at position `number`.
    fn advance(&mut self, number: u32) {
        self.here.retain(|region| region.last >= number);
        while self.coming.last().is_some_and(|region| region.first <= number) {
            // One that begins in a row without cells has no value; of two that overlap the later one counts.
            if let Some(region) = self.coming.pop().filter(|region| region.first == number) {
                self.here.retain(|other| other.column != region.column);
                self.here.push(region);
            }
        }
    }

    fn is_done(&self) -> bool {
        self.coming.is_empty() && self.here.is_empty()
    }
}

fn day(time: &ExcelDateTime) -> Stored {
    let (year, month, day, ..) = time.to_ymd_hms_milli();
    match day_of(year, u16::from(month), u16::from(day)) {
        Some(day) if time.is_datetime() => Stored::Day(day),
        _ => Stored::Number(time.as_f64()),
    }
}

fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}
