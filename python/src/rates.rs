//! Rates and their checks: breaks, changes decomposed, trees reconciled, printed figures checked, annual tables.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use dangjian::analysis::rates::published;
use dangjian::analysis::rates::published::{Printed, Published};
use dangjian::{Result, Scope};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::arrow_table::table;
use crate::definitions::{annual_of, rates_of};
use crate::errors::raise;
use crate::roster::Roster;
use crate::scope::ScopeRequest;

#[pymethods]
impl Roster {
    /// Lists the breaks of rates.
    #[pyo3(signature = (*, rates=None, rates_file=None))]
    fn breaks(&self, py: Python<'_>, rates: Option<Vec<String>>, rates_file: Option<PathBuf>) -> PyResult<PyTable> {
        let scope = Scope::default().conditions(self.2.clone());
        self.one(py, move |roster, _| roster.breaks(&rates_of(rates.as_deref(), rates_file.as_deref(), &scope)?.0))
    }

    /// Lists the organisations of a year that are missing from a tree.
    fn reconcile(&self, py: Python<'_>, year: i16, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| roster.reconcile(year, scope, job))
    }

    /// Computes the totals of rates in each tree.
    #[pyo3(signature = (year, scope, *, rates=None, rates_file=None))]
    fn reconcile_totals(
        &self,
        py: Python<'_>,
        year: i16,
        scope: ScopeRequest,
        rates: Option<Vec<String>>,
        rates_file: Option<PathBuf>,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (rates, scope) = rates_of(rates.as_deref(), rates_file.as_deref(), scope)?;
            roster.reconcile_totals(&rates, year, &scope, job)
        })
    }

    /// Decomposes the change of a rate between two years.
    #[pyo3(signature = (rate, earlier, later, scope, *, rates_file=None))]
    fn explain_change(
        &self,
        py: Python<'_>,
        rate: String,
        earlier: i16,
        later: i16,
        scope: ScopeRequest,
        rates_file: Option<PathBuf>,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (rates, scope) = rates_of(Some(&[rate]), rates_file.as_deref(), scope)?;
            roster.explain_change(&rates, earlier, later, &scope, job)
        })
    }

    /// Fills in a table of the national annual report.
    #[pyo3(signature = (table, year, scope, *, tables_file=None))]
    fn annual_table(
        &self,
        py: Python<'_>,
        table: String,
        year: i16,
        scope: ScopeRequest,
        tables_file: Option<PathBuf>,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (tables, scope) = annual_of(tables_file.as_deref(), scope)?;
            roster.annual_table(&tables, &table, year, &scope, job)
        })
    }

    /// Checks the sums of a table of the national annual report.
    #[pyo3(signature = (table, year, scope, *, tables_file=None))]
    fn annual_checks(
        &self,
        py: Python<'_>,
        table: String,
        year: i16,
        scope: ScopeRequest,
        tables_file: Option<PathBuf>,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let (tables, scope) = annual_of(tables_file.as_deref(), scope)?;
            roster.annual_checks(&tables, &table, year, &scope, job)
        })
    }
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
