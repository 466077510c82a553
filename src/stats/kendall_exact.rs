//! The exact null distribution of Kendall's S, with ties.

use rustc_hash::FxHashMap;

/// Longest series with exact counts: 33! is the last factorial below 2^128.
pub(crate) const MOST: usize = 33;

/// Cache of two-sided tails by the sizes of the groups of ties.
#[derive(Debug, Default)]
pub(crate) struct Exact {
    tails: FxHashMap<Vec<usize>, Vec<f64>>,
    /// Lookup key: group sizes, ascending, then the number of values.
    key: Vec<usize>,
}

impl Exact {
    /// Returns the probability that |S| is at least |`s`| for `n` values whose ties form groups of these sizes
    /// (sizes of 1 are optional). `None` if all values are equal, or for more than [`MOST`] values.
    pub(crate) fn two_sided(&mut self, n: usize, groups: &[usize], s: i64) -> Option<f64> {
        if n > MOST {
            return None;
        }
        self.key.clear();
        self.key.extend(groups.iter().copied().filter(|size| *size > 1));
        self.key.sort_unstable();
        self.key.push(n);
        let far = s.unsigned_abs() as usize;
        if let Some(tails) = self.tails.get(self.key.as_slice()) {
            return tails.get(far).copied();
        }
        let tails = self.tails.entry(self.key.clone()).or_insert_with(|| tails(n, groups));
        tails.get(far).copied()
    }
}

/// Returns the tail probability of each absolute value of S; empty if S can only be 0.
fn tails(n: usize, groups: &[usize]) -> Vec<f64> {
    let counts = inversions(n, groups);
    let untied = counts.len() - 1;
    if untied == 0 {
        return Vec::new();
    }
    let all: u128 = counts.iter().sum();
    let at_least = |far: usize| {
        // With `k` inversions, S is `untied - 2 k`.
        let tail: u128 = (0..=untied).filter(|k| untied.abs_diff(2 * k) >= far).map(|k| counts[k]).sum();
        tail as f64 / all as f64
    };
    (0..=untied).map(at_least).collect()
}

/// Counts the distinct orders of values with these groups of ties that have 0, 1, 2, … inversions. Distinct values
/// have the generating function ∏ₖ (1 + q + … + qᵏ⁻¹); each group divides it by its own (`MacMahon` 1915).
fn inversions(n: usize, groups: &[usize]) -> Vec<u128> {
    let mut counts = vec![1_u128];
    for k in 2..=n {
        let mut longer = vec![0; counts.len() + k - 1];
        for (at, count) in counts.iter().enumerate() {
            longer[at..at + k].iter_mut().for_each(|sum| *sum += count);
        }
        counts = longer;
    }
    for k in groups.iter().flat_map(|size| 2..=*size) {
        let mut shorter: Vec<u128> = Vec::with_capacity(counts.len() + 1 - k);
        for at in 0..=counts.len() - k {
            let before: u128 = shorter[(at + 1).saturating_sub(k)..].iter().sum();
            shorter.push(counts[at] - before);
        }
        counts = shorter;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All permutations of `values`, with ties distinguished.
    fn orders(values: &[i32]) -> Vec<Vec<i32>> {
        if values.len() < 2 {
            return vec![values.to_vec()];
        }
        let rest = |at: usize| [&values[..at], &values[at + 1..]].concat();
        let first = |at: usize| orders(&rest(at)).into_iter().map(move |tail| [&[values[at]], &tail[..]].concat());
        (0..values.len()).flat_map(first).collect()
    }

    fn s(values: &[i32]) -> i64 {
        let pairs = (0..values.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
        pairs.map(|(i, j)| i64::from((values[j] - values[i]).signum())).sum()
    }

    #[test]
    fn tails_are_those_of_all_orders() {
        for values in [
            &[1, 2][..],
            &[1, 2, 3],
            &[1, 2, 3, 4, 5, 6, 7],
            &[1, 1, 2],
            &[1, 1, 2, 2, 3],
            &[1, 1, 1, 2, 3, 3, 4],
            &[5, 5, 5, 5, 6],
        ] {
            let orders = orders(values);
            let mut groups: Vec<usize> = values.chunk_by(|a, b| a == b).map(<[i32]>::len).collect();
            groups.reverse();
            let mut exact = Exact::default();
            for far in 0..=(values.len() * (values.len() - 1) / 2) as i64 {
                let tail = orders.iter().filter(|order| s(order).abs() >= far).count() as f64 / orders.len() as f64;
                let got = exact.two_sided(values.len(), &groups, far).unwrap_or(0.0);
                assert!((got - tail).abs() < 1e-14, "{values:?} at {far}: {got}, and {tail} of the orders");
                assert_eq!(exact.two_sided(values.len(), &groups, -far), exact.two_sided(values.len(), &groups, far));
            }
        }
    }

    /// Exact p-values of a monotone series of 3, 4 and 5 years (docs/field-notes.md, star panels).
    #[test]
    fn monotone_series_of_few_years() {
        let mut exact = Exact::default();
        for (n, s, p) in [(3, 3, 1.0 / 3.0), (4, 6, 1.0 / 12.0), (5, 10, 1.0 / 60.0)] {
            assert_eq!(exact.two_sided(n, &[], s), Some(p));
        }
        assert_eq!(exact.two_sided(4, &[4], 0), None, "all equal");
        assert_eq!(exact.two_sided(MOST + 1, &[], 0), None);
        assert!(exact.two_sided(MOST, &[], 0) == Some(1.0), "33! fits");
    }
}
