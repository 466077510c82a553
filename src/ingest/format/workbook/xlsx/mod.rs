//! Workbooks in xlsx. The rows of a sheet are cut out of its XML while it is inflated, a piece at a time, and the
//! rest of the sheet is never in memory; pieces are read in parallel.

mod book;
mod cut;
mod markup;
mod merged_search;
#[cfg(test)]
mod oracle;
mod rows;
mod strings;
mod styles;
mod text;

use std::collections::HashMap;
use std::error::Error;
use std::io::{Read, Seek};
use std::sync::Arc;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use self::book::{folder, relations};
use self::cut::Cutter;
use self::rows::{BookData, CellPlace, ROWS, SheetState};
use super::region::MergedRegion;
use crate::error::library::LibraryError;
use crate::lang::Text;

pub(super) use self::book::SheetPart;

pub(super) use self::rows::XmlRows;

pub(super) use self::strings::Strings;

/// Maximum size of a part that is read whole, such as the list of sheets and that of cell styles.
const WHOLE: u64 = 1 << 26;
/// Part that lists the parts of a package, and usual location of the workbook.
const ROOT: &str = "_rels/.rels";
const WORKBOOK: &str = "xl/workbook.xml";

/// Reason why a workbook cannot be read.
#[derive(Debug)]
pub(super) enum XlsxFault {
    /// The workbook is damaged.
    Damaged(Box<Damage>),
    /// The workbook would exhaust the memory.
    TooLarge,
}

/// Damage of a workbook.
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) text: Text,
    /// Row of the sheet, from 1.
    pub(super) row: Option<u32>,
    /// Value of a cell that is wrong.
    pub(super) value: Option<String>,
    pub(super) cause: Option<Box<dyn Error + Send + Sync>>,
}

pub(super) type Parsed<T> = Result<T, XlsxFault>;

impl XlsxFault {
    /// Adds row `row`, from 0, to the message.
    fn in_row(self, row: u32) -> Self {
        let row = row.saturating_add(1);
        match self {
            Self::Damaged(mut damage) => {
                let Text { zh, en } = &damage.text;
                damage.text = Text::new(format!("第 {row} 行：{zh}"), format!("row {row}: {en}"));
                damage.row = Some(row);
                Self::Damaged(damage)
            }
            Self::TooLarge => self,
        }
    }

    /// Creates the fault for an error of a library. Its words go into brackets, so they are quoted without.
    fn of_library(error: impl LibraryError) -> Self {
        let text = Text::new(format!("{}；库的原话：{error}", error.kind_zh()), error.to_string());
        Self::Damaged(Box::new(Damage { text, row: None, value: None, cause: Some(error.into()) }))
    }
}

impl From<Text> for XlsxFault {
    fn from(text: Text) -> Self {
        Self::Damaged(Box::new(Damage { text, row: None, value: None, cause: None }))
    }
}

impl From<std::io::Error> for XlsxFault {
    fn from(error: std::io::Error) -> Self {
        Self::of_library(error)
    }
}

impl From<ZipError> for XlsxFault {
    fn from(error: ZipError) -> Self {
        Self::of_library(error)
    }
}

impl LibraryError for ZipError {
    fn kind_zh(&self) -> String {
        match self {
            Self::Io(error) => return error.kind_zh(),
            Self::FileNotFound => "缺少一个部分",
            Self::UnsupportedArchive(_) | Self::CompressionMethodNotSupported(_) => "不支持它的压缩方式",
            Self::InvalidPassword => "有密码",
            _ => "不是完好的压缩包",
        }
        .to_owned()
    }
}

/// A workbook.
pub(super) struct Xlsx<R> {
    parts: PackageParts<R>,
    pub sheets: Vec<SheetPart>,
    book: Arc<BookData>,
}

/// Parts of a package by name, case-insensitive.
struct PackageParts<R> {
    archive: ZipArchive<R>,
    names: HashMap<String, usize>,
}

impl<R: Read + Seek> PackageParts<R> {
    fn new(input: R) -> Parsed<Self> {
        let archive = ZipArchive::new(input)?;
        let names = archive.file_names().enumerate();
        let names = names.filter_map(|(at, name)| Some((name.ok()?.replace('\\', "/").to_ascii_lowercase(), at)));
        let names = names.collect();
        Ok(Self { archive, names })
    }

    fn open(&mut self, part: &str) -> Parsed<Option<ZipFile<'_, R>>> {
        match self.names.get(&part.to_ascii_lowercase()) {
            Some(at) => Ok(Some(self.archive.by_index(*at)?)),
            None => Ok(None),
        }
    }

    fn whole(&mut self, part: &str) -> Parsed<Option<Vec<u8>>> {
        let Some(file) = self.open(part)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(WHOLE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > WHOLE { Err(XlsxFault::TooLarge) } else { Ok(Some(bytes)) }
    }
}

impl<R: Read + Seek> Xlsx<R> {
    /// Opens a workbook and reads everything except the sheets.
    pub(super) fn new(input: R) -> Parsed<Self> {
        let mut parts = PackageParts::new(input)?;
        let root = parts.whole(ROOT)?.unwrap_or_default();
        let main = relations(&root, "")?.into_iter().find(|relation| relation.kind == "officeDocument");
        let main = main.map_or_else(|| WORKBOOK.to_owned(), |relation| relation.part);
        let Some(listed) = parts.whole(&main)? else { return Err(missing(&main)) };
        let (folder, name) = main.split_at_checked(folder(&main).len()).unwrap_or(("", &main));
        let related = parts.whole(&format!("{folder}_rels/{name}.rels"))?.unwrap_or_default();
        let related = relations(&related, folder)?;
        let book = book::workbook(&listed, &related)?;
        let part = |kind: &str| {
            let named = related.iter().find(|relation| relation.kind == kind);
            named.map_or_else(|| format!("{folder}{kind}.xml"), |relation| relation.part.clone())
        };
        let strings = parts.open(&part("sharedStrings"))?.map_or_else(|| Ok(Strings::default()), Strings::read)?;
        let dates = styles::dates(&parts.whole(&part("styles"))?.unwrap_or_default())?;
        let is_1904 = book.is_1904;
        let read = Arc::new(BookData { strings: Arc::new(strings), dates, is_1904 });
        Ok(Self { parts, sheets: book.sheets, book: read })
    }

    /// Checks whether dates count from 1904.
    pub(super) fn is_1904(&self) -> bool {
        self.book.is_1904
    }

    /// Returns the rows of sheet number `sheet`.
    pub(super) fn pieces(&mut self, sheet: usize) -> Parsed<XmlPieces<ZipFile<'_, R>>> {
        let part = self.sheets.get(sheet).and_then(|sheet| sheet.part.as_deref()).unwrap_or_default();
        let input = self.parts.open(part)?.ok_or_else(|| missing(part))?;
        XmlPieces::new(input, Arc::clone(&self.book))
    }
}

fn missing(part: &str) -> XlsxFault {
    Text::new(format!("缺少“{part}”"), format!("'{part}' is missing")).into()
}

/// Rows of a sheet, cut into pieces while the sheet is inflated.
pub(super) struct XmlPieces<R> {
    cutter: Cutter<R>,
    shared: Arc<SheetState>,
    place: CellPlace,
    /// Number of rows that the sheet claims to have.
    pub rows: u32,
    /// Merged cells, once the end of the rows was seen.
    pub merged: Option<Vec<MergedRegion>>,
}

impl<R: Read> XmlPieces<R> {
    fn new(input: R, book: Arc<BookData>) -> Parsed<Self> {
        let mut rows = 0;
        let cutter = Cutter::new(input, "sheetData", "row", |tag| {
            if tag.name == b"dimension" {
                let last = tag.attribute("ref").and_then(|area| area.rsplit(|b| !b.is_ascii_digit()).next());
                rows = last.and_then(|row| std::str::from_utf8(row).ok()?.parse().ok()).unwrap_or(0).min(ROWS);
            }
        })?;
        let mut pieces =
            Self { cutter, shared: Arc::new(SheetState::new(book)), place: CellPlace::default(), rows, merged: None };
        pieces.look_behind();
        Ok(pieces)
    }

    /// Returns the next rows, unparsed. The merged cells are known with the last rows.
    pub(super) fn next(&mut self) -> Parsed<Option<XmlRows>> {
        let Some(xml) = self.cutter.next()? else { return Ok(None) };
        let place = self.place;
        self.place = place.behind(&xml)?;
        self.look_behind();
        Ok(Some(XmlRows::new(Arc::clone(&self.shared), xml, place)))
    }

    /// Returns the position of the row after those returned.
    pub(super) fn row(&self) -> u32 {
        self.place.row()
    }

    fn look_behind(&mut self) {
        if self.cutter.is_done() && self.merged.is_none() {
            self.merged = Some(merged_search::merged(self.cutter.behind()));
        }
    }
}
