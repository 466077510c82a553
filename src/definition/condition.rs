//! Named conditions (口径用语), which other conditions use like flags.
//!
//! A name has one meaning in all definitions that are used together. It comes from the first of these that has it:
//!
//! ```text
//!  the file that uses it  >  conditions that the caller gives  >  definitions/rates.toml
//! ```
//!
//! Definitions keep their conditions as written, with names, and are reduced to columns by [`Conditions::apply`].

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

use crate::error::Result;
use crate::lang::Text;
use crate::predicate::{Predicate, Truth};
use crate::roster::{Frame, Roster};
use crate::schema;
use crate::support::named::no_such;
use crate::support::record;
use crate::support::record::{Record, RecordPlace, records_of};

/// Id of the condition for an organisation to have a party organisation (已建), which statistics without a definition
/// of their own ask too.
const ORGANISED: &str = "organised";

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

impl Condition {
    /// Takes the `[[condition]]` records, whose ids must be distinct and not column names.
    fn take_all(records: Vec<Record>) -> Result<Vec<Self>> {
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
    pub(crate) fn check(&self, roster: &Roster) -> Result<()> {
        self.when.check(roster).map_err(|e| self.place.defined(e, "when"))
    }

    /// Evaluates the condition for each row of `frame`, which belongs to `roster`. Fails as [`Condition::check`] does.
    pub(crate) fn evaluate(&self, roster: &Roster, frame: &Frame) -> Result<Truth> {
        self.when.evaluate(roster, frame).map_err(|e| self.place.defined(e, "when"))
    }
}

/// Named conditions with distinct ids.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// As written.
    all: Vec<Condition>,
    /// The conditions by id, reduced to columns.
    meanings: HashMap<String, Predicate>,
}

impl Conditions {
    /// Returns the conditions that come with the engine, in `definitions/rates.toml`.
    pub fn shipped() -> Result<Self> {
        static SHIPPED: OnceLock<Conditions> = OnceLock::new();
        if let Some(known) = SHIPPED.get() {
            return Ok(known.clone());
        }
        let read = Self::from_toml(include_str!("../../definitions/rates.toml"), "definitions/rates.toml")?;
        Ok(SHIPPED.get_or_init(|| read).clone())
    }

    /// Reads the conditions of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// Parses the `[[condition]]` records of `text`: `id`, `when`, `source`, and `label` and `note` if there are any.
    /// The file may be one of rates, whose other records are left alone. `origin` is the file's name in errors, which
    /// are [`Error::Definition`](crate::error::Error::Definition).
    ///
    /// ```
    /// let conditions = dangjian::definition::Conditions::from_toml(
    ///     r#"
    ///     [[condition]]
    ///     id     = "organised"
    ///     when   = "mode in ('solo', 'joint', 'affiliated', 'area')"
    ///     source = "本地文件"
    ///     "#,
    ///     "mine.toml",
    /// )?;
    /// let in_force = dangjian::definition::Conditions::shipped()?.overridden_by(&conditions)?;
    /// assert!(in_force.get("organised")?.when.to_string().contains("area"));
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let records = records_of(text, origin, &["condition", "rate", "break"])?.into_iter().next();
        match Self::take(records.unwrap_or_default())? {
            none if none.all.is_empty() => Err(record::lacking(origin, &["condition"])),
            conditions => Ok(conditions),
        }
    }

    /// Takes the `[[condition]]` records of a file.
    pub(crate) fn take(records: Vec<Record>) -> Result<Self> {
        Self::new(Condition::take_all(records)?)
    }

    /// Resolves all conditions; fails if one is used in its own definition.
    fn new(all: Vec<Condition>) -> Result<Self> {
        let mut conditions = Self::default();
        for condition in &all {
            conditions.resolve(condition, &all, &mut Vec::new())?;
        }
        Ok(Self { all, ..conditions })
    }

    /// Resolves `condition`; `path` holds the conditions whose resolution is in progress.
    fn resolve<'a>(&mut self, condition: &'a Condition, all: &'a [Condition], path: &mut Vec<&'a str>) -> Result<()> {
        if self.meanings.contains_key(&condition.id) {
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
        let meaning = self.expand(&condition.when);
        self.meanings.insert(condition.id.clone(), meaning);
        Ok(())
    }

    /// Replaces conditions by those of `user` with the same id, wherever they are used, and appends the new ones.
    pub fn overridden_by(self, user: &Self) -> Result<Self> {
        if user.all.is_empty() {
            return Ok(self);
        }
        let mut all = self.all;
        all.retain(|c| user.all.iter().all(|u| u.id != c.id));
        all.extend(user.all.iter().cloned());
        Self::new(all)
    }

    /// Returns the shipped conditions with those of `user` over them.
    pub(crate) fn in_force(user: Option<&Self>) -> Result<Self> {
        user.map_or_else(Self::shipped, |user| Self::shipped()?.overridden_by(user))
    }

    /// Joins the conditions of several files; fails if two of these give one name two meanings.
    pub(crate) fn agreed<'a>(files: impl IntoIterator<Item = &'a Self>) -> Result<Self> {
        let mut all: Vec<Condition> = Vec::new();
        for condition in files.into_iter().flat_map(|file| &file.all) {
            match all.iter().find(|c| c.id == condition.id) {
                None => all.push(condition.clone()),
                Some(other) if other.when.same(&condition.when) => {}
                Some(other) => {
                    let (id, place) = (&condition.id, &other.place);
                    let what = Text::new(
                        format!("“{id}”在 {place} 里另有含义；同时使用的文件里，一个名称只能有一种含义"),
                        format!("'{id}' means something else in {place}; files used together give a name one meaning"),
                    );
                    return Err(condition.place.error("when", &what).with_value(condition.when.to_string()));
                }
            }
        }
        Self::new(all)
    }

    /// Returns the condition `id`, as written; fails if there is none.
    pub fn get(&self, id: &str) -> Result<&Condition> {
        let ids = || self.all.iter().map(|condition| condition.id.as_str());
        self.all.iter().find(|c| c.id == id).ok_or_else(|| no_such(("条件", "condition"), id, ids()))
    }

    /// Iterates over all conditions, as written.
    pub fn iter(&self) -> std::slice::Iter<'_, Condition> {
        self.all.iter()
    }

    /// Returns the condition for an organisation to have a party organisation, reduced to columns.
    pub(crate) fn organised(&self) -> Result<Condition> {
        self.get(ORGANISED).map(|condition| self.reduced(condition))
    }

    /// Reduces `predicates`, as written, to columns. Returns the conditions that they use, reduced as well.
    pub(crate) fn apply<'p>(&self, predicates: impl IntoIterator<Item = &'p mut Predicate>) -> Result<Vec<Condition>> {
        let mut used = Vec::new();
        for predicate in predicates {
            let written = Predicate::parse(&predicate.to_string())?;
            self.used(&written, &mut used);
            *predicate = self.expand(&written);
        }
        Ok(used)
    }

    /// Adds to `found` the conditions that `predicate` uses directly or indirectly.
    fn used(&self, predicate: &Predicate, found: &mut Vec<Condition>) {
        for name in predicate.columns() {
            let Some(condition) = self.all.iter().find(|c| c.id == name) else { continue };
            if found.iter().all(|c| c.id != name) {
                self.used(&condition.when, found);
                found.push(self.reduced(condition));
            }
        }
    }

    fn reduced(&self, condition: &Condition) -> Condition {
        Condition { when: self.expand(&condition.when), ..condition.clone() }
    }

    /// Returns `predicate` with named conditions reduced to columns.
    fn expand(&self, predicate: &Predicate) -> Predicate {
        predicate.expanded(&|name| self.meanings.get(name))
    }
}

impl<'a> IntoIterator for &'a Conditions {
    type Item = &'a Condition;
    type IntoIter = std::slice::Iter<'a, Condition>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The conditions of a file of definitions, and those that the caller gives with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    own: Conditions,
    given: Conditions,
}

impl Layers {
    /// Takes the `[[condition]]` records of a file.
    pub(crate) fn take(records: Vec<Record>) -> Result<Self> {
        Ok(Self { own: Conditions::take(records)?, given: Conditions::default() })
    }

    /// Returns the conditions of the file.
    pub(crate) fn own(&self) -> &Conditions {
        &self.own
    }

    /// Puts the conditions of `user`'s file over those of this one.
    pub(super) fn overridden_by(self, user: &Self) -> Result<Self> {
        Ok(Self { own: self.own.overridden_by(&user.own)?, ..self })
    }

    /// Sets the conditions that the caller gives.
    pub(crate) fn give(&mut self, given: &Conditions) {
        self.given = given.clone();
    }

    /// Returns the conditions that the file's records use.
    pub(crate) fn in_force(&self) -> Result<Conditions> {
        Conditions::shipped()?.overridden_by(&self.given)?.overridden_by(&self.own)
    }
}
