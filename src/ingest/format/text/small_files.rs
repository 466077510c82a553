//! Reads small text files that are not ledgers: all records at once, in any encoding and with any delimiter.

use std::fs::File;
use std::path::Path;

use memchr::memchr_iter;

use super::records::Records;
use super::{BlockSplitter, DELIMITERS, TextBlock, unreadable};
use crate::error::Result;
use crate::ingest::ReadOptions;
use crate::ingest::cell::block::Block;

/// Returns the non-empty records of the text file at `path`, each with its line.
pub(crate) fn records(path: &Path) -> Result<Vec<(u32, Vec<String>)>> {
    let file = File::open(path).map_err(|e| unreadable(path, e))?;
    let mut blocks = BlockSplitter::new(path, file)?;
    // For ledgers the known column names decide the separator; here it is the first line.
    blocks.top(&ReadOptions::default())?;
    let header = blocks.rest.split(|byte| *byte == blocks.dialect.end).next().unwrap_or_default();
    let most = DELIMITERS.into_iter().rev().max_by_key(|delimiter| memchr_iter(*delimiter, header).count());
    blocks.dialect.delimiter = most.unwrap_or(b',');
    let mut all = Vec::new();
    while let Some(TextBlock { text, quoted, first, .. }) = blocks.next()? {
        let records = Records::new(text, quoted, blocks.dialect, first);
        let rows = (0..records.rows()).map(|row| (records.position(row).line.unwrap_or_default(), records.texts(row)));
        all.extend(rows.filter(|(_, texts)| texts.iter().any(|text| !text.trim().is_empty())));
    }
    Ok(all)
}
