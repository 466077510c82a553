//! Predicates (口径的条件): boolean SQL expressions over the columns of a roster.

#[cfg(test)]
mod against_duckdb;
mod bind;
mod bits;
mod evaluate;
pub(crate) mod expr;
mod like;
mod parse;
#[cfg(test)]
mod predicate_tests;
#[cfg(test)]
mod property;
#[cfg(test)]
mod slow;
pub(crate) mod source;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod truth;

use std::fmt;
use std::str::FromStr;

use self::bind::bind;
use self::evaluate::FrameEvaluator;
use self::expr::Expr;
use self::parse::{parse, spelled};
pub(crate) use self::source::ledger_column;
pub(crate) use self::truth::Certainty;
pub use self::truth::Truth;
use crate::error::{Error, Result};
use crate::roster::{Frame, Roster};
use crate::support::record::Record;

/// A condition on organisations, such as `operating and members_full >= 3 and mode in ('solo', 'joint')`.
///
/// **Language.** Comparisons `= <> < <= > >=`, `[NOT] IN (…)`, `[NOT] BETWEEN … AND …`, `[NOT] LIKE '…'`,
/// `IS [NOT] NULL`, `IS [NOT] TRUE`, `IS [NOT] FALSE`, `AND`, `OR`, `NOT`, the arithmetic `+ - *`, numbers, `'text'`,
/// `TRUE`, `FALSE`, `NULL`, parentheses. A flag is a condition on its own: `operating`. Dates are written
/// `'2013-12-31'`. Names that are not plain words are put in double quotes.
///
/// **Columns.** The columns of the roster, the columns of the schema (unknown throughout if the roster lacks them),
/// and some derived ones: `year`, `org_id`, the levels of the region `province`, `prefecture`, `county`, `township`
/// (12-digit codes; null where the region is only known at a coarser level), `section` (the industry's letter) and
/// `division` (the letter and two digits).
///
/// **Logic.** SQL's three-valued logic: a comparison with an unknown value is unknown. A column that a year's
/// sources lack is unknown in every comparison *and* for `IS NULL`, because the ledger does not say whether the
/// value exists. `IS TRUE` and `IS FALSE` always have an answer, so `operating IS NOT FALSE` includes the unknown.
/// Numbers are compared as doubles, exact to 2^53; text by its UTF-8 bytes.
///
/// ```
/// use dangjian::predicate::Predicate;
/// let eligible = Predicate::parse("members_full >= 3 and mode not in ('area', 'none')")?;
/// assert_eq!(eligible.columns(), ["members_full", "mode"]);
/// assert!(Predicate::parse("members_full >= ").is_err());
/// # Ok::<(), dangjian::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate {
    text: String,
    /// The text with named conditions written out, if it uses any.
    spelled: Option<String>,
    expr: Expr,
}

impl Predicate {
    /// Parses a predicate. Fails with [`Error::Argument`] if `text` is not in the language; the existence of
    /// columns is checked by [`Predicate::check`].
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self { text: text.to_owned(), spelled: None, expr: parse(text)? })
    }

    /// Returns the columns that the predicate reads, each once, in textual order.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let mut columns = Vec::new();
        self.expr.each_column(&mut |name| {
            if !columns.contains(&name) {
                columns.push(name);
            }
        });
        columns
    }

    /// Replaces each name for which `meaning` returns a predicate by that predicate; the text stays the same.
    pub(crate) fn expanded<'a>(&self, meaning: &impl Fn(&str) -> Option<&'a Self>) -> Self {
        Self {
            text: self.text.clone(),
            spelled: spelled(&self.text, &|name| meaning(name).map(Self::spelled_out)),
            expr: self.expr.replaced(&|name| meaning(name).map(|predicate| predicate.expr.clone())),
        }
    }

    /// Returns the text with every named condition that it uses (see [`Conditions`](crate::definition::Conditions))
    /// written out.
    #[must_use]
    pub fn spelled_out(&self) -> &str {
        self.spelled.as_deref().unwrap_or(&self.text)
    }

    /// Combines two predicates into one that is true where both are; its text is that of neither.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = format!("({}) and ({})", self.spelled_out(), other.spelled_out());
        Self { text: both, spelled: None, expr: Expr::And(vec![self.expr.clone(), other.expr.clone()]) }
    }

    /// Checks whether both predicates parse to the same expression.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.expr == other.expr
    }

    /// Fails with [`Error::Argument`] if a column does not exist, a comparison makes no sense (a number with text),
    /// or a word is not one that its column can hold: the cases in which [`Predicate::evaluate`] fails.
    pub fn check(&self, roster: &Roster) -> Result<()> {
        bind(&self.expr, &self.text, roster).map(|_| ())
    }

    /// Evaluates the predicate for each row of `frame`, which belongs to `roster`. Fails as [`Predicate::check`]
    /// does.
    pub fn evaluate(&self, roster: &Roster, frame: &Frame) -> Result<Truth> {
        let bound = bind(&self.expr, &self.text, roster)?;
        FrameEvaluator::new(roster, frame).evaluate(&bound)
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Predicate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Record {
    /// Takes the condition in `field`, if present.
    pub(crate) fn optional_predicate(&mut self, field: &'static str) -> Result<Option<Predicate>> {
        let Some(text) = self.optional(field)? else { return Ok(None) };
        Predicate::parse(&text).map(Some).map_err(|e| self.place().defined(e, field))
    }

    /// Takes the condition in `field`.
    pub(crate) fn predicate(&mut self, field: &'static str) -> Result<Predicate> {
        let text = self.text(field)?;
        Predicate::parse(&text).map_err(|e| self.place().defined(e, field))
    }
}
