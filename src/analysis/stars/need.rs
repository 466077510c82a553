//! The cheapest way for each organisation to reach the next star.

mod form;

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;

use self::form::Form;
use super::marks::Marks;
use super::rating::{Change, Rating, Rule, gate_answers, part_of};
use super::scheme::units::{POINT, real, shown};
use super::scheme::{Gives, Method, Part, Rung, Test};
use crate::error::Result;
use crate::lang::Text;
use crate::predicate::Certainty;
use crate::support::columns::Columns;

/// One requirement for the next star.
struct Need {
    kind: &'static str,
    what: String,
    label: Text,
    have: Option<i64>,
    full: Option<i64>,
    /// Points that the item has to reach.
    required: Option<i64>,
    /// Maximum that the item adds to the part of the score that falls short: the total, a dimension, or the item.
    gain: Option<i64>,
    /// Points missing in all.
    missing: Option<i64>,
    enough: Option<bool>,
    text: Text,
}

impl Need {
    fn rule(kind: &'static str, label: Text, text: Text) -> Self {
        Self {
            kind,
            what: String::new(),
            label,
            have: None,
            full: None,
            required: None,
            gain: None,
            missing: None,
            enough: None,
            text,
        }
    }
}

impl Rating {
    /// Lists the requirements of each organisation for one more star: items in order of cost, then the rules in the
    /// way.
    ///
    /// Columns: `year`, the id, `name`, `star_state`, `next_star`, `order` (from 1), `need_kind` (`item`; `open`, an
    /// item to be scored first; `gate`, `cap`, `veto`, `event`, `step`, `first_year`, `quota`), `what` (the item's
    /// id), `label_zh`, `label_en`, `have` and `full` (current and maximum points of the item), `asked` (points it has
    /// to reach), `gain` (points that full marks add to the part of the score that falls short, the total, a dimension
    /// or the item, on top of the items before), `missing` (points in all), `enough` (true if this item and those
    /// before it close the gap in the score), `text_zh`, `text_en`.
    ///
    /// Items with less `effort` per point come first, then those with the larger gain. Organisations with the
    /// highest star are not listed.
    pub fn needed(&self) -> Result<RecordBatch> {
        let mut rows: Vec<(u32, Rung, usize, Need)> = Vec::new();
        for (year, range) in &self.marks.years {
            let answers = gate_answers(self, *year, range.clone())?;
            for (at, subject) in range.clone().enumerate() {
                let gates: Vec<Certainty> = answers.iter().map(|answers| answers[at]).collect();
                let Some((next, needs)) = self.needs_of(subject, &gates) else { continue };
                let needs = needs.into_iter().enumerate();
                rows.extend(needs.map(|(nth, need)| (subject as u32, next, nth + 1, need)));
            }
        }
        let listed = self.listed(&self.everybody())?.finish()?;
        let at: UInt32Array = rows.iter().map(|row| Some(row.0)).collect();
        let listed = take_record_batch(&listed, &at)?;
        let ladder = &self.scheme.ladder;
        let points = |value: Option<i64>| value.map(real);
        Columns::default()
            .array("year", Arc::clone(&listed["year"]))
            .array(self.scheme.id_column(), Arc::clone(&listed[self.scheme.id_column()]))
            .array("name", Arc::clone(&listed["name"]))
            .texts("star_state", rows.iter().map(|row| self.state_of(row.0 as usize)))
            .texts("next_star", rows.iter().map(|row| ladder.state(row.1)))
            .counts("order", rows.iter().map(|row| row.2 as u64))
            .texts("need_kind", rows.iter().map(|row| row.3.kind))
            .some_texts("what", rows.iter().map(|row| Some(&row.3.what).filter(|what| !what.is_empty())))
            .texts("label_zh", rows.iter().map(|row| &row.3.label.zh))
            .texts("label_en", rows.iter().map(|row| &row.3.label.en))
            .reals("have", rows.iter().map(|row| points(row.3.have)))
            .reals("full", rows.iter().map(|row| points(row.3.full)))
            .reals("asked", rows.iter().map(|row| points(row.3.required)))
            .reals("gain", rows.iter().map(|row| points(row.3.gain)))
            .reals("missing", rows.iter().map(|row| points(row.3.missing)))
            .flags("enough", rows.iter().map(|row| row.3.enough))
            .texts("text_zh", rows.iter().map(|row| &row.3.text.zh))
            .texts("text_en", rows.iter().map(|row| &row.3.text.en))
            .finish()
    }

    /// Returns the next star and its requirements; `None` at the highest star.
    fn needs_of(&self, subject: usize, gates: &[Certainty]) -> Option<(Rung, Vec<Need>)> {
        let scheme = &*self.scheme;
        let top = scheme.ladder.top();
        let now = self.stars()[subject];
        let Some(rung) = now.known() else { return Some((now.high, self.open_items(subject))) };
        let next = rung + 1;
        if next > top {
            return None;
        }
        let earned = self.stages[0][subject].low;
        let mut needs = if earned >= next { Vec::new() } else { self.of_score(subject, next) };
        // List every unmet gate of the next star, even if the score does not reach it yet.
        for (at, gate) in scheme.gates.iter().enumerate().filter(|(_, gate)| gate.rung == next) {
            if gates[at] == Certainty::Yes {
                continue;
            }
            if let Test::Part { part, below, at: bound } = gate.condition.test {
                needs.extend(self.of_part(subject, part, below, bound));
            }
            let (zh, en) = if gates[at] == Certainty::Unknown {
                ("（是否满足不明）", " (not known whether it is met)")
            } else {
                ("", "")
            };
            let text = Text::new(format!("须满足：{}{zh}", gate.label.zh), format!("to be met: {}{en}", gate.label.en));
            needs.push(Need::rule("gate", gate.label.clone(), text));
        }
        for change in self.changes_of(subject) {
            let stops = change.before.high >= next && change.after.high < next;
            if stops && !matches!(change.rule, Rule::Gate(_)) {
                needs.push(self.of_change(subject, change));
            }
        }
        Some((next, needs))
    }

    fn of_change(&self, subject: usize, change: &Change) -> Need {
        let label = self.rule_name(subject, change.rule);
        let mut need = Need::rule(Self::rule_kind(change.rule), label, self.reason(change));
        match change.rule {
            Rule::Quota(at) if self.scheme.quotas[at as usize].within.is_empty() => {
                let rung = self.scheme.quotas[at as usize].rung;
                let year = self.marks.year(subject);
                let range = self.marks.years.iter().find(|(own, _)| *own == year).map(|(_, range)| range.clone());
                let inside = range.into_iter().flatten().filter(|at| self.stars()[*at].low == rung);
                let line = inside.map(|at| self.scores.totals[at].0).min();
                need.missing = line.map(|line| (line - self.scores.totals[subject].0).max(0));
                if let Some(missing) = need.missing {
                    let points = shown(missing);
                    need.text.zh = format!("{}；距入选的最后一名{points}分", need.text.zh);
                    need.text.en = format!("{}; {points} points behind the last that is in", need.text.en);
                }
            }
            Rule::Cap(at) => {
                // The cap is lifted where its condition no longer holds.
                if let Test::Part { part, below, at: bound } = self.scheme.caps[at as usize].condition.test {
                    let first = self.of_part(subject, part, !below, bound).into_iter().next();
                    if let Some(first) = first {
                        need.text.zh = format!("{}；{}", need.text.zh, first.text.zh);
                        need.text.en = format!("{}; {}", need.text.en, first.text.en);
                    }
                }
            }
            _ => {}
        }
        need
    }

    /// Lists the items that have to be scored before anything can be decided.
    fn open_items(&self, subject: usize) -> Vec<Need> {
        let items = &self.scheme.parts.items;
        let mut needs = Vec::new();
        for (at, cell) in self.marks.row(subject).iter().enumerate() {
            let item = &items[at % items.len()];
            let (low, high) = Marks::brings(item, *cell);
            if low < high {
                let weight = self.scheme.parts.dimensions[item.dimension].weight;
                let text =
                    Text::new(format!("“{}”还没有评分", item.label.zh), format!("'{}' has no score", item.label.en));
                needs.push(Need {
                    what: item.id.clone(),
                    full: Some(high * POINT),
                    gain: Some((high - low) * weight),
                    ..Need::rule("open", item.label.clone(), text)
                });
            }
        }
        needs.sort_by_key(|need| std::cmp::Reverse(need.gain));
        if needs.is_empty() {
            let text = Text::new(
                "星级未定：台账情况不明，或取决于别家未定的得分",
                "not decided: the ledger does not say, or it rests on open scores of others",
            );
            needs.push(Need::rule("open", Text::new("未定", "not decided"), text));
        }
        needs
    }

    /// Lists the items that the score needs for a star.
    fn of_score(&self, subject: usize, next: Rung) -> Vec<Need> {
        let by_bands = || self.of_bands(subject, next);
        match self.scheme.method {
            Method::Bands => by_bands(),
            Method::Dimensions => self.of_dimensions(subject, next),
            Method::Both { lower: true } => {
                let mut needs = by_bands();
                needs.extend(self.of_dimensions(subject, next));
                needs
            }
            Method::Both { lower: false } => {
                let needs = by_bands();
                if needs.is_empty() { self.of_dimensions(subject, next) } else { needs }
            }
            Method::Top | Method::Score => Vec::new(),
        }
    }

    fn of_bands(&self, subject: usize, next: Rung) -> Vec<Need> {
        let Some(least) = self.scheme.bands.least(next) else { return Vec::new() };
        let missing = least.missing(self.scores.totals[subject].0);
        if missing == 0 {
            return Vec::new();
        }
        let all: Vec<usize> = (0..self.scheme.parts.items.len()).collect();
        self.cheapest(subject, &all, missing, Part::Total)
    }

    fn of_dimensions(&self, subject: usize, next: Rung) -> Vec<Need> {
        let Some(stars) = self.scheme.ladder.stars(next) else { return Vec::new() };
        let dimensions = self.scheme.parts.dimensions.iter().zip(self.scores.dimensions(subject)).enumerate();
        let mut short = Vec::new();
        let mut reached = 0;
        for (at, (dimension, (low, _))) in dimensions {
            let Some(proportion) = dimension.proportion else { continue };
            // Round the required proportion up to ten-thousandths of a point.
            let missing = -(-proportion * dimension.full).div_euclid(POINT) - low;
            if missing <= 0 { reached += 1 } else { short.push((missing, at)) }
        }
        short.sort_unstable();
        let more = (stars as usize).saturating_sub(reached);
        short.into_iter().take(more).flat_map(|(missing, at)| self.of_dimension(subject, at, missing)).collect()
    }

    fn of_dimension(&self, subject: usize, at: usize, missing: i64) -> Vec<Need> {
        let items = self.scheme.parts.items.iter().enumerate();
        let own: Vec<usize> = items.filter(|(_, item)| item.dimension == at).map(|(at, _)| at).collect();
        self.cheapest(subject, &own, missing * POINT, Part::Dimension(at))
    }

    /// Lists the items that bring a part of the score to `bound` or more, or `below` it; none if that takes fewer
    /// points.
    fn of_part(&self, subject: usize, part: Part, below: bool, bound: i64) -> Vec<Need> {
        match part {
            Part::Total | Part::Dimension(_) if below => Vec::new(),
            Part::Total => {
                let missing = bound - self.scores.totals[subject].0;
                let all: Vec<usize> = (0..self.scheme.parts.items.len()).collect();
                if missing > 0 { self.cheapest(subject, &all, missing, part) } else { Vec::new() }
            }
            Part::Dimension(at) => {
                let missing = bound - self.scores.dimension(subject, at).0;
                if missing > 0 { self.of_dimension(subject, at, missing) } else { Vec::new() }
            }
            Part::Item(at) => {
                // Conditions on a penalty count the points taken, so only fewer of them are points gained.
                let (low, high) = part_of(self, &self.scheme, part, subject);
                let missing = match (self.scheme.parts.items[at].gives == Gives::Penalty, below) {
                    (false, false) => bound - low,
                    (true, true) => high - bound + 1,
                    _ => 0,
                };
                if missing > 0 { self.cheapest(subject, &[at], missing * POINT, part) } else { Vec::new() }
            }
        }
    }

    /// Picks the cheapest of `items` until they close the gap `missing` in a part of the score.
    fn cheapest(&self, subject: usize, items: &[usize], missing: i64, part: Part) -> Vec<Need> {
        let parts = &self.scheme.parts;
        let form = Form::new(self, subject, part);
        let goal = form.worth(&[]) + missing;
        let mut order: Vec<(f64, i64, usize)> = items
            .iter()
            .filter(|at| form.room(**at) > 0)
            .map(|at| (parts.items[*at].effort, form.worth(&[(*at, form.full(*at))]), *at))
            .collect();
        order.sort_by(|a, b| {
            a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)).then(form.room(b.2).cmp(&form.room(a.2))).then(a.2.cmp(&b.2))
        });
        let mut done: Vec<(usize, i64)> = Vec::new();
        for (_, _, at) in order {
            if form.worth(&done) >= goal {
                break;
            }
            done.push((at, form.full(at)));
        }
        let enough = form.worth(&done) >= goal;
        // Drop items that add nothing because a part is already at its limit.
        for at in (0..done.len()).rev() {
            let mut without = done.clone();
            without.remove(at);
            if form.worth(&without) >= goal.min(form.worth(&done)) {
                done = without;
            }
        }
        let mut needs = Vec::new();
        for nth in 0..done.len() {
            let (at, full) = done[nth];
            let item = &parts.items[at];
            let (before, after) = (form.worth(&done[..nth]), form.worth(&done[..=nth]));
            let last = enough && nth + 1 == done.len();
            let required = if last { form.least(&done[..nth], at, goal) } else { full };
            let [from, to] = [form.have(at), required].map(|brings| self.written(at, brings));
            needs.push(Need {
                kind: "item",
                what: item.id.clone(),
                label: item.label.clone(),
                have: Some(form.have(at) * POINT),
                full: Some(full * POINT),
                required: Some(required * POINT),
                gain: Some(after - before),
                missing: Some(missing),
                enough: Some(last),
                text: Text::new(
                    format!("“{}”由{from}提高到{to}", item.label.zh),
                    format!("'{}' from {from} to {to}", item.label.en),
                ),
            });
        }
        if !enough {
            let left = goal - form.worth(&done);
            let short = shown(left);
            let text = Text::new(
                format!("各项都得满分仍差{short}分"),
                format!("full marks of everything are still {short} short"),
            );
            needs.push(Need {
                missing: Some(left),
                enough: Some(false),
                ..Need::rule("item", Text::new("仍不够", "not enough"), text)
            });
        }
        needs
    }

    /// Formats the points of an item, with the form's label for the value if there is one.
    fn written(&self, at: usize, brings: i64) -> String {
        let item = &self.scheme.parts.items[at];
        let place = item.values.iter().position(|value| *value == item.written(brings));
        match place.and_then(|place| item.value_labels.get(place)) {
            Some(word) if self.scheme.parts.quarters == 1 => format!("{}（{word}）", shown(brings * POINT)),
            _ => shown(brings * POINT),
        }
    }
}
