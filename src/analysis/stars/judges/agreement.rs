//! Agreement statistics of paired scores.

/// Paired scores, from which all statistics are computed.
#[derive(Clone, Debug, Default)]
pub(super) struct Pairs {
    pairs: Vec<(f64, f64)>,
}

impl Pairs {
    pub(super) fn new(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        Self { pairs: pairs.collect() }
    }

    pub(super) fn n(&self) -> u64 {
        self.pairs.len() as u64
    }

    fn mean(&self, value: impl Fn(&(f64, f64)) -> f64) -> Option<f64> {
        (!self.pairs.is_empty()).then(|| self.pairs.iter().map(value).sum::<f64>() / self.pairs.len() as f64)
    }

    /// Returns the proportion of equal pairs.
    #[allow(clippy::float_cmp, reason = "both were exact numbers of ten-thousandths")]
    pub(super) fn equal(&self) -> Option<f64> {
        self.mean(|(a, b)| f64::from(u8::from(a == b)))
    }

    pub(super) fn mean_difference(&self) -> Option<f64> {
        self.mean(|(a, b)| a - b)
    }

    pub(super) fn mean_absolute(&self) -> Option<f64> {
        self.mean(|(a, b)| (a - b).abs())
    }

    /// Returns the sample standard deviation of the differences; `None` for fewer than two pairs.
    pub(super) fn deviation(&self) -> Option<f64> {
        let mean = self.mean_difference().filter(|_| self.pairs.len() > 1)?;
        let squares: f64 = self.pairs.iter().map(|(a, b)| (a - b - mean).powi(2)).sum();
        Some((squares / (self.pairs.len() - 1) as f64).sqrt())
    }

    /// Returns means, variances and covariance, each divided by the number of pairs.
    fn moments(&self) -> Option<([f64; 2], [f64; 2], f64)> {
        let (a, b) = (self.mean(|p| p.0)?, self.mean(|p| p.1)?);
        let (va, vb) = (self.mean(|p| (p.0 - a).powi(2))?, self.mean(|p| (p.1 - b).powi(2))?);
        Some(([a, b], [va, vb], self.mean(|p| (p.0 - a) * (p.1 - b))?))
    }

    /// Returns Pearson's coefficient; `None` if one side does not vary.
    pub(super) fn correlation(&self) -> Option<f64> {
        let (_, [va, vb], both) = self.moments()?;
        (va > 0.0 && vb > 0.0).then(|| both / (va * vb).sqrt())
    }

    /// Returns Lin's concordance coefficient (Biometrics 45, 1989); `None` if neither side varies and the means are
    /// equal.
    pub(super) fn concordance(&self) -> Option<f64> {
        let ([a, b], [va, vb], both) = self.moments()?;
        let all = va + vb + (a - b).powi(2);
        (all > 0.0).then(|| 2.0 * both / all)
    }
}

/// Sorts `values` and returns the median.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        _ if values.is_empty() => None,
        1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the statistics against figures worked out by hand.
    #[test]
    fn figures_of_pairs() {
        let pairs = Pairs::new([(1.0, 1.0), (2.0, 1.0), (3.0, 2.0), (4.0, 4.0)].into_iter());
        let close = |got: Option<f64>, want: f64| assert!((got.unwrap() - want).abs() < 1e-12, "{got:?} {want}");
        close(pairs.equal(), 0.5);
        close(pairs.mean_difference(), 0.5);
        close(pairs.mean_absolute(), 0.5);
        close(pairs.deviation(), (1.0f64 / 3.0).sqrt());
        close(pairs.correlation(), 1.25 / (1.25f64 * 1.5).sqrt());
        close(pairs.concordance(), 2.5 / 3.0);
        assert_eq!(Pairs::new([(1.0, 2.0), (1.0, 3.0)].into_iter()).correlation(), None);
        assert_eq!(Pairs::default().mean_difference(), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&mut []), None);
    }
}
