//! Functions that need no roster: the schema, labels, the catalogue of problems, shipped definitions, synthetic
//! panels.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};
use arrow::datatypes::DataType;
use dangjian::definition::{Conditions, Rate};
use dangjian::ingest::Code;
use dangjian::lang::Text;
use dangjian::review::Definitions;
use dangjian::schema::COLUMNS;
use dangjian::{Lang, Result};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3_arrow::PyTable;

use crate::arrow_table::{columns_of, table, texts};
use crate::definitions::{Files, definitions_of};
use crate::door;
use crate::errors::raise;

#[pyfunction]
pub(crate) fn schema() -> PyResult<PyTable> {
    let text = |value: fn(&dangjian::schema::SchemaColumn) -> String| -> ArrayRef {
        Arc::new(COLUMNS.iter().map(|c| Some(value(c))).collect::<StringArray>())
    };
    let units: StringArray = COLUMNS.iter().map(|c| c.unit).collect();
    let personal: BooleanArray = COLUMNS.iter().map(|c| Some(c.personal)).collect();
    columns_of(vec![
        ("name", text(|c| c.name.to_owned())),
        ("label_zh", text(|c| c.zh.to_owned())),
        ("label_en", text(|c| c.en.to_owned())),
        ("type", text(|c| c.ty.name().to_owned())),
        ("unit", Arc::new(units)),
        ("personal", Arc::new(personal)),
        ("headers", text(|c| c.aliases.join("、"))),
        ("doc", text(|c| c.doc.to_owned())),
    ])
}

#[pyfunction]
pub(crate) fn labels(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    fn fill<'a>(dict: &Bound<'_, PyDict>, labels: impl IntoIterator<Item = (&'a String, &'a Text)>) -> PyResult<()> {
        for (id, text) in labels {
            let pair = PyDict::new(dict.py());
            pair.set_item("zh", &text.zh)?;
            pair.set_item("en", &text.en)?;
            dict.set_item(id, pair)?;
        }
        Ok(())
    }
    let all = dangjian::labels::all().map_err(|e| raise(&e))?;
    let out = PyDict::new(py);
    for (name, labels) in [("table", &all.tables), ("column", &all.columns)] {
        let dict = PyDict::new(py);
        fill(&dict, labels)?;
        out.set_item(name, dict)?;
    }
    let values = PyDict::new(py);
    for (column, labels) in &all.values {
        let dict = PyDict::new(py);
        fill(&dict, labels)?;
        values.set_item(column, dict)?;
    }
    out.set_item("value", values)?;
    Ok(out)
}

#[pyfunction]
pub(crate) fn problem_codes() -> PyResult<PyTable> {
    let column = |value: &dyn Fn(&Code) -> String| Code::all().iter().map(|c| Some(value(c))).collect();
    texts(vec![
        ("code", column(&|c| c.id().to_owned())),
        ("action", column(&|c| c.action().name().to_owned())),
        ("severity", column(&|c| c.severity().name().to_owned())),
        ("message_zh", column(&|c| c.message(Lang::Zh).to_owned())),
        ("message_en", column(&|c| c.message(Lang::En).to_owned())),
    ])
}

/// Returns the definitions in force with the files given, as dictionaries: `rates`, `targets` and `scheme`.
#[pyfunction]
#[pyo3(signature = (rates=None, targets=None))]
pub(crate) fn definitions(
    py: Python<'_>,
    rates: Option<std::path::PathBuf>,
    targets: Option<std::path::PathBuf>,
) -> PyResult<Bound<'_, PyDict>> {
    let files = Files { rates: rates.as_deref(), targets: targets.as_deref(), ..Files::default() };
    described(py, &definitions_of(files, &Conditions::default()).map_err(|e| raise(&e))?)
}

/// Describes definitions as dictionaries: `rates`, `targets` and `scheme`.
pub(crate) fn described<'py>(py: Python<'py>, all: &Definitions) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("rates", list(py, all.rates.iter().map(|r| (r, None)))?)?;
    out.set_item("targets", list(py, all.targets.iter().map(|t| (&t.rate, Some((t.target, t.inferred)))))?)?;
    let scheme = PyDict::new(py);
    scheme.set_item("id", all.scheme.id())?;
    scheme.set_item("label_zh", all.scheme.label().get(Lang::Zh))?;
    scheme.set_item("label_en", all.scheme.label().get(Lang::En))?;
    let (stars, name) = all.scheme.listed_from().unzip();
    scheme.set_item("listed_from", stars)?;
    scheme.set_item("listed_zh", name.as_ref().map(|name| name.get(Lang::Zh)))?;
    scheme.set_item("listed_en", name.as_ref().map(|name| name.get(Lang::En)))?;
    out.set_item("scheme", scheme)?;
    Ok(out)
}

fn list<'py, 'a>(
    py: Python<'py>,
    rates: impl Iterator<Item = (&'a Rate, Option<(f64, bool)>)>,
) -> PyResult<Bound<'py, PyList>> {
    let out = PyList::empty(py);
    for (rate, target) in rates {
        let record = PyDict::new(py);
        record.set_item("id", &rate.id)?;
        record.set_item("label_zh", rate.label.get(Lang::Zh))?;
        record.set_item("label_en", rate.label.get(Lang::En))?;
        record.set_item("population", rate.population.spelled_out())?;
        record.set_item("success", rate.success.spelled_out())?;
        record.set_item("counts", rate.counts.name())?;
        record.set_item("source", &rate.source)?;
        record.set_item("note_zh", rate.note.as_ref().map(|n| n.get(Lang::Zh)))?;
        record.set_item("note_en", rate.note.as_ref().map(|n| n.get(Lang::En)))?;
        if let Some((goal, inferred)) = target {
            record.set_item("goal", goal)?;
            record.set_item("inferred", inferred)?;
        }
        out.append(record)?;
    }
    Ok(out)
}

/// Generates a synthetic panel, one batch per year.
#[pyfunction]
#[pyo3(signature = (organisations, years, first_year=2004, seed=7))]
pub(crate) fn synth_panel(
    py: Python<'_>,
    organisations: usize,
    years: u16,
    first_year: i16,
    seed: u64,
) -> PyResult<PyTable> {
    let batches =
        door::run(py, None, move |_| -> Result<_> { dangjian::synth::panel(organisations, years, first_year, seed) })?;
    debug_assert!(batches.iter().all(|b| *b.schema().field(0).data_type() == DataType::Int16));
    table(batches)
}

/// A sheet: name, hidden flag, cells, merged ranges.
type Sheet = (String, bool, PyTable, Vec<[u32; 4]>);

/// Returns the cells of a workbook, sheet by sheet.
#[pyfunction]
pub(crate) fn grids(py: Python<'_>, path: std::path::PathBuf) -> PyResult<Vec<Sheet>> {
    let grids = door::run(py, None, move |job| dangjian::ingest::grids(&path, job))?;
    grids.into_iter().map(|g| Ok((g.sheet, g.hidden, table(vec![g.cells])?, g.merged))).collect()
}
