//! A roster survives a round trip through its file; other files and damaged ones are reported.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, RecordBatch, StringArray, UInt32Array,
    UInt64Array,
};
use arrow::compute::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use proptest::prelude::*;

use crate::error::Error;
use crate::ingest::ReadOptions;
use crate::job::Quiet;
use crate::lang::Lang;
use crate::roster::Roster;
use crate::roster::{Column, Frame};

fn path(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("dangjian-panel-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Builds a table of one year with every type. `pick` decides which cells are known; `wide` adds columns.
fn year(year: i16, ids: &[usize], wide: bool, pick: &dyn Fn(usize, usize) -> bool) -> RecordBatch {
    let rows = || 0..ids.len();
    macro_rules! column {
        ($array:ty, $nth:expr, $of:expr) => {
            Arc::new(rows().map(|row| pick($nth, row).then(|| $of(row))).collect::<$array>()) as ArrayRef
        };
    }
    let id = Arc::new(ids.iter().map(|id| Some(format!("单位{id:04}"))).collect::<StringArray>()) as ArrayRef;
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("year", Arc::new(arrow::array::Int16Array::from_value(year, ids.len()))),
        ("org_id", id),
        ("name", column!(StringArray, 0, |row: usize| format!("名称{row}"))),
        ("mode", column!(StringArray, 1, |row: usize| ["solo", "joint", "none"][row % 3].to_owned())),
        (
            "region",
            column!(StringArray, 2, |row: usize| ["150425101000", "150425102000", "150425100000"][row % 3].to_owned()),
        ),
        ("operating", column!(BooleanArray, 3, |row: usize| row % 3 == 1)),
        ("employees", column!(UInt32Array, 4, |row: usize| row as u32 * 700)),
        ("funds", column!(UInt64Array, 5, |row: usize| row as u64 * 50_000_000_000)),
        ("star", column!(Float32Array, 6, |row: usize| (row % 9 + 2) as f32 / 2.0)),
        ("established_on", column!(Date32Array, 7, |row: usize| row as i32 * 90)),
    ];
    if wide {
        columns.push(("楼栋", column!(StringArray, 8, |row: usize| format!("{}栋", row % 300))));
        columns.push(("份数", column!(Float64Array, 9, |row: usize| row as f64 / 3.0)));
        columns.push(("手机号码", column!(StringArray, 10, |row: usize| format!("{row}"))));
    }
    RecordBatch::try_from_iter(columns).unwrap()
}

fn roster(years: &[RecordBatch]) -> Roster {
    crate::roster::build(years, &Quiet).unwrap().0
}

/// Asserts that everything statistics read is equal.
fn assert_same(a: &Roster, b: &Roster) {
    assert_eq!(a.organisations(), b.organisations());
    assert_eq!(a.fields(), b.fields());
    assert_eq!(a.frames().len(), b.frames().len());
    for (a, b) in a.frames().iter().zip(b.frames()) {
        assert_eq!((a.year, &a.slots), (b.year, &b.slots));
        assert_eq!(a.columns.len(), b.columns.len());
        a.columns.iter().zip(&b.columns).for_each(|(a, b)| assert_same_column(a.as_ref(), b.as_ref()));
    }
}

fn assert_same_column(a: Option<&Column>, b: Option<&Column>) {
    match (a, b) {
        (Some(Column::Coded { codes, dictionary }), Some(Column::Coded { codes: others, dictionary: other })) => {
            assert_eq!((codes, dictionary), (others, other));
        }
        (Some(Column::Flag { set, known }), Some(Column::Flag { set: other, known: others })) => {
            assert_eq!((set, known), (other, others));
        }
        (Some(Column::Number { values, known }), Some(Column::Number { values: other, known: others })) => {
            assert_eq!((values, known), (other, others));
        }
        (Some(Column::Real { values, known }), Some(Column::Real { values: other, known: others })) => {
            assert_eq!((values, known), (other, others));
        }
        (Some(Column::Date { values, known }), Some(Column::Date { values: other, known: others })) => {
            assert_eq!((values, known), (other, others));
        }
        (Some(Column::Text(values)), Some(Column::Text(other))) => assert_eq!(values, other),
        (a, b) => assert!(a.is_none() && b.is_none()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Checks the round trip for any known cells, listed organisations and columns per year.
    #[test]
    fn a_roster_comes_back_as_it_was(
        years in prop::collection::btree_map(2010..2016_i16, (prop::collection::btree_set(0..400_usize, 1..300), any::<bool>()), 1..5),
        known in prop::collection::vec(any::<u64>(), 11),
    ) {
        let pick = |column: usize, row: usize| known[column] >> (row * (column + 3) % 64) & 1 == 1;
        let table = |(of, (ids, wide)): (&i16, &(std::collections::BTreeSet<usize>, bool))| {
            year(*of, &ids.iter().copied().collect::<Vec<_>>(), *wide, &pick)
        };
        let whole = roster(&years.iter().map(table).collect::<Vec<_>>());
        let path = path("random.parquet");
        whole.write_parquet(&path).unwrap();
        let names: Vec<String> = whole.fields().iter().map(|field| field.name.clone()).collect();
        assert_same(&Roster::open(&path, Some(&names), &Quiet).unwrap(), &whole);
    }
}

fn made() -> Roster {
    roster(&[
        year(2012, &(0..500).collect::<Vec<_>>(), false, &|column, row| (row + column) % 7 > 0),
        year(2013, &(100..700).collect::<Vec<_>>(), true, &|column, row| (row + column) % 5 > 0),
    ])
}

#[test]
fn only_what_is_asked_for_is_read() {
    let (whole, path) = (made(), path("asked.parquet"));
    whole.write_parquet(&path).unwrap();
    let asked = Roster::open(&path, Some(&["楼栋".to_owned(), "mode".to_owned()]), &Quiet).unwrap();
    assert_eq!(asked.fields().iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["mode", "楼栋"]);
    assert_same_column(
        asked.frames()[1].columns[0].as_ref(),
        whole.values(&whole.frames()[1], whole.field("mode").unwrap()),
    );
    assert_eq!(asked.frames().iter().map(Frame::rows).collect::<Vec<_>>(), [500, 600]);
    assert!(Roster::open(&path, Some(&[]), &Quiet).unwrap().fields().is_empty());
    let error = Roster::open(&path, Some(&["modes".to_owned()]), &Quiet).unwrap_err();
    assert!(matches!(&error, Error::Argument(_)) && error.message(Lang::En).contains("no column 'modes'"));
    // Personal data is read only if the column is named.
    let all = Roster::open(&path, None, &Quiet).unwrap();
    assert!(all.field("手机号码").is_err() && all.field("楼栋").is_ok());
    assert!(Roster::open(&path, Some(&["手机号码".to_owned()]), &Quiet).unwrap().field("手机号码").is_ok());
}

/// Checks that the ledger readers, which verify everything, return the same roster and account for the same rows.
#[test]
fn reading_it_finds_the_same() {
    let (whole, path) = (made(), path("read.parquet"));
    whole.write_parquet(&path).unwrap();
    let opened = Roster::read(std::slice::from_ref(&path), &ReadOptions::default(), &Quiet).unwrap();
    // `keep` changes nothing here but forces the ordinary readers.
    let options = ReadOptions { keep: vec!["楼栋".to_owned()], ..ReadOptions::default() };
    let read = Roster::read(std::slice::from_ref(&path), &options, &Quiet).unwrap();
    let rows = |roster: &Roster| roster.origin().sources.iter().map(|(_, balance)| *balance).collect::<Vec<_>>();
    assert_eq!(rows(&opened), rows(&read));
    assert_eq!(rows(&opened)[0].kept, 1100);
    let (a, b) = (&opened.origin().sources[0].0, &read.origin().sources[0].0);
    assert_eq!((&a.file, &a.path, &a.years, a.year_from, a.rows), (&b.file, &b.path, &b.years, b.year_from, b.rows));
    assert_eq!(opened.fields(), read.fields());
    for (a, b) in opened.batches().unwrap().iter().zip(read.batches().unwrap()) {
        for (field, (a, b)) in a.schema().fields().iter().zip(a.columns().iter().zip(b.columns())) {
            assert_eq!(a, b, "{}", field.name());
        }
    }
}

/// Checks a file by another writer that copied the metadata of a panel, as some software does.
#[test]
fn a_copy_by_others_is_no_panel() {
    let (whole, path, copy) = (made(), path("copied.parquet"), path("copy.parquet"));
    whole.write_parquet(&path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&path).unwrap()).unwrap();
    let keys: Vec<KeyValue> = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let table = concat_batches(&schema, &batches).unwrap();
    assert_eq!(table.num_rows(), 1100);
    let mut writer = ArrowWriter::try_new(fs::File::create(&copy).unwrap(), schema, None).unwrap();
    writer.write(&table.slice(0, 900)).unwrap();
    for pair in keys {
        writer.append_key_value_metadata(pair);
    }
    writer.close().unwrap();
    let error = Roster::open(&copy, None, &Quiet).unwrap_err();
    assert!(matches!(&error, Error::File(_)) && error.message(Lang::Zh).contains("read_roster"));
    let read = Roster::read(&[copy], &ReadOptions::default(), &Quiet).unwrap();
    assert_eq!(read.frames().iter().map(Frame::rows).sum::<usize>(), 900);
}

/// Checks that changing any byte or truncating the file gives a file error or a consistent roster.
#[test]
fn a_spoilt_file_is_told_or_harmless() {
    let (path, spoilt) = (path("whole.parquet"), path("spoilt.parquet"));
    made().write_parquet(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let mut told = 0;
    for at in (0..bytes.len()).step_by(bytes.len() / 600) {
        let mut other = bytes.clone();
        other[at] ^= 0x55;
        fs::write(&spoilt, if at % 3 == 0 { &bytes[..at] } else { &other }).unwrap();
        match Roster::open(&spoilt, None, &Quiet) {
            Err(error) => {
                assert!(matches!(error, Error::File(_)), "{error:?}");
                told += 1;
            }
            Ok(roster) => {
                for frame in roster.frames() {
                    assert!(
                        frame.slots.is_sorted()
                            && (*frame.slots.last().unwrap() as usize) < roster.organisations().len()
                    );
                    assert_eq!(roster.batch(frame).unwrap().num_rows(), frame.rows());
                }
            }
        }
    }
    assert!(told > 250, "{told}");
}
