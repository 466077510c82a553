//! What moves, and between which states: organisations or party organisations, year by year, each in one state.

use std::collections::HashMap;

use arrow::buffer::BooleanBuffer;

use crate::analysis::stars::PartyStars;
use crate::cube::{Axis, Base, Things, Values};
use crate::definition::Counts;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::dimension::{Scope, axis, named_null};
use crate::query::star_state::{ABSENT, StarStates, UNKNOWN};
use crate::roster::{Column, Frame, Integers, Roster, with_integers};

/// What a null is called where `unknown` is taken.
const NOT_GIVEN: &str = "not_given";

/// What the states are that things move between.
#[derive(Clone, Debug)]
pub enum Of {
    /// Star states of organisations or of party organisations (星级).
    Stars(Counts),
    /// The values of any dimension, which have no order: formation modes (组建形式), kinds, committees.
    Dimension(String),
    /// The values of a dimension on a scale of one's own, the lowest first; other values are states off the scale.
    Scale(String, Vec<String>),
}

/// Which steps from a year to the next are looked at.
#[derive(Clone, Debug)]
pub struct Steps {
    /// Between which states.
    pub of: Of,
    /// Only steps into these years: those in which the ratings were made anew (复评).
    pub into: Option<Vec<i16>>,
    /// A column that says when a rating was made. Where it says the same in both years the rating was carried over, which
    /// is no step.
    pub rating: Option<String>,
}

impl Default for Steps {
    fn default() -> Self {
        Self::of(Of::Stars(Counts::Organisations))
    }
}

impl Steps {
    /// All steps between the states of `of`.
    #[must_use]
    pub fn of(of: Of) -> Self {
        Self { of, into: None, rating: None }
    }
}

/// What a state is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A place on a scale.
    Grade(f64),
    /// A value without an order.
    Value,
    /// Listed, but off the scale: unrated, no party organisation, unknown.
    Off,
    /// Not in the year's list.
    Absent,
}

/// A state.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

impl State {
    /// Whether it is a rating or a value, not the lack of one.
    pub(crate) fn proper(&self) -> bool {
        matches!(self.kind, Kind::Grade(_) | Kind::Value)
    }
}

/// The things of all years looked at, with their states and groups.
pub(crate) struct Panel<'a> {
    pub(crate) frames: Vec<&'a Frame>,
    pub(crate) things: Vec<Things<'a>>,
    /// The states of the rows; to be absent is not among them.
    pub(crate) axis: Axis,
    /// When the ratings of the rows were made.
    pub(crate) rating: Option<Axis>,
    pub(crate) by: Vec<Axis>,
    /// The states in order, to be absent the last.
    pub(crate) states: Vec<State>,
    /// What is counted.
    pub(crate) counts: &'static str,
    /// The neighbouring years looked at: the positions of their frames.
    pub(crate) pairs: Vec<(usize, usize)>,
}

impl<'a> Panel<'a> {
    pub(crate) fn new(roster: &'a Roster, steps: &Steps, scope: &Scope, job: &dyn Job) -> Result<Self> {
        let frames = scope.frames(roster)?;
        let (axis, kinds) = states(roster, &frames, &steps.of, job)?;
        let by = scope.axes_beside(roster, &frames, &[&axis.name])?;
        let rating = steps.rating.as_deref().map(|name| when_rated(roster, &frames, name)).transpose()?;
        let (axis, things, counts) = if let Of::Stars(Counts::PartyOrganisations) = steps.of {
            let states = StarStates::new(roster);
            let parties = PartyStars::all(roster, &frames, &states, scope, job)?;
            let axis = states.axis(parties.iter().map(|p| p.codes.clone()).collect());
            let things = parties.into_iter().map(|p| Things { ids: p.ids.into(), rows: Some(p.rows), counted: None });
            (axis, things.collect(), Counts::PartyOrganisations)
        } else {
            let things = frames.iter().map(|frame| {
                let counted = scope.narrows().then(|| scope.rows(roster, frame)).transpose()?;
                Ok(Things { ids: frame.slots.as_slice().into(), rows: None, counted })
            });
            (axis, things.collect::<Result<_>>()?, Counts::Organisations)
        };
        let Values::Text(names) = &axis.values else { return Err(no_states(&axis.name)) };
        let mut all: Vec<State> =
            names.iter().zip(kinds).map(|(name, kind)| State { name: name.clone(), kind }).collect();
        all.push(State { name: ABSENT.to_owned(), kind: Kind::Absent });
        let pairs = pairs(&frames, steps.into.as_deref())?;
        Ok(Self { frames, things, axis, rating, by, states: all, counts: counts.name(), pairs })
    }

    /// The earlier year of each pair.
    pub(crate) fn years(&self) -> Vec<i16> {
        self.pairs.iter().map(|(from, _)| self.frames[*from].year).collect()
    }

    /// For each thing of the frame at `nth` the position of its value on `axis`.
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

    /// For each thing of the frame at `nth` the number of its group; [`NOT_COUNTED`] where it is not counted.
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

    /// The position of each axis' value in the group with this number.
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

    /// How many ids there may be.
    pub(crate) fn ids(&self) -> usize {
        self.things.iter().filter_map(|t| t.ids.last()).max().map_or(0, |last| *last as usize + 1)
    }
}

/// The group of what is not counted.
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

/// The axis of the states, and what each is.
fn states(roster: &Roster, frames: &[&Frame], of: &Of, job: &dyn Job) -> Result<(Axis, Vec<Kind>)> {
    match of {
        Of::Stars(_) => {
            let states = StarStates::new(roster);
            let grades = states.grades() as usize;
            let grade = |v: &String| v.parse().map_or(Kind::Off, Kind::Grade);
            let kinds = states.values.iter().enumerate().map(|(at, v)| if at < grades { grade(v) } else { Kind::Off });
            let kinds = kinds.collect();
            Ok((states.of_organisations(roster, frames, job)?, kinds))
        }
        Of::Dimension(name) => {
            let axis = texts(axis(roster, frames, name)?);
            let off = axis.values.len().saturating_sub(1);
            Ok((axis, std::iter::repeat_n(Kind::Value, off).chain([Kind::Off]).collect()))
        }
        Of::Scale(name, scale) => {
            let mut axis = texts(axis(roster, frames, name)?);
            let Values::Text(names) = &axis.values else { return Err(no_states(name)) };
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
            let kind = |at| if at < scale.len() { Kind::Grade(at as f64 + 1.0) } else { Kind::Off };
            let kinds = (0..order.len()).map(kind).collect();
            axis.values = Values::Text(order.into_iter().cloned().collect());
            Ok((axis, kinds))
        }
    }
}

/// The axis with texts for values, and for its null a text of its own.
fn texts(mut axis: Axis) -> Axis {
    axis.values = match axis.values {
        Values::Flag => Values::Text(vec!["true".to_owned(), "false".to_owned()]),
        Values::Region(codes) => Values::Text(codes.to_vec()),
        texts @ Values::Text(_) => texts,
    };
    // Where a value of the axis is called so already, its null means something else.
    if let Values::Text(values) = &mut axis.values
        && values.iter().any(|v| v == UNKNOWN)
    {
        values.push(NOT_GIVEN.to_owned());
        return axis;
    }
    named_null(axis)
}

/// When ratings were made: the values of any column, as far as they differ.
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
            format!("'{name}' holds {ty} values and cannot say when a rating was made; a year, a date or a code can"),
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
    let values = Values::Text((1..=all).map(|place| place.to_string()).collect());
    Ok(Axis::plain("rating", Base::Given { name: "rating", codes: codes.into() }, values))
}

/// The neighbouring calendar years among `frames`, of those only the steps `into` the years named.
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
