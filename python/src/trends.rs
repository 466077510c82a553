//! Dynamics of states: transitions, mobility, forecast.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use dangjian::analysis::trend;
use dangjian::analysis::trend::{
    Dated, Draws, Forecast, Futures, How, Interval, Of, Pooling, Regularised, Steps, View,
};
use dangjian::definition::Counts;
use dangjian::job::Job;
use dangjian::query::Scope;
use dangjian::{Error, Result};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::arrow_table::table;
use crate::door::run;
use crate::errors::raise;
use crate::roster::Roster;
use crate::scope::ScopeRequest;

/// The arguments shared by all questions about transitions.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Asked {
    scope: ScopeRequest,
    of: String,
    scale: Option<Vec<String>>,
    counts: String,
    into: Option<Vec<i16>>,
    rating: Option<String>,
}

/// Builds the error for a word that is none of `have`.
fn unknown(what: &str, word: &str, have: &[&str]) -> Error {
    crate::definitions::unknown(what, word, have.iter())
}

/// Bootstrap settings: number of replicates, seed, confidence level.
type Drawing = (u32, u64, f64);

fn draws(drawing: Option<Drawing>) -> Option<Draws> {
    drawing.map(|(draws, seed, level)| Draws { draws, seed, level })
}

impl Asked {
    fn steps(&self) -> Result<Steps> {
        let counts = Counts::from_name(&self.counts)?;
        let of = match (&self.scale, self.of.as_str()) {
            (Some(scale), of) => Of::Scale(of.to_owned(), scale.clone()),
            (None, "star_state") => Of::Stars(counts),
            (None, of) => Of::Dimension(of.to_owned()),
        };
        if counts == Counts::PartyOrganisations && !matches!(of, Of::Stars(_)) {
            let of = &self.of;
            return Err(Error::argument(
                format!("“{of}”是单位的状态，只能按单位计（counts=\"organisations\"）"),
                format!("'{of}' is a state of organisations; party organisations are counted by star_state alone"),
            ));
        }
        Ok(Steps { of, into: self.into.clone(), rating: self.rating.clone() })
    }
}

/// Runs a statistic of transitions and returns its table.
fn answer(
    py: Python<'_>,
    roster: &Roster,
    asked: Asked,
    statistic: impl FnOnce(&dangjian::Roster, &Steps, &Scope, &dyn Job) -> Result<RecordBatch> + Send + 'static,
) -> PyResult<PyTable> {
    let steps = asked.steps().map_err(|e| raise(&e))?;
    roster.over(py, asked.scope, move |roster, scope, job| statistic(roster, &steps, scope, job))
}

/// Estimates the transition probabilities between states.
#[pyfunction]
#[pyo3(signature = (roster, asked, *, view, pooling, interval, drawing, ahead, generator=None, stay=false))]
#[allow(clippy::too_many_arguments, reason = "one for each option of the method in Python")]
pub(crate) fn transition_probabilities(
    py: Python<'_>,
    roster: &Roster,
    asked: Asked,
    view: &str,
    pooling: &str,
    interval: &str,
    drawing: Drawing,
    ahead: f64,
    generator: Option<&str>,
    stay: bool,
) -> PyResult<PyTable> {
    let how = || {
        Ok(How {
            view: View::from_name(view)?,
            pooling: Pooling::from_name(pooling)?,
            interval: Interval::from_name(interval, draws(Some(drawing)).unwrap_or_default())?,
            level: drawing.2,
            ahead,
            generator: generator.map(Regularised::from_name).transpose()?,
            stay,
        })
    };
    let how = how().map_err(|e| raise(&e))?;
    answer(py, roster, asked, move |roster, steps, scope, job| trend::probabilities(roster, steps, scope, &how, job))
}

/// Counts transitions over a break in years.
#[pyfunction]
pub(crate) fn transition_gaps(py: Python<'_>, roster: &Roster, asked: Asked) -> PyResult<PyTable> {
    answer(py, roster, asked, trend::gaps)
}

/// Measures the agreement between the ratings of adjacent years.
#[pyfunction]
pub(crate) fn reratings(py: Python<'_>, roster: &Roster, asked: Asked) -> PyResult<PyTable> {
    answer(py, roster, asked, trend::reratings)
}

/// Lists the largest transitions.
#[pyfunction]
pub(crate) fn flows(py: Python<'_>, roster: &Roster, asked: Asked, each: bool) -> PyResult<PyTable> {
    answer(py, roster, asked, move |roster, steps, scope, job| trend::flows(roster, steps, scope, each, job))
}

/// Computes mobility indices.
#[pyfunction]
#[pyo3(signature = (roster, asked, each, drawing=None))]
pub(crate) fn mobility(
    py: Python<'_>,
    roster: &Roster,
    asked: Asked,
    each: bool,
    drawing: Option<Drawing>,
) -> PyResult<PyTable> {
    let draws = draws(drawing);
    answer(py, roster, asked, move |roster, steps, scope, job| {
        trend::mobility(roster, steps, scope, each, draws.as_ref(), job)
    })
}

/// Computes the steady state.
#[pyfunction]
pub(crate) fn steady_state(py: Python<'_>, roster: &Roster, asked: Asked, view: &str, each: bool) -> PyResult<PyTable> {
    let view = View::from_name(view).map_err(|e| raise(&e))?;
    answer(py, roster, asked, move |roster, steps, scope, job| trend::steady(roster, steps, scope, view, each, job))
}

/// Computes mean first passage times.
#[pyfunction]
pub(crate) fn first_passage(
    py: Python<'_>,
    roster: &Roster,
    asked: Asked,
    view: &str,
    each: bool,
) -> PyResult<PyTable> {
    let view = View::from_name(view).map_err(|e| raise(&e))?;
    answer(py, roster, asked, move |roster, steps, scope, job| trend::passage(roster, steps, scope, view, each, job))
}

/// Tests the transitions.
#[pyfunction]
pub(crate) fn transition_tests(py: Python<'_>, roster: &Roster, asked: Asked) -> PyResult<PyTable> {
    answer(py, roster, asked, trend::step_tests)
}

/// Compares two groups.
#[pyfunction]
#[pyo3(signature = (roster, asked, a, b=None, drawing=None))]
pub(crate) fn compare_groups(
    py: Python<'_>,
    roster: &Roster,
    asked: Asked,
    a: String,
    b: Option<String>,
    drawing: Option<Drawing>,
) -> PyResult<PyTable> {
    let draws = draws(drawing);
    answer(py, roster, asked, move |roster, steps, scope, job| {
        trend::compare(roster, steps, scope, &a, b.as_deref(), draws.as_ref(), job)
    })
}

/// Builds the readable summary table.
#[pyfunction]
pub(crate) fn star_trends(
    py: Python<'_>,
    roster: &Roster,
    asked: Asked,
    at_least: f64,
    level: f64,
) -> PyResult<PyTable> {
    answer(py, roster, asked, move |roster, steps, scope, job| {
        trend::trends(roster, steps, scope, at_least, level, job)
    })
}

/// Forecasts the mix of states.
#[pyfunction]
#[pyo3(signature = (
    roster, asked, horizon, *, share_of, futures, recent=None, at_least=None, hold_out=None, drawing=None
))]
#[allow(clippy::too_many_arguments, reason = "one for each option of the method in Python")]
pub(crate) fn star_forecast(
    py: Python<'_>,
    roster: &Roster,
    asked: Asked,
    horizon: u32,
    share_of: &str,
    futures: &str,
    recent: Option<u32>,
    at_least: Option<f64>,
    hold_out: Option<u32>,
    drawing: Option<Drawing>,
) -> PyResult<PyTable> {
    let of = match share_of {
        "rated" => Ok(View::Removed),
        "listed" => Ok(View::Kept),
        other => Err(raise(&unknown("share_of", other, &["rated", "listed"]))),
    }?;
    let futures = Futures::from_name(futures).map_err(|e| raise(&e))?;
    let how = Forecast { horizon, recent, of, at_least, hold_out, futures, draws: draws(drawing) };
    answer(py, roster, asked, move |roster, steps, scope, job| trend::forecast(roster, steps, scope, &how, job))
}

fn dated(changes: AnyRecordBatch, states: Option<&[String]>, until: i32) -> Result<Dated> {
    let reader = changes.into_reader().map_err(|_| unreadable())?;
    let schema = reader.schema();
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
    Dated::read(&concat_batches(&schema, &batches)?, states, until)
}

fn unreadable() -> Error {
    Error::argument("变动表无法读取", "the changes cannot be read as a table")
}

/// Estimates transition rates from dated changes.
#[pyfunction]
pub(crate) fn dated_rates(
    py: Python<'_>,
    changes: AnyRecordBatch,
    states: Option<Vec<String>>,
    until: i32,
    ahead: f64,
    level: f64,
) -> PyResult<PyTable> {
    let dated = dated(changes, states.as_deref(), until).map_err(|e| raise(&e))?;
    table(vec![run(py, None, move |_| trend::rates(&dated, ahead, level))?])
}

/// Estimates transition probabilities over time from dated changes (Aalen-Johansen).
#[pyfunction]
pub(crate) fn dated_chances(
    py: Python<'_>,
    changes: AnyRecordBatch,
    states: Option<Vec<String>>,
    since: i32,
    until: i32,
    level: f64,
) -> PyResult<PyTable> {
    let dated = dated(changes, states.as_deref(), until).map_err(|e| raise(&e))?;
    table(vec![run(py, None, move |_| trend::aalen_johansen(&dated, since, until, level))?])
}
