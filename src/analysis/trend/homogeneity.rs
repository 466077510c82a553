//! Tests of the assumptions of the pooled matrix: equal probabilities in every year and group, no memory, no
//! direction.
//!
//! With thousands of transitions nearly every test rejects, so each result comes with an effect size.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use nalgebra::{DMatrix, DVector};

use super::panel::{NOT_COUNTED, Panel, TransitionQuery};
use super::transition_counts::{ResultKeys, SquareMatrix, TransitionCounts};
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::lang::Text;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::distribution::chi2_sf;
use crate::stats::markov_chain::solve;

/// Result of a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TestResult {
    /// Null if the test is undefined.
    pub(crate) statistic: Option<f64>,
    pub(crate) df: u64,
    /// Number of transitions the test is based on.
    pub(crate) transitions: u64,
}

impl TestResult {
    pub(crate) fn p_value(&self) -> Option<f64> {
        Some(chi2_sf(self.statistic?, self.df as f64))
    }

    /// Returns Cohen's w, √(statistic / transitions): about 0.1 is small, 0.3 medium, 0.5 large (Cohen 1988).
    pub(crate) fn effect(&self) -> Option<f64> {
        Some((self.statistic? / self.transitions as f64).sqrt())
    }
}

/// Builds the result; without degrees of freedom there is nothing to test and the statistic is null.
fn result(statistic: f64, df: u64, transitions: u64) -> TestResult {
    TestResult { statistic: (df > 0 && transitions > 0).then_some(statistic.max(0.0)), df, transitions }
}

/// Tests whether several tables of transitions have equal probabilities, by the likelihood ratio and by Pearson's
/// chi-square (Anderson and Goodman 1957). Degrees of freedom, summed over rows: (non-empty columns − 1) × (tables
/// in which the row is not empty − 1).
pub(crate) fn homogeneity(tables: &[SquareMatrix]) -> (TestResult, TestResult) {
    let size = tables.first().map_or(0, |table| table.size);
    let pool = tables.iter().fold(SquareMatrix::new(size), SquareMatrix::plus);
    let (mut ratio, mut chi_square, mut df) = (0.0, 0.0, 0);
    for from in 0..size {
        let all: u64 = pool.row(from).iter().sum();
        let columns = pool.row(from).iter().filter(|count| **count > 0).count() as u64;
        let mut rows = 0;
        for table in tables {
            let here: u64 = table.row(from).iter().sum();
            if here == 0 {
                continue;
            }
            rows += 1;
            for (count, pooled) in table.row(from).iter().zip(pool.row(from)).filter(|(_, pooled)| **pooled > 0) {
                let expected = here as f64 * *pooled as f64 / all as f64;
                let count = *count as f64;
                ratio += if count > 0.0 { 2.0 * count * (count / expected).ln() } else { 0.0 };
                chi_square += (count - expected).powi(2) / expected;
            }
        }
        df += columns.saturating_sub(1) * u64::saturating_sub(rows, 1);
    }
    let transitions = pool.total();
    (result(ratio, df, transitions), result(chi_square, df, transitions))
}

/// Tests whether the next state depends on the current state.
pub(crate) fn independence(table: &SquareMatrix) -> (TestResult, TestResult) {
    // Independence is homogeneity of the rows.
    let row = |from: usize| {
        let mut row = SquareMatrix::new(table.size);
        table.row(from).iter().enumerate().for_each(|(to, count)| row.add(0, to, *count));
        row
    };
    homogeneity(&(0..table.size).map(row).collect::<Vec<_>>())
}

/// Tests whether as many entities move from a to b as from b to a (Bowker 1948). Pairs of states without a
/// transition carry no information and add no degree of freedom.
pub(crate) fn symmetry(table: &SquareMatrix) -> TestResult {
    let (mut statistic, mut df) = (0.0, 0);
    for a in 0..table.size {
        for b in a + 1..table.size {
            let (there, back) = (table.get(a, b) as f64, table.get(b, a) as f64);
            if there + back > 0.0 {
                statistic += (there - back).powi(2) / (there + back);
                df += 1;
            }
        }
    }
    result(statistic, df, table.total())
}

/// Tests whether the distribution is equal before and after: Stuart (1955) and Maxwell (1970), then Bhapkar (1966),
/// which does not assume the null hypothesis in the variance.
pub(crate) fn margins(table: &SquareMatrix) -> (TestResult, TestResult) {
    // States that no transition connects form separate tests. Each component costs one degree of freedom.
    let mut part: Vec<usize> = (0..table.size).collect();
    for a in 0..table.size {
        for b in 0..table.size {
            if table.get(a, b) > 0 && part[a] != part[b] {
                let (from, to) = (part[a].max(part[b]), part[a].min(part[b]));
                part.iter_mut().filter(|p| **p == from).for_each(|p| *p = to);
            }
        }
    }
    let free: Vec<usize> = (0..table.size).filter(|at| part[*at] != *at).collect();
    let sum = |at: usize| (0..table.size).map(|b| table.get(at, b)).sum::<u64>() as f64;
    let gain = |at: usize| (0..table.size).map(|b| table.get(b, at)).sum::<u64>() as f64;
    let differences = DVector::from_iterator(free.len(), free.iter().map(|at| sum(*at) - gain(*at)));
    let variances = DMatrix::from_fn(free.len(), free.len(), |a, b| {
        let (a, b) = (free[a], free[b]);
        let both = (table.get(a, b) + table.get(b, a)) as f64;
        if a == b { sum(a) + gain(a) - both } else { -both }
    });
    let (df, transitions) = (free.len() as u64, table.total());
    let Some(solution) = solve(variances, &differences) else {
        return (TestResult { statistic: None, df, transitions }, TestResult { statistic: None, df, transitions });
    };
    let stuart = differences.dot(&solution);
    let bhapkar = stuart / (1.0 - stuart / transitions as f64);
    let bhapkar =
        TestResult { statistic: Some(bhapkar).filter(|b| df > 0 && b.is_finite() && *b >= 0.0), df, transitions };
    (result(stuart, df, transitions), bhapkar)
}

/// Transitions by the state two years back: does that state matter once last year's state is known?
struct Triples {
    /// For each group and state two years back, the transitions of the last year.
    by_group: BTreeMap<u32, Vec<SquareMatrix>>,
}

impl Triples {
    fn count(panel: &Panel<'_>, job: &dyn Job) -> Result<Self> {
        let size = panel.states.len();
        let mut by_group: BTreeMap<u32, Vec<SquareMatrix>> = BTreeMap::new();
        // `of_id` holds the state of each id. A carried-over rating is not a transition.
        let absent = size as u32 - 1;
        let states = |nth: usize, axis| -> Result<Vec<u32>> {
            let mut of_id = vec![absent; panel.ids()];
            for (id, state) in panel.things[nth].ids.iter().zip(panel.positions(nth, axis)?) {
                of_id[*id as usize] = state;
            }
            Ok(of_id)
        };
        for ((first, second), (again, third)) in panel.pairs.iter().zip(panel.pairs.iter().skip(1)) {
            job::check(job)?;
            if second != again {
                continue;
            }
            let (middle, last) = (states(*second, &panel.axis)?, states(*third, &panel.axis)?);
            let rated = panel.rating.as_ref().map(|axis| {
                let known = axis.values.len() as u32;
                let mut of_id = [*first, *second, *third].map(|_| vec![known; panel.ids()]);
                for (of_id, nth) in of_id.iter_mut().zip([*first, *second, *third]) {
                    for (id, at) in panel.things[nth].ids.iter().zip(panel.positions(nth, axis)?) {
                        of_id[*id as usize] = at;
                    }
                }
                Ok::<_, crate::error::Error>((known, of_id))
            });
            let rated = rated.transpose()?;
            let carried = |id: usize| {
                rated.as_ref().is_some_and(|(known, [a, b, c])| {
                    (a[id] < *known && a[id] == b[id]) || (b[id] < *known && b[id] == c[id])
                })
            };
            let (things, groups) = (&panel.things[*first].ids, panel.groups(*first)?);
            for ((id, state), group) in things.iter().zip(panel.positions(*first, &panel.axis)?).zip(groups) {
                let id = *id as usize;
                let path = [state as usize, middle[id] as usize, last[id] as usize];
                if group != NOT_COUNTED && path.iter().all(|at| panel.states[*at].proper()) && !carried(id) {
                    let squares = by_group.entry(group).or_insert_with(|| vec![SquareMatrix::new(size); size]);
                    squares[path[0]].add(path[1], path[2], 1);
                }
            }
        }
        Ok(Self { by_group })
    }
}

/// Tests and their null hypotheses in Chinese and English.
const TESTS: [(&str, &str, &str); 9] = [
    ("time_lr", "各年变动概率相同（似然比）", "the same chances in every year (likelihood ratio)"),
    ("time_chi2", "各年变动概率相同（卡方）", "the same chances in every year (chi-square)"),
    ("order_0_lr", "下年与今年无关（似然比）", "next year does not depend on this year (likelihood ratio)"),
    ("order_0_chi2", "下年与今年无关（卡方）", "next year does not depend on this year (chi-square)"),
    ("order_1_lr", "下年与去年无关（似然比）", "next year does not depend on last year (likelihood ratio)"),
    ("order_1_chi2", "下年与去年无关（卡方）", "next year does not depend on last year (chi-square)"),
    ("bowker", "往来对称（鲍克）", "as many there as back (Bowker)"),
    (
        "stuart_maxwell",
        "前后分布相同（斯图尔特—马克斯韦尔）",
        "the same distribution before and after (Stuart-Maxwell)",
    ),
    ("bhapkar", "前后分布相同（巴普卡）", "the same distribution before and after (Bhapkar)"),
];

impl Roster {
    /// Tests the transitions between ratings, or between the values of a dimension: one row per null hypothesis.
    ///
    /// Columns: `year`, `next_year` (first and last), the dimensions, `test`, `label_zh`, `label_en` (the null
    /// hypothesis), `statistic`, `df`, `p` (null if there is nothing to test: one year, one state, no change), `effect`
    /// (Cohen's w = √(statistic / steps)), `steps` (transitions counted; for `order_1_*` the second of two consecutive
    /// ones). `time_*` and `order_*` follow Anderson and Goodman (1957), the tests of the margins Stuart (1955),
    /// Maxwell (1970) and Bhapkar (1966), `bowker` Bowker (1948).
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// let roster = Roster::sample(3000, 4)?;
    /// let table = roster.transition_tests(&Default::default(), &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 9);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn transition_tests(&self, query: &TransitionQuery, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let panel = Panel::new(self, query, scope, job)?;
        let counted = TransitionCounts::count(&panel, job)?;
        let triples = Triples::count(&panel, job)?;
        let kept = counted.proper();
        let mut rows = ResultKeys::default();
        let mut results: Vec<TestResult> = Vec::new();
        for group in &counted.groups {
            for span in counted.spans(false) {
                let of_year = |year: usize| counted.square(group, &(year..year + 1)).restricted(&kept);
                let years: Vec<SquareMatrix> = span.pairs.clone().map(of_year).collect();
                let pool = counted.square(group, &span.pairs).restricted(&kept);
                let own = triples.by_group.iter().find(|(number, _)| panel.key(**number) == group.key);
                let after: Vec<SquareMatrix> = own.map_or_else(Vec::new, |(_, squares)| {
                    squares.iter().map(|square| square.restricted(&kept)).collect()
                });
                let (time, order_0, order_1) = (homogeneity(&years), independence(&pool), homogeneity(&after));
                let (stuart, bhapkar) = margins(&pool);
                for result in
                    [time.0, time.1, order_0.0, order_0.1, order_1.0, order_1.1, symmetry(&pool), stuart, bhapkar]
                {
                    rows.push(&span, &group.key);
                    results.push(result);
                }
            }
        }
        let tests = || TESTS.iter().cycle().take(results.len());
        let label = |(_, zh, en): &(&str, &str, &str)| Text::new(*zh, *en);
        rows.columns(&counted.by)
            .texts("test", tests().map(|(id, ..)| id))
            .texts("label_zh", tests().map(|test| label(test).zh))
            .texts("label_en", tests().map(|test| label(test).en))
            .reals("statistic", results.iter().map(|result| result.statistic))
            .counts("df", results.iter().map(|result| result.df))
            .reals("p", results.iter().map(TestResult::p_value))
            .reals("effect", results.iter().map(TestResult::effect))
            .counts("steps", results.iter().map(|result| result.transitions))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(counts: &[&[u64]]) -> SquareMatrix {
        let mut square = SquareMatrix::new(counts.len());
        for (from, row) in counts.iter().enumerate() {
            row.iter().enumerate().for_each(|(to, count)| square.add(from, to, *count));
        }
        square
    }

    #[test]
    fn where_nothing_moves_there_is_nothing_to_test() {
        for table in [square(&[&[5, 0], &[0, 7]]), square(&[&[4]]), square(&[]), square(&[&[0, 0], &[0, 0]])] {
            let (stuart, bhapkar) = margins(&table);
            for result in [symmetry(&table), stuart, bhapkar] {
                assert_eq!((result.statistic, result.p_value(), result.effect(), result.df), (None, None, None, 0));
            }
        }
        let (ratio, chi_square) = homogeneity(&[]);
        assert_eq!((ratio.statistic, chi_square.statistic), (None, None));
    }

    /// A 2 by 2 table reduces to `McNemar`'s test: (b − c)² / (b + c).
    #[test]
    fn two_states_are_mcnemar() {
        let table = square(&[&[20, 9], &[3, 30]]);
        assert_eq!(symmetry(&table).statistic, Some(3.0));
        assert!((margins(&table).0.statistic.unwrap() - 3.0).abs() < 1e-12);
        // Bhapkar's statistic is S / (1 − S / n), with S Stuart's and n transitions.
        assert!((margins(&table).1.statistic.unwrap() - 3.0 / (1.0 - 3.0 / 62.0)).abs() < 1e-12);
    }
}
