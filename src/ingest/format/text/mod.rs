//! Text files: fields separated by commas, tabs, semicolons or bars, in UTF-8, GB18030 or UTF-16. They are read in
//! blocks of whole records, in parallel, and are never in memory as a whole.

mod cut;
mod decode;
mod divide;
mod records;
mod small_files;

use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Mutex;

use memchr::{memchr3_iter, memrchr, memrchr2};

use self::cut::Dialect;
use self::decode::{Checked, DecodedText};
use self::records::Records;
use super::pump::share;
use crate::error::{Error, Result};
use crate::ingest::ReadOptions;
use crate::ingest::cell::block::{Block, RowPosition};
use crate::ingest::header::{Header, TOP};
use crate::ingest::table::plane::read_tables;
use crate::ingest::table::start::{FileOutcome, ReadContext, TableLocation, TableStart, empty, find_start, unreadable};
use crate::job;

pub(crate) use self::small_files::records as all_records;

/// Number of bytes read at a time.
const BLOCK: usize = 256 << 10;
/// Maximum length of a record in bytes.
const MAX_RECORD_BYTES: usize = 64 << 20;
/// Maximum number of lines in a record, beyond which an unclosed quote is the likelier explanation.
const MAX_RECORD_LINES: u32 = 100;
/// Maximum number of columns, that of a spreadsheet.
const MAX_COLUMNS: usize = 16_384;
/// Field separators, in order of preference among equally good ones.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Reasons why the bytes of a text file cannot be read.
#[derive(Debug)]
enum TextError {
    Encoding,
    Reading(std::io::Error),
}

impl From<std::io::Error> for TextError {
    fn from(error: std::io::Error) -> Self {
        Self::Reading(error)
    }
}

/// Reads the text file at `location`, of about `total` bytes, from `input`.
pub(crate) fn read(
    location: &TableLocation<'_>,
    mut input: impl Read + Seek + Send,
    total: u64,
    context: &ReadContext<'_>,
) -> Result<FileOutcome> {
    if let Some(outcome) = read_one(location, &mut input, total, context)? {
        return Ok(outcome);
    }
    context.sink.discard(context.file)?;
    input.rewind().map_err(|error| unreadable(location.path, error))?;
    read_several(location, input, context)
}

/// Reads a text file with one table; `None` if there may be several.
fn read_one(
    location: &TableLocation<'_>,
    input: impl Read + Send,
    total: u64,
    context: &ReadContext<'_>,
) -> Result<Option<FileOutcome>> {
    let mut blocks = BlockSplitter::new(location.path, input)?;
    let top = blocks.top(context.options)?;
    let dialect = blocks.dialect;
    let encoding = Some(blocks.text.encoding());
    let found = TableLocation { encoding, ..*location };
    let (table, header) = match find_start(&found, &top, &[], context.options, |row| row as u32 + 1)? {
        TableStart::Ledger(table, header) => (table, header),
        TableStart::Several => return Ok(None),
        TableStart::Not(_) if top.len() == TOP => return Ok(None),
        TableStart::Not(skipped) => {
            return Ok(Some(FileOutcome { skipped: vec![skipped], ..FileOutcome::default() }));
        }
    };
    let below = header.first + header.height;
    let fields = top.get(below - 1).map(Vec::len);
    let file = location.file();
    let summaries = Mutex::new(Vec::new());
    share(
        || {
            job::check(context.job)?;
            let block = blocks.next()?;
            context.job.progress(&file, blocks.text.bytes().min(total), total);
            Ok(block)
        },
        |TextBlock { part, text, quoted, first }| {
            let mut records = Records::new(text, quoted, dialect, first);
            if let Some(line) = records.longer_than(MAX_RECORD_LINES) {
                return Err(open_quote(location.path, line));
            }
            if part == 0 {
                records.skip(below);
            }
            context.read(&table, part, &records, fields, &summaries)
        },
    )?;
    context.job.progress(&file, total, total);
    let summaries = summaries.into_inner().unwrap_or_default();
    if summaries.iter().any(|(_, summary)| summary.several) {
        return Ok(None);
    }
    let sheet = table.finish(summaries, Some(blocks.text.encoding()));
    Ok(Some(FileOutcome { sheets: vec![(0, sheet)], ..FileOutcome::default() }))
}

/// Reads a text file that may have several tables, with all its records in memory.
fn read_several(location: &TableLocation<'_>, input: impl Read, context: &ReadContext<'_>) -> Result<FileOutcome> {
    let mut blocks = BlockSplitter::new(location.path, input)?;
    blocks.top(context.options)?;
    let dialect = blocks.dialect;
    let mut all = Vec::new();
    while let Some(TextBlock { text, quoted, first, .. }) = blocks.next()? {
        job::check(context.job)?;
        let records = Records::new(text, quoted, dialect, first);
        if let Some(line) = records.longer_than(MAX_RECORD_LINES) {
            return Err(open_quote(location.path, line));
        }
        all.push(records);
    }
    let location = TableLocation { encoding: Some(blocks.text.encoding()), ..*location };
    let mut outcome = FileOutcome::default();
    read_tables(&location, all, &[], true, context, |_, _| {}, &mut outcome)?;
    Ok(outcome)
}

/// A block of whole records.
struct TextBlock {
    /// Number of the block.
    part: u32,
    text: String,
    /// True if the text may contain quotation marks.
    quoted: bool,
    /// Position of the first record.
    first: RowPosition,
}

/// Splitter of a text into blocks of whole records.
struct BlockSplitter<'a, R> {
    path: &'a Path,
    text: DecodedText<R>,
    dialect: Dialect,
    /// Text read but not yet returned.
    rest: Vec<u8>,
    part: u32,
    first: RowPosition,
}

impl<'a, R: Read> BlockSplitter<'a, R> {
    fn new(path: &'a Path, input: R) -> Result<Self> {
        let text = DecodedText::new(input).map_err(|wrong| undecodable(path, 1, wrong))?;
        let dialect = Dialect { delimiter: b',', end: b'\n' };
        let first = RowPosition { row: 1, line: Some(1) };
        Ok(Self { path, text, dialect, rest: Vec::new(), part: 0, first })
    }

    fn more(&mut self) -> Result<()> {
        let line = self.first.line.unwrap_or(1);
        self.text.more(&mut self.rest, BLOCK).map_err(|wrong| undecodable(self.path, line, wrong))
    }

    /// Takes the first `end` bytes of the rest as text; `None` if the encoding turned out to be another.
    fn take_text(&mut self, end: usize) -> Result<Option<String>> {
        let tail = self.rest.split_off(end);
        let block = std::mem::replace(&mut self.rest, tail);
        let line = self.first.line.unwrap_or(1);
        match self.text.checked(block, &mut self.rest).map_err(|wrong| undecodable(self.path, line, wrong))? {
            Checked::Text(text) => Ok(Some(text)),
            Checked::Again => Ok(None),
        }
    }

    /// Returns the texts of the first records, and detects the line terminator and field separator.
    fn top(&mut self, options: &ReadOptions) -> Result<Vec<Vec<String>>> {
        self.more()?;
        if self.rest.is_empty() && self.text.ended() {
            return Err(empty(self.path));
        }
        let head = loop {
            let end = if self.text.ended() { None } else { memrchr2(b'\n', b'\r', &self.rest) };
            if end.is_none() && !self.text.ended() {
                if self.rest.len() > MAX_RECORD_BYTES {
                    return Err(too_long(self.path, 1));
                }
                self.more()?;
                continue;
            }
            if let Some(text) = self.take_text(end.map_or(self.rest.len(), |end| end + 1))? {
                break text;
            }
        };
        self.dialect.end = line_end(head.as_bytes());
        let mut best: Option<(usize, u8, Vec<Vec<String>>)> = None;
        for delimiter in DELIMITERS {
            let top = first_records(&head, Dialect { delimiter, ..self.dialect });
            let top = top.ok_or_else(|| too_wide(self.path))?;
            let known = Header::find(&top, &[], options).map_or(0, |header| header.known());
            if best.as_ref().is_none_or(|(most, ..)| known > *most) {
                best = Some((known, delimiter, top));
            }
        }
        let tail = std::mem::replace(&mut self.rest, head.into_bytes());
        self.rest.extend(tail);
        let Some((_, delimiter, top)) = best else { return Ok(Vec::new()) };
        self.dialect.delimiter = delimiter;
        Ok(top)
    }

    /// Returns the next block.
    fn next(&mut self) -> Result<Option<TextBlock>> {
        loop {
            if !self.text.ended() && self.rest.len() < BLOCK {
                self.more()?;
            }
            let cut = self.dialect.cut(&self.rest);
            let line = self.first.line.unwrap_or(1);
            if cut.open_lines > MAX_RECORD_LINES {
                return Err(open_quote(self.path, line + cut.lines));
            }
            let end = if self.text.ended() { self.rest.len() } else { cut.bytes };
            if end == 0 {
                if self.text.ended() {
                    return Ok(None);
                }
                if self.rest.len() > MAX_RECORD_BYTES {
                    return Err(too_long(self.path, line));
                }
                self.more()?;
                continue;
            }
            let Some(text) = self.take_text(end)? else { continue };
            let (part, first) = (self.part, self.first);
            self.part += 1;
            self.first = RowPosition { row: first.row + cut.records, line: Some(line + cut.lines) };
            return Ok(Some(TextBlock { part, text, quoted: cut.quoted, first }));
        }
    }
}

/// Detects the line terminator of `head`: the line feed, or in old files the carriage return. Quoted fields may
/// contain both.
fn line_end(head: &[u8]) -> u8 {
    let (mut quoted, mut end) = (false, b'\n');
    for byte in memchr3_iter(b'"', b'\n', b'\r', head).filter_map(|at| head.get(at)) {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' if !quoted => end = b'\r',
            b'\n' if !quoted => return b'\n',
            _ => {}
        }
    }
    end
}

/// Returns the texts of the first records of `head`, unless one has too many fields.
fn first_records(head: &str, dialect: Dialect) -> Option<Vec<Vec<String>>> {
    /// Number of bytes searched first.
    const HEAD: usize = 1 << 16;
    let short = head.as_bytes().get(..HEAD).and_then(|start| memrchr(dialect.end, start));
    let sample = |end: Option<usize>| {
        let text = end.and_then(|end| head.get(..=end)).unwrap_or(head);
        Records::new(text.to_owned(), true, dialect, RowPosition { row: 1, line: Some(1) })
    };
    let mut records = sample(short);
    if records.rows() < TOP && short.is_some() {
        records = sample(None);
    }
    let texts = |row| (records.width(row) <= MAX_COLUMNS).then(|| records.texts(row));
    (0..records.rows().min(TOP)).map(texts).collect()
}

fn undecodable(path: &Path, line: u32, wrong: TextError) -> Error {
    match wrong {
        TextError::Reading(error) => unreadable(path, error),
        TextError::Encoding => Error::of_file(
            path,
            format!(
                "第 {line} 行以后的文字既不全是 UTF-8，也不全是 GB18030 或 UTF-16 编码。请用电子表格打开后另存为“CSV UTF-8”"
            ),
            format!(
                "from line {line} on, the text is neither UTF-8 nor GB18030 nor UTF-16. Open it in a spreadsheet and save it as CSV UTF-8"
            ),
        )
        .at_row(u64::from(line)),
    }
}

fn open_quote(path: &Path, line: u32) -> Error {
    Error::of_file(
        path,
        format!("第 {line} 行起的引号没有闭合，其后的行无法分开。请补上引号"),
        format!(
            "a quotation mark opened in the record of line {line} is not closed, so the rows after it cannot be told apart. Close it"
        ),
    )
    .at_row(u64::from(line))
}

fn too_long(path: &Path, line: u32) -> Error {
    let most = MAX_RECORD_BYTES >> 20;
    Error::of_file(
        path,
        format!("第 {line} 行超过 {most} MiB，不是台账的一行。请检查该文件"),
        format!("the record of line {line} is longer than {most} MiB, too long for a row of a ledger. Check the file"),
    )
    .at_row(u64::from(line))
}

fn too_wide(path: &Path) -> Error {
    Error::of_file(
        path,
        format!("有一行超过 {MAX_COLUMNS} 列，不是台账。请删去多余的列"),
        format!(
            "a row has more than {MAX_COLUMNS} columns, too many for a ledger. Delete the columns that are not used"
        ),
    )
}
