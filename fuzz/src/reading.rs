//! Invariants of every reading and every roster.

use std::collections::{BTreeSet, HashSet};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int16Type};
use dangjian::ingest::{Action, Code, OnConflict, Problem};
use dangjian::ingest::{Batch, ColumnStatus, Reading, Source};
use dangjian::schema;
use dangjian::schema::Type;
use dangjian::{Error, Lang, Result, Roster};

/// Returns the reading, if there is one. An error must be explained, and must not be internal.
pub(crate) fn checked(result: Result<Reading>) -> Option<Reading> {
    let reading = result.map_err(|error| explained(&error)).ok()?;
    for (at, source) in reading.sources.iter().enumerate() {
        let batches: Vec<&Batch> = reading.batches.iter().filter(|batch| batch.source == at).collect();
        let of = |p: &&Problem| p.file == source.file && p.sheet == source.sheet;
        rows(source, &batches, &reading.problems.iter().filter(of).collect::<Vec<_>>());
        headers(source);
        for batch in batches {
            records(&batch.records, batch.rows.len());
        }
    }
    Some(reading)
}

fn explained(error: &Error) {
    assert!(!matches!(error, Error::Internal(_) | Error::Cancelled), "{error}");
    assert!([Lang::Zh, Lang::En].iter().all(|lang| !error.message(*lang).is_empty()));
}

/// Checks that every row is counted once, and that problems refer to existing rows.
fn rows(source: &Source, batches: &[&Batch], problems: &[&Problem]) {
    let n = source.rows;
    let around = n.title + n.header + n.repeated_header + n.blank + n.total + n.subtotal + n.note + n.footer;
    let all = (around + n.data) as u32;
    let numbers: Vec<u32> = batches.iter().flat_map(|batch| &batch.rows).copied().collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "rows do not ascend: {numbers:?}");
    assert!(numbers.iter().all(|row| (1..=all).contains(row)), "{numbers:?} of {all}");
    assert_eq!(n.data, numbers.len() + source.rejected, "{n:?}");
    let lines: Vec<u32> = batches.iter().flat_map(|batch| batch.lines.iter().flatten()).copied().collect();
    assert!(lines.is_sorted_by(|a, b| a < b), "lines do not ascend: {lines:?}");
    assert!(lines.is_empty() || lines.len() == numbers.len());
    assert!(lines.iter().zip(&numbers).all(|(line, row)| line >= row), "{lines:?} {numbers:?}");

    assert!(problems.is_sorted_by_key(|p| p.row));
    let rejected: Vec<u32> = problems.iter().filter(|p| p.code.action() == Action::Reject).map(|p| p.row).collect();
    assert_eq!(rejected.len(), source.rejected, "each rejected row is told of once");
    assert!(rejected.iter().all(|row| numbers.binary_search(row).is_err()));
    for p in problems {
        assert!((1..=all).contains(&p.row), "{p:?} of {all} rows");
        assert!(p.line.is_none_or(|line| line >= p.row), "{p:?}");
        assert!(p.value.chars().count() <= 121, "{p:?}");
        assert!(p.header.as_ref().is_none_or(|header| source.columns.iter().any(|c| c.header == *header)), "{p:?}");
        let known = |name: &String| {
            schema::column(name).is_some() || source.columns.iter().any(|c| c.column.as_ref() == Some(name))
        };
        assert!(p.column.as_ref().is_none_or(known), "{p:?}");
    }

    let years: BTreeSet<i16> = batches
        .iter()
        .flat_map(|batch| batch.records["year"].as_primitive::<Int16Type>().values().iter().copied())
        .collect();
    assert!(source.years.iter().eq(&years), "{:?} {years:?}", source.years);
}

/// Checks that columns run from left to right under distinct headers, and that proposals name known columns.
fn headers(source: &Source) {
    assert!(source.columns.is_sorted_by(|a, b| a.index < b.index));
    let mut seen = HashSet::new();
    for column in &source.columns {
        assert!(seen.insert(&column.header), "two columns are called {:?}", column.header);
        assert!(column.status != ColumnStatus::Mapped || column.column.is_some());
        if let Some(proposal) = &column.proposal {
            assert!(schema::column(proposal.column).is_some());
            assert!((0.0..=1.0).contains(&proposal.similarity), "{proposal:?}");
            let words = || schema::words::of(proposal.column).map(|words| words.ids().collect::<Vec<_>>());
            assert!(proposal.value.as_ref().is_none_or(|value| words().unwrap().contains(&value.as_str())));
        }
    }
}

/// Checks that columns have one length, distinct names and valid values.
fn records(records: &RecordBatch, rows: usize) {
    assert_eq!(records.num_rows(), rows);
    let mut seen = HashSet::new();
    for (field, array) in records.schema().fields().iter().zip(records.columns()) {
        assert!(!field.name().is_empty());
        assert!(seen.insert(field.name().clone()), "two columns are called {:?}", field.name());
        array.to_data().validate_full().unwrap();
        match schema::column(field.name()) {
            Some(column) => {
                assert_eq!(*array.data_type(), column.ty.arrow(), "{}", column.name);
                assert!(of_domain(column.name, column.ty, array), "{}: {array:?}", column.name);
            }
            None => assert!(own_type(array.data_type()), "{field}"),
        }
    }
    assert!(["year", "org_id"].iter().all(|name| records[*name].null_count() == 0));
}

fn own_type(ty: &DataType) -> bool {
    matches!(
        ty,
        DataType::Utf8 | DataType::Boolean | DataType::UInt32 | DataType::UInt64 | DataType::Float64 | DataType::Date32
    )
}

fn of_domain(name: &str, ty: Type, array: &ArrayRef) -> bool {
    let texts = |fits: &dyn Fn(&str) -> bool| array.as_string::<i32>().iter().flatten().all(fits);
    match ty {
        Type::Year => array.as_primitive::<Int16Type>().iter().flatten().all(|year| (1900..=2100).contains(&year)),
        Type::Id => texts(&|id| !id.is_empty() && !id.contains(char::is_whitespace)),
        Type::Word => {
            let words: Vec<&str> = schema::words::of(name).unwrap().ids().collect();
            texts(&|word| words.contains(&word))
        }
        Type::Region => texts(&|code| code.len() == 12 && code.bytes().all(|b| b.is_ascii_digit())),
        Type::Industry => texts(&|code| matches!(code.len(), 1 | 3) && code.as_bytes()[0].is_ascii_uppercase()),
        Type::Star => {
            let fits = |star: f32| (0.5..=5.0).contains(&star) && (star * 2.0).fract() == 0.0;
            array.as_primitive::<Float32Type>().iter().flatten().all(fits)
        }
        Type::Real => array.as_primitive::<Float64Type>().iter().flatten().all(f64::is_finite),
        Type::Text | Type::Code | Type::Flag | Type::Count | Type::Money | Type::Date => true,
    }
}

/// Checks that a roster matches its reading: the same sources, each with `data = kept + rejected + merged +
/// conflicts`.
pub(crate) fn agrees(roster: &Roster, reading: &Reading, on_conflict: OnConflict) {
    let origin = roster.origin();
    assert!(origin.sources.iter().map(|(source, _)| source).eq(&reading.sources));
    let (mut kept, mut merged, mut conflicts) = (0, 0, 0);
    for (source, balance) in &origin.sources {
        assert_eq!(balance.data, source.rows.data as u64, "{balance:?} {:?}", source.rows);
        assert_eq!(balance.data, balance.kept + balance.rejected + balance.merged + balance.conflicts);
        assert_eq!(balance.rejected, source.rejected as u64);
        kept += balance.kept;
        merged += balance.merged;
        conflicts += balance.conflicts;
    }
    let told = |code| origin.problems.iter().filter(|p| p.code == code).count() as u64;
    let code = if on_conflict == OnConflict::First { Code::DuplicateConflict } else { Code::DuplicateRejected };
    assert_eq!((told(Code::DuplicateExact), told(code)), (merged, conflicts));
    assert_eq!(origin.problems.len() as u64, reading.problems.len() as u64 + merged + conflicts);

    let frames = roster.frames();
    assert_eq!(frames.iter().map(|frame| frame.rows() as u64).sum::<u64>(), kept);
    assert!(frames.is_sorted_by(|a, b| a.year < b.year));
    assert!(frames.iter().all(|frame| frame.slots.is_sorted_by(|a, b| a < b)));
    let ids: Vec<_> = roster.organisations().iter().flatten().collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    for (batch, frame) in roster.batches().unwrap().iter().zip(frames) {
        records(batch, frame.rows());
    }
}
