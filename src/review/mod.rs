//! The annual review of one year: all its statistics, and those of the years before, as tables.

mod counts;

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Int16Type, Int64Type};

use crate::analysis::targets::{as_series, in_force};
use crate::analysis::workforce::Workers;
use crate::definition::{Counts, FormationRules, Rate, Rates, Target, Targets};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::Scope;
use crate::query::party_stars::PartyStars;
use crate::query::star_state::StarStates;
use crate::query::table::townships;
use crate::roster::{Frame, Roster};
use crate::standards::region;
use crate::support::columns::Columns;
use crate::{job, schema};

/// The definitions used by a review: the shipped ones, of which a caller may replace any.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Definitions {
    /// Rates of the coverage tables.
    pub rates: Vec<Rate>,
    /// Target set.
    pub targets: Vec<Target>,
    /// Rules for the mode that an organisation should have.
    pub rules: FormationRules,
}

impl Definitions {
    /// Returns the definitions shipped with the engine.
    pub fn shipped() -> Result<Self> {
        Ok(Self {
            rates: Rates::shipped()?.iter().cloned().collect(),
            targets: Targets::shipped()?.iter().cloned().collect(),
            rules: FormationRules::shipped()?,
        })
    }
}

/// The review of one year.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Review {
    /// Year of the review.
    pub year: i16,
    /// Tables by id, in reading order. Each has a `year` column.
    pub tables: Vec<(&'static str, RecordBatch)>,
}

impl Review {
    /// Returns the table called `id`.
    #[must_use]
    pub fn table(&self, id: &str) -> Option<&RecordBatch> {
        self.tables.iter().find(|(name, _)| *name == id).map(|(_, table)| table)
    }
}

/// Minimum number of stars listed by name: plaques are awarded from three stars (the source article).
const STARRED: f64 = 3.0;

impl Roster {
    /// Builds the review of `year`. Multi-year tables cover all years up to it. Fails if the roster does not have the
    /// year.
    /// ```
    /// # use dangjian::{Quiet, Roster, review::Definitions};
    /// let roster = Roster::sample(300, 3)?;
    /// let review = roster.review(&Definitions::shipped()?, 2012, None, &Quiet)?;
    /// assert!(review.table("gaps").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn review(
        &self,
        definitions: &Definitions,
        year: i16,
        workers: Option<&Workers>,
        job: &dyn Job,
    ) -> Result<Review> {
        let frame = self.frame(year)?;
        let up_to: Vec<i16> = self.frames().iter().map(|f| f.year).filter(|y| *y <= year).collect();
        let last_two: Vec<i16> = up_to.iter().copied().filter(|y| *y >= year - 1).collect();
        let years = || Scope::default().in_years(up_to.clone());
        let here = || Scope::default().in_year(year);
        let step = || Scope::default().in_years(last_two.clone());
        let Definitions { targets: set, rules, .. } = definitions;
        job.progress("review", 0, TABLES);
        let mut counted = counts::counted(self, year, definitions, job)?;
        let mut counted = |id| counted.remove(id).ok_or_else(Error::no_result);
        let mut tables = Vec::new();
        let mut add = |id, table| {
            tables.push((id, table));
            job.progress("review", tables.len() as u64, TABLES);
            job::check(job)
        };
        let (stars, work) = (counted("stars")?, counted("workforce")?);
        add("overview", overview(&counted("headlines")?, &stars, &work)?)?;
        let targets = in_force(set, &counted("targets")?)?;
        add("targets", of_year(&targets, year)?)?;
        let lists = set.iter().filter(|target| target.validity.holds(year));
        let lists = lists.map(|target| self.gaps(target, year, &here(), job)).collect::<Result<Vec<_>>>()?;
        if let Some(first) = lists.first() {
            add("gaps", concat_batches(first.schema_ref(), &lists)?)?;
        }
        add("gaps_by_township", counted("gaps_by_township")?)?;
        add("targets_series", as_series(self, set, &targets)?)?;
        for id in ["coverage", "coverage_by_township", "coverage_by_kind", "coverage_by_committee"] {
            add(id, counted(id)?)?;
        }
        for id in ["formation", "formation_by_township", "formation_need"] {
            add(id, counted(id)?)?;
        }
        add("formation_moves", self.formation_transitions(&step(), job)?)?;
        add("formation_audit", counted("formation_audit")?)?;
        add("formation_audit_list", found(&self.formation_audit_list(rules, None, year, &here(), job)?)?)?;
        add("joint_summary", self.joint_summary(rules, &years(), job)?)?;
        add("joint_branches", self.joint_branches(rules, &here(), job)?)?;
        add("readiness", self.readiness(rules, 1, &here(), job)?)?;
        add("stars", stars)?;
        add("star_moves", star_moves(self, &step(), job)?)?;
        add("stars_by_township", counted("stars_by_township")?)?;
        add("starred", starred(self, frame)?)?;
        add("workforce", all_workforce(&of_year(&work, year)?, year, workers)?)?;
        add("columns_missing", columns_missing(self, frame, definitions)?)?;
        Ok(Review { year, tables })
    }
}

const TABLES: u64 = 24;

/// Keeps the findings of an audit list; undecidable rows only appear in the counts.
fn found(list: &RecordBatch) -> Result<RecordBatch> {
    let status = list["status"].as_string::<i32>();
    Ok(filter_record_batch(list, &status.iter().map(|status| Some(status == Some("found"))).collect())?)
}

/// Keeps the rows of `year`.
fn of_year(table: &RecordBatch, year: i16) -> Result<RecordBatch> {
    let years = table["year"].as_primitive::<Int16Type>();
    Ok(filter_record_batch(table, &years.iter().map(|y| Some(y == Some(year))).collect())?)
}

/// Builds the headline counts of every year from the counts in `table`, party organisations in `stars` and staff in
/// `work`.
fn overview(table: &RecordBatch, stars: &RecordBatch, work: &RecordBatch) -> Result<RecordBatch> {
    let items = work["item"].as_string::<i32>();
    let years: Vec<i16> = table["year"].as_primitive::<Int16Type>().values().to_vec();
    let per_year = |table: &RecordBatch, n: &str, of: &dyn Fn(usize) -> bool| -> Vec<Option<u64>> {
        let (of_row, n) = (table["year"].as_primitive::<Int16Type>(), table[n].as_primitive::<Int64Type>());
        let rows = |year| (0..table.num_rows()).filter(move |r| of_row.value(*r) == year && of(*r));
        let total = |year: &i16| rows(*year).map(|r| n.is_valid(r).then(|| n.value(r) as u64)).sum();
        years.iter().map(total).collect()
    };
    let schema = table.schema();
    let counted = schema.fields().iter().zip(table.columns()).filter(|(field, _)| field.name() != "named");
    let mut columns =
        counted.fold(Columns::default(), |columns, (field, array)| columns.array(field.name(), ArrayRef::clone(array)));
    // The number of party organisations is unknown if organisations have some but no row names one.
    let [organised, named] = ["organised", "named"].map(|n| per_year(table, n, &|_| true));
    let told =
        organised.iter().zip(named).map(|(organised, named)| *organised == Some(0) || organised.and(named) > Some(0));
    let there = per_year(stars, "party_organisations", &|_| true);
    columns = columns.some_counts("party_organisations", told.zip(there).map(|(told, n)| n.filter(|_| told)));
    for item in ["instructors", "seconded_officers", "owner_secretaries"] {
        columns = columns.some_counts(item, per_year(work, "value", &|row| items.value(row) == item));
    }
    columns.finish()
}

/// Counts of [`overview`], by name; `named` only decides whether party organisations can be counted.
const HEADLINES: [(&str, &str); 7] = [
    ("organisations", "*"),
    ("organised", "mode IN ('solo', 'joint', 'affiliated')"),
    ("eligible", "members_full >= 3"),
    ("eligible_established", "members_full >= 3 AND mode IN ('solo', 'joint', 'affiliated')"),
    ("members_full", "sum(members_full)"),
    ("employees", "sum(employees)"),
    ("named", "party_org_id IS NOT NULL"),
];

/// Columns used by the tables, in addition to those in the definitions.
const DRAWN_ON: [&str; 15] = [
    "name",
    "kind",
    "region",
    "committee",
    "mode",
    "members_full",
    "party_org_id",
    "star",
    "plaque",
    "instructor_id",
    "seconded_officers",
    "owner_is_secretary",
    "staff_full_time",
    "staff_part_time",
    "employees",
];

/// Lists the columns that the review uses and no ledger of the year has: `year`, `column`.
fn columns_missing(roster: &Roster, frame: &Frame, definitions: &Definitions) -> Result<RecordBatch> {
    let rates = definitions.rates.iter().chain(definitions.targets.iter().map(|target| &target.rate));
    let named: BTreeSet<&str> = rates.flat_map(|r| [r.population.columns(), r.success.columns()].concat()).collect();
    let is_there = |name: &str| {
        let at = roster.fields().iter().position(|field| field.name == name);
        at.is_some_and(|at| roster.values(frame, at).is_some())
    };
    let drawn_on =
        schema::COLUMNS.iter().map(|c| c.name).filter(|name| DRAWN_ON.contains(name) || named.contains(name));
    let missing: Vec<&str> = drawn_on.filter(|name| !matches!(*name, "year" | "org_id") && !is_there(name)).collect();
    Columns::default().years("year", missing.iter().map(|_| frame.year)).texts("column", missing).finish()
}

/// Counts transitions between star states, by organisation and by party organisation in two columns.
fn star_moves(roster: &Roster, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let mut cells: BTreeMap<(i16, String, String), [u64; 2]> = BTreeMap::new();
    for (at, basis) in [Counts::Organisations, Counts::PartyOrganisations].into_iter().enumerate() {
        let table = roster.star_transitions(basis, scope, job)?;
        let years = table["year"].as_primitive::<Int16Type>();
        let [from, to] = ["star_state", "next_star_state"].map(|name| table[name].as_string_view());
        let n = table[basis.name()].as_primitive::<Int64Type>();
        for row in 0..table.num_rows() {
            let key = (years.value(row), from.value(row).to_owned(), to.value(row).to_owned());
            cells.entry(key).or_default()[at] = n.value(row) as u64;
        }
    }
    Columns::default()
        .years("year", cells.keys().map(|(year, ..)| *year))
        .years("next_year", cells.keys().map(|(year, ..)| year + 1))
        .texts("star_state", cells.keys().map(|(_, from, _)| from))
        .texts("next_star_state", cells.keys().map(|(_, _, to)| to))
        .counts("organisations", cells.values().map(|n| n[0]))
        .counts("party_organisations", cells.values().map(|n| n[1]))
        .finish()
}

/// Columns of the list of starred party organisations.
const STARRED_LISTED: [&str; 4] = ["party_org_id", "name", "mode", "plaque"];

/// Lists the party organisations with at least three stars, most stars first; the name is that of the home
/// organisation.
fn starred(roster: &Roster, frame: &Frame) -> Result<RecordBatch> {
    let states = StarStates::new(roster, Scope::default().organised()?);
    let all = arrow::buffer::BooleanBuffer::new_set(frame.rows());
    let parties = PartyStars::new(roster, frame, &states, &all)?;
    let star = |row: u32| states.values[parties.codes.get(row as usize) as usize].parse::<f64>().ok();
    let mut rows: Vec<(u32, f64)> = parties.rows.iter().filter_map(|row| Some((*row, star(*row)?))).collect();
    rows.retain(|(_, star)| *star >= STARRED);
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let of_rows: Vec<u32> = rows.iter().map(|(row, _)| *row).collect();
    let batch = roster.picked(frame, STARRED_LISTED.into_iter().chain(["region"]), &of_rows)?;
    Columns::default()
        .years("year", rows.iter().map(|_| frame.year))
        .reals("star", rows.iter().map(|(_, star)| Some(*star)))
        .listed(&batch, &STARRED_LISTED)
        .some_texts("township_name", townships(&batch).iter().map(|code| region::name(code?)))
        .finish()
}

/// Combines the workforce figures of the ledgers with those of the table of workers: `year`, `item`, `value`,
/// `source`.
fn all_workforce(ledgers: &RecordBatch, year: i16, workers: Option<&Workers>) -> Result<RecordBatch> {
    let items = ledgers["item"].as_string::<i32>().iter().flatten().map(str::to_owned);
    let values = ledgers["value"].as_primitive::<Int64Type>().iter().map(|v| v.map(|v| v as u64));
    let mut rows: Vec<(String, Option<u64>, &str)> =
        items.zip(values).map(|(item, value)| (item, value, "ledgers")).collect();
    let serving = workers.map(|w| w.serving(year)).unwrap_or_default();
    rows.extend(serving.into_iter().map(|(role, n)| (role.to_owned(), Some(n), "workers")));
    Columns::default()
        .years("year", rows.iter().map(|_| year))
        .texts("item", rows.iter().map(|(item, ..)| item))
        .some_counts("value", rows.iter().map(|(_, value, _)| *value))
        .texts("source", rows.iter().map(|(.., source)| *source))
        .finish()
}
