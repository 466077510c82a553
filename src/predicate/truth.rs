//! Answers to predicates in Kleene's three-valued logic, which is SQL's: yes, no or unknown for each row.

use arrow::buffer::BooleanBuffer;

/// Certainty of one answer, ascending: no, unknown, yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    No,
    Unknown,
    Yes,
}

impl Certainty {
    /// Returns the answer about a value between two ends: certain if both ends have the same answer.
    pub(crate) fn between(low: bool, high: bool) -> Self {
        if low == high { Self::from(low) } else { Self::Unknown }
    }
}

impl From<bool> for Certainty {
    fn from(answer: bool) -> Self {
        if answer { Self::Yes } else { Self::No }
    }
}

impl From<Option<bool>> for Certainty {
    fn from(answer: Option<bool>) -> Self {
        answer.map_or(Self::Unknown, Self::from)
    }
}

/// Three-valued answers, one per row: true, false or unknown.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Rows for which the predicate is true.
    pub yes: BooleanBuffer,
    /// Rows for which the predicate is true or false, including those of `yes`; `None` if all are.
    known: Option<BooleanBuffer>,
}

impl Truth {
    /// Gives the same answer for all of `rows` rows; `None` is unknown.
    #[must_use]
    pub fn all(rows: usize, answer: Option<bool>) -> Self {
        let set = |on| {
            if on { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) }
        };
        Self { yes: set(answer == Some(true)), known: answer.is_none().then(|| set(false)) }
    }

    /// Creates the answers `yes` where `known`, unknown elsewhere.
    #[must_use]
    pub fn known(yes: &BooleanBuffer, known: Option<&BooleanBuffer>) -> Self {
        match known {
            Some(known) if known.count_set_bits() < known.len() => {
                Self { yes: yes & known, known: Some(known.clone()) }
            }
            _ => Self { yes: yes.clone(), known: None },
        }
    }

    /// Creates answers that are true for the rows of `yes` and false for those of `no`, which are disjoint.
    #[must_use]
    pub fn of(yes: &BooleanBuffer, no: &BooleanBuffer) -> Self {
        Self::known(yes, Some(&(yes | no)))
    }

    /// Returns true where both are true, false where either is false.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let known = match (&self.known, &other.known) {
            (None, None) => None,
            (Some(known), None) => Some(known | &!&other.yes),
            (None, Some(known)) => Some(known | &!&self.yes),
            (Some(a), Some(b)) => Some(&(a & b) | &(&self.no() | &other.no())),
        };
        Self { yes: &self.yes & &other.yes, known }
    }

    /// Returns true where either is true, false where both are false.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let known = match (&self.known, &other.known) {
            (None, None) => None,
            (Some(known), None) => Some(known | &other.yes),
            (None, Some(known)) => Some(known | &self.yes),
            (Some(a), Some(b)) => Some(&(a & b) | &(&self.yes | &other.yes)),
        };
        Self { yes: &self.yes | &other.yes, known }
    }

    /// Swaps true and false; unknown stays unknown.
    #[must_use]
    pub fn not(&self) -> Self {
        Self { yes: self.no(), known: self.known.clone() }
    }

    /// Keeps the answers for `rows`; all other rows become false.
    pub(crate) fn within(&self, rows: &BooleanBuffer) -> Self {
        Self { yes: &self.yes & rows, known: self.known.as_ref().map(|known| known | &!rows) }
    }

    /// Returns the rows for which the predicate is false.
    #[must_use]
    pub fn no(&self) -> BooleanBuffer {
        let not = !&self.yes;
        self.known.as_ref().map_or_else(|| not.clone(), |known| known & &not)
    }

    /// Returns the answer for one row; `None` is unknown.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<bool> {
        let yes = self.yes.value(row);
        (yes || self.known.as_ref().is_none_or(|known| known.value(row))).then_some(yes)
    }

    /// Returns the rows without an answer.
    #[must_use]
    pub fn unknown(&self) -> BooleanBuffer {
        self.open().unwrap_or_else(|| BooleanBuffer::new_unset(self.yes.len()))
    }

    /// Returns the rows without an answer, or `None` if every row is known to have one.
    pub(crate) fn open(&self) -> Option<BooleanBuffer> {
        self.known.as_ref().map(|known| !known)
    }
}

impl PartialEq for Truth {
    fn eq(&self, other: &Self) -> bool {
        self.yes == other.yes && self.unknown() == other.unknown()
    }
}

impl Eq for Truth {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kleene's tables, row by row: true, false, unknown against true, false, unknown.
    #[test]
    fn follows_the_truth_tables() {
        let rows = |answers: &str, of| answers.chars().map(|a| a == of).collect::<BooleanBuffer>();
        let truth = |answers: &str| Truth::of(&rows(answers, 't'), &rows(answers, 'f'));
        let a = truth("tttfff???");
        let b = truth("tf?tf?tf?");
        assert_eq!(a.and(&b), truth("tf?fff?f?"));
        assert_eq!(a.or(&b), truth("ttttf?t??"));
        assert_eq!(a.not(), truth("fffttt???"));
        assert_eq!(a.no(), rows("tttfff???", 'f'));
        // The tables again, with one or both sides fully known.
        let (c, d) = (truth("tttffffff"), truth("tfttfttft"));
        assert_eq!((c.and(&b), b.and(&c)), (truth("tf?ffffff"), truth("tf?ffffff")));
        assert_eq!((c.or(&b), b.or(&c)), (truth("ttttf?tf?"), truth("ttttf?tf?")));
        assert_eq!((c.and(&d), c.or(&d), c.not()), (truth("tftffffff"), truth("ttttfttft"), truth("ffftttttt")));
        assert_eq!(b.within(&rows("xxx......", 'x')), truth("tf?ffffff"));
        assert!(a.open().is_some() && c.open().is_none() && c.and(&d).open().is_none());
        assert_eq!(a.unknown().set_indices().collect::<Vec<_>>(), [6, 7, 8]);
        assert_eq!(Truth::all(9, None).unknown().count_set_bits(), 9);
        assert_eq!(a.or(&a.not()).or(&Truth::all(9, Some(true))), Truth::all(9, Some(true)));
    }
}
