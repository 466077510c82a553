//! Mobility indices (流动性) of a transition matrix, as defined in the literature.

use arrow::array::RecordBatch;
use nalgebra::DMatrix;

use super::bootstrap::{Resampled, by_key, samples};
use super::options::Bootstrap;
use super::panel::{Panel, State, StateKind, TransitionQuery};
use super::transition_counts::{ResultKeys, SquareMatrix, TransitionCounts};
use super::transition_view::ClosedChain;
use crate::error::Result;
use crate::job::Job;
use crate::lang::Text;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::markov_chain;
use crate::stats::markov_chain::Matrix;
use crate::support::named::named_enum;

/// Weights of the states in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weights {
    Uniform,
    Observed,
    Steady,
}

named_enum! { Weights; Uniform = "uniform", Observed = "observed", Steady = "steady" }

/// A mobility index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    Shorrocks,
    Determinant,
    SecondEigenvalue,
    HalfLife,
    Bartholomew1(Weights),
    Bartholomew2(Weights),
    SingularValues,
    Stay,
    Exit,
    Up,
    Down,
    Net,
    UpDown,
    MeanSteps,
    MeanStars,
}

named_enum! {
    pub(crate) Index;
    Self::Shorrocks => "shorrocks", Self::Determinant => "determinant", Self::SecondEigenvalue => "second_eigenvalue",
    Self::HalfLife => "half_life", Self::Bartholomew1(_) => "bartholomew_1", Self::Bartholomew2(_) => "bartholomew_2",
    Self::SingularValues => "svd", Self::Stay => "stay", Self::Exit => "exit", Self::Up => "up", Self::Down => "down",
    Self::Net => "net", Self::UpDown => "up_down_ratio", Self::MeanSteps => "mean_steps",
    Self::MeanStars => "mean_stars",
}

impl Index {
    /// Returns all indices; those that need an order only if the states have one.
    pub(crate) fn all(ordered: bool) -> Vec<Self> {
        let mut all = vec![Self::Shorrocks, Self::Determinant, Self::SecondEigenvalue, Self::HalfLife];
        all.extend(Weights::ALL.map(Self::Bartholomew1));
        if ordered {
            all.extend(Weights::ALL.map(Self::Bartholomew2));
        }
        all.extend([Self::SingularValues, Self::Stay, Self::Exit]);
        if ordered {
            all.extend([Self::Up, Self::Down, Self::Net, Self::UpDown, Self::MeanSteps, Self::MeanStars]);
        }
        all
    }

    pub(crate) fn label(self) -> Text {
        let (zh, en) = match self {
            Self::Shorrocks => ("肖罗克斯指数", "Shorrocks / Prais index"),
            Self::Determinant => ("行列式指数", "determinant index"),
            Self::SecondEigenvalue => ("第二特征值指数", "second-eigenvalue index"),
            Self::HalfLife => ("半衰期（年）", "half-life in years"),
            Self::Bartholomew1(_) => ("巴塞洛缪指数一", "Bartholomew index 1"),
            Self::Bartholomew2(_) => ("巴塞洛缪指数二", "Bartholomew index 2"),
            Self::SingularValues => ("奇异值指数", "singular-value index"),
            Self::Stay => ("保持率", "share that stays"),
            Self::Exit => ("变动率", "share that moves"),
            Self::Up => ("上升率", "share that rises"),
            Self::Down => ("下降率", "share that falls"),
            Self::Net => ("净上升率", "net rises"),
            Self::UpDown => ("升降比", "rises per fall"),
            Self::MeanSteps => ("平均升降级数", "mean steps of the scale"),
            Self::MeanStars => ("平均升降星数", "mean change of grade"),
        };
        Text::new(zh, en)
    }

    pub(crate) fn weights(self) -> Option<&'static str> {
        match self {
            Self::Bartholomew1(weights) | Self::Bartholomew2(weights) => Some(weights.name()),
            _ => None,
        }
    }
}

/// Quantities from which the indices of one matrix are computed.
struct Facts {
    /// Null if a state was never left.
    matrix: Option<Matrix>,
    /// Distribution of the states before a transition.
    observed: Vec<f64>,
    steady: Option<Vec<f64>>,
    /// Absolute values, the largest first.
    eigenvalues: Option<Vec<f64>>,
    /// Number of transitions: all, up, down; then the sum of their changes in positions on the scale, and in
    /// grades.
    transitions: u64,
    up: u64,
    down: u64,
    places: i64,
    grades: f64,
    stayed: u64,
}

impl Facts {
    fn new(square: &SquareMatrix, states: &[State], closed: &ClosedChain) -> Self {
        let inner = square.restricted(&closed.states);
        let size = inner.size;
        let leaving = |from: usize| inner.row(from).iter().sum::<u64>() as f64;
        let matrix = closed.matrix.clone();
        let mut facts = Self {
            observed: (0..size).map(|from| leaving(from) / closed.transitions as f64).collect(),
            steady: matrix.as_ref().and_then(markov_chain::steady_state),
            eigenvalues: matrix.as_ref().and_then(absolute_eigenvalues),
            matrix,
            transitions: closed.transitions,
            up: 0,
            down: 0,
            places: 0,
            grades: 0.0,
            stayed: (0..size).map(|at| inner.get(at, at)).sum(),
        };
        let grade = |at: usize| match states[closed.states[at]].kind {
            StateKind::Grade(grade) => grade,
            _ => 0.0,
        };
        for from in 0..size {
            for to in 0..size {
                let count = inner.get(from, to);
                facts.up += if to > from { count } else { 0 };
                facts.down += if to < from { count } else { 0 };
                facts.places += (to as i64 - from as i64) * count as i64;
                facts.grades += (grade(to) - grade(from)) * count as f64;
            }
        }
        facts
    }

    fn index(&self, index: Index) -> Option<f64> {
        let of_transitions = |count: f64| (self.transitions > 0).then(|| count / self.transitions as f64);
        match index {
            Index::Stay => of_transitions(self.stayed as f64),
            Index::Exit => of_transitions((self.transitions - self.stayed) as f64),
            Index::Up => of_transitions(self.up as f64),
            Index::Down => of_transitions(self.down as f64),
            Index::Net => of_transitions(self.up as f64 - self.down as f64),
            Index::MeanSteps => of_transitions(self.places as f64),
            Index::MeanStars => of_transitions(self.grades),
            Index::UpDown => (self.down > 0).then(|| self.up as f64 / self.down as f64),
            _ => self.of_matrix(index).filter(|value| value.is_finite()),
        }
    }

    fn of_matrix(&self, index: Index) -> Option<f64> {
        let matrix = self.matrix.as_ref()?;
        // With one state nothing can move, and every index is 0 / 0.
        let size = Some(matrix.len() as f64).filter(|size| *size > 1.0)?;
        let place = |at: usize| at as f64;
        match index {
            Index::Shorrocks => Some((size - (0..matrix.len()).map(|at| matrix[at][at]).sum::<f64>()) / (size - 1.0)),
            Index::Determinant => Some(1.0 - dense(matrix).determinant().abs()),
            Index::SecondEigenvalue => Some(1.0 - self.eigenvalues.as_ref()?.get(1)?),
            Index::HalfLife => {
                let second = *self.eigenvalues.as_ref()?.get(1)?;
                (second < 1.0 - 1e-12).then(|| -std::f64::consts::LN_2 / second.ln())
            }
            Index::Bartholomew1(weights) => {
                let weights = self.weights(weights, matrix.len())?;
                let stay: f64 = weights.iter().enumerate().map(|(at, weight)| weight * matrix[at][at]).sum();
                Some((size - size * stay) / (size - 1.0))
            }
            Index::Bartholomew2(weights) => {
                let weights = self.weights(weights, matrix.len())?;
                let far = |(from, weight): (usize, &f64)| {
                    let row = matrix[from].iter().enumerate();
                    weight * row.map(|(to, p)| p * (place(from) - place(to)).abs()).sum::<f64>()
                };
                Some(weights.iter().enumerate().map(far).sum::<f64>() / (size - 1.0))
            }
            Index::SingularValues => {
                let moved = dense(matrix) - DMatrix::identity(matrix.len(), matrix.len());
                Some(moved.singular_values().iter().sum::<f64>() / size)
            }
            _ => None,
        }
    }

    fn weights(&self, weights: Weights, size: usize) -> Option<Vec<f64>> {
        match weights {
            Weights::Uniform => Some(vec![1.0 / size as f64; size]),
            Weights::Observed => Some(self.observed.clone()),
            Weights::Steady => self.steady.clone(),
        }
    }
}

fn dense(matrix: &Matrix) -> DMatrix<f64> {
    DMatrix::from_fn(matrix.len(), matrix.len(), |from, to| matrix[from][to])
}

/// Returns the absolute values of the eigenvalues, complex pairs included, the largest first.
fn absolute_eigenvalues(matrix: &Matrix) -> Option<Vec<f64>> {
    /// Maximum number of sweeps, far more than the method needs if it converges.
    const SWEEPS: usize = 10_000;
    let schur = nalgebra::linalg::Schur::try_new(dense(matrix), f64::EPSILON, SWEEPS)?;
    let mut values: Vec<f64> = schur.complex_eigenvalues().iter().map(|value| value.re.hypot(value.im)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Some(values)
}

/// Computes every index of the transitions between `kept` states. For bootstrap replicates, `like` holds the states
/// of the data; the indices of the matrix are null if the replicate has other states.
pub(crate) fn indices(
    square: &SquareMatrix,
    states: &[State],
    kept: &[usize],
    all: &[Index],
    like: Option<&[usize]>,
) -> Vec<Option<f64>> {
    let mut closed = ClosedChain::new(square, kept);
    if like.is_some_and(|like| like != closed.states) {
        closed.matrix = None;
    }
    let facts = Facts::new(square, states, &closed);
    all.iter().map(|index| facts.index(*index)).collect()
}

impl Roster {
    /// Computes mobility indices of the transitions between ratings (unrated and absent are excluded), with bootstrap
    /// intervals over organisations if `bootstrap` is given. With `each_year`, every pair of years has its own indices;
    /// otherwise the pairs are pooled.
    ///
    /// Columns: `year`, `next_year` (first and last), the dimensions, `index`, `weights` (of the states: `uniform`,
    /// `observed` before the transitions, `steady`; null if the index has none), `label_zh`, `label_en`, `value`,
    /// `low`, `high`, `draws` (replicates in which it was defined), `steps` (transitions counted), `states` (number of
    /// states), `never_left` (states that no transition starts from: the indices of the matrix are then undefined, and
    /// no value is filled in). A transition takes one year. Indices of matrices with different numbers of states are
    /// not comparable.
    ///
    /// `shorrocks` = (k − tr P) / (k − 1); `determinant` = 1 − |det P|; `second_eigenvalue` = 1 − |λ₂|; `half_life` =
    /// −ln 2 / ln |λ₂|; `bartholomew_1` = (k − k Σ πᵢPᵢᵢ) / (k − 1); `bartholomew_2` = Σ πᵢPᵢⱼ|i − j| / (k − 1); `svd`
    /// the mean singular value of P − I (Jafry and Schuermann 2004); `stay`, `exit`, `up`, `down`, `net` = up − down as
    /// proportions of the transitions; `mean_steps` in positions on the scale that occur, `mean_stars` in grades.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// let roster = Roster::sample(3000, 3)?;
    /// let table = roster.mobility(&Default::default(), false, None, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 19);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn mobility(
        &self,
        query: &TransitionQuery,
        each_year: bool,
        bootstrap: Option<&Bootstrap>,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        bootstrap.map_or(Ok(()), Bootstrap::check)?;
        let panel = Panel::new(self, query, scope, job)?;
        let counted = TransitionCounts::count(&panel, job)?;
        let (kept, all) = (counted.proper(), Index::all(counted.ordered()));
        let inner = |from: usize, to: usize| counted.states[from].proper() && counted.states[to].proper();
        let samples = bootstrap.map_or_else(|| Ok(Vec::new()), |_| samples(&panel, each_year, inner, job))?;
        let samples = by_key(&panel, &samples);
        let mut rows = ResultKeys::default();
        let (mut values, mut spread) = (Vec::new(), Vec::new());
        let mut facts: Vec<(u64, u64, Option<String>)> = Vec::new();
        for group in &counted.groups {
            let sample = samples.get(&group.key).copied();
            for (nth, span) in counted.spans(each_year).into_iter().enumerate() {
                let square = counted.square(group, &span.pairs);
                let closed = ClosedChain::new(&square, &kept);
                let names: Vec<&str> = closed.never_left.iter().map(|at| counted.states[*at].name.as_str()).collect();
                let never_left = (!names.is_empty()).then(|| names.join(", "));
                values.extend(indices(&square, &counted.states, &kept, &all, None));
                spread.extend(match (sample, bootstrap) {
                    (Some(sample), Some(bootstrap)) => sample.intervals(bootstrap, job, |squares, _| {
                        indices(&squares[nth], &counted.states, &kept, &all, Some(&closed.states))
                    })?,
                    _ => vec![Resampled::default(); all.len()],
                });
                for _ in &all {
                    rows.push(&span, &group.key);
                    facts.push((closed.transitions, closed.states.len() as u64, never_left.clone()));
                }
            }
        }
        let each = || all.iter().cycle().take(values.len());
        let has = |field: fn(&Resampled) -> Option<f64>| {
            values.iter().zip(&spread).map(move |(v, resampled)| v.and_then(|_| field(resampled)))
        };
        rows.columns(&counted.by)
            .texts("index", each().map(Index::name))
            .some_texts("weights", each().map(|index| index.weights()))
            .texts("label_zh", each().map(|index| index.label().zh))
            .texts("label_en", each().map(|index| index.label().en))
            .reals("value", values.iter().copied())
            .reals("low", has(|resampled| resampled.low))
            .reals("high", has(|resampled| resampled.high))
            .some_counts("draws", spread.iter().map(|resampled| bootstrap.map(|_| resampled.replicates)))
            .counts("steps", facts.iter().map(|(transitions, ..)| *transitions))
            .counts("states", facts.iter().map(|(_, states, _)| *states))
            .some_texts("never_left", facts.iter().map(|(.., never_left)| never_left.as_deref()))
            .finish()
    }
}
