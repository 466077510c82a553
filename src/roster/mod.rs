//! The multi-year panel: one row is one organisation in one survey year.

mod column;

use std::sync::Arc;

use arrow::array::StringArray;

#[allow(unused_imports, reason = "the kernel uses it")]
pub(crate) use column::with_integers;
pub use column::{Column, Dictionary, Integers};

use crate::error::{Error, Result};
use crate::schema::{self, Type};

/// A column that a roster has: one of the schema's or one of the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub ty: Type,
}

/// One survey year: rows ascending by slot, columns parallel to [`Roster::fields`].
#[derive(Clone, Debug)]
pub struct Frame {
    /// The survey year.
    pub year: i16,
    /// For each row its organisation: a position in [`Roster::organisations`], ascending.
    pub slots: Vec<u32>,
    /// For each field its values; `None` where the year's sources do not have the column.
    pub columns: Vec<Option<Column>>,
}

impl Frame {
    /// How many organisations are listed in this year.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.slots.len()
    }
}

/// The panel. Cheap to clone; never changed after it is built.
#[derive(Clone, Debug)]
pub struct Roster {
    organisations: Arc<StringArray>,
    fields: Arc<[Field]>,
    frames: Arc<[Frame]>,
}

impl Roster {
    /// The ids of all organisations of any year, ascending; a slot is a position in this list.
    #[must_use]
    pub fn organisations(&self) -> &StringArray {
        &self.organisations
    }

    /// The columns, in the schema's order, then the user's own; `year` and `org_id` are not among them.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The years, ascending.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// A roster of parts that fit together, made by hand.
    #[cfg(test)]
    pub(crate) fn from_parts(organisations: StringArray, fields: Vec<Field>, frames: Vec<Frame>) -> Self {
        Self {
            organisations: Arc::new(organisations),
            fields: fields.into(),
            frames: frames.into(),
        }
    }

    /// The position of the column called `name` in [`Roster::fields`].
    pub fn field(&self, name: &str) -> Result<usize> {
        self.fields.iter().position(|f| f.name == name).ok_or_else(|| {
            let have: Vec<_> = self.fields.iter().map(|f| f.name.as_str()).collect();
            let known = schema::column(name).map_or("", |_| " (the schema knows it, but no source has it)");
            Error::argument(
                format!("没有名为“{name}”的列。现有列：{}", have.join("、")),
                format!("there is no column '{name}'{known}. Available: {}", have.join(", ")),
            )
        })
    }

    /// The values of field `at` in `frame`, `None` where that year's sources do not have the column.
    #[must_use]
    pub fn values<'a>(&self, frame: &'a Frame, at: usize) -> Option<&'a Column> {
        frame.columns.get(at)?.as_ref()
    }
}
