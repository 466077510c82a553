//! Reading of ledgers into a roster, with options from Python.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::PathBuf;

use dangjian::definition::Conditions;
use dangjian::ingest;
use dangjian::ingest::{OnConflict, Profile, Register};
use dangjian::job::Quiet;
use dangjian::schema::Dictionaries;
use dangjian::standards::zone::Zones;
use dangjian::{ReadOptions, Result};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;

use crate::door::run;
use crate::errors::raise;
use crate::roster::Roster;

/// Reading options from Python; `words` are triples of column, spelling and word.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ReadRequest {
    year: Option<i16>,
    columns: Vec<(String, String)>,
    keep: Vec<String>,
    words: Vec<(String, String, String)>,
    profile: Option<PathBuf>,
    on_conflict: String,
    zones: Option<PathBuf>,
    repair: bool,
    codes_from: Option<RegisterSource>,
}

/// Files of a register, or a table in memory.
#[derive(FromPyObject)]
enum RegisterSource {
    Files(Vec<PathBuf>),
    Table(AnyRecordBatch),
}

impl RegisterSource {
    fn read(self) -> PyResult<Register> {
        match self {
            Self::Files(paths) => ingest::read_register(&paths, &Quiet).map_err(|e| raise(&e)),
            Self::Table(table) => {
                let batches = table.into_reader()?.collect::<std::result::Result<Vec<_>, _>>();
                let batches = batches.map_err(|e| raise(&e.into()))?;
                ingest::register_of_arrow("codes_from", &batches, &Quiet).map_err(|e| raise(&e))
            }
        }
    }
}

impl ReadRequest {
    fn options(self) -> PyResult<ReadOptions> {
        let register = self.codes_from.map(RegisterSource::read).transpose()?;
        let read = || -> Result<ReadOptions> {
            let mut words = Dictionaries::default();
            let zones = self.zones.as_deref().map(Zones::from_file).transpose()?;
            let on_conflict = OnConflict::from_name(&self.on_conflict)?;
            let profile = self.profile.as_deref().map(Profile::from_file).transpose()?;
            for (column, written, value) in &self.words {
                words.add(column, written, value)?;
            }
            Ok(ReadOptions::default()
                .with_year(self.year)
                .with_columns(self.columns)
                .with_keep(self.keep)
                .with_words(words)
                .with_profile(profile)
                .with_on_conflict(on_conflict)
                .with_zones(zones)
                .with_repair(self.repair)
                .with_codes_from(register))
        };
        read().map_err(|e| raise(&e))
    }
}

#[pyfunction]
#[pyo3(signature = (paths, options, *, progress=None))]
pub(crate) fn read(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    options: ReadRequest,
    progress: Option<Py<PyAny>>,
) -> PyResult<Roster> {
    let options = options.options()?;
    let with = options.clone();
    let read = run(py, progress.as_ref(), move |job| dangjian::Roster::read(&paths, &options, job))?;
    Ok(Roster(read, with, Conditions::default()))
}

#[pyfunction]
#[pyo3(signature = (path, columns, *, progress=None))]
pub(crate) fn open_panel(
    py: Python<'_>,
    path: PathBuf,
    columns: Option<Vec<String>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Roster> {
    let opened = run(py, progress.as_ref(), move |job| dangjian::Roster::open(&path, columns.as_deref(), job))?;
    Ok(Roster(opened, ReadOptions::default(), Conditions::default()))
}

#[pyfunction]
#[pyo3(signature = (name, data, options, *, progress=None))]
pub(crate) fn read_arrow(
    py: Python<'_>,
    name: String,
    data: AnyRecordBatch,
    options: ReadRequest,
    progress: Option<Py<PyAny>>,
) -> PyResult<Roster> {
    let options = options.options()?;
    let with = options.clone();
    // A Python reader acquires the GIL itself when it needs it. The waiting thread releases the GIL meanwhile.
    let reader = data.into_reader()?;
    let read = run(py, progress.as_ref(), move |job| dangjian::Roster::read_stream(&name, reader, &options, job))?;
    Ok(Roster(read, with, Conditions::default()))
}
