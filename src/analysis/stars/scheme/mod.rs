//! Star-rating schemes (星级管理办法) as data: a TOML file, checked on load.
//!
//! A scheme is dimensions and items with their points, a method that turns them into stars, and rules over the stars.
//! `docs/stars.md` describes every field; those that come with the engine are in `definitions/stars/`.

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

use crate::definition::Counts;
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::support::record;

/// How points become stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// The band in which the total lies.
    Bands,
    /// A star for each dimension that reaches its share of full marks (五好).
    Dimensions,
    /// Both, of which the lower or the higher counts.
    Both { lower: bool },
    /// The highest star for everybody, from which gates and quotas take: ranking.
    Top,
    /// No stars: the source says how points are given and no more.
    Score,
}

const METHODS: [&str; 5] = ["bands", "dimensions", "both", "top", "score"];

impl Method {
    /// Its word in TOML.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bands => METHODS[0],
            Self::Dimensions => METHODS[1],
            Self::Both { .. } => METHODS[2],
            Self::Top => METHODS[3],
            Self::Score => METHODS[4],
        }
    }
}

/// How often it is rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cycle {
    /// Four forms a year.
    Quarter,
    /// Once in so many years.
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

    /// How many years lie between two rounds.
    pub(crate) fn years(self) -> i16 {
        match self {
            Self::Quarter => 1,
            Self::Years(years) => years,
        }
    }
}

/// What points are given for, and the events that rules may name.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) items: Vec<Item>,
    pub(crate) events: Vec<Event>,
    /// How many forms an item stands on in a round: 4 where a scheme goes by quarters, else 1.
    pub(crate) quarters: i64,
}

impl Parts {
    /// The item or dimension called `id`.
    pub(crate) fn part(&self, id: &str) -> Option<Part> {
        let item = self.items.iter().position(|item| item.id == id).map(Part::Item);
        item.or_else(|| self.dimensions.iter().position(|d| d.id == id).map(Part::Dimension))
    }

    /// Full marks of the total.
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
    /// The year of a round; rounds are whole cycles before and after it.
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
}

impl Scheme {
    /// The ids of the schemes that come with the engine.
    #[must_use]
    pub fn shipped_ids() -> Vec<&'static str> {
        shipped::ALL.iter().map(|(id, _)| *id).collect()
    }

    /// The text of a scheme that comes with the engine, to be read, copied and changed.
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
        })
    }

    /// The scheme called `id` that comes with the engine.
    pub fn shipped(id: &str) -> Result<Self> {
        Self::from_toml(Self::shipped_toml(id)?, &format!("definitions/stars/{id}.toml"))
    }

    /// The scheme of the file at `path`.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::from_toml(&record::read(path)?, &path.display().to_string())
    }

    /// A scheme by the id of one that comes with the engine, or by the path of a TOML file.
    pub fn named(name: &str) -> Result<Self> {
        let path = Path::new(name);
        let is_file = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) || path.is_file();
        if is_file { Self::from_file(path) } else { Self::shipped(name) }
    }

    /// What it is called by.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name.
    #[must_use]
    pub fn label(&self) -> &Text {
        &self.label
    }

    /// The document that it is from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the source leaves open, and what stands here in its place: in Chinese.
    #[must_use]
    pub fn open(&self) -> &[String] {
        &self.open
    }

    /// The same in English; the Chinese where there is no English.
    #[must_use]
    pub fn open_en(&self) -> &[String] {
        if self.open_en.is_empty() { &self.open } else { &self.open_en }
    }

    /// Whether anything of it is a reading, not the source's word.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        self.inferred
            || self.parts.dimensions.iter().any(|d| d.inferred)
            || self.parts.items.iter().any(|i| i.inferred)
            || self.bands.all.iter().any(|b| b.inferred)
    }

    /// The stars that it gives, ascending.
    #[must_use]
    pub fn stars(&self) -> &[f64] {
        self.ladder.all()
    }

    /// Whether it gives plaques.
    #[must_use]
    pub fn has_plaques(&self) -> bool {
        self.plaque.is_some()
    }

    /// The name of the column with the ids of what is rated: `party_org_id`, or `org_id`.
    #[must_use]
    pub fn id_column(&self) -> &'static str {
        match self.counts {
            Counts::Organisations => "org_id",
            Counts::PartyOrganisations => "party_org_id",
        }
    }

    /// Whether `year` is the year of a round.
    pub(crate) fn is_round(&self, year: i16) -> bool {
        self.round.is_none_or(|round| (year - round).rem_euclid(self.cycle.years()) == 0)
    }

    /// The same scheme with nothing but its points.
    pub(crate) fn without_rules(&self) -> Self {
        let mut scheme = self.clone();
        (scheme.gates, scheme.caps, scheme.vetoes) = (Vec::new(), Vec::new(), Vec::new());
        (scheme.step, scheme.directs, scheme.quotas) = (None, Vec::new(), Vec::new());
        (scheme.goals, scheme.plaque, scheme.first_year_unrated) = (Vec::new(), None, false);
        scheme
    }

    /// The same scheme with another bound for a star: its band from so many points on, or, where stars are dimensions' and
    /// `rung` is 0, the share that each of them asks.
    pub(crate) fn with_threshold(&self, rung: Rung, value: i64) -> Self {
        let mut scheme = self.clone();
        if rung == 0 {
            for dimension in &mut scheme.parts.dimensions {
                dimension.share = dimension.share.map(|_| value);
            }
        }
        for band in scheme.bands.all.iter_mut().filter(|band| band.rung == rung) {
            band.sure = ladder::Least { at: value * units::POINT, above: false };
            band.possible = band.sure;
        }
        scheme
    }
}
