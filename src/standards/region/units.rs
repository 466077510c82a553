//! The region units of all years and their succession: a graph built from the list of regions and the record of
//! changes.
//!
//! ```text
//! 密云县 110208 (1980-1981) <--> 密云县 110228 (1982-2014) <--> 密云区 110118 (2015-2026)
//!                               back <--             --> next
//! ```
//!
//! A unit is one code under one name over a range of years. A change of code or name starts a new unit, and so does
//! a change that adds territory. Years are ends of years: a change of 2015 is in force in 2015. A unit that no
//! change set up exists since the start of the record.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::list::{LIST, number};
use super::record::{CHANGES, Change, Kind};
use super::{FIRST_YEAR, LAST_YEAR, RegionLevel};

/// A unit with its years and links.
#[derive(Debug)]
pub(super) struct Node {
    pub code: &'static str,
    pub name: &'static str,
    pub level: RegionLevel,
    pub from: i16,
    pub to: i16,
    /// Successor units.
    pub next: Vec<u32>,
    /// Predecessor units.
    pub back: Vec<u32>,
}

impl Node {
    pub(super) fn in_force(&self, year: i16) -> bool {
        (self.from..=self.to).contains(&year)
    }
}

/// All units of province, prefecture and county level.
#[derive(Debug, Default)]
pub(super) struct Units {
    pub nodes: Vec<Node>,
    by_code: FxHashMap<u64, Vec<u32>>,
}

pub(super) static UNITS: LazyLock<Units> = LazyLock::new(|| {
    let mut units = Units::default();
    units.add_nodes(&CHANGES);
    units.add_links(&CHANGES);
    units
});

impl Units {
    /// Returns the units that ever had `code`, by year.
    pub(super) fn with_code(&self, code: u64) -> &[u32] {
        self.by_code.get(&code).map_or(&[], Vec::as_slice)
    }

    /// Returns the unit that has `code` in `year`.
    pub(super) fn in_year(&self, code: u64, year: i16) -> Option<u32> {
        self.with_code(code).iter().copied().find(|at| self.node(*at).is_some_and(|n| n.in_force(year)))
    }

    pub(super) fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(index as usize)
    }

    fn held(&self, code: &str, year: i16) -> Option<u32> {
        self.in_year(number(code)?, year)
    }

    fn push(&mut self, code: &'static str, name: &'static str, from: i16, to: i16) {
        let (Some(key), Some(level)) = (number(code), RegionLevel::of(code)) else { return };
        let node = Node { code, name, level, from, to, next: Vec::new(), back: Vec::new() };
        self.by_code.entry(key).or_default().push(self.nodes.len() as u32);
        self.nodes.push(node);
    }

    fn link(&mut self, from: u32, to: u32) {
        if from == to {
            return;
        }
        if let Some(node) = self.nodes.get_mut(from as usize)
            && !node.next.contains(&to)
        {
            node.next.push(to);
        }
        if let Some(node) = self.nodes.get_mut(to as usize)
            && !node.back.contains(&from)
        {
            node.back.push(from);
        }
    }

    fn add_nodes(&mut self, changes: &[Change]) {
        let mut codes: BTreeMap<&'static str, BTreeMap<i16, CodeChange>> = BTreeMap::new();
        let listed = LIST.regions.iter().filter(|r| r.level <= RegionLevel::County);
        let names: FxHashMap<&str, &'static str> = listed.map(|r| (r.code, r.name)).collect();
        for code in names.keys().filter_map(|code| super::get(code)) {
            codes.entry(code.code).or_default();
        }
        for change in changes.iter().filter(|c| c.kind != Kind::Other) {
            if !change.old_code.is_empty() {
                codes.entry(change.old_code).or_default().entry(change.year).or_default().before =
                    Some(change.old_name);
            }
            if !change.new_code.is_empty() {
                let turn = codes.entry(change.new_code).or_default().entry(change.new_year).or_default();
                turn.after = Some(change.new_name);
                turn.set_up |= change.kind != Kind::Abolished || change.new_year > change.year;
            }
        }
        for (code, turns) in codes {
            let listed = names.get(code).copied();
            let mut open = match turns.first_key_value() {
                None => listed,
                // A code that other units merged into, but that nothing set up, existed before.
                Some((_, turn)) => turn.before.or(turn.after.filter(|_| !turn.set_up)),
            }
            .map(|name| (FIRST_YEAR, name));
            for (year, turn) in turns {
                if let Some((from, name)) = open.filter(|(from, _)| *from < year) {
                    self.push(code, turn.before.unwrap_or(name), from, year - 1);
                } else if let Some(name) = turn.before {
                    self.push(code, name, year - 1, year - 1);
                }
                open = turn.after.map(|name| (year, name));
            }
            if let Some((from, name)) = open {
                self.push(code, listed.unwrap_or(name), from, LAST_YEAR);
            }
        }
    }

    fn add_links(&mut self, changes: &[Change]) {
        let (mut left, mut arrived, mut dissolved, mut late) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for change in changes.iter().filter(|c| c.kind != Kind::Other) {
            let old = self.held(change.old_code, change.year - 1);
            let new = self.held(change.new_code, change.new_year);
            match (old, new) {
                (Some(old), None) => left.push((old, change.year)),
                (None, Some(new)) => arrived.push((new, change.year)),
                (Some(old), Some(new)) if change.old_code == change.new_code && change.kind == Kind::CodeReassigned => {
                    left.push((old, change.year));
                    arrived.push((new, change.year));
                }
                (Some(old), Some(new)) if RegionLevel::of(change.new_code) < RegionLevel::of(change.old_code) => {
                    dissolved.push((old, new, change.year));
                }
                (Some(old), Some(new)) if change.new_year > change.year => late.push((old, new)),
                (Some(old), Some(new)) => self.link(old, new),
                (None, None) => {}
            }
        }
        self.link_enlarged();
        arrived.retain(|(at, _)| self.node(*at).is_some_and(|n| n.back.is_empty()));
        self.link_by_name(&left, &arrived);
        self.link_reassigned(changes);
        self.link_dissolved(&dissolved, &arrived);
        for (old, new) in late {
            self.link(old, new);
        }
    }

    /// Links the unit before and after an addition of territory under the same code and name.
    fn link_enlarged(&mut self) {
        let mut links = Vec::new();
        for units in self.by_code.values() {
            for pair in units.windows(2) {
                if let [a, b] = *pair
                    && let (Some(before), Some(after)) = (self.node(a), self.node(b))
                    && before.to + 1 == after.from
                    && before.next.is_empty()
                    && before.name == after.name
                {
                    links.push((a, b));
                }
            }
        }
        for (a, b) in links {
            self.link(a, b);
        }
    }

    /// Links a unit that lost its code, or ended without a successor, to a unit of the same name that appeared in
    /// the same year without a predecessor: first within the prefecture, then within the province.
    fn link_by_name(&mut self, left: &[(u32, i16)], arrived: &[(u32, i16)]) {
        for digits in [4, 2] {
            let key = |units: &Self, at: u32, year: i16| {
                units.node(at).and_then(|n| Some((year, n.code.get(..digits)?, n.name, n.level)))
            };
            let mut waiting: FxHashMap<_, Vec<u32>> = FxHashMap::default();
            for (at, year) in arrived {
                if self.node(*at).is_some_and(|n| n.back.is_empty())
                    && let Some(key) = key(self, *at, *year)
                {
                    waiting.entry(key).or_default().push(*at);
                }
            }
            for (at, year) in left {
                if self.node(*at).is_some_and(|n| n.next.is_empty())
                    && let Some(key) = key(self, *at, *year)
                    && let Some([to]) = waiting.get(&key).map(Vec::as_slice)
                {
                    self.link(*at, *to);
                }
            }
        }
    }

    /// Links the two holders of a reassigned code if the old one has no successor and the new one no predecessor:
    /// in effect a change of name. Before 1984 codes were reassigned wholesale, so such rows prove nothing.
    fn link_reassigned(&mut self, changes: &[Change]) {
        for change in changes.iter().filter(|c| c.kind == Kind::CodeReassigned && c.year >= 1984) {
            if let (Some(old), Some(new)) =
                (self.held(change.old_code, change.year - 1), self.held(change.new_code, change.year))
                && self.node(old).is_some_and(|n| n.next.is_empty())
                && self.node(new).is_some_and(|n| n.back.is_empty())
            {
                self.link(old, new);
            }
        }
    }

    /// Links a county-level unit that became a prefecture to the counties set up in it that year, or to the
    /// prefecture itself if there were none.
    fn link_dissolved(&mut self, dissolved: &[(u32, u32, i16)], arrived: &[(u32, i16)]) {
        for (old, into, year) in dissolved {
            let Some(prefix) = self.node(*into).and_then(|n| n.code.get(..4)) else { continue };
            let part =
                |at: u32| self.node(at).is_some_and(|n| n.level == RegionLevel::County && n.code.starts_with(prefix));
            let parts: Vec<_> = arrived.iter().filter(|(at, y)| y == year && part(*at)).map(|(at, _)| *at).collect();
            if parts.is_empty()
                && let Some(node) = self.nodes.get_mut(*old as usize)
            {
                // No back link: the prefecture was built from more units than this one.
                node.next.push(*into);
            }
            for part in parts {
                self.link(*old, part);
            }
        }
    }
}

/// The meaning of a code before and after a year in which it changed.
#[derive(Default)]
struct CodeChange {
    before: Option<&'static str>,
    after: Option<&'static str>,
    /// True if the unit after was set up in this year, rather than enlarged.
    set_up: bool,
}
