//! Test oracle: predicates evaluated row by row in the most direct way.

pub(crate) const WORDS: [&str; 5] = ["solo", "joint", "affiliated", "area", "none"];
pub(crate) const NAMES: [&str; 5] = ["", "克旗", "克旗公司", "a%_", "公司"];
pub(crate) const STARS: [&str; 5] = ["0.5", "1", "2.5", "4", "5"];
pub(crate) const REGIONS: [&str; 4] = ["150425100000", "150425000000", "150000000000", "441900003000"];
pub(crate) const DAYS: [(i32, &str); 3] = [(15705, "2012-12-31"), (15706, "2013-01-01"), (-1, "1969-12-31")];

/// One organisation. Every value may be unknown; the year lacks the columns `premises_m2`, `plaque` and `zone`.
#[derive(Clone, Debug)]
pub(crate) struct OracleRow {
    pub(crate) members: Option<u64>,
    pub(crate) funds: Option<u64>,
    pub(crate) score: Option<f64>,
    pub(crate) star: Option<usize>,
    pub(crate) day: Option<usize>,
    pub(crate) operating: Option<bool>,
    pub(crate) union: Option<bool>,
    pub(crate) mode: Option<usize>,
    pub(crate) name: Option<usize>,
    pub(crate) grid: Option<usize>,
    pub(crate) region: Option<usize>,
}

/// A value, or the reason for its absence.
#[derive(Clone, PartialEq)]
enum OracleValue<T> {
    Known(T),
    Null,
    /// The column does not exist.
    Absent,
}

impl<T> OracleValue<T> {
    fn from_option(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }

    fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// Evaluates `IS NULL`: unknown if the column does not exist.
    fn is_null(&self) -> Option<bool> {
        match self {
            Self::Known(_) => Some(false),
            Self::Null => Some(true),
            Self::Absent => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Num {
    Column(&'static str),
    Halves(i32),
    Null,
    Negative(Box<Num>),
    Op(Box<Num>, &'static str, Box<Num>),
}

#[derive(Clone, Debug)]
pub(crate) enum Cond {
    Flag(&'static str),
    Constant(Option<bool>),
    Number(Num, &'static str, Num),
    NumberBetween(bool, Num, Num, Num),
    NumberIn(bool, Num, Vec<Num>),
    Day(&'static str, usize, bool),
    Text(&'static str, &'static str, usize),
    TextIn(bool, &'static str, Vec<Option<usize>>),
    Texts(&'static str, &'static str, &'static str),
    Like(bool, &'static str, &'static str),
    NumberIsNull(bool, Num),
    ColumnIsNull(bool, &'static str),
    Is(bool, bool, Box<Cond>),
    Not(Box<Cond>),
    And(Box<Cond>, Box<Cond>),
    Or(Box<Cond>, Box<Cond>),
    Same(Box<Cond>, &'static str, Box<Cond>),
}

/// Returns the literals that text column `name` is compared with.
fn vocabulary(name: &str) -> &'static [&'static str] {
    match name {
        "mode" => &WORDS,
        "region" | "province" | "prefecture" | "county" | "township" => {
            &["150425100000", "150425000000", "150400000000", "150000000000", "441900000000"]
        }
        "org_id" => &["0001", "0005", "0064", "", "x"],
        _ => &NAMES,
    }
}

// Rendering as SQL.

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn quoted(column: &str, literal: usize) -> String {
    format!("'{}'", vocabulary(column)[literal % vocabulary(column).len()])
}

fn number(n: &Num) -> String {
    match n {
        Num::Column(c) => (*c).to_owned(),
        Num::Halves(h) => format!("{}", f64::from(*h) / 2.0),
        Num::Null => "NULL".to_owned(),
        Num::Negative(n) => format!("-({})", number(n)),
        Num::Op(a, op, b) => format!("({} {op} {})", number(a), number(b)),
    }
}

pub(crate) fn sql(c: &Cond) -> String {
    match c {
        Cond::Flag(c) => (*c).to_owned(),
        Cond::Constant(v) => v.map_or("null".to_owned(), |v| v.to_string()),
        Cond::Number(a, op, b) => format!("({} {op} {})", number(a), number(b)),
        Cond::NumberBetween(negated, value, low, high) => {
            format!("({} {}between {} and {})", number(value), not(*negated), number(low), number(high))
        }
        Cond::NumberIn(n, v, list) => {
            let list: Vec<_> = list.iter().map(number).collect();
            format!("({} {}in ({}))", number(v), not(*n), list.join(", "))
        }
        Cond::Day(op, day, flipped) => {
            let day = DAYS[*day].1;
            if *flipped { format!("('{day}' {op} established_on)") } else { format!("(established_on {op} '{day}')") }
        }
        Cond::Text(c, op, literal) => format!("({c} {op} {})", quoted(c, *literal)),
        Cond::TextIn(n, c, list) => {
            let list: Vec<_> = list.iter().map(|l| l.map_or("NULL".to_owned(), |l| quoted(c, l))).collect();
            format!("({c} {}in ({}))", not(*n), list.join(", "))
        }
        Cond::Texts(a, op, b) => format!("({a} {op} {b})"),
        Cond::Like(n, c, pattern) => format!("({c} {}like '{pattern}')", not(*n)),
        Cond::NumberIsNull(n, v) => format!("({} is {}null)", number(v), not(*n)),
        Cond::ColumnIsNull(n, c) => format!("({c} is {}null)", not(*n)),
        Cond::Is(n, truth, c) => format!("({} is {}{truth})", sql(c), not(*n)),
        Cond::Not(c) => format!("(not {})", sql(c)),
        Cond::And(a, b) => format!("({} and {})", sql(a), sql(b)),
        Cond::Or(a, b) => format!("({} or {})", sql(a), sql(b)),
        Cond::Same(a, op, b) => format!("({} {op} {})", sql(a), sql(b)),
    }
}

// Evaluation on one row.

fn number_of(n: &Num, row: &OracleRow) -> OracleValue<f64> {
    match n {
        Num::Column("year") => OracleValue::Known(2013.0),
        Num::Column("members_full") => OracleValue::from_option(row.members.map(|n| n as f64)),
        Num::Column("funds") => OracleValue::from_option(row.funds.map(|n| n as f64)),
        Num::Column("score") => OracleValue::from_option(row.score),
        Num::Column("star") => OracleValue::from_option(row.star.map(|s| STARS[s].parse().unwrap())),
        Num::Column(_) => OracleValue::Absent,
        Num::Halves(h) => OracleValue::Known(f64::from(*h) / 2.0),
        Num::Null => OracleValue::Null,
        Num::Negative(n) => match number_of(n, row) {
            OracleValue::Known(n) => OracleValue::Known(-n),
            other => other,
        },
        Num::Op(a, op, b) => match (number_of(a, row), number_of(b, row)) {
            (OracleValue::Known(a), OracleValue::Known(b)) => OracleValue::Known(match *op {
                "+" => a + b,
                "-" => a - b,
                _ => a * b,
            }),
            // A literal NULL makes the result null, whatever the other side is.
            (OracleValue::Absent, _) | (_, OracleValue::Absent) if !has_null(a) && !has_null(b) => OracleValue::Absent,
            _ => OracleValue::Null,
        },
    }
}

fn has_null(n: &Num) -> bool {
    match n {
        Num::Null => true,
        Num::Column(_) | Num::Halves(_) => false,
        Num::Negative(n) => has_null(n),
        Num::Op(a, _, b) => has_null(a) || has_null(b),
    }
}

fn text_of(column: &str, id: usize, row: &OracleRow) -> OracleValue<String> {
    let level = |digits, coarsest: &[usize]| match row.region {
        Some(r) if !coarsest.contains(&r) => OracleValue::Known(format!("{:0<12}", &REGIONS[r][..digits])),
        _ => OracleValue::Null,
    };
    match column {
        "org_id" => OracleValue::Known(format!("{id:04}")),
        "mode" => OracleValue::from_option(row.mode.map(|m| WORDS[m].to_owned())),
        "name" => OracleValue::from_option(row.name.map(|n| NAMES[n].to_owned())),
        "grid" => OracleValue::from_option(row.grid.map(|n| NAMES[n].to_owned())),
        "region" => OracleValue::from_option(row.region.map(|n| REGIONS[n].to_owned())),
        "province" => level(2, &[]),
        "prefecture" => level(4, &[2]),
        "county" => level(6, &[2]),
        "township" => level(9, &[1, 2]),
        _ => OracleValue::Absent,
    }
}

fn flag_of(column: &str, row: &OracleRow) -> OracleValue<bool> {
    match column {
        "operating" => OracleValue::from_option(row.operating),
        "union" => OracleValue::from_option(row.union),
        _ => OracleValue::Absent,
    }
}

fn compare<T: PartialOrd>(a: Option<&T>, op: &str, b: Option<&T>) -> Option<bool> {
    let (a, b) = (a?, b?);
    Some(match op {
        "=" => a == b,
        "<>" | "!=" => a != b,
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a >= b,
    })
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    and(a.map(|a| !a), b.map(|b| !b)).map(|c| !c)
}

fn unless(negated: bool, answer: Option<bool>) -> Option<bool> {
    answer.map(|a| a != negated)
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skip| like(&text[skip..], rest)),
        [p, rest @ ..] => text.first().is_some_and(|t| *p == '_' || p == t) && like(&text[1..], rest),
    }
}

pub(crate) fn answer(c: &Cond, id: usize, row: &OracleRow) -> Option<bool> {
    let num = |n: &Num| number_of(n, row).known();
    let text = |column: &str| text_of(column, id, row).known();
    match c {
        Cond::Flag(c) => flag_of(c, row).known(),
        Cond::Constant(v) => *v,
        Cond::Number(a, op, b) => compare(num(a).as_ref(), op, num(b).as_ref()),
        Cond::NumberBetween(negated, value, low, high) => {
            let (value, low, high) = (num(value), num(low), num(high));
            let above = compare(value.as_ref(), ">=", low.as_ref());
            unless(*negated, and(above, compare(value.as_ref(), "<=", high.as_ref())))
        }
        Cond::NumberIn(n, v, list) => {
            let each = list.iter().map(|item| compare(num(v).as_ref(), "=", num(item).as_ref()));
            unless(*n, each.fold(Some(false), or))
        }
        Cond::Day(op, day, flipped) => {
            let (column, literal) = (row.day.map(|d| DAYS[d].0), Some(DAYS[*day].0));
            let (a, b) = if *flipped { (literal, column) } else { (column, literal) };
            compare(a.as_ref(), op, b.as_ref())
        }
        Cond::Text(c, op, literal) => {
            let literal = vocabulary(c)[literal % vocabulary(c).len()].to_owned();
            compare(text(c).as_ref(), op, Some(&literal))
        }
        Cond::TextIn(n, c, list) => {
            let each = list.iter().map(|item| {
                let literal = item.map(|l| vocabulary(c)[l % vocabulary(c).len()].to_owned());
                compare(text(c).as_ref(), "=", literal.as_ref())
            });
            unless(*n, each.fold(Some(false), or))
        }
        Cond::Texts(a, op, b) => compare(text(a).as_ref(), op, text(b).as_ref()),
        Cond::Like(n, c, pattern) => {
            let pattern: Vec<char> = pattern.chars().collect();
            unless(*n, text(c).map(|t| like(&t.chars().collect::<Vec<_>>(), &pattern)))
        }
        Cond::NumberIsNull(n, v) => unless(*n, number_of(v, row).is_null()),
        Cond::ColumnIsNull(n, c @ ("operating" | "union" | "plaque")) => unless(*n, flag_of(c, row).is_null()),
        Cond::ColumnIsNull(n, c) => unless(*n, text_of(c, id, row).is_null()),
        Cond::Is(n, truth, c) => unless(*n, Some(answer(c, id, row) == Some(*truth))),
        Cond::Not(c) => answer(c, id, row).map(|a| !a),
        Cond::And(a, b) => and(answer(a, id, row), answer(b, id, row)),
        Cond::Or(a, b) => or(answer(a, id, row), answer(b, id, row)),
        Cond::Same(a, op, b) => compare(answer(a, id, row).as_ref(), op, answer(b, id, row).as_ref()),
    }
}
