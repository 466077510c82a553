//! Texts and numbers in cells of every column.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use dangjian::ingest;
use dangjian::ingest::ReadOptions;
use dangjian::ingest::Reading;
use dangjian::job::Quiet;
use dangjian::schema::{COLUMNS, SchemaColumn, Type};

use super::reading::checked;

const ID: &str = "91110000600037341L";

/// Reads each line of `text` as a cell of every column: as text from a file and from a frame, with equal results,
/// and its bytes as numbers.
pub fn cells(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return;
    }
    let file = ingest::read_bytes("台账2013.csv", file(&lines).as_bytes(), &ReadOptions::default(), &Quiet);
    let texts: ArrayRef = Arc::new(StringArray::from(lines));
    if let (Some(file), Some(table)) = (checked(file), frame(&texts)) {
        same(&file, &table);
    }
    let numbers = || text.as_bytes().as_chunks::<8>().0.iter().copied();
    let floats: ArrayRef = Arc::new(numbers().map(f64::from_le_bytes).collect::<Float64Array>());
    let whole: ArrayRef = Arc::new(numbers().map(i64::from_le_bytes).collect::<Int64Array>());
    for numbers in [floats, whole] {
        frame(&numbers);
    }
}

/// Returns the columns that hold the text; identity and year are valid in every row.
fn columns() -> impl Iterator<Item = &'static SchemaColumn> {
    COLUMNS.iter().filter(|c| !matches!(c.ty, Type::Id | Type::Year) && c.name != "mode_detail")
}

fn file(cells: &[&str]) -> String {
    let names: Vec<&str> = columns().map(|column| column.name).collect();
    let row = |cell: &&str| {
        let quoted = format!("\"{}\"", cell.replace('"', "\"\""));
        format!("{ID},{}", vec![quoted; names.len()].join(","))
    };
    let rows: Vec<String> = cells.iter().map(row).collect();
    format!("\u{feff}org_id,{}\n{}\n", names.join(","), rows.join("\n"))
}

fn frame(cells: &ArrayRef) -> Option<Reading> {
    let ids: ArrayRef = Arc::new(StringArray::from(vec![ID; cells.len()]));
    let columns = columns().map(|column| (column.name, Arc::clone(cells), true));
    let batch = RecordBatch::try_from_iter_with_nullable([("org_id", ids, false)].into_iter().chain(columns)).unwrap();
    checked(ingest::read_arrow("frame2013", &[batch], &ReadOptions::default(), &Quiet))
}

fn same(file: &Reading, frame: &Reading) {
    let columns = |reading: &Reading| -> Vec<(String, ArrayRef)> {
        let records = reading.batches.iter().map(|batch| &batch.records);
        let named = |r: &RecordBatch| r.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
        records.flat_map(|r| named(r).into_iter().zip(r.columns().to_vec())).collect()
    };
    assert_eq!(columns(file), columns(frame));
    let problems = |reading: &Reading, above: u32| -> Vec<_> {
        let one = |p: &ingest::Problem| (p.row - above, p.column.clone(), p.code, p.value.clone(), p.year);
        let mut all: Vec<_> = reading.problems.iter().map(one).collect();
        all.sort();
        all
    };
    assert_eq!(problems(file, 1), problems(frame, 0));
}
