//! Rates and their checks: breaks, changes decomposed, trees reconciled, printed figures checked, annual tables.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::{Path, PathBuf};

use dangjian::Result;
use dangjian::analysis::rates::published;
use dangjian::analysis::rates::published::{Printed, Published};
use dangjian::definition::{Annual, Rate, Rates};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::errors::raise;
use crate::roster::{Roster, unknown};
use crate::scope::Asked;
use crate::tables::table;

/// Returns the rates called `ids`, in all their versions; all rates if `ids` is `None`.
pub(crate) fn rates_of(ids: Option<&[String]>, file: Option<&Path>) -> Result<Vec<Rate>> {
    let mut all = Rates::shipped()?;
    if let Some(path) = file {
        all = all.overridden_by(Rates::from_file(path)?)?;
    }
    let Some(ids) = ids else { return Ok(all.iter().cloned().collect()) };
    let mut found = Vec::new();
    for id in ids {
        let versions: Vec<Rate> = all.iter().filter(|rate| rate.id == *id).cloned().collect();
        if versions.is_empty() {
            return Err(unknown("rate", id, all.iter().map(|rate| &rate.id)));
        }
        found.extend(versions);
    }
    Ok(found)
}

/// Lists the breaks of rates.
#[pyfunction]
#[pyo3(signature = (roster, *, rates=None, rates_file=None))]
pub(crate) fn breaks_of(
    py: Python<'_>,
    roster: &Roster,
    rates: Option<Vec<String>>,
    rates_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, _| roster.breaks(&rates_of(rates.as_deref(), rates_file.as_deref())?))
}

/// Lists the organisations of a year that are missing from a tree.
#[pyfunction]
pub(crate) fn reconcile_trees(py: Python<'_>, roster: &Roster, year: i16, scope: Asked) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| roster.reconcile(year, scope, job))
}

/// Computes the totals of rates in each tree.
#[pyfunction]
#[pyo3(signature = (roster, year, scope, *, rates=None, rates_file=None))]
pub(crate) fn reconcile_totals(
    py: Python<'_>,
    roster: &Roster,
    year: i16,
    scope: Asked,
    rates: Option<Vec<String>>,
    rates_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| {
        roster.reconcile_totals(&rates_of(rates.as_deref(), rates_file.as_deref())?, year, scope, job)
    })
}

/// Decomposes the change of a rate between two years.
#[pyfunction]
#[pyo3(signature = (roster, rate, earlier, later, scope, *, rates_file=None))]
pub(crate) fn explain_change(
    py: Python<'_>,
    roster: &Roster,
    rate: String,
    earlier: i16,
    later: i16,
    scope: Asked,
    rates_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| {
        let rates = rates_of(Some(&[rate]), rates_file.as_deref())?;
        roster.explain_change(&rates, earlier, later, scope, job)
    })
}

/// A number from Python: counted, or as printed.
#[derive(FromPyObject)]
pub(crate) enum Number {
    Counted(u32),
    Printed(String),
}

impl Number {
    fn read(self) -> Result<Printed> {
        match self {
            Self::Counted(number) => Ok(Printed::counted(number)),
            Self::Printed(text) => Printed::parse(&text),
        }
    }
}

/// A figure: year, numerator, denominator, per cent.
type Figure = (Option<i16>, Option<Number>, Option<Number>, Option<Number>);

/// Checks printed figures.
#[pyfunction]
pub(crate) fn check_published(figures: Vec<Figure>) -> PyResult<PyTable> {
    let read = |number: Option<Number>| number.map(Number::read).transpose();
    let figure = |(year, numerator, denominator, percent): Figure| {
        Ok(Published { year, numerator: read(numerator)?, denominator: read(denominator)?, percent: read(percent)? })
    };
    let figures: Result<Vec<_>> = figures.into_iter().map(figure).collect();
    let checked = figures.and_then(|figures| published::check_published(&figures));
    table(vec![checked.map_err(|e| raise(&e))?])
}

fn annual_of(file: Option<&Path>) -> Result<Annual> {
    file.map_or_else(Annual::shipped, Annual::from_file)
}

/// Fills in a table of the national annual report.
#[pyfunction]
#[pyo3(signature = (roster, table, year, scope, *, tables_file=None))]
pub(crate) fn annual_table(
    py: Python<'_>,
    roster: &Roster,
    table: String,
    year: i16,
    scope: Asked,
    tables_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| {
        roster.annual_table(&annual_of(tables_file.as_deref())?, &table, year, scope, job)
    })
}

/// Checks the sums of a table of the national annual report.
#[pyfunction]
#[pyo3(signature = (roster, table, year, scope, *, tables_file=None))]
pub(crate) fn annual_checks(
    py: Python<'_>,
    roster: &Roster,
    table: String,
    year: i16,
    scope: Asked,
    tables_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.over(py, scope, move |roster, scope, job| {
        roster.annual_checks(&annual_of(tables_file.as_deref())?, &table, year, scope, job)
    })
}
