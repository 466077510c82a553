//! Workbooks: the visible sheets that are ledgers, in xlsx, xls, xlsb and ods.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use calamine::{
    Cell as Placed, CellErrorType, Data, DataRef, ExcelDateTime, Ods, Reader, SheetType, SheetVisible, Sheets, Xls,
    Xlsb, Xlsx,
};

use super::cells::Cell;
use super::dates::day_of;
use super::files::{Outcome, Place, Start, empty, start, unreadable};
use super::header::TOP;
use super::rows::Row;
use super::table::At;
use super::{Options, Skipped};
use crate::error::{Error, Result};
use crate::job::{self, Job};
use crate::lang::Text;

/// After how many rows or cells the job is asked.
const STRIDE: usize = 4096;
/// More cells than this no ledger has; a file may claim one cell in the last row of the last column.
const MOST_CELLS: usize = 100_000_000;

/// A row of a sheet.
pub(super) type Line = (u32, Vec<Data>);

impl Row for Vec<Data> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match self.get(column) {
            None | Some(Data::Empty) => Cell::Empty,
            Some(Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text)) => Cell::Text(text),
            Some(Data::Int(number)) => Cell::Number(*number as f64),
            Some(Data::Float(number)) => Cell::Number(*number),
            Some(Data::Bool(flag)) => Cell::Flag(*flag),
            Some(Data::DateTime(time)) => day(time),
            Some(Data::Error(error)) => Cell::Error(error_text(error)),
        }
    }

    fn width(&self) -> usize {
        self.len()
    }
}

fn day(time: &ExcelDateTime) -> Cell<'static> {
    let (year, month, day, ..) = time.to_ymd_hms_milli();
    match day_of(year, u16::from(month), u16::from(day)) {
        Some(day) if time.is_datetime() => Cell::Day(day),
        _ => Cell::Number(time.as_f64()),
    }
}

fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}

/// A file that can no longer be read once the job is cancelled: so even one long call of the workbook reader ends.
pub(super) struct Watched<'a> {
    file: File,
    job: &'a dyn Job,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.job.cancelled() {
            return Err(std::io::Error::other("cancelled"));
        }
        self.file.read(buffer)
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

pub(super) type Workbook<'a> = Sheets<BufReader<Watched<'a>>>;

pub(super) fn read(path: &Path, options: &Options, job: &dyn Job) -> Result<Outcome> {
    let mut workbook = open(path, job)?;
    let names: Vec<_> = workbook
        .sheets_metadata()
        .iter()
        .map(|s| (s.name.clone(), s.typ == SheetType::WorkSheet, s.visible == SheetVisible::Visible))
        .collect();
    let mut outcome = Outcome::default();
    for (name, cells, visible) in names {
        let place = Place { path, sheet: Some(&name), encoding: None };
        let skip =
            |zh: &str, en: &str| Skipped { file: place.file(), sheet: Some(name.clone()), why: Text::new(zh, en) };
        if !visible {
            outcome.skipped.push(skip("隐藏的表不读", "hidden sheets are not read"));
        } else if !cells {
            outcome.skipped.push(skip("不是数据表", "this sheet has no cells"));
        } else {
            let lines = lines(path, &mut workbook, &name, job)?;
            sheet(&place, &lines, options, job, &mut outcome)?;
        }
    }
    Ok(outcome)
}

fn sheet(place: &Place<'_>, lines: &[Line], options: &Options, job: &dyn Job, outcome: &mut Outcome) -> Result<()> {
    let texts = |(_, cells): &Line| (0..cells.len()).map(|at| cells.cell(at).shown().into_owned()).collect();
    let top: Vec<Vec<String>> = lines.iter().take(TOP).map(texts).collect();
    let (mut table, header) = match start(place, &top, options)? {
        Start::Ledger(table, header) => (table, header),
        Start::Not(skipped) => {
            outcome.skipped.push(skipped);
            return Ok(());
        }
    };
    let below = header.first + header.height;
    let what = format!("{} {}", place.file(), place.sheet.unwrap_or_default());
    let mut last = None;
    for (at, (number, cells)) in lines.iter().enumerate() {
        if at % STRIDE == 0 {
            job::check(job)?;
            job.progress(&what, at as u64, lines.len() as u64);
        }
        let gap = last.map_or(0, |last: u32| number.saturating_sub(last).saturating_sub(1));
        table.skip_blank(gap as usize);
        last = Some(*number);
        if at >= below {
            table.row(cells, At { row: number.saturating_add(1), line: None }, None)?;
        }
    }
    job.progress(&what, lines.len() as u64, lines.len() as u64);
    outcome.sheets.push(table.finish()?);
    Ok(())
}

/// The rows of a sheet that have cells, with their positions from 0.
pub(super) fn lines(path: &Path, workbook: &mut Workbook<'_>, name: &str, job: &dyn Job) -> Result<Vec<Line>> {
    let mut lines = Lines { path, job, rows: Vec::new(), cells: 0, seen: 0 };
    match workbook {
        Sheets::Xlsx(book) => {
            let mut reader = book.worksheet_cells_reader(name).map_err(|e| broken(path, job, &e.into()))?;
            while let Some(cell) = reader.next_cell().map_err(|e| broken(path, job, &e.into()))? {
                lines.push(&cell)?;
            }
        }
        Sheets::Xlsb(book) => {
            let mut reader = book.worksheet_cells_reader(name).map_err(|e| broken(path, job, &e.into()))?;
            while let Some(cell) = reader.next_cell().map_err(|e| broken(path, job, &e.into()))? {
                lines.push(&cell)?;
            }
        }
        Sheets::Xls(_) | Sheets::Ods(_) => {
            let range = workbook.worksheet_range(name).map_err(|e| broken(path, job, &e))?;
            let (first, left) = range.start().unwrap_or_default();
            for (at, cells) in range.rows().enumerate() {
                let used = cells.iter().rposition(|c| *c != Data::Empty).map_or(0, |last| last + 1);
                let mut line = vec![Data::Empty; left as usize];
                line.extend_from_slice(cells.get(..used).unwrap_or_default());
                lines.rows.push((first + at as u32, line));
            }
        }
    }
    Ok(lines.rows)
}

/// Rows as they grow cell by cell.
struct Lines<'a> {
    path: &'a Path,
    job: &'a dyn Job,
    rows: Vec<Line>,
    /// How many cells the rows have, empty ones too.
    cells: usize,
    /// How many cells were given.
    seen: usize,
}

impl Lines<'_> {
    fn push(&mut self, cell: &Placed<DataRef<'_>>) -> Result<()> {
        self.seen += 1;
        if self.seen.is_multiple_of(STRIDE) {
            job::check(self.job)?;
        }
        let (row, column) = cell.get_position();
        let value = Data::from(cell.get_value().clone());
        if value == Data::Empty {
            return Ok(());
        }
        let at = match self.rows.last() {
            Some((last, _)) if *last == row => self.rows.len() - 1,
            Some((last, _)) if *last > row => match self.rows.binary_search_by_key(&row, |(at, _)| *at) {
                Ok(at) => at,
                Err(at) => {
                    self.rows.insert(at, (row, Vec::new()));
                    at
                }
            },
            _ => {
                self.rows.push((row, Vec::new()));
                self.rows.len() - 1
            }
        };
        let Some((_, line)) = self.rows.get_mut(at) else {
            return Ok(());
        };
        let column = column as usize;
        if line.len() <= column {
            self.cells += column + 1 - line.len();
            if self.cells > MOST_CELLS {
                return Err(Error::file(
                    self.path,
                    "表格过大（超过一亿个单元格）。请删去多余的行列，或拆成几个文件",
                    "a sheet has more than 100 million cells. Delete the rows and columns that are not used, or split the file",
                ));
            }
            line.resize(column + 1, Data::Empty);
        }
        if let Some(place) = line.get_mut(column) {
            *place = value;
        }
        Ok(())
    }
}

/// Opens a workbook by what it is, not by what its name says.
pub(super) fn open<'a>(path: &Path, job: &'a dyn Job) -> Result<Workbook<'a>> {
    let mut file = File::open(path).map_err(|e| unreadable(path, &e))?;
    let mut start = [0; 512];
    let length = file.read(&mut start).map_err(|e| unreadable(path, &e))?;
    file.rewind().map_err(|e| unreadable(path, &e))?;
    let start = start.get(..length).unwrap_or_default();
    let extension = path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    let reader = BufReader::new(Watched { file, job });
    let fail = |e: calamine::Error| broken(path, job, &e);
    if start.is_empty() {
        Err(empty(path))
    } else if start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        // The container of xls, and of every encrypted workbook.
        if is_encrypted(path)? {
            return Err(encrypted(path));
        }
        Ok(Sheets::Xls(Xls::new(reader).map_err(|e| fail(e.into()))?))
    } else if !start.starts_with(b"PK") {
        let head = String::from_utf8_lossy(start).to_lowercase();
        Err(if head.contains("<html") || head.contains("<table") || head.contains("<?xml") {
            Error::file(
                path,
                "这其实是网页或 XML 文件，不是工作簿。请用 Excel 打开后另存为 xlsx",
                "this is really a web page or XML, not a workbook. Open it in Excel and save it as xlsx",
            )
        } else {
            Error::file(
                path,
                "不是工作簿，或文件已损坏。请用 Excel 打开后重新另存",
                "this is no workbook, or it is damaged. Open it in Excel and save it again",
            )
        })
    } else if extension == "ods" {
        Ok(Sheets::Ods(Ods::new(reader).map_err(|e| fail(e.into()))?))
    } else if extension == "xlsb" {
        Ok(Sheets::Xlsb(Xlsb::new(reader).map_err(|e| fail(e.into()))?))
    } else {
        Ok(Sheets::Xlsx(Xlsx::new(reader).map_err(|e| fail(e.into()))?))
    }
}

/// Whether the container holds an encrypted package: its directory names it, in UTF-16.
fn is_encrypted(path: &Path) -> Result<bool> {
    let bytes = std::fs::read(path).map_err(|e| unreadable(path, &e))?;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    Ok(bytes.windows(name.len()).any(|window| window == name))
}

fn encrypted(path: &Path) -> Error {
    Error::file(
        path,
        "工作簿有打开密码，无法读取。请用 Excel 打开，在“文件 → 信息 → 保护工作簿”中取消密码后重新保存",
        "the workbook is protected by a password. Open it in Excel, remove the password under File → Info → Protect Workbook, and save it",
    )
}

/// The error for a workbook that its reader refuses.
fn broken(path: &Path, job: &dyn Job, error: &calamine::Error) -> Error {
    use calamine::{OdsError, XlsError, XlsbError, XlsxError};
    if job.cancelled() {
        return Error::Cancelled;
    }
    match error {
        calamine::Error::Xls(XlsError::Password)
        | calamine::Error::Xlsx(XlsxError::Password)
        | calamine::Error::Xlsb(XlsbError::Password)
        | calamine::Error::Ods(OdsError::Password) => encrypted(path),
        _ => Error::file(
            path,
            format!("工作簿已损坏或不完整，无法读取（{error}）。请用 Excel 打开后重新另存"),
            format!("the workbook is damaged or incomplete ({error}). Open it in Excel and save it again"),
        ),
    }
}
