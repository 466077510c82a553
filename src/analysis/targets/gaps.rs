//! Targets of one year: the table of who meets them, and the list of those missing.

use arrow::array::RecordBatch;

use crate::analysis::rates::rate_counts::{RateCounts, RateTruth};
use crate::analysis::rates::{columns, rate_counts};
use crate::cube::GroupedCounts;
use crate::definition::Target;
use crate::error::Result;
use crate::job::{Job, Quiet};
use crate::lang::Lang;
use crate::query::Scope;
use crate::roster::Roster;
use crate::support::columns::Columns;

/// Builds the table from the counts of [`statistic`](crate::analysis::rates::statistic) for the rates of `targets`.
pub(crate) fn table_of_targets(targets: &[Target], counted: &GroupedCounts) -> Result<RecordBatch> {
    let figures = rate_counts(counted, targets.len());
    let target = || (0..counted.years.len()).flat_map(|_| targets);
    let note = |lang| target().map(move |t| t.rate.note.as_ref().map(|n| n.get(lang).to_owned()));
    let columns = Columns::default()
        .groups(&counted.repeated(targets.len()))
        .cycled("target", targets.iter().map(|t| &t.rate.id), figures.len())
        .cycled("label_zh", targets.iter().map(|t| t.rate.label.get(Lang::Zh)), figures.len())
        .cycled("label_en", targets.iter().map(|t| t.rate.label.get(Lang::En)), figures.len())
        .cycled("counts", targets.iter().map(|t| t.rate.counts.name()), figures.len());
    columns
        .followed_by(columns::of_counts(&figures, &Quiet))
        .reals("goal", target().map(|t| Some(t.target)))
        .flags("met", figures.iter().zip(target()).map(|(f, t)| met(f, t.target)))
        .flags("inferred", target().map(|t| Some(t.inferred)))
        .some_texts("note_zh", note(Lang::Zh))
        .some_texts("note_en", note(Lang::En))
        .finish()
}

/// Checks whether a goal is met. True or false only if every outcome of the unknowns gives that answer.
pub(crate) fn met(figures: &RateCounts, goal: f64) -> Option<bool> {
    if figures.population + figures.population_unknown == 0 || figures.low()? >= goal && figures.unidentified == 0 {
        return (figures.population > 0).then_some(true);
    }
    (figures.high()? < goal).then_some(false)
}

/// Columns listed for an organisation in a gap list next to target and status.
pub(crate) const LISTED: [&str; 9] =
    ["org_id", "name", "region", "kind", "committee", "mode", "members_full", "party_org_id", "instructor_id"];

impl Roster {
    /// Lists the organisations missing from `target` in `year`: members of its population that do not meet it (`status`
    /// is `missing`), then those whose membership or success is unknown (`unknown`). A party organisation is listed at
    /// its home row; a row that names none is `unknown`. Only the filter of `scope` applies; its dimensions and years
    /// are ignored.
    ///
    /// Columns: `year`, `target`, `status`, `org_id`, `name`, `township`, `township_name`, `kind`, `committee`, `mode`,
    /// `members_full`, `party_org_id`, `instructor_id`.
    /// ```
    /// # use dangjian::{Quiet, Roster, Scope, Targets};
    /// let roster = Roster::sample(300, 3)?;
    /// let targets = Targets::shipped()?;
    /// let missing = roster.gaps(targets.get("eligible_established")?, 2012, &Scope::default(), &Quiet)?;
    /// assert!(missing.column_by_name("org_id").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn gaps(&self, target: &Target, year: i16, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frame = self.frame(year)?;
        target.rate.check(self)?;
        let answers = RateTruth::new(self, frame, &target.rate, scope, job)?;
        let missing = &answers.population.yes & &answers.success.no();
        let undecided = &answers.population.yes & &answers.success.unknown();
        let maybe = &answers.population.unknown() & &!&answers.success.yes;
        let mut unknown = &undecided | &maybe;
        if let Some(unidentified) = &answers.unidentified {
            unknown = &unknown | unidentified;
        }
        let rows: Vec<u32> = missing.set_indices().chain(unknown.set_indices()).map(|row| row as u32).collect();
        let missing = missing.count_set_bits();
        let status = (0..rows.len()).map(|at| if at < missing { "missing" } else { "unknown" });
        let batch = self.picked(frame, LISTED, &rows)?;
        Columns::default()
            .years("year", std::iter::repeat_n(year, rows.len()))
            .texts("target", std::iter::repeat_n(&target.rate.id, rows.len()))
            .texts("status", status)
            .listed(&batch, &LISTED)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_missed_only_for_certain() {
        let certain = RateCounts { population: 4, success: 4, ..RateCounts::default() };
        assert_eq!(met(&certain, 1.0), Some(true));
        assert_eq!(met(&RateCounts { success: 3, failure: 1, ..certain }, 1.0), Some(false));
        assert_eq!(met(&RateCounts { success: 3, ..certain }, 1.0), None);
        assert_eq!(met(&RateCounts { population_unknown: 1, ..certain }, 1.0), None);
        assert_eq!(met(&RateCounts { population_unknown: 1, maybe_success: 1, ..certain }, 1.0), Some(true));
        assert_eq!(met(&RateCounts { unidentified: 1, ..certain }, 1.0), None);
        assert_eq!(met(&RateCounts::default(), 1.0), None);
    }
}
