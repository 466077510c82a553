//! Kendall's test over many series together: seasons of one place, or counties of one province (地区 Kendall 检验).

use arrow::array::RecordBatch;

use super::distribution::normal_two_sided;
use super::mann_kendall;
use super::mann_kendall::{KendallOptions, MIN_YEARS, TrendVerdict, checked_times};
use super::sen_slope::{median, push_slopes};
use crate::error::{Error, Result};
use crate::support::columns::Columns;
use crate::support::named::named_enum;

/// Dependence between the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// Independent series: S and its variance are added up (Hirsch and Slack 1984; Helsel and Frans 2006).
    Independent,
    /// Series that a year may affect together: covariances are added as well (Dietz and Killeen 1981).
    Correlated,
}

named_enum! {
    pub Dependence, "序列间的关系", "dependence between series";
    Independent = "independent", Correlated = "correlated",
}

/// Result of the test over all series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionalKendall {
    /// Number of series with two or more values.
    pub units: usize,
    /// Number of series with fewer, which carry no information.
    pub left_out: usize,
    /// Number of values in the series used.
    pub n: usize,
    /// Number of years in which any of those series has a value.
    pub years: usize,
    /// Sum of S.
    pub s: i64,
    /// Variance of that sum under the null hypothesis.
    pub var_s: f64,
    /// S divided by the number of pairs; null if there are none.
    pub tau: Option<f64>,
    /// S in standard deviations. For independent series S is first moved by 1 towards 0, for correlated ones it is
    /// not, as in Libiseller and Grimvall (2002). Null if the variance is 0.
    pub z: Option<f64>,
    /// Two-sided p-value by the normal approximation.
    pub p: Option<f64>,
    /// Median of the slopes between all pairs of years within one series.
    pub slope: Option<f64>,
}

/// Tests the series in `units` together, each as long as `times`, one after the other; NaN is an unknown value (Hirsch,
/// Slack and Smith 1982; Helsel and Frans 2006).
///
/// Covariances of series with missing values follow Hirsch and Slack (1984, eq. 14): a missing value has the mean
/// rank of its series and ties with all others, so a year that one series lacks is not lost for the others.
///
/// ```
/// use dangjian::stats::regional_kendall::{Dependence, pooled_kendall};
/// let counties = [0.1, 0.2, 0.3, /* and */ 0.5, 0.4, 0.6, /* and */ 0.7, 0.8, 0.9];
/// let together = pooled_kendall(&[2011., 2012., 2013.], &counties, Dependence::Independent)?;
/// assert_eq!((together.units, together.s), (3, 7));
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn pooled_kendall(times: &[f64], units: &[f64], dependence: Dependence) -> Result<RegionalKendall> {
    checked_times(times, times.len())?;
    if units.iter().any(|value| value.is_infinite()) || times.is_empty() || !units.len().is_multiple_of(times.len()) {
        let years = times.len();
        return Err(Error::argument(
            format!("应为若干列有限的数，每列 {years} 年"),
            format!("expected series of finite numbers, each of {years} years"),
        ));
    }
    let all = units.len() / times.len();
    let used: Vec<&[f64]> = units.chunks_exact(times.len()).filter(|unit| known(unit) > 1).collect();
    let years = (0..times.len()).filter(|year| used.iter().any(|unit| !unit[*year].is_nan())).count();
    let (mut s, mut n, mut pairs, mut var_s, mut slopes) = (0, 0, 0, 0.0, Vec::new());
    for unit in &used {
        let (at, values): (Vec<f64>, Vec<f64>) =
            times.iter().zip(*unit).filter(|(_, value)| !value.is_nan()).map(|(t, x)| (*t, *x)).unzip();
        s += mann_kendall::score(&values);
        n += values.len();
        pairs += values.len() * (values.len() - 1) / 2;
        push_slopes(&at, &values, &mut slopes);
        let mut sorted = values;
        sorted.sort_unstable_by(f64::total_cmp);
        let groups: Vec<usize> = mann_kendall::equal_groups(&sorted).collect();
        var_s += mann_kendall::variance(sorted.len(), &groups);
    }
    if dependence == Dependence::Correlated {
        var_s += 2.0 * covariances(&used);
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let z = match dependence {
        Dependence::Independent => mann_kendall::z_score(s, var_s),
        // If the covariances cancel, the rest is rounding error, not variance.
        Dependence::Correlated => (var_s > 1e-9).then(|| s as f64 / var_s.sqrt()),
    };
    Ok(RegionalKendall {
        units: used.len(),
        left_out: all - used.len(),
        n,
        years,
        s,
        var_s,
        tau: (pairs > 0).then(|| s as f64 / pairs as f64),
        z,
        p: z.map(normal_two_sided),
        slope: median(&slopes),
    })
}

impl RegionalKendall {
    /// Returns the verdict on all series at the level `alpha`. Fewer than five years are too few for correlated
    /// series, no matter how many series there are.
    #[must_use]
    pub fn verdict(&self, dependence: Dependence, alpha: f64) -> TrendVerdict {
        if self.n == 0 || dependence == Dependence::Correlated && self.years < MIN_YEARS {
            return TrendVerdict::TooFewYears;
        }
        TrendVerdict::from_score(self.s, self.p, alpha)
    }
}

/// Runs [`pooled_kendall`] under both assumptions, a row each: `between` (`independent`, `correlated`), `years` (with a
/// value in any series), `units` (series with two or more values), `units_left_out` (with fewer), `n` (values),
/// `s`, `var_s`, `tau`, `z`, `p`, `slope`, `verdict`.
pub fn pooled_kendall_table(times: &[f64], units: &[f64], alpha: f64) -> Result<RecordBatch> {
    KendallOptions { alpha, ..KendallOptions::default() }.critical_value()?;
    let rows: Vec<(Dependence, RegionalKendall)> = Dependence::ALL
        .into_iter()
        .map(|dependence| Ok((dependence, pooled_kendall(times, units, dependence)?)))
        .collect::<Result<_>>()?;
    columns(Columns::default(), &rows, alpha).finish()
}

/// Appends the columns of the results.
pub(crate) fn columns(columns: Columns, rows: &[(Dependence, RegionalKendall)], alpha: f64) -> Columns {
    let all = || rows.iter().map(|(_, pooled)| pooled);
    columns
        .texts("between", rows.iter().map(|(dependence, _)| dependence.name()))
        .counts("years", all().map(|pooled| pooled.years as u64))
        .counts("units", all().map(|pooled| pooled.units as u64))
        .counts("units_left_out", all().map(|pooled| pooled.left_out as u64))
        .counts("n", all().map(|pooled| pooled.n as u64))
        .some_integers("s", all().map(|pooled| Some(pooled.s)))
        .reals("var_s", all().map(|pooled| Some(pooled.var_s)))
        .reals("tau", all().map(|pooled| pooled.tau))
        .reals("z", all().map(|pooled| pooled.z))
        .reals("p", all().map(|pooled| pooled.p))
        .reals("slope", all().map(|pooled| pooled.slope))
        .texts("verdict", rows.iter().map(|(dependence, test)| test.verdict(*dependence, alpha).name()))
}

fn known(unit: &[f64]) -> usize {
    unit.iter().filter(|value| !value.is_nan()).count()
}

/// Returns the sign of the change from one value to another; 0 if one is unknown.
fn step(from: f64, to: f64) -> i64 {
    i64::from(to > from) - i64::from(to < from)
}

/// Returns the sum of the covariances of S over all pairs of `units`.
///
/// For two series the covariance is `(K + 4 Σ R_g R_h − n (n_g + 1) (n_h + 1)) / 3`, where K sums the product of
/// the signs of their changes over pairs of years, and R are mid-ranks. Both are sums of products, so the sum over
/// all pairs of series follows from sums over series, without a loop over pairs of thousands of counties.
fn covariances(units: &[&[f64]]) -> f64 {
    let years = units.first().map_or(0, |unit| unit.len());
    // Twice the mid-ranks are integers: n + 1 + Σ sgn.
    let ranks = |unit: &&[f64]| -> Vec<i64> {
        let n = known(unit) as i64;
        (0..years).map(|j| n + 1 + unit.iter().map(|x| step(*x, unit[j])).sum::<i64>()).collect()
    };
    let ranks: Vec<Vec<i64>> = units.iter().map(ranks).collect();
    // Σ_{g<h} a_g a_h = ((Σ a)² − Σ a²) / 2.
    let between = |values: &mut dyn Iterator<Item = i64>| -> i128 {
        let (sum, squares) = values.fold((0_i128, 0_i128), |(sum, squares), a| {
            let a = i128::from(a);
            (sum + a, squares + a * a)
        });
        (sum * sum - squares) / 2
    };
    let pairs = (0..years).flat_map(|j| (0..j).map(move |i| (i, j)));
    let k: i128 = pairs.map(|(i, j)| between(&mut units.iter().map(|unit| step(unit[i], unit[j])))).sum();
    let products: i128 = (0..years).map(|j| between(&mut ranks.iter().map(|rank| rank[j]))).sum();
    let sizes = between(&mut units.iter().map(|unit| known(unit) as i64 + 1));
    // 4 R R' is the product of the doubled ranks.
    (k + products - years as i128 * sizes) as f64 / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The covariances as Hirsch and Slack define them, pair by pair.
    fn slow(units: &[&[f64]]) -> f64 {
        let n = units[0].len();
        let rank = |unit: &[f64], j: usize| {
            (known(unit) as f64 + 1.0 + unit.iter().map(|x| step(*x, unit[j]) as f64).sum::<f64>()) / 2.0
        };
        let mut sum = 0.0;
        for (at, g) in units.iter().enumerate() {
            for h in &units[..at] {
                let k: i64 = (0..n)
                    .flat_map(|j| (0..j).map(move |i| (i, j)))
                    .map(|(i, j)| step(g[i], g[j]) * step(h[i], h[j]))
                    .sum();
                let r: f64 = (0..n).map(|j| rank(g, j) * rank(h, j)).sum();
                sum += (k as f64 + 4.0 * r - n as f64 * (known(g) as f64 + 1.0) * (known(h) as f64 + 1.0)) / 3.0;
            }
        }
        sum
    }

    #[test]
    fn covariances_are_those_of_all_pairs() {
        let nan = f64::NAN;
        let units: [&[f64]; 4] = [
            &[1.0, 2.0, 2.0, 5.0, 4.0, 6.0],
            &[3.0, nan, 1.0, 2.0, 2.0, 9.0],
            &[nan, nan, 7.0, 8.0, 6.0, 8.0],
            &[5.0, 4.0, 3.0, 2.0, 1.0, 0.0],
        ];
        assert!((covariances(&units) - slow(&units)).abs() < 1e-12);
        assert!((covariances(&units[..1])).abs() < 1e-12);
    }

    /// A series taken twice is one series: S doubles, and so does its standard deviation.
    #[test]
    fn twins_tell_no_more_than_one_of_them() {
        let one = [0.3, 0.1, 0.4, 0.4, 0.5, 0.9, 0.6];
        let times: Vec<f64> = (0..7).map(f64::from).collect();
        let alone = pooled_kendall(&times, &one, Dependence::Correlated).unwrap();
        let twins = pooled_kendall(&times, &[one, one].concat(), Dependence::Correlated).unwrap();
        assert!((alone.z.unwrap() - twins.z.unwrap()).abs() < 1e-12 && twins.s == 2 * alone.s);
        let opposite: Vec<f64> = one.iter().copied().chain(one.iter().map(|x| -x)).collect();
        let opposite = pooled_kendall(&times, &opposite, Dependence::Correlated).unwrap();
        assert_eq!((opposite.s, opposite.z, opposite.p), (0, None, None), "their S is 0 whatever chance does");
    }

    #[test]
    fn what_says_nothing_is_left_out_and_counted() {
        let nan = f64::NAN;
        let all = pooled_kendall(&[0.0, 1.0], &[1.0, 2.0, nan, 5.0, nan, nan], Dependence::Independent).unwrap();
        assert_eq!((all.units, all.left_out, all.n, all.s, all.slope), (1, 2, 2, 1, Some(1.0)));
        let none = pooled_kendall(&[0.0, 1.0], &[nan, 5.0], Dependence::Independent).unwrap();
        assert_eq!((none.units, none.tau, none.z, none.p, none.slope), (0, None, None, None, None));
        assert!(pooled_kendall(&[0.0, 1.0], &[1.0], Dependence::Independent).is_err());
    }
}
