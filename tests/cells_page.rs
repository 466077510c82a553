//! Reads every spelling of docs/cells.md and compares with the result stated on the page.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

use std::fs;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int16Array, RecordBatch, StringArray};
use arrow::util::display::array_value_to_string;
use dangjian::ingest;
use dangjian::ingest::{Code, ReadOptions};
use dangjian::job::Quiet;

/// A valid code (docs/field-notes.md, credit codes).
const ID: &str = "91110000600037341L";

/// Returns the texts between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Reads each spelling in the column of this header.
fn read(header: &str, written: &[String]) -> Vec<String> {
    let all = |text: &str| Arc::new(StringArray::from(vec![text; written.len()])) as ArrayRef;
    let mut columns: Vec<(&str, ArrayRef)> = vec![(header, Arc::new(StringArray::from(written.to_vec())))];
    if header != "org_id" {
        columns.push(("org_id", all(ID)));
    }
    if header != "year" {
        columns.push(("year", Arc::new(Int16Array::from(vec![2013; written.len()]))));
    }
    if header != "zone" {
        columns.push(("zone", all("甲")));
    }
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let reading = ingest::read_arrow("page", &[batch], &ReadOptions::default(), &Quiet).unwrap();
    let mapped = &reading.sources[0].columns[0];
    let column = mapped.column.as_deref().unwrap_or_else(|| panic!("{header} is no column"));
    let batch = &reading.batches[0];
    (1..=written.len() as u32)
        .map(|row| {
            let problem = reading.problems.iter().find(|p| p.row == row && p.code != Code::OldRegistrationNumber);
            if let Some(problem) = problem {
                assert_eq!(problem.column.as_deref(), Some(column));
                return problem.code.id().to_owned();
            }
            let at = batch.rows.iter().position(|r| *r == row).unwrap();
            let array = batch.records.column_by_name(column).unwrap();
            if array.is_null(at) { "null".to_owned() } else { array_value_to_string(array, at).unwrap() }
        })
        .collect()
}

#[test]
fn the_page_of_cells_is_true() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cells.md")).unwrap();
    let mut tried = 0;
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').collect();
        let [_, column, written, read_as, _] = cells[..] else { panic!("{line}") };
        let (column, written, read_as) = (quoted(column), quoted(written), quoted(read_as));
        assert_eq!((column.len(), read_as.len()), (1, 1), "{line}");
        let expected = vec![read_as[0].clone(); written.len()];
        let got = read(&column[0], &written);
        for ((spelling, got), expected) in written.iter().zip(&got).zip(&expected) {
            assert_eq!(got, expected, "{} {spelling:?}", column[0]);
        }
        tried += written.len();
    }
    assert!(tried > 250, "{tried}");
}
