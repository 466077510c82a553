//! Survival tables of any subjects: the curves, their summary, and the comparison of groups.

use arrow::array::RecordBatch;

use super::curve::{Curve, CurveVariance, first_at_most_half};
use super::log_rank::{LogRank, log_rank};
use super::options::{CurveOptions, Variance};
use super::risk::{Observation, RiskTable};
use crate::error::{Error, Result};
use crate::stats::wilson::{wilson, z_for_confidence};
use crate::support::columns::Columns;

type Ends = (Option<f64>, Option<f64>);

/// The curves of one group.
pub(crate) struct Curves {
    risk: RiskTable,
    /// Kaplan-Meier estimate of the event; losses censor.
    alone: Curve,
    /// Aalen-Johansen estimates of the event and the competing losses.
    all: Curve,
    alone_ends: Vec<Ends>,
    left_ends: Vec<Ends>,
    critical_value: f64,
}

impl Curves {
    pub(crate) fn new(
        observations: &[Observation],
        risk: RiskTable,
        options: &CurveOptions,
        horizon: Option<f64>,
    ) -> Result<Self> {
        let critical_value = z_for_confidence(options.level)?;
        let variance = match options.variance {
            Variance::Greenwood => CurveVariance::Greenwood,
            Variance::Organisation => CurveVariance::Clusters(observations),
        };
        let alone = Curve::new(&risk, &[0], variance, horizon);
        let causes: Vec<usize> = (0..risk.events.len()).collect();
        let all = Curve::new(&risk, &causes, variance, horizon);
        let pairs = alone.kept.iter().zip(&alone.kept_variance);
        let alone_ends =
            pairs.map(|(proportion, variance)| options.scale.ends(*proportion, *variance, critical_value)).collect();
        let pairs = all.left[0].iter().zip(&all.left_variance[0]);
        let left_ends = pairs
            .map(|(proportion, variance)| options.scale.ends_of_left(*proportion, *variance, critical_value))
            .collect();
        Ok(Self { risk, alone, all, alone_ends, left_ends, critical_value })
    }

    /// Returns the number of times up to the last with a subject at risk.
    pub(crate) fn rows(&self) -> usize {
        (0..self.risk.times.len()).rev().find(|at| self.risk.at_risk[*at] > 0).map_or(0, |at| at + 1)
    }

    fn median_ends(&self) -> Ends {
        let first =
            |field: fn(&Ends) -> Option<f64>| first_at_most_half(&self.risk.times, self.alone_ends.iter().map(field));
        (first(|ends| ends.0), first(|ends| ends.1))
    }

    fn hazard(&self, at: usize) -> Option<f64> {
        (self.risk.at_risk[at] > 0).then(|| self.risk.events[0][at] as f64 / self.risk.at_risk[at] as f64)
    }
}

/// Returns the standard error of a proportion; null at 0 and 1, where the variance is unknown.
fn standard_error(proportion: f64, variance: f64) -> Option<f64> {
    (proportion > 0.0 && proportion < 1.0 && variance > 0.0).then(|| variance.sqrt())
}

/// Returns the horizon of the restricted mean: the one requested, or the last time that every group with a spell
/// reaches.
pub(crate) fn horizon(options: &CurveOptions, risks: &[RiskTable]) -> Result<Option<f64>> {
    match options.horizon {
        Some(horizon) if horizon.is_finite() && horizon > 0.0 => Ok(Some(horizon)),
        Some(horizon) => Err(Error::argument(
            format!("期限 horizon 应为正数；给的是 {horizon}"),
            format!("the horizon is a number above 0; got {horizon}"),
        )),
        None => {
            let lasts =
                |ended: bool| risks.iter().filter(move |risk| risk.ended() == ended).filter_map(RiskTable::last);
            // A curve that has reached 0 stays there and does not limit the horizon.
            let open = lasts(false).filter(|last| *last > 0.0).reduce(f64::min);
            Ok(open.or_else(|| lasts(true).filter(|last| *last > 0.0).reduce(f64::max)))
        }
    }
}

/// Estimates the curves of any subjects: survival by Kaplan and Meier (1958), cumulative incidences by Aalen and
/// Johansen (1978), the hazard with Wilson's interval (1927). The first of the `causes` is the event, the others
/// compete with it and are called `cause_2`, ….
///
/// Columns: those of [`Roster::star_survival`](crate::Roster::star_survival) without its dimensions and `entry`.
///
/// ```
/// use dangjian::stats::survival::{CurveOptions, Observation, survival_curve};
///
/// let subject = |exit, cause, cluster| Observation { entry: 0.0, exit, cause, cluster };
/// let table = survival_curve(&[subject(1.0, 1, 0), subject(2.0, 0, 1)], 1, &CurveOptions::default())?;
/// assert_eq!(table.num_rows(), 3); // the times 0, 1 and 2
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn survival_curve(observations: &[Observation], causes: usize, options: &CurveOptions) -> Result<RecordBatch> {
    let (risk, horizon) = counted_risk(observations, causes, options)?;
    let curves = [Curves::new(observations, risk, options, horizon)?];
    let losses: Vec<String> = (2..=causes).map(|cause| format!("cause_{cause}")).collect();
    let losses: Vec<&str> = losses.iter().map(String::as_str).collect();
    curve_columns(Columns::default(), &curves, &losses, options)?.finish()
}

/// Summarises the curves of any subjects, estimated as by [`survival_curve`]. The mean is restricted to the horizon
/// (Irwin 1949), or without one to the last time with a subject at risk.
///
/// Columns: `n`, `events`, `competing`, `censored`, then those of
/// [`Roster::star_survival_summary`](crate::Roster::star_survival_summary) from `median` on.
pub fn survival_summary(observations: &[Observation], causes: usize, options: &CurveOptions) -> Result<RecordBatch> {
    let (risk, horizon) = counted_risk(observations, causes, options)?;
    let curves = [Curves::new(observations, risk, options, horizon)?];
    let sum = |counts: &[Vec<u64>]| counts.iter().flatten().sum::<u64>();
    let risk = &curves[0].risk;
    let columns = Columns::default()
        .counts("n", [observations.len() as u64])
        .counts("events", [sum(&risk.events[..1])])
        .counts("competing", [sum(&risk.events[1..])])
        .counts("censored", [risk.censored.iter().sum()]);
    summary_columns(columns, &curves, horizon, options).finish()
}

fn counted_risk(
    observations: &[Observation],
    causes: usize,
    options: &CurveOptions,
) -> Result<(RiskTable, Option<f64>)> {
    if causes == 0 {
        return Err(Error::argument("至少应有一种原因", "at least one cause is needed"));
    }
    let risk = RiskTable::new(observations, causes, &[])?;
    let horizon = horizon(options, std::slice::from_ref(&risk))?;
    Ok((risk, horizon))
}

/// Compares groups of any subjects, whose event is cause 1, by [`log_rank`]. `group` holds the group number of each
/// subject, from 0 to `groups` (exclusive).
///
/// Columns: those of [`Roster::star_logrank`](crate::Roster::star_logrank) without its dimensions and `of`, with `n`
/// in place of `spells`.
pub fn log_rank_table(group: &[usize], groups: usize, observations: &[Observation]) -> Result<RecordBatch> {
    if group.len() != observations.len() || group.iter().any(|group| *group >= groups) {
        return Err(Error::argument("每个对象应有一个组", "each observation must be in one of the groups"));
    }
    RiskTable::new(observations, 1, &[])?;
    let observations: Vec<(usize, Observation)> = group.iter().copied().zip(observations.iter().copied()).collect();
    log_rank_columns(Columns::default(), &log_rank(&observations, groups, &[1]), "n", |columns| columns).finish()
}

/// Appends the groups of a test and, in every row, its result.
pub(crate) fn log_rank_columns(
    columns: Columns,
    test: &LogRank,
    n: &str,
    between: impl FnOnce(Columns) -> Columns,
) -> Columns {
    let each = || test.groups.iter();
    let columns = columns
        .counts(n, each().map(|group| group.n))
        .counts("observed", each().map(|group| group.observed))
        .reals("expected", each().map(|group| Some(group.expected)));
    between(columns)
        .reals("chi2", each().map(|_| test.chi2))
        .counts("df", each().map(|_| test.df as u64))
        .reals("p", each().map(|_| test.p))
        .reals("chi2_robust", each().map(|_| test.robust_chi2))
        .counts("df_robust", each().map(|_| test.robust_df as u64))
        .reals("p_robust", each().map(|_| test.robust_p))
}

/// Iterates over the rows of all curves.
pub(crate) fn all_rows(curves: &[Curves]) -> impl Iterator<Item = (&Curves, usize)> {
    curves.iter().flat_map(|curves| (0..curves.rows()).map(move |at| (curves, at)))
}

/// Appends the columns of curves; `losses` are the names of the competing causes.
pub(crate) fn curve_columns(
    columns: Columns,
    curves: &[Curves],
    losses: &[&str],
    options: &CurveOptions,
) -> Result<Columns> {
    let critical_value = z_for_confidence(options.level)?;
    let rows = || all_rows(curves);
    let counts = |field: fn(&RiskTable, usize) -> u64| rows().map(move |(c, at)| field(&c.risk, at));
    let reals = |field: fn(&Curves, usize) -> Option<f64>| rows().map(move |(c, at)| field(c, at));
    let hazards = || rows().map(|(c, at)| wilson(c.risk.events[0][at], c.risk.at_risk[at], critical_value));
    let mut columns = columns
        .reals("time", reals(|c, at| Some(c.risk.times[at])))
        .counts("at_risk", counts(|r, at| r.at_risk[at]))
        .counts("entered", counts(|r, at| r.entered[at]))
        .counts("events", counts(|r, at| r.events[0][at]))
        .counts("competing", counts(|r, at| r.events_at(at) - r.events[0][at]));
    let losses = || losses.iter().enumerate().map(|(nth, name)| (nth + 1, *name));
    for (cause, name) in losses() {
        columns = columns.counts(name, rows().map(|(c, at)| c.risk.events[cause][at]));
    }
    columns = columns
        .counts("censored", counts(|r, at| r.censored[at]))
        .reals("hazard", reals(Curves::hazard))
        .reals("hazard_low", hazards().map(|ends| ends.map(|(low, _)| low)))
        .reals("hazard_high", hazards().map(|ends| ends.map(|(_, high)| high)))
        .reals("survival", reals(|c, at| Some(c.alone.kept[at])))
        .reals("std_error", reals(|c, at| standard_error(c.alone.kept[at], c.alone.kept_variance[at])))
        .reals("low", reals(|c, at| c.alone_ends[at].0))
        .reals("high", reals(|c, at| c.alone_ends[at].1))
        .reals("cif", reals(|c, at| Some(c.all.left[0][at])))
        .reals("cif_std_error", reals(|c, at| standard_error(c.all.left[0][at], c.all.left_variance[0][at])))
        .reals("cif_low", reals(|c, at| c.left_ends[at].0))
        .reals("cif_high", reals(|c, at| c.left_ends[at].1));
    for (cause, name) in losses() {
        columns = columns.reals(&format!("cif_{name}"), rows().map(|(c, at)| Some(c.all.left[cause][at])));
    }
    Ok(columns
        .reals("kept", reals(|c, at| Some(c.all.kept[at])))
        .texts("interval", rows().map(|_| options.scale.name()))
        .texts("variance", rows().map(|_| options.variance.name())))
}

/// Appends the summary statistics of curves.
pub(crate) fn summary_columns(
    columns: Columns,
    curves: &[Curves],
    horizon: Option<f64>,
    options: &CurveOptions,
) -> Columns {
    let reals = |field: fn(&Curves) -> Option<f64>| curves.iter().map(field);
    let mean_end = |sign: f64| {
        move |c: &Curves| {
            let (mean, error) = (c.alone.mean?, c.alone.mean_variance.filter(|v| *v > 0.0)?.sqrt());
            Some((mean + sign * c.critical_value * error).clamp(0.0, horizon.unwrap_or(f64::INFINITY)))
        }
    };
    let at_horizon = |field: fn(&Curves, usize) -> f64| {
        move |c: &Curves| {
            c.alone.mean?;
            let horizon = horizon?;
            let at = c.risk.times.partition_point(|time| *time <= horizon).checked_sub(1)?;
            Some(field(c, at))
        }
    };
    let error = |variance: Option<f64>| variance.filter(|v| *v > 0.0).map(f64::sqrt);
    let each = || curves.iter();
    columns
        .reals("median", reals(|c| c.alone.median(&c.risk)))
        .reals("median_low", reals(|c| c.median_ends().0))
        .reals("median_high", reals(|c| c.median_ends().1))
        .reals("horizon", each().map(|_| horizon))
        .reals("mean", reals(|c| c.alone.mean))
        .reals("mean_std_error", each().map(|c| error(c.alone.mean_variance)))
        .reals("mean_low", each().map(mean_end(-1.0)))
        .reals("mean_high", each().map(mean_end(1.0)))
        .reals("mean_kept", reals(|c| c.all.mean))
        .reals("mean_kept_std_error", each().map(|c| error(c.all.mean_variance)))
        .reals("survival_at_horizon", each().map(at_horizon(|c, at| c.alone.kept[at])))
        .reals("cif_at_horizon", each().map(at_horizon(|c, at| c.all.left[0][at])))
        .reals("kept_at_horizon", each().map(at_horizon(|c, at| c.all.kept[at])))
        .texts("interval", each().map(|_| options.scale.name()))
        .texts("variance", each().map(|_| options.variance.name()))
}
