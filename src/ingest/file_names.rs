//! Names that identify the files of one reading: the bare name, extended where two are equal by as much of the path
//! as it takes.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Returns the shortest suffix of each path that no other path has; the whole path if it is given twice.
pub(super) fn tails<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<String> {
    let parts: Vec<Vec<&OsStr>> = paths.map(|path| path.iter().collect()).collect();
    let longest = parts.iter().map(Vec::len).max().unwrap_or_default();
    let tail = |at: usize, length: usize| {
        let parts: &[&OsStr] = parts.get(at).map_or(&[], Vec::as_slice);
        parts.get(parts.len().saturating_sub(length)..).unwrap_or_default()
    };
    let mut names = vec![String::new(); parts.len()];
    let mut alike: Vec<usize> = (0..parts.len()).collect();
    for length in 1..=longest {
        let mut same: HashMap<&[&OsStr], usize> = HashMap::new();
        for &at in &alike {
            *same.entry(tail(at, length)).or_default() += 1;
        }
        for &at in &alike {
            if let Some(name) = names.get_mut(at) {
                *name = tail(at, length).iter().collect::<PathBuf>().display().to_string();
            }
        }
        alike.retain(|at| same.get(tail(*at, length)).is_some_and(|n| *n > 1));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_are_told_apart_by_their_folders() {
        for (paths, names) in [
            (&["a/台账.csv", "b/名册.csv"][..], &["台账.csv", "名册.csv"][..]),
            (&["a/台账.csv", "b/台账.csv", "c.csv"], &["a/台账.csv", "b/台账.csv", "c.csv"]),
            (&["x/a/1.csv", "y/a/1.csv", "y/b/1.csv"], &["x/a/1.csv", "y/a/1.csv", "b/1.csv"]),
            (&["台账.csv", "b/台账.csv"], &["台账.csv", "b/台账.csv"]),
            (&["/台账.csv", "台账.csv"], &["/台账.csv", "台账.csv"]),
            (&["a/台账.csv", "a/台账.csv"], &["a/台账.csv", "a/台账.csv"]),
            (&[], &[]),
        ] {
            assert_eq!(tails(paths.iter().map(Path::new)), names, "{paths:?}");
        }
    }
}
