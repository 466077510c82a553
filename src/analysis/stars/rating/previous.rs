//! Stars of the previous round: from the same call, a table, or the ledger.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use rayon::prelude::*;

use super::facts::Round;
use super::homes::homes;
use super::{Rating, Span};
use crate::analysis::stars::scheme::{Consequence, Scheme};
use crate::definition::Counts;
use crate::error::{Error, Result};
use crate::query::star_state::{StarStates, UNKNOWN};
use crate::roster::Integers;
use crate::roster::coded;
use crate::roster::search;

/// Source of the stars of the previous round.
#[derive(Clone, Debug, Default)]
pub enum Previous {
    /// Earlier rounds of the same call, or else the ledgers of the roster.
    #[default]
    Ledgers,
    /// No previous round: this is the first.
    FirstRound,
    /// A table that precedes the ledgers: `party_org_id` (or `org_id`), `stars` (null is unrated), and `year` if
    /// there are several years.
    Table(BTreeMap<(Option<i16>, String), Option<f64>>),
}

impl Previous {
    /// Reads the stars of previous rounds from a table; `scheme` selects the id column.
    pub fn from_table(batches: &[RecordBatch], scheme: &Scheme) -> Result<Self> {
        let mut stars = BTreeMap::new();
        for batch in batches {
            let lacks = |name: &str| {
                let have = batch.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ");
                Error::data(
                    format!("上轮星级表缺少“{name}”列。现有列：{have}"),
                    format!("the table of previous stars lacks the column '{name}'. Available: {have}"),
                )
                .in_column(name)
            };
            let id = scheme.id_column();
            let ids = crate::analysis::stars::marks::texts(batch, id)?.ok_or_else(|| lacks(id))?;
            let years = crate::analysis::stars::marks::whole(batch, "year")?;
            let column = batch.column_by_name("stars").ok_or_else(|| lacks("stars"))?;
            if !column.data_type().is_numeric() && !column.data_type().is_null() {
                let ty = column.data_type();
                return Err(Error::data(
                    format!("上轮星级表的 stars 列应为数字，给的是 {ty}"),
                    format!("the column stars of the table of previous stars must be numbers, got {ty}"),
                )
                .in_column("stars"));
            }
            let given = cast(column, &DataType::Float64)?;
            let given = given.as_primitive::<Float64Type>();
            for row in 0..batch.num_rows() {
                if ids.is_valid(row) {
                    let year = years.as_ref().filter(|y| y.is_valid(row)).map(|y| y.value(row));
                    let value = given.is_valid(row).then(|| given.value(row));
                    let key = (year, ids.value(row).to_owned());
                    if stars.insert(key, value).is_some_and(|other| other != value) {
                        let id = ids.value(row);
                        return Err(Error::data(
                            format!("上轮星级表里“{id}”有两个不同的星级"),
                            format!("the table of previous stars has two different stars for '{id}'"),
                        )
                        .in_column("stars"));
                    }
                }
            }
        }
        Ok(Self::Table(stars))
    }
}

/// An organisation in the previous round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prev {
    /// Stars, or unrated.
    pub(crate) span: Span,
    /// True if the previous round lists the organisation.
    pub(crate) listed: bool,
}

impl Previous {
    /// Returns the previous round of each organisation of `round`.
    pub(super) fn of_round(&self, rating: &Rating, round: &Round<'_>) -> Result<Vec<Prev>> {
        let (scheme, marks) = (&rating.scheme, &rating.marks);
        let year = round.year - scheme.cycle.years();
        let chained = marks.years.iter().any(|(own, _)| *own == year);
        let frame = round.roster.frames().iter().find(|frame| frame.year == year);
        let first = marks.years.first().is_some_and(|(first, _)| *first == round.year);
        if matches!(self, Self::FirstRound) && !chained {
            return Ok(vec![Prev::default(); round.range.len()]);
        }
        let given = |id: &str| match self {
            Self::Table(stars) => {
                let of_year = stars.get(&(Some(year), id.to_owned()));
                of_year.or_else(|| stars.get(&(None, id.to_owned())).filter(|_| first)).copied()
            }
            _ => None,
        };
        let has_table = matches!(self, Self::Table(_));
        if frame.is_none() && !chained && !has_table && needs_previous(scheme) {
            return Err(Error::argument(
                format!(
                    "本办法要看上一轮的星级，而{year}年既没有评定也没有台账。请用 previous 给出上轮星级；如果{}年是第一轮，写 previous=\"none\"",
                    round.year
                ),
                format!(
                    "the scheme uses the stars of the previous round, and {year} has neither a rating nor a ledger. Give them as previous; if {} is the first round, pass previous=\"none\"",
                    round.year
                ),
            ));
        }
        if frame.is_none() && !chained && !has_table {
            return Ok(vec![Prev::default(); round.range.len()]);
        }
        let ledger = frame.filter(|_| !matches!(self, Self::FirstRound));
        let ledger = ledger.map(|frame| Ledger::new(rating, round, frame)).transpose()?;
        let previous = |id: &str| {
            if chained && let Some(at) = marks.find(year, id) {
                return Prev { span: rating.stars()[at], listed: true };
            }
            if let Some(stars) = given(id) {
                let rung = stars.map_or(0, |stars| scheme.ladder.up_to(stars));
                return Prev { span: Span::one(rung), listed: true };
            }
            ledger.as_ref().and_then(|ledger| ledger.previous(id)).unwrap_or_default()
        };
        Ok(round.range.clone().into_par_iter().map(|at| previous(marks.ids.value(at))).collect())
    }
}

/// Checks whether any rule of the scheme depends on the previous round.
fn needs_previous(scheme: &Scheme) -> bool {
    let holds = |c: &Consequence| matches!(c, Consequence::Hold | Consequence::Downgrade { of_previous: true, .. });
    scheme.step.is_some() || scheme.vetoes.iter().any(|veto| holds(&veto.consequence))
}

/// The stars in the ledger of one year.
struct Ledger<'a> {
    rating: &'a Rating,
    frame: &'a crate::roster::Frame,
    homes: Vec<Option<u32>>,
    states: StarStates,
    /// The state of each row; `None` if the ledger has no column of stars.
    codes: Option<Integers>,
}

impl<'a> Ledger<'a> {
    fn new(rating: &'a Rating, round: &Round<'a>, frame: &'a crate::roster::Frame) -> Result<Self> {
        let roster = round.roster;
        let star = roster.field("star").ok();
        let homes = match rating.scheme.counts {
            Counts::PartyOrganisations => homes(roster, frame, &rating.scheme.organised)?,
            Counts::Organisations => Vec::new(),
        };
        let states = StarStates::new(roster, rating.scheme.organised.clone());
        let codes = coded(roster, frame, star).map(|_| states.codes(roster, frame)).transpose()?;
        Ok(Self { rating, frame, homes, states, codes })
    }

    fn previous(&self, id: &str) -> Option<Prev> {
        let roster = &self.rating.roster;
        let row = match self.rating.scheme.counts {
            Counts::PartyOrganisations => {
                let words = roster.field("party_org_id").ok().and_then(|at| roster.dictionary(at))?;
                (*self.homes.get(words.code(id)? as usize)?)? as usize
            }
            Counts::Organisations => {
                let slot = search(roster.organisations(), id)? as u32;
                self.frame.slots.binary_search(&slot).ok()?
            }
        };
        let ladder = &self.rating.scheme.ladder;
        let unknown = Span { low: 0, high: ladder.top() };
        let state = self.codes.as_ref().map_or(UNKNOWN, |codes| self.states.values[codes.get(row) as usize].as_str());
        let span = match (state.parse::<f64>(), state) {
            (Ok(stars), _) => Span::one(ladder.up_to(stars)),
            (_, "unrated" | "no_party_org") => Span::one(0),
            _ => unknown,
        };
        Some(Prev { span, listed: true })
    }
}
