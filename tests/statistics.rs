//! Checks every statistic of the synthetic ledgers against their ground truth.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test that finds nothing has failed")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use common::{Set, at, counts, set};
use dangjian::Roster;
use dangjian::analysis::count::Measure;
use dangjian::analysis::workforce::Workers;
use dangjian::definition::{Counts, Rates, Targets};
use dangjian::ingest::ReadOptions;
use dangjian::job::Quiet;
use dangjian::predicate::Predicate;
use dangjian::query::Scope;
use dangjian::roster::Balance;
use serde_json::Value;

/// Runs each test of this file over each set.
macro_rules! over_sets {
    ($($test:ident),+ $(,)?) => {
        over_sets!(@each [$($test),+] hexigten ledger62 flat_utf8bom flat_gb18030 xls_old one_book);
    };
    (@each $tests:tt $($set:ident)+) => { $(over_sets!(@set $set $tests);)+ };
    (@set $set:ident [$($test:ident),+]) => {
        mod $set {
            $(#[test]
            fn $test() {
                if let Some(set) = super::set(stringify!($set)) {
                    let roster = super::read(&set);
                    super::$test(&set, &roster);
                }
            })+
        }
    };
}

over_sets!(
    rows_balance,
    counts_by_year,
    party_organisations,
    totals_nulls_and_values,
    by_region,
    modes_move,
    stars_move,
);

fn read(set: &Set) -> Roster {
    Roster::read(&set.files, &ReadOptions::default(), &Quiet).unwrap()
}

fn years(set: &Set) -> BTreeMap<i16, &Value> {
    let years = set.truth["read"]["years"].as_object().unwrap();
    assert_eq!(years.len(), 5);
    years.iter().map(|(year, truth)| (year.parse().unwrap(), truth)).collect()
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no integer"))
}

/// Returns the count of a condition in a year.
fn number(roster: &Roster, year: i16, measure: &str) -> i64 {
    let measures = [("n".to_owned(), Measure::parse(measure).unwrap())];
    let table = roster.count(&measures, &Scope::default().in_year(year), &Quiet).unwrap();
    table["n"].as_primitive::<Int64Type>().value(0)
}

fn rows_balance(set: &Set, roster: &Roster) {
    let mut by_file: BTreeMap<(&str, &[i16]), Balance> = BTreeMap::new();
    for (source, balance) in &roster.origin().sources {
        assert_eq!(balance.data, balance.kept + balance.rejected + balance.merged + balance.conflicts);
        let sum = by_file.entry((&source.file, &source.years)).or_default();
        sum.data += balance.data;
        sum.kept += balance.kept;
        sum.rejected += balance.rejected;
        sum.merged += balance.merged;
        sum.conflicts += balance.conflicts;
    }
    for file in set.truth["files"].as_array().unwrap() {
        let years: Vec<i16> = file["years"].as_array().unwrap().iter().map(|y| int(y) as i16).collect();
        let (truth, got) = (&file["accounting"], by_file[&(file["file"].as_str().unwrap(), &*years)]);
        let want = ["data_rows", "kept", "rejected", "duplicates_merged", "conflicts_reported"].map(|k| int(&truth[k]));
        assert_eq!([got.data, got.kept, got.rejected, got.merged, got.conflicts].map(|n| n as i64), want, "{file}");
    }
    let mut problems: BTreeMap<&str, i64> = BTreeMap::new();
    for problem in &roster.origin().problems {
        *problems.entry(problem.code.id()).or_default() += 1;
    }
    let want = set.truth["problems_total"].as_object().unwrap();
    assert_eq!(problems, want.iter().map(|(code, n)| (code.as_str(), int(n))).collect());
}

fn counts_by_year(set: &Set, roster: &Roster) {
    let by_mode = counts(&roster.formation(&Scope::default(), &Quiet).unwrap(), &["year", "mode"], "organisations");
    let measures = [("n".to_owned(), Measure::Rows)];
    let operating = roster.count(&measures, &Scope::by(["operating", "mode"]), &Quiet).unwrap();
    let operating = counts(&operating, &["year", "operating", "mode"], "n");
    let targets: Vec<_> = Targets::shipped().unwrap().iter().cloned().collect();
    let eligible = roster.targets(&targets, &Scope::default(), &Quiet).unwrap();
    let work = counts(&roster.workforce(&Scope::default(), &Quiet).unwrap(), &["year", "item"], "value");
    for (year, truth) in years(set) {
        let y = year.to_string();
        let n = |measure| number(roster, year, measure);
        assert_eq!(n("*"), int(&truth["organisations"]));
        assert_eq!(n("mode IN ('solo', 'joint', 'affiliated')"), int(&truth["organised"]));
        assert_eq!(n("mode IS NULL"), int(&truth["mode_unknown"]));
        assert_eq!(n("members_full IS NULL"), int(&truth["eligible_unknown"]));
        assert_eq!(n("mode = 'joint'"), int(&truth["joint_units"]));
        let first = counts(&eligible, &["year", "target"], "population");
        assert_eq!(at(&first, &[&y, "eligible_established"]), int(&truth["eligible"]));
        let first = counts(&eligible, &["year", "target"], "success");
        assert_eq!(at(&first, &[&y, "eligible_established"]), int(&truth["eligible_established"]));
        let first = counts(&eligible, &["year", "target"], "unknown");
        assert_eq!(at(&first, &[&y, "eligible_established"]), int(&truth["eligible_established_unknown"]));
        for (item, name) in [
            ("instructors", "instructors"),
            ("organisations_with_instructor", "organisations_with_instructor"),
            ("without_party_org_with_instructor", "without_party_org_with_instructor"),
            ("owner_secretaries", "owner_is_secretary"),
        ] {
            assert_eq!(at(&work, &[&y, item]), int(&truth[name]), "{year} {item}");
        }
        for (mode, want) in truth["by_mode"].as_object().unwrap() {
            assert_eq!(at(&by_mode, &[&y, mode]), int(want), "{year} {mode}");
        }
        for (flag, modes) in truth["operating_x_mode"].as_object().unwrap() {
            for (mode, want) in modes.as_object().unwrap() {
                let mode = if mode == "unknown" { "null" } else { mode };
                assert_eq!(at(&operating, &[&y, flag, mode]), int(want), "{year} {flag} {mode}");
            }
        }
        let opened = format!("established_on BETWEEN '{year}-01-01' AND '{year}-12-31'");
        assert_eq!(n(&opened), int(&truth["established_in_year"]));
    }
}

fn party_organisations(set: &Set, roster: &Roster) {
    let table = roster.formation(&Scope::default(), &Quiet).unwrap();
    let by_mode = counts(&table, &["year", "mode"], "party_organisations");
    let stars = roster.star_distribution(&Scope::default(), &Quiet).unwrap();
    let states = counts(&stars, &["year", "star_state"], "organisations");
    let parties = counts(&stars, &["year", "star_state"], "party_organisations");
    for (year, truth) in years(set) {
        let y = year.to_string();
        for (mode, want) in truth["party_organisations"].as_object().unwrap() {
            if mode != "organised" {
                assert_eq!(at(&by_mode, &[&y, mode]), int(want), "{year} {mode}");
            }
        }
        assert_eq!(at(&by_mode, &[&y, "joint"]), int(&truth["joint_party_organisations"]));
        let all: i64 = parties.iter().filter(|(key, _)| key[0] == y).map(|(_, n)| n).sum();
        assert_eq!(all, int(&truth["party_organisations"]["organised"]));
        let want = truth["star_distribution"].as_object().unwrap();
        assert_eq!(want.len(), states.keys().filter(|key| key[0] == y).count());
        for (state, want) in want {
            assert_eq!(at(&states, &[&y, state]), int(want), "{year} {state}");
        }
    }
}

fn totals_nulls_and_values(set: &Set, roster: &Roster) {
    for (year, truth) in years(set) {
        let batch = roster.batch(roster.frame(year).unwrap()).unwrap();
        for (name, want) in truth["totals"].as_object().unwrap() {
            if name == "score" {
                let sum: f64 = batch[name.as_str()].as_primitive::<Float64Type>().iter().flatten().sum();
                assert!((sum - want.as_f64().unwrap()).abs() < 1e-6, "{year} score: {sum}, {want}");
            } else {
                assert_eq!(number(roster, year, &format!("sum({name})")), int(want), "{year} {name}");
            }
        }
        for (name, want) in truth["nulls"].as_object().unwrap() {
            let nulls = batch.column_by_name(name).map_or(batch.num_rows(), |c| c.null_count());
            assert_eq!(nulls as i64, int(want), "{year} {name}");
        }
        for (name, values) in truth["by"].as_object().unwrap() {
            let measures = [("n".to_owned(), Measure::Rows)];
            let scope = Scope::by([name]).in_year(year);
            let got = counts(&roster.count(&measures, &scope, &Quiet).unwrap(), &[name], "n");
            let want = values.as_object().unwrap().iter().map(|(v, n)| (vec![v.clone()], int(n)));
            assert_eq!(got, want.filter(|(_, n)| *n > 0).collect(), "{year} {name}");
        }
        for (name, values) in truth["flags"].as_object().unwrap() {
            let measures = [("n".to_owned(), Measure::Rows)];
            let scope = Scope::by([name]).in_year(year);
            let got = counts(&roster.count(&measures, &scope, &Quiet).unwrap(), &[name], "n");
            for (value, want) in values.as_object().unwrap() {
                assert_eq!(at(&got, &[value]), int(want), "{year} {name} {value}");
            }
        }
    }
}

fn by_region(set: &Set, roster: &Roster) {
    let rates = Rates::shipped().unwrap();
    let rate = |id| rates.iter().find(|r| r.id == id).unwrap().clone();
    for (dimension, truth_name) in [("county", "by_county"), ("region", "by_region")] {
        let scope = Scope::by([dimension]);
        let all = roster.coverage(&[rate("organised_all"), rate("eligible_established")], &scope, &Quiet).unwrap();
        let key = ["year", dimension, "rate_id"];
        let [population, success, maybe] =
            ["population", "success", "population_unknown"].map(|c| counts(&all, &key, c));
        let modes = roster.formation(&scope, &Quiet).unwrap();
        let modes = counts(&modes, &["year", dimension, "mode"], "organisations");
        for (year, truth) in years(set) {
            let y = year.to_string();
            let places = truth[truth_name].as_object().unwrap();
            assert!(!places.is_empty());
            for (place, truth) in places {
                let [all, due] = ["organised_all", "eligible_established"].map(|id| [&*y, place, id]);
                assert_eq!(at(&population, &all), int(&truth["organisations"]), "{year} {place}");
                assert_eq!(at(&success, &all), int(&truth["organised"]), "{year} {place}");
                assert_eq!(at(&population, &due), int(&truth["eligible"]), "{year} {place}");
                assert_eq!(at(&success, &due), int(&truth["eligible_established"]), "{year} {place}");
                assert_eq!(at(&maybe, &due), int(&truth["eligible_unknown"]), "{year} {place}");
                assert_eq!(at(&modes, &[&y, place, "unknown"]), int(&truth["mode_unknown"]), "{year} {place}");
                for mode in ["none", "solo", "joint", "affiliated", "area"] {
                    assert_eq!(at(&modes, &[&y, place, mode]), int(&truth[mode]), "{year} {place} {mode}");
                }
            }
        }
    }
}

/// Compares transitions with `truth["2009-2010"][from][to]`.
fn check_moves(truth: &Value, got: &BTreeMap<Vec<String>, i64>) {
    let mut total = 0;
    for (years, rows) in truth.as_object().unwrap() {
        let (year, next) = years.split_once('-').unwrap();
        for (from, cells) in rows.as_object().unwrap() {
            for (to, want) in cells.as_object().unwrap() {
                assert_eq!(at(got, &[year, next, from, to]), int(want), "{years} {from} -> {to}");
                total += int(want);
            }
        }
    }
    assert_eq!(got.values().sum::<i64>(), total);
    assert!(total > 100);
}

fn modes_move(set: &Set, roster: &Roster) {
    let table = roster.formation_transitions(&Scope::default(), &Quiet).unwrap();
    let got = counts(&table, &["year", "next_year", "mode", "next_mode"], "organisations");
    check_moves(&set.truth["read"]["mode_transitions"], &got);
}

fn stars_move(set: &Set, roster: &Roster) {
    for (basis, name) in
        [(Counts::Organisations, "star_transitions"), (Counts::PartyOrganisations, "party_org_star_transitions")]
    {
        let table = roster.star_transitions(basis, &Scope::default(), &Quiet).unwrap();
        let got = counts(&table, &["year", "next_year", "star_state", "next_star_state"], basis.name());
        check_moves(&set.truth["read"][name], &got);
    }
}

#[test]
fn gap_lists_are_as_long_as_the_targets_say() {
    let Some(set) = set("hexigten") else { return };
    let roster = read(&set);
    let shipped = Targets::shipped().unwrap();
    let all: Vec<_> = shipped.iter().cloned().collect();
    let table = roster.targets(&all, &Scope::default().in_year(2013), &Quiet).unwrap();
    for (row, target) in all.iter().enumerate() {
        let list = roster.gaps(target, 2013, &Scope::default(), &Quiet).unwrap();
        let status = list["status"].as_string::<i32>();
        let missing = status.iter().filter(|s| *s == Some("missing")).count() as i64;
        assert_eq!(missing, table["failure"].as_primitive::<Int64Type>().value(row), "{}", target.rate.id);
        let ids: std::collections::HashSet<_> = list["org_id"].as_string::<i32>().iter().collect();
        assert_eq!(ids.len(), list.num_rows());
    }
    let missing = Predicate::parse("members_full >= 3 AND mode IN ('area', 'none')").unwrap();
    let want = number(&roster, 2013, &missing.to_string());
    let list = roster.gaps(&all[0], 2013, &Scope::default(), &Quiet).unwrap();
    assert_eq!(list["status"].as_string::<i32>().iter().filter(|s| *s == Some("missing")).count() as i64, want);
}

#[test]
fn a_table_of_workers_is_read_as_ledgers_are() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("workers.csv");
    let text = "worker_id;role;from;to;姓名\r\nA1;instructor;2011-05-01;2012-12-31;甲\r\n\r\n A1 ;instructor;2013;;\"甲;乙\"\r\n";
    for bytes in [text.as_bytes().to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()] {
        std::fs::write(&path, bytes).unwrap();
        let workers = Workers::read(&path).unwrap();
        let serving: Vec<_> = (2010..2015).map(|year| workers.serving(year).get("instructor").copied()).collect();
        assert_eq!(serving, [None, Some(1), Some(1), Some(1), Some(1)]);
    }
    for (text, said) in [
        ("worker_id,role,from\n", "'to'. Available: worker_id, role, from"),
        ("worker_id,role,from,to\nA1,x,五月,\n", "line 2, column 'from': '五月'"),
        ("worker_id,role,from,to\nA1,x,2013\n", "line 2 of the table of workers has 3 fields, its header has 4"),
        ("", "0 bytes"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Workers::read(&path).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn the_table_of_workers_agrees_with_the_ledgers() {
    let Some(set) = set("hexigten") else { return };
    let workers = Workers::read(&set.folder.join("workers.csv")).unwrap();
    for (year, truth) in set.truth["truth"]["years"].as_object().unwrap() {
        let serving = workers.serving(year.parse().unwrap());
        assert_eq!(serving["instructor"] as i64, int(&truth["instructors"]));
        assert_eq!(serving["seconded_officer"] as i64, int(&truth["totals"]["seconded_officers"]));
    }
}
