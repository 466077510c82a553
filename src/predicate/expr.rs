//! Syntax tree of the predicate language, the subset of SQL that `parse` accepts.

use std::fmt;

/// A node of a predicate. Negated forms are [`Expr::Not`] of the positive form, as SQL defines them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Column(String),
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Negative(Box<Expr>),
    Arithmetic(Box<Expr>, Arithmetic, Box<Expr>),
    Compare(Box<Expr>, ComparisonOperator, Box<Expr>),
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    Like(Box<Expr>, Box<Expr>),
    IsNull(Box<Expr>),
    Is(Box<Expr>, bool),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Plus,
    Minus,
    Times,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ComparisonOperator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl ComparisonOperator {
    /// Returns the comparison with its sides exchanged.
    pub(crate) fn flipped(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
        }
    }
}

impl Expr {
    pub(crate) fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Replaces each column for which `meaning` returns an expression by that expression.
    pub(crate) fn replaced(&self, meaning: &impl Fn(&str) -> Option<Self>) -> Self {
        let one = |e: &Self| Box::new(e.replaced(meaning));
        let all = |list: &[Self]| list.iter().map(|e| e.replaced(meaning)).collect();
        match self {
            Self::Column(name) => meaning(name).unwrap_or_else(|| self.clone()),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => self.clone(),
            Self::Negative(e) => Self::Negative(one(e)),
            Self::Arithmetic(a, op, b) => Self::Arithmetic(one(a), *op, one(b)),
            Self::Compare(a, op, b) => Self::Compare(one(a), *op, one(b)),
            Self::Between(a, b, c) => Self::Between(one(a), one(b), one(c)),
            Self::In(e, list) => Self::In(one(e), all(list)),
            Self::Like(a, b) => Self::Like(one(a), one(b)),
            Self::IsNull(e) => Self::IsNull(one(e)),
            Self::Is(e, truth) => Self::Is(one(e), *truth),
            Self::Not(e) => Self::Not(one(e)),
            Self::And(list) => Self::And(all(list)),
            Self::Or(list) => Self::Or(all(list)),
        }
    }

    /// Calls `see` with the name of every column in textual order, including repetitions.
    pub(crate) fn each_column<'a>(&'a self, see: &mut impl FnMut(&'a str)) {
        match self {
            Self::Column(name) => see(name),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {}
            Self::Negative(e) | Self::IsNull(e) | Self::Is(e, _) | Self::Not(e) => e.each_column(see),
            Self::Arithmetic(a, _, b) | Self::Compare(a, _, b) | Self::Like(a, b) => {
                a.each_column(see);
                b.each_column(see);
            }
            Self::And(list) | Self::Or(list) => {
                for item in list {
                    item.each_column(see);
                }
            }
            Self::Between(a, b, c) => {
                a.each_column(see);
                b.each_column(see);
                c.each_column(see);
            }
            Self::In(e, list) => {
                e.each_column(see);
                for item in list {
                    item.each_column(see);
                }
            }
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(name) => f.write_str(name),
            Self::Null => f.write_str("NULL"),
            Self::Bool(true) => f.write_str("TRUE"),
            Self::Bool(false) => f.write_str("FALSE"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Negative(e) => write!(f, "-{e}"),
            Self::Arithmetic(a, op, b) => write!(f, "({a} {op} {b})"),
            Self::Compare(a, op, b) => write!(f, "({a} {op} {b})"),
            Self::Between(e, low, high) => write!(f, "({e} BETWEEN {low} AND {high})"),
            Self::In(e, list) => {
                write!(f, "({e} IN ")?;
                joined(f, list, ", ")?;
                f.write_str(")")
            }
            Self::Like(a, b) => write!(f, "({a} LIKE {b})"),
            Self::IsNull(e) => write!(f, "({e} IS NULL)"),
            Self::Is(e, truth) => write!(f, "({e} IS {})", if *truth { "TRUE" } else { "FALSE" }),
            Self::Not(e) => write!(f, "(NOT {e})"),
            Self::And(list) => joined(f, list, " AND "),
            Self::Or(list) => joined(f, list, " OR "),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, list: &[Expr], by: &str) -> fmt::Result {
    for (at, item) in list.iter().enumerate() {
        write!(f, "{}{item}", if at == 0 { "(" } else { by })?;
    }
    f.write_str(")")
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
        })
    }
}

impl fmt::Display for ComparisonOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        })
    }
}
