//! The cells of all organisations.

use std::ops::Range;

use super::packed::{Packed, Row};

/// The cells of an organisation stand together in one of some parts.
#[derive(Debug)]
pub(super) struct Cells {
    /// Cells of an organisation.
    width: usize,
    parts: Vec<Packed>,
    places: Places,
}

/// In which part an organisation stands, and as which of its organisations.
#[derive(Debug)]
pub(super) enum Places {
    /// The parts follow each other; the first organisation of each.
    Ascending(Vec<usize>),
    /// Part and place of each organisation.
    Any(Vec<(u32, u32)>),
}

impl Cells {
    /// Parts that follow each other.
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

    /// Organisations that stand at these places of the parts.
    pub(super) fn placed(width: usize, parts: Vec<Packed>, places: Vec<(u32, u32)>) -> Self {
        Self { width, parts, places: Places::Any(places) }
    }

    /// How many cells an organisation has.
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

    /// The cells of an organisation: item by item, quarter after quarter.
    #[inline]
    pub(super) fn row(&self, subject: usize) -> Row<'_> {
        let (part, at) = self.place(subject);
        self.parts[part].row(at..at + self.width)
    }

    /// The cells of organisations that follow each other.
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
