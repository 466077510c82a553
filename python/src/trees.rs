//! Trees supplied in addition to the ledgers, added to a roster.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use dangjian::roster::tree::Tree;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use crate::arrow_table::batches;
use crate::door::run;
use crate::roster::Roster;

/// A table of units: a file, or an Arrow-protocol object with a name for messages.
#[derive(FromPyObject)]
enum Source {
    File(PathBuf),
    Table(String, AnyRecordBatch),
}

#[pymethods]
impl Roster {
    /// Returns the roster with a tree added.
    fn with_tree(&self, py: Python<'_>, column: String, source: Source) -> PyResult<Self> {
        let (options, conditions, held) = (self.1.clone(), self.2.clone(), self.0.clone());
        let (file, table) = match source {
            Source::File(path) => (Some(path), None),
            Source::Table(name, table) => (None, Some((name, batches(table)?))),
        };
        let with = run(py, None, move |job| {
            let tree = match (file, table) {
                (Some(path), _) => Tree::from_file(&path)?,
                (_, Some((name, batches))) => Tree::from_batches(&name, &batches)?,
                (None, None) => return Ok(held),
            };
            held.with_tree(&column, &tree, job)
        });
        Ok(Self(with?, options, conditions))
    }
}
