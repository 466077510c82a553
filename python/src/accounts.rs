//! Tables that report on reading: sources, columns, words, problems.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int16Array, Int64Array, UInt32Array};
use dangjian::Lang;
use dangjian::ingest::{Mapped, Rows, Source, UnreadTable};
use dangjian::ingest::{Problem, ReadOptions};
use dangjian::roster::Origin;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow_table::{columns_of, texts};

/// Accessor for the number of rows of one kind.
type RowsOf = fn(&Rows) -> usize;

/// The kinds of rows of a source, by name.
const ROW_KINDS: [(&str, RowsOf); 9] = [
    ("title", |r| r.title),
    ("header", |r| r.header),
    ("repeated_header", |r| r.repeated_header),
    ("data", |r| r.data),
    ("blank", |r| r.blank),
    ("total", |r| r.total),
    ("subtotal", |r| r.subtotal),
    ("note", |r| r.note),
    ("footer", |r| r.footer),
];

/// Lists every sheet and file, with counts of its rows by kind and outcome.
pub(crate) fn sources(origin: &Origin) -> PyResult<PyTable> {
    let all = &origin.sources;
    let text = |value: &dyn Fn(&Source) -> Option<String>| -> ArrayRef {
        Arc::new(all.iter().map(|(s, _)| value(s)).collect::<arrow::array::StringArray>())
    };
    let number = |value: &dyn Fn(usize) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values((0..all.len()).map(|at| value(at) as i64)))
    };
    let years = |s: &Source| s.years.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let mut columns = vec![
        ("file", text(&|s| Some(s.file.clone()))),
        ("path", text(&|s| Some(s.path.display().to_string()))),
        ("sheet", text(&|s| s.sheet.clone())),
        ("table", number(&|at| all[at].0.table as u64)),
        ("range", text(&|s| s.range())),
        ("years", text(&|s| Some(years(s)))),
        ("year_from", text(&|s| Some(s.year_from.name().to_owned()))),
        ("encoding", text(&|s| s.encoding.map(str::to_owned))),
        ("header_rows", number(&|at| all[at].0.header_rows as u64)),
    ];
    for (name, rows) in ROW_KINDS {
        columns.push((name, number(&|at| rows(&all[at].0.rows) as u64)));
    }
    columns.push(("kept", number(&|at| all[at].1.kept)));
    columns.push(("rejected", number(&|at| all[at].1.rejected)));
    columns.push(("merged", number(&|at| all[at].1.merged)));
    columns.push(("conflicts", number(&|at| all[at].1.conflicts)));
    columns_of(columns)
}

/// Lists every table found, read or not, in the order of files, sheets and rows.
pub(crate) fn tables(origin: &Origin) -> PyResult<PyTable> {
    let read: Vec<&Source> = origin.sources.iter().map(|(source, _)| source).collect();
    let rest = &origin.unread;
    let text = |of: &dyn Fn(&Source) -> Option<String>, other: &dyn Fn(&UnreadTable) -> Option<String>| -> ArrayRef {
        let values = read.iter().map(|source| of(source)).chain(rest.iter().map(other));
        Arc::new(values.collect::<arrow::array::StringArray>())
    };
    let number = |of: &dyn Fn(&Source) -> Option<i64>, other: &dyn Fn(&UnreadTable) -> Option<i64>| -> ArrayRef {
        Arc::new(read.iter().map(|source| of(source)).chain(rest.iter().map(other)).collect::<Int64Array>())
    };
    let header = |s: &Source| s.columns.iter().map(|column| column.header.as_str()).collect::<Vec<_>>().join(" | ");
    columns_of(vec![
        ("file", text(&|s| Some(s.file.clone()), &|t| Some(t.file.clone()))),
        ("sheet", text(&|s| s.sheet.clone(), &|t| t.sheet.clone())),
        ("table", number(&|s| Some(s.table as i64), &|_| None)),
        ("range", text(&Source::range, &|t| Some(format!("{}:{}", t.first_row, t.last_row)))),
        ("header", text(&|s| Some(header(s)), &|_| None)),
        ("rows", number(&|s| Some(s.rows.data as i64), &|t| Some(t.rows as i64))),
        ("fate", text(&|_| Some("read".to_owned()), &|_| Some("unread".to_owned()))),
        ("why_zh", text(&|_| None, &|t| Some(t.why.get(Lang::Zh).to_owned()))),
        ("why_en", text(&|_| None, &|t| Some(t.why.get(Lang::En).to_owned()))),
    ])
}

/// Lists the sheets and files that are not ledgers.
pub(crate) fn skipped(origin: &Origin) -> PyResult<PyTable> {
    let all = &origin.skipped;
    texts(vec![
        ("file", all.iter().map(|s| Some(s.file.clone())).collect()),
        ("sheet", all.iter().map(|s| s.sheet.clone()).collect()),
        ("why_zh", all.iter().map(|s| Some(s.why.get(Lang::Zh).to_owned())).collect()),
        ("why_en", all.iter().map(|s| Some(s.why.get(Lang::En).to_owned())).collect()),
    ])
}

/// Lists every column of every source, with its mapping.
pub(crate) fn columns_read(origin: &Origin) -> PyResult<PyTable> {
    let all: Vec<_> = origin.sources.iter().flat_map(|(s, _)| s.columns.iter().map(move |c| (s, c))).collect();
    let text = |value: &dyn Fn(&Source, &Mapped) -> Option<String>| -> ArrayRef {
        Arc::new(all.iter().map(|(s, c)| value(s, c)).collect::<arrow::array::StringArray>())
    };
    columns_of(vec![
        ("file", text(&|s, _| Some(s.file.clone()))),
        ("sheet", text(&|s, _| s.sheet.clone())),
        ("table", Arc::new(all.iter().map(|(s, _)| Some(s.table as u32)).collect::<UInt32Array>())),
        ("index", Arc::new(all.iter().map(|(_, c)| Some(c.index as u32)).collect::<UInt32Array>())),
        ("header", text(&|_, c| Some(c.header.clone()))),
        ("column", text(&|_, c| c.column.clone())),
        ("value", text(&|_, c| c.value.clone())),
        ("unit", text(&|_, c| c.unit.map(str::to_owned))),
        ("status", text(&|_, c| Some(c.status.name().to_owned()))),
        ("proposal", text(&|_, c| c.proposal.as_ref().map(|p| p.column.to_owned()))),
        ("proposal_value", text(&|_, c| c.proposal.as_ref().and_then(|p| p.value.clone()))),
        ("proposal_like", text(&|_, c| c.proposal.as_ref().map(|p| p.like.clone()))),
        (
            "similarity",
            Arc::new(all.iter().map(|(_, c)| c.proposal.as_ref().map(|p| p.similarity)).collect::<Float64Array>()),
        ),
    ])
}

/// Lists the words added to the shipped ones.
pub(crate) fn words(options: &ReadOptions) -> PyResult<PyTable> {
    let words = options.dictionaries();
    let all = words.added();
    texts(vec![
        ("column", all.iter().map(|s| Some(s.column.clone())).collect()),
        ("written", all.iter().map(|s| Some(s.written.clone())).collect()),
        ("value", all.iter().map(|s| Some(s.value.clone())).collect()),
        ("instead_of", all.iter().map(|s| s.instead_of.clone()).collect()),
    ])
}

/// Lists every problem found.
pub(crate) fn problems(origin: &Origin) -> PyResult<PyTable> {
    let all = &origin.problems;
    let text = |value: &dyn Fn(&Problem) -> Option<String>| -> ArrayRef {
        Arc::new(all.iter().map(value).collect::<arrow::array::StringArray>())
    };
    columns_of(vec![
        ("file", text(&|p| Some(p.file.clone()))),
        ("sheet", text(&|p| p.sheet.clone())),
        ("row", Arc::new(all.iter().map(|p| Some(p.row)).collect::<UInt32Array>())),
        ("line", Arc::new(all.iter().map(|p| p.line).collect::<UInt32Array>())),
        ("year", Arc::new(all.iter().map(|p| p.year).collect::<Int16Array>())),
        ("column", text(&|p| p.column.clone())),
        ("header", text(&|p| p.header.clone())),
        ("value", text(&|p| Some(p.value.clone()))),
        ("code", text(&|p| Some(p.code.id().to_owned()))),
        ("action", text(&|p| Some(p.code.action().name().to_owned()))),
        ("severity", text(&|p| Some(p.code.severity().name().to_owned()))),
        ("message_zh", text(&|p| Some(p.code.message(Lang::Zh).to_owned()))),
        ("message_en", text(&|p| Some(p.code.message(Lang::En).to_owned()))),
    ])
}
