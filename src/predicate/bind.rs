//! Binding from [`Expr`] to [`Bound`]: resolves every column in the roster and checks the types of every
//! comparison.

use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::Date32Type;

use super::expr::{Arithmetic, ComparisonOperator, Expr};
use super::parse::shown;
use super::source;
use super::source::{ColumnSource, ValueType, Vocabulary};
use crate::error::{Error, Result};
use crate::roster::Roster;
use crate::support::similarity::nearest;

/// A predicate that can be evaluated on the frames of the roster it is bound to.
///
/// Only `=`, `<` and `<=` are evaluated. `<>`, `>=` and `>` are bound as their negations, which is equivalent in
/// three-valued logic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bound {
    Known(Option<bool>),
    Flag(ColumnSource),
    /// Comparison of a column of numbers (or of dates, as days since 1970-01-01) with constants.
    Number(ColumnSource, ValueTest<f64>),
    /// Comparison of a text column with constants.
    Text(ColumnSource, ValueTest<String>),
    Like(ColumnSource, String),
    CompareNumbers(Numeric, Order, Numeric),
    CompareTexts(ColumnSource, Order, ColumnSource),
    /// `IS NULL`: true if any of these sources is null.
    IsNull(Vec<ColumnSource>),
    /// `IS TRUE` or `IS FALSE`, which always has an answer.
    Is(Box<Bound>, bool),
    Same(Box<Bound>, Box<Bound>),
    Not(Box<Bound>),
    And(Vec<Bound>),
    Or(Vec<Bound>),
}

/// A comparison with constants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueTest<T> {
    Less(T),
    AtMost(T),
    /// Equal to one of these constants, which ascend.
    Among(Vec<T>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Equal,
    Less,
    AtMost,
}

/// Arithmetic over columns, computed in doubles and therefore exact for integers up to 2^53.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Numeric {
    Column(ColumnSource),
    Constant(f64),
    Negative(Box<Numeric>),
    Arithmetic(Box<Numeric>, Arithmetic, Box<Numeric>),
}

impl Numeric {
    fn sources(&self, into: &mut Vec<ColumnSource>) {
        match self {
            Self::Column(source) => into.push(*source),
            Self::Constant(_) => {}
            Self::Negative(n) => n.sources(into),
            Self::Arithmetic(a, _, b) => {
                a.sources(into);
                b.sources(into);
            }
        }
    }
}

/// A part of the predicate with its type.
#[derive(Clone)]
enum Typed {
    Null,
    Truth(Bound),
    Number(Numeric),
    Date(Numeric),
    Text(ColumnSource, Vocabulary),
    Literal(String),
}

impl Typed {
    fn name(&self) -> (&'static str, &'static str) {
        match self {
            Self::Null => ("空值", "null"),
            Self::Truth(_) => ("是非", "true or false"),
            Self::Number(_) => ("数字", "a number"),
            Self::Date(_) => ("日期", "a date"),
            Self::Text(..) | Self::Literal(_) => ("文字", "text"),
        }
    }
}

/// Binds the predicate `expr`, whose text is `text`, to the columns of `roster`.
pub(crate) fn bind(expr: &Expr, text: &str, roster: &Roster) -> Result<Bound> {
    Binder { text, roster }.truth(expr)
}

struct Binder<'a> {
    text: &'a str,
    roster: &'a Roster,
}

impl Binder<'_> {
    fn error<T>(&self, zh: &str, en: &str) -> Result<T> {
        let text = shown(self.text);
        let (zh, en) = (format!("条件“{text}”：{zh}"), format!("in the condition '{text}': {en}"));
        Err(Error::argument(zh, en).with_value(self.text))
    }

    fn truth(&self, expr: &Expr) -> Result<Bound> {
        match self.typed(expr)? {
            Typed::Truth(bound) => Ok(bound),
            Typed::Null => Ok(Bound::Known(None)),
            other => {
                let (zh, en) = other.name();
                self.error(
                    &format!("“{expr}”是{zh}，这里要的是能判断是非的条件。请写出比较，如 members_full >= 3"),
                    &format!("{expr} is {en} where a condition is needed. Hint: compare it, as in members_full >= 3"),
                )
            }
        }
    }

    fn typed(&self, expr: &Expr) -> Result<Typed> {
        let boxed = |e: &Expr| self.truth(e).map(Box::new);
        let each = |list: &[Expr]| list.iter().map(|e| self.truth(e)).collect::<Result<Vec<_>>>();
        Ok(match expr {
            Expr::Null => Typed::Null,
            Expr::Bool(b) => Typed::Truth(Bound::Known(Some(*b))),
            Expr::Number(n) => Typed::Number(Numeric::Constant(*n)),
            Expr::Text(text) => Typed::Literal(text.clone()),
            Expr::Column(name) => self.column(name)?,
            Expr::Negative(e) => match self.typed(e)? {
                Typed::Number(n) => Typed::Number(Numeric::Negative(Box::new(n))),
                Typed::Null => Typed::Null,
                other => return self.no_number(e, &other),
            },
            Expr::Arithmetic(a, op, b) => match (self.typed(a)?, self.typed(b)?) {
                (Typed::Number(a), Typed::Number(b)) => {
                    Typed::Number(Numeric::Arithmetic(Box::new(a), *op, Box::new(b)))
                }
                (Typed::Null, Typed::Number(_) | Typed::Null) | (Typed::Number(_), Typed::Null) => Typed::Null,
                (Typed::Number(_) | Typed::Null, other) => return self.no_number(b, &other),
                (other, _) => return self.no_number(a, &other),
            },
            Expr::Compare(a, op, b) => Typed::Truth(self.compare((a, self.typed(a)?), *op, (b, self.typed(b)?))?),
            Expr::Between(e, low, high) => {
                let value = self.value(e, "BETWEEN")?;
                let low = self.compare((e, value.clone()), ComparisonOperator::AtLeast, (low, self.typed(low)?))?;
                let high = self.compare((e, value), ComparisonOperator::AtMost, (high, self.typed(high)?))?;
                Typed::Truth(Bound::And(vec![low, high]))
            }
            Expr::In(e, list) => Typed::Truth(self.among(e, list)?),
            Expr::Like(e, pattern) => Typed::Truth(self.like(e, pattern)?),
            Expr::IsNull(e) => Typed::Truth(self.is_null(e)?),
            Expr::Is(e, truth) => Typed::Truth(Bound::Is(boxed(e)?, *truth)),
            Expr::Not(e) => Typed::Truth(Bound::Not(boxed(e)?)),
            Expr::And(list) => Typed::Truth(Bound::And(each(list)?)),
            Expr::Or(list) => Typed::Truth(Bound::Or(each(list)?)),
        })
    }

    fn column(&self, name: &str) -> Result<Typed> {
        match source::find_column(name, self.roster) {
            Ok((source, kind)) => Ok(match kind {
                ValueType::Flag => Typed::Truth(Bound::Flag(source)),
                ValueType::Number => Typed::Number(Numeric::Column(source)),
                ValueType::Date => Typed::Date(Numeric::Column(source)),
                ValueType::Text(vocabulary) => Typed::Text(source, vocabulary),
            }),
            Err(Error::Argument(detail)) => {
                self.error(&detail.text().zh, &detail.text().en).map_err(|error| error.in_column(name))
            }
            Err(other) => Err(other),
        }
    }

    fn no_number<T>(&self, expr: &Expr, typed: &Typed) -> Result<T> {
        let (zh, en) = typed.name();
        self.error(
            &format!("“{expr}”是{zh}，不能用来计算；+ - * 只用于数字列和数字"),
            &format!("cannot compute with {expr}: it is {en}; + - * are for columns of numbers and numbers"),
        )
    }

    /// Types a part that must have a value rather than a truth value.
    fn value(&self, expr: &Expr, what: &str) -> Result<Typed> {
        match self.typed(expr)? {
            Typed::Truth(_) => self.error(
                &format!("{what} 只用于数字、日期和文字；“{expr}”是是非。请直接写该条件，或用 IS TRUE / IS FALSE"),
                &format!("{what} is for numbers, dates and text; {expr} is true or false. Hint: write it alone, or with IS TRUE / IS FALSE"),
            ),
            value => Ok(value),
        }
    }

    fn is_null(&self, expr: &Expr) -> Result<Bound> {
        let mut sources = Vec::new();
        match self.typed(expr)? {
            Typed::Null => return Ok(Bound::Known(Some(true))),
            Typed::Truth(Bound::Flag(source)) | Typed::Text(source, _) => sources.push(source),
            Typed::Truth(_) => {
                self.value(expr, "IS NULL")?;
            }
            Typed::Number(n) | Typed::Date(n) => n.sources(&mut sources),
            Typed::Literal(_) => {}
        }
        Ok(Bound::IsNull(sources))
    }

    fn like(&self, expr: &Expr, pattern: &Expr) -> Result<Bound> {
        match (self.typed(expr)?, self.typed(pattern)?) {
            (Typed::Text(source, _), Typed::Literal(pattern)) => Ok(Bound::Like(source, pattern)),
            (Typed::Null, Typed::Literal(_)) | (Typed::Text(..) | Typed::Null, Typed::Null) => Ok(Bound::Known(None)),
            _ => self.error(
                &format!("LIKE 左边要文字列，右边要引号里的样式，如 name LIKE '%有限公司'；写的是“{expr} LIKE {pattern}”"),
                &format!("LIKE needs a column of text and a quoted pattern, as in name LIKE '%有限公司'; got {expr} LIKE {pattern}"),
            ),
        }
    }

    fn among(&self, expr: &Expr, list: &[Expr]) -> Result<Bound> {
        let value = self.value(expr, "IN")?;
        let column =
            matches!(value, Typed::Text(..) | Typed::Number(Numeric::Column(_)) | Typed::Date(Numeric::Column(_)));
        // Constants are tested together. Other list items are compared one by one.
        let mut found = Vec::new();
        let mut numbers = Vec::new();
        let mut texts = Vec::new();
        for item in list {
            match self.compare((expr, value.clone()), ComparisonOperator::Equal, (item, self.typed(item)?))? {
                Bound::Number(_, ValueTest::Among(mut one)) if column => numbers.append(&mut one),
                Bound::Text(_, ValueTest::Among(mut one)) if column => texts.append(&mut one),
                other => found.push(other),
            }
        }
        match value {
            Typed::Text(source, _) if !texts.is_empty() => {
                texts.sort_unstable();
                found.push(Bound::Text(source, ValueTest::Among(texts)));
            }
            Typed::Number(Numeric::Column(source)) | Typed::Date(Numeric::Column(source)) if !numbers.is_empty() => {
                numbers.sort_unstable_by(f64::total_cmp);
                found.push(Bound::Number(source, ValueTest::Among(numbers)));
            }
            _ => {}
        }
        Ok(Bound::Or(found))
    }

    fn compare(&self, (a, left): (&Expr, Typed), op: ComparisonOperator, (b, right): (&Expr, Typed)) -> Result<Bound> {
        match (left, right) {
            (Typed::Null, _) | (_, Typed::Null) => Ok(Bound::Known(None)),
            (Typed::Number(x), Typed::Number(y)) | (Typed::Date(x), Typed::Date(y)) => Ok(numbers(x, op, y)),
            (Typed::Date(x), Typed::Literal(y)) => Ok(numbers(x, op, self.date(&y)?)),
            (Typed::Literal(x), Typed::Date(y)) => Ok(numbers(self.date(&x)?, op, y)),
            (Typed::Text(x, vocabulary), Typed::Literal(y)) => self.text(a, x, vocabulary, op, y),
            (Typed::Literal(x), Typed::Text(y, vocabulary)) => self.text(b, y, vocabulary, op.flipped(), x),
            (Typed::Text(x, _), Typed::Text(y, _)) => {
                let order = |order| Bound::CompareTexts(x, order, y);
                Ok(ordered(op, order))
            }
            (Typed::Literal(x), Typed::Literal(y)) => Ok(ordered(op, |order| Bound::Known(Some(order.holds(&x, &y))))),
            (Typed::Truth(x), Typed::Truth(y))
                if matches!(op, ComparisonOperator::Equal | ComparisonOperator::NotEqual) =>
            {
                Ok(ordered(op, |_| Bound::Same(Box::new(x), Box::new(y))))
            }
            (left, right) => {
                let ((left_zh, left_en), (right_zh, right_en)) = (left.name(), right.name());
                let (hint_zh, hint_en) = match (&left, &right) {
                    (Typed::Number(_), Typed::Literal(_)) | (Typed::Literal(_), Typed::Number(_)) => {
                        ("。数字不加引号", ". Hint: write numbers without quotes")
                    }
                    (Typed::Text(..), Typed::Number(_)) | (Typed::Number(_), Typed::Text(..)) => {
                        ("。代码和文字要加引号", ". Hint: write codes and text in quotes")
                    }
                    (Typed::Truth(_), _) | (_, Typed::Truth(_)) => (
                        "。是非列直接写列名，或写 = TRUE、= FALSE",
                        ". Hint: write a flag alone, or with = TRUE, = FALSE",
                    ),
                    _ => ("", ""),
                };
                self.error(
                    &format!("“{a}”（{left_zh}）与“{b}”（{right_zh}）不能用 {op} 比较{hint_zh}"),
                    &format!("cannot compare {a} ({left_en}) {op} {b} ({right_en}){hint_en}"),
                )
            }
        }
    }

    fn date(&self, text: &str) -> Result<Numeric> {
        let days = (text.len() == "2013-12-31".len()).then(|| Date32Type::parse(text)).flatten();
        match days {
            Some(days) => Ok(Numeric::Constant(f64::from(days))),
            None => self.error(
                &format!("'{text}' 不是日期；日期写作 '2013-12-31'"),
                &format!("'{text}' is not a date; dates are written '2013-12-31'"),
            ),
        }
    }

    /// Compares a text column with a literal, which must be a value that the column can hold.
    fn text(
        &self,
        column: &Expr,
        source: ColumnSource,
        words: Vocabulary,
        op: ComparisonOperator,
        text: String,
    ) -> Result<Bound> {
        let equality = matches!(op, ComparisonOperator::Equal | ComparisonOperator::NotEqual);
        match words {
            Vocabulary::Words(_) if !equality => {
                return self.error(
                    &format!("“{column}”的取值没有大小先后，不能用 {op}；请用 = <> IN"),
                    &format!("the words of {column} have no order, so {op} means nothing; use = <> IN"),
                );
            }
            Vocabulary::Words(words) if words.ids().all(|id| id != text) => {
                let meant = words.find(&text).and_then(|at| words.ids().nth(at));
                let meant = meant.or_else(|| nearest(&text, words.ids()));
                let (hint_zh, hint_en) = meant.map_or_else(Default::default, |id| {
                    (format!("。是不是 '{id}'？"), format!(". Hint: did you mean '{id}'?"))
                });
                let ids: Vec<_> = words.ids().map(|id| format!("'{id}'")).collect();
                return self.error(
                    &format!("“{column}”没有 '{text}' 这个取值。可用：{}{hint_zh}", ids.join("、")),
                    &format!("{column} is never '{text}'. Available: {}{hint_en}", ids.join(", ")),
                );
            }
            Vocabulary::Region if equality && !(text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())) => {
                return self.error(
                    &format!("“{column}”是 12 位区划代码，右边补零，如 '150425000000'；写的是 '{text}'"),
                    &format!(
                        "{column} holds region codes of 12 digits, zeros on the right, as '150425000000'; got '{text}'"
                    ),
                );
            }
            Vocabulary::Section if equality && !matches!(text.as_bytes(), [b'A'..=b'T']) => {
                return self.error(
                    &format!("“{column}”是行业门类，一个大写字母 'A' 到 'T'；写的是 '{text}'"),
                    &format!("{column} holds sections of GB/T 4754, one capital letter 'A' to 'T'; got '{text}'"),
                );
            }
            _ => {}
        }
        Ok(ordered(op, |order| Bound::Text(source, order.test(text))))
    }
}

fn numbers(left: Numeric, op: ComparisonOperator, right: Numeric) -> Bound {
    match (left, right) {
        (Numeric::Column(source), Numeric::Constant(n)) => ordered(op, |order| Bound::Number(source, order.test(n))),
        (Numeric::Constant(n), Numeric::Column(source)) => {
            ordered(op.flipped(), |order| Bound::Number(source, order.test(n)))
        }
        (x, y) => ordered(op, |order| Bound::CompareNumbers(x, order, y)),
    }
}

/// Expresses `op` by one of the evaluated comparisons, negated if necessary.
fn ordered(op: ComparisonOperator, make: impl FnOnce(Order) -> Bound) -> Bound {
    let (order, negated) = match op {
        ComparisonOperator::Equal => (Order::Equal, false),
        ComparisonOperator::NotEqual => (Order::Equal, true),
        ComparisonOperator::Less => (Order::Less, false),
        ComparisonOperator::AtMost => (Order::AtMost, false),
        ComparisonOperator::Greater => (Order::AtMost, true),
        ComparisonOperator::AtLeast => (Order::Less, true),
    };
    let bound = make(order);
    if negated { Bound::Not(Box::new(bound)) } else { bound }
}

impl Order {
    pub(crate) fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Equal => a == b,
            Self::Less => a < b,
            Self::AtMost => a <= b,
        }
    }

    fn test<T>(self, constant: T) -> ValueTest<T> {
        match self {
            Self::Equal => ValueTest::Among(vec![constant]),
            Self::Less => ValueTest::Less(constant),
            Self::AtMost => ValueTest::AtMost(constant),
        }
    }
}
