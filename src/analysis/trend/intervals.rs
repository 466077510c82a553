//! Confidence intervals of the proportions of one row: cell by cell, or simultaneous.

use crate::stats::distribution::{chi2_isf, ln_factorial};
use crate::stats::wilson::{wilson, z_for_confidence};

/// Lower and upper end of an interval.
pub(crate) type Ends = Option<(f64, f64)>;

/// Returns Wilson's interval of each cell.
pub(crate) fn each(counts: &[u64], level: f64) -> crate::error::Result<Vec<Ends>> {
    let (all, z) = (counts.iter().sum(), z_for_confidence(level)?);
    Ok(counts.iter().map(|count| wilson(*count, all, z)).collect())
}

/// Returns Goodman's intervals: Wilson's, each at the Bonferroni level that makes all hold together.
pub(crate) fn goodman(counts: &[u64], level: f64) -> Vec<Ends> {
    let all: u64 = counts.iter().sum();
    // A chi-square variable with one degree of freedom is a squared normal variable.
    let z = chi2_isf((1.0 - level) / counts.len() as f64, 1.0).sqrt();
    counts.iter().map(|count| wilson(*count, all, z)).collect()
}

/// Returns the intervals of Sison and Glaz, just wide enough for all cells of a multinomial row to hold together.
/// Uses Levin's representation as Poisson variables given their sum, whose density is approximated from its first
/// four moments (Edgeworth).
pub(crate) fn sison_glaz(counts: &[u64], level: f64) -> Vec<Ends> {
    let all: u64 = counts.iter().sum();
    if all == 0 || counts.len() < 2 {
        // A single cell holds everything.
        return counts.iter().map(|_| (all > 0).then_some((1.0, 1.0))).collect();
    }
    // Double, then bisect, to find the least sufficient width. `all` is always sufficient.
    let (mut narrow, mut width) = (0, 1);
    while width < all && joint_probability(counts, all, width) <= level {
        (narrow, width) = (width, (2 * width).min(all));
    }
    while width - narrow > 1 {
        let middle = u64::midpoint(narrow, width);
        if joint_probability(counts, all, middle) <= level {
            narrow = middle;
        } else {
            width = middle;
        }
    }
    let (before, after) = (joint_probability(counts, all, width - 1), joint_probability(counts, all, width));
    let half = (width - 1) as f64 / all as f64;
    let more = if after > before { (level - before) / (after - before) } else { 0.0 };
    let ends = |count: &u64| {
        let proportion = *count as f64 / all as f64;
        (f64::max(proportion - half, 0.0), f64::min(proportion + half + 2.0 * more / all as f64, 1.0))
    };
    counts.iter().map(|count| Some(ends(count))).collect()
}

/// Returns the probability that each count is at most `width` from its mean.
fn joint_probability(counts: &[u64], all: u64, width: u64) -> f64 {
    let (mut ln_inside, mut mean, mut variance, mut third, mut fourth) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for count in counts {
        let (from, to) = (count.saturating_sub(width), (count + width).min(all));
        let Some(moments) = Moments::of_poisson(*count as f64, from, to) else { return 0.0 };
        ln_inside += moments.inside.ln();
        mean += moments.mean;
        variance += moments.central[0];
        third += moments.central[1];
        fourth += moments.central[2] - 3.0 * moments.central[0].powi(2);
    }
    if variance <= 0.0 {
        return 0.0;
    }
    let all = all as f64;
    let x = (all - mean) / variance.sqrt();
    let (skew, excess) = (third / variance.powf(1.5), fourth / variance.powi(2));
    let polynomial = 1.0
        + skew * (x.powi(3) - 3.0 * x) / 6.0
        + excess * (x.powi(4) - 6.0 * x.powi(2) + 3.0) / 24.0
        + skew.powi(2) * (x.powi(6) - 15.0 * x.powi(4) + 45.0 * x.powi(2) - 15.0) / 72.0;
    let density = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt() * polynomial / variance.sqrt();
    let ln_sum = all * all.ln() - all - ln_factorial(all as u64);
    (ln_inside - ln_sum).exp() * density
}

/// A Poisson variable truncated to a range.
struct Moments {
    /// Probability of the range.
    inside: f64,
    mean: f64,
    /// Second, third and fourth central moment.
    central: [f64; 3],
}

impl Moments {
    /// Computes the moments of a truncated Poisson variable; null if the range has probability 0.
    fn of_poisson(rate: f64, from: u64, to: u64) -> Option<Self> {
        let probability = |k: u64| match (rate, k) {
            (0.0, 0) => 1.0,
            (0.0, _) => 0.0,
            (rate, k) => (k as f64 * rate.ln() - rate - ln_factorial(k)).exp(),
        };
        // Moments about the rate, which is near the mean, avoid cancellation.
        let (mut inside, mut raw) = (0.0, [0.0; 4]);
        for k in from..=to {
            let (probability, off) = (probability(k), k as f64 - rate);
            inside += probability;
            let mut power = probability;
            for sum in &mut raw {
                power *= off;
                *sum += power;
            }
        }
        if inside <= 0.0 {
            return None;
        }
        let [one, two, three, four] = raw.map(|sum| sum / inside);
        let central = [
            two - one.powi(2),
            three - 3.0 * one * two + 2.0 * one.powi(3),
            four - 4.0 * one * three + 6.0 * one.powi(2) * two - 3.0 * one.powi(4),
        ];
        Some(Self { inside, mean: rate + one, central })
    }
}
