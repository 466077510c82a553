//! The stars that a scheme gives, from the lowest to the highest, and which of them a score earns.
//!
//! Inside, a star is its rung: 0 is "unrated", 1 the lowest star that the scheme knows.

use super::units::{FINE, rounded};
use crate::lang::{Lang, Text};

/// A rung of the ladder; 0 is unrated.
pub(crate) type Rung = u8;

/// The stars of a scheme, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    stars: Vec<f64>,
    /// What stands behind the number, where the grades are not called stars: `A` of `5A`.
    pub(crate) suffix: Option<String>,
}

impl Ladder {
    /// A ladder of these stars, in any order, each once or oftener.
    pub(crate) fn new(mut stars: Vec<f64>, suffix: Option<String>) -> Self {
        stars.sort_by(f64::total_cmp);
        stars.dedup();
        Self { stars, suffix }
    }

    /// The highest rung.
    pub(crate) fn top(&self) -> Rung {
        self.stars.len() as Rung
    }

    /// The rung of so many stars.
    pub(crate) fn rung(&self, stars: f64) -> Option<Rung> {
        self.stars.iter().position(|s| (s - stars).abs() < 1e-9).map(|at| at as Rung + 1)
    }

    /// The highest rung that has no more than so many stars.
    pub(crate) fn up_to(&self, stars: f64) -> Rung {
        self.stars.iter().filter(|s| **s <= stars + 1e-9).count() as Rung
    }

    /// The stars of a rung; none of "unrated".
    pub(crate) fn stars(&self, rung: Rung) -> Option<f64> {
        self.stars.get(usize::from(rung).checked_sub(1)?).copied()
    }

    /// All stars, ascending.
    pub(crate) fn all(&self) -> &[f64] {
        &self.stars
    }

    /// The star state of a rung, as tables have it: `5`, `2.5`, `unrated`.
    pub(crate) fn state(&self, rung: Rung) -> String {
        self.stars(rung).map_or_else(|| "unrated".to_owned(), |stars| format!("{stars}"))
    }

    /// A rung in words: 五星, 5A, 未评星.
    pub(crate) fn name(&self, rung: Rung) -> Text {
        let Some(stars) = self.stars(rung) else { return Text::new("未评星", "unrated") };
        if let Some(suffix) = &self.suffix {
            return Text::new(format!("{stars}{suffix}"), format!("{stars}{suffix}"));
        }
        let zh = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"].get(stars as usize);
        let zh = zh.map_or_else(|| format!("{}", stars.trunc()), |s| (*s).to_owned());
        let half = if stars.fract() > 0.0 { "半" } else { "" };
        let plural = if (stars - 1.0).abs() < 1e-9 { "" } else { "s" };
        Text::new(format!("{zh}星{half}"), format!("{stars} star{plural}"))
    }

    /// A rung in one language.
    pub(crate) fn word(&self, rung: Rung, lang: Lang) -> String {
        self.name(rung).get(lang).to_owned()
    }
}

/// A bound that a total reaches: at least so much, or more than so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Least {
    /// In units of totals.
    pub(crate) at: i64,
    /// Whether it has to be more.
    pub(crate) above: bool,
}

impl Least {
    pub(crate) fn reached(self, total: i64) -> bool {
        if self.above { total > self.at } else { total >= self.at }
    }

    /// How much is missing from a total that does not reach it; of what has to be more, the least that can be written.
    pub(crate) fn missing(self, total: i64) -> i64 {
        (self.at - total + i64::from(self.above)).max(0)
    }
}

/// One band of scores.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// The star that it gives.
    pub(crate) rung: Rung,
    /// From where on it is certain.
    pub(crate) sure: Least,
    /// From where on it is possible: lower than `sure` where nobody has decided about the gap below.
    pub(crate) possible: Least,
    /// The upper end as printed.
    pub(crate) to: Option<i64>,
    /// Whether the band is not from the source.
    pub(crate) inferred: bool,
}

/// Bands, ascending, and what becomes of scores between two printed ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bands {
    pub(crate) all: Vec<Band>,
    /// Whether totals are rounded to whole points first.
    pub(crate) rounds: bool,
    /// The rung of a score below the lowest band.
    pub(crate) below: Rung,
}

impl Bands {
    /// The lowest and the highest rung that a total earns; they differ only in a gap that is left open.
    pub(crate) fn rungs(&self, total: i64) -> (Rung, Rung) {
        let total = if self.rounds { rounded(total) } else { total };
        let sure = self.highest(|band| band.sure.reached(total));
        let possible = self.highest(|band| band.possible.reached(total));
        (sure, possible)
    }

    /// The rung of the highest band that is reached.
    fn highest(&self, reached: impl Fn(&Band) -> bool) -> Rung {
        // All are looked at: which is the first to be reached nobody can foretell, and a guess costs more.
        self.all.iter().fold(self.below, |rung, band| if reached(band) { band.rung } else { rung })
    }

    /// From where on a total earns `rung` or more.
    pub(crate) fn least(&self, rung: Rung) -> Option<Least> {
        let least = self.all.iter().find(|band| band.rung >= rung)?.sure;
        // Half a point less rounds up to it.
        Some(if self.rounds { Least { at: least.at - FINE / 2, ..least } } else { least })
    }
}
