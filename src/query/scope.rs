//! Scope of a statistic: which rows and years it covers and by what it is broken down.

use std::sync::Arc;

use arrow::buffer::BooleanBuffer;

use super::dimension::axis;
use super::size_band;
use crate::cube::Axis;
use crate::definition::{Bands, Condition, Conditions};
use crate::error::{Error, Result};
use crate::predicate::Predicate;
use crate::roster::{Frame, Roster};

/// Rows to analyse and dimensions to break them down by. The default is all rows, not broken down.
/// ```
/// use dangjian::{Quiet, Roster, Scope, predicate::Predicate};
///
/// let scope = Scope::by(["kind"]).in_year(2012).filter(Predicate::parse("employees > 50")?);
/// let table = Roster::sample(300, 3)?.formation(&scope, &Quiet)?;
/// assert!(table.column_by_name("kind").is_some());
/// # Ok::<(), dangjian::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Scope {
    pub(crate) by: Vec<String>,
    pub(crate) filter: Option<Predicate>,
    pub(crate) years: Option<Vec<i16>>,
    pub(crate) only: Option<Arc<[BooleanBuffer]>>,
    pub(crate) bands: Option<Bands>,
    pub(crate) conditions: Option<Conditions>,
}

impl Scope {
    /// Creates a scope broken down by the dimensions `by`; `year` may be among them and has no effect.
    #[must_use]
    pub fn by<S: Into<String>>(by: impl IntoIterator<Item = S>) -> Self {
        Self { by: by.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Restricts the scope to one year.
    #[must_use]
    pub fn in_year(self, year: i16) -> Self {
        self.in_years(vec![year])
    }

    /// Restricts the scope to some years; `None` keeps all.
    #[must_use]
    pub fn in_years(self, years: impl Into<Option<Vec<i16>>>) -> Self {
        Self { years: years.into(), ..self }
    }

    /// Keeps only the rows for which a condition is true.
    #[must_use]
    pub fn filter(self, condition: impl Into<Option<Predicate>>) -> Self {
        Self { filter: condition.into(), ..self }
    }

    /// Keeps only the rows that the caller selects, by one bitmap for each frame of the roster.
    #[must_use]
    pub fn only(self, rows: impl Into<Option<Vec<BooleanBuffer>>>) -> Self {
        Self { only: rows.into().map(Arc::from), ..self }
    }

    /// Adds size bands as dimensions; they override those that come with the engine.
    #[must_use]
    pub fn bands(self, bands: impl Into<Option<Bands>>) -> Self {
        Self { bands: bands.into(), ..self }
    }

    /// Sets named conditions; they override those that come with the engine.
    #[must_use]
    pub fn conditions(self, conditions: impl Into<Option<Conditions>>) -> Self {
        Self { conditions: conditions.into(), ..self }
    }

    /// Puts `conditions` over the named conditions that are set.
    pub fn under(self, conditions: &Conditions) -> Result<Self> {
        let own = self.conditions.clone().unwrap_or_default().overridden_by(conditions)?;
        Ok(self.conditions(own))
    }

    /// Returns the named conditions in force.
    pub fn conditions_in_force(&self) -> Result<Conditions> {
        Conditions::in_force(self.conditions.as_ref())
    }

    /// Returns the condition for an organisation to have a party organisation.
    pub(crate) fn organised(&self) -> Result<Condition> {
        self.conditions_in_force()?.organised()
    }

    /// Returns the scope broken down by other dimensions.
    pub(crate) fn divided(&self, by: &[String]) -> Self {
        Self { by: by.to_vec(), ..self.clone() }
    }

    /// Returns the frames of the selected years.
    pub(crate) fn frames<'a>(&self, roster: &'a Roster) -> Result<Vec<&'a Frame>> {
        match &self.years {
            None => Ok(roster.frames().iter().collect()),
            Some(years) => {
                years.iter().try_for_each(|year| roster.frame(*year).map(drop))?;
                Ok(roster.frames().iter().filter(|frame| years.contains(&frame.year)).collect())
            }
        }
    }

    /// Checks whether the scope excludes rows.
    pub(crate) fn narrows(&self) -> bool {
        self.filter.is_some() || self.only.is_some()
    }

    /// Returns the selected rows of `frame`.
    pub(crate) fn rows(&self, roster: &Roster, frame: &Frame) -> Result<BooleanBuffer> {
        let passed = match &self.filter {
            None => BooleanBuffer::new_set(frame.rows()),
            Some(filter) => filter.evaluate(roster, frame)?.yes,
        };
        let Some(only) = &self.only else { return Ok(passed) };
        let at = roster.frames().iter().position(|f| f.year == frame.year);
        match at.and_then(|at| only.get(at)).filter(|rows| rows.len() == frame.rows()) {
            Some(rows) => Ok(&passed & rows),
            None => Err(Error::argument(
                format!("{}年应有 {} 行的取舍，给的行数不同", frame.year, frame.rows()),
                format!("{} has {} rows, but the selection is of another number of rows", frame.year, frame.rows()),
            )),
        }
    }

    /// Returns the size bands in force.
    fn bands_in_force(&self) -> Result<Bands> {
        let shipped = Bands::shipped()?;
        Ok(self.bands.clone().map_or_else(|| shipped.clone(), |own| shipped.clone().overridden_by(own)))
    }

    /// Builds the axis of the dimension `name`, which is not one of size bands.
    pub(crate) fn axis(&self, roster: &Roster, frames: &[&Frame], name: &str) -> Result<Axis> {
        axis(roster, frames, name, self.conditions.as_ref())
    }

    /// Builds the axes of the named dimensions.
    pub(crate) fn axes(&self, roster: &Roster, frames: &[&Frame]) -> Result<Vec<Axis>> {
        self.axes_except(roster, frames, &[])
    }

    /// Builds the axes of the named dimensions except `own`, which the statistic has anyway.
    pub(crate) fn axes_except(&self, roster: &Roster, frames: &[&Frame], own: &[&str]) -> Result<Vec<Axis>> {
        let names = self.by.iter().filter(|name| *name != "year" && !own.contains(&name.as_str()));
        let bands = self.bands_in_force()?;
        let axis = |name: &String| match bands.find(name).filter(|_| roster.field(name).is_err()) {
            Some(sizes) => size_band::axis(roster, frames, sizes, &bands),
            None => self.axis(roster, frames, name),
        };
        distinct(names.map(axis).collect::<Result<Vec<_>>>()?)
    }
}

/// Fails if two of `axes` have the same name.
pub(crate) fn distinct(axes: Vec<Axis>) -> Result<Vec<Axis>> {
    match axes.iter().enumerate().find(|(at, a)| axes[..*at].iter().any(|b| a.name == b.name)) {
        None => Ok(axes),
        Some((_, twice)) => {
            let name = &twice.name;
            Err(Error::argument(format!("维度“{name}”重复了"), format!("the dimension '{name}' is named twice")))
        }
    }
}
