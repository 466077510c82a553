//! Star rating: schemes, ratings, sensitivity, judges.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::sync::Arc;

use arrow::array::RecordBatch;
use dangjian::analysis::stars;
use dangjian::analysis::stars::{Previous, RatingOptions, Scheme};
use dangjian::job::Job;
use dangjian::{Error, Result};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::arrow_table::table;
use crate::door::run;
use crate::errors::raise;
use crate::roster::Roster;

/// Returns the batches of a table passed from Python.
fn batches(data: AnyRecordBatch) -> PyResult<Vec<RecordBatch>> {
    let reader = data.into_reader()?;
    reader.collect::<std::result::Result<_, _>>().map_err(|e| raise(&e.into()))
}

/// The stars of the previous round: a table, or the word `none`.
#[derive(FromPyObject)]
pub(crate) enum Before {
    Word(String),
    Table(AnyRecordBatch),
}

/// Rating options from Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct RatingArgument {
    year: Option<i16>,
    judge: Option<String>,
    events: Option<AnyRecordBatch>,
    previous: Option<Before>,
}

impl RatingArgument {
    fn options(self, scheme: &Scheme) -> PyResult<RatingOptions> {
        let previous = match self.previous {
            None => Previous::Ledgers,
            Some(Before::Word(word)) if word == "none" => Previous::FirstRound,
            Some(Before::Word(word)) => {
                return Err(raise(&Error::argument(
                    format!("previous 写的是“{word}”；应为上轮星级的表，或 \"none\"（第一轮）"),
                    format!("previous is '{word}': expected a table of stars, or \"none\" for a first round"),
                )));
            }
            Some(Before::Table(data)) => Previous::from_table(&batches(data)?, scheme).map_err(|e| raise(&e))?,
        };
        let mut options = RatingOptions::default().with_year(self.year).with_previous(previous);
        if let Some(judge) = self.judge {
            options = options.with_judge(judge);
        }
        if let Some(events) = self.events {
            options = options.with_events(batches(events)?);
        }
        Ok(options)
    }
}

/// A rating.
#[pyclass(frozen, module = "dangjian._native")]
pub(crate) struct Rating(Arc<stars::Rating>);

impl Rating {
    fn one(
        &self,
        py: Python<'_>,
        make: impl FnOnce(&stars::Rating, &dyn Job) -> Result<RecordBatch> + Send + 'static,
    ) -> PyResult<PyTable> {
        let rating = Arc::clone(&self.0);
        table(vec![run(py, None, move |job| make(&rating, job))?])
    }
}

#[pymethods]
impl Rating {
    #[getter]
    fn scheme(&self) -> String {
        self.0.scheme().id().to_owned()
    }

    #[getter]
    fn has_plaques(&self) -> bool {
        self.0.scheme().has_plaques()
    }

    #[getter]
    fn label(&self) -> (String, String) {
        let label = self.0.scheme().label();
        (label.zh.clone(), label.en.clone())
    }

    #[getter]
    fn years(&self) -> Vec<i16> {
        self.0.years()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn stars(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.table())
    }

    fn select(&self, py: Python<'_>, columns: Vec<String>) -> PyResult<PyTable> {
        self.one(py, move |rating, _| rating.select(&columns.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    fn reasons(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.reasons())
    }

    fn trail(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.trail())
    }

    fn summary(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.summary())
    }

    fn quotas(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.quotas())
    }

    fn goals(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.goals())
    }

    fn needed(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.needed())
    }

    fn plaques(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.plaques())
    }

    fn problems(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.problems())
    }

    fn notes(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, |rating, _| rating.notes())
    }

    fn counts(&self, py: Python<'_>, by: Vec<String>) -> PyResult<PyTable> {
        self.one(py, move |rating, _| rating.counts(&by))
    }

    #[pyo3(signature = (thresholds, *, stars=None))]
    fn sensitivity(&self, py: Python<'_>, thresholds: Vec<f64>, stars: Option<f64>) -> PyResult<PyTable> {
        self.one(py, move |rating, job| rating.sensitivity(stars, &thresholds, job))
    }

    fn compare(&self, py: Python<'_>, other: &Self, by: Vec<String>) -> PyResult<PyTable> {
        let other = Arc::clone(&other.0);
        self.one(py, move |rating, _| rating.compare_schemes(&other, &by))
    }

    fn compare_list(&self, py: Python<'_>, other: &Self) -> PyResult<PyTable> {
        let other = Arc::clone(&other.0);
        self.one(py, move |rating, _| rating.compare_schemes_list(&other))
    }
}

/// The scores of several judges.
#[pyclass(frozen, module = "dangjian._native")]
pub(crate) struct Judges(Arc<stars::Judges>);

impl Judges {
    fn one(
        &self,
        py: Python<'_>,
        make: impl FnOnce(&stars::Judges) -> Result<RecordBatch> + Send + 'static,
    ) -> PyResult<PyTable> {
        let judges = Arc::clone(&self.0);
        table(vec![run(py, None, move |_| make(&judges))?])
    }
}

#[pymethods]
impl Judges {
    fn agreement(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, stars::Judges::agreement)
    }

    fn offices(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, stars::Judges::offices)
    }

    fn outliers(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, stars::Judges::outliers)
    }

    fn forms(&self, py: Python<'_>) -> PyResult<PyTable> {
        self.one(py, stars::Judges::forms)
    }
}

#[pymethods]
impl Roster {
    /// Rates a table of scores by a scheme.
    fn rate_stars(
        &self,
        py: Python<'_>,
        scheme: String,
        scores: AnyRecordBatch,
        options: RatingArgument,
    ) -> PyResult<Rating> {
        let scheme =
            Scheme::named(&scheme).and_then(|scheme| scheme.with_conditions(&self.2)).map_err(|e| raise(&e))?;
        let (scores, options) = (batches(scores)?, options.options(&scheme)?);
        let roster = self.0.clone();
        let rating = run(py, None, move |job| roster.rate_stars(&scores, scheme, &options, job))?;
        Ok(Rating(Arc::new(rating)))
    }

    /// Reads the scores of all judges.
    #[pyo3(signature = (scheme, scores, *, year=None))]
    fn star_judges(
        &self,
        py: Python<'_>,
        scheme: String,
        scores: AnyRecordBatch,
        year: Option<i16>,
    ) -> PyResult<Judges> {
        let scheme =
            Scheme::named(&scheme).and_then(|scheme| scheme.with_conditions(&self.2)).map_err(|e| raise(&e))?;
        let (roster, scores) = (self.0.clone(), batches(scores)?);
        let judges = run(py, None, move |job| roster.star_judges(&scores, scheme, year, job))?;
        Ok(Judges(Arc::new(judges)))
    }
}

/// Lists schemes as a table: the ones named, or the shipped ones.
#[pyfunction]
#[pyo3(signature = (named=None))]
pub(crate) fn star_schemes(named: Option<Vec<String>>) -> PyResult<PyTable> {
    let made = || -> Result<RecordBatch> {
        let schemes = match named {
            Some(named) => named.iter().map(|name| Scheme::named(name)).collect::<Result<Vec<_>>>()?,
            None => Scheme::shipped_ids().into_iter().map(Scheme::shipped).collect::<Result<Vec<_>>>()?,
        };
        stars::schemes_table(&schemes)
    };
    table(vec![made().map_err(|e| raise(&e))?])
}

/// Returns the form of a scheme.
#[pyfunction]
pub(crate) fn star_form(scheme: String) -> PyResult<PyTable> {
    let form = Scheme::named(&scheme).and_then(|scheme| scheme.form());
    table(vec![form.map_err(|e| raise(&e))?])
}

/// Returns the text of a shipped scheme.
#[pyfunction]
pub(crate) fn star_scheme_toml(id: String) -> PyResult<&'static str> {
    Scheme::shipped_toml(&id).map_err(|e| raise(&e))
}

/// Replays a trail and returns the resulting stars.
#[pyfunction]
pub(crate) fn replay_stars(py: Python<'_>, trail: AnyRecordBatch) -> PyResult<PyTable> {
    let trail = batches(trail)?;
    table(vec![run(py, None, move |_| stars::replay_stars(&trail))?])
}
