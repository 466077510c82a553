//! The log-rank test (时序检验) of equal hazards in several groups.

use super::risk::Observation;
use crate::stats::distribution::chi2_sf;

/// A group in the test.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LogRankGroup {
    /// Number of subjects.
    pub n: u64,
    /// Number of events.
    pub observed: u64,
    /// Expected number of events if every group had the pooled hazard at each time.
    pub expected: f64,
}

/// Result of the test. The statistics are null if fewer than two groups were at risk of an event, or if the
/// variance is 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRank {
    /// Groups, in input order.
    pub groups: Vec<LogRankGroup>,
    /// Statistic with the hypergeometric variance.
    pub chi2: Option<f64>,
    /// Degrees of freedom of `chi2`: the rank of the variance, one less than the number of groups at risk of an
    /// event.
    pub df: usize,
    /// P-value of `chi2`.
    pub p: Option<f64>,
    /// Statistic with the variance of the clusters' contributions to the differences.
    pub robust_chi2: Option<f64>,
    /// Degrees of freedom of `robust_chi2`.
    pub robust_df: usize,
    /// P-value of `robust_chi2`.
    pub robust_p: Option<f64>,
}

/// Compares groups; each subject comes with the number of its group, from 0 to `groups` (exclusive). An event is an
/// exit by one of `causes` (numbers from 1). Ties and late entries are exact.
///
/// The statistic is Mantel's (1966), for more than two groups that of Peto and Peto (1972). The robust statistic is
/// the score test of Lin and Wei (1989), equal to `coxph(…, ties = "breslow", cluster = …)` of R at zero effect.
///
/// ```
/// use dangjian::stats::survival::{Observation, log_rank};
///
/// let seen = |group, exit, cluster| (group, Observation { entry: 0.0, exit, cause: 1, cluster });
/// let observations = [seen(0, 1.0, 0), seen(0, 2.0, 1), seen(1, 3.0, 2), seen(1, 4.0, 3)];
/// let test = log_rank(&observations, 2, &[1]);
/// assert_eq!((test.groups[0].observed, test.df), (2, 1));
/// ```
#[must_use]
pub fn log_rank(observations: &[(usize, Observation)], groups: usize, causes: &[usize]) -> LogRank {
    let mut observations: Vec<(usize, Observation)> =
        observations.iter().copied().filter(|(group, _)| *group < groups).collect();
    // Sort the rows, so that sums of floats do not depend on input order.
    let key = |(group, w): &(usize, Observation)| (w.cluster, *group, w.entry.to_bits(), w.exit.to_bits(), w.cause);
    observations.sort_unstable_by_key(key);
    let times = Times::new(&observations, groups, causes);
    let mut counts = vec![LogRankGroup::default(); groups];
    for (group, w) in &observations {
        counts[*group].n += 1;
        counts[*group].observed += u64::from(causes.contains(&w.cause));
    }
    let mut variance = vec![0.0; groups * groups];
    for at in 0..times.when.len() {
        let (n, events) = (times.all[at], times.events[at]);
        for (g, group) in counts.iter_mut().enumerate() {
            let proportion = times.proportion(g, at);
            group.expected += events * proportion;
            if n > 1.0 {
                let variance_factor = events * (n - events) / (n - 1.0);
                for h in 0..groups {
                    let same = f64::from(u8::from(g == h));
                    variance[g * groups + h] += variance_factor * proportion * (same - times.proportion(h, at));
                }
            }
        }
    }
    let differences: Vec<f64> = counts.iter().map(|g| g.observed as f64 - g.expected).collect();
    let (chi2, df) = quadratic(&differences, &variance);
    let (robust_chi2, robust_df) = quadratic(&differences, &times.of_clusters(&observations, groups, causes));
    let p = |chi2: Option<f64>, df: usize| chi2.map(|chi2| chi2_sf(chi2, df as f64));
    let (p, robust_p) = (p(chi2, df), p(robust_chi2, robust_df));
    LogRank { groups: counts, chi2, df, p, robust_chi2, robust_df, robust_p }
}

/// The event times.
struct Times {
    when: Vec<f64>,
    /// Number of events and size of the risk set at each time.
    events: Vec<f64>,
    all: Vec<f64>,
    /// Size of the risk set of each group at each time.
    there: Vec<Vec<f64>>,
}

impl Times {
    fn new(observations: &[(usize, Observation)], groups: usize, causes: &[usize]) -> Self {
        let mut times: Vec<f64> =
            observations.iter().filter(|(_, w)| causes.contains(&w.cause)).map(|(_, w)| w.exit).collect();
        times.sort_unstable_by(f64::total_cmp);
        let (events, times): (Vec<f64>, Vec<f64>) =
            times.chunk_by(|a, b| a >= b).map(|same| (same.len() as f64, same[0])).unzip();
        let mut there = vec![vec![0.0; times.len() + 1]; groups];
        for (group, w) in observations {
            let (first, last) = rows(&times, w);
            if first < last {
                there[*group][first] += 1.0;
                there[*group][last] -= 1.0;
            }
        }
        for there in &mut there {
            let mut now = 0.0;
            for n in there {
                now += *n;
                *n = now;
            }
        }
        let all = (0..times.len()).map(|at| there.iter().map(|n| n[at]).sum()).collect();
        Self { when: times, events, all, there }
    }

    fn proportion(&self, group: usize, at: usize) -> f64 {
        self.there[group][at] / self.all[at]
    }

    /// Sums the squared scores of the clusters, their contributions to observed minus expected.
    fn of_clusters(&self, observations: &[(usize, Observation)], groups: usize, causes: &[usize]) -> Vec<f64> {
        // Running sums of the hazard, and of the hazard times each group's proportion.
        let sums = |factor: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let hazards = (0..self.when.len()).map(|at| self.events[at] / self.all[at] * factor(at));
            std::iter::once(0.0)
                .chain(hazards.scan(0.0, |sum, h| {
                    *sum += h;
                    Some(*sum)
                }))
                .collect()
        };
        let hazard = sums(&|_| 1.0);
        let proportions: Vec<Vec<f64>> = (0..groups).map(|g| sums(&|at| self.proportion(g, at))).collect();
        let mut variance = vec![0.0; groups * groups];
        for cluster in observations.chunk_by(|a, b| a.1.cluster == b.1.cluster) {
            let mut score = vec![0.0; groups];
            for (own, w) in cluster {
                let (first, last) = rows(&self.when, w);
                if first >= last {
                    continue;
                }
                for (group, score) in score.iter_mut().enumerate() {
                    let same = f64::from(u8::from(group == *own));
                    let event = if causes.contains(&w.cause) { same - self.proportion(group, last - 1) } else { 0.0 };
                    *score += event - same * (hazard[last] - hazard[first]) + proportions[group][last]
                        - proportions[group][first];
                }
            }
            for (g, h) in (0..groups).flat_map(|g| (0..groups).map(move |h| (g, h))) {
                variance[g * groups + h] += score[g] * score[h];
            }
        }
        variance
    }
}

/// Returns the half-open range of `times` at which `w` is at risk.
fn rows(times: &[f64], w: &Observation) -> (usize, usize) {
    let first = if w.entry == 0.0 { 0 } else { times.partition_point(|time| *time <= w.entry) };
    (first, times.partition_point(|time| *time <= w.exit))
}

/// Computes the quadratic form of `differences` in the inverse of `variance`, a symmetric matrix that may be
/// rank-deficient, and its rank. Elimination takes the largest pivot first and stops at rounding error. Null if the
/// rank is 0.
fn quadratic(differences: &[f64], variance: &[f64]) -> (Option<f64>, usize) {
    let size = differences.len();
    let (mut matrix, mut rest) = (variance.to_vec(), differences.to_vec());
    let largest = (0..size).map(|at| matrix[at * size + at]).fold(0.0, f64::max);
    let mut open: Vec<usize> = (0..size).collect();
    let (mut sum, mut rank) = (0.0, 0);
    while let Some((nth, &pivot)) = open.iter().enumerate().max_by(|a, b| {
        let diagonal = |at: usize| matrix[at * size + at];
        diagonal(*a.1).total_cmp(&diagonal(*b.1)).then(b.1.cmp(a.1))
    }) {
        let weight = matrix[pivot * size + pivot];
        if weight <= 1e-10 * largest || weight <= 0.0 {
            break;
        }
        open.remove(nth);
        rank += 1;
        sum += rest[pivot] * rest[pivot] / weight;
        for &row in &open {
            let factor = matrix[row * size + pivot] / weight;
            rest[row] -= factor * rest[pivot];
            for &column in &open {
                matrix[row * size + column] -= factor * matrix[pivot * size + column];
            }
        }
    }
    ((rank > 0).then_some(sum), rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_without_full_rank_counts_its_ranks() {
        let (chi2, rank) = quadratic(&[3.0, -3.0], &[2.0, -2.0, -2.0, 2.0]);
        assert_eq!((chi2, rank), (Some(4.5), 1));
        assert_eq!(quadratic(&[0.0, 0.0], &[0.0; 4]), (None, 0));
    }

    #[test]
    fn groups_without_an_event_say_nothing() {
        let w = |exit, cause| Observation { entry: 0.0, exit, cause, cluster: 0 };
        let none = log_rank(&[(0, w(1.0, 0)), (1, w(2.0, 0))], 2, &[1]);
        assert_eq!((none.chi2, none.df, none.p, none.robust_p), (None, 0, None, None));
        assert_eq!(none.groups.iter().map(|g| g.n).collect::<Vec<_>>(), [1, 1]);
        let alone = log_rank(&[(0, w(1.0, 1)), (0, w(2.0, 1))], 1, &[1]);
        assert_eq!((alone.chi2, alone.groups[0].observed, alone.groups[0].expected), (None, 2, 2.0));
        let empty = log_rank(&[(0, w(1.0, 1)), (1, w(2.0, 1)), (1, w(3.0, 0))], 3, &[1]);
        assert_eq!((empty.df, empty.groups[2].n), (1, 0), "a group that nobody is in is no group");
    }
}
