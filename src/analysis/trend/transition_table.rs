//! The table of transition probabilities, with every choice that affects a number as a column.

use arrow::array::RecordBatch;
use nalgebra::DMatrix;

use super::bootstrap::{Resampled, Sample, by_key, samples};
use super::intervals::{Ends, each, goodman, sison_glaz};
use super::options::{Interval, ProbabilityOptions};
use super::panel::{Panel, State, TransitionQuery};
use super::transition_counts::{ResultKeys, SquareMatrix, TransitionCounts, TransitionGroup, YearSpan};
use super::transition_view::{Pooling, ViewProbabilities};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::generator;
use crate::stats::generator::Regularisation;

impl ProbabilityOptions {
    /// Returns the requested probabilities for each row of the view.
    fn requested(&self, of_year: &ViewProbabilities) -> Vec<Option<Vec<f64>>> {
        match self.generator {
            None => of_year.ahead(self.ahead as u32, self.stay),
            Some(regularisation) => {
                let size = of_year.columns.len();
                self.generated(of_year, regularisation).unwrap_or_else(|| vec![None; size])
            }
        }
    }

    /// Returns the probabilities from the generator, for the states that occur.
    fn generated(&self, of_year: &ViewProbabilities, regularisation: Regularisation) -> Option<Vec<Option<Vec<f64>>>> {
        let size = of_year.columns.len();
        let reached = |at: usize| of_year.rows.iter().any(|row| row.counts[at] > 0);
        let used: Vec<usize> = (0..size).filter(|at| of_year.rows[*at].at_risk > 0 || reached(*at)).collect();
        if used.is_empty() {
            return None;
        }
        let mut matrix = DMatrix::zeros(used.len(), used.len());
        for (a, from) in used.iter().enumerate() {
            match &of_year.rows[*from].probabilities {
                Some(row) => used.iter().enumerate().for_each(|(b, to)| matrix[(a, b)] = row[*to]),
                None if self.stay => matrix[(a, a)] = 1.0,
                None => return None,
            }
        }
        let rates = generator::regularised(&generator::logarithm(&matrix)?, regularisation);
        let after = generator::probabilities_after(&rates, self.ahead);
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
struct TableCell {
    from: usize,
    to: usize,
    transitions: u64,
    at_risk: u64,
    left_out: u64,
    probability: Option<f64>,
    ends: Ends,
    replicates: Option<u64>,
    fixed: bool,
}

impl Roster {
    /// Estimates the probability of each transition.
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
    /// use dangjian::analysis::trend::{ProbabilityOptions, TransitionQuery};
    ///
    /// let roster = Roster::sample(3000, 3)?;
    /// let (query, options) = (TransitionQuery::default(), ProbabilityOptions::default());
    /// let table = roster.transition_probabilities(&query, &options, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 8 * 8); // five grades, unrated, no_party_org, unknown
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn transition_probabilities(
        &self,
        query: &TransitionQuery,
        options: &ProbabilityOptions,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        options.check()?;
        let panel = Panel::new(self, query, scope, job)?;
        let counted = TransitionCounts::count(&panel, job)?;
        let one_by_one = options.pooling == Pooling::EachYear;
        let samples = match &options.interval {
            Interval::Bootstrap(_) => {
                let keeps = |from: usize, to: usize| options.view.keeps(&counted.states[from], &counted.states[to]);
                samples(&panel, options.pooling != Pooling::Pooled, keeps, job)?
            }
            _ => Vec::new(),
        };
        let samples = by_key(&panel, &samples);
        let mut rows = ResultKeys::default();
        let mut cells: Vec<TableCell> = Vec::new();
        for group in &counted.groups {
            job::check(job)?;
            let sample = samples.get(&group.key).copied();
            for span in counted.spans(one_by_one) {
                let own = cells_of_span(&counted, group, &span, options, sample, job)?;
                for _ in &own {
                    rows.push(&span, &group.key);
                }
                cells.extend(own);
            }
        }
        let name = |at: usize| counted.states[at].name.as_str();
        let many = cells.len();
        let same = |text: &'static str| std::iter::repeat_n(text, many);
        rows.columns(&counted.by)
            .texts(&counted.name, cells.iter().map(|cell| name(cell.from)))
            .texts(&format!("next_{}", counted.name), cells.iter().map(|cell| name(cell.to)))
            .counts("moves", cells.iter().map(|cell| cell.transitions))
            .counts("at_risk", cells.iter().map(|cell| cell.at_risk))
            .counts("left_out", cells.iter().map(|cell| cell.left_out))
            .reals("probability", cells.iter().map(|cell| cell.probability))
            .reals("low", cells.iter().map(|cell| cell.ends.map(|ends| ends.0)))
            .reals("high", cells.iter().map(|cell| cell.ends.map(|ends| ends.1)))
            .some_counts("draws", cells.iter().map(|cell| cell.replicates))
            .flags("by_definition", cells.iter().map(|cell| Some(cell.fixed)))
            .texts("counts", same(counted.counts))
            .texts("view", same(options.view.name()))
            .texts("pooling", same(options.pooling.name()))
            .texts("interval", same(options.interval.name()))
            .reals("level", std::iter::repeat_n(Some(options.level), many))
            .reals("ahead", std::iter::repeat_n(Some(options.ahead), many))
            .some_texts("generator", std::iter::repeat_n(options.generator.map(Regularisation::name), many))
            .finish()
    }
}

/// Computes the cells of one group and span.
fn cells_of_span(
    counted: &TransitionCounts,
    group: &TransitionGroup,
    span: &YearSpan,
    options: &ProbabilityOptions,
    sample: Option<&Sample>,
    job: &dyn Job,
) -> Result<Vec<TableCell>> {
    let of_pair = |at: usize| counted.square(group, &(at..at + 1));
    let squares: Vec<SquareMatrix> = match options.pooling {
        Pooling::Pooled => vec![counted.square(group, &span.pairs)],
        _ => span.pairs.clone().map(of_pair).collect(),
    };
    let probabilities = ViewProbabilities::new(&counted.states, &squares, options.view, options.pooling);
    let requested = options.requested(&probabilities);
    let size = probabilities.columns.len();
    let resampled = match (&options.interval, sample) {
        (Interval::Bootstrap(bootstrap), Some(sample)) => Some(sample.intervals(bootstrap, job, |squares, _| {
            let squares = if squares.len() == 1 { squares } else { &squares[span.pairs.clone()] };
            let probabilities = ViewProbabilities::new(&counted.states, squares, options.view, options.pooling);
            flat(&options.requested(&probabilities), size)
        })?),
        _ => None,
    };
    let mut cells = Vec::with_capacity(size * size);
    for (at, (row, requested)) in probabilities.rows.iter().zip(&requested).enumerate() {
        let ends = match options.interval {
            Interval::Bootstrap(_) => None,
            _ if row.fixed || !options.is_ratio() => None,
            Interval::Wilson => Some(each(&row.counts, options.level)?),
            Interval::Goodman => Some(goodman(&row.counts, options.level)),
            Interval::SisonGlaz => Some(sison_glaz(&row.counts, options.level)),
        };
        for to in 0..size {
            let probability = requested.as_ref().map(|row| row[to]);
            let resampled: Option<&Resampled> =
                resampled.as_ref().filter(|_| !row.fixed).map(|resampled| &resampled[at * size + to]);
            let ends = match resampled {
                Some(resampled) => probability.and_then(|_| resampled.low.zip(resampled.high)),
                None => ends.as_ref().and_then(|ends| ends[to]),
            };
            cells.push(TableCell {
                from: row.from,
                to: probabilities.columns[to],
                transitions: row.counts[to],
                at_risk: row.at_risk,
                left_out: row.left_out,
                probability,
                ends,
                replicates: resampled.map(|resampled| resampled.replicates),
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
