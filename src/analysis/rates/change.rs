//! Decomposition of a rate's change between two surveys into changes within groups and changes of their weights.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::breaks::series;
use super::{RateCounts, count, rate_counts};
use crate::cube::GroupedCounts;
use crate::definition::Rate;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// Quantum of the parts: doubles add up whole multiples of it exactly, in any order.
const UNIT: f64 = 1.0 / (1_u64 << 40) as f64;

/// Success and failure of a group in the earlier and in the later year.
#[derive(Clone, Copy, Default)]
struct BeforeAfter {
    before: (u64, u64),
    after: (u64, u64),
}

fn known((success, failure): (u64, u64)) -> f64 {
    (success + failure) as f64
}

fn rate(figures: (u64, u64)) -> Option<f64> {
    (known(figures) > 0.0).then(|| figures.0 as f64 / known(figures))
}

/// The contribution of a group to the change of the overall rate, in units.
#[derive(Clone, Copy, Default)]
struct Contribution {
    within: i64,
    between: i64,
    entry: i64,
    exit: i64,
}

impl BeforeAfter {
    fn status(&self) -> &'static str {
        match (rate(self.before), rate(self.after)) {
            (None, _) => "entry",
            (_, None) => "exit",
            _ => "continuing",
        }
    }

    fn add(&mut self, year: i16, later: i16, f: &RateCounts) {
        let side = if year == later { &mut self.after } else { &mut self.before };
        side.0 += f.success;
        side.1 += f.failure;
    }
}

/// Computes the parts of each group; `None` if one of the years has no overall rate.
fn contributions(groups: &[BeforeAfter]) -> Option<Vec<Contribution>> {
    let all = |side: fn(&BeforeAfter) -> (u64, u64)| {
        groups.iter().map(side).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    };
    let (before, after) = (all(|g| g.before), all(|g| g.after));
    let (earlier, later) = (rate(before)?, rate(after)?);
    let mean = f64::midpoint(earlier, later);
    let units = |part: f64| (part / UNIT).round() as i64;
    let total = units(later - earlier);
    let (mut sum, mut placed) = (0.0, 0);
    let mut out = Vec::with_capacity(groups.len());
    for (at, group) in groups.iter().enumerate() {
        let shares = (known(group.before) / known(before), known(group.after) / known(after));
        let success = (group.before.0 as f64 / known(before), group.after.0 as f64 / known(after));
        sum += success.1 - success.0 - mean * (shares.1 - shares.0);
        // Round the running sums rather than the parts. A rounding error of one group then carries over to the
        // next.
        let here = if at + 1 == groups.len() { total } else { units(sum) };
        let contribution = here - placed;
        placed = here;
        out.push(match (rate(group.before), rate(group.after)) {
            (Some(earlier), Some(later)) => {
                let within = units(f64::midpoint(shares.0, shares.1) * (later - earlier));
                Contribution { within, between: contribution - within, ..Contribution::default() }
            }
            (None, _) => Contribution { entry: contribution, ..Contribution::default() },
            (_, None) => Contribution { exit: contribution, ..Contribution::default() },
        });
    }
    Some(out)
}

impl Roster {
    /// Decomposes the change of a rate from the survey of `earlier` to that of `later` by the groups of `scope`'s
    /// dimensions; `rates` are the versions of one rate. Fails if a break lies between the two years, or if the rate is
    /// not in force in one of them.
    ///
    /// The decomposition is that of Griliches and Regev (1995), "Firm productivity in Israeli industry 1979–1988". With
    /// `r` the rate of a group, `s` its proportion of those whose answer is known, `R` the overall rate, a bar the mean
    /// of the two years, and Δ the difference, each group contributes to ΔR:
    ///
    /// - in both years: `within` = s̄·Δr (its own rate changed), `between` = (r̄ − R̄)·Δs (its weight changed);
    /// - only in the later: `entry` = s·(r − R̄); only in the earlier: `exit` = −s·(r − R̄).
    ///
    /// A group is in a year if it has a known answer there. All parts are whole multiples of 2⁻⁴⁰, rounded along the
    /// running sum, so that adding `within`, `between`, `entry` and `exit` of all groups in doubles, in any order,
    /// gives exactly the sum of `contribution`, which is the change of the overall rate, rounded to 2⁻⁴⁰ (10⁻¹²).
    ///
    /// Columns: `year` (the later), `earlier_year`, the dimensions, `rate_id`, `status` (`continuing`, `entry`,
    /// `exit`), `earlier_success`, `earlier_failure`, `success`, `failure`, `earlier_rate`, `rate`, `within`,
    /// `between`, `entry`, `exit`, `contribution`; the last five are null if one of the years has no overall rate.
    /// ```
    /// # use dangjian::{Quiet, Rates, Roster, Scope};
    /// let roster = Roster::sample(300, 3)?;
    /// let rate = [Rates::shipped()?.get("organised")?.clone()];
    /// let table = roster.explain_change(&rate, 2010, 2012, &Scope::by(["kind"]), &Quiet)?;
    /// assert!(table.column_by_name("within").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn explain_change(
        &self,
        rates: &[Rate],
        earlier: i16,
        later: i16,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let rate_in = comparable(self, rates, earlier, later)?;
        let scope = scope.clone().in_years(vec![earlier, later]);
        let counted = count(self, std::slice::from_ref(rate_in), &scope, job)?;
        let mut found: BTreeMap<Vec<u32>, BeforeAfter> = BTreeMap::new();
        for (group, figures) in rate_counts(&counted, 1).iter().enumerate() {
            let key = counted.keys.iter().map(|k| k[group]).collect();
            found.entry(key).or_default().add(counted.years[group], later, figures);
        }
        found.retain(|_, pair| known(pair.before) + known(pair.after) > 0.0);
        let groups: Vec<BeforeAfter> = found.values().copied().collect();
        let parts = contributions(&groups);
        let keys = (0..counted.axes.len()).map(|axis| found.keys().map(|key| key[axis]).collect()).collect();
        let table = GroupedCounts::groups(counted.axes, vec![later; groups.len()], keys);
        let part = |value: fn(&Contribution) -> i64| {
            (0..groups.len()).map(|at| parts.as_ref().map(|p| value(&p[at]) as f64 * UNIT)).collect::<Vec<_>>()
        };
        let each = || groups.iter();
        let mut columns = Columns::default().groups(&table);
        columns.insert_years(1, "earlier_year", vec![earlier; groups.len()]);
        columns
            .texts("rate_id", each().map(|_| &rate_in.id))
            .texts("status", each().map(BeforeAfter::status))
            .counts("earlier_success", each().map(|g| g.before.0))
            .counts("earlier_failure", each().map(|g| g.before.1))
            .counts("success", each().map(|g| g.after.0))
            .counts("failure", each().map(|g| g.after.1))
            .reals("earlier_rate", each().map(|g| rate(g.before)))
            .reals("rate", each().map(|g| rate(g.after)))
            .reals("within", part(|p| p.within))
            .reals("between", part(|p| p.between))
            .reals("entry", part(|p| p.entry))
            .reals("exit", part(|p| p.exit))
            .reals("contribution", part(|p| p.within + p.between + p.entry + p.exit))
            .finish()
    }
}

/// Returns the version of the rate in force in the later year, if the figures of both years are comparable.
pub(crate) fn comparable<'a>(roster: &Roster, rates: &'a [Rate], earlier: i16, later: i16) -> Result<&'a Rate> {
    roster.frame(earlier)?;
    roster.frame(later)?;
    let id = rates.first().map_or("", |rate| rate.id.as_str());
    if earlier >= later {
        return Err(Error::argument(
            format!("起始年度 {earlier} 应早于终止年度 {later}"),
            format!("the change must be from an earlier to a later year; got {earlier} to {later}"),
        ));
    }
    let series = series(roster, rates, id);
    let number = |year| series.iter().find(|(y, _)| *y == year).map(|(_, number)| *number);
    let version = rates.iter().find(|rate| rate.validity.holds(later));
    match (number(earlier), number(later), version) {
        (Some(a), Some(b), Some(version)) if a == b => Ok(version),
        (Some(_), Some(_), _) => Err(Error::argument(
            format!("“{id}”的口径或所用的列在 {earlier} 年到 {later} 年间有变化，两年不可比（见 breaks）"),
            format!(
                "'{id}' or a column that it uses changed between {earlier} and {later}, so the two years are not comparable. Hint: see breaks()"
            ),
        )),
        _ => Err(Error::argument(
            format!("“{id}”在 {earlier} 年或 {later} 年没有适用的口径"),
            format!("'{id}' is not in force in {earlier} or in {later}"),
        )),
    }
}
