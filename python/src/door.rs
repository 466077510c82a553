//! The one door from Python into long work: the GIL is released, signals are watched, progress is shown, errors are
//! turned into exceptions. A call that does not go through here is short.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use dangjian::Result;
use dangjian::job::Job;
use pyo3::prelude::*;

use crate::errors::{InternalError, raise};

/// How often the waiting thread looks for Ctrl-C and shows progress: well under the 0.2 s in which work stops.
const LOOK: Duration = Duration::from_millis(50);

/// What a job reports: what it is at, and how much of it is done.
type State = Option<(String, u64, u64)>;

#[derive(Default)]
struct Watched {
    stop: AtomicBool,
    state: Mutex<State>,
}

impl Job for Watched {
    fn progress(&self, what: &str, done: u64, total: u64) {
        if let Ok(mut state) = self.state.lock() {
            *state = Some((what.to_owned(), done, total));
        }
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Does `work` on a thread of its own while this one waits for it. `progress`, if given, is called as
/// `progress(what, done, total)` from this thread; an exception it raises, or Ctrl-C, stops the work.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&dyn Job) -> Result<T> + Send,
) -> PyResult<T> {
    let job = Watched::default();
    let done = thread::scope(|scope| {
        let (send, mut receive) = channel();
        let job = &job;
        scope.spawn(move || {
            // A panic must not cross into Python; the receiver sees a closed channel only if even this fails.
            let result = catch_unwind(AssertUnwindSafe(|| work(job)));
            let _ = send.send(result);
        });
        let mut interrupted = None;
        loop {
            let (waited, back) = py.detach(move || (receive.recv_timeout(LOOK), receive));
            receive = back;
            match waited {
                Ok(result) => return (Some(result), interrupted),
                Err(RecvTimeoutError::Disconnected) => return (None, interrupted),
                Err(RecvTimeoutError::Timeout) if interrupted.is_none() => {
                    if let Err(e) = py.check_signals().and_then(|()| show(py, progress, job)) {
                        job.stop.store(true, Ordering::Relaxed);
                        interrupted = Some(e);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    });
    match done {
        (_, Some(interrupted)) => Err(interrupted),
        (Some(Ok(Ok(value))), None) => show(py, progress, &job).map(|()| value),
        (Some(Ok(Err(error))), None) => Err(raise(&error)),
        (Some(Err(_)) | None, None) => Err(InternalError::new_err((
            "the engine failed inside; please report this with the message printed above",
            "引擎内部出错，请连同上方打印的信息一并报告",
        ))),
    }
}

/// Shows the newest state, once.
fn show(py: Python<'_>, progress: Option<&Py<PyAny>>, job: &Watched) -> PyResult<()> {
    let state = job.state.lock().ok().and_then(|mut state| state.take());
    match (progress, state) {
        (Some(progress), Some(state)) => progress.call1(py, state).map(drop),
        _ => Ok(()),
    }
}
