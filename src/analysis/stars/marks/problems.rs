//! Problems in score rows: each is reported, and none counts as zero.

use rayon::prelude::*;

use crate::lang::Text;
use crate::support::named::named_enum;

/// Kind of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The scheme has no such item.
    UnknownItem,
    /// Points outside the range of the item, or a value the form does not list.
    OutOfRange,
    /// Not a number.
    NotANumber,
    /// Rows that contradict each other on one cell.
    Contradicts,
    /// No quarter, or one outside 1 to 4.
    NoQuarter,
    /// The roster does not list the organisation in that year.
    NotInRoster,
    /// The scheme has no such kind of event.
    UnknownEvent,
    /// A row without an organisation.
    NoOrganisation,
    /// A row without a year.
    NoYear,
}

named_enum! {
    pub(crate) Fault;
    UnknownItem = "unknown_item", OutOfRange = "out_of_range", NotANumber = "not_a_number",
    Contradicts = "contradicts", NoQuarter = "no_quarter", NotInRoster = "not_in_roster",
    UnknownEvent = "unknown_event", NoOrganisation = "no_organisation", NoYear = "no_year",
}

impl Fault {
    pub(crate) fn text(self) -> Text {
        let (zh, en) = match self {
            Self::UnknownItem => ("办法里没有这一项，未计", "the scheme has no such item: not counted"),
            Self::OutOfRange => {
                ("分数超出本项允许的范围，按未评处理", "not a score that the item may have: taken as not known")
            }
            Self::NotANumber => ("不是数字，按未评处理", "no number: taken as not known"),
            Self::Contradicts => {
                ("同一项有互相矛盾的评分，按未评处理", "rows contradict each other: taken as not known")
            }
            Self::NoQuarter => ("没有写 1 至 4 季度，未计", "no quarter from 1 to 4: not counted"),
            Self::NotInRoster => ("当年名册里没有这个编号，请核对", "not in the year's roster: check the id"),
            Self::UnknownEvent => ("办法里没有这种事件，未计", "the scheme has no such event: not counted"),
            Self::NoOrganisation => ("没有编号，未计", "no id: not counted"),
            Self::NoYear => ("没有年度，未计", "no year: not counted"),
        };
        Text::new(zh, en)
    }
}

/// A row or cell, and its problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) year: i16,
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) value: String,
    pub(crate) fault: Fault,
}

/// Collected problems. Duplicates are removed on the way, so that a fault in every row does not fill memory.
#[derive(Debug, Default)]
pub(super) struct Problems {
    all: Vec<Problem>,
    /// Number of problems after the last deduplication.
    unique: usize,
}

impl Problems {
    /// Minimum number of problems worth deduplicating.
    const FEW: usize = 1 << 16;

    pub(super) fn push(&mut self, problem: Problem) {
        if self.all.len() >= 2 * self.unique.max(Self::FEW) {
            self.all.sort_unstable();
            self.all.dedup();
            self.unique = self.all.len();
        }
        self.all.push(problem);
    }

    /// Merges the problems of all parts, sorted and without duplicates.
    pub(super) fn merged(parts: impl Iterator<Item = Self>) -> Vec<Problem> {
        let mut all: Vec<Problem> = parts.flat_map(|part| part.all).collect();
        all.par_sort_unstable();
        all.dedup();
        all
    }
}

impl Problem {
    pub(crate) fn new(fault: Fault, year: i16, id: &str, what: &str, value: &str) -> Self {
        Self { year, id: id.to_owned(), what: what.to_owned(), value: value.to_owned(), fault }
    }
}
