//! Shared helpers: the synthetic ledgers with their ground truth, scratch files, and tables as maps.

#![allow(dead_code, reason = "each file of tests has its use for some of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float64Type, Int16Type, Int64Type};
use dangjian::error::Error;
use dangjian::ingest;
use dangjian::ingest::Reading;
use dangjian::ingest::{Code, ReadOptions};
use dangjian::job::Quiet;
use parquet::arrow::ArrowWriter;
use serde_json::Value;

/// Returns a path in the folder of reference data next to the project; `None`, with a message, if absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    eprintln!("skipped: no reference data at ../shared/{path}");
    None
}

/// A set of synthetic ledgers: its files in order, and its ground truth.
pub(crate) struct Set {
    pub(crate) folder: PathBuf,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) truth: Value,
}

pub(crate) fn set(name: &str) -> Option<Set> {
    let folder = shared(&format!("data/ledgers/{name}"))?;
    let truth: Value = serde_json::from_str(&fs::read_to_string(folder.join("truth.json")).unwrap()).unwrap();
    // A workbook is listed once for each of its sheets.
    let mut files: Vec<PathBuf> =
        truth["files"].as_array().unwrap().iter().map(|f| folder.join(f["file"].as_str().unwrap())).collect();
    files.dedup();
    Some(Set { folder, files, truth })
}

/// Valid codes (docs/field-notes.md, credit codes).
pub(crate) const IDS: [&str; 3] = ["91110000600037341L", "91110000101623741K", "911101066976941872"];

/// Creates an empty folder for the files of one test.
pub(crate) fn scratch(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

pub(crate) fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

pub(crate) fn write_parquet(path: &Path, records: &RecordBatch) {
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), records.schema(), None).unwrap();
    writer.write(records).unwrap();
    writer.close().unwrap();
}

pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Reading, Error> {
    ingest::read(&[path.to_owned()], options, &Quiet)
}

/// Returns all rows of a reading.
pub(crate) fn all_rows(reading: &Reading) -> RecordBatch {
    let records: Vec<_> = reading.batches.iter().map(|batch| batch.records.clone()).collect();
    concat_batches(&records[0].schema(), &records).unwrap()
}

/// Returns the problems of a reading, with their rows.
pub(crate) fn codes(reading: &Reading) -> Vec<(u32, Code)> {
    reading.problems.iter().map(|p| (p.row, p.code)).collect()
}

/// Formats a cell as text; null as `null`.
pub(crate) fn text(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "null".to_owned();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Utf8View => column.as_string_view().value(row).to_owned(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        other => panic!("no text for {other}"),
    }
}

/// Returns the counts in `value` by the texts of `keys`.
pub(crate) fn counts(table: &RecordBatch, keys: &[&str], value: &str) -> BTreeMap<Vec<String>, i64> {
    let values = table[value].as_primitive::<Int64Type>();
    (0..table.num_rows()).map(|row| (keys.iter().map(|k| text(&table[*k], row)).collect(), values.value(row))).collect()
}

/// Returns the count under `key`, or 0 if absent.
pub(crate) fn at(counts: &BTreeMap<Vec<String>, i64>, key: &[&str]) -> i64 {
    counts.get(&key.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>()).copied().unwrap_or(0)
}
