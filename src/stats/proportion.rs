//! Tests of proportions over the years: Cochran-Armitage for a trend, and `McNemar` for the same organisations
//! twice.

use arrow::array::RecordBatch;

use super::distribution::{chi2_sf, normal_two_sided};
use super::wilson::z_for_confidence;
use crate::error::{Error, Result};
use crate::support::columns::Columns;

/// Proportion in a year: `success` of `known`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YearlyProportion {
    /// Year, or any other score.
    pub year: f64,
    /// Number of successes.
    pub success: u64,
    /// Number with a known answer.
    pub known: u64,
}

/// Linear trend of proportions. All estimates are null with fewer than two years that have a known answer; `z` and
/// `p` if all succeed or none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CochranArmitage {
    /// Number of years with a known answer.
    pub years: usize,
    /// Successes of all years.
    pub success: u64,
    /// Known answers of all years.
    pub known: u64,
    /// Change of the proportion per year: the line through the proportions, weighted by `known`.
    pub slope: Option<f64>,
    /// Lower end of its interval, with a binomial variance per year (Wald); null if the variance is 0.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Test statistic, with the sign of the slope; its square is χ² with one degree of freedom.
    pub z: Option<f64>,
    /// Two-sided p-value.
    pub p: Option<f64>,
}

/// Tests proportions for a linear trend (Cochran 1954, Armitage 1955), like `prop.trend.test` of R with the years
/// as scores; `critical_value` is that of the interval of the slope.
///
/// With thousands of organisations any trend is significant, so judge it by the slope.
///
/// ```
/// use dangjian::stats::proportion::{YearlyProportion, cochran_armitage};
/// let proportion = |year, success| YearlyProportion { year, success, known: 100 };
/// let trend = cochran_armitage(&[proportion(2011., 30), proportion(2012., 40), proportion(2013., 50)], 1.96)?;
/// assert!((trend.slope.unwrap() - 0.1).abs() < 1e-12);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn cochran_armitage(proportions: &[YearlyProportion], critical_value: f64) -> Result<CochranArmitage> {
    if let Some(bad) =
        proportions.iter().find(|proportion| proportion.success > proportion.known || !proportion.year.is_finite())
    {
        let YearlyProportion { year, success, known } = bad;
        return Err(Error::argument(
            format!("{year} 年：{known} 个中不能有 {success} 个"),
            format!("{year}: {success} of {known} is impossible"),
        ));
    }
    let used: Vec<YearlyProportion> = proportions.iter().copied().filter(|proportion| proportion.known > 0).collect();
    let (success, known) =
        used.iter().fold((0, 0), |(s, n), proportion| (s + proportion.success, n + proportion.known));
    let counted = CochranArmitage { years: used.len(), success, known, ..CochranArmitage::default() };
    if used.is_empty() {
        return Ok(counted);
    }
    let all = known as f64;
    let mean = used.iter().map(|proportion| proportion.year * proportion.known as f64).sum::<f64>() / all;
    let proportion = success as f64 / all;
    let (mut together, mut spread, mut variance) = (0.0, 0.0, 0.0);
    for YearlyProportion { year, success, known } in used {
        let (from_mean, successes, known) = (year - mean, success as f64, known as f64);
        together += from_mean * (successes - known * proportion);
        spread += known * from_mean * from_mean;
        variance += from_mean * from_mean * successes * (known - successes) / known;
    }
    if spread <= 0.0 {
        return Ok(counted);
    }
    let slope = together / spread;
    let wide = (variance > 0.0).then(|| critical_value * variance.sqrt() / spread);
    let z = (success > 0 && success < known).then(|| together / (proportion * (1.0 - proportion) * spread).sqrt());
    Ok(CochranArmitage {
        slope: Some(slope),
        low: wide.map(|wide| slope - wide),
        high: wide.map(|wide| slope + wide),
        z,
        p: z.map(normal_two_sided),
        ..counted
    })
}

/// Paired answers. P-values are null if no pair changed, the difference if there are no pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct McNemar {
    /// Success both times.
    pub kept: u64,
    /// Success only the first time.
    pub lost: u64,
    /// Success only the second time.
    pub gained: u64,
    /// Success neither time.
    pub never: u64,
    /// Later proportion minus earlier: (gained − lost) ÷ all.
    pub difference: Option<f64>,
    /// Lower end of its interval (Wald for pairs); null if no pair changed.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Exact two-sided p-value: under the null hypothesis half of the changed pairs are gains.
    pub p: Option<f64>,
    /// (|gained − lost| − 1)² ÷ (gained + lost), with Edwards' continuity correction.
    pub chi2: Option<f64>,
    /// P-value of `chi2`.
    pub chi2_p: Option<f64>,
}

/// Runs `McNemar`'s test (1947) of pairs; `critical_value` as in [`cochran_armitage`].
///
/// ```
/// use dangjian::stats::proportion::mcnemar;
/// let paired = mcnemar(20, 2, 9, 10, 1.96);
/// assert!((paired.p.unwrap() - 0.0654).abs() < 1e-4);
/// ```
#[must_use]
pub fn mcnemar(kept: u64, lost: u64, gained: u64, never: u64, critical_value: f64) -> McNemar {
    let (changed, all) = (lost + gained, (kept + lost + gained + never) as f64);
    let net = gained as f64 - lost as f64;
    let difference = (all > 0.0).then(|| net / all);
    let wide = (changed > 0).then(|| critical_value * (changed as f64 - net * net / all).max(0.0).sqrt() / all);
    let end = |sign: f64| {
        difference.zip(wide).filter(|(_, wide)| *wide > 0.0).map(|(d, wide)| (d + sign * wide).clamp(-1.0, 1.0))
    };
    let chi2 = (changed > 0).then(|| (net.abs() - 1.0).max(0.0).powi(2) / changed as f64);
    McNemar {
        kept,
        lost,
        gained,
        never,
        difference,
        low: end(-1.0),
        high: end(1.0),
        p: (changed > 0).then(|| binomial_two_sided(lost.min(gained), changed)),
        chi2,
        chi2_p: chi2.map(|chi2| chi2_sf(chi2, 1.0)),
    }
}

/// Runs [`cochran_armitage`] and returns one row: `years`, `success`, `known`, `slope`, `slope_low`, `slope_high`
/// (at the confidence level `level`), `z`, `p`.
pub fn cochran_armitage_table(proportions: &[YearlyProportion], level: f64) -> Result<RecordBatch> {
    let trend = cochran_armitage(proportions, z_for_confidence(level)?)?;
    Columns::default()
        .counts("years", [trend.years as u64])
        .counts("success", [trend.success])
        .counts("known", [trend.known])
        .reals("slope", [trend.slope])
        .reals("slope_low", [trend.low])
        .reals("slope_high", [trend.high])
        .reals("z", [trend.z])
        .reals("p", [trend.p])
        .finish()
}

/// Runs [`mcnemar`] and returns one row: `kept`, `lost`, `gained`, `never`, `difference`, `low`, `high`, `p`,
/// `chi2`, `chi2_p`.
pub fn mcnemar_table(kept: u64, lost: u64, gained: u64, never: u64, level: f64) -> Result<RecordBatch> {
    let test = mcnemar(kept, lost, gained, never, z_for_confidence(level)?);
    let columns = Columns::default()
        .counts("kept", [kept])
        .counts("lost", [lost])
        .counts("gained", [gained])
        .counts("never", [never]);
    difference_columns(columns, &[test]).finish()
}

/// Appends the results of the tests: `difference`, `low`, `high`, `p`, `chi2`, `chi2_p`.
pub(crate) fn difference_columns(columns: Columns, tests: &[McNemar]) -> Columns {
    columns
        .reals("difference", tests.iter().map(|t| t.difference))
        .reals("low", tests.iter().map(|t| t.low))
        .reals("high", tests.iter().map(|t| t.high))
        .reals("p", tests.iter().map(|t| t.p))
        .reals("chi2", tests.iter().map(|t| t.chi2))
        .reals("chi2_p", tests.iter().map(|t| t.chi2_p))
}

/// Returns twice the probability of at most `few` heads in `all` tosses, at most 1. Ratios of adjacent terms, from
/// the middle outwards, are divided by their sum, which is exact to rounding for any number of tosses.
fn binomial_two_sided(few: u64, all: u64) -> f64 {
    if 2 * few >= all {
        return 1.0;
    }
    let middle = all / 2;
    let (mut term, mut tail, mut lower) = (1.0_f64, 0.0, 0.0);
    for k in (0..=middle).rev() {
        // `term` is the probability of `k` heads over that of `middle` heads.
        lower += term;
        if k <= few {
            tail += term;
        }
        term *= k as f64 / (all - k + 1) as f64;
        if term < f64::MIN_POSITIVE {
            break;
        }
    }
    // An even number of tosses has its middle term only once.
    let both = 2.0 * lower - if all.is_multiple_of(2) { 1.0 } else { 0.0 };
    (2.0 * tail / both).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: Option<f64>, right: f64) {
        assert!((got.unwrap() - right).abs() <= 1e-12 * right.abs().max(1e-3), "{got:?}, and right is {right}");
    }

    /// `prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82), c(2010, 2011, 2013, 2014))` of R 4.2.2.
    #[test]
    #[allow(clippy::unreadable_literal, clippy::excessive_precision, reason = "as R prints them")]
    fn smokers_of_four_years() {
        let proportions = [(2010.0, 83, 86), (2011.0, 90, 93), (2013.0, 129, 136), (2014.0, 70, 82)]
            .map(|(year, success, known)| YearlyProportion { year, success, known });
        let trend = cochran_armitage(&proportions, 1.96).unwrap();
        near(trend.z.map(|z| z * z), 7.396337379014657);
        near(trend.p, 0.0065356814743598403);
        near(trend.slope, -0.022046612356653429);
    }

    #[test]
    fn shares_that_say_nothing() {
        let proportion = |year, success, known| YearlyProportion { year, success, known };
        let all = cochran_armitage(&[proportion(1.0, 5, 5), proportion(2.0, 9, 9)], 1.96).unwrap();
        assert_eq!((all.slope, all.low, all.z, all.p), (Some(0.0), None, None, None));
        let one = cochran_armitage(&[proportion(1.0, 2, 5), proportion(2.0, 0, 0)], 1.96).unwrap();
        assert_eq!((one.years, one.known, one.slope, one.p), (1, 5, None, None));
        assert_eq!(cochran_armitage(&[], 1.96).unwrap(), CochranArmitage::default());
        assert!(cochran_armitage(&[proportion(1.0, 6, 5)], 1.96).is_err());
    }

    /// `statsmodels.stats.contingency_tables.mcnemar` 0.15.0, exact and approximate.
    #[test]
    #[allow(clippy::unreadable_literal, reason = "as statsmodels prints them")]
    fn pairs() {
        for (lost, gained, p, chi2, chi2_p) in [
            (2, 9, 0.0654296875, 3.272727272727273, 0.070440429272088),
            (0, 1, 1.0, 0.0, 1.0),
            (40, 61, 0.046044066929342785, 3.9603960396039604, 0.04658274252301569),
            (1200, 1000, 2.1817026407914194e-05, 18.000454545454545, 2.2085222894420412e-05),
            (30000, 30500, 0.042485574410371825, 4.115719008264463, 0.04248646171390015),
        ] {
            let paired = mcnemar(7, lost, gained, 3, 1.96);
            near(paired.p, p);
            near(paired.chi2, chi2);
            near(paired.chi2_p, chi2_p);
        }
        // R returns 0. statsmodels also corrects a difference of 0, and returns 0.1.
        assert_eq!((mcnemar(7, 5, 5, 3, 1.96).chi2, mcnemar(7, 5, 5, 3, 1.96).p), (Some(0.0), Some(1.0)));
        let same = mcnemar(4, 0, 0, 2, 1.96);
        assert_eq!((same.difference, same.low, same.p, same.chi2), (Some(0.0), None, None, None));
        assert_eq!(mcnemar(0, 0, 0, 0, 1.96).difference, None);
    }
}
