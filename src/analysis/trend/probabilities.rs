//! The table of transition probabilities, with every choice that affects a number as a column.

use arrow::array::RecordBatch;
use nalgebra::DMatrix;

use super::bootstrap::{Drawn, Sample, by_key, samples};
use super::intervals::{Ends, Interval, each, goodman, sison_glaz};
use super::panel::{Panel, State, Steps};
use super::probability::{Chances, Pooling, View};
use super::transitions::{Flows, Group, Rows, Span, Square};
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::generator;
use crate::stats::generator::Regularised;
use crate::stats::wilson::deviations;

/// Options for estimating transition probabilities.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Choice of the denominator.
    pub view: View,
    /// Method of combining years.
    pub pooling: Pooling,
    /// Kind of interval. Intervals computed from counts are null if the probability is not a ratio of counts: a
    /// mean over years, or several years ahead.
    pub interval: Interval,
    /// Confidence level of the intervals.
    pub level: f64,
    /// Number of years ahead; fractions only with a generator.
    pub ahead: f64,
    /// Regularisation of the matrix logarithm, if the probabilities are to come from its generator.
    pub generator: Option<Regularised>,
    /// True to assume that a state that was never left is kept, where probabilities several years ahead need it.
    pub stay: bool,
}

impl Default for How {
    fn default() -> Self {
        Self {
            view: View::default(),
            pooling: Pooling::default(),
            interval: Interval::Wilson,
            level: 0.95,
            ahead: 1.0,
            generator: None,
            stay: false,
        }
    }
}

impl How {
    fn check(&self) -> Result<()> {
        deviations(self.level)?;
        if let Interval::Bootstrap(draws) = &self.interval {
            draws.check()?;
        }
        let whole = self.ahead.fract() == 0.0 && self.ahead <= 1000.0;
        if self.ahead > 0.0 && self.ahead.is_finite() && (whole || self.generator.is_some()) {
            return Ok(());
        }
        let ahead = self.ahead;
        Err(Error::argument(
            format!("年数应为 1 至 1000 的整数；不足整年的要用生成元（generator）。给的是 {ahead}"),
            format!("ahead is {ahead}; expected whole years from 1 to 1000, or parts of years with a generator"),
        ))
    }

    /// Checks whether each probability is a ratio of counts.
    fn share(&self) -> bool {
        self.ahead.to_bits() == 1.0_f64.to_bits() && self.pooling != Pooling::EqualYears && self.generator.is_none()
    }

    /// Returns the requested probabilities for each row of `chances`.
    fn rows(&self, chances: &Chances) -> Vec<Option<Vec<f64>>> {
        match self.generator {
            None => chances.ahead(self.ahead as u32, self.stay),
            Some(regularised) => {
                let size = chances.columns.len();
                self.generated(chances, regularised).unwrap_or_else(|| vec![None; size])
            }
        }
    }

    /// Returns the probabilities from the generator, for the states that occur.
    fn generated(&self, chances: &Chances, regularised: Regularised) -> Option<Vec<Option<Vec<f64>>>> {
        let size = chances.columns.len();
        let reached = |at: usize| chances.rows.iter().any(|row| row.counts[at] > 0);
        let used: Vec<usize> = (0..size).filter(|at| chances.rows[*at].at_risk > 0 || reached(*at)).collect();
        if used.is_empty() {
            return None;
        }
        let mut matrix = DMatrix::zeros(used.len(), used.len());
        for (a, from) in used.iter().enumerate() {
            match &chances.rows[*from].chances {
                Some(row) => used.iter().enumerate().for_each(|(b, to)| matrix[(a, b)] = row[*to]),
                None if self.stay => matrix[(a, a)] = 1.0,
                None => return None,
            }
        }
        let rates = generator::regularised(&generator::logarithm(&matrix)?, regularised);
        let after = generator::chances(&rates, self.ahead);
        let mut rows = vec![None; size];
        for (a, from) in used.iter().enumerate() {
            let mut row = vec![0.0; size];
            used.iter().enumerate().for_each(|(b, to)| row[*to] = after[(a, b)].clamp(0.0, 1.0));
            rows[*from] = Some(row);
        }
        Some(rows)
    }
}

/// A row of the table without its keys.
struct Cell {
    from: usize,
    to: usize,
    moves: u64,
    at_risk: u64,
    left_out: u64,
    chance: Option<f64>,
    ends: Ends,
    draws: Option<u64>,
    fixed: bool,
}

/// Estimates the probability of each transition, with the options `how`.
///
/// Columns: `year`, `next_year` (first and last of the years used), the dimensions, the state, `next_<state>`,
/// `moves` (transitions), `at_risk` (the denominator), `left_out` (transitions from the state that the view
/// excludes), `probability` (null if `at_risk` is 0; `moves` / `at_risk` for pooled counts one year ahead), `low`,
/// `high`, `draws` (bootstrap replicates in which the probability was defined; null without a bootstrap),
/// `by_definition` (true in rows of states that the view makes absorbing), and the options: `counts`, `view`,
/// `pooling`, `interval`, `level`, `ahead`, `generator`.
///
/// A pair of years is two consecutive calendar years of the roster; years across a break form no pair. `absent` is
/// never at risk, because entities missing from both years are unknown.
///
/// ```
/// # use dangjian::{Roster, Scope, job::Quiet};
/// use dangjian::analysis::trend::{How, probabilities};
///
/// let roster = Roster::sample(3000, 3)?;
/// let table = probabilities(&roster, &Default::default(), &Scope::default(), &How::default(), &Quiet)?;
/// assert_eq!(table.num_rows(), 8 * 8); // five grades, unrated, no_party_org, unknown
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn probabilities(roster: &Roster, steps: &Steps, scope: &Scope, how: &How, job: &dyn Job) -> Result<RecordBatch> {
    how.check()?;
    let panel = Panel::new(roster, steps, scope, job)?;
    let flows = Flows::count(&panel, job)?;
    let one_by_one = how.pooling == Pooling::EachYear;
    let samples = match &how.interval {
        Interval::Bootstrap(_) => {
            let keeps = |from: usize, to: usize| how.view.keeps(&flows.states[from], &flows.states[to]);
            samples(&panel, how.pooling != Pooling::Pooled, keeps, job)?
        }
        _ => Vec::new(),
    };
    let samples = by_key(&panel, &samples);
    let mut rows = Rows::default();
    let mut cells: Vec<Cell> = Vec::new();
    for group in &flows.groups {
        job::check(job)?;
        let sample = samples.get(&group.key).copied();
        for span in flows.spans(one_by_one) {
            let found = of_span(&flows, group, &span, how, sample, job)?;
            for _ in &found {
                rows.push(&span, &group.key);
            }
            cells.extend(found);
        }
    }
    let name = |at: usize| flows.states[at].name.as_str();
    let many = cells.len();
    let same = |text: &'static str| std::iter::repeat_n(text, many);
    rows.columns(&flows.by)
        .texts(&flows.name, cells.iter().map(|cell| name(cell.from)))
        .texts(&format!("next_{}", flows.name), cells.iter().map(|cell| name(cell.to)))
        .counts("moves", cells.iter().map(|cell| cell.moves))
        .counts("at_risk", cells.iter().map(|cell| cell.at_risk))
        .counts("left_out", cells.iter().map(|cell| cell.left_out))
        .reals("probability", cells.iter().map(|cell| cell.chance))
        .reals("low", cells.iter().map(|cell| cell.ends.map(|ends| ends.0)))
        .reals("high", cells.iter().map(|cell| cell.ends.map(|ends| ends.1)))
        .some_counts("draws", cells.iter().map(|cell| cell.draws))
        .flags("by_definition", cells.iter().map(|cell| Some(cell.fixed)))
        .texts("counts", same(flows.counts))
        .texts("view", same(how.view.name()))
        .texts("pooling", same(how.pooling.name()))
        .texts("interval", same(how.interval.name()))
        .reals("level", std::iter::repeat_n(Some(how.level), many))
        .reals("ahead", std::iter::repeat_n(Some(how.ahead), many))
        .some_texts("generator", std::iter::repeat_n(how.generator.map(Regularised::name), many))
        .finish()
}

/// Computes the cells of one group and span.
fn of_span(
    flows: &Flows,
    group: &Group,
    span: &Span,
    how: &How,
    sample: Option<&Sample>,
    job: &dyn Job,
) -> Result<Vec<Cell>> {
    let of_pair = |at: usize| flows.square(group, &(at..at + 1));
    let squares: Vec<Square> = match how.pooling {
        Pooling::Pooled => vec![flows.square(group, &span.pairs)],
        _ => span.pairs.clone().map(of_pair).collect(),
    };
    let chances = Chances::new(&flows.states, &squares, how.view, how.pooling);
    let found = how.rows(&chances);
    let size = chances.columns.len();
    let drawn = match (&how.interval, sample) {
        (Interval::Bootstrap(draws), Some(sample)) => Some(sample.intervals(draws, job, |squares, _| {
            let squares = if squares.len() == 1 { squares } else { &squares[span.pairs.clone()] };
            let chances = Chances::new(&flows.states, squares, how.view, how.pooling);
            flat(&how.rows(&chances), size)
        })?),
        _ => None,
    };
    let mut cells = Vec::with_capacity(size * size);
    for (at, (row, chances_of)) in chances.rows.iter().zip(&found).enumerate() {
        let ends = match how.interval {
            Interval::Bootstrap(_) => None,
            _ if row.fixed || !how.share() => None,
            Interval::Wilson => Some(each(&row.counts, how.level)?),
            Interval::Goodman => Some(goodman(&row.counts, how.level)),
            Interval::SisonGlaz => Some(sison_glaz(&row.counts, how.level)),
        };
        for to in 0..size {
            let chance = chances_of.as_ref().map(|chances| chances[to]);
            let drawn: Option<&Drawn> = drawn.as_ref().filter(|_| !row.fixed).map(|drawn| &drawn[at * size + to]);
            let ends = match drawn {
                Some(drawn) => chance.and_then(|_| drawn.low.zip(drawn.high)),
                None => ends.as_ref().and_then(|ends| ends[to]),
            };
            cells.push(Cell {
                from: row.from,
                to: chances.columns[to],
                moves: row.counts[to],
                at_risk: row.at_risk,
                left_out: row.left_out,
                chance,
                ends,
                draws: drawn.map(|drawn| drawn.draws),
                fixed: row.fixed,
            });
        }
    }
    Ok(cells)
}

fn flat(rows: &[Option<Vec<f64>>], size: usize) -> Vec<Option<f64>> {
    rows.iter().flat_map(|row| (0..size).map(move |to| row.as_ref().map(|row| row[to]))).collect()
}

/// Joins the names of the states at these positions.
pub(super) fn names(states: &[State], at: &[usize]) -> Option<String> {
    (!at.is_empty()).then(|| at.iter().map(|at| states[*at].name.as_str()).collect::<Vec<_>>().join(", "))
}
