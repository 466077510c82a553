//! Register of events (事件): commendations, complaints, vetoes and honours by organisation and year.
//!
//! An event that is not in the register did not happen.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, Int16Array, RecordBatch};
use arrow::compute::{DatePart, cast, date_part};
use arrow::datatypes::{DataType, Int16Type};

use super::marks::{Fault, Problem};
use super::scheme::Scheme;
use crate::error::{Error, Result};

/// Events of the kinds that a scheme defines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    /// Number of events of each organisation, by kind and year.
    counts: BTreeMap<(usize, i16), BTreeMap<String, u32>>,
    /// Rows that could not be used.
    pub(crate) problems: Vec<Problem>,
    /// True if the caller gave a register.
    pub(crate) given: bool,
}

impl Events {
    /// Reads a table with the columns `party_org_id` (or `org_id`), `kind`, and `date` or `year`.
    pub(crate) fn read(batches: &[RecordBatch], scheme: &Scheme) -> Result<Self> {
        let mut events = Self { given: true, ..Self::default() };
        for batch in batches {
            let missing = |name: &str| {
                let have = batch.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ");
                Error::data(
                    format!("事件表缺少“{name}”列。现有列：{have}"),
                    format!("the table of events lacks the column '{name}'. Available: {have}"),
                )
                .in_column(name)
            };
            let texts = |name: &str| super::marks::texts(batch, name)?.ok_or_else(|| missing(name));
            let (ids, kinds) = (texts(scheme.id_column())?, texts("kind")?);
            let years = years(batch)?.ok_or_else(|| missing("date"))?;
            for row in 0..batch.num_rows() {
                let id = if ids.is_null(row) { "" } else { ids.value(row) };
                let kind = if kinds.is_null(row) { "" } else { kinds.value(row) };
                let year = if years.is_null(row) { 0 } else { years.value(row) };
                let known = scheme.parts.events.iter().position(|event| event.id == kind);
                let fault = match known {
                    _ if id.is_empty() => Some(Fault::NoOrganisation),
                    _ if year == 0 => Some(Fault::NoYear),
                    None => Some(Fault::UnknownEvent),
                    Some(_) => None,
                };
                match (fault, known) {
                    (None, Some(at)) => {
                        *events.counts.entry((at, year)).or_default().entry(id.to_owned()).or_default() += 1;
                    }
                    (fault, _) => {
                        let fault = fault.unwrap_or(Fault::UnknownEvent);
                        events.problems.push(Problem::new(fault, year, id, kind, ""));
                    }
                }
            }
        }
        events.problems.sort_unstable();
        events.problems.dedup();
        Ok(events)
    }

    /// Returns the organisations with events of a kind in a range of years, with the count of each year.
    pub(crate) fn in_years(
        &self,
        kind: usize,
        years: std::ops::RangeInclusive<i16>,
    ) -> impl Iterator<Item = (&str, u32)> + '_ {
        let range = self.counts.range((kind, *years.start())..=(kind, *years.end()));
        range.flat_map(|(_, who)| who.iter().map(|(id, n)| (id.as_str(), *n)))
    }
}

/// Returns the year of each row, from `date` or else `year`.
fn years(batch: &RecordBatch) -> Result<Option<Int16Array>> {
    if let Some(date) = batch.column_by_name("date") {
        let is_text = matches!(date.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        if is_text {
            // Local offices write 2013-05-01, 2013/5/1 or 2013年5月1日. The year comes first in all of them.
            let texts = cast(date, &DataType::Utf8View)?;
            let year = |text: &str| text.trim().get(..4)?.parse::<i16>().ok();
            return Ok(Some(texts.as_string_view().iter().map(|text| text.and_then(year)).collect()));
        }
        if !date.data_type().is_temporal() {
            return Err(Error::data(
                format!("事件表的 date 列应为日期，给的是 {}", date.data_type()),
                format!("the column date of the table of events must be a date, got {}", date.data_type()),
            )
            .in_column("date"));
        }
        let years = date_part(date, DatePart::Year)?;
        return Ok(Some(cast(&years, &DataType::Int16)?.as_primitive::<Int16Type>().clone()));
    }
    super::marks::whole(batch, "year")
}
