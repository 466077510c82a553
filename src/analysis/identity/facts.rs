//! Facts in the rows that identify an organisation: ids, years, names, counties, former names and former codes.

use arrow::array::{Array, StringArray};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::names::{IdForm, former_codes, former_names};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::roster::{Column, Frame, Integers, Roster};
use crate::schema::spelling::name;
use crate::standards::region;
use crate::standards::region::RegionLevel;

/// Current or declared former name of an organisation, with its county. County 0 means unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bearer {
    pub name: u32,
    pub county: u32,
    pub node: u32,
}

/// The facts known about every id: first those of the roster (node = slot), then those only in the register.
pub(super) struct IdentityFacts<'a> {
    pub ids: Vec<&'a str>,
    pub forms: Vec<IdForm>,
    /// Number of ids in the roster.
    pub listed: usize,
    /// Flag for ids in the register; empty without a register.
    pub registered: Vec<bool>,
    /// True if there is a register without regions, so that the name alone must suffice.
    pub regionless: bool,
    /// Years in which each id is listed, as bits in `words` numbers each.
    pub years: Vec<u64>,
    pub words: usize,
    /// Names with their bearers, ascending.
    pub names: Vec<Bearer>,
    /// Former names with the ids that declare them, ascending.
    pub former: Vec<Bearer>,
    /// Pairs of a former id and the id that declares it.
    pub former_ids: Vec<(u32, u32)>,
}

impl<'a> IdentityFacts<'a> {
    /// Gathers the facts of `roster` and, if given, of `register`.
    pub(super) fn gather(roster: &'a Roster, register: Option<&'a Roster>, job: &dyn Job) -> Result<Self> {
        let listed = roster.organisations().len();
        let mut ids: Vec<&str> = roster.organisations().iter().flatten().collect();
        // Map the register's slots to nodes; both lists of ids are ascending.
        let nodes: Option<Vec<u32>> = register.map(|register| {
            let node = |id| {
                ids.get(..listed).and_then(|own| own.binary_search(&id).ok()).map_or_else(
                    || {
                        ids.push(id);
                        ids.len() as u32 - 1
                    },
                    |at| at as u32,
                )
            };
            register.organisations().iter().flatten().map(node).collect()
        });
        let words = roster.frames().len().div_ceil(64).max(1);
        let mut facts = Self {
            forms: ids.par_iter().map(|id| IdForm::classify(id)).collect(),
            registered: nodes.as_ref().map_or_else(Vec::new, |nodes| {
                let mut registered = vec![false; ids.len()];
                for node in nodes {
                    registered[*node as usize] = true;
                }
                registered
            }),
            regionless: register.is_some_and(|r| r.field("region").is_err()),
            years: vec![0; ids.len() * words],
            names: Vec::new(),
            former: Vec::new(),
            former_ids: Vec::new(),
            ids,
            listed,
            words,
        };
        for (at, frame) in roster.frames().iter().enumerate() {
            let (word, bit) = (at / 64, 1_u64 << (at % 64));
            frame.slots.iter().for_each(|slot| facts.years[*slot as usize * words + word] |= bit);
        }
        // Interned texts, and the last known county of each id.
        let (mut texts, mut known) = (FxHashMap::default(), vec![0; facts.ids.len()]);
        facts.read(roster, None, (&mut texts, &mut known), job)?;
        if let (Some(register), Some(nodes)) = (register, nodes) {
            facts.read(register, Some(&nodes), (&mut texts, &mut known), job)?;
        }
        facts.names.par_sort_unstable();
        facts.names.dedup();
        facts.former.sort_unstable();
        facts.former.dedup();
        facts.former_ids.sort_unstable();
        facts.former_ids.dedup();
        Ok(facts)
    }

    /// Reads names, former names and former codes of all years of `roster`, whose slots map to the given nodes.
    fn read(
        &mut self,
        roster: &'a Roster,
        nodes: Option<&[u32]>,
        (texts, known): (&mut FxHashMap<String, u32>, &mut [u32]),
        job: &dyn Job,
    ) -> Result<()> {
        let (names_before, former_before) = (self.names.len(), self.former.len());
        let counties = counties(roster);
        let mut last: Vec<(&str, u32)> = vec![("", 0); roster.organisations().len()];
        let mut intern = |text: &str| {
            if let Some(at) = texts.get(text) {
                return *at;
            }
            let at = texts.len() as u32;
            texts.insert(text.to_owned(), at);
            at
        };
        for (at, frame) in roster.frames().iter().enumerate() {
            job::check(job)?;
            job.progress("links", at as u64, roster.frames().len() as u64);
            let regions = roster.field("region").ok().and_then(|at| codes(frame, at));
            let [names, former, ids] =
                ["name", "former_name", "former_org_id"].map(|column| text(roster, frame, column));
            for (row, slot) in frame.slots.iter().enumerate() {
                let node = nodes.map_or(*slot, |nodes| nodes[*slot as usize]);
                let county = regions.map_or(0, |codes| counties[codes.get(row) as usize]);
                if county != 0 {
                    known[node as usize] = county;
                }
                if let Some(written) = value(names, row)
                    && last[*slot as usize] != (written, county)
                {
                    last[*slot as usize] = (written, county);
                    self.names.push(Bearer { name: intern(&name(written)), county, node });
                }
                for text in value(former, row).map_or_else(Vec::new, former_names) {
                    self.former.push(Bearer { name: intern(&text), county, node });
                }
                for code in value(ids, row).map_or_else(Vec::new, former_codes) {
                    let found = self.node(&code).or_else(|| self.node(&code.replace('-', "")));
                    self.former_ids.extend(found.filter(|found| *found != node).map(|found| (found, node)));
                }
            }
        }
        // Fill in the last known county where a year gives none.
        let here = self.names.iter_mut().skip(names_before).chain(self.former.iter_mut().skip(former_before));
        here.filter(|bearer| bearer.county == 0).for_each(|bearer| bearer.county = known[bearer.node as usize]);
        Ok(())
    }

    /// Finds the node of an id.
    fn node(&self, id: &str) -> Option<u32> {
        let (own, others) = self.ids.split_at(self.listed);
        let at = own.binary_search(&id).or_else(|_| others.binary_search(&id).map(|at| at + self.listed));
        at.ok().map(|at| at as u32)
    }

    /// Checks whether the id is in the register only.
    pub(super) fn is_unlisted(&self, node: u32) -> bool {
        node as usize >= self.listed
    }
}

/// Returns the county of each code of the region column; 0 if it has none.
fn counties(roster: &Roster) -> Vec<u32> {
    let dictionary = roster.field("region").ok().and_then(|at| roster.dictionary(at));
    let county = |code: &String| region::at_level(code, RegionLevel::County)?.get(..6)?.parse().ok();
    let values = dictionary.map_or(&[][..], |d| d.values());
    std::iter::once(0).chain(values.iter().map(|code| county(code).unwrap_or(0))).collect()
}

fn codes(frame: &Frame, field: usize) -> Option<&Integers> {
    match frame.columns.get(field)?.as_ref()? {
        Column::Coded { codes, .. } => Some(codes),
        _ => None,
    }
}

/// Returns the texts of a column in one year.
pub(super) fn text<'a>(roster: &Roster, frame: &'a Frame, column: &str) -> Option<&'a StringArray> {
    match roster.values(frame, roster.field(column).ok()?)? {
        Column::Text(texts) => Some(texts),
        _ => None,
    }
}

/// Returns the text in a row, if there is one.
pub(super) fn value(texts: Option<&StringArray>, row: usize) -> Option<&str> {
    texts.filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row))
}
