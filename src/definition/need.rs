//! Required mode of an organisation (应建形式), and the members that a formation rule counts.

use super::condition::Condition;
use super::validity::Validity;
use crate::error::Result;
use crate::lang::Text;
use crate::predicate::Predicate;
use crate::roster::Roster;
use crate::schema::words;
use crate::support::record::{Record, RecordPlace};

/// Members that a rule counts (正式党员, 党员, …): one column of counts, or several added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members(Vec<String>);

impl Members {
    pub(super) fn take(record: &mut Record) -> Result<Self> {
        Ok(Self(record.one_or_more("members")?))
    }

    /// Returns the names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.0
    }

    /// Builds the condition that there are at least `n` of these members.
    pub(super) fn at_least(&self, n: u32) -> Result<Predicate> {
        let quoted: Vec<String> = self.0.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
        Predicate::parse(&format!("{} >= {n}", quoted.join(" + ")))
    }

    /// Fails if one of the columns is missing or not numeric.
    pub(super) fn check(&self, roster: &Roster, place: &RecordPlace) -> Result<()> {
        self.at_least(0)?.check(roster).map_err(|e| place.defined(e, "members"))
    }
}

/// A rule: an organisation for which `when` is true, and no earlier rule, needs `mode`.
#[derive(Clone, Debug)]
pub struct Need {
    /// One of the words of column `mode`.
    pub mode: String,
    /// Condition of the rule.
    pub when: Predicate,
    /// The condition as a minimum number of members, if the rule gives one.
    pub step: Option<(Members, u32)>,
    /// Years in which the rule is in force.
    pub validity: Validity,
    /// Document that the rule comes from.
    pub source: String,
    /// Note for readers.
    pub note: Option<Text>,
    /// Named conditions that the rule uses.
    pub(super) conditions: Vec<Condition>,
    pub(super) place: RecordPlace,
}

impl Need {
    pub(super) fn take(mut record: Record) -> Result<Self> {
        let mode = word(&mut record, "mode", "mode", "组建形式")?;
        let (when, step) = if record.has("when") {
            (record.predicate("when")?, None)
        } else if record.has("at_least") || record.has("members") {
            let step = (Members::take(&mut record)?, record.positive("at_least")?);
            (step.0.at_least(step.1).map_err(|e| record.place().defined(e, "members"))?, Some(step))
        } else {
            return record.error(
                "when",
                "缺少此项；应为条件，或用 members 和 at_least 写明哪一列党员数、至少多少人",
                "is missing; expected a condition, or 'members' and 'at_least': which count of members, and how many",
            );
        };
        let need = Self {
            mode,
            when,
            step,
            validity: record.validity()?,
            source: record.text("source")?,
            note: record.label("note", "note_en")?,
            conditions: Vec::new(),
            place: record.place().clone(),
        };
        record.finish()?;
        Ok(need)
    }

    pub(super) fn check(&self, roster: &Roster) -> Result<()> {
        self.conditions.iter().try_for_each(|condition| condition.check(roster))?;
        self.when.check(roster).map_err(|e| self.place.defined(e, if self.step.is_some() { "members" } else { "when" }))
    }
}

/// Takes the word in `field`, which must be one of the words of `column`.
pub(super) fn word(record: &mut Record, field: &'static str, column: &str, what: &str) -> Result<String> {
    let word = record.text(field)?;
    let known: Vec<_> = words::of(column).into_iter().flat_map(words::Words::ids).collect();
    if known.contains(&word.as_str()) {
        return Ok(word);
    }
    let known = known.join(", ");
    record.error(
        field,
        &format!("没有“{word}”这种{what}。可用：{known}"),
        &format!("there is no {field} '{word}'. Available: {known}"),
    )
}
