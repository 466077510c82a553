//! Resolves paths to files, selects the format of each, and assembles one reading from all of them.

use std::fs;
use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use super::cell::block::Block;
use super::cell::year;
use super::file_names::tails;
use super::format::{arrow, parquet, text, workbook};
use super::header::Header;
use super::header::{overrides, propose};
use super::table::piece::Piece;
use super::table::zones;
use super::table::{Sheet, Table, Tally, Year};
use super::{Key, Options, Report, Rows, Skipped, Source, Take, YearFrom};
use crate::error::os;
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::lang::Text;
use crate::schema::Type;

/// Extensions of readable files.
const WORKBOOKS: [&str; 5] = ["xlsx", "xlsm", "xls", "xlsb", "ods"];
const TEXTS: [&str; 3] = ["csv", "tsv", "txt"];
const PARQUET: [&str; 2] = ["parquet", "pq"];
const ARROW: [&str; 4] = ["arrow", "arrows", "feather", "ipc"];

/// Context for reading one file.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub options: &'a Options,
    pub job: &'a dyn Job,
    pub take: &'a dyn Take,
    /// Position of the file among all files, and of the sheet within the file.
    pub file: u32,
    pub sheet: u32,
}

impl Work<'_> {
    /// Returns the key of part `part` of the sheet.
    pub(super) fn key(&self, part: u32) -> Key {
        Key { file: self.file, sheet: self.sheet, part }
    }

    /// Passes on the rows of part `part` of `source`, with zones named if the caller gave a file of zones.
    pub(super) fn give(&self, source: &Source, part: u32, mut piece: Piece, tally: &mut Tally) -> Result<()> {
        if let Some(zones) = &self.options.zones {
            zones::apply(&mut piece, source, zones, &mut tally.problems)?;
        }
        self.take.take(self.key(part), piece)
    }

    /// Reads part `part` of `table` and passes its rows on.
    pub(super) fn read<B: Block>(
        &self,
        table: &Table,
        part: u32,
        block: &B,
        fields: Option<usize>,
        tallies: &Mutex<Vec<(u32, Tally)>>,
    ) -> Result<()> {
        job::check(self.job)?;
        let (piece, mut tally) = table.read(block, fields)?;
        if let Some(piece) = piece {
            self.give(table.source(), part, piece, &mut tally)?;
        }
        if let Ok(mut tallies) = tallies.lock() {
            tallies.push((part, tally));
        }
        Ok(())
    }
}

/// Result of one file, except its rows: its ledgers by position.
#[derive(Default)]
pub(super) struct Outcome {
    pub sheets: Vec<(u32, Sheet)>,
    pub skipped: Vec<Skipped>,
}

/// Location of a table.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub path: &'a Path,
    /// Name that identifies the file.
    pub name: &'a str,
    pub sheet: Option<&'a str>,
    pub encoding: Option<&'static str>,
}

impl Place<'_> {
    pub(super) fn file(&self) -> String {
        self.name.to_owned()
    }
}

/// Result of looking for the start of a table.
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

/// A file to be read; one found in a folder need not be a ledger.
struct Input {
    path: PathBuf,
    named: bool,
}

/// Reads files and folders and passes the rows to `take` as they come.
pub(crate) fn read(paths: &[PathBuf], options: &Options, take: &dyn Take, job: &dyn Job) -> Result<Report> {
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
    let names = tails(inputs.iter().map(|input| input.path.as_path()));
    let outcomes: Vec<Result<Outcome>> = (inputs.par_iter().zip(&names))
        .enumerate()
        .map(|(at, (input, name))| {
            job::check(job)?;
            let work = Work { options, job, take, file: at as u32, sheet: 0 };
            let outcome = file(&Place { path: &input.path, name, sheet: None, encoding: None }, &work)?;
            if outcome.sheets.is_empty() && input.named {
                return Err(no_ledger(&input.path, &outcome.skipped));
            }
            Ok(outcome)
        })
        .collect();
    let mut report = Report { skipped, ..Report::default() };
    for (file, outcome) in outcomes.into_iter().enumerate() {
        report.add(file as u32, outcome?);
    }
    if report.sources.is_empty() {
        let path = paths.first().map_or(Path::new(""), PathBuf::as_path);
        return Err(no_ledger(path, &report.skipped));
    }
    report.checked(options)
}

impl Report {
    /// Adds the result of the file at position `file`.
    pub(super) fn add(&mut self, file: u32, outcome: Outcome) {
        for (sheet, read) in outcome.sheets {
            self.keys.push((file, sheet));
            self.typed.push(read.typed);
            self.sources.push(read.source);
            self.problems.push(read.problems);
        }
        self.skipped.extend(outcome.skipped);
    }

    /// Returns the report if every header named by the caller is in one of the sources.
    pub(super) fn checked(self, options: &Options) -> Result<Self> {
        let headers = || self.sources.iter().flat_map(|s| &s.columns).map(|c| c.header.as_str());
        let wishes = options.columns.iter().map(|(header, _)| header).chain(&options.keep);
        match wishes.filter(|wish| *wish != "*").find(|wish| !headers().any(|header| overrides::names(wish, header))) {
            Some(wish) => Err(overrides::unmet(wish, headers())),
            None => Ok(self),
        }
    }
}

/// Lists the visible files of a folder in a readable format, by name.
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
    let (office, tables) = (of(&[&WORKBOOKS[..], &TEXTS[..]].concat()), of(&[&PARQUET[..], &ARROW[..]].concat()));
    let (take, leave) = if office.is_empty() { (tables, office) } else { (office, tables) };
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
            "文件夹中有台账时不读 Parquet 和 Arrow 文件；如需读取请直接写出文件名",
            "Parquet and Arrow files are not read beside ledgers in a folder; name the file to read it",
        ),
    }));
    Ok(())
}

fn kinds() -> String {
    [&WORKBOOKS[..], &TEXTS[..], &PARQUET[..], &ARROW[..]].concat().join(", ")
}

fn file(place: &Place<'_>, work: &Work<'_>) -> Result<Outcome> {
    let path = place.path;
    let extension = extension(path);
    let is = |kinds: &[&str]| kinds.contains(&extension.as_str());
    if [&WORKBOOKS[..], &TEXTS[..], &PARQUET[..], &ARROW[..]].iter().any(|kinds| is(kinds)) {
        // Check before opening: opening a pipe blocks until it has a writer.
        let metadata = fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        if !metadata.is_file() {
            return Err(no_file(path));
        }
        let file = File::open(path).map_err(|e| unreadable(path, &e))?;
        if metadata.len() == 0 {
            return Err(empty(path));
        }
        return if is(&PARQUET) {
            parquet::read(place, &file, work)
        } else if is(&ARROW) {
            arrow::read_file(place, file, work)
        } else if is(&WORKBOOKS) {
            workbook::read(place, file, work)
        } else {
            text::read(place, file, metadata.len(), work)
        };
    }
    if !path.exists() {
        return Err(missing(path));
    }
    Err(unsupported(path, &extension))
}

fn unsupported(path: &Path, extension: &str) -> Error {
    Error::file(
        path,
        format!("不支持的文件类型“{extension}”。可读：{}。请另存为 xlsx 或 CSV", kinds()),
        format!("files of type '{extension}' are not read. Read are: {}. Save it as xlsx or CSV", kinds()),
    )
}

fn missing(path: &Path) -> Error {
    Error::file(path, "找不到该文件，请检查路径", "there is no such file; check the path")
}

fn no_file(path: &Path) -> Error {
    Error::file(path, "这不是文件，无法读取", "this is not a file and cannot be read")
}

/// Reads the bytes of a text file or workbook called `name` and passes the rows to `take` as they come.
pub(crate) fn read_bytes(
    name: &str,
    bytes: &[u8],
    options: &Options,
    take: &dyn Take,
    job: &dyn Job,
) -> Result<Report> {
    let path = Path::new(name);
    if bytes.is_empty() {
        return Err(empty(path));
    }
    let place = Place { path, name: &file_name(path), sheet: None, encoding: None };
    let work = Work { options, job, take, file: 0, sheet: 0 };
    let extension = extension(path);
    let outcome = if WORKBOOKS.contains(&extension.as_str()) {
        workbook::read(&place, Cursor::new(bytes), &work)?
    } else if TEXTS.contains(&extension.as_str()) {
        text::read(&place, bytes, bytes.len() as u64, &work)?
    } else {
        return Err(unsupported(path, &extension));
    };
    if outcome.sheets.is_empty() {
        return Err(no_ledger(path, &outcome.skipped));
    }
    let mut report = Report::default();
    report.add(0, outcome);
    report.checked(options)
}

/// Returns the error for a file that cannot be opened or read.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return missing(path);
    }
    let why = os::why(error);
    Error::file(path, format!("无法读取：{}", why.zh), format!("cannot be read: {}", why.en))
}

/// Returns the error for an empty file.
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

/// Finds the header of a table among its first rows, some of which may be `joined` to the next, and the table's year.
pub(super) fn start(place: &Place<'_>, top: &[Vec<String>], joined: &[bool], options: &Options) -> Result<Start> {
    let Some(mut header) = Header::find(top, joined, options) else {
        return Ok(Start::Not(Skipped {
            file: place.file(),
            sheet: place.sheet.map(str::to_owned),
            why: propose::no_code_column(top, options),
        }));
    };
    propose::fill(&mut header);
    let titles = top.get(..header.first).unwrap_or_default();
    let (year, year_from) = year_of(place, &header, titles, options)?;
    let blank = titles.iter().filter(|row| row.iter().all(|text| text.trim().is_empty())).count();
    let source = Source {
        file: place.file(),
        path: place.path.to_owned(),
        sheet: place.sheet.map(str::to_owned),
        years: Vec::new(),
        year_from,
        encoding: place.encoding,
        header_rows: 0,
        columns: Vec::new(),
        rows: Rows { title: titles.len() - blank, blank, ..Rows::default() },
        rejected: 0,
    };
    // A header repeated on every printed page may begin with the title.
    let texts = top.get(..header.first + header.height).unwrap_or_default();
    Ok(Start::Ledger(Box::new(Table::new(source, &header, texts, year, options)), header))
}

/// Returns the year of a table and its origin.
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
    let file = || year::in_name(&file_name(place.path)).map(|year| (year, YearFrom::FileName));
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
