//! The cells of all organisations, in one or more parts.

use std::ops::Range;

use super::packed::{Packed, Row};

/// Cells by organisation. The cells of one organisation are contiguous in one part.
#[derive(Debug)]
pub(super) struct Cells {
    /// Cells per organisation.
    width: usize,
    parts: Vec<Packed>,
    places: Places,
}

/// Location of an organisation: part and row in the part.
#[derive(Debug)]
pub(super) enum Places {
    /// The parts are consecutive; the first organisation of each part.
    Ascending(Vec<usize>),
    /// Part and row of each organisation.
    Any(Vec<(u32, u32)>),
}

impl Cells {
    /// Creates cells from consecutive parts.
    pub(super) fn joined(width: usize, parts: Vec<Packed>) -> Self {
        let mut all = 0;
        let start = |part: &Packed| {
            let start = all;
            all += part.len() / width.max(1);
            start
        };
        let starts = parts.iter().map(start).collect();
        Self { width, parts, places: Places::Ascending(starts) }
    }

    /// Creates cells from parts and the location of each organisation.
    pub(super) fn placed(width: usize, parts: Vec<Packed>, places: Vec<(u32, u32)>) -> Self {
        Self { width, parts, places: Places::Any(places) }
    }

    /// Returns the number of cells per organisation.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    #[inline]
    fn place(&self, subject: usize) -> (usize, usize) {
        let (part, at) = match &self.places {
            Places::Ascending(starts) => {
                let part = starts.partition_point(|start| *start <= subject) - 1;
                (part, subject - starts[part])
            }
            Places::Any(places) => (places[subject].0 as usize, places[subject].1 as usize),
        };
        (part, at * self.width)
    }

    /// Returns the cells of an organisation, item by item, one quarter after another.
    #[inline]
    pub(super) fn row(&self, subject: usize) -> Row<'_> {
        let (part, at) = self.place(subject);
        self.parts[part].row(at..at + self.width)
    }

    /// Iterates over the rows of consecutive organisations.
    pub(super) fn rows(&self, subjects: Range<usize>) -> impl Iterator<Item = Row<'_>> {
        let mut part = match &self.places {
            Places::Ascending(starts) => starts.partition_point(|start| *start <= subjects.start).saturating_sub(1),
            Places::Any(_) => 0,
        };
        subjects.map(move |subject| {
            let at = match &self.places {
                Places::Ascending(starts) => {
                    while starts.get(part + 1).is_some_and(|start| *start <= subject) {
                        part += 1;
                    }
                    subject - starts[part]
                }
                Places::Any(places) => {
                    part = places[subject].0 as usize;
                    places[subject].1 as usize
                }
            };
            self.parts[part].row(at * self.width..(at + 1) * self.width)
        })
    }

    pub(super) fn set(&mut self, subject: usize, column: usize, value: i32) {
        let (part, at) = self.place(subject);
        self.parts[part].set(at + column, value);
    }
}
