//! Links against what is known of the made ledgers: which codes were spoilt, and whose they are.

#![allow(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and not their helpers")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, RecordBatch};
use common::{set, text};
use dangjian::identity::{Links, links};
use dangjian::ingest::Options;
use dangjian::job::Quiet;
use dangjian::{Error, Roster};
use serde_json::Value;

/// Links of one status: from, to, reason.
fn rows(links: &Links, status: &str) -> Vec<(String, String, String)> {
    let table = links.table();
    let all = (0..table.num_rows()).filter(|row| text(&table["status"], *row) == status);
    all.map(|row| (text(&table["from_id"], row), text(&table["to_id"], row), text(&table["reason"], row))).collect()
}

fn ids(roster: &Roster) -> BTreeSet<&str> {
    roster.organisations().iter().flatten().collect()
}

/// The ids that were written in place of an organisation's own, as `dirt.jsonl` has them.
fn spoilt(set: &common::Set) -> BTreeMap<String, String> {
    let dirt = std::fs::read_to_string(set.folder.join("dirt.jsonl")).unwrap();
    let dirt = dirt.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let kinds = ["uscc_check_digit", "old_registration_number"];
    dirt.filter(|d| kinds.contains(&d["category"].as_str().unwrap()))
        .map(|d| {
            let value = d["value"].as_str().map_or_else(|| d["value"].to_string(), str::to_owned);
            (dangjian::standards::code(&value).into_owned(), d["org_id"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn spoilt_codes_of_the_made_ledgers_lead_to_their_organisations() {
    for name in ["flat_gb18030", "flat_utf8bom", "hexigten", "ledger62", "one_book", "xls_old"] {
        let Some(set) = set(name) else { return };
        let roster = Roster::read(&set.files, &Options::default(), &Quiet).unwrap();
        let found = links(&roster, &Quiet).unwrap();
        let truth = spoilt(&set);
        let have = ids(&roster);
        let due = truth.iter().filter(|(from, to)| have.contains(from.as_str()) && have.contains(to.as_str())).count();
        let proposed = rows(&found, "proposed");
        let right = proposed.iter().filter(|(from, to, _)| truth.get(from) == Some(to)).count();
        let doubt = rows(&found, "ambiguous");
        eprintln!("{name}: due {due}, proposed {}, right {right}, ambiguous {}", proposed.len(), doubt.len());
        for (from, to, reason) in proposed.iter().filter(|(from, to, _)| truth.get(from) != Some(to)) {
            eprintln!("   wrong {from} {to} {reason}");
        }
        for row in 0..found.table().num_rows().min(400) {
            if text(&found.table()["status"], row) == "ambiguous" && row % 5 == 0 {
                eprintln!("   {} ", text(&found.table()["why_zh"], row));
            }
        }
    }
}
