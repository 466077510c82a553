//! The table of links: one target id for each organisation, with the reasons in words.

use std::collections::VecDeque;

use arrow::array::RecordBatch;
use rustc_hash::{FxHashMap, FxHashSet};

use super::entities::{Candidate, Entities, span};
use super::facts::{IdentityFacts, text, value};
use super::names::IdForm;
use super::reason::{Doubt, Evidence, Reason};
use super::{AMBIGUOUS, APPLIED};
use crate::error::Result;
use crate::lang::Text;
use crate::roster::{Column, Roster};
use crate::standards::region;
use crate::support::columns::Columns;

/// A row of the table.
struct LinkRow {
    from: u32,
    to: u32,
    reason: Reason,
    status: &'static str,
    why: Text,
}

/// Writes the decisions as a table.
pub(super) fn write(roster: &Roster, register: Option<&Roster>, all: &Entities<'_, '_>) -> Result<RecordBatch> {
    let facts = all.facts;
    let lookup = IdLookup { roster, register, facts };
    let mut rows = lookup.proposed(all);
    rows.sort_unstable_by_key(|row| row.from);
    let mut doubtful: Vec<&Candidate> = all.doubtful.iter().filter(|c| all.root(c.a) != all.root(c.b)).collect();
    doubtful.sort_by_key(|c| (c.a.min(c.b), c.a.max(c.b), c.evidence));
    doubtful.dedup_by_key(|c| (c.a.min(c.b), c.a.max(c.b)));
    rows.extend(doubtful.into_iter().map(|c| lookup.doubtful(c)));
    let id = |node: u32| facts.ids[node as usize];
    let last = |row: &LinkRow| lookup.last(row.from);
    Columns::default()
        .texts("from_id", rows.iter().map(|row| id(row.from)))
        .texts("to_id", rows.iter().map(|row| id(row.to)))
        .texts("reason", rows.iter().map(|row| row.reason.name()))
        .texts("status", rows.iter().map(|row| row.status))
        .some_texts("name", rows.iter().map(|row| lookup.name(row.from)))
        .some_texts("region", rows.iter().map(|row| lookup.region(row.from)))
        .some_texts("region_name", rows.iter().map(|row| region::name(lookup.region(row.from)?)))
        .some_years("last_year", rows.iter().map(|row| Some(roster.frames().get(last(row)?.0)?.year)))
        .some_texts("to_name", rows.iter().map(|row| lookup.name(row.to)))
        .some_years("first_year", rows.iter().map(|row| lookup.span(row.to).map(|years| years.0)))
        .texts("why_zh", rows.iter().map(|row| &row.why.zh))
        .texts("why_en", rows.iter().map(|row| &row.why.en))
        .finish()
}

/// Lookup of the facts that the table shows about an id.
struct IdLookup<'r> {
    roster: &'r Roster,
    register: Option<&'r Roster>,
    facts: &'r IdentityFacts<'r>,
}

impl<'r> IdLookup<'r> {
    /// Lists the joined ids of each organisation, all leading to the best one.
    fn proposed(&self, all: &Entities<'_, '_>) -> Vec<LinkRow> {
        let mut beside: FxHashMap<u32, Vec<&Candidate>> = FxHashMap::default();
        for candidate in &all.joined {
            beside.entry(candidate.a).or_default().push(candidate);
            beside.entry(candidate.b).or_default().push(candidate);
        }
        let mut sets: Vec<(u32, u32)> = beside.keys().map(|node| (all.root(*node), *node)).collect();
        sets.sort_unstable();
        let mut rows = Vec::new();
        for set in sets.chunk_by(|x, y| x.0 == y.0) {
            let Some(best) = set.iter().map(|s| s.1).max_by_key(|node| self.worth(*node)) else { continue };
            let mut seen = FxHashSet::from_iter([best]);
            let mut queue = VecDeque::from([best]);
            // Breadth-first from the best id, so that each id is explained by the link that leads towards it.
            while let Some(near) = queue.pop_front() {
                for candidate in beside.get(&near).into_iter().flatten() {
                    let from = if candidate.a == near { candidate.b } else { candidate.a };
                    if !seen.insert(from) {
                        continue;
                    }
                    queue.push_back(from);
                    if !self.facts.is_unlisted(from) {
                        let why = self.why(candidate, (near != best).then_some((near, best)));
                        rows.push(LinkRow { from, to: best, reason: self.reason(candidate), status: APPLIED[0], why });
                    }
                }
            }
        }
        rows
    }

    fn doubtful(&self, candidate: &Candidate) -> LinkRow {
        let Candidate { a, b, .. } = *candidate;
        let (from, to) = if self.worth(a) <= self.worth(b) { (a, b) } else { (b, a) };
        // Only an id of the roster can be replaced.
        let (from, to) = if self.facts.is_unlisted(from) { (to, from) } else { (from, to) };
        LinkRow { from, to, reason: self.reason(candidate), status: AMBIGUOUS, why: self.why(candidate, None) }
    }

    /// Ranks ids as the identity of an organisation: the newest valid code, then the newest unified code, then the
    /// newest other id. A code that only the register has counts as the newest.
    fn worth(&self, node: u32) -> (u8, u32, &'r str) {
        let rank = match self.facts.forms[node as usize] {
            IdForm::Valid => 2,
            IdForm::Wrong => 1,
            IdForm::Number | IdForm::Bare | IdForm::Other => 0,
        };
        (rank, span(self.bits(node)).map_or(u32::MAX, |years| years.1), self.facts.ids[node as usize])
    }

    fn reason(&self, candidate: &Candidate) -> Reason {
        let number = |node: u32| self.facts.forms[node as usize] == IdForm::Number;
        match candidate.evidence {
            Evidence::OneCharacter => Reason::OneCharacter,
            Evidence::OrganisationCode => Reason::SameOrganisationCode,
            Evidence::FormerName => Reason::Renamed,
            Evidence::Declared | Evidence::SameName if number(candidate.a) != number(candidate.b) => Reason::OldCode,
            Evidence::Declared | Evidence::SameName => Reason::CodeChanged,
        }
    }

    fn why(&self, candidate: &Candidate, through: Option<(u32, u32)>) -> Text {
        let id = |node: u32| self.facts.ids[node as usize];
        let (a, b) = (id(candidate.a), id(candidate.b));
        let name = self.name(candidate.a).unwrap_or_default();
        let (mut zh, mut en) = match candidate.evidence {
            Evidence::Declared => (format!("{b} 写明原代码为 {a}"), format!("{b} gives {a} as its former code")),
            Evidence::OneCharacter => (
                format!("名称相同（{name}），代码只差一个字符，{a} 的校验位不符"),
                format!("same name ({name}), codes that differ in one character, and {a} fails its check"),
            ),
            Evidence::OrganisationCode => (
                format!("{a} 与 {b} 的组织机构代码相同"),
                format!("{a} and {b} have the same organisation code in them"),
            ),
            Evidence::SameName => (
                format!("{a} 与 {b} 名称相同（{name}），所在县区相同"),
                format!("{a} and {b} have the same name ({name}) in the same county"),
            ),
            Evidence::FormerName => (
                format!("{a} 的名称（{name}）是 {b} 的曾用名"),
                format!("the name of {a} ({name}) is a former name of {b}"),
            ),
        };
        if matches!(candidate.evidence, Evidence::SameName | Evidence::FormerName)
            && (self.is_nowhere(candidate.a) || self.is_nowhere(candidate.b))
        {
            zh = zh.replace("，所在县区相同", "");
            en = en.replace(" in the same county", "");
        }
        for node in [candidate.a, candidate.b] {
            let years = match self.span(node) {
                Some((first, last)) if first == last => Text::new(format!("{first}年"), format!("in {first}")),
                Some((first, last)) => Text::new(format!("{first}—{last}年"), format!("{first} to {last}")),
                None => Text::new("取自登记资料", "from the register"),
            };
            zh = format!("{zh}；{}：{}", id(node), years.zh);
            en = format!("{en}; {}: {}", id(node), years.en);
        }
        if let Some((near, best)) = through {
            zh = format!("{zh}；{} 又归入 {}", id(near), id(best));
            en = format!("{en}; {} in turn is {}", id(near), id(best));
        }
        if let Some(doubt) = candidate.doubt {
            let doubt = doubt.text();
            zh = format!("{zh}。但{}，请核对", doubt.zh);
            en = format!("{en}. But {}: please check", doubt.en);
        }
        Text { zh, en }
    }

    fn is_nowhere(&self, node: u32) -> bool {
        self.region(node).is_none()
    }

    fn bits(&self, node: u32) -> &'r [u64] {
        let at = node as usize * self.facts.words;
        self.facts.years.get(at..at + self.facts.words).unwrap_or(&[])
    }

    /// Returns the first and last year in which an id is listed.
    fn span(&self, node: u32) -> Option<(i16, i16)> {
        let (first, last) = span(self.bits(node))?;
        let year = |at: u32| self.roster.frames().get(at as usize).map(|frame| frame.year);
        Some((year(first)?, year(last)?))
    }

    /// Returns the position of the last year and the row in which the roster lists an id.
    fn last(&self, node: u32) -> Option<(usize, usize)> {
        let at = span(self.bits(node))?.1 as usize;
        let row = self.roster.frames().get(at)?.slots.binary_search(&node).ok()?;
        Some((at, row))
    }

    /// Finds the row that describes an id, in the roster or else in the register.
    fn row_of(&self, node: u32) -> Option<(&'r Roster, usize, usize)> {
        if let Some((at, row)) = self.last(node) {
            return Some((self.roster, at, row));
        }
        let register = self.register?;
        let id = self.facts.ids[node as usize];
        let ids = register.organisations();
        let slot = crate::roster::search(ids, id)? as u32;
        let found = |at: usize| Some((register, at, register.frames().get(at)?.slots.binary_search(&slot).ok()?));
        (0..register.frames().len()).rev().find_map(found)
    }

    fn name(&self, node: u32) -> Option<&'r str> {
        let (roster, at, row) = self.row_of(node)?;
        let texts = text(roster, roster.frames().get(at)?, "name")?;
        value(Some(texts), row)
    }

    fn region(&self, node: u32) -> Option<&'r str> {
        let (roster, at, row) = self.row_of(node)?;
        match roster.values(roster.frames().get(at)?, roster.field("region").ok()?)? {
            Column::Coded { codes, dictionary } => dictionary.get(codes.get(row) as u32),
            _ => None,
        }
    }
}

impl Doubt {
    fn text(self) -> Text {
        let (zh, en) = match self {
            Self::SameYear => ("两者同在一年的台账中", "both are listed in one year"),
            Self::Interleaved => ("两者的年度不是先后相接", "their years do not follow each other"),
            Self::Several => ("符合的单位不止一家", "more than one organisation fits"),
            Self::CommonName => ("同一年有多家单位叫这个名称", "several organisations of one year bear this name"),
            Self::RegionUnknown => ("有一方所在县区不明", "the county of one of them is not known"),
            Self::BothWrong => ("两个代码的校验位都不符", "both codes fail their check"),
            Self::BothRegistered => ("登记资料中是两家单位", "the register has both"),
        };
        Text::new(zh, en)
    }
}
