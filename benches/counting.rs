//! The cost of counting alone: the steps of the reference workload on one panel, with one thread and with all.
//!
//! `cargo bench --bench counting -- PANEL.parquet [RUNS [STEP]]`; without a panel, a synthetic one is generated.
//! Results are checked in `reference.py`, which compares with other engines. This bench times only dangjian: the
//! shortest of several runs, after one to warm up.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use dangjian::analysis::count::Measure;
use dangjian::{Quiet, Rates, ReadOptions, Result, Roster, Scope, synth};

/// The groupings of the cube, as in `reference.py`.
const SETS: [&[&str]; 7] = [
    &[],
    &["province"],
    &["province", "county"],
    &["province", "county", "township"],
    &["kind"],
    &["province", "kind"],
    &["province", "county", "kind"],
];

/// The counts of the cube.
const MEASURES: [(&str, &str); 10] = [
    ("n", "*"),
    ("operating", "operating"),
    ("organised", "operating AND mode IN ('solo', 'joint', 'affiliated')"),
    ("eligible", "operating AND members_full >= 3"),
    ("eligible_established", "operating AND members_full >= 3 AND mode IN ('solo', 'joint', 'affiliated')"),
    ("worked", "operating AND (mode <> 'none' OR instructor_id IS NOT NULL)"),
    ("active", "operating AND mode IN ('solo', 'joint', 'affiliated') AND activities > 0"),
    ("guided", "operating AND NOT mode IN ('solo', 'joint', 'affiliated') AND instructor_id IS NOT NULL"),
    ("members", "sum(members_full)"),
    ("employees", "sum(employees)"),
];

/// One step of the review: name, and a function that returns the number of rows of its tables.
type Step = (&'static str, Box<dyn Fn(&Roster) -> Result<usize> + Send + Sync>);

fn steps() -> Result<Vec<Step>> {
    let named = |(name, text): (&str, &str)| Ok((name.to_owned(), Measure::parse(text)?));
    let measures = MEASURES.into_iter().map(named).collect::<Result<Vec<_>>>()?;
    let all = vec![("n".to_owned(), Measure::Rows)];
    let words = |by: &[&str]| by.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let sets: Vec<Vec<String>> = SETS.iter().map(|by| words(by)).collect();
    let rows = |tables: Vec<arrow::array::RecordBatch>| tables.iter().map(arrow::array::RecordBatch::num_rows).sum();
    let by = move |by: &[&str]| {
        let (sets, all) = (vec![words(by)], all.clone());
        Box::new(move |roster: &Roster| Ok(rows(roster.count_sets(&sets, &all, &Scope::default(), &Quiet)?)))
    };
    Ok(vec![
        ("cube", Box::new(move |roster| Ok(rows(roster.count_sets(&sets, &measures, &Scope::default(), &Quiet)?)))),
        ("mode and need", by(&["county", "mode", "need"])),
        ("stars", by(&["county", "star"])),
        (
            "moves",
            Box::new(|roster| Ok(roster.transitions(&["mode", "star"], &Scope::by(["county"]), &Quiet)?.num_rows())),
        ),
        (
            "one coverage",
            Box::new(|roster| {
                let rates = Rates::shipped()?;
                let organised: Vec<_> = rates.iter().filter(|rate| rate.id == "organised").cloned().collect();
                Ok(roster.coverage(&organised, &Scope::by(["county"]), &Quiet)?.num_rows())
            }),
        ),
    ])
}

#[expect(clippy::print_stdout, reason = "a program that answers on standard output")]
fn main() -> std::result::Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let runs = arguments.get(1).map_or(Ok(5), |runs| runs.parse())?;
    let start = Instant::now();
    let roster = match arguments.first() {
        Some(path) => Roster::read(&[PathBuf::from(path)], &ReadOptions::default(), &Quiet)?,
        None => Roster::read_arrow("made", &synth::panel(200_000, 10, 2004, 7)?, &ReadOptions::default(), &Quiet)?,
    };
    let rows: usize = roster.frames().iter().map(dangjian::roster::Frame::rows).sum();
    println!("{rows} rows, read in {:.3} s", start.elapsed().as_secs_f64());
    let threads = rayon::current_num_threads();
    println!("| step | rows of its tables | 1 thread, ms | {threads} threads, ms | faster by |\n|---|---|---|---|---|");
    let mut totals = [0.0, 0.0];
    let wanted = |name: &str| arguments.get(2).is_none_or(|step| step == name);
    for (name, step) in steps()?.into_iter().filter(|(name, _)| wanted(name)) {
        let mut found = 0;
        let mut least = [f64::INFINITY; 2];
        for (least, threads) in least.iter_mut().zip([1, threads]) {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
            let once = || -> Result<f64> {
                let start = Instant::now();
                found = pool.install(|| step(&roster))?;
                Ok(start.elapsed().as_secs_f64() * 1e3)
            };
            for time in std::iter::repeat_with(once).take(runs + 1).skip(1) {
                *least = least.min(time?);
            }
        }
        if name != "one coverage" {
            totals.iter_mut().zip(least).for_each(|(total, least)| *total += least);
        }
        println!("| {name} | {found} | {:.1} | {:.1} | {:.2} |", least[0], least[1], least[0] / least[1]);
    }
    println!("| the review | | {:.1} | {:.1} | {:.2} |", totals[0], totals[1], totals[0] / totals[1]);
    Ok(())
}
