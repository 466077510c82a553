//! Identity over the years: finds ids of a roster that are one organisation, reports them with the reason, and
//! joins them only on request.
//!
//! Ids change: a registration number gives way to the unified code, a code is mistyped in one year, an organisation
//! is registered again or renamed. [`Roster::links`] proposes links; [`Roster::link`] returns a roster with them
//! applied. Uncertain cases (more than one candidate, both ids in one year, a common name) are reported as ambiguous
//! and never joined automatically.
//!
//! Evidence is used from strongest to weakest, and each step starts from the organisations joined by earlier steps:
//! 1. a former code declared by the organisation itself;
//! 2. one mistyped character;
//! 3. one organisation code (characters 9 to 17 of the unified code, GB 32100-2015 and GB 11714);
//! 4. one name in one county;
//! 5. a former name (曾用名).

mod apply;
mod entities;
mod evidence;
mod facts;
mod names;
pub(crate) mod reason;
mod table;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use self::entities::Entities;
use self::facts::IdentityFacts;
pub use self::reason::Reason;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// Statuses of links that are applied: those proposed here, and ambiguous ones accepted by a reader.
const APPLIED: [&str; 2] = ["proposed", "accepted"];
/// Status of links that are reported but not applied.
const AMBIGUOUS: &str = "ambiguous";

/// Links between ids, one per row; proposed ones come first.
#[derive(Clone, Debug)]
pub struct Links(RecordBatch);

impl Links {
    /// Returns the links as a table: `from_id`, `to_id` (the organisation's id once all proposed links are
    /// applied), `reason`, `status` (`proposed` or `ambiguous`), `name`, `region` and `region_name` (of `from_id`,
    /// as last written), `last_year` (of `from_id`), `to_name`, `first_year` (of `to_id`; null if the roster does
    /// not list it), `why_zh`, `why_en`.
    #[must_use]
    pub fn table(&self) -> &RecordBatch {
        &self.0
    }

    /// Reads links made or edited by hand: `from_id`, `to_id`, and optionally `status` (without it all rows are
    /// applied) and `reason`. Rows of status `proposed` and `accepted` are applied, `ambiguous` ones are not.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Self> {
        let text = |name: &str, needed: bool| -> Result<Option<ArrayRef>> {
            let mut values = Vec::new();
            for batch in batches {
                let Some(array) = batch.column_by_name(name) else {
                    return if needed { Err(lacks(name, batch)) } else { Ok(None) };
                };
                values.push(cast(array, &DataType::Utf8).map_err(|_| not_text(name, array.data_type()))?);
            }
            let values: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
            Ok(Some(if values.is_empty() {
                arrow::array::new_empty_array(&DataType::Utf8)
            } else {
                arrow::compute::concat(&values)?
            }))
        };
        let mut columns = Columns::default();
        for (name, needed) in [("from_id", true), ("to_id", true), ("status", false), ("reason", false)] {
            if let Some(values) = text(name, needed)? {
                columns = columns.array(name, values);
            }
        }
        columns.finish().map(Self)
    }

    /// Keeps only the links for one of these reasons.
    pub fn only(&self, reasons: &[Reason]) -> Result<Self> {
        let given = self.texts("reason").ok_or_else(|| lacks("reason", &self.0))?;
        let wanted = |reason: Option<&str>| Some(reasons.iter().any(|r| Some(r.name()) == reason));
        let keep = given.iter().map(wanted).collect();
        Ok(Self(arrow::compute::filter_record_batch(&self.0, &keep)?))
    }

    /// Returns the pairs of ids to be joined.
    fn applied(&self) -> Result<Vec<(&str, &str)>> {
        let (Some(from), Some(to)) = (self.texts("from_id"), self.texts("to_id")) else { return Ok(Vec::new()) };
        let status = self.texts("status");
        let mut pairs = Vec::new();
        for (row, pair) in from.iter().zip(to).enumerate() {
            let status = status.map_or(Some(APPLIED[0]), |s| s.is_valid(row).then(|| s.value(row)));
            match (status, pair) {
                (Some(AMBIGUOUS), _) => {}
                (Some(status), (Some(from), Some(to))) if APPLIED.contains(&status) => pairs.push((from, to)),
                (status, pair) => return Err(unusable(row, status, pair)),
            }
        }
        Ok(pairs)
    }

    fn texts(&self, column: &str) -> Option<&StringArray> {
        self.0.column_by_name(column)?.as_string_opt::<i32>()
    }
}

fn lacks(name: &str, batch: &RecordBatch) -> Error {
    let schema = batch.schema();
    let have: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    Error::argument(
        format!("关联表缺少列“{name}”。现有列：{}", have.join("、")),
        format!("the table of links has no column '{name}'. It has: {}", have.join(", ")),
    )
    .in_column(name)
}

fn not_text(name: &str, ty: &DataType) -> Error {
    Error::argument(
        format!("关联表的列“{name}”类型是 {ty}，应为文本"),
        format!("the column '{name}' of the table of links is of type {ty}, expected text"),
    )
    .in_column(name)
}

fn unusable(row: usize, status: Option<&str>, (from, to): (Option<&str>, Option<&str>)) -> Error {
    let row = row + 1;
    if from.is_none() || to.is_none() {
        return Error::argument(
            format!("关联表第 {row} 行缺少 from_id 或 to_id。请补上，或删去该行"),
            format!("row {row} of the table of links lacks from_id or to_id; fill it in or drop the row"),
        )
        .at_row(row as u64)
        .in_column(if from.is_none() { "from_id" } else { "to_id" });
    }
    let status = status.unwrap_or("null");
    Error::argument(
        format!("关联表第 {row} 行的 status 是“{status}”。应为：proposed、accepted（采用）或 ambiguous（不采用）"),
        format!(
            "the status in row {row} of the table of links is '{status}'. Expected: proposed or accepted (applied), or ambiguous (not applied)"
        ),
    )
    .at_row(row as u64)
    .in_column("status")
    .with_value(status)
}

impl Roster {
    /// Finds the links between ids of the roster. Nothing is joined; see [`link`](Self::link).
    ///
    /// The order of files and rows does not matter. Without a column of names, only codes are evidence.
    /// ```
    /// use dangjian::{Quiet, ReadOptions, Roster};
    ///
    /// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/python/dangjian/datasets/hexigten");
    /// let roster = Roster::read(&[folder.into()], &ReadOptions::default(), &Quiet)?;
    /// let linked = roster.link(&roster.links(&Quiet)?, &Quiet)?;
    /// assert!(linked.organisations().len() < roster.organisations().len());
    /// # use arrow::array::Array;
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn links(&self, job: &dyn Job) -> Result<Links> {
        find_links(self, None, job)
    }

    /// Finds links as [`links`](Self::links) does, with additional facts from a register: a roster of any year with
    /// codes, names, former names and former codes, such as a look-up of business registration. An id may then link to
    /// a code that this roster does not list. A register without a region column is trusted where a name leads to one
    /// organisation only.
    pub fn links_from(&self, register: &Self, job: &dyn Job) -> Result<Links> {
        find_links(self, Some(register), job)
    }
}

fn find_links(roster: &Roster, register: Option<&Roster>, job: &dyn Job) -> Result<Links> {
    let facts = IdentityFacts::gather(roster, register, job)?;
    let mut all = Entities::new(&facts);
    let steps = [
        evidence::declared,
        evidence::one_character,
        evidence::same_organisation_code,
        evidence::same_name,
        evidence::former_name,
    ];
    for step in steps {
        job::check(job)?;
        let candidates = step(&all);
        all.decide(candidates);
    }
    table::write(roster, register, &all).map(Links)
}
