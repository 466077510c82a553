//! Long-run properties of a Markov chain with a fixed transition matrix: steady state, passage times, length of
//! stay.

use nalgebra::{DMatrix, DVector};

/// Stochastic matrix, row by row; each row sums to 1.
pub(crate) type Matrix = Vec<Vec<f64>>;

/// Returns which states can be reached from which, in zero or more transitions.
fn reachable(matrix: &Matrix) -> Vec<Vec<bool>> {
    let size = matrix.len();
    let mut reachable: Vec<Vec<bool>> = matrix.iter().map(|row| row.iter().map(|p| *p > 0.0).collect()).collect();
    for (at, row) in reachable.iter_mut().enumerate() {
        row[at] = true;
    }
    for by in 0..size {
        for from in 0..size {
            if reachable[from][by] {
                let beyond = reachable[by].clone();
                reachable[from].iter_mut().zip(beyond).for_each(|(to, beyond)| *to |= beyond);
            }
        }
    }
    reachable
}

/// Returns the closed classes: sets of states that reach each other and no other state.
pub(crate) fn closed_classes(matrix: &Matrix) -> Vec<Vec<usize>> {
    let reachable = reachable(matrix);
    let size = matrix.len();
    let class = |at: usize| (0..size).filter(|to| reachable[at][*to] && reachable[*to][at]).collect::<Vec<_>>();
    let closed = |class: &[usize]| (0..size).all(|to| !reachable[class[0]][to] || class.contains(&to));
    (0..size).map(|at| (at, class(at))).filter(|(at, c)| c[0] == *at && closed(c)).map(|(_, class)| class).collect()
}

/// Returns the stationary distribution (稳态分布), 0 outside the closed class. Null if there are several closed
/// classes, because the limit then depends on the start.
///
/// Elimination without subtraction keeps small probabilities accurate (Grassmann, Taksar and Heyman 1985).
pub(crate) fn steady_state(matrix: &Matrix) -> Option<Vec<f64>> {
    let classes = closed_classes(matrix);
    let [class] = classes.as_slice() else { return None };
    let mut reduced: Matrix = class.iter().map(|from| class.iter().map(|to| matrix[*from][*to]).collect()).collect();
    for last in (1..class.len()).rev() {
        let (before, rest) = reduced.split_at_mut(last);
        let leaves: f64 = rest[0][..last].iter().sum();
        for row in before {
            row[last] /= leaves;
            let through = row[last];
            row.iter_mut().zip(&rest[0][..last]).for_each(|(sum, probability)| *sum += through * probability);
        }
    }
    let mut weights = vec![1.0];
    for at in 1..class.len() {
        weights.push(weights.iter().zip(&reduced).map(|(weight, row)| weight * row[at]).sum());
    }
    let sum: f64 = weights.iter().sum();
    let mut steady = vec![0.0; matrix.len()];
    class.iter().zip(weights).for_each(|(state, weight)| steady[*state] = weight / sum);
    Some(steady)
}

/// Returns the mean number of transitions from each state (row) until another (column) is first reached; on the
/// diagonal, until the state recurs (平均首达时间; Kemeny and Snell 1976). Null if it may never be reached.
pub(crate) fn first_passage(matrix: &Matrix) -> Vec<Vec<Option<f64>>> {
    let size = matrix.len();
    let mut times = vec![vec![None; size]; size];
    for target in 0..size {
        // Make the target absorbing, to find the states that reach it with probability 1.
        let mut ending = matrix.clone();
        ending[target] = (0..size).map(|to| f64::from(u8::from(to == target))).collect();
        let reachable = reachable(&ending);
        let sure: Vec<usize> = (0..size)
            .filter(|from| *from != target && (0..size).all(|to| !reachable[*from][to] || reachable[to][target]))
            .collect();
        let inner =
            DMatrix::from_fn(sure.len(), sure.len(), |a, b| f64::from(u8::from(a == b)) - matrix[sure[a]][sure[b]]);
        let Some(steps) = solve(inner, &DVector::from_element(sure.len(), 1.0)) else { continue };
        for (from, steps) in sure.iter().zip(steps.iter()) {
            times[*from][target] = Some(*steps);
        }
        let back = |(to, p): (usize, &f64)| match to {
            to if to == target || *p == 0.0 => Some(0.0),
            to => Some(p * times[to][target]?),
        };
        times[target][target] = matrix[target]
            .iter()
            .enumerate()
            .map(back)
            .collect::<Option<Vec<_>>>()
            .map(|v| 1.0 + v.iter().sum::<f64>());
    }
    times
}

/// Solves linear equations, if they have a solution. The library panics on an empty system.
pub(crate) fn solve(equations: DMatrix<f64>, right: &DVector<f64>) -> Option<DVector<f64>> {
    if right.is_empty() { Some(DVector::zeros(0)) } else { equations.lu().solve(right) }
}

/// Returns the mean length of stay in a state (平均停留时间), the first year included; null if it is never left.
pub(crate) fn mean_stay(stays: f64) -> Option<f64> {
    (stays < 1.0).then(|| 1.0 / (1.0 - stays))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oz() -> Matrix {
        vec![vec![0.5, 0.25, 0.25], vec![0.5, 0.0, 0.5], vec![0.25, 0.25, 0.5]]
    }

    /// The Land of Oz of Kemeny, Snell and Thompson: 2/5, 1/5 and 2/5 of the days, and first passage times as
    /// published.
    #[test]
    fn oz_is_as_published() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a}, and right is {b}");
        steady_state(&oz()).unwrap().into_iter().zip([0.4, 0.2, 0.4]).for_each(|(a, b)| near(a, b));
        let right = [[2.5, 4.0, 10.0 / 3.0], [8.0 / 3.0, 5.0, 8.0 / 3.0], [10.0 / 3.0, 4.0, 2.5]];
        for (got, right) in first_passage(&oz()).iter().flatten().zip(right.iter().flatten()) {
            near(got.unwrap(), *right);
        }
    }

    #[test]
    fn what_may_never_be_has_no_mean() {
        // State 0 leads to 1 or to 2, which are never left.
        let matrix = vec![vec![0.5, 0.25, 0.25], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]];
        assert_eq!(closed_classes(&matrix), [vec![1], vec![2]]);
        assert_eq!(steady_state(&matrix), None);
        let times = first_passage(&matrix);
        assert_eq!((times[0][1], times[1][1], times[1][2], times[0][0]), (None, Some(1.0), None, None));
        // With one absorbing state, all reach it.
        let matrix = vec![vec![0.5, 0.5], vec![0.0, 1.0]];
        assert_eq!(steady_state(&matrix), Some(vec![0.0, 1.0]));
        assert_eq!(first_passage(&matrix)[0][1], Some(2.0));
        assert_eq!((mean_stay(1.0), mean_stay(0.5)), (None, Some(2.0)));
    }
}
