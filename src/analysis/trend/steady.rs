//! Tables of the steady state, the length of stay and the passage times.

use arrow::array::RecordBatch;

use super::panel::{Panel, StateKind, TransitionQuery};
use super::transition_counts::{ResultKeys, TransitionCounts, TransitionGroup, YearSpan};
use super::transition_table::names;
use super::transition_view::{ClosedChain, View};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::markov_chain;

/// Returns the states of the chain.
fn kept(counted: &TransitionCounts, view: View) -> Result<Vec<usize>> {
    match view {
        View::Removed => Ok(counted.proper()),
        View::Kept => {
            Ok((0..counted.states.len()).filter(|at| counted.states[*at].kind != StateKind::Absent).collect())
        }
        View::All | View::Absorbing => Err(Error::argument(
            format!("“{}”以离开为终点，没有稳态。可用：kept、removed", view.name()),
            format!("the view '{}' ends with leaving and has no steady state. Available: kept, removed", view.name()),
        )),
    }
}

/// Returns every group and span with the chain of its transitions.
fn chains(
    counted: &TransitionCounts,
    view: View,
    each_year: bool,
) -> Result<Vec<(&TransitionGroup, YearSpan, ClosedChain)>> {
    let kept = kept(counted, view)?;
    let of_group = |group| {
        let kept = &kept;
        counted.spans(each_year).into_iter().map(move |span| {
            let closed = ClosedChain::new(&counted.square(group, &span.pairs), kept);
            (group, span, closed)
        })
    };
    Ok(counted.groups.iter().flat_map(of_group).collect())
}

impl Roster {
    /// Computes the distribution reached if every year were like those counted (稳态分布), and the length of stay in each
    /// state. `view` is `Removed` (between ratings) or `Kept` (unrated is a state).
    ///
    /// Columns: `year`, `next_year`, the dimensions, the state (if it occurs), `at_risk` (transitions that start from
    /// it), `observed` (their proportion of all transitions), `steady` (null if there are several `closed_classes`,
    /// because the limit then depends on the start), `exit` = 1 − Pᵢᵢ, `mean_stay` = 1 / `exit` years (null if the
    /// state is never left), `closed_classes` (number of sets of states that are never left), `never_left` (states that
    /// no transition starts from; nothing of the chain is then defined, except `exit` of the other states), `view`.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// use dangjian::analysis::trend::{TransitionQuery, View};
    ///
    /// let roster = Roster::sample(3000, 3)?;
    /// let query = TransitionQuery::default();
    /// let table = roster.steady_state(&query, View::Removed, false, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 3); // the grades that occur
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn steady_state(
        &self,
        query: &TransitionQuery,
        view: View,
        each_year: bool,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        struct Line {
            state: usize,
            at_risk: u64,
            observed: Option<f64>,
            steady: Option<f64>,
            exit: Option<f64>,
            classes: Option<u64>,
            never_left: Option<String>,
        }
        let counted = TransitionCounts::count(&Panel::new(self, query, scope, job)?, job)?;
        let mut rows = ResultKeys::default();
        let mut lines: Vec<Line> = Vec::new();
        for (group, span, closed) in chains(&counted, view, each_year)? {
            let inner = counted.square(group, &span.pairs).restricted(&closed.states);
            let steady = closed.matrix.as_ref().and_then(markov_chain::steady_state);
            for (at, state) in closed.states.iter().enumerate() {
                let at_risk: u64 = inner.row(at).iter().sum();
                rows.push(&span, &group.key);
                lines.push(Line {
                    state: *state,
                    at_risk,
                    observed: (closed.transitions > 0).then(|| at_risk as f64 / closed.transitions as f64),
                    steady: steady.as_ref().map(|proportions| proportions[at]),
                    exit: (at_risk > 0).then(|| (at_risk - inner.get(at, at)) as f64 / at_risk as f64),
                    classes: closed.matrix.as_ref().map(|matrix| markov_chain::closed_classes(matrix).len() as u64),
                    never_left: names(&counted.states, &closed.never_left),
                });
            }
        }
        rows.columns(&counted.by)
            .texts(&counted.name, lines.iter().map(|line| &counted.states[line.state].name))
            .counts("at_risk", lines.iter().map(|line| line.at_risk))
            .reals("observed", lines.iter().map(|line| line.observed))
            .reals("steady", lines.iter().map(|line| line.steady))
            .reals("exit", lines.iter().map(|line| line.exit))
            .reals("mean_stay", lines.iter().map(|line| line.exit.and_then(|exit| markov_chain::mean_stay(1.0 - exit))))
            .some_counts("closed_classes", lines.iter().map(|line| line.classes))
            .some_texts("never_left", lines.iter().map(|line| line.never_left.as_deref()))
            .texts("view", lines.iter().map(|_| view.name()))
            .finish()
    }

    /// Computes the mean number of years from each state until another is first reached, or the state recurs (平均首达时间),
    /// if every year were like those counted.
    ///
    /// Columns: `year`, `next_year`, the dimensions, the state, `next_<state>`, `at_risk` (transitions that start from
    /// the state), `years` (null if it may never be reached, or if a state was never left), `view`.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// use dangjian::analysis::trend::{TransitionQuery, View};
    ///
    /// let roster = Roster::sample(3000, 3)?;
    /// let query = TransitionQuery::default();
    /// let table = roster.first_passage(&query, View::Removed, false, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 3 * 3);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn first_passage(
        &self,
        query: &TransitionQuery,
        view: View,
        each_year: bool,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let counted = TransitionCounts::count(&Panel::new(self, query, scope, job)?, job)?;
        let mut rows = ResultKeys::default();
        let (mut states, mut at_risk, mut years) = (Vec::new(), Vec::new(), Vec::new());
        for (group, span, closed) in chains(&counted, view, each_year)? {
            let inner = counted.square(group, &span.pairs).restricted(&closed.states);
            let times = closed.matrix.as_ref().map(markov_chain::first_passage);
            for (a, from) in closed.states.iter().enumerate() {
                for (b, to) in closed.states.iter().enumerate() {
                    rows.push(&span, &group.key);
                    states.push((*from, *to));
                    at_risk.push(inner.row(a).iter().sum::<u64>());
                    years.push(times.as_ref().and_then(|times| times[a][b]));
                }
            }
        }
        let many = years.len();
        rows.columns(&counted.by)
            .texts(&counted.name, states.iter().map(|(from, _)| &counted.states[*from].name))
            .texts(&format!("next_{}", counted.name), states.iter().map(|(_, to)| &counted.states[*to].name))
            .counts("at_risk", at_risk)
            .reals("years", years)
            .texts("view", std::iter::repeat_n(view.name(), many))
            .finish()
    }
}
