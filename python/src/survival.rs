//! Survival at or above a star level; curves and comparisons of arrays.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use dangjian::analysis::trend::survival;
use dangjian::analysis::trend::survival::{Entry, Options, Scale, Variance, Watched};
use dangjian::definition::Counts;
use dangjian::{Error, Result};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow_table::table;
use crate::door::run;
use crate::roster::Roster;
use crate::scope::ScopeRequest;

/// Options of a study of spells, from Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Said {
    at_least: f64,
    counts: String,
    entry: String,
    recurrent: bool,
    interval: String,
    level: f64,
    variance: String,
    horizon: Option<f64>,
}

impl Said {
    fn options(&self) -> Result<Options> {
        Ok(Options {
            at_least: self.at_least,
            counts: Counts::from_name(&self.counts)?,
            entry: Entry::from_name(&self.entry)?,
            recurrent: self.recurrent,
            scale: Scale::from_name(&self.interval)?,
            level: self.level,
            variance: Variance::from_name(&self.variance)?,
            horizon: self.horizon,
        })
    }
}

/// Computes the survival curves.
#[pyfunction]
pub(crate) fn star_survival(py: Python<'_>, roster: &Roster, options: Said, rows: ScopeRequest) -> PyResult<PyTable> {
    roster.over(py, rows, move |roster, scope, job| survival::star_survival(roster, &options.options()?, scope, job))
}

/// Summarises the survival curves.
#[pyfunction]
pub(crate) fn star_survival_summary(
    py: Python<'_>,
    roster: &Roster,
    options: Said,
    rows: ScopeRequest,
) -> PyResult<PyTable> {
    roster.over(py, rows, move |roster, scope, job| {
        survival::star_survival_summary(roster, &options.options()?, scope, job)
    })
}

/// Compares the survival of groups by log-rank tests.
#[pyfunction]
pub(crate) fn star_logrank(
    py: Python<'_>,
    roster: &Roster,
    of: String,
    options: Said,
    rows: ScopeRequest,
) -> PyResult<PyTable> {
    roster
        .over(py, rows, move |roster, scope, job| survival::star_logrank(roster, &options.options()?, &of, scope, job))
}

/// Lists the spells, one per row.
#[pyfunction]
pub(crate) fn star_spells(py: Python<'_>, roster: &Roster, options: Said, rows: ScopeRequest) -> PyResult<PyTable> {
    roster.over(py, rows, move |roster, scope, job| survival::star_spells(roster, &options.options()?, scope, job))
}

/// Builds observations from columns of equal length.
fn watched(entry: &[f64], exit: &[f64], cause: &[usize], cluster: &[u32]) -> Result<Vec<Watched>> {
    let lengths = [entry.len(), exit.len(), cause.len(), cluster.len()];
    if lengths.iter().any(|length| *length != exit.len()) {
        return Err(Error::argument(
            format!("各列应一样长；长度为 {lengths:?}"),
            format!("the columns must be equally long; they have {lengths:?} values"),
        ));
    }
    let one = |at: usize| Watched { entry: entry[at], exit: exit[at], cause: cause[at], cluster: cluster[at] };
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
        let options = Options { scale: Scale::from_name(&interval)?, level, variance, horizon, ..Options::default() };
        let cluster = cluster.unwrap_or_else(|| (0..exit.len() as u32).collect());
        let watched = watched(&entry, &exit, &cause, &cluster)?;
        Ok((survival::curve_of(&watched, causes, &options)?, survival::summary_of(&watched, causes, &options)?))
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
        survival::compare(&group, groups, &watched(&entry, &exit, &cause, &cluster)?)
    })?;
    table(vec![made])
}
