//! Sources of the columns named in a predicate: the roster's own columns, and those derived from them.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::roster::Roster;
use crate::schema;
use crate::schema::Type;
use crate::schema::words;
use crate::schema::words::Words;
use crate::standards::region;
use crate::standards::region::RegionLevel;
use crate::support::similarity::nearest;

/// Source of a column's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ColumnSource {
    /// The roster's field `at`, as stored or with `derive` applied to each value.
    Field { index: usize, derive: Option<&'static Derived> },
    /// The year of the frame.
    Year,
    /// The organisation's id.
    Organisation,
    /// A column of the schema that no source of this roster has; all values are unknown.
    Absent,
}

/// Function that computes a derived value.
type Derive = fn(&str) -> Option<Cow<'_, str>>;

/// Type by which the values of a column are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ValueType {
    Flag,
    Number,
    Date,
    Text(Vocabulary),
}

/// Texts that a column can hold; comparing it with any other text is an error.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Vocabulary {
    Open,
    Words(&'static Words),
    Region,
    Section,
}

/// A derived column, which no frame stores.
#[derive(Debug)]
pub(crate) struct Derived {
    name: &'static str,
    from: &'static str,
    derive: Derive,
    vocabulary: Vocabulary,
}

impl Derived {
    /// Computes the derived value of `from`.
    pub(crate) fn value<'a>(&self, from: &'a str) -> Option<Cow<'a, str>> {
        (self.derive)(from)
    }
}

impl PartialEq for Derived {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

static DERIVED: [Derived; 6] = [
    level("province", |code| region(code, RegionLevel::Province)),
    level("prefecture", |code| region(code, RegionLevel::Prefecture)),
    level("county", |code| region(code, RegionLevel::County)),
    level("township", |code| region(code, RegionLevel::Township)),
    Derived {
        name: "section",
        from: "industry",
        derive: |code| code.get(..1).map(Cow::Borrowed),
        vocabulary: Vocabulary::Section,
    },
    Derived {
        name: "division",
        from: "industry",
        derive: |code| code.get(..3).map(Cow::Borrowed),
        vocabulary: Vocabulary::Open,
    },
];

const fn level(name: &'static str, derive: Derive) -> Derived {
    Derived { name, from: "region", derive, vocabulary: Vocabulary::Region }
}

fn region(code: &str, level: RegionLevel) -> Option<Cow<'_, str>> {
    region::at_level(code, level).map(Cow::Owned)
}

/// Returns the ledger column from which the column `name` is derived, or `name` itself.
pub(crate) fn ledger_column(name: &str) -> &str {
    DERIVED.iter().find(|d| d.name == name).map_or(name, |d| d.from)
}

/// Finds the column `name`. The roster's own columns take precedence over derived ones of the same name.
pub(crate) fn find_column(name: &str, roster: &Roster) -> Result<(ColumnSource, ValueType)> {
    let field = |name: &str| roster.fields().iter().position(|f| f.name == name);
    let source =
        |at: Option<usize>, derive| at.map_or(ColumnSource::Absent, |at| ColumnSource::Field { index: at, derive });
    if let Some(at) = field(name) {
        let ty = roster.fields().get(at).map_or(Type::Text, |f| f.ty);
        return Ok((source(Some(at), None), kind(name, ty)));
    }
    if let Some(d) = DERIVED.iter().find(|d| d.name == name) {
        return Ok((source(field(d.from), Some(d)), ValueType::Text(d.vocabulary)));
    }
    match name {
        "year" => Ok((ColumnSource::Year, ValueType::Number)),
        "org_id" => Ok((ColumnSource::Organisation, ValueType::Text(Vocabulary::Open))),
        _ => match schema::column(name) {
            Some(column) => Ok((ColumnSource::Absent, kind(name, column.ty))),
            None => Err(unknown(name, roster)),
        },
    }
}

fn kind(name: &str, ty: Type) -> ValueType {
    match ty {
        Type::Flag => ValueType::Flag,
        Type::Year | Type::Count | Type::Money | Type::Real | Type::Star => ValueType::Number,
        Type::Date => ValueType::Date,
        Type::Word => ValueType::Text(words::of(name).map_or(Vocabulary::Open, Vocabulary::Words)),
        Type::Region => ValueType::Text(Vocabulary::Region),
        Type::Id | Type::Text | Type::Code | Type::Industry => ValueType::Text(Vocabulary::Open),
    }
}

fn unknown(name: &str, roster: &Roster) -> Error {
    let derived = DERIVED.iter().map(|d| d.name);
    let have: Vec<&str> =
        ["year", "org_id"].into_iter().chain(roster.fields().iter().map(|f| f.name.as_str())).chain(derived).collect();
    let labelled = schema::COLUMNS.iter().find(|c| c.zh == name || c.aliases.contains(&name));
    let near = labelled.map(|c| c.name).or_else(|| nearest(name, have.iter().copied()));
    let (zh, en) = near.map_or_else(Default::default, |near| {
        (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
    });
    Error::argument(
        format!("没有名为“{name}”的列。可用的列：{}{zh}", have.join("、")),
        format!("there is no column '{name}'. Available: {}{en}", have.join(", ")),
    )
    .in_column(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_cut_at_its_levels() {
        let levels = |code| {
            DERIVED[..4].iter().map(|d| (d.derive)(code).map_or("-".to_owned(), Cow::into_owned)).collect::<Vec<_>>()
        };
        assert_eq!(levels("150425100000"), ["150000000000", "150400000000", "150425000000", "150425100000"]);
        assert_eq!(levels("150425000000"), ["150000000000", "150400000000", "150425000000", "-"]);
        assert_eq!(levels("150000000000"), ["150000000000", "-", "-", "-"]);
        assert_eq!(levels("441900003000"), ["440000000000", "441900000000", "441900000000", "441900003000"]);
        assert_eq!(levels("1"), ["-"; 4]);
    }
}
