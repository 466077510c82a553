//! Trees as columns of a roster: for each level of the tree, the unit that each organisation belongs to.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::Tree;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::roster::coded;
use crate::roster::{Column, Dictionary, Field, Frame, Integers, Roster};
use crate::schema::Type;

/// Column with the superior that the tree gives the `party_org_id` of a row.
pub(crate) const LISTED: &str = "party_superior_listed";

/// Names the column for `level` (1 is the top) of the tree on `column`.
pub(crate) fn name(column: &str, level: usize) -> String {
    format!("{column}_{level}")
}

/// Column of superiors, whose tree also contains party organisations.
const SUPERIOR: &str = "party_superior";

impl Roster {
    /// Adds a tree of the units that `column` names: `committee` (归口), `party_superior` (隶属), `zone`, `grid`, or
    /// another column of codes. Each level of the tree becomes a column, `committee_1` (the top) and so on, with
    /// the id of the unit that an organisation belongs to. The value is null below the level of the organisation's
    /// unit, and at all levels if the unit in the ledger is not in the tree.
    ///
    /// A party organisation is placed under the superior in the ledger or, if the ledger gives none, under the one
    /// that the tree gives its `party_org_id`. The superior in the tree is also kept in the column
    /// `party_superior_listed`.
    ///
    /// Fails if the roster has no such column or already has a column with the name of a level, and if a ledger
    /// uses a name that several units share.
    pub fn with_tree(&self, column: &str, tree: &Tree, job: &dyn Job) -> Result<Self> {
        let placement = Placement::new(self, column, tree)?;
        let mut fields = self.fields().to_vec();
        let listed = (column == SUPERIOR).then(|| LISTED.to_owned());
        for name in (1..=tree.levels()).map(|level| name(column, level)).chain(listed) {
            if fields.iter().any(|field| field.name == name) {
                return Err(Error::argument(
                    format!("名册已有“{name}”列；请从未加树的名册加，或改去自带列的名称"),
                    format!(
                        "the roster has a column '{name}' already. Hint: add the tree to the roster as it was read"
                    ),
                ));
            }
            fields.push(Field { name, ty: Type::Code });
        }
        let frames = self
            .frames()
            .par_iter()
            .map(|frame| {
                job::check(job)?;
                let mut frame = frame.clone();
                let new = placement.columns(self, &frame);
                frame.columns.extend(new);
                Ok(frame)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self::from_parts(self.organisations().clone(), fields, frames).with_origin(self.origin().clone()))
    }
}

/// The mapping from values in the ledgers to units of the tree. Units are counted from 1; 0 means none.
struct Placement {
    own: Option<usize>,
    party: Option<usize>,
    /// Unit of each code of the column.
    of_code: Vec<u32>,
    /// Parent unit of each code of `party_org_id`.
    of_party: Vec<u32>,
    /// For each level, a dictionary of its units, and for each unit the code of its ancestor at that level.
    levels: Vec<(Arc<Dictionary>, Vec<u32>)>,
    /// Dictionary and codes of the superiors given by the tree.
    listed: Option<(Arc<Dictionary>, Vec<u32>)>,
}

impl Placement {
    fn new(roster: &Roster, column: &str, tree: &Tree) -> Result<Self> {
        let own = roster.field(column).ok();
        let party = roster.field("party_org_id").ok().filter(|_| column == SUPERIOR);
        let fits = own.is_none_or(|at| matches!(roster.fields()[at].ty, Type::Code));
        if !fits || own.or(party).is_none() {
            let named = roster.fields().iter().filter(|field| field.ty == Type::Code).map(|field| field.name.as_str());
            let have = named.collect::<Vec<_>>().join(", ");
            return Err(Error::argument(
                format!("名册没有名为“{column}”的编码列，无从知道各单位在树中的位置。可用：{have}"),
                format!("there is no column of codes '{column}' whose units could be in a tree. Available: {have}"),
            ));
        }
        let of_code = units(roster, own, |text| Ok(tree.unit(text, column)?.map_or(0, |unit| unit + 1)))?;
        let of_party = units(roster, party, |text| {
            let line = tree.by_id.get(text).map(|unit| &tree.units[*unit as usize].line);
            Ok(line.and_then(|line| line.iter().rev().nth(1)).map_or(0, |unit| unit + 1))
        })?;
        let mut used: Vec<u32> = of_code.iter().chain(&of_party).copied().filter(|unit| *unit > 0).collect();
        used.sort_unstable();
        used.dedup();
        let over = |level: usize| coded_units(tree, &used, |unit| tree.units[unit as usize].line.get(level).copied());
        let levels = (0..tree.levels()).map(over).collect();
        let listed = (column == SUPERIOR).then(|| coded_units(tree, &used, Some));
        Ok(Self { own, party, of_code, of_party, levels, listed })
    }

    /// Builds the columns of a year; they are `None` if its sources lack the needed columns.
    fn columns(&self, roster: &Roster, frame: &Frame) -> Vec<Option<Column>> {
        let (own, party) = (coded(roster, frame, self.own), coded(roster, frame, self.party));
        let own_of = |row: usize| own.map_or(0, |codes| codes.get(row));
        let given = |row: usize| party.map_or(0, |codes| self.of_party[codes.get(row) as usize]);
        // A unit named in the ledger takes precedence, even if the tree does not have it.
        let unit = |row: usize| match own_of(row) {
            0 => given(row),
            code => self.of_code[code as usize],
        };
        let column = |(dictionary, codes): &(Arc<Dictionary>, Vec<u32>), unit: &dyn Fn(usize) -> u32| {
            let codes = (0..frame.rows()).map(|row| u64::from(codes[unit(row) as usize]));
            let codes = Integers::up_to(dictionary.values().len() as u64, codes);
            Column::Coded { codes, dictionary: Arc::clone(dictionary) }
        };
        let has_source = own.is_some() || party.is_some();
        let levels = self.levels.iter().map(|level| has_source.then(|| column(level, &unit)));
        let listed = self.listed.iter().map(|listed| party.is_some().then(|| column(listed, &given)));
        levels.chain(listed).collect()
    }
}

/// Returns the unit of each code of a column; code 0 has none.
fn units(roster: &Roster, field: Option<usize>, unit: impl Fn(&str) -> Result<u32>) -> Result<Vec<u32>> {
    let values = field.and_then(|field| roster.dictionary(field)).map_or(&[][..], |d| d.values());
    std::iter::once(Ok(0)).chain(values.iter().map(|text| unit(text))).collect()
}

/// Builds a dictionary by id of the units that `to` maps the `used` ones to. Also returns the code of each unit's
/// target.
fn coded_units(tree: &Tree, used: &[u32], to: impl Fn(u32) -> Option<u32>) -> (Arc<Dictionary>, Vec<u32>) {
    let id = |unit: u32| tree.units[unit as usize].id.as_str();
    let mut ids: Vec<&str> = used.iter().filter_map(|unit| to(unit - 1)).map(id).collect();
    ids.sort_unstable();
    ids.dedup();
    let code: HashMap<&str, u32> = ids.iter().zip(1..).map(|(id, code)| (*id, code)).collect();
    let mut codes = vec![0; tree.units.len() + 1];
    for unit in used {
        codes[*unit as usize] = to(unit - 1).and_then(|unit| code.get(id(unit)).copied()).unwrap_or(0);
    }
    (Arc::new(Dictionary::new(ids.into_iter().map(str::to_owned).collect())), codes)
}
