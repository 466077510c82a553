//! Conditions of rules: an event, a fact in the ledger, or a bound on a part of the score.

use super::Parts;
use super::part::{own_id, points, proportion};
use super::units::{POINT, exact, percent, shown};
use crate::definition;
use crate::definition::Conditions;
use crate::error::Result;
use crate::lang::Text;
use crate::predicate::Predicate;
use crate::support::record::{Record, RecordPlace};

/// A kind of event (事件), and its direct effect on score or stars.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) label: Text,
    /// Points that each event adds to the total, in ten-thousandths.
    pub(crate) points: i64,
    /// Stars that each event adds or takes.
    pub(crate) steps: i64,
    /// Maximum effect per round in either direction, in points or stars.
    pub(crate) most: Option<i64>,
}

impl Event {
    pub(crate) fn from_record(mut record: Record, earlier: &[Self]) -> Result<Self> {
        let id = own_id(&mut record, earlier.iter().map(|e| e.id.as_str()))?;
        let label = super::part::label(&mut record, &id)?;
        let points = record.decimal("points")?.map_or(0, exact);
        let steps = record.decimal("stars")?;
        if steps.is_some_and(|s| s.fract() != 0.0 || s.abs() > 10.0) {
            return record.error("stars", "应为整数，如 1 或 -1", "expected a whole number, such as 1 or -1");
        }
        let steps = steps.map_or(0, |s| s as i64);
        if points != 0 && steps != 0 {
            return record.error(
                "stars",
                "一种事件要么加减分（points），要么增减星（stars）",
                "an event changes either 'points' or 'stars', not both",
            );
        }
        let most = record.decimal("most")?;
        if most.is_some_and(|m| m < 0.0) || (most.is_some() && points == 0 && steps == 0) {
            return record.error(
                "most",
                "是 points 或 stars 合计的上限，应为正数",
                "limits the sum of 'points' or 'stars'; expected a positive number",
            );
        }
        let most = most.map(|m| if points == 0 { m as i64 } else { exact(m) });
        record.finish()?;
        Ok(Self { id, label, points, steps, most })
    }

    /// Returns the effect of `n` events in a round, in points or stars.
    pub(crate) fn comes_to(&self, n: i64) -> i64 {
        let all = n * if self.points == 0 { self.steps } else { self.points };
        self.most.map_or(all, |most| all.clamp(-most, most))
    }
}

/// A part of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Item(usize),
    Dimension(usize),
    Total,
}

/// The test of a condition.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// An event of one of these kinds in the last `years` years, the current one included.
    Event { kinds: Vec<usize>, years: i16 },
    /// A predicate on the ledger row of the organisation.
    When(Box<Predicate>),
    /// A part of the score below, or at least at, a bound: items and dimensions in ten-thousandths of a point, the
    /// total in hundred-millionths.
    Part { part: Part, below: bool, at: i64 },
}

/// A condition on a party organisation in a year, with its wording.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) test: Test,
    pub(crate) text: Text,
    /// Named conditions that the test uses.
    used: Vec<definition::Condition>,
    place: RecordPlace,
}

impl Condition {
    /// Reads the condition of a record: exactly one of `event`, `when`, `item`, `dimension`, `total`.
    pub(crate) fn from_record(record: &mut Record, parts: &Parts) -> Result<Self> {
        const KINDS: [&str; 5] = ["event", "when", "item", "dimension", "total"];
        let given: Vec<&str> = KINDS.into_iter().filter(|kind| record.has(kind)).collect();
        let place = record.place().clone();
        let [kind] = given[..] else {
            let field = given.get(1).copied().unwrap_or("event");
            let all = KINDS.join(", ");
            return record.error(
                field,
                &format!("条件应写且只写一个：{all}"),
                &format!("a rule tests one thing: write exactly one of {all}"),
            );
        };
        let (test, wording) = match kind {
            "event" => Self::of_event(record, parts)?,
            "when" => {
                let Some(when) = record.optional_predicate("when")? else {
                    return record.error("when", "缺少条件", "is missing");
                };
                let text = of_ledger(&when);
                (Test::When(Box::new(when)), text)
            }
            _ => Self::of_part(record, parts, kind)?,
        };
        // Explain the misplaced field; `finish` would only report it as unknown.
        for field in ["within_years"] {
            if kind != "event" && record.has(field) {
                return record.error(field, "只与 event 同用", "goes with 'event' only");
            }
        }
        Ok(Self { test, text: wording, used: Vec::new(), place })
    }

    fn of_event(record: &mut Record, parts: &Parts) -> Result<(Test, Text)> {
        let names = record.texts_or_none("event")?;
        let mut kinds = Vec::new();
        for name in &names {
            if let Some(at) = parts.events.iter().position(|event| event.id == *name) {
                kinds.push(at);
            } else {
                let have = parts.events.iter().map(|e| e.id.as_str()).collect::<Vec<_>>().join(", ");
                return record.error(
                    "event",
                    &format!("没有名为“{name}”的事件。请先写 [[event]]；现有：{have}"),
                    &format!("there is no event '{name}'. Write an [[event]] first; available: {have}"),
                );
            }
        }
        let years = record.number("within_years")?.unwrap_or(1);
        if !(1..=100).contains(&years) {
            return record.error("within_years", "应为 1 到 100", "expected 1 to 100");
        }
        let label = |lang| {
            let all = kinds.iter().map(|k| parts.events[*k].label.get(lang)).collect::<Vec<_>>();
            all.join(if lang == crate::lang::Lang::Zh { "、" } else { ", " })
        };
        let (zh, en) = (label(crate::lang::Lang::Zh), label(crate::lang::Lang::En));
        let text = if years == 1 {
            Text::new(zh, en)
        } else {
            Text::new(format!("近{years}年{zh}"), format!("{en} within {years} years"))
        };
        Ok((Test::Event { kinds, years: years as i16 }, text))
    }

    fn of_part(record: &mut Record, parts: &Parts, kind: &'static str) -> Result<(Test, Text)> {
        let (part, name, full) = match kind {
            "total" => {
                if !record.flag("total")? {
                    return record.error("total", "应为 true", "expected true");
                }
                (Part::Total, Text::new("总分", "the total"), parts.full())
            }
            "item" => {
                let id = record.text("item")?;
                let Some(at) = parts.items.iter().position(|i| i.id == id) else {
                    return missing(record, "item", &id, parts.items.iter().map(|i| i.id.as_str()));
                };
                (Part::Item(at), parts.items[at].label.clone(), parts.items[at].points * parts.quarters * POINT)
            }
            _ => {
                let id = record.text("dimension")?;
                let Some(at) = parts.dimensions.iter().position(|d| d.id == id) else {
                    return missing(record, "dimension", &id, parts.dimensions.iter().map(|d| d.id.as_str()));
                };
                (Part::Dimension(at), parts.dimensions[at].label.clone(), parts.dimensions[at].full * POINT)
            }
        };
        let bounds: Vec<&str> =
            ["below", "at_least", "below_share", "at_least_share"].into_iter().filter(|f| record.has(f)).collect();
        let [bound] = bounds[..] else {
            return record.error(
                "at_least",
                "应写且只写一个：below、at_least（分数），below_share、at_least_share（占满分的比例）",
                "write exactly one of below, at_least (points), below_share, at_least_share (of full marks)",
            );
        };
        let (fine, printed) = match bound {
            "below" => points(record, "below")?.map(|p| (p * POINT, shown(p * POINT))).unwrap_or_default(),
            "at_least" => points(record, "at_least")?.map(|p| (p * POINT, shown(p * POINT))).unwrap_or_default(),
            _ => {
                let field = if bound == "below_share" { "below_share" } else { "at_least_share" };
                let proportion = proportion(record, field)?.unwrap_or(POINT);
                (full / POINT * proportion, percent(proportion))
            }
        };
        let below = bound.starts_with("below");
        let unit = if bound.ends_with("share") { ("", "") } else { ("分", " points") };
        let text = if below {
            Text::new(format!("{}低于{printed}{}", name.zh, unit.0), format!("{} below {printed}{}", name.en, unit.1))
        } else {
            Text::new(
                format!("{}达到{printed}{}", name.zh, unit.0),
                format!("{} at least {printed}{}", name.en, unit.1),
            )
        };
        let at = if part == Part::Total { fine } else { ceil(fine) };
        Ok((Test::Part { part, below, at }, text))
    }

    /// Reduces named conditions to columns.
    pub(super) fn resolve(&mut self, conditions: &Conditions) -> Result<()> {
        if let Test::When(when) = &mut self.test {
            self.used = conditions.apply([when.as_mut()])?;
            self.text = of_ledger(when);
        }
        Ok(())
    }

    /// Returns an error if the condition names a column that `roster` cannot have.
    pub(crate) fn check(&self, roster: &crate::roster::Roster) -> Result<()> {
        self.used.iter().try_for_each(|condition| condition.check(roster))?;
        match &self.test {
            Test::When(when) => when.check(roster).map_err(|e| self.place.defined(e, "when")),
            _ => Ok(()),
        }
    }
}

/// Words a condition on the ledger.
fn of_ledger(when: &Predicate) -> Text {
    let when = when.spelled_out();
    Text::new(format!("台账：{when}"), format!("the ledger says {when}"))
}

/// Rounds up from the unit of totals to ten-thousandths of a point, the unit of parts.
fn ceil(fine: i64) -> i64 {
    -(-fine).div_euclid(POINT)
}

fn missing<'a, T>(record: &Record, field: &str, id: &str, have: impl Iterator<Item = &'a str>) -> Result<T> {
    let have = have.collect::<Vec<_>>().join(", ");
    record.error(field, &format!("没有“{id}”。可用：{have}"), &format!("there is no '{id}'. Available: {have}"))
}
