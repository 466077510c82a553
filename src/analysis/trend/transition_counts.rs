//! Transitions from year to year, counted over all states before any are excluded.
//!
//! Goal: one scan of the panel serves every matrix of a table. Structure: the kernel compares the years of a pair and
//! counts (group, pair, state, next state); [`TransitionCounts::square`] then adds up the pairs of interest into one
//! [`SquareMatrix`]. Trade-off: the entries keep the pair and the carried-over flag, which costs memory but lets
//! pooled, yearly and filtered matrices come from the same counts. Transitions over a missing year are separate (see
//! [`Roster::transition_gaps`]).
//!
//! ```text
//!  entity  2010  2011  2012           entries                        square of both pairs
//!  A       3     4     4              pair 0: 3 → 4       1                     3  4  unrated  absent
//!  B       3     3     unrated   ──▶          3 → 3       1     ──▶    3        2  1     1        0
//!  C       –     3     3                      absent → 3  1            4        0  1     0        0
//!                                     pair 1: 4 → 4       1            unrated  0  0     0        0
//!                                             3 → unrated 1            absent   1  0     0        0
//!                                             3 → 3       1
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::RecordBatch;

use super::panel::{NOT_COUNTED, Panel, State, StateKind, TransitionQuery};
use crate::cube::{Axis, GroupedCounts};
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::query::star_state::ABSENT;
use crate::roster::Roster;
use crate::support::columns::Columns;
use crate::{cube, job};

/// Count of entities that went from one state to another between the years of a pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TransitionCount {
    pub(crate) pair: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) count: u64,
    /// True if the rating was carried over from the year before; null if one of the two years does not say.
    pub(crate) carried: Option<bool>,
}

/// The transitions of every group.
pub(crate) struct TransitionCounts {
    /// Name of the state column: `star_state`, or the dimension.
    pub(crate) name: String,
    /// Name of the count column.
    pub(crate) counts: &'static str,
    /// States; `absent` is the last.
    pub(crate) states: Vec<State>,
    /// Earlier year of each pair.
    pub(crate) years: Vec<i16>,
    pub(crate) by: Vec<Axis>,
    /// Groups in the order of their values.
    pub(crate) groups: Vec<TransitionGroup>,
}

/// The transitions of one group.
pub(crate) struct TransitionGroup {
    /// Position of the group's value on each axis.
    pub(crate) key: Vec<u32>,
    /// Sorted by pair, state and next state.
    pub(crate) entries: Vec<TransitionCount>,
}

impl TransitionCounts {
    /// Counts the transitions of `panel`.
    pub(crate) fn count(panel: &Panel<'_>, job: &dyn Job) -> Result<Self> {
        let mut axes = vec![panel.axis.clone()];
        axes.extend(panel.rating.clone());
        let counted = cube::count_transitions(&panel.frames, &panel.things, &axes, &panel.by, ABSENT, job)?;
        let years = panel.years();
        let (dimensions, width) = (panel.by.len(), axes.len());
        let mut groups: BTreeMap<Vec<u32>, Vec<TransitionCount>> = BTreeMap::new();
        let keys = &counted.keys;
        let same = |a: usize, b: usize| {
            counted.years[a] == counted.years[b] && keys[..dimensions].iter().all(|key| key[a] == key[b])
        };
        let rows: Vec<usize> = (0..counted.years.len()).collect();
        for rows in rows.chunk_by(|a, b| same(*a, *b)) {
            let Some(pair) = years.iter().position(|year| *year == counted.years[rows[0]]) else { continue };
            let key = keys[..dimensions].iter().map(|key| key[rows[0]]).collect();
            let entries = groups.entry(key).or_default();
            for row in rows {
                let (before, after) = (dimensions, dimensions + width);
                let carried = panel.rating.as_ref().and_then(|axis| {
                    let (was, is) = (keys[before + 1][*row], keys[after + 1][*row]);
                    // Codes from `known` on mean absent or not given.
                    let known = axis.values.len() as u32;
                    (was < known && is < known).then_some(was == is)
                });
                let (from, to) = (keys[before][*row] as usize, keys[after][*row] as usize);
                entries.push(TransitionCount { pair, from, to, count: counted.lane(0)[*row], carried });
            }
        }
        let groups = groups.into_iter().map(|(key, entries)| TransitionGroup { key, entries: merge_entries(entries) });
        Ok(Self {
            name: panel.axis.name.clone(),
            counts: panel.counts,
            states: panel.states.clone(),
            years,
            by: panel.by.clone(),
            groups: groups.collect(),
        })
    }

    /// Returns the positions of the states that are ratings or values.
    pub(crate) fn proper(&self) -> Vec<usize> {
        (0..self.states.len()).filter(|at| self.states[*at].proper()).collect()
    }

    /// Checks whether the states have an order.
    pub(crate) fn ordered(&self) -> bool {
        self.states.iter().any(|state| matches!(state.kind, StateKind::Grade(_)))
    }

    /// Returns the position of `absent`.
    pub(crate) fn absent(&self) -> usize {
        self.states.len() - 1
    }

    /// Adds up the counts of the pairs in `pairs`: a row per state, a column per next state. A carried-over rating
    /// is not a transition.
    pub(crate) fn square(&self, group: &TransitionGroup, pairs: &Range<usize>) -> SquareMatrix {
        let mut square = SquareMatrix::new(self.states.len());
        for entry in group.entries.iter().filter(|e| pairs.contains(&e.pair) && e.carried != Some(true)) {
            square.add(entry.from, entry.to, entry.count);
        }
        square
    }

    /// Returns the pairs one by one, or all together, each with its first and last year.
    pub(crate) fn spans(&self, each_year: bool) -> Vec<YearSpan> {
        let all = 0..self.years.len();
        let spans = if each_year { all.map(|at| at..at + 1).collect() } else { vec![all] };
        let years = |pairs: Range<usize>| {
            let (year, next) = (*self.years.get(pairs.start)?, self.years.get(pairs.end - 1)? + 1);
            Some(YearSpan { year, next, pairs })
        };
        spans.into_iter().filter(|pairs| !pairs.is_empty()).filter_map(years).collect()
    }
}

/// Merges entries with equal pair, state, next state and carried-over flag.
fn merge_entries(mut entries: Vec<TransitionCount>) -> Vec<TransitionCount> {
    entries.sort_unstable_by_key(|e| (e.pair, e.from, e.to, e.carried));
    entries.dedup_by(|b, a| {
        let same = (a.pair, a.from, a.to, a.carried) == (b.pair, b.from, b.to, b.carried);
        if same {
            a.count += b.count;
        }
        same
    });
    entries
}

/// Pairs of years that are analysed together.
#[derive(Clone, Debug)]
pub(crate) struct YearSpan {
    /// The first year.
    pub(crate) year: i16,
    /// The last year.
    pub(crate) next: i16,
    pub(crate) pairs: Range<usize>,
}

/// Counts by state (row) and next state (column).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SquareMatrix {
    pub(crate) size: usize,
    counts: Vec<u64>,
}

impl SquareMatrix {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, counts: vec![0; size * size] }
    }

    pub(crate) fn add(&mut self, from: usize, to: usize, count: u64) {
        self.counts[from * self.size + to] += count;
    }

    pub(crate) fn get(&self, from: usize, to: usize) -> u64 {
        self.counts[from * self.size + to]
    }

    pub(crate) fn row(&self, from: usize) -> &[u64] {
        &self.counts[from * self.size..(from + 1) * self.size]
    }

    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the counts between the states `kept`, in that order.
    pub(crate) fn restricted(&self, kept: &[usize]) -> Self {
        let counts = kept.iter().flat_map(|from| kept.iter().map(|to| self.get(*from, *to))).collect();
        Self { size: kept.len(), counts }
    }

    /// Returns the states that occur before or after a transition.
    pub(crate) fn occupied(&self) -> Vec<usize> {
        let some = |at: &usize| (0..self.size).any(|other| self.get(*at, other) + self.get(other, *at) > 0);
        (0..self.size).filter(some).collect()
    }

    pub(crate) fn plus(mut self, other: &Self) -> Self {
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
        self
    }
}

/// Keys of the result rows: years and group.
#[derive(Default)]
pub(crate) struct ResultKeys {
    years: Vec<i16>,
    next: Vec<i16>,
    keys: Vec<Vec<u32>>,
}

impl ResultKeys {
    pub(crate) fn push(&mut self, span: &YearSpan, key: &[u32]) {
        self.push_years(span.year, span.next, key);
    }

    pub(crate) fn push_years(&mut self, year: i16, next: i16, key: &[u32]) {
        self.years.push(year);
        self.next.push(next);
        self.keys.resize(key.len(), Vec::new());
        self.keys.iter_mut().zip(key).for_each(|(keys, key)| keys.push(*key));
    }

    /// Returns the columns `year`, `next_year` and the dimensions.
    pub(crate) fn columns(self, by: &[Axis]) -> Columns {
        let mut columns = self.years(by);
        columns.1.insert_years(1, "next_year", columns.0);
        columns.1
    }

    /// Returns the later years, and the columns `year` and the dimensions.
    fn years(mut self, by: &[Axis]) -> (Vec<i16>, Columns) {
        self.keys.resize(by.len(), Vec::new());
        let counted = GroupedCounts::groups(by.to_vec(), self.years, self.keys);
        (self.next, Columns::default().groups(&counted))
    }

    /// Returns the columns `year` and the dimensions.
    pub(crate) fn year_columns(self, by: &[Axis]) -> Columns {
        self.years(by).1
    }
}

impl Roster {
    /// Measures how many ratings stay equal from one year to the next, and how many were made again (复评). If nearly all
    /// stay, the later list may have carried over the earlier ratings, and its transitions mean nothing. Carried-over
    /// ratings are not excluded here.
    ///
    /// Columns: `year`, `next_year`, the dimensions; `in_both` (entities listed in both years), `rated` (with a rating
    /// in both), `same` (rated equally in both), `same_share` = `same` / `rated`, `carried_over` (of `rated`: the
    /// rating column says it is the earlier rating), `rerated` (it says it is another), `not_said` (one of the two
    /// years does not say); the last three are null without such a column.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.reratings(&Default::default(), &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 2); // two pairs of years
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn reratings(&self, query: &TransitionQuery, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let panel = Panel::new(self, query, scope, job)?;
        let counted = TransitionCounts::count(&panel, job)?;
        let mut rows = ResultKeys::default();
        let mut sums: Vec<[u64; 6]> = Vec::new();
        for group in &counted.groups {
            for span in counted.spans(true) {
                let mut sum = [0; 6];
                for e in group.entries.iter().filter(|e| span.pairs.contains(&e.pair)) {
                    let rated = counted.states[e.from].proper() && counted.states[e.to].proper();
                    let is = [
                        e.from != counted.absent() && e.to != counted.absent(),
                        rated,
                        rated && e.from == e.to,
                        rated && e.carried == Some(true),
                        rated && e.carried == Some(false),
                        rated && e.carried.is_none(),
                    ];
                    sum.iter_mut().zip(is).filter(|(_, is)| *is).for_each(|(sum, _)| *sum += e.count);
                }
                rows.push(&span, &group.key);
                sums.push(sum);
            }
        }
        let has_times = panel.rating.is_some();
        let lane = |at: usize| sums.iter().map(move |sum| sum[at]);
        let by_time = |at: usize| sums.iter().map(move |sum| has_times.then_some(sum[at]));
        rows.columns(&counted.by)
            .counts("in_both", lane(0))
            .counts("rated", lane(1))
            .counts("same", lane(2))
            .reals("same_share", sums.iter().map(|sum| (sum[1] > 0).then(|| sum[2] as f64 / sum[1] as f64)))
            .some_counts("carried_over", by_time(3))
            .some_counts("rerated", by_time(4))
            .some_counts("not_said", by_time(5))
            .finish()
    }

    /// Counts transitions over a break in years (间隔): from the last year in which an entity was listed to the year in
    /// which it is listed again, with at least one calendar year between without the entity or without a list. They are
    /// not yearly transitions; all other tables count them as a departure and an arrival.
    ///
    /// Columns: `year`, `next_year`, the dimensions (of the earlier year), the state, `next_<state>`, `organisations`
    /// or `party_organisations`.
    ///
    /// ```
    /// # use dangjian::{Quiet, ReadOptions, Roster, Scope, synth};
    /// let years = synth::panel(300, 3, 2010, 7)?; // the middle year is missing
    /// let roster = Roster::read_arrow("made", &[years[0].clone(), years[2].clone()], &ReadOptions::default(), &Quiet)?;
    /// let table = roster.transition_gaps(&Default::default(), &Scope::default(), &Quiet)?;
    /// assert!(table.num_rows() > 0);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn transition_gaps(&self, query: &TransitionQuery, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let panel = Panel::new(self, query, scope, job)?;
        // For each id its last occurrence: frame, state and group.
        let mut last: Vec<Option<(u32, u32, u32)>> = vec![None; panel.ids()];
        let mut counts: BTreeMap<(usize, usize, u32, u32, u32), u64> = BTreeMap::new();
        for nth in 0..panel.frames.len() {
            job::check(job)?;
            let (states, groups) = (panel.positions(nth, &panel.axis)?, panel.groups(nth)?);
            for ((id, state), group) in panel.things[nth].ids.iter().zip(states).zip(groups) {
                let before = last[*id as usize].replace((nth as u32, state, group));
                if let Some((was, from, earlier)) = before
                    && earlier != NOT_COUNTED
                    && panel.frames[was as usize].year + 1 < panel.frames[nth].year
                {
                    *counts.entry((was as usize, nth, earlier, from, state)).or_default() += 1;
                }
            }
        }
        let mut rows = ResultKeys::default();
        for (was, is, group, ..) in counts.keys() {
            rows.push_years(panel.frames[*was].year, panel.frames[*is].year, &panel.key(*group));
        }
        let name = |at: &u32| panel.states[*at as usize].name.clone();
        rows.columns(&panel.by)
            .texts(&panel.axis.name, counts.keys().map(|(.., from, _)| name(from)))
            .texts(&format!("next_{}", panel.axis.name), counts.keys().map(|(.., to)| name(to)))
            .counts(panel.counts, counts.values().copied())
            .finish()
    }
}
