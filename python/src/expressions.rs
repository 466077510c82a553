//! Expressions over columns, and lookups of regions and codes that need no roster.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::sync::Arc;

use arrow::array::{ArrayRef, Int16Array, StringArray};
use arrow::datatypes::Field;
use dangjian::ingest;
use dangjian::ingest::{IndustryLevel, RegistrationPart};
use dangjian::standards::region;
use dangjian::standards::region::{RegionLevel, Resolution, Unit};
use dangjian::standards::registration::System;
use dangjian::{Error, Result};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyArray;
use pyo3_arrow::{PyChunkedArray, PyTable};

use crate::arrow_table::{columns_of, texts};
use crate::door::run;
use crate::errors::raise;

/// An expression evaluated on every value of a column; its arguments are checked on construction.
#[pyclass(frozen, module = "dangjian._native")]
pub(crate) struct Expression(ingest::Expression);

#[pymethods]
impl Expression {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python, each of some expressions")]
    #[pyo3(signature = (name, *, column=None, factor=1.0, year=None, of_year=None, level=None, system=None, part=None))]
    fn new(
        name: &str,
        column: Option<&str>,
        factor: f64,
        year: Option<i16>,
        of_year: Option<i16>,
        level: Option<&str>,
        system: Option<&str>,
        part: Option<&str>,
    ) -> PyResult<Self> {
        let region = || -> Result<ingest::RegionLookup> {
            Ok(ingest::RegionLookup {
                year: year.map(recorded).transpose()?,
                of_year: of_year.map(recorded).transpose()?,
                level: level.map(RegionLevel::from_name).transpose()?,
            })
        };
        let made = || -> Result<ingest::Expression> {
            use ingest::Expression as E;
            Ok(match name {
                "uscc_status" => E::UsccStatus,
                "uscc_check" => E::UsccCheck,
                "organisation_code" => E::OrganisationCode,
                "region" => E::Region(region()?),
                "region_name" => E::RegionName(region()?),
                "region_status" => E::RegionStatus(region()?),
                "industry" => E::Industry(level.map_or(Ok(IndustryLevel::Division), IndustryLevel::from_name)?),
                "registration_type" => E::RegistrationType(
                    system.map(System::from_name).transpose()?,
                    part.map_or(Ok(RegistrationPart::Number), RegistrationPart::from_name)?,
                ),
                "word" => E::word(column.unwrap_or_default())?,
                "problem" => E::problem(column.unwrap_or_default(), factor)?,
                _ => E::value(column.unwrap_or_default(), factor)?,
            })
        };
        made().map(Self).map_err(|e| raise(&e))
    }

    /// Returns the words that answers are drawn from, in which case answers are positions; `None` for free answers.
    #[getter]
    fn words(&self) -> Option<Vec<&'static str>> {
        self.0.words()
    }

    /// Evaluates the expression on a column.
    fn evaluate(&self, py: Python<'_>, data: AnyArray) -> PyResult<PyChunkedArray> {
        let chunks: Vec<ArrayRef> =
            data.into_reader()?.collect::<std::result::Result<_, _>>().map_err(|e| raise(&e.into()))?;
        let expression = self.0.clone();
        let answers = run(py, None, move |job| expression.evaluate(&chunks, job))?;
        PyChunkedArray::try_new(answers, Arc::new(Field::new("", self.0.data_type(), true)))
    }
}

/// Checks that a year lies within the record of regions.
fn recorded(year: i16) -> Result<i16> {
    let (first, last) = (region::FIRST_YEAR, region::LAST_YEAR);
    if (first..=last).contains(&year) {
        return Ok(year);
    }
    Err(Error::argument(
        format!("行政区划只有 {first}–{last} 年的记录，给的是 {year} 年"),
        format!("the record of regions goes from {first} to {last}, got {year}"),
    ))
}

/// Lists the regions of a level in force in a year.
#[pyfunction]
pub(crate) fn regions(year: i16, level: &str) -> PyResult<PyTable> {
    let units = recorded(year)
        .and_then(|year| Ok(region::in_force(year, RegionLevel::from_name(level)?)))
        .map_err(|e| raise(&e))?;
    texts(vec![
        ("code", units.iter().map(|(u, _)| Some(u.code.to_owned())).collect()),
        ("name", units.iter().map(|(u, _)| Some(u.name.to_owned())).collect()),
        ("parent", units.iter().map(|(_, parent)| parent.map(str::to_owned)).collect()),
    ])
}

/// Resolves regions of one year in another: a row for each region that a resolution names.
#[pyfunction]
pub(crate) fn resolve_regions(written: Vec<String>, of_year: Option<i16>, year: i16) -> PyResult<PyTable> {
    of_year.map(recorded).transpose().and_then(|_| recorded(year)).map_err(|e| raise(&e))?;
    let mut rows: Vec<Row<'_>> = Vec::new();
    for text in &written {
        let found = region::resolve(text, of_year, year);
        let status = found.name();
        let mut push = |role, unit, year| rows.push(Row { written: text, status, region: Some((role, unit)), year });
        match found {
            Resolution::Same(unit) | Resolution::Renamed(unit) | Resolution::Recoded(unit) => push("unit", unit, None),
            Resolution::Merged { into, with } => {
                push("unit", into, None);
                for unit in with {
                    push("with", unit, None);
                }
            }
            Resolution::Split { parts: units } | Resolution::Ambiguous(units) => {
                let role = if status == "split" { "part" } else { "candidate" };
                for unit in units {
                    push(role, unit, None);
                }
            }
            Resolution::Abolished { last, year } => push("last", last, Some(year)),
            Resolution::NotYet { first, year } => push("first", first, Some(year)),
            Resolution::NotInForce { unit, from, .. } => push("holder", unit, Some(from)),
            Resolution::Unknown => rows.push(Row { written: text, status, region: None, year: None }),
        }
    }
    let text = |value: &dyn Fn(&Row<'_>) -> Option<&'static str>| -> ArrayRef {
        Arc::new(rows.iter().map(value).collect::<StringArray>())
    };
    columns_of(vec![
        ("written", Arc::new(rows.iter().map(|r| Some(r.written)).collect::<StringArray>())),
        ("status", text(&|r| Some(r.status))),
        ("role", text(&|r| r.region.map(|(role, _)| role))),
        ("code", text(&|r| r.region.map(|(_, unit)| unit.code))),
        ("name", text(&|r| r.region.map(|(_, unit)| unit.name))),
        ("level", text(&|r| r.region.map(|(_, unit)| unit.level.name()))),
        ("year", Arc::new(rows.iter().map(|r| r.year).collect::<Int16Array>())),
    ])
}

/// A region named by a resolution, with its role.
struct Row<'a> {
    written: &'a str,
    status: &'static str,
    region: Option<(&'static str, Unit)>,
    year: Option<i16>,
}

/// Returns the possible originals of a code that a spreadsheet rounded.
#[pyfunction]
pub(crate) fn uscc_completions(known: &str) -> Vec<String> {
    dangjian::standards::uscc::completions(known)
}
