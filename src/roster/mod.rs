//! The multi-year panel: one row is one organisation in one survey year.

mod arrow_out;
mod assemble;
mod column;
mod file;
mod frame_cache;
pub(crate) mod origin;
mod read;
mod row_selection;
pub mod tree;

use std::sync::Arc;

use arrow::array::StringArray;

use self::frame_cache::FrameCache;
use crate::error::{Error, Result};
use crate::schema;
use crate::schema::Type;

pub use self::assemble::{Duplicate, build};
pub use self::column::{Column, Dictionary, Integers};
pub(crate) use self::column::{GroupedValues, ViewedTexts, coded, group_values, with_integers};

pub use self::origin::{Balance, Origin, Same};
pub(crate) use self::row_selection::RowSelection;

/// A column of a roster: one of the schema's or one of the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the column.
    pub name: String,
    /// Type of its values.
    pub ty: Type,
}

/// Finds the position of `id` in ascending ids, such as [`Roster::organisations`], by binary search.
pub(crate) fn search(ids: &StringArray, id: &str) -> Option<usize> {
    let (mut from, mut to) = (0, arrow::array::Array::len(ids));
    while from < to {
        let middle = usize::midpoint(from, to);
        match ids.value(middle).cmp(id) {
            std::cmp::Ordering::Less => from = middle + 1,
            std::cmp::Ordering::Greater => to = middle,
            std::cmp::Ordering::Equal => return Some(middle),
        }
    }
    None
}

/// One survey year: rows ascending by slot, columns parallel to [`Roster::fields`].
#[derive(Clone, Debug)]
pub struct Frame {
    /// Survey year.
    pub year: i16,
    /// Organisation of each row, as a position in [`Roster::organisations`]; ascending.
    pub slots: Vec<u32>,
    /// Values of each field; `None` where the year's sources do not have the column.
    pub columns: Vec<Option<Column>>,
    /// Cached results of statistics over this frame.
    pub(crate) cache: FrameCache,
}

impl Frame {
    /// Creates the frame of a year from ascending slots and the columns of its rows.
    #[must_use]
    pub fn new(year: i16, slots: Vec<u32>, columns: Vec<Option<Column>>) -> Self {
        Self { year, slots, columns, cache: FrameCache::default() }
    }

    /// Returns the number of organisations listed in this year.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.slots.len()
    }
}

/// The panel. Cheap to clone and immutable once built.
#[derive(Clone, Debug)]
pub struct Roster {
    organisations: Arc<StringArray>,
    fields: Arc<[Field]>,
    frames: Arc<[Frame]>,
    origin: Arc<Origin>,
}

impl Roster {
    /// Creates a roster from frames that keep its invariants: years and slots ascending, columns parallel to
    /// `fields`.
    pub(crate) fn from_parts(organisations: StringArray, fields: Vec<Field>, frames: Vec<Frame>) -> Self {
        Self {
            organisations: Arc::new(organisations),
            fields: fields.into(),
            frames: frames.into(),
            origin: Arc::default(),
        }
    }

    /// Returns this roster with another origin.
    pub(crate) fn with_origin(self, origin: Origin) -> Self {
        Self { origin: Arc::new(origin), ..self }
    }

    /// Returns the ids of all organisations of any year, ascending; a slot is a position in this array.
    #[must_use]
    pub fn organisations(&self) -> &StringArray {
        &self.organisations
    }

    /// Returns the columns in the schema's order, then the user's own; `year` and `org_id` are not included.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Returns the years, ascending.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns the position of the column called `name` in [`Roster::fields`].
    pub fn field(&self, name: &str) -> Result<usize> {
        self.fields.iter().position(|f| f.name == name).ok_or_else(|| {
            let have: Vec<_> = self.fields.iter().map(|f| f.name.as_str()).collect();
            let known = schema::column(name).map_or("", |_| " (the schema knows it, but no source has it)");
            Error::argument(
                format!("没有名为“{name}”的列。现有列：{}", have.join("、")),
                format!("there is no column '{name}'{known}. Available: {}", have.join(", ")),
            )
            .in_column(name)
        })
    }

    /// Returns the values of a field, by position, in `frame`; `None` where that year's sources do not have the column.
    #[must_use]
    pub fn values<'a>(&self, frame: &'a Frame, field: usize) -> Option<&'a Column> {
        frame.columns.get(field)?.as_ref()
    }

    /// Returns the dictionary of a coded field, by position, shared by all years; `None` where no year has the column
    /// or it is not coded.
    #[must_use]
    pub fn dictionary(&self, field: usize) -> Option<&Arc<Dictionary>> {
        self.frames.iter().find_map(|frame| match self.values(frame, field)? {
            Column::Coded { dictionary, .. } => Some(dictionary),
            _ => None,
        })
    }

    /// Returns the frame of `year`.
    pub fn frame(&self, year: i16) -> Result<&Frame> {
        self.frames.iter().find(|f| f.year == year).ok_or_else(|| {
            let have: Vec<_> = self.frames.iter().map(|f| f.year.to_string()).collect();
            Error::argument(
                format!("没有{year}年的数据。现有年度：{}", have.join("、")),
                format!("no data for the year {year}. Available: {}", have.join(", ")),
            )
        })
    }
}
