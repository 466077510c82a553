//! From paths to readings: which files there are, what kind each is, and one reading out of all.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::header::{Header, is_header};
use super::table::{Sheet, Table, Year};
use super::{Batch, Options, Reading, Rows, Skipped, Source, YearFrom, csv, parquet, sheets, year};
use crate::error::{Error, Result};
use crate::job::{self, Job};
use crate::lang::Text;
use crate::schema::Type;

/// Extensions of files that are read.
const WORKBOOKS: [&str; 5] = ["xlsx", "xlsm", "xls", "xlsb", "ods"];
const TEXTS: [&str; 2] = ["csv", "txt"];
const PARQUET: [&str; 2] = ["parquet", "pq"];

/// What one file gave.
#[derive(Default)]
pub(super) struct Outcome {
    pub sheets: Vec<Sheet>,
    pub skipped: Vec<Skipped>,
}

/// Where a table stands.
pub(super) struct Place<'a> {
    pub path: &'a Path,
    pub sheet: Option<&'a str>,
    pub encoding: Option<&'static str>,
}

impl Place<'_> {
    pub(super) fn file(&self) -> String {
        file_name(self.path)
    }
}

/// The start of a table.
pub(super) enum Start {
    Ledger(Box<Table>, Header),
    Not(Skipped),
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn extension(path: &Path) -> String {
    path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase())
}

/// A file to be read; one that nobody named may turn out to be no ledger.
struct Input {
    path: PathBuf,
    named: bool,
}

pub(super) fn read(paths: &[PathBuf], options: &Options, job: &dyn Job) -> Result<Reading> {
    if paths.is_empty() {
        return Err(Error::argument(
            "没有给出任何文件。请给出台账文件或文件夹",
            "no file is given. Name ledger files or a folder of them",
        ));
    }
    let mut inputs = Vec::new();
    let mut skipped = Vec::new();
    for path in paths {
        if path.is_dir() {
            folder(path, &mut inputs, &mut skipped)?;
        } else {
            inputs.push(Input { path: path.clone(), named: true });
        }
    }
    let outcomes: Vec<Result<Outcome>> = inputs
        .par_iter()
        .map(|input| {
            job::check(job)?;
            let outcome = file(&input.path, options, job)?;
            if outcome.sheets.is_empty() && input.named {
                return Err(no_ledger(&input.path, &outcome.skipped));
            }
            Ok(outcome)
        })
        .collect();
    let mut outcome = Outcome { sheets: Vec::new(), skipped };
    for one in outcomes {
        let one = one?;
        outcome.sheets.extend(one.sheets);
        outcome.skipped.extend(one.skipped);
    }
    if outcome.sheets.is_empty() {
        let path = paths.first().map_or(Path::new(""), PathBuf::as_path);
        return Err(no_ledger(path, &outcome.skipped));
    }
    together(outcome, options)
}

/// The files of a folder: visible, of a kind that is read, by name.
fn folder(path: &Path, inputs: &mut Vec<Input>, skipped: &mut Vec<Skipped>) -> Result<()> {
    let entries = fs::read_dir(path).map_err(|e| unreadable(path, &e))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_file()).collect();
    files.retain(|file| {
        let name = file_name(file);
        !name.starts_with("~$") && !name.starts_with('.')
    });
    files.sort();
    let of = |kinds: &[&str]| -> Vec<PathBuf> {
        files.iter().filter(|f| kinds.contains(&extension(f).as_str())).cloned().collect()
    };
    let (office, parquet) = (of(&[&WORKBOOKS[..], &TEXTS[..]].concat()), of(&PARQUET));
    let (take, leave) = if office.is_empty() { (parquet, office) } else { (office, parquet) };
    if take.is_empty() {
        return Err(Error::file(
            path,
            format!("文件夹中没有台账。可读的文件类型：{}", kinds()),
            format!("there is no ledger in this folder. Files that can be read: {}", kinds()),
        ));
    }
    inputs.extend(take.into_iter().map(|path| Input { path, named: false }));
    skipped.extend(leave.iter().map(|path| Skipped {
        file: file_name(path),
        sheet: None,
        why: Text::new(
            "文件夹中有台账时不读 Parquet 文件；如需读取请直接写出文件名",
            "Parquet files are not read beside ledgers in a folder; name the file to read it",
        ),
    }));
    Ok(())
}

fn kinds() -> String {
    [&WORKBOOKS[..], &TEXTS[..], &PARQUET[..]].concat().join(", ")
}

fn file(path: &Path, options: &Options, job: &dyn Job) -> Result<Outcome> {
    let extension = extension(path);
    let is = |kinds: &[&str]| kinds.contains(&extension.as_str());
    if is(&PARQUET) {
        return parquet::read(path, options, job);
    }
    if is(&WORKBOOKS) {
        return sheets::read(path, options, job);
    }
    if is(&TEXTS) {
        return csv::read(path, options, job);
    }
    if !path.exists() {
        return Err(missing(path));
    }
    Err(Error::file(
        path,
        format!("不支持的文件类型“{extension}”。可读：{}。请另存为 xlsx 或 CSV", kinds()),
        format!("files of type '{extension}' are not read. Read are: {}. Save it as xlsx or CSV", kinds()),
    ))
}

fn missing(path: &Path) -> Error {
    Error::file(path, "找不到该文件，请检查路径", "there is no such file; check the path")
}

/// The error for a file that the system does not give out.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => missing(path),
        std::io::ErrorKind::PermissionDenied => Error::file(
            path,
            "没有读取权限，或文件正被其他程序占用",
            "no permission to read it, or another program holds it",
        ),
        _ => Error::file(path, format!("无法读取：{error}"), format!("cannot be read: {error}")),
    }
}

/// The error for an empty file.
pub(super) fn empty(path: &Path) -> Error {
    Error::file(path, "文件是空的（0 字节）", "the file is empty (0 bytes)")
}

fn no_ledger(path: &Path, skipped: &[Skipped]) -> Error {
    let list = |get: fn(&Text) -> &str, open: &str, close: &str| {
        let one = |s: &Skipped| format!("{}{open}{}{close}", s.sheet.as_deref().unwrap_or(&s.file), get(&s.why));
        skipped.iter().map(one).collect::<Vec<_>>()
    };
    let (zh, en) = (list(|t| &t.zh, "（", "）").join("；"), list(|t| &t.en, " (", ")").join("; "));
    Error::file(
        path,
        format!(
            "没有找到台账：需要有单位代码列（如“统一社会信用代码”）和至少一个其他已知列。已看过：{zh}。表头写法不同时，可用 columns 指定"
        ),
        format!(
            "no ledger found: it needs a column of organisation codes (such as 统一社会信用代码) and one more known column. Looked at: {en}. Use columns to map other headers"
        ),
    )
}

/// Looks for the header of a table among its first rows, and for its year.
pub(super) fn start(place: &Place<'_>, top: &[Vec<String>], options: &Options) -> Result<Start> {
    let Some(header) = Header::find(top, options) else {
        return Ok(Start::Not(Skipped {
            file: place.file(),
            sheet: place.sheet.map(str::to_owned),
            why: Text::new("没有单位代码列", "no column of organisation codes"),
        }));
    };
    let titles = top.get(..header.first).unwrap_or_default();
    let (year, year_from) = year_of(place, &header, titles, options)?;
    let blank = titles.iter().filter(|row| row.iter().all(|text| text.trim().is_empty())).count();
    let source = Source {
        file: place.file(),
        sheet: place.sheet.map(str::to_owned),
        years: Vec::new(),
        year_from,
        encoding: place.encoding,
        header_rows: 0,
        columns: Vec::new(),
        rows: Rows { title: titles.len() - blank, blank, ..Rows::default() },
        rejected: 0,
    };
    let texts = top.get(header.first..header.first + header.height).unwrap_or_default();
    Ok(Start::Ledger(Box::new(Table::new(source, &header, texts, year)), header))
}

/// The year of a table, and where it comes from.
pub(super) fn year_of(
    place: &Place<'_>,
    header: &Header,
    titles: &[Vec<String>],
    options: &Options,
) -> Result<(Year, YearFrom)> {
    if let Some(year) = options.year {
        return Ok((Year::Fixed(year), YearFrom::Argument));
    }
    if let Some(column) = header.column(Type::Year) {
        return Ok((Year::Column(column), YearFrom::Column));
    }
    let sheet = place.sheet.and_then(year::in_name).map(|year| (year, YearFrom::SheetName));
    let file = || year::in_name(&place.file()).map(|year| (year, YearFrom::FileName));
    let title = || year::in_name(&titles.concat().join(" ")).map(|year| (year, YearFrom::Title));
    match sheet.or_else(file).or_else(title) {
        Some((year, from)) => Ok((Year::Fixed(year), from)),
        None => Err(Error::file(
            place.path,
            "看不出是哪一年的台账：没有年度列，文件名、表名和标题中也没有唯一的年份。请用 year 指定，或在文件名中写上年份",
            "the year is not known: there is no column of years, and neither the names of file and sheet nor the title have one year. Give it as year, or write it into the file's name",
        )),
    }
}

/// One reading out of what the files gave.
pub(super) fn together(outcome: Outcome, options: &Options) -> Result<Reading> {
    let mut reading = Reading { skipped: outcome.skipped, ..Reading::default() };
    let mut typed = Vec::new();
    for sheet in outcome.sheets {
        let source = reading.sources.len();
        typed.push(sheet.typed);
        reading.sources.push(sheet.source);
        reading.problems.extend(sheet.problems);
        reading.batches.extend(sheet.pieces.into_iter().map(|piece| Batch {
            source,
            rows: piece.rows,
            lines: piece.lines,
            records: piece.records,
        }));
    }
    wishes_are_met(&reading, options)?;
    super::own::agree(&mut reading, &typed)?;
    super::zones::apply(&mut reading, options)?;
    Ok(reading)
}

/// Every header that the caller named must be in one of the sources.
fn wishes_are_met(reading: &Reading, options: &Options) -> Result<()> {
    let headers = || reading.sources.iter().flat_map(|s| &s.columns).map(|c| c.header.as_str());
    let wishes = options.columns.iter().map(|(header, _)| header).chain(&options.keep);
    for wish in wishes.filter(|wish| *wish != "*") {
        let met = headers().any(|header| {
            let parts: Vec<String> = header.split('/').map(str::to_owned).collect();
            is_header(&parts, wish)
        });
        if !met {
            let mut have: Vec<_> = headers().map(|h| h.replace(['\n', '\r'], "")).collect();
            have.sort();
            have.dedup();
            return Err(Error::argument(
                format!("没有表头为“{wish}”的列。现有表头：{}", have.join("、")),
                format!("no column has the header '{wish}'. Available: {}", have.join(", ")),
            ));
        }
    }
    Ok(())
}
