//! Validity of definitions: the years in which one is in force (适用年度).

use std::fmt;

use crate::error::Result;
use crate::lang::Text;
use crate::support::record::{Record, RecordPlace};

/// A range of years, both ends included; `None` is an open end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// First year.
    pub from: Option<i16>,
    /// Last year.
    pub to: Option<i16>,
}

impl Validity {
    /// Checks whether `year` is in the range.
    #[must_use]
    pub fn holds(self, year: i16) -> bool {
        self.from.is_none_or(|from| from <= year) && self.to.is_none_or(|to| year <= to)
    }

    /// Checks whether the ranges have a year in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let starts_in_time = |a: Self, b: Self| a.from.zip(b.to).is_none_or(|(from, to)| from <= to);
        starts_in_time(self, other) && starts_in_time(other, self)
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |year: Option<i16>| year.map_or_else(|| "…".to_owned(), |year| year.to_string());
        write!(f, "{}–{}", end(self.from), end(self.to))
    }
}

impl Record {
    /// Takes the fields `from` and `to`.
    pub(super) fn validity(&mut self) -> Result<Validity> {
        let validity = Validity { from: self.year("from")?, to: self.year("to")? };
        match (validity.from, validity.to) {
            (Some(from), Some(to)) if from > to => self.error(
                "to",
                &format!("{to} 年早于 from 的 {from} 年"),
                &format!("{to} is before {from}, the year in 'from'"),
            ),
            _ => Ok(validity),
        }
    }
}

/// Fails if `validity`, of the record at `place`, overlaps one of the `earlier` records about the same subject.
pub(super) fn alone(
    place: &RecordPlace,
    validity: Validity,
    mut earlier: impl Iterator<Item = Validity>,
) -> Result<()> {
    let Some(other) = earlier.find(|other| other.overlaps(validity)) else {
        return Ok(());
    };
    let field = if validity.from.is_some() || validity.to.is_none() { "from" } else { "to" };
    let what = Text::new(
        format!(
            "适用年度 {validity} 与前一条同类记录的 {other} 重叠，一年只能有一条。请给较早的一条写 to，给较晚的一条写 from"
        ),
        format!(
            "the years {validity} overlap those of an earlier record of the same kind, {other}; only one may apply in a year. Hint: give the earlier record a 'to', the later one a 'from'"
        ),
    );
    Err(place.error(field, &what).with_value(validity.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with a check year by year.
    #[test]
    fn overlaps_where_a_year_is_in_both() {
        let ends = [None, Some(2011), Some(2012), Some(2013)];
        let all = || {
            let pairs = ends.into_iter().flat_map(move |from| ends.into_iter().map(move |to| Validity { from, to }));
            pairs.filter(|v| v.from.zip(v.to).is_none_or(|(from, to)| from <= to))
        };
        let mut apart = 0;
        for (a, b) in all().flat_map(|a| all().map(move |b| (a, b))) {
            let shared = (2000..2030).any(|year| a.holds(year) && b.holds(year));
            assert_eq!(a.overlaps(b), shared, "{a} {b}");
            apart += usize::from(!shared);
        }
        assert!(apart > 10);
    }
}
