//! The ladder of stars of a scheme, and the bands that map scores to it.
//!
//! Stars are held as rungs: 0 is "unrated", 1 the lowest star of the scheme.

use super::units::{FINE, rounded};
use crate::lang::{Lang, Text};

/// A rung of the ladder; 0 is unrated.
pub(crate) type Rung = u8;

/// The stars of a scheme, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    stars: Vec<f64>,
    /// Suffix after the number for grades that are not called stars: `A` of `5A`.
    pub(crate) suffix: Option<String>,
}

impl Ladder {
    /// Creates a ladder from stars in any order, duplicates allowed.
    pub(crate) fn new(mut stars: Vec<f64>, suffix: Option<String>) -> Self {
        stars.sort_by(f64::total_cmp);
        stars.dedup();
        Self { stars, suffix }
    }

    /// Returns the highest rung.
    pub(crate) fn top(&self) -> Rung {
        self.stars.len() as Rung
    }

    /// Returns the rung with exactly `stars` stars.
    pub(crate) fn rung(&self, stars: f64) -> Option<Rung> {
        self.stars.iter().position(|s| (s - stars).abs() < 1e-9).map(|at| at as Rung + 1)
    }

    /// Returns the highest rung with at most `stars` stars.
    pub(crate) fn up_to(&self, stars: f64) -> Rung {
        self.stars.iter().filter(|s| **s <= stars + 1e-9).count() as Rung
    }

    /// Returns the stars of a rung; `None` for "unrated".
    pub(crate) fn stars(&self, rung: Rung) -> Option<f64> {
        self.stars.get(usize::from(rung).checked_sub(1)?).copied()
    }

    /// Returns all stars, ascending.
    pub(crate) fn all(&self) -> &[f64] {
        &self.stars
    }

    /// Returns the star state of a rung in tables: `5`, `2.5`, `unrated`.
    pub(crate) fn state(&self, rung: Rung) -> String {
        self.stars(rung).map_or_else(|| "unrated".to_owned(), |stars| format!("{stars}"))
    }

    /// Returns the name of a rung: 五星, 5A, 未评星.
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

    /// Returns the name of a rung in one language.
    pub(crate) fn word(&self, rung: Rung, lang: Lang) -> String {
        self.name(rung).get(lang).to_owned()
    }
}

/// Lower bound of a total, inclusive or exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Least {
    /// The bound, in hundred-millionths of a point.
    pub(crate) at: i64,
    /// True if the bound is exclusive.
    pub(crate) above: bool,
}

impl Least {
    pub(crate) fn reached(self, total: i64) -> bool {
        if self.above { total > self.at } else { total >= self.at }
    }

    /// Returns the missing part of a total below the bound. An exclusive bound needs one more unit.
    pub(crate) fn missing(self, total: i64) -> i64 {
        (self.at - total + i64::from(self.above)).max(0)
    }
}

/// One band of scores.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// The star of the band.
    pub(crate) rung: Rung,
    /// Bound from which the star is certain.
    pub(crate) sure: Least,
    /// Bound from which the star is possible; lower than `sure` if the gap below is undecided.
    pub(crate) possible: Least,
    /// Printed upper end.
    pub(crate) to: Option<i64>,
    /// True if the band is not in the source.
    pub(crate) inferred: bool,
}

/// Bands, ascending, with the treatment of scores between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bands {
    pub(crate) all: Vec<Band>,
    /// True if totals are first rounded to whole points.
    pub(crate) rounds: bool,
    /// The rung of a score below the lowest band.
    pub(crate) below: Rung,
}

impl Bands {
    /// Returns the certain and the possible rung of a total, which differ only in an open gap.
    pub(crate) fn rungs(&self, total: i64) -> (Rung, Rung) {
        let total = if self.rounds { rounded(total) } else { total };
        let sure = self.highest(|band| band.sure.reached(total));
        let possible = self.highest(|band| band.possible.reached(total));
        (sure, possible)
    }

    /// Returns the rung of the highest band reached.
    fn highest(&self, reached: impl Fn(&Band) -> bool) -> Rung {
        // Test all bands: an early exit would be mispredicted, which costs more.
        self.all.iter().fold(self.below, |rung, band| if reached(band) { band.rung } else { rung })
    }

    /// Returns the bound from which a total earns at least `rung`.
    pub(crate) fn least(&self, rung: Rung) -> Option<Least> {
        let least = self.all.iter().find(|band| band.rung >= rung)?.sure;
        // Half a point less rounds up to the bound.
        Some(if self.rounds { Least { at: least.at - FINE / 2, ..least } } else { least })
    }
}
