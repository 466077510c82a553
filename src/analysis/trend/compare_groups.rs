//! Comparison of two groups: equal transition probabilities or not, and the difference of each mobility index.

use arrow::array::RecordBatch;

use super::bootstrap::{by_key, samples};
use super::homogeneity::{TestResult, homogeneity};
use super::mobility::{Index, indices};
use super::options::Bootstrap;
use super::panel::{Panel, TransitionQuery};
use super::transition_counts::{ResultKeys, SquareMatrix, TransitionCounts, TransitionGroup, YearSpan};
use super::transition_view::ClosedChain;
use crate::cube::{Axis, AxisValues};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::support::random::Rng;

/// Name of the group of all other values.
const OTHERS: &str = "others";

/// A row of the result.
struct Line {
    measure: &'static str,
    weights: Option<&'static str>,
    label: crate::lang::Text,
    values: [Option<f64>; 2],
    ends: Option<(f64, f64)>,
    replicates: Option<u64>,
    result: Option<TestResult>,
    transitions: [u64; 2],
}

impl Roster {
    /// Compares the transitions of two groups: the values `a` and `b` of the one dimension of `scope`, or `a` and all
    /// others if `b` is `None`.
    ///
    /// Columns: `year`, `next_year`, `a`, `b`, `measure` (`homogeneity_lr`, `homogeneity_chi2`: tests of equal
    /// probabilities; then every index of [`mobility`](Roster::mobility)), `weights`, `label_zh`, `label_en`,
    /// `value_a`, `value_b`, `difference` (a − b), `low`, `high` (of the difference: organisations resampled within
    /// each group), `draws`, `statistic`, `df`, `p`, `effect` (Cohen's w; of the tests), `steps_a`, `steps_b`.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// let roster = Roster::sample(3000, 3)?;
    /// let scope = Scope::by(["kind"]);
    /// let table = roster.compare_groups(&Default::default(), "enterprise", None, None, &scope, &Quiet)?;
    /// assert_eq!(table.num_rows(), 2 + 19);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn compare_groups(
        &self,
        query: &TransitionQuery,
        a: &str,
        b: Option<&str>,
        bootstrap: Option<&Bootstrap>,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        bootstrap.map_or(Ok(()), Bootstrap::check)?;
        let mut panel = Panel::new(self, query, scope, job)?;
        let [axis] = panel.by.as_slice() else {
            let many = panel.by.len();
            return Err(Error::argument(
                format!("比较需要恰好一个维度（by），给的是 {many} 个"),
                format!("a comparison is over one dimension (by); got {many}"),
            ));
        };
        panel.by = vec![two(axis, a, b)?];
        let counted = TransitionCounts::count(&panel, job)?;
        let (kept, all) = (counted.proper(), Index::all(counted.ordered()));
        let inner = |from: usize, to: usize| counted.states[from].proper() && counted.states[to].proper();
        let samples = bootstrap.map_or_else(|| Ok(Vec::new()), |_| samples(&panel, false, inner, job))?;
        let samples = by_key(&panel, &samples);
        let mut rows = ResultKeys::default();
        let mut lines: Vec<Line> = Vec::new();
        for span in counted.spans(false) {
            let pair: [SquareMatrix; 2] = [0, 1].map(|at| of_key(&counted, at, &span));
            let closed = pair.each_ref().map(|square| ClosedChain::new(square, &kept));
            let transitions = closed.each_ref().map(|closed| closed.transitions);
            let (ratio, chi_square) = homogeneity(&pair.each_ref().map(|square| square.restricted(&kept)));
            for (measure, zh, en, result) in [
                ("homogeneity_lr", "两组变动概率相同（似然比）", "the same chances in both (likelihood ratio)", ratio),
                ("homogeneity_chi2", "两组变动概率相同（卡方）", "the same chances in both (chi-square)", chi_square),
            ] {
                let label = crate::lang::Text::new(zh, en);
                let result = Some(result);
                let values = [None; 2];
                lines.push(Line {
                    measure,
                    weights: None,
                    label,
                    values,
                    ends: None,
                    replicates: None,
                    result,
                    transitions,
                });
            }
            let values = pair.each_ref().map(|square| indices(square, &counted.states, &kept, &all, None));
            let spread = match (bootstrap, samples.get(&vec![0]), samples.get(&vec![1])) {
                (Some(bootstrap), Some(first), Some(second)) => {
                    Some(first.intervals(bootstrap, job, |squares, rng| {
                        let of_group = |square: &SquareMatrix, at: usize| {
                            indices(square, &counted.states, &kept, &all, Some(&closed[at].states))
                        };
                        let mut other = Rng(rng.next());
                        let (one, other) = (of_group(&squares[0], 0), of_group(&second.resample(&mut other)[0], 1));
                        one.into_iter().zip(other).map(|(one, other)| Some(one? - other?)).collect()
                    })?)
                }
                _ => None,
            };
            for (at, index) in all.iter().enumerate() {
                let values = [values[0][at], values[1][at]];
                let both = values[0].and(values[1]);
                let here = spread.as_ref().map(|spread| spread[at]);
                lines.push(Line {
                    measure: index.name(),
                    weights: index.weights(),
                    label: index.label(),
                    values,
                    ends: both.and_then(|_| here.and_then(|here| here.low.zip(here.high))),
                    replicates: here.map(|here| here.replicates),
                    result: None,
                    transitions,
                });
            }
            (0..all.len() + 2).for_each(|_| rows.push(&span, &[]));
        }
        let result =
            |field: fn(&TestResult) -> Option<f64>| lines.iter().map(move |line| line.result.as_ref().and_then(field));
        rows.columns(&[])
            .texts("a", lines.iter().map(|_| a))
            .texts("b", lines.iter().map(|_| b.unwrap_or(OTHERS)))
            .texts("measure", lines.iter().map(|line| line.measure))
            .some_texts("weights", lines.iter().map(|line| line.weights))
            .texts("label_zh", lines.iter().map(|line| &line.label.zh))
            .texts("label_en", lines.iter().map(|line| &line.label.en))
            .reals("value_a", lines.iter().map(|line| line.values[0]))
            .reals("value_b", lines.iter().map(|line| line.values[1]))
            .reals("difference", lines.iter().map(|line| Some(line.values[0]? - line.values[1]?)))
            .reals("low", lines.iter().map(|line| line.ends.map(|ends| ends.0)))
            .reals("high", lines.iter().map(|line| line.ends.map(|ends| ends.1)))
            .some_counts("draws", lines.iter().map(|line| line.replicates))
            .reals("statistic", result(|result| result.statistic))
            .some_counts("df", lines.iter().map(|line| line.result.map(|result| result.df)))
            .reals("p", result(TestResult::p_value))
            .reals("effect", result(TestResult::effect))
            .counts("steps_a", lines.iter().map(|line| line.transitions[0]))
            .counts("steps_b", lines.iter().map(|line| line.transitions[1]))
            .finish()
    }
}

/// Returns the transitions of the group whose value is at `at`.
fn of_key(counted: &TransitionCounts, at: u32, span: &YearSpan) -> SquareMatrix {
    let own: Option<&TransitionGroup> = counted.groups.iter().find(|group| group.key == [at]);
    own.map_or_else(|| SquareMatrix::new(counted.states.len()), |group| counted.square(group, &span.pairs))
}

/// Reduces `axis` to two values: `a`, and `b` or all others. Any other value becomes null.
fn two(axis: &Axis, a: &str, b: Option<&str>) -> Result<Axis> {
    let names: Vec<String> = match &axis.values {
        AxisValues::Text(names) => names.clone(),
        AxisValues::Region(codes) => codes.to_vec(),
        AxisValues::Flag => vec!["true".to_owned(), "false".to_owned()],
    };
    let place = |value: &str| {
        names.iter().position(|name| name == value).ok_or_else(|| {
            // A region dimension may have thousands of values.
            let have = names.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
            let more = if names.len() > 20 { ", …" } else { "" };
            let dimension = &axis.name;
            Error::argument(
                format!("“{dimension}”没有值“{value}”。现有：{have}{more}"),
                format!("'{dimension}' has no value '{value}'. Available: {have}{more}"),
            )
        })
    };
    let (first, second) = (place(a)?, b.map(place).transpose()?);
    if second == Some(first) {
        return Err(Error::argument(
            format!("比较的两组相同：“{a}”"),
            format!("both groups are '{a}': name two different ones"),
        ));
    }
    let group = |at: &u32| match (*at as usize, second) {
        (at, _) if at == first => 0,
        (_, None) => 1,
        (at, Some(second)) if at == second => 1,
        _ => 2,
    };
    let values = AxisValues::Text(vec![a.to_owned(), b.unwrap_or(OTHERS).to_owned()]);
    Ok(Axis { name: axis.name.clone(), base: axis.base.clone(), map: axis.map.iter().map(group).collect(), values })
}
