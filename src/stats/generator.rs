//! Generators: transition intensities that give the transition probabilities over any length of time.

use nalgebra::DMatrix;

use crate::support::named::named_enum;

/// Method of turning a logarithm into a generator (Israel, Rosenthal and Wei 2001), which the matrices of yearly
/// ratings nearly always need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regularisation {
    /// Negative rates set to 0, the diagonal adjusted.
    Diagonal,
    /// Negative rates set to 0, the difference spread over the row in proportion to the size of its rates.
    Weighted,
}

named_enum! { pub Regularisation, "生成元算法", "generator"; Diagonal = "diagonal", Weighted = "weighted" }

/// Computes the principal logarithm: square roots (Denman and Beavers 1976) until the matrix is near the identity,
/// then Gregory's series 2·artanh((A − 1)/(A + 1)). Null if it does not exist: a singular matrix, or a negative
/// eigenvalue.
pub(crate) fn logarithm(matrix: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let size = matrix.nrows();
    let one = DMatrix::identity(size, size);
    let schur = nalgebra::linalg::Schur::try_new(matrix.clone(), f64::EPSILON, 10_000)?;
    let values = schur.complex_eigenvalues();
    let largest = values.iter().map(|v| v.re.hypot(v.im)).fold(0.0, f64::max);
    if values.iter().any(|v| v.re <= largest * 1e-13 && v.im.abs() <= largest * 1e-13) {
        return None;
    }
    let (mut root, mut halvings) = (matrix.clone(), 0);
    while (&root - &one).norm() > 0.05 {
        root = square_root(&root)?;
        halvings += 1;
        if halvings > 60 {
            return None;
        }
    }
    let ratio = (&root + &one).lu().solve(&(&root - &one))?;
    let square = &ratio * &ratio;
    let (mut term, mut sum, mut odd) = (ratio.clone(), ratio, 1.0);
    while term.norm() > 1e-18 * sum.norm() && odd < 200.0 {
        term = &term * &square;
        odd += 2.0;
        sum += &term / odd;
    }
    Some(sum * 2.0_f64.powi(halvings + 1))
}

/// Computes the principal square root.
fn square_root(matrix: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let size = matrix.nrows();
    let (mut root, mut inverse) = (matrix.clone(), DMatrix::identity(size, size));
    for _ in 0..100 {
        let next = (&root + inverse.clone().try_inverse()?) * 0.5;
        inverse = (&inverse + root.clone().try_inverse()?) * 0.5;
        let change = (&next - &root).norm();
        root = next;
        if change <= 1e-15 * root.norm() {
            break;
        }
    }
    Some(root)
}

/// Turns `logarithm` into a generator: no negative rates, rows that sum to 0.
pub(crate) fn regularised(logarithm: &DMatrix<f64>, method: Regularisation) -> DMatrix<f64> {
    let size = logarithm.nrows();
    let mut generator = logarithm.clone();
    for from in 0..size {
        let others = || (0..size).filter(move |to| *to != from);
        let negative: f64 = others().map(|to| (-logarithm[(from, to)]).max(0.0)).sum();
        let good = logarithm[(from, from)].abs() + others().map(|to| logarithm[(from, to)].max(0.0)).sum::<f64>();
        for to in others() {
            let rate = logarithm[(from, to)].max(0.0);
            generator[(from, to)] = match method {
                Regularisation::Weighted if good > 0.0 => rate - negative * rate / good,
                _ => rate,
            };
        }
        generator[(from, from)] = -others().map(|to| generator[(from, to)]).sum::<f64>();
    }
    generator
}

/// Returns the transition probabilities after the time `time`.
pub(crate) fn probabilities_after(generator: &DMatrix<f64>, time: f64) -> DMatrix<f64> {
    (generator * time).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: &DMatrix<f64>, b: &DMatrix<f64>) {
        assert!((a - b).norm() < 1e-12, "{a} against {b}");
    }

    #[test]
    fn logarithm_and_exponential_undo_each_other() {
        let rates = DMatrix::from_row_slice(3, 3, &[-0.3, 0.2, 0.1, 0.05, -0.15, 0.1, 0.0, 0.4, -0.4]);
        near(&logarithm(&probabilities_after(&rates, 1.0)).unwrap(), &rates);
        near(&regularised(&rates, Regularisation::Diagonal), &rates);
        near(&regularised(&rates, Regularisation::Weighted), &rates);
        // A cycle has complex eigenvalues.
        let round = DMatrix::from_row_slice(3, 3, &[-1.0, 1.0, 0.0, 0.0, -1.0, 1.0, 1.0, 0.0, -1.0]);
        near(&logarithm(&probabilities_after(&round, 1.0)).unwrap(), &round);
        assert!(logarithm(&DMatrix::from_row_slice(2, 2, &[0.1, 0.9, 0.9, 0.1])).is_none(), "a negative eigenvalue");
        assert!(logarithm(&DMatrix::from_row_slice(2, 2, &[0.5, 0.5, 0.5, 0.5])).is_none(), "a singular matrix");
    }

    /// The adjustments of Israel, Rosenthal and Wei by hand: row 0 is (−0.5, 0.6, −0.1).
    #[test]
    fn negative_rates_go_where_they_say() {
        let rates = DMatrix::from_row_slice(3, 3, &[-0.5, 0.6, -0.1, 0.1, -0.2, 0.1, 0.0, 0.0, 0.0]);
        let diagonal = regularised(&rates, Regularisation::Diagonal);
        assert!((diagonal[(0, 0)] + 0.6).abs() < 1e-15 && diagonal[(0, 2)] == 0.0);
        let weighted = regularised(&rates, Regularisation::Weighted);
        let right = 0.6 - 0.1 * 0.6 / 1.1;
        assert!((weighted[(0, 1)] - right).abs() < 1e-15 && (weighted[(0, 0)] + right).abs() < 1e-15);
    }
}
