//! Definitions that a caller names: the shipped ones with the user's files layered over them, and their ids.

use std::path::Path;

use dangjian::analysis::stars::Scheme;
use dangjian::definition::{Annual, Conditions};
use dangjian::review::Definitions;
use dangjian::{Error, FormationRules, Rate, Rates, Result, Scope, Target, Targets};

/// Files of the user for a review; a scheme is named by the id of a shipped one or by the path of a file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Files<'a> {
    pub(crate) rates: Option<&'a Path>,
    pub(crate) targets: Option<&'a Path>,
    pub(crate) rules: Option<&'a Path>,
    pub(crate) scheme: Option<&'a str>,
}

/// Returns the definitions of a review, under `conditions` where no file says otherwise.
pub(crate) fn definitions_of(files: Files<'_>, conditions: &Conditions) -> Result<Definitions> {
    let scheme = Scheme::named(files.scheme.unwrap_or(Scheme::DEFAULT))?;
    Definitions::new(all_rates(files.rates)?, all_targets(files.targets)?, all_rules(files.rules)?, scheme, conditions)
}

fn all_rates(file: Option<&Path>) -> Result<Rates> {
    let shipped = Rates::shipped()?;
    match file {
        Some(path) => shipped.overridden_by(Rates::from_file(path)?),
        None => Ok(shipped),
    }
}

fn all_targets(file: Option<&Path>) -> Result<Targets> {
    file.map_or_else(Targets::shipped, Targets::from_file)
}

fn all_rules(file: Option<&Path>) -> Result<FormationRules> {
    file.map_or_else(FormationRules::shipped, FormationRules::from_file)
}

/// Returns the rates called `ids`, in all their versions; all rates if `ids` is `None`. The conditions of their file hold
/// in all of the call, which the scope returned is for.
pub(crate) fn rates_of(ids: Option<&[String]>, file: Option<&Path>, scope: &Scope) -> Result<(Vec<Rate>, Scope)> {
    let all = all_rates(file)?;
    let scope = scope.clone().under(all.conditions())?;
    let all = all.with_conditions(&scope.conditions_in_force()?)?;
    let Some(ids) = ids else { return Ok((all.iter().cloned().collect(), scope)) };
    let mut named = Vec::new();
    for id in ids {
        let versions: Vec<Rate> = all.iter().filter(|rate| rate.id == *id).cloned().collect();
        if versions.is_empty() {
            return Err(unknown("rate", id, all.iter().map(|rate| &rate.id)));
        }
        named.extend(versions);
    }
    Ok((named, scope))
}

/// Returns all targets of a file, or the shipped ones without a file, with the scope as [`rates_of`] does.
pub(crate) fn targets_in(file: Option<&Path>, scope: &Scope) -> Result<(Targets, Scope)> {
    let all = all_targets(file)?;
    let scope = scope.clone().under(all.conditions())?;
    Ok((all.with_conditions(&scope.conditions_in_force()?)?, scope))
}

/// Returns the targets called `ids`, or all targets if `ids` is `None`, with the scope as [`rates_of`] does.
pub(crate) fn targets_of(ids: Option<&[String]>, file: Option<&Path>, scope: &Scope) -> Result<(Vec<Target>, Scope)> {
    let (all, scope) = targets_in(file, scope)?;
    for id in ids.into_iter().flatten() {
        all.get(id)?;
    }
    let named = all.iter().filter(|target| ids.is_none_or(|ids| ids.contains(&target.rate.id)));
    Ok((named.cloned().collect(), scope))
}

/// Returns the rules of a file layered over the shipped ones, or the shipped rules without a file, with the scope as
/// [`rates_of`] does.
pub(crate) fn rules_of(file: Option<&Path>, scope: &Scope) -> Result<(FormationRules, Scope)> {
    let rules = all_rules(file)?;
    let scope = scope.clone().under(rules.conditions())?;
    Ok((rules.with_conditions(&scope.conditions_in_force()?)?, scope))
}

/// Returns the annual tables of a file, or the shipped ones without a file, with the scope as [`rates_of`] does.
pub(crate) fn annual_of(file: Option<&Path>, scope: &Scope) -> Result<(Annual, Scope)> {
    let tables = file.map_or_else(Annual::shipped, Annual::from_file)?;
    let scope = scope.clone().under(tables.conditions())?;
    Ok((tables.with_conditions(&scope.conditions_in_force()?)?, scope))
}

/// Builds the error for an id that is none of `have`.
pub(crate) fn unknown<T: AsRef<str>>(what: &str, id: &str, have: impl Iterator<Item = T>) -> Error {
    let mut have: Vec<String> = have.map(|h| h.as_ref().to_owned()).collect();
    have.dedup();
    let have = have.join(", ");
    Error::argument(
        format!("没有名为“{id}”的 {what}。可用：{have}"),
        format!("there is no {what} '{id}'. Available: {have}"),
    )
}
