//! Parquet files: their row groups side by side, through the same reader as Arrow batches.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use super::files::{Outcome, Place, empty, unreadable};
use super::frame::Frame;
use super::{Options, Skipped, propose};
use crate::error::{Error, Result};
use crate::job::{self, Job};

/// How many rows are read at a time.
const BATCH: usize = 65_536;

pub(super) fn read(path: &Path, options: &Options, job: &dyn Job) -> Result<Outcome> {
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    if file.metadata().is_ok_and(|m| m.len() == 0) {
        return Err(empty(path));
    }
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).map_err(|e| broken(path, &e))?;
    let place = Place { path, sheet: None, encoding: None };
    let Some(frame) = Frame::new(&place, metadata.schema(), options)? else {
        let names = metadata.schema().fields().iter().map(|f| f.name().clone()).collect();
        let why = propose::no_code_column(&[names], options);
        return Ok(Outcome { sheets: Vec::new(), skipped: vec![Skipped { file: place.file(), sheet: None, why }] });
    };
    let mut first = 0;
    let groups: Vec<(usize, u32)> = (metadata.metadata().row_groups().iter().enumerate())
        .map(|(at, group)| {
            let start = first;
            first += group.num_rows() as u32;
            (at, start)
        })
        .collect();
    let (done, total) = (AtomicU64::new(0), u64::from(first));
    let read: Vec<Result<Vec<_>>> = groups
        .into_par_iter()
        .map(|(at, mut row)| {
            let file = File::open(path).map_err(|e| unreadable(path, &e))?;
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
                .with_row_groups(vec![at])
                .with_projection(frame.projection(metadata.parquet_schema()))
                .with_batch_size(BATCH)
                .build()
                .map_err(|e| broken(path, &e))?;
            let mut pieces = Vec::new();
            for batch in reader {
                job::check(job)?;
                let batch: RecordBatch = batch.map_err(|e| broken(path, &e))?;
                let rows = batch.num_rows() as u32;
                pieces.push(frame.piece(&batch, row)?);
                row += rows;
                let done = done.fetch_add(u64::from(rows), Ordering::Relaxed) + u64::from(rows);
                job.progress(&place.file(), done, total);
            }
            Ok(pieces)
        })
        .collect();
    let mut pieces = Vec::new();
    for group in read {
        pieces.extend(group?);
    }
    Ok(Outcome { sheets: vec![frame.finish(pieces)], skipped: Vec::new() })
}

fn broken(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::file(
        path,
        format!("Parquet 文件已损坏或不完整（{error}）"),
        format!("the Parquet file is damaged or incomplete ({error})"),
    )
}
