//! Forecast of the mix of states (星级预测) from transitions, departures and arrivals.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::bootstrap::{Drawn, Draws, Sample, by_key, drawn, samples};
use super::mix::{METHODS, Past, Stock};
use super::panel::{Kind, NOT_COUNTED, Panel, Steps};
use super::probabilities::names;
use super::probability::View;
use super::transitions::{Flows, Group, Rows, Square};
use crate::cube::Axis;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::support::named::named_enum;

/// Source of variation between simulated futures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Futures {
    /// Each year ahead is like one of the years used, drawn at random, so the intervals include variation between
    /// years. With small counts that variation includes sampling noise, which makes the intervals somewhat too
    /// wide.
    #[default]
    Years,
    /// Organisations are resampled, and all years are alike.
    Organisations,
}

named_enum! { pub Futures, "区间（interval）", "interval"; Years = "years", Organisations = "organisations" }

/// Options for a forecast.
#[derive(Clone, Copy, Debug)]
pub struct Forecast {
    /// Number of years ahead.
    pub horizon: u32,
    /// Number of last pairs of years used for probabilities and arrivals; all if `None`.
    pub recent: Option<u32>,
    /// Denominator of shares: those with a rating (`Removed`), or all listed (`Kept`).
    pub of: View,
    /// Grade of an extra line that adds up this grade and above.
    pub at_least: Option<f64>,
    /// Number of last years that are forecast from the earlier ones, to measure accuracy. If `None`, equal to the
    /// horizon, but at least two years are left.
    pub hold_out: Option<u32>,
    /// Source of variation between futures, besides the random moves of the entities.
    pub futures: Futures,
    /// Options for the intervals; none if `None`.
    pub draws: Option<Draws>,
}

impl Default for Forecast {
    fn default() -> Self {
        Self {
            horizon: 3,
            recent: None,
            of: View::Removed,
            at_least: None,
            hold_out: None,
            futures: Futures::Years,
            draws: None,
        }
    }
}

/// Hold-out result of a method: mean error of its shares, and of "no change".
#[derive(Clone, Copy, Default)]
struct Score {
    error: Option<f64>,
    naive: Option<f64>,
    /// Proportion of true values within the intervals.
    covered: Option<f64>,
}

/// A line of the result without its keys.
struct Line {
    place: usize,
    method: usize,
    ahead: u32,
    share: Option<f64>,
    drawn: [Option<Drawn>; 2],
    count: Option<f64>,
    score: Score,
}

/// Forecasts the shares of the states by transitions (`mix`), and by three methods that use only the past shares.
///
/// `mix`: the entities listed in the last year move with the probabilities of the transitions used, departures
/// included; arrivals are those of a mean year, in the states they entered. Its intervals come from simulated
/// futures with random moves, which also vary by years or organisations. `naive`: no change. `drift`: the line from
/// the first year through the last. `holt`: a damped trend, for at least five years. All shares are
/// clamped to the unit interval.
///
/// Columns: `year` (forecast), the dimensions, the state (or `at_least_<grade>`), `method`, `ahead`, `share_of`
/// (the denominator: `rated` or `listed`), `share`, `share_low`, `share_high`, `organisations` (or
/// `party_organisations`; expected, for `mix` only), `organisations_low`, `organisations_high`, `interval` (`years`
/// or `organisations`: the source of variation; null without an interval); of the hold-out: `hold_out` (number of
/// last years forecast from the earlier ones; null if there are too few), `error` (mean absolute error of the
/// method's shares over states and years), `error_naive` (that of no change), `skill` = 1 − `error` / `error_naive`
/// (below 0: no change was better; null if no change made no error), `covered` (proportion of true values within
/// the intervals of `mix`); `steps` (number of pairs of years used), `never_left` (states that no transition starts
/// from, which `mix` assumes to be kept).
///
/// ```
/// # use dangjian::{Roster, Scope, job::Quiet};
/// use dangjian::analysis::trend::{Forecast, forecast};
///
/// let roster = Roster::sample(3000, 6)?;
/// let table = forecast(&roster, &Default::default(), &Scope::default(), &Forecast::default(), &Quiet)?;
/// assert_eq!(table.num_rows(), 3 * 5 * 4); // years, grades, methods
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn forecast(roster: &Roster, steps: &Steps, scope: &Scope, how: &Forecast, job: &dyn Job) -> Result<RecordBatch> {
    how.draws.as_ref().map_or(Ok(()), Draws::check)?;
    if !(1..=100).contains(&how.horizon) || how.recent == Some(0) || how.hold_out == Some(0) {
        return Err(Error::argument(
            format!("预测年数应为 1 至 100，近年步数和检验年数至少为 1；给的预测年数是 {}", how.horizon),
            format!("horizon is {}; expected 1 to 100, and at least 1 for recent and hold_out", how.horizon),
        ));
    }
    let panel = Panel::new(roster, steps, scope, job)?;
    let flows = Flows::count(&panel, job)?;
    let stocks = stocks(&panel, job)?;
    let (names_of, lines) = lines(&flows, how)?;
    let samples = match (how.draws, how.futures) {
        (Some(_), Futures::Organisations) => samples(&panel, true, |_, _| true, job)?,
        _ => Vec::new(),
    };
    let samples = by_key(&panel, &samples);
    let base = base(&flows, how.of)?;
    // Only the run of consecutive years up to the last is used.
    let years: Vec<i16> = panel.frames.iter().map(|frame| frame.year).collect();
    let run = 1 + years.windows(2).rev().take_while(|pair| pair[0] + 1 == pair[1]).count();
    let from = years.len().saturating_sub(run);
    let mut rows = Rows::default();
    let mut found: Vec<Line> = Vec::new();
    let mut rests: Vec<(Option<u32>, u64, Option<String>)> = Vec::new();
    for (number, stock) in &stocks {
        let key = &panel.key(*number);
        job::check(job)?;
        let empty = Group { key: key.clone(), entries: Vec::new() };
        let group = flows.groups.iter().find(|group| group.key == *key).unwrap_or(&empty);
        let of_group = OfGroup {
            flows: &flows,
            group,
            stock: &stock[from..],
            lines: &lines,
            base: &base,
            how,
            last: years.last(),
        };
        let sample = match how.futures {
            Futures::Organisations => samples.get(key).copied().map(Sampled::Organisations),
            Futures::Years => Some(Sampled::Years(*number)),
        };
        let sample = sample.as_ref();
        let hold_out = of_group.hold_out();
        let scores = of_group.scores(hold_out, sample, job)?;
        let past = of_group.past(0);
        let lines = of_group.lines(&past, &scores, sample, job)?;
        let pool = past.steps.iter().fold(Square::new(flows.states.len()), Square::plus);
        let never = |at: &usize| past.now()[*at] > 0 && pool.row(*at).iter().sum::<u64>() == 0;
        let never_left: Vec<usize> = (0..flows.absent()).filter(never).collect();
        for line in lines {
            let year = years.last().copied().unwrap_or_default() + line.ahead as i16;
            rows.push_years(year, year, key);
            rests.push((hold_out, past.steps.len() as u64, names(&flows.states, &never_left)));
            found.push(line);
        }
    }
    table(rows, &panel.by, &flows, &names_of, how, &found, &rests)
}

/// Source of futures: the organisations of a group, or the years of the group with this number.
enum Sampled<'a> {
    Organisations(&'a Sample),
    Years(u32),
}

/// One group, with the inputs of its forecast.
struct OfGroup<'a> {
    flows: &'a Flows,
    group: &'a Group,
    stock: &'a [Vec<u64>],
    lines: &'a [Vec<usize>],
    base: &'a [usize],
    how: &'a Forecast,
    last: Option<&'a i16>,
}

impl OfGroup<'_> {
    /// Returns the positions of the pairs used if the last `held` years are unknown.
    fn pairs(&self, held: usize) -> Vec<usize> {
        let last = self.last.copied().unwrap_or_default() - held as i16;
        let all: Vec<usize> = (0..self.flows.years.len()).filter(|at| self.flows.years[*at] < last).collect();
        let recent = self.how.recent.map_or(all.len(), |recent| recent as usize).min(all.len());
        all[all.len() - recent..].to_vec()
    }

    fn past(&self, held: usize) -> Past<'_> {
        let step = |at: &usize| self.flows.square(self.group, &(*at..at + 1));
        Past {
            states: &self.flows.states,
            lines: self.lines,
            base: self.base,
            stock: &self.stock[..self.stock.len().saturating_sub(held)],
            steps: self.pairs(held).iter().map(step).collect(),
        }
    }

    /// Returns the number of years held out, so that at least two years are left.
    fn hold_out(&self) -> Option<u32> {
        let most = (self.stock.len() as u32).checked_sub(2).filter(|most| *most > 0)?;
        match self.how.hold_out {
            Some(held) => (held <= most).then_some(held),
            None => Some(self.how.horizon.min(most)),
        }
        .filter(|held| !self.pairs(*held as usize).is_empty())
    }

    /// Simulates futures without the last `held` years, and returns the intervals of the share and the count of
    /// each line and year ahead.
    fn drawn(
        &self,
        held: usize,
        ahead: usize,
        sample: &Sampled<'_>,
        draws: &Draws,
        job: &dyn Job,
    ) -> Result<Vec<Drawn>> {
        let (past, pairs) = (self.past(held), self.pairs(held));
        if pairs.is_empty() {
            return Ok(vec![Drawn::default(); ahead * self.lines.len() * 2]);
        }
        let figures = |years: &[Vec<u64>]| {
            let of_year = |counts: &Vec<u64>| {
                let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
                let sum = |line: &Vec<usize>| line.iter().map(|at| counts[*at]).sum::<f64>();
                let sums: Vec<f64> = self.lines.iter().map(sum).collect();
                past.shares(&counts)
                    .into_iter()
                    .zip(sums)
                    .flat_map(|(share, sum)| [share, Some(sum)])
                    .collect::<Vec<_>>()
            };
            years.iter().flat_map(of_year).collect()
        };
        match sample {
            Sampled::Organisations(sample) => sample.intervals(draws, job, |squares, rng| {
                let pool = pairs.iter().fold(Square::new(past.states.len()), |sum, at| sum.plus(&squares[*at]));
                figures(&past.future(&[pool], pairs.len() as u64, ahead, rng))
            }),
            Sampled::Years(group) => drawn(*group, draws, job, |rng| figures(&past.future(&past.steps, 1, ahead, rng))),
        }
    }

    /// Returns the hold-out result of each method.
    fn scores(&self, held: Option<u32>, sample: Option<&Sampled<'_>>, job: &dyn Job) -> Result<Vec<Score>> {
        let Some(held) = held.map(|held| held as usize) else { return Ok(vec![Score::default(); METHODS.len()]) };
        let past = self.past(held);
        let real = |counts: &Vec<u64>| past.shares(&counts.iter().map(|count| *count as f64).collect::<Vec<_>>());
        let real: Vec<Vec<Option<f64>>> = self.stock[self.stock.len() - held..].iter().map(real).collect();
        let error = |method: &str| {
            let shares = past.forecast(method, held);
            let off = |(line, ahead): (usize, usize)| Some((shares[line][ahead]? - real[ahead][line]?).abs());
            let all = (0..self.lines.len()).flat_map(|line| (0..held).map(move |ahead| (line, ahead)));
            let errors = all.map(off).collect::<Option<Vec<f64>>>()?;
            Some(errors.iter().sum::<f64>() / errors.len() as f64)
        };
        let naive = error("naive");
        let mut scores: Vec<Score> =
            METHODS.iter().map(|method| Score { error: error(method), naive, covered: None }).collect();
        if let (Some(sample), Some(draws)) = (sample, &self.how.draws) {
            let drawn = self.drawn(held, held, sample, draws, job)?;
            let (mut within, mut all) = (0_u32, 0_u32);
            for (drawn, real) in drawn.iter().step_by(2).zip(real.iter().flatten()) {
                if let (Some(low), Some(high), Some(real)) = (drawn.low, drawn.high, real) {
                    all += 1;
                    within += u32::from((low..=high).contains(real));
                }
            }
            scores[METHODS.len() - 1].covered = (all > 0).then(|| f64::from(within) / f64::from(all));
        }
        Ok(scores)
    }

    fn lines(
        &self,
        past: &Past<'_>,
        scores: &[Score],
        sample: Option<&Sampled<'_>>,
        job: &dyn Job,
    ) -> Result<Vec<Line>> {
        let ahead = self.how.horizon as usize;
        let drawn = match (sample, &self.how.draws) {
            (Some(sample), Some(draws)) => Some(self.drawn(0, ahead, sample, draws, job)?),
            _ => None,
        };
        let mixed = past.mix(ahead).unwrap_or_default();
        let shares: Vec<_> = METHODS.iter().map(|method| past.forecast(method, ahead)).collect();
        let mut lines = Vec::new();
        let cells = (0..ahead).flat_map(|h| (0..self.lines.len()).map(move |place| (h, place)));
        for ((h, place), (method, shares)) in
            cells.flat_map(|cell| shares.iter().enumerate().map(move |shares| (cell, shares)))
        {
            let mix = method == METHODS.len() - 1;
            let at = (h * self.lines.len() + place) * 2;
            let drawn = drawn.as_ref().filter(|_| mix);
            let count = mixed.get(h).filter(|_| mix);
            lines.push(Line {
                place,
                method,
                ahead: h as u32 + 1,
                share: shares[place][h],
                drawn: [drawn.map(|drawn| drawn[at]), drawn.map(|drawn| drawn[at + 1])],
                count: count.map(|counts| self.lines[place].iter().map(|at| counts[*at]).sum()),
                score: scores[method],
            });
        }
        Ok(lines)
    }
}

fn table(
    rows: Rows,
    by: &[Axis],
    flows: &Flows,
    names: &[String],
    how: &Forecast,
    found: &[Line],
    rests: &[(Option<u32>, u64, Option<String>)],
) -> Result<RecordBatch> {
    let end = |which: usize, of: fn(&Drawn) -> Option<f64>| {
        found.iter().map(move |line| line.drawn[which].as_ref().and_then(of))
    };
    let skill = |score: &Score| {
        let naive = score.naive.filter(|naive| *naive > 0.0)?;
        Some(1.0 - score.error? / naive)
    };
    let of = if how.of == View::Removed { "rated" } else { "listed" };
    rows.year_columns(by)
        .texts(&flows.name, found.iter().map(|line| &names[line.place]))
        .texts("method", found.iter().map(|line| METHODS[line.method]))
        .counts("ahead", found.iter().map(|line| u64::from(line.ahead)))
        .texts("share_of", found.iter().map(|_| of))
        .reals("share", found.iter().map(|line| line.share))
        .reals("share_low", end(0, |drawn| drawn.low))
        .reals("share_high", end(0, |drawn| drawn.high))
        .reals(flows.counts, found.iter().map(|line| line.count))
        .reals(&format!("{}_low", flows.counts), end(1, |drawn| drawn.low))
        .reals(&format!("{}_high", flows.counts), end(1, |drawn| drawn.high))
        .some_texts("interval", end(0, |drawn| drawn.low).map(|low| low.map(|_| how.futures.name())))
        .some_counts("hold_out", rests.iter().map(|rest| rest.0.map(u64::from)))
        .reals("error", found.iter().map(|line| line.score.error))
        .reals("error_naive", found.iter().map(|line| line.score.naive))
        .reals("skill", found.iter().map(|line| skill(&line.score)))
        .reals("covered", found.iter().map(|line| line.score.covered))
        .counts("steps", rests.iter().map(|rest| rest.1))
        .some_texts("never_left", rests.iter().map(|rest| rest.2.as_deref()))
        .finish()
}

/// Returns the states in the denominator of shares.
fn base(flows: &Flows, of: View) -> Result<Vec<usize>> {
    match of {
        View::Removed => Ok(flows.proper()),
        View::Kept => Ok((0..flows.absent()).collect()),
        View::All | View::Absorbing => Err(Error::argument(
            format!("预测的份额可以是已评级单位中的（removed）或在册单位中的（kept），给的是 {}", of.name()),
            format!("shares are of those rated ('removed') or of those listed ('kept'); got '{}'", of.name()),
        )),
    }
}

/// Returns the lines of the result: their names, and the states that each adds up.
fn lines(flows: &Flows, how: &Forecast) -> Result<(Vec<String>, Vec<Vec<usize>>)> {
    let base = base(flows, how.of)?;
    let mut names: Vec<String> = base.iter().map(|at| flows.states[*at].name.clone()).collect();
    let mut lines: Vec<Vec<usize>> = base.iter().map(|at| vec![*at]).collect();
    if let Some(least) = how.at_least {
        let enough = |at: &usize| matches!(flows.states[*at].kind, Kind::Grade(grade) if grade >= least);
        names.push(format!("at_least_{least}"));
        lines.push(base.iter().copied().filter(|at| enough(at)).collect());
    }
    Ok((names, lines))
}

/// Counts the entities in each state and frame, by group.
pub(crate) fn stocks(panel: &Panel<'_>, job: &dyn Job) -> Result<BTreeMap<u32, Stock>> {
    let (years, size) = (panel.frames.len(), panel.states.len() - 1);
    let mut of_number: BTreeMap<u32, Stock> = BTreeMap::new();
    for nth in 0..years {
        job::check(job)?;
        for (state, group) in panel.positions(nth, &panel.axis)?.into_iter().zip(panel.groups(nth)?) {
            if group != NOT_COUNTED {
                let stock = of_number.entry(group).or_insert_with(|| vec![vec![0; size]; years]);
                stock[nth][state as usize] += 1;
            }
        }
    }
    Ok(of_number)
}
