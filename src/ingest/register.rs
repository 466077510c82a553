//! Brings the codes of a register, or of a ledger of another year, into ledgers that have only names.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use rustc_hash::FxHashMap;

use super::problem::Code;
use crate::error::Result;
use crate::schema::spelling;
use crate::standards::region;
use crate::standards::region::RegionLevel;

/// The codes of organisations by name, and by county where it is known.
#[derive(Debug, Default)]
pub struct Register {
    by_name: FxHashMap<String, Vec<RegisteredCode>>,
}

/// A code under a name.
#[derive(Debug, PartialEq)]
struct RegisteredCode {
    code: String,
    county: Option<String>,
}

impl Register {
    /// Collects the organisations of read batches that have a name.
    pub(super) fn new<'a>(batches: impl Iterator<Item = &'a RecordBatch>) -> Result<Self> {
        let mut register = Self::default();
        for batch in batches {
            let (Some(ids), Some(names)) = (texts(batch, "org_id")?, texts(batch, "name")?) else { continue };
            let regions = texts(batch, "region")?;
            for (at, (id, name)) in ids.iter().zip(&names).enumerate() {
                let (Some(id), Some(name)) = (id, name) else { continue };
                let region = regions.as_ref().filter(|regions| regions.is_valid(at)).map(|regions| regions.value(at));
                let one = RegisteredCode { code: id.to_owned(), county: region.and_then(county) };
                let codes = register.by_name.entry(spelling::name(name).into_owned()).or_default();
                if !codes.contains(&one) {
                    codes.push(one);
                }
            }
        }
        Ok(register)
    }

    /// Returns the code of the one organisation with this name, and in this county where both have one.
    pub(super) fn find(&self, name: &str, region: Option<&str>) -> Result<&str, Code> {
        let county = region.and_then(county);
        let fits = |one: &&RegisteredCode| county.is_none() || one.county.is_none() || one.county == county;
        let mut codes: Vec<&str> = (self.by_name.get(&*spelling::name(name)).into_iter().flatten())
            .filter(fits)
            .map(|one| one.code.as_str())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        match *codes.as_slice() {
            [] => Err(Code::IdNotInRegister),
            [one] => Ok(one),
            _ => Err(Code::IdSeveralInRegister),
        }
    }
}

fn county(region: &str) -> Option<String> {
    region::at_level(region, RegionLevel::County)
}

fn texts(batch: &RecordBatch, name: &str) -> Result<Option<StringArray>> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    Ok(Some(cast(column, &DataType::Utf8)?.as_string::<i32>().clone()))
}
