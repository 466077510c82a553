//! One thread's part of the rows, put together by organisation.

use std::collections::BTreeSet;
use std::ops::Range;

use arrow::array::{Array, StringViewArray};
use rustc_hash::FxHashMap;

use super::columns::{Points, Shape, Table};
use super::problems::{Fault, Problem};
use super::{NONE, OPEN, Reading, items, width};
use crate::error::Result;
use crate::job::{self, Job};
use crate::stars::scheme::Scheme;
use crate::stars::scheme::units::{MOST, POINT};

/// Rows between two looks at whether to stop.
const STRETCH: usize = 1 << 16;

/// The cells of the organisations of some rows.
pub(super) struct Local<'a> {
    /// Year and id.
    pub(super) keys: Vec<(i16, &'a str)>,
    pub(super) cells: Vec<i32>,
    /// Organisation and column of cells of which rows say different things.
    pub(super) conflicts: Vec<(u32, u32)>,
    pub(super) problems: BTreeSet<Problem>,
    /// How many cells were said something of, each as often as it was.
    pub(super) told: u64,
    pub(super) rows: u64,
    found: FxHashMap<(i16, &'a str), u32>,
    width: usize,
}

/// What a cell may hold.
struct Bounds {
    /// For each item the most points.
    most: Vec<i32>,
    /// For each item the only numbers, if they are listed.
    values: Vec<Vec<i32>>,
}

impl<'a> Local<'a> {
    /// The rows of `part`, which are those of `tables`.
    pub(super) fn read(
        scheme: &'a Scheme,
        reading: &Reading,
        tables: &'a [Table],
        part: &[(usize, Range<usize>)],
        job: &dyn Job,
    ) -> Result<Self> {
        let bounds = Bounds {
            most: scheme.parts.items.iter().map(|item| item.points as i32).collect(),
            values: scheme.parts.items.iter().map(|i| i.values.iter().map(|v| *v as i32).collect()).collect(),
        };
        let rows: usize = part.iter().map(|(_, range)| range.len()).sum();
        let width = width(scheme);
        let expected = rows / width.max(1) + 1;
        let mut local = Self {
            keys: Vec::with_capacity(expected),
            cells: Vec::with_capacity(expected * width),
            conflicts: Vec::new(),
            problems: BTreeSet::new(),
            told: 0,
            rows: 0,
            found: FxHashMap::default(),
            width,
        };
        local.found.reserve(expected);
        for (at, range) in part {
            let mut from = range.start;
            while from < range.end {
                job::check(job)?;
                let to = range.end.min(from + STRETCH);
                local.stretch(scheme, reading, &tables[*at], from..to, &bounds);
                from = to;
            }
        }
        Ok(local)
    }

    fn stretch(
        &mut self,
        scheme: &'a Scheme,
        reading: &Reading,
        table: &'a Table,
        rows: Range<usize>,
        bounds: &Bounds,
    ) {
        let mut names = Names::new(scheme);
        let raw = table.id.views();
        let mut last: Option<(u128, i16, u32)> = None;
        for row in rows {
            if let (Some(wanted), Some(judges)) = (&reading.judge, &table.judge)
                && (judges.is_null(row) || judges.value(row) != wanted)
            {
                continue;
            }
            let year = match &table.year {
                Some(years) if years.is_null(row) => None,
                Some(years) => Some(years.value(row)),
                None => reading.year,
            };
            let Some(year) = year else {
                self.fault(Fault::NoYear, 0, &table.id, row, "", "");
                continue;
            };
            if reading.year.is_some_and(|wanted| wanted != year) {
                continue;
            }
            self.rows += 1;
            if table.id.is_null(row) || table.id.value(row).is_empty() {
                self.fault(Fault::NoOrganisation, year, &table.id, row, "", "");
                continue;
            }
            let subject = match last {
                Some((view, of, subject)) if view == raw[row] && of == year => subject,
                _ => self.subject(year, table.id.value(row)),
            };
            last = Some((raw[row], year, subject));
            let quarter = match &table.quarter {
                None => 0,
                Some(quarters) if !quarters.is_null(row) && (1..=4).contains(&quarters.value(row)) => {
                    quarters.value(row) as usize - 1
                }
                Some(_) => {
                    self.fault(Fault::NoQuarter, year, &table.id, row, "", "");
                    continue;
                }
            };
            match &table.shape {
                Shape::Long { item, points } => {
                    if let Some(at) = names.find(item, row) {
                        let cell = self.cell(bounds, at, points, row, year, &table.id, scheme);
                        self.put(subject, quarter * items(scheme) + at, cell);
                    } else {
                        let name = if item.is_null(row) { "" } else { item.value(row) };
                        self.fault(Fault::UnknownItem, year, &table.id, row, name, "");
                    }
                }
                Shape::Wide(columns) => {
                    for (at, points) in columns {
                        let cell = self.cell(bounds, *at, points, row, year, &table.id, scheme);
                        self.put(subject, quarter * items(scheme) + at, cell);
                    }
                }
            }
        }
    }

    fn subject(&mut self, year: i16, id: &'a str) -> u32 {
        *self.found.entry((year, id)).or_insert_with(|| {
            self.keys.push((year, id));
            self.cells.resize(self.keys.len() * self.width, NONE);
            self.keys.len() as u32 - 1
        })
    }

    fn put(&mut self, subject: u32, column: usize, value: i32) {
        self.told += 1;
        let cell = &mut self.cells[subject as usize * self.width + column];
        if *cell == NONE {
            *cell = value;
        } else if *cell != value {
            self.conflicts.push((subject, column as u32));
        }
    }

    /// What is written in a cell; what the item cannot have is told, and not known.
    #[allow(clippy::too_many_arguments, reason = "what is needed to tell of a fault")]
    fn cell(
        &mut self,
        bounds: &Bounds,
        item: usize,
        points: &Points,
        row: usize,
        year: i16,
        ids: &StringViewArray,
        scheme: &Scheme,
    ) -> i32 {
        let told = if points.values.is_null(row) {
            // Text that is no number; an empty cell is none.
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
                let values = &bounds.values[item];
                if (0..=bounds.most[item]).contains(&exact) && (values.is_empty() || values.contains(&exact)) {
                    return exact;
                }
                (Fault::OutOfRange, value.to_string())
            }
        };
        self.fault(told.0, year, ids, row, &scheme.parts.items[item].id, &told.1);
        OPEN
    }

    fn fault(&mut self, fault: Fault, year: i16, ids: &StringViewArray, row: usize, what: &str, value: &str) {
        let id = if ids.is_null(row) { "" } else { ids.value(row) };
        self.problems.insert(Problem::of(fault, year, id, what, value));
    }
}

/// The items by name. Forms have their lines in order, so that the next one is looked at first.
struct Names<'a> {
    scheme: &'a Scheme,
    next: usize,
    /// Short names are one number, by which they are compared at once.
    short: Vec<u128>,
    by_name: FxHashMap<&'a str, usize>,
}

/// Texts of up to 12 bytes stand in their view.
const SHORT: u128 = 12;

impl<'a> Names<'a> {
    fn new(scheme: &'a Scheme) -> Self {
        let ids = scheme.parts.items.iter().map(|item| item.id.as_str());
        // Offices write the Chinese name of an item; its id comes first where both are the same text.
        let labels = || scheme.parts.items.iter().map(|item| item.label.zh.as_str());
        let once = |(_, label): &(usize, &str)| labels().filter(|own| own == label).count() == 1;
        let by_name =
            labels().enumerate().filter(once).chain(ids.clone().enumerate()).map(|(at, name)| (name, at)).collect();
        let short = ids.clone().map(Some).collect::<StringViewArray>();
        let short = short.views().iter().map(|view| if view & 0xFFFF_FFFF <= SHORT { *view } else { u128::MAX });
        Self { scheme, next: 0, short: short.collect(), by_name }
    }

    fn find(&mut self, items: &StringViewArray, row: usize) -> Option<usize> {
        if items.is_null(row) {
            return None;
        }
        let view = items.views()[row];
        let next = self.next;
        let expected = self.short.get(next) == Some(&view)
            || (view & 0xFFFF_FFFF > SHORT
                && self.scheme.parts.items.get(next).is_some_and(|item| item.id == items.value(row)));
        let at = if expected { next } else { *self.by_name.get(items.value(row))? };
        self.next = if at + 1 == self.short.len() { 0 } else { at + 1 };
        Some(at)
    }
}
