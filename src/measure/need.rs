//! Formation rules (组建规则): which mode an organisation needs.

use std::path::Path;

use arrow::buffer::BooleanBuffer;

use super::predicate::Predicate;
use crate::error::Result;
use crate::lang::Text;
use crate::record::{self, records};
use crate::roster::{Frame, Roster};
use crate::schema::words;

/// One rule: an organisation for which `when` is true, and no earlier rule, needs `mode`.
#[derive(Clone, Debug)]
pub struct Need {
    /// One of the words of column `mode`.
    pub mode: String,
    /// The condition.
    pub when: Predicate,
    /// The document that the rule is from.
    pub source: String,
    /// What a reader should know about it.
    pub note: Option<Text>,
    place: String,
}

/// Rules in the order in which they are tried.
#[derive(Clone, Debug)]
pub struct FormationRules(Vec<Need>);

/// What the organisations of one frame need. A row that is in no set meets none of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// For each rule the rows that it decides: none is in two.
    pub by_rule: Vec<BooleanBuffer>,
    /// Rows for which a rule is unknown and none before it is true.
    pub unknown: BooleanBuffer,
}

impl FormationRules {
    /// The rules of the "1234" working method and the regulations: `definitions/formation.toml`.
    pub fn shipped() -> Result<Self> {
        Self::from_toml(include_str!("../../definitions/formation.toml"), "definitions/formation.toml")
    }

    /// The rules of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// The `[[need]]` records of `text`, with the fields `mode`, `when`, `source` and `note`. `origin` is the file's name
    /// in errors, which are [`Error::Definition`](crate::Error::Definition).
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut needs = Vec::new();
        for mut record in records(text, origin, "need")? {
            let mode = record.text("mode")?;
            let known: Vec<_> = words::of("mode").into_iter().flat_map(words::Words::ids).collect();
            if !known.contains(&mode.as_str()) {
                let known = known.join(", ");
                return record.error(
                    "mode",
                    &format!("没有“{mode}”这种组建形式。可用：{known}"),
                    &format!("there is no mode '{mode}'. Available: {known}"),
                );
            }
            needs.push(Need {
                mode,
                when: record.predicate("when")?,
                source: record.text("source")?,
                note: record.label("note", "note_en")?,
                place: record.place().to_owned(),
            });
            record.finish()?;
        }
        Ok(Self(needs))
    }

    /// The rules, in order.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        &self.0
    }

    /// Fails with [`Error::Definition`](crate::Error::Definition) where a rule does not fit `roster` (see
    /// [`Predicate::check`]).
    pub fn check(&self, roster: &Roster) -> Result<()> {
        for need in &self.0 {
            need.when.check(roster).map_err(|e| record::defined(e, &need.place, "when"))?;
        }
        Ok(())
    }

    /// Applies the rules to the rows of `frame`, which is one of `roster`'s. Fails as [`FormationRules::check`] does.
    pub fn evaluate(&self, roster: &Roster, frame: &Frame) -> Result<Needed> {
        self.check(roster)?;
        let mut by_rule = Vec::new();
        let mut unknown = BooleanBuffer::new_unset(frame.rows());
        let mut open = BooleanBuffer::new_set(frame.rows());
        for need in &self.0 {
            let truth = need.when.evaluate(roster, frame)?;
            by_rule.push(&open & &truth.yes);
            unknown = &unknown | &(&open & &truth.unknown());
            open = &open & &truth.no;
        }
        Ok(Needed { by_rule, unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::testing::{codes, numbers, roster};
    use crate::schema::Type;

    /// The first rule that is true decides; an unknown one before it leaves the need open.
    #[test]
    fn rules_are_tried_in_order() {
        let rules = r#"
            [[need]]
            mode = "solo"
            when = "members_full >= 3"
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
        assert_eq!(needed.by_rule.iter().map(rows).collect::<Vec<_>>(), [vec![0, 6], vec![1], vec![2]]);
        assert_eq!(rows(&needed.unknown), [3, 4]);
    }
}
