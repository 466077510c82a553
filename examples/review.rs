//! The annual review in Rust: `cargo run --example review -- [YEAR] [FILES…]`; without files, the bundled ledgers.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use dangjian::analysis::workforce::Workers;
use dangjian::review::Definitions;
use dangjian::{Lang, Quiet, ReadOptions, Result, Roster};

/// Maximum number of rows printed per table.
const SHOWN: usize = 12;

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a program's output is its purpose")]
fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", error.message(Lang::En));
            ExitCode::from(2)
        }
    }
}

fn run(mut arguments: Vec<String>) -> Result<String> {
    let year = arguments.first().and_then(|a| a.parse().ok());
    if year.is_some() {
        arguments.remove(0);
    }
    let bundled = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/python/dangjian/datasets/hexigten"));
    let workers = if arguments.is_empty() { Some(Workers::read(&bundled.join("workers.csv"))?) } else { None };
    let files = if arguments.is_empty() { vec![bundled] } else { arguments.into_iter().map(PathBuf::from).collect() };

    let roster = Roster::read(&files, &ReadOptions::default(), &Quiet)?;
    let last = roster.frames().last().map_or(0, |frame| frame.year);
    let review = roster.review(&Definitions::shipped()?, year.unwrap_or(last), workers.as_ref(), &Quiet)?;

    let mut text = String::new();
    for (source, rows) in &roster.origin().sources {
        let sheet = source.sheet.as_deref().unwrap_or_default();
        let fates = [("kept", rows.kept), ("rejected", rows.rejected), ("merged", rows.merged)];
        let fates: Vec<String> = fates.iter().map(|(name, n)| format!("{n} {name}")).collect();
        let _ = writeln!(
            text,
            "{} {sheet}: {} = {} + {} conflicts",
            source.file,
            rows.data,
            fates.join(" + "),
            rows.conflicts
        );
    }
    for (id, table) in &review.tables {
        let _ = writeln!(text, "\n{id}, {} rows\n{}", table.num_rows(), first_rows(table)?);
    }
    Ok(text)
}

/// Formats the first rows of a table, cells separated by tabs.
fn first_rows(table: &RecordBatch) -> Result<String> {
    let schema = table.schema();
    let mut lines = vec![schema.fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>().join("\t")];
    for row in 0..table.num_rows().min(SHOWN) {
        let cells = table.columns().iter().map(|column| Ok(array_value_to_string(column, row)?));
        lines.push(cells.collect::<Result<Vec<_>>>()?.join("\t"));
    }
    Ok(lines.join("\n"))
}
