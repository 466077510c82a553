//! The annual review.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use dangjian::analysis::workforce::Workers;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrow_table::table;
use crate::catalogue::described;
use crate::definitions::{Files, definitions_of};
use crate::door::run;
use crate::roster::Roster;

/// Tables by id, and the definitions they are by.
type Made<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>);

#[pymethods]
impl Roster {
    #[pyo3(signature = (year, *, targets=None, rates=None, rules=None, scheme=None, workers=None, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "one for each option of the method in Python")]
    fn review<'py>(
        &self,
        py: Python<'py>,
        year: i16,
        targets: Option<PathBuf>,
        rates: Option<PathBuf>,
        rules: Option<PathBuf>,
        scheme: Option<String>,
        workers: Option<PathBuf>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Made<'py>> {
        let (roster, conditions) = (self.0.clone(), self.2.clone());
        let (made, definitions) = run(py, progress.as_ref(), move |job| {
            let (rates, targets, rules) = (rates.as_deref(), targets.as_deref(), rules.as_deref());
            let definitions = definitions_of(Files { rates, targets, rules, scheme: scheme.as_deref() }, &conditions)?;
            let workers = workers.as_deref().map(Workers::read).transpose()?;
            Ok((roster.review(&definitions, year, workers.as_ref(), job)?, definitions))
        })?;
        let out = PyDict::new(py);
        for (id, batch) in made.tables {
            out.set_item(id, table(vec![batch])?)?;
        }
        Ok((out, described(py, &definitions)?))
    }
}
