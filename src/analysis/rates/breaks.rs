//! Breaks (口径断点): points at which figures under one name stop being comparable, so that no line may join them.

use arrow::array::RecordBatch;

use crate::definition::{Break, Rate};
use crate::error::Result;
use crate::lang::Lang;
use crate::predicate::ledger_column;
use crate::roster::{Frame, Roster};
use crate::support::columns::Columns;
use crate::support::named::named_enum;

/// The reason why a year's figures are not comparable with those of the survey before it.
enum BreakReason<'a> {
    /// The rate's definition changed.
    Definition,
    /// The ledgers of one of the two years lack a column that the rate uses.
    Column(String),
    /// A column is declared to have changed its meaning.
    Declared(&'a Break),
}

named_enum! {
    BreakReason<'_>;
    Self::Definition => "definition", Self::Column(_) => "column", Self::Declared(_) => "declared",
}

/// Checks whether the year's sources have a column; `year` and `org_id` are always there.
pub(crate) fn has_column(roster: &Roster, frame: &Frame, name: &str) -> bool {
    matches!(name, "year" | "org_id") || roster.field(name).is_ok_and(|at| roster.values(frame, at).is_some())
}

/// Returns the surveys in which a rate called `id` is in force, with its version there.
fn surveys<'a>(roster: &'a Roster, rates: &'a [Rate], id: &str) -> Vec<(&'a Frame, &'a Rate)> {
    let version = |frame: &Frame| rates.iter().find(|r| r.id == id && r.validity.holds(frame.year));
    roster.frames().iter().filter_map(|frame| Some((frame, version(frame)?))).collect()
}

/// Returns the breaks between two surveys, the earlier first.
fn between<'a>(roster: &Roster, before: (&Frame, &Rate), after: (&Frame, &'a Rate)) -> Vec<BreakReason<'a>> {
    let ((earlier, old), (later, new)) = (before, after);
    let mut found = Vec::new();
    if !old.measures_as(new) {
        found.push(BreakReason::Definition);
    }
    let mut columns: Vec<&str> = new.columns().into_iter().map(ledger_column).collect();
    columns.dedup();
    let came = |name: &&str| has_column(roster, earlier, name) != has_column(roster, later, name);
    found.extend(columns.into_iter().filter(came).map(|name| BreakReason::Column(name.to_owned())));
    found
        .extend(new.breaks.iter().filter(|b| earlier.year < b.year && b.year <= later.year).map(BreakReason::Declared));
    found
}

impl Roster {
    /// Lists the breaks of `rates` between the surveys, rate by rate and year by year.
    ///
    /// Columns: `year` (of the first survey after the break), `earlier_year` (of the last before it), `rate_id`,
    /// `label_zh`, `label_en`, `reason` (`definition`: the rate was redefined; `column`: the ledgers of one of the two
    /// years lack the column; `declared`: the column changed its meaning), `column`, `note_zh`, `note_en`.
    /// ```
    /// # use dangjian::{Quiet, Rates, ReadOptions, Roster, synth};
    /// let roster = Roster::read_arrow("made", &synth::panel(300, 5, 2011, 7)?, &ReadOptions::default(), &Quiet)?;
    /// let rates: Vec<_> = Rates::shipped()?.iter().cloned().collect();
    /// // The bulletins counted those that meet the conditions up to 2012, and all that are listed from 2014 on.
    /// assert_eq!(roster.breaks(&rates)?.num_rows(), 1);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn breaks(&self, rates: &[Rate]) -> Result<RecordBatch> {
        let mut found = Vec::new();
        for (at, rate) in rates.iter().enumerate() {
            if rates[..at].iter().any(|r| r.id == rate.id) {
                continue;
            }
            for pair in surveys(self, rates, &rate.id).windows(2) {
                let [before, after] = [pair[0], pair[1]];
                found.extend(between(self, before, after).into_iter().map(|why| (before, after, why)));
            }
        }
        let column = |why: &BreakReason| match why {
            BreakReason::Definition => None,
            BreakReason::Column(name) => Some(name.clone()),
            BreakReason::Declared(declared) => Some(declared.column.clone()),
        };
        let note = |lang| {
            found.iter().map(move |(_, (_, rate), why)| match why {
                BreakReason::Definition => rate.note.as_ref().map(|note| note.get(lang)),
                BreakReason::Column(_) => None,
                BreakReason::Declared(declared) => Some(declared.note.get(lang)),
            })
        };
        Columns::default()
            .years("year", found.iter().map(|(_, (frame, _), _)| frame.year))
            .years("earlier_year", found.iter().map(|((frame, _), ..)| frame.year))
            .texts("rate_id", found.iter().map(|(_, (_, rate), _)| &rate.id))
            .texts("label_zh", found.iter().map(|(_, (_, rate), _)| rate.label.get(Lang::Zh)))
            .texts("label_en", found.iter().map(|(_, (_, rate), _)| rate.label.get(Lang::En)))
            .texts("reason", found.iter().map(|(.., why)| why.name()))
            .some_texts("column", found.iter().map(|(.., why)| column(why)))
            .some_texts("note_zh", note(Lang::Zh))
            .some_texts("note_en", note(Lang::En))
            .finish()
    }
}

/// Returns the series number of each survey of a rate, by year, counted from 1. Figures are comparable only within
/// one series.
pub(crate) fn series(roster: &Roster, rates: &[Rate], id: &str) -> Vec<(i16, u64)> {
    let surveys = surveys(roster, rates, id);
    let mut number = 1;
    let mut out: Vec<(i16, u64)> = surveys.first().map(|(frame, _)| (frame.year, number)).into_iter().collect();
    for pair in surveys.windows(2) {
        number += u64::from(!between(roster, pair[0], pair[1]).is_empty());
        out.push((pair[1].0.year, number));
    }
    out
}
