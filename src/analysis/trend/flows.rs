//! The largest transitions between states, each with the count of the reverse transition.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};

use super::panel::{Panel, TransitionQuery};
use super::transition_counts::{ResultKeys, TransitionCounts};
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;

impl Roster {
    /// Counts the transitions between different states, the largest count first. `absent` is one of the states, so
    /// arrivals and departures are listed separately from changes of rating.
    ///
    /// Columns: `year`, `next_year` (first and last), the dimensions, the state, `next_<state>` (always a different
    /// one), `moves`, `back` (count of the reverse transition), `net` = `moves` − `back`, `of_state` (all transitions
    /// that start from the state, unchanged ones included; null for `absent`), `share` = `moves` / `of_state`, `rank`
    /// (by `moves`, within group and years). With `each_year`, every pair of years has its own rows; otherwise the
    /// pairs are pooled.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// use dangjian::analysis::trend::{StateSource, TransitionQuery};
    ///
    /// let roster = Roster::sample(300, 3)?;
    /// let query = TransitionQuery::new(StateSource::Dimension("mode".to_owned()));
    /// let table = roster.flows(&query, false, &Scope::default(), &Quiet)?;
    /// assert!(table.num_rows() > 0);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn flows(&self, query: &TransitionQuery, each_year: bool, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        struct Line {
            from: usize,
            to: usize,
            transitions: u64,
            back: u64,
            of_state: Option<u64>,
            rank: u64,
        }
        let counted = TransitionCounts::count(&Panel::new(self, query, scope, job)?, job)?;
        let mut rows = ResultKeys::default();
        let mut lines: Vec<Line> = Vec::new();
        for group in &counted.groups {
            for span in counted.spans(each_year) {
                let square = counted.square(group, &span.pairs);
                let cells = (0..square.size).flat_map(|from| (0..square.size).map(move |to| (from, to)));
                let mut cells: Vec<(usize, usize)> =
                    cells.filter(|(from, to)| from != to && square.get(*from, *to) > 0).collect();
                cells.sort_by_key(|(from, to)| std::cmp::Reverse(square.get(*from, *to)));
                for (rank, (from, to)) in cells.into_iter().enumerate() {
                    let all: u64 = square.row(from).iter().sum();
                    rows.push(&span, &group.key);
                    lines.push(Line {
                        from,
                        to,
                        transitions: square.get(from, to),
                        back: square.get(to, from),
                        of_state: (from != counted.absent()).then_some(all),
                        rank: rank as u64 + 1,
                    });
                }
            }
        }
        let net = |line: &Line| Some(line.transitions as i64 - line.back as i64);
        rows.columns(&counted.by)
            .texts(&counted.name, lines.iter().map(|line| &counted.states[line.from].name))
            .texts(&format!("next_{}", counted.name), lines.iter().map(|line| &counted.states[line.to].name))
            .counts("moves", lines.iter().map(|line| line.transitions))
            .counts("back", lines.iter().map(|line| line.back))
            .array("net", Arc::new(lines.iter().map(net).collect::<Int64Array>()))
            .some_counts("of_state", lines.iter().map(|line| line.of_state))
            .reals("share", lines.iter().map(|line| Some(line.transitions as f64 / line.of_state? as f64)))
            .counts("rank", lines.iter().map(|line| line.rank))
            .finish()
    }
}
