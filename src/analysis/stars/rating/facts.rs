//! One year of a rating: the ledger rows of the organisations, and the answers to conditions.

use std::ops::Range;

use rayon::prelude::*;

use super::homes::Population;
use super::{Rating, rows};
use crate::analysis::stars::marks::Marks;
use crate::analysis::stars::scheme::{Condition, Part, Scheme, Test};
use crate::cube::{Axis, AxisValues};
use crate::error::Result;
use crate::predicate::Certainty;
use crate::roster::{Frame, Roster};

/// One year.
pub(crate) struct Round<'a> {
    pub(crate) year: i16,
    /// Range of the year's organisations in the rating.
    pub(crate) range: Range<usize>,
    pub(crate) roster: &'a Roster,
    pub(crate) frame: &'a Frame,
    /// Frame row of each organisation.
    pub(crate) rows: Vec<Option<u32>>,
    pub(crate) population: Population,
}

impl<'a> Round<'a> {
    pub(crate) fn new(rating: &Rating, roster: &'a Roster, year: i16, range: Range<usize>) -> Result<Self> {
        let frame = roster.frame(year)?;
        let (rows, homes) = rows::ledger_rows(rating, roster, frame, range.clone())?;
        let all = homes.len() as u64;
        Ok(Self { year, range, roster, frame, rows, population: Population { rows: homes, all } })
    }

    /// Returns the position of the organisation `id`, counted from the first of the year.
    pub(crate) fn find(&self, marks: &Marks, id: &str) -> Option<usize> {
        marks.find(self.year, id).map(|at| at - self.range.start)
    }

    /// Evaluates a condition for each organisation.
    pub(crate) fn answers(&self, rating: &Rating, condition: &Condition) -> Result<Vec<Certainty>> {
        let all = self.range.len();
        Ok(match &condition.test {
            Test::Event { kinds, years } => {
                let mut answers = vec![Certainty::No; all];
                for kind in kinds {
                    for (id, _) in rating.events.in_years(*kind, self.year - years + 1..=self.year) {
                        if let Some(at) = self.find(&rating.marks, id) {
                            answers[at] = Certainty::Yes;
                        }
                    }
                }
                answers
            }
            Test::When(when) => {
                let truth = when.evaluate(self.roster, self.frame)?;
                let answer = |row: Option<u32>| Certainty::from(row.and_then(|row| truth.value(row as usize)));
                self.rows.par_iter().map(|row| answer(*row)).collect()
            }
            Test::Part { part, below, at } => {
                let answer = |(low, high): (i64, i64)| match below {
                    false => Certainty::between(low >= *at, high >= *at),
                    true => Certainty::between(high < *at, low < *at),
                };
                let subjects = self.range.clone().into_par_iter();
                // Match on the part once, not for each organisation.
                match part {
                    Part::Total => rating.scores.totals[self.range.clone()].par_iter().map(|t| answer(*t)).collect(),
                    Part::Dimension(dimension) => {
                        subjects.map(|at| answer(rating.scores.dimension(at, *dimension))).collect()
                    }
                    Part::Item(_) => subjects.map(|at| answer(part_of(rating, &rating.scheme, *part, at))).collect(),
                }
            }
        })
    }

    /// Groups the organisations by some dimensions and names the groups.
    pub(crate) fn groups(&self, scheme: &Scheme, by: &[String]) -> Result<Groups> {
        if by.is_empty() {
            let (of_population, of_subjects) = (vec![0; self.population.rows.len()], vec![0; self.rows.len()]);
            return Ok(Groups { of_population, of_subjects, labels: vec![None] });
        }
        let axes = scheme.scope(by)?.axes(self.roster, &[self.frame])?;
        let mut labels: Vec<Vec<u32>> = Vec::new();
        let mut of_row: std::collections::BTreeMap<Vec<u32>, u32> = std::collections::BTreeMap::new();
        let codes = axes.iter().map(|axis| axis.base.codes(self.frame, 0)).collect::<Result<Vec<_>>>()?;
        let key = |row: u32| -> Vec<u32> {
            let of_axis = axes.iter().zip(&codes);
            let value = |(axis, codes): (&Axis, &Option<_>)| {
                let codes: &Option<std::borrow::Cow<'_, crate::roster::Integers>> = codes;
                axis.map[codes.as_ref().map_or(0, |codes| codes.get(row as usize) as usize)]
            };
            of_axis.map(value).collect()
        };
        let nowhere: Vec<u32> = axes.iter().map(|axis| axis.values.len() as u32).collect();
        let mut group = |key: Vec<u32>| {
            *of_row.entry(key.clone()).or_insert_with(|| {
                labels.push(key);
                labels.len() as u32 - 1
            })
        };
        let of_population: Vec<u32> = self.population.rows.iter().map(|row| group(key(*row))).collect();
        let of_subjects =
            self.rows.iter().map(|row| group(row.map_or_else(|| nowhere.clone(), &key))).collect::<Vec<_>>();
        let called = |key: &Vec<u32>| {
            let names = axes.iter().zip(key).map(|(axis, at)| value(axis, *at));
            let names: Vec<String> = names.collect();
            (!names.is_empty()).then(|| names.join(" / "))
        };
        let labels = labels.iter().map(called).collect();
        Ok(Groups { of_population, of_subjects, labels })
    }
}

/// Evaluates all gates of the scheme, gate by gate, for the organisations of one year.
pub(crate) fn gate_answers(rating: &Rating, year: i16, range: Range<usize>) -> Result<Vec<Vec<Certainty>>> {
    let round = Round::new(rating, &rating.roster, year, range)?;
    rating.scheme.gates.iter().map(|gate| round.answers(rating, &gate.condition)).collect()
}

/// Returns the display name of an axis value.
fn value(axis: &Axis, at: u32) -> String {
    let text = match &axis.values {
        AxisValues::Text(values) => values.get(at as usize).cloned(),
        AxisValues::Region(codes) => codes
            .get(at as usize)
            .map(|code| crate::standards::region::name(code).map_or_else(|| code.clone(), str::to_owned)),
        AxisValues::Flag => ["true", "false"].get(at as usize).map(|t| (*t).to_owned()),
    };
    text.unwrap_or_else(|| crate::query::star_state::UNKNOWN.to_owned())
}

/// Organisations by group.
pub(crate) struct Groups {
    /// Group of each member of the population.
    pub(crate) of_population: Vec<u32>,
    /// Group of each rated organisation.
    pub(crate) of_subjects: Vec<u32>,
    pub(crate) labels: Vec<Option<String>>,
}

/// Returns the minimum and maximum of a part of the score: items and dimensions in ten-thousandths of a point, the
/// total in hundred-millionths. A penalty item returns the points taken.
pub(crate) fn part_of(rating: &Rating, scheme: &Scheme, part: Part, subject: usize) -> (i64, i64) {
    match part {
        Part::Total => rating.scores.totals[subject],
        Part::Dimension(at) => rating.scores.dimension(subject, at),
        Part::Item(at) => {
            let item = &scheme.parts.items[at];
            let cells = rating.marks.of_item(subject, at, scheme.parts.items.len());
            let sum = cells.map(|cell| Marks::brings(item, cell)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
            if item.gives == crate::analysis::stars::scheme::Gives::Penalty { (-sum.1, -sum.0) } else { sum }
        }
    }
}
