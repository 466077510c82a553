//! The definitions used by a review.

use crate::analysis::stars::Scheme;
use crate::definition::{Conditions, FormationRules, Rate, Rates, Target, Targets};
use crate::error::Result;
use crate::query::Scope;

/// The definitions used by a review: the shipped ones, or those of [`Definitions::new`]. The name of a condition has
/// one meaning in all of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Definitions {
    /// Rates of the coverage tables.
    pub rates: Vec<Rate>,
    /// Target set.
    pub targets: Vec<Target>,
    /// Rules for the mode that an organisation should have.
    pub rules: FormationRules,
    /// Star scheme, which says from which star party organisations are listed by name.
    pub scheme: Scheme,
    conditions: Conditions,
}

impl Definitions {
    /// Returns the definitions shipped with the engine.
    pub fn shipped() -> Result<Self> {
        let (rates, targets) = (Rates::shipped()?, Targets::shipped()?);
        let (rules, scheme) = (FormationRules::shipped()?, Scheme::shipped(Scheme::DEFAULT)?);
        Self::new(rates, targets, rules, scheme, &Conditions::default())
    }

    /// Joins definitions from several files. The conditions of each file hold in all of them; `conditions` hold where
    /// no file says otherwise. Fails with [`Error::Definition`](crate::error::Error::Definition) if two files give one
    /// name two meanings.
    pub fn new(
        rates: Rates,
        targets: Targets,
        rules: FormationRules,
        scheme: Scheme,
        conditions: &Conditions,
    ) -> Result<Self> {
        let files = [rates.conditions(), targets.conditions(), rules.conditions(), scheme.conditions()];
        let conditions = conditions.clone().overridden_by(&Conditions::agreed(files)?)?;
        Ok(Self {
            rates: rates.with_conditions(&conditions)?.iter().cloned().collect(),
            targets: targets.with_conditions(&conditions)?.iter().cloned().collect(),
            rules: rules.with_conditions(&conditions)?,
            scheme: scheme.with_conditions(&conditions)?,
            conditions,
        })
    }

    /// Returns the scope of everything, under the conditions of these definitions.
    pub(super) fn scope(&self) -> Scope {
        Scope::default().conditions(self.conditions.clone())
    }
}
