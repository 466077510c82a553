//! Name similarity, for "did you mean …" hints and for headers that nearly match.

use std::collections::HashMap;
use std::hash::Hash;

/// Returns the candidate that `name` probably misspells.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .map(|c| (distance(&lower, &c.to_lowercase()), c))
        .filter(|(distance, c)| *distance <= 1.max(c.chars().count() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// Counts the insertions, deletions, substitutions and swaps of neighbours between two texts (Damerau-Levenshtein
/// distance, optimal string alignment).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut least = (get(&above, j) + usize::from(x != y)).min(get(&above, j + 1) + 1).min(get(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(get(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

/// Returns the similarity of two texts from 0 to 1: the larger of one minus the relative edit distance, and the
/// mean of Dice's coefficients over characters and over pairs of neighbours. The latter finds equal words in
/// another order.
pub(crate) fn similarity(a: &str, b: &str) -> f64 {
    let longer = a.chars().count().max(b.chars().count());
    if longer == 0 {
        return 1.0;
    }
    let edited = (longer - distance(a, b).min(longer)) as f64 / longer as f64;
    let single = |text: &str| text.chars().collect::<Vec<_>>();
    let pairs = |text: &str| text.chars().zip(text.chars().skip(1)).collect::<Vec<_>>();
    let shared = f64::midpoint(dice(&single(a), &single(b)), dice(&pairs(a), &pairs(b)));
    edited.max(shared)
}

/// Returns the characters of `text`, sorted.
pub(crate) fn signs(text: &str) -> Vec<char> {
    let mut signs: Vec<char> = text.chars().collect();
    signs.sort_unstable();
    signs
}

/// Returns an upper bound of the [`similarity`] of two texts with these [`signs`], cheap enough to skip most
/// comparisons. Every character not in common must be edited, and every common pair begins with a common character.
pub(crate) fn similarity_at_most(a: &[char], b: &[char]) -> f64 {
    let (mut left, mut right, mut shared) = (a, b, 0);
    while let ([x, others @ ..], [y, rest @ ..]) = (left, right) {
        shared += usize::from(x == y);
        if x <= y {
            left = others;
        }
        if y <= x {
            right = rest;
        }
    }
    let of = |all: usize| if all == 0 { 1.0 } else { (shared as f64 / all as f64).min(1.0) };
    let both = a.len() + b.len();
    let pairs = 2.0 * of(both.saturating_sub(2));
    of(a.len().max(b.len())).max(f64::midpoint(2.0 * of(both), pairs.min(1.0)))
}

/// Returns Dice's coefficient: twice the number of common elements over the number of all elements.
fn dice<T: Eq + Hash>(a: &[T], b: &[T]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let mut left: HashMap<&T, usize> = HashMap::new();
    for thing in a {
        *left.entry(thing).or_default() += 1;
    }
    let mut both = 0;
    for thing in b {
        if let Some(n) = left.get_mut(thing).filter(|n| **n > 0) {
            *n -= 1;
            both += 1;
        }
    }
    f64::from(2 * both) / (a.len() + b.len()) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_misspelling_is_recognised() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!((distance("star", "satr"), distance("星级评定", "星评级定")), (1, 1));
        let columns = ["members_full", "mode", "region"];
        assert_eq!(nearest("membres_full", columns.into_iter()), Some("members_full"));
        assert_eq!(nearest("Mode", columns.into_iter()), Some("mode"));
        assert_eq!(nearest("qqqq", columns.into_iter()), None);
    }

    /// Checks the published example of Dice's coefficient over pairs (night and nacht: 0.25), and consequences of
    /// the definitions for word order.
    #[test]
    fn likeness_is_by_changes_or_by_what_is_shared() {
        let pairs = |text: &str| text.chars().zip(text.chars().skip(1)).collect::<Vec<_>>();
        assert!((dice(&pairs("night"), &pairs("nacht")) - 0.25).abs() < 1e-9);
        let near = |a, b, expected: f64| assert!((similarity(a, b) - expected).abs() < 1e-9, "{a} {b}");
        near("党组织组健形式", "党组织组建形式", 6.0 / 7.0);
        near("组建党组织形式", "党组织组建形式", f64::midpoint(1.0, 8.0 / 12.0));
        near("工会", "工会", 1.0);
        near("", "", 1.0);
        near("工会", "妇联", 0.0);
    }

    #[test]
    fn likeness_does_not_depend_on_the_order_of_the_two() {
        let names = ["评定星级", "星级评定", "申报星级", "members_full", "党组织类别", ""];
        for a in names {
            for b in names {
                assert!((similarity(a, b) - similarity(b, a)).abs() < 1e-12, "{a} {b}");
                assert_eq!(distance(a, b), distance(b, a));
            }
        }
    }

    fn word() -> impl Strategy<Value = String> {
        let signs = prop::sample::select(vec!['党', '组', '织', '人', '员']);
        prop::collection::vec(signs, 0..9).prop_map(|signs| signs.into_iter().collect())
    }

    proptest! {
        #[test]
        fn likeness_is_at_most_what_it_can_be(a in word(), b in word()) {
            let (likeness, most) = (similarity(&a, &b), similarity_at_most(&signs(&a), &signs(&b)));
            prop_assert!(likeness <= most + 1e-12, "{} {}", likeness, most);
        }
    }
}
