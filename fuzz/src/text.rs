//! The bytes of a delimited text file.

use dangjian::Roster;
use dangjian::ingest::{self, OnConflict, Options};
use dangjian::job::Quiet;

use super::reading::{agrees, checked};

/// Reads `bytes` as a CSV file: as it is, and again with every column kept and contradicting rows rejected.
pub fn csv(bytes: &[u8]) {
    let plain = Options::default();
    let all = Options { keep: vec!["*".to_owned()], on_conflict: OnConflict::Reject, ..Options::default() };
    for options in [plain, all] {
        const NAME: &str = "台账2013.csv";
        let reading = checked(ingest::read_bytes(NAME, bytes, &options, &Quiet));
        agrees(Roster::read_bytes(NAME, bytes, &options, &Quiet), reading.as_ref(), options.on_conflict);
    }
}
