//! Workbooks: the visible sheets that are ledgers, in xlsx, xls, xlsb and ods. While the cells of one block of rows
//! are taken from the file, the blocks before it are read.

mod container;
mod grid;

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Mutex;

use calamine::{
    Cell as Placed, Data, DataRef, Dimensions, Ods, Reader, SheetType, SheetVisible, Sheets, Xls, Xlsb, Xlsx,
};

use memchr::memmem;

use self::grid::{Grid, Merged};
use super::Skipped;
use super::above::joined;
use super::block::Block;
use super::files::{Outcome, Place, Start, Work, empty, start, unreadable};
use super::header::TOP;
use super::pump::pump;
use super::table::Tally;
use crate::error::{Error, Result};
use crate::job::{self, Job};
use crate::lang::Text;

/// After how many cells the job is asked.
const STRIDE: usize = 4096;
/// How many rows, and how many cells, a block has at most.
const ROWS: usize = 8192;
const CELLS: usize = 1 << 19;
/// More columns than a spreadsheet can have.
const WIDEST: u32 = 16_384;

/// A file that can no longer be read once the job is cancelled: so even one long call of the workbook reader ends.
pub(super) struct Watched<'a, R> {
    input: R,
    job: &'a dyn Job,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.job.cancelled() {
            return Err(std::io::Error::other("cancelled"));
        }
        self.input.read(buffer)
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.input.seek(to)
    }
}

pub(super) type Workbook<'a, R> = Sheets<BufReader<Watched<'a, R>>>;

/// Reads the workbook of `place` from `input`.
pub(super) fn read<R: Read + Seek + Send>(place: &Place<'_>, mut input: R, work: &Work<'_>) -> Result<Outcome> {
    let path = place.path;
    let inside = container::look(BufReader::new(Watched { input: &mut input, job: work.job }));
    job::check(work.job)?;
    if inside.too_large {
        return Err(Error::file(
            path,
            "工作簿展开后过大（文字部分超过 1 GiB），可能是恶意文件。请核对来源，或拆成几个文件",
            "the workbook is too large once unpacked (more than 1 GiB of text) and may be made to do harm. Check where it is from, or split it",
        ));
    }
    let mut workbook = open(path, input, work.job)?;
    let names: Vec<_> = workbook
        .sheets_metadata()
        .iter()
        .map(|s| (s.name.clone(), s.typ == SheetType::WorkSheet, s.visible == SheetVisible::Visible))
        .collect();
    let mut outcome = Outcome::default();
    for (at, (name, is_table, visible)) in names.into_iter().enumerate() {
        let place = Place { sheet: Some(&name), ..*place };
        let skip =
            |zh: &str, en: &str| Skipped { file: place.file(), sheet: Some(name.clone()), why: Text::new(zh, en) };
        if !visible {
            outcome.skipped.push(skip("隐藏的表不读", "hidden sheets are not read"));
        } else if !is_table {
            outcome.skipped.push(skip("不是数据表", "this sheet has no cells"));
        } else {
            let merged = match &workbook {
                // Without a list of them there are none.
                Sheets::Xls(book) => book.merge_cells_by_sheet_name(&name).unwrap_or_default(),
                _ => inside.merged.get(&name).cloned().unwrap_or_default(),
            };
            let work = Work { sheet: at as u32, ..*work };
            let ledger = Ledger { place: &place, merged: &merged, work: &work, outcome: &mut outcome };
            cells(path, &mut workbook, &name, work.job, ledger)?;
        }
    }
    Ok(outcome)
}

/// What is done with the cells of a sheet.
trait Visit {
    type Out;
    /// Goes through the cells that `next` gives row by row, the last row being at position `rows`.
    fn visit<'a>(self, next: impl FnMut() -> Result<Option<Placed<DataRef<'a>>>>, rows: u32) -> Result<Self::Out>;
}

/// Goes through the sheet called `name` cell by cell.
fn cells<R: Read + Seek, V: Visit>(
    path: &Path,
    workbook: &mut Workbook<'_, R>,
    name: &str,
    job: &dyn Job,
    visit: V,
) -> Result<V::Out> {
    let fail = |e: calamine::Error| broken(path, job, &e);
    match workbook {
        Sheets::Xlsx(book) => {
            let mut reader = book.worksheet_cells_reader(name).map_err(|e| fail(e.into()))?;
            let rows = reader.dimensions().end.0;
            visit.visit(|| reader.next_cell().map_err(|e| fail(e.into())), rows)
        }
        Sheets::Xlsb(book) => {
            let mut reader = book.worksheet_cells_reader(name).map_err(|e| fail(e.into()))?;
            let rows = reader.dimensions().end.0;
            visit.visit(|| reader.next_cell().map_err(|e| fail(e.into())), rows)
        }
        Sheets::Xls(_) | Sheets::Ods(_) => {
            let range = workbook.worksheet_range(name).map_err(fail)?;
            let ((top, left), (rows, _)) = (range.start().unwrap_or_default(), range.end().unwrap_or_default());
            let mut used = range.used_cells();
            let next = || {
                Ok(used
                    .next()
                    .map(|(row, column, value)| Placed::new((top + row as u32, left + column as u32), borrowed(value))))
            };
            visit.visit(next, rows)
        }
    }
}

/// All rows of the sheet called `name`, in blocks.
pub(super) fn whole<R: Read + Seek>(
    path: &Path,
    workbook: &mut Workbook<'_, R>,
    name: &str,
    job: &dyn Job,
) -> Result<Vec<Grid>> {
    struct Keep<'p>(&'p Path, &'p dyn Job);
    impl Visit for Keep<'_> {
        type Out = Vec<Grid>;
        fn visit<'a>(self, next: impl FnMut() -> Result<Option<Placed<DataRef<'a>>>>, _: u32) -> Result<Vec<Grid>> {
            let mut grids = Grids::new(self.0, self.1, next);
            let mut all = Vec::new();
            while let Some(grid) = grids.next(None)? {
                all.push(grid);
            }
            Ok(all)
        }
    }
    cells(path, workbook, name, job, Keep(path, job))
}

/// Reads the sheet as a ledger.
struct Ledger<'p> {
    place: &'p Place<'p>,
    merged: &'p [Dimensions],
    work: &'p Work<'p>,
    outcome: &'p mut Outcome,
}

impl Visit for Ledger<'_> {
    type Out = ();
    fn visit<'a>(self, next: impl FnMut() -> Result<Option<Placed<DataRef<'a>>>>, rows: u32) -> Result<()> {
        sheet(self.place, next, rows, self.merged, self.work, self.outcome)
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

/// Reads a sheet whose cells are given by `next`, row by row, its last row at position `rows`.
fn sheet<'a>(
    place: &Place<'_>,
    next: impl FnMut() -> Result<Option<Placed<DataRef<'a>>>>,
    rows: u32,
    merged: &[Dimensions],
    work: &Work<'_>,
    outcome: &mut Outcome,
) -> Result<()> {
    let mut grids = Grids::new(place.path, work.job, next);
    let Some(mut head) = grids.next(None)? else {
        outcome.skipped.push(Skipped {
            file: place.file(),
            sheet: place.sheet.map(str::to_owned),
            why: Text::new("空表", "this sheet is empty"),
        });
        return Ok(());
    };
    let top: Vec<Vec<String>> = (0..head.rows().min(TOP)).map(|row| head.texts(row)).collect();
    let numbers: Vec<u32> = (0..top.len()).map(|row| head.at(row).row).map(|row| row.saturating_sub(1)).collect();
    let joined = joined(&top, &numbers, merged);
    let (table, header) = match start(place, &top, &joined, work.options)? {
        Start::Ledger(table, header) => (table, header),
        Start::Not(skipped) => {
            outcome.skipped.push(skipped);
            return Ok(());
        }
    };
    let below = header.first + header.height;
    let texts = top.get(header.first..below).unwrap_or_default();
    let mut merged = Merged::new(merged, below.checked_sub(1).map_or(0, |last| head.at(last).row), texts);
    let what = format!("{} {}", place.file(), place.sheet.unwrap_or_default());
    let mut last = head.last();
    head = head.filled(&mut merged);
    head.skip(below);
    let mut first = Some(head);
    let mut part = 0;
    let tallies = Mutex::new(Vec::new());
    pump(
        || {
            job::check(work.job)?;
            let grid = match first.take() {
                Some(grid) => grid,
                None => match grids.next(last)? {
                    Some(grid) => {
                        last = grid.last();
                        grid.filled(&mut merged)
                    }
                    None => return Ok(None),
                },
            };
            part += 1;
            let done = last.unwrap_or_default();
            work.job.progress(&what, u64::from(done), u64::from(rows.max(done)));
            Ok(Some((part - 1, grid)))
        },
        |(part, grid)| work.read(&table, part, &grid, None, &tallies),
    )?;
    let mut tallies = tallies.into_inner().map_err(|_| Error::broken())?;
    let mut gaps = Tally::default();
    gaps.rows.blank = grids.blank;
    tallies.push((part, gaps));
    outcome.sheets.push((work.sheet, table.finish(tallies, None)));
    Ok(())
}

/// The rows of a sheet that have cells, in blocks.
struct Grids<'a, 'p, N> {
    path: &'p Path,
    job: &'p dyn Job,
    next: N,
    /// The first cell of the next row.
    held: Option<Placed<DataRef<'a>>>,
    ended: bool,
    /// How many cells were given.
    seen: usize,
    /// How many rows were left out between others because they have no cells.
    blank: usize,
}

impl<'a, 'p, N: FnMut() -> Result<Option<Placed<DataRef<'a>>>>> Grids<'a, 'p, N> {
    fn new(path: &'p Path, job: &'p dyn Job, next: N) -> Self {
        Self { path, job, next, held: None, ended: false, seen: 0, blank: 0 }
    }

    /// The next cell that is not empty.
    fn cell(&mut self) -> Result<Option<Placed<DataRef<'a>>>> {
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

    /// The next block of rows, `last` being the position of the row before it.
    fn next(&mut self, mut last: Option<u32>) -> Result<Option<Grid>> {
        let mut grid = Grid::new();
        while let Some(cell) = self.cell()? {
            let (row, column) = cell.get_position();
            if column >= WIDEST {
                return Err(too_wide(self.path));
            }
            if grid.last() != Some(row) {
                if grid.rows() == ROWS || grid.cells() >= CELLS {
                    self.held = Some(cell);
                    break;
                }
                self.blank += last.map_or(0, |last| row.saturating_sub(last).saturating_sub(1) as usize);
                grid.begin(row);
                last = Some(row);
            }
            grid.put(column, cell.get_value());
        }
        Ok((grid.rows() > 0).then_some(grid))
    }
}

/// Opens a workbook by what it is, not by what its name says.
pub(super) fn open<'a, R: Read + Seek>(path: &Path, mut input: R, job: &'a dyn Job) -> Result<Workbook<'a, R>> {
    let mut start = Vec::new();
    input.rewind().map_err(|e| unreadable(path, &e))?;
    input.by_ref().take(512).read_to_end(&mut start).map_err(|e| unreadable(path, &e))?;
    input.rewind().map_err(|e| unreadable(path, &e))?;
    let extension = path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    if start.is_empty() {
        return Err(empty(path));
    }
    let fail = |e: calamine::Error| broken(path, job, &e);
    // The container of xls, and of every encrypted workbook.
    let is_xls = start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    if is_xls && is_encrypted(path, &mut input)? {
        return Err(encrypted(path));
    }
    let reader = BufReader::new(Watched { input, job });
    if is_xls {
        Ok(Sheets::Xls(Xls::new(reader).map_err(|e| fail(e.into()))?))
    } else if !start.starts_with(b"PK") {
        let head = String::from_utf8_lossy(&start).to_lowercase();
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
fn is_encrypted(path: &Path, input: &mut (impl Read + Seek)) -> Result<bool> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|e| unreadable(path, &e))?;
    input.rewind().map_err(|e| unreadable(path, &e))?;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    Ok(memmem::find(&bytes, &name).is_some())
}

fn encrypted(path: &Path) -> Error {
    Error::file(
        path,
        "工作簿有打开密码，无法读取。请用 Excel 打开，在“文件 → 信息 → 保护工作簿”中取消密码后重新保存",
        "the workbook is protected by a password. Open it in Excel, remove the password under File → Info → Protect Workbook, and save it",
    )
}

fn too_wide(path: &Path) -> Error {
    Error::file(
        path,
        format!("表格超过 {WIDEST} 列，不是台账。请删去多余的列"),
        format!("a sheet has more than {WIDEST} columns, which no ledger has. Delete the columns that are not used"),
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
