//! Risk sets: the counts at each time, from which every curve follows.

use crate::error::{Error, Result};

/// Observation of one subject from `entry` to `exit`, both measured from the time origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Start of observation: 0 if observed from the origin, later if left-truncated.
    pub entry: f64,
    /// End of observation.
    pub exit: f64,
    /// Cause of the exit: 0 if right-censored, else the number of the cause, from 1.
    pub cause: usize,
    /// Cluster of the subject: subjects of one cluster (several spells of an organisation) are dependent.
    pub cluster: u32,
}

/// Counts at each time, ascending, the first time being 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RiskTable {
    /// Times: 0, and each time at which an observation ended.
    pub times: Vec<f64>,
    /// Size of the risk set just before (`entry < time <= exit`); at 0 all subjects observed from the origin.
    pub at_risk: Vec<u64>,
    /// Subjects that entered after the previous time.
    pub entered: Vec<u64>,
    /// Right-censored subjects.
    pub censored: Vec<u64>,
    /// Events of each cause.
    pub events: Vec<Vec<u64>>,
}

impl RiskTable {
    /// Counts `observations` with `causes` causes, at least at the times `also` (ascending from 0). Ties are exact: a
    /// subject censored at a time is at risk for the events of that time (Kaplan and Meier 1958).
    ///
    /// Fails unless `entry < exit`; a subject present only at the origin (0, 0) is allowed.
    ///
    /// ```
    /// use dangjian::stats::survival::{Observation, RiskTable};
    /// let seen = |exit, cause| Observation { entry: 0.0, exit, cause, cluster: 0 };
    /// let risk = RiskTable::new(&[seen(1.0, 1), seen(1.0, 0), seen(2.0, 2)], 2, &[])?;
    /// assert_eq!((risk.times, risk.at_risk), (vec![0.0, 1.0, 2.0], vec![3, 3, 1]));
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn new(observations: &[Observation], causes: usize, also: &[f64]) -> Result<Self> {
        let fits = |w: &Observation| {
            let (entry, exit) = (w.entry, w.exit);
            entry >= 0.0 && exit.is_finite() && (entry < exit || entry == 0.0 && exit == 0.0) && w.cause <= causes
        };
        if let Some(bad) = observations.iter().find(|w| !fits(w)) {
            let Observation { entry, exit, cause, .. } = bad;
            return Err(Error::argument(
                format!(
                    "观察应从 0 或之后开始，在开始之后结束，原因为 0 至 {causes}；有一条从 {entry} 到 {exit}，原因 {cause}"
                ),
                format!(
                    "a watch begins at 0 or later, ends after it began, and has a cause from 0 to {causes}; one goes from {entry} to {exit}, cause {cause}"
                ),
            ));
        }
        let mut times: Vec<f64> =
            observations.iter().map(|w| w.exit).chain(also.iter().copied()).chain([0.0]).collect();
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
        for w in observations {
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

    /// Returns the first and the last position in `times` at which `w` is at risk.
    pub(crate) fn rows(&self, w: &Observation) -> (usize, usize) {
        let first = if w.entry == 0.0 { 0 } else { self.times.partition_point(|time| *time <= w.entry) };
        (first, self.times.partition_point(|time| *time < w.exit))
    }

    /// Returns the events of all causes at the time with this index.
    #[must_use]
    pub fn events_at(&self, index: usize) -> u64 {
        self.events.iter().map(|cause| cause[index]).sum()
    }

    /// Checks whether the first cause took all subjects that were left.
    pub(crate) fn ended(&self) -> bool {
        let last = (0..self.times.len()).rev().find(|at| self.at_risk[*at] > 0);
        last.is_some_and(|at| self.events[0][at] == self.at_risk[at])
    }

    /// Returns the last time with a subject at risk.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        (0..self.times.len()).rev().find(|at| self.at_risk[*at] > 0).map(|at| self.times[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn w(entry: f64, exit: f64, cause: usize) -> Observation {
        Observation { entry, exit, cause, cluster: 0 }
    }

    #[test]
    fn counts_are_those_of_looking_at_each_time() {
        let observations =
            [w(0.0, 3.0, 1), w(0.0, 0.0, 0), w(1.0, 2.0, 2), w(1.5, 3.0, 0), w(2.0, 5.0, 1), w(0.0, 2.0, 0)];
        let risk = RiskTable::new(&observations, 2, &[0.0, 1.0, 4.0]).unwrap();
        assert_eq!(risk.times, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        for (at, time) in risk.times.iter().enumerate() {
            let there = observations.iter().filter(|w| (w.entry < *time || w.entry == 0.0) && *time <= w.exit).count();
            assert_eq!(risk.at_risk[at], there as u64, "{time}");
        }
        assert_eq!(risk.entered, [3, 0, 2, 1, 0, 0]);
        assert_eq!(risk.censored, [1, 0, 1, 1, 0, 0]);
        assert_eq!(risk.events, [[0, 0, 0, 1, 0, 1], [0, 0, 1, 0, 0, 0]]);
        assert_eq!(risk.last(), Some(5.0));
        assert_eq!(RiskTable::new(&[], 1, &[]).unwrap().last(), None);
    }

    #[test]
    fn an_observation_has_a_length() {
        for bad in [w(1.0, 1.0, 0), w(2.0, 1.0, 1), w(-1.0, 1.0, 1), w(0.0, f64::NAN, 1), w(0.0, 1.0, 3)] {
            assert!(RiskTable::new(&[bad], 2, &[]).is_err(), "{bad:?}");
        }
    }
}
