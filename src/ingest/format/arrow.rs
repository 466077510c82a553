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
use crate::ingest::table::Tally;
use crate::ingest::table::frame::Frame;
use crate::ingest::table::start::{Outcome, Place, Work, unreadable};
use crate::ingest::{Report, Skipped, Take};
use crate::job;
use crate::job::Job;

/// Number of rows read at a time.
const BATCH: usize = 65_536;
/// First bytes of an Arrow file; a stream begins differently.
const MAGIC: &[u8] = b"ARROW1";

/// Reads the batches called `name` as they come and passes the rows to `take`.
pub(crate) fn read(
    name: &str,
    batches: impl RecordBatchReader,
    options: &ReadOptions,
    take: &dyn Take,
    job: &dyn Job,
) -> Result<Report> {
    let place = Place { path: Path::new(name), name, sheet: None, encoding: None };
    let work = Work { options, job, take, file: 0, sheet: 0 };
    let schema = batches.schema();
    let Some(frame) = Frame::new(&place, &schema, options)? else {
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
    let tallies = frames(&frame, name, batches, &broken, &work)?;
    let mut report = Report::default();
    report.add(0, Outcome { sheets: vec![(0, frame.finish(tallies))], skipped: Vec::new() });
    report.checked(options)
}

/// Reads an Arrow file, either in the file format with a footer or as a stream.
pub(crate) fn read_file(place: &Place<'_>, file: File, work: &Work<'_>) -> Result<Outcome> {
    let path = place.path;
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
        batches(place, FileReader::try_new(input, None).map_err(broken)?, &broken, work)
    } else {
        batches(place, StreamReader::try_new(input, None).map_err(broken)?, &broken, work)
    }
}

fn batches(
    place: &Place<'_>,
    batches: impl RecordBatchReader,
    broken: &dyn Fn(ArrowError) -> Error,
    work: &Work<'_>,
) -> Result<Outcome> {
    let Some(frame) = Frame::new(place, &batches.schema(), work.options)? else {
        return Ok(no_codes(place, &batches.schema(), work.options));
    };
    let tallies = frames(&frame, &place.file(), batches, broken, work)?;
    Ok(Outcome { sheets: vec![(0, frame.finish(tallies))], skipped: Vec::new() })
}

/// Returns the outcome of a table without organisation codes.
pub(crate) fn no_codes(place: &Place<'_>, schema: &Schema, options: &ReadOptions) -> Outcome {
    let names = schema.fields().iter().map(|f| f.name().clone()).collect();
    let why = propose::no_code_column(&[names], options);
    Outcome { sheets: Vec::new(), skipped: vec![Skipped { file: place.file(), sheet: None, why }] }
}

/// Reads batches in parallel as they come.
fn frames(
    frame: &Frame,
    name: &str,
    mut batches: impl RecordBatchReader,
    broken: &dyn Fn(ArrowError) -> Error,
    work: &Work<'_>,
) -> Result<Vec<(u32, Tally)>> {
    let tallies = Mutex::new(Vec::new());
    let mut rest: Option<RecordBatch> = None;
    let (mut part, mut first) = (0, 0);
    pump(
        || {
            job::check(work.job)?;
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
            first += rows as u32;
            work.job.progress(name, u64::from(first), u64::from(first));
            Ok(Some(piece))
        },
        |(part, first, batch)| {
            job::check(work.job)?;
            let (piece, mut tally) = frame.piece(&batch, first)?;
            work.give(frame.source(), part, piece, &mut tally)?;
            tallies.lock().map_err(|_| Error::broken())?.push((part, tally));
            Ok(())
        },
    )?;
    tallies.into_inner().map_err(|_| Error::broken())
}
