//! Points as whole numbers, so that sums are exact and no score falls beside its band for a rounding of doubles.
//!
//! A point on a form is held in ten-thousandths; a weighted total, whose weights are held likewise, in hundred-millionths.

/// One point of a form, one whole weight, a share of one: ten thousand.
pub(crate) const POINT: i64 = 10_000;
/// One point of a weighted total.
pub(crate) const FINE: i64 = POINT * POINT;
/// The most points that a form may give to an item: far below what a cell of 32 bits holds.
pub(crate) const MOST: f64 = 100_000.0;

/// `value` in ten-thousandths, rounded to the nearest; for values of at most [`MOST`] or so.
pub(crate) fn exact(value: f64) -> i64 {
    (value * POINT as f64).round() as i64
}

/// A weighted total as a number.
pub(crate) fn real(fine: i64) -> f64 {
    fine as f64 / FINE as f64
}

/// A weighted total as it is printed: without the zeros that say nothing.
pub(crate) fn shown(fine: i64) -> String {
    let (sign, size) = (if fine < 0 { "−" } else { "" }, fine.unsigned_abs());
    let (whole, rest) = (size / FINE as u64, size % FINE as u64);
    let decimals = format!("{rest:08}");
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}

/// A share as it is printed: 0.85 as 85%.
pub(crate) fn percent(share: i64) -> String {
    format!("{}%", shown(share * POINT * 100))
}

/// A whole number of points divided by 10⁸, rounded half up, in whole points.
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
