//! Meaning of a header column: the mapping of the caller or profile, else the meaning of its texts.

use std::sync::Arc;

use super::heading::{Heading, Meaning};
use super::naming::{group, is_listed_as_personal, is_of_another, is_registration_number, named, not_read};
use super::overrides::{Override, Overrides};
use super::profile::ProfiledMeaning;
use super::unit::{MONEY, factor};
use crate::ingest::ColumnStatus;
use crate::schema;
use crate::schema::spelling::plain;
use crate::schema::{Dictionaries, SchemaColumn, Type};

/// Returns the meaning of a column with these texts, from top to bottom, independent of other columns.
pub(crate) fn meaning(parts: &[String], mapping: Option<Override<'_>>, overrides: &Overrides<'_>) -> Meaning {
    let Some(leaf) = parts.last() else {
        return Meaning::Not(ColumnStatus::Unknown);
    };
    match mapping {
        Some(Override::As(name)) => requested_meaning(name, leaf, &overrides.words),
        Some(Override::Keep) => Meaning::Own(plain(leaf).into_owned()),
        Some(Override::Profile { says, whole: true }) => profiled(says, leaf, &overrides.words),
        // A match of the lowest part alone removes no word from its group, and never reads a column about a person.
        Some(Override::Profile { says, whole: false }) => match by_itself(parts, leaf, overrides) {
            known @ Meaning::Mark { word: Some(_), .. } => known,
            personal @ Meaning::Not(ColumnStatus::Personal) if !matches!(says, ProfiledMeaning::Ignore) => personal,
            _ => profiled(says, leaf, &overrides.words),
        },
        None => by_itself(parts, leaf, overrides),
    }
}

/// Returns the meaning of an unmapped column; `leaf` is the last of `parts`.
fn by_itself(parts: &[String], leaf: &str, overrides: &Overrides<'_>) -> Meaning {
    let group = parts.len().checked_sub(2).and_then(|at| group(parts.get(at)?, &overrides.words));
    if let Some((column, words)) = &group
        && let Some(word) = words.find(leaf)
    {
        return Meaning::Mark { column, words: Arc::clone(words), word: Some(word) };
    }
    if is_listed_as_personal(leaf) && not_read(parts) == ColumnStatus::Personal {
        return Meaning::Not(ColumnStatus::Personal);
    }
    if let Some((column, rank)) = named(leaf) {
        if column.name == "former_name" && is_of_another(parts) {
            return Meaning::Not(ColumnStatus::Personal);
        }
        return Meaning::Column { column, factor: factor(leaf), rank: rank + 1 };
    }
    let status = not_read(parts);
    if status == ColumnStatus::Unknown
        && let Some((column, words)) = group
    {
        return Meaning::Mark { column, words, word: None };
    }
    if status != ColumnStatus::Personal && overrides.keep_all {
        return Meaning::Own(plain(leaf).into_owned());
    }
    Meaning::Not(status)
}

/// Returns the meaning of a column mapped by the caller: a column of the schema, a word of one (`mode=solo`), or a
/// name of the user's own.
fn requested_meaning(name: &str, leaf: &str, words: &Dictionaries) -> Meaning {
    if let Some(column) = schema::column(name) {
        return Meaning::Column { column, factor: factor(leaf), rank: 0 };
    }
    let marked = name.split_once('=').and_then(|(name, word)| mark(schema::column(name)?, word, words));
    marked.unwrap_or_else(|| Meaning::Own(name.to_owned()))
}

fn mark(column: &'static SchemaColumn, word: &str, words: &Dictionaries) -> Option<Meaning> {
    let words = words.of(column.name)?;
    let word = Some(words.find(word)?);
    Some(Meaning::Mark { column, words, word })
}

/// Returns the meaning of a column according to the profile. If the header alone has the same meaning, it keeps its
/// rank, so that the better of two such columns in a sheet still wins. A registration number that the profile maps to
/// the code comes from a sheet without another code, which the next sheet may have.
fn profiled(says: &ProfiledMeaning, leaf: &str, words: &Dictionaries) -> Meaning {
    match says {
        ProfiledMeaning::Column { column, .. }
            if column.ty == Type::Id
                && is_registration_number(leaf)
                && let Some((column, rank)) = named(leaf) =>
        {
            Meaning::Column { column, factor: 1.0, rank: rank + 1 }
        }
        ProfiledMeaning::Column { column, unit } => {
            let rank = named(leaf).filter(|(named, _)| named.name == column.name).map_or(0, |(_, rank)| rank + 1);
            let unit = unit.and_then(|unit| MONEY.iter().find(|(name, _)| *name == unit));
            Meaning::Column { column, factor: unit.map_or_else(|| factor(leaf), |(_, yuan)| *yuan), rank }
        }
        ProfiledMeaning::Word { column, value } => {
            mark(column, value, words).unwrap_or(Meaning::Not(ColumnStatus::Unknown))
        }
        ProfiledMeaning::Own(name) => Meaning::Own(name.clone()),
        ProfiledMeaning::Ignore => Meaning::Not(ColumnStatus::Ignored),
    }
}

/// Reads registration numbers as the organisation code, as in ledgers that predate the code and have nothing else,
/// unless the caller or the profile reads them as something else.
pub(crate) fn number_as_code(headings: &mut [Heading]) {
    let is_code = |m: &Meaning| matches!(m, Meaning::Column { column, .. } if column.ty == Type::Id);
    if headings.iter().any(|h| is_code(&h.meaning)) {
        return;
    }
    let is_open =
        |m: &Meaning| matches!(m, Meaning::Column { column, rank: 1.., .. } if column.name == "former_org_id");
    let own = headings.iter_mut().find(|h| is_open(&h.meaning) && is_registration_number(h.leaf()));
    if let (Some(heading), Some(column)) = (own, schema::column("org_id")) {
        heading.meaning = Meaning::Column { column, factor: 1.0, rank: 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::header::Header;
    use crate::ingest::{Profile, ReadOptions};

    #[test]
    fn former_names_are_those_of_organisations() {
        let top = [
            ["单位名称", "曾用名", "社会信用代码", "党组织书记", "", "党组织", ""],
            ["", "", "", "来源", "曾用名", "类别", "曾用名"],
        ];
        let top = top.map(|row| row.map(str::to_owned).to_vec());
        let header = Header::find(&top, &[], &ReadOptions::default()).unwrap();
        let former: Vec<_> = header.columns.iter().filter(|c| c.leaf() == "曾用名").map(Heading::mapped).collect();
        assert_eq!(former[0].column.as_deref(), Some("former_name"));
        assert!(former[1..].iter().all(|c| c.column.is_none() && c.status == ColumnStatus::Personal));
    }

    #[test]
    fn a_registration_number_is_the_code_where_there_is_no_other() {
        let read = |names: &[&'static str], options: &ReadOptions| {
            let header = Header::of_names(names.iter().copied(), options);
            header.columns.iter().map(|c| c.mapped().column.unwrap_or_default()).collect::<Vec<_>>()
        };
        let (alone, beside) = (["单位名称", "工商注册号"], ["单位名称", "工商注册号", "组织机构代码"]);
        let profile = |column: &str| {
            let text = format!("[[header]]\nheader = \"工商注册号\"\ncolumn = \"{column}\"");
            let profile = Profile::from_toml(&text, "office.toml").unwrap();
            ReadOptions { profile: Some(Arc::new(profile)), ..ReadOptions::default() }
        };
        // A profile saved from a sheet of any year fits the sheets of all years.
        for options in [ReadOptions::default(), profile("org_id"), profile("former_org_id")] {
            assert_eq!(read(&alone, &options), ["name", "org_id"]);
            assert_eq!(read(&beside, &options), ["name", "former_org_id", "org_id"]);
        }
        assert_eq!(read(&["单位名称", "2.工商注册号*"], &ReadOptions::default()), ["name", "org_id"]);
        assert_eq!(read(&["单位名称", "原注册号"], &ReadOptions::default()), ["name", "former_org_id"]);
        let mapping = vec![("工商注册号".to_owned(), "former_org_id".to_owned())];
        let options = ReadOptions { columns: mapping, ..ReadOptions::default() };
        assert_eq!(read(&alone, &options), ["name", "former_org_id"]);
    }
}
