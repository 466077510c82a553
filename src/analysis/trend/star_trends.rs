//! The readable table (星级走势): for each group the ratings, their direction, and a verdict in words.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::forecast::stocks;
use super::panel::{Panel, StateKind, TransitionQuery};
use super::transition_counts::{ResultKeys, SquareMatrix, TransitionCounts, TransitionGroup, YearSpan};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::lang::Text;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::distribution::beta_cdf;
use crate::stats::wilson::z_for_confidence;
use crate::support::named::named_enum;

/// Direction of a group's ratings: the verdict on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Rising,
    Falling,
    Steady,
    Swinging,
    TooFew,
    NoSteps,
}

named_enum! {
    Direction;
    Rising = "rising", Falling = "falling", Steady = "steady", Swinging = "swinging", TooFew = "too_few",
    NoSteps = "no_steps",
}

/// Minimum number of transitions. With fewer changes, all of one kind, the sign test cannot reject at 5 %: 2 · 0.5⁵ =
/// 0.0625.
const MIN_TRANSITIONS: u64 = 6;

/// Maximum number of groups in `most_changed`.
const MOST_CHANGED: usize = 3;

impl Direction {
    fn new(counts: &ChangeCounts, p_value: Option<f64>, alpha: f64) -> Self {
        match p_value {
            _ if counts.transitions == 0 => Self::NoSteps,
            Some(p) if p < alpha && counts.up > counts.down => Self::Rising,
            Some(p) if p < alpha => Self::Falling,
            _ if counts.transitions < MIN_TRANSITIONS => Self::TooFew,
            _ if 2 * counts.stayed >= counts.transitions => Self::Steady,
            _ => Self::Swinging,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Rising => ("上升", "Rising"),
            Self::Falling => ("下降", "Falling"),
            Self::Steady => ("平稳", "Steady"),
            Self::Swinging => ("有升有降", "Swinging"),
            Self::TooFew => ("次数太少", "Too few steps to tell"),
            Self::NoSteps => ("没有可比的评级", "No ratings in two years running"),
        }
    }
}

/// Transition counts of a group.
#[derive(Clone, Copy, Default)]
struct ChangeCounts {
    transitions: u64,
    up: u64,
    down: u64,
    stayed: u64,
}

impl ChangeCounts {
    fn new(square: &SquareMatrix, kept: &[usize]) -> Self {
        let inner = square.restricted(kept);
        let mut counts = Self { transitions: inner.total(), ..Self::default() };
        for from in 0..inner.size {
            for to in 0..inner.size {
                let count = match to.cmp(&from) {
                    std::cmp::Ordering::Greater => &mut counts.up,
                    std::cmp::Ordering::Less => &mut counts.down,
                    std::cmp::Ordering::Equal => &mut counts.stayed,
                };
                *count += inner.get(from, to);
            }
        }
        counts
    }

    /// Returns the p-value of the exact two-sided sign test: a change is as likely up as down.
    fn p_value(&self) -> Option<f64> {
        let (less, changes) = (self.up.min(self.down), self.up + self.down);
        if changes == 0 {
            return None;
        }
        Some((2.0 * beta_cdf(0.5, (changes - less) as f64, less as f64 + 1.0)).min(1.0))
    }

    fn proportion(&self, part: u64) -> Option<f64> {
        (self.transitions > 0).then(|| part as f64 / self.transitions as f64)
    }

    fn net(&self) -> Option<f64> {
        (self.transitions > 0).then(|| (self.up as f64 - self.down as f64) / self.transitions as f64)
    }

    /// Returns the interval of net rises, with each transition a multinomial draw of up, down or neither.
    fn net_ends(&self, z: f64) -> Option<(f64, f64)> {
        let (net, transitions) = (self.net()?, self.transitions as f64);
        let half = z * (((self.up + self.down) as f64 / transitions - net * net) / transitions).sqrt();
        Some(((net - half).max(-1.0), (net + half).min(1.0)))
    }
}

/// Counts of one year.
#[derive(Clone, Default)]
struct YearStanding {
    listed: u64,
    rated: u64,
    high: u64,
    of_grade: Vec<u64>,
}

impl YearStanding {
    fn new(stock: &[u64], counted: &TransitionCounts, kept: &[usize], least: f64) -> Self {
        let high = |at: &&usize| matches!(counted.states[**at].kind, StateKind::Grade(grade) if grade >= least);
        Self {
            listed: stock.iter().sum(),
            rated: kept.iter().map(|at| stock[*at]).sum(),
            high: kept.iter().filter(high).map(|at| stock[*at]).sum(),
            of_grade: kept.iter().map(|at| stock[*at]).collect(),
        }
    }

    fn proportion(&self, part: u64) -> Option<f64> {
        (self.rated > 0).then(|| part as f64 / self.rated as f64)
    }
}

struct Line {
    /// First year with a rating, if that is not the last year.
    since: Option<i16>,
    /// Counts of that year.
    first: YearStanding,
    last: YearStanding,
    counts: ChangeCounts,
    direction: Direction,
    rank: Option<u64>,
}

impl Line {
    /// Returns the verdict in words, with the figures it is based on.
    fn words(&self, least: f64) -> Text {
        let ChangeCounts { transitions, up, down, stayed } = self.counts;
        let (zh, en) = self.direction.words();
        if self.direction == Direction::NoSteps {
            return Text::new(zh, en);
        }
        let text = Text::new(
            format!("{zh}：{transitions} 次逐年比较中升 {up}、降 {down}、不变 {stayed}"),
            format!("{en}: of {transitions} steps {up} rose, {down} fell, {stayed} stayed"),
        );
        let proportions = (self.since, self.first.proportion(self.first.high), self.last.proportion(self.last.high));
        let (Some(since), Some(before), Some(now)) = proportions else { return text };
        let (zh, en, before, now) = (text.zh, text.en, 100.0 * before, 100.0 * now);
        Text::new(
            format!("{zh}；{least} 星及以上由 {since} 年的 {before:.1}% 到 {now:.1}%"),
            format!("{en}; {least} stars and more from {before:.1} % in {since} to {now:.1} %"),
        )
    }
}

impl Roster {
    /// Summarises the star ratings of each group in one row, over all years of `scope` together.
    ///
    /// Columns: `year`, `next_year` (the first and the last year), the dimensions; of the last year: `listed`, `rated`,
    /// `share_<grade>` of those rated, for each grade that occurs; `high_first`, `high_last`, `high_change` (the
    /// proportion of those rated with `at_least` stars in the year `high_since`, the first in which any were rated, and
    /// in the last, and the difference; null if these are one year); of the yearly transitions between ratings:
    /// `steps`, `up`, `down`, `stay` (persistence: the proportion that keeps its grade), `net` (rises minus falls, as a
    /// proportion of the transitions), `net_low`, `net_high`, `p` (exact sign test: a change is as likely up as down),
    /// `verdict` (`rising`, `falling`: the sign test rejects at 1 − `level`; `steady`, `swinging`: it does not, and at
    /// least half, or fewer, keep their grade; `too_few`: fewer than six transitions; `no_steps`), `verdict_zh`,
    /// `verdict_en` (in words, with the figures), `most_changed` (1 to 3: the groups with the largest net, up or down,
    /// of those with at least six transitions; else null).
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// let roster = Roster::sample(3000, 4)?;
    /// let table = roster.star_trends(&Default::default(), 3.0, 0.95, &Scope::by(["kind"]), &Quiet)?;
    /// assert!(table.column_by_name("verdict_zh").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn star_trends(
        &self,
        query: &TransitionQuery,
        at_least: f64,
        level: f64,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let z = z_for_confidence(level)?;
        let panel = Panel::new(self, query, scope, job)?;
        let counted = TransitionCounts::count(&panel, job)?;
        if !counted.ordered() {
            return Err(Error::argument(
                format!("“{}”的值没有高低之分，谈不上升降", counted.name),
                format!("the values of '{}' have no order, so nothing rises or falls", counted.name),
            ));
        }
        let (kept, stocks) = (counted.proper(), stocks(&panel, job)?);
        let groups: BTreeMap<&Vec<u32>, &TransitionGroup> =
            counted.groups.iter().map(|group| (&group.key, group)).collect();
        let years = (panel.frames.first().map(|frame| frame.year), panel.frames.last().map(|frame| frame.year));
        let all = 0..counted.years.len();
        let mut rows = ResultKeys::default();
        let mut lines: Vec<Line> = Vec::new();
        for (number, stock) in &stocks {
            let key = &panel.key(*number);
            let square = groups.get(key).map(|group| counted.square(group, &all));
            let counts = square.map_or_else(ChangeCounts::default, |square| ChangeCounts::new(&square, &kept));
            let standing = |stock: Option<&Vec<u64>>| {
                stock.map_or_else(YearStanding::default, |stock| YearStanding::new(stock, &counted, &kept, at_least))
            };
            let direction = Direction::new(&counts, counts.p_value(), 1.0 - level);
            let earlier = stock.iter().zip(&panel.frames).take(stock.len().saturating_sub(1));
            let since = earlier.into_iter().find(|(stock, _)| kept.iter().any(|at| stock[*at] > 0));
            let first = standing(since.map(|(stock, _)| stock));
            let (since, last) = (since.map(|(_, frame)| frame.year), standing(stock.last()));
            if let (Some(year), Some(next)) = years {
                rows.push(&YearSpan { year, next, pairs: all.clone() }, key);
                lines.push(Line { since, first, last, counts, direction, rank: None });
            }
        }
        rank(&mut lines);
        let grades = (0..kept.len()).filter(|at| lines.iter().any(|line| line.last.of_grade[*at] > 0));
        let mut columns = rows
            .columns(&counted.by)
            .counts("listed", lines.iter().map(|line| line.last.listed))
            .counts("rated", lines.iter().map(|line| line.last.rated));
        for at in grades {
            let name = format!("share_{}", counted.states[kept[at]].name);
            columns = columns.reals(&name, lines.iter().map(|line| line.last.proportion(line.last.of_grade[at])));
        }
        let high = |standing: &YearStanding| standing.proportion(standing.high);
        let change = |line: &Line| Some(high(&line.last)? - high(&line.first)?);
        columns
            .some_years("high_since", lines.iter().map(|line| line.since))
            .reals("high_first", lines.iter().map(|line| high(&line.first)))
            .reals("high_last", lines.iter().map(|line| high(&line.last)))
            .reals("high_change", lines.iter().map(change))
            .counts("steps", lines.iter().map(|line| line.counts.transitions))
            .counts("up", lines.iter().map(|line| line.counts.up))
            .counts("down", lines.iter().map(|line| line.counts.down))
            .reals("stay", lines.iter().map(|line| line.counts.proportion(line.counts.stayed)))
            .reals("net", lines.iter().map(|line| line.counts.net()))
            .reals("net_low", lines.iter().map(|line| line.counts.net_ends(z).map(|ends| ends.0)))
            .reals("net_high", lines.iter().map(|line| line.counts.net_ends(z).map(|ends| ends.1)))
            .reals("p", lines.iter().map(|line| line.counts.p_value()))
            .texts("verdict", lines.iter().map(|line| line.direction.name()))
            .texts("verdict_zh", lines.iter().map(|line| line.words(at_least).zh))
            .texts("verdict_en", lines.iter().map(|line| line.words(at_least).en))
            .some_counts("most_changed", lines.iter().map(|line| line.rank))
            .finish()
    }
}

/// Ranks the groups that changed most.
fn rank(lines: &mut [Line]) {
    if lines.len() < 2 {
        return;
    }
    let size = |line: &Line| line.counts.net().unwrap_or(0.0).abs();
    let mut order: Vec<usize> = (0..lines.len())
        .filter(|at| lines[*at].counts.transitions >= MIN_TRANSITIONS && size(&lines[*at]) > 0.0)
        .collect();
    order.sort_by(|a, b| size(&lines[*b]).total_cmp(&size(&lines[*a])));
    for (rank, at) in order.into_iter().take(MOST_CHANGED).enumerate() {
        lines[at].rank = Some(rank as u64 + 1);
    }
}
