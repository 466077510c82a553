//! Workbooks: reads the visible sheets that are ledgers, xlsx and web pages by this crate's own readers, and xls, xlsb
//! and ods by calamine.

mod container;
pub(crate) mod fault;
mod grid;
mod held;
mod held_formats;
mod ledger;
mod merged;
mod other;
mod page;
pub(crate) mod pieces;
pub(crate) mod region;
pub(crate) mod watched;
mod xls;
mod xlsx;

use std::io::{BufReader, Read, Seek};
use std::path::Path;

use self::fault::{damaged, encrypted, fault, is_encrypted, no_workbook, too_large};
use self::grid::SheetGrid;
use self::held::{HeldBook, HeldPieces, HeldSheet};
use self::other::{CalamineBook, Format};
use self::pieces::{SheetPiece, SheetPieces};
use self::watched::{CancellableInput, SheetInfo};
use self::xlsx::Xlsx;
use crate::error::Result;
use crate::ingest::Skipped;
use crate::ingest::format::kind::{FIRST_BYTES, FileKind, kind_of};
use crate::ingest::table::start::{FileOutcome, ReadContext, TableLocation, empty, unreadable};
use crate::job;
use crate::job::Job;
use crate::lang::Text;

pub(crate) use self::region::MergedRegion;

/// A workbook.
enum OpenBook<'a, R> {
    Own(Xlsx<BufReader<CancellableInput<'a, R>>>),
    Other(Box<CalamineBook<'a, R>>),
    Held(HeldBook),
}

impl<R: Read + Seek> OpenBook<'_, R> {
    fn sheets(&self) -> Vec<SheetInfo> {
        match self {
            Self::Own(book) => {
                let sheet =
                    |s: &xlsx::SheetPart| SheetInfo { name: s.name.clone(), hidden: s.hidden, is_table: s.is_table };
                book.sheets.iter().map(sheet).collect()
            }
            Self::Other(book) => book.sheets(),
            Self::Held(book) => {
                let sheet = |s: &HeldSheet| SheetInfo { name: s.name.clone(), hidden: s.hidden, is_table: true };
                book.sheets.iter().map(sheet).collect()
            }
        }
    }

    /// Returns notes on what is not read, each with the sheet it is about, and the encoding of the text.
    fn notes(&mut self) -> (Vec<(Option<String>, Text)>, Option<&'static str>) {
        match self {
            Self::Held(book) => (std::mem::take(&mut book.notes), book.encoding),
            Self::Own(_) | Self::Other(_) => (Vec::new(), None),
        }
    }
}

/// Rows of a sheet of an xlsx.
struct XlsxPieces<'a, R> {
    location: &'a TableLocation<'a>,
    job: &'a dyn Job,
    pieces: xlsx::XmlPieces<R>,
    is_1904: bool,
}

impl<R: Read> SheetPieces for XlsxPieces<'_, R> {
    fn next(&mut self) -> Result<Option<SheetPiece>> {
        let rows = self.pieces.next().map_err(|error| fault(self.location, self.job, error))?;
        Ok(rows.map(SheetPiece::Rows))
    }

    fn merged(&self) -> Option<&[MergedRegion]> {
        self.pieces.merged.as_deref()
    }

    fn progress(&self) -> (u32, u32) {
        (self.pieces.row(), self.pieces.rows)
    }

    fn is_1904(&self) -> bool {
        self.is_1904
    }
}

/// Reads the workbook at `location` from `input`.
pub(crate) fn read<R: Read + Seek + Send>(
    location: &TableLocation<'_>,
    input: R,
    context: &ReadContext<'_>,
) -> Result<FileOutcome> {
    let path = location.path;
    let mut book = open(path, input, context.job)?;
    let mut outcome = FileOutcome::default();
    let (notes, encoding) = book.notes();
    let note = |(sheet, why)| Skipped { file: location.file(), sheet, why };
    outcome.skipped.extend(notes.into_iter().map(note));
    for (at, sheet) in book.sheets().into_iter().enumerate() {
        let location = TableLocation { sheet: Some(&sheet.name), encoding, ..*location };
        let skip = |zh: &str, en: &str| Skipped {
            file: location.file(),
            sheet: Some(sheet.name.clone()),
            why: Text::new(zh, en),
        };
        if sheet.hidden {
            outcome.skipped.push(skip("隐藏的表不读", "hidden sheets are not read"));
        } else if !sheet.is_table {
            outcome.skipped.push(skip("不是数据表", "this sheet has no cells"));
        } else {
            let mut again = None;
            book.visit(at, &location, context.job, |pieces| {
                let context = ReadContext { table: outcome.sheets.len() as u32, ..*context };
                again = ledger::read(&location, pieces, again.take(), &context, &mut outcome)?;
                Ok(again.is_some())
            })?;
        }
    }
    Ok(outcome)
}

impl<R: Read + Seek> OpenBook<'_, R> {
    /// Lets `visit` read the rows of the sheet at `index`, and again as long as it returns true.
    fn visit(
        &mut self,
        index: usize,
        location: &TableLocation<'_>,
        job: &dyn Job,
        mut visit: impl FnMut(&mut dyn SheetPieces) -> Result<bool>,
    ) -> Result<()> {
        match self {
            Self::Own(book) => {
                let is_1904 = book.is_1904();
                loop {
                    let pieces = book.pieces(index).map_err(|error| fault(location, job, error))?;
                    if !visit(&mut XlsxPieces { location, job, pieces, is_1904 })? {
                        return Ok(());
                    }
                }
            }
            Self::Other(book) => loop {
                if !book.visit(location.sheet.unwrap_or_default(), &mut visit)? {
                    return Ok(());
                }
            },
            Self::Held(book) => {
                let Some(sheet) = book.sheets.get(index) else { return Ok(()) };
                while visit(&mut HeldPieces::new(&sheet.cells))? {}
                Ok(())
            }
        }
    }
}

/// All cells of a sheet.
pub(crate) struct WholeSheet {
    pub name: String,
    pub hidden: bool,
    pub blocks: Vec<SheetGrid>,
    /// Merged cells: first row and column, last row and column, from 0.
    pub merged: Vec<[u32; 4]>,
}

/// Reads all sheets with cells of the workbook at `path`, including hidden ones.
pub(crate) fn whole_sheets<R: Read + Seek>(path: &Path, input: R, job: &dyn Job) -> Result<Vec<WholeSheet>> {
    let mut book = open(path, input, job)?;
    let mut all = Vec::new();
    for (at, SheetInfo { name, hidden, is_table }) in book.sheets().into_iter().enumerate() {
        if !is_table {
            continue;
        }
        let (mut blocks, mut merged) = (Vec::new(), Vec::new());
        let location = TableLocation { path, name: "", sheet: Some(&name), encoding: None };
        book.visit(at, &location, job, |pieces| {
            while let Some(mut piece) = pieces.next()? {
                job::check(job)?;
                while let Some(grid) = piece.next(&location, job)? {
                    blocks.push(grid);
                }
            }
            let regions = pieces.merged().unwrap_or_default();
            merged = regions.iter().map(|r| [r.top, r.left, r.bottom, r.right]).collect();
            Ok(false)
        })?;
        all.push(WholeSheet { name, hidden, blocks, merged });
    }
    Ok(all)
}

/// Opens a workbook. Content takes precedence over the extension.
fn open<'a, R: Read + Seek>(path: &'a Path, mut input: R, job: &'a dyn Job) -> Result<OpenBook<'a, R>> {
    let mut start = Vec::new();
    input.rewind().map_err(|e| unreadable(path, e))?;
    input.by_ref().take(FIRST_BYTES as u64).read_to_end(&mut start).map_err(|e| unreadable(path, e))?;
    input.rewind().map_err(|e| unreadable(path, e))?;
    if start.is_empty() {
        return Err(empty(path));
    }
    let extension = path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    let format = match kind_of(&extension, &start) {
        FileKind::Package if extension == "ods" => Some(Format::Ods),
        FileKind::Package if extension == "xlsb" => Some(Format::Xlsb),
        FileKind::Package => None,
        FileKind::Compound => {
            check_compound(path, &held_formats::bytes(path, &mut input, job)?)?;
            input.rewind().map_err(|e| unreadable(path, e))?;
            Some(Format::Xls)
        }
        FileKind::Page => return held_formats::page(path, input, job).map(OpenBook::Held),
        FileKind::Text | FileKind::Unknown => return Err(no_workbook(path)),
    };
    if matches!(format, Some(Format::Ods | Format::Xlsb))
        && container::is_too_large(BufReader::new(CancellableInput { input: &mut input, job }))
    {
        return Err(too_large(path));
    }
    job::check(job)?;
    let reader = BufReader::new(CancellableInput { input, job });
    if let Some(format) = format {
        return Ok(OpenBook::Other(Box::new(CalamineBook::open(path, reader, format, job)?)));
    }
    let location = TableLocation { path, name: "", sheet: None, encoding: None };
    Xlsx::new(reader).map(OpenBook::Own).map_err(|error| fault(&location, job, error))
}

/// Checks a compound document before its reader has it: that of an xls, and of every encrypted workbook.
fn check_compound(path: &Path, bytes: &[u8]) -> Result<()> {
    if is_encrypted(bytes) {
        return Err(encrypted(path));
    }
    match xls::defect(bytes) {
        Some(wrong) => {
            let (zh, en) = wrong.words();
            Err(damaged(path, None, zh, en))
        }
        None => Ok(()),
    }
}
