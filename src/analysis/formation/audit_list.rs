//! The organisations of each audit finding, with the reason in words.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat_batches;
use arrow::datatypes::Int16Type;
use arrow::util::display::array_value_to_string;

use super::audit::{answers, check};
use super::facts::{FormationFacts, has_column};
use crate::definition::{APPROVAL, Finding, FormationRules, LevelRule};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::labels;
use crate::labels::Labels;
use crate::lang::Lang;
use crate::query::Scope;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// Columns listed for each organisation next to the finding: ledger columns and columns worked out by the audit.
const LISTED: [&str; 13] = [
    "org_id",
    "name",
    "region",
    "kind",
    "committee",
    "mode",
    "need",
    "party_org_id",
    "party_org_level",
    "level_need",
    "members_full",
    "party_members",
    "units",
];

impl Roster {
    /// Lists the organisations of a year's findings, or of the one called `finding`: first those with the finding
    /// (`status` is `found`), then those for which it cannot be decided (`unknown`), by organisation id. Only the
    /// filter of `scope` applies; its dimensions and years are ignored. A finding that rests on a column which no
    /// source of the year has is evaluated as far as the other columns allow, and lists nobody as unknown.
    ///
    /// Columns: `year`, `finding`, `label_zh`, `label_en`, `severity`, `status`, `org_id`, `name`, `township`,
    /// `township_name`, `kind`, `committee`, `mode` (recorded) and `need` (by the rules), `party_org_id`,
    /// `party_org_level` (recorded) and `level_need` (by the rules), `members_full`, `party_members` and `units` (of
    /// its party organisation), `why_zh`, `why_en`, `rule` (the source of the finding).
    /// ```
    /// # use dangjian::{FormationRules, Quiet, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let rules = FormationRules::shipped()?;
    /// let finding = Some("solo_due_none");
    /// let list = roster.formation_audit_list(&rules, finding, 2012, &Scope::default(), &Quiet)?;
    /// assert!(list.column_by_name("why_zh").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn formation_audit_list(
        &self,
        rules: &FormationRules,
        finding: Option<&str>,
        year: i16,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let frame = self.frame(year)?;
        check(self, rules)?;
        finding.map_or(Ok(()), |id| rules.known(id))?;
        let findings: Vec<&Finding> = rules.findings().iter().filter(|f| finding.is_none_or(|id| f.id == id)).collect();
        let rows = scope.rows(self, frame)?;
        let writer = SentenceWriter { labels: labels::all()?, levels: rules.levels(year) };
        let rested = |f: &Finding| -> BTreeSet<String> {
            f.when.columns().into_iter().flat_map(|name| FormationFacts::depends_on(rules, name, year)).collect()
        };
        let rested: Vec<BTreeSet<String>> = findings.iter().map(|f| rested(f)).collect();
        let mut wanted: BTreeSet<&str> = LISTED.into_iter().collect();
        wanted.extend(findings.iter().flat_map(|f| f.why.columns().into_iter().chain(f.when.columns())));
        wanted.extend(rested.iter().flatten().map(String::as_str));
        let facts = FormationFacts::new(self, frame, rules, &wanted)?;
        let picked = |rows: &BooleanBuffer| {
            let rows: Vec<u32> = rows.set_indices_u32().collect();
            facts.roster().picked(facts.frame(), wanted.iter().copied(), &rows)
        };
        let mut parts = Vec::new();
        for ((finding, truth), rested) in findings.iter().zip(answers(&facts, rules, &findings)?).zip(&rested) {
            job::check(job)?;
            let Some(truth) = truth else { continue };
            for (status, set) in [("found", &truth.yes & &rows), ("unknown", &truth.unknown() & &rows)] {
                if status == "unknown" && rested.iter().any(|name| !has_column(self, frame, name)) {
                    continue; // the year's sources lack a column, so the finding is undecided everywhere
                }
                let batch = picked(&set)?;
                let why = |lang: Lang| (0..batch.num_rows()).map(move |row| (lang, row));
                let say = |(lang, row)| match status {
                    "found" => writer.finding_sentence(finding, lang, &batch, row),
                    _ => Ok(writer.unknown_sentence(rested, lang, &batch, row)),
                };
                let zh: Vec<String> = why(Lang::Zh).map(say).collect::<Result<_>>()?;
                let en: Vec<String> = why(Lang::En).map(say).collect::<Result<_>>()?;
                parts.push(of_finding(finding, status, &batch, (zh, en))?);
            }
        }
        if parts.is_empty() {
            let none = picked(&BooleanBuffer::new_unset(frame.rows()))?;
            let nothing =
                findings.first().map(|f| of_finding(f, "found", &none, (Vec::new(), Vec::new()))).transpose()?;
            return nothing.map_or_else(|| Columns::default().finish(), Ok);
        }
        Ok(concat_batches(&parts[0].schema(), &parts)?)
    }
}

fn of_finding(
    finding: &Finding,
    status: &str,
    batch: &RecordBatch,
    (zh, en): (Vec<String>, Vec<String>),
) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let same = |text: &str| std::iter::repeat_n(text.to_owned(), rows);
    let columns = Columns::default()
        .years("year", batch["year"].as_primitive::<Int16Type>().values().iter().copied())
        .texts("finding", same(&finding.id))
        .texts("label_zh", same(finding.label.get(Lang::Zh)))
        .texts("label_en", same(finding.label.get(Lang::En)))
        .texts("severity", same(finding.severity.name()))
        .texts("status", same(status));
    columns.listed(batch, &LISTED).texts("why_zh", zh).texts("why_en", en).texts("rule", same(&finding.source)).finish()
}

/// Puts the values of a row into words.
struct SentenceWriter<'a> {
    labels: Labels,
    levels: Vec<&'a LevelRule>,
}

impl SentenceWriter<'_> {
    /// Returns the sentence of `finding` with the values of a row.
    fn finding_sentence(&self, finding: &Finding, lang: Lang, batch: &RecordBatch, row: usize) -> Result<String> {
        let values = finding.why.columns().into_iter().map(|name| Ok((name, self.value(name, lang, batch, row)?)));
        let values = values.collect::<Result<std::collections::BTreeMap<_, _>>>()?;
        Ok(finding.why.say(lang, |name| values.get(name).cloned().unwrap_or_default()))
    }

    /// Names the columns a finding rests on that are missing from a row.
    fn unknown_sentence(&self, rested: &BTreeSet<String>, lang: Lang, batch: &RecordBatch, row: usize) -> String {
        let given = |name: &str| batch.column_by_name(name).is_some_and(|column| column.is_valid(row));
        let label =
            |name: &String| self.labels.columns.get(name).map_or(name.as_str(), |text| text.get(lang)).to_owned();
        let missing: Vec<String> = rested.iter().filter(|name| !given(name)).map(label).collect();
        match (lang, missing.is_empty()) {
            (Lang::Zh, true) => "同一党组织的其他单位有未填项，无法判断。".to_owned(),
            (Lang::En, true) => {
                "Cannot be told; another organisation of the same party organisation leaves something open.".to_owned()
            }
            (Lang::Zh, false) => format!("未填{}，无法判断。", missing.join("、")),
            (Lang::En, false) => format!("Cannot be told; not given: {}.", missing.join(", ")),
        }
    }

    fn value(&self, name: &str, lang: Lang, batch: &RecordBatch, row: usize) -> Result<String> {
        if name == APPROVAL {
            let recorded = batch.column_by_name("party_org_level").filter(|c| c.is_valid(row));
            let recorded = recorded.map_or("branch", |c| c.as_string::<i32>().value(row));
            let level = self.levels.iter().find(|level| level.level == recorded);
            let approval = level.and_then(|level| level.approval.as_ref());
            return Ok(approval.map_or_else(|| nothing(lang).to_owned(), |text| text.get(lang).to_owned()));
        }
        let Some(column) = batch.column_by_name(name).filter(|column| column.is_valid(row)) else {
            return Ok("—".to_owned());
        };
        let text = array_value_to_string(column, row)?;
        let word = self.labels.values.get(name).and_then(|words| words.get(&text));
        Ok(word.map_or(text, |word| word.get(lang).to_owned()))
    }
}

/// Returns the phrase for approval when the rules do not name one.
fn nothing(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "经批准",
        Lang::En => "with approval",
    }
}
