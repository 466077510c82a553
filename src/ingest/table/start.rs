//! Start of a table: finds its header and year, or reports why the sheet is not a ledger.

use std::path::Path;
use std::sync::Mutex;

use super::piece::Piece;
use super::{ReadSheet, ReadSummary, TableReader, YearSource, zones};
use crate::error::{Error, Result, os};
use crate::ingest::ReadOptions;
use crate::ingest::cell::block::Block;
use crate::ingest::cell::year;
use crate::ingest::header::{Header, propose};
use crate::ingest::{PartKey, PieceSink, Rows, Skipped, Source, YearFrom};
use crate::job;
use crate::job::Job;
use crate::lang::Text;
use crate::schema::Type;

/// Context for reading one file.
#[derive(Clone, Copy)]
pub(crate) struct ReadContext<'a> {
    pub options: &'a ReadOptions,
    pub job: &'a dyn Job,
    pub sink: &'a dyn PieceSink,
    /// Position of the file among all files, and of the sheet within the file.
    pub file: u32,
    pub sheet: u32,
}

impl ReadContext<'_> {
    /// Returns the key of part `part` of the sheet.
    pub(crate) fn key(&self, part: u32) -> PartKey {
        PartKey { file: self.file, sheet: self.sheet, part }
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
}

/// Location of a table.
#[derive(Clone, Copy)]
pub(crate) struct TableLocation<'a> {
    pub path: &'a Path,
    /// Name that identifies the file.
    pub name: &'a str,
    pub sheet: Option<&'a str>,
    pub encoding: Option<&'static str>,
}

impl TableLocation<'_> {
    pub(crate) fn file(&self) -> String {
        self.name.to_owned()
    }

    /// Adds the file and the sheet to an error.
    pub(crate) fn add_to(&self, error: Error) -> Error {
        let error = error.in_file(self.path);
        match self.sheet {
            Some(sheet) => error.in_sheet(sheet),
            None => error,
        }
    }
}

/// Result of looking for the start of a table.
pub(crate) enum TableStart {
    Ledger(Box<TableReader>, Header),
    Not(Skipped),
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
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
            "没有找到台账：需要有单位代码列（如“统一社会信用代码”）和至少一个其他已知列。已看过：{zh}。表头写法不同时，可用 columns 指定"
        ),
        format!(
            "no ledger found: it needs a column of organisation codes (such as 统一社会信用代码) and one more known column. Looked at: {en}. Use columns to map other headers"
        ),
    )
}

/// Finds the header of a table among its first rows, some of which may be `joined` to the next, and the table's year.
pub(crate) fn find_start(
    location: &TableLocation<'_>,
    top: &[Vec<String>],
    joined: &[bool],
    options: &ReadOptions,
) -> Result<TableStart> {
    let Some(mut header) = Header::find(top, joined, options) else {
        return Ok(TableStart::Not(Skipped {
            file: location.file(),
            sheet: location.sheet.map(str::to_owned),
            why: propose::no_code_column(top, options),
        }));
    };
    propose::fill(&mut header);
    let titles = top.get(..header.first).unwrap_or_default();
    let (year, year_from) = year_of(location, &header, titles, options)?;
    let blank = titles.iter().filter(|row| row.iter().all(|text| text.trim().is_empty())).count();
    let source = Source {
        file: location.file(),
        path: location.path.to_owned(),
        sheet: location.sheet.map(str::to_owned),
        years: Vec::new(),
        year_from,
        encoding: location.encoding,
        header_rows: 0,
        columns: Vec::new(),
        rows: Rows { title: titles.len() - blank, blank, ..Rows::default() },
        rejected: 0,
    };
    // A header repeated on every printed page may begin with the title.
    let texts = top.get(..header.first + header.height).unwrap_or_default();
    Ok(TableStart::Ledger(Box::new(TableReader::new(source, &header, texts, year, options)), header))
}

/// Returns the year of a table and its origin.
pub(crate) fn year_of(
    location: &TableLocation<'_>,
    header: &Header,
    titles: &[Vec<String>],
    options: &ReadOptions,
) -> Result<(YearSource, YearFrom)> {
    if let Some(year) = options.year {
        return Ok((YearSource::Fixed(year), YearFrom::Argument));
    }
    if let Some(column) = header.column(Type::Year) {
        return Ok((YearSource::Column(column), YearFrom::Column));
    }
    let sheet = location.sheet.and_then(year::in_name).map(|year| (year, YearFrom::SheetName));
    let file = || year::in_name(&file_name(location.path)).map(|year| (year, YearFrom::FileName));
    let title = || year::in_name(&titles.concat().join(" ")).map(|year| (year, YearFrom::Title));
    match sheet.or_else(file).or_else(title) {
        Some((year, from)) => Ok((YearSource::Fixed(year), from)),
        None => Err(location.add_to(Error::of_file(
            location.path,
            "看不出是哪一年的台账：没有年度列，文件名、表名和标题中也没有唯一的年份。请用 year 指定，或在文件名中写上年份",
            "the year is not known: there is no column of years, and the names of file and sheet and the title do not contain exactly one year. Give it as year, or put it in the file name",
        ))),
    }
}
