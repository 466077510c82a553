//! Workbooks: reads the visible sheets that are ledgers, xlsx by this crate's own reader, and xls, xlsb and ods by
//! calamine.

mod container;
pub(crate) mod fault;
mod grid;
mod ledger;
mod merged;
mod other;
pub(crate) mod pieces;
pub(crate) mod region;
pub(crate) mod watched;
mod xls;
mod xlsx;

use std::io::{BufReader, Read, Seek};
use std::path::Path;

use self::fault::{damaged, encrypted, fault, is_encrypted, too_large};
use self::grid::Grid;
use self::other::{Format, Workbook};
use self::pieces::{Piece, Pieces};
use self::watched::{Sheet, Watched};
use self::xlsx::Xlsx;
use crate::error::{Error, Result};
use crate::ingest::Skipped;
use crate::ingest::table::start::{Outcome, Place, Work, empty, unreadable};
use crate::job;
use crate::job::Job;
use crate::lang::Text;

pub(crate) use self::region::Region;

/// A workbook.
enum Book<'a, R> {
    Own(Xlsx<BufReader<Watched<'a, R>>>),
    Other(Box<Workbook<'a, R>>),
}

impl<R: Read + Seek> Book<'_, R> {
    fn sheets(&self) -> Vec<Sheet> {
        match self {
            Self::Own(book) => {
                let sheet = |s: &xlsx::Sheet| Sheet { name: s.name.clone(), hidden: s.hidden, is_table: s.is_table };
                book.sheets.iter().map(sheet).collect()
            }
            Self::Other(book) => book.sheets(),
        }
    }
}

/// Rows of a sheet of an xlsx.
struct Own<'a, R> {
    place: &'a Place<'a>,
    job: &'a dyn Job,
    pieces: xlsx::Pieces<R>,
    /// Merged cells from an earlier reading of the sheet.
    merged: Option<Vec<Region>>,
    is_1904: bool,
}

impl<R: Read> Pieces for Own<'_, R> {
    fn next(&mut self) -> Result<Option<Piece>> {
        let rows = self.pieces.next().map_err(|error| fault(self.place, self.job, error))?;
        Ok(rows.map(Piece::Rows))
    }

    fn merged(&self) -> Option<&[Region]> {
        self.merged.as_deref().or(self.pieces.merged.as_deref())
    }

    fn progress(&self) -> (u32, u32) {
        (self.pieces.row(), self.pieces.rows)
    }

    fn is_1904(&self) -> bool {
        self.is_1904
    }
}

/// Reads the workbook at `place` from `input`.
pub(crate) fn read<R: Read + Seek + Send>(place: &Place<'_>, input: R, work: &Work<'_>) -> Result<Outcome> {
    let path = place.path;
    let mut book = open(path, input, work.job)?;
    let mut outcome = Outcome::default();
    for (at, sheet) in book.sheets().into_iter().enumerate() {
        let place = Place { sheet: Some(&sheet.name), ..*place };
        let skip = |zh: &str, en: &str| Skipped {
            file: place.file(),
            sheet: Some(sheet.name.clone()),
            why: Text::new(zh, en),
        };
        if sheet.hidden {
            outcome.skipped.push(skip("隐藏的表不读", "hidden sheets are not read"));
        } else if !sheet.is_table {
            outcome.skipped.push(skip("不是数据表", "this sheet has no cells"));
        } else {
            let work = Work { sheet: at as u32, ..*work };
            book.visit(at, &place, work.job, |pieces| ledger::read(&place, pieces, &work, &mut outcome))?;
        }
    }
    Ok(outcome)
}

impl<R: Read + Seek> Book<'_, R> {
    /// Lets `visit` read the rows of sheet number `at`, and again if it returns merged cells.
    fn visit(
        &mut self,
        at: usize,
        place: &Place<'_>,
        job: &dyn Job,
        mut visit: impl FnMut(&mut dyn Pieces) -> Result<Option<Vec<Region>>>,
    ) -> Result<()> {
        match self {
            Self::Own(book) => {
                let is_1904 = book.is_1904();
                let mut merged = None;
                loop {
                    let pieces = book.pieces(at).map_err(|error| fault(place, job, error))?;
                    match visit(&mut Own { place, job, pieces, merged, is_1904 })? {
                        None => return Ok(()),
                        found => merged = found,
                    }
                }
            }
            Self::Other(book) => book.visit(place.sheet.unwrap_or_default(), |pieces| visit(pieces).map(drop)),
        }
    }
}

/// All cells of a sheet.
pub(crate) struct Whole {
    pub name: String,
    pub hidden: bool,
    pub blocks: Vec<Grid>,
    /// Merged cells: first row and column, last row and column, from 0.
    pub merged: Vec<[u32; 4]>,
}

/// Reads all sheets with cells of the workbook at `path`, including hidden ones.
pub(crate) fn whole<R: Read + Seek>(path: &Path, input: R, job: &dyn Job) -> Result<Vec<Whole>> {
    let mut book = open(path, input, job)?;
    let mut all = Vec::new();
    for (at, Sheet { name, hidden, is_table }) in book.sheets().into_iter().enumerate() {
        if !is_table {
            continue;
        }
        let (mut blocks, mut merged) = (Vec::new(), Vec::new());
        let place = Place { path, name: "", sheet: Some(&name), encoding: None };
        book.visit(at, &place, job, |pieces| {
            while let Some(mut piece) = pieces.next()? {
                job::check(job)?;
                while let Some(grid) = piece.next(&place, job)? {
                    blocks.push(grid);
                }
            }
            let regions = pieces.merged().unwrap_or_default();
            merged = regions.iter().map(|r| [r.top, r.left, r.bottom, r.right]).collect();
            Ok(None)
        })?;
        all.push(Whole { name, hidden, blocks, merged });
    }
    Ok(all)
}

/// Opens a workbook. Content takes precedence over the extension.
fn open<'a, R: Read + Seek>(path: &'a Path, mut input: R, job: &'a dyn Job) -> Result<Book<'a, R>> {
    let mut start = Vec::new();
    input.rewind().map_err(|e| unreadable(path, e))?;
    input.by_ref().take(512).read_to_end(&mut start).map_err(|e| unreadable(path, e))?;
    input.rewind().map_err(|e| unreadable(path, e))?;
    let extension = path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    if start.is_empty() {
        return Err(empty(path));
    }
    // Container of xls, and of every encrypted workbook.
    let is_xls = start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    if is_xls {
        let mut bytes = Vec::new();
        let mut watched = Watched { input: &mut input, job };
        watched
            .read_to_end(&mut bytes)
            .map_err(|e| if job.cancelled() { Error::Cancelled } else { unreadable(path, e) })?;
        input.rewind().map_err(|e| unreadable(path, e))?;
        if is_encrypted(&bytes) {
            return Err(encrypted(path));
        }
        if let Some(wrong) = xls::wrong(&bytes) {
            let (zh, en) = wrong.words();
            return Err(damaged(path, None, zh, en));
        }
    }
    if !is_xls && !start.starts_with(b"PK") {
        let head = String::from_utf8_lossy(&start).to_lowercase();
        return Err(if head.contains("<html") || head.contains("<table") || head.contains("<?xml") {
            Error::of_file(
                path,
                "这其实是网页或 XML 文件，不是工作簿。请用 Excel 打开后另存为 xlsx",
                "this is a web page or XML file, not a workbook. Open it in Excel and save it as xlsx",
            )
        } else {
            Error::of_file(
                path,
                "不是工作簿，或文件已损坏。请用 Excel 打开后重新另存",
                "this is not a workbook, or it is damaged. Open it in Excel and save it again",
            )
        });
    }
    let format = match extension.as_str() {
        _ if is_xls => Some(Format::Xls),
        "ods" => Some(Format::Ods),
        "xlsb" => Some(Format::Xlsb),
        _ => None,
    };
    if format.is_some() && !is_xls && container::is_too_large(BufReader::new(Watched { input: &mut input, job })) {
        return Err(too_large(path));
    }
    job::check(job)?;
    let reader = BufReader::new(Watched { input, job });
    if let Some(format) = format {
        return Ok(Book::Other(Box::new(Workbook::open(path, reader, format, job)?)));
    }
    let place = Place { path, name: "", sheet: None, encoding: None };
    Xlsx::new(reader).map(Book::Own).map_err(|error| fault(&place, job, error))
}
