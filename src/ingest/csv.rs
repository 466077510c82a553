//! Text files: fields between commas, in UTF-8 or GB18030.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord};
use encoding_rs::{Encoding, GB18030};

use super::Options;
use super::cells::Cell;
use super::files::{Outcome, Place, Start, empty, start, unreadable};
use super::header::TOP;
use super::rows::Row;
use super::table::At;
use crate::error::{Error, Result};
use crate::job::{self, Job};

/// After how many records the job is asked.
const STRIDE: u32 = 4096;
/// How many lines a record may span before an unclosed quote is the likelier reason.
const LINES: u64 = 100;

impl Row for StringRecord {
    fn cell(&self, column: usize) -> Cell<'_> {
        match self.get(column) {
            None | Some("") => Cell::Empty,
            Some(text) => Cell::Text(text),
        }
    }

    fn width(&self) -> usize {
        self.len()
    }
}

pub(super) fn read(path: &Path, options: &Options, job: &dyn Job) -> Result<Outcome> {
    let bytes = fs::read(path).map_err(|e| unreadable(path, &e))?;
    if bytes.is_empty() {
        return Err(empty(path));
    }
    let (text, encoding) = decode(path, &bytes)?;
    let place = Place { path, sheet: None, encoding: Some(encoding) };
    let top: Vec<Vec<String>> = records(&text)
        .records()
        .take(TOP)
        .map_while(std::result::Result::ok)
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect();
    let (mut table, header) = match start(&place, &top, options)? {
        Start::Ledger(table, header) => (table, header),
        Start::Not(skipped) => {
            return Ok(Outcome { sheets: Vec::new(), skipped: vec![skipped] });
        }
    };
    let below = header.first + header.height;
    let fields = top.get(below - 1).map(Vec::len);
    let (file, total) = (place.file(), text.len() as u64);
    let mut reader = records(&text);
    let mut record = StringRecord::new();
    let mut number = 0;
    while reader.read_record(&mut record).map_err(|e| broken(path, &e))? {
        number += 1;
        if number % STRIDE == 0 {
            job::check(job)?;
            job.progress(&file, reader.position().byte(), total);
        }
        if number as usize <= below {
            continue;
        }
        let line = record.position().map_or(0, |at| line_of(&text, at));
        if reader.position().line() > line + LINES {
            return Err(open_quote(path, line));
        }
        table.row(&record, At { row: number, line: u32::try_from(line).ok() }, fields)?;
    }
    job.progress(&file, total, total);
    Ok(Outcome { sheets: vec![table.finish()?], skipped: Vec::new() })
}

/// The line on which a record begins: its position is still before the rest of the line end that closed the last one,
/// and before empty lines.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let rest = text.as_bytes().get(at.byte() as usize..).unwrap_or_default();
    let ends = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    at.line() + ends.filter(|b| **b == b'\n').count() as u64
}

fn records(text: &str) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes())
}

/// The text, and the name of its encoding: what a byte order mark says, else UTF-8 if it is, else GB18030.
fn decode<'a>(path: &Path, bytes: &'a [u8]) -> Result<(Cow<'a, str>, &'static str)> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let (text, wrong) = encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default());
        let name = match encoding.name() {
            "UTF-8" => "utf-8-sig",
            "UTF-16LE" => "utf-16le",
            _ => "utf-16be",
        };
        return if wrong { Err(undecodable(path)) } else { Ok((text, name)) };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((Cow::Borrowed(text), "utf-8"));
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((text, "gb18030")),
        None => Err(undecodable(path)),
    }
}

fn undecodable(path: &Path) -> Error {
    Error::file(
        path,
        "不是 UTF-8，也不是 GB18030 编码的文本。请用电子表格打开后另存为“CSV UTF-8”",
        "this is text neither in UTF-8 nor in GB18030. Open it in a spreadsheet and save it as CSV UTF-8",
    )
}

fn broken(path: &Path, error: &csv::Error) -> Error {
    Error::file(path, format!("CSV 格式错误：{error}"), format!("the CSV is broken: {error}"))
}

fn open_quote(path: &Path, line: u64) -> Error {
    Error::file(
        path,
        format!("第 {line} 行起的引号没有闭合，其后的行无法分开。请补上引号"),
        format!(
            "a quotation mark opened in the record of line {line} is not closed, so the rows behind it cannot be told apart. Close it"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let path = Path::new("x.csv");
        let gb = GB18030.encode("单位名称,㛃玉").0.into_owned();
        let decoded = |bytes: &[u8]| decode(path, bytes).map(|(text, name)| (text.into_owned(), name)).unwrap();
        assert_eq!(decoded(&gb), ("单位名称,㛃玉".to_owned(), "gb18030"));
        assert_eq!(decoded("名称".as_bytes()), ("名称".to_owned(), "utf-8"));
        assert_eq!(decoded("\u{feff}名称".as_bytes()), ("名称".to_owned(), "utf-8-sig"));
        assert!(decode(path, &[0xff, 0xff, 0x80]).is_err());
    }
}
