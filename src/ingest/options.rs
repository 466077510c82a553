//! Options for reading files.

use std::sync::Arc;

use super::{Code, Profile};
use crate::schema::Dictionaries;
use crate::standards::zone::Zones;
use crate::support::named::named_enum;

/// Options for reading files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Year of every row, overriding columns and names.
    pub year: Option<i16>,
    /// Headers as in the file, each with its column: a column of the schema, a new column of the user's own, or
    /// `column=word` for a column in which a tick means that word. A header is named by all its parts joined with `/`
    /// or by the lowest part; it selects one column of a sheet, the first that matches. The second of two equal
    /// headers is named with the suffix ` (2)`.
    pub columns: Vec<(String, String)>,
    /// Headers of further columns to keep as the user's own; `*` keeps all that are not personal. A personal column
    /// is kept only if it is named; a name selects one column of a sheet, as in `columns`.
    pub keep: Vec<String>,
    /// Spellings of words added to the shipped ones; they override those of the profile.
    pub words: Dictionaries,
    /// A saved mapping: it overrides the default meaning of headers, and is overridden by `columns` and `keep`.
    pub profile: Option<Arc<Profile>>,
    /// Treatment of contradicting rows of one organisation in one year.
    pub on_conflict: OnConflict,
    /// Zones that the column `zone` is matched against; without them the column is taken as written.
    pub zones: Option<Arc<Zones>>,
    /// True if a roster repairs spoilt codes where the original code is certain (see [`Code::IdRepaired`]). A repair
    /// needs the rows of all sources: the functions of this module leave such rows out.
    pub repair: bool,
}

impl Options {
    /// Returns the words in force: the shipped ones, overridden by the profile's, overridden by the caller's.
    #[must_use]
    pub fn dictionaries(&self) -> Dictionaries {
        self.profile.as_ref().map_or_else(|| self.words.clone(), |profile| profile.words().with(&self.words))
    }

    /// Checks whether no option changes how a table written by this software is read.
    pub(crate) fn say_nothing(&self) -> bool {
        let Self { year, columns, keep, words, profile, on_conflict: _, zones, repair: _ } = self;
        year.is_none()
            && columns.is_empty()
            && keep.is_empty()
            && *words == Dictionaries::default()
            && profile.is_none()
            && zones.is_none()
    }

    pub(super) fn without_repair(&self) -> Self {
        Self { repair: false, ..self.clone() }
    }
}

/// Treatment of contradicting rows of one organisation in one year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnConflict {
    /// The first row is kept, the others are reported.
    #[default]
    First,
    /// No row is kept, all are reported.
    Reject,
}

named_enum! { pub OnConflict, "冲突处理办法（on_conflict）", "on_conflict"; First = "first", Reject = "reject" }

impl OnConflict {
    /// Returns the problem reported for a row that is not used.
    pub(crate) fn code(self) -> Code {
        match self {
            Self::First => Code::DuplicateConflict,
            Self::Reject => Code::DuplicateRejected,
        }
    }
}
