//! Parquet files: row groups are read in parallel, by the same reader as Arrow batches.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use super::arrow::no_codes;
use crate::error::library::{LibraryError, quoted};
use crate::error::{Error, Result};
use crate::ingest::table::ReadSummary;
use crate::ingest::table::frame::BatchReader;
use crate::ingest::table::start::{FileOutcome, ReadContext, TableLocation, unreadable};
use crate::job;

/// Number of rows read at a time.
const BATCH: usize = 65_536;

pub(crate) fn read(location: &TableLocation<'_>, file: &File, context: &ReadContext<'_>) -> Result<FileOutcome> {
    let path = location.path;
    let metadata = ArrowReaderMetadata::load(file, ArrowReaderOptions::default()).map_err(|e| broken(path, e))?;
    let Some(mut frame) = BatchReader::new(location, metadata.schema(), context.options)? else {
        return Ok(no_codes(location, metadata.schema(), context.options));
    };
    let columns = ProjectionMask::roots(metadata.parquet_schema(), frame.project());
    let mut first = 0_u64;
    let mut part = 0;
    let groups: Vec<(usize, u32, u64)> = (metadata.metadata().row_groups().iter().enumerate())
        .map(|(at, group)| {
            let start = (at, part, first);
            let rows = group.num_rows() as u64;
            first += rows;
            part += rows.div_ceil(BATCH as u64) as u32;
            start
        })
        .collect();
    let (done, total) = (AtomicU64::new(0), first);
    let read: Vec<Result<Vec<(u32, ReadSummary)>>> = groups
        .into_par_iter()
        .map(|(at, mut part, mut row)| {
            let file = File::open(path).map_err(|e| unreadable(path, e))?;
            let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
                .with_row_groups(vec![at])
                .with_projection(columns.clone())
                .with_batch_size(BATCH)
                .build()
                .map_err(|e| broken(path, e))?;
            let mut summaries = Vec::new();
            while let Some(batch) = guarded(path, || reader.next().transpose())? {
                job::check(context.job)?;
                let rows = batch.num_rows() as u64;
                let (piece, mut summary) = frame.piece(&batch, row)?;
                context.pass_on(frame.source(), part, piece, &mut summary)?;
                summaries.push((part, summary));
                row += rows;
                part += 1;
                let done = done.fetch_add(rows, Ordering::Relaxed) + rows;
                context.job.progress(&location.file(), done, total);
            }
            Ok(summaries)
        })
        .collect();
    let mut summaries = Vec::new();
    for group in read {
        summaries.extend(group?);
    }
    Ok(FileOutcome { sheets: vec![(0, frame.finish(summaries))], ..FileOutcome::default() })
}

/// Runs `call` of the Parquet library and turns a panic, as some damaged pages cause, into an error.
pub(crate) fn guarded<T, E: LibraryError>(path: &Path, call: impl FnOnce() -> Result<T, E>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(given) => given.map_err(|error| broken(path, error)),
        Err(_) => Err(Error::of_file(
            path,
            "Parquet 文件已损坏（内容自相矛盾）",
            "the Parquet file is damaged (it contradicts itself)",
        )),
    }
}

/// Returns the error for a Parquet file that the library rejects.
pub(crate) fn broken(path: &Path, error: impl LibraryError) -> Error {
    Error::of_file(
        path,
        quoted(&format!("Parquet 文件已损坏或不完整：{}", error.kind_zh()), &error),
        format!("the Parquet file is damaged or incomplete ({error})"),
    )
    .caused_by(error)
}
