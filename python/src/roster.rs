//! The roster as a Python class. Methods take plain arguments and return Arrow tables.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use dangjian::analysis::count::Measure;
use dangjian::analysis::rates::CoverageOptions;
use dangjian::analysis::stars::{star_distribution, star_transitions};
use dangjian::analysis::workforce::Workers;
use dangjian::definition::{Counts, Rates, Targets};
use dangjian::ingest::{Profile, ReadOptions};
use dangjian::job::Job;
use dangjian::review::Definitions;
use dangjian::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::accounts;
use crate::door::run;
use crate::errors::raise;
use crate::formation::rules_of;
use crate::measures::rates_of;
use crate::scope::Asked;
use crate::tables::table;

/// The panel, and the options with which it was read.
#[pyclass(frozen, module = "dangjian._native")]
pub(crate) struct Roster(pub(crate) dangjian::Roster, pub(crate) ReadOptions);

/// Returns the shipped definitions with the user's files layered over them.
pub(crate) fn definitions_of(rates: Option<&Path>, targets: Option<&Path>) -> Result<Definitions> {
    let mut all = Definitions::shipped()?;
    if let Some(path) = rates {
        all.rates = Rates::shipped()?.overridden_by(Rates::from_file(path)?)?.iter().cloned().collect();
    }
    if let Some(path) = targets {
        all.targets = Targets::from_file(path)?.iter().cloned().collect();
    }
    Ok(all)
}

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
}

#[pymethods]
impl Roster {
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

    #[pyo3(signature = (scope, *, rates=None, rates_file=None, rollup=false, interval=None))]
    fn coverage(
        &self,
        py: Python<'_>,
        scope: Asked,
        rates: Option<Vec<String>>,
        rates_file: Option<PathBuf>,
        rollup: bool,
        interval: Option<f64>,
    ) -> PyResult<PyTable> {
        let options = CoverageOptions::default().with_rollup(rollup).with_interval(interval);
        self.over(py, scope, move |roster, scope, job| {
            let rates = rates_of(rates.as_deref(), rates_file.as_deref())?;
            roster.coverage_as(&rates, &options, scope, job)
        })
    }

    fn formation(&self, py: Python<'_>, scope: Asked) -> PyResult<PyTable> {
        self.over(py, scope, dangjian::Roster::formation)
    }

    #[pyo3(signature = (scope, *, rules=None))]
    fn formation_need(&self, py: Python<'_>, scope: Asked, rules: Option<PathBuf>) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| roster.formation_need(&rules_of(rules.as_deref())?, scope, job))
    }

    fn formation_moves(&self, py: Python<'_>, scope: Asked) -> PyResult<PyTable> {
        self.over(py, scope, dangjian::Roster::formation_transitions)
    }

    fn moves(&self, py: Python<'_>, of: Vec<String>, scope: Asked) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let of: Vec<&str> = of.iter().map(String::as_str).collect();
            roster.transitions(&of, scope, job)
        })
    }

    fn star_distribution(&self, py: Python<'_>, scope: Asked) -> PyResult<PyTable> {
        self.over(py, scope, star_distribution)
    }

    #[pyo3(signature = (scope, *, counts))]
    fn star_transitions(&self, py: Python<'_>, scope: Asked, counts: String) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            star_transitions(roster, Counts::from_name(&counts)?, scope, job)
        })
    }

    fn workforce(&self, py: Python<'_>, scope: Asked) -> PyResult<PyTable> {
        self.over(py, scope, dangjian::Roster::workforce)
    }

    fn count(
        &self,
        py: Python<'_>,
        sets: Vec<Vec<String>>,
        measures: Vec<(String, String)>,
        scope: Asked,
    ) -> PyResult<Vec<PyTable>> {
        let roster = self.0.clone();
        let tables = run(py, None, move |job| {
            let parse = |(name, text): (String, String)| Ok((name, Measure::parse(&text)?));
            let asked = measures.into_iter().map(parse).collect::<Result<Vec<_>>>()?;
            roster.count_sets(&sets, &asked, &scope.scope(&roster)?, job)
        })?;
        tables.into_iter().map(|t| table(vec![t])).collect()
    }

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

pub(crate) fn unknown<T: AsRef<str>>(what: &str, id: &str, have: impl Iterator<Item = T>) -> Error {
    let mut have: Vec<String> = have.map(|h| h.as_ref().to_owned()).collect();
    have.dedup();
    let have = have.join(", ");
    Error::argument(
        format!("没有名为“{id}”的 {what}。可用：{have}"),
        format!("there is no {what} '{id}'. Available: {have}"),
    )
}
