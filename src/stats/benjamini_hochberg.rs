//! Multiple testing: of a thousand counties without a trend, fifty pass at 5 %.

/// Adjusts p-values by Benjamini and Hochberg (1995): among the tests with an adjusted value up to `q`, the
/// expected proportion of false discoveries is at most `q`. A null p-value stays null and does not count as a test.
///
/// ```
/// use dangjian::stats::benjamini_hochberg::benjamini_hochberg;
/// assert_eq!(benjamini_hochberg(&[Some(0.01), None, Some(0.04)]), [Some(0.02), None, Some(0.04)]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(f64, usize)> = p.iter().enumerate().filter_map(|(at, p)| Some(((*p)?, at))).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let tests = order.len() as f64;
    let mut adjusted = vec![None; p.len()];
    let mut least = 1.0_f64;
    for (rank, (p, at)) in order.iter().enumerate().rev() {
        least = least.min(p * tests / (rank + 1) as f64);
        adjusted[*at] = Some(least);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition: the minimum of p·m/rank over all larger p-values.
    #[test]
    fn by_the_definition() {
        let p = [0.01, 0.5, 0.03, 0.03, 0.9, 0.002, 0.04, 1.0].map(Some);
        let m = p.len() as f64;
        let rank = |one: f64| p.iter().flatten().filter(|other| **other <= one).count() as f64;
        let definition = |one: f64| {
            let larger = p.iter().flatten().filter(|other| **other >= one);
            larger.map(|other| (other * m / rank(*other)).min(1.0)).fold(1.0, f64::min)
        };
        for (got, one) in benjamini_hochberg(&p).iter().zip(p) {
            assert!((got.unwrap() - definition(one.unwrap())).abs() < 1e-15);
        }
        assert_eq!(benjamini_hochberg(&[]), []);
        assert_eq!(benjamini_hochberg(&[None]), [None]);
    }
}
