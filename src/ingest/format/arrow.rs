//! Arrow batches from memory, a database cursor or a file. Typed columns are cast and checked as a whole; text goes
//! through the cell readers, once per distinct value.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;
use std::sync::Mutex;

use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};

use super::pump::pump;
use crate::error::library::{LibraryError, quoted};
use crate::error::{Error, Result};
use crate::ingest::ReadOptions;
use crate::ingest::header::propose;
use crate::ingest::table::ReadSummary;
use crate::ingest::table::frame::BatchReader;
use crate::ingest::table::start::{FileOutcome, ReadContext, TableLocation, unreadable};
use crate::ingest::{PieceSink, Report, Skipped};
use crate::job;
use crate::job::Job;

/// Number of rows read at a time.
const BATCH: usize = 65_536;
/// First bytes of an Arrow file; a stream begins differently.
const MAGIC: &[u8] = b"ARROW1";

/// Reads the batches called `name` as they come and passes the rows to `sink`.
pub(crate) fn read(
    name: &str,
    batches: impl RecordBatchReader,
    options: &ReadOptions,
    sink: &dyn PieceSink,
    job: &dyn Job,
) -> Result<Report> {
    let location = TableLocation { path: Path::new(name), name, sheet: None, encoding: None };
    let context = ReadContext { options, job, sink, file: 0, table: 0 };
    let schema = batches.schema();
    let Some(frame) = BatchReader::new(&location, &schema, options)? else {
        let names: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
        let (zh, en) = (names.join("、"), names.join(", "));
        let near = propose::near_misses(&[names], options);
        return Err(Error::data(
            format!(
                "{name}：没有单位代码列（org_id 或“统一社会信用代码”）和至少一个其他已知列。现有列：{zh}{}",
                near.zh
            ),
            format!(
                "{name}: there is no column of organisation codes (org_id or 统一社会信用代码) with one more known column. Available: {en}{}",
                near.en
            ),
        )
        .in_file(name));
    };
    let broken = |error: ArrowError| {
        let zh = quoted(&format!("{name}：数据流中断：{}", error.kind_zh()), &error);
        Error::data(zh, format!("{name}: the data stream broke off ({error})")).in_file(name).caused_by(error)
    };
    let summaries = frames(&frame, name, batches, &broken, &context)?;
    let mut report = Report::default();
    report.add(0, FileOutcome { sheets: vec![(0, frame.finish(summaries))], ..FileOutcome::default() });
    report.checked(options)
}

/// Reads an Arrow file, either in the file format with a footer or as a stream.
pub(crate) fn read_file(location: &TableLocation<'_>, file: File, context: &ReadContext<'_>) -> Result<FileOutcome> {
    let path = location.path;
    let broken = |error: ArrowError| {
        Error::of_file(
            path,
            quoted(&format!("Arrow 文件已损坏或不完整：{}", error.kind_zh()), &error),
            format!("the Arrow file is damaged or incomplete ({error})"),
        )
        .caused_by(error)
    };
    let mut input = BufReader::new(file);
    let mut start = Vec::new();
    input.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start).map_err(|e| unreadable(path, e))?;
    input.rewind().map_err(|e| unreadable(path, e))?;
    if start == MAGIC {
        batches(location, FileReader::try_new(input, None).map_err(broken)?, &broken, context)
    } else {
        batches(location, StreamReader::try_new(input, None).map_err(broken)?, &broken, context)
    }
}

fn batches(
    location: &TableLocation<'_>,
    batches: impl RecordBatchReader,
    broken: &dyn Fn(ArrowError) -> Error,
    context: &ReadContext<'_>,
) -> Result<FileOutcome> {
    let Some(frame) = BatchReader::new(location, &batches.schema(), context.options)? else {
        return Ok(no_codes(location, &batches.schema(), context.options));
    };
    let summaries = frames(&frame, &location.file(), batches, broken, context)?;
    Ok(FileOutcome { sheets: vec![(0, frame.finish(summaries))], ..FileOutcome::default() })
}

/// Returns the outcome of a table without organisation codes.
pub(crate) fn no_codes(location: &TableLocation<'_>, schema: &Schema, options: &ReadOptions) -> FileOutcome {
    let names = schema.fields().iter().map(|f| f.name().clone()).collect();
    let why = propose::no_code_column(&[names], options);
    FileOutcome { skipped: vec![Skipped { file: location.file(), sheet: None, why }], ..FileOutcome::default() }
}

/// Reads batches in parallel as they come.
fn frames(
    frame: &BatchReader,
    name: &str,
    mut batches: impl RecordBatchReader,
    broken: &dyn Fn(ArrowError) -> Error,
    context: &ReadContext<'_>,
) -> Result<Vec<(u32, ReadSummary)>> {
    let summaries = Mutex::new(Vec::new());
    let mut rest: Option<RecordBatch> = None;
    let (mut part, mut first) = (0, 0_u64);
    pump(
        || {
            job::check(context.job)?;
            let batch = match rest.take() {
                Some(batch) => batch,
                None => match batches.next() {
                    Some(batch) => batch.map_err(broken)?,
                    None => return Ok(None),
                },
            };
            let rows = batch.num_rows().min(BATCH);
            if rows < batch.num_rows() {
                rest = Some(batch.slice(rows, batch.num_rows() - rows));
            }
            let piece = (part, first, batch.slice(0, rows));
            part += 1;
            first += rows as u64;
            context.job.progress(name, first, first);
            Ok(Some(piece))
        },
        |(part, first, batch)| {
            job::check(context.job)?;
            let (piece, mut summary) = frame.piece(&batch, first)?;
            context.pass_on(frame.source(), part, piece, &mut summary)?;
            summaries.lock().map_err(|_| Error::broken())?.push((part, summary));
            Ok(())
        },
    )?;
    summaries.into_inner().map_err(|_| Error::broken())
}
