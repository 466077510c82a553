//! One cell as its file gives it, and the readings that every kind of column shares.

use std::borrow::Cow;

use crate::ingest::problem::Code;
use crate::schema::spelling;
use crate::standards;

/// A cell as a file provides it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Empty,
    Text(&'a str),
    Number(f64),
    Flag(bool),
    /// A cell formatted as a date: days since 1970-01-01.
    Day(i32),
    /// An error value of a spreadsheet.
    Error(&'static str),
}

/// Result of reading a cell: a value, nothing, or a problem instead of a value.
pub(crate) type CellResult<T> = Result<Option<T>, Code>;

/// Error values of spreadsheets, as text.
pub(crate) const ERRORS: [&str; 8] =
    ["#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA"];

/// Stands for the value of a formula whose result the file does not hold.
pub(crate) const NO_RESULT: &str = "公式没有结果";

/// Stands for a number in a cell that is merged over several rows.
pub(crate) const MERGED_NUMBER: &str = "合并单元格中的数";

/// Returns the problem with a cell that holds `error` instead of a value.
fn of_error(error: &str) -> Code {
    match error {
        NO_RESULT => Code::FormulaNoResult,
        MERGED_NUMBER => Code::MergedNumber,
        _ => Code::ExcelError,
    }
}

/// Checks for the signs by which offices fill a cell without a value, and for what programs write instead.
pub(crate) fn is_sign(text: &str) -> bool {
    text.len() <= 6
        && (matches!(text, "" | "-" | "—" | "－" | "/" | "／" | "–" | "——" | "--") || is_not_available(text))
}

pub(crate) fn is_not_available(text: &str) -> bool {
    text.starts_with(['N', 'n']) && ["N/A", "NA", "NULL"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Words for none: nothing to count, date or name. In flags they mean no.
pub(crate) const NOTHING: [&str; 3] = ["无", "暂无", "没有"];

/// Words for unknown. In numbers, dates and words of a list, where an answer is expected, they are a problem; a text
/// is just not known.
pub(crate) const NOT_KNOWN: [&str; 5] = ["不详", "不明", "未知", "待查", "待定"];

/// Normalises text for comparison: no white space, nothing full-width. Borrows if the text is normal already.
pub(crate) fn compact(text: &str) -> Cow<'_, str> {
    let same = |c: char| !c.is_whitespace() && c != '\u{feff}' && spelling::half_width(c) == c;
    if text.chars().all(same) { Cow::Borrowed(text) } else { spelling::plain(text) }
}

impl<'a> Cell<'a> {
    /// Checks whether the cell is empty, without even a sign for an empty value.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => standards::trim(text).is_empty(),
            _ => false,
        }
    }

    /// Returns the cell as displayed.
    pub(crate) fn shown(&self) -> Cow<'a, str> {
        match *self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(plain_number(number)),
            Self::Flag(flag) => Cow::Borrowed(if flag { "TRUE" } else { "FALSE" }),
            Self::Day(day) => Cow::Owned(day_shown(day)),
            Self::Error(error) => Cow::Borrowed(error),
        }
    }

    /// Returns the cell's text, trimmed; nothing if it has no value.
    pub(crate) fn text(&self) -> CellResult<Cow<'a, str>> {
        let text = match *self {
            Self::Text(text) => {
                let text = standards::trim(text);
                if text.starts_with('#') && ERRORS.contains(&text) {
                    return Err(Code::ExcelError);
                }
                Cow::Borrowed(text)
            }
            Self::Error(error) => return Err(of_error(error)),
            _ => self.shown(),
        };
        Ok((!is_sign(&text)).then_some(text))
    }

    /// Returns the cell's text, trimmed; nothing if it has no value or a word for none.
    pub(crate) fn value(&self) -> CellResult<Cow<'a, str>> {
        Ok(self.text()?.filter(|text| !NOTHING.contains(&&**text)))
    }

    /// Returns the raw text of a text cell, `""` for an empty one, and `None` for any other.
    #[inline]
    pub(crate) fn written(&self) -> Option<&'a str> {
        match *self {
            Self::Text(text) => Some(text),
            Self::Empty => Some(""),
            _ => None,
        }
    }

    /// Checks whether the cell contains anything other than a sign for an empty value.
    pub(crate) fn is_written(&self) -> bool {
        match self {
            Self::Empty => false,
            Self::Text(text) => {
                let text = standards::trim(text);
                !is_sign(text) || is_not_available(text)
            }
            _ => true,
        }
    }
}

pub(crate) fn day_shown(day: i32) -> String {
    arrow::array::Date32Array::from(vec![day]).value_as_date(0).map_or_else(String::new, |date| date.to_string())
}

/// Formats a whole number without decimal point or exponent, and others as usual.
pub(crate) fn plain_number(number: f64) -> String {
    format!("{number}")
}
