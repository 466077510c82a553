//! Published figures (公布数) checked against the intervals that their rounding allows. Dividing
//! the printed numbers is not a valid check, since those were rounded themselves.

use arrow::array::RecordBatch;

use crate::error::{Error, Result};
use crate::support::columns::Columns;

/// A number as printed: the interval of all numbers that round to it, or a single number if it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    text: String,
    /// Twice the number, and twice its maximum rounding error, both in units of 10⁻⁶.
    twice: i128,
    off: i128,
}

/// Maximum number of decimals of a printed number, counted after conversion from 万 or 亿 to units.
const DECIMALS: i32 = 6;

impl Printed {
    /// Parses a number as a document prints it: `59.5`, `147.5万`, `99.95%`, `1,234`. The last digit gives the
    /// rounding.
    pub fn parse(text: &str) -> Result<Self> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '，')).collect();
        let (digits, unit) = match plain.trim_end_matches(['%', '％']) {
            p if p.ends_with('万') => (p.trim_end_matches('万'), 4),
            p if p.ends_with('亿') => (p.trim_end_matches('亿'), 8),
            p => (p, 0),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let number = format!("{whole}{decimals}");
        let places = unit - decimals.len() as i32 + DECIMALS;
        let good = !whole.is_empty() && number.len() <= 15 && number.bytes().all(|b| b.is_ascii_digit());
        match (number.parse::<i128>(), u32::try_from(places)) {
            (Ok(n), Ok(places)) if good => {
                let unit = 10_i128.pow(places);
                Ok(Self { text: text.trim().to_owned(), twice: 2 * n * unit, off: unit })
            }
            _ => Err(Error::argument(
                format!("“{text}”不是公布的数字；请照原文写，如 59.5、147.5万、99.95%"),
                format!("'{text}' is not a published number; write it as printed, such as 59.5, 147.5万, 99.95%"),
            )
            .with_value(text)),
        }
    }

    /// Builds a number that was counted one by one and not rounded.
    #[must_use]
    pub fn counted(number: u32) -> Self {
        Self { text: number.to_string(), twice: 2 * i128::from(number) * 10_i128.pow(DECIMALS as u32), off: 0 }
    }

    /// Returns the smallest and the largest number that rounds to the printed one; doubled, in units of 10⁻⁶.
    fn ends(&self) -> (i128, i128) {
        ((self.twice - self.off).max(0), self.twice + self.off)
    }
}

/// A proportion as published: numerator and denominator in one unit, and a percentage. One of the three may be
/// missing.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// The year of the figure.
    pub year: Option<i16>,
    /// The numerator.
    pub numerator: Option<Printed>,
    /// The denominator.
    pub denominator: Option<Printed>,
    /// The percentage.
    pub percent: Option<Printed>,
}

/// Scale of the doubled numbers of [`Printed::ends`].
const TWICE: f64 = 2e6;

fn quotient(a: i128, b: i128) -> Option<f64> {
    (b > 0).then(|| a as f64 / b as f64)
}

impl Published {
    /// Returns the interval of numerators that denominator and percentage allow.
    fn numerators(&self) -> Option<(f64, f64)> {
        let ((low, high), (least, most)) = (self.denominator.as_ref()?.ends(), self.percent.as_ref()?.ends());
        let of = |whole: i128, percent: i128| (whole as f64 / TWICE) * (percent as f64 / TWICE) / 100.0;
        Some((of(low, least), of(high, most)))
    }

    /// Returns the interval of denominators that numerator and percentage allow; unbounded if the percentage may be
    /// 0.
    fn denominators(&self) -> Option<(Option<f64>, Option<f64>)> {
        let ((low, high), (least, most)) = (self.numerator.as_ref()?.ends(), self.percent.as_ref()?.ends());
        Some((quotient(100 * low, most), quotient(100 * high, least)))
    }

    /// Returns the interval of percentages that numerator and denominator allow.
    fn percents(&self) -> Option<(Option<f64>, Option<f64>)> {
        let ((low, high), (least, most)) = (self.numerator.as_ref()?.ends(), self.denominator.as_ref()?.ends());
        Some((quotient(100 * low, most), quotient(100 * high, least)))
    }

    /// Checks whether any numerator, denominator and percentage that round to the printed ones fit together. The
    /// check uses exact integers.
    fn agrees(&self) -> Option<bool> {
        let (part, whole) = (self.numerator.as_ref()?.ends(), self.denominator.as_ref()?.ends());
        Some(fits(part, whole, self.percent.as_ref()?.ends()))
    }

    /// Returns the percentage of the printed numbers taken as exact, and whether it rounds to the printed one.
    fn divided(&self) -> Option<(f64, Option<bool>)> {
        let (part, whole) = (self.numerator.as_ref()?.twice, self.denominator.as_ref()?.twice);
        let rounds = self.percent.as_ref().map(|percent| fits((part, part), (whole, whole), percent.ends()));
        Some((quotient(100 * part, whole)?, rounds))
    }
}

/// Checks whether some number in `part` is some percentage in `percent` of some number in `whole`. Each interval is
/// in doubled millionths, so the product of two carries one factor of two million more than `part`.
fn fits(part: (i128, i128), whole: (i128, i128), percent: (i128, i128)) -> bool {
    const LACKING: i128 = 100 * 2_000_000;
    part.0.saturating_mul(LACKING) <= whole.1.saturating_mul(percent.1)
        && part.1.saturating_mul(LACKING) >= whole.0.saturating_mul(percent.0)
}

/// Checks published proportions, one per row.
///
/// Columns: `year`; `numerator`, `denominator`, `percent` as printed; `divided` (the printed numerator over the
/// printed denominator, in per cent) and `divides` (whether that rounds to the printed percentage); `percent_low`,
/// `percent_high`, `numerator_low`, `numerator_high`, `denominator_low`, `denominator_high`: the interval that the
/// other two of the three allow, each being any number that rounds to the printed one; `agrees`: whether three such
/// numbers fit together. Null if a number needed is missing.
///
/// A figure that agrees and does not divide is consistent: the percentage was worked out before its numbers were
/// rounded. The bulletin of 2008 printed 59.5 of 59.8 as 99.6 per cent:
/// ```
/// use dangjian::analysis::rates::published::{Printed, Published, check_published};
///
/// let printed = |text| Printed::parse(text).map(Some);
/// let figure = Published {
///     year: Some(2008),
///     numerator: printed("59.5万")?,
///     denominator: printed("59.8万")?,
///     percent: printed("99.6")?,
/// };
/// let table = check_published(&[figure])?;
/// let says = |name| arrow::array::AsArray::as_boolean(&table[name]).value(0);
/// assert!(says("agrees") && !says("divides"));
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn check_published(figures: &[Published]) -> Result<RecordBatch> {
    if let Some(at) =
        figures.iter().position(|f| [&f.numerator, &f.denominator, &f.percent].into_iter().flatten().count() < 2)
    {
        let at = at + 1;
        return Err(Error::argument(
            format!("第 {at} 个数字：分子、分母、百分比至少要给两个"),
            format!("figure {at}: at least two of numerator, denominator and percent are needed"),
        ));
    }
    let each = || figures.iter();
    let text =
        |number: fn(&Published) -> &Option<Printed>| each().map(move |f| number(f).as_ref().map(|p| p.text.as_str()));
    Columns::default()
        .some_years("year", each().map(|f| f.year))
        .some_texts("numerator", text(|f| &f.numerator))
        .some_texts("denominator", text(|f| &f.denominator))
        .some_texts("percent", text(|f| &f.percent))
        .reals("divided", each().map(|f| f.divided().map(|(share, _)| share)))
        .flags("divides", each().map(|f| f.divided().and_then(|(_, rounds)| rounds)))
        .reals("percent_low", each().map(|f| f.percents()?.0))
        .reals("percent_high", each().map(|f| f.percents()?.1))
        .reals("numerator_low", each().map(|f| f.numerators().map(|(low, _)| low)))
        .reals("numerator_high", each().map(|f| f.numerators().map(|(_, high)| high)))
        .reals("denominator_low", each().map(|f| f.denominators()?.0))
        .reals("denominator_high", each().map(|f| f.denominators()?.1))
        .flags("agrees", each().map(Published::agrees))
        .finish()
}
