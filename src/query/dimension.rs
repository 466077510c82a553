//! Dimensions that a caller may name, each as an axis of the counting kernel.

use std::sync::Arc;

use super::needed_mode;
use super::star_state::{StarStates, UNKNOWN};
use crate::cube::null_axis;
use crate::cube::{Axis, AxisValues, Base};
use crate::definition::{Bands, Conditions, FormationRules};
use crate::error::{Error, Result};
use crate::job::Quiet;
use crate::roster::{Frame, Roster, group_values};
use crate::schema;
use crate::schema::{Type, words};
use crate::standards::region::RegionLevel;

impl Roster {
    /// Returns the names of all dimensions by which a statistic may be broken down.
    ///
    /// Every coded column and every flag is a dimension under its own name. Further dimensions are `province`,
    /// `prefecture`, `county`, `township` (levels of the region), `section` and `division` (of the industry), the size
    /// bands such as `employees_size`, and the derived classes `star_state` and `need`. `year` is always the first
    /// column of a result and need not be named: years are never added up.
    /// ```
    /// # use dangjian::Roster;
    /// let dimensions = Roster::sample(300, 3)?.dimensions();
    /// assert!(["kind", "county", "employees_size"].iter().all(|name| dimensions.iter().any(|one| one == name)));
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    #[must_use]
    pub fn dimensions(&self) -> Vec<String> {
        let have = |name: &str| self.field(name).is_ok();
        let fields = self.fields().iter().filter(|f| groupable(f.ty)).map(|f| f.name.clone());
        let levels = RegionLevel::ALL.iter().filter(|_| have("region")).map(|l| l.name().to_owned());
        let industry = ["section", "division"].iter().filter(|_| have("industry")).map(|l| (*l).to_owned());
        let bands = Bands::shipped().unwrap_or_default();
        let sizes = bands.iter().filter(|sizes| have(sizes.column)).map(|sizes| sizes.id.clone());
        let classes = ["star_state", "need"].map(str::to_owned);
        std::iter::once("year".to_owned())
            .chain(fields)
            .chain(levels)
            .chain(industry)
            .chain(sizes)
            .chain(classes)
            .collect()
    }
}

fn groupable(ty: Type) -> bool {
    matches!(ty, Type::Code | Type::Word | Type::Region | Type::Industry | Type::Flag | Type::Star)
}

/// Builds the axis of the dimension `name`, with the user's `conditions` over the shipped ones.
pub(super) fn axis(roster: &Roster, frames: &[&Frame], name: &str, conditions: Option<&Conditions>) -> Result<Axis> {
    if let Some(level) = RegionLevel::ALL.iter().find(|l| l.name() == name) {
        let Some((at, codes)) = roster.field("region").ok().and_then(|at| Some((at, roster.dictionary(at)?))) else {
            return Ok(null_axis(frames, name, AxisValues::Region(Arc::default())));
        };
        let regions = codes.at_level(*level);
        return Ok(Axis::grouped(name, Base::Field(at), regions, AxisValues::Region(Arc::clone(&regions.values))));
    }
    match name {
        // A section is a letter; a division adds two digits. A ledger may give only the section.
        "section" | "division" => {
            let Ok(at) = roster.field("industry") else {
                return Ok(null_axis(frames, name, AxisValues::Text(Vec::new())));
            };
            let long = if name == "section" { 1 } else { 3 };
            let cut = |code: &str| code.get(..long).map(str::to_owned);
            let parts = group_values(texts(roster, at), cut);
            let values = AxisValues::Text(parts.values.to_vec());
            Ok(Axis::grouped(name, Base::Field(at), &parts, values))
        }
        "star_state" => {
            let organised = Conditions::in_force(conditions)?.organised()?;
            StarStates::new(roster, organised).of_organisations(roster, frames, &Quiet)
        }
        "need" => needed_mode::axis(roster, frames, &FormationRules::shipped()?),
        _ => column(roster, frames, name),
    }
}

fn column(roster: &Roster, frames: &[&Frame], name: &str) -> Result<Axis> {
    if let (Err(_), Some(known)) = (roster.field(name), schema::column(name).filter(|c| groupable(c.ty))) {
        let words = words::of(name).map_or_else(Vec::new, |w| w.ids().map(str::to_owned).collect());
        let flag = known.ty == Type::Flag;
        return Ok(null_axis(frames, name, if flag { AxisValues::Flag } else { AxisValues::Text(words) }));
    }
    let unknown = |_| {
        let have = roster.dimensions().join(", ");
        Error::argument(
            format!("没有名为“{name}”的分组维度。可用：{have}"),
            format!("there is no dimension '{name}'. Available: {have}"),
        )
    };
    let at = roster.field(name).map_err(unknown)?;
    let texts = || texts(roster, at).to_vec();
    let values = match roster.fields()[at].ty {
        Type::Flag => AxisValues::Flag,
        Type::Region => AxisValues::Region(Arc::new(texts().into())),
        ty if groupable(ty) => AxisValues::Text(texts()),
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

fn texts(roster: &Roster, field: usize) -> &[String] {
    roster.dictionary(field).map_or(&[], |d| d.values())
}

/// Names the null value `unknown`, as tables of states do.
pub(crate) fn named_null(mut axis: Axis) -> Axis {
    if let AxisValues::Text(values) = &mut axis.values {
        values.push(UNKNOWN.to_owned());
    }
    axis
}
