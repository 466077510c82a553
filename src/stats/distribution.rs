//! Distribution functions and quantiles for tests and intervals. Arguments outside a function's domain give NaN,
//! which callers turn into null.

use statrs::function::{erf, gamma};

/// Returns the cumulative distribution function of the standard normal distribution at `x`.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Returns the two-sided p-value of the standard normal statistic `z`.
pub(crate) fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2).min(1.0)
}

/// Returns the quantile of the standard normal distribution at probability `p`; infinite at 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let density = |x: f64| (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    match p {
        p if !(0.0..=1.0).contains(&p) => f64::NAN,
        0.0 => f64::NEG_INFINITY,
        1.0 => f64::INFINITY,
        // Compute in the smaller tail, which keeps full precision.
        p if p > 0.5 => -normal_quantile(1.0 - p),
        p => {
            let start = -std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * p);
            // The library's inverse is accurate to about eleven digits. One Newton step adds the rest.
            let step = (normal_cdf(start) - p) / density(start);
            if step.is_finite() { start - step } else { start }
        }
    }
}

/// Returns the survival function of the chi-square distribution with `df` degrees of freedom at `x`.
pub(crate) fn chi2_sf(x: f64, df: f64) -> f64 {
    match x {
        _ if df.is_nan() || df <= 0.0 || x.is_nan() => f64::NAN,
        x if x <= 0.0 => 1.0,
        f64::INFINITY => 0.0,
        x => gamma::checked_gamma_ur(df / 2.0, x / 2.0).unwrap_or(f64::NAN).clamp(0.0, 1.0),
    }
}

/// Returns the inverse survival function of the chi-square distribution with `df` degrees of freedom at probability
/// `above`.
pub(crate) fn chi2_isf(above: f64, df: f64) -> f64 {
    if !(0.0..=1.0).contains(&above) || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    falling_root(above, |x| chi2_sf(x, df))
}

/// Returns the cumulative distribution function of the beta distribution at `x`, the regularised incomplete beta
/// function: continued fraction of DLMF 8.17.22, evaluated by Lentz's method. (The library's version stops after
/// 140 terms, too early for shape parameters of some ten thousand.)
pub(crate) fn beta_cdf(x: f64, first: f64, second: f64) -> f64 {
    if !(first > 0.0 && second > 0.0 && (0.0..=1.0).contains(&x)) {
        return f64::NAN;
    }
    if x <= 0.0 || x >= 1.0 {
        return x;
    }
    let sum = first + second;
    if x > (first + 1.0) / (sum + 2.0) {
        return 1.0 - beta_cdf(1.0 - x, second, first);
    }
    let tiny = |v: f64| if v.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { v };
    let ln_beta = gamma::ln_gamma(first) + gamma::ln_gamma(second) - gamma::ln_gamma(sum);
    let front = (first * x.ln() + second * (-x).ln_1p() - ln_beta).exp() / first;
    let (mut above, mut below) = (1.0, 1.0 / tiny(1.0 - sum * x / (first + 1.0)));
    let mut fraction = below;
    for m in 1..100_000 {
        let m = f64::from(m);
        let at = first + 2.0 * m;
        let even = m * (second - m) * x / ((at - 1.0) * at);
        let odd = -(first + m) * (sum + m) * x / (at * (at + 1.0));
        let mut last = 1.0;
        for term in [even, odd] {
            below = 1.0 / tiny(1.0 + term * below);
            above = tiny(1.0 + term / above);
            last = above * below;
            fraction *= last;
        }
        if (last - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

/// Returns the natural logarithm of `n!`.
pub(crate) fn ln_factorial(n: u64) -> f64 {
    gamma::ln_gamma(n as f64 + 1.0)
}

/// Solves `function(x) = level` for a function that falls from 1 at 0 towards 0, by doubling and bisection; needs no
/// derivative and always converges.
fn falling_root(level: f64, function: impl Fn(f64) -> f64) -> f64 {
    if level >= 1.0 {
        return 0.0;
    }
    let (mut from, mut to) = (0.0, 1.0);
    while function(to) > level {
        from = to;
        to *= 2.0;
        if !f64::is_finite(to) {
            return to;
        }
    }
    // Bisect down to adjacent floating-point numbers. This takes at most about 1 100 steps, and 60 if the root is
    // not near 0.
    loop {
        let middle = f64::midpoint(from, to);
        if middle <= from || middle >= to {
            return middle;
        }
        if function(middle) > level {
            from = middle;
        } else {
            to = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, right: f64) {
        assert!((got - right).abs() <= 1e-11 * right.abs().max(1e-300), "{got}, and right is {right}");
    }

    /// Compares with `norm`, `chi2` and `beta` of `SciPy` 1.17.1.
    #[test]
    #[rustfmt::skip]
    #[allow(clippy::unreadable_literal, clippy::excessive_precision, reason = "as `SciPy` prints them")]
    fn values_are_those_of_scipy() {
        for (args, right) in [
            ((-38.0,), 0.0),
            ((-8.0,), 6.22096057427174e-16),
            ((-1.96,), 0.024997895148220435),
            ((-0.1,), 0.460172162722971),
            ((0.0,), 0.5),
            ((0.3,), 0.6179114221889526),
            ((2.0,), 0.9772498680518208),
            ((6.0,), 0.9999999990134123),
        ] {
            near(normal_cdf(args.0), right);
        }
        for (args, right) in [
            ((-3.0,), 0.0026997960632601866),
            ((0.0,), 1.0),
            ((0.1,), 0.920344325445942),
            ((20.0,), 5.507248237212311e-89),
        ] {
            near(normal_two_sided(args.0), right);
        }
        for (args, right) in [
            ((1e-300,), -37.0470962993612),
            ((1e-12,), -7.034483825301131),
            ((0.025,), -1.9599639845400545),
            ((0.3,), -0.5244005127080409),
            ((0.5,), 0.0),
            ((0.8,), 0.8416212335729143),
            ((0.975,), 1.959963984540054),
            ((0.9999999,), 5.199337582290661),
        ] {
            near(normal_quantile(args.0), right);
        }
        for (args, right) in [
            ((1e-08, 1.0), 0.9999202115440526),
            ((3.84, 1.0), 0.05004352124870519),
            ((0.5, 2.0), 0.7788007830714049),
            ((100.0, 1.0), 1.5239706048320995e-23),
            ((390.0, 76.0), 9.90521438825201e-44),
            ((2104.0, 112.0), 0.0),
            ((90.0, 100.0), 0.7531979655998298),
            ((5000.0, 4800.0), 0.02167398920030608),
            ((1400.0, 1.0), 2.1010145162644003e-306),
        ] {
            near(chi2_sf(args.0, args.1), right);
        }
        for (args, right) in [
            ((0.05, 1.0), 3.8414588206941285),
            ((0.0071428571428571435, 1.0), 7.236689268110895),
            ((0.5, 3.0), 2.3659738843753377),
            ((0.999, 5.0), 0.2102126026292193),
            ((1e-10, 40.0), 125.3048281587327),
            ((0.2, 1000.0), 1037.4308867786222),
        ] {
            near(chi2_isf(args.0, args.1), right);
        }
        for (args, right) in [
            ((0.3, 0.5, 0.5), 0.36901011956554536),
            ((0.2, 2.0, 7.0), 0.4966835200000002),
            ((0.95, 9.0, 1.0), 0.6302494097246091),
            ((0.5, 2000.0, 1990.0), 0.4370989706543455),
            ((0.0101, 400.0, 40000.0), 0.6619335489560412),
        ] {
            near(beta_cdf(args.0, args.1, args.2), right);
        }
    }

    #[test]
    fn nothing_outside_the_domain() {
        assert!(normal_quantile(1.5).is_nan() && normal_quantile(f64::NAN).is_nan());
        assert!(chi2_sf(1.0, 0.0).is_nan() && chi2_isf(-0.1, 1.0).is_nan());
        assert!(beta_cdf(0.5, 0.0, 1.0).is_nan() && beta_cdf(1.5, 1.0, 1.0).is_nan());
        assert!(chi2_sf(0.0, 3.0) >= 1.0 && chi2_sf(f64::INFINITY, 3.0) <= 0.0);
        assert!(normal_quantile(0.0) == f64::NEG_INFINITY && normal_quantile(1.0) == f64::INFINITY);
    }
}
