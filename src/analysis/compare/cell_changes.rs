//! Cell comparison between two surveys: which cells differ, in what way, and their text for readers.

use std::sync::Arc;

use arrow::array::{Array, Date32Array};
use arrow::buffer::BooleanBuffer;

use crate::lang::{Lang, Text};
use crate::roster::{Column, Field};
use crate::schema;
use crate::schema::{Type, words};
use crate::standards::region;
use crate::support::named::named_enum;

/// The kind of difference between two cells. A value that became known is not a changed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellChange {
    Changed,
    Filled,
    Emptied,
}

named_enum! { pub(super) CellChange; Changed = "changed", Filled = "filled", Emptied = "emptied" }

impl CellChange {
    /// Returns the kind of difference between two differing cells, given whether each value was known.
    pub(super) fn between(then: bool, now: bool) -> Self {
        match (then, now) {
            (false, _) => Self::Filled,
            (_, false) => Self::Emptied,
            _ => Self::Changed,
        }
    }
}

/// Returns the positions in `pairs` (a later row, an earlier row) at which the two columns differ.
pub(super) fn differing(now: &Column, then: &Column, pairs: &[[u32; 2]]) -> Vec<u32> {
    match (now, then) {
        (Column::Coded { codes: a, dictionary: da }, Column::Coded { codes: b, dictionary: db }) => {
            // Codes of one shared dictionary compare directly. Codes of another are translated once per value.
            let same = Arc::ptr_eq(da, db);
            let code = |value: &String| da.code(value).map_or(u64::MAX, u64::from);
            let in_now: Vec<u64> =
                if same { Vec::new() } else { std::iter::once(0).chain(db.values().iter().map(code)).collect() };
            let then = |row| if same { b.get(row) } else { in_now[b.get(row) as usize] };
            rows(pairs, |x, y| a.get(x) != then(y))
        }
        (Column::Flag { set: a, known: ka }, Column::Flag { set: b, known: kb }) => {
            rows(pairs, |x, y| a.value(x) != b.value(y) || is_known_at(ka.as_ref(), x) != is_known_at(kb.as_ref(), y))
        }
        (Column::Number { values: a, known: ka }, Column::Number { values: b, known: kb }) => {
            rows(pairs, |x, y| a.get(x) != b.get(y) || is_known_at(ka.as_ref(), x) != is_known_at(kb.as_ref(), y))
        }
        (Column::Real { values: a, known: ka }, Column::Real { values: b, known: kb }) => rows(pairs, |x, y| {
            a[x].to_bits() != b[y].to_bits() || is_known_at(ka.as_ref(), x) != is_known_at(kb.as_ref(), y)
        }),
        (Column::Date { values: a, known: ka }, Column::Date { values: b, known: kb }) => {
            rows(pairs, |x, y| a[x] != b[y] || is_known_at(ka.as_ref(), x) != is_known_at(kb.as_ref(), y))
        }
        (Column::Text(a), Column::Text(b)) => {
            rows(pairs, |x, y| a.is_null(x) != b.is_null(y) || (a.is_valid(x) && a.value(x) != b.value(y)))
        }
        // Columns of one type always share a representation.
        _ => Vec::new(),
    }
}

fn rows(pairs: &[[u32; 2]], differs: impl Fn(usize, usize) -> bool) -> Vec<u32> {
    let at = pairs.iter().enumerate().filter(|(_, [now, then])| differs(*now as usize, *then as usize));
    at.map(|(at, _)| at as u32).collect()
}

fn is_known_at(known: Option<&BooleanBuffer>, row: usize) -> bool {
    known.is_none_or(|known| known.value(row))
}

/// Checks whether a cell has a value.
pub(super) fn is_known(column: Option<&Column>, row: usize) -> bool {
    match column {
        None => false,
        Some(Column::Coded { codes, .. }) => codes.get(row) != 0,
        Some(Column::Text(texts)) => texts.is_valid(row),
        Some(
            Column::Flag { known, .. }
            | Column::Number { known, .. }
            | Column::Real { known, .. }
            | Column::Date { known, .. },
        ) => is_known_at(known.as_ref(), row),
    }
}

/// Formats a cell as canonical files write it; `None` if it is unknown.
pub(super) fn shown(column: Option<&Column>, row: usize) -> Option<String> {
    match column? {
        Column::Coded { codes, dictionary } => dictionary.get(codes.get(row) as u32).map(str::to_owned),
        Column::Flag { set, known } => is_known_at(known.as_ref(), row).then(|| set.value(row).to_string()),
        Column::Number { values, known } => is_known_at(known.as_ref(), row).then(|| values.get(row).to_string()),
        Column::Real { values, known } => is_known_at(known.as_ref(), row).then(|| values[row].to_string()),
        Column::Date { values, known } if is_known_at(known.as_ref(), row) => {
            Date32Array::from(vec![values[row]]).value_as_date(0).map(|date| date.to_string())
        }
        Column::Date { .. } => None,
        Column::Text(texts) => texts.is_valid(row).then(|| texts.value(row).to_owned()),
    }
}

/// Describes a change in a sentence: the column, the earlier value, the later value.
pub(super) fn sentence(field: &Field, from: Option<&str>, to: Option<&str>) -> Text {
    let column = schema::column(&field.name);
    let side = |lang| {
        let name = column.map_or(field.name.as_str(), |c| if lang == Lang::Zh { c.zh } else { c.en });
        let [from, to] = [from, to].map(|value| label(field, value, lang));
        let colon = if lang == Lang::Zh { "：" } else { ": " };
        format!("{name}{colon}{from} → {to}")
    };
    Text::new(side(Lang::Zh), side(Lang::En))
}

/// Returns the label that readers see in place of a value.
fn label(field: &Field, value: Option<&str>, lang: Lang) -> String {
    let either = |zh: &str, en: &str| if lang == Lang::Zh { zh.to_owned() } else { en.to_owned() };
    let Some(value) = value else { return either("（未填）", "(not given)") };
    match (field.ty, value) {
        (Type::Flag, "true") => either("是", "yes"),
        (Type::Flag, _) => either("否", "no"),
        (Type::Word, _) => {
            let found = words::of(&field.name).and_then(|w| w.labelled().find(|(id, _)| *id == value).map(|(_, t)| t));
            found.map_or_else(|| value.to_owned(), |text| text.get(lang).to_owned())
        }
        (Type::Region, _) => match region::name(value) {
            Some(name) if lang == Lang::Zh => format!("{name}（{value}）"),
            Some(name) => format!("{name} ({value})"),
            None => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}
