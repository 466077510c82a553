//! Reasons for linking two ids, the evidence for a link and the doubts that keep it from being applied.

use crate::support::named::named_enum;

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

named_enum! {
    pub Reason, "关联原因", "reason";
    OldCode = "old_code", SameOrganisationCode = "same_organisation_code", CodeChanged = "code_changed",
    Renamed = "renamed", OneCharacter = "one_character",
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
