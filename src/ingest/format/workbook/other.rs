//! Workbooks in xls, xlsb and ods, by calamine. A panic of calamine means that the file is damaged.

use std::error::Error as _;
use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{
    Cell as Placed, CellErrorType, Data, DataRef, ExcelDateTime, Ods, OdsError, Reader, SheetType, SheetVisible,
    Sheets, Xls, XlsError, Xlsb, XlsbError,
};

use super::fault::{damaged, encrypted};
use super::grid::{SheetGrid, StoredCell, error_text};
use super::pieces::{SheetPiece, SheetPieces};
use super::region::MergedRegion;
use super::watched::{CancellableInput, SheetInfo};
use crate::error::library::LibraryError;
use crate::error::{Error, Result};
use crate::ingest::cell::block::Block;
use crate::ingest::cell::dates::day_of;
use crate::job;
use crate::job::Job;

/// Number of cells between cancellation checks.
const STRIDE: usize = 4096;
/// Maximum number of rows, and approximately of cells, in a block.
const ROWS: usize = 8192;
const CELLS: usize = 1 << 19;
/// Number of columns of the widest spreadsheet.
const WIDEST: u32 = 16_384;

/// Formats read here.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    Xls,
    Xlsb,
    Ods,
}

/// A workbook.
pub(super) struct CalamineBook<'a, R> {
    path: &'a Path,
    job: &'a dyn Job,
    sheets: Sheets<BufReader<CancellableInput<'a, R>>>,
}

/// Runs `call` of calamine and turns a panic into an error.
fn guarded<T, E: Into<calamine::Error>>(
    path: &Path,
    job: &dyn Job,
    call: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(given) => given.map_err(|error| broken(path, job, error.into())),
        Err(_) => Err(damaged(path, None, "内容自相矛盾", "it contradicts itself")),
    }
}

impl<'a, R: Read + Seek> CalamineBook<'a, R> {
    pub(super) fn open(
        path: &'a Path,
        input: BufReader<CancellableInput<'a, R>>,
        format: Format,
        job: &'a dyn Job,
    ) -> Result<Self> {
        let sheets = match format {
            Format::Xls => Sheets::Xls(guarded(path, job, || Xls::new(input))?),
            Format::Xlsb => Sheets::Xlsb(guarded(path, job, || Xlsb::new(input))?),
            Format::Ods => Sheets::Ods(guarded(path, job, || Ods::new(input))?),
        };
        Ok(Self { path, job, sheets })
    }

    pub(super) fn sheets(&self) -> Vec<SheetInfo> {
        let sheet = |s: &calamine::Sheet| SheetInfo {
            name: s.name.clone(),
            hidden: s.visible != SheetVisible::Visible,
            is_table: s.typ == SheetType::WorkSheet,
        };
        self.sheets.sheets_metadata().iter().map(sheet).collect()
    }

    /// Returns the merged cells of a sheet; empty where calamine does not list them.
    fn merged(&self, sheet: &str) -> Vec<MergedRegion> {
        let Sheets::Xls(book) = &self.sheets else { return Vec::new() };
        let regions = book.merge_cells_by_sheet_name(sheet).unwrap_or_default();
        let region = |d: &calamine::Dimensions| MergedRegion {
            top: d.start.0,
            left: d.start.1,
            bottom: d.end.0,
            right: d.end.1,
        };
        regions.iter().map(region).collect()
    }

    /// Checks whether dates count from 1904. In ods they are written out.
    fn is_1904(&self) -> bool {
        match &self.sheets {
            Sheets::Xls(book) => book.has_1904_epoch(),
            Sheets::Xlsb(book) => book.has_1904_epoch(),
            _ => false,
        }
    }

    /// Lets `visit` read the rows of a sheet.
    pub(super) fn visit<T>(&mut self, sheet: &str, visit: impl FnOnce(&mut dyn SheetPieces) -> Result<T>) -> Result<T> {
        let (path, job, merged, is_1904) = (self.path, self.job, self.merged(sheet), self.is_1904());
        match &mut self.sheets {
            Sheets::Xlsb(book) => {
                let mut reader = guarded(path, job, || book.worksheet_cells_reader(sheet))?;
                let rows = reader.dimensions().end.0;
                let next = &mut || guarded(path, job, || reader.next_cell());
                visit(&mut GridPieces {
                    path,
                    job,
                    next,
                    held: None,
                    ended: false,
                    seen: 0,
                    last: 0,
                    rows,
                    merged,
                    is_1904,
                })
            }
            sheets => {
                let range = guarded(path, job, || sheets.worksheet_range(sheet))?;
                let ((top, left), (rows, _)) = (range.start().unwrap_or_default(), range.end().unwrap_or_default());
                let mut used = range.used_cells();
                let next = &mut || {
                    let place =
                        |(row, column, value)| Placed::new((top + row as u32, left + column as u32), borrowed(value));
                    Ok(used.next().map(place))
                };
                visit(&mut GridPieces {
                    path,
                    job,
                    next,
                    held: None,
                    ended: false,
                    seen: 0,
                    last: 0,
                    rows,
                    merged,
                    is_1904,
                })
            }
        }
    }
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => DataRef::SharedString(text),
        Data::Bool(flag) => DataRef::Bool(*flag),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// Rows of a sheet with cells, in blocks.
struct GridPieces<'c, 'n, 'p> {
    path: &'p Path,
    job: &'p dyn Job,
    next: &'n mut dyn FnMut() -> Result<Option<Placed<DataRef<'c>>>>,
    /// First cell of the next row.
    held: Option<Placed<DataRef<'c>>>,
    ended: bool,
    /// Number of cells requested.
    seen: usize,
    /// Position of the last row returned, and of the last row of the sheet.
    last: u32,
    rows: u32,
    merged: Vec<MergedRegion>,
    is_1904: bool,
}

impl<'c> GridPieces<'c, '_, '_> {
    /// Returns the next non-empty cell.
    fn cell(&mut self) -> Result<Option<Placed<DataRef<'c>>>> {
        if let Some(cell) = self.held.take() {
            return Ok(Some(cell));
        }
        while !self.ended {
            self.seen += 1;
            if self.seen.is_multiple_of(STRIDE) {
                job::check(self.job)?;
            }
            match (self.next)()? {
                Some(cell) if *cell.get_value() == DataRef::Empty => {}
                Some(cell) => return Ok(Some(cell)),
                None => self.ended = true,
            }
        }
        Ok(None)
    }
}

impl SheetPieces for GridPieces<'_, '_, '_> {
    fn next(&mut self) -> Result<Option<SheetPiece>> {
        let mut grid = SheetGrid::default();
        while let Some(cell) = self.cell()? {
            let (row, column) = cell.get_position();
            if column >= WIDEST {
                return Err(too_wide(self.path));
            }
            if grid.last() != Some(row) && (grid.rows() == ROWS || grid.cells() >= CELLS) {
                self.held = Some(cell);
                break;
            }
            self.last = row;
            let stored = stored(cell.get_value(), &mut grid);
            grid.push(row, column, stored);
        }
        Ok((grid.rows() > 0).then_some(SheetPiece::Grid(Some(grid))))
    }

    fn merged(&self) -> Option<&[MergedRegion]> {
        Some(&self.merged)
    }

    fn progress(&self) -> (u32, u32) {
        (self.last, self.rows)
    }

    fn is_1904(&self) -> bool {
        self.is_1904
    }
}

fn stored(value: &DataRef<'_>, grid: &mut SheetGrid) -> StoredCell {
    match value {
        DataRef::Empty => StoredCell::Empty,
        DataRef::Int(number) => StoredCell::Number(*number as f64),
        DataRef::Float(number) => StoredCell::Number(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => grid.text(text),
        DataRef::SharedString(text) => grid.text(text),
        DataRef::Bool(flag) => StoredCell::Flag(*flag),
        DataRef::DateTime(time) => day(time),
        DataRef::Error(CellErrorType::GettingData) => StoredCell::Error("#GETTING_DATA"),
        DataRef::Error(error) => StoredCell::Error(error_text(&error.to_string())),
    }
}

fn day(time: &ExcelDateTime) -> StoredCell {
    let (year, month, day, ..) = time.to_ymd_hms_milli();
    match day_of(year, u16::from(month), u16::from(day)) {
        Some(day) if time.is_datetime() => StoredCell::Day(day),
        _ => StoredCell::Number(time.as_f64()),
    }
}

fn too_wide(path: &Path) -> Error {
    Error::of_file(
        path,
        format!("表格超过 {WIDEST} 列，不是台账。请删去多余的列"),
        format!("a sheet has more than {WIDEST} columns, too many for a ledger. Delete the columns that are not used"),
    )
}

/// Returns the error for a workbook that calamine rejects.
fn broken(path: &Path, job: &dyn Job, error: calamine::Error) -> Error {
    use calamine::Error::{Ods, Xls, Xlsb};
    if job.cancelled() {
        return Error::Cancelled;
    }
    match &error {
        Xls(XlsError::Password) | Xlsb(XlsbError::Password) | Ods(OdsError::Password) => encrypted(path),
        _ => {
            let zh = format!("{}；库的原话：{error}", error.kind_zh());
            damaged(path, None, &zh, &error.to_string()).caused_by(error)
        }
    }
}

impl LibraryError for calamine::Error {
    fn kind_zh(&self) -> String {
        use calamine::Error::{Ods, Xls, Xlsb};
        // Inputs fail below several layers of this library, each with its own type.
        let causes = std::iter::successors(self.source(), |&error| error.source());
        if let Some(error) = causes.filter_map(|error| error.downcast_ref::<std::io::Error>()).last() {
            return error.kind_zh();
        }
        match self {
            Xls(XlsError::Len { .. } | XlsError::ContinueRecordTooShort | XlsError::EoStream(_))
            | Xlsb(XlsbError::WideStr { .. })
            | Ods(OdsError::Eof(_)) => "内容不完整",
            Xlsb(XlsbError::FileNotFound(_)) | Ods(OdsError::FileNotFound(_)) => "缺少一个部分",
            Xls(XlsError::WorksheetNotFound(_))
            | Xlsb(XlsbError::WorksheetNotFound(_))
            | Ods(OdsError::WorksheetNotFound(_)) => "缺少一张表",
            Xlsb(XlsbError::Zip(_)) | Ods(OdsError::Zip(_)) => "不是完好的压缩包",
            Xlsb(XlsbError::Xml(_) | XlsbError::XmlAttr(_)) | Ods(OdsError::Xml(_) | OdsError::XmlAttr(_)) => {
                "内容不符合 XML 写法"
            }
            Ods(OdsError::CellLimitExceeded { .. }) => "单元格过多",
            _ => "内容无法识别",
        }
        .to_owned()
    }
}
