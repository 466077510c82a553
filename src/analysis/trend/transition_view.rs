//! Transition probabilities as views of one set of counts: the caller chooses the denominator, and the result names
//! it.

use super::panel::{State, StateKind};
use super::transition_counts::SquareMatrix;
use crate::support::named::named_enum;

/// Choice of the states that are rows and columns, and so of the denominator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// All entities listed in the first year: unrated and absent are columns.
    All,
    /// Entities listed in both years: unrated is a row and a column, departures are not counted (未评级保留).
    #[default]
    Kept,
    /// Entities rated in both years: rows are normalised over those alone (剔除未评级后重新归一).
    Removed,
    /// Entities rated in the first year: every way of losing the rating is an absorbing column (未评级作吸收态).
    Absorbing,
}

named_enum! {
    pub View, "口径（view）", "view";
    All = "all", Kept = "kept", Removed = "removed", Absorbing = "absorbing",
}

impl View {
    /// Returns the states that are columns.
    fn columns(self, states: &[State]) -> Vec<usize> {
        let is = |state: &State| match self {
            Self::All | Self::Absorbing => true,
            Self::Kept => state.kind != StateKind::Absent,
            Self::Removed => state.proper(),
        };
        (0..states.len()).filter(|at| is(&states[*at])).collect()
    }

    /// Checks whether the row of `state` is fixed by definition rather than counted.
    fn fixed(self, state: &State) -> bool {
        match self {
            Self::All => state.kind == StateKind::Absent,
            Self::Absorbing => !state.proper(),
            Self::Kept | Self::Removed => false,
        }
    }

    /// Checks whether the view counts transitions between two states.
    pub(crate) fn keeps(self, from: &State, to: &State) -> bool {
        match self {
            Self::All => from.kind != StateKind::Absent,
            Self::Kept => from.kind != StateKind::Absent && to.kind != StateKind::Absent,
            Self::Removed => from.proper() && to.proper(),
            Self::Absorbing => from.proper(),
        }
    }
}

/// Method of combining years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// No combination: each pair of years separately.
    EachYear,
    /// Sum of the counts of all pairs: each entity has equal weight (Anderson and Goodman 1957).
    #[default]
    Pooled,
    /// Mean of the probabilities of the pairs in which the state occurs: each year has equal weight.
    EqualYears,
}

named_enum! {
    pub Pooling, "合并方法（pooling）", "pooling";
    EachYear = "each_year", Pooled = "pooled", EqualYears = "equal_years",
}

/// Transition probabilities of one state.
#[derive(Clone, Debug)]
pub(crate) struct ViewRow {
    /// The state.
    pub(crate) from: usize,
    /// Transitions into each column.
    pub(crate) counts: Vec<u64>,
    /// Denominator: the sum of `counts`. Irrelevant for a fixed row.
    pub(crate) at_risk: u64,
    /// Transitions to states outside the view.
    pub(crate) left_out: u64,
    /// Probability of each column; null if nothing was at risk.
    pub(crate) probabilities: Option<Vec<f64>>,
    /// True if the row is fixed by definition.
    pub(crate) fixed: bool,
}

/// Transition probabilities of every state that is a row of the view.
#[derive(Clone, Debug)]
pub(crate) struct ViewProbabilities {
    /// The states that are columns, and in this order rows.
    pub(crate) columns: Vec<usize>,
    pub(crate) rows: Vec<ViewRow>,
}

impl ViewProbabilities {
    /// Estimates the probabilities from the counts of one or several pairs of years.
    pub(crate) fn new(states: &[State], squares: &[SquareMatrix], view: View, pooling: Pooling) -> Self {
        let columns = view.columns(states);
        let row = |place: usize| {
            let from = columns[place];
            let mut counts = vec![0; columns.len()];
            let (mut everything, mut means, mut years) = (0, vec![0.0; columns.len()], 0_u32);
            for square in squares {
                let row = square.row(from);
                everything += row.iter().sum::<u64>();
                let here: u64 = columns.iter().map(|to| row[*to]).sum();
                counts.iter_mut().zip(&columns).for_each(|(sum, to)| *sum += row[*to]);
                if here > 0 {
                    years += 1;
                    means.iter_mut().zip(&columns).for_each(|(sum, to)| *sum += row[*to] as f64 / here as f64);
                }
            }
            let at_risk: u64 = counts.iter().sum();
            let fixed = view.fixed(&states[from]);
            let probabilities = match pooling {
                _ if fixed => Some((0..columns.len()).map(|to| f64::from(u8::from(to == place))).collect()),
                _ if at_risk == 0 => None,
                Pooling::EqualYears => Some(means.iter().map(|sum| sum / f64::from(years)).collect()),
                _ => Some(counts.iter().map(|count| *count as f64 / at_risk as f64).collect()),
            };
            ViewRow { from, left_out: everything - at_risk, counts, at_risk, probabilities, fixed }
        };
        let rows = (0..columns.len()).map(row).collect();
        Self { columns, rows }
    }

    /// Returns the probabilities after a number of `transitions`. A state that was never left has none, nor has a state
    /// that can reach one on the way. With `stay`, a state that was never left is assumed to be kept; that is an
    /// assumption, not an observation.
    pub(crate) fn ahead(&self, transitions: u32, stay: bool) -> Vec<Option<Vec<f64>>> {
        let size = self.columns.len();
        let own = |at: usize| (0..size).map(|to| f64::from(u8::from(to == at))).collect::<Vec<_>>();
        let once: Vec<Option<Vec<f64>>> = self
            .rows
            .iter()
            .enumerate()
            .map(|(at, row)| row.probabilities.clone().or_else(|| stay.then(|| own(at))))
            .collect();
        let mut power: Vec<Option<Vec<f64>>> = (0..size).map(|at| Some(own(at))).collect();
        for _ in 0..transitions {
            power = once.iter().map(|row| weighted(row.as_deref()?, &power)).collect();
        }
        power
    }
}

/// Returns the weighted mean of `rows`; null if a row with positive weight is null.
fn weighted(weights: &[f64], rows: &[Option<Vec<f64>>]) -> Option<Vec<f64>> {
    let mut mean = vec![0.0; weights.len()];
    for (weight, row) in weights.iter().zip(rows).filter(|(weight, _)| **weight > 0.0) {
        mean.iter_mut().zip(row.as_ref()?).for_each(|(sum, value)| *sum += weight * value);
    }
    Some(mean)
}

/// Stochastic matrix of the states that occur among `kept`; null if one of them was never left.
#[derive(Clone, Debug)]
pub(crate) struct ClosedChain {
    /// States that occur before or after a transition.
    pub(crate) states: Vec<usize>,
    /// States among them that were never left, so that their probabilities are undefined.
    pub(crate) never_left: Vec<usize>,
    /// Number of transitions counted between them.
    pub(crate) transitions: u64,
    /// Matrix row by row; null if a state was never left.
    pub(crate) matrix: Option<Vec<Vec<f64>>>,
}

impl ClosedChain {
    /// Builds the matrix from counts over all states, restricted to `kept`.
    pub(crate) fn new(square: &SquareMatrix, kept: &[usize]) -> Self {
        let inner = square.restricted(kept);
        let occupied = inner.occupied();
        let inner = inner.restricted(&occupied);
        let states: Vec<usize> = occupied.iter().map(|at| kept[*at]).collect();
        let sum = |at: usize| inner.row(at).iter().sum::<u64>();
        let never_left: Vec<usize> = (0..inner.size).filter(|at| sum(*at) == 0).map(|at| states[at]).collect();
        let row = |at: usize| inner.row(at).iter().map(|count| *count as f64 / sum(at) as f64).collect();
        let matrix = (never_left.is_empty() && inner.size > 0).then(|| (0..inner.size).map(row).collect());
        Self { transitions: inner.total(), states, never_left, matrix }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> Vec<State> {
        let kinds = [StateKind::Grade(1.0), StateKind::Grade(2.0), StateKind::Off, StateKind::Absent];
        kinds.map(|kind| State { name: String::new(), kind }).to_vec()
    }

    fn square(counts: [[u64; 4]; 4]) -> SquareMatrix {
        let mut square = SquareMatrix::new(4);
        for (from, row) in counts.iter().enumerate() {
            row.iter().enumerate().for_each(|(to, count)| square.add(from, to, *count));
        }
        square
    }

    /// By hand: of ten in grade 1, five stay, two rise, one loses its rating, two leave.
    #[test]
    fn views_share_their_counts_and_differ_in_who_is_at_risk() {
        let counts = square([[5, 2, 1, 2], [0, 0, 0, 0], [1, 0, 3, 0], [4, 4, 4, 0]]);
        let first = |view| {
            ViewProbabilities::new(&states(), std::slice::from_ref(&counts), view, Pooling::Pooled).rows[0].clone()
        };
        for (view, at_risk, left_out, stay) in [
            (View::All, 10, 0, 0.5),
            (View::Kept, 8, 2, 5.0 / 8.0),
            (View::Removed, 7, 3, 5.0 / 7.0),
            (View::Absorbing, 10, 0, 0.5),
        ] {
            let row = first(view);
            assert_eq!(
                (row.at_risk, row.left_out, row.probabilities.unwrap()[0]),
                (at_risk, left_out, stay),
                "{view:?}"
            );
        }
        let kept = ViewProbabilities::new(&states(), &[counts], View::Kept, Pooling::Pooled);
        assert_eq!((kept.rows[1].at_risk, kept.rows[1].probabilities.clone()), (0, None));
        // Grade 2 is reached and never left, so later years are unknown unless `stay` is assumed.
        assert!(kept.ahead(1, false)[0].is_some() && kept.ahead(2, false)[0].is_none());
        let two = kept.ahead(2, true)[0].clone().unwrap();
        assert!((two.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn years_of_equal_weight_are_not_the_pool() {
        let years = [
            square([[1, 1, 0, 0], [0; 4], [0; 4], [0; 4]]),
            square([[9, 0, 0, 0], [0; 4], [0; 4], [0; 4]]),
            square([[0; 4]; 4]),
        ];
        let stay = |pooling| {
            ViewProbabilities::new(&states(), &years, View::Removed, pooling).rows[0].probabilities.clone().unwrap()[0]
        };
        assert_eq!((stay(Pooling::Pooled), stay(Pooling::EqualYears)), (10.0 / 11.0, 0.75));
    }
}
