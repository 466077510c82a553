//! Size bands as dimensions: a column is cut once, at every boundary of any of its bands.

use crate::cube::null_axis;
use crate::cube::{Axis, AxisValues, Base};
use crate::definition::{Bands, Sizes};
use crate::error::{Error, Result};
use crate::roster::{Column, Frame, Integers, Roster};

/// Builds the axis of `sizes`, one of `all`; null where the number is unknown.
pub(crate) fn axis(roster: &Roster, frames: &[&Frame], sizes: &Sizes, all: &Bands) -> Result<Axis> {
    let values = AxisValues::Text(sizes.names.clone());
    let Ok(at) = roster.field(sizes.column) else { return Ok(null_axis(frames, &sizes.id, values)) };
    let mut cuts: Vec<u64> =
        all.iter().filter(|s| s.column == sizes.column).flat_map(|s| s.from.iter().copied()).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let codes = |frame: &&Frame| match roster.values(frame, at) {
        None => Ok(Integers::up_to(0, std::iter::repeat_n(0, frame.rows()))),
        Some(Column::Number { values, known }) => {
            let cut = |row| cuts.partition_point(|cut| *cut <= values.get(row)) as u64;
            let code = |row| if known.as_ref().is_none_or(|k| k.value(row)) { cut(row) } else { 0 };
            Ok(Integers::up_to(cuts.len() as u64, (0..frame.rows()).map(code)))
        }
        Some(_) => Err(Error::argument(
            format!("“{}”不是计数列，不能按规模分组", sizes.column),
            format!("'{}' is not a column of counts and has no size bands", sizes.column),
        )),
    };
    let codes: Vec<Integers> = frames.iter().map(codes).collect::<Result<_>>()?;
    let null = sizes.names.len() as u32;
    let map = std::iter::once(null).chain(cuts.iter().map(|cut| sizes.band(*cut) as u32)).collect();
    let base = Base::Given { name: sizes.column, codes: codes.into() };
    Ok(Axis { name: sizes.id.clone(), base, map, values })
}
