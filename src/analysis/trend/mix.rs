//! The transition model of a forecast: expected counts, simulated futures, and the shares that follow.

use super::panel::State;
use super::transition_counts::SquareMatrix;
use crate::stats::baseline;
use crate::support::random::Rng;

/// Forecast methods: `naive`, the benchmark for the others, is first; `mix` is last.
pub(super) const METHODS: [&str; 4] = ["naive", "drift", "holt", "mix"];

/// Counts by year and state, without `absent`, of one group.
pub(super) type Stock = Vec<Vec<u64>>;

/// The years of a group that a forecast may use.
pub(super) struct Past<'a> {
    pub(super) states: &'a [State],
    /// Lines of the result: the states whose counts each line adds up.
    pub(super) lines: &'a [Vec<usize>],
    /// States in the denominator of shares.
    pub(super) base: &'a [usize],
    /// Counts by state in consecutive years; the forecast starts from the last.
    pub(super) stock: &'a [Vec<u64>],
    /// Transitions of the years used, the newest last.
    pub(super) transitions: Vec<SquareMatrix>,
}

impl Past<'_> {
    /// Returns the share of each line; null if the denominator is 0.
    pub(super) fn proportions(&self, counts: &[f64]) -> Vec<Option<f64>> {
        let all: f64 = self.base.iter().map(|at| counts[*at]).sum();
        let sum = |line: &Vec<usize>| line.iter().map(|at| counts[*at]).sum::<f64>();
        self.lines.iter().map(|line| (all > 0.0).then(|| sum(line) / all)).collect()
    }

    /// Returns the transition probabilities of each state, `absent` last; a state that was never left is kept.
    fn probabilities(&self, square: &SquareMatrix) -> Vec<Vec<f64>> {
        let size = self.states.len() - 1;
        let row = |from: usize| {
            let row = square.row(from);
            let all: u64 = row.iter().sum();
            let probability =
                |to: usize| if all > 0 { row[to] as f64 / all as f64 } else { f64::from(u8::from(to == from)) };
            (0..=size).map(probability).collect()
        };
        (0..size).map(row).collect()
    }

    pub(super) fn now(&self) -> &[u64] {
        self.stock.last().map_or(&[], Vec::as_slice)
    }

    /// Returns the expected counts of the years ahead.
    pub(super) fn mix(&self, ahead: usize) -> Option<Vec<Vec<f64>>> {
        let size = self.states.len() - 1;
        let years = self.transitions.len();
        let pool = self.transitions.iter().fold(SquareMatrix::new(size + 1), SquareMatrix::plus);
        let probabilities = self.probabilities(&pool);
        let mut counts: Vec<f64> = self.now().iter().map(|count| *count as f64).collect();
        let mut next = || {
            let mut after: Vec<f64> = (0..size).map(|to| pool.get(size, to) as f64 / years as f64).collect();
            for (count, probabilities) in counts.iter().zip(&probabilities) {
                after.iter_mut().zip(probabilities).for_each(|(sum, probability)| *sum += count * probability);
            }
            counts.clone_from(&after);
            after
        };
        (years > 0).then(|| (0..ahead).map(|_| next()).collect())
    }

    /// Simulates one future: every entity moves at random, each year like one of `transitions` drawn at random. If
    /// `transitions` is a single matrix pooled over several `years`, arrivals are thinned to those of one year.
    pub(super) fn future(
        &self,
        transitions: &[SquareMatrix],
        years: u64,
        ahead: usize,
        rng: &mut Rng,
    ) -> Vec<Vec<u64>> {
        let size = self.states.len() - 1;
        let pool = transitions.iter().fold(SquareMatrix::new(size + 1), SquareMatrix::plus);
        let of_pool = self.probabilities(&pool);
        let mut counts = self.now().to_vec();
        let mut next = || {
            let year = &transitions[rng.below(transitions.len() as u64) as usize];
            let of_year = self.probabilities(year);
            // Arrivals pooled over several years: each falls into one of them.
            let mut came = |to: usize| rng.binomial(year.get(size, to), 1.0 / years as f64);
            let mut after: Vec<u64> = (0..size).map(&mut came).collect();
            for (from, count) in counts.iter().enumerate() {
                // A state absent from that year's transitions uses the pooled probabilities.
                let seen = year.row(from).iter().any(|count| *count > 0);
                let probabilities = if seen { &of_year[from] } else { &of_pool[from] };
                let (mut left, mut weight) = (*count, 1.0);
                for (to, probability) in probabilities.iter().enumerate() {
                    let moved = if *probability >= weight { left } else { rng.binomial(left, probability / weight) };
                    if to < size {
                        after[to] += moved;
                    }
                    left -= moved;
                    weight -= probability;
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

    /// Returns the shares of the years ahead by `method`, line by line; null if the method has none.
    pub(super) fn forecast(&self, method: &str, ahead: usize) -> Vec<Vec<Option<f64>>> {
        if method == "mix" {
            let mixed = self.mix(ahead).unwrap_or_default();
            let proportions: Vec<_> = mixed.iter().map(|counts| self.proportions(counts)).collect();
            return (0..self.lines.len())
                .map(|line| (0..ahead).map(|h| proportions.get(h).and_then(|proportions| proportions[line])).collect())
                .collect();
        }
        let of_year =
            |counts: &Vec<u64>| self.proportions(&counts.iter().map(|count| *count as f64).collect::<Vec<_>>());
        let years: Vec<_> = self.stock.iter().map(of_year).collect();
        let of_line = |line: usize| {
            // The series goes back as far as the denominator is positive.
            let mut series: Vec<f64> = years.iter().rev().map_while(|proportions| proportions[line]).collect();
            series.reverse();
            let forecast = match method {
                "naive" => baseline::naive(&series, ahead),
                "drift" => baseline::drift(&series, ahead),
                _ => baseline::holt(&series, ahead),
            };
            (0..ahead).map(|h| forecast.as_ref().map(|forecast| forecast[h])).collect()
        };
        (0..self.lines.len()).map(of_line).collect()
    }
}
