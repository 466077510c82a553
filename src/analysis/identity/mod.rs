//! Identity through the years: ids of a roster that are one organisation, found and told with the reason, and joined
//! only when asked to.
//!
//! Ids change: a registration number gives way to the unified code, a code is mistyped in one year, an organisation is
//! registered anew or renamed. [`links`] proposes what to join; [`Roster::link`] makes a roster in which it is joined.
//! What is not certain — more than one candidate, both ids in one year, a name that many bear — is reported as
//! ambiguous and never joined by itself.
//!
//! The evidence, the strongest first; each step sees the organisations that the steps before put together:
//! a former code given by the organisation itself; one mistyped character; one organisation code (characters 9 to 17
//! of the unified code, GB 32100-2015 and GB 11714); one name in one county; a former name (曾用名).

mod apply;
mod entities;
mod evidence;
mod facts;
mod names;
mod table;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use self::entities::Entities;
use self::facts::Facts;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// Why two ids are thought to be one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A 15-digit registration number gave way to the unified code: named as the former one, or by name and county.
    OldCode,
    /// One organisation code (组织机构代码) in both.
    SameOrganisationCode,
    /// The code changed: named as the former one, or name and county are the same and one ends before the other begins.
    CodeChanged,
    /// The name of one is the former name (曾用名) of the other, in one county.
    Renamed,
    /// Two codes of one name that differ in one character, one of them with a wrong check character.
    OneCharacter,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::OldCode, Self::SameOrganisationCode, Self::CodeChanged, Self::Renamed, Self::OneCharacter];

    /// A word for it, as tables show it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OldCode => "old_code",
            Self::SameOrganisationCode => "same_organisation_code",
            Self::CodeChanged => "code_changed",
            Self::Renamed => "renamed",
            Self::OneCharacter => "one_character",
        }
    }

    /// The reason called `name`.
    pub fn from_name(name: &str) -> Result<Self> {
        let have = Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|reason| reason.name() == name).ok_or_else(|| {
            Error::argument(
                format!("没有名为“{name}”的关联原因。可用：{have}"),
                format!("there is no reason '{name}' for a link. Available: {have}"),
            )
        })
    }
}

/// What two ids have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    Declared,
    OneCharacter,
    OrganisationCode,
    SameName,
    FormerName,
}

impl Evidence {
    fn is_by_name(self) -> bool {
        matches!(self, Self::OneCharacter | Self::SameName | Self::FormerName)
    }
}

/// Why two ids are not joined in spite of the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    SameYear,
    Interleaved,
    Several,
    CommonName,
    RegionUnknown,
    BothWrong,
    BothRegistered,
}

/// Statuses of links that are applied: what is proposed here, and what a reader accepted of the rest.
const APPLIED: [&str; 2] = ["proposed", "accepted"];
/// Links that are reported and not applied.
const AMBIGUOUS: &str = "ambiguous";

/// Links between ids, one row each: those that are proposed first.
#[derive(Clone, Debug)]
pub struct Links(RecordBatch);

impl Links {
    /// The links as a table: `from_id`, `to_id` (the id that the organisation has when all proposed links are applied),
    /// `reason`, `status` (`proposed` or `ambiguous`), `name` and `region` (of `from_id`, as last written), `last_year`
    /// (of `from_id`), `to_name`, `first_year` (of `to_id`; null where the roster does not list it), `why_zh`, `why_en`.
    #[must_use]
    pub fn table(&self) -> &RecordBatch {
        &self.0
    }

    /// Links made or edited by somebody: `from_id` and `to_id`, and if it has them `status` (without it all rows are
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

    /// Only the links for one of these reasons.
    pub fn only(&self, reasons: &[Reason]) -> Result<Self> {
        let given = self.texts("reason").ok_or_else(|| lacks("reason", &self.0))?;
        let wanted = |reason: Option<&str>| Some(reasons.iter().any(|r| Some(r.name()) == reason));
        let keep = given.iter().map(wanted).collect();
        Ok(Self(arrow::compute::filter_record_batch(&self.0, &keep)?))
    }

    /// The pairs of ids to be joined.
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
}

fn not_text(name: &str, ty: &DataType) -> Error {
    Error::argument(
        format!("关联表的列“{name}”类型是 {ty}，应为文本"),
        format!("the column '{name}' of the table of links is of type {ty}, expected text"),
    )
}

fn unusable(row: usize, status: Option<&str>, (from, to): (Option<&str>, Option<&str>)) -> Error {
    let row = row + 1;
    if from.is_none() || to.is_none() {
        return Error::argument(
            format!("关联表第 {row} 行缺少 from_id 或 to_id。请补上，或删去该行"),
            format!("row {row} of the table of links has no from_id or no to_id; fill it in or drop the row"),
        );
    }
    let status = status.unwrap_or("null");
    Error::argument(
        format!("关联表第 {row} 行的 status 是“{status}”。应为：proposed、accepted（采用）或 ambiguous（不采用）"),
        format!(
            "the status in row {row} of the table of links is '{status}'. Expected: proposed or accepted (applied), or ambiguous (not applied)"
        ),
    )
}

/// The links between the ids of `roster`. Nothing is joined by this; see [`Roster::link`].
///
/// The order of files and rows does not matter. Without a column of names only codes are evidence.
///
/// ```
/// use dangjian::Roster; use dangjian::analysis::identity; use dangjian::ingest::Options; use dangjian::job::Quiet;
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/python/dangjian/datasets/hexigten");
/// let roster = Roster::read(&[folder.into()], &Options::default(), &Quiet)?;
/// let links = identity::links(&roster, &Quiet)?;
/// let linked = roster.link(&links, &Quiet)?;
/// assert!(linked.organisations().len() < roster.organisations().len());
/// # use arrow::array::Array;
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn links(roster: &Roster, job: &dyn Job) -> Result<Links> {
    find(roster, None, job)
}

/// The same with what a register says besides: a roster of any year, of codes with their names, former names and former
/// codes, as a look-up of business registration gives them. An id may then lead to a code that `roster` does not list.
/// A register without a column of regions is taken at its word where a name leads to one organisation only.
pub fn links_from(roster: &Roster, register: &Roster, job: &dyn Job) -> Result<Links> {
    find(roster, Some(register), job)
}

fn find(roster: &Roster, register: Option<&Roster>, job: &dyn Job) -> Result<Links> {
    let facts = Facts::gather(roster, register, job)?;
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
