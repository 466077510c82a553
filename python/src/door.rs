//! The single entry from Python into long-running work: releases the GIL, watches for signals, shows progress,
//! converts errors to exceptions. Calls that bypass it must be short.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[cfg(debug_assertions)]
use dangjian::Error;
use dangjian::Result;
use dangjian::job::Job;
use pyo3::prelude::*;

use crate::errors::{InternalError, raise};

/// Interval at which the waiting thread checks for Ctrl-C and shows progress; well under the 0.2 s in which work
/// stops.
const LOOK: Duration = Duration::from_millis(50);

/// Progress reported by a job: its current step, the amount done and the total.
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

/// Runs `work` on its own thread while the calling thread waits. `progress`, if given, is called as `progress(what,
/// done, total)` from the calling thread. An exception raised there, or Ctrl-C, cancels the work. Work in the
/// middle of a long step is left to end in the background, so that the caller is free at once.
pub(crate) fn run<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&dyn Job) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let job = Arc::new(Watched::default());
    let (send, mut receive) = channel();
    let watched = Arc::clone(&job);
    thread::spawn(move || {
        // A panic must not cross into Python. The receiver sees a closed channel only if catching it fails too.
        let result = catch_unwind(AssertUnwindSafe(|| work(watched.as_ref())));
        // The receiver is gone if the caller was interrupted.
        let _ = send.send(result);
    });
    loop {
        let (waited, back) = py.detach(move || (receive.recv_timeout(LOOK), receive));
        receive = back;
        match waited {
            Ok(Ok(Ok(value))) => return show(py, progress, &job).map(|()| value),
            Ok(Ok(Err(error))) => return Err(raise(&error)),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => return Err(broken()),
            Err(RecvTimeoutError::Timeout) => {
                if let Err(interrupt) = py.check_signals().and_then(|()| show(py, progress, &job)) {
                    job.stop.store(true, Ordering::Relaxed);
                    // Most work ends in this time, so that nothing runs on once the caller continues.
                    let _ = py.detach(move || receive.recv_timeout(LOOK).map(drop));
                    return Err(interrupt);
                }
            }
        }
    }
}

/// Fails as work does that meets a case which cannot happen, so that tests see what Python makes of it.
#[cfg(debug_assertions)]
#[pyfunction]
#[pyo3(name = "_fail_internally")]
pub(crate) fn fail_internally(py: Python<'_>) -> PyResult<()> {
    run(py, None, |_| {
        Err(Error::internal("为测试而造的内部错误，请报告", "an internal error made for a test; please report this"))
    })
}

fn broken() -> PyErr {
    InternalError::new_err((
        "the engine failed; please report this with the message printed above",
        "引擎内部出错，请连同上方打印的信息一并报告",
    ))
}

/// Shows the newest state, once.
fn show(py: Python<'_>, progress: Option<&Py<PyAny>>, job: &Watched) -> PyResult<()> {
    let state = job.state.lock().ok().and_then(|mut state| state.take());
    match (progress, state) {
        (Some(progress), Some(state)) => progress.call1(py, state).map(drop),
        _ => Ok(()),
    }
}
