//! The panel of entities, organisations or party organisations, each in one state per year.
//!
//! Every table of transitions starts from a [`Panel`]. Goal: fix the states, the groups and the pairs of years
//! once, so that all tables count the same entities. Structure: one frame per year, with ascending entity ids and
//! one code per row on the state axis; only pairs of consecutive calendar years are compared. Trade-off: an entity
//! missing from one year of a pair is kept in the state `absent` instead of being dropped, and each table decides
//! if it uses that state.
//!
//! ```text
//!  frames      2010        2011        2013         pairs  (0, 1) only: 2012 is missing
//!             ┌────────┐  ┌────────┐  ┌────────┐
//!  id 0       │ 3      │  │ 4      │  │ 4      │     (0, 1)  0: 3 → 4
//!  id 1       │ 3      │  │        │  │ 3      │             1: 3 → absent
//!  id 2       │        │  │unrated │  │ 3      │             2: absent → unrated
//!             └────────┘  └────────┘  └────────┘
//! ```

use std::collections::HashMap;

use arrow::buffer::BooleanBuffer;

use crate::cube::{Axis, AxisValues, Base, YearEntities};
use crate::definition::Counts;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::Scope;
use crate::query::dimension::named_null;
use crate::query::party_stars::PartyStars;
use crate::query::star_state::{ABSENT, StarStates, UNKNOWN};
use crate::roster::{Column, Frame, Integers, Roster, with_integers};

/// Name of the null value if `unknown` is already a value.
const NOT_GIVEN: &str = "not_given";

/// States that transitions are counted between.
#[derive(Clone, Debug)]
pub enum StateSource {
    /// Star states of organisations or of party organisations (星级).
    Stars(Counts),
    /// The values of any dimension, without an order: formation modes (组建形式), kinds, committees.
    Dimension(String),
    /// The values of a dimension on a given scale, the lowest first; other values are states off the scale.
    Scale(String, Vec<String>),
}

/// Transitions to count.
///
/// ```
/// use dangjian::analysis::trend::{StateSource, TransitionQuery};
/// let query = TransitionQuery::new(StateSource::Dimension("mode".to_owned())).with_into([2012, 2013]);
/// assert_eq!(query.into, Some(vec![2012, 2013]));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransitionQuery {
    /// The states.
    pub source: StateSource,
    /// Years into which transitions are counted: those in which the organisations were rated again (复评). `None`
    /// counts all.
    pub into: Option<Vec<i16>>,
    /// Column that says when a rating was made. If it has equal values in both years, the rating was carried over,
    /// which is not a transition.
    pub rating: Option<String>,
}

impl Default for TransitionQuery {
    fn default() -> Self {
        Self::new(StateSource::Stars(Counts::Organisations))
    }
}

impl TransitionQuery {
    /// Selects all transitions between the states of `source`.
    #[must_use]
    pub fn new(source: StateSource) -> Self {
        Self { source, into: None, rating: None }
    }

    /// Restricts the transitions to those into some years.
    #[must_use]
    pub fn with_into(self, years: impl IntoIterator<Item = i16>) -> Self {
        Self { into: Some(years.into_iter().collect()), ..self }
    }

    /// Names the column that says when a rating was made.
    #[must_use]
    pub fn with_rating(self, column: impl Into<String>) -> Self {
        Self { rating: Some(column.into()), ..self }
    }
}

/// Kind of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum StateKind {
    /// Grade on a scale.
    Grade(f64),
    /// Value without an order.
    Value,
    /// Listed, but off the scale: unrated, no party organisation, unknown.
    Off,
    /// Missing from the year's list.
    Absent,
}

/// A state.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) kind: StateKind,
}

impl State {
    /// Checks whether the state is a rating or a value, rather than the lack of one.
    pub(crate) fn proper(&self) -> bool {
        matches!(self.kind, StateKind::Grade(_) | StateKind::Value)
    }
}

/// The entities of the selected years, with their states and groups.
pub(crate) struct Panel<'a> {
    pub(crate) frames: Vec<&'a Frame>,
    pub(crate) things: Vec<YearEntities<'a>>,
    /// States of the rows, without `absent`.
    pub(crate) axis: Axis,
    /// Rating times of the rows.
    pub(crate) rating: Option<Axis>,
    pub(crate) by: Vec<Axis>,
    /// States in order, `absent` last.
    pub(crate) states: Vec<State>,
    /// Name of the count column.
    pub(crate) counts: &'static str,
    /// Pairs of consecutive years, as positions of their frames.
    pub(crate) pairs: Vec<(usize, usize)>,
}

impl<'a> Panel<'a> {
    pub(crate) fn new(roster: &'a Roster, query: &TransitionQuery, scope: &Scope, job: &dyn Job) -> Result<Self> {
        let frames = scope.frames(roster)?;
        let (axis, kinds) = states(roster, &frames, &query.source, scope, job)?;
        let by = scope.axes_except(roster, &frames, &[&axis.name])?;
        let rating = query.rating.as_deref().map(|name| when_rated(roster, &frames, name)).transpose()?;
        let (axis, things, counts) = if let StateSource::Stars(Counts::PartyOrganisations) = query.source {
            let states = StarStates::new(roster, scope.organised()?);
            let parties = PartyStars::by_frame(roster, &frames, &states, scope, job)?;
            let axis = states.axis(parties.iter().map(|p| p.codes.clone()).collect());
            let things =
                parties.into_iter().map(|p| YearEntities { ids: p.ids.into(), rows: Some(p.rows), counted: None });
            (axis, things.collect(), Counts::PartyOrganisations)
        } else {
            let things = frames.iter().map(|frame| {
                let counted = scope.narrows().then(|| scope.rows(roster, frame)).transpose()?;
                Ok(YearEntities { ids: frame.slots.as_slice().into(), rows: None, counted })
            });
            (axis, things.collect::<Result<_>>()?, Counts::Organisations)
        };
        let AxisValues::Text(names) = &axis.values else { return Err(no_states(&axis.name)) };
        let mut all: Vec<State> =
            names.iter().zip(kinds).map(|(name, kind)| State { name: name.clone(), kind }).collect();
        all.push(State { name: ABSENT.to_owned(), kind: StateKind::Absent });
        let pairs = pairs(&frames, query.into.as_deref())?;
        Ok(Self { frames, things, axis, rating, by, states: all, counts: counts.name(), pairs })
    }

    /// Returns the earlier year of each pair.
    pub(crate) fn years(&self) -> Vec<i16> {
        self.pairs.iter().map(|(from, _)| self.frames[*from].year).collect()
    }

    /// Returns, for each entity of the frame at `nth`, the position of its value on `axis`.
    pub(crate) fn positions(&self, nth: usize, axis: &Axis) -> Result<Vec<u32>> {
        let things = &self.things[nth];
        let Some(codes) = axis.base.codes(self.frames[nth], nth)? else {
            return Ok(vec![axis.map.first().copied().unwrap_or(0); things.ids.len()]);
        };
        Ok(with_integers!(codes.as_ref(), codes => match &things.rows {
            None => codes.iter().map(|code| axis.map[*code as usize]).collect(),
            Some(rows) => rows.iter().map(|row| axis.map[codes[*row as usize] as usize]).collect(),
        }))
    }

    /// Returns, for each entity of the frame at `nth`, the number of its group; [`NOT_COUNTED`] if it is not
    /// counted.
    pub(crate) fn groups(&self, nth: usize) -> Result<Vec<u32>> {
        let mut groups = vec![0_u32; self.things[nth].ids.len()];
        for axis in &self.by {
            let card = axis.values.len() as u32 + 1;
            for (group, at) in groups.iter_mut().zip(self.positions(nth, axis)?) {
                *group = group.checked_mul(card).and_then(|g| g.checked_add(at)).ok_or_else(too_many_groups)?;
            }
        }
        if let Some(counted) = &self.things[nth].counted {
            leave_out(&mut groups, counted);
        }
        Ok(groups)
    }

    /// Decodes a group number into the position of its value on each axis.
    pub(crate) fn key(&self, group: u32) -> Vec<u32> {
        let mut rest = group;
        let mut key: Vec<u32> = self
            .by
            .iter()
            .rev()
            .map(|axis| {
                let card = axis.values.len() as u32 + 1;
                let at = rest % card;
                rest /= card;
                at
            })
            .collect();
        key.reverse();
        key
    }

    /// Returns an upper bound for the ids: the largest plus one.
    pub(crate) fn ids(&self) -> usize {
        self.things.iter().filter_map(|t| t.ids.last()).max().map_or(0, |last| *last as usize + 1)
    }
}

/// Group number of entities that are not counted.
pub(crate) const NOT_COUNTED: u32 = u32::MAX;

fn leave_out(groups: &mut [u32], counted: &BooleanBuffer) {
    groups.iter_mut().zip(counted).filter(|(_, counted)| !counted).for_each(|(group, _)| *group = NOT_COUNTED);
}

fn too_many_groups() -> Error {
    Error::argument("维度的组合太多，请减少维度", "the dimensions have too many combinations. Name fewer")
}

fn no_states(name: &str) -> Error {
    Error::argument(format!("“{name}”没有可作状态的值"), format!("'{name}' has no values that could be states"))
}

/// Returns the axis of the states, and the kind of each.
fn states(
    roster: &Roster,
    frames: &[&Frame],
    source: &StateSource,
    scope: &Scope,
    job: &dyn Job,
) -> Result<(Axis, Vec<StateKind>)> {
    match source {
        StateSource::Stars(_) => {
            let states = StarStates::new(roster, scope.organised()?);
            let grades = states.grades() as usize;
            let grade = |v: &String| v.parse().map_or(StateKind::Off, StateKind::Grade);
            let kinds =
                states.values.iter().enumerate().map(|(at, v)| if at < grades { grade(v) } else { StateKind::Off });
            let kinds = kinds.collect();
            Ok((states.of_organisations(roster, frames, job)?, kinds))
        }
        StateSource::Dimension(name) => {
            let axis = texts(scope.axis(roster, frames, name)?);
            let off = axis.values.len().saturating_sub(1);
            Ok((axis, std::iter::repeat_n(StateKind::Value, off).chain([StateKind::Off]).collect()))
        }
        StateSource::Scale(name, scale) => {
            let mut axis = texts(scope.axis(roster, frames, name)?);
            let AxisValues::Text(names) = &axis.values else { return Err(no_states(name)) };
            if let Some(missing) = scale.iter().find(|value| !names.contains(value)) {
                let have = names.join(", ");
                return Err(Error::argument(
                    format!("“{name}”没有值“{missing}”。现有：{have}"),
                    format!("'{name}' has no value '{missing}'. Available: {have}"),
                ));
            }
            let mut order: Vec<&String> = scale.iter().collect();
            order.extend(names.iter().filter(|name| !scale.contains(name)));
            let place: HashMap<&String, u32> = order.iter().enumerate().map(|(at, v)| (*v, at as u32)).collect();
            if place.len() != order.len() {
                return Err(Error::argument(
                    format!("“{name}”的等级有重复"),
                    format!("a grade of the scale of '{name}' is named twice"),
                ));
            }
            axis.map = axis.map.iter().map(|at| place[&names[*at as usize]]).collect();
            let kind = |at| if at < scale.len() { StateKind::Grade(at as f64 + 1.0) } else { StateKind::Off };
            let kinds = (0..order.len()).map(kind).collect();
            axis.values = AxisValues::Text(order.into_iter().cloned().collect());
            Ok((axis, kinds))
        }
    }
}

/// Turns the values of the axis into texts, and gives its null a text.
fn texts(mut axis: Axis) -> Axis {
    axis.values = match axis.values {
        AxisValues::Flag => AxisValues::Text(vec!["true".to_owned(), "false".to_owned()]),
        AxisValues::Region(codes) => AxisValues::Text(codes.to_vec()),
        texts @ AxisValues::Text(_) => texts,
    };
    // If `unknown` is already a value, the null needs another name.
    if let AxisValues::Text(values) = &mut axis.values
        && values.iter().any(|v| v == UNKNOWN)
    {
        values.push(NOT_GIVEN.to_owned());
        return axis;
    }
    named_null(axis)
}

/// Builds the axis of rating times from any column; only equality of its values matters.
fn when_rated(roster: &Roster, frames: &[&Frame], name: &str) -> Result<Axis> {
    let at = roster.field(name)?;
    let columns: Vec<Option<&Column>> = frames.iter().map(|frame| roster.values(frame, at)).collect();
    let number = |column: &Column, row: usize| -> Option<u64> {
        let is = |known: &Option<BooleanBuffer>| known.as_ref().is_none_or(|known| known.value(row));
        match column {
            Column::Number { values, known } => is(known).then(|| values.get(row)),
            Column::Date { values, known } => is(known).then(|| values[row] as u64),
            Column::Real { values, known } => is(known).then(|| values[row].to_bits()),
            Column::Coded { codes, .. } => Some(codes.get(row)).filter(|code| *code > 0),
            Column::Flag { .. } | Column::Text(_) => None,
        }
    };
    if let Some(Column::Flag { .. } | Column::Text(_)) = columns.iter().flatten().next() {
        let ty = roster.fields()[at].ty.name();
        return Err(Error::argument(
            format!("“{name}”是{ty}列，不能说明评定时间；应为年份、日期或编码列"),
            format!(
                "'{name}' holds {ty} values, which cannot say when a rating was made; use a year, a date or a code"
            ),
        ));
    }
    let mut places: HashMap<u64, u64> = HashMap::new();
    let mut of_frame = Vec::with_capacity(frames.len());
    for (frame, column) in frames.iter().zip(columns) {
        let code = |row| {
            let number = column.and_then(|column| number(column, row))?;
            let next = places.len() as u64 + 1;
            Some(*places.entry(number).or_insert(next))
        };
        of_frame.push((0..frame.rows()).map(code).map(Option::unwrap_or_default).collect::<Vec<_>>());
    }
    let all = places.len() as u64;
    let codes = of_frame.into_iter().map(|codes| Integers::up_to(all, codes.into_iter())).collect::<Vec<_>>();
    let values = AxisValues::Text((1..=all).map(|place| place.to_string()).collect());
    Ok(Axis::plain("rating", Base::Given { name: "rating", codes: codes.into() }, values))
}

/// Returns the pairs of consecutive calendar years in `frames`, restricted to those `into` the given years.
fn pairs(frames: &[&Frame], into: Option<&[i16]>) -> Result<Vec<(usize, usize)>> {
    let all = (1..frames.len()).filter(|t| frames[*t].year - 1 == frames[t - 1].year).map(|t| (t - 1, t));
    let all: Vec<_> = all.collect();
    let Some(into) = into else { return Ok(all) };
    let years: Vec<i16> = all.iter().map(|(_, t)| frames[*t].year).collect();
    if let Some(other) = into.iter().find(|year| !years.contains(year)) {
        let have = years.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::argument(
            format!("没有从上一年到{other}年的变动。可用：{have}"),
            format!("there are no steps from the year before into {other}. Available: {have}"),
        ));
    }
    Ok(all.into_iter().filter(|(_, t)| into.contains(&frames[*t].year)).collect())
}
