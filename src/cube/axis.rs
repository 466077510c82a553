//! Group keys: one code per row, and the values that groups of codes map to.

use std::borrow::Cow;
use std::sync::Arc;

use super::lanes::numbers;
use crate::error::{Error, Result};
use crate::roster::{Column, Frame, GroupedValues, Integers, ViewedTexts};

/// Key column that an axis reads.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// A coded column or a flag, by its position in the frame.
    Field(usize),
    /// Computed codes, one set per counted frame; each code is a position in the axis's `map`.
    Given {
        /// Name that distinguishes one computed base from another.
        name: &'static str,
        /// Codes of each frame, one per row.
        codes: Arc<Vec<Integers>>,
    },
}

impl Base {
    /// Checks whether both bases give every row the same code.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a == b,
            (Self::Given { name: a, .. }, Self::Given { name: b, .. }) => a == b,
            _ => false,
        }
    }

    /// Returns the codes of the rows of the `nth` counted frame, or `None` if the year lacks the column, in which
    /// case every code is 0.
    pub(crate) fn codes<'a>(&'a self, frame: &'a Frame, nth: usize) -> Result<Option<Cow<'a, Integers>>> {
        match self {
            Self::Given { codes, .. } => Ok(codes.get(nth).map(Cow::Borrowed)),
            Self::Field(at) => match frame.columns.get(*at).and_then(Option::as_ref) {
                None => Ok(None),
                Some(Column::Coded { codes, .. }) => Ok(Some(Cow::Borrowed(codes))),
                Some(Column::Flag { set, known }) => {
                    let not = known.as_ref().map_or_else(|| !set, |known| known & &!set);
                    Ok(Some(Cow::Owned(Integers::U8(numbers(&[set, &not])))))
                }
                Some(_) => {
                    Err(Error::argument("只能按编码列或是否列分组", "only coded columns and flags can be grouped by"))
                }
            },
        }
    }
}

/// Values of an axis, in table order.
#[derive(Clone, Debug)]
pub(crate) enum AxisValues {
    /// Text values.
    Text(Vec<String>),
    /// Region codes; their names go into a second column called `<axis>_name`.
    Region(Arc<ViewedTexts>),
    /// True and false.
    Flag,
}

impl AxisValues {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::Region(v) => v.len(),
            Self::Flag => 2,
        }
    }
}

/// A dimension of a table (group key): rows with the same base code share one value.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// Name of the column.
    pub(crate) name: String,
    /// Source of the rows' codes.
    pub(crate) base: Base,
    /// Position in `values` for each base code; `values.len()` means null.
    pub(crate) map: Arc<[u32]>,
    /// Values that the positions refer to.
    pub(crate) values: AxisValues,
}

impl Axis {
    /// Creates an axis whose values are those of its base: code 0 is null, code `k` is `values[k - 1]`.
    pub(crate) fn plain(name: &str, base: Base, values: AxisValues) -> Self {
        let n = values.len() as u32;
        let map = (0..=n).map(|code| code.checked_sub(1).unwrap_or(n)).collect();
        Self { name: name.to_owned(), base, map, values }
    }

    /// Creates an axis over a text base whose values are gathered into coarser ones.
    pub(crate) fn grouped(name: &str, base: Base, grouping: &GroupedValues, values: AxisValues) -> Self {
        Self { name: name.to_owned(), base, map: Arc::clone(&grouping.of_code), values }
    }
}

/// Builds the axis of a column that the schema has and no source does: null for every row.
pub(crate) fn null_axis(frames: &[&Frame], name: &str, values: AxisValues) -> Axis {
    let codes = frames.iter().map(|f| Integers::up_to(0, std::iter::repeat_n(0, f.rows()))).collect::<Vec<_>>();
    let base = Base::Given { name: "null", codes: codes.into() };
    Axis { name: name.to_owned(), base, map: [values.len() as u32].into(), values }
}
