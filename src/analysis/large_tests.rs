//! Tests on a hundred million rows: the delay of a cancellation, work after it, and the growth of time with rows.
//! The roster uses the smallest integers, about a gigabyte.
//! `cargo test --release --lib large -- --ignored --nocapture --test-threads 1`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arrow::array::StringArray;
use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use super::count::Measure;
use super::rates::CoverageOptions;
use crate::definition::{Counts, Rates};
use crate::error::{Error, Result};
use crate::job::{Job, Quiet};
use crate::query::Scope;
use crate::roster::{Column, Dictionary, Field, Frame, Integers, Roster};
use crate::schema::Type;

const MOST: u32 = 10_000_000;
const YEARS: i16 = 10;
/// Maximum delay of a cancellation, the project's goal.
const SOON: Duration = Duration::from_millis(200);

/// Returns a pseudo-random number, the same in every run (the mixer of `splitmix64`).
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn coded(words: &[String], organisations: u32, year: i16, salt: u64) -> Column {
    let n = words.len() as u64 + 1;
    let code = |row: u32| mixed(u64::from(row) ^ (salt << 40) ^ (u64::from(year.unsigned_abs()) << 48)) % n;
    let codes = (0..organisations).into_par_iter().map(code);
    let codes = if n <= 256 {
        Integers::U8(codes.map(|code| code as u8).collect())
    } else {
        Integers::U16(codes.map(|code| code as u16).collect())
    };
    Column::Coded { codes, dictionary: Arc::new(Dictionary::new(words.to_vec())) }
}

fn panel(organisations: u32) -> Roster {
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let regions: Vec<String> =
        (0..900).map(|n| format!("1504{:02}{:03}000", 21 + n / 30, 100 + n % 30)).collect::<Vec<_>>();
    let columns: [(&str, Type, Vec<String>); 5] = [
        ("kind", Type::Word, words(&["enterprise", "social_group", "social_service", "law_firm"])),
        ("region", Type::Region, regions),
        ("committee", Type::Code, (0..12).map(|n| format!("归口{n}")).collect()),
        ("mode", Type::Word, words(&["solo", "joint", "affiliated", "area", "none"])),
        ("star", Type::Star, (1..=5).map(|n| n.to_string()).collect()),
    ];
    let frame = |year: i16| {
        let coded = columns.iter().zip(1..).map(|((.., words), salt)| Some(coded(words, organisations, year, salt)));
        let set = BooleanBuffer::collect_bool(organisations as usize, |row| !mixed(row as u64).is_multiple_of(10));
        let members = (0..organisations).into_par_iter().map(|row| (mixed(u64::from(row) ^ 7) % 8) as u8).collect();
        let rest = [
            Some(Column::Flag { set, known: None }),
            Some(Column::Number { values: Integers::U8(members), known: None }),
        ];
        Frame::new(year, (0..organisations).collect(), coded.chain(rest).collect())
    };
    let more = [("operating", Type::Flag), ("members_full", Type::Count)];
    let fields = columns.iter().map(|(name, ty, _)| (*name, *ty)).chain(more);
    let fields = fields.map(|(name, ty)| Field { name: name.to_owned(), ty }).collect();
    let ids = StringArray::from_iter_values((0..organisations).map(|n| format!("{n:08}")));
    Roster::from_parts(ids, fields, (2004..2004 + YEARS).map(frame).collect())
}

#[derive(Default)]
struct Told(AtomicBool);

impl Job for Told {
    fn progress(&self, _what: &str, _done: u64, _total: u64) {}

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

type Work<'a> = (&'static str, Box<dyn Fn(&dyn Job) -> Result<()> + Sync + 'a>);

fn work(roster: &Roster) -> Vec<Work<'_>> {
    let rates = || Rates::shipped().map(|rates| rates.iter().cloned().collect::<Vec<_>>());
    let by = |names: &[&str]| Scope::by(names.iter().copied());
    let rollup = CoverageOptions::default().with_rollup(true);
    vec![
        ("coverage", Box::new(move |job| roster.coverage(&rates()?, &by(&["county", "kind"]), job).map(drop))),
        (
            "coverage, all levels",
            Box::new(move |job| {
                roster.coverage_as(&rates()?, &rollup, &by(&["township", "committee", "kind"]), job).map(drop)
            }),
        ),
        ("formation", Box::new(move |job| roster.formation(&by(&["township"]), job).map(drop))),
        ("formation moves", Box::new(move |job| roster.formation_transitions(&by(&["township"]), job).map(drop))),
        ("stars", Box::new(move |job| roster.star_distribution(&by(&["township"]), job).map(drop))),
        (
            "star moves",
            Box::new(move |job| roster.star_transitions(Counts::Organisations, &by(&["township"]), job).map(drop)),
        ),
    ]
}

#[test]
#[ignore = "a gigabyte and minutes; its figures are of a machine of its own and an optimised build"]
#[allow(clippy::print_stdout, reason = "its purpose is to show them")]
fn a_job_of_a_hundred_million_rows_stops_at_once_and_the_next_one_works() {
    let roster = panel(MOST);
    let rows: usize = roster.frames().iter().map(Frame::rows).sum();
    assert_eq!(rows, 100_000_000);
    let mut slow = Vec::new();
    for (name, work) in work(&roster) {
        let mut lags = Vec::new();
        for delay in [50, 150, 400, 900, 2000] {
            let job = Told::default();
            let lag = thread::scope(|scope| {
                let worker = scope.spawn(|| {
                    loop {
                        // Work that finishes before the interruption is repeated.
                        if let Err(error) = work(&job) {
                            return (error, Instant::now());
                        }
                    }
                });
                thread::sleep(Duration::from_millis(delay));
                let told = Instant::now();
                job.0.store(true, Ordering::Relaxed);
                let (error, stopped) = worker.join().unwrap();
                assert!(matches!(error, Error::Cancelled), "{error}");
                stopped - told
            });
            lags.push(lag);
        }
        println!("{name}: {lags:?}");
        slow.extend(lags.into_iter().filter(|lag| *lag > SOON).map(|lag| (name, lag)));
        let all = [("n".to_owned(), Measure::Rows)];
        let again = roster.count(&all, &Scope::default(), &Quiet).unwrap();
        assert_eq!(again.num_rows(), YEARS as usize);
    }
    assert!(slow.is_empty(), "not within {SOON:?}: {slow:?}");
}

/// Returns the shortest of three runs of `work`, after one run that fills the caches.
fn least(work: impl Fn()) -> f64 {
    work();
    let once = || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    std::iter::repeat_with(once).take(3).fold(f64::INFINITY, f64::min)
}

/// Measures, from a million rows to a hundred million, the exponent by which time grows, and the bytes of the
/// queried columns scanned per second, compared with a plain sum over as many bytes.
#[test]
#[ignore = "a gigabyte and minutes; its figures are of a machine of its own and an optimised build"]
#[allow(clippy::print_stdout, reason = "its purpose is to show them")]
fn time_grows_as_rows_do() {
    let sets = |by: &[&[&str]]| by.iter().map(|set| set.iter().map(|n| (*n).to_owned()).collect()).collect::<Vec<_>>();
    let sets = sets(&[&[], &["province"], &["county"], &["kind"], &["county", "kind"], &["township", "mode"]]);
    let measures = ["*", "operating", "operating AND members_full >= 3", "mode = 'solo'", "sum(members_full)"];
    let measures: Vec<_> = measures.iter().map(|m| ((*m).to_owned(), Measure::parse(m).unwrap())).collect();
    let mut times = Vec::new();
    for organisations in [MOST / 100, MOST / 10, MOST] {
        let roster = panel(organisations);
        let rows = f64::from(organisations) * f64::from(YEARS);
        let counted = least(|| drop(roster.count_sets(&sets, &measures, &Scope::default(), &Quiet).unwrap()));
        let moved = least(|| drop(roster.formation_transitions(&Scope::by(["county"]), &Quiet).unwrap()));
        // Kind, region (two bytes), mode, members, and one bit for `operating`.
        let bytes = rows * (5.0 + 1.0 / 8.0);
        let plain = vec![1_u64; bytes as usize / 8];
        let read = least(|| assert!(plain.par_chunks(1 << 16).map(|part| part.iter().sum::<u64>()).sum::<u64>() > 0));
        let rate = |time: f64| bytes / time / 1e9;
        println!(
            "{rows} rows: counts {counted:.4} s ({:.2} GB/s), moves {moved:.4} s, a plain read {read:.4} s ({:.2} GB/s)",
            rate(counted),
            rate(read)
        );
        times.push([counted, moved]);
    }
    for (few, many) in times[0].iter().zip(times[2]) {
        let exponent = (many / few).ln() / 100_f64.ln();
        println!("exponent {exponent:.3}");
        assert!(exponent <= 1.05);
    }
}
