//! Parallel work on a sequence of pieces, with only a few in flight, so that a file larger than memory can be read.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::Result;

/// Maximum number of pieces in flight per thread.
const AHEAD: usize = 2;
/// Sleep time of an idle thread: a small fraction of the time a piece takes.
const NAP: Duration = Duration::from_micros(200);

/// A piece in flight, counted until this is dropped, even if the work on the piece panics.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Takes pieces from `next` until there are none, and runs `work` on each, on all threads. The first error ends it;
/// a panic of `work` is passed on once all pieces are done.
pub(crate) fn pump<T: Send>(
    mut next: impl FnMut() -> Result<Option<T>>,
    work: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    let most = AHEAD * rayon::current_num_threads();
    let waiting = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let (work, failed_) = (&work, &failed);
    let has_failed = || failed.lock().map_or(true, |failed| failed.is_some());
    rayon::in_place_scope(|scope| -> Result<()> {
        loop {
            while waiting.load(Ordering::Acquire) >= most {
                // A thread of the pool works on a piece itself in the meantime.
                if rayon::yield_now() != Some(rayon::Yield::Executed) {
                    std::thread::sleep(NAP);
                }
            }
            if has_failed() {
                return Ok(());
            }
            let Some(piece) = next()? else { return Ok(()) };
            let in_flight = InFlight::new(&waiting);
            scope.spawn(move |_| {
                let _in_flight = in_flight;
                if let Err(error) = work(piece)
                    && let Ok(mut failed) = failed_.lock()
                {
                    failed.get_or_insert(error);
                }
            });
        }
    })?;
    failed.into_inner().unwrap_or_default().map_or(Ok(()), Err)
}

/// Works like [`pump`], but every thread calls `next` itself when it is free and so has the piece in its cache.
/// `next` must not start work on other threads.
pub(crate) fn share<T>(
    next: impl FnMut() -> Result<Option<T>> + Send,
    work: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    let next = Mutex::new(Some(next));
    let failed = Mutex::new(None);
    let take = || {
        let mut next = next.lock().ok()?;
        let piece = next.as_mut()?().transpose();
        if !matches!(piece, Some(Ok(_))) {
            *next = None;
        }
        piece
    };
    let run = || {
        while let Some(piece) = take() {
            if let Err(error) = piece.and_then(&work) {
                if let Ok(mut next) = next.lock() {
                    *next = None;
                }
                if let Ok(mut failed) = failed.lock() {
                    failed.get_or_insert(error);
                }
            }
        }
    };
    // The calling thread takes part only if it belongs to the pool.
    let is_one = rayon::current_thread_index().is_some();
    rayon::in_place_scope(|scope| {
        for _ in usize::from(is_one)..rayon::current_num_threads() {
            scope.spawn(|_| run());
        }
        if is_one {
            run();
        }
    });
    failed.into_inner().unwrap_or_default().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicU64;

    #[test]
    fn every_piece_is_worked_on_and_the_first_error_ends_it() {
        let sum = AtomicU64::new(0);
        let mut numbers = 1..=1000_u64;
        let add = |n| {
            sum.fetch_add(n, Ordering::Relaxed);
            Ok(())
        };
        pump(|| Ok(numbers.next()), add).unwrap();
        assert_eq!(sum.into_inner(), 500_500);
        let sum = AtomicU64::new(0);
        let mut numbers = 1..=1000_u64;
        let add = |n| {
            sum.fetch_add(n, Ordering::Relaxed);
            Ok(())
        };
        share(|| Ok(numbers.next()), add).unwrap();
        assert_eq!(sum.into_inner(), 500_500);
        let mut endless = 0_u64..;
        let fails = |n| if n == 7 { Err(Error::Cancelled) } else { Ok(()) };
        assert!(matches!(pump(|| Ok(endless.next()), fails), Err(Error::Cancelled)));
        assert!(matches!(share(|| Ok(endless.next()), |_: u64| Err(Error::Cancelled)), Err(Error::Cancelled)));
        assert!(matches!(pump(|| Err::<Option<()>, _>(Error::Cancelled), Ok), Err(Error::Cancelled)));
        assert!(matches!(share(|| Err::<Option<()>, _>(Error::Cancelled), Ok), Err(Error::Cancelled)));
        let mut inside = || share(|| Ok(endless.next().filter(|n| *n < 100)), |_| Ok(()));
        assert!(rayon::scope(|_| inside()).is_ok());
    }

    /// Would not end if a piece whose work panics stayed in flight.
    #[test]
    fn a_panic_is_passed_on_and_does_not_stop_the_rest() {
        let pieces = 10 * (AHEAD * rayon::current_num_threads()) as u64;
        let done = AtomicU64::new(0);
        let work = |n: u64| {
            assert!(n.is_multiple_of(10), "a panic made for this test");
            done.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let mut numbers = 0..pieces;
        assert!(catch_unwind(AssertUnwindSafe(|| pump(|| Ok(numbers.next()), work))).is_err());
        assert_eq!(done.into_inner(), pieces / 10);
    }
}
