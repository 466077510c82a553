//! What a matrix of chances leads to if it stays as it is: where everyone ends, how long it takes, how long one stays.

use nalgebra::{DMatrix, DVector};

/// A matrix of chances, row by row; each row sums to 1.
pub(crate) type Matrix = Vec<Vec<f64>>;

/// Which states can be reached from which, in any number of steps, none included.
fn reach(matrix: &Matrix) -> Vec<Vec<bool>> {
    let size = matrix.len();
    let mut reach: Vec<Vec<bool>> = matrix.iter().map(|row| row.iter().map(|p| *p > 0.0).collect()).collect();
    for (at, row) in reach.iter_mut().enumerate() {
        row[at] = true;
    }
    for by in 0..size {
        for from in 0..size {
            if reach[from][by] {
                let beyond = reach[by].clone();
                reach[from].iter_mut().zip(beyond).for_each(|(to, beyond)| *to |= beyond);
            }
        }
    }
    reach
}

/// The closed classes: sets of states that lead to each other and to no other.
pub(crate) fn closed_classes(matrix: &Matrix) -> Vec<Vec<usize>> {
    let reach = reach(matrix);
    let size = matrix.len();
    let class = |at: usize| (0..size).filter(|to| reach[at][*to] && reach[*to][at]).collect::<Vec<_>>();
    let closed = |class: &[usize]| (0..size).all(|to| !reach[class[0]][to] || class.contains(&to));
    (0..size).map(|at| (at, class(at))).filter(|(at, c)| c[0] == *at && closed(c)).map(|(_, class)| class).collect()
}

/// The distribution that stays as it is (稳态分布): of states outside the one closed class it is 0. Null where there are
/// several closed classes, for then it depends on the start.
///
/// By elimination without subtraction, which keeps small shares exact (Grassmann, Taksar and Heyman 1985).
pub(crate) fn steady(matrix: &Matrix) -> Option<Vec<f64>> {
    let classes = closed_classes(matrix);
    let [class] = classes.as_slice() else { return None };
    let mut chances: Matrix = class.iter().map(|from| class.iter().map(|to| matrix[*from][*to]).collect()).collect();
    for last in (1..class.len()).rev() {
        let (before, rest) = chances.split_at_mut(last);
        let leaves: f64 = rest[0][..last].iter().sum();
        for row in before {
            row[last] /= leaves;
            let through = row[last];
            row.iter_mut().zip(&rest[0][..last]).for_each(|(sum, chance)| *sum += through * chance);
        }
    }
    let mut weights = vec![1.0];
    for at in 1..class.len() {
        weights.push(weights.iter().zip(&chances).map(|(weight, row)| weight * row[at]).sum());
    }
    let sum: f64 = weights.iter().sum();
    let mut steady = vec![0.0; matrix.len()];
    class.iter().zip(weights).for_each(|(state, weight)| steady[*state] = weight / sum);
    Some(steady)
}

/// The mean number of steps from each state (row) until another (column) is first reached, or the same again (平均首达
/// 时间; Kemeny and Snell 1976). Null where it may never be.
pub(crate) fn passage(matrix: &Matrix) -> Vec<Vec<Option<f64>>> {
    let size = matrix.len();
    let mut times = vec![vec![None; size]; size];
    for target in 0..size {
        // With the target as an end, who is sure to come there.
        let mut ending = matrix.clone();
        ending[target] = (0..size).map(|to| f64::from(u8::from(to == target))).collect();
        let reach = reach(&ending);
        let sure: Vec<usize> = (0..size)
            .filter(|from| *from != target && (0..size).all(|to| !reach[*from][to] || reach[to][target]))
            .collect();
        let inner =
            DMatrix::from_fn(sure.len(), sure.len(), |a, b| f64::from(u8::from(a == b)) - matrix[sure[a]][sure[b]]);
        let Some(steps) = solved(inner, &DVector::from_element(sure.len(), 1.0)) else { continue };
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

/// The solution of linear equations, if there is one. The library panics where there are none to solve.
pub(crate) fn solved(equations: DMatrix<f64>, right: &DVector<f64>) -> Option<DVector<f64>> {
    if right.is_empty() { Some(DVector::zeros(0)) } else { equations.lu().solve(right) }
}

/// How many steps one stays in a state on average, the first included: null where it is never left (平均停留时间).
pub(crate) fn mean_stay(stays: f64) -> Option<f64> {
    (stays < 1.0).then(|| 1.0 / (1.0 - stays))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oz() -> Matrix {
        vec![vec![0.5, 0.25, 0.25], vec![0.5, 0.0, 0.5], vec![0.25, 0.25, 0.5]]
    }

    /// The land of Oz of Kemeny, Snell and Thompson: 2/5, 1/5 and 2/5 of the days; first passages as they print them.
    #[test]
    fn oz_is_as_published() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a}, and right is {b}");
        steady(&oz()).unwrap().into_iter().zip([0.4, 0.2, 0.4]).for_each(|(a, b)| near(a, b));
        let right = [[2.5, 4.0, 10.0 / 3.0], [8.0 / 3.0, 5.0, 8.0 / 3.0], [10.0 / 3.0, 4.0, 2.5]];
        for (got, right) in passage(&oz()).iter().flatten().zip(right.iter().flatten()) {
            near(got.unwrap(), *right);
        }
    }

    #[test]
    fn what_may_never_be_has_no_mean() {
        // 0 leads to 1 or to 2, which are never left.
        let matrix = vec![vec![0.5, 0.25, 0.25], vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]];
        assert_eq!(closed_classes(&matrix), [vec![1], vec![2]]);
        assert_eq!(steady(&matrix), None);
        let times = passage(&matrix);
        assert_eq!((times[0][1], times[1][1], times[1][2], times[0][0]), (None, Some(1.0), None, None));
        // With one end, all come there.
        let matrix = vec![vec![0.5, 0.5], vec![0.0, 1.0]];
        assert_eq!(steady(&matrix), Some(vec![0.0, 1.0]));
        assert_eq!(passage(&matrix)[0][1], Some(2.0));
        assert_eq!((mean_stay(1.0), mean_stay(0.5)), (None, Some(2.0)));
    }
}
