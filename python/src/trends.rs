//! Dynamics of states: transitions, mobility, forecast.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use dangjian::analysis::trend::{
    Bootstrap, ForecastOptions, Futures, Interval, Pooling, ProbabilityOptions, StateSource, TransitionQuery, View,
};
use dangjian::definition::Counts;
use dangjian::job::Job;
use dangjian::query::Scope;
use dangjian::stats::aalen_johansen;
use dangjian::stats::aalen_johansen::DatedChanges;
use dangjian::stats::generator::Regularisation;
use dangjian::{Error, Result};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::arrow_table::table;
use crate::door::run;
use crate::errors::raise;
use crate::roster::Roster;
use crate::scope::ScopeRequest;

/// The arguments shared by all statistics of transitions, from Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct QueryArgument {
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

fn bootstrap((replicates, seed, level): Drawing) -> Bootstrap {
    Bootstrap::default().with_replicates(replicates).with_seed(seed).with_level(level)
}

impl QueryArgument {
    fn query(&self) -> Result<TransitionQuery> {
        let counts = Counts::from_name(&self.counts)?;
        let source = match (&self.scale, self.of.as_str()) {
            (Some(scale), name) => StateSource::Scale(name.to_owned(), scale.clone()),
            (None, "star_state") => StateSource::Stars(counts),
            (None, name) => StateSource::Dimension(name.to_owned()),
        };
        if counts == Counts::PartyOrganisations && !matches!(source, StateSource::Stars(_)) {
            let name = &self.of;
            return Err(Error::argument(
                format!("“{name}”是单位的状态，只能按单位计（counts=\"organisations\"）"),
                format!("'{name}' is a state of organisations; party organisations are counted by star_state alone"),
            ));
        }
        let mut query = TransitionQuery::new(source);
        if let Some(years) = &self.into {
            query = query.with_into(years.iter().copied());
        }
        if let Some(column) = &self.rating {
            query = query.with_rating(column);
        }
        Ok(query)
    }
}

impl Roster {
    /// Runs a statistic of transitions and returns its table.
    fn transitions_over(
        &self,
        py: Python<'_>,
        query: QueryArgument,
        statistic: impl FnOnce(&dangjian::Roster, &TransitionQuery, &Scope, &dyn Job) -> Result<RecordBatch>
        + Send
        + 'static,
    ) -> PyResult<PyTable> {
        let selected = query.query().map_err(|e| raise(&e))?;
        self.over(py, query.scope, move |roster, scope, job| statistic(roster, &selected, scope, job))
    }
}

#[pymethods]
impl Roster {
    /// Estimates the transition probabilities between states.
    #[pyo3(signature = (query, *, view, pooling, interval, drawing, ahead, generator=None, stay=false))]
    #[allow(clippy::too_many_arguments, reason = "one for each option of the method in Python")]
    fn transition_probabilities(
        &self,
        py: Python<'_>,
        query: QueryArgument,
        view: &str,
        pooling: &str,
        interval: &str,
        drawing: Drawing,
        ahead: f64,
        generator: Option<&str>,
        stay: bool,
    ) -> PyResult<PyTable> {
        let options = || {
            Ok(ProbabilityOptions::default()
                .with_view(View::from_name(view)?)
                .with_pooling(Pooling::from_name(pooling)?)
                .with_interval(Interval::from_name(interval, bootstrap(drawing))?)
                .with_level(drawing.2)
                .with_ahead(ahead)
                .with_generator(generator.map(Regularisation::from_name).transpose()?)
                .with_stay(stay))
        };
        let options = options().map_err(|e| raise(&e))?;
        self.transitions_over(py, query, move |roster, query, scope, job| {
            roster.transition_probabilities(query, &options, scope, job)
        })
    }

    /// Counts transitions over a break in years.
    fn transition_gaps(&self, py: Python<'_>, query: QueryArgument) -> PyResult<PyTable> {
        self.transitions_over(py, query, dangjian::Roster::transition_gaps)
    }

    /// Measures the agreement between the ratings of adjacent years.
    fn reratings(&self, py: Python<'_>, query: QueryArgument) -> PyResult<PyTable> {
        self.transitions_over(py, query, dangjian::Roster::reratings)
    }

    /// Lists the largest transitions.
    fn flows(&self, py: Python<'_>, query: QueryArgument, each_year: bool) -> PyResult<PyTable> {
        self.transitions_over(py, query, move |roster, query, scope, job| roster.flows(query, each_year, scope, job))
    }

    /// Computes mobility indices.
    #[pyo3(signature = (query, each_year, drawing=None))]
    fn mobility(
        &self,
        py: Python<'_>,
        query: QueryArgument,
        each_year: bool,
        drawing: Option<Drawing>,
    ) -> PyResult<PyTable> {
        let bootstrap = drawing.map(bootstrap);
        self.transitions_over(py, query, move |roster, query, scope, job| {
            roster.mobility(query, each_year, bootstrap.as_ref(), scope, job)
        })
    }

    /// Computes the steady state and the lengths of stay.
    fn steady_state(&self, py: Python<'_>, query: QueryArgument, view: &str, each_year: bool) -> PyResult<PyTable> {
        let view = View::from_name(view).map_err(|e| raise(&e))?;
        self.transitions_over(py, query, move |roster, query, scope, job| {
            roster.steady_state(query, view, each_year, scope, job)
        })
    }

    /// Computes the mean times until states are first reached.
    fn first_passage(&self, py: Python<'_>, query: QueryArgument, view: &str, each_year: bool) -> PyResult<PyTable> {
        let view = View::from_name(view).map_err(|e| raise(&e))?;
        self.transitions_over(py, query, move |roster, query, scope, job| {
            roster.first_passage(query, view, each_year, scope, job)
        })
    }

    /// Tests the assumptions of the pooled matrix.
    fn transition_tests(&self, py: Python<'_>, query: QueryArgument) -> PyResult<PyTable> {
        self.transitions_over(py, query, dangjian::Roster::transition_tests)
    }

    /// Compares two groups.
    #[pyo3(signature = (query, a, b=None, drawing=None))]
    fn compare_groups(
        &self,
        py: Python<'_>,
        query: QueryArgument,
        a: String,
        b: Option<String>,
        drawing: Option<Drawing>,
    ) -> PyResult<PyTable> {
        let bootstrap = drawing.map(bootstrap);
        self.transitions_over(py, query, move |roster, query, scope, job| {
            roster.compare_groups(query, &a, b.as_deref(), bootstrap.as_ref(), scope, job)
        })
    }

    /// Builds the readable summary table.
    fn star_trends(&self, py: Python<'_>, query: QueryArgument, at_least: f64, level: f64) -> PyResult<PyTable> {
        self.transitions_over(py, query, move |roster, query, scope, job| {
            roster.star_trends(query, at_least, level, scope, job)
        })
    }

    /// Forecasts the mix of states.
    #[pyo3(signature = (
        query, horizon, *, share_of, futures, recent=None, at_least=None, hold_out=None, drawing=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "one for each option of the method in Python")]
    fn star_forecast(
        &self,
        py: Python<'_>,
        query: QueryArgument,
        horizon: u32,
        share_of: &str,
        futures: &str,
        recent: Option<u32>,
        at_least: Option<f64>,
        hold_out: Option<u32>,
        drawing: Option<Drawing>,
    ) -> PyResult<PyTable> {
        let denominator = match share_of {
            "rated" => Ok(View::Removed),
            "listed" => Ok(View::Kept),
            other => Err(raise(&unknown("share_of", other, &["rated", "listed"]))),
        }?;
        let futures = Futures::from_name(futures).map_err(|e| raise(&e))?;
        let options = ForecastOptions::default()
            .with_horizon(horizon)
            .with_recent(recent)
            .with_denominator(denominator)
            .with_at_least(at_least)
            .with_hold_out(hold_out)
            .with_futures(futures)
            .with_bootstrap(drawing.map(bootstrap));
        self.transitions_over(py, query, move |roster, query, scope, job| {
            roster.star_forecast(query, &options, scope, job)
        })
    }
}

fn dated(changes: AnyRecordBatch, states: Option<&[String]>, until: i32) -> Result<DatedChanges> {
    let reader = changes.into_reader().map_err(|_| unreadable())?;
    let schema = reader.schema();
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
    DatedChanges::read(&concat_batches(&schema, &batches)?, states, until)
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
    table(vec![run(py, None, move |_| aalen_johansen::dated_rates(&dated, ahead, level))?])
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
    table(vec![run(py, None, move |_| aalen_johansen::aalen_johansen(&dated, since, until, level))?])
}
