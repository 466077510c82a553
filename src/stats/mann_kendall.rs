//! The Mann-Kendall test (曼-肯德尔趋势检验) for a monotone trend in a series of years.

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::distribution::normal_two_sided;
use super::kendall_exact;
use super::kendall_exact::Exact;
use super::sen_slope::Slope;
pub use super::verdict::{MIN_YEARS, TrendVerdict};
use super::wilson::z_for_confidence;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::support::columns::Columns;
use crate::support::named::named_enum;

/// Maximum number of values for the exact distribution under `auto`; above it the normal approximation is good to a
/// few thousandths.
const EXACT_UP_TO: usize = 10;

/// Longest series; it has fifty million pairs.
const LONGEST: usize = 10_000;

/// Series per parallel task.
const SOME: usize = 4096;

/// Source of the p-value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Exact up to ten values, normal above.
    #[default]
    Auto,
    /// All permutations of the values, with ties: up to 33 values.
    Exact,
    /// Normal approximation with continuity correction.
    Normal,
}

named_enum! { pub Method, "检验方法", "method"; Auto = "auto", Exact = "exact", Normal = "normal" }

/// Options for the test.
///
/// ```
/// use dangjian::stats::mann_kendall::{KendallOptions, Method};
/// let options = KendallOptions::default().with_method(Method::Normal).with_alpha(0.01);
/// assert_eq!(options.method, Method::Normal);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct KendallOptions {
    /// Source of p-values.
    pub method: Method,
    /// Significance level; the interval of the slope has the level 1 − `alpha`.
    pub alpha: f64,
}

impl Default for KendallOptions {
    fn default() -> Self {
        Self { method: Method::Auto, alpha: 0.05 }
    }
}

impl KendallOptions {
    /// Sets the source of p-values.
    #[must_use]
    pub fn with_method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Sets the significance level.
    #[must_use]
    pub fn with_alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Returns the critical value of an interval at the level 1 − `alpha`.
    pub(crate) fn critical_value(&self) -> Result<f64> {
        if self.alpha > 0.0 && self.alpha < 1.0 {
            return z_for_confidence(1.0 - self.alpha);
        }
        Err(Error::argument(
            format!("显著性水平 alpha 应大于 0、小于 1，如 0.05；给的是 {}", self.alpha),
            format!("alpha must be above 0 and below 1, such as 0.05; got {}", self.alpha),
        ))
    }
}

/// Result of the test for one series. All statistics are null below two values; `z`, `p` and `tau_b` if all values
/// are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trend {
    /// Number of known values.
    pub n: usize,
    /// Number of rising pairs minus number of falling pairs.
    pub s: Option<i64>,
    /// Variance of S under the null hypothesis, corrected for ties.
    pub var_s: Option<f64>,
    /// Kendall's tau-a: S divided by the number of pairs.
    pub tau_a: Option<f64>,
    /// Kendall's tau-b, corrected for ties.
    pub tau_b: Option<f64>,
    /// S in standard deviations, after moving it by 1 towards 0.
    pub z: Option<f64>,
    /// Two-sided p-value.
    pub p: Option<f64>,
    /// True if `p` is exact; null without `p`.
    pub exact: Option<bool>,
    /// Sen's slope.
    pub slope: Slope,
}

impl Trend {
    /// Returns the verdict at the level `alpha`, where `p` may be adjusted for multiple tests.
    #[must_use]
    pub fn verdict(&self, p: Option<f64>, alpha: f64) -> TrendVerdict {
        if self.n < MIN_YEARS {
            TrendVerdict::TooFewYears
        } else {
            TrendVerdict::from_score(self.s.unwrap_or(0), p, alpha)
        }
    }

    /// Returns the source of the p-value.
    pub(crate) fn method(&self) -> Option<&'static str> {
        Some(if self.exact? { "exact" } else { "normal" })
    }
}

/// Tests series one after another, with reused buffers.
pub(crate) struct Tester {
    method: Method,
    critical_value: f64,
    exact: Exact,
    times: Vec<f64>,
    values: Vec<f64>,
    sorted: Vec<f64>,
    groups: Vec<usize>,
    slopes: Vec<f64>,
}

impl Tester {
    pub(crate) fn new(options: &KendallOptions) -> Result<Self> {
        let room = Vec::new;
        let critical_value = options.critical_value()?;
        let (times, values, sorted, slopes) = (room(), room(), room(), room());
        let (exact, groups) = (Exact::default(), Vec::new());
        Ok(Self { method: options.method, critical_value, exact, times, values, sorted, groups, slopes })
    }

    /// Tests `values` at the ascending `times`; NaN is an unknown value.
    pub(crate) fn test(&mut self, times: &[f64], values: &[f64]) -> Result<Trend> {
        self.times.clear();
        self.values.clear();
        for (time, value) in times.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
            self.times.push(*time);
            self.values.push(*value);
        }
        let n = self.values.len();
        if n > LONGEST || self.values.iter().any(|value| value.is_infinite()) {
            return Err(Error::argument(
                format!("序列应不超过 {LONGEST} 个有限的数；给的有 {n} 个，或有无穷大"),
                format!(
                    "a series may have up to {LONGEST} finite numbers; this one has {n} numbers, or an infinite one"
                ),
            ));
        }
        if n < 2 {
            return Ok(Trend { n, ..Trend::default() });
        }
        self.sorted.clone_from(&self.values);
        self.sorted.sort_unstable_by(f64::total_cmp);
        self.groups.clear();
        self.groups.extend(equal_groups(&self.sorted));
        let s = score(&self.values);
        let var_s = variance(n, &self.groups);
        let pairs = (n * (n - 1) / 2) as f64;
        let tied: usize = self.groups.iter().map(|t| t * (t - 1) / 2).sum();
        let defined = var_s > 0.0;
        let z = z_score(s, var_s);
        let (p, exact) = self.p_value(n, s, z)?;
        let margin = self.critical_value * var_s.sqrt();
        let slope = Slope::new(&self.times, &self.values, &self.sorted, margin, &mut self.slopes);
        Ok(Trend {
            n,
            s: Some(s),
            var_s: Some(var_s),
            tau_a: Some(s as f64 / pairs),
            tau_b: defined.then(|| s as f64 / (pairs.sqrt() * (pairs - tied as f64).sqrt())),
            z,
            p,
            exact: p.map(|_| exact),
            slope,
        })
    }

    fn p_value(&mut self, n: usize, s: i64, z: Option<f64>) -> Result<(Option<f64>, bool)> {
        let exact = match self.method {
            Method::Exact if n > kendall_exact::MOST => {
                return Err(Error::argument(
                    format!("精确检验最多用于 {} 个值，给的是 {n} 个；请用 normal", kendall_exact::MOST),
                    format!("exact p-values are for up to {} values, got {n}; use 'normal'", kendall_exact::MOST),
                ));
            }
            Method::Auto => n <= EXACT_UP_TO,
            method => method == Method::Exact,
        };
        let p = if exact { self.exact.two_sided(n, &self.groups, s) } else { z.map(normal_two_sided) };
        Ok((p, exact))
    }
}

/// Returns the sizes of the groups of equal numbers in an ascending slice.
pub(crate) fn equal_groups(sorted: &[f64]) -> impl Iterator<Item = usize> {
    // In ascending order, `a >= b` means equal.
    sorted.chunk_by(|a, b| a >= b).map(<[f64]>::len)
}

/// Returns S: the number of rising pairs minus the number of falling pairs.
pub(crate) fn score(values: &[f64]) -> i64 {
    let mut s = 0;
    for (at, earlier) in values.iter().enumerate() {
        for later in &values[at + 1..] {
            s += i64::from(later > earlier) - i64::from(later < earlier);
        }
    }
    s
}

/// Returns the variance of S under the null hypothesis, for `n` values with groups of ties of these sizes.
pub(crate) fn variance(n: usize, groups: &[usize]) -> f64 {
    let part = |n: usize| (n as u64) * (n as u64 - 1) * (2 * n as u64 + 5);
    (part(n) - groups.iter().map(|t| part(*t)).sum::<u64>()) as f64 / 18.0
}

/// Returns S in standard deviations, after moving it by 1 towards 0; null if the variance is 0.
pub(crate) fn z_score(s: i64, var_s: f64) -> Option<f64> {
    (var_s > 0.0).then(|| (s - s.signum()) as f64 / var_s.sqrt())
}

/// Checks that the times ascend, and that each series has as many values.
pub(crate) fn checked_times(times: &[f64], width: usize) -> Result<()> {
    if times.len() != width {
        return Err(Error::argument(
            format!("年份有 {} 个，值有 {width} 个", times.len()),
            format!("there are {} years and {width} values", times.len()),
        ));
    }
    match times.windows(2).find(|pair| pair[0].is_nan() || pair[1].is_nan() || pair[0] >= pair[1]) {
        None => Ok(()),
        Some(pair) => Err(Error::argument(
            format!("年份应从早到晚，各不相同；{} 之后是 {}", pair[0], pair[1]),
            format!("years must ascend without repeats; {} is followed by {}", pair[0], pair[1]),
        )),
    }
}

/// Tests one series: `values` at `times`; NaN is an unknown value.
///
/// S and its variance with ties follow Mann (1945) and Kendall (1975), the slope Sen (1968).
///
/// ```
/// use dangjian::stats::mann_kendall::{KendallOptions, TrendVerdict, mann_kendall};
/// let (years, values) = ([2009., 2010., 2011., 2012., 2013.], [0.1, 0.2, 0.2, 0.4, 0.5]);
/// let trend = mann_kendall(&years, &values, &KendallOptions::default())?;
/// assert_eq!((trend.s, trend.exact), (Some(9), Some(true)));
/// assert_eq!(trend.verdict(trend.p, 0.05), TrendVerdict::Rising);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn mann_kendall(times: &[f64], values: &[f64], options: &KendallOptions) -> Result<Trend> {
    checked_times(times, values.len())?;
    Tester::new(options)?.test(times, values)
}

/// Tests many series like [`mann_kendall`]: `values` holds one after the other, each as long as `times`.
///
/// Columns: `n`, `s`, `var_s`, `tau_a`, `tau_b`, `z`, `p`, `p_method` (`exact`, `normal`), `slope`, `slope_low`,
/// `slope_high`, `intercept` (at the first of `times`), `verdict` (`rising`, `falling`, `no_trend`, `constant`,
/// `too_few_years`) by the unadjusted p-value.
///
/// ```
/// use dangjian::job::Quiet; use dangjian::stats::mann_kendall::{KendallOptions, mann_kendall_all};
/// let table = mann_kendall_all(&[0., 1., 2.], &[1., 2., 3., 5., 5., 5.], &KendallOptions::default(), &Quiet)?;
/// assert_eq!(table.num_rows(), 2);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn mann_kendall_all(times: &[f64], values: &[f64], options: &KendallOptions, job: &dyn Job) -> Result<RecordBatch> {
    if times.is_empty() || !values.len().is_multiple_of(times.len()) {
        let (n, years) = (values.len(), times.len());
        return Err(Error::argument(
            format!("{n} 个值不能分成每列 {years} 年的序列"),
            format!("{n} values do not divide into series of {years} years"),
        ));
    }
    checked_times(times, times.len())?;
    let from_first: Vec<f64> = times.iter().map(|time| time - times[0]).collect();
    Tester::new(options)?;
    let tested = values.par_chunks(times.len() * SOME).map(|some| {
        job::check(job)?;
        let mut tester = Tester::new(options)?;
        some.chunks_exact(times.len()).map(|series| tester.test(&from_first, series)).collect::<Result<Vec<_>>>()
    });
    let trends = tested.collect::<Result<Vec<_>>>()?.concat();
    let verdicts = trends.iter().map(|trend| trend.verdict(trend.p, options.alpha).name());
    columns(Columns::default().counts("n", trends.iter().map(|t| t.n as u64)), &trends)
        .texts("verdict", verdicts)
        .finish()
}

/// Appends the columns of the results.
pub(crate) fn columns(columns: Columns, trends: &[Trend]) -> Columns {
    let reals = |field: fn(&Trend) -> Option<f64>| trends.iter().map(field);
    columns
        .some_integers("s", trends.iter().map(|t| t.s))
        .reals("var_s", reals(|t| t.var_s))
        .reals("tau_a", reals(|t| t.tau_a))
        .reals("tau_b", reals(|t| t.tau_b))
        .reals("z", reals(|t| t.z))
        .reals("p", reals(|t| t.p))
        .some_texts("p_method", trends.iter().map(Trend::method))
        .reals("slope", reals(|t| t.slope.slope))
        .reals("slope_low", reals(|t| t.slope.low))
        .reals("slope_high", reals(|t| t.slope.high))
        .reals("intercept", reals(|t| t.slope.intercept))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_NORMAL: KendallOptions = KendallOptions { method: Method::Normal, alpha: 0.05 };

    fn test(values: &[f64], options: &KendallOptions) -> Trend {
        let times: Vec<f64> = (0..values.len()).map(|t| t as f64).collect();
        mann_kendall(&times, values, options).unwrap()
    }

    fn near(got: Option<f64>, right: f64) {
        assert!((got.unwrap() - right).abs() < 1e-12, "{got:?}, and right is {right}");
    }

    /// `pymannkendall.original_test` 1.4.3, `scipy.stats.kendalltau` and `theilslopes` 1.17.1.
    #[test]
    #[allow(clippy::unreadable_literal, reason = "as the peers print them")]
    fn a_series_with_ties() {
        let trend = test(&[3.0, 3.5, 3.5, 3.0, 4.0, 4.5, 4.0, 4.0, 5.0, 4.5, 4.5], &AS_NORMAL);
        assert_eq!(trend.s, Some(35));
        near(trend.var_s, 155.66666666666666);
        near(trend.z, 2.7250915942408507);
        near(trend.p, 0.006428365096166955);
        near(trend.tau_a, 0.6363636363636364);
        near(trend.tau_b, 0.6883951004425773);
        near(trend.slope.slope, 0.16666666666666666);
        near(trend.slope.intercept, 3.166666666666667);
        near(trend.slope.low, 0.08333333333333333);
        near(trend.slope.high, 0.25);
    }

    /// Exact and normal p-values of monotone series of 3, 4 and 5 years (docs/field-notes.md, star panels).
    #[test]
    fn few_years() {
        for (n, exact, normal) in [(3, 0.333, 0.296), (4, 0.083, 0.089), (5, 0.0167, 0.0275)] {
            let values: Vec<f64> = (0..n).map(f64::from).collect();
            let (one, other) = (test(&values, &KendallOptions::default()), test(&values, &AS_NORMAL));
            assert!((one.p.unwrap() - exact).abs() < 5e-4 && (other.p.unwrap() - normal).abs() < 5e-4);
            let verdict = if n < 5 { TrendVerdict::TooFewYears } else { TrendVerdict::Rising };
            assert_eq!(one.verdict(one.p, 0.05), verdict);
        }
    }

    #[test]
    fn what_is_undefined_is_null() {
        for values in [&[][..], &[1.0]] {
            let trend = test(values, &KendallOptions::default());
            assert_eq!(trend, Trend { n: values.len(), ..Trend::default() });
            assert_eq!(trend.verdict(trend.p, 0.05), TrendVerdict::TooFewYears);
        }
        // Other implementations return p = 1 and no trend.
        for options in [KendallOptions::default(), AS_NORMAL] {
            let trend = test(&[0.2; 7], &options);
            assert_eq!((trend.s, trend.var_s, trend.tau_a), (Some(0), Some(0.0), Some(0.0)));
            assert_eq!((trend.z, trend.p, trend.tau_b, trend.exact), (None, None, None, None));
            assert_eq!((trend.slope.slope, trend.slope.low, trend.slope.high), (Some(0.0), None, None));
            assert_eq!(trend.verdict(trend.p, 0.05), TrendVerdict::Constant);
        }
        // Four values have six slopes, and the interval would begin below the first.
        let four = test(&[1.0, 2.0, 4.0, 8.0], &KendallOptions::default());
        near(four.slope.slope, 13.0 / 6.0);
        assert_eq!((four.slope.low, four.slope.high), (None, None));
    }

    #[test]
    fn a_missing_year_keeps_its_place() {
        let whole = mann_kendall(&[0.0, 1.0, 3.0, 6.0], &[1.0, 2.0, 4.0, 7.0], &AS_NORMAL).unwrap();
        let nan = f64::NAN;
        let gaps = test(&[1.0, 2.0, nan, 4.0, nan, nan, 7.0], &AS_NORMAL);
        assert_eq!(whole, gaps);
        near(gaps.slope.slope, 1.0);
    }

    #[test]
    fn bad_series_are_refused() {
        let attempt = |times: &[f64], values: &[f64]| mann_kendall(times, values, &KendallOptions::default());
        assert!(attempt(&[0.0, 1.0], &[1.0]).is_err() && attempt(&[1.0, 1.0], &[1.0, 2.0]).is_err());
        assert!(attempt(&[0.0, 1.0], &[1.0, f64::INFINITY]).is_err());
        let exact = KendallOptions { method: Method::Exact, alpha: 0.05 };
        let long: Vec<f64> = (0..40).map(f64::from).collect();
        assert!(mann_kendall(&long, &long, &exact).is_err() && Method::from_name("best").is_err());
        assert!(mann_kendall(&[], &[], &KendallOptions { alpha: 1.0, ..KendallOptions::default() }).is_err());
    }
}
