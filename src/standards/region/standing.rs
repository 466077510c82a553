//! Current status of a region code and its replacement, as needed for every code in a ledger.

use std::cmp::Reverse;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::list::{by_number, number};
use super::record::{CHANGES, Kind};

/// The current status of a 12-digit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In use.
    Current,
    /// Replaced or abolished: code of the county that replaced it, or its own county code if none did.
    Replaced(String),
    /// Township not in the list, in a county that is in use: code of the county.
    TownshipUnknown(String),
    /// Code that no region ever had.
    Unknown,
}

struct Successor {
    year: i16,
    code: &'static str,
}

#[derive(Default)]
struct CodeHistory {
    /// Replacements of each code that was given up, latest first.
    successors: FxHashMap<u64, Vec<Successor>>,
    /// Latest name of each code, past or present.
    names: FxHashMap<u64, &'static str>,
    /// Codes that occur in changes: `true` if introduced and never given up, hence newer than the list of regions.
    introduced: FxHashMap<u64, bool>,
}

static HISTORY: LazyLock<CodeHistory> = LazyLock::new(|| {
    let mut history = CodeHistory::default();
    for change in CHANGES.iter().filter(|c| c.kind != Kind::Other) {
        let (old, new) = (number(change.old_code), number(change.new_code));
        for (code, name) in [(old, change.old_name), (new, change.new_name)] {
            if let Some(code) = code {
                history.names.insert(code, name);
            }
        }
        if old == new {
            continue;
        }
        if let Some(new) = new {
            history.introduced.entry(new).or_insert(true);
        }
        if let Some(old) = old {
            history.introduced.insert(old, false);
            if new.is_some() {
                let successor = Successor { year: change.year, code: change.new_code };
                history.successors.entry(old).or_default().push(successor);
            }
        }
    }
    for successors in history.successors.values_mut() {
        successors.sort_by_key(|s| Reverse(s.year));
    }
    history
});

/// Returns the last name of the code.
pub(super) fn former_name(code: u64) -> Option<&'static str> {
    HISTORY.names.get(&code).copied()
}

/// Checks whether `code` is the 12-digit code of a listed region, or of a village (the last three digits) in one.
#[must_use]
pub fn is_listed(code: &str) -> bool {
    number(code).is_some_and(is_known)
}

fn is_known(code: u64) -> bool {
    by_number(code).is_some() || by_number(code / 1_000 * 1_000).is_some()
}

/// Returns the current status of the 12-digit `code`. Codes of villages (the last three digits) count as their
/// township.
#[must_use]
pub fn current(code: &str) -> Standing {
    let Some(code) = number(code) else { return Standing::Unknown };
    if is_known(code) {
        return Standing::Current;
    }
    let county = code / 1_000_000 * 1_000_000;
    let digits = || format!("{county:012}");
    if by_number(county).is_some() {
        return Standing::TownshipUnknown(digits());
    }
    if let Some(new) = successor(county, 8) {
        return Standing::Replaced(new.to_owned());
    }
    match HISTORY.introduced.get(&county) {
        Some(true) => Standing::Current,
        Some(false) => Standing::Replaced(digits()),
        None if HISTORY.names.contains_key(&county) => Standing::Replaced(digits()),
        None => Standing::Unknown,
    }
}

/// Follows a chain of replacements, latest first, to a code in the list. `steps` bounds the chain, because early
/// records contradict each other.
fn successor(code: u64, steps: usize) -> Option<&'static str> {
    let steps = steps.checked_sub(1)?;
    HISTORY.successors.get(&code)?.iter().find_map(|next| {
        let to = number(next.code)?;
        by_number(to).map(|region| region.code).or_else(|| successor(to, steps))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // 桥东区 of Shijiazhuang was abolished; that of Xingtai is another district.
        assert_eq!(current("130103000000"), replaced("130103000000"));
    }
}
