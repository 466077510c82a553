//! Trend tests of the figures of a roster: each group separately, all groups together, and paired organisations.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;

use super::series::{Figure, Line, Lines};
use crate::analysis::rates::RateTruth;
use crate::cube;
use crate::cube::{Axis, Lane};
use crate::definition::Rate;
use crate::error::{Error, Result};
use crate::job::{Job, Quiet};
use crate::query::Scope;
use crate::roster::{Frame, Roster};
use crate::stats::benjamini_hochberg::benjamini_hochberg;
use crate::stats::mann_kendall::{KendallOptions, MIN_YEARS, Tester, Trend};
use crate::stats::proportion::{CochranArmitage, McNemar, cochran_armitage, difference_columns, mcnemar};
use crate::stats::regional_kendall::{Dependence, pooled_kendall};
use crate::stats::{mann_kendall, regional_kendall};
use crate::support::columns::Columns;
use crate::support::named::named_enum;

impl Roster {
    /// Runs the Mann-Kendall test on the yearly series of a figure, one row per group and stretch of years between two
    /// breaks (see [`breaks`](Roster::breaks)); no trend is tested across a break.
    ///
    /// Columns: the dimensions, `series`, `first_year`, `last_year` (of the stretch), `n` (years with a figure),
    /// `years_missing` (without), `first`, `last` (the earliest and latest figure), `s`, `var_s`, `tau_a`, `tau_b`,
    /// `z`, `p`, `p_method`, `slope` (Sen's, per year), `slope_low`, `slope_high`, `intercept` (of the line, at
    /// `first_year`); `tests` (number of groups with at least five years and some change that are tested together) and
    /// `p_adjusted` (over those, by Benjamini and Hochberg; null for the others); of rates `success`, `known` (of all
    /// years), `share_slope` (the Cochran-Armitage slope, of those known, per year), `share_slope_low`,
    /// `share_slope_high`, `share_slope_z`, `share_slope_p`, null for other figures; `verdict` (`rising`, `falling`,
    /// `no_trend`, `constant`, `too_few_years`) by `p_adjusted`.
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// use dangjian::analysis::trend::Figure;
    /// use dangjian::definition::Rates;
    /// use dangjian::stats::mann_kendall::KendallOptions;
    ///
    /// let roster = Roster::sample(300, 6)?;
    /// let figure = Figure::Rate(vec![Rates::shipped()?.get("organised")?.clone()]);
    /// let scope = Scope::by(["kind"]);
    /// let table = roster.trend_test(&figure, &KendallOptions::default(), &scope, &Quiet)?;
    /// assert!(table.column_by_name("p_adjusted").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn trend_test(
        &self,
        figure: &Figure,
        options: &KendallOptions,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let lines = Lines::new(self, figure, scope, job)?;
        let critical_value = options.critical_value()?;
        let mut tester = Tester::new(options)?;
        let mut test = |line: &Line| tester.test(&lines.times(line.series), &line.values);
        let trends = lines.all.iter().map(&mut test).collect::<Result<Vec<Trend>>>()?;
        let proportions = |line: &Line| cochran_armitage(&line.proportions, critical_value);
        let proportions = lines.all.iter().map(proportions).collect::<Result<Vec<CochranArmitage>>>()?;
        let is_rate = matches!(figure, Figure::Rate(_));
        let (tests, adjusted) = adjusted(&lines.all, &trends);
        let verdicts = trends.iter().zip(&adjusted).map(|(trend, p)| trend.verdict(*p, options.alpha).name());
        let year = |field: fn(&[i16]) -> Option<&i16>| {
            lines
                .all
                .iter()
                .map(|line| lines.years.get(&line.series).and_then(|years| field(years)).copied())
                .collect::<Vec<_>>()
        };
        let known = |line: &Line| line.values.iter().copied().filter(|value| !value.is_nan()).collect::<Vec<_>>();
        let of_rate =
            |field: fn(&CochranArmitage) -> Option<f64>| proportions.iter().map(move |c| field(c).filter(|_| is_rate));
        let columns = Columns::default()
            .dimensions(&lines.axes, &lines.keys())
            .counts("series", lines.all.iter().map(|line| line.series))
            .some_years("first_year", year(<[i16]>::first))
            .some_years("last_year", year(<[i16]>::last))
            .counts("n", trends.iter().map(|trend| trend.n as u64))
            .counts(
                "years_missing",
                lines.all.iter().zip(&trends).map(|(line, trend)| (line.values.len() - trend.n) as u64),
            )
            .reals("first", lines.all.iter().map(|line| known(line).first().copied()))
            .reals("last", lines.all.iter().map(|line| known(line).last().copied()));
        mann_kendall::columns(columns, &trends)
            .counts("tests", tests)
            .reals("p_adjusted", adjusted.iter().copied())
            .some_counts("success", proportions.iter().map(|c| is_rate.then_some(c.success)))
            .some_counts("known", proportions.iter().map(|c| is_rate.then_some(c.known)))
            .reals("share_slope", of_rate(|c| c.slope))
            .reals("share_slope_low", of_rate(|c| c.low))
            .reals("share_slope_high", of_rate(|c| c.high))
            .reals("share_slope_z", of_rate(|c| c.z))
            .reals("share_slope_p", of_rate(|c| c.p))
            .texts("verdict", verdicts)
            .finish()
    }
}

/// Returns, for each line, the number of tests in its stretch of years, and its p-value adjusted for them. Lines
/// with too few years are not tests.
fn adjusted(lines: &[Line], trends: &[Trend]) -> (Vec<u64>, Vec<Option<f64>>) {
    let (mut tests, mut adjusted) = (Vec::new(), Vec::new());
    let both: Vec<_> = lines.iter().zip(trends).collect();
    for same in both.chunk_by(|a, b| a.0.series == b.0.series) {
        let p: Vec<_> = same.iter().map(|(_, trend)| trend.p.filter(|_| trend.n >= MIN_YEARS)).collect();
        tests.extend(std::iter::repeat_n(p.iter().flatten().count() as u64, p.len()));
        adjusted.extend(benjamini_hochberg(&p));
    }
    (tests, adjusted)
}

impl Roster {
    /// Tests the trend of all groups of `scope` together, with two rows per stretch of years: groups taken as
    /// `independent`, and as `correlated`, because a year may affect several counties alike.
    ///
    /// Columns: `series`, `first_year`, `last_year`, then those of
    /// [`pooled_kendall_table`](crate::stats::regional_kendall::pooled_kendall_table).
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// use dangjian::analysis::trend::Figure;
    /// use dangjian::definition::Rates;
    /// use dangjian::stats::mann_kendall::KendallOptions;
    ///
    /// let roster = Roster::sample(300, 6)?;
    /// let figure = Figure::Rate(vec![Rates::shipped()?.get("organised")?.clone()]);
    /// let scope = Scope::by(["province"]);
    /// let table = roster.trend_pooled(&figure, &KendallOptions::default(), &scope, &Quiet)?;
    /// assert_eq!(table.num_rows(), 2);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn trend_pooled(
        &self,
        figure: &Figure,
        options: &KendallOptions,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        options.critical_value()?;
        let lines = Lines::new(self, figure, scope, job)?;
        let (mut stretches, mut rows) = (Vec::new(), Vec::new());
        for (series, years) in &lines.years {
            let units: Vec<f64> =
                lines.all.iter().filter(|l| l.series == *series).flat_map(|l| l.values.iter().copied()).collect();
            for dependence in Dependence::ALL {
                stretches.push((*series, years));
                rows.push((dependence, pooled_kendall(&lines.times(*series), &units, dependence)?));
            }
        }
        let columns = Columns::default()
            .counts("series", stretches.iter().map(|(series, _)| *series))
            .some_years("first_year", stretches.iter().map(|(_, years)| years.first().copied()))
            .some_years("last_year", stretches.iter().map(|(_, years)| years.last().copied()));
        regional_kendall::columns(columns, &rows, options.alpha).finish()
    }
}

impl Roster {
    /// Runs `McNemar`'s test of a rate on the organisations of two years, by the dimensions of the earlier year. It
    /// counts the organisations in the population in both years with a known answer in both. A rate of party
    /// organisations is refused, because they cannot be paired.
    ///
    /// Columns: `year` (the later), `earlier_year`, the dimensions, `rate_id`; `kept`, `lost`, `gained`, `never`
    /// (success in both, only in the earlier, only in the later, in neither), `unknown` (in the population in both, an
    /// answer unknown), `left` (no longer in it, or not listed), `entered` (listed or in it only in the later year, and
    /// counted in the group of that year); `difference` (later proportion minus earlier, of the first four), `low`,
    /// `high`, `p` (exact), `chi2`, `chi2_p` (`McNemar`'s, with continuity correction).
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// use dangjian::definition::Rates;
    ///
    /// let roster = Roster::sample(300, 3)?;
    /// let rate = Rates::shipped()?.get("organised")?.clone();
    /// let table = roster.paired_change(&[rate], 0.95, 2010, 2012, &Scope::default(), &Quiet)?;
    /// assert!(table.column_by_name("gained").is_some());
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn paired_change(
        &self,
        rates: &[Rate],
        level: f64,
        earlier: i16,
        later: i16,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<RecordBatch> {
        let rate = crate::analysis::rates::change::comparable(self, rates, earlier, later)?;
        if rate.counts != crate::definition::Counts::Organisations {
            let id = &rate.id;
            return Err(Error::argument(
                format!("“{id}”按党组织计数，不能逐单位配对；请用按单位计数的比率"),
                format!("'{id}' counts party organisations, which are not paired; use a rate of organisations"),
            ));
        }
        rate.check(self)?;
        let critical_value = crate::stats::wilson::z_for_confidence(level)?;
        let (before, after) = (self.frame(earlier)?, self.frame(later)?);
        let answers = |frame: &Frame| RateTruth::new(self, frame, rate, scope, &Quiet);
        let (first, last) = (YearAnswers::new(answers(before)?), YearAnswers::new(answers(after)?));
        // Matches the rows of one organisation in both years; slots ascend in both.
        let other = |frame: &Frame, slot: u32| frame.slots.binary_search(&slot).ok();
        let there =
            |answers: &YearAnswers, row: Option<usize>| row.map_or(RowAnswer::Outside, |row| answers.answer(row));
        // Entries are counted in the later year, all other fates in the earlier, so each organisation counts once.
        let of_first: Vec<Option<Fate>> = (0..before.rows())
            .map(|row| Fate::between(first.answer(row), there(&last, other(after, before.slots[row]))))
            .map(|fate| fate.filter(|fate| *fate != Fate::Entered))
            .collect();
        let of_last: Vec<Option<Fate>> = (0..after.rows())
            .map(|row| Fate::between(there(&first, other(before, after.slots[row])), last.answer(row)))
            .map(|fate| fate.filter(|fate| *fate == Fate::Entered))
            .collect();
        let frames = [before, after];
        let axes = scope.axes(self, &frames)?;
        let lanes = |nth: usize, _: &Frame| {
            let fates = if nth == 0 { &of_first } else { &of_last };
            let any = BooleanBuffer::collect_bool(fates.len(), |row| fates[row].is_some());
            let lane =
                |fate: Fate| Lane::Bits(BooleanBuffer::collect_bool(fates.len(), |row| fates[row] == Some(fate)));
            Ok(std::iter::once(Lane::Bits(any)).chain(Fate::ALL.map(lane)).collect())
        };
        let counted = cube::count_one(&frames, axes, lanes, job)?;
        let mut groups: BTreeMap<Vec<u32>, [u64; Fate::ALL.len()]> = BTreeMap::new();
        for group in 0..counted.years.len() {
            let key = counted.keys.iter().map(|keys| keys[group]).collect();
            let of_group = groups.entry(key).or_default();
            of_group.iter_mut().enumerate().for_each(|(nth, n)| *n += counted.lane(nth + 1)[group]);
        }
        paired_table(&counted.axes, &groups, rate, (earlier, later), critical_value)
    }
}

fn paired_table(
    axes: &[Axis],
    groups: &BTreeMap<Vec<u32>, [u64; Fate::ALL.len()]>,
    rate: &Rate,
    (earlier, later): (i16, i16),
    critical_value: f64,
) -> Result<RecordBatch> {
    let keys: Vec<Vec<u32>> = (0..axes.len()).map(|axis| groups.keys().map(|key| key[axis]).collect()).collect();
    let tests: Vec<McNemar> = groups
        .values()
        .map(|[kept, lost, gained, never, ..]| mcnemar(*kept, *lost, *gained, *never, critical_value))
        .collect();
    let mut columns = Columns::default()
        .years("year", groups.iter().map(|_| later))
        .years("earlier_year", groups.iter().map(|_| earlier))
        .dimensions(axes, &keys)
        .texts("rate_id", groups.iter().map(|_| &rate.id));
    for (nth, fate) in Fate::ALL.iter().enumerate() {
        columns = columns.counts(fate.name(), groups.values().map(|counts| counts[nth]));
    }
    difference_columns(columns, &tests).finish()
}

/// Fate of an organisation between two years.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Lost,
    Gained,
    Never,
    Unknown,
    Left,
    Entered,
}

named_enum! {
    Fate;
    Kept = "kept", Lost = "lost", Gained = "gained", Never = "never", Unknown = "unknown", Left = "left",
    Entered = "entered",
}

impl Fate {
    /// Returns the fate for the earlier and later answer; `None` if neither year is in the population.
    fn between(first: RowAnswer, last: RowAnswer) -> Option<Self> {
        Some(match (first, last) {
            (RowAnswer::Outside, RowAnswer::Outside) => return None,
            (RowAnswer::Outside, _) => Self::Entered,
            (_, RowAnswer::Outside) => Self::Left,
            (RowAnswer::Unknown, _) | (_, RowAnswer::Unknown) => Self::Unknown,
            (RowAnswer::Met, RowAnswer::Met) => Self::Kept,
            (RowAnswer::Met, RowAnswer::NotMet) => Self::Lost,
            (RowAnswer::NotMet, RowAnswer::Met) => Self::Gained,
            (RowAnswer::NotMet, RowAnswer::NotMet) => Self::Never,
        })
    }
}

/// Answers of the rows of a year.
struct YearAnswers {
    answers: RateTruth,
    unknown_population: BooleanBuffer,
}

impl YearAnswers {
    fn new(answers: RateTruth) -> Self {
        let unknown_population = answers.population.unknown();
        Self { answers, unknown_population }
    }

    fn answer(&self, row: usize) -> RowAnswer {
        let (population, success) = (&self.answers.population, &self.answers.success);
        if self.unknown_population.value(row) {
            RowAnswer::Unknown
        } else if !population.yes.value(row) {
            RowAnswer::Outside
        } else if success.yes.value(row) {
            RowAnswer::Met
        } else if success.value(row) == Some(false) {
            RowAnswer::NotMet
        } else {
            RowAnswer::Unknown
        }
    }
}

/// Answer of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowAnswer {
    /// Not in the population.
    Outside,
    Met,
    NotMet,
    /// Success unknown, or population unknown.
    Unknown,
}
