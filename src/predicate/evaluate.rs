//! Evaluation of a [`Bound`] predicate on a frame, a whole column at a time, giving a [`Truth`].
//!
//! A coded column is tested once per value of its dictionary; rows only look up the answer. A column that the
//! year's sources lack is unknown in every test, including the null test, because the ledger does not say.

use std::borrow::{Borrow, Cow};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::Array;
use arrow::buffer::BooleanBuffer;

use super::bind::{Bound, Numeric, Order, ValueTest};
use super::bits::{bits, in_ranges, in_table};
use super::expr::Arithmetic;
use super::like::like;
use super::source::{ColumnSource, Derived};
use super::truth::Truth;
use crate::error::{Error, Result};
use crate::roster::{Column, Frame, Integers, Roster};

/// Rows of one frame of a roster.
#[derive(Clone)]
pub(crate) struct FrameEvaluator<'a> {
    roster: &'a Roster,
    frame: &'a Frame,
    cache: Arc<AnswerCache>,
}

/// Maximum number of cached answers per frame, enough for the comparisons of a review.
const MAX_CACHED: usize = 32;

/// Cache of the latest comparisons evaluated on a frame, shared between predicates and between calls.
#[derive(Default)]
struct AnswerCache(Mutex<VecDeque<(Bound, Truth)>>);

impl AnswerCache {
    /// Returns the cached answer to `bound`, or computes it with `ask`.
    fn get(&self, bound: &Bound, ask: impl FnOnce() -> Result<Truth>) -> Result<Truth> {
        let all = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answer)) = all().iter().find(|(known, _)| known == bound) {
            return Ok(answer.clone());
        }
        let answer = ask()?;
        let mut all = all();
        all.truncate(MAX_CACHED - 1);
        all.push_front((bound.clone(), answer.clone()));
        Ok(answer)
    }
}

/// Number of each row, and the rows where it is known.
struct NumericRows {
    values: Vec<f64>,
    known: Option<BooleanBuffer>,
}

impl<T> ValueTest<T> {
    fn holds<V: PartialOrd + ?Sized>(&self, value: &V) -> bool
    where
        T: Borrow<V>,
    {
        match self {
            Self::Less(limit) => value < limit.borrow(),
            Self::AtMost(limit) => value <= limit.borrow(),
            Self::Among(list) => {
                let order = |item: &T| item.borrow().partial_cmp(value).unwrap_or(std::cmp::Ordering::Less);
                list.binary_search_by(order).is_ok()
            }
        }
    }
}

impl ValueTest<f64> {
    /// Returns the non-negative integers that pass, as ranges.
    fn ranges(&self) -> Vec<(u64, u64)> {
        let up_to = |last: f64| if last < 0.0 { Vec::new() } else { vec![(0, last as u64)] };
        match self {
            Self::Less(limit) => up_to(limit.ceil() - 1.0),
            Self::AtMost(limit) => up_to(limit.floor()),
            Self::Among(list) => {
                let whole = list.iter().filter(|n| **n >= 0.0 && n.fract() == 0.0);
                whole.map(|n| (*n as u64, *n as u64)).collect()
            }
        }
    }

    fn bits<T: Copy + Into<f64>>(&self, values: &[T]) -> BooleanBuffer {
        match self {
            Self::Less(limit) => bits(values, |v| v.into() < *limit),
            Self::AtMost(limit) => bits(values, |v| v.into() <= *limit),
            Self::Among(_) => bits(values, |v| self.holds(&v.into())),
        }
    }
}

/// Values of a column in one frame.
#[derive(Clone, Copy)]
enum StoredColumn<'a> {
    /// The year's sources lack the column.
    Nothing,
    Year(f64),
    Organisation,
    Column(&'a Column, Option<&'static Derived>),
}

impl StoredColumn<'_> {
    /// Returns the internal error for a column held in a form that its declared type does not allow.
    fn misfit(self, zh: &str, en: &str) -> Error {
        let held = match self {
            Self::Nothing => "nothing",
            Self::Year(_) => "the year",
            Self::Organisation => "the id",
            Self::Column(Column::Coded { .. }, _) => "codes",
            Self::Column(Column::Flag { .. }, _) => "flags",
            Self::Column(Column::Number { .. } | Column::Real { .. }, _) => "numbers",
            Self::Column(Column::Date { .. }, _) => "dates",
            Self::Column(Column::Text(_), _) => "text",
        };
        Error::internal(
            format!("名册内部不一致：列应为{zh}，实为 {held}；请报告此问题"),
            format!("the roster contradicts itself: a column of {en} is held as {held}; please report this"),
        )
    }
}

impl<'a> FrameEvaluator<'a> {
    pub(crate) fn new(roster: &'a Roster, frame: &'a Frame) -> Self {
        Self { roster, frame, cache: frame.cache.get() }
    }

    fn stored(&self, source: ColumnSource) -> StoredColumn<'a> {
        match source {
            ColumnSource::Absent => StoredColumn::Nothing,
            ColumnSource::Year => StoredColumn::Year(f64::from(self.frame.year)),
            ColumnSource::Organisation => StoredColumn::Organisation,
            ColumnSource::Field { index, derive } => match self.roster.values(self.frame, index) {
                Some(column) => StoredColumn::Column(column, derive),
                None => StoredColumn::Nothing,
            },
        }
    }

    fn len(&self) -> usize {
        self.frame.rows()
    }

    fn unknown(&self) -> Truth {
        Truth::all(self.len(), None)
    }

    pub(crate) fn evaluate(&self, bound: &Bound) -> Result<Truth> {
        Ok(match bound {
            Bound::Known(answer) => Truth::all(self.len(), *answer),
            Bound::Is(bound, truth) => {
                let answer = self.evaluate(bound)?;
                Truth::known(&if *truth { answer.yes } else { answer.no() }, None)
            }
            Bound::Same(a, b) => {
                let (a, b) = (self.evaluate(a)?, self.evaluate(b)?);
                a.and(&b).or(&a.not().and(&b.not()))
            }
            Bound::Not(bound) => self.evaluate(bound)?.not(),
            Bound::And(list) => self.chain(list, Truth::and, true)?,
            Bound::Or(list) => self.chain(list, Truth::or, false)?,
            comparison => self.cache.get(comparison, || self.compare(comparison))?,
        })
    }

    /// Evaluates a predicate that contains no other predicates.
    fn compare(&self, bound: &Bound) -> Result<Truth> {
        Ok(match bound {
            Bound::Flag(source) => self.flag(*source)?,
            Bound::Number(source, test) => self.number(*source, test)?,
            Bound::Text(source, test) => self.text(*source, |text| test.holds(text))?,
            Bound::Like(source, pattern) => self.text(*source, |text| like(text, pattern))?,
            Bound::CompareNumbers(a, order, b) => match (self.numbers(a)?, self.numbers(b)?) {
                (Some(a), Some(b)) => {
                    let pairs: Vec<_> = a.values.into_iter().zip(b.values).collect();
                    Truth::known(&bits(&pairs, |(a, b)| order.holds(&a, &b)), both(a.known, b.known).as_ref())
                }
                _ => self.unknown(),
            },
            Bound::CompareTexts(a, order, b) => self.compare_texts(*a, *order, *b)?,
            Bound::IsNull(sources) => self.is_null(sources),
            joined => self.evaluate(joined)?,
        })
    }

    /// Joins the answers to `list` by `join`; an empty list gives `empty`.
    fn chain(&self, list: &[Bound], join: fn(&Truth, &Truth) -> Truth, empty: bool) -> Result<Truth> {
        let Some((first, rest)) = list.split_first() else {
            return Ok(Truth::all(self.len(), Some(empty)));
        };
        rest.iter().try_fold(self.evaluate(first)?, |truth, next| Ok(join(&truth, &self.evaluate(next)?)))
    }

    fn flag(&self, source: ColumnSource) -> Result<Truth> {
        match self.stored(source) {
            StoredColumn::Nothing => Ok(self.unknown()),
            StoredColumn::Column(Column::Flag { set, known }, _) => Ok(Truth::known(set, known.as_ref())),
            other => Err(other.misfit("是非", "flags")),
        }
    }

    fn number(&self, source: ColumnSource, test: &ValueTest<f64>) -> Result<Truth> {
        Ok(match self.stored(source) {
            StoredColumn::Nothing => self.unknown(),
            StoredColumn::Year(year) => Truth::all(self.len(), Some(test.holds(&year))),
            StoredColumn::Column(Column::Number { values, known }, _) => {
                Truth::known(&in_ranges(values, &test.ranges()), known.as_ref())
            }
            StoredColumn::Column(Column::Real { values, known }, _) => Truth::known(&test.bits(values), known.as_ref()),
            StoredColumn::Column(Column::Date { values, known }, _) => Truth::known(&test.bits(values), known.as_ref()),
            StoredColumn::Column(Column::Coded { codes, dictionary }, _) => {
                // Star grades.
                coded(codes, dictionary.values(), |grade| grade.parse().ok().map(|n: f64| test.holds(&n)))
            }
            other => return Err(other.misfit("数字", "numbers")),
        })
    }

    fn text(&self, source: ColumnSource, test: impl Fn(&str) -> bool) -> Result<Truth> {
        if let StoredColumn::Column(Column::Coded { codes, dictionary }, derive) = self.stored(source) {
            let ask = |value: &String| match derive {
                Some(derive) => derive.value(value).map(|part| test(&part)),
                None => Some(test(value)),
            };
            return Ok(coded(codes, dictionary.values(), ask));
        }
        let Some(texts) = self.texts(source)? else {
            return Ok(self.unknown());
        };
        Ok(answers(texts.into_iter().map(|text| text.map(|text| test(&text)))))
    }

    fn compare_texts(&self, a: ColumnSource, order: Order, b: ColumnSource) -> Result<Truth> {
        let (Some(a), Some(b)) = (self.texts(a)?, self.texts(b)?) else {
            return Ok(self.unknown());
        };
        let pairs = a.iter().zip(&b);
        Ok(answers(pairs.map(|(a, b)| Some(order.holds(a.as_ref()?, b.as_ref()?)))))
    }

    fn is_null(&self, sources: &[ColumnSource]) -> Truth {
        let mut all: Option<BooleanBuffer> = None;
        for source in sources {
            let known = match self.stored(*source) {
                StoredColumn::Nothing => return self.unknown(),
                StoredColumn::Year(_) | StoredColumn::Organisation => None,
                StoredColumn::Column(column, derive) => match column {
                    Column::Coded { codes, dictionary } => Some(match derive {
                        Some(derive) => coded(codes, dictionary.values(), |v| derive.value(v).map(|_| true)).yes,
                        None => in_ranges(codes, &[(1, u64::MAX)]),
                    }),
                    Column::Flag { known, .. }
                    | Column::Number { known, .. }
                    | Column::Real { known, .. }
                    | Column::Date { known, .. } => known.clone(),
                    Column::Text(texts) => texts.nulls().map(|nulls| nulls.inner().clone()),
                },
            };
            all = both(all, known);
        }
        let known = all.unwrap_or_else(|| BooleanBuffer::new_set(self.len()));
        Truth::known(&!&known, None)
    }

    /// Returns the numbers of `numeric`, or `None` if the year's sources lack one of its columns.
    fn numbers(&self, numeric: &Numeric) -> Result<Option<NumericRows>> {
        let (values, known) = match numeric {
            Numeric::Constant(n) => (vec![*n; self.len()], None),
            Numeric::Column(source) => match self.stored(*source) {
                StoredColumn::Nothing => return Ok(None),
                StoredColumn::Year(year) => (vec![year; self.len()], None),
                StoredColumn::Column(Column::Number { values, known }, _) => {
                    ((0..self.len()).map(|row| values.get(row) as f64).collect(), known.clone())
                }
                StoredColumn::Column(Column::Real { values, known }, _) => (values.clone(), known.clone()),
                StoredColumn::Column(Column::Date { values, known }, _) => {
                    (values.iter().map(|day| f64::from(*day)).collect(), known.clone())
                }
                StoredColumn::Column(Column::Coded { codes, dictionary }, _) => {
                    let grades = dictionary.values().iter().map(|grade| grade.parse().ok());
                    let grades: Vec<Option<f64>> = std::iter::once(None).chain(grades).collect();
                    let at = |row| grades.get(codes.get(row) as usize).copied().flatten();
                    let grades: Vec<Option<f64>> = (0..self.len()).map(at).collect();
                    let known = bits(&grades, |grade| grade.is_some());
                    (grades.into_iter().map(Option::unwrap_or_default).collect(), Some(known))
                }
                other => return Err(other.misfit("数字", "numbers")),
            },
            Numeric::Negative(n) => match self.numbers(n)? {
                Some(n) => (n.values.into_iter().map(|n| -n).collect(), n.known),
                None => return Ok(None),
            },
            Numeric::Arithmetic(a, op, b) => match (self.numbers(a)?, self.numbers(b)?) {
                (Some(a), Some(b)) => {
                    let pairs = a.values.into_iter().zip(b.values);
                    let values = match op {
                        Arithmetic::Plus => pairs.map(|(a, b)| a + b).collect(),
                        Arithmetic::Minus => pairs.map(|(a, b)| a - b).collect(),
                        Arithmetic::Times => pairs.map(|(a, b)| a * b).collect(),
                    };
                    (values, both(a.known, b.known))
                }
                _ => return Ok(None),
            },
        };
        Ok(Some(NumericRows { values, known }))
    }

    /// Returns the text of each row, or `None` if the year's sources lack the column.
    fn texts(&self, source: ColumnSource) -> Result<Option<Vec<Option<Cow<'a, str>>>>> {
        Ok(Some(match self.stored(source) {
            StoredColumn::Nothing => return Ok(None),
            StoredColumn::Organisation => {
                let ids = self.roster.organisations();
                self.frame.slots.iter().map(|slot| Some(ids.value(*slot as usize).into())).collect()
            }
            StoredColumn::Column(Column::Text(texts), _) => texts.iter().map(|text| text.map(Cow::Borrowed)).collect(),
            StoredColumn::Column(Column::Coded { codes, dictionary }, derive) => (0..self.len())
                .map(|row| {
                    let value = dictionary.get(u32::try_from(codes.get(row)).ok()?)?;
                    derive.map_or(Some(Cow::Borrowed(value)), |derive| derive.value(value))
                })
                .collect(),
            other => return Err(other.misfit("文字", "text")),
        }))
    }
}

/// Collects one answer per row.
fn answers(each: impl Iterator<Item = Option<bool>>) -> Truth {
    let each: Vec<_> = each.collect();
    Truth::known(&bits(&each, |answer| answer == Some(true)), Some(&bits(&each, |answer| answer.is_some())))
}

/// Answers for a coded column by testing the dictionary's `values`; code 0 is unknown.
fn coded(codes: &Integers, values: &[String], ask: impl Fn(&String) -> Option<bool>) -> Truth {
    let answers: Vec<Option<bool>> = std::iter::once(None).chain(values.iter().map(ask)).collect();
    let rows = |of: fn(&Option<bool>) -> bool| in_table(codes, &answers.iter().map(of).collect::<Vec<_>>());
    Truth::known(&rows(|answer| *answer == Some(true)), Some(&rows(Option::is_some)))
}

/// Returns the rows where both are known.
fn both(a: Option<BooleanBuffer>, b: Option<BooleanBuffer>) -> Option<BooleanBuffer> {
    match (a, b) {
        (Some(a), Some(b)) => Some(&a & &b),
        (a, b) => a.or(b),
    }
}
