//! Settles columns whose headers mean the same: by the year they speak of, else not at all, which is said.

use super::heading::{Heading, Meaning};
use crate::ingest::cell::year;
use crate::ingest::problem::{Code, shown};
use crate::ingest::{ColumnStatus, Problem, Source};
use crate::schema::spelling::folded;

/// Time that a header speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    /// The year before that of the ledger, or its beginning.
    Before,
    /// The year of the ledger.
    Now,
    /// A year by its number.
    Year(i16),
}

/// Columns that mean one column of the schema, between which nothing decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AmbiguousColumns {
    pub column: &'static str,
    pub headers: Vec<String>,
}

impl AmbiguousColumns {
    /// Returns the problem of the table of `source`.
    pub(crate) fn problem(&self, source: &Source) -> Problem {
        Problem {
            file: source.file.clone(),
            sheet: source.sheet.clone(),
            row: source.first_row,
            line: None,
            column: Some(self.column.to_owned()),
            header: self.headers.first().cloned(),
            value: shown(&self.headers.join(" | ")),
            code: Code::ColumnsAmbiguous,
            year: None,
        }
    }
}

const BEFORE: [&str; 9] = ["上年", "去年", "上一年", "上期", "年初", "期初", "基期", "上季", "往年"];
const NOW: [&str; 8] = ["本年", "今年", "本期", "年末", "期末", "当年", "现年", "年底"];

/// Returns the time that the parts of a header speak of. The amount of a year (本年度党组织活动经费) is of now.
pub(crate) fn period(parts: &[String]) -> Option<Period> {
    parts.iter().rev().find_map(|part| {
        let text = folded(part);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(&BEFORE) {
            Some(Period::Before)
        } else if has(&NOW) {
            Some(Period::Now)
        } else {
            year::in_name(part).map(Period::Year)
        }
    })
}

/// Takes the columns of the year before out, where the header has others of their kind or nothing else can be said.
pub(crate) fn drop_former(headings: &mut [Heading]) {
    for heading in headings.iter_mut().filter(|heading| !heading.requested) {
        let is_read = matches!(heading.meaning, Meaning::Column { .. } | Meaning::Mark { .. });
        if is_read && period(&heading.parts) == Some(Period::Before) {
            heading.meaning = Meaning::Not(ColumnStatus::Ignored);
        }
    }
}

/// Settles the columns that have several headers of equal rank, by the `year` of the table. Where that does not decide,
/// none of them is read.
pub(crate) fn settle(headings: &mut [Heading], year: Option<i16>) -> Vec<AmbiguousColumns> {
    let mut ambiguous = Vec::new();
    let names: Vec<&'static str> = headings.iter().filter_map(read_as).collect();
    let mut done: Vec<&'static str> = Vec::new();
    for name in names {
        let same: Vec<usize> =
            (0..headings.len()).filter(|at| headings.get(*at).and_then(read_as) == Some(name)).collect();
        if same.len() < 2 || done.contains(&name) {
            continue;
        }
        done.push(name);
        let of = |wanted: Period| {
            let found: Vec<usize> = same
                .iter()
                .copied()
                .filter(|at| headings.get(*at).and_then(|h| period(&h.parts)) == Some(wanted))
                .collect();
            if let [one] = found.as_slice() { Some(*one) } else { None }
        };
        let chosen = of(Period::Now).or_else(|| year.and_then(|year| of(Period::Year(year))));
        if chosen.is_none() {
            let headers = same.iter().filter_map(|at| headings.get(*at)).map(Heading::header).collect();
            ambiguous.push(AmbiguousColumns { column: name, headers });
        }
        for at in same.into_iter().filter(|at| Some(*at) != chosen) {
            if let Some(heading) = headings.get_mut(at) {
                heading.meaning = Meaning::Not(ColumnStatus::Ignored);
            }
        }
    }
    ambiguous
}

/// Keeps the first of the columns that mean the same.
pub(crate) fn keep_first(headings: &mut [Heading]) {
    let mut seen: Vec<&'static str> = Vec::new();
    for heading in headings {
        if let Some(name) = read_as(heading) {
            if seen.contains(&name) {
                heading.meaning = Meaning::Not(ColumnStatus::Ignored);
            }
            seen.push(name);
        }
    }
}

fn read_as(heading: &Heading) -> Option<&'static str> {
    match &heading.meaning {
        Meaning::Column { column, .. } => Some(column.name),
        Meaning::Mark { .. } | Meaning::Own(_) | Meaning::Not(_) => None,
    }
}
