//! Rates (比率): of which organisations how many count as what.

use std::path::Path;

use super::predicate::Predicate;
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::record::{self, Record, records};
use crate::roster::Roster;

/// What a figure counts. A joint branch is one party organisation and several organisations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counts {
    /// Organisations (单位): rows.
    Organisations,
    /// Party organisations (党组织): distinct `party_org_id`s.
    PartyOrganisations,
}

impl Counts {
    /// Its name in definitions and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Organisations => "organisations",
            Self::PartyOrganisations => "party_organisations",
        }
    }
}

/// One rate: the share of `success` in `population`. Rows for which either is unknown are counted apart.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Its name in calls and results.
    pub id: String,
    /// Its name in tables.
    pub label: Text,
    /// Which are counted.
    pub population: Predicate,
    /// Which of them succeed.
    pub success: Predicate,
    /// What is counted.
    pub counts: Counts,
    /// The document that the definition is from.
    pub source: String,
    /// What a reader should know about it.
    pub note: Option<Text>,
    place: String,
}

impl Rate {
    /// Takes the fields of a rate out of `record`, whose id is none of `seen`.
    pub(super) fn take<'a>(record: &mut Record, mut seen: impl Iterator<Item = &'a Self>) -> Result<Self> {
        let id = record.text("id")?;
        if seen.any(|rate| rate.id == id) {
            return record.error("id", &format!("“{id}”出现了两次"), &format!("'{id}' stands twice"));
        }
        let Some(label) = record.label("label", "label_en")? else {
            return record.error("label", "缺少此项；应为引号里的名称", "is missing; expected a name in quotes");
        };
        let (population, success) = (record.predicate("population")?, record.predicate("success")?);
        let counts = match record.text("counts")?.as_str() {
            "organisations" => Counts::Organisations,
            "party_organisations" => Counts::PartyOrganisations,
            other => {
                let expected = r#""organisations" (单位) | "party_organisations" (党组织)"#;
                return record.error(
                    "counts",
                    &format!("应为 {expected}，写的是“{other}”"),
                    &format!("expected {expected}, got '{other}'"),
                );
            }
        };
        Ok(Self {
            id,
            label,
            population,
            success,
            counts,
            source: record.text("source")?,
            note: record.label("note", "note_en")?,
            place: record.place().to_owned(),
        })
    }

    /// Fails with [`Error::Definition`] where one of its predicates does not fit `roster` (see [`Predicate::check`]).
    pub fn check(&self, roster: &Roster) -> Result<()> {
        for (field, predicate) in [("population", &self.population), ("success", &self.success)] {
            predicate.check(roster).map_err(|e| record::defined(e, &self.place, field))?;
        }
        Ok(())
    }
}

/// Rates with distinct ids, in the order in which tables show them.
#[derive(Clone, Debug)]
pub struct Rates(Vec<Rate>);

impl Rates {
    /// The rates that come with the engine: `definitions/rates.toml`.
    pub fn shipped() -> Result<Self> {
        Self::from_toml(include_str!("../../definitions/rates.toml"), "definitions/rates.toml")
    }

    /// The rates of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// The `[[rate]]` records of `text`. `origin` is the file's name in errors, which are [`Error::Definition`].
    ///
    /// ```
    /// let rates = dangjian::measure::Rates::from_toml(
    ///     r#"
    ///     [[rate]]
    ///     id         = "owner_led"
    ///     label      = "出资人兼任书记率"
    ///     population = "mode = 'solo'"
    ///     success    = "owner_is_secretary"
    ///     counts     = "organisations"
    ///     source     = "本地文件"
    ///     "#,
    ///     "mine.toml",
    /// )?;
    /// assert_eq!(rates.get("owner_led")?.population.columns(), ["mode"]);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn from_toml(text: &str, origin: &str) -> Result<Self> {
        let mut rates: Vec<Rate> = Vec::new();
        for mut record in records(text, origin, "rate")? {
            let rate = Rate::take(&mut record, rates.iter())?;
            record.finish()?;
            rates.push(rate);
        }
        Ok(Self(rates))
    }

    /// These, with those of `user` in place of the ones of the same id; new ones follow.
    #[must_use]
    pub fn overridden_by(mut self, user: Self) -> Self {
        for rate in user.0 {
            match self.0.iter_mut().find(|r| r.id == rate.id) {
                Some(old) => *old = rate,
                None => self.0.push(rate),
            }
        }
        self
    }

    /// The rate called `id`.
    pub fn get(&self, id: &str) -> Result<&Rate> {
        let ids = || self.0.iter().map(|rate| rate.id.as_str());
        self.0.iter().find(|rate| rate.id == id).ok_or_else(|| no_such(("比率", "rate"), id, ids()))
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Rate> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Rates {
    type Item = &'a Rate;
    type IntoIter = std::slice::Iter<'a, Rate>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The error that nothing is called `id`.
pub(super) fn no_such<'a>((zh, en): (&str, &str), id: &str, ids: impl Iterator<Item = &'a str> + Clone) -> Error {
    let near = crate::similar::nearest(id, ids.clone());
    let ids: Vec<_> = ids.collect();
    let (hint_zh, hint_en) = near.map_or_else(Default::default, |near| {
        (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
    });
    Error::argument(
        format!("没有名为“{id}”的{zh}。可用：{}{hint_zh}", ids.join("、")),
        format!("there is no {en} '{id}'. Available: {}{hint_en}", ids.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;
    use crate::measure::testing::{flags, roster};
    use crate::measure::{FormationRules, Targets};
    use crate::schema::Type;

    /// Every shipped definition reads, fits a roster whatever columns it has, and speaks both languages.
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
        // The article states the first target only.
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
        let same = shipped.clone().overridden_by(mine("solo_rate"));
        assert_eq!(ids(&same), ids(&shipped));
        assert_eq!(same.get("solo_rate").unwrap().source, "本地");
        let more = shipped.clone().overridden_by(mine("own"));
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
