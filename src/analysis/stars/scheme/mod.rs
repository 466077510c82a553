//! Star-rating schemes (星级管理办法) as data: TOML files, checked on load.
//!
//! A scheme has dimensions and items with points, a method that turns points into stars, and rules on the stars.
//! `docs/stars.md` describes every field; the shipped schemes are in `definitions/stars/`.

mod allot;
mod bands;
mod condition;
mod ladder;
mod load;
mod part;
mod rule;
mod shipped;
mod tables;
pub(crate) mod units;

use std::path::Path;

#[cfg(test)]
pub(crate) use self::allot::places;
pub(crate) use self::allot::{Goal, Places, Plaque, Quota, Rounding, Ties};
pub(crate) use self::condition::{Condition, Event, Part, Test};
pub(crate) use self::ladder::{Bands, Ladder, Rung};
pub(crate) use self::part::{Dimension, Gives, Item};
pub(crate) use self::rule::{Cap, Consequence, Direct, Gate, Step, Veto};
pub use self::tables::schemes_table;

use crate::definition;
use crate::definition::{Conditions, Counts, Layers};
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::query::Scope;
use crate::support::named::named_enum;
use crate::support::record;

/// Method that turns points into stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// The band of the total.
    Bands,
    /// A star for each dimension that reaches its proportion of full marks (五好).
    Dimensions,
    /// Both methods; the lower or the higher result counts.
    Both { lower: bool },
    /// Ranking: everybody starts at the highest star, and gates and quotas take it away.
    Top,
    /// No stars: the source only defines points.
    Score,
}

named_enum! {
    pub(crate) Method;
    Self::Bands => "bands", Self::Dimensions => "dimensions", Self::Both { .. } => "both", Self::Top => "top",
    Self::Score => "score",
}

/// Rating cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cycle {
    /// Four forms a year.
    Quarter,
    /// One round in this many years.
    Years(i16),
}

const CYCLES: [&str; 4] = ["quarter", "year", "two_years", "three_years"];

impl Cycle {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quarter => CYCLES[0],
            Self::Years(years) => CYCLES.get(years as usize).copied().unwrap_or(CYCLES[1]),
        }
    }

    /// Returns the number of years between two rounds.
    pub(crate) fn years(self) -> i16 {
        match self {
            Self::Quarter => 1,
            Self::Years(years) => years,
        }
    }
}

/// Dimensions, items, and the events that rules may name.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) items: Vec<Item>,
    pub(crate) events: Vec<Event>,
    /// Forms per round: 4 for a quarterly scheme, otherwise 1.
    pub(crate) quarters: i64,
}

impl Parts {
    /// Returns the item or dimension with the id `id`.
    pub(crate) fn part(&self, id: &str) -> Option<Part> {
        let item = self.items.iter().position(|item| item.id == id).map(Part::Item);
        item.or_else(|| self.dimensions.iter().position(|d| d.id == id).map(Part::Dimension))
    }

    /// Returns full marks of the total.
    pub(crate) fn full(&self) -> i64 {
        self.dimensions.iter().map(|d| d.full * d.weight).sum()
    }
}

/// A star-rating scheme.
///
/// ```
/// use dangjian::analysis::stars::Scheme;
/// let scheme = Scheme::shipped("wuhao")?;
/// assert_eq!(scheme.label().zh, "“五好”星级管理");
/// assert!(Scheme::shipped_ids().len() > 12);
/// # Ok::<(), dangjian::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheme {
    id: String,
    label: Text,
    source: String,
    open: Vec<String>,
    open_en: Vec<String>,
    inferred: bool,
    pub(crate) counts: Counts,
    pub(crate) method: Method,
    pub(crate) cycle: Cycle,
    /// Year of one round; the other rounds are whole cycles away.
    pub(crate) round: Option<i16>,
    pub(crate) parts: Parts,
    pub(crate) least: Option<i64>,
    pub(crate) most: Option<i64>,
    pub(crate) ladder: Ladder,
    pub(crate) bands: Bands,
    pub(crate) first_year_unrated: bool,
    pub(crate) gates: Vec<Gate>,
    pub(crate) caps: Vec<Cap>,
    pub(crate) vetoes: Vec<Veto>,
    pub(crate) step: Option<Step>,
    pub(crate) directs: Vec<Direct>,
    pub(crate) quotas: Vec<Quota>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) plaque: Option<Plaque>,
    layers: Layers,
    /// Condition for an organisation to belong to the party organisation whose code it has.
    pub(crate) organised: definition::Condition,
}

impl Scheme {
    /// Id of the scheme that is in force if the caller names none.
    pub const DEFAULT: &str = "wuhao";

    /// Returns the ids of the shipped schemes.
    #[must_use]
    pub fn shipped_ids() -> Vec<&'static str> {
        shipped::ALL.iter().map(|(id, _)| *id).collect()
    }

    /// Returns the TOML text of a shipped scheme, as a template.
    pub fn shipped_toml(id: &str) -> Result<&'static str> {
        shipped::ALL.iter().find(|(own, _)| *own == id).map(|(_, text)| *text).ok_or_else(|| {
            let have = Self::shipped_ids().join(", ");
            let near = crate::support::similarity::nearest(id, shipped::ALL.iter().map(|(id, _)| *id));
            let (zh, en) = near.map_or_else(Default::default, |near| {
                (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
            });
            Error::argument(
                format!("没有名为“{id}”的星级办法。可用：{have}；也可给出 .toml 文件的路径{zh}"),
                format!("there is no star scheme '{id}'. Available: {have}; or the path of a .toml file{en}"),
            )
            .with_value(id)
        })
    }

    /// Loads the shipped scheme `id`.
    pub fn shipped(id: &str) -> Result<Self> {
        Self::from_toml(Self::shipped_toml(id)?, &format!("definitions/stars/{id}.toml"))
    }

    /// Loads a scheme from the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// Loads a scheme by the id of a shipped one or by the path of a TOML file.
    pub fn named(name: &str) -> Result<Self> {
        let path = Path::new(name);
        let is_file = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) || path.is_file();
        if is_file { Self::from_file(path) } else { Self::shipped(name) }
    }

    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the label.
    #[must_use]
    pub fn label(&self) -> &Text {
        &self.label
    }

    /// Returns the source document.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns, in Chinese, the points that the source leaves open and the reading adopted for each.
    #[must_use]
    pub fn open(&self) -> &[String] {
        &self.open
    }

    /// Returns the open points in English, or in Chinese if there is no translation.
    #[must_use]
    pub fn open_en(&self) -> &[String] {
        if self.open_en.is_empty() { &self.open } else { &self.open_en }
    }

    /// Checks whether any part of the scheme is an interpretation of the source.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        self.inferred
            || self.parts.dimensions.iter().any(|d| d.inferred)
            || self.parts.items.iter().any(|i| i.inferred)
            || self.bands.all.iter().any(|b| b.inferred)
    }

    /// Returns the stars of the scheme, ascending.
    #[must_use]
    pub fn stars(&self) -> &[f64] {
        self.ladder.all()
    }

    /// Returns the conditions of the scheme's own file.
    #[must_use]
    pub fn conditions(&self) -> &Conditions {
        self.layers.own()
    }

    /// Creates the scope of a table by some dimensions, under the conditions of the scheme.
    pub(crate) fn scope(&self, by: &[String]) -> Result<Scope> {
        Scope::by(by.iter().cloned()).under(&self.layers.in_force()?)
    }

    /// Returns the stars from which a party organisation is listed by name, and the name of that grade: those from
    /// which plaques are given, or the lowest of the scheme if it gives none. `None` if the scheme has no stars.
    #[must_use]
    pub fn listed_from(&self) -> Option<(f64, Text)> {
        let rung = self.plaque.map_or(1, |plaque| plaque.rung);
        Some((self.ladder.stars(rung)?, self.ladder.name(rung)))
    }

    /// Checks whether the scheme awards plaques.
    #[must_use]
    pub fn has_plaques(&self) -> bool {
        self.plaque.is_some()
    }

    /// Returns the name of the id column of the rated units: `party_org_id` or `org_id`.
    #[must_use]
    pub fn id_column(&self) -> &'static str {
        match self.counts {
            Counts::Organisations => "org_id",
            Counts::PartyOrganisations => "party_org_id",
        }
    }

    /// Checks whether `year` is the year of a round.
    pub(crate) fn is_round(&self, year: i16) -> bool {
        self.round.is_none_or(|round| (year - round).rem_euclid(self.cycle.years()) == 0)
    }

    /// Returns the scheme without rules, reduced to its points.
    pub(crate) fn without_rules(&self) -> Self {
        let mut scheme = self.clone();
        (scheme.gates, scheme.caps, scheme.vetoes) = (Vec::new(), Vec::new(), Vec::new());
        (scheme.step, scheme.directs, scheme.quotas) = (None, Vec::new(), Vec::new());
        (scheme.goals, scheme.plaque, scheme.first_year_unrated) = (Vec::new(), None, false);
        scheme
    }

    /// Returns the scheme with another threshold: the lower bound of the band of `rung` in points, or for rung 0
    /// the proportion that every dimension requires.
    pub(crate) fn with_threshold(&self, rung: Rung, value: i64) -> Self {
        let mut scheme = self.clone();
        if rung == 0 {
            for dimension in &mut scheme.parts.dimensions {
                dimension.proportion = dimension.proportion.map(|_| value);
            }
        }
        for band in scheme.bands.all.iter_mut().filter(|band| band.rung == rung) {
            band.sure = ladder::Least { at: value * units::POINT, above: false };
            band.possible = band.sure;
        }
        scheme
    }
}
