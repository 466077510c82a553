//! Progress reports and cancellation of long work.

use crate::error::{Error, Result};

/// Observer of long work, implemented by the caller. The engine itself draws no bars and prints nothing.
pub trait Job: Sync {
    /// Reports that `done` of `total` units of the stage `what` (a file name, a step) are finished.
    fn progress(&self, what: &str, done: u64, total: u64);
    /// Returns true if the work should stop; called often, so it must be cheap.
    fn cancelled(&self) -> bool;
}

/// A job that ignores progress and never cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Job for Quiet {
    fn progress(&self, _: &str, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// Returns [`Error::Cancelled`] once `job` is cancelled; call between pieces of work of a few milliseconds.
pub fn check(job: &dyn Job) -> Result<()> {
    if job.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
}
