//! The annual review.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use dangjian::analysis::workforce::Workers;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrow_table::table;
use crate::definitions::{definitions_of, rules_of};
use crate::door::run;
use crate::roster::Roster;

#[pymethods]
impl Roster {
    #[pyo3(signature = (year, *, targets=None, rates=None, rules=None, workers=None, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "one for each option of the method in Python")]
    fn review<'py>(
        &self,
        py: Python<'py>,
        year: i16,
        targets: Option<PathBuf>,
        rates: Option<PathBuf>,
        rules: Option<PathBuf>,
        workers: Option<PathBuf>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let roster = self.0.clone();
        let made = run(py, progress.as_ref(), move |job| {
            let mut definitions = definitions_of(rates.as_deref(), targets.as_deref())?;
            definitions.rules = rules_of(rules.as_deref())?;
            let workers = workers.as_deref().map(Workers::read).transpose()?;
            roster.review(&definitions, year, workers.as_ref(), job)
        })?;
        let out = PyDict::new(py);
        for (id, batch) in made.tables {
            out.set_item(id, table(vec![batch])?)?;
        }
        Ok(out)
    }
}
