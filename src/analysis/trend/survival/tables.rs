//! Survival tables: the curves, their summary, the comparison of groups, and the list of spells.

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::spells::Ended;
use super::study::{Group, Study};
use super::{Options, Variance};
use crate::analysis::trend::histories::Histories;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::survival::curve::{Curve, Spread, first_at_most_half};
use crate::stats::survival::log_rank::{LogRank, log_rank};
use crate::stats::survival::risk::{Risk, Watched};
use crate::stats::wilson::{deviations, wilson};
use crate::support::columns::Columns;

type Ends = (Option<f64>, Option<f64>);

/// The curves of one group.
struct Curves {
    risk: Risk,
    /// Kaplan-Meier estimate of the event; losses censor.
    alone: Curve,
    /// Aalen-Johansen estimates of the event and the competing losses.
    all: Curve,
    alone_ends: Vec<Ends>,
    left_ends: Vec<Ends>,
    reach: f64,
}

impl Curves {
    fn new(watched: &[Watched], risk: Risk, options: &Options, horizon: Option<f64>) -> Result<Self> {
        let reach = deviations(options.level)?;
        let spread = match options.variance {
            Variance::Greenwood => Spread::Greenwood,
            Variance::Organisation => Spread::Clusters(watched),
        };
        let alone = Curve::new(&risk, &[0], spread, horizon);
        let causes: Vec<usize> = (0..risk.events.len()).collect();
        let all = Curve::new(&risk, &causes, spread, horizon);
        let pairs = alone.kept.iter().zip(&alone.kept_variance);
        let alone_ends = pairs.map(|(share, variance)| options.scale.ends(*share, *variance, reach)).collect();
        let pairs = all.left[0].iter().zip(&all.left_variance[0]);
        let left_ends = pairs.map(|(share, variance)| options.scale.ends_of_left(*share, *variance, reach)).collect();
        Ok(Self { risk, alone, all, alone_ends, left_ends, reach })
    }

    /// Returns the number of times up to the last with a subject at risk.
    fn rows(&self) -> usize {
        (0..self.risk.times.len()).rev().find(|at| self.risk.at_risk[*at] > 0).map_or(0, |at| at + 1)
    }

    fn median_ends(&self) -> Ends {
        let first = |of: fn(&Ends) -> Option<f64>| first_at_most_half(&self.risk.times, self.alone_ends.iter().map(of));
        (first(|ends| ends.0), first(|ends| ends.1))
    }

    fn hazard(&self, at: usize) -> Option<f64> {
        (self.risk.at_risk[at] > 0).then(|| self.risk.events[0][at] as f64 / self.risk.at_risk[at] as f64)
    }
}

/// Returns the standard error of a proportion; null at 0 and 1, where the variance is unknown.
fn error_of(share: f64, variance: f64) -> Option<f64> {
    (share > 0.0 && share < 1.0 && variance > 0.0).then(|| variance.sqrt())
}

/// Returns the horizon of the restricted mean: the one requested, or the last time that every group with a spell
/// reaches.
fn horizon(options: &Options, risks: &[Risk]) -> Result<Option<f64>> {
    match options.horizon {
        Some(horizon) if horizon.is_finite() && horizon > 0.0 => Ok(Some(horizon)),
        Some(horizon) => Err(Error::argument(
            format!("期限 horizon 应为正数；给的是 {horizon}"),
            format!("the horizon is a number above 0; got {horizon}"),
        )),
        None => {
            let lasts = |ended: bool| risks.iter().filter(move |risk| risk.ended() == ended).filter_map(Risk::last);
            // A curve that has reached 0 stays there and does not limit the horizon.
            let open = lasts(false).filter(|last| *last > 0.0).reduce(f64::min);
            Ok(open.or_else(|| lasts(true).filter(|last| *last > 0.0).reduce(f64::max)))
        }
    }
}

/// Returns every year from 0 to the last exit.
fn years(watched: &[Watched]) -> Vec<f64> {
    let last = watched.iter().map(|w| w.exit as u32).max().unwrap_or(0);
    (0..=last).map(f64::from).collect()
}

/// Returns the study and the curves of each of its groups.
fn studied(
    roster: &Roster,
    options: &Options,
    scope: &Scope,
    job: &dyn Job,
) -> Result<(Study, Vec<Curves>, Option<f64>)> {
    let study = Study::new(roster, options, scope, job)?;
    let risk = |group: &Group| Risk::new(&group.watched, Ended::CAUSES.len(), &years(&group.watched));
    let risks = study.groups.par_iter().map(risk).collect::<Result<Vec<_>>>()?;
    let horizon = horizon(options, &risks)?;
    let curves = study.groups.par_iter().zip(risks);
    let curves = curves.map(|(group, risk)| Curves::new(&group.watched, risk, options, horizon));
    let curves = curves.collect::<Result<Vec<_>>>()?;
    Ok((study, curves, horizon))
}

/// Estimates the curves of spells with a minimum number of stars. The dimensions of `scope` are evaluated in the
/// year in which a spell was first observed. The years of `scope` are those of observation; earlier years of the
/// roster only show when a spell began.
///
/// Columns: the dimensions (`start`, `known` or `unknown`, is one of them here), `time` (years, from 0), `at_risk`,
/// `entered` (after the previous time), `events` (rated below), `competing` (lost: the sum of `unrated`,
/// `no_party_org`, `absent`), `censored`; `hazard` (events ÷ at risk: the proportion of those still there that fell
/// in that year) with Wilson's `hazard_low`, `hazard_high`; `survival`, `std_error`, `low`, `high` (Kaplan-Meier
/// with losses as censoring: the proportion left if there were no losses); `cif`, `cif_std_error`, `cif_low`,
/// `cif_high` (Aalen-Johansen: the proportion rated below so far), `cif_unrated`, `cif_no_party_org`, `cif_absent`,
/// `kept` (the rest; the five sum to 1); `interval`, `variance`, `entry` (the options). `at_risk` of a year is the
/// previous one minus exits plus entries. Undefined values are null: standard errors and the lower end before the
/// first exit, both ends after the last.
///
/// ```
/// # use dangjian::{Roster, Scope, job::Quiet};
/// use dangjian::analysis::trend::survival::{Options, star_survival};
/// let roster = Roster::sample(300, 3)?;
/// let table = star_survival(&roster, &Options::default(), &Scope::default(), &Quiet)?;
/// assert!(table.column_by_name("survival").is_some());
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn star_survival(roster: &Roster, options: &Options, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let (study, curves, _) = studied(roster, options, scope, job)?;
    let columns = Columns::default().dimensions(&study.axes, &study.keys(|group| curves[group].rows()));
    let losses: Vec<&str> = Ended::CAUSES[1..].iter().map(|ended| ended.name()).collect();
    curve_columns(columns, &curves, &losses, options)?
        .texts("entry", all_rows(&curves).map(|_| options.entry.name()))
        .finish()
}

fn all_rows(curves: &[Curves]) -> impl Iterator<Item = (&Curves, usize)> {
    curves.iter().flat_map(|curves| (0..curves.rows()).map(move |at| (curves, at)))
}

/// Appends the columns of curves; `losses` are the names of the competing causes.
fn curve_columns(columns: Columns, curves: &[Curves], losses: &[&str], options: &Options) -> Result<Columns> {
    let reach = deviations(options.level)?;
    let rows = || all_rows(curves);
    let counts = |of: fn(&Risk, usize) -> u64| rows().map(move |(c, at)| of(&c.risk, at));
    let reals = |of: fn(&Curves, usize) -> Option<f64>| rows().map(move |(c, at)| of(c, at));
    let hazards = || rows().map(|(c, at)| wilson(c.risk.events[0][at], c.risk.at_risk[at], reach));
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
        .reals("std_error", reals(|c, at| error_of(c.alone.kept[at], c.alone.kept_variance[at])))
        .reals("low", reals(|c, at| c.alone_ends[at].0))
        .reals("high", reals(|c, at| c.alone_ends[at].1))
        .reals("cif", reals(|c, at| Some(c.all.left[0][at])))
        .reals("cif_std_error", reals(|c, at| error_of(c.all.left[0][at], c.all.left_variance[0][at])))
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

/// Estimates the curves of any subjects. The first of the `causes` is the event, the others compete with it and are
/// called `cause_2`, …. The columns are those of [`star_survival`] without its dimensions and `entry`. Only the
/// scale, the level and the variance of `options` are used.
pub fn curve_of(watched: &[Watched], causes: usize, options: &Options) -> Result<RecordBatch> {
    let (risk, horizon) = risk_of(watched, causes, options)?;
    let curves = [Curves::new(watched, risk, options, horizon)?];
    let losses: Vec<String> = (2..=causes).map(|cause| format!("cause_{cause}")).collect();
    let losses: Vec<&str> = losses.iter().map(String::as_str).collect();
    curve_columns(Columns::default(), &curves, &losses, options)?.finish()
}

/// Summarises each group in one row: number of spells, their ends, excluded spells by reason, and the statistics of
/// the curves.
///
/// Columns: the dimensions, `at_least`, `entry`, `organisations` (or party organisations: the owners of the
/// spells), `spells` (= `events` + `unrated` + `no_party_org` + `absent` + `end_of_study` + `gap` + `unknown`, by
/// end), `competing` (sum of the three losses), `censored` (sum of the last three); excluded: `unknown_start`,
/// `earlier_start` (began before the selected years), `never_at_risk` (observed only at the end of observation),
/// `later_spells`; `median`, `median_low`, `median_high` (years until half have fallen, by Kaplan-Meier; null if
/// that is not reached), `horizon`, `mean` with `mean_std_error`, `mean_low`, `mean_high` (restricted mean: years
/// above within the horizon if there were no losses; null if the curve ends before), `mean_kept` with
/// `mean_kept_std_error` (years above and listed), `survival_at_horizon`, `cif_at_horizon`, `kept_at_horizon`;
/// `interval`, `variance`.
pub fn star_survival_summary(roster: &Roster, options: &Options, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let (study, curves, horizon) = studied(roster, options, scope, job)?;
    let groups = || study.groups.iter();
    let counts = |of: fn(&Group) -> u64| study.groups.iter().map(of);
    let ended = |ended: Ended| study.groups.iter().map(move |group| group.ended(ended));
    let sum = |all: &[Ended]| -> Vec<u64> { groups().map(|g| all.iter().map(|e| g.ended(*e)).sum()).collect() };
    let mut columns = Columns::default()
        .dimensions(&study.axes, &study.keys(|_| 1))
        .reals("at_least", groups().map(|_| Some(options.at_least)))
        .texts("entry", groups().map(|_| options.entry.name()))
        .counts(options.counts.name(), counts(Group::things))
        .counts("spells", counts(|g| g.spells.len() as u64))
        .counts("events", ended(Ended::Below))
        .counts("competing", sum(&Ended::CAUSES[1..]))
        .counts("censored", sum(&[Ended::Study, Ended::Gap, Ended::Unknown]));
    for end in [Ended::Unrated, Ended::NoPartyOrg, Ended::Absent, Ended::Study, Ended::Gap, Ended::Unknown] {
        columns = columns.counts(end.name(), ended(end));
    }
    columns = columns
        .counts("unknown_start", counts(|g| g.left_out.unknown_start))
        .counts("earlier_start", counts(|g| g.left_out.earlier_start))
        .counts("never_at_risk", counts(|g| g.left_out.never_at_risk))
        .counts("later_spells", counts(|g| g.left_out.later));
    summary_columns(columns, &curves, horizon, options).finish()
}

/// Appends the summary statistics of curves.
fn summary_columns(columns: Columns, curves: &[Curves], horizon: Option<f64>, options: &Options) -> Columns {
    let reals = |of: fn(&Curves) -> Option<f64>| curves.iter().map(of);
    let mean_end = |sign: f64| {
        move |c: &Curves| {
            let (mean, error) = (c.alone.mean?, c.alone.mean_variance.filter(|v| *v > 0.0)?.sqrt());
            Some((mean + sign * c.reach * error).clamp(0.0, horizon.unwrap_or(f64::INFINITY)))
        }
    };
    let at_horizon = |of: fn(&Curves, usize) -> f64| {
        move |c: &Curves| {
            c.alone.mean?;
            let horizon = horizon?;
            let at = c.risk.times.partition_point(|time| *time <= horizon).checked_sub(1)?;
            Some(of(c, at))
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

/// Summarises the curves of any subjects, as for [`curve_of`]: `n`, `events`, `competing`, `censored`, then the
/// columns of [`star_survival_summary`] from `median` on. Without a horizon the mean is restricted to the last time
/// with a subject at risk.
pub fn summary_of(watched: &[Watched], causes: usize, options: &Options) -> Result<RecordBatch> {
    let (risk, horizon) = risk_of(watched, causes, options)?;
    let curves = [Curves::new(watched, risk, options, horizon)?];
    let sum = |counts: &[Vec<u64>]| counts.iter().flatten().sum::<u64>();
    let risk = &curves[0].risk;
    let columns = Columns::default()
        .counts("n", [watched.len() as u64])
        .counts("events", [sum(&risk.events[..1])])
        .counts("competing", [sum(&risk.events[1..])])
        .counts("censored", [risk.censored.iter().sum()]);
    summary_columns(columns, &curves, horizon, options).finish()
}

fn risk_of(watched: &[Watched], causes: usize, options: &Options) -> Result<(Risk, Option<f64>)> {
    if causes == 0 {
        return Err(Error::argument("至少应有一种原因", "at least one cause is needed"));
    }
    let risk = Risk::new(watched, causes, &[])?;
    let horizon = horizon(options, std::slice::from_ref(&risk))?;
    Ok((risk, horizon))
}

/// Compares groups by the log-rank test: one row per group. `of` selects the events: `fall` (rated below; losses
/// censor), `loss` (the three losses; falls censor), `any`.
///
/// Columns: the dimensions, `spells`, `observed`, `expected`; equal in every row: `of`, `chi2`, `df`, `p` (spells
/// taken as independent), `chi2_robust`, `df_robust`, `p_robust` (organisations taken as independent). Undefined
/// values are null.
pub fn star_logrank(roster: &Roster, options: &Options, of: &str, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let causes: &[usize] = match of {
        "fall" => &[1],
        "loss" => &[2, 3, 4],
        "any" => &[1, 2, 3, 4],
        _ => {
            return Err(Error::argument(
                format!("没有名为“{of}”的事件。可用：fall、loss、any"),
                format!("there is no event '{of}'. Available: fall, loss, any"),
            ));
        }
    };
    let study = Study::new(roster, options, scope, job)?;
    let of_group = |(at, group): (usize, &Group)| group.watched.iter().map(move |w| (at, *w)).collect::<Vec<_>>();
    let watched: Vec<(usize, Watched)> = study.groups.iter().enumerate().flat_map(of_group).collect();
    let test = log_rank(&watched, study.groups.len(), causes);
    let columns = Columns::default().dimensions(&study.axes, &study.keys(|_| 1));
    let named = |columns: Columns| columns.texts("of", test.groups.iter().map(|_| of));
    log_rank_columns(columns, &test, "spells", named).finish()
}

/// Compares groups of any subjects, whose event is cause 1. The columns are those of [`star_logrank`] without its
/// dimensions and `of`, with `n` in place of `spells`. `group` holds the group number of each subject.
pub fn compare(group: &[usize], groups: usize, watched: &[Watched]) -> Result<RecordBatch> {
    if group.len() != watched.len() || group.iter().any(|group| *group >= groups) {
        return Err(Error::argument("每个对象应有一个组", "each observation must be in one of the groups"));
    }
    Risk::new(watched, 1, &[])?;
    let watched: Vec<(usize, Watched)> = group.iter().copied().zip(watched.iter().copied()).collect();
    log_rank_columns(Columns::default(), &log_rank(&watched, groups, &[1]), "n", |columns| columns).finish()
}

/// Appends the groups of a test and, in every row, its result.
fn log_rank_columns(columns: Columns, test: &LogRank, n: &str, between: impl FnOnce(Columns) -> Columns) -> Columns {
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

/// Lists the spells by organisation and time.
///
/// Columns: `org_id` (or `party_org_id`), the dimensions (of the year in which it was first observed), `begun`
/// (`risen`, `appeared`, `first_year`, `after_gap`, `after_unknown`), `start_year` (its first year, null if
/// unknown), `first_year`, `last_year` (in which it was observed), `ended` (`below`, `unrated`, `no_party_org`,
/// `absent`, `end_of_study`, `gap`, `unknown`), `time_entry`, `time_exit` (on the time scale of `options`). Spells
/// excluded by `options` are not listed.
pub fn star_spells(roster: &Roster, options: &Options, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let histories = Histories::new(roster, options.counts, job)?;
    let study = Study::of(&histories, options, scope, job)?;
    let mut order: Vec<(u32, i16, usize, usize)> = Vec::new();
    for (at, group) in study.groups.iter().enumerate() {
        order.extend(group.spells.iter().enumerate().map(|(nth, spell)| (spell.thing, spell.first, at, nth)));
    }
    order.sort_unstable();
    let rows =
        || order.iter().map(|(_, _, at, nth)| (&study.groups[*at].spells[*nth], &study.groups[*at].watched[*nth]));
    let things: Vec<u32> = order.iter().map(|(thing, ..)| *thing).collect();
    let (name, names) = histories.names(&things);
    let keys: Vec<Vec<u32>> = (0..study.axes.len())
        .map(|axis| order.iter().map(|(_, _, at, _)| study.groups[*at].key[axis]).collect())
        .collect();
    Columns::default()
        .array(name, std::sync::Arc::new(names))
        .dimensions(&study.axes, &keys)
        .texts("begun", rows().map(|(spell, _)| spell.begun.name()))
        .some_years("start_year", rows().map(|(spell, _)| spell.start))
        .years("first_year", rows().map(|(spell, _)| spell.first))
        .years("last_year", rows().map(|(spell, _)| spell.last))
        .texts("ended", rows().map(|(spell, _)| spell.ended.name()))
        .reals("time_entry", rows().map(|(_, w)| Some(w.entry)))
        .reals("time_exit", rows().map(|(_, w)| Some(w.exit)))
        .finish()
}
