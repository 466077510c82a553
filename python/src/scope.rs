//! The scope of a statistic as Python passes it: the rows and the dimensions, in one form for all statistics.

use std::path::PathBuf;

use arrow::array::{ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use dangjian::definition::{Bands, Conditions};
use dangjian::predicate::Predicate;
use dangjian::query::Scope;
use dangjian::{Error, Result};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyArray;

use crate::errors::raise;

/// A scope from Python: names of dimensions, a condition in SQL, a flag for each row of the panel in its order, a
/// file of size bands, years.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ScopeRequest {
    by: Vec<String>,
    filter: Option<String>,
    #[pyo3(from_py_with = flags)]
    only: Option<Vec<ArrayRef>>,
    bands: Option<PathBuf>,
    years: Option<Vec<i16>>,
}

fn flags(rows: &Bound<'_, PyAny>) -> PyResult<Option<Vec<ArrayRef>>> {
    let chunks =
        |rows: AnyArray| rows.into_reader()?.collect::<std::result::Result<_, _>>().map_err(|e| raise(&e.into()));
    rows.extract::<Option<AnyArray>>()?.map(chunks).transpose()
}

impl ScopeRequest {
    /// Converts to the engine's scope, under `conditions`.
    pub(crate) fn scope(self, roster: &dangjian::Roster, conditions: Conditions) -> Result<Scope> {
        Ok(Scope::by(self.by)
            .filter(self.filter.as_deref().map(Predicate::parse).transpose()?)
            .in_years(self.years)
            .only(self.only.map(|chunks| by_frame(roster, &chunks)).transpose()?)
            .bands(self.bands.as_deref().map(Bands::from_file).transpose()?)
            .conditions(conditions))
    }
}

fn by_frame(roster: &dangjian::Roster, chunks: &[ArrayRef]) -> Result<Vec<BooleanBuffer>> {
    let flags: Vec<bool> = chunks
        .iter()
        .map(|chunk| chunk.as_boolean_opt())
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::argument("where 应给出是非列", "where must give true or false"))?
        .into_iter()
        .flat_map(|chunk| chunk.iter().map(|flag| flag == Some(true)))
        .collect();
    let rows: usize = roster.frames().iter().map(dangjian::roster::Frame::rows).sum();
    if flags.len() != rows {
        return Err(Error::argument(
            format!("where 应对 {rows} 行各给一个是非，给了 {} 个", flags.len()),
            format!("where must give true or false for each of {rows} rows, gave {}", flags.len()),
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
