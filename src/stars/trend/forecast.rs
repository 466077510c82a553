//! Forecast of the mix of states (星级预测): who is listed moves on as before, some leave, some come.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::baseline;
use super::bootstrap::{Drawn, Draws, Sample, by_key, samples};
use super::panel::{Kind, NOT_COUNTED, Panel, State, Steps};
use super::probabilities::names;
use super::probability::View;
use super::transitions::{Flows, Group, Rows, Square};
use crate::cube::Axis;
use crate::dimension::Scope;
use crate::error::{Error, Result};
use crate::job::{self, Job};
use crate::rng::Rng;
use crate::roster::Roster;

/// What is forecast, and how.
#[derive(Clone, Copy, Debug)]
pub struct Forecast {
    /// How many years ahead.
    pub horizon: u32,
    /// Chances and entries are those of so many last steps; of all where `None`.
    pub recent: Option<u32>,
    /// What shares are of: of those with a rating (`Removed`), or of all listed (`Kept`).
    pub of: View,
    /// One more line for this grade and more.
    pub at_least: Option<f64>,
    /// How many of the last years are forecast from those before, to see how well that goes; as many as the horizon, but
    /// two steps must be left, where `None`.
    pub hold_out: Option<u32>,
    /// How intervals are drawn; none where `None`.
    pub draws: Option<Draws>,
}

impl Default for Forecast {
    fn default() -> Self {
        Self { horizon: 3, recent: None, of: View::Removed, at_least: None, hold_out: None, draws: None }
    }
}

/// The methods, the one that is compared with the others first.
const METHODS: [&str; 4] = ["naive", "drift", "holt", "mix"];

/// How many are in each state, to be absent aside, in each year of a group.
pub(crate) type Stock = Vec<Vec<u64>>;

/// The years of a group, as far as a forecast from them may look.
struct Past<'a> {
    states: &'a [State],
    /// The lines of the result: the states whose counts each adds up.
    lines: &'a [Vec<usize>],
    /// The states that shares are of.
    base: &'a [usize],
    /// How many are in each state, year by year without a gap, the last the one that is forecast from.
    stock: &'a [Vec<u64>],
    /// The steps of the years looked at, the last the newest.
    steps: Vec<Square>,
}

impl Past<'_> {
    /// The share of each line.
    fn shares(&self, counts: &[f64]) -> Vec<Option<f64>> {
        let all: f64 = self.base.iter().map(|at| counts[*at]).sum();
        let sum = |line: &Vec<usize>| line.iter().map(|at| counts[*at]).sum::<f64>();
        self.lines.iter().map(|line| (all > 0.0).then(|| sum(line) / all)).collect()
    }

    /// The chances of each state, to be absent the last; a state that was never left keeps what it has.
    fn chances(&self, square: &Square) -> Vec<Vec<f64>> {
        let size = self.states.len() - 1;
        let row = |from: usize| {
            let row = square.row(from);
            let all: u64 = row.iter().sum();
            let chance =
                |to: usize| if all > 0 { row[to] as f64 / all as f64 } else { f64::from(u8::from(to == from)) };
            (0..=size).map(chance).collect()
        };
        (0..size).map(row).collect()
    }

    fn now(&self) -> &[u64] {
        self.stock.last().map_or(&[], Vec::as_slice)
    }

    /// The expected counts of the years ahead.
    fn mix(&self, ahead: usize) -> Option<Vec<Vec<f64>>> {
        let size = self.states.len() - 1;
        let years = self.steps.len();
        let pool = self.steps.iter().fold(Square::new(size + 1), |sum, step| sum.plus(step));
        let chances = self.chances(&pool);
        let mut counts: Vec<f64> = self.now().iter().map(|count| *count as f64).collect();
        let mut next = || {
            let mut after: Vec<f64> = (0..size).map(|to| pool.at(size, to) as f64 / years as f64).collect();
            for (count, chances) in counts.iter().zip(&chances) {
                after.iter_mut().zip(chances).for_each(|(sum, chance)| *sum += count * chance);
            }
            counts.clone_from(&after);
            after
        };
        (years > 0).then(|| (0..ahead).map(|_| next()).collect())
    }

    /// One possible future: organisations drawn anew, each year ahead like one of the past drawn at random, everyone moving
    /// by chance.
    fn future(&self, steps: &[Square], ahead: usize, rng: &mut Rng) -> Vec<Vec<u64>> {
        let size = self.states.len() - 1;
        let pool = steps.iter().fold(Square::new(size + 1), |sum, step| sum.plus(step));
        let of_pool = self.chances(&pool);
        let mut counts = self.now().to_vec();
        let mut next = || {
            let year = &steps[rng.below(steps.len() as u64) as usize];
            let of_year = self.chances(year);
            let mut after: Vec<u64> = (0..size).map(|to| year.at(size, to)).collect();
            for (from, count) in counts.iter().enumerate() {
                // A state that the year did not have moves as in all years.
                let seen = year.row(from).iter().any(|count| *count > 0);
                let chances = if seen { &of_year[from] } else { &of_pool[from] };
                let (mut left, mut weight) = (*count, 1.0);
                for (to, chance) in chances.iter().enumerate() {
                    let moved = if *chance >= weight { left } else { rng.binomial(left, chance / weight) };
                    if to < size {
                        after[to] += moved;
                    }
                    left -= moved;
                    weight -= chance;
                    if left == 0 {
                        break;
                    }
                }
            }
            counts.clone_from(&after);
            after
        };
        (0..ahead).map(|_| next()).collect()
    }

    /// The shares of the years ahead by `method`, line by line; null where it has none.
    fn forecast(&self, method: &str, ahead: usize) -> Vec<Vec<Option<f64>>> {
        if method == "mix" {
            let mixed = self.mix(ahead).unwrap_or_default();
            let shares: Vec<_> = mixed.iter().map(|counts| self.shares(counts)).collect();
            return (0..self.lines.len())
                .map(|line| (0..ahead).map(|h| shares.get(h).and_then(|shares| shares[line])).collect())
                .collect();
        }
        let of_year = |counts: &Vec<u64>| self.shares(&counts.iter().map(|count| *count as f64).collect::<Vec<_>>());
        let years: Vec<_> = self.stock.iter().map(of_year).collect();
        let of_line = |line: usize| {
            let series = years.iter().map(|shares| shares[line]).collect::<Option<Vec<f64>>>();
            let found = series.and_then(|series| match method {
                "naive" => baseline::naive(&series, ahead),
                "drift" => baseline::drift(&series, ahead),
                _ => baseline::holt(&series, ahead),
            });
            (0..ahead).map(|h| found.as_ref().map(|found| found[h])).collect()
        };
        (0..self.lines.len()).map(of_line).collect()
    }
}

/// What the hold-out says of a method: the mean error of a share, and that of "no change".
#[derive(Clone, Copy, Default)]
struct Score {
    error: Option<f64>,
    naive: Option<f64>,
    /// The share of true values within the intervals.
    covered: Option<f64>,
}

/// A line of the result but for its keys.
struct Line {
    line: usize,
    method: usize,
    ahead: u32,
    share: Option<f64>,
    drawn: [Option<Drawn>; 2],
    count: Option<f64>,
    score: Score,
}

/// Forecast of the shares of the states, by what moves (`mix`) and by three methods that look at the share alone.
///
/// `mix`: who is listed in the last year moves by the chances of the steps looked at, to leave among them; as many come, in
/// the same states, as in a mean year. Its intervals are of futures: organisations drawn anew, each year ahead like one of
/// the past, everyone moving by chance. `naive`: no change. `drift`: the line from the first year through the last. `holt`: a
/// damped trend, from five years on. All shares stay between 0 and 1.
///
/// Columns: `year` (forecast), the dimensions, the state (or `at_least_<grade>`), `method`, `ahead`, `share` (of what
/// `share_of` says: `rated` or `listed`), `share_low`, `share_high`, `organisations` (or `party_organisations`; expected, of
/// `mix` alone), `organisations_low`, `organisations_high`; and of the hold-out: `hold_out` (how many of the last years were
/// forecast from those before; null where there are too few), `error` (the mean absolute error of the method's shares over
/// states and years), `error_naive` (that of no change), `skill` = 1 − `error` / `error_naive` (below 0: no change was
/// better; null where no change made no error), `covered` (the share of true values within the intervals of `mix`);
/// `steps` (how many years of steps the chances rest on), `never_left` (states that no step starts from, which `mix` takes to
/// be kept).
///
/// ```
/// # use dangjian::{Roster, dimension::Scope, ingest::Options, job::Quiet, synth};
/// use dangjian::stars::trend::{Forecast, forecast};
///
/// let roster = Roster::read_arrow("made", &synth::panel(3000, 6, 2010, 7)?, &Options::default(), &Quiet)?;
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
    let panel = Panel::new(roster, steps, scope)?;
    let flows = Flows::count(&panel, job)?;
    let stocks = stocks(&panel, job)?;
    let (names_of, lines) = lines(&flows, how)?;
    let samples = match how.draws {
        Some(_) => samples(&panel, true, |_, _| true, job)?,
        None => Vec::new(),
    };
    let samples = by_key(&panel, &samples);
    let base = base(&flows, how.of)?;
    // Years without a gap up to the last.
    let years: Vec<i16> = panel.frames.iter().map(|frame| frame.year).collect();
    let run = 1 + years.windows(2).rev().take_while(|pair| pair[0] + 1 == pair[1]).count();
    let from = years.len().saturating_sub(run);
    let mut rows = Rows::default();
    let mut found: Vec<Line> = Vec::new();
    let mut rests: Vec<(Option<u32>, u64, Option<String>)> = Vec::new();
    for (key, stock) in &stocks {
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
        let sample = samples.get(key).copied();
        let hold_out = of_group.hold_out();
        let scores = of_group.scores(hold_out, sample, job)?;
        let past = of_group.past(0);
        let lines = of_group.lines(&past, &scores, sample, job)?;
        let pool = past.steps.iter().fold(Square::new(flows.states.len()), |sum, step| sum.plus(step));
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

/// One group, with everything that its forecast needs.
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
    /// The positions of the pairs looked at when the last `held` years are not known.
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

    /// How many years are held out: two years of the past must be left at the least.
    fn hold_out(&self) -> Option<u32> {
        let most = (self.stock.len() as u32).checked_sub(2).filter(|most| *most > 0)?;
        match self.how.hold_out {
            Some(held) => (held <= most).then_some(held),
            None => Some(self.how.horizon.min(most)),
        }
        .filter(|held| !self.pairs(*held as usize).is_empty())
    }

    /// Futures drawn from the past that is known without the last `held` years: for each line and year ahead its share and
    /// its count.
    fn drawn(&self, held: usize, ahead: usize, sample: &Sample, draws: &Draws, job: &dyn Job) -> Result<Vec<Drawn>> {
        let (past, pairs) = (self.past(held), self.pairs(held));
        if pairs.is_empty() {
            return Ok(vec![Drawn::default(); ahead * self.lines.len() * 2]);
        }
        sample.intervals(draws, job, |squares, rng| {
            let steps: Vec<Square> = pairs.iter().map(|at| squares[*at].clone()).collect();
            let years = past.future(&steps, ahead, rng);
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
        })
    }

    /// What the hold-out says of each method.
    fn scores(&self, held: Option<u32>, sample: Option<&Sample>, job: &dyn Job) -> Result<Vec<Score>> {
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

    fn lines(&self, past: &Past<'_>, scores: &[Score], sample: Option<&Sample>, job: &dyn Job) -> Result<Vec<Line>> {
        let ahead = self.how.horizon as usize;
        let drawn = match (sample, &self.how.draws) {
            (Some(sample), Some(draws)) => Some(self.drawn(0, ahead, sample, draws, job)?),
            _ => None,
        };
        let mixed = past.mix(ahead);
        let shares: Vec<_> = METHODS.iter().map(|method| past.forecast(method, ahead)).collect();
        let mut lines = Vec::new();
        for h in 0..ahead {
            for line in 0..self.lines.len() {
                for method in 0..METHODS.len() {
                    let mix = method == METHODS.len() - 1;
                    let at = (h * self.lines.len() + line) * 2;
                    let drawn = drawn.as_ref().filter(|_| mix);
                    let count = || {
                        Some(self.lines[line].iter().map(|at| mixed.as_ref()?.get(h)?.get(*at)).sum::<Option<f64>>()?)
                    };
                    lines.push(Line {
                        line,
                        method,
                        ahead: h as u32 + 1,
                        share: shares[method][line][h],
                        drawn: [drawn.map(|drawn| drawn[at]), drawn.map(|drawn| drawn[at + 1])],
                        count: if mix { count() } else { None },
                        score: scores[method],
                    });
                }
            }
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
        .texts(&flows.name, found.iter().map(|line| &names[line.line]))
        .texts("method", found.iter().map(|line| METHODS[line.method]))
        .counts("ahead", found.iter().map(|line| u64::from(line.ahead)))
        .texts("share_of", found.iter().map(|_| of))
        .reals("share", found.iter().map(|line| line.share))
        .reals("share_low", end(0, |drawn| drawn.low))
        .reals("share_high", end(0, |drawn| drawn.high))
        .reals(flows.counts, found.iter().map(|line| line.count))
        .reals(&format!("{}_low", flows.counts), end(1, |drawn| drawn.low))
        .reals(&format!("{}_high", flows.counts), end(1, |drawn| drawn.high))
        .some_counts("hold_out", rests.iter().map(|rest| rest.0.map(u64::from)))
        .reals("error", found.iter().map(|line| line.score.error))
        .reals("error_naive", found.iter().map(|line| line.score.naive))
        .reals("skill", found.iter().map(|line| skill(&line.score)))
        .reals("covered", found.iter().map(|line| line.score.covered))
        .counts("steps", rests.iter().map(|rest| rest.1))
        .some_texts("never_left", rests.iter().map(|rest| rest.2.as_deref()))
        .finish()
}

/// The states that shares are of.
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

/// The lines of the result: their names, and the states that each adds up.
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

/// How many are in each state in each frame, group by group.
pub(crate) fn stocks(panel: &Panel<'_>, job: &dyn Job) -> Result<BTreeMap<Vec<u32>, Stock>> {
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
    Ok(of_number.into_iter().map(|(group, stock)| (panel.key(group), stock)).collect())
}
