//! Links between ids of one organisation, and the roster with links applied.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use arrow::array::RecordBatch;
use dangjian::Result;
use dangjian::analysis::identity::Links;
use dangjian::analysis::identity::Reason;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::door::run;
use crate::errors::raise;
use crate::roster::Roster;
use crate::tables::{table, texts};

/// Proposes the links of a roster, optionally with the evidence of a register.
#[pyfunction]
#[pyo3(signature = (roster, register=None))]
pub(crate) fn links(py: Python<'_>, roster: &Roster, register: Option<&Roster>) -> PyResult<PyTable> {
    let (roster, register) = (roster.0.clone(), register.map(|r| r.0.clone()));
    let links = run(py, None, move |job| match &register {
        None => roster.links(job),
        Some(register) => roster.links_from(register, job),
    })?;
    table(vec![links.table().clone()])
}

/// Applies links to a roster: the links given, otherwise the ones proposed from the roster.
#[pyfunction]
#[pyo3(signature = (roster, links=None, *, reasons=None))]
pub(crate) fn link(
    py: Python<'_>,
    roster: &Roster,
    links: Option<AnyRecordBatch>,
    reasons: Option<Vec<String>>,
) -> PyResult<Roster> {
    let (options, roster) = (roster.1.clone(), roster.0.clone());
    let given = links
        .map(|links| {
            links.into_reader()?.collect::<std::result::Result<Vec<RecordBatch>, _>>().map_err(|e| raise(&e.into()))
        })
        .transpose()?;
    run(py, None, move |job| {
        let reasons =
            reasons.map(|names| names.iter().map(|n| Reason::from_name(n)).collect::<Result<Vec<_>>>()).transpose()?;
        let mut links = match given {
            Some(batches) => Links::from_batches(&batches)?,
            None => roster.links(job)?,
        };
        if let Some(reasons) = reasons {
            links = links.only(&reasons)?;
        }
        roster.link(&links, job)
    })
    .map(|linked| Roster(linked, options))
}

/// Lists the ids that links replaced.
#[pyfunction]
pub(crate) fn linked(roster: &Roster) -> PyResult<PyTable> {
    let all = &roster.0.origin().linked;
    texts(vec![
        ("former_id", all.iter().map(|same| Some(same.former.clone())).collect()),
        ("org_id", all.iter().map(|same| Some(same.id.clone())).collect()),
    ])
}
