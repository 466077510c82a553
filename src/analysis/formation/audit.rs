//! The audit of formation (组建核查): counts the organisations where the ledger departs from the rules.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;

use super::facts::{FormationFacts, has_column};
use super::members::PartyOrganisations;
use crate::cube::statistic::{Statistic, only};
use crate::cube::{GroupedCounts, Lane};
use crate::definition::{Finding, FormationRules};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::lang::Lang;
use crate::predicate::Truth;
use crate::query::Scope;
use crate::query::party_organisation::{Parties, bitmap};
use crate::roster::{Frame, Roster};
use crate::support::columns::Columns;

/// Evaluates each finding on the rows of a year; `None` for a finding that is not in force in that year.
pub(super) fn answers(
    facts: &FormationFacts,
    rules: &FormationRules,
    findings: &[&Finding],
) -> Result<Vec<Option<Truth>>> {
    let truth = |f: &&Finding| {
        let asked = FormationFacts::in_force(rules, f, facts.frame().year);
        asked.then(|| f.when.evaluate(facts.roster(), facts.frame())).transpose()
    };
    findings.iter().map(truth).collect()
}

impl Roster {
    /// Counts the audit's findings by the dimensions of `scope`: a row for each group and each finding in force in its
    /// year. The facts about a party organisation are worked out from all of its organisations, including those outside
    /// the scope.
    ///
    /// Columns: `year`, the dimensions, `finding`, `label_zh`, `label_en`, `severity` (`error`, `warning`, `info`),
    /// `organisations` (null if none was found in a year whose sources lack a column that the finding rests on),
    /// `party_organisations` (the party organisations with an organisation found; also null if the year has no codes),
    /// `unknown` (organisations for which the finding cannot be decided; null if the year's sources lack such a
    /// column).
    /// ```
    /// # use dangjian::{FormationRules, Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.formation_audit(&FormationRules::shipped()?, &Scope::by(["kind"]), &Quiet)?;
    /// assert!(table.column_by_name("finding").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn formation_audit(&self, rules: &FormationRules, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frames = scope.frames(self)?;
        statistic(self, &frames, rules, scope)?.count(&frames, job)
    }
}

/// Number of aggregate inputs per finding: organisations, their party organisations, undecided organisations.
const LANES: usize = 3;

/// Builds the statistic of [`Roster::formation_audit`] for `frames`.
pub(crate) fn statistic<'r>(
    roster: &'r Roster,
    frames: &[&'r Frame],
    rules: &'r FormationRules,
    scope: &Scope,
) -> Result<Statistic<'r, RecordBatch>> {
    let findings: Vec<&Finding> = rules.findings().iter().collect();
    check(roster, rules)?;
    let (axes, of_frames, scope) = (scope.axes(roster, frames)?, frames.to_vec(), scope.clone());
    let asked = findings.clone();
    let lanes = move |_, frame: &Frame, job: &dyn Job| {
        let wanted: BTreeSet<&str> = asked.iter().flat_map(|f| f.when.columns()).collect();
        let rows = scope.rows(roster, frame)?;
        let (parties, party_orgs) = (Parties::new(roster, frame), PartyOrganisations::new(roster, frame, rules)?);
        let own = BooleanBuffer::collect_bool(frame.rows(), |row| party_orgs.belongs(row));
        let mut lanes = vec![Lane::Bits(rows.clone())];
        job::check(job)?;
        for truth in answers(&FormationFacts::new(roster, frame, rules, &wanted)?, rules, &asked)? {
            job::check(job)?;
            let truth = truth.unwrap_or_else(|| Truth::all(frame.rows(), Some(false)));
            let found = &truth.yes & &rows;
            let homes = bitmap(frame.rows(), parties.homes(&(&found & &own)).into_iter().flatten());
            lanes.extend([found, homes, &truth.unknown() & &rows].map(Lane::Bits));
        }
        Ok(lanes)
    };
    let answer = move |counted| table(roster, &of_frames, rules, &findings, &only(counted)?);
    Ok(Statistic::new(vec![axes], lanes, answer))
}

fn table(
    roster: &Roster,
    frames: &[&Frame],
    rules: &FormationRules,
    findings: &[&Finding],
    counted: &GroupedCounts,
) -> Result<RecordBatch> {
    let years: Vec<DecidableFindings> =
        frames.iter().map(|frame| DecidableFindings::new(roster, frame, rules, findings)).collect();
    let decidable = |year: i16| years.iter().find(|decidable| decidable.year == year);
    let cells = || (0..counted.years.len()).flat_map(|g| (0..findings.len()).map(move |f| (g, f)));
    let lane = |g: usize, f: usize, nth: usize| counted.lane(1 + f * LANES + nth)[g];
    let decided = |g: usize, f: usize, nth: usize| {
        let n = lane(g, f, nth);
        let silent = decidable(counted.years[g]).is_some_and(|y| y.silent[f] || nth == 1 && !y.named);
        (!silent || nth < 2 && n > 0).then_some(n)
    };
    let finding = || cells().map(|(_, f)| findings[f]);
    let table = Columns::default()
        .groups(&counted.repeated(findings.len()))
        .texts("finding", finding().map(|f| &f.id))
        .texts("label_zh", finding().map(|f| f.label.get(Lang::Zh)))
        .texts("label_en", finding().map(|f| f.label.get(Lang::En)))
        .texts("severity", finding().map(|f| f.severity.name()))
        .some_counts("organisations", cells().map(|(g, f)| decided(g, f, 0)))
        .some_counts("party_organisations", cells().map(|(g, f)| decided(g, f, 1)))
        .some_counts("unknown", cells().map(|(g, f)| decided(g, f, 2)))
        .finish()?;
    let looked_for = cells().map(|(g, f)| decidable(counted.years[g]).map(|y| y.in_force[f]));
    Ok(filter_record_batch(&table, &looked_for.collect())?)
}

/// The findings that a year's rules put in force, and those that its sources cannot decide.
struct DecidableFindings {
    year: i16,
    in_force: Vec<bool>,
    silent: Vec<bool>,
    /// True if the year's sources name party organisations.
    named: bool,
}

impl DecidableFindings {
    fn new(roster: &Roster, frame: &Frame, rules: &FormationRules, findings: &[&Finding]) -> Self {
        let rests_on = |f: &Finding| -> BTreeSet<String> {
            f.when.columns().into_iter().flat_map(|name| FormationFacts::depends_on(rules, name, frame.year)).collect()
        };
        let silent = |f: &&Finding| rests_on(f).iter().any(|name| !has_column(roster, frame, name));
        Self {
            year: frame.year,
            in_force: findings.iter().map(|f| FormationFacts::in_force(rules, f, frame.year)).collect(),
            silent: findings.iter().map(silent).collect(),
            named: has_column(roster, frame, "party_org_id"),
        }
    }
}

/// Checks that every rule and finding fits `roster`.
pub(super) fn check(roster: &Roster, rules: &FormationRules) -> Result<()> {
    rules.check(roster)?;
    let names = FormationFacts::names(roster);
    rules.findings().iter().try_for_each(|finding| finding.check(&names))
}
