//! Chance that can be repeated.

/// `SplitMix64` (Steele, Lea, Flood 2014): eight bytes of state, so that every organisation has a stream of its own and
/// neither threads nor the others' fates change its own.
#[derive(Clone)]
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The stream number `at` of those that start from here.
    pub(super) fn fork(&self, at: u64) -> Self {
        let mut mixed = Self(self.0 ^ Self(at).next());
        Self(mixed.next())
    }

    /// Evenly from 0 to `n` (exclusive).
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// Evenly from 0 to 1 (exclusive).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Knuth's multiplication; `mean` is far below 700, where it would end.
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        let (limit, mut product, mut n) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            n += 1;
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_split_mix_64() {
        // The first numbers of the reference implementation (Vigna, splitmix64.c) from the seed 0.
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
    }
}
