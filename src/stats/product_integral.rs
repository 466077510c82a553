//! The product integral and its variance.

use nalgebra::DMatrix;

/// Transition probabilities from each state to each, and for each start state the covariance matrix of its row.
pub(crate) struct ProductIntegral {
    matrix: DMatrix<f64>,
    covariances: Vec<DMatrix<f64>>,
}

impl ProductIntegral {
    pub(crate) fn start(size: usize) -> Self {
        Self { matrix: DMatrix::identity(size, size), covariances: vec![DMatrix::zeros(size, size); size] }
    }

    /// Multiplies in one day: of the `at_risk` in each state, `transitions` change state. Increments of different
    /// states are independent, so the row of each start state is updated separately: V ← (I + dA)ᵀ V (I + dA) + Σ p²
    /// cov(dA), with the binomial covariance of the day's transitions.
    pub(crate) fn step(&mut self, at_risk: &[u64], transitions: &[Vec<u64>]) {
        let size = at_risk.len();
        let mut step = DMatrix::identity(size, size);
        let mut noise: Vec<Option<DMatrix<f64>>> = vec![None; size];
        for (state, (risk, transitions)) in at_risk.iter().zip(transitions).enumerate() {
            let out: u64 = transitions.iter().sum();
            if *risk == 0 || out == 0 {
                continue;
            }
            let risk = *risk as f64;
            let proportion =
                |to: usize| if to == state { 1.0 - out as f64 / risk } else { transitions[to] as f64 / risk };
            for to in 0..size {
                step[(state, to)] = proportion(to);
            }
            noise[state] = Some(DMatrix::from_fn(size, size, |a, b| {
                let same = if a == b { proportion(a) } else { 0.0 };
                (same - proportion(a) * proportion(b)) / risk
            }));
        }
        for (from, covariance) in self.covariances.iter_mut().enumerate() {
            let mut next = step.transpose() * &*covariance * &step;
            for (state, noise) in noise.iter().enumerate() {
                if let Some(noise) = noise {
                    next += noise * self.matrix[(from, state)].powi(2);
                }
            }
            *covariance = next;
        }
        self.matrix = &self.matrix * step;
    }

    /// Returns the probabilities row by row.
    pub(crate) fn flat(&self) -> Vec<f64> {
        self.matrix.transpose().iter().copied().collect()
    }

    pub(crate) fn variances(&self) -> Vec<f64> {
        self.covariances.iter().flat_map(|c| c.diagonal().iter().copied().collect::<Vec<_>>()).collect()
    }
}
