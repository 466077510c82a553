//! Reconciliation of the three trees of an organisation: by place (属地), by the committee in charge (归口), by its
//! party organisation's superior (隶属). Totals of two trees differ by the organisations placed in only one of them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;

use super::rates::RateTruth;
use crate::definition::Rate;
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::lang::Lang;
use crate::query::Scope;
use crate::roster::coded;
use crate::roster::{Frame, Roster, tree};
use crate::support::columns::Columns;

/// Each tree's column, its finding for an organisation that should be in the tree and names no unit, and its
/// finding for a unit that the tree's table does not have.
const TREES: [(&str, &str, &str); 3] = [
    ("region", "no_region", ""),
    ("committee", "no_committee", "committee_unlisted"),
    (SUPERIOR, "no_superior", "superior_unlisted"),
];
const SUPERIOR: &str = "party_superior";

/// The placement of a year's organisations in the trees.
struct Standing {
    /// For each tree, the rows that name a unit; `None` if no source of the year has the column.
    named: [Option<BooleanBuffer>; 3],
    /// For each tree, the rows placed in it: by the tree's table if the roster has it (see [`Roster::with_tree`]),
    /// otherwise the rows that name a unit.
    placed: [Option<BooleanBuffer>; 3],
    /// Rows that have a party organisation, and therefore a superior.
    established: BooleanBuffer,
    /// Rows recorded as having no party organisation.
    without: BooleanBuffer,
}

impl Standing {
    fn new(roster: &Roster, frame: &Frame, scope: &Scope) -> Result<Self> {
        let rows = |name: &str, holds: &dyn Fn(&str) -> bool| {
            let at = roster.field(name).ok()?;
            let (codes, values) = (coded(roster, frame, Some(at))?, roster.dictionary(at)?);
            let table: Vec<bool> =
                std::iter::once(false).chain(values.values().iter().map(|value| holds(value))).collect();
            Some(BooleanBuffer::collect_bool(frame.rows(), |row| table[codes.get(row) as usize]))
        };
        let none = || BooleanBuffer::new_unset(frame.rows());
        let organised = scope.organised()?.evaluate(roster, frame)?;
        let party = rows("party_org_id", &|_| true).unwrap_or_else(none);
        let named = TREES.map(|(column, ..)| rows(column, &|_| true));
        let placed = TREES.map(|(column, ..)| {
            let top = tree::level(column, 1);
            rows(if roster.field(&top).is_ok() { &top } else { column }, &|_| true)
        });
        Ok(Self { named, placed, established: &organised.yes | &party, without: &organised.no() & &!&party })
    }

    /// Returns the rows that should be placed in the tree at a position of [`TREES`].
    fn due(&self, tree: usize) -> BooleanBuffer {
        if TREES[tree].0 == SUPERIOR {
            self.established.clone()
        } else {
            BooleanBuffer::new_set(self.established.len())
        }
    }

    /// Returns the findings of the tree at a position of [`TREES`]: rows due in it that name no unit, then rows whose
    /// unit its table does not have.
    fn missing(&self, tree: usize) -> Option<[(&'static str, BooleanBuffer); 2]> {
        let (_, nowhere, unlisted) = TREES[tree];
        let placed = self.placed[tree].as_ref()?;
        let named = self.named[tree].clone().unwrap_or_else(|| BooleanBuffer::new_unset(placed.len()));
        let out = &self.due(tree) & &!placed;
        Some([(nowhere, &out & &!&named), (unlisted, &named & &!placed)])
    }
}

/// Returns the rows that name a superior other than the one in the table of party organisations.
fn other_superiors(roster: &Roster, frame: &Frame) -> Vec<usize> {
    let texts = |name: &str| {
        let at = roster.field(name).ok()?;
        Some((coded(roster, frame, Some(at))?, roster.dictionary(at)?))
    };
    let Some((listed, ids)) = texts(tree::LISTED) else { return Vec::new() };
    let levels: Vec<_> = (1..).map_while(|level| texts(&tree::level(SUPERIOR, level))).collect();
    let lowest = |row: usize| levels.iter().rev().find_map(|(codes, ids)| ids.get(codes.get(row) as u32));
    let differs = |row: &usize| {
        let (listed, placed) = (ids.get(listed.get(*row) as u32), lowest(*row));
        listed.is_some() && placed.is_some() && listed != placed
    };
    (0..frame.rows()).filter(differs).collect()
}

/// Returns the rows whose party organisation has rows with different superiors.
fn several_superiors(roster: &Roster, frame: &Frame) -> Vec<usize> {
    let codes = |name: &str| coded(roster, frame, roster.field(name).ok());
    let (Some(parties), Some(superiors)) = (codes("party_org_id"), codes(SUPERIOR)) else { return Vec::new() };
    let both = |row: &usize| parties.get(*row) > 0 && superiors.get(*row) > 0;
    let mut first: HashMap<u64, (u64, bool)> = HashMap::new();
    for row in (0..frame.rows()).filter(both) {
        let superior = superiors.get(row);
        let seen = first.entry(parties.get(row)).or_insert((superior, false));
        seen.1 |= seen.0 != superior;
    }
    (0..frame.rows()).filter(both).filter(|row| first.get(&parties.get(*row)).is_some_and(|seen| seen.1)).collect()
}

impl Roster {
    /// Lists the organisations of `year` that are missing from a tree they should be in, one row per finding.
    ///
    /// Every organisation belongs to a region and to a committee in charge; one with a party organisation (organised,
    /// or with the party organisation's code) also has a superior. A tree has no findings if the year's ledgers lack its
    /// column. If the roster has the table of a tree (see [`with_tree`](Self::with_tree)), the unit named must be in
    /// that table.
    ///
    /// Columns: `year`, `finding` (`no_region`, `no_committee`, `no_superior`; `committee_unlisted`,
    /// `superior_unlisted`: the unit named is not in the table; `superior_differs`: the table gives its party
    /// organisation another superior; `superior_without_party_org`: a superior is named, but the ledger records no
    /// party organisation; `several_superiors`: rows of its party organisation name different superiors), `org_id`,
    /// `name`, `region`, `committee`, `party_superior`, `party_org_id`, `mode`.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.reconcile(2012, &Scope::default(), &Quiet)?;
    /// assert!(table.column_by_name("finding").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn reconcile(&self, year: i16, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frame = self.frame(year)?;
        let (standing, rows) = (Standing::new(self, frame, scope)?, scope.rows(self, frame)?);
        let mut found: Vec<(&str, u32)> = Vec::new();
        for (finding, missing) in (0..TREES.len()).filter_map(|at| standing.missing(at)).flatten() {
            found.extend(missing.set_indices().map(|row| (finding, row as u32)));
        }
        job::check(job)?;
        found.extend(other_superiors(self, frame).into_iter().map(|row| ("superior_differs", row as u32)));
        if let Some(named) = &standing.named[2] {
            let stray = &standing.without & named;
            found.extend(stray.set_indices().map(|row| ("superior_without_party_org", row as u32)));
        }
        job::check(job)?;
        found.extend(several_superiors(self, frame).into_iter().map(|row| ("several_superiors", row as u32)));
        found.retain(|(_, row)| rows.value(*row as usize));
        let rows: Vec<u32> = found.iter().map(|(_, row)| *row).collect();
        let names = ["org_id", "name", "region", "committee", SUPERIOR, "party_org_id", "mode"];
        let batch = self.picked(frame, names, &rows)?;
        let column = |name: &str| -> ArrayRef {
            batch.column_by_name(name).map_or_else(|| new_null_array(&DataType::Utf8, found.len()), Arc::clone)
        };
        let start = Columns::default()
            .years("year", vec![year; found.len()])
            .texts("finding", found.iter().map(|(finding, _)| *finding));
        names.into_iter().fold(start, |columns, name| columns.array(name, column(name))).finish()
    }

    /// Computes the totals of `rates` in `year` in each tree, one row for each rate and tree.
    ///
    /// Columns: `year`, `rate_id`, `label_zh`, `label_en`, `counts`, `tree` (`region`, `committee`, `party_superior`),
    /// `population` (of all), `not_due` (members of the population that do not belong in the tree, having no party
    /// organisation), `placed` (the sum over the tree, by its table if the roster has one), `unplaced` (population −
    /// `not_due` − placed), `success`, `success_placed`, `agrees` (`unplaced` is 0). Party organisations are counted at
    /// their home row. Null if no source of the year has the tree's column.
    /// ```
    /// # use dangjian::{Quiet, Rates, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let rates: Vec<_> = Rates::shipped()?.iter().cloned().collect();
    /// let table = roster.reconcile_totals(&rates, 2012, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows() % 3, 0);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn reconcile_totals(&self, rates: &[Rate], year: i16, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        struct Total<'a> {
            rate: &'a Rate,
            tree: &'static str,
            population: u64,
            success: u64,
            /// Not due, placed, placed successes.
            of: Option<[u64; 3]>,
        }
        let frame = self.frame(year)?;
        let standing = Standing::new(self, frame, scope)?;
        let size = |rows: &BooleanBuffer| rows.count_set_bits() as u64;
        let mut totals = Vec::new();
        for rate in rates.iter().filter(|rate| rate.validity.holds(year)) {
            job::check(job)?;
            rate.check(self)?;
            let answers = RateTruth::new(self, frame, rate, scope, job)?;
            let (population, success) = (&answers.population.yes, &answers.population.yes & &answers.success.yes);
            for (at, (tree, ..)) in TREES.into_iter().enumerate() {
                let due = standing.due(at);
                let of = standing.placed[at].as_ref().map(|placed| {
                    let placed = placed & &due;
                    [size(&(population & &!&due)), size(&(population & &placed)), size(&(&success & &placed))]
                });
                totals.push(Total { rate, tree, population: size(population), success: size(&success), of });
            }
        }
        let each = || totals.iter();
        let unplaced = |t: &Total| t.of.map(|[not_due, placed, _]| t.population - not_due - placed);
        Columns::default()
            .years("year", each().map(|_| year))
            .texts("rate_id", each().map(|t| &t.rate.id))
            .texts("label_zh", each().map(|t| t.rate.label.get(Lang::Zh)))
            .texts("label_en", each().map(|t| t.rate.label.get(Lang::En)))
            .texts("counts", each().map(|t| t.rate.counts.name()))
            .texts("tree", each().map(|t| t.tree))
            .counts("population", each().map(|t| t.population))
            .some_counts("not_due", each().map(|t| t.of.map(|of| of[0])))
            .some_counts("placed", each().map(|t| t.of.map(|of| of[1])))
            .some_counts("unplaced", each().map(unplaced))
            .counts("success", each().map(|t| t.success))
            .some_counts("success_placed", each().map(|t| t.of.map(|of| of[2])))
            .flags("agrees", each().map(|t| unplaced(t).map(|n| n == 0)))
            .finish()
    }
}
