//! Start of a table: finds its header and year, or reports why the sheet is not a ledger.

use std::path::Path;
use std::sync::Mutex;

pub(crate) use super::location::{TableLocation, file_name};

use super::ledger_year::year_of;
use super::piece::Piece;
use super::{ReadSheet, ReadSummary, TableReader, plane, zones};
use crate::error::{Error, Result, os};
use crate::ingest::ReadOptions;
use crate::ingest::cell::block::{Block, CellRow};
use crate::ingest::cell::content::Cell;
use crate::ingest::header::{Header, propose};
use crate::ingest::{PartKey, PieceSink, Rows, Skipped, Source, UnreadTable, YearFrom};
use crate::job;
use crate::job::Job;
use crate::lang::Text;
use crate::schema::Type;
use crate::standards::uscc;

/// Context for reading one file.
#[derive(Clone, Copy)]
pub(crate) struct ReadContext<'a> {
    pub options: &'a ReadOptions,
    pub job: &'a dyn Job,
    pub sink: &'a dyn PieceSink,
    /// Position of the file among all files, and of the table within the file.
    pub file: u32,
    pub table: u32,
}

impl ReadContext<'_> {
    /// Returns the key of part `part` of the table.
    pub(crate) fn key(&self, part: u32) -> PartKey {
        PartKey { file: self.file, table: self.table, part }
    }

    /// Passes on the rows of part `part` of `source`, with zones named if the caller gave a file of zones.
    pub(crate) fn pass_on(
        &self,
        source: &Source,
        part: u32,
        mut piece: Piece,
        summary: &mut ReadSummary,
    ) -> Result<()> {
        if let Some(zones) = &self.options.zones {
            zones::apply(&mut piece, source, zones, &mut summary.problems)?;
        }
        self.sink.accept(self.key(part), piece)
    }

    /// Reads part `part` of `table` and passes its rows on.
    pub(crate) fn read<B: Block>(
        &self,
        table: &TableReader,
        part: u32,
        block: &B,
        fields: Option<usize>,
        summaries: &Mutex<Vec<(u32, ReadSummary)>>,
    ) -> Result<()> {
        job::check(self.job)?;
        let (piece, mut summary) = table.read(block, fields)?;
        if let Some(piece) = piece {
            self.pass_on(table.source(), part, piece, &mut summary)?;
        }
        if let Ok(mut summaries) = summaries.lock() {
            summaries.push((part, summary));
        }
        Ok(())
    }
}

/// Result of one file, except its rows: its ledgers by position.
#[derive(Default)]
pub(crate) struct FileOutcome {
    pub sheets: Vec<(u32, ReadSheet)>,
    pub skipped: Vec<Skipped>,
    pub unread: Vec<UnreadTable>,
}

/// Result of looking for the start of a table.
pub(crate) enum TableStart {
    Ledger(Box<TableReader>, Header),
    /// There may be several tables, or one further down.
    Several,
    Not(Skipped),
}

pub(crate) fn missing(path: &Path) -> Error {
    Error::of_file(path, "找不到该文件，请检查路径", "there is no such file; check the path")
}

/// Returns the error for a file that cannot be opened or read.
pub(crate) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return missing(path).caused_by(error);
    }
    let why = os::why(&error);
    Error::of_file(path, format!("无法读取：{}", why.zh), format!("cannot be read: {}", why.en)).caused_by(error)
}

/// Returns the error for an empty file.
pub(crate) fn empty(path: &Path) -> Error {
    Error::of_file(path, "文件是空的（0 字节）", "the file is empty (0 bytes)")
}

pub(crate) fn no_ledger(path: &Path, skipped: &[Skipped]) -> Error {
    let list = |get: fn(&Text) -> &str, open: &str, close: &str| {
        let one = |s: &Skipped| format!("{}{open}{}{close}", s.sheet.as_deref().unwrap_or(&s.file), get(&s.why));
        skipped.iter().map(one).collect::<Vec<_>>()
    };
    let (zh, en) = (list(|t| &t.zh, "（", "）").join("；"), list(|t| &t.en, " (", ")").join("; "));
    Error::of_file(
        path,
        format!(
            "没有找到台账：需要有单位代码列（如“统一社会信用代码”）和至少一个其他已知列。已看过：{zh}。表头写法不同时，可用 columns 指定；只有名称没有代码的台账，请用 codes_from（--codes-from）给出有名称和代码的对照表或其他年度的台账，按名称取得代码"
        ),
        format!(
            "no ledger found: it needs a column of organisation codes (such as 统一社会信用代码) and one more known column. Looked at: {en}. Use columns to map other headers; for ledgers with names only, give a register or the ledger of another year with names and codes by codes_from (--codes-from)"
        ),
    )
}

/// Finds the header of a table among its first rows, some of which may be `joined` to the next, and the table's year.
/// `first_row` is the position of the row at `top`, from 1.
pub(crate) fn find_start(
    location: &TableLocation<'_>,
    top: &[Vec<String>],
    joined: &[bool],
    options: &ReadOptions,
    first_row: impl Fn(usize) -> u32,
) -> Result<TableStart> {
    if top.iter().any(|row| plane::is_of_form(&Texts(row))) {
        return Ok(TableStart::Several);
    }
    let Some(mut header) = Header::find(top, joined, options) else {
        return Ok(TableStart::Not(Skipped {
            file: location.file(),
            sheet: location.sheet.map(str::to_owned),
            why: propose::no_code_column(top, options),
        }));
    };
    let titles = top.get(..header.first).unwrap_or_default();
    let lines = top.get(header.first..header.first + header.height).unwrap_or_default();
    if plane::has_bands(lines) || titles.iter().any(|row| is_of_table(row)) {
        return Ok(TableStart::Several);
    }
    let below = top.get(header.first + header.height..).unwrap_or_default();
    if header.column(Type::Year).is_none() && below.iter().any(|row| plane::heading_year(&Texts(row)).is_some()) {
        return Ok(TableStart::Several);
    }
    propose::fill(&mut header);
    let year = year_of(location, &header, titles, options)?;
    let blank = titles.iter().filter(|row| row.iter().all(|text| text.trim().is_empty())).count();
    let counted = Rows { title: titles.len() - blank, blank, ..Rows::default() };
    let source = Source { first_row: first_row(header.first), ..ledger_at(location, year.from, counted) };
    // A header repeated on every printed page may begin with the title.
    let texts = top.get(..header.first + header.height).unwrap_or_default();
    Ok(TableStart::Ledger(Box::new(TableReader::new(source, &header, texts, year, options)), header))
}

/// Returns the source of a table at `location`, before its rows are read.
pub(crate) fn ledger_at(location: &TableLocation<'_>, year_from: YearFrom, rows: Rows) -> Source {
    Source {
        file: location.file(),
        path: location.path.to_owned(),
        sheet: location.sheet.map(str::to_owned),
        table: 1,
        first_row: 0,
        last_row: 0,
        years: Vec::new(),
        year_from,
        encoding: location.encoding,
        header_rows: 0,
        columns: Vec::new(),
        rows,
        rejected: 0,
    }
}

/// Checks whether a row above a header belongs to another table: it looks like a header, or has a code.
fn is_of_table(row: &[String]) -> bool {
    plane::is_header_like(&Texts(row)) || row.iter().any(|text| uscc::is_valid(text))
}

/// A row of texts.
struct Texts<'a>(&'a [String]);

impl CellRow for Texts<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.0.get(column).map_or(Cell::Empty, |text| Cell::Text(text))
    }

    fn width(&self) -> usize {
        self.0.len()
    }
}
