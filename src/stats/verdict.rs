//! The one-word verdict on a series.

use crate::support::named::named_enum;

/// Minimum number of years for a verdict. With fewer, even a series that rises every year is not significant: its
/// exact two-sided p is 1/3 for three years and 1/12 for four (Kendall 1975).
pub const MIN_YEARS: usize = 5;

/// Verdict on a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrendVerdict {
    /// 上升.
    Rising,
    /// 下降.
    Falling,
    /// 无明显趋势: the test does not reject.
    NoTrend,
    /// 不变: all values are equal.
    Constant,
    /// 年数太少: fewer than [`MIN_YEARS`].
    TooFewYears,
}

named_enum! {
    pub TrendVerdict, "结论", "verdict";
    Rising = "rising", Falling = "falling", NoTrend = "no_trend", Constant = "constant",
    TooFewYears = "too_few_years",
}

impl TrendVerdict {
    /// Returns the verdict for a score S with this p-value, given that the series has enough years.
    pub(crate) fn from_score(s: i64, p: Option<f64>, alpha: f64) -> Self {
        match p {
            None => Self::Constant,
            Some(p) if p > alpha || s == 0 => Self::NoTrend,
            Some(_) if s > 0 => Self::Rising,
            Some(_) => Self::Falling,
        }
    }
}
