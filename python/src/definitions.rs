//! Definitions that a caller names: the shipped ones with the user's files layered over them, and their ids.

use std::path::Path;

use dangjian::definition::Annual;
use dangjian::review::Definitions;
use dangjian::{Error, FormationRules, Rate, Rates, Result, Target, Targets};

/// Returns the definitions of a review.
pub(crate) fn definitions_of(rates: Option<&Path>, targets: Option<&Path>) -> Result<Definitions> {
    let mut all = Definitions::shipped()?;
    if rates.is_some() {
        all.rates = all_rates(rates)?.iter().cloned().collect();
    }
    if let Some(path) = targets {
        all.targets = Targets::from_file(path)?.iter().cloned().collect();
    }
    Ok(all)
}

fn all_rates(file: Option<&Path>) -> Result<Rates> {
    let shipped = Rates::shipped()?;
    match file {
        Some(path) => shipped.overridden_by(Rates::from_file(path)?),
        None => Ok(shipped),
    }
}

/// Returns the rates called `ids`, in all their versions; all rates if `ids` is `None`.
pub(crate) fn rates_of(ids: Option<&[String]>, file: Option<&Path>) -> Result<Vec<Rate>> {
    let all = all_rates(file)?;
    let Some(ids) = ids else { return Ok(all.iter().cloned().collect()) };
    let mut named = Vec::new();
    for id in ids {
        let versions: Vec<Rate> = all.iter().filter(|rate| rate.id == *id).cloned().collect();
        if versions.is_empty() {
            return Err(unknown("rate", id, all.iter().map(|rate| &rate.id)));
        }
        named.extend(versions);
    }
    Ok(named)
}

/// Returns all targets of a file; the shipped ones without a file.
pub(crate) fn all_targets(file: Option<&Path>) -> Result<Targets> {
    file.map_or_else(Targets::shipped, Targets::from_file)
}

/// Returns the targets called `ids`; all targets if `ids` is `None`.
pub(crate) fn targets_of(ids: Option<&[String]>, file: Option<&Path>) -> Result<Vec<Target>> {
    let all = all_targets(file)?;
    for id in ids.into_iter().flatten() {
        all.get(id)?;
    }
    Ok(all.iter().filter(|target| ids.is_none_or(|ids| ids.contains(&target.rate.id))).cloned().collect())
}

/// Returns the rules of a file layered over the shipped ones; the shipped rules without a file.
pub(crate) fn rules_of(file: Option<&Path>) -> Result<FormationRules> {
    file.map_or_else(FormationRules::shipped, FormationRules::from_file)
}

/// Returns the annual tables of a file; the shipped ones without a file.
pub(crate) fn annual_of(file: Option<&Path>) -> Result<Annual> {
    file.map_or_else(Annual::shipped, Annual::from_file)
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
