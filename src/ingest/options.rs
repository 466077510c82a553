//! Options for reading files.

use std::sync::Arc;

use super::{Code, Profile, Register};
use crate::schema::Dictionaries;
use crate::standards::zone::Zones;
use crate::support::named::named_enum;

/// Options for reading files. The default reads every ledger as it is written.
/// ```
/// use dangjian::ReadOptions;
///
/// let options = ReadOptions::default().with_year(2013).with_columns([("职工数", "employees")]).with_keep(["楼栋"]);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    pub(crate) year: Option<i16>,
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) keep: Vec<String>,
    pub(crate) words: Dictionaries,
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) on_conflict: OnConflict,
    pub(crate) zones: Option<Arc<Zones>>,
    pub(crate) repair: bool,
    pub(crate) codes_from: Option<Arc<Register>>,
}

impl ReadOptions {
    /// Sets the year of every row, which overrides columns and names.
    #[must_use]
    pub fn with_year(self, year: impl Into<Option<i16>>) -> Self {
        Self { year: year.into(), ..self }
    }

    /// Maps headers as in the file to columns: a column of the schema, a new column of the user's own, or
    /// `column=word` for a column in which a tick means that word. A header is named by all its parts joined with `/`
    /// or by the lowest part; it selects one column of a sheet, the first that matches. The second of two equal
    /// headers is named with the suffix ` (2)`.
    #[must_use]
    pub fn with_columns<H: Into<String>, C: Into<String>>(self, columns: impl IntoIterator<Item = (H, C)>) -> Self {
        Self { columns: columns.into_iter().map(|(header, column)| (header.into(), column.into())).collect(), ..self }
    }

    /// Keeps the columns with these headers as the user's own; `*` keeps all that are not personal. A personal column
    /// is kept only if it is named; a name selects one column of a sheet, as in [`with_columns`](Self::with_columns).
    #[must_use]
    pub fn with_keep<H: Into<String>>(self, headers: impl IntoIterator<Item = H>) -> Self {
        Self { keep: headers.into_iter().map(Into::into).collect(), ..self }
    }

    /// Adds spellings of words to the shipped ones; they override those of the profile.
    #[must_use]
    pub fn with_words(self, words: Dictionaries) -> Self {
        Self { words, ..self }
    }

    /// Applies a saved mapping. It overrides the default meaning of headers, and is overridden by
    /// [`with_columns`](Self::with_columns) and [`with_keep`](Self::with_keep).
    #[must_use]
    pub fn with_profile(self, profile: impl Into<Option<Profile>>) -> Self {
        Self { profile: profile.into().map(Arc::new), ..self }
    }

    /// Sets the treatment of contradicting rows of one organisation in one year.
    #[must_use]
    pub fn with_on_conflict(self, on_conflict: OnConflict) -> Self {
        Self { on_conflict, ..self }
    }

    /// Matches the column `zone` against these zones; without them the column is taken as written.
    #[must_use]
    pub fn with_zones(self, zones: impl Into<Option<Zones>>) -> Self {
        Self { zones: zones.into().map(Arc::new), ..self }
    }

    /// Lets a roster repair spoilt codes where the original code is certain (see [`Code::IdRepaired`]). A repair needs
    /// the rows of all sources: the functions of this module leave such rows out.
    #[must_use]
    pub fn with_repair(self, repair: bool) -> Self {
        Self { repair, ..self }
    }

    /// Gives each row without a code that of the one organisation of this register that has its name, and its county
    /// where both have one. Ledgers that have no column of codes are read then too.
    #[must_use]
    pub fn with_codes_from(self, register: impl Into<Option<Register>>) -> Self {
        Self { codes_from: register.into().map(Arc::new), ..self }
    }

    /// Returns the words in force: the shipped ones, overridden by the profile's, overridden by the caller's.
    #[must_use]
    pub fn dictionaries(&self) -> Dictionaries {
        self.profile.as_ref().map_or_else(|| self.words.clone(), |profile| profile.words().with(&self.words))
    }

    /// Checks whether no option changes how a table written by this software is read.
    pub(crate) fn say_nothing(&self) -> bool {
        let Self { year, columns, keep, words, profile, on_conflict: _, zones, repair: _, codes_from } = self;
        year.is_none()
            && columns.is_empty()
            && keep.is_empty()
            && *words == Dictionaries::default()
            && profile.is_none()
            && zones.is_none()
            && codes_from.is_none()
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
