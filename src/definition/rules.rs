//! Formation rules (组建规则): needs, levels, joint branches, terms, and audit findings.

use std::path::Path;

use arrow::buffer::BooleanBuffer;

use super::condition::{Condition, Conditions, Layers};
use super::finding::Finding;
use super::need::{Members, Need, word};
use super::validity;
use super::validity::Validity;
use crate::error::Result;
use crate::lang::Text;
use crate::roster::{Frame, Roster};
use crate::support::named::no_such;
use crate::support::record;
use crate::support::record::{Record, RecordPlace, records_of};

/// Minimum number of members for a level of party organisation (支部, 总支, 党委).
#[derive(Clone, Debug)]
pub struct LevelRule {
    /// One of the words of column `party_org_level`.
    pub level: String,
    /// Members to count, over all organisations of the party organisation together.
    pub members: Members,
    /// Minimum number of these members.
    pub at_least: u32,
    /// Authority whose approval allows this level with fewer members.
    pub approval: Option<Text>,
    /// Years in which the rule is in force.
    pub validity: Validity,
    /// Document that the rule comes from.
    pub source: String,
    /// Note for readers.
    pub note: Option<Text>,
    place: RecordPlace,
}

/// Maximum number of organisations that a joint branch may cover.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JointLimit {
    /// The maximum.
    pub most_units: u32,
    /// Years in which the limit is in force.
    pub validity: Validity,
    /// Document that the rule comes from.
    pub source: String,
    /// Note for readers.
    pub note: Option<Text>,
}

/// Term of office at a level of party organisation, after which elections are due (换届).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Term {
    /// One of the words of column `party_org_level`.
    pub level: String,
    /// Length of the term in years.
    pub years: u32,
    /// Years in which the rule is in force.
    pub validity: Validity,
    /// Document that the rule comes from.
    pub source: String,
    /// Note for readers.
    pub note: Option<Text>,
}

/// All formation rules.
#[derive(Clone, Debug)]
pub struct FormationRules {
    needs: Vec<Need>,
    levels: Vec<LevelRule>,
    joints: Vec<JointLimit>,
    terms: Vec<Term>,
    findings: Vec<Finding>,
    layers: Layers,
    organised: Condition,
}

/// Required modes of the organisations of one frame. A row in none of the sets meets none of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needed {
    /// Rows decided by each rule; the sets are disjoint.
    pub by_rule: Vec<BooleanBuffer>,
    /// Rows for which a rule is unknown and no earlier rule is true.
    pub unknown: BooleanBuffer,
}

const KINDS: [&str; 6] = ["need", "level", "joint", "term", "finding", "condition"];

impl FormationRules {
    /// Returns the rules of the "1234" working method and the regulations: `definitions/formation.toml`.
    pub fn shipped() -> Result<Self> {
        Self::parse(include_str!("../../definitions/formation.toml"), "definitions/formation.toml")?.resolved()
    }

    /// Reads the rules of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// Parses the records of `text`: `[[need]]`, `[[level]]`, `[[joint]]`, `[[term]]`, `[[finding]]`, `[[condition]]`
    /// (see [`Conditions`]). Records of a kind replace all shipped ones of that kind; a finding and a condition replace
    /// only the one with its id. `origin` is the file's name in errors, which are
    /// [`Error::Definition`](crate::error::Error::Definition).
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let (mut mine, shipped) = (Self::parse(text, origin)?, Self::shipped()?);
        let own = |finding: &Finding| mine.findings.iter().any(|f| f.id == finding.id);
        let mut findings: Vec<Finding> = shipped.findings.into_iter().filter(|f| !own(f)).collect();
        findings.append(&mut mine.findings);
        Self {
            needs: or(mine.needs, shipped.needs),
            levels: or(mine.levels, shipped.levels),
            joints: or(mine.joints, shipped.joints),
            terms: or(mine.terms, shipped.terms),
            findings,
            ..mine
        }
        .resolved()
    }

    /// Puts `conditions` over the shipped ones; those of the rules' own file stay over both.
    pub fn with_conditions(mut self, conditions: &Conditions) -> Result<Self> {
        self.layers.give(conditions);
        self.resolved()
    }

    /// Reduces named conditions to columns in every rule.
    fn resolved(mut self) -> Result<Self> {
        let conditions = self.layers.in_force()?;
        for need in &mut self.needs {
            need.conditions = conditions.apply([&mut need.when])?;
        }
        for finding in &mut self.findings {
            finding.conditions = conditions.apply([&mut finding.when])?;
        }
        self.organised = conditions.organised()?;
        Ok(self)
    }

    /// Returns the conditions of the rules' own file.
    #[must_use]
    pub fn conditions(&self) -> &Conditions {
        self.layers.own()
    }

    /// Returns the condition for an organisation to belong to the party organisation whose code it has.
    pub(crate) fn organised(&self) -> &Condition {
        &self.organised
    }

    fn parse(text: &str, origin: &str) -> Result<Self> {
        let mut kinds = records_of(text, origin, &KINDS)?.into_iter();
        let mut next = || kinds.next().unwrap_or_default();
        Ok(Self {
            needs: next().into_iter().map(Need::take).collect::<Result<_>>()?,
            levels: apart(next(), level, |a, b| a.level == b.level, |l| l.validity)?,
            joints: apart(next(), joint, |_, _| true, |j| j.validity)?,
            terms: apart(next(), term, |a, b| a.level == b.level, |t| t.validity)?,
            findings: apart(next(), Finding::take, |a, b| a.id == b.id, |f| f.validity)?,
            layers: Layers::take(next())?,
            organised: Conditions::shipped()?.organised()?,
        })
    }

    /// Returns the rules about the mode needed, in the order in which they are tried.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// Returns the levels in force in `year`, by ascending minimum of members.
    #[must_use]
    pub fn levels(&self, year: i16) -> Vec<&LevelRule> {
        let mut levels: Vec<&LevelRule> = self.levels.iter().filter(|l| l.validity.holds(year)).collect();
        levels.sort_by_key(|l| l.at_least);
        levels
    }

    /// Returns the levels of all years.
    pub(crate) fn all_levels(&self) -> &[LevelRule] {
        &self.levels
    }

    /// Returns the limit of joint branches in `year`, if there is one.
    #[must_use]
    pub fn joint(&self, year: i16) -> Option<&JointLimit> {
        self.joints.iter().find(|j| j.validity.holds(year))
    }

    /// Returns the terms in force in `year`.
    pub fn terms(&self, year: i16) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(move |t| t.validity.holds(year))
    }

    /// Returns the audit findings, in table order.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the ids of the findings, each once.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for finding in &self.findings {
            if !ids.contains(&finding.id.as_str()) {
                ids.push(&finding.id);
            }
        }
        ids
    }

    /// Fails with [`Error::Argument`](crate::error::Error::Argument) if there is no finding `id`.
    pub fn known(&self, id: &str) -> Result<()> {
        known(("核查项", "finding"), id, &self.ids())
    }

    /// Fails with [`Error::Definition`](crate::error::Error::Definition) if a rule does not fit `roster` (see
    /// [`Predicate::check`](crate::predicate::Predicate::check)). Findings are checked by the audit, which adds columns of its
    /// own.
    pub fn check(&self, roster: &Roster) -> Result<()> {
        self.organised.check(roster)?;
        self.needs.iter().try_for_each(|need| need.check(roster))?;
        self.levels.iter().try_for_each(|level| level.members.check(roster, &level.place))
    }

    /// Applies the rules about the mode needed to the rows of `frame`, which belongs to `roster`. Fails as
    /// [`FormationRules::check`] does.
    pub fn evaluate(&self, roster: &Roster, frame: &Frame) -> Result<Needed> {
        self.check(roster)?;
        let mut by_rule = Vec::new();
        let mut unknown = BooleanBuffer::new_unset(frame.rows());
        let mut open = BooleanBuffer::new_set(frame.rows());
        for need in &self.needs {
            if !need.validity.holds(frame.year) {
                by_rule.push(BooleanBuffer::new_unset(frame.rows()));
                continue;
            }
            let truth = need.when.evaluate(roster, frame)?;
            by_rule.push(&open & &truth.yes);
            unknown = &unknown | &(&open & &truth.unknown());
            open = &open & &truth.no();
        }
        Ok(Needed { by_rule, unknown })
    }
}

/// Fails if `id` is not in `ids`; `what` names their kind in the message.
pub(crate) fn known(what: (&str, &str), id: &str, ids: &[&str]) -> Result<()> {
    if ids.contains(&id) { Ok(()) } else { Err(no_such(what, id, ids.iter().copied())) }
}

fn or<T>(mine: Vec<T>, shipped: Vec<T>) -> Vec<T> {
    if mine.is_empty() { shipped } else { mine }
}

/// Takes the records with `take`. No two records about the `same` subject may be in force in the same year.
fn apart<T>(
    records: Vec<Record>,
    take: impl Fn(Record) -> Result<T>,
    same: impl Fn(&T, &T) -> bool,
    years: impl Fn(&T) -> Validity,
) -> Result<Vec<T>> {
    let mut taken: Vec<T> = Vec::new();
    for record in records {
        let place = record.place().clone();
        let one = take(record)?;
        let earlier = taken.iter().filter(|other| same(other, &one)).map(&years);
        validity::alone(&place, years(&one), earlier)?;
        taken.push(one);
    }
    Ok(taken)
}

fn level(mut record: Record) -> Result<LevelRule> {
    let level = LevelRule {
        level: word(&mut record, "level", "party_org_level", "党组织类别")?,
        members: Members::take(&mut record)?,
        at_least: record.positive("at_least")?,
        approval: record.label("approval", "approval_en")?,
        validity: record.validity()?,
        source: record.text("source")?,
        note: record.label("note", "note_en")?,
        place: record.place().clone(),
    };
    record.finish()?;
    Ok(level)
}

fn joint(mut record: Record) -> Result<JointLimit> {
    let joint = JointLimit {
        most_units: record.positive("most_units")?,
        validity: record.validity()?,
        source: record.text("source")?,
        note: record.label("note", "note_en")?,
    };
    record.finish()?;
    Ok(joint)
}

fn term(mut record: Record) -> Result<Term> {
    let term = Term {
        level: word(&mut record, "level", "party_org_level", "党组织类别")?,
        years: record.positive("years")?,
        validity: record.validity()?,
        source: record.text("source")?,
        note: record.label("note", "note_en")?,
    };
    record.finish()?;
    Ok(term)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::testing::{codes, numbers, roster};
    use crate::schema::Type;

    /// The first rule that is true decides; an unknown one before it leaves the need open.
    #[test]
    fn rules_are_tried_in_order() {
        let rules = r#"
            [[need]]
            mode = "solo"
            members = ["members_full"]
            at_least = 3
            source = "s"
            [[need]]
            mode = "none"
            when = "true"
            to = 2012
            source = "s"
            [[need]]
            mode = "area"
            when = "zone = 'east'"
            source = "s"
            [[need]]
            mode = "solo"
            when = "members_full = 2"
            source = "s"
        "#;
        let rules = FormationRules::from_toml(rules, "f.toml").unwrap();
        let members = numbers(&[Some(5), Some(2), Some(2), None, Some(2), Some(0), Some(3)]);
        let zones = codes(&[Some("east"), Some("east"), Some("west"), Some("east"), None, Some("west"), None]);
        let columns = vec![("members_full", Type::Count, Some(members)), ("zone", Type::Code, Some(zones))];
        let roster = roster(columns, 7);
        let needed = rules.evaluate(&roster, &roster.frames()[0]).unwrap();
        let rows = |set: &BooleanBuffer| set.set_indices().collect::<Vec<_>>();
        assert_eq!(needed.by_rule.iter().map(rows).collect::<Vec<_>>(), [vec![0, 6], vec![], vec![1], vec![2]]);
        assert_eq!(rows(&needed.unknown), [3, 4]);
    }

    /// A user's file replaces the kinds of record it contains; a finding replaces the one with its id.
    #[test]
    fn a_file_replaces_kind_by_kind_and_findings_by_id() {
        let shipped = FormationRules::shipped().unwrap();
        let id = shipped.findings()[0].id.clone();
        let mine = format!(
            "[[joint]]\nmost_units = 10\nto = 2015\nsource = '合肥'\n[[finding]]\nid = '{id}'\nlabel = '甲'\nseverity = 'info'\nwhen = 'true'\nwhy = '{{mode}}'\nsource = 's'"
        );
        let mine = FormationRules::from_toml(&mine, "f.toml").unwrap();
        assert_eq!((mine.joint(2015).map(|j| j.most_units), mine.joint(2016).map(|j| j.most_units)), (Some(10), None));
        assert_eq!(mine.needs().len(), shipped.needs().len());
        assert_eq!(mine.ids().len(), shipped.ids().len());
        assert_eq!(mine.findings().iter().find(|f| f.id == id).map(|f| f.severity.name()), Some("info"));
        let levels: Vec<_> = shipped.levels(2013).iter().map(|l| (l.level.clone(), l.at_least)).collect();
        assert_eq!(
            levels,
            [("branch".to_owned(), 3), ("general_branch".to_owned(), 50), ("committee".to_owned(), 100)]
        );
    }
}
