//! Counting in the caller's own words: named measures over groupings, all in one pass.

use std::collections::HashSet;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use crate::cube::statistic::{Statistic, only};
use crate::cube::{Counted, Lane};
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::predicate::Predicate;
use crate::query::dimension::Scope;
use crate::roster::{Column, Frame, Integers, Roster};
use crate::schema;
use crate::support::columns::Columns;

/// What is counted under a name.
#[derive(Clone, Debug)]
pub enum Measure {
    /// All rows.
    Rows,
    /// The rows for which a predicate is true.
    Where(Predicate),
    /// The sum of a column of counts or money; what is not known adds nothing.
    Sum(String),
    /// The different values of a coded column. Each is counted once a year, in the group of its first organisation by
    /// id, so that the parts of a table add up to its whole.
    Distinct(String),
}

impl Measure {
    /// Reads `*`, `sum(column)`, `distinct(column)` or a predicate.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let of = |function: &str| {
            let inside = text.strip_prefix(function)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
            Some(inside.trim().to_owned())
        };
        if text == "*" {
            return Ok(Self::Rows);
        }
        match (of("sum"), of("distinct")) {
            (Some(column), _) => Ok(Self::Sum(column)),
            (_, Some(column)) => Ok(Self::Distinct(column)),
            _ => Ok(Self::Where(Predicate::parse(text)?)),
        }
    }

    /// The columns that it looks at.
    pub(crate) fn columns(&self) -> Vec<&str> {
        match self {
            Self::Rows => Vec::new(),
            Self::Where(predicate) => predicate.columns(),
            Self::Sum(name) | Self::Distinct(name) => vec![name.as_str()],
        }
    }

    /// Where the lane `at` of `counted` counted this measure, unless everywhere: not where nothing was found in a year
    /// that does not have the columns to tell.
    fn known(&self, roster: &Roster, counted: &Counted, at: usize) -> Option<BooleanBuffer> {
        let names = self.columns();
        let lacks = |frame: &&Frame| names.iter().any(|name| matches!(column(roster, frame, name), Ok(None)));
        let silent: Vec<i16> = roster.frames().iter().filter(lacks).map(|frame| frame.year).collect();
        let (counts, years) = (counted.lane(at), &counted.years);
        let is_known = |group: usize| counts[group] > 0 || !silent.contains(&years[group]);
        (!silent.is_empty()).then(|| BooleanBuffer::collect_bool(counts.len(), is_known))
    }

    /// The same counts, null where they are not known.
    pub(crate) fn values(&self, roster: &Roster, counted: &Counted, at: usize) -> Vec<Option<u64>> {
        let known = self.known(roster, counted, at);
        let value = |(group, n): (usize, &u64)| known.as_ref().is_none_or(|known| known.value(group)).then_some(*n);
        counted.lane(at).iter().enumerate().map(value).collect()
    }

    pub(crate) fn lane<'a>(&self, roster: &Roster, frame: &'a Frame, rows: &BooleanBuffer) -> Result<Lane<'a>> {
        Ok(match self {
            Self::Rows => Lane::Bits(rows.clone()),
            Self::Where(predicate) => Lane::Bits(&predicate.evaluate(roster, frame)?.yes & rows),
            Self::Sum(name) => match column(roster, frame, name)? {
                None => Lane::Bits(BooleanBuffer::new_unset(frame.rows())),
                Some(Column::Number { values, .. }) => Lane::Sum(values, rows.clone()),
                Some(_) => return Err(wrong(name, "计数或金额", "counts or money")),
            },
            Self::Distinct(name) => match column(roster, frame, name)? {
                None => Lane::Bits(BooleanBuffer::new_unset(frame.rows())),
                Some(Column::Coded { codes, .. }) => Lane::Bits(first_rows(codes, rows)),
                Some(_) => return Err(wrong(name, "编码", "codes")),
            },
        })
    }
}

/// The values of a column in a year; `None` where the year does not have one that the schema or the roster knows.
fn column<'a>(roster: &Roster, frame: &'a Frame, name: &str) -> Result<Option<&'a Column>> {
    match roster.field(name) {
        Ok(at) => Ok(roster.values(frame, at)),
        Err(_) if schema::column(name).is_some() => Ok(None),
        Err(unknown) => Err(unknown),
    }
}

fn wrong(name: &str, zh: &str, en: &str) -> Error {
    Error::argument(format!("“{name}”不是{zh}列"), format!("'{name}' is not a column of {en}"))
}

/// For each code but 0 the first of `rows` that has it.
fn first_rows(codes: &Integers, rows: &BooleanBuffer) -> BooleanBuffer {
    let mut seen = HashSet::new();
    BooleanBuffer::collect_bool(rows.len(), |row| rows.value(row) && codes.get(row) > 0 && seen.insert(codes.get(row)))
}

/// Counts `measures` in each grouping of `sets` (lists of dimensions) over the rows and years of `scope`, whose own
/// dimensions are not used. The rows are gone through once for all groupings.
///
/// Each table has the columns `year`, its dimensions, and one for each measure; where nothing was counted because the
/// year's sources do not have a column that the measure names, that is null, not 0.
///
/// ```
/// # use dangjian::{Roster, synth}; use dangjian::query::dimension::Scope; use dangjian::ingest::Options; use dangjian::job::Quiet;
/// let roster = Roster::read_arrow("made", &synth::panel(300, 3, 2010, 7)?, &Options::default(), &Quiet)?;
/// let measures = [("members".to_owned(), dangjian::analysis::count::Measure::parse("sum(members_full)")?)];
/// let sets = [vec![], vec!["kind".to_owned()]];
/// let tables = dangjian::analysis::count::count(&roster, &sets, &measures, &Scope::default(), &Quiet)?;
/// assert_eq!(tables.len(), 2);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn count(
    roster: &Roster,
    sets: &[Vec<String>],
    measures: &[(String, Measure)],
    scope: &Scope,
    job: &dyn Job,
) -> Result<Vec<RecordBatch>> {
    let frames = scope.frames(roster)?;
    let answer = |counted: Vec<Counted>| counted.par_iter().map(|counted| wide(roster, measures, counted)).collect();
    statistic(roster, &frames, sets, measures, scope, answer)?.count(&frames, job)
}

/// What was counted of `measures`, a column for each.
pub(crate) fn wide(roster: &Roster, measures: &[(String, Measure)], counted: &Counted) -> Result<RecordBatch> {
    let columns = Columns::default().groups(counted);
    let named = lanes_of(measures).into_iter().zip(measures);
    let lane = |c: Columns, (at, (name, m)): (usize, &(String, Measure))| {
        c.lane(name, counted, at, m.known(roster, counted, at))
    };
    named.fold(columns, lane).finish()
}

/// Counts `measures` by the dimensions of `scope`, a row for each group and measure: `year`, the dimensions, `item` (the
/// measure's name), `value`.
pub(crate) fn count_items(
    roster: &Roster,
    measures: &[(String, Measure)],
    scope: &Scope,
    job: &dyn Job,
) -> Result<RecordBatch> {
    let frames = scope.frames(roster)?;
    let sets = std::slice::from_ref(&scope.by);
    let answer = |counted| long(roster, measures, &only(counted)?);
    statistic(roster, &frames, sets, measures, scope, answer)?.count(&frames, job)
}

/// What was counted of `measures`, a row for each.
pub(crate) fn long(roster: &Roster, measures: &[(String, Measure)], counted: &Counted) -> Result<RecordBatch> {
    let groups = 0..counted.years.len();
    let values = lanes_of(measures).into_iter().zip(measures).map(|(at, (_, m))| m.values(roster, counted, at));
    let values: Vec<Vec<Option<u64>>> = values.collect();
    Columns::default()
        .groups(&counted.repeated(measures.len()))
        .texts("item", groups.clone().flat_map(|_| measures.iter().map(|(name, _)| name)))
        .some_counts("value", groups.flat_map(|g| values.iter().map(move |lane| lane[g])))
        .finish()
}

/// The lane of each measure. The first, which tells the groups, is all rows; it is not counted twice.
fn lanes_of(measures: &[(String, Measure)]) -> Vec<usize> {
    let mut last = 0;
    let lane = |(_, measure): &(String, Measure)| {
        if matches!(measure, Measure::Rows) {
            return 0;
        }
        last += 1;
        last
    };
    measures.iter().map(lane).collect()
}

/// What is counted of `measures` in the groupings `sets` of `frames` and the rows of `scope`.
pub(crate) fn statistic<'r, T: 'r>(
    roster: &'r Roster,
    frames: &[&'r Frame],
    sets: &[Vec<String>],
    measures: &'r [(String, Measure)],
    scope: &Scope,
    answer: impl FnOnce(Vec<Counted>) -> Result<T> + 'r,
) -> Result<Statistic<'r, T>> {
    let axes = sets.iter().map(|by| scope.divided(by).axes(roster, frames)).collect::<Result<Vec<_>>>()?;
    let scope = scope.clone();
    let lanes = move |_, frame, job: &dyn Job| {
        let rows = scope.rows(roster, frame)?;
        let asked = measures.iter().filter(|(_, measure)| !matches!(measure, Measure::Rows));
        let asked = asked.map(|(_, measure)| {
            job::check(job)?;
            measure.lane(roster, frame, &rows)
        });
        std::iter::once(Ok(Lane::Bits(rows.clone()))).chain(asked).collect()
    };
    Ok(Statistic::new(axes, lanes, answer))
}
