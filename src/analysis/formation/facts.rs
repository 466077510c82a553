//! Columns derived from the rules for each organisation of a year: what the organisation needs, and the totals of
//! its party organisation. Predicates and lists read them like ledger columns.

use std::collections::BTreeSet;

use arrow::buffer::BooleanBuffer;

use super::fact_columns::{coded, constant};
use super::members::PartyOrganisations;
use super::term;
use crate::definition::{Finding, FormationRules};
use crate::error::Result;
use crate::predicate::ledger_column;
use crate::roster::{Column, Field, Frame, Roster};
use crate::schema::Type;

/// Computed columns: name, type, and the ledger columns they rest on, other than those the rules name.
const COMPUTED: [(&str, Type, &[&str]); 15] = [
    ("need", Type::Code, &[]),
    ("level_need", Type::Code, &["mode", "party_org_id"]),
    ("units", Type::Count, &["mode", "party_org_id"]),
    ("units_recorded", Type::Count, &["mode", "party_org_id"]),
    ("units_unknown", Type::Count, &["mode", "party_org_id"]),
    ("units_due_solo", Type::Count, &["mode", "party_org_id"]),
    ("units_most", Type::Count, &[]),
    ("over_limit", Type::Flag, &["mode", "party_org_id"]),
    ("solo_units", Type::Count, &["mode", "party_org_id"]),
    ("host_listed", Type::Flag, &["mode", "party_org_id"]),
    ("townships", Type::Count, &["mode", "party_org_id", "region"]),
    ("party_members", Type::Count, &["mode", "party_org_id"]),
    ("members_recorded", Type::Count, &["mode", "party_org_id"]),
    ("members_least", Type::Count, &[]),
    ("term_over", Type::Flag, &["mode", "party_org_level", "elected_on"]),
];

/// Columns that predicates derive from others: name and source.
const DERIVED: [(&str, &str); 5] = [
    ("province", "region"),
    ("prefecture", "region"),
    ("county", "region"),
    ("township", "region"),
    ("section", "industry"),
];

/// One year of a roster with the requested columns of [`COMPUTED`].
pub(super) struct FormationFacts {
    roster: Roster,
}

impl FormationFacts {
    /// Builds the facts of `frame` with the columns `wanted`, from the ledger or computed. Values of other columns
    /// are left out.
    pub(super) fn new(roster: &Roster, frame: &Frame, rules: &FormationRules, wanted: &BTreeSet<&str>) -> Result<Self> {
        let year = frame.year;
        let levels = rules.levels(year);
        let party_orgs = PartyOrganisations::new(roster, frame, rules)?;
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for (name, ty, sources) in COMPUTED.iter().filter(|(name, ..)| wanted.contains(name)) {
            fields.push(Field { name: (*name).to_owned(), ty: *ty });
            if sources.contains(&"party_org_id") && !party_orgs.has_columns() {
                columns.push(None);
                continue;
            }
            let column = match *name {
                "need" => need(roster, frame, rules)?,
                "level_need" => party_orgs.level(roster, frame, &levels),
                "units" => party_orgs.number(&party_orgs.units(|_| true)),
                "units_recorded" => party_orgs.number(&party_orgs.recorded()),
                "units_unknown" => party_orgs.number(&party_orgs.units_unknown()),
                "units_due_solo" => party_orgs.number(&party_orgs.units_among(&due_solo(roster, frame, rules)?)),
                "over_limit" => party_orgs.over_limit(rules.joint(year).map(|j| j.most_units)),
                "units_most" => constant(rules.joint(year).map(|j| j.most_units), frame.rows()),
                "solo_units" => party_orgs.number(&party_orgs.units(|mode| mode == party_orgs.solo())),
                "host_listed" => party_orgs.hosted(),
                "townships" => party_orgs.number(&party_orgs.townships(roster, frame)),
                "party_members" => match levels.first() {
                    Some(lowest) => party_orgs.number(&party_orgs.members(roster, frame, &lowest.members)),
                    None => constant(None, frame.rows()),
                },
                "members_recorded" => match levels.first() {
                    Some(lowest) => party_orgs.number(&party_orgs.members_recorded(roster, frame, &lowest.members)),
                    None => constant(None, frame.rows()),
                },
                "members_least" => constant(levels.first().map(|l| l.at_least), frame.rows()),
                _ => term::over(roster, frame, rules)?,
            };
            let lacks = |name: &String| !has_column(roster, frame, name);
            let silent = Self::depends_on(rules, name, year).iter().any(lacks) && is_all_unknown(&column);
            let is_decidable = !silent && Self::has_rule(rules, name, year);
            columns.push(is_decidable.then_some(column));
        }
        let base = |name: &str| DERIVED.iter().find(|(derived, _)| *derived == name).map(|(_, from)| *from);
        let asked = |name: &str| wanted.contains(name) || wanted.iter().any(|w| base(w) == Some(name));
        for (at, field) in roster.fields().iter().enumerate() {
            if !fields.iter().any(|f| f.name == field.name) {
                fields.push(field.clone());
                columns.push(roster.values(frame, at).filter(|_| asked(&field.name)).cloned());
            }
        }
        let frame = Frame::new(year, frame.slots.clone(), columns);
        Ok(Self { roster: Roster::from_parts(roster.organisations().clone(), fields, vec![frame]) })
    }

    /// Adds flag columns, one flag per row.
    pub(super) fn flagged(self, flags: impl IntoIterator<Item = (String, Column)>) -> Self {
        let (mut fields, mut frame) = (self.roster.fields().to_vec(), self.frame().clone());
        for (name, column) in flags {
            fields.push(Field { name, ty: Type::Flag });
            frame.columns.push(Some(column));
        }
        Self { roster: Roster::from_parts(self.roster.organisations().clone(), fields, vec![frame]) }
    }

    /// Returns a roster without rows that has every column which conditions and texts about `roster` can name.
    pub(super) fn names(roster: &Roster) -> Roster {
        let computed = COMPUTED.iter().map(|(name, ty, _)| Field { name: (*name).to_owned(), ty: *ty });
        let own = roster.fields().iter().filter(|f| COMPUTED.iter().all(|(name, ..)| *name != f.name)).cloned();
        Roster::from_parts(roster.organisations().clone(), computed.chain(own).collect(), Vec::new())
    }

    /// Returns the ledger columns that `name` rests on in `year`: the column itself, or the sources of a computed
    /// column.
    pub(super) fn depends_on(rules: &FormationRules, name: &str, year: i16) -> BTreeSet<String> {
        let Some((_, _, sources)) = COMPUTED.iter().find(|(computed, ..)| *computed == name) else {
            return BTreeSet::from([DERIVED
                .iter()
                .find(|(d, _)| *d == name)
                .map_or(name, |(_, from)| *from)
                .to_owned()]);
        };
        let mut sources: BTreeSet<String> = sources.iter().map(|name| (*name).to_owned()).collect();
        if sources.contains("party_org_id") {
            sources.extend(rules.organised().when.columns().into_iter().map(|name| ledger_column(name).to_owned()));
        }
        match name {
            "need" | "units_due_solo" => {
                let needs = rules.needs().iter().filter(|need| need.validity.holds(year));
                sources.extend(needs.flat_map(|need| need.when.columns()).map(str::to_owned));
            }
            "level_need" => sources.extend(rules.levels(year).iter().flat_map(|l| l.members.columns().iter().cloned())),
            "party_members" | "members_recorded" => {
                sources.extend(rules.levels(year).first().iter().flat_map(|l| l.members.columns().iter().cloned()));
            }
            _ => {}
        }
        sources
    }

    /// Checks whether `finding` applies in `year`: the finding is in force, and so is every rule it rests on.
    pub(super) fn in_force(rules: &FormationRules, finding: &Finding, year: i16) -> bool {
        let there = |name: &str| Self::has_rule(rules, name, year);
        finding.validity.holds(year) && finding.when.columns().into_iter().all(there)
    }

    /// Checks whether the rule that the column `name` rests on is in force in `year`; true if the column rests on
    /// no rule.
    fn has_rule(rules: &FormationRules, name: &str, year: i16) -> bool {
        match name {
            "units_most" | "over_limit" => rules.joint(year).is_some(),
            "level_need" | "party_members" | "members_recorded" | "members_least" => !rules.levels(year).is_empty(),
            "term_over" => rules.terms(year).next().is_some(),
            _ => true,
        }
    }

    /// Returns the roster of this one year with the computed columns.
    pub(super) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Returns the only frame of the roster.
    pub(super) fn frame(&self) -> &Frame {
        &self.roster.frames()[0]
    }
}

/// Checks whether the year's sources have the column `name`.
pub(super) fn has_column(roster: &Roster, frame: &Frame, name: &str) -> bool {
    roster.field(name).is_ok_and(|at| roster.values(frame, at).is_some())
}

/// Checks whether every value of `column` is unknown.
fn is_all_unknown(column: &Column) -> bool {
    match column {
        Column::Coded { codes, .. } => (0..codes.len()).all(|row| codes.get(row) == 0),
        Column::Flag { known, .. } | Column::Number { known, .. } => {
            known.as_ref().is_some_and(|known| known.count_set_bits() == 0)
        }
        _ => false,
    }
}

/// Returns the rows that certainly need a party organisation of their own.
fn due_solo(roster: &Roster, frame: &Frame, rules: &FormationRules) -> Result<BooleanBuffer> {
    let needed = rules.evaluate(roster, frame)?;
    let solo = rules.needs().iter().zip(&needed.by_rule).filter(|(need, _)| need.mode == "solo");
    Ok(solo.fold(BooleanBuffer::new_unset(frame.rows()), |all, (_, rows)| &all | rows))
}

fn need(roster: &Roster, frame: &Frame, rules: &FormationRules) -> Result<Column> {
    let needed = rules.evaluate(roster, frame)?;
    let mut modes: Vec<String> = Vec::new();
    let mut codes = vec![0; frame.rows()];
    for (need, rows) in rules.needs().iter().zip(&needed.by_rule) {
        let at = modes.iter().position(|mode| *mode == need.mode).unwrap_or_else(|| {
            modes.push(need.mode.clone());
            modes.len() - 1
        });
        rows.set_indices().for_each(|row| codes[row] = at as u64 + 1);
    }
    Ok(coded(modes, &codes))
}
