//! The bytes of a delimited text file.

use dangjian::Roster;
use dangjian::ingest;
use dangjian::ingest::{OnConflict, ReadOptions};
use dangjian::job::Quiet;

use super::reading::{agrees, checked};

/// Reads `bytes` as a CSV file. A file of odd length is read with every column kept and conflicting rows rejected.
pub fn csv(bytes: &[u8]) {
    const NAME: &str = "台账2013.csv";
    let (keep, on_conflict) =
        if bytes.len().is_multiple_of(2) { (None, OnConflict::First) } else { (Some("*"), OnConflict::Reject) };
    let options = ReadOptions::default().with_keep(keep).with_on_conflict(on_conflict);
    if let Some(reading) = checked(ingest::read_bytes(NAME, bytes, &options, &Quiet)) {
        agrees(&Roster::read_bytes(NAME, bytes, &options, &Quiet).unwrap(), &reading, on_conflict);
    }
}
