//! Target sets (四个百分之百): rates with the proportions they are to reach.

use std::path::Path;

use super::condition::{Conditions, Layers};
use super::rate::Rate;
use super::validity::{Validity, alone};
use crate::error::Result;
use crate::predicate::Predicate;
use crate::roster::Roster;
use crate::support::named::no_such;
use crate::support::record;
use crate::support::record::{Record, RecordPlace, lacking, records_of};

/// A rate with a proportion to reach.
#[derive(Clone, Debug)]
pub struct Target {
    /// The rate; its population is that of the record, restricted to `scope`.
    pub rate: Rate,
    /// Organisations that the target binds (适用范围); all if `None`.
    pub scope: Option<Predicate>,
    /// Proportion to reach: above 0, up to 1.
    pub target: f64,
    /// True if the target is an interpretation of an incomplete source, to be confirmed by the user.
    pub inferred: bool,
    /// Year by the end of which the target is to be reached.
    pub deadline: Option<i16>,
    /// Years in which the target is in force.
    pub validity: Validity,
    place: RecordPlace,
}

impl Target {
    fn take(mut record: Record, earlier: &[Self]) -> Result<Self> {
        let validity = record.validity()?;
        let always = |target: &&Self| target.validity == Validity::default() && target.validity == validity;
        let mut rate = Rate::take(&mut record, earlier.iter().filter(always).map(|t| &t.rate))?;
        let same = earlier.iter().filter(|target| target.rate.id == rate.id);
        alone(record.place(), validity, same.map(|target| target.validity))?;
        rate.validity = validity;
        let scope = record.optional_predicate("scope")?;
        if let Some(scope) = &scope {
            let both = Predicate::parse(&format!("({scope}) and ({})", rate.population));
            rate.population = both.map_err(|e| record.place().defined(e, "scope"))?;
        }
        let target = Self {
            rate,
            scope,
            target: record.share("target")?,
            inferred: record.flag("inferred")?,
            deadline: record.year("deadline")?,
            validity,
            place: record.place().clone(),
        };
        record.finish()?;
        Ok(target)
    }

    /// Fails with [`Error::Definition`](crate::error::Error::Definition) if one of the conditions does not fit `roster`.
    pub fn check(&self, roster: &Roster) -> Result<()> {
        self.rate.check_conditions(roster)?;
        if let Some(scope) = &self.scope {
            scope.check(roster).map_err(|e| self.place.defined(e, "scope"))?;
        }
        self.rate.check(roster)
    }
}

/// Targets in the order in which tables show them. An id may occur several times, for different years. A user's set
/// replaces the shipped one.
#[derive(Clone, Debug)]
pub struct Targets {
    all: Vec<Target>,
    layers: Layers,
}

impl Targets {
    /// Returns the four 100 % targets of the "1234" working method, as far as its article states them:
    /// `definitions/targets.toml`.
    pub fn shipped() -> Result<Self> {
        Self::from_toml(include_str!("../../definitions/targets.toml"), "definitions/targets.toml")
    }

    /// Reads the targets of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// Parses the `[[target]]` records of `text`: the fields of a rate, and `target` (1.0 if left out), `scope`,
    /// `inferred`, `deadline`, `from`, `to`; and its `[[condition]]` records (see [`Conditions`]). `origin` is the
    /// file's name in errors, which are [`Error::Definition`](crate::error::Error::Definition).
    ///
    /// ```
    /// let targets = dangjian::definition::Targets::from_toml(
    ///     r#"
    ///     [[target]]
    ///     id         = "starred"
    ///     label      = "三星以上"
    ///     population = "mode in ('solo', 'joint')"
    ///     success    = "star >= 3"
    ///     counts     = "party_organisations"
    ///     scope      = "kind = 'enterprise'"
    ///     target     = 0.3
    ///     deadline   = 2012
    ///     source     = "本地文件"
    ///     "#,
    ///     "mine.toml",
    /// )?;
    /// assert_eq!(targets.get("starred")?.rate.population.columns(), ["kind", "mode"]);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut kinds = records_of(text, origin, &["target", "condition"])?.into_iter();
        let mut next = || kinds.next().unwrap_or_default();
        let mut all: Vec<Target> = Vec::new();
        for record in next() {
            let target = Target::take(record, &all)?;
            all.push(target);
        }
        if all.is_empty() {
            return Err(lacking(origin, &["target"]));
        }
        Self { all, layers: Layers::take(next())? }.resolved()
    }

    /// Puts `conditions` over the shipped ones; those of the targets' own file stay over both.
    pub fn with_conditions(mut self, conditions: &Conditions) -> Result<Self> {
        self.layers.give(conditions);
        self.resolved()
    }

    /// Reduces named conditions to columns in every target.
    fn resolved(mut self) -> Result<Self> {
        let conditions = self.layers.in_force()?;
        for Target { rate, scope, .. } in &mut self.all {
            let predicates = [&mut rate.population, &mut rate.success].into_iter().chain(scope);
            rate.conditions = conditions.apply(predicates)?;
        }
        Ok(self)
    }

    /// Returns the conditions of the targets' own file.
    #[must_use]
    pub fn conditions(&self) -> &Conditions {
        self.layers.own()
    }

    /// Returns the first target with this `id`.
    pub fn get(&self, id: &str) -> Result<&Target> {
        self.all.iter().find(|target| target.rate.id == id).ok_or_else(|| self.none(id))
    }

    /// Returns the target `id` that is in force in `year`, or the first with this id if none is.
    pub fn get_in(&self, id: &str, year: i16) -> Result<&Target> {
        let in_force = self.all.iter().find(|target| target.rate.id == id && target.validity.holds(year));
        in_force.map_or_else(|| self.get(id), Ok)
    }

    fn none(&self, id: &str) -> crate::error::Error {
        no_such(("目标", "target"), id, self.all.iter().map(|target| target.rate.id.as_str()))
    }

    /// Iterates over all targets.
    pub fn iter(&self) -> std::slice::Iter<'_, Target> {
        self.all.iter()
    }
}

impl<'a> IntoIterator for &'a Targets {
    type Item = &'a Target;
    type IntoIter = std::slice::Iter<'a, Target>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
