//! The annual review of one year: all its statistics, and those of the years before, as tables.

mod counts;
mod definitions;
mod headlines;
#[cfg(test)]
mod review_tests;

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Int16Type, Int64Type};

use crate::analysis::targets::{as_series, in_force};
use crate::analysis::workforce::Workers;
use crate::definition::{Counts, Target};
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

pub use self::definitions::Definitions;

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
        let mut work = Work::new(self, definitions, year, workers, job)?;
        let has_targets = work.targets().next().is_some();
        let tables: Vec<_> = TABLES.into_iter().filter(|(id, _)| *id != GAPS || has_targets).collect();
        let total = tables.len() as u64;
        job.progress("review", 0, total);
        work.counted = counts::counted(self, year, definitions, job)?;
        let mut made = Vec::with_capacity(tables.len());
        for (id, make) in tables {
            made.push((id, make(&work)?));
            job.progress("review", made.len() as u64, total);
            job::check(job)?;
        }
        Ok(Review { year, tables: made })
    }
}

/// Inputs of the tables of a review.
struct Work<'a> {
    roster: &'a Roster,
    frame: &'a Frame,
    year: i16,
    definitions: &'a Definitions,
    workers: Option<&'a Workers>,
    job: &'a dyn Job,
    /// The reviewed year, all years up to it, and the last two of these.
    here: Scope,
    years: Scope,
    step: Scope,
    /// Tables counted together, by id.
    counted: BTreeMap<&'static str, RecordBatch>,
}

impl<'a> Work<'a> {
    fn new(
        roster: &'a Roster,
        definitions: &'a Definitions,
        year: i16,
        workers: Option<&'a Workers>,
        job: &'a dyn Job,
    ) -> Result<Self> {
        let frame = roster.frame(year)?;
        let up_to: Vec<i16> = roster.frames().iter().map(|f| f.year).filter(|y| *y <= year).collect();
        let last_two = up_to.iter().copied().filter(|y| *y >= year - 1).collect();
        let scope = definitions.scope();
        let here = scope.clone().in_year(year);
        let [years, step] = [up_to, last_two].map(|years| scope.clone().in_years(years));
        Ok(Self { roster, frame, year, definitions, workers, job, here, years, step, counted: BTreeMap::new() })
    }

    /// Returns the targets in force in the reviewed year.
    fn targets(&self) -> impl Iterator<Item = &'a Target> {
        let year = self.year;
        self.definitions.targets.iter().filter(move |target| target.validity.holds(year))
    }

    /// Returns the table called `id` of those counted together.
    fn counted(&self, id: &str) -> Result<RecordBatch> {
        self.counted.get(id).cloned().ok_or_else(Error::no_result)
    }

    /// Returns the targets of all years, each in the years in which it is in force.
    fn targets_by_year(&self) -> Result<RecordBatch> {
        in_force(&self.definitions.targets, &self.counted("targets")?)
    }

    fn overview(&self) -> Result<RecordBatch> {
        let [counts, stars, work] = ["headlines", "stars", "workforce"].map(|id| self.counted(id));
        headlines::table(self.definitions, &counts?, &stars?, &work?)
    }

    fn gaps(&self) -> Result<RecordBatch> {
        let lists = self.targets().map(|target| self.roster.gaps(target, self.year, &self.here, self.job));
        let lists = lists.collect::<Result<Vec<_>>>()?;
        let schema = lists.first().map(RecordBatch::schema).ok_or_else(Error::no_result)?;
        Ok(concat_batches(&schema, &lists)?)
    }
}

/// Function that makes one table of a review.
type Make = fn(&Work<'_>) -> Result<RecordBatch>;

/// Id of the table that is left out of a year without a target in force.
const GAPS: &str = "gaps";

/// The tables of a review, in reading order.
const TABLES: [(&str, Make); 24] = [
    ("overview", |w| w.overview()),
    ("targets", |w| of_year(&w.targets_by_year()?, w.year)),
    (GAPS, |w| w.gaps()),
    ("gaps_by_township", |w| w.counted("gaps_by_township")),
    ("targets_series", |w| as_series(w.roster, &w.definitions.targets, &w.targets_by_year()?)),
    ("coverage", |w| w.counted("coverage")),
    ("coverage_by_township", |w| w.counted("coverage_by_township")),
    ("coverage_by_kind", |w| w.counted("coverage_by_kind")),
    ("coverage_by_committee", |w| w.counted("coverage_by_committee")),
    ("formation", |w| w.counted("formation")),
    ("formation_by_township", |w| w.counted("formation_by_township")),
    ("formation_need", |w| w.counted("formation_need")),
    ("formation_moves", |w| w.roster.formation_transitions(&w.step, w.job)),
    ("formation_audit", |w| w.counted("formation_audit")),
    ("formation_audit_list", |w| {
        found(&w.roster.formation_audit_list(&w.definitions.rules, None, w.year, &w.here, w.job)?)
    }),
    ("joint_summary", |w| w.roster.joint_summary(&w.definitions.rules, &w.years, w.job)),
    ("joint_branches", |w| w.roster.joint_branches(&w.definitions.rules, &w.here, w.job)),
    ("readiness", |w| w.roster.readiness(&w.definitions.rules, 1, &w.here, w.job)),
    ("stars", |w| w.counted("stars")),
    ("star_moves", |w| star_moves(w.roster, &w.step, w.job)),
    ("stars_by_township", |w| w.counted("stars_by_township")),
    ("starred", starred),
    ("workforce", |w| all_workforce(&of_year(&w.counted("workforce")?, w.year)?, w.year, w.workers)),
    ("columns_missing", |w| columns_missing(w.roster, w.frame, w.definitions)),
];

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
    let organised = definitions.scope().organised()?.when;
    let mut named: BTreeSet<&str> =
        rates.flat_map(|r| [r.population.columns(), r.success.columns()].concat()).collect();
    named.extend(organised.columns());
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

/// Lists the party organisations with the stars from which the scheme gives plaques, most stars first; the name is
/// that of the home organisation.
fn starred(work: &Work<'_>) -> Result<RecordBatch> {
    let Work { roster, frame, .. } = *work;
    let least = work.definitions.scheme.listed_from().map_or(f64::INFINITY, |(stars, _)| stars);
    let states = StarStates::new(roster, work.here.organised()?);
    let all = arrow::buffer::BooleanBuffer::new_set(frame.rows());
    let parties = PartyStars::new(roster, frame, &states, &all)?;
    let star = |row: u32| states.values[parties.codes.get(row as usize) as usize].parse::<f64>().ok();
    let mut rows: Vec<(u32, f64)> = parties.rows.iter().filter_map(|row| Some((*row, star(*row)?))).collect();
    rows.retain(|(_, star)| *star >= least);
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
