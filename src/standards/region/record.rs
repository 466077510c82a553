//! The record of region changes: `definitions/region_changes.csv`, corrected by
//! `definitions/region_corrections.csv`.
//!
//! For an abolished unit (撤销) the record often gives its successor by name alone. Three kinds of errors can
//! therefore be detected:
//! - a successor in another province, or a district of the same name in another prefecture, is a namesake: the row
//!   then only tells that the unit ended;
//! - a successor under a code it got only years later: the unit of that year whose codes lead to that code is
//!   meant;
//! - a row of 2021 that gives Yuhang's code to Linping, which the corrections replace.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::RegionLevel;

/// The kind of a change in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 更名, 同名改码, 撤县设市, 撤县设区, 撤地设市 and the like: the unit continued under another name or code.
    Continued,
    /// 码位改派: the code was assigned to another unit.
    CodeReassigned,
    /// 新设: a unit was set up.
    Established,
    /// 撤销: a unit was abolished.
    Abolished,
    /// 驻地迁移, 划转 and summaries, all without codes: no code changed.
    Other,
}

/// One row of the record. A missing code is an empty string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// Year in which the change came into force.
    pub year: i16,
    /// Kind of change.
    pub kind: Kind,
    /// Code before, 12 digits.
    pub old_code: &'static str,
    /// Name before.
    pub old_name: &'static str,
    /// Code after, 12 digits.
    pub new_code: &'static str,
    /// Name after.
    pub new_name: &'static str,
    /// First year of the unit after in the record; later than `year` if the years between are not recorded.
    pub new_year: i16,
}

/// The rows of the record, uncorrected.
pub(super) static RAW: LazyLock<Vec<Change>> =
    LazyLock::new(|| rows(include_str!("../../../definitions/region_changes.csv")));

/// The corrected rows, by year.
pub(super) static CHANGES: LazyLock<Vec<Change>> = LazyLock::new(|| {
    let mut changes: Vec<_> = RAW.iter().copied().filter(|c| !wrong(c)).collect();
    changes.extend(rows(include_str!("../../../definitions/region_corrections.csv")));
    changes.sort_by_key(|c| c.year);
    cut_coincidences(&mut changes);
    redirect_early(&mut changes);
    changes
});

fn rows(file: &'static str) -> Vec<Change> {
    file.lines().skip(1).filter_map(row).collect()
}

fn row(line: &'static str) -> Option<Change> {
    let fields: Vec<&'static str> = line.trim_end().split(',').collect();
    let [year, kind, _, old_code, old_name, new_code, new_name] = fields[..] else { return None };
    let kind = match kind {
        _ if old_code.is_empty() && new_code.is_empty() => Kind::Other,
        "码位改派" => Kind::CodeReassigned,
        "新设" => Kind::Established,
        // A district merged into another: 江干区 into 上城区.
        "撤销" | "撤区设区" => Kind::Abolished,
        _ => Kind::Continued,
    };
    let year = year.parse().ok()?;
    Some(Change { year, kind, old_code, old_name, new_code, new_name, new_year: year })
}

/// Checks for the row that gives Yuhang's code to Linping: Linping was split off Yuhang in 2021, but Yuhang kept
/// its code (the list of 2023 has both).
fn wrong(change: &Change) -> bool {
    (change.year, change.old_code, change.new_name) == (2021, "330110000000", "临平区")
}

/// Checks whether a unit could pass between the two provinces: Hainan left Guangdong in 1988, Chongqing left
/// Sichuan in 1997.
fn same_province(change: &Change) -> bool {
    match (change.old_code.get(..2), change.new_code.get(..2)) {
        (Some("44"), Some("46")) => change.year <= 1988,
        (Some("51"), Some("50")) => change.year <= 1997,
        (old, new) => old == new,
    }
}

fn cut_coincidences(changes: &mut Vec<Change>) {
    let mut apart = Vec::new();
    for change in changes.iter_mut().filter(|c| !c.old_code.is_empty() && !c.new_code.is_empty()) {
        let elsewhere = change.old_code.get(..4) != change.new_code.get(..4);
        let district = change.kind == Kind::Abolished
            && elsewhere
            && change.old_name == change.new_name
            && change.old_name.ends_with('区')
            && RegionLevel::of(change.new_code) == Some(RegionLevel::County)
            && change.year > 1984;
        if same_province(change) && !district {
            continue;
        }
        if change.kind != Kind::Abolished {
            apart.push(Change { kind: Kind::Established, old_code: "", old_name: "", ..*change });
        }
        *change = Change { kind: Kind::Abolished, new_code: "", new_name: "", ..*change };
    }
    changes.extend(apart);
    changes.sort_by_key(|c| c.year);
}

/// Redirects abolished units whose successor has a code of later years to the unit that was set up in the same year
/// and later got that code. Without such a unit, the link goes to that code in the year it appeared.
fn redirect_early(changes: &mut [Change]) {
    let mut introduced: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    let mut given_up: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, change) in changes.iter().enumerate() {
        introduced.entry(change.new_code).or_default().push(at);
        given_up.entry(change.old_code).or_default().push(at);
    }
    let mut redirected = Vec::new();
    for (code, rows) in introduced.iter().filter(|(code, _)| !code.is_empty()) {
        let years: FxHashSet<i16> = rows.iter().filter_map(|at| changes.get(*at)).map(|c| c.year).collect();
        let first = years.iter().copied().min().unwrap_or_default();
        let early = || rows.iter().filter_map(|at| Some((*at, changes.get(*at)?))).filter(|(_, c)| c.year == first);
        let held = given_up.get(code).into_iter().flatten().filter_map(|at| changes.get(*at));
        let given_up_from = held.map(|c| c.year).min();
        let next = years.iter().copied().filter(|y| *y > first).min();
        // Select codes known only as a successor in their first year and introduced again later without having been
        // given up.
        let Some(next) = next.filter(|next| given_up_from.is_none_or(|year| year > *next)) else { continue };
        // A code that only ever absorbed other units existed all along.
        let later = rows.iter().filter_map(|at| changes.get(*at)).filter(|c| c.year == next);
        if later.into_iter().all(|c| c.kind == Kind::Abolished) {
            continue;
        }
        if early().any(|(_, c)| c.kind != Kind::Abolished) {
            continue;
        }
        for (at, change) in early() {
            let arrived = |c: &&Change| {
                c.year == first
                    && matches!(c.kind, Kind::Established | Kind::CodeReassigned)
                    && c.new_code != *code
                    && c.new_code.get(..2) == change.old_code.get(..2)
                    && leads(changes, &given_up, c.new_code, first, code)
            };
            let mut arrivals: Vec<_> = changes.iter().filter(arrived).collect();
            if arrivals.len() > 1 {
                arrivals.retain(|a| a.new_name.chars().take(2).eq(change.old_name.chars().take(2)));
            }
            redirected.push((
                at,
                match arrivals[..] {
                    [arrival] => Change { new_code: arrival.new_code, new_name: arrival.new_name, ..*change },
                    _ => Change { new_year: next, ..*change },
                },
            ));
        }
    }
    for (at, change) in redirected {
        if let Some(place) = changes.get_mut(at) {
            *place = change;
        }
    }
}

/// Checks whether the unit with `code` from `year` on later gets the code `target`.
fn leads(changes: &[Change], given_up: &FxHashMap<&str, Vec<usize>>, code: &str, year: i16, target: &str) -> bool {
    let (mut code, mut year) = (code, year);
    for _ in 0..8 {
        let later = given_up.get(code).into_iter().flatten().filter_map(|at| changes.get(*at));
        match later.filter(|c| c.year > year).min_by_key(|c| c.year) {
            Some(change) if !change.new_code.is_empty() => (code, year) = (change.new_code, change.year),
            _ => return false,
        }
        if code == target {
            return true;
        }
    }
    false
}
