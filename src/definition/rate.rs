//! Rates (比率): the proportion of a population of organisations that meets a condition.

use std::path::Path;
use std::sync::OnceLock;

use super::breaks::Break;
use super::condition::{Condition, Conditions, Layers};

use super::validity::{Validity, alone};
use crate::error::Result;
use crate::lang::Text;
use crate::predicate::Predicate;
use crate::roster::Roster;
use crate::support::named::{named_enum, no_such};
use crate::support::record;
use crate::support::record::{Record, RecordPlace, records_of};

/// Unit that a figure counts. A joint branch is one party organisation and several organisations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counts {
    /// Organisations (单位): rows.
    Organisations,
    /// Party organisations (党组织): distinct `party_org_id`s.
    PartyOrganisations,
}

named_enum! {
    pub Counts, "计数单位", "unit";
    Organisations = "organisations", PartyOrganisations = "party_organisations",
}

/// A rate: the proportion of `success` in `population`. Rows for which either is unknown are counted separately.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Identifier in calls and results.
    pub id: String,
    /// Label in tables.
    pub label: Text,
    /// Condition on the rows that are counted.
    pub population: Predicate,
    /// Condition on the counted rows that succeed.
    pub success: Predicate,
    /// Unit that is counted.
    pub counts: Counts,
    /// Document that the definition comes from.
    pub source: String,
    /// Note for readers.
    pub note: Option<Text>,
    /// True if the rate is computed only on request; the annual review omits it.
    pub special: bool,
    /// Years in which the rate is in force.
    pub validity: Validity,
    /// Years from which a column that the rate reads has another meaning.
    pub breaks: Vec<Break>,
    /// Named conditions that the rate uses.
    pub conditions: Vec<Condition>,
    place: RecordPlace,
}

impl Rate {
    /// Takes the fields of a rate out of `record`, whose id must not be in `seen`.
    pub(super) fn take<'a>(record: &mut Record, mut seen: impl Iterator<Item = &'a Self>) -> Result<Self> {
        let id = record.text("id")?;
        if seen.any(|rate| rate.id == id) {
            return record.error("id", &format!("“{id}”出现了两次"), &format!("'{id}' is defined twice"));
        }
        let Some(label) = record.label("label", "label_en")? else {
            return record.error("label", "缺少此项；应为引号里的名称", "is missing; expected a name in quotes");
        };
        let (population, success) = (record.predicate("population")?, record.predicate("success")?);
        let counts = record.named("counts", Counts::from_name)?;
        Ok(Self {
            id,
            label,
            population,
            success,
            counts,
            source: record.text("source")?,
            note: record.label("note", "note_en")?,
            special: record.flag("special")?,
            validity: Validity::default(),
            breaks: Vec::new(),
            conditions: Vec::new(),
            place: record.place().clone(),
        })
    }

    /// Creates a rate of organisations from the caller's own conditions.
    #[must_use]
    pub fn own(id: &str, population: Predicate, success: Predicate) -> Self {
        Self {
            id: id.to_owned(),
            label: Text::new(id, id),
            population,
            success,
            counts: Counts::Organisations,
            source: String::new(),
            note: None,
            special: false,
            validity: Validity::default(),
            breaks: Vec::new(),
            conditions: Vec::new(),
            place: RecordPlace::of_code(id),
        }
    }

    /// Returns the columns that the rate reads, each once.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let party = (self.counts == Counts::PartyOrganisations).then_some("party_org_id");
        let mut columns: Vec<&str> =
            self.population.columns().into_iter().chain(self.success.columns()).chain(party).collect();
        let mut seen = std::collections::HashSet::new();
        columns.retain(|name| seen.insert(*name));
        columns
    }

    /// Checks whether `other` has the same definition, whatever its name.
    #[must_use]
    pub fn measures_as(&self, other: &Self) -> bool {
        self.counts == other.counts && self.population.same(&other.population) && self.success.same(&other.success)
    }

    /// Fails with [`Error::Definition`](crate::Error::Definition) if one of the predicates does not fit `roster` (see
    /// [`Predicate::check`]).
    pub fn check(&self, roster: &Roster) -> Result<()> {
        self.check_conditions(roster)?;
        for (field, predicate) in [("population", &self.population), ("success", &self.success)] {
            predicate.check(roster).map_err(|e| self.place.defined(e, field))?;
        }
        Ok(())
    }

    /// Fails as [`Rate::check`] does if a named condition does not fit `roster`.
    pub(super) fn check_conditions(&self, roster: &Roster) -> Result<()> {
        self.conditions.iter().try_for_each(|condition| condition.check(roster))
    }
}

/// Rates in the order in which tables show them. An id may occur several times, for different years.
#[derive(Clone, Debug)]
pub struct Rates {
    all: Vec<Rate>,
    layers: Layers,
    breaks: Vec<Break>,
}

impl Rates {
    /// Returns the rates that come with the engine: `definitions/rates.toml`.
    pub fn shipped() -> Result<Self> {
        static SHIPPED: OnceLock<Rates> = OnceLock::new();
        if let Some(known) = SHIPPED.get() {
            return Ok(known.clone());
        }
        let read = Self::parse(include_str!("../../definitions/rates.toml"), "definitions/rates.toml")?;
        // The conditions of this file are those under all others, and not its own.
        let read = Self { layers: Layers::default(), ..read }.resolved()?;
        Ok(SHIPPED.get_or_init(|| read).clone())
    }

    /// Reads the rates of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// Parses the records of `text`: `[[rate]]`, with the years `from` and `to` in which it is in force if they are
    /// limited; `[[condition]]`, a named condition that other conditions may use like a flag (see [`Conditions`]);
    /// and `[[break]]`, a change in a column's meaning from a year on. `origin` is the file's name in errors, which
    /// are [`Error::Definition`](crate::Error::Definition).
    ///
    /// ```
    /// let rates = dangjian::definition::Rates::from_toml(
    ///     r#"
    ///     [[condition]]
    ///     id     = "large"
    ///     when   = "operating and employees >= 100"
    ///     source = "本地文件"
    ///
    ///     [[rate]]
    ///     id         = "owner_led"
    ///     label      = "出资人兼任书记率"
    ///     population = "large and mode = 'solo'"
    ///     success    = "owner_is_secretary"
    ///     counts     = "organisations"
    ///     source     = "本地文件"
    ///     from       = 2012
    ///     "#,
    ///     "mine.toml",
    /// )?;
    /// assert_eq!(rates.get("owner_led")?.population.columns(), ["operating", "employees", "mode"]);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        Self::parse(text, origin)?.resolved()
    }

    /// Parses the records of `text`; names of conditions stay as they are.
    fn parse(text: &str, origin: &str) -> Result<Self> {
        let mut kinds = records_of(text, origin, &["rate", "condition", "break"])?.into_iter();
        let mut next = || kinds.next().unwrap_or_default();
        let mut rates: Vec<Rate> = Vec::new();
        for mut record in next() {
            let validity = record.validity()?;
            let always = |rate: &&Rate| rate.validity == Validity::default() && rate.validity == validity;
            let mut rate = Rate::take(&mut record, rates.iter().filter(always))?;
            alone(record.place(), validity, rates.iter().filter(|r| r.id == rate.id).map(|r| r.validity))?;
            rate.validity = validity;
            record.finish()?;
            rates.push(rate);
        }
        let layers = Layers::take(next())?;
        let breaks = next().into_iter().map(Break::take).collect::<Result<_>>()?;
        Ok(Self { all: rates, layers, breaks })
    }

    /// Replaces rates by those of `user` with the same id, and appends the new ones. A user's condition replaces a
    /// shipped one wherever that is used.
    pub fn overridden_by(mut self, user: Self) -> Result<Self> {
        for (at, rate) in user.all.iter().enumerate() {
            if user.all[..at].iter().all(|r| r.id != rate.id) {
                let versions = user.all.iter().filter(|r| r.id == rate.id).cloned();
                let place = self.all.iter().position(|r| r.id == rate.id).unwrap_or(self.all.len());
                self.all.retain(|r| r.id != rate.id);
                self.all.splice(place..place, versions);
            }
        }
        self.layers = self.layers.overridden_by(&user.layers)?;
        self.breaks.extend(user.breaks);
        self.resolved()
    }

    /// Puts `conditions` over the shipped ones; those of the rates' own file stay over both.
    pub fn with_conditions(mut self, conditions: &Conditions) -> Result<Self> {
        self.layers.give(conditions);
        self.resolved()
    }

    /// Expands named conditions in every rate and attaches the breaks of its columns.
    fn resolved(mut self) -> Result<Self> {
        let conditions = self.layers.in_force()?;
        for rate in &mut self.all {
            rate.conditions = conditions.apply([&mut rate.population, &mut rate.success])?;
            let of = |b: &&Break| rate.columns().iter().any(|c| crate::predicate::ledger_column(c) == b.column);
            rate.breaks = self.breaks.iter().filter(of).cloned().collect();
        }
        let used = || self.all.iter().flat_map(Rate::columns).map(crate::predicate::ledger_column);
        self.breaks.iter().try_for_each(|b| b.check(used()))?;
        Ok(self)
    }

    /// Returns the first rate with this `id`.
    pub fn get(&self, id: &str) -> Result<&Rate> {
        let ids = || self.all.iter().map(|rate| rate.id.as_str());
        self.all.iter().find(|rate| rate.id == id).ok_or_else(|| no_such(("比率", "rate"), id, ids()))
    }

    /// Iterates over all rates.
    pub fn iter(&self) -> std::slice::Iter<'_, Rate> {
        self.all.iter()
    }

    /// Returns the conditions of the rates' own file.
    #[must_use]
    pub fn conditions(&self) -> &Conditions {
        self.layers.own()
    }
}

impl<'a> IntoIterator for &'a Rates {
    type Item = &'a Rate;
    type IntoIter = std::slice::Iter<'a, Rate>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{FormationRules, Targets};
    use crate::error::Error;
    use crate::lang::Lang;
    use crate::predicate::testing::{flags, roster};
    use crate::schema::Type;

    /// Checks that every shipped definition parses, fits a roster whatever its columns, and has both languages.
    #[test]
    fn shipped_definitions_fit_any_roster() {
        let roster = roster(vec![("operating", Type::Flag, Some(flags(&[Some(true)])))], 1);
        let (rates, targets) = (Rates::shipped().unwrap(), Targets::shipped().unwrap());
        assert!(rates.iter().len() >= 7 && targets.iter().len() == 4);
        for rate in rates.iter().chain(targets.iter().map(|t| &t.rate)) {
            rate.check(&roster).unwrap();
            assert!(rate.label.zh.chars().any(|c| c > '一') && rate.label.en.is_ascii(), "{}", rate.id);
        }
        FormationRules::shipped().unwrap().check(&roster).unwrap();
        // The article states only the first target.
        let inferred: Vec<_> =
            targets.iter().map(|t| (t.rate.id.as_str(), t.inferred, t.rate.note.is_some())).collect();
        assert_eq!(
            inferred,
            [
                ("eligible_established", false, false),
                ("established_active", true, true),
                ("memberless_covered", true, true),
                ("guided", true, true),
            ]
        );
    }

    #[test]
    fn a_user_s_rate_takes_the_place_of_the_shipped_one() {
        let mine = |id: &str| {
            let record = "label='l'\npopulation='true'\nsuccess='plaqeu'\ncounts='organisations'\nsource='本地'";
            Rates::from_toml(&format!("[[rate]]\nid='{id}'\n{record}"), "mine.toml").unwrap()
        };
        let ids = |rates: &Rates| rates.iter().map(|r| r.id.clone()).collect::<Vec<_>>();
        let shipped = Rates::shipped().unwrap();
        let same = shipped.clone().overridden_by(mine("solo_rate")).unwrap();
        assert_eq!(ids(&same), ids(&shipped));
        assert_eq!(same.get("solo_rate").unwrap().source, "本地");
        let more = shipped.clone().overridden_by(mine("own")).unwrap();
        assert_eq!(ids(&more).last().unwrap(), "own");
        assert_eq!(more.iter().len(), shipped.iter().len() + 1);

        let error = more.get("solo").unwrap_err();
        assert!(error.message(Lang::En).contains("organised_all"), "{error}");
        let roster = roster(vec![("plaque", Type::Flag, None)], 0);
        let error = more.get("own").unwrap().check(&roster).unwrap_err();
        assert!(matches!(error, Error::Definition(_)));
        let said = error.message(Lang::En);
        assert!(
            said.starts_with("mine.toml: [[rate]] \"own\": field success: ") && said.contains("'plaque'"),
            "{said}"
        );
    }
}
