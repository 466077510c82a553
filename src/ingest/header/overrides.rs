//! What a caller and a saved profile say about the columns of a sheet, before anything is guessed from their headers.

use std::collections::HashSet;

use super::naming::named;
use super::profile::Says;
use crate::error::Error;
use crate::ingest::Options;
use crate::schema::Dictionaries;
use crate::schema::spelling::folded;
use crate::support::similarity::nearest;

/// The column of codes, without which a sheet is no ledger.
const ID: &str = "org_id";

/// The wishes that hold for a sheet, made ready for comparing.
pub(crate) struct Wishes<'a> {
    options: &'a Options,
    columns: Vec<(String, &'a str)>,
    keep: Vec<String>,
    /// The headers of which it is said that they are the organisation's code.
    codes: Vec<String>,
    pub keep_all: bool,
    pub words: Dictionaries,
}

/// What is wished for one column.
#[derive(Clone, Copy)]
pub(crate) enum Wish<'a> {
    /// To be read as this column: [`Options::columns`].
    As(&'a str),
    /// To be kept under its header: [`Options::keep`].
    Keep,
    /// What the profile says. A header of which it names only the lowest part may still be a word of a group, or about a
    /// person.
    Profile { says: &'a Says, whole: bool },
}

/// A header as wishes are compared with it: all of it, and its lowest part.
pub(crate) struct Key {
    whole: String,
    leaf: String,
}

impl Key {
    /// The key of the `repeat`-th column with these parts.
    pub(crate) fn new(parts: &[String], repeat: usize) -> Self {
        let number = if repeat > 1 { format!("({repeat})") } else { String::new() };
        let key = |text: &str| format!("{}{number}", folded(text));
        Self { whole: key(&parts.join("/")), leaf: key(parts.last().map_or("", String::as_str)) }
    }
}

impl<'a> Wishes<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        let said = options.columns.iter().filter(|(_, name)| name == ID).map(|(header, _)| header);
        let profiled =
            options.profile.iter().flat_map(|profile| &profile.entries).filter_map(|entry| match entry.says {
                Says::Column { column, .. } if column.name == ID => Some(&entry.header),
                _ => None,
            });
        Self {
            options,
            codes: said.chain(profiled).map(|header| folded(header).into_owned()).collect(),
            columns: options
                .columns
                .iter()
                .map(|(header, name)| (folded(header).into_owned(), name.as_str()))
                .collect(),
            keep: options.keep.iter().filter(|wish| *wish != "*").map(|wish| folded(wish).into_owned()).collect(),
            keep_all: options.keep.iter().any(|wish| wish == "*"),
            words: options.dictionaries(),
        }
    }

    /// Whether `text` may be, or be a part of, the header of the column of codes.
    pub(crate) fn may_be_code(&self, text: &str) -> bool {
        let said = || {
            let text = folded(text);
            !text.is_empty() && self.codes.iter().any(|header| header.contains(&*text))
        };
        named(text).is_some_and(|(column, _)| column.name == ID) || (!self.codes.is_empty() && said())
    }

    /// Whether nothing is wished for any column by name: so it mostly is, and headers are then compared with nothing.
    pub(crate) fn are_none(&self) -> bool {
        self.columns.is_empty() && self.keep.is_empty() && self.options.profile.is_none()
    }

    /// What is wished for each column of a sheet. A wish of the caller's is for one column: the first of which it names
    /// the whole header, else the first of which it names the lowest part. What the profile says is for the column of
    /// which it names the whole header, else for all of which it names the lowest part.
    pub(crate) fn assign(&self, keys: &[Key]) -> Vec<Option<Wish<'a>>> {
        let mut wishes: Vec<Option<Wish<'a>>> = vec![None; keys.len()];
        let said = self.columns.iter().map(|(header, name)| (header, Wish::As(name)));
        for (header, wish) in said.chain(self.keep.iter().map(|header| (header, Wish::Keep))) {
            let whole = keys.iter().position(|key| key.whole == *header);
            let at = whole.or_else(|| keys.iter().position(|key| key.leaf == *header));
            if let Some(place @ None) = at.and_then(|at| wishes.get_mut(at)) {
                *place = Some(wish);
            }
        }
        if let Some(profile) = &self.options.profile {
            let wholes: HashSet<&str> = keys.iter().map(|key| key.whole.as_str()).collect();
            for (key, place) in keys.iter().zip(&mut wishes).filter(|(_, place)| place.is_none()) {
                let whole = profile.find(&key.whole).map(|says| Wish::Profile { says, whole: true });
                let leaf = || profile.find(&key.leaf).filter(|_| !wholes.contains(key.leaf.as_str()));
                *place = whole.or_else(|| leaf().map(|says| Wish::Profile { says, whole: false }));
            }
        }
        wishes
    }
}

/// Whether `wish` names the column that the reading reports under `header`.
pub(crate) fn names(wish: &str, header: &str) -> bool {
    let (wish, header) = (folded(wish), folded(header));
    header == wish || header.strip_suffix(&*wish).is_some_and(|group| group.ends_with('/'))
}

/// The error that no source has the header that a wish names.
pub(crate) fn unmet<'a>(wish: &str, headers: impl Iterator<Item = &'a str>) -> Error {
    let mut have: Vec<_> = headers.map(|h| h.replace(['\n', '\r'], "")).collect();
    have.sort();
    have.dedup();
    let near = nearest(wish, have.iter().flat_map(|h| [h.as_str(), h.rsplit('/').next().unwrap_or(h)]));
    let (zh, en) = near.map_or_else(Default::default, |near| {
        (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
    });
    Error::argument(
        format!("没有表头为“{wish}”的列。现有表头：{}{zh}", have.join("、")),
        format!("no column has the header '{wish}'. Available: {}{en}", have.join(", ")),
    )
}
