//! Targets: results, gaps, series over years, counts of gaps by group, pace.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use arrow::array::RecordBatch;
use dangjian::Result;
use dangjian::definition::{Target, Targets};
use dangjian::job::Job;
use dangjian::query::Scope;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::roster::Roster;
use crate::scope::Asked;

/// A selection of targets: from a file or the shipped ones, optionally restricted to the ones named.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Set {
    targets: Option<Vec<String>>,
    targets_file: Option<PathBuf>,
}

impl Set {
    fn targets(&self) -> Result<Vec<Target>> {
        let all = self.targets_file.as_deref().map_or_else(Targets::shipped, Targets::from_file)?;
        let ids = self.targets.as_deref();
        for id in ids.into_iter().flatten() {
            all.get(id)?;
        }
        Ok(all.iter().filter(|target| ids.is_none_or(|ids| ids.contains(&target.rate.id))).cloned().collect())
    }
}

/// A statistic of targets.
type Statistic = fn(&dangjian::Roster, &[Target], &Scope, &dyn Job) -> Result<RecordBatch>;

fn of(py: Python<'_>, roster: &Roster, set: Set, scope: Asked, statistic: Statistic) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| statistic(roster, &set.targets()?, scope, job))
}

/// Computes the targets by dimensions.
#[pyfunction]
pub(crate) fn targets(py: Python<'_>, roster: &Roster, set: Set, scope: Asked) -> PyResult<PyTable> {
    of(py, roster, set, scope, dangjian::Roster::targets)
}

/// Computes every target in every year.
#[pyfunction]
pub(crate) fn targets_series(py: Python<'_>, roster: &Roster, set: Set, scope: Asked) -> PyResult<PyTable> {
    of(py, roster, set, scope, dangjian::Roster::targets_series)
}

/// Counts the gaps of each target by dimensions.
#[pyfunction]
pub(crate) fn gap_counts(py: Python<'_>, roster: &Roster, set: Set, scope: Asked) -> PyResult<PyTable> {
    of(py, roster, set, scope, dangjian::Roster::gap_counts)
}

/// Reports each target's progress and projects whether the pace so far is enough.
#[pyfunction]
#[pyo3(signature = (roster, year, set, scope, *, deadline=None))]
pub(crate) fn targets_pace(
    py: Python<'_>,
    roster: &Roster,
    year: i16,
    set: Set,
    scope: Asked,
    deadline: Option<i16>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| roster.targets_pace(&set.targets()?, year, deadline, scope, job))
}

/// Lists the organisations missing from a target.
#[pyfunction]
#[pyo3(signature = (roster, target, year, scope, *, targets_file=None))]
pub(crate) fn gaps(
    py: Python<'_>,
    roster: &Roster,
    target: String,
    year: i16,
    scope: Asked,
    targets_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| {
        let set = targets_file.as_deref().map_or_else(Targets::shipped, Targets::from_file)?;
        let target = set.get_in(&target, year)?;
        target.check(roster)?;
        roster.gaps(target, year, scope, job)
    })
}
