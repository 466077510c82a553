//! Points as integers: sums are exact, and no score misses its band through rounding of doubles.
//!
//! Points on a form and weights are held in ten-thousandths, weighted totals in hundred-millionths.

/// Ten thousand: one point of a form, a weight of one, or a proportion of one.
pub(crate) const POINT: i64 = 10_000;
/// One point of a weighted total.
pub(crate) const FINE: i64 = POINT * POINT;
/// Maximum points of an item, far below the capacity of a 32-bit cell.
pub(crate) const MOST: f64 = 100_000.0;

/// Converts `value` to ten-thousandths, rounded to the nearest. Values should not exceed [`MOST`] by much.
pub(crate) fn exact(value: f64) -> i64 {
    (value * POINT as f64).round() as i64
}

/// Converts a weighted total to points.
pub(crate) fn real(fine: i64) -> f64 {
    fine as f64 / FINE as f64
}

/// Formats a weighted total without trailing zeros.
pub(crate) fn shown(fine: i64) -> String {
    let (sign, size) = (if fine < 0 { "−" } else { "" }, fine.unsigned_abs());
    let (whole, rest) = (size / FINE as u64, size % FINE as u64);
    let decimals = format!("{rest:08}");
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}

/// Formats a proportion: 0.85 as 85%.
pub(crate) fn percent(proportion: i64) -> String {
    format!("{}%", shown(proportion * POINT * 100))
}

/// Rounds a weighted total to whole points, halves up.
pub(crate) fn rounded(fine: i64) -> i64 {
    (fine + FINE / 2).div_euclid(FINE) * FINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_was_written() {
        let fine = |v: f64| exact(v) * POINT;
        for (value, text) in [(0.0, "0"), (86.5, "86.5"), (950.0, "950"), (-2.25, "−2.25"), (0.0001, "0.0001")] {
            assert_eq!(shown(fine(value)), text);
        }
        assert_eq!(percent(exact(0.85)), "85%");
        assert_eq!(percent(exact(0.333)), "33.3%");
        assert_eq!([89.4, 89.5, -0.5, -0.6].map(|v| rounded(fine(v)) / FINE), [89, 90, 0, -1]);
        assert!((real(fine(86.5)) - 86.5).abs() < 1e-12);
    }
}
