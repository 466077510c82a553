//! Resolution of a region of one year to its counterpart in another, forwards or backwards through the changes.

use super::list::{by_number, number};
use super::units::{Node, UNITS, Units};
use super::{FIRST_YEAR, Found, LAST_YEAR, RegionLevel, Unit};
use crate::support::named::named_enum;

/// The counterpart, in the reference year, of the region a ledger means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Same code and name.
    Same(Unit),
    /// Same code, another name.
    Renamed(Unit),
    /// Another code, and maybe another name: 密云县 110228 of 2014 is 密云区 110118 in 2015.
    Recoded(Unit),
    /// Part of `into` in the reference year, together with the units in `with`.
    Merged {
        /// Unit of the reference year.
        into: Unit,
        /// Other units merged into it, under their names at the time of the merger.
        with: Vec<Unit>,
    },
    /// Several units in the reference year.
    Split {
        /// Units of the reference year.
        parts: Vec<Unit>,
    },
    /// Ended without a successor in the record.
    Abolished {
        /// Last unit.
        last: Unit,
        /// Year in which the unit ended.
        year: i16,
    },
    /// Set up after the reference year, from units that the record does not name.
    NotYet {
        /// First unit.
        first: Unit,
        /// Year in which the unit was set up.
        year: i16,
    },
    /// Known code that no region had in the year of the ledger.
    NotInForce {
        /// Region that had the code at the time closest to that year.
        unit: Unit,
        /// First year in which the region had the code.
        from: i16,
        /// Last year in which the region had the code.
        to: i16,
    },
    /// Name of several regions.
    Ambiguous(Vec<Unit>),
    /// Code or name that no region ever had.
    Unknown,
}

named_enum! {
    pub Resolution;
    Self::Same(_) => "same", Self::Renamed(_) => "renamed", Self::Recoded(_) => "recoded",
    Self::Merged { .. } => "merged", Self::Split { .. } => "split", Self::Abolished { .. } => "abolished",
    Self::NotYet { .. } => "not_yet", Self::NotInForce { .. } => "not_in_force", Self::Ambiguous(_) => "ambiguous",
    Self::Unknown => "unknown",
}

impl Resolution {
    /// Returns the unit of the reference year, if there is exactly one.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        match self {
            Self::Same(unit) | Self::Renamed(unit) | Self::Recoded(unit) | Self::Merged { into: unit, .. } => {
                Some(*unit)
            }
            _ => None,
        }
    }
}

/// Resolves the region that a ledger of `of_year` calls `written` (a code of 6, 9 or 12 digits, or a name) to
/// `reference_year`. Without `of_year`, a code means the last unit that had it.
///
/// Years are ends of years, clamped to the range from [`FIRST_YEAR`] to [`LAST_YEAR`]. Townships are known only
/// from the list of 2023. A listed township resolves to itself while its county keeps its code; any other township
/// resolves to its county.
/// ```
/// use dangjian::standards::region::{Resolution, resolve};
///
/// let Resolution::Recoded(unit) = resolve("110228", Some(2014), 2023) else { panic!() };
/// assert_eq!((unit.code, unit.name), ("110118000000", "密云区"));
/// let Resolution::Recoded(unit) = resolve("150425", Some(2013), 1982) else { panic!() };
/// assert_eq!((unit.code, unit.name), ("152425000000", "克什克腾旗"));
/// ```
#[must_use]
pub fn resolve(written: &str, of_year: Option<i16>, reference_year: i16) -> Resolution {
    let written = crate::standards::trim(written);
    let code = match super::fill(written) {
        Some(code) => number(&code),
        None if written.bytes().any(|b| b.is_ascii_digit()) => None,
        None => match super::find(written, None, of_year) {
            Found::One(unit) => number(unit.code),
            Found::Several(units) => return Resolution::Ambiguous(units),
            Found::None => None,
        },
    };
    code.map_or(Resolution::Unknown, |code| resolve_number(code, of_year, reference_year))
}

const TOWNSHIP: u64 = 1_000;
const COUNTY: u64 = 1_000_000;

/// Resolves a 12-digit code given as a number; see [`resolve`].
fn resolve_number(code: u64, of_year: Option<i16>, reference_year: i16) -> Resolution {
    let units = &*UNITS;
    let year = |year: i16| year.clamp(FIRST_YEAR, LAST_YEAR);
    let reference = year(reference_year);
    let above = code / COUNTY * COUNTY;
    let held = units.with_code(above);
    let start = match of_year {
        None => held.last().copied(),
        Some(y) => {
            if let Some(at) = units.in_year(above, year(y)) {
                Some(at)
            } else {
                let apart = |n: &Node| if n.from > y { n.from - y } else { y - n.to };
                let nearest = held.iter().filter_map(|at| units.node(*at)).min_by_key(|n| apart(n));
                return nearest.map_or(Resolution::Unknown, |n| Resolution::NotInForce {
                    unit: n.unit(),
                    from: n.from,
                    to: n.to,
                });
            }
        }
    };
    let Some((start, node)) = start.and_then(|at| Some((at, units.node(at)?))) else { return Resolution::Unknown };
    let resolution =
        if node.in_force(reference) { Resolution::Same(node.unit()) } else { units.trace(start, reference) };
    match resolution {
        Resolution::Same(unit) | Resolution::Renamed(unit) if code != above => {
            let township = by_number(code / TOWNSHIP * TOWNSHIP).filter(|r| r.level == RegionLevel::Township);
            Resolution::Same(township.map_or(unit, |r| Unit { code: r.code, name: r.name, level: r.level }))
        }
        other => other,
    }
}

impl Node {
    pub(super) fn unit(&self) -> Unit {
        Unit { code: self.code, name: self.name, level: self.level }
    }
}

impl Units {
    /// Follows the unit `start` to `reference`, a year in which the unit is not in force.
    fn trace(&self, start: u32, reference: i16) -> Resolution {
        let Some(origin) = self.node(start) else { return Resolution::Unknown };
        let forwards = reference > origin.to;
        let links = |n: &Node, ahead: bool| if ahead == forwards { n.next.clone() } else { n.back.clone() };
        let passed = |n: &Node| if forwards { n.to < reference } else { n.from > reference };
        let (mut open, mut ends, mut seen, mut last, mut with) =
            (vec![start], Vec::new(), vec![start], start, Vec::new());
        while let Some(at) = open.pop() {
            let Some(node) = self.node(at) else { continue };
            if node.in_force(reference) {
                ends.push(at);
                continue;
            }
            last = at;
            if !passed(node) {
                // The next recorded unit is on the other side of the reference year.
                continue;
            }
            for to in links(node, true) {
                let beside = self.node(to).map(|n| links(n, false)).unwrap_or_default();
                with.extend(beside.into_iter().filter(|b| *b != at));
                if !seen.contains(&to) {
                    seen.push(to);
                    open.push(to);
                }
            }
        }
        ends.sort_unstable();
        let units = |at: &[u32]| -> Vec<Unit> {
            let mut units: Vec<_> = at.iter().filter_map(|at| self.node(*at)).map(Node::unit).collect();
            units.sort_by_key(|u| u.code);
            units.dedup();
            units
        };
        match ends[..] {
            [] => self.node(last).map_or(Resolution::Unknown, |n| {
                if forwards {
                    Resolution::Abolished { last: n.unit(), year: n.to + 1 }
                } else {
                    Resolution::NotYet { first: n.unit(), year: n.from }
                }
            }),
            [one] => {
                let Some(unit) = self.node(one).map(Node::unit) else { return Resolution::Unknown };
                with.retain(|at| !seen.contains(at));
                match units(&with) {
                    with if !with.is_empty() => Resolution::Merged { into: unit, with },
                    _ if unit.code != origin.code => Resolution::Recoded(unit),
                    _ if unit.name != origin.name => Resolution::Renamed(unit),
                    _ => Resolution::Same(unit),
                }
            }
            _ => Resolution::Split { parts: units(&ends) },
        }
    }
}

/// Returns the unit of `level` that contains `unit` in `year`, judged by digits; `None` if `unit` is of a higher
/// level. For towns directly below a prefecture, the prefecture also serves as county.
#[must_use]
pub fn above(unit: &Unit, level: RegionLevel, year: i16) -> Option<Unit> {
    if unit.level < level {
        return None;
    }
    if unit.level == level {
        return Some(*unit);
    }
    let size = 10_u64.pow(12 - level.digits() as u32);
    let code = number(unit.code)? / size * size;
    UNITS.in_year(code, year.clamp(FIRST_YEAR, LAST_YEAR)).and_then(|at| UNITS.node(at)).map(Node::unit)
}

/// Lists the units of `level` in force in `year`, sorted by code, each with the code of its parent.
#[must_use]
pub fn in_force(year: i16, level: RegionLevel) -> Vec<(Unit, Option<&'static str>)> {
    let mut units: Vec<_> = if level == RegionLevel::Township {
        let townships = super::list::LIST.regions.iter().filter(|r| r.level == level);
        townships.map(|r| (Unit { code: r.code, name: r.name, level }, r.parent)).collect()
    } else {
        let nodes = UNITS.nodes.iter().filter(|n| n.level == level && n.in_force(year));
        nodes.map(|n| (n.unit(), parent(n, year))).collect()
    };
    units.sort_by_key(|(u, _)| u.code);
    units
}

/// Returns the code of the unit in force in `year` that contains `node`, judged by digits.
fn parent(node: &Node, year: i16) -> Option<&'static str> {
    let code = number(node.code)?;
    let above = [100_000_000, 10_000_000_000].map(|unit| code / unit * unit);
    let found = above.into_iter().filter(|c| *c != code).find_map(|c| UNITS.in_year(c, year));
    found.and_then(|at| UNITS.node(at)).map(|n| n.code)
}
