//! Dimensions (类) and their items (项), which give the points.

use super::units::{MOST, POINT, exact};
use crate::error::Result;
use crate::lang::Text;
use crate::support::named::named_enum;
use crate::support::record::Record;

/// Meaning of the number on a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    /// Points earned (得分).
    Award,
    /// Points taken from the item's full marks (扣分).
    Deduct,
    /// Points on top of full marks (加分).
    Bonus,
    /// Points taken from the total (减分).
    Penalty,
}

named_enum! { pub(crate) Gives; Award = "award", Deduct = "deduct", Bonus = "bonus", Penalty = "penalty" }

impl Gives {
    /// Checks whether the points belong to full marks.
    pub(crate) fn in_full(self) -> bool {
        matches!(self, Self::Award | Self::Deduct)
    }
}

/// Kinds of evidence for an item: documents, ledgers, site visits, interviews, votes or surveys, systems.
pub(crate) const EVIDENCE: [&str; 6] = ["documents", "ledger", "site", "interview", "survey", "system"];

/// A group of items with a weight in the total.
#[derive(Clone, Debug)]
pub(crate) struct Dimension {
    pub(crate) id: String,
    pub(crate) label: Text,
    /// Weight in ten-thousandths.
    pub(crate) weight: i64,
    /// Unweighted full marks of the items, in ten-thousandths of a point.
    pub(crate) full: i64,
    /// Unweighted lower and upper bound of the dimension.
    pub(crate) least: Option<i64>,
    pub(crate) most: Option<i64>,
    /// Proportion of full marks that earns the star; `None` if the dimension earns none.
    pub(crate) proportion: Option<i64>,
    pub(crate) inferred: bool,
}

/// One line of the form.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) label: Text,
    pub(crate) dimension: usize,
    /// Maximum points that the form gives or takes.
    pub(crate) points: i64,
    pub(crate) gives: Gives,
    /// The only permitted numbers on the form, ascending; if empty, any number up to `points`.
    pub(crate) values: Vec<i64>,
    /// Labels of `values`.
    pub(crate) value_labels: Vec<String>,
    pub(crate) evidence: Vec<String>,
    /// Number assumed for an item that no row mentions; unknown if `None`.
    pub(crate) unlisted: Option<i64>,
    /// Effort per point, relative to other items.
    pub(crate) effort: f64,
    pub(crate) inferred: bool,
}

impl Item {
    /// Returns the points that a number on the form contributes to the dimension.
    pub(crate) fn brings(&self, points: i64) -> i64 {
        match self.gives {
            Gives::Award | Gives::Bonus => points,
            Gives::Deduct => self.points - points,
            Gives::Penalty => -points,
        }
    }

    /// Returns the minimum and maximum contribution.
    pub(crate) fn range(&self) -> (i64, i64) {
        let (low, high) = match (self.values.first(), self.values.last()) {
            (Some(low), Some(high)) => (*low, *high),
            _ => (0, self.points),
        };
        let (a, b) = (self.brings(low), self.brings(high));
        (a.min(b), a.max(b))
    }

    /// Checks whether the form may have this number.
    pub(crate) fn allows(&self, points: i64) -> bool {
        if self.values.is_empty() { (0..=self.points).contains(&points) } else { self.values.contains(&points) }
    }

    /// Returns the number on the form for a contribution.
    pub(crate) fn written(&self, brings: i64) -> i64 {
        match self.gives {
            Gives::Award | Gives::Bonus => brings,
            Gives::Deduct => self.points - brings,
            Gives::Penalty => -brings,
        }
    }
}

/// Reads an id and checks that it is not among `others`.
pub(crate) fn own_id<'a>(record: &mut Record, mut others: impl Iterator<Item = &'a str>) -> Result<String> {
    let id = record.text("id")?;
    if others.any(|other| other == id) {
        return record.error(
            "id",
            &format!("“{id}”已经用过；每个编号只能用一次"),
            &format!("'{id}' is used already; every id is used once"),
        );
    }
    Ok(id)
}

/// Reads the label, by default the id.
pub(crate) fn label(record: &mut Record, id: &str) -> Result<Text> {
    Ok(record.label("label", "label_en")?.unwrap_or_else(|| Text::new(id, id)))
}

/// Reads non-negative points, in ten-thousandths.
pub(crate) fn points(record: &mut Record, field: &'static str) -> Result<Option<i64>> {
    match record.decimal(field)? {
        None => Ok(None),
        Some(value) if (0.0..=MOST).contains(&value) => Ok(Some(exact(value))),
        Some(value) => record.error(
            field,
            &format!("应为 0 到 {MOST} 的分数，写的是 {value}"),
            &format!("expected points from 0 to {MOST}, got {value}"),
        ),
    }
}

/// Reads an optional proportion above 0 and up to 1, in ten-thousandths.
pub(crate) fn proportion(record: &mut Record, field: &'static str) -> Result<Option<i64>> {
    if record.has(field) { Ok(Some(exact(record.share(field)?))) } else { record.decimal(field).map(|_| None) }
}

impl Dimension {
    pub(crate) fn from_record(
        mut record: Record,
        earlier: &[Self],
        scheme_share: Option<i64>,
    ) -> Result<(Self, Record)> {
        let id = own_id(&mut record, earlier.iter().map(|d| d.id.as_str()))?;
        let label = label(&mut record, &id)?;
        let weight = points(&mut record, "weight")?.unwrap_or(POINT);
        let stated = points(&mut record, "full")?;
        let (least, most) = (points(&mut record, "least")?, points(&mut record, "most")?);
        let own = proportion(&mut record, "share")?;
        let no_star = record.flag("no_star")?;
        let dimension = Self {
            id,
            label,
            weight,
            full: stated.unwrap_or(-1),
            least,
            most,
            proportion: own.or(scheme_share).filter(|_| !no_star),
            inferred: record.flag("inferred")?,
        };
        Ok((dimension, record))
    }

    /// Sums the full marks of the items and checks them against the stated figure.
    pub(crate) fn settle(&mut self, record: Record, items: &[Item], index: usize) -> Result<()> {
        let own = items.iter().filter(|item| item.dimension == index);
        if own.clone().next().is_none() {
            return record.error("id", "这一类没有指标（[[item]]）", "no [[item]] belongs to this dimension");
        }
        let sum: i64 = own.filter(|item| item.gives.in_full()).map(|item| item.points).sum();
        if self.full >= 0 && self.full != sum {
            let [stated, sum] = [self.full, sum].map(|v| super::units::shown(v * POINT));
            return record.error(
                "full",
                &format!("写的是 {stated} 分，本类指标满分合计 {sum} 分（不含加分、减分）。请核对"),
                &format!("says {stated}, its items come to {sum} without bonus and penalty. Check them"),
            );
        }
        self.full = sum;
        if self.proportion.is_some() && sum == 0 {
            return record.error(
                "share",
                "本类没有满分，达标比例无从算起；请写 no_star = true",
                "it has no full marks to take a share of; write no_star = true",
            );
        }
        record.finish()
    }
}

impl Item {
    pub(crate) fn from_record(mut record: Record, earlier: &[Self], dimensions: &[Dimension]) -> Result<Self> {
        let id = own_id(&mut record, earlier.iter().map(|i| i.id.as_str()))?;
        let label = label(&mut record, &id)?;
        let dimension_id = record.text("dimension")?;
        let Some(dimension) = dimensions.iter().position(|d| d.id == dimension_id) else {
            let have = dimensions.iter().map(|d| d.id.as_str()).collect::<Vec<_>>().join(", ");
            return record.error(
                "dimension",
                &format!("没有名为“{dimension_id}”的类。可用：{have}"),
                &format!("there is no dimension '{dimension_id}'. Available: {have}"),
            );
        };
        let gives = record.choice("gives", &Gives::NAMES)?.map_or(Gives::Award, |at| Gives::ALL[at]);
        let Some(most) = points(&mut record, "points")?.filter(|p| *p > 0) else {
            return record.error(
                "points",
                "缺少此项或为 0；应为本项的最高分",
                "is missing or 0; expected the most points of the item",
            );
        };
        let written = record.decimals("values")?.unwrap_or_default();
        let mut values: Vec<i64> = written.iter().map(|v| exact(*v)).collect();
        let mut value_labels = record.texts_or_none("value_labels")?;
        if !value_labels.is_empty() && value_labels.len() != values.len() {
            return record.error(
                "value_labels",
                "应与 values 一一对应",
                "there must be as many of them as of 'values'",
            );
        }
        if values.iter().any(|v| !(0..=most).contains(v)) {
            return record.error("values", "都应在 0 与 points 之间", "all must be from 0 to 'points'");
        }
        if !values.is_sorted() {
            values.reverse();
            value_labels.reverse();
        }
        if values.windows(2).any(|pair| pair[0] >= pair[1]) {
            return record.error(
                "values",
                "应从大到小（或从小到大），不重复",
                "must ascend or descend, each number once",
            );
        }
        let unlisted = points(&mut record, "unlisted")?;
        let evidence = record.texts_or_none("evidence")?;
        if let Some(word) = evidence.iter().find(|word| !EVIDENCE.contains(&word.as_str())) {
            let have = EVIDENCE.join(", ");
            return record.error(
                "evidence",
                &format!("“{word}”不在可用的词里。可用：{have}"),
                &format!("'{word}' is not one of its words. Available: {have}"),
            );
        }
        let effort = record.decimal("effort")?.unwrap_or(1.0);
        if effort <= 0.0 {
            return record.error("effort", "应大于 0", "must be above 0");
        }
        let item = Self {
            id,
            label,
            dimension,
            points: most,
            gives,
            values,
            value_labels,
            evidence,
            unlisted,
            effort,
            inferred: record.flag("inferred")?,
        };
        if item.unlisted.is_some_and(|points| !item.allows(points)) {
            return record.error("unlisted", "不是本项允许的分数", "is not one of the numbers that the item may have");
        }
        if item.unlisted.is_some() && item.gives.in_full() {
            return record.error(
                "unlisted",
                "只有加分、减分项可以“没有记录即按此计”；基本指标没有评分就是未知，不能当作 0 分",
                "is for bonus and penalty items only; an item with full marks and no score is unknown, never 0",
            );
        }
        record.finish()?;
        Ok(item)
    }
}
