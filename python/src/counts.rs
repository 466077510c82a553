//! Counts of a roster: rates, transitions, stars, the workforce, measures of the caller's own.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use dangjian::Result;
use dangjian::analysis::count::Measure;
use dangjian::analysis::rates::CoverageOptions;
use dangjian::definition::Counts;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow_table::table;
use crate::definitions::rates_of;
use crate::door::run;
use crate::roster::Roster;
use crate::scope::ScopeRequest;

#[pymethods]
impl Roster {
    #[pyo3(signature = (scope, *, rates=None, rates_file=None, rollup=false, interval=None))]
    fn coverage(
        &self,
        py: Python<'_>,
        scope: ScopeRequest,
        rates: Option<Vec<String>>,
        rates_file: Option<PathBuf>,
        rollup: bool,
        interval: Option<f64>,
    ) -> PyResult<PyTable> {
        let options = CoverageOptions::default().with_rollup(rollup).with_interval(interval);
        self.over(py, scope, move |roster, scope, job| {
            let (rates, scope) = rates_of(rates.as_deref(), rates_file.as_deref(), scope)?;
            roster.coverage_as(&rates, &options, &scope, job)
        })
    }

    fn moves(&self, py: Python<'_>, dimensions: Vec<String>, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let dimensions: Vec<&str> = dimensions.iter().map(String::as_str).collect();
            roster.transitions(&dimensions, scope, job)
        })
    }

    fn star_distribution(&self, py: Python<'_>, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, dangjian::Roster::star_distribution)
    }

    #[pyo3(signature = (scope, *, counts))]
    fn star_transitions(&self, py: Python<'_>, scope: ScopeRequest, counts: String) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| roster.star_transitions(Counts::from_name(&counts)?, scope, job))
    }

    fn workforce(&self, py: Python<'_>, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, dangjian::Roster::workforce)
    }

    fn count(
        &self,
        py: Python<'_>,
        sets: Vec<Vec<String>>,
        measures: Vec<(String, String)>,
        scope: ScopeRequest,
    ) -> PyResult<Vec<PyTable>> {
        let (roster, conditions) = (self.0.clone(), self.2.clone());
        let tables = run(py, None, move |job| {
            let parse = |(name, text): (String, String)| Ok((name, Measure::parse(&text)?));
            let measures = measures.into_iter().map(parse).collect::<Result<Vec<_>>>()?;
            roster.count_sets(&sets, &measures, &scope.scope(&roster, conditions)?, job)
        })?;
        tables.into_iter().map(|t| table(vec![t])).collect()
    }
}
