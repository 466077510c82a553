//! Small rosters and scores for tests of stars.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int16Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;

use super::rating::{Rating, RatingOptions};
use super::scheme::Scheme;
use crate::error::Result;
use crate::ingest;
use crate::job::Quiet;
use crate::roster::Roster;

/// Builds a batch from columns.
pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

pub(crate) fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<StringArray>())
}

pub(crate) fn years(values: impl IntoIterator<Item = i16>) -> ArrayRef {
    Arc::new(Int16Array::from_iter_values(values))
}

/// Builds a roster of `n` organisations in each year of `of`, each with its own party organisation: `单位001` has
/// `D001`.
pub(crate) fn roster(n: usize, in_years: &[i16]) -> Roster {
    roster_with(n, in_years, &[])
}

/// Builds the same roster with further columns. Their values are given for one year and repeat in every year.
pub(crate) fn roster_with(n: usize, in_years: &[i16], more: &[(&str, Vec<Option<&str>>)]) -> Roster {
    let rows = || in_years.iter().flat_map(|year| (1..=n).map(|at| (*year, at)));
    let mut columns = vec![
        ("year", years(rows().map(|(year, _)| year))),
        ("org_id", texts(rows().map(|(_, at)| format!("单位{at:03}")))),
        ("party_org_id", texts(rows().map(|(_, at)| format!("D{at:03}")))),
    ];
    let has = |name: &str| more.iter().any(|(own, _)| *own == name);
    if !has("mode") {
        columns.push(("mode", texts(rows().map(|_| "solo"))));
    }
    for (name, values) in more {
        let all = rows().map(|(_, at)| values[at - 1]);
        columns.push((name, Arc::new(all.collect::<StringArray>())));
    }
    Roster::read_arrow("made", &[batch(columns)], &ingest::ReadOptions::default(), &Quiet).unwrap()
}

/// Builds a score table from id, year, item, points.
pub(crate) fn scores(id: &str, rows: &[(&str, i16, &str, Option<f64>)]) -> RecordBatch {
    batch(vec![
        (id, texts(rows.iter().map(|r| r.0))),
        ("year", years(rows.iter().map(|r| r.1))),
        ("item", texts(rows.iter().map(|r| r.2))),
        ("points", Arc::new(rows.iter().map(|r| r.3).collect::<Float64Array>())),
    ])
}

/// Builds a table of events from id, year, kind.
pub(crate) fn events(id: &str, rows: &[(&str, i16, &str)]) -> RecordBatch {
    batch(vec![
        (id, texts(rows.iter().map(|r| r.0))),
        ("year", years(rows.iter().map(|r| r.1))),
        ("kind", texts(rows.iter().map(|r| r.2))),
    ])
}

pub(crate) fn rate(roster: &Roster, scheme: &Scheme, scores: &RecordBatch, options: &RatingOptions) -> Result<Rating> {
    roster.rate_stars(std::slice::from_ref(scores), scheme.clone(), options, &Quiet)
}

/// Returns the star states, in the order of ids.
pub(crate) fn states(rating: &Rating) -> Vec<String> {
    (0..rating.len()).map(|at| rating.state_of(at)).collect()
}

/// Returns a column of whole numbers.
pub(crate) fn numbers(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    batch[name].as_primitive::<Int64Type>().iter().collect()
}

/// Returns a text column of either string type.
pub(crate) fn column(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    match batch[name].as_string_view_opt() {
        Some(texts) => texts.iter().map(owned).collect(),
        None => batch[name].as_string::<i32>().iter().map(owned).collect(),
    }
}
