//! Targets: results, gaps, series over years, counts of gaps by group, pace.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use arrow::array::RecordBatch;
use dangjian::{Job, Result, Scope, Target};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::definitions::{targets_in, targets_of};
use crate::roster::Roster;
use crate::scope::ScopeRequest;

/// A selection of targets: from a file or the shipped ones, optionally restricted to the ones named.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct TargetSet {
    targets: Option<Vec<String>>,
    targets_file: Option<PathBuf>,
}

impl TargetSet {
    fn targets(&self, scope: &Scope) -> Result<(Vec<Target>, Scope)> {
        targets_of(self.targets.as_deref(), self.targets_file.as_deref(), scope)
    }
}

/// A statistic of targets.
type Statistic = fn(&dangjian::Roster, &[Target], &Scope, &dyn Job) -> Result<RecordBatch>;

impl Roster {
    fn by_targets(
        &self,
        py: Python<'_>,
        set: TargetSet,
        scope: ScopeRequest,
        statistic: Statistic,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (targets, scope) = set.targets(scope)?;
            statistic(roster, &targets, &scope, job)
        })
    }
}

#[pymethods]
impl Roster {
    /// Computes the targets by dimensions.
    fn targets(&self, py: Python<'_>, set: TargetSet, scope: ScopeRequest) -> PyResult<PyTable> {
        self.by_targets(py, set, scope, dangjian::Roster::targets)
    }

    /// Computes every target in every year.
    fn targets_series(&self, py: Python<'_>, set: TargetSet, scope: ScopeRequest) -> PyResult<PyTable> {
        self.by_targets(py, set, scope, dangjian::Roster::targets_series)
    }

    /// Counts the gaps of each target by dimensions.
    fn gap_counts(&self, py: Python<'_>, set: TargetSet, scope: ScopeRequest) -> PyResult<PyTable> {
        self.by_targets(py, set, scope, dangjian::Roster::gap_counts)
    }

    /// Reports each target's progress and projects whether the pace so far is enough.
    #[pyo3(signature = (year, set, scope, *, deadline=None))]
    fn targets_pace(
        &self,
        py: Python<'_>,
        year: i16,
        set: TargetSet,
        scope: ScopeRequest,
        deadline: Option<i16>,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (targets, scope) = set.targets(scope)?;
            roster.targets_pace(&targets, year, deadline, &scope, job)
        })
    }

    /// Lists the organisations missing from a target.
    #[pyo3(signature = (target, year, scope, *, targets_file=None))]
    fn gaps(
        &self,
        py: Python<'_>,
        target: String,
        year: i16,
        scope: ScopeRequest,
        targets_file: Option<PathBuf>,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (all, scope) = targets_in(targets_file.as_deref(), scope)?;
            let target = all.get_in(&target, year)?;
            target.check(roster)?;
            roster.gaps(target, year, &scope, job)
        })
    }
}
