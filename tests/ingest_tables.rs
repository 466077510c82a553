//! Tests of typed tables, in memory and as Parquet: texts follow the rules of cells, numbers those of the columns.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails panics, one that is skipped says so"
)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, LargeStringArray, NullArray, RecordBatch,
    StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Schema, UInt32Type, UInt64Type};
use common::{IDS, all_rows, codes, read, scratch, shared, write_parquet};
use dangjian::ingest;
use dangjian::ingest::ColumnStatus;
use dangjian::ingest::{Code, ReadOptions};
use dangjian::job::Quiet;

fn strings(columns: &[(&str, &[Option<&str>])]) -> RecordBatch {
    let arrays =
        columns.iter().map(|(name, values)| (*name, Arc::new(StringArray::from(values.to_vec())) as ArrayRef, true));
    RecordBatch::try_from_iter_with_nullable(arrays).unwrap()
}

#[test]
fn arrow_text_follows_the_rules_of_cells() {
    let batch = strings(&[
        ("年份", &[Some("2013"), Some("2013年"), Some("一三年"), Some("2013"), Some("2013"), Some("2013")]),
        (
            "统一社会信用代码",
            &[Some(" 91110000600037341l"), Some(IDS[1]), Some(IDS[2]), Some("9.11E+17"), None, Some("无")],
        ),
        ("name", &[Some("某\n厂"), Some(" "), Some("x"), Some("x"), Some("x"), Some("x")]),
        ("mode", &[Some("1-单独组建"), Some("待定"), None, None, None, None]),
        ("region", &[Some("150425"), Some("152425100"), None, None, None, None]),
        ("从业人员", &[Some("１０"), Some("3"), None, None, None, None]),
        ("members_full", &[Some("51"), Some("若干"), None, None, None, None]),
        ("funds", &[Some("1,000"), Some("-5"), None, None, None, None]),
    ]);
    let reading = ingest::read_arrow("frame", &[batch], &ReadOptions::default(), &Quiet).unwrap();
    let mut found = codes(&reading);
    found.sort();
    let expected = [
        (1, Code::ImpossibleValue),
        (2, Code::NameEmpty),
        (2, Code::OldRegionCode),
        (2, Code::ModeUnknownWord),
        (2, Code::ImpossibleValue),
        (2, Code::UnreadableNumber),
        (3, Code::YearMissing),
        (4, Code::IdMangled),
        (5, Code::IdMissing),
        (6, Code::IdMissing),
    ];
    assert_eq!(found, expected);
    let source = &reading.sources[0];
    assert_eq!((source.rows.data, source.rejected, &source.years), (6, 4, &vec![2013]));
    assert_eq!(reading.batches[0].rows, [1, 2]);
    let records = all_rows(&reading);
    let text = |name: &str| {
        let array = records.column_by_name(name).unwrap().as_string::<i32>();
        array.iter().map(|v| v.map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(text("org_id"), [Some(IDS[0].to_owned()), Some(IDS[1].to_owned())]);
    assert_eq!(text("name"), [Some("某厂".to_owned()), None]);
    assert_eq!(text("mode"), [Some("solo".to_owned()), None]);
    assert_eq!(text("mode_detail"), [Some("1-单独组建".to_owned()), Some("待定".to_owned())]);
    assert_eq!(text("region"), vec![Some("150425000000".to_owned()); 2]);
    let funds = records.column_by_name("funds").unwrap().as_primitive::<UInt64Type>();
    assert_eq!(funds.iter().collect::<Vec<_>>(), [Some(1000), None]);
    let members = records.column_by_name("members_full").unwrap();
    assert_eq!(members.null_count(), 2);
}

#[test]
fn arrow_numbers_and_own_columns() {
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("year", Arc::new(Int64Array::from(vec![2013, 2014, 1700])) as ArrayRef, true),
        (
            "org_id",
            Arc::new(Int64Array::from(vec![911_101_066_976_941_872_i64, 150_425_006_372_899, 5])) as ArrayRef,
            true,
        ),
        ("employees", Arc::new(Int64Array::from(vec![Some(5), Some(-5), None])) as ArrayRef, true),
        ("members_full", Arc::new(Float64Array::from(vec![3.0, f64::NAN, 1.0])) as ArrayRef, true),
        ("above_scale", Arc::new(BooleanArray::from(vec![Some(true), None, None])) as ArrayRef, true),
        ("star", Arc::new(Int64Array::from(vec![Some(4), Some(6), None])) as ArrayRef, true),
        ("region", Arc::new(Int64Array::from(vec![150_425_100, 370_883, 0])) as ArrayRef, true),
        ("visits", Arc::new(Int64Array::from(vec![7, 8, 9])) as ArrayRef, true),
        ("balance", Arc::new(Int64Array::from(vec![7, -8, 9])) as ArrayRef, true),
        ("code", Arc::new(LargeStringArray::from(vec!["1", "2", "3"])) as ArrayRef, true),
        ("手机", Arc::new(StringArray::from(vec!["1", "2", "3"])) as ArrayRef, true),
    ])
    .unwrap();
    let reading = ingest::read_arrow("frame", &[batch.clone(), batch], &ReadOptions::default(), &Quiet).unwrap();
    let expected = [
        (2, Code::OldRegistrationNumber),
        (2, Code::ImpossibleValue),
        (2, Code::ImpossibleValue),
        (3, Code::YearMissing),
    ];
    assert_eq!(codes(&reading)[..4], expected);
    assert_eq!(reading.problems[4].row, 5, "rows run on over batches");
    assert_eq!(reading.problems[3].value, "1700");
    let records = &reading.batches[1].records;
    let column = |name: &str| records.column_by_name(name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(column("org_id").as_string::<i32>().value(0), IDS[2]);
    assert_eq!(column("region").as_string::<i32>().value(1), "370883000000");
    assert_eq!(column("employees").as_primitive::<UInt32Type>().iter().collect::<Vec<_>>(), [Some(5), None]);
    assert_eq!(column("members_full").as_primitive::<UInt32Type>().iter().collect::<Vec<_>>(), [Some(3), None]);
    assert_eq!(column("star").as_primitive::<Float32Type>().iter().collect::<Vec<_>>(), [Some(4.0), None]);
    assert_eq!(column("visits").as_primitive::<UInt32Type>().value(1), 8, "whole numbers are counts");
    assert_eq!(column("balance").as_primitive::<Float64Type>().value(1).to_bits(), (-8.0_f64).to_bits());
    assert_eq!(column("code").data_type(), &DataType::Utf8);
    assert!(records.column_by_name("手机").is_none());
    let phone = reading.sources[0].columns.iter().find(|c| c.header == "手机").unwrap();
    assert_eq!((phone.status, phone.kept), (ColumnStatus::Personal, false));
}

#[test]
fn a_panel_that_was_read_reads_the_same_from_parquet_and_from_arrow() {
    let Some(path) = shared("data/ledgers/hexigten/clean.parquet") else {
        return;
    };
    let from_file = read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(from_file.sources[0].rows.data, 2660);
    assert_eq!(from_file.sources[0].rejected, 0);
    // Repaired values need no second repair. Warnings are raised again.
    let kinds: BTreeSet<_> = from_file.problems.iter().map(|p| p.code.id()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["name_empty", "old_registration_number", "uscc_check_digit"]);
    let batches: Vec<_> = from_file.batches.iter().map(|b| b.records.clone()).collect();
    let again = ingest::read_arrow("clean.parquet", &batches, &ReadOptions::default(), &Quiet).unwrap();
    for (one, other) in from_file.batches.iter().zip(&again.batches) {
        assert_eq!(one.records, other.records);
    }
    assert_eq!(from_file.problems, again.problems);
    let records = &from_file.batches[0].records;
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let schema = records.schema();
    let coded = schema.fields().iter().zip(records.columns()).map(|(field, array)| {
        let array =
            if field.data_type() == &DataType::Utf8 { cast(array, &dictionary).unwrap() } else { array.clone() };
        (field.name().clone(), array, true)
    });
    let coded = RecordBatch::try_from_iter_with_nullable(coded).unwrap();
    let again = ingest::read_arrow("coded", &[coded], &ReadOptions::default(), &Quiet).unwrap();
    assert_eq!(again.batches[0].records, *records);
}

#[test]
fn columns_of_one_name_are_told_apart_and_columns_of_nothing_are_empty() {
    let texts = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let nothing = Arc::new(NullArray::new(1)) as ArrayRef;
    let columns = [
        ("org_id", texts(IDS[0])),
        ("楼栋", texts("东楼")),
        ("year", Arc::new(Int64Array::from(vec![2013])) as ArrayRef),
        ("楼栋", texts("西楼")),
        ("employees", nothing.clone()),
        ("地段", nothing.clone()),
    ];
    let batch = |columns: &[(&str, ArrayRef)]| {
        let fields: Vec<_> =
            columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
    };
    let whole = batch(&columns);
    let path = scratch("equal").join("panel.parquet");
    write_parquet(&path, &whole);
    for reading in [
        ingest::read_arrow("table", &[whole], &ReadOptions::default(), &Quiet).unwrap(),
        read(&path, &ReadOptions::default()).unwrap(),
    ] {
        assert_eq!(reading.problems, []);
        let records = all_rows(&reading);
        let text = |name: &str| records.column_by_name(name).unwrap().as_string::<i32>().value(0).to_owned();
        assert_eq!([text("楼栋"), text("楼栋 (2)")], ["东楼", "西楼"]);
        for (name, ty) in [("employees", DataType::UInt32), ("地段", DataType::Utf8)] {
            let array = records.column_by_name(name).unwrap();
            assert_eq!((array.data_type(), array.null_count()), (&ty, 1), "{name}");
        }
    }
    for (without, code) in [("year", Code::YearMissing), ("org_id", Code::IdMissing)] {
        let columns =
            columns.clone().map(|(name, array)| (name, if name == without { nothing.clone() } else { array }));
        let reading = ingest::read_arrow("table", &[batch(&columns)], &ReadOptions::default(), &Quiet).unwrap();
        assert_eq!((codes(&reading), reading.sources[0].rejected), (vec![(1, code)], 1), "{without}");
    }
}
