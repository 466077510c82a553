//! Reads the synthetic ledgers next to the project and compares with their ground truth: rows of each kind, the
//! mapping of each column, every corrupted cell, and every value a reader should return.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that fails panics, one that is skipped says so"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::Int16Type;
use arrow::util::display::array_value_to_string;
use dangjian::ingest;
use dangjian::ingest::{Code, Problem, ReadOptions};
use dangjian::ingest::{ColumnStatus, Reading};
use dangjian::job::Quiet;
use dangjian::schema;
use dangjian::schema::plain;
use dangjian::standards::trim;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// Returns the folder of a set of ledgers; `None`, with a message, if the data are absent.
fn folder(set: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/ledgers")).join(set);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: ../shared/data/ledgers/{set} is absent");
    None
}

fn truth(folder: &Path) -> Value {
    serde_json::from_reader(File::open(folder.join("truth.json")).unwrap()).unwrap()
}

/// Reads the ledgers that the ground truth lists, in its order.
fn read(folder: &Path, truth: &Value) -> Reading {
    let mut paths: Vec<PathBuf> = files(truth).map(|f| folder.join(f["file"].as_str().unwrap())).collect();
    paths.dedup();
    ingest::read(&paths, &ReadOptions::default(), &Quiet).unwrap()
}

fn files(truth: &Value) -> impl Iterator<Item = &Value> {
    truth["files"].as_array().unwrap().iter()
}

fn count(value: &Value) -> usize {
    value.as_u64().map_or(0, |n| usize::try_from(n).unwrap())
}

/// Returns the sources of one entry of the ground truth's `files`: a file, or the sheets of it that the entry
/// names.
fn sources<'a>(reading: &'a Reading, file: &Value) -> Vec<&'a ingest::Source> {
    let sheets: Option<Vec<&str>> = file["sheets"].as_array().map(|s| s.iter().map(|s| s.as_str().unwrap()).collect());
    let of = |s: &&ingest::Source| {
        file["file"] == s.file.as_str()
            && sheets.as_ref().is_none_or(|sheets| sheets.contains(&s.sheet.as_deref().unwrap()))
    };
    let found: Vec<_> = reading.sources.iter().filter(of).collect();
    assert_eq!(found.len(), sheets.map_or(1, |s| s.len()), "sources of {}", file["file"]);
    found
}

fn rows_and_columns(reading: &Reading, truth: &Value) {
    for file in files(truth) {
        let name = &file["file"];
        let found = sources(reading, file);
        let sum = |get: fn(&ingest::Rows) -> usize| found.iter().map(|s| get(&s.rows)).sum::<usize>();
        let kinds: [(&str, usize); 9] = [
            ("title", sum(|r| r.title)),
            ("header", sum(|r| r.header)),
            ("repeated_header", sum(|r| r.repeated_header)),
            ("data", sum(|r| r.data)),
            ("blank", sum(|r| r.blank)),
            ("total", sum(|r| r.total)),
            ("subtotal", sum(|r| r.subtotal)),
            ("note", sum(|r| r.note)),
            ("footer", sum(|r| r.footer)),
        ];
        for (kind, rows) in kinds {
            assert_eq!(rows, count(&file["rows"][kind]), "{kind} rows of {name}");
        }
        let rejected: usize = found.iter().map(|s| s.rejected).sum();
        assert_eq!(rejected, count(&file["accounting"]["rejected"]), "rejected rows of {name}");
        let expected: Vec<_> = file["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| {
                let text = |key: &str| c[key].as_str().map(str::to_owned);
                (count(&c["index"]), text("header").unwrap(), text("column"), text("value"), c["personal"] == true)
            })
            .collect();
        for source in found {
            assert_eq!(source.header_rows, count(&file["header_rows"]));
            let years: Vec<_> = source.years.iter().map(|y| Value::from(*y)).collect();
            assert_eq!(&years, file["years"].as_array().unwrap(), "years of {name}");
            if let Some(encoding) = file["encoding"].as_str() {
                assert_eq!(source.encoding, Some(encoding));
            }
            let columns = source.columns.iter().map(|c| {
                assert!(!c.kept);
                let personal = c.status == ColumnStatus::Personal;
                (c.index, c.header.clone(), c.column.clone(), c.value.clone(), personal)
            });
            assert_eq!(columns.collect::<Vec<_>>(), expected, "columns of {name}");
        }
    }
}

fn problems(reading: &Reading, truth: &Value, folder: &Path) {
    let mut seen = 0;
    for file in files(truth) {
        let place: HashSet<_> = sources(reading, file).iter().map(|s| (s.file.clone(), s.sheet.clone())).collect();
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for problem in reading.problems.iter().filter(|p| place.contains(&(p.file.clone(), p.sheet.clone()))) {
            *found.entry(problem.code.id()).or_default() += 1;
            seen += 1;
        }
        let expected = file["problems"].as_object().unwrap();
        let expected: BTreeMap<&str, usize> = expected
            .iter()
            .filter(|(id, _)| !id.starts_with("duplicate"))
            .map(|(id, n)| (id.as_str(), count(n)))
            .collect();
        assert_eq!(found, expected, "problems of {}", file["file"]);
    }
    assert_eq!(seen, reading.problems.len());
    let mut at: HashMap<(&str, Option<&str>, u32), Vec<&Problem>> = HashMap::new();
    for p in &reading.problems {
        at.entry((&p.file, p.sheet.as_deref(), p.row)).or_default().push(p);
    }
    let dirt = std::fs::read_to_string(folder.join("dirt.jsonl")).unwrap();
    let mut dirty = 0;
    for line in dirt.lines() {
        let dirt: Value = serde_json::from_str(line).unwrap();
        let category = dirt["category"].as_str().unwrap();
        if category.starts_with("duplicate") {
            continue;
        }
        let row = u32::try_from(count(&dirt["row"])).unwrap();
        let here = at.get(&(dirt["file"].as_str().unwrap(), dirt["sheet"].as_str(), row));
        let found = here.into_iter().flatten().find(|p| p.code.id() == category);
        let Some(found) = found else { panic!("not found: {dirt}; there: {here:?}") };
        assert_eq!(found.column.as_deref(), dirt["column"].as_str(), "{dirt}");
        assert_eq!(found.line.map(u64::from), dirt["line"].as_u64(), "{dirt}");
        assert_eq!(found.year.map(i64::from), dirt["year"].as_i64().filter(|_| found.year.is_some()), "{dirt}");
        if category == "id_missing" {
            // A row without a code is named by its organisation.
            assert!(found.value.chars().count() > 3 && !found.value.is_ascii(), "{dirt}: {}", found.value);
        } else if let Some(value) = dirt["value"].as_str() {
            assert_eq!(plain(trim(&found.value)), plain(trim(value)), "{dirt}");
        }
        dirty += 1;
    }
    assert_eq!(dirty, reading.problems.len());
    assert!(dirty > 0);
    for (id, action) in truth["actions"].as_object().unwrap() {
        let code = Code::all().iter().find(|c| c.id() == id).unwrap_or_else(|| panic!("no code {id}"));
        assert_eq!(code.action().name(), action.as_str().unwrap());
    }
}

/// Returns the values of every row by organisation and year, keeping the first of duplicates; null for a missing
/// column.
fn values<'a>(batches: impl Iterator<Item = &'a RecordBatch>) -> HashMap<(String, i16), Vec<Option<String>>> {
    let mut rows = HashMap::new();
    for batch in batches {
        let columns: Vec<Option<ArrayRef>> = schema::COLUMNS
            .iter()
            .map(|c| batch.column_by_name(c.name).map(|array| cast(array, &c.ty.arrow()).unwrap()))
            .collect();
        let years = cast(batch.column_by_name("year").unwrap(), &schema::Type::Year.arrow()).unwrap();
        let ids = cast(batch.column_by_name("org_id").unwrap(), &schema::Type::Id.arrow()).unwrap();
        for row in 0..batch.num_rows() {
            let key = (ids.as_string::<i32>().value(row).to_owned(), years.as_primitive::<Int16Type>().value(row));
            let value = |array: &ArrayRef| array.is_valid(row).then(|| array_value_to_string(array, row).unwrap());
            rows.entry(key).or_insert_with(|| columns.iter().map(|c| c.as_ref().and_then(value)).collect());
        }
    }
    rows
}

fn parquet(path: PathBuf) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.map(|b| b.unwrap()).collect()
}

fn cells(reading: &Reading, folder: &Path) {
    let got = values(reading.batches.iter().map(|b| &b.records));
    let clean = parquet(folder.join("clean.parquet"));
    let expected = values(clean.iter());
    let keys = |rows: &HashMap<(String, i16), _>| rows.keys().cloned().collect::<HashSet<_>>();
    assert_eq!(keys(&got), keys(&expected));
    assert!(expected.len() > 2000);
    for (key, expected) in &expected {
        for ((column, got), expected) in schema::COLUMNS.iter().zip(&got[key]).zip(expected) {
            assert_eq!(got, expected, "{} of {key:?}", column.name);
        }
    }
    for batch in &reading.batches {
        assert_eq!(batch.rows.len(), batch.records.num_rows());
        assert!(batch.lines.as_ref().is_none_or(|l| l.len() == batch.rows.len()));
        for (field, array) in batch.records.schema().fields().iter().zip(batch.records.columns()) {
            assert_eq!(field.data_type(), &schema::column(field.name()).unwrap().ty.arrow(), "{}", field.name());
            if let Some(texts) = array.as_string_opt::<i32>() {
                assert!(!texts.iter().flatten().any(is_personal), "a personal value in {}", field.name());
            }
        }
    }
    assert!(!reading.problems.iter().any(|p| is_personal(&p.value)));
}

/// Checks for a personal value: `personal.pattern` of truth.json, `测试|^0000000\d{4}$|^00000019000101\d{4}$`.
fn is_personal(value: &str) -> bool {
    let digits = value.bytes().all(|b| b.is_ascii_digit());
    value.contains("测试")
        || (digits && value.len() == 11 && value.starts_with("0000000"))
        || (digits && value.len() == 18 && value.starts_with("00000019000101"))
}

fn check(set: &str) {
    let Some(folder) = folder(set) else { return };
    let truth = truth(&folder);
    let reading = read(&folder, &truth);
    rows_and_columns(&reading, &truth);
    problems(&reading, &truth, &folder);
    cells(&reading, &folder);
}

#[test]
fn hexigten() {
    check("hexigten");
}

#[test]
fn ledger62() {
    check("ledger62");
}

#[test]
fn flat_utf8bom() {
    check("flat_utf8bom");
}

#[test]
fn flat_gb18030() {
    check("flat_gb18030");
}

#[test]
fn xls_old() {
    check("xls_old");
}

#[test]
fn one_book() {
    check("one_book");
}
