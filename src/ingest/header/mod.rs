//! Finds the header of a sheet and the meaning of its columns.
//!
//! A header has one to three rows somewhere below the titles. An empty cell of an upper row continues the group to
//! its left where the rows below show that it does: both merged cells and headers written without merging look like
//! this. The texts from top to bottom, joined with `/`, are the column's header.

pub(crate) mod above;
mod family;
#[cfg(test)]
mod header_tests;
pub(crate) mod heading;
pub(crate) mod mapped;
mod meaning;
pub(crate) mod naming;
pub(crate) mod one_hot;
pub(crate) mod overrides;
pub(crate) mod profile;
#[cfg(test)]
mod profile_tests;
mod profile_text;
pub(crate) mod propose;
pub(crate) mod settle;
pub(crate) mod unit;

use std::collections::{HashMap, HashSet};

use self::heading::{Heading, numbered};
use self::mapped::ColumnStatus;
use self::meaning::{meaning, number_as_code};
use self::naming::{is_code, is_registration_number, not_read};
use self::overrides::{HeaderKey, Overrides};
use super::ReadOptions;
use crate::schema;
use crate::schema::spelling::{folded, is_space};
use crate::schema::{Dictionaries, Type};
use crate::standards::uscc;

pub(super) use self::heading::Meaning;

/// Number of rows searched for a header.
pub(super) const TOP: usize = 40;
/// Maximum number of rows in a header.
pub(super) const TALLEST: usize = 3;

/// Header of a sheet.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// Position of its first row among the rows searched.
    pub first: usize,
    /// Number of rows.
    pub height: usize,
    /// Columns from left to right, without those that have no text.
    pub columns: Vec<Heading>,
    /// Words in force in this sheet.
    pub words: Dictionaries,
}

impl Header {
    /// Finds the header among the first rows of a sheet: the rows in which most columns are known, at least an
    /// organisation code and one more. Rows above that are `joined` to it are included.
    pub(super) fn find(top: &[Vec<String>], joined: &[bool], options: &ReadOptions) -> Option<Self> {
        let overrides = Overrides::new(options);
        // Most rows are data and need no closer check.
        let coded: Vec<bool> = top.iter().map(|row| row.iter().any(|text| overrides.may_be_key(text))).collect();
        // No row of a header has a code.
        let is_data: Vec<bool> = top.iter().map(|row| row.iter().any(|text| uscc::is_valid(text))).collect();
        let within = |rows: &[bool], first: usize, height: usize| rows.iter().skip(first).take(height).any(|is| *is);
        let may = |first: usize, height: usize| within(&coded, first, height) && !within(&is_data, first, height);
        let fit = |header: &Self| header.is_ledger() || (options.codes_from.is_some() && header.is_list_of_names());
        Some(Self::best(top, overrides, may, fit)?.raised(top, joined, options))
    }

    /// Returns the rows that look most like a header: among the candidates that are `fit` and have at least one known
    /// column, the one with most known columns. `may` filters candidates cheaply by first row and height.
    pub(super) fn best(
        top: &[Vec<String>],
        overrides: Overrides<'_>,
        may: impl Fn(usize, usize) -> bool,
        fit: impl Fn(&Self) -> bool,
    ) -> Option<Self> {
        // On a tie take fewer rows, lest a title above the header count as a group over all of it.
        let better = |score: (usize, usize), height: usize, best: Option<&((usize, usize), Self)>| {
            best.is_none_or(|(most, best)| score > *most || (score == *most && height < best.height))
        };
        let mut best: Option<((usize, usize), Self)> = None;
        for first in 0..top.len() {
            for height in (1..=TALLEST.min(top.len() - first)).filter(|height| may(first, *height)) {
                let columns = meanings(parts(top.get(first..first + height)?), &overrides);
                // A column kept only because all are kept is no evidence of a header.
                let says = |c: &&Heading| match c.meaning {
                    Meaning::Own(_) => c.requested,
                    Meaning::Mark { .. } => true,
                    Meaning::Column { .. } | Meaning::Not(_) => c.meaning.is_known(),
                };
                let known = columns.iter().filter(says).count();
                // A row that has only a running number (序号) or remarks still belongs to the header.
                let is_passed = |c: &&Heading| {
                    matches!(c.meaning, Meaning::Own(_) | Meaning::Not(_))
                        && not_read(&c.parts) == ColumnStatus::Ignored
                };
                let score = (known, columns.iter().filter(is_passed).count());
                let found = Self { first, height, columns, words: Dictionaries::default() };
                if known > 0 && fit(&found) && better(score, height, best.as_ref()) {
                    best = Some((score, found));
                }
            }
        }
        best.map(|(_, header)| Self { words: overrides.words, ..header })
    }

    /// Builds the header that consists of `rows`.
    pub(super) fn of_rows(rows: &[Vec<String>], options: &ReadOptions) -> Self {
        let overrides = Overrides::new(options);
        let columns = meanings(parts(rows), &overrides);
        Self { first: 0, height: rows.len(), columns, words: overrides.words }
    }

    /// Counts the known columns.
    pub(super) fn known(&self) -> usize {
        self.columns.iter().filter(|c| c.meaning.is_known()).count()
    }

    /// Builds the header of a table whose columns have one name each.
    pub(super) fn of_names<'a>(names: impl Iterator<Item = &'a str>, options: &ReadOptions) -> Self {
        let overrides = Overrides::new(options);
        let columns = names.enumerate().map(|(index, name)| (index, vec![name.to_owned()]));
        let mut header =
            Self { first: 0, height: 1, columns: meanings(columns.collect(), &overrides), words: overrides.words };
        settle::keep_first(&mut header.columns);
        propose::fill(&mut header);
        header
    }

    /// Returns the position of the column of type `ty`.
    pub(super) fn column(&self, ty: Type) -> Option<usize> {
        let is = |m: &Meaning| matches!(m, Meaning::Column { column, .. } if column.ty == ty);
        self.columns.iter().find(|c| is(&c.meaning)).map(|c| c.index)
    }

    /// Returns the columns of registration numbers and of a second code, which stand for a code that is missing.
    pub(super) fn other_ids(&self) -> Vec<usize> {
        let is_other = |heading: &&Heading| match &heading.meaning {
            Meaning::Column { column, .. } => column.name == "former_org_id" && is_registration_number(heading.leaf()),
            Meaning::Not(status) => *status == ColumnStatus::Ignored && is_code(heading.leaf()),
            Meaning::Mark { .. } | Meaning::Own(_) => false,
        };
        self.columns.iter().filter(is_other).map(|heading| heading.index).collect()
    }

    /// Checks whether the header has the names of organisations and at least one more known column other than the year.
    pub(super) fn is_list_of_names(&self) -> bool {
        let named = |name: &str| {
            let is = |c: &&Heading| matches!(&c.meaning, Meaning::Column { column, .. } if column.name == name);
            self.columns.iter().filter(is).count()
        };
        named("name") > 0 && self.known() > named("name") + named("year")
    }

    /// Checks whether the header has an organisation code and at least one more known column other than the year.
    pub(super) fn is_ledger(&self) -> bool {
        let is_id = |m: &Meaning| matches!(m, Meaning::Column { column, .. } if column.ty == Type::Id);
        let is_year = |m: &Meaning| matches!(m, Meaning::Column { column, .. } if column.ty == Type::Year);
        let about = |m: &Meaning| m.is_known() && !is_id(m) && !is_year(m);
        self.columns.iter().any(|c| is_id(&c.meaning)) && self.columns.iter().any(|c| about(&c.meaning))
    }
}

/// Returns the texts of each column, from top to bottom.
pub(super) fn parts(rows: &[Vec<String>]) -> Vec<(usize, Vec<String>)> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let text = |row: usize, column: usize| {
        let text = rows.get(row).and_then(|r| r.get(column)).map_or("", String::as_str);
        (!text.chars().all(is_space)).then_some(text)
    };
    let has_below = |row: usize, column: usize| (row + 1..rows.len()).any(|below| text(below, column).is_some());
    // The column that holds the text of each cell.
    let mut from: Vec<Vec<Option<usize>>> = Vec::new();
    for row in 0..rows.len() {
        let mut origins: Vec<Option<usize>> = Vec::with_capacity(width);
        for column in 0..width {
            let left = column.checked_sub(1).and_then(|left| *origins.get(left)?);
            let same_group = |above: &Vec<Option<usize>>| {
                column.checked_sub(1).is_some_and(|left| above.get(left) == above.get(column))
            };
            origins.push(if text(row, column).is_some() {
                Some(column)
            } else {
                left.filter(|origin| has_below(row, *origin) && has_below(row, column) && from.iter().all(same_group))
            });
        }
        from.push(origins);
    }
    let column = |column: usize| {
        let parts = from.iter().enumerate().filter_map(|(row, origins)| text(row, (*origins.get(column)?)?));
        (column, parts.map(str::to_owned).collect::<Vec<_>>())
    };
    (0..width).map(column).map(|(at, parts)| (at, with_unit(parts))).filter(|(_, parts)| !parts.is_empty()).collect()
}

/// Joins a lowest part that is only a unit or a choice in brackets to the part above it.
fn with_unit(mut parts: Vec<String>) -> Vec<String> {
    let in_brackets = parts.last().is_some_and(|leaf| {
        let leaf = folded(leaf);
        leaf.starts_with('(') && leaf.ends_with(')')
    });
    if in_brackets && parts.len() > 1 {
        let unit = parts.pop().unwrap_or_default();
        if let Some(leaf) = parts.last_mut() {
            leaf.push_str(&unit);
        }
    }
    parts
}

/// Numbers each column among those with the same header, from 1. A number that would yield the header of another
/// column is skipped: next to 楼 and 楼 (2), a second 楼 becomes 楼 (3).
fn repeats(columns: &[(usize, Vec<String>)]) -> Vec<usize> {
    let keys: Vec<String> = columns.iter().map(|(_, parts)| folded(&parts.join("/")).into_owned()).collect();
    let written: HashSet<&str> = keys.iter().map(String::as_str).collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let number = |key| {
        let n = seen.entry(key).or_default();
        *n += 1;
        while *n > 1 && written.contains(format!("{key}({n})").as_str()) {
            *n += 1;
        }
        *n
    };
    keys.iter().map(String::as_str).map(number).collect()
}

/// Returns the meaning of each column. If two headers could mean one column of the schema, the better match wins;
/// between equal ones the year of the table decides later ([`settle`]), and the first organisation code counts.
pub(super) fn meanings(columns: Vec<(usize, Vec<String>)>, overrides: &Overrides<'_>) -> Vec<Heading> {
    let repeats = repeats(&columns);
    let said = if overrides.are_none() {
        vec![None; columns.len()]
    } else {
        let keys = columns.iter().zip(&repeats).map(|((_, parts), repeat)| HeaderKey::new(parts, *repeat));
        overrides.assign(&keys.collect::<Vec<_>>())
    };
    let mut headings: Vec<Heading> = (columns.into_iter().zip(repeats).zip(said))
        .map(|(((index, parts), repeat), mapping)| Heading {
            index,
            meaning: meaning(&parts, mapping, overrides),
            parts,
            repeat,
            requested: mapping.is_some(),
            proposal: None,
        })
        .collect();
    number_as_code(&mut headings);
    settle::drop_former(&mut headings);
    let mut taken: HashMap<&str, (usize, usize)> = HashMap::new();
    for (at, heading) in headings.iter().enumerate() {
        let (name, rank) = match &heading.meaning {
            Meaning::Column { column, rank, .. } => (column.name, *rank),
            // One-hot columns share a column of the schema, and yield to a header that means all of it.
            Meaning::Mark { .. } | Meaning::Own(_) | Meaning::Not(_) => continue,
        };
        let best = taken.entry(name).or_insert((rank, at));
        if rank < best.0 {
            *best = (rank, at);
        }
    }
    let groups: HashSet<Vec<String>> = headings.iter().filter_map(Heading::marked_group).collect();
    let unknown_words = |group: &[String]| {
        headings.iter().filter(|h| matches!(h.meaning, Meaning::Mark { word: None, .. }) && h.group() == group).count()
    };
    // Several columns under the header of a column of words are words of it, though none of them is known.
    let groups: HashSet<Vec<String>> = (headings.iter())
        .filter(|heading| unknown_words(heading.group()) > 1)
        .map(|heading| heading.group().to_vec())
        .chain(groups)
        .collect();
    let mut own: HashSet<String> = HashSet::new();
    for (at, heading) in headings.iter_mut().enumerate() {
        let beside = groups.contains(heading.group());
        match &mut heading.meaning {
            Meaning::Column { column, rank, .. }
                if taken
                    .get(column.name)
                    .is_some_and(|best| best.0 < *rank || (best.1 != at && (column.ty == Type::Id || *rank == 0))) =>
            {
                heading.meaning = Meaning::Not(ColumnStatus::Ignored);
            }
            Meaning::Mark { column, .. } if taken.contains_key(column.name) => {
                heading.meaning = Meaning::Not(ColumnStatus::Ignored);
            }
            // A column next to known words is one more word; in a group without known words it is something else.
            Meaning::Mark { word: None, .. } if !beside => {
                heading.meaning = Meaning::Not(ColumnStatus::Unknown);
            }
            Meaning::Own(name) => {
                let is_free = |name: &String| !name.is_empty() && schema::column(name).is_none() && !own.contains(name);
                let leaf = if heading.requested { name.clone() } else { numbered(name.clone(), heading.repeat) };
                let whole = numbered(heading.parts.join("/"), heading.repeat);
                let further = (2..).map(|n| numbered(whole.clone(), n));
                *name = [leaf, whole.clone()].into_iter().chain(further).find(is_free).unwrap_or_default();
                own.insert(name.clone());
            }
            _ => {}
        }
    }
    headings
}
