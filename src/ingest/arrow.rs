//! Arrow batches: columns that are typed already are cast and checked as a whole; text goes through the readers of
//! cells, once for each distinct value.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use rayon::prelude::*;

use super::files::{Outcome, Place, together};
use super::frame::{Frame, Read};
use super::{Options, Reading, propose};
use crate::error::{Error, Result};
use crate::job::{self, Job};

/// How many rows are read at a time.
const BATCH: usize = 65_536;

/// Reads the Arrow batches called `name`. Unlike in files, columns that the schema does not know are kept as the
/// user's own, except those about people.
pub fn read_arrow(name: &str, batches: &[RecordBatch], options: &Options, job: &dyn Job) -> Result<Reading> {
    let place = Place { path: Path::new(name), sheet: None, encoding: None };
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
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
        ));
    };
    let mut slices = Vec::new();
    let mut first = 0;
    for batch in batches {
        for start in (0..batch.num_rows()).step_by(BATCH) {
            let rows = BATCH.min(batch.num_rows() - start);
            slices.push((batch.slice(start, rows), first));
            first += rows as u32;
        }
    }
    let pieces: Vec<Result<Read>> = slices
        .into_par_iter()
        .map(|(batch, first)| {
            job::check(job)?;
            frame.piece(&batch, first)
        })
        .collect();
    let pieces = pieces.into_iter().collect::<Result<Vec<_>>>()?;
    job.progress(name, u64::from(first), u64::from(first));
    together(Outcome { sheets: vec![frame.finish(pieces)], skipped: Vec::new() }, options)
}
