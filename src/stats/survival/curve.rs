//! Survival and cumulative incidence by the Aalen-Johansen estimator (1978); with one cause it is the Kaplan-Meier
//! estimator (1958).

use std::collections::BTreeMap;

use super::risk::{Observation, RiskTable};

/// Method of estimating the variance of a curve.
#[derive(Clone, Copy, Debug)]
pub enum CurveVariance<'a> {
    /// From the counts alone, as if all subjects were independent (Greenwood 1926; Andersen et al. 1993, 4.4.18).
    Greenwood,
    /// From the contribution of each cluster: the infinitesimal jackknife. It equals Greenwood's if every cluster
    /// is one subject observed from the start.
    Clusters(&'a [Observation]),
}

/// Curves at the times of a [`RiskTable`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Survival function: the proportion without an event after each time.
    pub kept: Vec<f64>,
    /// Variance of `kept`.
    pub kept_variance: Vec<f64>,
    /// Cumulative incidence of each cause: the proportion that has left by it.
    pub left: Vec<Vec<f64>>,
    /// Variance of `left`.
    pub left_variance: Vec<Vec<f64>>,
    /// Restricted mean: the area under `kept` up to the horizon; null if the curve ends before it.
    pub mean: Option<f64>,
    /// Variance of `mean`.
    pub mean_variance: Option<f64>,
}

impl Curve {
    /// Estimates the curves of `causes` (positions in `risk.events`, from 0); other causes censor. With one cause
    /// `kept` is the Kaplan-Meier estimate (1958), with several the Aalen-Johansen estimate (1978). `horizon` restricts
    /// the mean (Irwin 1949).
    #[must_use]
    pub fn new(risk: &RiskTable, causes: &[usize], variance: CurveVariance<'_>, horizon: Option<f64>) -> Self {
        let mut curve = Self::estimate(risk, causes);
        let lengths = horizon.filter(|horizon| curve.reaches(risk, *horizon)).map(|horizon| lengths(risk, horizon));
        curve.mean = lengths.as_ref().map(|lengths| area(lengths, &curve.kept));
        match variance {
            CurveVariance::Greenwood => curve.greenwood(risk, causes, lengths.as_deref()),
            CurveVariance::Clusters(observations) => curve.clustered(risk, causes, observations, lengths.as_deref()),
        }
        curve
    }

    fn estimate(risk: &RiskTable, causes: &[usize]) -> Self {
        let rows = risk.times.len();
        let mut curve = Self { left: vec![Vec::with_capacity(rows); causes.len()], ..Self::default() };
        let (mut kept, mut left) = (1.0, vec![0.0; causes.len()]);
        for at in 0..rows {
            let before = kept;
            let n = risk.at_risk[at] as f64;
            let all: u64 = causes.iter().map(|cause| risk.events[*cause][at]).sum();
            if all > 0 {
                kept *= (risk.at_risk[at] - all) as f64 / n;
            }
            for (nth, cause) in causes.iter().enumerate() {
                let events = risk.events[*cause][at];
                if events > 0 {
                    left[nth] += before * events as f64 / n;
                }
                curve.left[nth].push(left[nth]);
            }
            curve.kept.push(kept);
        }
        curve
    }

    /// Checks whether the curve is known up to `horizon`.
    fn reaches(&self, risk: &RiskTable, horizon: f64) -> bool {
        let gone = self.kept.last().is_some_and(|kept| *kept <= 0.0);
        horizon > 0.0 && risk.last().is_some_and(|last| gone || horizon <= last)
    }

    /// Computes the covariance matrix of all proportions recursively: each time transforms it like the proportions,
    /// and adds the multinomial covariance of the exits.
    fn greenwood(&mut self, risk: &RiskTable, causes: &[usize], lengths: Option<&[f64]>) {
        let size = causes.len() + 1;
        let mut all = vec![0.0; size * size];
        self.left_variance = vec![Vec::with_capacity(self.kept.len()); causes.len()];
        let mut before = 1.0;
        for at in 0..risk.times.len() {
            let n = risk.at_risk[at] as f64;
            let leaving: Vec<f64> = causes.iter().map(|cause| risk.events[*cause][at] as f64).collect();
            if leaving.iter().sum::<f64>() > 0.0 {
                let moved = |from: usize, to: usize| match (from, to) {
                    (0, 0) => 1.0 - leaving.iter().sum::<f64>() / n,
                    (0, to) => leaving[to - 1] / n,
                    (from, to) => f64::from(u8::from(from == to)),
                };
                // Derivative of a proportion with respect to the exits by a cause.
                let adds = |proportion: usize, cause: usize| match proportion {
                    0 => -before,
                    proportion if proportion == cause + 1 => before,
                    _ => 0.0,
                };
                let covariance = |k: usize, l: usize| {
                    (if k == l { leaving[k] } else { 0.0 } - leaving[k] * leaving[l] / n) / (n * n)
                };
                let mut next = vec![0.0; size * size];
                for (a, b) in (0..size).flat_map(|a| (0..size).map(move |b| (a, b))) {
                    let from = |part: usize| if part == 0 { 0..1 } else { 0..size };
                    let sources = |part: usize| from(part).filter(move |f| *f == 0 || *f == part);
                    let mut sum = 0.0;
                    for (c, d) in sources(a).flat_map(|c| sources(b).map(move |d| (c, d))) {
                        sum += moved(c, a) * all[c * size + d] * moved(d, b);
                    }
                    for (k, l) in (0..size - 1).flat_map(|k| (0..size - 1).map(move |l| (k, l))) {
                        sum += adds(a, k) * covariance(k, l) * adds(b, l);
                    }
                    next[a * size + b] = sum;
                }
                all = next;
            }
            self.kept_variance.push(all[0].max(0.0));
            for (nth, variances) in self.left_variance.iter_mut().enumerate() {
                variances.push(all[(nth + 1) * (size + 1)].max(0.0));
            }
            before = self.kept[at];
        }
        self.mean_variance = lengths.map(|lengths| {
            let mut beyond = 0.0;
            let mut sum = 0.0;
            for at in (0..lengths.len()).rev() {
                beyond += lengths[at] * self.kept[at];
                let events: u64 = causes.iter().map(|cause| risk.events[*cause][at]).sum();
                // If all leave, the area beyond is 0.
                if events > 0 && events < risk.at_risk[at] {
                    let n = risk.at_risk[at] as f64;
                    sum += beyond * beyond * events as f64 / (n * (n - events as f64));
                }
            }
            sum
        });
    }

    /// Sums the squared influence of each cluster on each proportion: the derivative of the proportion by the
    /// cluster's weight. Clusters observed alike have equal influence and are computed once, in an order that does
    /// not depend on the order of the rows.
    fn clustered(&mut self, risk: &RiskTable, causes: &[usize], observations: &[Observation], lengths: Option<&[f64]>) {
        let rows = risk.times.len();
        self.kept_variance = vec![0.0; rows];
        self.left_variance = vec![vec![0.0; rows]; causes.len()];
        let mut mean_variance = 0.0;
        let hazard = |nth: usize, at: usize| match risk.events[causes[nth]][at] {
            0 => 0.0,
            events => events as f64 / risk.at_risk[at] as f64,
        };
        let hazards: Vec<Vec<f64>> =
            (0..causes.len()).map(|nth| (0..rows).map(|at| hazard(nth, at)).collect()).collect();
        let mut sources = vec![0.0; causes.len()];
        let mut left = vec![0.0; causes.len()];
        for (like, count) in alike(risk, causes, observations) {
            let count = count as f64;
            let (mut kept, mut area) = (0.0, 0.0);
            left.fill(0.0);
            let first = like.iter().map(|(first, ..)| *first).min().unwrap_or(rows);
            for at in first..rows {
                let before = if at == 0 { 1.0 } else { self.kept[at - 1] };
                sources.fill(0.0);
                if risk.at_risk[at] > 0 {
                    let weight = before / risk.at_risk[at] as f64;
                    for (_, last, cause) in like.iter().filter(|(first, last, _)| *first <= at && at <= *last) {
                        for (nth, source) in sources.iter_mut().enumerate() {
                            let left_now = f64::from(u8::from(at == *last && *cause == nth + 1));
                            *source += weight * (left_now - hazards[nth][at]);
                        }
                    }
                }
                for (nth, proportion) in left.iter_mut().enumerate() {
                    *proportion += kept * hazards[nth][at] + sources[nth];
                    self.left_variance[nth][at] += count * *proportion * *proportion;
                }
                let all: f64 = hazards.iter().map(|hazards| hazards[at]).sum();
                kept = if self.kept[at] > 0.0 { kept * (1.0 - all) - sources.iter().sum::<f64>() } else { 0.0 };
                self.kept_variance[at] += count * kept * kept;
                area += lengths.map_or(0.0, |lengths| lengths[at] * kept);
            }
            mean_variance += count * area * area;
        }
        self.mean_variance = lengths.map(|_| mean_variance);
    }

    /// Returns the median: the first time with at most half left; null if it is not reached. (If exactly half are
    /// left for a while, R returns the middle of that interval; lifelines and this function return its start.)
    #[must_use]
    pub fn median(&self, risk: &RiskTable) -> Option<f64> {
        first_at_most_half(&risk.times, self.kept.iter().map(|kept| Some(*kept)))
    }
}

/// Returns the first of `times` at which a proportion is known to be at most one half.
pub(crate) fn first_at_most_half(times: &[f64], proportions: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    // A product of fractions that equals one half may be off by rounding.
    let half = 0.5 + 1e-12;
    times
        .iter()
        .zip(proportions)
        .find(|(_, proportion)| proportion.is_some_and(|proportion| proportion <= half))
        .map(|(time, _)| *time)
}

/// Returns, for each time, the length of the interval after it, cut off at `horizon`.
fn lengths(risk: &RiskTable, horizon: f64) -> Vec<f64> {
    let end = |at: usize| risk.times.get(at + 1).copied().unwrap_or(f64::INFINITY).min(horizon);
    risk.times.iter().enumerate().map(|(at, time)| (end(at) - time).max(0.0)).collect()
}

fn area(lengths: &[f64], kept: &[f64]) -> f64 {
    lengths.iter().zip(kept).map(|(length, kept)| length * kept).sum()
}

/// Observations of a cluster: first and last time, and the number of the cause among those requested, from 1.
type Like = Vec<(usize, usize, usize)>;

/// Counts the clusters observed alike.
fn alike(risk: &RiskTable, causes: &[usize], observations: &[Observation]) -> BTreeMap<Like, u64> {
    let place = |w: &Observation| {
        let (first, last) = risk.rows(w);
        let cause = w.cause.checked_sub(1).and_then(|cause| causes.iter().position(|c| *c == cause));
        (w.cluster, (first, last, cause.map_or(0, |nth| nth + 1)))
    };
    let mut places: Vec<_> = observations.iter().map(place).collect();
    places.sort_unstable();
    let mut clusters = BTreeMap::new();
    for cluster in places.chunk_by(|a, b| a.0 == b.0) {
        *clusters.entry(cluster.iter().map(|(_, place)| *place).collect()).or_insert(0) += 1;
    }
    clusters
}
