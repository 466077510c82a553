//! The audit of formation, joint branches, readiness.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use dangjian::Result;
use dangjian::definition::FormationRules;
use dangjian::job::Job;
use dangjian::query::Scope;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::roster::Roster;
use crate::scope::Asked;

/// Reads the rules of a file layered over the shipped ones; the shipped rules without a file.
pub(crate) fn rules_of(file: Option<&Path>) -> Result<FormationRules> {
    file.map_or_else(FormationRules::shipped, FormationRules::from_file)
}

/// A statistic by the rules.
type Statistic = fn(&dangjian::Roster, &FormationRules, &Scope, &dyn Job) -> Result<RecordBatch>;

fn by(
    py: Python<'_>,
    roster: &Roster,
    rules: Option<PathBuf>,
    scope: Asked,
    statistic: Statistic,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| statistic(roster, &rules_of(rules.as_deref())?, scope, job))
}

/// Counts the audit's findings by dimensions.
#[pyfunction]
#[pyo3(signature = (roster, scope, *, rules=None))]
pub(crate) fn formation_audit(
    py: Python<'_>,
    roster: &Roster,
    scope: Asked,
    rules: Option<PathBuf>,
) -> PyResult<PyTable> {
    by(py, roster, rules, scope, dangjian::Roster::formation_audit)
}

/// Lists the organisations of a year's findings.
#[pyfunction]
#[pyo3(signature = (roster, year, scope, *, finding=None, rules=None))]
pub(crate) fn formation_audit_list(
    py: Python<'_>,
    roster: &Roster,
    year: i16,
    scope: Asked,
    finding: Option<String>,
    rules: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| {
        roster.formation_audit_list(&rules_of(rules.as_deref())?, finding.as_deref(), year, scope, job)
    })
}

/// Lists the joint branches of each year.
#[pyfunction]
#[pyo3(signature = (roster, scope, *, rules=None))]
pub(crate) fn joint_branches(
    py: Python<'_>,
    roster: &Roster,
    scope: Asked,
    rules: Option<PathBuf>,
) -> PyResult<PyTable> {
    by(py, roster, rules, scope, dangjian::Roster::joint_branches)
}

/// Counts joint branches by dimensions.
#[pyfunction]
#[pyo3(signature = (roster, scope, *, rules=None))]
pub(crate) fn joint_summary(
    py: Python<'_>,
    roster: &Roster,
    scope: Asked,
    rules: Option<PathBuf>,
) -> PyResult<PyTable> {
    by(py, roster, rules, scope, dangjian::Roster::joint_summary)
}

/// Counts those short of a step by dimensions, with their outcome in the next year.
#[pyfunction]
#[pyo3(signature = (roster, scope, *, short=1, rules=None))]
pub(crate) fn readiness(
    py: Python<'_>,
    roster: &Roster,
    scope: Asked,
    short: u32,
    rules: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| roster.readiness(&rules_of(rules.as_deref())?, short, scope, job))
}

/// Lists those of a year that are short of a step.
#[pyfunction]
#[pyo3(signature = (roster, year, scope, *, step=None, short=1, rules=None))]
pub(crate) fn readiness_list(
    py: Python<'_>,
    roster: &Roster,
    year: i16,
    scope: Asked,
    step: Option<String>,
    short: u32,
    rules: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| {
        roster.readiness_list(&rules_of(rules.as_deref())?, step.as_deref(), short, year, scope, job)
    })
}

/// Counts transitions between modes over a break in years.
#[pyfunction]
pub(crate) fn formation_returns(py: Python<'_>, roster: &Roster, scope: Asked) -> PyResult<PyTable> {
    roster.over(py, scope, dangjian::Roster::formation_returns)
}
