//! Long work seen from outside: who asked for it may watch how far it is and may stop it.

use crate::error::{Error, Result};

/// What a caller of long work implements. The engine itself draws no bars and prints nothing.
pub trait Job: Sync {
    /// `done` of `total` units of the stage named `what` (a file name, a step) are finished.
    fn progress(&self, what: &str, done: u64, total: u64);
    /// Whether the work should stop; asked often, must be cheap.
    fn cancelled(&self) -> bool;
}

/// A caller that neither watches nor stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Job for Quiet {
    fn progress(&self, _: &str, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// Returns [`Error::Cancelled`] once `job` was asked to stop; call it between pieces of work of a few milliseconds.
pub fn check(job: &dyn Job) -> Result<()> {
    if job.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
}
