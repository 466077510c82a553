//! Parquet storage of a roster: a plain table to other readers, with an index for fast reopening.
//!
//! ```text
//! +------------------------------+
//! | row groups, year by year     |  year, org_id, columns: what any Parquet reader sees
//! +------------------------------+
//! | ids of all organisations     |  each once, ascending
//! | one bitmap per year          |  set where the organisation is listed: the slots of its rows
//! | values of each coded column  |  in code order
//! +------------------------------+
//! | footer, key "dangjian"       |  Index (TOML): where these blocks are
//! +------------------------------+
//! ```
//!
//! Reopening needs no hashing or sorting of ids, reads only the requested columns, and returns the same roster. The
//! price is storing the ids twice.

mod columns;
mod open;
#[cfg(test)]
mod tests;
mod write;

use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

pub(super) use self::open::PanelFile;
use crate::schema;
use crate::schema::Type;

/// Metadata key of the index, which is TOML.
const KEY: &str = "dangjian";
/// Name of the writer in the footer. Software that copies a file's metadata puts its own name here.
const WRITER: &str = "dangjian";
/// Version of the index format. A file with another version is not opened but read as an ordinary table.
const FORMAT: u32 = 1;

/// Positions of the index blocks in the file.
#[derive(Debug, Serialize, Deserialize)]
struct PanelIndex {
    format: u32,
    /// The ids of all organisations.
    organisations: ByteRange,
    years: Vec<YearEntry>,
    fields: Vec<FieldEntry>,
}

/// One year; years are stored in ascending order.
#[derive(Debug, Serialize, Deserialize)]
struct YearEntry {
    year: i16,
    /// Bitmap over all organisations: set where one is listed.
    listed: ByteRange,
}

/// One column.
#[derive(Debug, Serialize, Deserialize)]
struct FieldEntry {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    /// Years whose sources have the column.
    years: Vec<i16>,
    /// Dictionary values of a coded column.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<ByteRange>,
}

/// A byte range of the file holding an Arrow IPC stream of one batch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct ByteRange {
    at: u64,
    bytes: u64,
}

impl FieldEntry {
    /// Returns the type of the column; `None` where this version gives its name another type.
    fn ty(&self) -> Option<Type> {
        const OWN: [Type; 6] = [Type::Code, Type::Flag, Type::Count, Type::Money, Type::Real, Type::Date];
        let ty = match schema::column(&self.name) {
            Some(column) => column.ty,
            None => OWN.into_iter().find(|ty| ty.name() == self.ty)?,
        };
        (ty.name() == self.ty).then_some(ty)
    }
}

/// Returns the Arrow type of a coded text column.
fn coded_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}
