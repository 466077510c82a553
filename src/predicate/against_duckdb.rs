//! Tests on the bundled Hexigten panel: predicates against `DuckDB`, shipped definitions against the panel's ground
//! truth.

use std::fs::File;
use std::path::PathBuf;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int16Type, UInt64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Predicate;
use super::testing::{codes, dates, flags, numbers, reals, texts};
use crate::definition::{FormationRules, Rates};
use crate::roster::{Column, Field, Frame, Roster};
use crate::schema;
use crate::schema::{COLUMNS, Type};

/// Results of `duckdb 2.0.0`, `SELECT count(*) FILTER (WHERE p), count(*) FILTER (WHERE NOT (p)) FROM
/// 'hexigten/clean.parquet' WHERE year = 2013`, over 574 rows.
const DUCKDB: &[(&str, usize, usize)] = &[
    ("operating and members_full >= 3 and mode in ('solo', 'joint', 'affiliated')", 155, 412),
    ("mode <> 'none' or instructor_id is not null", 553, 11),
    ("not (operating and mode = 'solo')", 411, 152),
    ("members_full between 1 and 2", 198, 368),
    ("members_full not between 1 and 2 or members_full is null", 376, 198),
    ("mode not in ('area', null)", 0, 180),
    ("mode in ('area', null)", 180, 0),
    ("star >= 3", 11, 93),
    ("star < 2.5 and not plaque", 93, 11),
    ("star is null", 470, 104),
    ("score >= 60 and score < 89.5", 57, 47),
    ("established_on >= '2012-01-01'", 113, 221),
    ("established_on not between '2010-01-01' and '2012-12-31'", 188, 146),
    ("'2011-07-01' < established_on", 134, 200),
    ("name like '%有限%公司'", 340, 232),
    ("name not like '__旗%' and kind = 'enterprise'", 332, 241),
    ("industry like 'C%' or industry = 'A01'", 127, 447),
    ("employees - members_full - members_probationary > 20", 146, 416),
    ("members_full * 10 > employees", 236, 326),
    ("-members_full + 2 >= 0", 388, 178),
    ("owner_is_secretary is not false", 85, 489),
    ("owner_is_secretary is true", 85, 489),
    ("owner_is_member = owner_is_secretary", 451, 120),
    ("owner_is_member <> true", 366, 205),
    ("party_org_id = grid", 0, 211),
    ("\"union\" or youth_league and not womens_federation", 340, 234),
    ("mode_detail <= mode", 0, 512),
    ("committee is not null and committee < '住'", 154, 420),
    ("activities > 0 and complaints = 0", 399, 173),
    ("funds in (5000, 10000, 20000) or activities in (1, 2, 3, 5, 8)", 300, 113),
    ("year = 2013 and region between '150425100000' and '150425104000'", 333, 239),
    ("members_full = 0 and mode = 'area' or members_full >= 3 and not mode = 'area'", 346, 215),
    ("true and null or false", 0, 0),
];

fn hexigten() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ledgers/hexigten");
    if path.exists() {
        return Some(path);
    }
    #[allow(clippy::print_stderr, reason = "a test that skips says so")]
    {
        eprintln!("skipped: {} is not there", path.display());
    }
    None
}

/// Builds the panel, one frame per year. Slots are numbered within each year, since these tests never follow an
/// organisation across years.
fn panel(path: &std::path::Path) -> Roster {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let all = concat_batches(&schema, &batches).unwrap();
    let here =
        |c: &&schema::SchemaColumn| !matches!(c.ty, Type::Year | Type::Id) && all.column_by_name(c.name).is_some();
    let columns: Vec<_> = COLUMNS.iter().filter(here).collect();
    assert!(columns.len() > 30, "the truth has the columns of a ledger");
    let years = all["year"].as_primitive::<Int16Type>().values().to_vec();
    let frames = years.chunk_by(|a, b| a == b).scan(0, |start, run| {
        let part = all.slice(*start, run.len());
        *start += run.len();
        let columns = columns.iter().map(|c| Some(column(&part[c.name], c.ty))).collect();
        Some(Frame::new(run[0], (0..run.len() as u32).collect(), columns))
    });
    let frames = frames.collect();
    let fields = columns.iter().map(|c| Field { name: c.name.to_owned(), ty: c.ty }).collect();
    Roster::from_parts(StringArray::from(vec!["x"; 1000]), fields, frames)
}

fn column(values: &dyn Array, ty: Type) -> Column {
    let to = |ty| cast(values, &ty).unwrap();
    match ty {
        Type::Flag => flags(&values.as_boolean().iter().collect::<Vec<_>>()),
        Type::Count | Type::Money => {
            numbers(&to(DataType::UInt64).as_primitive::<UInt64Type>().iter().collect::<Vec<_>>())
        }
        Type::Real => reals(&values.as_primitive::<Float64Type>().iter().collect::<Vec<_>>()),
        Type::Date => dates(&values.as_primitive::<Date32Type>().iter().collect::<Vec<_>>()),
        Type::Text => texts(&to(DataType::Utf8).as_string::<i32>().iter().collect::<Vec<_>>()),
        _ => codes(&to(DataType::Utf8).as_string::<i32>().iter().collect::<Vec<_>>()),
    }
}

#[test]
fn predicates_answer_as_duckdb_does() {
    let Some(dir) = hexigten() else { return };
    let roster = panel(&dir.join("clean.parquet"));
    let frame = roster.frames().iter().find(|f| f.year == 2013).unwrap();
    assert_eq!(frame.rows(), 574);
    for (text, yes, no) in DUCKDB {
        let truth = Predicate::parse(text).unwrap().evaluate(&roster, frame).unwrap();
        assert_eq!((truth.yes.count_set_bits(), truth.no().count_set_bits()), (*yes, *no), "{text}");
    }
}

#[test]
fn shipped_definitions_meet_the_truth() {
    let Some(dir) = hexigten() else { return };
    let roster = panel(&dir.join("clean.parquet"));
    let truth: serde_json::Value = serde_json::from_reader(File::open(dir.join("truth.json")).unwrap()).unwrap();
    let rates = Rates::shipped().unwrap();
    let (eligible, all) = (rates.get("eligible_established").unwrap(), rates.get("organised_all").unwrap());
    let mut seen = 0;
    for frame in roster.frames() {
        let expected = &truth["read"]["years"][frame.year.to_string()];
        let is = |key: &str, found: usize| {
            assert_eq!(Some(found as u64), expected[key].as_u64(), "{key} {}", frame.year);
        };
        let (due, done) =
            (eligible.population.evaluate(&roster, frame).unwrap(), eligible.success.evaluate(&roster, frame).unwrap());
        is("eligible", due.yes.count_set_bits());
        is("eligible_unknown", due.unknown().count_set_bits());
        is("eligible_established", due.and(&done).yes.count_set_bits());
        is("eligible_established_unknown", (&due.yes & &done.unknown()).count_set_bits());
        is("organisations", all.population.evaluate(&roster, frame).unwrap().yes.count_set_bits());
        is("organised", all.success.evaluate(&roster, frame).unwrap().yes.count_set_bits());
        is("mode_unknown", all.success.evaluate(&roster, frame).unwrap().unknown().count_set_bits());

        let needed = FormationRules::shipped().unwrap().evaluate(&roster, frame).unwrap();
        is("eligible", needed.by_rule[0].count_set_bits());
        is("eligible_unknown", needed.unknown.count_set_bits());
        let decided: usize = needed.by_rule.iter().map(arrow::buffer::BooleanBuffer::count_set_bits).sum();
        is("organisations", decided + needed.unknown.count_set_bits());
        seen += 1;
    }
    assert_eq!(seen, 5);
}
