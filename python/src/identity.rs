//! Links between ids of one organisation, and the roster with links applied.

#![allow(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]

use dangjian::Result;
use dangjian::analysis::identity::{Links, Reason};
use pyo3::prelude::*;
use pyo3_arrow::PyTable;
use pyo3_arrow::input::AnyRecordBatch;

use crate::arrow_table::{batches, table, texts};
use crate::door::run;
use crate::roster::Roster;

#[pymethods]
impl Roster {
    /// Proposes the links of a roster, optionally with the evidence of a register.
    #[pyo3(signature = (register=None))]
    fn links(&self, py: Python<'_>, register: Option<&Roster>) -> PyResult<PyTable> {
        let (roster, register) = (self.0.clone(), register.map(|r| r.0.clone()));
        let links = run(py, None, move |job| match &register {
            None => roster.links(job),
            Some(register) => roster.links_from(register, job),
        })?;
        table(vec![links.table().clone()])
    }

    /// Applies links to a roster: the links given, otherwise the ones proposed from the roster.
    #[pyo3(signature = (links=None, *, reasons=None))]
    fn link(&self, py: Python<'_>, links: Option<AnyRecordBatch>, reasons: Option<Vec<String>>) -> PyResult<Self> {
        let (options, conditions, roster) = (self.1.clone(), self.2.clone(), self.0.clone());
        let given = links.map(batches).transpose()?;
        run(py, None, move |job| {
            let reasons = reasons
                .map(|names| names.iter().map(|n| Reason::from_name(n)).collect::<Result<Vec<_>>>())
                .transpose()?;
            let mut links = match given {
                Some(batches) => Links::from_batches(&batches)?,
                None => roster.links(job)?,
            };
            if let Some(reasons) = reasons {
                links = links.only(&reasons)?;
            }
            roster.link(&links, job)
        })
        .map(|linked| Self(linked, options, conditions))
    }

    /// Lists the ids that links replaced.
    fn linked(&self) -> PyResult<PyTable> {
        let all = &self.0.origin().linked;
        texts(vec![
            ("former_id", all.iter().map(|same| Some(same.former.clone())).collect()),
            ("org_id", all.iter().map(|same| Some(same.id.clone())).collect()),
        ])
    }
}
