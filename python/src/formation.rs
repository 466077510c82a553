//! Formation: modes, the mode needed, the audit, joint branches, readiness.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use arrow::array::RecordBatch;
use dangjian::{FormationRules, Job, Result, Scope};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::definitions::rules_of;
use crate::roster::Roster;
use crate::scope::ScopeRequest;

/// A statistic by the rules.
type Statistic = fn(&dangjian::Roster, &FormationRules, &Scope, &dyn Job) -> Result<RecordBatch>;

impl Roster {
    fn by_rules(
        &self,
        py: Python<'_>,
        rules: Option<PathBuf>,
        scope: ScopeRequest,
        statistic: Statistic,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (rules, scope) = rules_of(rules.as_deref(), scope)?;
            statistic(roster, &rules, &scope, job)
        })
    }
}

#[pymethods]
impl Roster {
    fn formation(&self, py: Python<'_>, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, dangjian::Roster::formation)
    }

    #[pyo3(signature = (scope, *, rules=None))]
    fn formation_need(&self, py: Python<'_>, scope: ScopeRequest, rules: Option<PathBuf>) -> PyResult<PyTable> {
        self.by_rules(py, rules, scope, dangjian::Roster::formation_need)
    }

    fn formation_moves(&self, py: Python<'_>, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, dangjian::Roster::formation_transitions)
    }

    /// Counts the audit's findings by dimensions.
    #[pyo3(signature = (scope, *, rules=None))]
    fn formation_audit(&self, py: Python<'_>, scope: ScopeRequest, rules: Option<PathBuf>) -> PyResult<PyTable> {
        self.by_rules(py, rules, scope, dangjian::Roster::formation_audit)
    }

    /// Lists the organisations of a year's findings.
    #[pyo3(signature = (year, scope, *, finding=None, rules=None))]
    fn formation_audit_list(
        &self,
        py: Python<'_>,
        year: i16,
        scope: ScopeRequest,
        finding: Option<String>,
        rules: Option<PathBuf>,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (rules, scope) = rules_of(rules.as_deref(), scope)?;
            roster.formation_audit_list(&rules, finding.as_deref(), year, &scope, job)
        })
    }

    /// Lists the joint branches of each year.
    #[pyo3(signature = (scope, *, rules=None))]
    fn joint_branches(&self, py: Python<'_>, scope: ScopeRequest, rules: Option<PathBuf>) -> PyResult<PyTable> {
        self.by_rules(py, rules, scope, dangjian::Roster::joint_branches)
    }

    /// Counts joint branches by dimensions.
    #[pyo3(signature = (scope, *, rules=None))]
    fn joint_summary(&self, py: Python<'_>, scope: ScopeRequest, rules: Option<PathBuf>) -> PyResult<PyTable> {
        self.by_rules(py, rules, scope, dangjian::Roster::joint_summary)
    }

    /// Counts those short of a step by dimensions, with their outcome in the next year.
    #[pyo3(signature = (scope, *, short=1, rules=None))]
    fn readiness(&self, py: Python<'_>, scope: ScopeRequest, short: u32, rules: Option<PathBuf>) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (rules, scope) = rules_of(rules.as_deref(), scope)?;
            roster.readiness(&rules, short, &scope, job)
        })
    }

    /// Lists those of a year that are short of a step.
    #[pyo3(signature = (year, scope, *, step=None, short=1, rules=None))]
    fn readiness_list(
        &self,
        py: Python<'_>,
        year: i16,
        scope: ScopeRequest,
        step: Option<String>,
        short: u32,
        rules: Option<PathBuf>,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (rules, scope) = rules_of(rules.as_deref(), scope)?;
            roster.readiness_list(&rules, step.as_deref(), short, year, &scope, job)
        })
    }

    /// Counts transitions between modes over a break in years.
    fn formation_returns(&self, py: Python<'_>, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, dangjian::Roster::formation_returns)
    }
}
