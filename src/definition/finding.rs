//! Audit findings (核查发现): conditions that should hold for no organisation, and the sentence reported where one
//! does.

use std::collections::BTreeSet;

use super::condition::Condition;
use super::validity::Validity;
use crate::error::Result;
use crate::lang::{Lang, Text};
use crate::predicate::Predicate;
use crate::roster::Roster;
use crate::support::named::named_enum;
use crate::support::record::{Record, RecordPlace};

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingSeverity {
    /// Violates a rule that says "must" (应当).
    Error,
    /// Deviates from a rule that says "as a rule" (一般), or is allowed with approval: to be checked.
    Warning,
    /// Worth knowing.
    Info,
}

named_enum! { pub FindingSeverity, "级别", "severity"; Error = "error", Warning = "warning", Info = "info" }

/// A finding that an audit looks for.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Identifier in calls and results.
    pub id: String,
    /// Label in tables.
    pub label: Text,
    /// Severity of the finding.
    pub severity: FindingSeverity,
    /// Condition on the organisations that have the finding.
    pub when: Predicate,
    /// Sentence reported for each of these organisations.
    pub why: Why,
    /// Years in which the finding is in force.
    pub validity: Validity,
    /// Document that the rule comes from.
    pub source: String,
    /// Named conditions that the finding uses.
    pub(super) conditions: Vec<Condition>,
    pub(super) place: RecordPlace,
}

impl Finding {
    pub(super) fn take(mut record: Record) -> Result<Self> {
        let id = record.text("id")?;
        let Some(label) = record.label("label", "label_en")? else {
            return record.error("label", "缺少此项；应为引号里的名称", "is missing; expected a name in quotes");
        };
        let severity = record.named("severity", FindingSeverity::from_name)?;
        let when = record.predicate("when")?;
        let Some(why) = record.label("why", "why_en")? else {
            return record.error("why", "缺少此项；应为引号里的说明", "is missing; expected a sentence in quotes");
        };
        let finding = Self {
            why: Why::new(&record, &why)?,
            validity: record.validity()?,
            source: record.text("source")?,
            conditions: Vec::new(),
            place: record.place().clone(),
            id,
            label,
            severity,
            when,
        };
        record.finish()?;
        Ok(finding)
    }

    /// Fails if the condition or the sentence names a column that `roster` does not have.
    pub(crate) fn check(&self, roster: &Roster) -> Result<()> {
        self.conditions.iter().try_for_each(|condition| condition.check(roster))?;
        self.when.check(roster).map_err(|e| self.place.defined(e, "when"))?;
        for name in self.why.columns().into_iter().filter(|name| *name != APPROVAL) {
            let there = Predicate::parse(&format!("\"{name}\" is null")).and_then(|p| p.check(roster));
            there.map_err(|e| self.place.defined(e, "why"))?;
        }
        Ok(())
    }
}

/// Placeholder in a [`Why`] for the approval clause of the rule about the recorded level.
pub(crate) const APPROVAL: &str = "approval";

/// A sentence template in both languages, with column names in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    zh: Vec<Part>,
    en: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

impl Part {
    fn column(&self) -> Option<&str> {
        match self {
            Self::Column(name) => Some(name),
            Self::Text(_) => None,
        }
    }
}

impl Why {
    fn new(record: &Record, text: &Text) -> Result<Self> {
        Ok(Self { zh: parts(record, &text.zh)?, en: parts(record, &text.en)? })
    }

    fn parts(&self, lang: Lang) -> &[Part] {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }

    /// Returns the columns that the sentence names.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<&str> {
        self.zh.iter().chain(&self.en).filter_map(Part::column).collect()
    }

    /// Renders the sentence with the column values given by `value`.
    pub(crate) fn say(&self, lang: Lang, value: impl Fn(&str) -> String) -> String {
        let said = self.parts(lang).iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Column(name) => value(name),
        });
        said.collect()
    }
}

fn parts(record: &Record, text: &str) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return record.error(
                "why",
                &format!("“{text}”里的 {{ 没有对应的 }}"),
                &format!("the {{ in '{text}' is not closed by a }}"),
            );
        };
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::Column(name.trim().to_owned()));
        rest = after;
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(parts)
}
