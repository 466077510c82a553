//! User-defined counts: named aggregates over several groupings, all in one scan.

use std::collections::HashSet;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use crate::cube::statistic::{Statistic, only};
use crate::cube::{GroupedCounts, Lane};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::predicate::Predicate;
use crate::query::Scope;
use crate::roster::{Column, Frame, Integers, Roster};
use crate::support::columns::Columns;
use crate::{job, schema};

/// Aggregate counted under a name.
#[derive(Clone, Debug)]
pub enum Measure {
    /// All rows.
    Rows,
    /// Rows for which a predicate is true.
    Where(Predicate),
    /// Sum of a column of counts or money; unknown values add nothing.
    Sum(String),
    /// Number of distinct values of a coded column. Each value is counted once a year, in the group of its first
    /// organisation by id, so that the parts of a table add up to the total.
    Distinct(String),
}

impl Measure {
    /// Parses `*`, `sum(column)`, `distinct(column)` or a predicate.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let argument = |function: &str| {
            let inside = text.strip_prefix(function)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
            Some(inside.trim().to_owned())
        };
        if text == "*" {
            return Ok(Self::Rows);
        }
        match (argument("sum"), argument("distinct")) {
            (Some(column), _) => Ok(Self::Sum(column)),
            (_, Some(column)) => Ok(Self::Distinct(column)),
            _ => Ok(Self::Where(Predicate::parse(text)?)),
        }
    }

    /// Returns the columns that the aggregate reads.
    pub(crate) fn columns(&self) -> Vec<&str> {
        match self {
            Self::Rows => Vec::new(),
            Self::Where(predicate) => predicate.columns(),
            Self::Sum(name) | Self::Distinct(name) => vec![name.as_str()],
        }
    }

    /// Returns the groups in which `lane` of `counted` is known, or `None` if it is known in all. A count of 0
    /// is unknown in a year that lacks one of the columns.
    fn known(&self, roster: &Roster, counted: &GroupedCounts, lane: usize) -> Option<BooleanBuffer> {
        let names = self.columns();
        let lacks = |frame: &&Frame| names.iter().any(|name| matches!(column(roster, frame, name), Ok(None)));
        let silent: Vec<i16> = roster.frames().iter().filter(lacks).map(|frame| frame.year).collect();
        let (counts, years) = (counted.lane(lane), &counted.years);
        let is_known = |group: usize| counts[group] > 0 || !silent.contains(&years[group]);
        (!silent.is_empty()).then(|| BooleanBuffer::collect_bool(counts.len(), is_known))
    }

    /// Returns the counts of `lane`, null where unknown.
    pub(crate) fn values(&self, roster: &Roster, counted: &GroupedCounts, lane: usize) -> Vec<Option<u64>> {
        let known = self.known(roster, counted, lane);
        let value = |(group, n): (usize, &u64)| known.as_ref().is_none_or(|known| known.value(group)).then_some(*n);
        counted.lane(lane).iter().enumerate().map(value).collect()
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

/// Returns the values of a column in a year, or `None` if the year lacks a column that the schema or the roster
/// knows.
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

/// Returns, for each code other than 0, the first of `rows` with that code.
fn first_rows(codes: &Integers, rows: &BooleanBuffer) -> BooleanBuffer {
    let mut seen = HashSet::new();
    BooleanBuffer::collect_bool(rows.len(), |row| rows.value(row) && codes.get(row) > 0 && seen.insert(codes.get(row)))
}

impl Roster {
    /// Counts `measures` by the dimensions of `scope`, in one column each, as [`count_sets`](Self::count_sets) does for
    /// several groupings.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, analysis::count::Measure};
    /// let roster = Roster::sample(300, 3)?;
    /// let measures = [("members".to_owned(), Measure::parse("sum(members_full)")?)];
    /// let table = roster.count(&measures, &Scope::by(["kind"]), &Quiet)?;
    /// assert!(table.column_by_name("members").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn count(&self, measures: &[(String, Measure)], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        only(self.count_sets(std::slice::from_ref(&scope.by), measures, scope, job)?)
    }

    /// Counts `measures` in each grouping of `sets` (lists of dimensions) over the rows and years of `scope`, whose own
    /// dimensions are ignored. The rows are scanned once for all groupings.
    ///
    /// Each table has the columns `year`, its dimensions, and one column per measure. A count is null, not 0, if
    /// nothing was counted because the year's sources lack a column that the measure names.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, analysis::count::Measure};
    /// let roster = Roster::sample(300, 3)?;
    /// let measures = [("members".to_owned(), Measure::parse("sum(members_full)")?)];
    /// let sets = [vec![], vec!["kind".to_owned()]];
    /// let tables = roster.count_sets(&sets, &measures, &Scope::default(), &Quiet)?;
    /// assert_eq!(tables.len(), 2);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn count_sets(
        &self,
        sets: &[Vec<String>],
        measures: &[(String, Measure)],
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<Vec<RecordBatch>> {
        let frames = scope.frames(self)?;
        let answer =
            |counted: Vec<GroupedCounts>| counted.par_iter().map(|counted| wide(self, measures, counted)).collect();
        statistic(self, &frames, sets, measures, scope, answer)?.count(&frames, job)
    }
}

/// Builds a table with one column per measure.
pub(crate) fn wide(roster: &Roster, measures: &[(String, Measure)], counted: &GroupedCounts) -> Result<RecordBatch> {
    let columns = Columns::default().groups(counted);
    let named = lanes_of(measures).into_iter().zip(measures);
    let lane = |c: Columns, (at, (name, m)): (usize, &(String, Measure))| {
        c.lane(name, counted, at, m.known(roster, counted, at))
    };
    named.fold(columns, lane).finish()
}

/// Counts `measures` by the dimensions of `scope`, with one row per group and measure: `year`, the dimensions,
/// `item` (the measure's name), `value`.
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

/// Builds a table with one row per group and measure.
pub(crate) fn long(roster: &Roster, measures: &[(String, Measure)], counted: &GroupedCounts) -> Result<RecordBatch> {
    let groups = 0..counted.years.len();
    let values = lanes_of(measures).into_iter().zip(measures).map(|(at, (_, m))| m.values(roster, counted, at));
    let values: Vec<Vec<Option<u64>>> = values.collect();
    Columns::default()
        .groups(&counted.repeated(measures.len()))
        .texts("item", groups.clone().flat_map(|_| measures.iter().map(|(name, _)| name)))
        .some_counts("value", groups.flat_map(|g| values.iter().map(move |lane| lane[g])))
        .finish()
}

/// Returns the lane of each measure. Lane 0, which decides the groups, is all rows and serves every
/// [`Measure::Rows`].
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

/// Builds the statistic that counts `measures` in the groupings `sets` of `frames` over the rows of `scope`.
pub(crate) fn statistic<'r, T: 'r>(
    roster: &'r Roster,
    frames: &[&'r Frame],
    sets: &[Vec<String>],
    measures: &'r [(String, Measure)],
    scope: &Scope,
    answer: impl FnOnce(Vec<GroupedCounts>) -> Result<T> + 'r,
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
