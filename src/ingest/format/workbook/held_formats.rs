//! Opens the formats that are read as a whole: bytes are taken from the file, and faults become errors.

use std::io::{Read, Seek};
use std::path::Path;

use super::fault::{too_large, undecodable, unfinished};
use super::held::HeldBook;
use super::page::{PageFault, charset, tables};
use super::watched::CancellableInput;
use crate::error::{Error, Result};
use crate::ingest::table::start::unreadable;
use crate::job;
use crate::job::Job;
use crate::lang::Text;

/// Maximum number of bytes of a file that is held in memory.
const LARGEST: u64 = 1 << 29;

/// Reads all bytes of `input`.
pub(super) fn bytes<R: Read + Seek>(path: &Path, input: &mut R, job: &dyn Job) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    CancellableInput { input, job }
        .read_to_end(&mut bytes)
        .map_err(|e| if job.cancelled() { Error::Cancelled } else { unreadable(path, e) })?;
    Ok(bytes)
}

/// Reads all bytes of `input` unless they are too many.
fn limited_bytes<R: Read + Seek>(path: &Path, input: R, job: &dyn Job) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    CancellableInput { input, job }
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| if job.cancelled() { Error::Cancelled } else { unreadable(path, e) })?;
    job::check(job)?;
    if bytes.len() as u64 > LARGEST { Err(too_large(path)) } else { Ok(bytes) }
}

/// Opens a web page.
pub(super) fn page<R: Read + Seek>(path: &Path, input: R, job: &dyn Job) -> Result<HeldBook> {
    let bytes = limited_bytes(path, input, job)?;
    let (text, encoding) = charset::decode(&bytes, None).ok_or_else(|| undecodable(path))?;
    drop(bytes);
    let page = tables(&text, 1).map_err(|fault| page_fault(path, fault))?;
    let mut book = HeldBook { sheets: page.sheets, encoding: Some(encoding), ..HeldBook::default() };
    if book.sheets.is_empty() {
        book.notes.push((None, Text::new("网页中没有表格，未读入", "a web page without a table, not read")));
    } else if page.open {
        book.notes.push((None, no_end()));
    }
    Ok(book)
}

fn page_fault(path: &Path, fault: PageFault) -> Error {
    match fault {
        PageFault::TooLarge => too_large(path),
        PageFault::Cut => unfinished(path),
    }
}

/// Returns what is said of a page whose last table has no end.
fn no_end() -> Text {
    Text::new(
        "网页中的表格没有结束标记（</table>），后面可能还有没下载完的行；已有的行照常读入，请核对最后几行",
        "the last table of this page has no end (</table>): rows may be missing; those that are there are read, compare the last ones",
    )
}
