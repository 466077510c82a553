//! Lookup of regions by name: full names, short names without the last word (内蒙古, 赤峰), former names, and paths
//! (内蒙古自治区赤峰市克什克腾旗经棚镇).

use std::cmp::Reverse;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::list::LIST;
use super::units::UNITS;
use super::{FIRST_YEAR, LAST_YEAR, LIST_YEAR, Region, RegionLevel, Unit, resolve};
use crate::schema::spelling::plain;

/// The regions that match a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Exactly one.
    One(Unit),
    /// Several, sorted by code: the name alone is ambiguous.
    Several(Vec<Unit>),
    /// None.
    None,
}

/// A region with one of its names and the years of that name.
struct NameEntry {
    unit: Unit,
    from: i16,
    to: i16,
}

#[derive(Default)]
struct NameIndex {
    entries: Vec<NameEntry>,
    full: FxHashMap<&'static str, Vec<u32>>,
    short: FxHashMap<&'static str, Vec<u32>>,
}

static NAMES: LazyLock<NameIndex> = LazyLock::new(|| {
    let mut names = NameIndex::default();
    let units = UNITS.nodes.iter().map(|n| NameEntry { unit: n.unit(), from: n.from, to: n.to });
    let townships = LIST.regions.iter().filter(|r| r.level == RegionLevel::Township);
    // Townships have no recorded history, so their names hold for every year.
    let townships = townships.map(|r| NameEntry { unit: unit(r), from: FIRST_YEAR, to: LAST_YEAR });
    for entry in units.chain(townships) {
        let at = names.entries.len() as u32;
        names.full.entry(entry.unit.name).or_default().push(at);
        if let Some(short) = short(entry.unit.name) {
            names.short.entry(short).or_default().push(at);
        }
        names.entries.push(entry);
    }
    names
});

fn unit(region: &Region) -> Unit {
    Unit { code: region.code, name: region.name, level: region.level }
}

/// Quality of a match; less is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum MatchQuality {
    /// Full name in force.
    Full,
    /// Short name in force.
    Short,
    /// Full name of other years.
    Former,
}

/// Finds the regions called `name` in `year` (by default that of the list, 2023) within the region with code
/// `parent`.
///
/// A name is a full name, a short name, or a path of either, in which levels may be omitted. Full names take
/// precedence over short ones, and those over names of other years. Townships match by short name only within a
/// parent or at the end of a path, since offices use the same words for much else.
/// ```
/// use dangjian::standards::region::{Found, find};
///
/// let Found::One(town) = find("经棚镇", Some("150425000000"), None) else { panic!() };
/// assert_eq!(town.code, "150425100000");
/// assert_eq!(find("内蒙古克什克腾旗经棚", None, None), Found::One(town));
/// assert!(matches!(find("鼓楼区", None, None), Found::Several(_)));
/// ```
#[must_use]
pub fn find(name: &str, parent: Option<&str>, year: Option<i16>) -> Found {
    let name: String = plain(name).chars().filter(|c| !matches!(c, '-' | '/' | '>' | ',' | '、')).collect();
    let within = match parent {
        None => None,
        Some(parent) => match super::fill(parent) {
            Some(code) if RegionLevel::of(&code).is_some() => Some(code.into_owned()),
            _ => return Found::None,
        },
    };
    let year = year.unwrap_or(LIST_YEAR).clamp(FIRST_YEAR, LAST_YEAR);
    let mut search = Search { names: &NAMES, year, best: MatchQuality::Former, matches: Vec::new() };
    let level = within.as_deref().and_then(RegionLevel::of);
    search.walk(&name, within.as_deref().zip(level), MatchQuality::Full);
    let mut matches = search.matches;
    matches.sort_by_key(|(unit, to)| (unit.code, unit.level, Reverse(*to)));
    matches.dedup_by_key(|(unit, _)| unit.code);
    match matches[..] {
        [] => Found::None,
        [(unit, _)] => Found::One(unit),
        _ => same_today(&matches, year)
            .map_or_else(|| Found::Several(matches.iter().map(|(u, _)| *u).collect()), Found::One),
    }
}

/// Returns the last of several former regions if all resolve to one region in `year`: one region that changed codes
/// under this name.
fn same_today(matches: &[(Unit, i16)], year: i16) -> Option<Unit> {
    let mut today = matches.iter().map(|(unit, to)| resolve(unit.code, Some(*to), year).unit());
    let first = today.next()??;
    if !today.all(|other| other == Some(first)) {
        return None;
    }
    matches.iter().max_by_key(|(_, to)| *to).map(|(unit, _)| *unit)
}

struct Search<'a> {
    names: &'a NameIndex,
    year: i16,
    /// Best fit so far.
    best: MatchQuality,
    /// Regions with that fit, each with the last year of its name.
    matches: Vec<(Unit, i16)>,
}

/// Maximum length of a region name in characters.
const LONGEST: usize = 32;

impl Search<'_> {
    /// Finds the regions whose path below `within` is `rest`.
    fn walk(&mut self, rest: &str, within: Option<(&str, RegionLevel)>, fit: MatchQuality) {
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).take(LONGEST);
        for end in ends {
            let (Some(head), Some(tail)) = (rest.get(..end), rest.get(end..)) else { continue };
            for (index, short) in [(&self.names.full, false), (&self.names.short, true)] {
                for at in index.get(head).into_iter().flatten() {
                    let Some(entry) = self.names.entries.get(*at as usize) else { continue };
                    let unit = entry.unit;
                    let fit = match ((entry.from..=entry.to).contains(&self.year), short) {
                        (true, false) => fit,
                        (true, true) => fit.max(MatchQuality::Short),
                        (false, false) => MatchQuality::Former,
                        (false, true) => continue,
                    };
                    let inside = within.is_none_or(|(code, level)| below(&unit, code, level));
                    let vague = short && unit.level == RegionLevel::Township && within.is_none();
                    if !inside || vague || fit > self.best {
                        continue;
                    }
                    if !tail.is_empty() {
                        self.walk(tail, Some((unit.code, unit.level)), fit);
                    } else if !is_placeholder(unit.name) {
                        if fit < self.best {
                            self.best = fit;
                            self.matches.clear();
                        }
                        self.matches.push((unit, entry.to));
                    }
                }
            }
        }
    }
}

fn below(unit: &Unit, code: &str, level: RegionLevel) -> bool {
    unit.level > level && code.get(..level.digits()).is_some_and(|prefix| unit.code.starts_with(prefix))
}

/// Checks whether `name` is a placeholder, listed so that every county has a prefecture.
fn is_placeholder(name: &str) -> bool {
    matches!(name, "市辖区" | "县" | "省直辖县级行政区划" | "自治区直辖县级行政区划")
}

/// Peoples in the names of autonomous regions: with 族, then those used without it.
#[rustfmt::skip]
const PEOPLES: &[&str] = &[
    "蒙古族", "回族", "藏族", "维吾尔族", "苗族", "彝族", "壮族", "布依族", "朝鲜族", "满族", "侗族", "瑶族", "白族", "土家族",
    "哈尼族", "哈萨克族", "傣族", "黎族", "傈僳族", "佤族", "畲族", "拉祜族", "水族", "东乡族", "纳西族", "景颇族", "柯尔克孜族",
    "土族", "达斡尔族", "仫佬族", "羌族", "布朗族", "撒拉族", "毛南族", "仡佬族", "锡伯族", "阿昌族", "普米族", "塔吉克族", "怒族",
    "乌孜别克族", "俄罗斯族", "鄂温克族", "德昂族", "保安族", "裕固族", "塔塔尔族", "独龙族", "鄂伦春族", "赫哲族", "各族",
    "蒙古", "维吾尔", "哈萨克", "柯尔克孜", "塔吉克", "锡伯",
];

/// Kinds of regions, as the last word of a name; longer words before their own suffixes.
#[rustfmt::skip]
const KINDS: &[&str] = &[
    "特别行政区", "自治区", "自治州", "自治县", "自治旗", "街道办事处", "地区", "林区", "特区", "街道", "苏木", "民族乡",
    "省", "市", "盟", "县", "区", "旗", "镇", "乡",
];

/// Strips the last word and any peoples before it, if at least two characters remain.
fn short(name: &'static str) -> Option<&'static str> {
    if is_placeholder(name) {
        return None;
    }
    let long_enough = |rest: &str| rest.chars().nth(1).is_some();
    let cut = |name: &'static str, words: &[&str]| {
        words.iter().find_map(|word| name.strip_suffix(word).filter(|rest| long_enough(rest)))
    };
    let mut rest = cut(name, KINDS)?;
    while let Some(shorter) = cut(rest, PEOPLES) {
        rest = shorter;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, parent: Option<&str>, year: Option<i16>) -> &'static str {
        match find(name, parent, year) {
            Found::One(unit) => unit.code,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn short_names() {
        for (name, want) in [
            ("内蒙古自治区", "内蒙古"),
            ("广西壮族自治区", "广西"),
            ("新疆维吾尔自治区", "新疆"),
            ("西藏自治区", "西藏"),
            ("黔西南布依族苗族自治州", "黔西南"),
            ("巴音郭楞蒙古自治州", "巴音郭楞"),
            ("积石山保安族东乡族撒拉族自治县", "积石山"),
            ("龙胜各族自治县", "龙胜"),
            ("香港特别行政区", "香港"),
            ("大兴安岭地区", "大兴安岭"),
            ("锡林郭勒盟", "锡林郭勒"),
            ("克什克腾旗", "克什克腾"),
        ] {
            assert_eq!(short(name), Some(want), "{name}");
        }
        for none in ["东区", "郊区", "县", "市辖区", "矿区"] {
            assert_eq!(short(none), None, "{none}");
        }
    }

    #[test]
    fn names_inside_their_parent_and_as_paths() {
        assert_eq!(one("经棚镇", Some("150425"), None), "150425100000");
        assert_eq!(one("经棚", Some("150425000000"), None), "150425100000");
        for path in [
            "内蒙古自治区赤峰市克什克腾旗经棚镇",
            "内蒙古 赤峰市/克什克腾旗 经棚镇",
            "赤峰市克什克腾旗经棚镇",
            "克什克腾经棚",
        ] {
            assert_eq!(one(path, None, None), "150425100000", "{path}");
        }
        assert_eq!(one("北京", None, None), "110000000000");
        assert_eq!(one("北京市市辖区东城区", None, None), "110101000000");
        assert_eq!(one("内蒙古", None, None), "150000000000");
        assert_eq!(one("吉林长春", None, None), "220100000000");
        assert_eq!(one("鼓楼区", Some("320100"), None), "320106000000");
        assert_eq!(one("东莞市", None, None), "441900000000");
        assert_eq!(find("经棚镇", Some("1504"), None), Found::None);
        assert_eq!(find("经棚", None, None), Found::None);
        for nothing in ["", "市", "市辖区", "省直辖县级行政区划", "某某县"] {
            assert_eq!(find(nothing, None, None), Found::None, "{nothing}");
        }
    }

    #[test]
    fn a_name_of_several_regions_is_never_one() {
        for (name, least) in [("鼓楼区", 4), ("朝阳区", 2), ("吉林", 2), ("城关镇", 50)] {
            let Found::Several(units) = find(name, None, None) else { panic!("{name}") };
            assert!(units.len() >= least, "{name}: {units:?}");
        }
    }

    #[test]
    fn former_names() {
        assert_eq!(one("密云县", None, None), "110228000000");
        assert_eq!(one("哲里木盟", None, None), "152300000000");
        // The current city takes precedence over the former county-level city of the same name.
        assert_eq!(one("通辽市", None, None), "150500000000");
        assert_eq!(one("通辽市", None, Some(1990)), "152301000000");
    }
}
