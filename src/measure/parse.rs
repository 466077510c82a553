//! From text to [`Expr`]: `sqlparser` reads the SQL, this keeps the part of it that predicates have.

use sqlparser::ast::{self, BinaryOperator, UnaryOperator, Value};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::expr::{Arithmetic, Comparison, Expr};
use crate::error::{Error, Result};

/// Operators and names in one predicate, at most. Nobody writes that many; it keeps trees shallow enough to walk.
const MOST_WORDS: usize = 1000;

const ALLOWED_ZH: &str = "可用的写法：列名、数字、'文字'、TRUE、FALSE、NULL，= <> < <= > >=，+ - *，AND OR NOT，\
    [NOT] IN (…)，[NOT] BETWEEN … AND …，[NOT] LIKE '…'，IS [NOT] NULL/TRUE/FALSE，括号";
const ALLOWED_EN: &str = "Allowed: column names, numbers, 'text', TRUE, FALSE, NULL, = <> < <= > >=, + - *, \
    AND OR NOT, [NOT] IN (…), [NOT] BETWEEN … AND …, [NOT] LIKE '…', IS [NOT] NULL/TRUE/FALSE, brackets";

/// Characters of a Chinese keyboard that SQL does not know, and what it has instead.
const FULL_WIDTH: &str = "，（）＝＞＜≥≤≠‘’“”；　";

pub(super) fn parse(text: &str) -> Result<Expr> {
    let dialect = DuckDbDialect;
    let tokens = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .map_err(|e| syntax(text, &e.to_string()))?;
    let words = |t: &Token| {
        !matches!(
            t,
            Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::SingleQuotedString(_)
        )
    };
    let count = tokens.iter().filter(|t| words(&t.token)).count();
    if count > MOST_WORDS {
        return Err(Error::argument(
            format!("条件太长：有 {count} 个运算符和列名，最多 {MOST_WORDS} 个。逐个列举时请用 IN (…)"),
            format!(
                "the condition is too long: {count} operators and names, at most {MOST_WORDS}. Hint: list values with IN (…)"
            ),
        ));
    }
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens);
    let expr = parser
        .parse_expr()
        .and_then(|expr| parser.expect_token(&Token::EOF).map(|_| expr))
        .map_err(|e| syntax(text, &e.to_string()))?;
    convert(expr).map_err(|part| {
        Error::argument(
            format!("条件“{text}”里不能用“{part}”。{ALLOWED_ZH}"),
            format!("the condition '{text}' uses '{part}', which is not part of the language. {ALLOWED_EN}"),
        )
    })
}

/// What `sqlparser` could not read; its message ends in ` at Line: 1, Column: 5`.
fn syntax(text: &str, message: &str) -> Error {
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let (what, place) = message.rsplit_once(" at Line: ").unwrap_or((message, ""));
    let (line, column) = place.split_once(", Column: ").unwrap_or_default();
    let (mut zh, mut en) = match (what.rsplit_once("found: "), column) {
        (Some((_, "EOF")), _) => ("没有写完".to_owned(), "ends too early".to_owned()),
        (Some((_, found)), column) if !column.is_empty() => (
            format!("第 {line} 行第 {column} 个字符处的“{found}”放在这里读不懂"),
            format!("cannot be read at line {line}, character {column}: '{found}' is not expected there"),
        ),
        _ => (format!("读不懂（{what}）"), format!("cannot be read: {what}")),
    };
    if let Some(c) = text.chars().find(|c| FULL_WIDTH.contains(*c)) {
        zh += &format!("。含有全角或中文标点“{c}”，请改用半角（>= <= <> ' , ( )）");
        en += &format!(". Hint: it contains the full-width character '{c}'; use >= <= <> ' , ( )");
    }
    Error::argument(
        format!("条件“{text}”{zh}。{ALLOWED_ZH}"),
        format!("the condition '{text}' {en}. {ALLOWED_EN}"),
    )
}

/// The error is the part that predicates do not have.
fn convert(expr: ast::Expr) -> Result<Expr, String> {
    use ast::Expr as Sql;
    let boxed = |e: Box<Sql>| convert(*e).map(Box::new);
    let unless = |negated, e: Expr| if negated { e.not() } else { e };
    Ok(match expr {
        Sql::Identifier(name) => Expr::Column(name.value),
        Sql::Nested(e) => convert(*e)?,
        Sql::Value(v) => literal(v.value)?,
        Sql::IsNull(e) => Expr::IsNull(boxed(e)?),
        Sql::IsNotNull(e) => Expr::IsNull(boxed(e)?).not(),
        Sql::IsTrue(e) => Expr::Is(boxed(e)?, true),
        Sql::IsNotTrue(e) => Expr::Is(boxed(e)?, true).not(),
        Sql::IsFalse(e) => Expr::Is(boxed(e)?, false),
        Sql::IsNotFalse(e) => Expr::Is(boxed(e)?, false).not(),
        Sql::InList { expr, list, negated } => {
            let list = list.into_iter().map(convert).collect::<Result<_, _>>()?;
            unless(negated, Expr::In(boxed(expr)?, list))
        }
        Sql::Between {
            expr,
            negated,
            low,
            high,
        } => unless(negated, Expr::Between(boxed(expr)?, boxed(low)?, boxed(high)?)),
        Sql::Like {
            negated,
            any: false,
            expr,
            pattern,
            escape_char: None,
        } => unless(negated, Expr::Like(boxed(expr)?, boxed(pattern)?)),
        Sql::UnaryOp { op, expr } => match op {
            UnaryOperator::Not => convert(*expr)?.not(),
            UnaryOperator::Minus => match convert(*expr)? {
                Expr::Number(n) => Expr::Number(-n),
                e => Expr::Negative(Box::new(e)),
            },
            op => return Err(op.to_string()),
        },
        Sql::BinaryOp { left, op, right } => {
            let (left, right) = (boxed(left)?, boxed(right)?);
            let op = match op {
                BinaryOperator::And => return Ok(Expr::And(left, right)),
                BinaryOperator::Or => return Ok(Expr::Or(left, right)),
                BinaryOperator::Plus => return Ok(Expr::Arithmetic(left, Arithmetic::Plus, right)),
                BinaryOperator::Minus => return Ok(Expr::Arithmetic(left, Arithmetic::Minus, right)),
                BinaryOperator::Multiply => return Ok(Expr::Arithmetic(left, Arithmetic::Times, right)),
                BinaryOperator::Eq => Comparison::Equal,
                BinaryOperator::NotEq => Comparison::NotEqual,
                BinaryOperator::Lt => Comparison::Less,
                BinaryOperator::LtEq => Comparison::AtMost,
                BinaryOperator::Gt => Comparison::Greater,
                BinaryOperator::GtEq => Comparison::AtLeast,
                op => return Err(op.to_string()),
            };
            Expr::Compare(left, op, right)
        }
        other => return Err(other.to_string()),
    })
}

fn literal(value: Value) -> Result<Expr, String> {
    Ok(match value {
        Value::Null => Expr::Null,
        Value::Boolean(b) => Expr::Bool(b),
        Value::SingleQuotedString(text) => Expr::Text(text),
        Value::Number(digits, _) => match digits.parse() {
            Ok(n) => Expr::Number(n),
            Err(_) => return Err(digits),
        },
        other => return Err(other.to_string()),
    })
}
