//! Properties of every panel: the order of rows and files is irrelevant, parts add up to the whole, doubled input
//! doubles the counts.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing has failed")]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int16Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::util::display::array_value_to_string;
use dangjian::Roster;
use dangjian::definition::{Counts, Rates};
use dangjian::ingest::ReadOptions;
use dangjian::job::Quiet;
use dangjian::query::Scope;
use dangjian::synth;
use proptest::prelude::*;

/// A statistic by dimensions.
type Statistic = fn(&Roster, &Scope) -> RecordBatch;

/// Every statistic that is broken down by dimensions.
const STATISTICS: [(&str, Statistic); 7] = [
    ("coverage", |r, s| r.coverage(&Rates::shipped().unwrap().iter().cloned().collect::<Vec<_>>(), s, &Quiet).unwrap()),
    ("formation", |r, s| r.formation(s, &Quiet).unwrap()),
    ("formation_transitions", |r, s| r.formation_transitions(s, &Quiet).unwrap()),
    ("star_distribution", |r, s| r.star_distribution(s, &Quiet).unwrap()),
    ("star_transitions", |r, s| r.star_transitions(Counts::Organisations, s, &Quiet).unwrap()),
    ("party_star_transitions", |r, s| r.star_transitions(Counts::PartyOrganisations, s, &Quiet).unwrap()),
    ("workforce", |r, s| r.workforce(s, &Quiet).unwrap()),
];

/// Generates a synthetic panel as one batch, with party organisations shared by several organisations.
fn panel(organisations: usize, seed: u64) -> RecordBatch {
    let years = synth::panel(organisations, 4, 2010, seed).unwrap();
    let batch = concat_batches(years[0].schema_ref(), &years).unwrap();
    let modes = arrow::compute::cast(&batch["mode"], &DataType::Utf8).unwrap();
    let ids = batch["org_id"].as_string::<i32>();
    let party = |row: usize| match modes.as_string::<i32>().value(row) {
        "solo" => Some(format!("D{}", &ids.value(row)[10..])),
        "joint" | "affiliated" => Some(format!("L{}", &ids.value(row)[16..])),
        _ => None,
    };
    let parties: StringArray = (0..batch.num_rows()).map(party).collect();
    with_column(&batch, "party_org_id", Arc::new(parties))
}

/// Returns `batch` with the column `name` added or replaced.
fn with_column(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().map(|f| f.name().clone()).zip(batch.columns().iter().cloned());
    let columns = columns.filter(|(n, _)| n != name).chain([(name.to_owned(), array)]);
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) =
        columns.map(|(n, a)| (Field::new(n, a.data_type().clone(), true), a)).unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn read(batches: &[RecordBatch]) -> Roster {
    Roster::read_arrow("made", batches, &ReadOptions::default(), &Quiet).unwrap()
}

/// Sums the counts of a table by `year`, `next_year` and states, for each column.
fn totals(table: &RecordBatch) -> BTreeMap<(Vec<String>, String), i64> {
    const KEPT: [&str; 10] = [
        "year",
        "next_year",
        "rate_id",
        "series",
        "mode",
        "next_mode",
        "star_state",
        "next_star_state",
        "item",
        "counts",
    ];
    let mut out = BTreeMap::new();
    for (field, column) in table.schema().fields().iter().zip(table.columns()) {
        let Some(values) = column.as_primitive_opt::<Int64Type>().filter(|_| !KEPT.contains(&field.name().as_str()))
        else {
            continue;
        };
        for row in 0..table.num_rows() {
            let key = KEPT.iter().filter_map(|k| array_value_to_string(table.column_by_name(k)?, row).ok()).collect();
            *out.entry((key, field.name().clone())).or_default() += values.value(row);
        }
    }
    out.retain(|_, n| *n > 0);
    assert!(!out.is_empty());
    out
}

/// Returns `0..n` in an order determined by `seed`.
fn shuffled(n: usize, seed: u64) -> UInt32Array {
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_by_key(|at| u64::from(*at).wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29));
    UInt32Array::from(order)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn order_of_rows_and_files_changes_nothing(organisations in 50..400_usize, seed in any::<u64>(), cut in 0.0..1.0_f64) {
        let batch = panel(organisations, seed);
        let mixed = take_record_batch(&batch, &shuffled(batch.num_rows(), seed)).unwrap();
        let cut = (cut * mixed.num_rows() as f64) as usize;
        let parts = [mixed.slice(cut, mixed.num_rows() - cut), mixed.slice(0, cut)];
        let (one, other) = (read(&[batch]), read(&parts));
        prop_assert_eq!(one.batches().unwrap(), other.batches().unwrap());
        for (name, statistic) in STATISTICS {
            for by in [&[][..], &["county"], &["kind", "province"]] {
                let scope = Scope::by(by.iter().copied());
                prop_assert_eq!(statistic(&one, &scope), statistic(&other, &scope), "{} by {:?}", name, by);
            }
        }
    }

    #[test]
    fn parts_add_up_to_the_whole(organisations in 50..400_usize, seed in any::<u64>()) {
        let roster = read(&[panel(organisations, seed)]);
        for (name, statistic) in STATISTICS {
            let whole = totals(&statistic(&roster, &Scope::default()));
            let single = ["province", "township", "kind", "section", "operating", "need", "instructor_id"];
            let mut groupings: Vec<Vec<&str>> = single.iter().map(|by| vec![*by]).collect();
            // Enough cells for the sparse layout.
            groupings.push(vec!["township", "instructor_id", "industry", "kind", "operating"]);
            for by in groupings {
                let scope = Scope::by(by.iter().copied());
                prop_assert_eq!(&totals(&statistic(&roster, &scope)), &whole, "{} by {:?}", name, by);
            }
        }
    }

    #[test]
    fn twice_the_input_counts_twice(organisations in 50..400_usize, seed in any::<u64>()) {
        let batch = panel(organisations, seed);
        let mut twin = batch.clone();
        for name in ["org_id", "party_org_id", "instructor_id"] {
            let texts = arrow::compute::cast(&batch[name], &DataType::Utf8).unwrap();
            let other: StringArray = texts.as_string::<i32>().iter().map(|v| Some(format!("T{}", v?))).collect();
            twin = with_column(&twin, name, Arc::new(other));
        }
        let one = read(std::slice::from_ref(&batch));
        let both = read(&[batch, twin]);
        for (name, statistic) in STATISTICS {
            let once = totals(&statistic(&one, &Scope::default()));
            let twice = totals(&statistic(&both, &Scope::default()));
            prop_assert_eq!(once.into_iter().map(|(k, n)| (k, 2 * n)).collect::<BTreeMap<_, _>>(), twice, "{}", name);
        }
    }
}

/// A transition must not span two years.
#[test]
fn only_neighbouring_years_are_compared() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("year", Arc::new(Int16Array::from(vec![2010, 2012, 2013]))),
        ("org_id", Arc::new(StringArray::from(vec!["A1"; 3]))),
        ("mode", Arc::new(StringArray::from(vec!["none", "joint", "solo"]))),
    ];
    let roster = read(&[RecordBatch::try_from_iter(columns).unwrap()]);
    let moves = roster.formation_transitions(&Scope::default(), &Quiet).unwrap();
    assert_eq!(moves.num_rows(), 1);
    assert_eq!(moves["mode"].as_string_view().value(0), "joint");
    assert_eq!(moves["next_mode"].as_string_view().value(0), "solo");
    assert_eq!(moves["year"].as_primitive::<arrow::datatypes::Int16Type>().value(0), 2012);
    assert!(!moves["organisations"].is_null(0));
}
