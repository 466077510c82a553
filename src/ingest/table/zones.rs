//! Maps zones as written in ledgers to the zones of the user's file.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use rustc_hash::FxHashMap;

use super::piece::Piece;
use crate::error::Result;
use crate::ingest::Source;
use crate::ingest::cell::arrow_column::CellProblem;
use crate::ingest::cell::values::ColumnValues;
use crate::ingest::problem::{Code, Problem, shown};
use crate::standards::zone::Zones;

/// Returns the names in `zones` of the zones in `written`, by each row's year, and the rows whose zone is unknown.
/// Unknown zones stay as written.
fn named(written: &ArrayRef, years: &[i16], zones: &Zones) -> Result<(StringArray, Vec<CellProblem>)> {
    let dictionary = cast(written, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))?;
    let dictionary = dictionary.as_dictionary::<Int32Type>();
    let texts: &StringArray = dictionary.values().as_string();
    let mut names: FxHashMap<(i32, i16), Option<&str>> = FxHashMap::default();
    let mut found = Vec::new();
    let values = (dictionary.keys().iter().zip(years).enumerate())
        .map(|(row, (key, year))| {
            let key = key?;
            let text = texts.value(key as usize);
            let name = names.entry((key, *year)).or_insert_with(|| zones.find(text, *year).map(|z| z.name.as_str()));
            if name.is_none() {
                found.push(CellProblem { row, code: Code::ZoneUnknown, value: text.to_owned() });
            }
            Some(name.unwrap_or(text))
        })
        .collect();
    Ok((values, found))
}

/// Names the zones in the rows of `source`; unknown ones are added to `problems`.
pub(crate) fn apply(piece: &mut Piece, source: &Source, zones: &Zones, problems: &mut Vec<Problem>) -> Result<()> {
    let Some((_, values)) = piece.columns.iter_mut().find(|(name, _)| name == "zone") else { return Ok(()) };
    let (names, found) = named(&values.array(), &piece.years, zones)?;
    *values = ColumnValues::Array(Arc::new(names));
    let column = source.columns.iter().find(|c| c.column.as_deref() == Some("zone"));
    for CellProblem { row, code, value } in found {
        let at = piece.positions.get(row);
        problems.push(Problem {
            file: source.file.clone(),
            sheet: source.sheet.clone(),
            row: at.row,
            line: at.line,
            column: Some("zone".to_owned()),
            header: column.map(|c| c.header.clone()),
            value: shown(&value),
            code,
            year: piece.years.get(row).copied(),
        });
    }
    problems.sort_by_key(|p| p.row);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{ReadOptions, read_arrow};
    use crate::job::Quiet;
    use arrow::array::{Int16Array, RecordBatch};

    const ZONES: &str = r#"
        [[zone]]
        id = "jp"
        name = "经棚工业园区"
        written = ["经棚园区"]
        from = 2010
    "#;

    #[test]
    fn zones_are_named_and_unknown_ones_told_and_kept() {
        let written = [Some("经棚 园区"), Some("经棚园区"), None, Some("赤峰园区"), Some("jp")];
        let years = [2010, 2009, 2013, 2013, 2013];
        let batch = RecordBatch::try_from_iter([
            ("year", Arc::new(Int16Array::from(years.to_vec())) as ArrayRef),
            (
                "org_id",
                Arc::new(StringArray::from(vec![
                    "91110000600037341L",
                    "91110000101623741K",
                    "911101066976941872",
                    "91110000600037341L",
                    "91110000101623741K",
                ])) as ArrayRef,
            ),
            ("所在园区", Arc::new(StringArray::from(written.to_vec())) as ArrayRef),
        ])
        .unwrap();
        let zones = Zones::from_toml(ZONES, "zones.toml").unwrap();
        let options = ReadOptions { zones: Some(Arc::new(zones)), ..ReadOptions::default() };
        let reading = read_arrow("frame", std::slice::from_ref(&batch), &options, &Quiet).unwrap();
        let zone: Vec<_> = reading
            .batches
            .iter()
            .flat_map(|b| {
                b.records.column_by_name("zone").unwrap().as_string::<i32>().iter().map(|z| z.map(str::to_owned))
            })
            .collect();
        let zone: Vec<_> = zone.iter().map(Option::as_deref).collect();
        assert_eq!(zone, [Some("经棚工业园区"), Some("经棚园区"), None, Some("赤峰园区"), Some("经棚工业园区")]);
        let said: Vec<_> = reading.problems.iter().map(|p| (p.row, p.code, p.value.as_str(), p.year)).collect();
        let unknown = Code::ZoneUnknown;
        assert_eq!(said, [(2, unknown, "经棚园区", Some(2009)), (4, unknown, "赤峰园区", Some(2013))]);
        assert!(reading.problems.iter().all(|p| p.header.as_deref() == Some("所在园区")));
        let without = read_arrow("frame", &[batch], &ReadOptions::default(), &Quiet).unwrap();
        assert!(without.problems.is_empty());
    }
}
