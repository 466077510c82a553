//! `dangjian._native`: the Python binding of the engine. This crate converts arguments and results; the engine does
//! the work.

mod accounts;
mod arrow_table;
mod catalogue;
mod compare;
mod counts;
mod definitions;
mod door;
mod errors;
mod expressions;
mod figure_trend;
mod formation;
mod identity;
mod rates;
mod read;
mod review;
mod roster;
mod scope;
mod stars;
mod survival;
mod targets;
mod trees;
mod trends;

use dangjian::analysis::compare::CompareStatus;
use dangjian::ingest::ProblemSeverity;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The engine's Python module. Its documentation is in `_native.pyi`, where editors find it.
#[pymodule(gil_used = false)]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add("COMPARE_STATUSES", PyTuple::new(m.py(), CompareStatus::NAMES)?)?;
    m.add("SEVERITIES", PyTuple::new(m.py(), ProblemSeverity::NAMES.into_iter().rev())?)?;
    m.add_class::<roster::Roster>()?;
    m.add_class::<expressions::Expression>()?;
    m.add_function(wrap_pyfunction!(expressions::regions, m)?)?;
    m.add_function(wrap_pyfunction!(expressions::resolve_regions, m)?)?;
    m.add_function(wrap_pyfunction!(expressions::uscc_completions, m)?)?;
    m.add_class::<compare::Comparison>()?;
    m.add_function(wrap_pyfunction!(rates::check_published, m)?)?;
    m.add_function(wrap_pyfunction!(survival::survival_curve, m)?)?;
    m.add_function(wrap_pyfunction!(survival::log_rank, m)?)?;
    m.add_function(wrap_pyfunction!(figure_trend::mann_kendall, m)?)?;
    m.add_function(wrap_pyfunction!(figure_trend::pooled_kendall, m)?)?;
    m.add_function(wrap_pyfunction!(figure_trend::adjust_p, m)?)?;
    m.add_function(wrap_pyfunction!(figure_trend::cochran_armitage, m)?)?;
    m.add_function(wrap_pyfunction!(figure_trend::mcnemar, m)?)?;
    m.add_function(wrap_pyfunction!(trends::dated_rates, m)?)?;
    m.add_function(wrap_pyfunction!(trends::dated_chances, m)?)?;
    m.add_class::<stars::Rating>()?;
    m.add_class::<stars::Judges>()?;
    m.add_function(wrap_pyfunction!(stars::star_schemes, m)?)?;
    m.add_function(wrap_pyfunction!(stars::star_form, m)?)?;
    m.add_function(wrap_pyfunction!(stars::star_scheme_toml, m)?)?;
    m.add_function(wrap_pyfunction!(stars::replay_stars, m)?)?;
    m.add_function(wrap_pyfunction!(read::read, m)?)?;
    m.add_function(wrap_pyfunction!(read::open_panel, m)?)?;
    m.add_function(wrap_pyfunction!(read::read_arrow, m)?)?;
    m.add_function(wrap_pyfunction!(catalogue::schema, m)?)?;
    m.add_function(wrap_pyfunction!(catalogue::labels, m)?)?;
    m.add_function(wrap_pyfunction!(catalogue::problem_codes, m)?)?;
    m.add_function(wrap_pyfunction!(catalogue::definitions, m)?)?;
    m.add_function(wrap_pyfunction!(catalogue::synth_panel, m)?)?;
    m.add_function(wrap_pyfunction!(catalogue::grids, m)?)?;
    // Is in no wheel: release builds have no debug assertions.
    #[cfg(debug_assertions)]
    m.add_function(wrap_pyfunction!(door::fail_internally, m)?)?;
    Ok(())
}
