//! Targets through the years, by place, and their pace.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::{Path, PathBuf};

use dangjian::measure::{Target, Targets};
use dangjian::{Result, targets};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::roster::{Roster, scope};

/// The targets of a file, or the shipped ones; those called `ids` where given.
pub(crate) fn set_of(file: Option<&Path>, ids: Option<&[String]>) -> Result<Vec<Target>> {
    let all = file.map_or_else(Targets::shipped, Targets::from_file)?;
    for id in ids.into_iter().flatten() {
        all.get(id)?;
    }
    Ok(all.iter().filter(|target| ids.is_none_or(|ids| ids.contains(&target.rate.id))).cloned().collect())
}

/// Every target in every year.
#[pyfunction]
#[pyo3(signature = (roster, by, *, targets=None, targets_file=None, filter=None, years=None))]
pub(crate) fn targets_series(
    py: Python<'_>,
    roster: &Roster,
    by: Vec<String>,
    targets: Option<Vec<String>>,
    targets_file: Option<PathBuf>,
    filter: Option<String>,
    years: Option<Vec<i16>>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        let set = set_of(targets_file.as_deref(), targets.as_deref())?;
        targets::targets_series(roster, &set, &scope(by, filter.as_deref(), years)?, job)
    })
}

/// How many are missing from each target, by dimensions.
#[pyfunction]
#[pyo3(signature = (roster, by, *, targets=None, targets_file=None, filter=None, years=None))]
pub(crate) fn gap_counts(
    py: Python<'_>,
    roster: &Roster,
    by: Vec<String>,
    targets: Option<Vec<String>>,
    targets_file: Option<PathBuf>,
    filter: Option<String>,
    years: Option<Vec<i16>>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        let set = set_of(targets_file.as_deref(), targets.as_deref())?;
        targets::gap_counts(roster, &set, &scope(by, filter.as_deref(), years)?, job)
    })
}

/// Where each target stands, and whether the pace so far is enough.
#[pyfunction]
#[pyo3(signature = (roster, year, by, *, deadline=None, targets=None, targets_file=None, filter=None))]
#[allow(clippy::too_many_arguments, reason = "one for each option of the method in Python")]
pub(crate) fn targets_pace(
    py: Python<'_>,
    roster: &Roster,
    year: i16,
    by: Vec<String>,
    deadline: Option<i16>,
    targets: Option<Vec<String>>,
    targets_file: Option<PathBuf>,
    filter: Option<String>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        let set = set_of(targets_file.as_deref(), targets.as_deref())?;
        targets::targets_pace(roster, &set, year, deadline, &scope(by, filter.as_deref(), None)?, job)
    })
}
