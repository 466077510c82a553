//! A reader that can be cancelled, and a sheet of a workbook before it is read.

use std::io::{Read, Seek, SeekFrom};

use crate::job::Job;

/// An input that fails once the job is cancelled, so that even one long call of a reader ends.
pub(crate) struct CancellableInput<'a, R> {
    pub(crate) input: R,
    pub(crate) job: &'a dyn Job,
}

impl<R: Read> Read for CancellableInput<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.job.cancelled() {
            return Err(std::io::Error::other("cancelled"));
        }
        self.input.read(buffer)
    }
}

impl<R: Seek> Seek for CancellableInput<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.input.seek(to)
    }
}

/// One sheet of a workbook.
#[derive(Clone, Debug)]
pub(crate) struct SheetInfo {
    pub(crate) name: String,
    pub(crate) hidden: bool,
    /// True if it has cells and is not a chart.
    pub(crate) is_table: bool,
}
