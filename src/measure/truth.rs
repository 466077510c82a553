//! The answer to a predicate: for each row yes, no, or neither, in Kleene's logic, which is SQL's.

use arrow::buffer::BooleanBuffer;

/// Three-valued answers, one a row. A row that is in neither set is unknown; no row is in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Rows for which the predicate is true.
    pub yes: BooleanBuffer,
    /// Rows for which it is false.
    pub no: BooleanBuffer,
}

impl Truth {
    /// The same answer for all of `rows` rows; `None` is "unknown".
    #[must_use]
    pub fn all(rows: usize, answer: Option<bool>) -> Self {
        let set = |on| {
            if on { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) }
        };
        Self { yes: set(answer == Some(true)), no: set(answer == Some(false)) }
    }

    /// The answers `yes`, as far as they are `known`.
    #[must_use]
    pub fn known(yes: &BooleanBuffer, known: Option<&BooleanBuffer>) -> Self {
        match known {
            None => Self { yes: yes.clone(), no: !yes },
            Some(known) => Self { yes: yes & known, no: known & &!yes },
        }
    }

    /// True where both are, false where either is.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { yes: &self.yes & &other.yes, no: &self.no | &other.no }
    }

    /// True where either is, false where both are.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self { yes: &self.yes | &other.yes, no: &self.no & &other.no }
    }

    /// True where this is false, and the other way round; what is unknown stays so.
    #[must_use]
    pub fn not(&self) -> Self {
        Self { yes: self.no.clone(), no: self.yes.clone() }
    }

    /// Rows for which there is no answer.
    #[must_use]
    pub fn unknown(&self) -> BooleanBuffer {
        !&(&self.yes | &self.no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kleene's tables, row by row: true, false, unknown against true, false, unknown.
    #[test]
    fn follows_the_truth_tables() {
        let truth = |answers: &str| Truth {
            yes: answers.chars().map(|a| a == 't').collect(),
            no: answers.chars().map(|a| a == 'f').collect(),
        };
        let a = truth("tttfff???");
        let b = truth("tf?tf?tf?");
        assert_eq!(a.and(&b), truth("tf?fff?f?"));
        assert_eq!(a.or(&b), truth("ttttf?t??"));
        assert_eq!(a.not(), truth("fffttt???"));
        assert_eq!(a.unknown().set_indices().collect::<Vec<_>>(), [6, 7, 8]);
        assert_eq!(Truth::all(9, None).unknown().count_set_bits(), 9);
        assert_eq!(a.or(&a.not()).or(&Truth::all(9, Some(true))), Truth::all(9, Some(true)));
    }
}
