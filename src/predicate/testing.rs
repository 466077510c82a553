//! Hand-made rosters for the tests of this module.

use std::sync::Arc;

use arrow::array::StringArray;
use arrow::buffer::BooleanBuffer;

use crate::roster::{Column, Dictionary, Field, Frame, Integers, Roster};
use crate::schema::Type;

/// Builds a roster of one year, 2013, with organisations `0000`, `0001`, …
pub(crate) fn roster(columns: Vec<(&str, Type, Option<Column>)>, rows: usize) -> Roster {
    let ids: StringArray = (0..rows).map(|row| Some(format!("{row:04}"))).collect();
    let field = |(name, ty, _): &(&str, Type, _)| Field { name: (*name).to_owned(), ty: *ty };
    let fields = columns.iter().map(field).collect();
    let columns = columns.into_iter().map(|(.., column)| column).collect();
    let frame = Frame::new(2013, (0..rows as u32).collect(), columns);
    Roster::from_parts(ids, fields, vec![frame])
}

/// Returns the rows that are true and those that are false for `predicate` in the first year.
pub(crate) fn ask(roster: &Roster, predicate: &str) -> (Vec<usize>, Vec<usize>) {
    let truth = super::Predicate::parse(predicate).unwrap().evaluate(roster, &roster.frames()[0]).unwrap();
    (truth.yes.set_indices().collect(), truth.no().set_indices().collect())
}

pub(crate) fn codes(values: &[Option<&str>]) -> Column {
    let mut distinct: Vec<&str> = values.iter().flatten().copied().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let dictionary = Dictionary::new(distinct.into_iter().map(str::to_owned).collect());
    let code = |v: Option<&str>| v.and_then(|v| dictionary.code(v)).map_or(0, u64::from);
    Column::Coded {
        codes: Integers::smallest(&values.iter().copied().map(code).collect::<Vec<_>>()),
        dictionary: Arc::new(dictionary),
    }
}

/// Returns the rows where a value is known; `None` if all are.
fn known<T>(values: &[Option<T>]) -> Option<BooleanBuffer> {
    values.iter().any(Option::is_none).then(|| values.iter().map(Option::is_some).collect())
}

pub(crate) fn flags(values: &[Option<bool>]) -> Column {
    Column::Flag { set: values.iter().map(|v| *v == Some(true)).collect(), known: known(values) }
}

pub(crate) fn numbers(values: &[Option<u64>]) -> Column {
    Column::Number {
        values: Integers::smallest(&values.iter().map(|v| v.unwrap_or(0)).collect::<Vec<_>>()),
        known: known(values),
    }
}

pub(crate) fn reals(values: &[Option<f64>]) -> Column {
    Column::Real { values: values.iter().map(|v| v.unwrap_or(0.0)).collect(), known: known(values) }
}

/// Builds a column of dates from days since 1970-01-01.
pub(crate) fn dates(values: &[Option<i32>]) -> Column {
    Column::Date { values: values.iter().map(|v| v.unwrap_or(0)).collect(), known: known(values) }
}

pub(crate) fn texts(values: &[Option<&str>]) -> Column {
    Column::Text(values.iter().copied().collect())
}
