//! Parser from text to [`Expr`]: `sqlparser` reads the SQL, and this module accepts the subset that predicates
//! allow.

use std::borrow::Cow;

use sqlparser::ast;
use sqlparser::ast::{BinaryOperator, UnaryOperator, Value};
use sqlparser::dialect::DuckDbDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::expr::{Arithmetic, ComparisonOperator, Expr};
use crate::error::library::quoted;
use crate::error::{Error, Result};

/// Maximum number of operators and names in a predicate. Real predicates are far smaller, and the depth of
/// `sqlparser`'s tree grows with this number.
const MOST_WORDS: usize = 1000;

/// Maximum nesting depth of a predicate. A chain of `AND`s or of `OR`s is one level.
const MOST_LEVELS: usize = 50;

const ALLOWED_ZH: &str = "可用的写法：列名、数字、'文字'、TRUE、FALSE、NULL，= <> < <= > >=，+ - *，AND OR NOT，\
    [NOT] IN (…)，[NOT] BETWEEN … AND …，[NOT] LIKE '…'，IS [NOT] NULL/TRUE/FALSE，括号";
const ALLOWED_EN: &str = "Allowed: column names, numbers, 'text', TRUE, FALSE, NULL, = <> < <= > >=, + - *, \
    AND OR NOT, [NOT] IN (…), [NOT] BETWEEN … AND …, [NOT] LIKE '…', IS [NOT] NULL/TRUE/FALSE, brackets";

/// Full-width characters of a Chinese keyboard that SQL does not accept.
const FULL_WIDTH: &str = "，（）＝＞＜≥≤≠‘’“”；　";

/// Returns the beginning of a predicate's text, as much as a message shows.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

pub(crate) fn parse(text: &str) -> Result<Expr> {
    let dialect = DuckDbDialect;
    let tokens = Tokenizer::new(&dialect, text).tokenize_with_location().map_err(|e| syntax(text, e))?;
    let words = |t: &Token| {
        !matches!(t, Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::SingleQuotedString(_))
    };
    let count = tokens.iter().filter(|t| words(&t.token)).count();
    if count > MOST_WORDS {
        return Err(Error::argument(
            format!("条件太长：有 {count} 个运算符和列名，最多 {MOST_WORDS} 个。逐个列举时请用 IN (…)"),
            format!(
                "the condition is too long: {count} operators and names, at most {MOST_WORDS}. Hint: list values with IN (…)"
            ),
        )
        .with_value(text));
    }
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens);
    let expr = parser
        .parse_expr()
        .and_then(|expr| parser.expect_token(&Token::EOF).map(|_| expr))
        .map_err(|e| syntax(text, e))?;
    let short = shown(text);
    let refused = |refused| match refused {
        Refused::Unknown(part) => Error::argument(
            format!("条件“{short}”里不能用“{}”。{ALLOWED_ZH}", shown(&part)),
            format!("the condition '{short}' uses '{}', which is not part of the language. {ALLOWED_EN}", shown(&part)),
        ),
        Refused::TooDeep => Error::argument(
            format!("条件“{short}”的嵌套超过 {MOST_LEVELS} 层；请拆开或用 IN (…)"),
            format!("the condition '{short}' nests more than {MOST_LEVELS} levels deep. Hint: split it, or use IN (…)"),
        ),
    };
    convert(expr, MOST_LEVELS).map_err(|part| refused(part).with_value(text))
}

/// Returns `text` with every name that `meaning` knows replaced by its meaning, in brackets unless it stands alone;
/// `None` if there is no such name.
pub(crate) fn spelled<'a>(text: &str, meaning: &impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let tokens = Tokenizer::new(&DuckDbDialect, text).with_unescape(false).tokenize().ok()?;
    let meant = |token: &Token| match token {
        Token::Word(word) => meaning(&word.value),
        _ => None,
    };
    tokens.iter().find_map(meant)?;
    let is_code = |token: &&Token| !matches!(token, Token::Whitespace(_));
    let mut spelled = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(meant) = meant(token) else {
            spelled.push_str(&token.to_string());
            continue;
        };
        let (before, after) = (tokens[..at].iter().rfind(is_code), tokens[at + 1..].iter().find(is_code));
        let alone = matches!((before, after), (None | Some(Token::LParen), None | Some(Token::RParen)));
        if alone {
            spelled.push_str(meant);
        } else {
            spelled.extend(["(", meant, ")"]);
        }
    }
    Some(spelled)
}

/// Builds the error for SQL that `sqlparser` rejects; its message ends in ` at Line: 1, Column: 5`.
fn syntax(text: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = error.to_string();
    let message = message.strip_prefix("sql parser error: ").unwrap_or(&message);
    let (what, place) = message.rsplit_once(" at Line: ").unwrap_or((message, ""));
    let (line, column) = place.split_once(", Column: ").unwrap_or_default();
    let (zh, en) = match what.rsplit_once("found: ") {
        Some((_, "EOF")) => ("没有写完".to_owned(), "ends too early".to_owned()),
        Some((_, found)) if !column.is_empty() => (
            format!("第 {line} 行第 {column} 个字符处的“{found}”放在这里读不懂"),
            format!("cannot be read at line {line}, character {column}: '{found}' is not expected there"),
        ),
        _ => (quoted("读不懂", &what), format!("cannot be read: {what}")),
    };
    let (hint_zh, hint_en) = text.chars().find(|c| FULL_WIDTH.contains(*c)).map_or_else(Default::default, |c| {
        (
            format!("。含有全角或中文标点“{c}”，请改用半角（>= <= <> ' , ( )）"),
            format!(". Hint: it contains the full-width character '{c}'; use >= <= <> ' , ( )"),
        )
    });
    let short = shown(text);
    Error::argument(
        format!("条件“{short}”{zh}{hint_zh}。{ALLOWED_ZH}"),
        format!("the condition '{short}' {en}{hint_en}. {ALLOWED_EN}"),
    )
    .with_value(text)
    .caused_by(error)
}

/// Reason why a part of the SQL is not allowed in a predicate.
enum Refused {
    Unknown(String),
    TooDeep,
}

fn convert(expr: ast::Expr, levels: usize) -> Result<Expr, Refused> {
    use ast::Expr as Sql;
    let Some(levels) = levels.checked_sub(1) else {
        return Err(Refused::TooDeep);
    };
    let part = |e: Box<Sql>| convert(*e, levels);
    let boxed = |e: Box<Sql>| convert(*e, levels).map(Box::new);
    let unless = |negated, e: Expr| if negated { e.not() } else { e };
    Ok(match expr {
        Sql::Identifier(name) => Expr::Column(name.value),
        Sql::Nested(e) => part(e)?,
        Sql::Value(v) => literal(v.value)?,
        Sql::IsNull(e) => Expr::IsNull(boxed(e)?),
        Sql::IsNotNull(e) => Expr::IsNull(boxed(e)?).not(),
        Sql::IsTrue(e) => Expr::Is(boxed(e)?, true),
        Sql::IsNotTrue(e) => Expr::Is(boxed(e)?, true).not(),
        Sql::IsFalse(e) => Expr::Is(boxed(e)?, false),
        Sql::IsNotFalse(e) => Expr::Is(boxed(e)?, false).not(),
        Sql::InList { expr, list, negated } => {
            let list = list.into_iter().map(|item| convert(item, levels)).collect::<Result<_, _>>()?;
            unless(negated, Expr::In(boxed(expr)?, list))
        }
        Sql::Between { expr, negated, low, high } => {
            unless(negated, Expr::Between(boxed(expr)?, boxed(low)?, boxed(high)?))
        }
        Sql::Like { negated, any: false, expr, pattern, escape_char: None } => {
            unless(negated, Expr::Like(boxed(expr)?, boxed(pattern)?))
        }
        Sql::UnaryOp { op: UnaryOperator::Not, expr } => part(expr)?.not(),
        Sql::UnaryOp { op: UnaryOperator::Minus, expr } => match part(expr)? {
            Expr::Number(n) => Expr::Number(-n),
            e => Expr::Negative(Box::new(e)),
        },
        Sql::BinaryOp { left, op, right } => match operator(&op) {
            Some(Operator::Chain(all)) => {
                let (mut first, mut chain) = (*left, vec![part(right)?]);
                // `a AND b AND c` parses as `(a AND b) AND c`. Walk down the left side without recursing.
                loop {
                    match first {
                        Sql::BinaryOp { left, op: next, right } if next == op => {
                            chain.push(part(right)?);
                            first = *left;
                        }
                        other => break chain.push(convert(other, levels)?),
                    }
                }
                chain.reverse();
                all(chain)
            }
            Some(Operator::Arithmetic(op)) => Expr::Arithmetic(boxed(left)?, op, boxed(right)?),
            Some(Operator::Compare(op)) => Expr::Compare(boxed(left)?, op, boxed(right)?),
            None => return Err(Refused::Unknown(op.to_string())),
        },
        Sql::UnaryOp { op, .. } => return Err(Refused::Unknown(op.to_string())),
        other => return Err(Refused::Unknown(other.to_string())),
    })
}

enum Operator {
    Chain(fn(Vec<Expr>) -> Expr),
    Arithmetic(Arithmetic),
    Compare(ComparisonOperator),
}

fn operator(op: &BinaryOperator) -> Option<Operator> {
    Some(match op {
        BinaryOperator::And => Operator::Chain(Expr::And),
        BinaryOperator::Or => Operator::Chain(Expr::Or),
        BinaryOperator::Plus => Operator::Arithmetic(Arithmetic::Plus),
        BinaryOperator::Minus => Operator::Arithmetic(Arithmetic::Minus),
        BinaryOperator::Multiply => Operator::Arithmetic(Arithmetic::Times),
        BinaryOperator::Eq => Operator::Compare(ComparisonOperator::Equal),
        BinaryOperator::NotEq => Operator::Compare(ComparisonOperator::NotEqual),
        BinaryOperator::Lt => Operator::Compare(ComparisonOperator::Less),
        BinaryOperator::LtEq => Operator::Compare(ComparisonOperator::AtMost),
        BinaryOperator::Gt => Operator::Compare(ComparisonOperator::Greater),
        BinaryOperator::GtEq => Operator::Compare(ComparisonOperator::AtLeast),
        _ => return None,
    })
}

fn literal(value: Value) -> Result<Expr, Refused> {
    Ok(match value {
        Value::Null => Expr::Null,
        Value::Boolean(b) => Expr::Bool(b),
        Value::SingleQuotedString(text) => Expr::Text(text),
        Value::Number(digits, _) => match digits.parse() {
            Ok(n) => Expr::Number(n),
            Err(_) => return Err(Refused::Unknown(digits)),
        },
        other => return Err(Refused::Unknown(other.to_string())),
    })
}
