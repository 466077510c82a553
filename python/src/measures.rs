//! What rates are made of and how they hold: breaks, changes explained, trees reconciled, printed figures tested.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use dangjian::dimension::Scope;
use dangjian::measure::{Annual, Bands, Rate};
use dangjian::published::{Printed, Published};
use dangjian::{Error, Result, annual, breaks, explain, published, reconcile};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyArray;

use crate::errors::raise;
use crate::roster::{Roster, definitions_of, unknown};
use crate::tables::table;

/// Rows picked by the caller: a flag for each row of the panel, in its order.
pub(crate) fn picked(rows: Option<AnyArray>) -> PyResult<Option<Vec<ArrayRef>>> {
    let chunks =
        |rows: AnyArray| rows.into_reader()?.collect::<std::result::Result<_, _>>().map_err(|e| raise(&e.into()));
    rows.map(chunks).transpose()
}

/// The rows and bands asked for.
pub(crate) fn scope(
    roster: &dangjian::Roster,
    by: Vec<String>,
    filter: Option<&str>,
    only: Option<Vec<ArrayRef>>,
    bands: Option<&Path>,
    years: Option<Vec<i16>>,
) -> Result<Scope> {
    let only = only.map(|chunks| by_frame(roster, &chunks)).transpose()?;
    let bands = bands.map(Bands::from_file).transpose()?;
    Ok(Scope { only, bands, ..crate::roster::scope(by, filter, years)? })
}

fn by_frame(roster: &dangjian::Roster, chunks: &[ArrayRef]) -> Result<Arc<[BooleanBuffer]>> {
    let flags: Vec<bool> = chunks
        .iter()
        .map(|chunk| chunk.as_boolean_opt())
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::argument("where 应给出是非列", "where has to give true or false"))?
        .into_iter()
        .flat_map(|chunk| chunk.iter().map(|flag| flag == Some(true)))
        .collect();
    let rows: usize = roster.frames().iter().map(dangjian::roster::Frame::rows).sum();
    if flags.len() != rows {
        return Err(Error::argument(
            format!("where 应对 {rows} 行各给一个是非，给了 {} 个", flags.len()),
            format!("where has to give an answer for each of {rows} rows, gave {}", flags.len()),
        ));
    }
    let mut start = 0;
    Ok(roster
        .frames()
        .iter()
        .map(|frame| {
            let part = flags[start..start + frame.rows()].iter().copied().collect();
            start += frame.rows();
            part
        })
        .collect())
}

/// The rates called `ids`, in all their versions; all rates where none is named.
pub(crate) fn rates_of(ids: Option<&[String]>, file: Option<&Path>) -> Result<Vec<Rate>> {
    let all = definitions_of(file, None)?.rates;
    let Some(ids) = ids else { return Ok(all) };
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

/// Where figures under one name are not comparable.
#[pyfunction]
#[pyo3(signature = (roster, *, rates=None, rates_file=None))]
pub(crate) fn breaks_of(
    py: Python<'_>,
    roster: &Roster,
    rates: Option<Vec<String>>,
    rates_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, _| breaks::breaks(roster, &rates_of(rates.as_deref(), rates_file.as_deref())?))
}

/// The organisations of a year that do not stand in all trees.
#[pyfunction]
pub(crate) fn reconcile_trees(py: Python<'_>, roster: &Roster, year: i16) -> PyResult<PyTable> {
    roster.one(py, move |roster, _| reconcile::reconcile(roster, year))
}

/// The totals of rates as each tree gives them.
#[pyfunction]
#[pyo3(signature = (roster, year, *, rates=None, rates_file=None))]
pub(crate) fn reconcile_totals(
    py: Python<'_>,
    roster: &Roster,
    year: i16,
    rates: Option<Vec<String>>,
    rates_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, _| {
        reconcile::reconcile_totals(roster, &rates_of(rates.as_deref(), rates_file.as_deref())?, year)
    })
}

/// Why a rate changed between two years.
#[pyfunction]
#[pyo3(signature = (roster, rate, earlier, later, by, *, rates_file=None, bands=None, filter=None, only=None))]
#[allow(clippy::too_many_arguments, reason = "one for each option of the method in Python")]
pub(crate) fn explain_change(
    py: Python<'_>,
    roster: &Roster,
    rate: String,
    earlier: i16,
    later: i16,
    by: Vec<String>,
    rates_file: Option<PathBuf>,
    bands: Option<PathBuf>,
    filter: Option<String>,
    only: Option<AnyArray>,
) -> PyResult<PyTable> {
    let only = picked(only)?;
    roster.one(py, move |roster, job| {
        let rates = rates_of(Some(&[rate]), rates_file.as_deref())?;
        let scope = scope(roster, by, filter.as_deref(), only, bands.as_deref(), None)?;
        explain::explain_change(roster, &rates, earlier, later, &scope, job)
    })
}

/// A number as Python hands it over: counted, or as printed.
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

/// Tests printed figures.
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

/// A table of the national annual report.
#[pyfunction]
#[pyo3(signature = (roster, table, year, *, tables_file=None))]
pub(crate) fn annual_table(
    py: Python<'_>,
    roster: &Roster,
    table: String,
    year: i16,
    tables_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        annual::annual_table(roster, &annual_of(tables_file.as_deref())?, &table, year, job)
    })
}

/// Whether the sums of such a table hold.
#[pyfunction]
#[pyo3(signature = (roster, table, year, *, tables_file=None))]
pub(crate) fn annual_checks(
    py: Python<'_>,
    roster: &Roster,
    table: String,
    year: i16,
    tables_file: Option<PathBuf>,
) -> PyResult<PyTable> {
    roster.one(py, move |roster, job| {
        annual::annual_checks(roster, &annual_of(tables_file.as_deref())?, &table, year, job)
    })
}
