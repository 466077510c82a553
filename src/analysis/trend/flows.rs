//! The largest transitions between states, each with the count of the reverse transition.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};

use super::panel::{Panel, Steps};
use super::transitions::{Flows, Rows};
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;

/// Counts the transitions between different states, the largest count first. `absent` is one of the states, so
/// arrivals and departures are listed separately from changes of rating.
///
/// Columns: `year`, `next_year` (first and last), the dimensions, the state, `next_<state>` (always a different
/// one), `moves`, `back` (count of the reverse transition), `net` = `moves` − `back`, `of_state` (all transitions
/// that start from the state, unchanged ones included; null for `absent`), `share` = `moves` / `of_state`, `rank`
/// (by `moves`, within group and years). With `each`, every pair of years has its own rows; otherwise the pairs are
/// pooled.
///
/// ```
/// # use dangjian::{Roster, Scope, job::Quiet};
/// use dangjian::analysis::trend::{Of, Steps, flows};
///
/// let roster = Roster::sample(300, 3)?;
/// let table = flows(&roster, &Steps::of(Of::Dimension("mode".to_owned())), &Scope::default(), false, &Quiet)?;
/// assert!(table.num_rows() > 0);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn flows(roster: &Roster, steps: &Steps, scope: &Scope, each: bool, job: &dyn Job) -> Result<RecordBatch> {
    struct Line {
        from: usize,
        to: usize,
        moves: u64,
        back: u64,
        of_state: Option<u64>,
        rank: u64,
    }
    let flows = Flows::count(&Panel::new(roster, steps, scope, job)?, job)?;
    let mut rows = Rows::default();
    let mut lines: Vec<Line> = Vec::new();
    for group in &flows.groups {
        for span in flows.spans(each) {
            let square = flows.square(group, &span.pairs);
            let cells = (0..square.size).flat_map(|from| (0..square.size).map(move |to| (from, to)));
            let mut cells: Vec<(usize, usize)> =
                cells.filter(|(from, to)| from != to && square.at(*from, *to) > 0).collect();
            cells.sort_by_key(|(from, to)| std::cmp::Reverse(square.at(*from, *to)));
            for (rank, (from, to)) in cells.into_iter().enumerate() {
                let all: u64 = square.row(from).iter().sum();
                rows.push(&span, &group.key);
                lines.push(Line {
                    from,
                    to,
                    moves: square.at(from, to),
                    back: square.at(to, from),
                    of_state: (from != flows.absent()).then_some(all),
                    rank: rank as u64 + 1,
                });
            }
        }
    }
    let net = |line: &Line| Some(line.moves as i64 - line.back as i64);
    rows.columns(&flows.by)
        .texts(&flows.name, lines.iter().map(|line| &flows.states[line.from].name))
        .texts(&format!("next_{}", flows.name), lines.iter().map(|line| &flows.states[line.to].name))
        .counts("moves", lines.iter().map(|line| line.moves))
        .counts("back", lines.iter().map(|line| line.back))
        .array("net", Arc::new(lines.iter().map(net).collect::<Int64Array>()))
        .some_counts("of_state", lines.iter().map(|line| line.of_state))
        .reals("share", lines.iter().map(|line| Some(line.moves as f64 / line.of_state? as f64)))
        .counts("rank", lines.iter().map(|line| line.rank))
        .finish()
}
