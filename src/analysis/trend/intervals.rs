//! Intervals of the shares of one row: cell by cell, or for all cells at once.

use crate::stats::distribution::{chi_square_quantile_above, ln_factorial};
use crate::stats::wilson::{deviations, wilson};

/// An interval.
pub(crate) type Ends = Option<(f64, f64)>;

/// How the intervals of a row are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interval {
    /// Cell by cell (Wilson 1927).
    Wilson,
    /// For all cells of a row at once (Goodman 1965).
    Goodman,
    /// For all cells of a row at once, for few and small counts too (Sison and Glaz 1995).
    SisonGlaz,
    /// By drawing organisations anew.
    Bootstrap(super::Draws),
}

impl Interval {
    /// Its name in calls and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wilson => "wilson",
            Self::Goodman => "goodman",
            Self::SisonGlaz => "sison_glaz",
            Self::Bootstrap(_) => "bootstrap",
        }
    }
}

/// The intervals of Wilson.
pub(crate) fn each(counts: &[u64], level: f64) -> crate::Result<Vec<Ends>> {
    let (all, z) = (counts.iter().sum(), deviations(level)?);
    Ok(counts.iter().map(|count| wilson(*count, all, z)).collect())
}

/// The intervals of Goodman: those of Wilson, each at a level so high that all hold together (Bonferroni).
pub(crate) fn goodman(counts: &[u64], level: f64) -> Vec<Ends> {
    let all: u64 = counts.iter().sum();
    // The square root of a chi-square number with one degree of freedom is a normal one.
    let z = chi_square_quantile_above((1.0 - level) / counts.len() as f64, 1.0).sqrt();
    counts.iter().map(|count| wilson(*count, all, z)).collect()
}

/// The intervals of Sison and Glaz: as wide as a multinomial row needs for all of them to hold, by Levin's representation
/// as Poisson numbers given their sum, whose density is taken from its first four moments (Edgeworth).
pub(crate) fn sison_glaz(counts: &[u64], level: f64) -> Vec<Ends> {
    let all: u64 = counts.iter().sum();
    if all == 0 || counts.len() < 2 {
        // One cell holds everything.
        return counts.iter().map(|_| (all > 0).then_some((1.0, 1.0))).collect();
    }
    // The least width that is wide enough; it is so at the latest when everything may be anything.
    let (mut narrow, mut width) = (0, 1);
    while width < all && held(counts, all, width) <= level {
        (narrow, width) = (width, (2 * width).min(all));
    }
    while width - narrow > 1 {
        let middle = u64::midpoint(narrow, width);
        if held(counts, all, middle) <= level {
            narrow = middle;
        } else {
            width = middle;
        }
    }
    let (before, after) = (held(counts, all, width - 1), held(counts, all, width));
    let half = (width - 1) as f64 / all as f64;
    let more = if after > before { (level - before) / (after - before) } else { 0.0 };
    let ends = |count: &u64| {
        let share = *count as f64 / all as f64;
        (f64::max(share - half, 0.0), f64::min(share + half + 2.0 * more / all as f64, 1.0))
    };
    counts.iter().map(|count| Some(ends(count))).collect()
}

/// The chance that each count is at most `width` off its mean.
fn held(counts: &[u64], all: u64, width: u64) -> f64 {
    let (mut ln_inside, mut mean, mut variance, mut third, mut fourth) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for count in counts {
        let (from, to) = (count.saturating_sub(width), (count + width).min(all));
        let Some(moments) = Moments::of(*count as f64, from, to) else { return 0.0 };
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

/// A Poisson number, given that it is within bounds.
struct Moments {
    /// The chance of being within them.
    inside: f64,
    mean: f64,
    /// The second, third and fourth moment about the mean.
    central: [f64; 3],
}

impl Moments {
    /// Null where it cannot be within them.
    fn of(rate: f64, from: u64, to: u64) -> Option<Self> {
        let chance = |k: u64| match (rate, k) {
            (0.0, 0) => 1.0,
            (0.0, _) => 0.0,
            (rate, k) => (k as f64 * rate.ln() - rate - ln_factorial(k)).exp(),
        };
        // Summed about the rate, which is near the mean, so that nothing cancels.
        let (mut inside, mut raw) = (0.0, [0.0; 4]);
        for k in from..=to {
            let (chance, off) = (chance(k), k as f64 - rate);
            inside += chance;
            let mut power = chance;
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
