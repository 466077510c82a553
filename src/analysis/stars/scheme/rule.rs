//! Rules on the stars of one organisation: gates, caps, vetoes, promotion steps, direct grading.

use super::condition::Condition;
use super::ladder::{Ladder, Rung};
use super::part::points;
use super::{Parts, units};
use crate::error::Result;
use crate::lang::Text;
use crate::support::record::Record;

/// Requirement of a star in addition to its score (前置条件); an organisation that fails it gets fewer stars.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) label: Text,
    /// Lowest rung with this requirement.
    pub(crate) rung: Rung,
    /// Rung of an organisation that fails the requirement.
    pub(crate) otherwise: Rung,
    pub(crate) condition: Condition,
}

/// Upper limit of the stars (封顶) if the condition is true.
#[derive(Clone, Debug)]
pub(crate) struct Cap {
    pub(crate) label: Text,
    pub(crate) rung: Rung,
    pub(crate) condition: Condition,
}

/// Consequence of a veto (一票否决).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// No star this round (取消本次资格).
    Cancel,
    /// At most this rung.
    Cap(Rung),
    /// Some rungs below the earned stars, or below the previous round.
    Downgrade { steps: u8, of_previous: bool },
    /// At most the stars of the previous round (不晋级).
    Hold,
    /// The stars stay; the plaque is withdrawn.
    Plaque,
}

/// A veto.
#[derive(Clone, Debug)]
pub(crate) struct Veto {
    pub(crate) label: Text,
    pub(crate) consequence: Consequence,
    /// True if the plaque is withdrawn as well.
    pub(crate) plaque: bool,
    pub(crate) condition: Condition,
}

/// Limit of promotion per round (逐级晋升), with its exceptions (破格).
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) up: u8,
    /// Highest rung for an organisation without a star in the previous round.
    pub(crate) entry: Rung,
    pub(crate) exceptions: Vec<Exception>,
}

/// Exception from the promotion limit.
#[derive(Clone, Debug)]
pub(crate) struct Exception {
    pub(crate) label: Text,
    /// Number of rungs; unlimited if `None`.
    pub(crate) up: Option<u8>,
    pub(crate) condition: Condition,
}

/// Stars without a score (直接定级).
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    pub(crate) label: Text,
    pub(crate) rung: Rung,
    /// True if the graded take places of a quota.
    pub(crate) inside: bool,
    pub(crate) condition: Condition,
}

/// Reads the rung of the stars in `field`.
pub(super) fn rung(record: &mut Record, ladder: &Ladder, field: &'static str) -> Result<Rung> {
    match record.decimal(field)? {
        Some(stars) => ladder.rung(stars).map_or_else(|| no_rung(record, ladder, field, stars), Ok),
        None => record.error(field, "缺少此项；应为星数，如 5", "is missing; expected a number of stars, such as 5"),
    }
}

fn no_rung<T>(record: &Record, ladder: &Ladder, field: &str, stars: f64) -> Result<T> {
    let have = ladder.all().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    record.error(
        field,
        &format!("本办法没有 {stars} 星。可用：{have}"),
        &format!("the scheme has no {stars} stars. Available: {have}"),
    )
}

/// Reads the rung of the stars in `field`, or "unrated"; `None` if absent.
pub(crate) fn rung_or_unrated(record: &mut Record, ladder: &Ladder, field: &'static str) -> Result<Option<Rung>> {
    if record.is_text(field) {
        return Ok(record.choice(field, &["unrated"])?.map(|_| 0));
    }
    match record.decimal(field)? {
        None => Ok(None),
        Some(0.0) if ladder.rung(0.0).is_none() => Ok(Some(0)),
        Some(stars) => ladder.rung(stars).map_or_else(|| no_rung(record, ladder, field, stars), |r| Ok(Some(r))),
    }
}

/// Reads the label of a rule, by default the wording of its condition.
fn labelled(record: &mut Record, condition: &Condition) -> Result<Text> {
    Ok(record.label("label", "label_en")?.unwrap_or_else(|| condition.text.clone()))
}

impl Gate {
    pub(crate) fn from_record(mut record: Record, parts: &Parts, ladder: &Ladder) -> Result<Self> {
        let condition = Condition::from_record(&mut record, parts)?;
        let label = labelled(&mut record, &condition)?;
        let rung = rung(&mut record, ladder, "stars")?;
        let otherwise = rung_or_unrated(&mut record, ladder, "otherwise")?.unwrap_or(rung - 1);
        if otherwise >= rung {
            return record.error("otherwise", "应低于 stars", "must be fewer than 'stars'");
        }
        record.finish()?;
        Ok(Self { label, rung, otherwise, condition })
    }
}

impl Cap {
    pub(crate) fn from_record(mut record: Record, parts: &Parts, ladder: &Ladder) -> Result<Self> {
        let condition = Condition::from_record(&mut record, parts)?;
        let label = labelled(&mut record, &condition)?;
        let Some(rung) = rung_or_unrated(&mut record, ladder, "stars")? else {
            return record.error("stars", "缺少此项；应为最多几星", "is missing; expected the most stars");
        };
        record.finish()?;
        Ok(Self { label, rung, condition })
    }
}

impl Veto {
    pub(crate) fn from_record(mut record: Record, parts: &Parts, ladder: &Ladder) -> Result<Self> {
        const WORDS: [&str; 5] = ["cancel", "cap", "downgrade", "hold", "revoke_plaque"];
        let condition = Condition::from_record(&mut record, parts)?;
        let label = labelled(&mut record, &condition)?;
        let Some(what) = record.choice("consequence", &WORDS)? else {
            let all = WORDS.join(", ");
            return record.error(
                "consequence",
                &format!("缺少此项。可用：{all}"),
                &format!("is missing. One of {all}"),
            );
        };
        let consequence = match WORDS[what] {
            "cancel" => Consequence::Cancel,
            "cap" => match rung_or_unrated(&mut record, ladder, "stars")? {
                Some(rung) => Consequence::Cap(rung),
                None => return record.error("stars", "缺少此项；应为最多几星", "is missing; expected the most stars"),
            },
            "downgrade" => {
                let steps = record.number("steps")?.unwrap_or(1).clamp(1, 100) as u8;
                let basis = record.choice("of", &["earned", "previous"])?;
                Consequence::Downgrade { steps, of_previous: basis == Some(1) }
            }
            "hold" => Consequence::Hold,
            _ => Consequence::Plaque,
        };
        let plaque = record.flag("revokes_plaque")? || consequence == Consequence::Plaque;
        record.finish()?;
        Ok(Self { label, consequence, plaque, condition })
    }
}

impl Step {
    pub(crate) fn from_record(mut record: Record, ladder: &Ladder) -> Result<Self> {
        let up = record.positive("up")?.min(100) as u8;
        let entry = if record.is_text("entry") {
            record.choice("entry", &["any"])?.map(|_| ladder.top())
        } else {
            match record.decimal("entry")? {
                Some(stars) => Some(ladder.rung(stars).map_or_else(|| no_rung(&record, ladder, "entry", stars), Ok)?),
                None => None,
            }
        };
        let Some(entry) = entry else {
            return record.error(
                "entry",
                "缺少此项；上一轮没有星的最多可评几星（如 3），或 \"any\"（不限）",
                "is missing; how many stars an organisation without stars in the previous round can reach (such as 3), or \"any\"",
            );
        };
        record.finish()?;
        Ok(Self { up, entry, exceptions: Vec::new() })
    }
}

impl Exception {
    pub(crate) fn from_record(mut record: Record, parts: &Parts) -> Result<Self> {
        let condition = Condition::from_record(&mut record, parts)?;
        let label = labelled(&mut record, &condition)?;
        let up = record.number("up")?.map(|up| up.min(100) as u8);
        record.finish()?;
        Ok(Self { label, up, condition })
    }
}

impl Direct {
    pub(crate) fn from_record(mut record: Record, parts: &Parts, ladder: &Ladder) -> Result<Self> {
        let condition = Condition::from_record(&mut record, parts)?;
        let label = labelled(&mut record, &condition)?;
        let rung = rung(&mut record, ladder, "stars")?;
        let Some(quota) = record.choice("quota", &["inside", "outside"])? else {
            return record.error(
                "quota",
                "缺少此项；直接定级占名额写 \"inside\"，不占写 \"outside\"",
                "is missing; \"inside\" where direct grading takes places of the quota, \"outside\" where not",
            );
        };
        record.finish()?;
        Ok(Self { label, rung, inside: quota == 0, condition })
    }
}

/// Reads a bound of the total, in hundred-millionths of a point.
pub(crate) fn fine(record: &mut Record, field: &'static str) -> Result<Option<i64>> {
    Ok(points(record, field)?.map(|p| p * units::POINT))
}
