//! Trees supplied in addition to the ledgers, added to a roster.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use arrow::array::RecordBatch;
use dangjian::roster::tree::Tree;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use crate::door::run;
use crate::errors::raise;
use crate::roster::Roster;

/// A table of units: a file, or an Arrow-protocol object with a name for messages.
#[derive(FromPyObject)]
pub(crate) enum Source {
    File(PathBuf),
    Table(String, AnyRecordBatch),
}

/// Returns the roster with a tree added.
#[pyfunction]
pub(crate) fn with_tree(py: Python<'_>, roster: &Roster, column: String, source: Source) -> PyResult<Roster> {
    let (options, held) = (roster.1.clone(), roster.0.clone());
    let (file, table) = match source {
        Source::File(path) => (Some(path), None),
        Source::Table(name, table) => {
            let batches = table.into_reader()?.collect::<std::result::Result<Vec<RecordBatch>, _>>();
            (None, Some((name, batches.map_err(|e| raise(&e.into()))?)))
        }
    };
    let with = run(py, None, move |job| {
        let tree = match (file, table) {
            (Some(path), _) => Tree::from_file(&path)?,
            (_, Some((name, batches))) => Tree::from_batches(&name, &batches)?,
            (None, None) => return Ok(held),
        };
        held.with_tree(&column, &tree, job)
    });
    Ok(Roster(with?, options))
}
