//! The roster as a Python class: the panel and where it comes from. Its statistics stand in files of their own.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use arrow::array::RecordBatch;
use dangjian::definition::Conditions;
use dangjian::ingest::Profile;
use dangjian::{Job, ReadOptions, Result, Scope};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::accounts;
use crate::arrow_table::table;
use crate::door::run;
use crate::errors::raise;
use crate::scope::ScopeRequest;

/// The panel, the options with which it was read, and the named conditions of the user that its statistics are under.
/// Methods take plain arguments and return Arrow tables.
#[pyclass(frozen, module = "dangjian._native")]
pub(crate) struct Roster(pub(crate) dangjian::Roster, pub(crate) ReadOptions, pub(crate) Conditions);

impl Roster {
    /// Runs a statistic that returns one table.
    pub(crate) fn one(
        &self,
        py: Python<'_>,
        statistic: impl FnOnce(&dangjian::Roster, &dyn Job) -> Result<RecordBatch> + Send + 'static,
    ) -> PyResult<PyTable> {
        let roster = self.0.clone();
        table(vec![run(py, None, move |job| statistic(&roster, job))?])
    }

    /// Runs a statistic over the requested scope and returns one table.
    pub(crate) fn over(
        &self,
        py: Python<'_>,
        request: ScopeRequest,
        statistic: impl FnOnce(&dangjian::Roster, &Scope, &dyn Job) -> Result<RecordBatch> + Send + 'static,
    ) -> PyResult<PyTable> {
        let conditions = self.2.clone();
        self.one(py, move |roster, job| statistic(roster, &request.scope(roster, conditions)?, job))
    }
}

#[pymethods]
impl Roster {
    /// Returns the roster under the named conditions of a file, over those that it is under.
    fn with_conditions(&self, path: PathBuf) -> PyResult<Self> {
        let conditions = Conditions::from_file(&path).and_then(|over| self.2.clone().overridden_by(&over));
        Ok(Self(self.0.clone(), self.1.clone(), conditions.map_err(|e| raise(&e))?))
    }

    #[getter]
    fn years(&self) -> Vec<i16> {
        self.0.frames().iter().map(|f| f.year).collect()
    }

    #[getter]
    fn rows(&self) -> Vec<usize> {
        self.0.frames().iter().map(dangjian::roster::Frame::rows).collect()
    }

    #[getter]
    fn organisations(&self) -> usize {
        arrow::array::Array::len(self.0.organisations())
    }

    #[getter]
    fn fields(&self) -> Vec<(String, &'static str)> {
        self.0.fields().iter().map(|f| (f.name.clone(), f.ty.name())).collect()
    }

    #[getter]
    fn dimensions(&self) -> Vec<String> {
        self.0.dimensions()
    }

    fn to_arrow(&self, py: Python<'_>) -> PyResult<PyTable> {
        let roster = self.0.clone();
        let batches = run(py, None, move |_| roster.batches())?;
        PyTable::try_new(batches, self.0.arrow_schema())
    }

    fn write_parquet(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let roster = self.0.clone();
        run(py, None, move |_| roster.write_parquet(&path))
    }

    fn sources(&self) -> PyResult<PyTable> {
        accounts::sources(self.0.origin())
    }

    fn skipped(&self) -> PyResult<PyTable> {
        accounts::skipped(self.0.origin())
    }

    fn tables(&self) -> PyResult<PyTable> {
        accounts::tables(self.0.origin())
    }

    fn columns_read(&self) -> PyResult<PyTable> {
        accounts::columns_read(self.0.origin())
    }

    fn words(&self) -> PyResult<PyTable> {
        accounts::words(&self.1)
    }

    fn save_profile(&self, path: PathBuf) -> PyResult<()> {
        let sources = self.0.origin().sources.iter().map(|(source, _)| source);
        Profile::of(sources, &self.1).to_file(&path).map_err(|e| raise(&e))
    }

    fn problems(&self) -> PyResult<PyTable> {
        accounts::problems(self.0.origin())
    }
}
