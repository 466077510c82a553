//! Baselines for a forecast: extrapolations of a proportion from its own past, clamped between 0 and 1.

/// Repeats the last value (不变).
pub(crate) fn naive(series: &[f64], ahead: usize) -> Option<Vec<f64>> {
    Some(vec![*series.last()?; ahead])
}

/// Extends the line from the first value through the last (漂移).
pub(crate) fn drift(series: &[f64], ahead: usize) -> Option<Vec<f64>> {
    let (first, last) = (series.first()?, series.last()?);
    let slope = (series.len() > 1).then(|| (last - first) / (series.len() - 1) as f64)?;
    Some((1..=ahead).map(|h| (last + slope * h as f64).clamp(0.0, 1.0)).collect())
}

/// Parameters of a damped trend (Gardner and `McKenzie` 1985).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Damped {
    pub(crate) level: f64,
    pub(crate) trend: f64,
    pub(crate) damping: f64,
}

impl Damped {
    /// Returns the last level and trend, and the sum of squared one-year-ahead errors. The recursion starts from
    /// the first value, with the first change as trend.
    fn run(&self, series: &[f64]) -> (f64, f64, f64) {
        let (mut level, mut trend, mut errors) = (series[0], series[1] - series[0], 0.0);
        for value in series {
            let expected = level + self.damping * trend;
            errors += (value - expected).powi(2);
            let next = self.level * value + (1.0 - self.level) * expected;
            trend = self.trend * (next - level) + (1.0 - self.trend) * self.damping * trend;
            level = next;
        }
        (level, trend, errors)
    }

    pub(crate) fn forecast(&self, series: &[f64], ahead: usize) -> Vec<f64> {
        let (level, trend, _) = self.run(series);
        let mut sum = 0.0;
        let step = |h: usize| {
            sum += self.damping.powi(h as i32);
            (level + sum * trend).clamp(0.0, 1.0)
        };
        (1..=ahead).map(step).collect()
    }
}

/// Minimum number of values for fitting a damped trend.
const MIN_VALUES: usize = 5;

/// Forecasts by Holt's method with a damped trend (阻尼趋势). A grid search minimises the one-year-ahead errors;
/// damping is between 0.8 and 0.98, as is usual (Hyndman and Athanasopoulos 2021). Null for fewer than five values.
pub(crate) fn holt(series: &[f64], ahead: usize) -> Option<Vec<f64>> {
    if series.len() < MIN_VALUES {
        return None;
    }
    let tenths = || (1..=9).map(|tenth| f64::from(tenth) / 10.0);
    let all = tenths().flat_map(|level| {
        tenths().flat_map(move |trend| [0.8, 0.85, 0.9, 0.95, 0.98].map(|damping| Damped { level, trend, damping }))
    });
    let best = all.min_by(|a, b| a.run(series).2.total_cmp(&b.run(series).2))?;
    Some(best.forecast(series, ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baselines_stay_between_0_and_1() {
        assert_eq!(naive(&[0.1, 0.3], 2), Some(vec![0.3, 0.3]));
        assert_eq!(drift(&[0.5, 0.75, 0.75], 1), Some(vec![0.875]));
        assert_eq!(drift(&[0.5, 0.75, 0.9], 2), Some(vec![1.0, 1.0]));
        assert_eq!((drift(&[0.5], 1), naive(&[], 1), holt(&[0.1, 0.2, 0.3, 0.4], 1)), (None, None, None));
        assert!(holt(&[0.5, 0.6, 0.7, 0.8, 0.95], 9).unwrap().iter().all(|share| *share <= 1.0));
    }

    /// `Holt(y, damped_trend=True, initialization_method="known", initial_level=y[0], initial_trend=y[1] - y[0])
    /// .fit(smoothing_level, smoothing_trend, damping_trend, optimized=False)` of statsmodels 0.15.0.
    #[test]
    fn a_damped_trend_is_that_of_statsmodels() {
        let series = [0.42, 0.45, 0.47, 0.44, 0.50, 0.53, 0.52, 0.58];
        for (level, trend, damping, right, errors) in [
            (
                0.5,
                0.3,
                0.9,
                [0.574_893_893_231_751_8, 0.590_009_100_162_504_4, 0.603_612_786_400_181_8],
                0.006_768_791_956_023_407,
            ),
            (
                0.8,
                0.1,
                0.98,
                [0.595_075_797_201_099_2, 0.616_596_625_928_982_9, 0.637_687_038_082_309],
                0.007_143_302_080_309_864_5,
            ),
            (
                0.1,
                0.9,
                0.8,
                [0.528_289_038_625_482_2, 0.536_867_516_399_354_5, 0.543_730_298_618_452_3],
                0.009_420_344_778_994_692,
            ),
        ] {
            let damped = Damped { level, trend, damping };
            for (got, right) in damped.forecast(&series, 3).iter().zip(right) {
                assert!((got - right).abs() < 1e-12, "{damped:?}: {got}, and right is {right}");
            }
            assert!((damped.run(&series).2 - errors).abs() < 1e-12);
        }
    }
}
