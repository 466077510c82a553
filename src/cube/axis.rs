//! What rows are grouped by: a code for each row, and what groups of codes are called.

use std::borrow::Cow;
use std::sync::Arc;

use super::lanes::numbers;
use crate::error::{Error, Result};
use crate::roster::{Column, Frame, Gathered, Integers, Texts};

/// Where the codes of the rows come from.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// A coded column or a flag.
    Field(usize),
    /// Computed codes, frame by frame, parallel to the frames that are counted; positions in the axis' map.
    Given {
        /// Tells one computed base from another.
        name: &'static str,
        /// For each frame a code for each row.
        codes: Arc<Vec<Integers>>,
    },
}

impl Base {
    /// Whether both give every row the same code.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Field(a), Self::Field(b)) => a == b,
            (Self::Given { name: a, .. }, Self::Given { name: b, .. }) => a == b,
            _ => false,
        }
    }

    /// The codes of the rows of the frame at position `nth`; `None` where the year does not have the column, that is,
    /// where every code is 0.
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

/// The values of an axis, in the order of its table.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// Texts.
    Text(Vec<String>),
    /// Region codes, each with its name, in a second column called `<axis>_name`.
    Region(Arc<Texts>),
    /// True and false.
    Flag,
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::Region(v) => v.len(),
            Self::Flag => 2,
        }
    }
}

/// A dimension of a table: rows with one base code share one value.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// The name of its column.
    pub(crate) name: String,
    /// Where the rows' codes come from.
    pub(crate) base: Base,
    /// For each base code the position of its value; `values.len()` is null.
    pub(crate) map: Arc<[u32]>,
    /// What the positions are called.
    pub(crate) values: Values,
}

impl Axis {
    /// An axis whose values are those of its base: code 0 is null, code `k` is `values[k - 1]`.
    pub(crate) fn plain(name: &str, base: Base, values: Values) -> Self {
        let n = values.len() as u32;
        let map = (0..=n).map(|code| code.checked_sub(1).unwrap_or(n)).collect();
        Self { name: name.to_owned(), base, map, values }
    }

    /// An axis over a base of texts, which are gathered under others.
    pub(crate) fn gathered(name: &str, base: Base, gathered: &Gathered, values: Values) -> Self {
        Self { name: name.to_owned(), base, map: Arc::clone(&gathered.of_code), values }
    }
}
