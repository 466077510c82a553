//! The steps of formation: numbers of members from which an organisation needs another mode, or a party
//! organisation another level.

use std::borrow::Cow;

use arrow::buffer::BooleanBuffer;

use super::members::{KnownCount, PartyOrganisations, counts, has_member_columns};
use crate::definition::{Counts, FormationRules, Members, Validity};
use crate::error::Result;
use crate::lang::Text;
use crate::query::party_organisation::Parties;
use crate::roster::coded;
use crate::roster::{Frame, Integers, Roster};
use crate::schema::words;

/// One step.
pub(super) struct FormationStep {
    pub(super) id: String,
    pub(super) label: Text,
    /// The unit followed: organisations by their id, or party organisations by their code.
    pub(super) counts: Counts,
    pub(super) at_least: u32,
    pub(super) validity: Validity,
    members: Members,
    /// The recorded modes or levels that count as having taken the step.
    to: Vec<String>,
}

/// Returns the steps of `rules`: one to each mode that requires a number of members, and one to each level above
/// the lowest.
pub(super) fn steps(rules: &FormationRules) -> Vec<FormationStep> {
    let needs = rules.needs().iter().filter_map(|need| {
        let (members, at_least) = need.step.clone()?;
        let to = vec![need.mode.clone()];
        Some(FormationStep::new(Counts::Organisations, "mode", (members, at_least), to, need.validity))
    });
    let levels = rules.all_levels();
    let lowest = levels.iter().map(|level| level.at_least).min();
    let higher = levels.iter().filter(|level| Some(level.at_least) > lowest).map(|level| {
        let mut to: Vec<&crate::definition::LevelRule> =
            levels.iter().filter(|l| l.at_least >= level.at_least).collect();
        to.sort_by_key(|level| level.at_least);
        let to = to.into_iter().map(|level| level.level.clone()).collect();
        FormationStep::new(
            Counts::PartyOrganisations,
            "party_org_level",
            (level.members.clone(), level.at_least),
            to,
            level.validity,
        )
    });
    let mut steps: Vec<FormationStep> = needs.chain(higher).collect();
    steps.sort_by_key(|step| step.at_least);
    steps
}

impl FormationStep {
    fn new(
        counts: Counts,
        column: &str,
        (members, at_least): (Members, u32),
        to: Vec<String>,
        validity: Validity,
    ) -> Self {
        let word = to.first().map_or("", String::as_str);
        let label = words::of(column).and_then(|words| words.labelled().find(|(id, _)| *id == word));
        let label = label.map_or_else(|| Text::new(word, word), |(_, label)| label);
        Self {
            id: format!("{word}_{at_least}"),
            label: Text::new(format!("满 {at_least} 名：{}", label.zh), format!("{at_least} members: {}", label.en)),
            counts,
            at_least,
            validity,
            members,
            to,
        }
    }

    /// Checks whether a number of members falls `short` or fewer members below the step.
    pub(super) fn is_short(&self, members: u64, short: u32) -> bool {
        let at_least = u64::from(self.at_least);
        members < at_least && at_least - members <= u64::from(short)
    }
}

/// A candidate for a step: an organisation, or a party organisation at its home row.
pub(super) struct StepCandidate {
    pub(super) row: u32,
    pub(super) members: KnownCount,
}

/// The candidates of a year, ascending by id; their values are looked up on demand.
pub(super) struct StepCandidates<'a> {
    ids: Cow<'a, [u32]>,
    /// The home row of each candidate; `None` if candidates and rows coincide.
    homes: Option<Vec<u32>>,
    /// Returns the members of the candidate with an id, at a row.
    members: Box<dyn Fn(u32, u32) -> KnownCount + Send + Sync + 'a>,
    /// The recorded mode or level of each row; `to` holds the codes that count as having taken the step.
    recorded: Option<&'a Integers>,
    to: Vec<u64>,
    /// True if the year's sources lack a column that the members are counted from.
    pub(super) silent: bool,
}

impl<'a> StepCandidates<'a> {
    pub(super) fn new(
        roster: &'a Roster,
        frame: &'a Frame,
        rules: &FormationRules,
        step: &FormationStep,
    ) -> Result<Self> {
        let of_party = step.counts == Counts::PartyOrganisations;
        let at = roster.field(if of_party { "party_org_level" } else { "mode" }).ok();
        let dictionary = at.and_then(|at| roster.dictionary(at));
        let to = step.to.iter().filter_map(|word| Some(u64::from(dictionary?.code(word)?))).collect();
        let recorded = coded(roster, frame, at);
        let silent = !has_member_columns(roster, frame, &step.members);
        if !of_party {
            let members = counts(roster, frame, &step.members);
            let members = Box::new(move |_, row| members(row as usize));
            return Ok(Self { ids: frame.slots.as_slice().into(), homes: None, members, recorded, to, silent });
        }
        let party_orgs = PartyOrganisations::new(roster, frame, rules)?;
        let own = BooleanBuffer::collect_bool(frame.rows(), |row| party_orgs.belongs(row));
        let of_code = party_orgs.members(roster, frame, &step.members);
        let homes = Parties::new(roster, frame).homes(&own);
        let homes = (0..).zip(homes).filter_map(|(code, home)| Some((code, home?)));
        let (ids, homes): (Vec<u32>, Vec<u32>) = homes.unzip();
        let members = Box::new(move |code, _| of_code[code as usize]);
        let silent = silent || !party_orgs.has_columns();
        Ok(Self { ids: ids.into(), homes: Some(homes), members, recorded, to, silent })
    }

    /// Returns the ids of the candidates.
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Returns the candidate at a position.
    pub(super) fn get(&self, nth: usize) -> StepCandidate {
        let id = self.ids[nth];
        let row = self.homes.as_ref().map_or(nth as u32, |homes| homes[nth]);
        StepCandidate { row, members: (self.members)(id, row) }
    }

    /// Checks whether the ledger records the step's mode or level at a row.
    pub(super) fn is_formed(&self, row: u32) -> bool {
        self.recorded.is_some_and(|recorded| self.to.contains(&recorded.get(row as usize)))
    }
}
