//! What a caller may say about the files.

use std::sync::Arc;

use super::{Code, Profile};
use crate::error::{Error, Result};
use crate::schema::Dictionaries;
use crate::standards::zone::Zones;

/// What a caller may say about the files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The year of every row, whatever columns and names say.
    pub year: Option<i16>,
    /// Headers as in the file with the column that each is: one of the schema's or a new one of the user's own; or,
    /// where words stand side by side to be ticked, `column=word`. A header is named by all its parts joined with `/` or
    /// by the lowest; it names one column of a sheet, the first that it fits. The second of two equal headers is named
    /// with ` (2)` behind.
    pub columns: Vec<(String, String)>,
    /// Headers of further columns to be kept as the user's own; `*` keeps all that are not personal. A personal one is
    /// kept only if it is named; a name keeps one column of a sheet, as in `columns`.
    pub keep: Vec<String>,
    /// Spellings of words that are added to the shipped ones, over those of the profile.
    pub words: Dictionaries,
    /// A mapping that was saved: it counts more than what headers mean by themselves, and less than `columns` and `keep`.
    pub profile: Option<Arc<Profile>>,
    /// What becomes of rows of one organisation in one year that contradict each other.
    pub on_conflict: OnConflict,
    /// The zones that the column `zone` names; without them it is taken as written.
    pub zones: Option<Arc<Zones>>,
    /// Whether a roster gives rows with a spoilt code the code that it was, where that is certain (see
    /// [`Code::IdRepaired`]). It takes the rows of all sources to tell: the functions of this module leave such rows out.
    pub repair: bool,
}

impl Options {
    /// The words in force: the shipped ones, over them the profile's, over those the caller's.
    #[must_use]
    pub fn dictionaries(&self) -> Dictionaries {
        self.profile.as_ref().map_or_else(|| self.words.clone(), |profile| profile.words().with(&self.words))
    }

    /// Whether the caller says nothing that changes how a table is read that is as this software writes it.
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

/// What becomes of rows of one organisation in one year that contradict each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnConflict {
    /// The first is kept, the others are reported.
    #[default]
    First,
    /// None is kept, all are reported.
    Reject,
}

impl OnConflict {
    /// What is called `name`: `first` or `reject`.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "first" => Ok(Self::First),
            "reject" => Ok(Self::Reject),
            _ => Err(Error::argument(
                format!("on_conflict 不能是“{name}”。可用：first（保留在前的一行）、reject（各行都不用）"),
                format!(
                    "on_conflict cannot be '{name}'. Available: first (keep the first row), reject (use none of them)"
                ),
            )),
        }
    }

    /// What is said about a row that is not used.
    pub(crate) fn code(self) -> Code {
        match self {
            Self::First => Code::DuplicateConflict,
            Self::Reject => Code::DuplicateRejected,
        }
    }
}
