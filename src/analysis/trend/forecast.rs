//! Forecast of the mix of states (星级预测) from transitions, departures and arrivals.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::bootstrap::{Resampled, Sample, by_key, resampled, samples};
use super::mix::{METHODS, Past, Stock};
use super::options::{Bootstrap, ForecastOptions, Futures};
use super::panel::{NOT_COUNTED, Panel, StateKind, TransitionQuery};
use super::transition_counts::{ResultKeys, SquareMatrix, TransitionCounts, TransitionGroup};
use super::transition_table::names;
use super::transition_view::View;
use crate::cube::Axis;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;

/// Hold-out result of a method: mean error of its proportions, and of "no change".
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
    proportion: Option<f64>,
    resampled: [Option<Resampled>; 2],
    count: Option<f64>,
    score: Score,
}

impl Roster {
    /// Forecasts the proportions of the states by transitions (`mix`), and by three methods that use only the past
    /// proportions.
    ///
    /// `mix`: the entities listed in the last year move with the probabilities of the transitions used, departures
    /// included; arrivals are those of a mean year, in the states they entered. Its intervals come from simulated
    /// futures with random moves, which also vary by years or organisations. `naive`: no change. `drift`: the line from
    /// the first year through the last. `holt`: a damped trend, for at least five years. All proportions are
    /// clamped to the unit interval.
    ///
    /// Columns: `year` (forecast), the dimensions, the state (or `at_least_<grade>`), `method`, `ahead`, `share_of`
    /// (the denominator: `rated` or `listed`), `share`, `share_low`, `share_high`, `organisations` (or
    /// `party_organisations`; expected, for `mix` only), `organisations_low`, `organisations_high`, `interval`
    /// (`years` or `organisations`: the source of variation; null without an interval); of the hold-out: `hold_out`
    /// (number of last years forecast from the earlier ones; null if there are too few), `error` (mean absolute error
    /// of the method's proportions over states and years), `error_naive` (that of no change), `skill` = 1 − `error` /
    /// `error_naive` (below 0: no change was better; null if no change made no error), `covered` (proportion of true
    /// values within the intervals of `mix`); `steps` (number of pairs of years used), `never_left` (states that no
    /// transition starts from, which `mix` assumes to be kept).
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// use dangjian::analysis::trend::{ForecastOptions, TransitionQuery};
    ///
    /// let roster = Roster::sample(3000, 6)?;
    /// let (query, options) = (TransitionQuery::default(), ForecastOptions::default());
    /// let table = roster.star_forecast(&query, &options, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 3 * 5 * 4); // years, grades, methods
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn star_forecast(
        &self,
        query: &TransitionQuery,
        options: &ForecastOptions,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        options.check()?;
        let panel = Panel::new(self, query, scope, job)?;
        let counted = TransitionCounts::count(&panel, job)?;
        let stocks = stocks(&panel, job)?;
        let (names_of, lines) = lines(&counted, options)?;
        let samples = match (options.bootstrap, options.futures) {
            (Some(_), Futures::Organisations) => samples(&panel, true, |_, _| true, job)?,
            _ => Vec::new(),
        };
        let samples = by_key(&panel, &samples);
        let base = base(&counted, options.denominator)?;
        // Only the run of consecutive years up to the last is used.
        let years: Vec<i16> = panel.frames.iter().map(|frame| frame.year).collect();
        let run = 1 + years.windows(2).rev().take_while(|pair| pair[0] + 1 == pair[1]).count();
        let from = years.len().saturating_sub(run);
        let mut rows = ResultKeys::default();
        let mut all: Vec<Line> = Vec::new();
        let mut rests: Vec<(Option<u32>, u64, Option<String>)> = Vec::new();
        for (number, stock) in &stocks {
            let key = &panel.key(*number);
            job::check(job)?;
            let empty = TransitionGroup { key: key.clone(), entries: Vec::new() };
            let group = counted.groups.iter().find(|group| group.key == *key).unwrap_or(&empty);
            let group_forecast = GroupForecast {
                counted: &counted,
                group,
                stock: &stock[from..],
                lines: &lines,
                base: &base,
                options,
                last: years.last(),
            };
            let sample = match options.futures {
                Futures::Organisations => samples.get(key).copied().map(Sampled::Organisations),
                Futures::Years => Some(Sampled::Years(*number)),
            };
            let sample = sample.as_ref();
            let hold_out = group_forecast.hold_out();
            let scores = group_forecast.scores(hold_out, sample, job)?;
            let past = group_forecast.past(0);
            let lines = group_forecast.lines(&past, &scores, sample, job)?;
            let pool = past.transitions.iter().fold(SquareMatrix::new(counted.states.len()), SquareMatrix::plus);
            let never = |at: &usize| past.now()[*at] > 0 && pool.row(*at).iter().sum::<u64>() == 0;
            let never_left: Vec<usize> = (0..counted.absent()).filter(never).collect();
            for line in lines {
                let year = years.last().copied().unwrap_or_default() + line.ahead as i16;
                rows.push_years(year, year, key);
                rests.push((hold_out, past.transitions.len() as u64, names(&counted.states, &never_left)));
                all.push(line);
            }
        }
        table(rows, &panel.by, &counted, &names_of, options, &all, &rests)
    }
}

/// Source of futures: the organisations of a group, or the years of the group with this number.
enum Sampled<'a> {
    Organisations(&'a Sample),
    Years(u32),
}

/// One group, with the inputs of its forecast.
struct GroupForecast<'a> {
    counted: &'a TransitionCounts,
    group: &'a TransitionGroup,
    stock: &'a [Vec<u64>],
    lines: &'a [Vec<usize>],
    base: &'a [usize],
    options: &'a ForecastOptions,
    last: Option<&'a i16>,
}

impl GroupForecast<'_> {
    /// Returns the positions of the pairs used if the last `held` years are unknown.
    fn pairs(&self, held: usize) -> Vec<usize> {
        let last = self.last.copied().unwrap_or_default() - held as i16;
        let all: Vec<usize> = (0..self.counted.years.len()).filter(|at| self.counted.years[*at] < last).collect();
        let recent = self.options.recent.map_or(all.len(), |recent| recent as usize).min(all.len());
        all[all.len() - recent..].to_vec()
    }

    fn past(&self, held: usize) -> Past<'_> {
        let step = |at: &usize| self.counted.square(self.group, &(*at..at + 1));
        Past {
            states: &self.counted.states,
            lines: self.lines,
            base: self.base,
            stock: &self.stock[..self.stock.len().saturating_sub(held)],
            transitions: self.pairs(held).iter().map(step).collect(),
        }
    }

    /// Returns the number of years held out, so that at least two years are left.
    fn hold_out(&self) -> Option<u32> {
        let most = (self.stock.len() as u32).checked_sub(2).filter(|most| *most > 0)?;
        match self.options.hold_out {
            Some(held) => (held <= most).then_some(held),
            None => Some(self.options.horizon.min(most)),
        }
        .filter(|held| !self.pairs(*held as usize).is_empty())
    }

    /// Simulates futures without the last `held` years, and returns the intervals of the proportion and the count of
    /// each line and year ahead.
    fn resampled(
        &self,
        held: usize,
        ahead: usize,
        sample: &Sampled<'_>,
        bootstrap: &Bootstrap,
        job: &dyn Job,
    ) -> Result<Vec<Resampled>> {
        let (past, pairs) = (self.past(held), self.pairs(held));
        if pairs.is_empty() {
            return Ok(vec![Resampled::default(); ahead * self.lines.len() * 2]);
        }
        let figures = |years: &[Vec<u64>]| {
            let of_year = |counts: &Vec<u64>| {
                let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
                let sum = |line: &Vec<usize>| line.iter().map(|at| counts[*at]).sum::<f64>();
                let sums: Vec<f64> = self.lines.iter().map(sum).collect();
                past.proportions(&counts)
                    .into_iter()
                    .zip(sums)
                    .flat_map(|(proportion, sum)| [proportion, Some(sum)])
                    .collect::<Vec<_>>()
            };
            years.iter().flat_map(of_year).collect()
        };
        match sample {
            Sampled::Organisations(sample) => sample.intervals(bootstrap, job, |squares, rng| {
                let pool = pairs.iter().fold(SquareMatrix::new(past.states.len()), |sum, at| sum.plus(&squares[*at]));
                figures(&past.future(&[pool], pairs.len() as u64, ahead, rng))
            }),
            Sampled::Years(group) => {
                resampled(*group, bootstrap, job, |rng| figures(&past.future(&past.transitions, 1, ahead, rng)))
            }
        }
    }

    /// Returns the hold-out result of each method.
    fn scores(&self, held: Option<u32>, sample: Option<&Sampled<'_>>, job: &dyn Job) -> Result<Vec<Score>> {
        let Some(held) = held.map(|held| held as usize) else { return Ok(vec![Score::default(); METHODS.len()]) };
        let past = self.past(held);
        let real = |counts: &Vec<u64>| past.proportions(&counts.iter().map(|count| *count as f64).collect::<Vec<_>>());
        let real: Vec<Vec<Option<f64>>> = self.stock[self.stock.len() - held..].iter().map(real).collect();
        let error = |method: &str| {
            let proportions = past.forecast(method, held);
            let off = |(line, ahead): (usize, usize)| Some((proportions[line][ahead]? - real[ahead][line]?).abs());
            let all = (0..self.lines.len()).flat_map(|line| (0..held).map(move |ahead| (line, ahead)));
            let errors = all.map(off).collect::<Option<Vec<f64>>>()?;
            Some(errors.iter().sum::<f64>() / errors.len() as f64)
        };
        let naive = error("naive");
        let mut scores: Vec<Score> =
            METHODS.iter().map(|method| Score { error: error(method), naive, covered: None }).collect();
        if let (Some(sample), Some(bootstrap)) = (sample, &self.options.bootstrap) {
            let resampled = self.resampled(held, held, sample, bootstrap, job)?;
            let (mut within, mut all) = (0_u32, 0_u32);
            for (resampled, real) in resampled.iter().step_by(2).zip(real.iter().flatten()) {
                if let (Some(low), Some(high), Some(real)) = (resampled.low, resampled.high, real) {
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
        let ahead = self.options.horizon as usize;
        let resampled = match (sample, &self.options.bootstrap) {
            (Some(sample), Some(bootstrap)) => Some(self.resampled(0, ahead, sample, bootstrap, job)?),
            _ => None,
        };
        let mixed = past.mix(ahead).unwrap_or_default();
        let proportions: Vec<_> = METHODS.iter().map(|method| past.forecast(method, ahead)).collect();
        let mut lines = Vec::new();
        let cells = (0..ahead).flat_map(|h| (0..self.lines.len()).map(move |place| (h, place)));
        for ((h, place), (method, proportions)) in
            cells.flat_map(|cell| proportions.iter().enumerate().map(move |proportions| (cell, proportions)))
        {
            let mix = method == METHODS.len() - 1;
            let at = (h * self.lines.len() + place) * 2;
            let resampled = resampled.as_ref().filter(|_| mix);
            let count = mixed.get(h).filter(|_| mix);
            lines.push(Line {
                place,
                method,
                ahead: h as u32 + 1,
                proportion: proportions[place][h],
                resampled: [resampled.map(|resampled| resampled[at]), resampled.map(|resampled| resampled[at + 1])],
                count: count.map(|counts| self.lines[place].iter().map(|at| counts[*at]).sum()),
                score: scores[method],
            });
        }
        Ok(lines)
    }
}

fn table(
    rows: ResultKeys,
    by: &[Axis],
    counted: &TransitionCounts,
    names: &[String],
    options: &ForecastOptions,
    all: &[Line],
    rests: &[(Option<u32>, u64, Option<String>)],
) -> Result<RecordBatch> {
    let end = |which: usize, field: fn(&Resampled) -> Option<f64>| {
        all.iter().map(move |line| line.resampled[which].as_ref().and_then(field))
    };
    let skill = |score: &Score| {
        let naive = score.naive.filter(|naive| *naive > 0.0)?;
        Some(1.0 - score.error? / naive)
    };
    let denominator = if options.denominator == View::Removed { "rated" } else { "listed" };
    rows.year_columns(by)
        .texts(&counted.name, all.iter().map(|line| &names[line.place]))
        .texts("method", all.iter().map(|line| METHODS[line.method]))
        .counts("ahead", all.iter().map(|line| u64::from(line.ahead)))
        .texts("share_of", all.iter().map(|_| denominator))
        .reals("share", all.iter().map(|line| line.proportion))
        .reals("share_low", end(0, |resampled| resampled.low))
        .reals("share_high", end(0, |resampled| resampled.high))
        .reals(counted.counts, all.iter().map(|line| line.count))
        .reals(&format!("{}_low", counted.counts), end(1, |resampled| resampled.low))
        .reals(&format!("{}_high", counted.counts), end(1, |resampled| resampled.high))
        .some_texts("interval", end(0, |resampled| resampled.low).map(|low| low.map(|_| options.futures.name())))
        .some_counts("hold_out", rests.iter().map(|rest| rest.0.map(u64::from)))
        .reals("error", all.iter().map(|line| line.score.error))
        .reals("error_naive", all.iter().map(|line| line.score.naive))
        .reals("skill", all.iter().map(|line| skill(&line.score)))
        .reals("covered", all.iter().map(|line| line.score.covered))
        .counts("steps", rests.iter().map(|rest| rest.1))
        .some_texts("never_left", rests.iter().map(|rest| rest.2.as_deref()))
        .finish()
}

/// Returns the states in the denominator of proportions.
fn base(counted: &TransitionCounts, denominator: View) -> Result<Vec<usize>> {
    match denominator {
        View::Removed => Ok(counted.proper()),
        View::Kept => Ok((0..counted.absent()).collect()),
        View::All | View::Absorbing => Err(Error::argument(
            format!("预测的份额可以是已评级单位中的（removed）或在册单位中的（kept），给的是 {}", denominator.name()),
            format!("shares are of those rated ('removed') or of those listed ('kept'); got '{}'", denominator.name()),
        )),
    }
}

/// Returns the lines of the result: their names, and the states that each adds up.
fn lines(counted: &TransitionCounts, options: &ForecastOptions) -> Result<(Vec<String>, Vec<Vec<usize>>)> {
    let base = base(counted, options.denominator)?;
    let mut names: Vec<String> = base.iter().map(|at| counted.states[*at].name.clone()).collect();
    let mut lines: Vec<Vec<usize>> = base.iter().map(|at| vec![*at]).collect();
    if let Some(least) = options.at_least {
        let enough = |at: &usize| matches!(counted.states[*at].kind, StateKind::Grade(grade) if grade >= least);
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
