//! Quotas, goals and plaques of a scheme.

use super::condition::Part;
use super::ladder::{Ladder, Rung};
use super::part::proportion;
use super::rule::rung;
use super::{Parts, units};
use crate::error::Result;
use crate::lang::Text;
use crate::query::Scope;
use crate::roster::{Frame, Roster};
use crate::support::named::named_enum;
use crate::support::record::{Record, RecordPlace};

/// Number of places of a quota.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Places {
    /// A fixed number.
    Number(u32),
    /// A proportion of a population, in ten-thousandths.
    Proportion(i64),
}

/// Rounding of a fractional place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    Floor,
    Nearest,
    Ceil,
}

named_enum! { pub(crate) Rounding; Floor = "floor", Nearest = "nearest", Ceil = "ceil" }

/// Treatment of ties at the last place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ties {
    /// All of the tied stay.
    In,
    /// None of the tied stays.
    Out,
}

/// Maximum number of organisations with a star (名额).
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    pub(crate) rung: Rung,
    pub(crate) places: Places,
    /// True if the proportion is of all (party) organisations of the year, false if only of those that take part.
    pub(crate) of_all: bool,
    /// Dimensions whose groups have places of their own.
    pub(crate) within: Vec<String>,
    pub(crate) rounding: Rounding,
    /// Tie-breakers for equal totals: items and dimensions, higher is better.
    pub(crate) tie_by: Vec<Part>,
    pub(crate) ties: Ties,
    place: RecordPlace,
}

impl Quota {
    /// Returns the places for a population.
    pub(crate) fn places_of(&self, population: u64) -> u64 {
        match self.places {
            Places::Number(n) => u64::from(n),
            Places::Proportion(proportion) => places(population, proportion, self.rounding),
        }
    }

    /// Returns an error if `within` names a dimension that `roster` cannot have.
    pub(crate) fn check(&self, roster: &Roster) -> Result<()> {
        let frames: Vec<&Frame> = roster.frames().iter().collect();
        let axes = Scope::default().divided(&self.within).axes(roster, &frames);
        axes.map(drop).map_err(|error| self.place.defined(error, "within"))
    }
}

/// Returns the rounded proportion of a population.
pub(crate) fn places(population: u64, proportion: i64, rounding: Rounding) -> u64 {
    let (whole, part) = (population * proportion as u64, units::POINT as u64);
    match rounding {
        Rounding::Floor => whole / part,
        Rounding::Nearest => (2 * whole + part) / (2 * part),
        Rounding::Ceil => whole.div_ceil(part),
    }
}

/// Target proportion of organisations with at least a star (目标); reported, never enforced.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) label: Option<Text>,
    pub(crate) rung: Rung,
    pub(crate) proportion: i64,
    pub(crate) of_all: bool,
    pub(crate) year: Option<i16>,
}

/// Plaque rules (命名挂牌): qualifying star, term and withdrawal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plaque {
    pub(crate) rung: Rung,
    /// Term in years; unlimited if `None`.
    pub(crate) years: Option<i16>,
    /// Consecutive rounds below its star after which a plaque is withdrawn.
    pub(crate) withdraw_after: u32,
}

impl Quota {
    pub(crate) fn from_record(mut record: Record, parts: &Parts, ladder: &Ladder, earlier: &[Self]) -> Result<Self> {
        let rung = rung(&mut record, ladder, "stars")?;
        if earlier.iter().any(|quota| quota.rung == rung) {
            return record.error("stars", "这一星级已有名额", "there is a quota for these stars already");
        }
        let (number, proportion) = (record.number("places")?, proportion(&mut record, "share")?);
        let places = match (number, proportion) {
            (Some(number), None) => Places::Number(number),
            (None, Some(proportion)) => Places::Proportion(proportion),
            _ => {
                return record.error(
                    "share",
                    "应写且只写一个：share（比例）或 places（个数）",
                    "write one of share and places",
                );
            }
        };
        let population = record.choice("of", &["all", "rated"])?;
        let rounding = record.choice("rounding", &Rounding::NAMES)?;
        if let Places::Proportion(_) = places {
            if population.is_none() {
                return record.error(
                    "of",
                    "缺少此项；按全部党组织写 \"all\"，按参评的写 \"rated\"",
                    "is missing; \"all\" of the year's organisations, or those \"rated\"",
                );
            }
            if rounding.is_none() {
                return record.error(
                    "rounding",
                    "缺少此项；不足一个名额的，舍去 \"floor\"、四舍五入 \"nearest\"、进一 \"ceil\"",
                    "is missing; how to round a fractional place: \"floor\", \"nearest\" or \"ceil\"",
                );
            }
        }
        let Some(ties) = record.choice("ties", &["in", "out", "items"])? else {
            return record.error(
                "ties",
                "缺少此项；末位同分的：全部入选 \"in\"、全部不入选 \"out\"、再比指标 \"items\"",
                "is missing; those equal at the line: \"in\", \"out\", or told apart by \"items\"",
            );
        };
        let mut tie_by = Vec::new();
        for id in record.texts_or_none("tie_by")? {
            match parts.part(&id) {
                Some(part) => tie_by.push(part),
                None => return record.error("tie_by", &format!("没有“{id}”"), &format!("there is no '{id}'")),
            }
        }
        let still = record.choice("still_tied", &["in", "out"])?;
        if (ties == 2) == tie_by.is_empty() || (ties == 2) != still.is_some() {
            return record.error(
                "ties",
                "ties = \"items\" 时须写 tie_by（依次比较的指标）和 still_tied（仍相同的：\"in\" 或 \"out\"）；否则都不写",
                "with \"items\", and only then, write tie_by (what is compared) and still_tied (\"in\" or \"out\")",
            );
        }
        let ties = if still.unwrap_or(ties) == 0 { Ties::In } else { Ties::Out };
        let quota = Self {
            rung,
            places,
            of_all: population == Some(0),
            within: record.texts_or_none("within")?,
            rounding: Rounding::ALL[rounding.unwrap_or(0)],
            tie_by,
            ties,
            place: record.place().clone(),
        };
        record.finish()?;
        Ok(quota)
    }
}

impl Goal {
    pub(crate) fn from_record(mut record: Record, ladder: &Ladder) -> Result<Self> {
        let goal = Self {
            label: record.label("label", "label_en")?,
            rung: rung(&mut record, ladder, "stars")?,
            proportion: proportion(&mut record, "share")?.unwrap_or(units::POINT),
            of_all: record.choice("of", &["all", "rated"])? != Some(1),
            year: record.year("year")?,
        };
        record.finish()?;
        Ok(goal)
    }
}

impl Plaque {
    pub(crate) fn from_record(mut record: Record, ladder: &Ladder) -> Result<Self> {
        let rung = rung(&mut record, ladder, "stars")?;
        let years = record.number("years")?;
        if years.is_some_and(|years| !(1..=100).contains(&years)) {
            return record.error("years", "应为 1 到 100", "expected 1 to 100");
        }
        let withdraw_after = record.positive("withdraw_after")?;
        record.finish()?;
        Ok(Self { rung, years: years.map(|y| y as i16), withdraw_after })
    }
}
