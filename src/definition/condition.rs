//! Named conditions (口径用语), which other conditions use like flags, and breaks of columns.

use std::collections::{BTreeSet, HashMap};

use crate::error::Result;
use crate::lang::Text;
use crate::predicate::Predicate;
use crate::predicate::expr::Expr;
use crate::roster::Roster;
use crate::schema;
use crate::support::record::{Record, RecordPlace};
use crate::support::similarity::nearest;

/// A named condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Name by which other conditions use the condition.
    pub id: String,
    /// Printed label.
    pub label: Option<Text>,
    /// The condition itself.
    pub when: Predicate,
    /// Document that the condition comes from.
    pub source: String,
    /// Note for readers.
    pub note: Option<Text>,
    place: RecordPlace,
}

/// A column whose meaning changes from a year on, so that figures of earlier years are not comparable.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    /// Column of the ledger.
    pub column: String,
    /// First year of the new meaning.
    pub year: i16,
    /// Description of the change.
    pub note: Text,
    /// Document that states the change.
    pub source: String,
    place: RecordPlace,
}

impl Condition {
    /// Takes the `[[condition]]` records, whose ids must be distinct and not column names.
    pub(super) fn take_all(records: Vec<Record>) -> Result<Vec<Self>> {
        let mut all: Vec<Self> = Vec::new();
        for mut record in records {
            let id = record.text("id")?;
            if all.iter().any(|condition| condition.id == id) {
                return record.error("id", &format!("“{id}”出现了两次"), &format!("'{id}' is defined twice"));
            }
            if schema::column(&id).is_some() {
                return record.error(
                    "id",
                    &format!("“{id}”是台账的列名，请换一个名称"),
                    &format!("'{id}' is a column of the ledger; choose another name"),
                );
            }
            all.push(Self {
                id,
                label: record.label("label", "label_en")?,
                when: record.predicate("when")?,
                source: record.text("source")?,
                note: record.label("note", "note_en")?,
                place: record.place().clone(),
            });
            record.finish()?;
        }
        Ok(all)
    }

    /// Fails with [`Error::Definition`](crate::error::Error::Definition) if the condition does not fit `roster`.
    pub(super) fn check(&self, roster: &Roster) -> Result<()> {
        self.when.check(roster).map_err(|e| self.place.defined(e, "when"))
    }
}

impl Break {
    pub(super) fn take(mut record: Record) -> Result<Self> {
        let column = record.text("column")?;
        let Some(year) = record.year("year")? else {
            return record.error("year", "缺少此项；应为年份，如 2013", "is missing; expected a year, such as 2013");
        };
        let Some(note) = record.label("note", "note_en")? else {
            return record.error("note", "缺少此项；请写明有何变化", "is missing; say what changed");
        };
        let place = record.place().clone();
        let found = Self { column, year, note, source: record.text("source")?, place };
        record.finish()?;
        Ok(found)
    }

    /// Fails if the column is neither in the schema nor in `used`, since no rate could use it.
    pub(super) fn check<'a>(&self, used: impl Iterator<Item = &'a str>) -> Result<()> {
        let known: BTreeSet<&str> = schema::COLUMNS.iter().map(|c| c.name).chain(used).collect();
        if known.contains(self.column.as_str()) {
            return Ok(());
        }
        let column = &self.column;
        let (zh, en) = nearest(column, known.into_iter()).map_or_else(
            || (String::new(), String::new()),
            |near| (format!("是不是“{near}”？"), format!(" Hint: did you mean '{near}'?")),
        );
        let what = Text::new(
            format!("没有名为“{column}”的列，也没有比率用到它。{zh}"),
            format!("there is no column '{column}', and no rate uses one of that name.{en}"),
        );
        Err(self.place.error("column", &what).with_value(column))
    }
}

/// Expressions of named conditions, reduced to columns.
pub(super) struct Meanings(HashMap<String, Expr>);

impl Meanings {
    /// Resolves all conditions; fails if one is used in its own definition.
    pub(super) fn new(conditions: &[Condition]) -> Result<Self> {
        let mut meanings = Self(HashMap::new());
        for condition in conditions {
            meanings.resolve(condition, conditions, &mut Vec::new())?;
        }
        Ok(meanings)
    }

    /// Resolves `condition`; `path` holds the conditions whose resolution is in progress.
    fn resolve<'a>(&mut self, condition: &'a Condition, all: &'a [Condition], path: &mut Vec<&'a str>) -> Result<()> {
        if self.0.contains_key(&condition.id) {
            return Ok(());
        }
        path.push(&condition.id);
        for name in condition.when.columns() {
            let Some(used) = all.iter().find(|c| c.id == name) else { continue };
            if let Some(from) = path.iter().position(|id| *id == used.id) {
                let circle = path[from..].iter().copied().chain([name]).collect::<Vec<_>>().join(" → ");
                let what = Text::new(
                    format!("条件互相引用成环：{circle}。请把其中一条写成台账的列"),
                    format!(
                        "the condition is used in its own definition: {circle}. Hint: write one of them in columns"
                    ),
                );
                return Err(condition.place.error("when", &what).with_value(condition.when.to_string()));
            }
            self.resolve(used, all, path)?;
        }
        path.pop();
        let meaning = self.expand(&condition.when).expr().clone();
        self.0.insert(condition.id.clone(), meaning);
        Ok(())
    }

    /// Adds to `found` the conditions of `all`, reduced to columns, that `predicate` uses directly or indirectly.
    pub(super) fn used(&self, predicate: &Predicate, all: &[Condition], found: &mut Vec<Condition>) {
        for name in predicate.columns() {
            let Some(condition) = all.iter().find(|c| c.id == name) else { continue };
            if found.iter().all(|c| c.id != name) {
                self.used(&condition.when, all, found);
                found.push(Condition { when: self.expand(&condition.when), ..condition.clone() });
            }
        }
    }

    /// Returns `predicate` with named conditions reduced to columns.
    pub(super) fn expand(&self, predicate: &Predicate) -> Predicate {
        predicate.expanded(&|name| self.0.get(name).cloned())
    }
}
