//! Confidence intervals of proportions.

use super::distribution::normal_quantile;
use crate::error::{Error, Result};

/// Returns the Wilson interval (1927) of the proportion `part` / `whole` for the critical value `z`; `None` if
/// `whole` is 0. The interval stays within 0 and 1, and keeps its level for proportions near these bounds.
pub(crate) fn wilson(part: u64, whole: u64, z: f64) -> Option<(f64, f64)> {
    if whole == 0 {
        return None;
    }
    let (n, proportion) = (whole as f64, part as f64 / whole as f64);
    let scale = 1.0 + z * z / n;
    let middle = (proportion + z * z / (2.0 * n)) / scale;
    let half = z / scale * (proportion * (1.0 - proportion) / n + z * z / (4.0 * n * n)).sqrt();
    let low = if part == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if part == whole { 1.0 } else { (middle + half).min(1.0) };
    Some((low, high))
}

/// Returns the critical value z for a confidence level: the central proportion `confidence` of a normal
/// distribution lies within z standard deviations of the mean.
pub(crate) fn z_for_confidence(confidence: f64) -> Result<f64> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(normal_quantile(f64::midpoint(1.0, confidence)));
    }
    Err(Error::argument(
        format!("置信水平应大于 0、小于 1，如 0.95；给的是 {confidence}"),
        format!("the level of an interval must be above 0 and below 1, such as 0.95; got {confidence}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with Python's `statistics.NormalDist().inv_cdf`.
    #[test]
    fn z_is_that_of_the_normal_distribution() {
        for (confidence, z) in [
            (0.5, 0.674_489_750_196_081_7),
            (0.9, 1.644_853_626_951_472_2),
            (0.95, 1.959_963_984_540_053_6),
            (0.99, 2.575_829_303_548_900_4),
            (0.999, 3.290_526_731_491_894),
        ] {
            assert!((z_for_confidence(confidence).unwrap() - z).abs() < 1e-12, "{confidence}");
        }
        assert!(
            z_for_confidence(1.0).is_err() && z_for_confidence(0.0).is_err() && z_for_confidence(f64::NAN).is_err()
        );
    }

    /// Compares with Newcombe (1998), table I: method 3 at 95 %.
    #[test]
    fn intervals_are_the_published_ones() {
        let z = z_for_confidence(0.95).unwrap();
        for (part, whole, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let (a, b) = wilson(part, whole, z).unwrap();
            assert!((a - low).abs() < 5e-5 && (b - high).abs() < 5e-5, "{part} of {whole}: {a} to {b}");
        }
        assert_eq!(wilson(0, 0, z), None);
    }
}
