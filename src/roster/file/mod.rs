//! A roster as a Parquet file of its own. To others it is a plain table, a row for each organisation and year. Behind its
//! row groups it has an index, which others pass over: the ids of all organisations, each once; for each year a bit for
//! each of them, set where it is listed; and the values of each coded column in the order of their codes. So it is opened
//! without looking at an id twice, only the columns that somebody asks for are read, and a roster comes back as it was.

mod columns;
mod open;
#[cfg(test)]
mod tests;
mod write;

use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

pub(super) use self::open::Stored;
use crate::schema;
use crate::schema::Type;

/// The key under which a file says where its index is, as TOML.
const KEY: &str = "dangjian";
/// How the writer of such a file calls itself. Software that copies a file's metadata puts its own name here.
const WRITER: &str = "dangjian";
/// The format of the index; one of another is not opened but read as any other table.
const FORMAT: u32 = 1;

/// Where in the file what is.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    format: u32,
    /// The ids of all organisations.
    organisations: Block,
    years: Vec<Year>,
    fields: Vec<Entry>,
}

/// A year, in their order.
#[derive(Debug, Serialize, Deserialize)]
struct Year {
    year: i16,
    /// For each organisation whether it is listed.
    listed: Block,
}

/// A column.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    /// The years whose sources have it.
    years: Vec<i16>,
    /// The values of a coded one.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Block>,
}

/// A stretch of the file: an Arrow stream of one batch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Block {
    at: u64,
    bytes: u64,
}

impl Entry {
    /// What it holds; `None` where this version means something else by its name.
    fn ty(&self) -> Option<Type> {
        const OWN: [Type; 6] = [Type::Code, Type::Flag, Type::Count, Type::Money, Type::Real, Type::Date];
        let ty = match schema::column(&self.name) {
            Some(column) => column.ty,
            None => OWN.into_iter().find(|ty| ty.name() == self.ty)?,
        };
        (ty.name() == self.ty).then_some(ty)
    }
}

/// The Arrow type of texts as numbers of those that there are.
fn coded() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}
