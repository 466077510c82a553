//! The list of regions as of 2023-06-30, from `definitions/regions.csv`.

use std::cmp::Reverse;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Region, RegionLevel};

/// The list, sorted by code, with an index by code.
pub(super) struct List {
    pub regions: Vec<Region>,
    index: FxHashMap<u64, u32>,
}

pub(super) static LIST: LazyLock<List> = LazyLock::new(|| {
    let mut regions: Vec<_> =
        include_str!("../../../definitions/regions.csv").lines().skip(1).filter_map(region).collect();
    regions.sort_by_key(|r| (r.code, Reverse(r.level)));
    // Four cities without counties are listed as prefecture and as county. The prefecture comes last and wins.
    let index = regions.iter().enumerate().filter_map(|(at, r)| Some((number(r.code)?, at as u32))).collect();
    List { regions, index }
});

fn region(line: &'static str) -> Option<Region> {
    let mut fields = line.trim_end().split(',');
    let (code, level) = (fields.next()?, RegionLevel::from_name(fields.next()?).ok()?);
    Some(Region { code, name: fields.next()?, level, parent: fields.next().filter(|p| !p.is_empty()) })
}

/// Parses the 12 digits of `code` as a number.
pub(super) fn number(code: &str) -> Option<u64> {
    let digits = code.len() == 12 && code.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| code.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// Returns the region with code `code`.
pub(super) fn by_number(code: u64) -> Option<&'static Region> {
    LIST.regions.get(*LIST.index.get(&code)? as usize)
}
