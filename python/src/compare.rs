//! Comparison of two surveys.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::sync::Arc;

use arrow::array::RecordBatch;
use dangjian::analysis::compare as engine;
use dangjian::analysis::compare::CompareOptions;
use dangjian::{Lang, Result};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow_table::{table, texts};
use crate::door::run;
use crate::roster::Roster;

/// Two compared surveys.
#[pyclass(frozen, module = "dangjian._native")]
pub(crate) struct Comparison(Arc<engine::Comparison>);

#[pymethods]
impl Roster {
    /// Compares two surveys; two years of this roster if no other roster is given.
    #[pyo3(signature = (earlier=None, *, year=None, earlier_year=None, columns=None))]
    fn compare(
        &self,
        py: Python<'_>,
        earlier: Option<&Roster>,
        year: Option<i16>,
        earlier_year: Option<i16>,
        columns: Option<Vec<String>>,
    ) -> PyResult<Comparison> {
        let (later, earlier) = (self.0.clone(), earlier.unwrap_or(self).0.clone());
        let options = CompareOptions::default().with_year(year).with_earlier_year(earlier_year).with_columns(columns);
        let compared = run(py, None, move |job| later.compare(&earlier, &options, job))?;
        Ok(Comparison(Arc::new(compared)))
    }
}

impl Comparison {
    fn one(
        &self,
        py: Python<'_>,
        make: impl FnOnce(&engine::Comparison) -> Result<RecordBatch> + Send + 'static,
    ) -> PyResult<PyTable> {
        let compared = Arc::clone(&self.0);
        table(vec![run(py, None, move |_| make(&compared))?])
    }
}

#[pymethods]
impl Comparison {
    #[getter]
    fn year(&self) -> i16 {
        self.0.year()
    }

    #[getter]
    fn earlier_year(&self) -> i16 {
        self.0.earlier_year()
    }

    fn organisations(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, engine::Comparison::organisations)
    }

    fn changes(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, engine::Comparison::changes)
    }

    fn counts(&self, py: Python<'_>, by: Vec<String>) -> PyResult<PyTable> {
        self.one(py, move |compared| compared.counts(&by))
    }

    fn column_counts(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, engine::Comparison::column_counts)
    }

    fn not_compared(&self) -> PyResult<PyTable> {
        let all = self.0.not_compared();
        texts(vec![
            ("column", all.iter().map(|(name, _)| Some(name.clone())).collect()),
            ("why_zh", all.iter().map(|(_, why)| Some(why.get(Lang::Zh).to_owned())).collect()),
            ("why_en", all.iter().map(|(_, why)| Some(why.get(Lang::En).to_owned())).collect()),
        ])
    }
}
