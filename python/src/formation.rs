//! The audit of formation, joint branches, readiness.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::{Path, PathBuf};

use dangjian::Result;
use dangjian::formation;
use dangjian::measure::{FormationRules, Predicate};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::roster::{Roster, scope};

/// The rules of a file over the shipped ones.
pub(crate) fn rules_of(file: Option<&Path>) -> Result<FormationRules> {
    file.map_or_else(FormationRules::shipped, FormationRules::from_file)
}

fn condition(filter: Option<&str>) -> Result<Option<Predicate>> {
    filter.map(Predicate::parse).transpose()
}

/// What the audit finds, by dimensions.
#[pyfunction]
#[pyo3(signature = (roster, by, *, rules=None, filter=None, years=None))]
pub(crate) fn formation_audit(
    py: Python<'_>,
    roster: &Roster,
    by: Vec<String>,
    rules: Option<PathBuf>,
    filter: Option<String>,
    years: Option<Vec<i16>>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        let rules = rules_of(rules.as_deref())?;
        formation::formation_audit(roster, &rules, &scope(by, filter.as_deref(), years)?, job)
    })
}

/// The organisations behind the findings of a year.
#[pyfunction]
#[pyo3(signature = (roster, year, *, finding=None, rules=None, filter=None))]
pub(crate) fn formation_audit_list(
    py: Python<'_>,
    roster: &Roster,
    year: i16,
    finding: Option<String>,
    rules: Option<PathBuf>,
    filter: Option<String>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, _| {
        let (rules, filter) = (rules_of(rules.as_deref())?, condition(filter.as_deref())?);
        formation::formation_audit_list(roster, &rules, year, finding.as_deref(), filter.as_ref())
    })
}

/// The joint branches of each year.
#[pyfunction]
#[pyo3(signature = (roster, *, rules=None, filter=None, years=None))]
pub(crate) fn joint_branches(
    py: Python<'_>,
    roster: &Roster,
    rules: Option<PathBuf>,
    filter: Option<String>,
    years: Option<Vec<i16>>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        let rules = rules_of(rules.as_deref())?;
        formation::joint_branches(roster, &rules, &scope(Vec::new(), filter.as_deref(), years)?, job)
    })
}

/// Joint branches by dimensions.
#[pyfunction]
#[pyo3(signature = (roster, by, *, rules=None, filter=None, years=None))]
pub(crate) fn joint_summary(
    py: Python<'_>,
    roster: &Roster,
    by: Vec<String>,
    rules: Option<PathBuf>,
    filter: Option<String>,
    years: Option<Vec<i16>>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        let rules = rules_of(rules.as_deref())?;
        formation::joint_summary(roster, &rules, &scope(by, filter.as_deref(), years)?, job)
    })
}

/// Those short of a step, by dimensions, and what became of them.
#[pyfunction]
#[pyo3(signature = (roster, by, *, short=1, rules=None, filter=None, years=None))]
pub(crate) fn readiness(
    py: Python<'_>,
    roster: &Roster,
    by: Vec<String>,
    short: u32,
    rules: Option<PathBuf>,
    filter: Option<String>,
    years: Option<Vec<i16>>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        let rules = rules_of(rules.as_deref())?;
        formation::readiness(roster, &rules, short, &scope(by, filter.as_deref(), years)?, job)
    })
}

/// Those of a year that are short of a step.
#[pyfunction]
#[pyo3(signature = (roster, year, *, step=None, short=1, rules=None, filter=None))]
pub(crate) fn readiness_list(
    py: Python<'_>,
    roster: &Roster,
    year: i16,
    step: Option<String>,
    short: u32,
    rules: Option<PathBuf>,
    filter: Option<String>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, _| {
        let (rules, filter) = (rules_of(rules.as_deref())?, condition(filter.as_deref())?);
        formation::readiness_list(roster, &rules, short, year, step.as_deref(), filter.as_ref())
    })
}

/// Moves between modes over a gap.
#[pyfunction]
#[pyo3(signature = (roster, by, *, filter=None, years=None))]
pub(crate) fn formation_returns(
    py: Python<'_>,
    roster: &Roster,
    by: Vec<String>,
    filter: Option<String>,
    years: Option<Vec<i16>>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| formation::formation_returns(roster, &scope(by, filter.as_deref(), years)?, job))
}
