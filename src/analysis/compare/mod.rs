//! Comparison of two surveys (摸底): organisations that are new, gone or listed again, and the changes in those that
//! stayed.
//!
//! Rows of both years ascend by organisation, so two sorted lists are merged in O(n + m).

mod cell_changes;
mod tables;

use arrow::array::Array;
use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::job;
use crate::job::Job;
use crate::lang::Text;
use crate::roster::{Frame, Roster};
use crate::support::named::named_enum;

/// Options for [`Roster::compare`]. The default compares the last year of each roster on every column that both have.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompareOptions {
    pub(crate) year: Option<i16>,
    pub(crate) earlier_year: Option<i16>,
    pub(crate) columns: Option<Vec<String>>,
}

impl CompareOptions {
    /// Sets the year of the later survey; `None` is the last one.
    #[must_use]
    pub fn with_year(self, year: impl Into<Option<i16>>) -> Self {
        Self { year: year.into(), ..self }
    }

    /// Sets the year of the earlier survey. `None` is the last one of the earlier roster, or within one roster the
    /// survey before the later one.
    #[must_use]
    pub fn with_earlier_year(self, year: impl Into<Option<i16>>) -> Self {
        Self { earlier_year: year.into(), ..self }
    }

    /// Compares only these columns; `None` compares all.
    #[must_use]
    pub fn with_columns(self, columns: impl Into<Option<Vec<String>>>) -> Self {
        Self { columns: columns.into(), ..self }
    }
}

/// The outcome of an organisation between two surveys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CompareStatus {
    /// Only in the later survey, and in none before.
    New,
    /// In the later survey and not in the earlier one, but in one before that.
    Reappeared,
    /// Only in the earlier survey.
    Gone,
    /// In both surveys, different in at least one column.
    Changed,
    /// In both surveys, without a difference.
    Unchanged,
}

named_enum! {
    pub CompareStatus, "状态", "status";
    New = "new", Reappeared = "reappeared", Gone = "gone", Changed = "changed", Unchanged = "unchanged",
}

/// A column of both surveys, and the positions at which it differs.
#[derive(Debug)]
struct ComparedColumn {
    /// Positions of the column in the fields of the later and of the earlier roster.
    fields: [usize; 2],
    /// Positions in [`Comparison::both`], ascending.
    differs: Vec<u32>,
}

/// Two compared surveys. Each organisation of either survey is new, reappeared, gone, changed or unchanged.
#[derive(Debug)]
pub struct Comparison {
    rosters: [Roster; 2],
    /// The positions of the two years among the frames of their rosters.
    frames: [usize; 2],
    /// Rows of organisations in both surveys: the later row, then the earlier row.
    both: Vec<[u32; 2]>,
    /// Rows of the later survey absent from the earlier one, with the last year before that lists them.
    arrived: Vec<(u32, Option<i16>)>,
    /// Rows of the earlier survey absent from the later one.
    gone: Vec<u32>,
    compared: Vec<ComparedColumn>,
    /// Flags the entries of [`Comparison::both`] that differ in at least one column.
    changed: BooleanBuffer,
    not_compared: Vec<(String, Text)>,
}

impl Roster {
    /// Compares this roster with an earlier one, or two surveys of it if `earlier` is the same roster.
    ///
    /// Organisations are matched by id: if ids changed, apply links first ([`link`](Self::link)). A column that one of
    /// the surveys lacks is not compared.
    /// ```
    /// use dangjian::{Quiet, Roster, analysis::compare::CompareOptions};
    ///
    /// let roster = Roster::sample(300, 3)?;
    /// let compared = roster.compare(&roster, &CompareOptions::default(), &Quiet)?;
    /// assert_eq!((compared.earlier_year(), compared.year()), (2011, 2012));
    /// assert!(compared.counts(&[] as &[&str])?.column_by_name("new").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn compare(&self, earlier: &Self, options: &CompareOptions, job: &dyn Job) -> Result<Comparison> {
        let frames = frames(self, earlier, options)?;
        let [at, before] = frames;
        let (now, then) = (&self.frames()[at], &earlier.frames()[before]);
        let ranks = IdRanks::merge(self, earlier);
        let seen = ranks.last_seen(self, earlier, then.year);
        let (mut both, mut arrived, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let (mut row, mut old) = (0, 0);
        job::check(job)?;
        while row < now.rows() || old < then.rows() {
            let new_rank = now.slots.get(row).map(|slot| ranks.later(*slot));
            let old_rank = then.slots.get(old).map(|slot| ranks.earlier(*slot));
            match (new_rank, old_rank) {
                (Some(new), Some(gone)) if new == gone => {
                    both.push([row as u32, old as u32]);
                    (row, old) = (row + 1, old + 1);
                }
                (Some(new), gone) if gone.is_none_or(|gone| new < gone) => {
                    arrived.push((row as u32, seen[new as usize]));
                    row += 1;
                }
                _ => {
                    gone.push(old as u32);
                    old += 1;
                }
            }
        }
        job::check(job)?;
        let (fields, not_compared) = fields([self, earlier], [now, then], options.columns.as_deref())?;
        let compared: Vec<ComparedColumn> = fields
            .into_par_iter()
            .map(|fields| {
                job::check(job)?;
                let columns = [now.columns[fields[0]].as_ref(), then.columns[fields[1]].as_ref()];
                let differs = match columns {
                    [Some(now), Some(then)] => cell_changes::differing(now, then, &both),
                    _ => Vec::new(),
                };
                Ok(ComparedColumn { fields, differs })
            })
            .collect::<Result<_>>()?;
        let mut changed = vec![false; both.len()];
        for column in &compared {
            column.differs.iter().for_each(|at| changed[*at as usize] = true);
        }
        let changed = BooleanBuffer::from(changed);
        let rosters = [self.clone(), earlier.clone()];
        Ok(Comparison { rosters, frames, both, arrived, gone, compared, changed, not_compared })
    }
}

/// Returns the frame positions of the years to compare.
fn frames(later: &Roster, earlier: &Roster, options: &CompareOptions) -> Result<[usize; 2]> {
    let at = |roster: &Roster, year: Option<i16>| match year {
        Some(year) => roster.frame(year).map(|f| roster.frames().partition_point(|g| g.year < f.year)),
        None => roster.frames().len().checked_sub(1).ok_or_else(|| {
            Error::argument("名册中没有任何年度，无法比较", "the roster has no years, so there is nothing to compare")
        }),
    };
    let now = at(later, options.year)?;
    let one = std::ptr::eq(later.organisations(), earlier.organisations());
    let then = match options.earlier_year {
        None if one => now.checked_sub(1).ok_or_else(|| {
            let year = later.frames()[now].year;
            Error::argument(
                format!("名册中没有早于{year}年的年度。请给出另一名册，或用 year 指定较晚的年度"),
                format!("the roster has no year before {year}; give another roster, or a later year as `year`"),
            )
        })?,
        year => at(earlier, year)?,
    };
    let (year, earlier_year) = (later.frames()[now].year, earlier.frames()[then].year);
    if year < earlier_year || (one && year == earlier_year) {
        return Err(Error::argument(
            format!(
                "较晚的年度是{year}年，较早的是{earlier_year}年：次序不对。请对调两者，或用 year、earlier_year 指定"
            ),
            format!(
                "the later survey is of {year} and the earlier one of {earlier_year}: swap them, or name the years with `year` and `earlier_year`"
            ),
        ));
    }
    Ok([now, then])
}

/// Returns the fields to compare, as positions in both rosters, and the fields that cannot be compared, with the
/// reason.
#[allow(clippy::type_complexity, reason = "used once, by the caller above")]
fn fields(
    rosters: [&Roster; 2],
    frames: [&Frame; 2],
    wanted: Option<&[String]>,
) -> Result<(Vec<[usize; 2]>, Vec<(String, Text)>)> {
    let [later, earlier] = rosters;
    if let Some(unknown) = wanted.into_iter().flatten().find(|w| later.field(w).is_err() && earlier.field(w).is_err()) {
        later.field(unknown)?;
    }
    let mut names: Vec<&str> = later.fields().iter().map(|f| f.name.as_str()).collect();
    names.extend(earlier.fields().iter().map(|f| f.name.as_str()).filter(|n| later.field(n).is_err()));
    names.retain(|name| wanted.is_none_or(|wanted| wanted.iter().any(|w| w == name)));
    let (mut fields, mut without) = (Vec::new(), Vec::new());
    for name in names {
        let at = rosters.map(|roster| roster.field(name).ok());
        let has = |which: usize| at[which].is_some_and(|at| rosters[which].values(frames[which], at).is_some());
        let why = match (at, has(0), has(1)) {
            ([Some(a), Some(b)], true, true) if later.fields()[a].ty == earlier.fields()[b].ty => {
                fields.push([a, b]);
                continue;
            }
            (_, true, true) => Text::new("两次调查中类型不同", "of another type in the other survey"),
            (_, true, false) => Text::new("较早的调查没有这一列", "not in the earlier survey"),
            (_, false, true) => Text::new("较晚的调查没有这一列", "not in the later survey"),
            (_, false, false) => Text::new("两次调查都没有这一列", "in neither of the surveys"),
        };
        without.push((name.to_owned(), why));
    }
    Ok((fields, without))
}

/// Organisations of two rosters as ranks in their merged, sorted list of ids.
struct IdRanks {
    /// The rank of each slot of the later and of the earlier roster; `None` if both are one roster.
    of_slots: Option<[Vec<u32>; 2]>,
    n: usize,
}

impl IdRanks {
    fn merge(later: &Roster, earlier: &Roster) -> Self {
        let (now, then) = (later.organisations(), earlier.organisations());
        if std::ptr::eq(now, then) {
            return Self { of_slots: None, n: now.len() };
        }
        let (mut x, mut y, mut n) = (Vec::with_capacity(now.len()), Vec::with_capacity(then.len()), 0);
        while x.len() < now.len() || y.len() < then.len() {
            let next_now = (x.len() < now.len()).then(|| now.value(x.len()));
            let next_then = (y.len() < then.len()).then(|| then.value(y.len()));
            // An exhausted list sorts after every id.
            let order = match (next_now, next_then) {
                (Some(now), Some(then)) => now.cmp(then),
                (now, _) => now.is_none().cmp(&false),
            };
            if order.is_le() {
                x.push(n);
            }
            if order.is_ge() {
                y.push(n);
            }
            n += 1;
        }
        Self { of_slots: Some([x, y]), n: n as usize }
    }

    fn later(&self, slot: u32) -> u32 {
        self.of_slots.as_ref().map_or(slot, |ranks| ranks[0][slot as usize])
    }

    fn earlier(&self, slot: u32) -> u32 {
        self.of_slots.as_ref().map_or(slot, |ranks| ranks[1][slot as usize])
    }

    /// Returns, for each organisation, the last year before `year` in which either roster lists it.
    fn last_seen(&self, later: &Roster, earlier: &Roster, year: i16) -> Vec<Option<i16>> {
        let mut seen: Vec<Option<i16>> = vec![None; self.n];
        for (which, roster) in [later, earlier].into_iter().enumerate() {
            for frame in roster.frames().iter().filter(|f| f.year < year) {
                for slot in &frame.slots {
                    let rank = if which == 0 { self.later(*slot) } else { self.earlier(*slot) };
                    let last = &mut seen[rank as usize];
                    *last = (*last).max(Some(frame.year));
                }
            }
        }
        seen
    }
}

impl Comparison {
    /// Returns the year of the later survey.
    #[must_use]
    pub fn year(&self) -> i16 {
        self.now().year
    }

    /// Returns the year of the earlier survey.
    #[must_use]
    pub fn earlier_year(&self) -> i16 {
        self.then().year
    }

    /// Returns the columns that were not compared, each with the reason.
    #[must_use]
    pub fn not_compared(&self) -> &[(String, Text)] {
        &self.not_compared
    }

    fn now(&self) -> &Frame {
        &self.rosters[0].frames()[self.frames[0]]
    }

    fn then(&self) -> &Frame {
        &self.rosters[1].frames()[self.frames[1]]
    }

    /// Iterates over the organisations of both surveys: status, describing survey (0 for the later one), row in
    /// that survey.
    fn each_organisation(&self) -> impl Iterator<Item = (CompareStatus, usize, u32)> {
        let arrived = self
            .arrived
            .iter()
            .map(|(row, seen)| (if seen.is_some() { CompareStatus::Reappeared } else { CompareStatus::New }, 0, *row));
        let gone = self.gone.iter().map(|row| (CompareStatus::Gone, 1, *row));
        let both = self.both.iter().zip(&self.changed).map(|([row, _], changed)| {
            (if changed { CompareStatus::Changed } else { CompareStatus::Unchanged }, 0, *row)
        });
        arrived.chain(gone).chain(both)
    }
}
