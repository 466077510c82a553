//! Rates over any dimension, targets, and lists of the organisations missing from a target.

pub mod breaks;
pub mod change;
mod columns;
pub(crate) mod figures;
pub mod published;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::buffer::ScalarBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::DataType;

pub(crate) use self::figures::Answers;
pub use self::figures::Figures;
use crate::cube::statistic::{Statistic, only};
use crate::cube::subtotals::{joined, levels};
use crate::cube::{Axis, Counted, Lane};
use crate::definition::{Rate, Target};
use crate::error::Result;
use crate::job;
use crate::job::{Job, Quiet};
use crate::lang::Lang;
use crate::query::dimension::Scope;
use crate::roster::{Frame, Roster};
use crate::stats::wilson::deviations;
use crate::support::columns::{Columns, Part};

/// Optional extras of a table of rates.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shape {
    /// Adds subtotals, rolling the dimensions up from the last to the first as SQL's `ROLLUP` does. A column
    /// `grouping` after the dimensions distinguishes a subtotal from an unknown value. It holds the number that
    /// SQL's `GROUPING` of the dimensions gives: one bit per dimension, the last dimension lowest, set if the
    /// dimension is rolled up, so 0 is no subtotal.
    pub rollup: bool,
    /// The level of a confidence interval, such as 0.95. Adds columns `wilson_low` and `wilson_high` after the
    /// bounds of the rate.
    pub interval: Option<f64>,
}

/// Computes rates by the dimensions of `scope`: a row for each group and rate, with groups in the order of their
/// values. A rate has no row in a year in which it is not in force.
///
/// Columns: `year`, the dimensions, `rate_id`, `label_zh`, `label_en`, `counts` (`organisations` or
/// `party_organisations`), `population`, `success`, `failure`, `unknown`, `population_unknown`, `unidentified`,
/// `rate` (success ÷ (success + failure); null if that sum is 0), `rate_low` and `rate_high` (the bounds that the
/// unknowns allow), `series` (figures of a rate are comparable only within one series number; see
/// [`breaks`](self::breaks::breaks)).
/// ```
/// # use dangjian::{Roster, synth}; use dangjian::query::dimension::Scope; use dangjian::ingest::Options; use dangjian::job::Quiet;
/// let roster = Roster::read_arrow("made", &synth::panel(300, 3, 2010, 7)?, &Options::default(), &Quiet)?;
/// let rates: Vec<_> = dangjian::definition::Rates::shipped()?.iter().cloned().collect();
/// let table = dangjian::analysis::rates::coverage(&roster, &rates, &Scope::by(["province"]).in_year(2012), &Quiet)?;
/// assert_eq!(table["year"].len(), table["rate"].len());
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn coverage(roster: &Roster, rates: &[Rate], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    coverage_as(roster, rates, scope, Shape::default(), job)
}

/// Computes [`coverage`] with the extras of `shape`.
///
/// The interval is Wilson's, of success among those whose answer is known: the sampling error of the rate, taken as
/// an estimate for a larger population. The interval does not cover unknown answers; `unknown` and `rate_low` to
/// `rate_high` do.
/// ```
/// # use dangjian::{Roster, synth}; use dangjian::analysis::rates::Shape; use dangjian::query::dimension::Scope; use dangjian::ingest::Options; use dangjian::job::Quiet;
/// let roster = Roster::read_arrow("made", &synth::panel(300, 3, 2010, 7)?, &Options::default(), &Quiet)?;
/// let rates = [dangjian::definition::Rates::shipped()?.get("organised")?.clone()];
/// let shape = Shape { rollup: true, interval: Some(0.95) };
/// let scope = Scope::by(["kind", "mode"]).in_year(2012);
/// let table = dangjian::analysis::rates::coverage_as(&roster, &rates, &scope, shape, &Quiet)?;
/// assert!(table.column_by_name("grouping").is_some() && table.column_by_name("wilson_low").is_some());
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn coverage_as(roster: &Roster, rates: &[Rate], scope: &Scope, shape: Shape, job: &dyn Job) -> Result<RecordBatch> {
    // Enter the thread pool once. Otherwise the calling thread parks and is woken after every parallel step.
    rayon::scope(|_| answer(roster, rates, scope, shape, job))
}

fn answer(roster: &Roster, rates: &[Rate], scope: &Scope, shape: Shape, job: &dyn Job) -> Result<RecordBatch> {
    let z = shape.interval.map(deviations).transpose()?;
    let frames = scope.frames(roster)?;
    let axes = scope.axes(roster, &frames)?;
    if shape.rollup {
        let sets = levels(&axes);
        let answer = |parts: Vec<Counted>| {
            let (counted, flags) = joined(axes, &parts, job)?;
            table(roster, rates, &counted, Some(&flags), z, job)
        };
        return statistic(roster, rates, sets, scope, answer)?.count(&frames, job);
    }
    let answer = |counted| table(roster, rates, &only(counted)?, None, z, job);
    statistic(roster, rates, vec![axes], scope, answer)?.count(&frames, job)
}

/// Builds the table from the counts of [`statistic`]. `flags` mark subtotals; intervals span `z` standard
/// deviations.
pub(crate) fn table(
    roster: &Roster,
    rates: &[Rate],
    counted: &Counted,
    flags: Option<&[u64]>,
    z: Option<f64>,
    job: &dyn Job,
) -> Result<RecordBatch> {
    let each = rates.len();
    let groups = counted.repeated(each);
    job::check(job)?;
    let of_rates: ScalarBuffer<u32> = (0..each as u32).cycle().take(counted.years.len() * each).collect();
    let text = |name: &'static str, of: fn(&Rate) -> &str| -> Part<'_> {
        let of_rates = &of_rates;
        Box::new(move || Columns::default().chosen(name, rates.iter().map(of), of_rates))
    };
    let mut parts: Vec<Part<'_>> = groups.columns();
    if let Some(flags) = flags {
        parts.push(Box::new(move || {
            let flags = flags.iter().flat_map(|flag| std::iter::repeat_n(*flag, each));
            Columns::default().counts("grouping", flags)
        }));
    }
    parts.push(text("rate_id", |rate| &rate.id));
    parts.push(text("label_zh", |rate| rate.label.get(Lang::Zh)));
    parts.push(text("label_en", |rate| rate.label.get(Lang::En)));
    parts.push(text("counts", |rate| rate.counts.name()));
    parts.extend(columns::figures(counted, each, z, job));
    parts.push(Box::new(|| columns::series_of(roster, rates, counted)));
    let table = Columns::together(&parts, job)?.finish()?;
    let holds = |year: i16, at: usize| rates[at].validity.holds(year);
    if counted.years.chunk_by(PartialEq::eq).all(|of| (0..each).all(|at| holds(of[0], at))) {
        return Ok(table);
    }
    Ok(filter_record_batch(&table, &BooleanArray::from(columns::by_year(counted, each, holds)))?)
}

/// Computes targets by the dimensions of `scope`: the columns of [`coverage`] with `target` instead of `rate_id`,
/// then `goal`, `met` (null if the unknowns decide), `inferred` (not stated in the source, to be confirmed),
/// `note_zh`, `note_en`.
/// ```
/// # use dangjian::{Roster, synth}; use dangjian::query::dimension::Scope; use dangjian::ingest::Options; use dangjian::job::Quiet;
/// let roster = Roster::read_arrow("made", &synth::panel(300, 3, 2010, 7)?, &Options::default(), &Quiet)?;
/// let set: Vec<_> = dangjian::definition::Targets::shipped()?.iter().cloned().collect();
/// let table = dangjian::analysis::rates::targets(&roster, &set, &Scope::default().in_year(2012), &Quiet)?;
/// assert_eq!(table.num_rows(), 4);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn targets(roster: &Roster, targets: &[Target], scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
    let rates: Vec<Rate> = targets.iter().map(|t| t.rate.clone()).collect();
    table_of_targets(targets, &count(roster, &rates, scope, job)?)
}

/// Builds the table from the counts of [`statistic`] for the rates of `targets`.
pub(crate) fn table_of_targets(targets: &[Target], counted: &Counted) -> Result<RecordBatch> {
    let figures = figures(counted, targets.len());
    let target = || (0..counted.years.len()).flat_map(|_| targets);
    let note = |lang| target().map(move |t| t.rate.note.as_ref().map(|n| n.get(lang).to_owned()));
    let columns = Columns::default()
        .groups(&counted.repeated(targets.len()))
        .cycled("target", targets.iter().map(|t| &t.rate.id), figures.len())
        .cycled("label_zh", targets.iter().map(|t| t.rate.label.get(Lang::Zh)), figures.len())
        .cycled("label_en", targets.iter().map(|t| t.rate.label.get(Lang::En)), figures.len())
        .cycled("counts", targets.iter().map(|t| t.rate.counts.name()), figures.len());
    columns
        .beside(columns::of_all(&figures, &Quiet))
        .reals("goal", target().map(|t| Some(t.target)))
        .flags("met", figures.iter().zip(target()).map(|(f, t)| met(f, t.target)))
        .flags("inferred", target().map(|t| Some(t.inferred)))
        .some_texts("note_zh", note(Lang::Zh))
        .some_texts("note_en", note(Lang::En))
        .finish()
}

/// Checks whether a goal is met. True or false only if every outcome of the unknowns gives that answer.
pub(crate) fn met(figures: &Figures, goal: f64) -> Option<bool> {
    if figures.population + figures.population_unknown == 0 || figures.low()? >= goal && figures.unidentified == 0 {
        return (figures.population > 0).then_some(true);
    }
    (figures.high()? < goal).then_some(false)
}

/// Builds the statistic of `rates` in the groupings `sets` of the rows of `scope`; [`figures`] reads the counts.
pub(crate) fn statistic<'r, T: 'r>(
    roster: &'r Roster,
    rates: &'r [Rate],
    sets: Vec<Vec<Axis>>,
    scope: &Scope,
    answer: impl FnOnce(Vec<Counted>) -> Result<T> + 'r,
) -> Result<Statistic<'r, T>> {
    rates.iter().try_for_each(|rate| rate.check(roster))?;
    let scope = scope.clone();
    Ok(Statistic::new(sets, move |_, frame, job| lanes(roster, frame, rates, &scope, job), answer))
}

/// Counts the statistic of `rates` by the dimensions of `scope`.
pub(crate) fn count(roster: &Roster, rates: &[Rate], scope: &Scope, job: &dyn Job) -> Result<Counted> {
    let frames = scope.frames(roster)?;
    statistic(roster, rates, vec![scope.axes(roster, &frames)?], scope, only)?.count(&frames, job)
}

/// Returns the lanes of a frame: the rows, then the lanes of each rate.
fn lanes<'a>(roster: &Roster, frame: &'a Frame, rates: &[Rate], scope: &Scope, job: &dyn Job) -> Result<Vec<Lane<'a>>> {
    let rows = if scope.narrows() { Lane::Bits(scope.rows(roster, frame)?) } else { Lane::All(frame.rows()) };
    let mut lanes = vec![rows];
    for rate in rates {
        job::check(job)?;
        lanes.extend(Answers::new(roster, frame, rate, scope, job)?.lanes());
    }
    Ok(lanes)
}

/// Reads the figures of each rate in each group.
pub(crate) fn figures(counted: &Counted, rates: usize) -> Vec<Figures> {
    columns::all(counted, rates, &Quiet)
}

/// Columns listed for an organisation in a gap list next to target and status.
const LISTED: [(&str, DataType); 9] = [
    ("org_id", DataType::Utf8),
    ("name", DataType::Utf8),
    ("region", DataType::Utf8),
    ("kind", DataType::Utf8),
    ("committee", DataType::Utf8),
    ("mode", DataType::Utf8),
    ("members_full", DataType::UInt32),
    ("party_org_id", DataType::Utf8),
    ("instructor_id", DataType::Utf8),
];

/// Lists the organisations missing from `target` in `year`: members of its population that do not meet it (`status`
/// is `missing`), then those whose membership or success is unknown (`unknown`). A party organisation is listed at
/// its home row; a row that names none is `unknown`. Only the filter of `scope` applies; its dimensions and years
/// are ignored.
///
/// Columns: `year`, `target`, `status`, `org_id`, `name`, `township`, `township_name`, `kind`, `committee`, `mode`,
/// `members_full`, `party_org_id`, `instructor_id`.
/// ```
/// # use dangjian::{Roster, synth}; use dangjian::query::dimension::Scope; use dangjian::ingest::Options; use dangjian::job::Quiet;
/// let roster = Roster::read_arrow("made", &synth::panel(300, 3, 2010, 7)?, &Options::default(), &Quiet)?;
/// let set = dangjian::definition::Targets::shipped()?;
/// let missing = dangjian::analysis::rates::gaps(&roster, set.get("eligible_established")?, 2012, &Scope::default())?;
/// assert!(missing.column_by_name("org_id").is_some());
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn gaps(roster: &Roster, target: &Target, year: i16, scope: &Scope) -> Result<RecordBatch> {
    let frame = roster.frame(year)?;
    target.rate.check(roster)?;
    let answers = Answers::new(roster, frame, &target.rate, scope, &Quiet)?;
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
    let batch = roster.picked(frame, LISTED.map(|(name, _)| name), &rows)?;
    Columns::default()
        .years("year", std::iter::repeat_n(year, rows.len()))
        .texts("target", std::iter::repeat_n(&target.rate.id, rows.len()))
        .texts("status", status)
        .listed(&batch, &LISTED)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_missed_only_for_certain() {
        let certain = Figures { population: 4, success: 4, ..Figures::default() };
        assert_eq!(met(&certain, 1.0), Some(true));
        assert_eq!(met(&Figures { success: 3, failure: 1, ..certain }, 1.0), Some(false));
        assert_eq!(met(&Figures { success: 3, ..certain }, 1.0), None);
        assert_eq!(met(&Figures { population_unknown: 1, ..certain }, 1.0), None);
        assert_eq!(met(&Figures { population_unknown: 1, maybe_success: 1, ..certain }, 1.0), Some(true));
        assert_eq!(met(&Figures { unidentified: 1, ..certain }, 1.0), None);
        assert_eq!(met(&Figures::default(), 1.0), None);
    }
}
