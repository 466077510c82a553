//! Sen's slope (Sen 斜率): the median of the slopes between all pairs of years, and its interval.

/// Slope per year in the unit of the values (Sen 1968), its interval, and the value of the line at time 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slope {
    /// The median of `(x_j - x_i) / (t_j - t_i)` over all pairs; null below two values.
    pub slope: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// `median(x) - slope * median(t)` (Conover 1980).
    pub intercept: Option<f64>,
}

impl Slope {
    /// Computes the slope of `values` at the ascending `times`. `sorted` holds the values in ascending order,
    /// `slopes` is a scratch buffer.
    ///
    /// The interval is Sen's (1968): with N slopes and the `margin` z·√(Var S), its ends have the ranks (N − margin)/2
    /// and (N + margin)/2 + 1, rounded. It is null if there is no slope of so low a rank (up to four values at 95
    /// %), because no interval then reaches the level, and if Var S is 0. Other implementations return the extreme
    /// slopes.
    pub(crate) fn new(times: &[f64], values: &[f64], sorted: &[f64], margin: f64, slopes: &mut Vec<f64>) -> Self {
        slopes.clear();
        push_slopes(times, values, slopes);
        slopes.sort_unstable_by(f64::total_cmp);
        let slope = median(slopes);
        let all = slopes.len() as f64;
        let low = ((all - margin) / 2.0).round_ties_even();
        let high = f64::midpoint(all, margin).round_ties_even();
        let reached = margin > 0.0 && low >= 1.0 && high < all;
        // Adding 0 turns −0 into 0.
        let end = |rank: f64| slopes.get(rank as usize).filter(|_| reached).map(|slope| slope + 0.0);
        let middle = median(sorted).zip(median(times));
        Self {
            slope,
            low: end(low - 1.0),
            high: end(high),
            intercept: slope.zip(middle).map(|(slope, (value, time))| value - slope * time),
        }
    }
}

/// Appends the slopes between all pairs of `values` at `times` to `slopes`.
pub(crate) fn push_slopes(times: &[f64], values: &[f64], slopes: &mut Vec<f64>) {
    for (at, (time, value)) in times.iter().zip(values).enumerate() {
        slopes.extend(times[at + 1..].iter().zip(&values[at + 1..]).map(|(t, x)| (x - value) / (t - time)));
    }
}

/// Returns the median of ascending numbers.
pub(crate) fn median(sorted: &[f64]) -> Option<f64> {
    let half = sorted.len() / 2;
    let upper = sorted.get(half)?;
    let even = sorted.len().is_multiple_of(2);
    Some(if even { f64::midpoint(sorted[half - 1], *upper) } else { *upper } + 0.0)
}
