//! Resolves paths to files, selects the format of each, and assembles one reading from all of them.

use std::fs;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::ReadOptions;
use super::file_names::tails;
use super::format::kind::{FIRST_BYTES, FileKind, TEXTS, WORKBOOKS, kind_of};
use super::format::{arrow, parquet, text, workbook};
use super::header::overrides;
use super::reading::{PieceSink, Report, Skipped};
use super::table::start::{FileOutcome, ReadContext, TableLocation, empty, file_name, missing, no_ledger, unreadable};
use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::lang::Text;

// Extensions of readable files, beside those of workbooks and text.
const PARQUET: [&str; 2] = ["parquet", "pq"];
const ARROW: [&str; 4] = ["arrow", "arrows", "feather", "ipc"];

fn extension(path: &Path) -> String {
    path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase())
}

/// A file to be read; one found in a folder need not be a ledger.
struct Input {
    path: PathBuf,
    named: bool,
}

/// Reads files and folders and passes the rows to `sink` as they come.
pub(crate) fn read(paths: &[PathBuf], options: &ReadOptions, sink: &dyn PieceSink, job: &dyn Job) -> Result<Report> {
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
    let outcomes: Vec<Result<FileOutcome>> = (inputs.par_iter().zip(&names))
        .enumerate()
        .map(|(at, (input, name))| {
            job::check(job)?;
            let context = ReadContext { options, job, sink, file: at as u32, table: 0 };
            let outcome = file(&TableLocation { path: &input.path, name, sheet: None, encoding: None }, &context)?;
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
    pub(super) fn add(&mut self, file: u32, outcome: FileOutcome) {
        for (table, read) in outcome.sheets {
            self.keys.push((file, table));
            self.typed.push(read.typed);
            self.sources.push(read.source);
            self.problems.push(read.problems);
        }
        self.skipped.extend(outcome.skipped);
        self.unread.extend(outcome.unread);
    }

    /// Returns the report if every header named by the caller is in one of the sources.
    pub(super) fn checked(self, options: &ReadOptions) -> Result<Self> {
        overrides::refuse_running_numbers(options)?;
        let headers = || self.sources.iter().flat_map(|s| &s.columns).map(|c| c.header.as_str());
        let mapped = options.columns.iter().map(|(header, _)| header).chain(&options.keep);
        match mapped
            .filter(|header_named| *header_named != "*")
            .find(|header_named| !headers().any(|header| overrides::names(header_named, header)))
        {
            Some(header_named) => Err(overrides::unmet(header_named, headers())),
            None => Ok(self),
        }
    }
}

/// Lists the visible files of a folder in a readable format, by name.
fn folder(path: &Path, inputs: &mut Vec<Input>, skipped: &mut Vec<Skipped>) -> Result<()> {
    let entries = fs::read_dir(path).map_err(|e| unreadable(path, e))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    files.retain(|file| {
        let name = file_name(file);
        let is_of_system = ["thumbs.db", "desktop.ini"].iter().any(|other| name.eq_ignore_ascii_case(other));
        !name.starts_with("~$") && !name.starts_with('.') && !is_of_system
    });
    files.sort();
    let (files, others): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|path| path.is_file());
    let of = |kinds: &[&str]| -> Vec<PathBuf> {
        files.iter().filter(|f| kinds.contains(&extension(f).as_str())).cloned().collect()
    };
    let of_other_kinds = files.iter().filter(|path| !is_readable(path));
    skipped.extend(of_other_kinds.map(|path| left_out(path)).chain(others.iter().map(|path| no_file_of_folder(path))));
    let (office, tables) = (of(&[&WORKBOOKS[..], &TEXTS[..]].concat()), of(&[&PARQUET[..], &ARROW[..]].concat()));
    let (take, leave) = if office.is_empty() { (tables, office) } else { (office, tables) };
    if take.is_empty() {
        return Err(Error::of_file(
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

/// Checks whether the name of a file is that of a kind that can be read.
fn is_readable(path: &Path) -> bool {
    let extension = extension(path);
    [&WORKBOOKS[..], &TEXTS[..], &PARQUET[..], &ARROW[..]].iter().any(|kinds| kinds.contains(&extension.as_str()))
}

/// Returns what is said of a file in a folder that is not read.
fn left_out(path: &Path) -> Skipped {
    let why = match extension(path).as_str() {
        "zip" | "rar" | "7z" => Text::new("压缩包，未读入。请解压后再读", "an archive, not read; unpack it first"),
        "mht" | "mhtml" | "xml" => Text::new(
            "网页或 XML 文件，未读入。如是台账请用 Excel 或 WPS 打开后另存为 xlsx",
            "a web page or XML file, not read; if it is a ledger, open it in a spreadsheet program and save it as xlsx",
        ),
        other => Text::new(
            format!("不支持的文件类型“{other}”，未读入。如是台账请另存为 xlsx 或 CSV"),
            format!("files of type '{other}' are not read; if it is a ledger, save it as xlsx or CSV"),
        ),
    };
    Skipped { file: file_name(path), sheet: None, why }
}

/// Returns what is said of an entry of a folder that is no file.
fn no_file_of_folder(path: &Path) -> Skipped {
    let why = if path.is_dir() {
        Text::new(
            "子文件夹，未读入。如需读取请直接写出这个文件夹",
            "a folder in the folder, not read; name it to read it",
        )
    } else {
        Text::new("不是文件，未读入", "not a file, not read")
    };
    Skipped { file: file_name(path), sheet: None, why }
}

/// Checks whether the `first` bytes of a file are not those of text.
fn is_workbook(extension: &str, first: &[u8]) -> bool {
    kind_of(extension, first) != FileKind::Text
}

/// Reads the first bytes of `input`, and begins it again.
fn first_bytes(input: &mut (impl Read + Seek)) -> std::io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(FIRST_BYTES);
    input.take(FIRST_BYTES as u64).read_to_end(&mut first)?;
    input.rewind()?;
    Ok(first)
}

fn kinds() -> String {
    [&WORKBOOKS[..], &TEXTS[..], &PARQUET[..], &ARROW[..]].concat().join(", ")
}

fn file(location: &TableLocation<'_>, context: &ReadContext<'_>) -> Result<FileOutcome> {
    let path = location.path;
    let extension = extension(path);
    let is = |kinds: &[&str]| kinds.contains(&extension.as_str());
    if is_readable(path) {
        // Check before opening: opening a pipe blocks until it has a writer.
        let metadata = fs::metadata(path).map_err(|e| unreadable(path, e))?;
        if !metadata.is_file() {
            return Err(no_file(path));
        }
        let mut file = File::open(path).map_err(|e| unreadable(path, e))?;
        if metadata.len() == 0 {
            return Err(empty(path));
        }
        return if is(&PARQUET) {
            parquet::read(location, &file, context)
        } else if is(&ARROW) {
            arrow::read_file(location, file, context)
        } else if is_workbook(&extension, &first_bytes(&mut file).map_err(|e| unreadable(path, e))?) {
            workbook::read(location, file, context)
        } else {
            text::read(location, file, metadata.len(), context)
        };
    }
    if !path.exists() {
        return Err(missing(path));
    }
    Err(unsupported(path, &extension))
}

fn unsupported(path: &Path, extension: &str) -> Error {
    Error::of_file(
        path,
        format!("不支持的文件类型“{extension}”。可读：{}。请另存为 xlsx 或 CSV", kinds()),
        format!("files of type '{extension}' cannot be read. Supported: {}. Save it as xlsx or CSV", kinds()),
    )
}

fn no_file(path: &Path) -> Error {
    Error::of_file(path, "这不是文件，无法读取", "this is not a file and cannot be read")
}

/// Reads the bytes of a text file or workbook called `name` and passes the rows to `sink` as they come.
pub(crate) fn read_bytes(
    name: &str,
    bytes: &[u8],
    options: &ReadOptions,
    sink: &dyn PieceSink,
    job: &dyn Job,
) -> Result<Report> {
    let path = Path::new(name);
    if bytes.is_empty() {
        return Err(empty(path));
    }
    let location = TableLocation { path, name: &file_name(path), sheet: None, encoding: None };
    let context = ReadContext { options, job, sink, file: 0, table: 0 };
    let extension = extension(path);
    if ![&WORKBOOKS[..], &TEXTS[..]].iter().any(|kinds| kinds.contains(&extension.as_str())) {
        return Err(unsupported(path, &extension));
    }
    let outcome = if is_workbook(&extension, bytes.get(..FIRST_BYTES).unwrap_or(bytes)) {
        workbook::read(&location, Cursor::new(bytes), &context)?
    } else {
        text::read(&location, Cursor::new(bytes), bytes.len() as u64, &context)?
    };
    if outcome.sheets.is_empty() {
        return Err(no_ledger(path, &outcome.skipped));
    }
    let mut report = Report::default();
    report.add(0, outcome);
    report.checked(options)
}
