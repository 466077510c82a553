//! Survival at or above a star level; curves and comparisons of arrays.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use dangjian::analysis::trend::survival::{Entry, SpellOptions};
use dangjian::definition::Counts;
use dangjian::stats::survival;
use dangjian::stats::survival::{CurveOptions, Observation, Scale, Variance};
use dangjian::{Error, Result};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow_table::table;
use crate::door::run;
use crate::roster::Roster;
use crate::scope::ScopeRequest;

/// Options for a study of spells, from Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct SpellArgument {
    at_least: f64,
    counts: String,
    entry: String,
    recurrent: bool,
    interval: String,
    level: f64,
    variance: String,
    horizon: Option<f64>,
}

impl SpellArgument {
    fn options(&self) -> Result<SpellOptions> {
        Ok(SpellOptions::default()
            .with_at_least(self.at_least)
            .with_counts(Counts::from_name(&self.counts)?)
            .with_entry(Entry::from_name(&self.entry)?)
            .with_recurrent(self.recurrent)
            .with_scale(Scale::from_name(&self.interval)?)
            .with_level(self.level)
            .with_variance(Variance::from_name(&self.variance)?)
            .with_horizon(self.horizon))
    }
}

#[pymethods]
impl Roster {
    /// Computes the survival curves.
    fn star_survival(&self, py: Python<'_>, options: SpellArgument, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| roster.star_survival(&options.options()?, scope, job))
    }

    /// Summarises the survival curves.
    fn star_survival_summary(&self, py: Python<'_>, options: SpellArgument, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| roster.star_survival_summary(&options.options()?, scope, job))
    }

    /// Compares the survival of groups by log-rank tests.
    fn star_logrank(
        &self,
        py: Python<'_>,
        events: String,
        options: SpellArgument,
        scope: ScopeRequest,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| roster.star_logrank(&options.options()?, &events, scope, job))
    }

    /// Lists the spells, one per row.
    fn star_spells(&self, py: Python<'_>, options: SpellArgument, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| roster.star_spells(&options.options()?, scope, job))
    }
}

/// Builds observations from columns of equal length.
fn observations(entry: &[f64], exit: &[f64], cause: &[usize], cluster: &[u32]) -> Result<Vec<Observation>> {
    let lengths = [entry.len(), exit.len(), cause.len(), cluster.len()];
    if lengths.iter().any(|length| *length != exit.len()) {
        return Err(Error::argument(
            format!("各列应一样长；长度为 {lengths:?}"),
            format!("the columns must be equally long; they have {lengths:?} values"),
        ));
    }
    let one = |at: usize| Observation { entry: entry[at], exit: exit[at], cause: cause[at], cluster: cluster[at] };
    Ok((0..exit.len()).map(one).collect())
}

/// Computes the curves of observations, with a summary.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "one for each option of the function in Python")]
pub(crate) fn survival_curve(
    py: Python<'_>,
    entry: Vec<f64>,
    exit: Vec<f64>,
    cause: Vec<usize>,
    cluster: Option<Vec<u32>>,
    causes: usize,
    interval: String,
    level: f64,
    horizon: Option<f64>,
) -> PyResult<(PyTable, PyTable)> {
    let (curve, summary) = run(py, None, move |_| {
        let variance = if cluster.is_some() { Variance::Organisation } else { Variance::Greenwood };
        let options = CurveOptions::default()
            .with_scale(Scale::from_name(&interval)?)
            .with_level(level)
            .with_variance(variance)
            .with_horizon(horizon);
        let cluster = cluster.unwrap_or_else(|| (0..exit.len() as u32).collect());
        let observations = observations(&entry, &exit, &cause, &cluster)?;
        let curve = survival::survival_curve(&observations, causes, &options)?;
        Ok((curve, survival::survival_summary(&observations, causes, &options)?))
    })?;
    Ok((table(vec![curve])?, table(vec![summary])?))
}

/// Compares groups of observations.
#[pyfunction]
pub(crate) fn log_rank(
    py: Python<'_>,
    group: Vec<usize>,
    groups: usize,
    entry: Vec<f64>,
    exit: Vec<f64>,
    event: Vec<bool>,
    cluster: Option<Vec<u32>>,
) -> PyResult<PyTable> {
    let made = run(py, None, move |_| {
        let cause: Vec<usize> = event.into_iter().map(usize::from).collect();
        let cluster = cluster.unwrap_or_else(|| (0..exit.len() as u32).collect());
        survival::log_rank_table(&group, groups, &observations(&entry, &exit, &cause, &cluster)?)
    })?;
    table(vec![made])
}
