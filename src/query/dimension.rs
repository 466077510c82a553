//! Dimensions that a caller may name, and the rows that a caller may select.
//!
//! Every coded column and every flag is a dimension under its own name. Further dimensions are `province`,
//! `prefecture`, `county`, `township` (levels of the region), `section` and `division` (of the industry), the size
//! bands of [`Bands`] such as `employees_size`, and the derived classes `star_state` and `need`.
//! `year` is always the first column of a result and need not be named: years are never added up.

use std::sync::Arc;

use arrow::buffer::BooleanBuffer;

use super::size_band;
use super::star_state;
use super::star_state::{StarStates, UNKNOWN};
use crate::cube::{Axis, Base, Values};
use crate::definition::{Bands, FormationRules};
use crate::error::{Error, Result};
use crate::job::Quiet;
use crate::predicate::Predicate;
use crate::roster::{Frame, Integers, Roster, gathered};
use crate::schema;
use crate::schema::{Type, words};
use crate::standards::region;
use crate::standards::region::Level;

/// Rows to analyse and dimensions to break them down by. The default is all rows, not broken down.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Names of dimensions; `year` may be among them and has no effect.
    pub by: Vec<String>,
    /// Condition on rows; only rows for which it is true are kept.
    pub filter: Option<Predicate>,
    /// Years to keep; all if `None`.
    pub years: Option<Vec<i16>>,
    /// Further restriction computed by the caller: rows to keep, one bitmap per frame of the roster.
    pub only: Option<Arc<[BooleanBuffer]>>,
    /// Size bands that `by` may name, overriding those that come with the engine.
    pub bands: Option<Bands>,
}

impl Scope {
    /// Creates a scope broken down by `by`.
    #[must_use]
    pub fn by<S: Into<String>>(by: impl IntoIterator<Item = S>) -> Self {
        Self { by: by.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Restricts the scope to one year.
    #[must_use]
    pub fn in_year(self, year: i16) -> Self {
        Self { years: Some(vec![year]), ..self }
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
                format!("{} has {} rows, and another number was said to be looked at", frame.year, frame.rows()),
            )),
        }
    }

    /// Returns the size bands in force.
    fn bands(&self) -> Result<Bands> {
        let shipped = Bands::shipped()?;
        Ok(self.bands.clone().map_or_else(|| shipped.clone(), |own| shipped.clone().overridden_by(own)))
    }

    /// Builds the axes of the named dimensions.
    pub(crate) fn axes(&self, roster: &Roster, frames: &[&Frame]) -> Result<Vec<Axis>> {
        self.axes_beside(roster, frames, &[])
    }

    /// Builds the axes of the named dimensions except `own`, which the statistic has anyway.
    pub(crate) fn axes_beside(&self, roster: &Roster, frames: &[&Frame], own: &[&str]) -> Result<Vec<Axis>> {
        let names = self.by.iter().filter(|name| *name != "year" && !own.contains(&name.as_str()));
        let bands = self.bands()?;
        let axis = |name: &String| match bands.find(name).filter(|_| roster.field(name).is_err()) {
            Some(sizes) => size_band::axis(roster, frames, sizes, &bands),
            None => axis(roster, frames, name),
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

/// Returns the names of all dimensions of `roster`.
#[must_use]
pub fn dimensions(roster: &Roster) -> Vec<String> {
    let have = |name: &str| roster.field(name).is_ok();
    let fields = roster.fields().iter().filter(|f| groupable(f.ty)).map(|f| f.name.clone());
    let levels = Level::ALL.iter().filter(|_| have("region")).map(|l| l.name().to_owned());
    let industry = ["section", "division"].iter().filter(|_| have("industry")).map(|l| (*l).to_owned());
    let bands = Bands::shipped().unwrap_or_default();
    let sizes = bands.iter().filter(|sizes| have(sizes.column)).map(|sizes| sizes.id.clone());
    let classes = ["star_state", "need"].map(str::to_owned);
    std::iter::once("year".to_owned()).chain(fields).chain(levels).chain(industry).chain(sizes).chain(classes).collect()
}

fn groupable(ty: Type) -> bool {
    matches!(ty, Type::Code | Type::Word | Type::Region | Type::Industry | Type::Flag | Type::Star)
}

/// Builds the axis of the dimension `name`.
pub(crate) fn axis(roster: &Roster, frames: &[&Frame], name: &str) -> Result<Axis> {
    if let Some(level) = Level::ALL.iter().find(|l| l.name() == name) {
        let Some((at, codes)) = roster.field("region").ok().and_then(|at| Some((at, roster.dictionary(at)?))) else {
            return Ok(nowhere(frames, name, Values::Region(Arc::default())));
        };
        let regions = codes.at_level(*level);
        return Ok(Axis::gathered(name, Base::Field(at), regions, Values::Region(Arc::clone(&regions.values))));
    }
    match name {
        // A section is a letter; a division adds two digits. A ledger may give only the section.
        "section" | "division" => {
            let Ok(at) = roster.field("industry") else { return Ok(nowhere(frames, name, Values::Text(Vec::new()))) };
            let long = if name == "section" { 1 } else { 3 };
            let cut = |code: &str| code.get(..long).map(str::to_owned);
            let parts = gathered(texts(roster, at), cut);
            let values = Values::Text(parts.values.to_vec());
            Ok(Axis::gathered(name, Base::Field(at), &parts, values))
        }
        "star_state" => StarStates::new(roster).of_organisations(roster, frames, &Quiet),
        "need" => star_state::need(roster, frames, &FormationRules::shipped()?),
        _ => column(roster, frames, name),
    }
}

/// Builds the axis of a column that the schema has and no source does: null for every row.
pub(crate) fn nowhere(frames: &[&Frame], name: &str, values: Values) -> Axis {
    let codes = frames.iter().map(|f| Integers::up_to(0, std::iter::repeat_n(0, f.rows()))).collect::<Vec<_>>();
    let base = Base::Given { name: "nowhere", codes: codes.into() };
    Axis { name: name.to_owned(), base, map: [values.len() as u32].into(), values }
}

fn column(roster: &Roster, frames: &[&Frame], name: &str) -> Result<Axis> {
    if let (Err(_), Some(known)) = (roster.field(name), schema::column(name).filter(|c| groupable(c.ty))) {
        let words = words::of(name).map_or_else(Vec::new, |w| w.ids().map(str::to_owned).collect());
        let flag = known.ty == Type::Flag;
        return Ok(nowhere(frames, name, if flag { Values::Flag } else { Values::Text(words) }));
    }
    let unknown = |_| {
        let have = dimensions(roster).join(", ");
        Error::argument(
            format!("没有名为“{name}”的分组维度。可用：{have}"),
            format!("there is no dimension '{name}'. Available: {have}"),
        )
    };
    let at = roster.field(name).map_err(unknown)?;
    let texts = || texts(roster, at).to_vec();
    let values = match roster.fields()[at].ty {
        Type::Flag => Values::Flag,
        Type::Region => Values::Region(Arc::new(texts().into())),
        ty if groupable(ty) => Values::Text(texts()),
        ty => {
            return Err(Error::argument(
                format!("“{name}”是{}列，不能直接分组；请用条件（where）或编码列", ty.name()),
                format!(
                    "'{name}' holds {} values and cannot be grouped by; use a predicate, or a coded column",
                    ty.name()
                ),
            ));
        }
    };
    Ok(Axis::plain(name, Base::Field(at), values))
}

fn texts(roster: &Roster, at: usize) -> &[String] {
    roster.dictionary(at).map_or(&[], |d| d.values())
}

/// Names the null value `unknown`, as tables of states do.
pub(crate) fn named_null(mut axis: Axis) -> Axis {
    if let Values::Text(values) = &mut axis.values {
        values.push(UNKNOWN.to_owned());
    }
    axis
}

/// Returns the name of the region with this code in the list of the reference year.
pub(crate) fn region_name(code: &str) -> Option<&'static str> {
    region::name(code)
}
