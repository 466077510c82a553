//! Trend tests of arrays and of a roster's figures, and the paths of its organisations.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use arrow::array::{Array, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use dangjian::analysis::count::Measure;
use dangjian::analysis::trend::Figure;
use dangjian::definition::{Counts, Rate};
use dangjian::predicate::Predicate;
use dangjian::stats::mann_kendall as kendall;
use dangjian::stats::mann_kendall::{KendallOptions, Method};
use dangjian::stats::proportion;
use dangjian::stats::proportion::YearlyProportion;
use dangjian::stats::{benjamini_hochberg, regional_kendall};
use dangjian::{Error, Result, Scope};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyArray;

use crate::arrow_table::table;
use crate::definitions::rates_of;
use crate::door::run;
use crate::errors::raise;
use crate::roster::Roster;
use crate::scope::ScopeRequest;

/// Returns the numbers of a column, NaN for null.
fn numbers(values: AnyArray) -> PyResult<Vec<f64>> {
    let mut all = Vec::new();
    for chunk in values.into_reader()? {
        let chunk = chunk.map_err(|e| raise(&e.into()))?;
        let chunk: &Float64Array = chunk
            .as_primitive_opt::<Float64Type>()
            .ok_or_else(|| raise(&Error::argument("值应为 Float64 列", "values must be a column of Float64")))?;
        if chunk.null_count() == 0 {
            all.extend_from_slice(chunk.values());
        } else {
            all.extend(chunk.iter().map(|value| value.unwrap_or(f64::NAN)));
        }
    }
    Ok(all)
}

/// Tests concatenated series, each separately.
#[pyfunction]
pub(crate) fn mann_kendall(
    py: Python<'_>,
    times: Vec<f64>,
    values: AnyArray,
    method: String,
    alpha: f64,
) -> PyResult<PyTable> {
    let values = numbers(values)?;
    let made = run(py, None, move |job| {
        let options = KendallOptions::default().with_method(Method::from_name(&method)?).with_alpha(alpha);
        kendall::mann_kendall_all(&times, &values, &options, job)
    })?;
    table(vec![made])
}

/// Tests concatenated series jointly.
#[pyfunction]
pub(crate) fn pooled_kendall(py: Python<'_>, times: Vec<f64>, values: AnyArray, alpha: f64) -> PyResult<PyTable> {
    let values = numbers(values)?;
    table(vec![run(py, None, move |_| regional_kendall::pooled_kendall_table(&times, &values, alpha))?])
}

/// Adjusts p-values for multiple testing (Benjamini-Hochberg).
#[pyfunction]
pub(crate) fn adjust_p(p: Vec<Option<f64>>) -> PyResult<Vec<Option<f64>>> {
    if let Some(bad) = p.iter().flatten().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(raise(&Error::argument(
            format!("p 值应在 0 与 1 之间；有一个是 {bad}"),
            format!("p-values must be between 0 and 1; one is {bad}"),
        )));
    }
    Ok(benjamini_hochberg::benjamini_hochberg(&p))
}

/// Tests proportions by year for a trend.
#[pyfunction]
pub(crate) fn cochran_armitage(years: Vec<f64>, success: Vec<u64>, known: Vec<u64>, level: f64) -> PyResult<PyTable> {
    let made = || -> Result<_> {
        if years.len() != success.len() || years.len() != known.len() {
            return Err(Error::argument("各列应一样长", "the columns must be equally long"));
        }
        let yearly = |at: usize| YearlyProportion { year: years[at], success: success[at], known: known[at] };
        proportion::cochran_armitage_table(&(0..years.len()).map(yearly).collect::<Vec<_>>(), level)
    };
    table(vec![made().map_err(|e| raise(&e))?])
}

/// Tests pairs for a change.
#[pyfunction]
pub(crate) fn mcnemar(kept: u64, lost: u64, gained: u64, never: u64, level: f64) -> PyResult<PyTable> {
    table(vec![proportion::mcnemar_table(kept, lost, gained, never, level).map_err(|e| raise(&e))?])
}

/// A figure from Python: a rate by its id, a rate as a condition, or a measure.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct FigureArgument {
    rate: Option<String>,
    rates_file: Option<PathBuf>,
    success: Option<String>,
    population: Option<String>,
    measure: Option<String>,
}

impl FigureArgument {
    fn figure(&self, scope: &Scope) -> Result<Figure> {
        let Self { rate, rates_file, success, population, measure } = self;
        Ok(match (rate, success, measure) {
            (Some(rate), None, None) if population.is_none() => {
                Figure::Rate(rates_of(Some(std::slice::from_ref(rate)), rates_file.as_deref(), scope)?.0)
            }
            (None, Some(success), None) => {
                let population = Predicate::parse(population.as_deref().unwrap_or("true"))?;
                Figure::Rate(vec![Rate::own("own", population, Predicate::parse(success)?)])
            }
            (None, None, Some(measure)) if population.is_none() => Figure::Measure(Measure::parse(measure)?),
            _ => {
                return Err(Error::argument(
                    "应给出其一：比率编号（rate），条件（success，可加 population），或计数（measure）",
                    "expected one of: the id of a rate, a condition (success, with a population if any), a measure",
                ));
            }
        })
    }

    fn rates(&self, scope: &Scope) -> Result<Vec<Rate>> {
        match self.figure(scope)? {
            Figure::Rate(rates) => Ok(rates),
            Figure::Measure(_) => {
                Err(Error::argument("计数不能配对；请给出比率", "a measure has no pairs; expected a rate"))
            }
        }
    }
}

#[pymethods]
impl Roster {
    /// Tests the trends of a figure, group by group.
    fn trend_test(
        &self,
        py: Python<'_>,
        figure: FigureArgument,
        method: String,
        alpha: f64,
        scope: ScopeRequest,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let options = KendallOptions::default().with_method(Method::from_name(&method)?).with_alpha(alpha);
            roster.trend_test(&figure.figure(scope)?, &options, scope, job)
        })
    }

    /// Tests the trend of a figure over all groups jointly.
    fn trend_pooled(
        &self,
        py: Python<'_>,
        figure: FigureArgument,
        alpha: f64,
        scope: ScopeRequest,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            let options = KendallOptions::default().with_method(Method::Normal).with_alpha(alpha);
            roster.trend_pooled(&figure.figure(scope)?, &options, scope, job)
        })
    }

    /// Tests the change of a rate in the organisations listed in both years.
    fn paired_change(
        &self,
        py: Python<'_>,
        figure: FigureArgument,
        earlier: i16,
        later: i16,
        level: f64,
        scope: ScopeRequest,
    ) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            roster.paired_change(&figure.rates(scope)?, level, earlier, later, scope, job)
        })
    }

    /// Lists the path of each organisation.
    fn star_paths(&self, py: Python<'_>, at_least: f64, counts: String, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| {
            roster.star_paths(at_least, Counts::from_name(&counts)?, scope, job)
        })
    }

    /// Counts the organisations on each path.
    fn star_path_counts(&self, py: Python<'_>, counts: String, scope: ScopeRequest) -> PyResult<PyTable> {
        self.over(py, scope, move |roster, scope, job| roster.star_path_counts(Counts::from_name(&counts)?, scope, job))
    }
}
