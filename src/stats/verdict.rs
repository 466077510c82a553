//! What a series is called, in a word.

/// So many years at least, for a series to be called anything: below, even one that rises every year is no surprise (its
/// exact two-sided p is 1/3 for three years and 1/12 for four).
pub const FEWEST: usize = 5;

/// What a series is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 上升.
    Rising,
    /// 下降.
    Falling,
    /// 无明显趋势: chance explains it.
    NoTrend,
    /// 不变: all values are equal.
    Constant,
    /// 年数太少: fewer than [`FEWEST`].
    TooFewYears,
}

impl Verdict {
    /// What a score with this p-value is called, where there are years enough.
    pub(crate) fn of(s: i64, p: Option<f64>, alpha: f64) -> Self {
        match p {
            None => Self::Constant,
            Some(p) if p > alpha || s == 0 => Self::NoTrend,
            Some(_) if s > 0 => Self::Rising,
            Some(_) => Self::Falling,
        }
    }

    /// Its name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rising => "rising",
            Self::Falling => "falling",
            Self::NoTrend => "no_trend",
            Self::Constant => "constant",
            Self::TooFewYears => "too_few_years",
        }
    }
}
