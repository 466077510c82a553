//! The answer to a predicate: for each row yes, no, or neither, in Kleene's logic, which is SQL's.

use arrow::buffer::BooleanBuffer;

/// Three-valued answers, one a row: true, false, or not known.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Rows for which the predicate is true.
    pub yes: BooleanBuffer,
    /// Rows for which it is true or false, those of `yes` among them; `None` where all are.
    known: Option<BooleanBuffer>,
}

impl Truth {
    /// The same answer for all of `rows` rows; `None` is "unknown".
    #[must_use]
    pub fn all(rows: usize, answer: Option<bool>) -> Self {
        let set = |on| {
            if on { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) }
        };
        Self { yes: set(answer == Some(true)), known: answer.is_none().then(|| set(false)) }
    }

    /// The answers `yes`, as far as they are `known`.
    #[must_use]
    pub fn known(yes: &BooleanBuffer, known: Option<&BooleanBuffer>) -> Self {
        match known {
            Some(known) if known.count_set_bits() < known.len() => {
                Self { yes: yes & known, known: Some(known.clone()) }
            }
            _ => Self { yes: yes.clone(), known: None },
        }
    }

    /// True for the rows of `yes`, false for those of `no`; none is in both.
    #[must_use]
    pub fn of(yes: &BooleanBuffer, no: &BooleanBuffer) -> Self {
        Self::known(yes, Some(&(yes | no)))
    }

    /// True where both are, false where either is.
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

    /// True where either is, false where both are.
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

    /// True where this is false, and the other way round; what is unknown stays so.
    #[must_use]
    pub fn not(&self) -> Self {
        Self { yes: self.no(), known: self.known.clone() }
    }

    /// The same of the rows of `rows`; false of all others.
    pub(crate) fn within(&self, rows: &BooleanBuffer) -> Self {
        Self { yes: &self.yes & rows, known: self.known.as_ref().map(|known| known | &!rows) }
    }

    /// Rows for which it is false.
    #[must_use]
    pub fn no(&self) -> BooleanBuffer {
        let not = !&self.yes;
        self.known.as_ref().map_or_else(|| not.clone(), |known| known & &not)
    }

    /// The answer for one row.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<bool> {
        let yes = self.yes.value(row);
        (yes || self.known.as_ref().is_none_or(|known| known.value(row))).then_some(yes)
    }

    /// Rows for which there is no answer.
    #[must_use]
    pub fn unknown(&self) -> BooleanBuffer {
        self.open().unwrap_or_else(|| BooleanBuffer::new_unset(self.yes.len()))
    }

    /// The same; `None` where there is an answer for all.
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
        // The same where one or both have an answer for all.
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
