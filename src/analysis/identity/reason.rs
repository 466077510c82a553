//! Reasons for linking two ids, the evidence for a link and the doubts that keep it from being applied.

use crate::error::{Error, Result};

/// The reason for linking two ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A 15-digit registration number gave way to the unified code: declared as the former one, or matched by name
    /// and county.
    OldCode,
    /// Both contain the same organisation code (组织机构代码).
    SameOrganisationCode,
    /// The code changed: declared as the former one, or same name and county with one ending before the other
    /// begins.
    CodeChanged,
    /// The name of one is the former name (曾用名) of the other, in one county.
    Renamed,
    /// Two codes with the same name differ in one character, and one has a wrong check character.
    OneCharacter,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::OldCode, Self::SameOrganisationCode, Self::CodeChanged, Self::Renamed, Self::OneCharacter];

    /// Returns the reason as a word for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OldCode => "old_code",
            Self::SameOrganisationCode => "same_organisation_code",
            Self::CodeChanged => "code_changed",
            Self::Renamed => "renamed",
            Self::OneCharacter => "one_character",
        }
    }

    /// Parses a reason from its name.
    pub fn from_name(name: &str) -> Result<Self> {
        let have = Self::ALL.map(Self::name).join(", ");
        Self::ALL.into_iter().find(|reason| reason.name() == name).ok_or_else(|| {
            Error::argument(
                format!("没有名为“{name}”的关联原因。可用：{have}"),
                format!("there is no reason '{name}' for a link. Available: {have}"),
            )
        })
    }
}

/// The evidence that two ids have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    Declared,
    OneCharacter,
    OrganisationCode,
    SameName,
    FormerName,
}

impl Evidence {
    pub(crate) fn is_by_name(self) -> bool {
        matches!(self, Self::OneCharacter | Self::SameName | Self::FormerName)
    }
}

/// The reason for not joining two ids in spite of the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doubt {
    SameYear,
    Interleaved,
    Several,
    CommonName,
    RegionUnknown,
    BothWrong,
    BothRegistered,
}
