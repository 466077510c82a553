//! Mappings that a caller and a saved profile specify for the columns of a sheet, before any header is guessed.

use std::collections::HashSet;

use super::naming::named;
use super::profile::ProfiledMeaning;
use crate::error::{Error, Result};
use crate::ingest::ReadOptions;
use crate::schema::Dictionaries;
use crate::schema::spelling::folded;
use crate::support::similarity::nearest;

/// Column of codes, without which a sheet is not a ledger.
const ID: &str = "org_id";

/// Mappings for a sheet, prepared for comparison.
pub(crate) struct Overrides<'a> {
    options: &'a ReadOptions,
    columns: Vec<(String, &'a str)>,
    keep: Vec<String>,
    /// Headers mapped to the organisation code.
    codes: Vec<String>,
    pub keep_all: bool,
    pub words: Dictionaries,
}

/// Mapping specified for one column.
#[derive(Clone, Copy)]
pub(crate) enum Override<'a> {
    /// Read as this column: [`ReadOptions::with_columns`].
    As(&'a str),
    /// Kept under its header: [`ReadOptions::with_keep`].
    Keep,
    /// Entry of the profile. A header matched only by its lowest part may still be a word of a group, or about a
    /// person.
    Profile { says: &'a ProfiledMeaning, whole: bool },
}

/// Forms of a header that mappings are compared with: the whole header, and its lowest part.
pub(crate) struct HeaderKey {
    whole: String,
    leaf: String,
}

impl HeaderKey {
    /// Builds the key of the `repeat`-th column with these parts.
    pub(crate) fn new(parts: &[String], repeat: usize) -> Self {
        let number = if repeat > 1 { format!("({repeat})") } else { String::new() };
        let key = |text: &str| format!("{}{number}", folded(text));
        Self { whole: key(&parts.join("/")), leaf: key(parts.last().map_or("", String::as_str)) }
    }
}

impl<'a> Overrides<'a> {
    pub(crate) fn new(options: &'a ReadOptions) -> Self {
        let requested = options.columns.iter().filter(|(_, name)| name == ID).map(|(header, _)| header);
        let profiled =
            options.profile.iter().flat_map(|profile| &profile.entries).filter_map(|entry| match entry.says {
                ProfiledMeaning::Column { column, .. } if column.name == ID => Some(&entry.header),
                _ => None,
            });
        Self {
            options,
            codes: requested.chain(profiled).map(|header| folded(header).into_owned()).collect(),
            columns: options
                .columns
                .iter()
                .map(|(header, name)| (folded(header).into_owned(), name.as_str()))
                .collect(),
            keep: options
                .keep
                .iter()
                .filter(|mapping| *mapping != "*")
                .map(|mapping| folded(mapping).into_owned())
                .collect(),
            keep_all: options.keep.iter().any(|mapping| mapping == "*"),
            words: options.dictionaries(),
        }
    }

    /// Checks whether `text` may be the header, or a part of the header, of the column of codes; or of names, where
    /// codes are found by name.
    pub(crate) fn may_be_key(&self, text: &str) -> bool {
        let by_name = self.options.codes_from.is_some();
        let requested = || {
            let text = folded(text);
            !text.is_empty() && self.codes.iter().any(|header| header.contains(&*text))
        };
        named(text).is_some_and(|(column, _)| column.name == ID || (by_name && column.name == "name"))
            || (!self.codes.is_empty() && requested())
    }

    /// Checks whether no column is mapped by name; headers need no comparison then, as is usual.
    pub(crate) fn are_none(&self) -> bool {
        self.columns.is_empty() && self.keep.is_empty() && self.options.profile.is_none()
    }

    /// Returns the mapping of each column of a sheet. A mapping of the caller applies to one column: the first whose
    /// whole header matches, else the first whose lowest part matches. A profile entry applies to the column whose
    /// whole header matches, else to all columns whose lowest part matches.
    pub(crate) fn assign(&self, keys: &[HeaderKey]) -> Vec<Option<Override<'a>>> {
        let mut overrides: Vec<Option<Override<'a>>> = vec![None; keys.len()];
        let requested = self.columns.iter().map(|(header, name)| (header, Override::As(name)));
        for (header, mapping) in requested.chain(self.keep.iter().map(|header| (header, Override::Keep))) {
            let whole = keys.iter().position(|key| key.whole == *header);
            let at = whole.or_else(|| keys.iter().position(|key| key.leaf == *header));
            if let Some(place @ None) = at.and_then(|at| overrides.get_mut(at)) {
                *place = Some(mapping);
            }
        }
        if let Some(profile) = &self.options.profile {
            let wholes: HashSet<&str> = keys.iter().map(|key| key.whole.as_str()).collect();
            for (key, place) in keys.iter().zip(&mut overrides).filter(|(_, place)| place.is_none()) {
                let whole = profile.find(&key.whole).map(|says| Override::Profile { says, whole: true });
                let leaf = || profile.find(&key.leaf).filter(|_| !wholes.contains(key.leaf.as_str()));
                *place = whole.or_else(|| leaf().map(|says| Override::Profile { says, whole: false }));
            }
        }
        overrides
    }
}

/// Checks whether `mapping` names the column that the reading reports under `header`.
pub(crate) fn names(mapping: &str, header: &str) -> bool {
    let (mapping, header) = (folded(mapping), folded(header));
    header == mapping || header.strip_suffix(&*mapping).is_some_and(|group| group.ends_with('/'))
}

/// Returns the error for a header that no source has.
pub(crate) fn unmet<'a>(mapping: &str, headers: impl Iterator<Item = &'a str>) -> Error {
    let mut have: Vec<_> = headers.map(|h| h.replace(['\n', '\r'], "")).collect();
    have.sort();
    have.dedup();
    let near = nearest(mapping, have.iter().flat_map(|h| [h.as_str(), h.rsplit('/').next().unwrap_or(h)]));
    let (zh, en) = near.map_or_else(Default::default, |near| {
        (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
    });
    Error::argument(
        format!("没有表头为“{mapping}”的列。现有表头：{}{zh}", have.join("、")),
        format!("no column has the header '{mapping}'. Available: {}{en}", have.join(", ")),
    )
    .in_column(mapping)
}

/// Refuses to take running numbers for the organisations: they count the rows of one ledger, and next year the same
/// number is another organisation.
pub(crate) fn refuse_running_numbers(options: &ReadOptions) -> Result<()> {
    const RUNNING: [&str; 7] = ["序号", "序", "行号", "顺序号", "流水号", "no", "no."];
    let mapped = options.columns.iter().find(|(header, name)| name == ID && RUNNING.contains(&&*folded(header)));
    let Some((header, _)) = mapped else { return Ok(()) };
    Err(Error::argument(
        format!(
            "“{header}”是流水号，不能当作单位代码：下一年同一个号会是另一个单位。只有名称的台账，请用 codes_from（--codes-from）给出有名称和代码的对照表"
        ),
        format!(
            "'{header}' is a running number and no organisation code: next year it is another organisation's. For ledgers with names only, give a register with names and codes by codes_from (--codes-from)"
        ),
    )
    .in_column(header.as_str()))
}
