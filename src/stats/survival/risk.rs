//! Who was under watch when: the counts at each time from which every curve follows.

use crate::error::{Error, Result};

/// One thing under watch from `entry` to `exit` (both measured from the start of what may end).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watched {
    /// When the watch began: 0 for who was seen from the start, later for who came under watch late.
    pub entry: f64,
    /// When it ended.
    pub exit: f64,
    /// Why: 0 where the watch itself ended (censored), else the number of the cause, from 1.
    pub cause: usize,
    /// What it belongs to: things of one cluster (an organisation's several spells) hang together.
    pub cluster: u32,
}

/// The counts at each time, ascending, the first being 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Risk {
    /// The times: 0, and each at which a watch ended.
    pub times: Vec<f64>,
    /// Under watch just before (`entry < time <= exit`); at 0 all who are there from the start.
    pub at_risk: Vec<u64>,
    /// Who came under watch since the time before.
    pub entered: Vec<u64>,
    /// Whose watch ended without an event.
    pub censored: Vec<u64>,
    /// For each cause, from the first, whom it befell.
    pub events: Vec<Vec<u64>>,
}

impl Risk {
    /// The counts of `watched` with `causes` causes, at least at the times `also` (which ascend from 0). Ties are exact: who is
    /// censored at a time was under watch for the events of that time.
    ///
    /// Fails where a watch ends before it began, or where it began: `entry < exit`, but for those there from the start (0, 0).
    ///
    /// ```
    /// use dangjian::analysis::trend::survival::{Risk, Watched};
    /// let seen = |exit, cause| Watched { entry: 0.0, exit, cause, cluster: 0 };
    /// let risk = Risk::new(&[seen(1.0, 1), seen(1.0, 0), seen(2.0, 2)], 2, &[])?;
    /// assert_eq!((risk.times, risk.at_risk), (vec![0.0, 1.0, 2.0], vec![3, 3, 1]));
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn new(watched: &[Watched], causes: usize, also: &[f64]) -> Result<Self> {
        let fits = |w: &Watched| {
            let (entry, exit) = (w.entry, w.exit);
            entry >= 0.0 && exit.is_finite() && (entry < exit || entry == 0.0 && exit == 0.0) && w.cause <= causes
        };
        if let Some(bad) = watched.iter().find(|w| !fits(w)) {
            let Watched { entry, exit, cause, .. } = bad;
            return Err(Error::argument(
                format!(
                    "观察应从 0 或之后开始，在开始之后结束，原因为 0 至 {causes}；有一条从 {entry} 到 {exit}，原因 {cause}"
                ),
                format!(
                    "a watch begins at 0 or later, ends after it began, and has a cause from 0 to {causes}; one goes from {entry} to {exit}, cause {cause}"
                ),
            ));
        }
        let mut times: Vec<f64> = watched.iter().map(|w| w.exit).chain(also.iter().copied()).chain([0.0]).collect();
        times.sort_unstable_by(f64::total_cmp);
        times.dedup();
        let n = times.len();
        let mut risk = Self {
            at_risk: vec![0; n],
            entered: vec![0; n],
            censored: vec![0; n],
            events: vec![vec![0; n]; causes],
            times,
        };
        for w in watched {
            let (first, last) = risk.rows(w);
            risk.entered[first] += 1;
            match w.cause.checked_sub(1) {
                None => risk.censored[last] += 1,
                Some(cause) => risk.events[cause][last] += 1,
            }
        }
        let mut there = 0;
        for at in 0..n {
            there += risk.entered[at];
            risk.at_risk[at] = there;
            there -= risk.censored[at] + risk.events_at(at);
        }
        Ok(risk)
    }

    /// The first and the last of the times at which `w` is under watch.
    pub(crate) fn rows(&self, w: &Watched) -> (usize, usize) {
        let first = if w.entry == 0.0 { 0 } else { self.times.partition_point(|time| *time <= w.entry) };
        (first, self.times.partition_point(|time| *time < w.exit))
    }

    /// The events of all causes at a time.
    #[must_use]
    pub fn events_at(&self, at: usize) -> u64 {
        self.events.iter().map(|cause| cause[at]).sum()
    }

    /// Whether the first cause befell all who were left.
    pub(crate) fn ended(&self) -> bool {
        let last = (0..self.times.len()).rev().find(|at| self.at_risk[*at] > 0);
        last.is_some_and(|at| self.events[0][at] == self.at_risk[at])
    }

    /// The last time at which anyone is under watch.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        (0..self.times.len()).rev().find(|at| self.at_risk[*at] > 0).map(|at| self.times[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn w(entry: f64, exit: f64, cause: usize) -> Watched {
        Watched { entry, exit, cause, cluster: 0 }
    }

    #[test]
    fn counts_are_those_of_looking_at_each_time() {
        let watched = [w(0.0, 3.0, 1), w(0.0, 0.0, 0), w(1.0, 2.0, 2), w(1.5, 3.0, 0), w(2.0, 5.0, 1), w(0.0, 2.0, 0)];
        let risk = Risk::new(&watched, 2, &[0.0, 1.0, 4.0]).unwrap();
        assert_eq!(risk.times, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        for (at, time) in risk.times.iter().enumerate() {
            let there = watched.iter().filter(|w| (w.entry < *time || w.entry == 0.0) && *time <= w.exit).count();
            assert_eq!(risk.at_risk[at], there as u64, "{time}");
        }
        assert_eq!(risk.entered, [3, 0, 2, 1, 0, 0]);
        assert_eq!(risk.censored, [1, 0, 1, 1, 0, 0]);
        assert_eq!(risk.events, [[0, 0, 0, 1, 0, 1], [0, 0, 1, 0, 0, 0]]);
        assert_eq!(risk.last(), Some(5.0));
        assert_eq!(Risk::new(&[], 1, &[]).unwrap().last(), None);
    }

    #[test]
    fn a_watch_has_a_length() {
        for bad in [w(1.0, 1.0, 0), w(2.0, 1.0, 1), w(-1.0, 1.0, 1), w(0.0, f64::NAN, 1), w(0.0, 1.0, 3)] {
            assert!(Risk::new(&[bad], 2, &[]).is_err(), "{bad:?}");
        }
    }
}
