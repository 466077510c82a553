//! What-if analysis (政策推演): comparison of two ratings, and shifted thresholds, by any dimension.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;

use super::rating::{Rating, STAGES, Span};
use super::scheme::Method;
use super::scheme::units::{MOST, exact};
use crate::cube::{Axis, AxisValues, Base, GroupedCounts};
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::roster::{Frame, Integers};
use crate::support::columns::Columns;

/// Possible changes of an organisation under another scheme.
const CHANGES: [&str; 4] = ["rises", "falls", "same", "undecided"];

/// Compares the stars under the second scheme with those under the first, by number of stars and not by rung.
fn change(a: (&Rating, Span), b: (&Rating, Span)) -> &'static str {
    let stars =
        |(rating, span): (&Rating, Span)| span.known().map(|rung| rating.scheme.ladder.stars(rung).unwrap_or(-1.0));
    match (stars(a), stars(b)) {
        (Some(a), Some(b)) => match b.total_cmp(&a) {
            std::cmp::Ordering::Greater => "rises",
            std::cmp::Ordering::Less => "falls",
            std::cmp::Ordering::Equal => "same",
        },
        _ => "undecided",
    }
}

/// Checks that two ratings rate the same organisations in the same years.
fn check_comparable(a: &Rating, b: &Rating) -> Result<()> {
    let same = a.scheme.counts == b.scheme.counts && a.marks.years == b.marks.years && a.marks.ids == b.marks.ids;
    if same {
        return Ok(());
    }
    Err(Error::argument(
        "两个办法评的不是同样的对象或年度，不能比较",
        "the two schemes rate different organisations or years and cannot be compared",
    ))
}

impl Rating {
    /// Compares the stars with those that the same scores have under another scheme, organisation by organisation.
    ///
    /// Columns: the identifying columns of [`Rating::table`], `score_a`, `score_b` (null if items are open), `star_a`,
    /// `star_b` (star states), `change` (`rises`, `falls`, `same`, `undecided`), `reason_zh`, `reason_en` (from the
    /// other scheme; null if nothing changes).
    pub fn compare_schemes_list(&self, other: &Self) -> Result<RecordBatch> {
        check_comparable(self, other)?;
        let known = |rating: &Rating, at: usize| {
            let (low, high) = rating.scores.totals[at];
            (low == high).then(|| super::scheme::units::real(low))
        };
        let all = 0..self.len();
        let changes: Vec<&str> =
            all.clone().map(|at| change((self, self.stars()[at]), (other, other.stars()[at]))).collect();
        let reason = |at: usize, lang| (changes[at] != "same").then(|| other.line(at, lang));
        self.listed(&self.everybody())?
            .reals("score_a", all.clone().map(|at| known(self, at)))
            .reals("score_b", all.clone().map(|at| known(other, at)))
            .array("star_a", self.stage(STAGES.len() - 1)?)
            .array("star_b", other.stage(STAGES.len() - 1)?)
            .texts("change", &changes)
            .some_texts("reason_zh", all.clone().map(|at| reason(at, crate::lang::Lang::Zh)))
            .some_texts("reason_en", all.map(|at| reason(at, crate::lang::Lang::En)))
            .finish()
    }

    /// Counts the organisations that rise and fall under another scheme with the same scores, by the dimensions of
    /// `by`.
    ///
    /// Columns: `year`, the dimensions, `rises`, `falls`, `same`, `undecided`: organisations, or party organisations if
    /// the schemes rate these. An organisation missing from the year's roster has no value in the dimensions.
    pub fn compare_schemes(&self, other: &Self, by: &[String]) -> Result<RecordBatch> {
        check_comparable(self, other)?;
        let lane = |at: usize| {
            let word = change((self, self.stars()[at]), (other, other.stars()[at]));
            CHANGES.iter().position(|own| *own == word).unwrap_or(CHANGES.len() - 1)
        };
        let counted = self.counted(by, Vec::new(), |_| Vec::new(), lane, CHANGES.len())?;
        let columns = Columns::default().groups(&counted);
        CHANGES
            .iter()
            .enumerate()
            .fold(columns, |c, (at, name)| c.counts(name, counted.counts[at].iter().copied()))
            .finish()
    }

    /// Counts the stars after all rules by the dimensions of `by`.
    ///
    /// Columns: `year`, the dimensions, `star_state`, `rated` (organisations, or party organisations if the scheme
    /// rates these).
    pub fn counts(&self, by: &[String]) -> Result<RecordBatch> {
        let mut values = self.states();
        // Lists show the highest star first.
        let last = values.len() - 1;
        values[..last].reverse();
        let at = |subject: usize| {
            let state = self.state_at(self.stars()[subject]);
            if state as usize == last { state } else { last as u32 - 1 - state }
        };
        let axis = |n: usize| Axis {
            name: "star_state".to_owned(),
            base: Base::Given { name: "star_state", codes: Arc::new(vec![Integers::up_to(0, std::iter::empty()); n]) },
            map: (0..=values.len() as u32).collect(),
            values: AxisValues::Text(values.clone()),
        };
        let counted = self.counted(by, vec![axis(self.marks.years.len())], |subject| vec![at(subject)], |_| 0, 1)?;
        Columns::default().groups(&counted).counts("rated", counted.counts[0].iter().copied()).finish()
    }

    /// Groups organisations by dimensions of the roster and the codes from `more`, and counts each in one lane
    /// (aggregate input).
    fn counted(
        &self,
        by: &[String],
        own: Vec<Axis>,
        more: impl Fn(usize) -> Vec<u32>,
        lane: impl Fn(usize) -> usize,
        lanes: usize,
    ) -> Result<GroupedCounts> {
        let frames: Vec<&Frame> =
            self.marks.years.iter().map(|(year, _)| self.roster.frame(*year)).collect::<Result<_>>()?;
        let names: Vec<&str> = own.iter().map(|axis| axis.name.as_str()).collect();
        let axes = self.scheme.scope(by)?.axes_except(&self.roster, &frames, &names)?;
        let mut groups: BTreeMap<(i16, Vec<u32>), Vec<u64>> = BTreeMap::new();
        for (nth, ((year, range), frame)) in self.marks.years.iter().zip(&frames).enumerate() {
            let codes = axes.iter().map(|axis| axis.base.codes(frame, nth)).collect::<Result<Vec<_>>>()?;
            for subject in range.clone() {
                let of_axis = axes.iter().zip(&codes).map(|(axis, codes)| match self.rows[subject] {
                    None => axis.values.len() as u32,
                    Some(row) => axis.map[codes.as_ref().map_or(0, |codes| codes.get(row as usize) as usize)],
                });
                let key: Vec<u32> = of_axis.chain(more(subject)).collect();
                groups.entry((*year, key)).or_insert_with(|| vec![0; lanes])[lane(subject)] += 1;
            }
        }
        let axes: Vec<Axis> = axes.into_iter().chain(own).collect();
        let keys = (0..axes.len()).map(|at| groups.keys().map(|(_, key)| key[at]).collect()).collect();
        let counts = (0..lanes).map(|at| groups.values().map(|n| n[at]).collect()).collect();
        Ok(GroupedCounts { axes, years: groups.keys().map(|(year, _)| *year).collect(), keys, counts })
    }

    /// Recomputes the stars with a shifted threshold. `values` are lower bounds of the band of `stars`, or, if each
    /// dimension is a star and `stars` is `None`, the proportion that a dimension requires.
    ///
    /// Columns: `year`, `stars` (of the shifted band; null for the proportion), `threshold`, `star_state`, `rated`
    /// (organisations with the state under the new threshold), `before` (under the scheme as it is), `rises`,
    /// `falls`, `undecided` (over the whole year).
    ///
    /// Returns [`Error::Argument`] if the scheme has no such threshold, or if a value passes the threshold of
    /// another star.
    pub fn sensitivity(&self, stars: Option<f64>, values: &[f64], job: &dyn Job) -> Result<RecordBatch> {
        let rung = self.threshold(stars)?;
        let states = self.states();
        let order: Vec<usize> = (1..states.len() - 1).rev().chain([0, states.len() - 1]).collect();
        let count = |rating: &Self, range: std::ops::Range<usize>| {
            let mut n = vec![0u64; states.len()];
            rating.stars()[range].iter().for_each(|span| n[rating.state_at(*span) as usize] += 1);
            n
        };
        let mut rows = Vec::new();
        for value in values {
            job::check(job)?;
            self.fits(rung, *value)?;
            let other = self.with_scheme(Arc::new(self.scheme.with_threshold(rung, exact(*value))), job)?;
            for (year, range) in &self.marks.years {
                let mut moved = [0u64; CHANGES.len()];
                for at in range.clone() {
                    let word = change((self, self.stars()[at]), (&other, other.stars()[at]));
                    moved[CHANGES.iter().position(|own| *own == word).unwrap_or(3)] += 1;
                }
                let (now, before) = (count(&other, range.clone()), count(self, range.clone()));
                for at in &order {
                    rows.push((*year, *value, states[*at].clone(), now[*at], before[*at], moved));
                }
            }
        }
        rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        Columns::default()
            .years("year", rows.iter().map(|row| row.0))
            .reals("stars", rows.iter().map(|_| stars))
            .reals("threshold", rows.iter().map(|row| Some(row.1)))
            .texts("star_state", rows.iter().map(|row| &row.2))
            .counts("rated", rows.iter().map(|row| row.3))
            .counts("before", rows.iter().map(|row| row.4))
            .counts("rises", rows.iter().map(|row| row.5[0]))
            .counts("falls", rows.iter().map(|row| row.5[1]))
            .counts("undecided", rows.iter().map(|row| row.5[3]))
            .finish()
    }

    /// Returns the rung of the shifted band; 0 for the proportion of dimensions.
    fn threshold(&self, stars: Option<f64>) -> Result<u8> {
        let scheme = &*self.scheme;
        match stars {
            None if matches!(scheme.method, Method::Dimensions | Method::Both { .. }) => Ok(0),
            Some(stars) => {
                let rung = scheme.ladder.rung(stars).filter(|rung| scheme.bands.all.iter().any(|b| b.rung == *rung));
                rung.ok_or_else(|| {
                    let bands = scheme.bands.all.iter().filter_map(|b| scheme.ladder.stars(b.rung));
                    let have = bands.map(|s| s.to_string()).collect::<Vec<_>>().join(", ");
                    Error::argument(
                        format!("本办法没有 {stars} 星的分数线。可用：{have}"),
                        format!("the scheme has no band for {stars} stars. Available: {have}"),
                    )
                })
            }
            None => Err(Error::argument(
                "请说明移动哪一星级的分数线（stars=5）",
                "name the stars whose threshold is moved, as in stars=5",
            )),
        }
    }

    fn fits(&self, rung: u8, value: f64) -> Result<()> {
        let wrong = |zh: String, en: String| Err(Error::argument(zh, en));
        if rung == 0 {
            return if value > 0.0 && value <= 1.0 {
                Ok(())
            } else {
                wrong(
                    format!("{value} 不是比例，应大于 0、不超过 1"),
                    format!("{value} is not a share above 0 and up to 1"),
                )
            };
        }
        if !(0.0..=MOST).contains(&value) {
            return wrong(format!("{value} 不是分数线"), format!("{value} is not a threshold"));
        }
        let at = exact(value) * super::scheme::units::POINT;
        let bands = &self.scheme.bands.all;
        let passes = bands.iter().any(|b| (b.rung < rung && b.sure.at >= at) || (b.rung > rung && b.sure.at <= at));
        if passes {
            return wrong(
                format!("{value} 越过了相邻星级的分数线"),
                format!("{value} passes the threshold of another star"),
            );
        }
        Ok(())
    }
}
