//! Compares links with the ground truth of the synthetic ledgers: the corrupted codes and their organisations.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "clippy knows tests by their attribute, and not their helpers"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use dangjian::Roster;
use dangjian::analysis::identity::Links;
use dangjian::ingest::ReadOptions;
use dangjian::job::Quiet;
use serde_json::Value;

/// Returns a set of synthetic ledgers, its folder and its files; `None`, with a message, if absent.
fn set(name: &str) -> Option<(PathBuf, Vec<PathBuf>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ledgers").join(name);
    if !folder.exists() {
        eprintln!("skipped: no reference data at ../shared/data/ledgers/{name}");
        return None;
    }
    let truth: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("truth.json")).unwrap()).unwrap();
    let files: BTreeSet<_> =
        truth["files"].as_array().unwrap().iter().map(|f| folder.join(f["file"].as_str().unwrap())).collect();
    Some((folder, files.into_iter().collect()))
}

/// Returns the links of one status, as pairs of from and to.
fn pairs(links: &Links, status: &str) -> Vec<(String, String)> {
    let text = |name: &str, row| links.table()[name].as_string::<i32>().value(row).to_owned();
    let rows = (0..links.table().num_rows()).filter(|row| text("status", *row) == status);
    rows.map(|row| (text("from_id", row), text("to_id", row))).collect()
}

/// Returns the ids written in place of an organisation's own, from `dirt.jsonl`.
fn spoilt(folder: &Path) -> BTreeMap<String, String> {
    let dirt = std::fs::read_to_string(folder.join("dirt.jsonl")).unwrap();
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
    // The banner's ledgers (hexigten) draw names from a small pool, so different organisations share names. Names
    // hardly repeat in the other sets. A link is due only if the right code is listed as well; that holds for few
    // of the corrupted codes.
    for (name, at_least, all_right) in [
        ("flat_gb18030", 21, true),
        ("flat_utf8bom", 8, true),
        ("ledger62", 20, true),
        ("one_book", 17, true),
        ("xls_old", 23, true),
        ("hexigten", 19, false),
    ] {
        let Some((folder, files)) = set(name) else { return };
        let roster = Roster::read(&files, &ReadOptions::default(), &Quiet).unwrap();
        let (truth, found) = (spoilt(&folder), roster.links(&Quiet).unwrap());
        let listed: BTreeSet<&str> = roster.organisations().iter().flatten().collect();
        let due: Vec<_> =
            truth.iter().filter(|(from, to)| listed.contains(from.as_str()) && listed.contains(to.as_str())).collect();
        let proposed = pairs(&found, "proposed");
        let right = proposed.iter().filter(|(from, to)| truth.get(from) == Some(to)).count();
        assert!(right >= at_least, "{name}: {right} of {} found", due.len());
        assert!(!all_right || right == proposed.len(), "{name}: {} of {} are wrong", proposed.len() - right, right);
        // A due link that is not proposed must be reported as ambiguous, unless the ledger has no name to go by.
        let told: BTreeSet<String> = pairs(&found, "ambiguous").into_iter().flat_map(|(a, b)| [a, b]).collect();
        let untold = due
            .iter()
            .filter(|(from, to)| !proposed.contains(&((*from).clone(), (*to).clone())) && !told.contains(*from));
        assert!(untold.count() <= 1, "{name}");

        let linked = roster.link(&found, &Quiet).unwrap();
        let rows = |roster: &Roster| roster.frames().iter().map(dangjian::roster::Frame::rows).collect::<Vec<_>>();
        assert_eq!(rows(&linked), rows(&roster));
        assert_eq!(linked.organisations().len() + proposed.len(), roster.organisations().len());
        assert_eq!(linked.origin().linked.len(), proposed.len());
        assert!(roster.origin().linked.is_empty());
    }
}
