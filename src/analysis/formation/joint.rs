//! Joint branches (联合党支部): the organisations each covers, and counts of branches.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{AsArray, Float64Array, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use rayon::prelude::*;

use super::facts::FormationFacts;
use crate::analysis::count::Measure;
use crate::definition::FormationRules;
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::predicate::Predicate;
use crate::query::Scope;
use crate::query::party_organisation::{Parties, bitmap};
use crate::roster::coded;
use crate::roster::{Column, Frame, Roster};
use crate::support::columns::Columns;

/// Columns listed for a joint branch: its code, values of its home, and totals.
const LISTED: [&str; 13] = [
    "party_org_id",
    "org_id",
    "name",
    "region",
    "committee",
    "party_org_level",
    "units_recorded",
    "units_unknown",
    "units_due_solo",
    "party_members",
    "townships",
    "units_most",
    "over_limit",
];

impl Roster {
    /// Lists the joint branches of each year, one per row: the party organisations with an organisation of mode joint
    /// in `scope`, whose dimensions are ignored. The home is the first of these organisations by id. The totals of a
    /// branch cover all of its organisations.
    ///
    /// Columns: `year`, `party_org_id`, `org_id` and `name` (of the home), `township`, `township_name`, `committee`,
    /// `party_org_level`, `units_recorded` (organised ones with its code: solo, joint or affiliated, as shipped),
    /// `units_unknown` (organisations with its code whose mode is unknown), `units_due_solo` (recorded organisations
    /// that need a party organisation of their own), `party_members` (full members of all of them; null if the count of
    /// one is unknown), `townships` (number of townships they lie in), `units_most` (the limit; null if no rule is in
    /// force in the year), `over_limit` (null if there is no limit, or if organisations of unknown mode decide).
    /// ```
    /// # use dangjian::{FormationRules, Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.joint_branches(&FormationRules::shipped()?, &Scope::default(), &Quiet)?;
    /// assert!(table.column_by_name("over_limit").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn joint_branches(&self, rules: &FormationRules, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        rules.check(self)?;
        let mut parts = Vec::new();
        for frame in scope.frames(self)? {
            job::check(job)?;
            let facts = FormationFacts::new(self, frame, rules, &LISTED.into_iter().collect())?;
            let homes: Vec<u32> = homes(self, frame, &scope.rows(self, frame)?).set_indices_u32().collect();
            let batch = facts.roster().picked(facts.frame(), LISTED, &homes)?;
            let years = Columns::default().years("year", std::iter::repeat_n(frame.year, batch.num_rows()));
            parts.push(years.listed(&batch, &LISTED).finish()?);
        }
        match parts.first() {
            Some(first) => Ok(concat_batches(&first.schema(), &parts)?),
            None => Columns::default().finish(),
        }
    }

    /// Counts joint branches by the dimensions of `scope`, each at its home (see
    /// [`joint_branches`](Self::joint_branches)).
    ///
    /// Columns: `year`, the dimensions, `party_organisations`, `organisations` (covered by the branches), `units_mean`
    /// (organisations per branch), `units_due_solo` (organisations that need one of their own), `party_members` (of the
    /// branches whose members are known) and `members_unknown` (branches whose members are not), `over_limit` and
    /// `limit_unknown` (null if no limit is in force), `alone` (branches of one organisation), `apart` (branches over
    /// several townships), `too_small` (branches with fewer members than the lowest level requires).
    /// ```
    /// # use dangjian::{FormationRules, Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.joint_summary(&FormationRules::shipped()?, &Scope::by(["kind"]), &Quiet)?;
    /// assert!(table.column_by_name("units_mean").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn joint_summary(&self, rules: &FormationRules, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        const HOME: &str = "joint home";
        rules.check(self)?;
        let measures = ITEMS.iter().map(|(name, text)| Ok(((*name).to_owned(), Measure::parse(text)?)));
        let measures = measures.collect::<Result<Vec<_>>>()?;
        let is_home = Predicate::parse(&format!("\"{HOME}\""))?;
        let at_home = Scope { filter: Some(is_home), years: None, only: None, ..scope.clone() };
        let mut wanted: BTreeSet<&str> = measures.iter().flat_map(|(_, measure)| measure.columns()).collect();
        wanted.extend(self.fields().iter().map(|f| f.name.as_str()).filter(|_| !scope.by.is_empty()));
        let of_frame = |frame: &&Frame| {
            job::check(job)?;
            let home = Column::Flag { set: homes(self, frame, &scope.rows(self, frame)?), known: None };
            let facts = FormationFacts::new(self, frame, rules, &wanted)?.flagged([(HOME.to_owned(), home)]);
            facts.roster().count(&measures, &at_home, job)
        };
        let parts: Vec<RecordBatch> = scope.frames(self)?.par_iter().map(of_frame).collect::<Result<_>>()?;
        let Some(first) = parts.first() else { return Columns::default().finish() };
        with_mean(&concat_batches(&first.schema(), &parts)?)
    }
}

/// Returns the home rows of the joint branches with an organisation of mode joint among `rows`.
fn homes(roster: &Roster, frame: &Frame, rows: &BooleanBuffer) -> BooleanBuffer {
    let mode = roster.field("mode").ok();
    let joint = mode.and_then(|at| roster.dictionary(at)).and_then(|d| d.code("joint"));
    let modes = coded(roster, frame, mode);
    let is_joint = |row| modes.zip(joint).is_some_and(|(modes, joint)| modes.get(row) == u64::from(joint));
    let joint = BooleanBuffer::collect_bool(frame.rows(), |row| rows.value(row) && is_joint(row));
    let homes = Parties::new(roster, frame).homes(&joint);
    bitmap(frame.rows(), homes.into_iter().flatten())
}

/// Counts of joint branches: name and measure.
const ITEMS: [(&str, &str); 10] = [
    ("party_organisations", "*"),
    ("organisations", "sum(units_recorded)"),
    ("units_due_solo", "sum(units_due_solo)"),
    ("party_members", "sum(party_members)"),
    ("members_unknown", "party_members is null"),
    ("over_limit", "over_limit"),
    ("limit_unknown", "over_limit is null"),
    ("alone", "units = 1"),
    ("apart", "townships > 1"),
    ("too_small", "party_members < members_least"),
];

/// Inserts the mean number of organisations per branch after the column `organisations`.
fn with_mean(table: &RecordBatch) -> Result<RecordBatch> {
    let number = |name: &str| table[name].as_primitive::<Int64Type>().clone();
    let (branches, units) = (number("party_organisations"), number("organisations"));
    let mean = branches.iter().zip(&units).map(|(n, units)| Some(units? as f64 / n? as f64));
    let (mut fields, mut columns) = (table.schema().fields().to_vec(), table.columns().to_vec());
    let at = fields.iter().position(|f| f.name() == "organisations").map_or(0, |at| at + 1);
    fields.insert(at, Arc::new(Field::new("units_mean", DataType::Float64, true)));
    columns.insert(at, Arc::new(mean.collect::<Float64Array>()));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
