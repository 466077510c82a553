//! Reproducible random numbers.

use statrs::function::gamma::ln_gamma;

/// `SplitMix64` (Steele, Lea, Flood 2014). The state is eight bytes, so every organisation has its own stream,
/// unaffected by threads or by other organisations.
#[derive(Clone)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Derives a numbered stream from this one.
    pub(crate) fn fork(&self, stream: u64) -> Self {
        let mut mixed = Self(self.0 ^ Self(stream).next());
        Self(mixed.next())
    }

    /// Draws a uniform integer from 0 to `n` (exclusive).
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// Draws a uniform number from 0 to 1 (exclusive).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Draws a standard normal number (Box-Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Draws a Poisson number by Knuth's multiplication, which breaks down at means of about 700; callers stay far
    /// below.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        let (limit, mut product, mut n) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            n += 1;
        }
        n
    }

    /// Draws the number of successes in `n` trials with probability `p`. Exact: by inversion for small means,
    /// otherwise by rejection (Hörmann 1993, "The generation of binomial random variates", algorithm BTRS).
    pub(crate) fn binomial(&mut self, n: u64, p: f64) -> u64 {
        /// Minimum expected number of successes for which BTRS is valid.
        const MANY: f64 = 10.0;
        match p {
            p if p > 0.5 => n - self.binomial(n, 1.0 - p),
            p if n == 0 || p <= 0.0 => 0,
            p if n as f64 * p < MANY => self.few_of(n, p),
            p => self.many_of(n as f64, p),
        }
    }

    /// Draws by inversion, counting up through the probabilities of 0, 1, 2 … successes.
    fn few_of(&mut self, n: u64, p: f64) -> u64 {
        let trials = n as f64;
        let (mut chance, mut left, mut successes) = ((trials * (-p).ln_1p()).exp(), self.unit(), 0);
        while left >= chance && successes < n {
            left -= chance;
            successes += 1;
            chance *= p / (1.0 - p) * (trials - successes as f64 + 1.0) / successes as f64;
        }
        successes
    }

    /// Draws by rejection sampling under a table-mountain hat; most points are accepted without evaluating the
    /// density.
    fn many_of(&mut self, trials: f64, p: f64) -> u64 {
        let (odds, deviation) = (p / (1.0 - p), (trials * p * (1.0 - p)).sqrt());
        // Called b, a and alpha in the paper.
        let width = 1.15 + 2.53 * deviation;
        let slope = -0.0873 + 0.0248 * width + 0.01 * p;
        let scale = (2.83 + 5.1 / width) * deviation;
        let mode = ((trials + 1.0) * p).floor();
        let ln_choices = |k: f64| -ln_gamma(k + 1.0) - ln_gamma(trials - k + 1.0);
        let top = ln_choices(mode);
        loop {
            let (u, v) = (self.unit() - 0.5, self.unit());
            let edge = 0.5 - u.abs();
            let successes = ((2.0 * slope / edge + width) * u + trials * p + 0.5).floor();
            if edge >= 0.07 && v <= 0.92 - 4.2 / width {
                return successes as u64;
            }
            let height = (v * scale / (slope / (edge * edge) + width)).ln();
            let chance = |k: f64| ln_choices(k) - top + (k - mode) * odds.ln();
            if (0.0..=trials).contains(&successes) && height <= chance(successes) {
                return successes as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_split_mix_64() {
        // First outputs of the reference implementation (Vigna, splitmix64.c) for seed 0.
        let mut rng = Rng(0);
        let got = [rng.next(), rng.next(), rng.next()];
        assert_eq!(got, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    #[test]
    fn distributions_have_their_means_and_variances() {
        let (mut rng, n) = (Rng(1), 100_000);
        let mut moments = |draw: &mut dyn FnMut(&mut Rng) -> f64| {
            let all: Vec<f64> = (0..n).map(|_| draw(&mut rng)).collect();
            let mean = all.iter().sum::<f64>() / f64::from(n);
            (mean, all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n))
        };
        let near = |(mean, variance): (f64, f64), (m, v): (f64, f64)| {
            assert!((mean - m).abs() < 4.0 * (v / f64::from(n)).sqrt(), "mean {mean}, expected {m}");
            assert!((variance / v - 1.0).abs() < 0.03, "variance {variance}, expected {v}");
        };
        near(moments(&mut Rng::normal), (0.0, 1.0));
        near(moments(&mut |r| f64::from(r.poisson(2.5))), (2.5, 2.5));
        near(moments(&mut |r| r.below(31) as f64), (15.0, 80.0));
        near(moments(&mut |r| r.binomial(20, 0.3) as f64), (6.0, 4.2));
        near(moments(&mut |r| r.binomial(2_000_000, 0.75) as f64), (1.5e6, 375_000.0));
    }

    /// Applies Pearson's chi-square test against the exact probabilities, on either side of the switch between the
    /// two algorithms.
    #[test]
    fn successes_have_their_chances() {
        for (n, p) in [(12, 0.5), (40, 0.2), (40, 0.26), (60, 0.5), (1000, 0.9)] {
            let (mut rng, draws) = (Rng(3), 200_000_u32);
            let mut seen = vec![0_u32; n + 1];
            (0..draws).for_each(|_| seen[rng.binomial(n as u64, p) as usize] += 1);
            let ln_choose = |k: f64| ln_gamma(n as f64 + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n as f64 - k + 1.0);
            let expected = |k: usize| {
                let k = k as f64;
                f64::from(draws) * (ln_choose(k) + k * f64::ln(p) + (n as f64 - k) * f64::ln(1.0 - p)).exp()
            };
            let cells: Vec<(f64, f64)> =
                (0..=n).map(|k| (f64::from(seen[k]), expected(k))).filter(|(_, e)| *e >= 5.0).collect();
            let chi_square: f64 = cells.iter().map(|(o, e)| (o - e).powi(2) / e).sum();
            let above = crate::stats::distribution::chi2_sf(chi_square, cells.len() as f64 - 1.0);
            assert!(cells.len() > 5 && above > 0.001, "{n} trials of {p}: {chi_square} over {} cells", cells.len());
        }
    }
}
