//! Reasons for the stars of an organisation, in words.

use super::{Change, Prev, Rating, Rule, Span};
use crate::analysis::stars::scheme::units::{POINT, percent, shown};
use crate::analysis::stars::scheme::{Consequence, Method, Places, Ties};
use crate::lang::{Lang, Text};

impl Rating {
    /// Names the stars of a span: 四星, or 三星至五星.
    pub(crate) fn span_name(&self, span: Span) -> Text {
        let ladder = &self.scheme.ladder;
        if let Some(rung) = span.known() {
            return ladder.name(rung);
        }
        let (low, high) = (ladder.name(span.low), ladder.name(span.high));
        Text::new(format!("{}至{}", low.zh, high.zh), format!("{} to {}", low.en, high.en))
    }

    /// Names the stars of the previous round.
    pub(crate) fn before_name(&self, before: Prev) -> Text {
        if before.listed { self.span_name(before.span) } else { Text::new("上轮没有", "none before") }
    }

    /// Explains the score.
    pub(crate) fn score_reason(&self, subject: usize) -> Text {
        let scheme = &*self.scheme;
        let (low, high) = self.scores.totals[subject];
        let open = self.scores.open[subject];
        let mut zh = Vec::new();
        let mut en = Vec::new();
        if scheme.method != Method::Dimensions {
            if low == high {
                zh.push(format!("总分{}分", shown(low)));
                en.push(format!("total {}", shown(low)));
            } else {
                zh.push(format!("总分在{}至{}分之间", shown(low), shown(high)));
                en.push(format!("total between {} and {}", shown(low), shown(high)));
            }
        }
        if matches!(scheme.method, Method::Dimensions | Method::Both { .. }) {
            let dimensions = self.dimension_reason(subject);
            zh.push(dimensions.zh);
            en.push(dimensions.en);
        }
        let added = self.scores.added(subject);
        if added != 0 {
            let sign = if added > 0 { "+" } else { "" };
            zh.push(format!("其中事件加减{sign}{}分", shown(added * POINT)));
            en.push(format!("of it {sign}{} by events", shown(added * POINT)));
        }
        if open > 0 {
            zh.push(format!("{open}项未评，共{}分未定", shown(high - low)));
            let items = if open == 1 { "item" } else { "items" };
            en.push(format!("{open} {items} open, {} points not decided", shown(high - low)));
        }
        let outcome = match scheme.method {
            Method::Score => Text::new("本办法只计分、不评星", "the scheme gives points and no stars"),
            Method::Top => Text::new("参加排名", "takes part in the ranking"),
            _ => self.span_name(self.stages[0][subject]),
        };
        Text::new(format!("{}：{}", zh.join("，"), outcome.zh), format!("{}: {}", en.join(", "), outcome.en))
    }

    fn dimension_reason(&self, subject: usize) -> Text {
        let dimensions = self.scheme.parts.dimensions.iter().zip(self.scores.dimensions(subject));
        let mut parts = (Vec::new(), Vec::new());
        for (dimension, (low, high)) in dimensions {
            let Some(proportion) = dimension.proportion else { continue };
            let earns = |points| super::score::earns(points, dimension);
            let mark = match (earns(low), earns(high)) {
                (true, _) => "✓",
                (false, true) => "?",
                (false, false) => "✗",
            };
            let got = if low == high {
                shown(low * POINT)
            } else {
                format!("{}–{}", shown(low * POINT), shown(high * POINT))
            };
            let (full, proportion) = (shown(dimension.full * POINT), percent(proportion));
            parts.0.push(format!("{}{}/{full}{mark}", dimension.label.zh, got));
            parts.1.push(format!("{} {}/{full} {mark}", dimension.label.en, got));
            if parts.0.len() == 1 {
                parts.0[0] = format!("每类达到{proportion}得一星：{}", parts.0[0]);
                parts.1[0] = format!("{proportion} of a dimension earns a star: {}", parts.1[0]);
            }
        }
        Text::new(parts.0.join("、"), parts.1.join(", "))
    }

    /// Returns the kind of a rule, as in the trail.
    pub(crate) fn rule_kind(rule: Rule) -> &'static str {
        match rule {
            Rule::Event(_) => "event",
            Rule::Gate(_) => "gate",
            Rule::Cap(_) => "cap",
            Rule::Veto(_) => "veto",
            Rule::FirstYear => "first_year",
            Rule::Exception(_) => "exception",
            Rule::Step => "step",
            Rule::Direct(_) => "direct",
            Rule::Quota(_) => "quota",
        }
    }

    /// Names a rule.
    pub(crate) fn rule_name(&self, subject: usize, rule: Rule) -> Text {
        let scheme = &*self.scheme;
        match rule {
            Rule::Event(at) => scheme.parts.events[at as usize].label.clone(),
            Rule::Gate(at) => scheme.gates[at as usize].label.clone(),
            Rule::Cap(at) => scheme.caps[at as usize].label.clone(),
            Rule::Veto(at) => scheme.vetoes[at as usize].label.clone(),
            Rule::FirstYear => Text::new("新成立当年不定星", "unrated in the first year"),
            Rule::Step => {
                let up = scheme.step.as_ref().map_or(1, |step| step.up);
                Text::new(format!("每轮最多升{up}级"), format!("at most {up} up a round"))
            }
            Rule::Exception(at) => {
                let all = scheme.step.iter().flat_map(|step| &step.exceptions).nth(at as usize);
                all.map_or_else(|| Text::new("破格", "exception"), |exception| exception.label.clone())
            }
            Rule::Direct(at) => scheme.directs[at as usize].label.clone(),
            Rule::Quota(at) => self.quota_name(subject, at),
        }
    }

    fn quota_name(&self, subject: usize, at: u16) -> Text {
        let quota = &self.scheme.quotas[at as usize];
        let name = self.scheme.ladder.name(quota.rung);
        let year = self.marks.year(subject);
        // With several groups the places are left out; the table of quotas lists them all.
        let mut uses = self.quotas.iter().filter(|used| used.year == year && used.quota == at);
        let (first, alone) = (uses.next(), uses.next().is_none());
        let Some(own) = first.filter(|_| alone) else {
            return Text::new(format!("{}名额", name.zh), format!("places for {}", name.en));
        };
        let places = ends(own.places);
        match quota.places {
            Places::Number(_) => {
                Text::new(format!("{}名额{places}个", name.zh), format!("{places} places for {}", name.en))
            }
            Places::Proportion(proportion) => {
                let (proportion, population) = (percent(proportion), ends(own.population));
                Text::new(
                    format!("{}名额{places}个（{population}×{proportion}）", name.zh),
                    format!("{places} places for {} ({proportion} of {population})", name.en),
                )
            }
        }
    }

    /// Explains the effect of a rule.
    pub(crate) fn reason(&self, change: &Change) -> Text {
        let subject = change.subject as usize;
        let name = self.rule_name(subject, change.rule);
        let (before, after) = (self.span_name(change.before), self.span_name(change.after));
        // An uncertain rule that takes stars leaves the upper end. Uncertain direct grading leaves the lower end.
        let sure = match change.rule {
            Rule::Event(_) => true,
            Rule::Direct(_) => change.after.low != change.before.low || change.after.known().is_some(),
            _ => change.after.high != change.before.high,
        };
        if let Rule::Exception(_) = change.rule {
            let prev = self.before_name(self.before[subject]);
            return Text::new(
                format!("{}，破格：上轮{}，可评{}", name.zh, prev.zh, after.zh),
                format!("{}, an exception: last round {}, may have {}", name.en, prev.en, after.en),
            );
        }
        let (zh, en) = match (change.rule, sure) {
            (Rule::Event(_), _) => {
                (format!("{}{}次", name.zh, change.detail), format!("{}, {} times", name.en, change.detail))
            }
            (Rule::Gate(_), true) => (format!("{}，未满足", name.zh), format!("{}: not met", name.en)),
            (Rule::Step, true) => {
                let prev = self.before_name(self.before[subject]);
                let (zh, en) = (format!("上轮{}", prev.zh), format!("last round {}", prev.en));
                (format!("{}，{zh}", name.zh), format!("{}, {en}", name.en))
            }
            (Rule::Veto(at), true) => {
                let what = self.consequence(at);
                (format!("{}（{}）", name.zh, what.zh), format!("{} ({})", name.en, what.en))
            }
            (Rule::Quota(at), true) => {
                let ties = match self.scheme.quotas[at as usize].ties {
                    Ties::In => ("", ""),
                    Ties::Out => ("（末位同分不入选）", " (equals at the line are out)"),
                };
                let rank = change.detail;
                (format!("{}，排第{rank}{}", name.zh, ties.0), format!("{}, rank {rank}{}", name.en, ties.1))
            }
            (_, true) => (name.zh, name.en),
            (_, false) => (format!("{}，是否适用不明", name.zh), format!("{}: not known whether it applies", name.en)),
        };
        Text::new(format!("{zh}：{}→{}", before.zh, after.zh), format!("{en}: {} → {}", before.en, after.en))
    }

    fn consequence(&self, veto: u16) -> Text {
        match self.scheme.vetoes[veto as usize].consequence {
            Consequence::Cancel => Text::new("取消本次资格", "cancelled this round"),
            Consequence::Cap(rung) => {
                let name = self.scheme.ladder.name(rung);
                Text::new(format!("最多{}", name.zh), format!("{} at most", name.en))
            }
            Consequence::Downgrade { steps, of_previous } => {
                let (zh, en) = if of_previous { ("比上轮", " below last round") } else { ("", "") };
                Text::new(format!("{zh}降{steps}级"), format!("{steps} down{en}"))
            }
            Consequence::Hold => Text::new("不晋级", "no more than last round"),
            Consequence::Plaque => Text::new("收回牌子", "plaque withdrawn"),
        }
    }

    /// Joins all reasons for an organisation's stars into one line.
    pub(crate) fn line(&self, subject: usize, lang: Lang) -> String {
        let mut parts = vec![self.score_reason(subject).get(lang).to_owned()];
        parts.extend(self.changes_of(subject).iter().map(|change| self.reason(change).get(lang).to_owned()));
        parts.join(if lang == Lang::Zh { "；" } else { "; " })
    }
}

/// Formats an interval.
pub(crate) fn ends((low, high): (u64, u64)) -> String {
    if low == high { low.to_string() } else { format!("{low}–{high}") }
}
