//! The roster as a Python class. Methods take plain arguments and give Arrow tables.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int16Array, Int64Array, RecordBatch, UInt32Array};
use dangjian::dimension::Scope;
use dangjian::formation::{formation, formation_moves, formation_need};
use dangjian::ingest::{Mapped, OnConflict, Options, Problem, Profile, Rows, Source};
use dangjian::job::Job;
use dangjian::measure::{Counts, FormationRules, Predicate, Rates, Targets};
use dangjian::review::{Definitions, review};
use dangjian::standards::zone::Zones;
use dangjian::stars::{star_distribution, star_transitions};
use dangjian::tally::{Measure, count};
use dangjian::workforce::{Workers, workforce};
use dangjian::{Error, Lang, Result, coverage, moves};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::door::run;
use crate::errors::raise;
use crate::tables::{columns_of, table, texts};

/// How many rows of one kind.
type RowsOf = fn(&Rows) -> usize;

/// The kinds of rows of a source, by name.
const ROW_KINDS: [(&str, RowsOf); 9] = [
    ("title", |r| r.title),
    ("header", |r| r.header),
    ("repeated_header", |r| r.repeated_header),
    ("data", |r| r.data),
    ("blank", |r| r.blank),
    ("total", |r| r.total),
    ("subtotal", |r| r.subtotal),
    ("note", |r| r.note),
    ("footer", |r| r.footer),
];

/// The panel, and the options with which it was read.
#[pyclass(frozen, module = "dangjian._native")]
pub(crate) struct Roster(dangjian::Roster, Options);

/// What Python says about the files; `words` are column, spelling and word.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Said {
    year: Option<i16>,
    columns: Vec<(String, String)>,
    keep: Vec<String>,
    words: Vec<(String, String, String)>,
    profile: Option<PathBuf>,
    on_conflict: String,
    zones: Option<PathBuf>,
}

impl Said {
    fn options(self) -> PyResult<Options> {
        let Self { year, columns, keep, words, profile, on_conflict, zones } = self;
        let zones = zones.map(|path| Zones::from_file(&path)).transpose().map_err(|e| raise(&e))?.map(Arc::new);
        let on_conflict = OnConflict::from_name(&on_conflict).map_err(|e| raise(&e))?;
        let profile = profile.map(|path| Profile::from_file(&path)).transpose().map_err(|e| raise(&e))?.map(Arc::new);
        let mut options = Options { year, columns, keep, profile, on_conflict, zones, ..Options::default() };
        for (column, written, value) in words {
            options.words.add(&column, &written, &value).map_err(|e| raise(&e))?;
        }
        Ok(options)
    }
}

#[pyfunction]
#[pyo3(signature = (paths, options, *, progress=None))]
pub(crate) fn read(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    options: Said,
    progress: Option<Py<PyAny>>,
) -> PyResult<Roster> {
    let options = options.options()?;
    let with = options.clone();
    let read = run(py, progress.as_ref(), move |job| dangjian::Roster::read(&paths, &options, job))?;
    Ok(Roster(read, with))
}

#[pyfunction]
#[pyo3(signature = (name, data, options, *, progress=None))]
pub(crate) fn read_arrow(
    py: Python<'_>,
    name: String,
    data: AnyRecordBatch,
    options: Said,
    progress: Option<Py<PyAny>>,
) -> PyResult<Roster> {
    let options = options.options()?;
    let with = options.clone();
    // A reader from Python takes the GIL itself where it needs it; the waiting thread gives it up meanwhile.
    let reader = data.into_reader()?;
    let read = run(py, progress.as_ref(), move |job| dangjian::Roster::read_stream(&name, reader, &options, job))?;
    Ok(Roster(read, with))
}

/// The shipped definitions with the user's files over them.
pub(crate) fn definitions_of(rates: Option<&Path>, targets: Option<&Path>) -> Result<Definitions> {
    let mut all = Definitions::shipped()?;
    if let Some(path) = rates {
        all.rates = Rates::shipped()?.overridden_by(Rates::from_file(path)?).iter().cloned().collect();
    }
    if let Some(path) = targets {
        all.targets = Targets::from_file(path)?.iter().cloned().collect();
    }
    Ok(all)
}

fn scope(by: Vec<String>, filter: Option<&str>, years: Option<Vec<i16>>) -> Result<Scope> {
    Ok(Scope { by, filter: filter.map(Predicate::parse).transpose()?, years })
}

impl Roster {
    /// A statistic that gives one table.
    fn one(
        &self,
        py: Python<'_>,
        statistic: impl FnOnce(&dangjian::Roster, &dyn Job) -> Result<RecordBatch> + Send + 'static,
    ) -> PyResult<PyTable> {
        let roster = self.0.clone();
        table(vec![run(py, None, move |job| statistic(&roster, job))?])
    }
}

#[pymethods]
impl Roster {
    #[getter]
    fn years(&self) -> Vec<i16> {
        self.0.frames().iter().map(|f| f.year).collect()
    }

    #[getter]
    fn rows(&self) -> Vec<usize> {
        self.0.frames().iter().map(dangjian::roster::Frame::rows).collect()
    }

    #[getter]
    fn organisations(&self) -> usize {
        arrow::array::Array::len(self.0.organisations())
    }

    #[getter]
    fn fields(&self) -> Vec<(String, &'static str)> {
        self.0.fields().iter().map(|f| (f.name.clone(), f.ty.name())).collect()
    }

    #[getter]
    fn dimensions(&self) -> Vec<String> {
        dangjian::dimension::dimensions(&self.0)
    }

    fn to_arrow(&self, py: Python<'_>) -> PyResult<PyTable> {
        let roster = self.0.clone();
        let batches = run(py, None, move |_| roster.batches())?;
        PyTable::try_new(batches, self.0.arrow_schema())
    }

    fn write_parquet(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let roster = self.0.clone();
        run(py, None, move |_| roster.write_parquet(&path))
    }

    fn sources(&self) -> PyResult<PyTable> {
        let all = &self.0.origin().sources;
        let text = |value: &dyn Fn(&Source) -> Option<String>| -> ArrayRef {
            Arc::new(all.iter().map(|(s, _)| value(s)).collect::<arrow::array::StringArray>())
        };
        let number = |value: &dyn Fn(usize) -> u64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values((0..all.len()).map(|at| value(at) as i64)))
        };
        let years = |s: &Source| s.years.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut columns = vec![
            ("file", text(&|s| Some(s.file.clone()))),
            ("path", text(&|s| Some(s.path.display().to_string()))),
            ("sheet", text(&|s| s.sheet.clone())),
            ("years", text(&|s| Some(years(s)))),
            ("year_from", text(&|s| Some(s.year_from.name().to_owned()))),
            ("encoding", text(&|s| s.encoding.map(str::to_owned))),
            ("header_rows", number(&|at| all[at].0.header_rows as u64)),
        ];
        for (name, rows) in ROW_KINDS {
            columns.push((name, number(&|at| rows(&all[at].0.rows) as u64)));
        }
        columns.push(("kept", number(&|at| all[at].1.kept)));
        columns.push(("rejected", number(&|at| all[at].1.rejected)));
        columns.push(("merged", number(&|at| all[at].1.merged)));
        columns.push(("conflicts", number(&|at| all[at].1.conflicts)));
        columns_of(columns)
    }

    fn skipped(&self) -> PyResult<PyTable> {
        let all = &self.0.origin().skipped;
        texts(vec![
            ("file", all.iter().map(|s| Some(s.file.clone())).collect()),
            ("sheet", all.iter().map(|s| s.sheet.clone()).collect()),
            ("why_zh", all.iter().map(|s| Some(s.why.get(Lang::Zh).to_owned())).collect()),
            ("why_en", all.iter().map(|s| Some(s.why.get(Lang::En).to_owned())).collect()),
        ])
    }

    /// Every column of every source and what became of it.
    fn columns_read(&self) -> PyResult<PyTable> {
        let all: Vec<_> =
            self.0.origin().sources.iter().flat_map(|(s, _)| s.columns.iter().map(move |c| (s, c))).collect();
        let text = |value: &dyn Fn(&Source, &Mapped) -> Option<String>| -> ArrayRef {
            Arc::new(all.iter().map(|(s, c)| value(s, c)).collect::<arrow::array::StringArray>())
        };
        columns_of(vec![
            ("file", text(&|s, _| Some(s.file.clone()))),
            ("sheet", text(&|s, _| s.sheet.clone())),
            ("index", Arc::new(all.iter().map(|(_, c)| Some(c.index as u32)).collect::<UInt32Array>())),
            ("header", text(&|_, c| Some(c.header.clone()))),
            ("column", text(&|_, c| c.column.clone())),
            ("value", text(&|_, c| c.value.clone())),
            ("unit", text(&|_, c| c.unit.map(str::to_owned))),
            ("status", text(&|_, c| Some(c.status.name().to_owned()))),
            ("proposal", text(&|_, c| c.proposal.as_ref().map(|p| p.column.to_owned()))),
            ("proposal_value", text(&|_, c| c.proposal.as_ref().and_then(|p| p.value.clone()))),
            ("proposal_like", text(&|_, c| c.proposal.as_ref().map(|p| p.like.clone()))),
            (
                "similarity",
                Arc::new(all.iter().map(|(_, c)| c.proposal.as_ref().map(|p| p.similarity)).collect::<Float64Array>()),
            ),
        ])
    }

    /// The words that were added to the shipped ones.
    fn words(&self) -> PyResult<PyTable> {
        let words = self.1.dictionaries();
        let all = words.added();
        texts(vec![
            ("column", all.iter().map(|s| Some(s.column.clone())).collect()),
            ("written", all.iter().map(|s| Some(s.written.clone())).collect()),
            ("value", all.iter().map(|s| Some(s.value.clone())).collect()),
            ("instead_of", all.iter().map(|s| s.instead_of.clone()).collect()),
        ])
    }

    fn save_profile(&self, path: PathBuf) -> PyResult<()> {
        let sources = self.0.origin().sources.iter().map(|(source, _)| source);
        Profile::of(sources, &self.1).to_file(&path).map_err(|e| raise(&e))
    }

    fn problems(&self) -> PyResult<PyTable> {
        let all = &self.0.origin().problems;
        let text = |value: &dyn Fn(&Problem) -> Option<String>| -> ArrayRef {
            Arc::new(all.iter().map(value).collect::<arrow::array::StringArray>())
        };
        columns_of(vec![
            ("file", text(&|p| Some(p.file.clone()))),
            ("sheet", text(&|p| p.sheet.clone())),
            ("row", Arc::new(all.iter().map(|p| Some(p.row)).collect::<UInt32Array>())),
            ("line", Arc::new(all.iter().map(|p| p.line).collect::<UInt32Array>())),
            ("year", Arc::new(all.iter().map(|p| p.year).collect::<Int16Array>())),
            ("column", text(&|p| p.column.clone())),
            ("header", text(&|p| p.header.clone())),
            ("value", text(&|p| Some(p.value.clone()))),
            ("code", text(&|p| Some(p.code.id().to_owned()))),
            ("action", text(&|p| Some(p.code.action().name().to_owned()))),
            ("severity", text(&|p| Some(p.code.severity().name().to_owned()))),
            ("message_zh", text(&|p| Some(p.code.message(Lang::Zh).to_owned()))),
            ("message_en", text(&|p| Some(p.code.message(Lang::En).to_owned()))),
        ])
    }

    #[pyo3(signature = (by, *, rates=None, rates_file=None, filter=None, years=None))]
    fn coverage(
        &self,
        py: Python<'_>,
        by: Vec<String>,
        rates: Option<Vec<String>>,
        rates_file: Option<PathBuf>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        self.one(py, move |roster, job| {
            let mut all = definitions_of(rates_file.as_deref(), None)?.rates;
            if let Some(ids) = rates {
                all = ids.iter().map(|id| named(&all, id).cloned()).collect::<Result<_>>()?;
            }
            coverage::coverage(roster, &all, &scope(by, filter.as_deref(), years)?, job)
        })
    }

    #[pyo3(signature = (by, *, targets_file=None, filter=None, years=None))]
    fn targets(
        &self,
        py: Python<'_>,
        by: Vec<String>,
        targets_file: Option<PathBuf>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        self.one(py, move |roster, job| {
            let set = definitions_of(None, targets_file.as_deref())?.targets;
            coverage::targets(roster, &set, &scope(by, filter.as_deref(), years)?, job)
        })
    }

    #[pyo3(signature = (target, year, *, targets_file=None))]
    fn gaps(&self, py: Python<'_>, target: String, year: i16, targets_file: Option<PathBuf>) -> PyResult<PyTable> {
        self.one(py, move |roster, _| {
            let set = definitions_of(None, targets_file.as_deref())?.targets;
            let found = set.iter().find(|t| t.rate.id == target);
            coverage::gaps(
                roster,
                found.ok_or_else(|| unknown("target", &target, set.iter().map(|t| &t.rate.id)))?,
                year,
            )
        })
    }

    #[pyo3(signature = (by, *, filter=None, years=None))]
    fn formation(
        &self,
        py: Python<'_>,
        by: Vec<String>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        self.one(py, move |roster, job| formation(roster, &scope(by, filter.as_deref(), years)?, job))
    }

    #[pyo3(signature = (by, *, filter=None, years=None))]
    fn formation_need(
        &self,
        py: Python<'_>,
        by: Vec<String>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        self.one(py, move |roster, job| {
            formation_need(roster, &FormationRules::shipped()?, &scope(by, filter.as_deref(), years)?, job)
        })
    }

    #[pyo3(signature = (by, *, filter=None, years=None))]
    fn formation_moves(
        &self,
        py: Python<'_>,
        by: Vec<String>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        self.one(py, move |roster, job| formation_moves(roster, &scope(by, filter.as_deref(), years)?, job))
    }

    #[pyo3(signature = (of, by, *, filter=None, years=None))]
    fn moves(
        &self,
        py: Python<'_>,
        of: Vec<String>,
        by: Vec<String>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        self.one(py, move |roster, job| {
            let of: Vec<&str> = of.iter().map(String::as_str).collect();
            moves::moves(roster, &of, &scope(by, filter.as_deref(), years)?, job)
        })
    }

    #[pyo3(signature = (by, *, filter=None, years=None))]
    fn star_distribution(
        &self,
        py: Python<'_>,
        by: Vec<String>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        self.one(py, move |roster, job| star_distribution(roster, &scope(by, filter.as_deref(), years)?, job))
    }

    #[pyo3(signature = (by, *, counts, filter=None, years=None))]
    fn star_transitions(
        &self,
        py: Python<'_>,
        by: Vec<String>,
        counts: String,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        let all = [Counts::Organisations, Counts::PartyOrganisations];
        self.one(py, move |roster, job| {
            let found = all.iter().find(|c| c.name() == counts);
            let basis = *found.ok_or_else(|| unknown("counts", &counts, all.iter().map(|c| c.name())))?;
            star_transitions(roster, basis, &scope(by, filter.as_deref(), years)?, job)
        })
    }

    #[pyo3(signature = (by, *, filter=None, years=None))]
    fn workforce(
        &self,
        py: Python<'_>,
        by: Vec<String>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<PyTable> {
        self.one(py, move |roster, job| workforce(roster, &scope(by, filter.as_deref(), years)?, job))
    }

    #[pyo3(signature = (sets, measures, *, filter=None, years=None))]
    fn count(
        &self,
        py: Python<'_>,
        sets: Vec<Vec<String>>,
        measures: Vec<(String, String)>,
        filter: Option<String>,
        years: Option<Vec<i16>>,
    ) -> PyResult<Vec<PyTable>> {
        let roster = self.0.clone();
        let tables = run(py, None, move |job| {
            let parse = |(name, text): (String, String)| Ok((name, Measure::parse(&text)?));
            let measures = measures.into_iter().map(parse).collect::<Result<Vec<_>>>()?;
            count(&roster, &sets, &measures, &scope(Vec::new(), filter.as_deref(), years)?, job)
        })?;
        tables.into_iter().map(|t| table(vec![t])).collect()
    }

    #[pyo3(signature = (year, *, targets=None, rates=None, workers=None, progress=None))]
    fn review<'py>(
        &self,
        py: Python<'py>,
        year: i16,
        targets: Option<PathBuf>,
        rates: Option<PathBuf>,
        workers: Option<PathBuf>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let roster = self.0.clone();
        let made = run(py, progress.as_ref(), move |job| {
            let definitions = definitions_of(rates.as_deref(), targets.as_deref())?;
            let workers = workers.as_deref().map(Workers::read).transpose()?;
            review(&roster, year, &definitions, workers.as_ref(), job)
        })?;
        let out = PyDict::new(py);
        for (id, batch) in made.tables {
            out.set_item(id, table(vec![batch])?)?;
        }
        Ok(out)
    }
}

fn named<'a>(rates: &'a [dangjian::measure::Rate], id: &str) -> Result<&'a dangjian::measure::Rate> {
    rates.iter().find(|r| r.id == id).ok_or_else(|| unknown("rate", id, rates.iter().map(|r| &r.id)))
}

fn unknown<T: AsRef<str>>(what: &str, id: &str, have: impl Iterator<Item = T>) -> Error {
    let have: Vec<String> = have.map(|h| h.as_ref().to_owned()).collect();
    let have = have.join(", ");
    Error::argument(
        format!("没有名为“{id}”的 {what}。可用：{have}"),
        format!("there is no {what} '{id}'. Available: {have}"),
    )
}
