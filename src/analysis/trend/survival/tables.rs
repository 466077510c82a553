//! Survival tables of a roster: the curves, their summary, the comparison of groups, and the list of spells.

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::SpellOptions;
use super::spells::Ended;
use super::study::{Group, Study};
use crate::analysis::trend::histories::Histories;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::survival::tables::{Curves, all_rows, curve_columns, horizon, log_rank_columns, summary_columns};
use crate::stats::survival::{Observation, RiskTable, log_rank};
use crate::support::columns::Columns;

/// Returns every year from 0 to the last exit.
fn years(observations: &[Observation]) -> Vec<f64> {
    let last = observations.iter().map(|w| w.exit as u32).max().unwrap_or(0);
    (0..=last).map(f64::from).collect()
}

/// Returns the study and the curves of each of its groups.
fn studied(
    roster: &Roster,
    options: &SpellOptions,
    scope: &Scope,
    job: &dyn Job,
) -> Result<(Study, Vec<Curves>, Option<f64>)> {
    let study = Study::new(roster, options, scope, job)?;
    let risk = |group: &Group| RiskTable::new(&group.observations, Ended::CAUSES.len(), &years(&group.observations));
    let risks = study.groups.par_iter().map(risk).collect::<Result<Vec<_>>>()?;
    let horizon = horizon(&options.curve, &risks)?;
    let curves = study.groups.par_iter().zip(risks);
    let curves = curves.map(|(group, risk)| Curves::new(&group.observations, risk, &options.curve, horizon));
    let curves = curves.collect::<Result<Vec<_>>>()?;
    Ok((study, curves, horizon))
}

impl Roster {
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
    /// use dangjian::analysis::trend::survival::SpellOptions;
    ///
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.star_survival(&SpellOptions::default(), &Scope::default(), &Quiet)?;
    /// assert!(table.column_by_name("survival").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn star_survival(&self, options: &SpellOptions, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let (study, curves, _) = studied(self, options, scope, job)?;
        let columns = Columns::default().dimensions(&study.axes, &study.keys(|group| curves[group].rows()));
        let losses: Vec<&str> = Ended::CAUSES[1..].iter().map(|ended| ended.name()).collect();
        curve_columns(columns, &curves, &losses, &options.curve)?
            .texts("entry", all_rows(&curves).map(|_| options.entry.name()))
            .finish()
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
    pub fn star_survival_summary(&self, options: &SpellOptions, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let (study, curves, horizon) = studied(self, options, scope, job)?;
        let groups = || study.groups.iter();
        let counts = |field: fn(&Group) -> u64| study.groups.iter().map(field);
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
        summary_columns(columns, &curves, horizon, &options.curve).finish()
    }

    /// Compares groups by the log-rank test, one row per group. `events` selects what counts as one: `fall` (rated
    /// below; losses censor), `loss` (the three losses; falls censor), `any`.
    ///
    /// Columns: the dimensions, `spells`, `observed`, `expected`; equal in every row: `of`, `chi2`, `df`, `p` (spells
    /// taken as independent), `chi2_robust`, `df_robust`, `p_robust` (organisations taken as independent). Undefined
    /// values are null.
    pub fn star_logrank(
        &self,
        options: &SpellOptions,
        events: &str,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let causes: &[usize] = match events {
            "fall" => &[1],
            "loss" => &[2, 3, 4],
            "any" => &[1, 2, 3, 4],
            _ => {
                return Err(Error::argument(
                    format!("没有名为“{events}”的事件。可用：fall、loss、any"),
                    format!("there is no event '{events}'. Available: fall, loss, any"),
                ));
            }
        };
        let study = Study::new(self, options, scope, job)?;
        let of_group =
            |(at, group): (usize, &Group)| group.observations.iter().map(move |w| (at, *w)).collect::<Vec<_>>();
        let observations: Vec<(usize, Observation)> = study.groups.iter().enumerate().flat_map(of_group).collect();
        let test = log_rank(&observations, study.groups.len(), causes);
        let columns = Columns::default().dimensions(&study.axes, &study.keys(|_| 1));
        let named = |columns: Columns| columns.texts("of", test.groups.iter().map(|_| events));
        log_rank_columns(columns, &test, "spells", named).finish()
    }

    /// Lists the spells by organisation and time.
    ///
    /// Columns: `org_id` (or `party_org_id`), the dimensions (of the year in which it was first observed), `begun`
    /// (`risen`, `appeared`, `first_year`, `after_gap`, `after_unknown`), `start_year` (its first year, null if
    /// unknown), `first_year`, `last_year` (in which it was observed), `ended` (`below`, `unrated`, `no_party_org`,
    /// `absent`, `end_of_study`, `gap`, `unknown`), `time_entry`, `time_exit` (on the time scale of `options`). Spells
    /// excluded by `options` are not listed.
    pub fn star_spells(&self, options: &SpellOptions, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let histories = Histories::new(self, options.counts, scope, job)?;
        let study = Study::from_histories(&histories, options, scope, job)?;
        let mut order: Vec<(u32, i16, usize, usize)> = Vec::new();
        for (at, group) in study.groups.iter().enumerate() {
            order.extend(group.spells.iter().enumerate().map(|(nth, spell)| (spell.thing, spell.first, at, nth)));
        }
        order.sort_unstable();
        let rows = || {
            order.iter().map(|(_, _, at, nth)| (&study.groups[*at].spells[*nth], &study.groups[*at].observations[*nth]))
        };
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
}
