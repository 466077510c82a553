//! The first rows of a sheet, and a profile that maps them.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use dangjian::ingest;
use dangjian::ingest::{Mapped, Reading};
use dangjian::ingest::{Profile, ReadOptions};
use dangjian::job::Quiet;

use super::reading::checked;

const NAME: &str = "台账2013.csv";
/// Separator between a profile and the rows.
const RULE: &str = "---\n";

/// Reads a sheet with the rows of `text`: tabs separate cells, `⏎` is a line break within a cell. A profile in TOML
/// may come first, followed by a line `---`. Each column then holds a code and a tick. A text of odd length keeps
/// every column.
pub fn header(text: &str) {
    let (profile, rows) = text.split_once(RULE).map_or(("", text), |(profile, rows)| (profile, rows));
    let rows: Vec<Vec<String>> =
        rows.lines().map(|row| row.split('\t').map(|cell| cell.replace('⏎', "\n")).collect()).collect();
    let sheet = sheet(&rows);
    let profile = Profile::from_toml(profile, "profile.toml").ok();
    let keep = if text.len().is_multiple_of(2) { None } else { Some("*") };
    let options = ReadOptions::default().with_keep(keep).with_profile(profile);

    if let Some(reading) = checked(ingest::read_bytes(NAME, sheet.as_bytes(), &options, &Quiet)) {
        saved(&reading, &sheet, &options);
    }
    if let Some(names) = rows.first() {
        checked(ingest::read_arrow("frame2013", &[frame(names)], &options, &Quiet));
    }
}

/// Formats the rows as CSV, followed by a row of codes and a row of ticks.
fn sheet(rows: &[Vec<String>]) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let below = ["91110000600037341L", "√"].map(|cell| vec![cell.to_owned(); width]);
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let line = |row: &Vec<String>| {
        let cells = row.iter().map(quoted).chain((row.len()..width).map(|_| String::new()));
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    rows.iter().chain(&below).map(line).collect()
}

fn frame(names: &[String]) -> RecordBatch {
    let fields: Vec<Field> = names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    let cells: ArrayRef = Arc::new(StringArray::from(vec!["91110000600037341L", "√"]));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![cells; names.len()]).unwrap()
}

/// Checks that a saved mapping can be read back, and reads the sheet as before.
fn saved(reading: &Reading, sheet: &str, options: &ReadOptions) {
    let text = Profile::of(&reading.sources, options).to_toml();
    let profile = Profile::from_toml(&text, "saved.toml").unwrap_or_else(|error| panic!("{error}\n{text}"));
    let options = ReadOptions::default().with_profile(profile);
    let again = checked(ingest::read_bytes(NAME, sheet.as_bytes(), &options, &Quiet)).expect("it was read before");
    let read = |reading: &Reading| -> Vec<_> {
        let read = |c: &&Mapped| c.column.is_some();
        let all = reading.sources.iter().flat_map(|source| &source.columns).filter(read);
        all.map(|c| (c.index, c.column.clone(), c.value.clone(), c.unit)).collect()
    };
    // Known columns weigh in the search for the header. If two rows both look like one, the saved mapping may
    // therefore select the other.
    let place = |reading: &Reading| reading.sources.first().map(|source| (source.rows.title, source.header_rows));
    if place(reading) == place(&again) {
        assert_eq!(read(reading), read(&again), "{text}");
    }
}
