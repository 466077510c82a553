//! Dated changes of rating: transition intensities, and transition probabilities over any number of days without
//! assuming constant intensities.

use arrow::array::{Array, AsArray, Date32Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type};
use nalgebra::DMatrix;

use super::distribution::chi2_isf;
use super::generator;
use super::product_integral::ProductIntegral;
use super::wilson::z_for_confidence;
use crate::error::{Error, Result};
use crate::support::columns::Columns;

/// Mean length of a calendar year in days.
const YEAR: f64 = 365.2425;

/// Stay of an organisation in one state: a run of days.
#[derive(Clone, Copy, Debug)]
struct Stay {
    state: usize,
    from: i32,
    to: i32,
    /// State after the stay; null if unknown: the end of observation, or lost to follow-up.
    next: Option<usize>,
}

/// Changes of state, each with its day; a state lasts until the next change of the same organisation.
#[derive(Clone, Debug)]
pub struct DatedChanges {
    states: Vec<String>,
    stays: Vec<Stay>,
    organisations: u64,
}

impl DatedChanges {
    /// Reads changes from a table with the columns `org_id`, `date` and `state` (null: lost to follow-up from that
    /// day), in any order; other columns are ignored. `states` gives the order of the states. `until` is the first
    /// day (since 1970-01-01) that is no longer observed: changes on it or later are ignored.
    ///
    /// A change to the current state of an organisation is ignored. Two states of one organisation on one day are
    /// an error.
    pub fn read(changes: &RecordBatch, states: Option<&[String]>, until: i32) -> Result<Self> {
        let ids = column(changes, "org_id", &DataType::Utf8)?;
        let days = column(changes, "date", &DataType::Date32)?;
        let names = column(changes, "state", &DataType::Utf8)?;
        let (ids, days, names) = (ids.as_string::<i32>(), days.as_primitive::<Date32Type>(), names.as_string::<i32>());
        let states = order(names, states)?;
        let mut rows: Vec<usize> = (0..changes.num_rows()).collect();
        if let Some(row) = rows.iter().find(|row| ids.is_null(**row) || days.is_null(**row)) {
            let line = row + 1;
            return Err(Error::data(
                format!("变动表第 {line} 行没有单位代码或日期，两者都要有"),
                format!("row {line} of the changes lacks org_id or date; both are needed"),
            )
            .at_row(line as u64));
        }
        rows.sort_by_key(|row| (ids.value(*row), days.value(*row)));
        let mut stays = Vec::new();
        let mut organisations = 0;
        for rows in rows.chunk_by(|a, b| ids.value(*a) == ids.value(*b)) {
            let before = stays.len();
            push_stays(rows, ids, days, names, &states, until, &mut stays)?;
            organisations += u64::from(stays.len() > before);
        }
        Ok(Self { states, stays, organisations })
    }

    /// Returns the transition counts and the days spent in each state.
    fn sums(&self) -> (Vec<Vec<u64>>, Vec<i64>) {
        let size = self.states.len();
        let (mut transitions, mut days) = (vec![vec![0; size]; size], vec![0; size]);
        for stay in &self.stays {
            days[stay.state] += i64::from(stay.to) - i64::from(stay.from);
            if let Some(next) = stay.next {
                transitions[stay.state][next] += 1;
            }
        }
        (transitions, days)
    }
}

fn column(changes: &RecordBatch, name: &str, ty: &DataType) -> Result<arrow::array::ArrayRef> {
    let given = changes.column_by_name(name).ok_or_else(|| {
        let have = changes.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>().join(", ");
        Error::argument(
            format!("变动表没有“{name}”列。现有：{have}；需要 org_id、date、state"),
            format!("the changes have no column '{name}'. Available: {have}; needed: org_id, date, state"),
        )
        .in_column(name)
    })?;
    let wrong = |_| {
        let got = given.data_type();
        Error::argument(
            format!("变动表的“{name}”列是 {got}，不能作 {ty}"),
            format!("the column '{name}' of the changes holds {got}, which cannot be read as {ty}"),
        )
        .in_column(name)
    };
    let cast = cast(given, ty).map_err(wrong)?;
    if cast.null_count() > given.null_count() {
        let row = (0..cast.len()).find(|row| cast.is_null(*row) && given.is_valid(*row)).unwrap_or_default();
        let text = cast_text(given, row);
        let line = row + 1;
        return Err(Error::data(
            format!("变动表第 {line} 行的 {name}“{text}”无法识别；日期应如 2013-07-01"),
            format!("row {line} of the changes: {name} '{text}' cannot be read; write dates like 2013-07-01"),
        )
        .at_row(line as u64)
        .in_column(name)
        .with_value(text));
    }
    Ok(cast)
}

fn cast_text(array: &dyn Array, row: usize) -> String {
    let texts = cast(array, &DataType::Utf8).ok();
    texts.map(|texts| texts.as_string::<i32>().value(row).to_owned()).unwrap_or_default()
}

/// Returns the given states, or those that occur: numbers by size, then texts.
fn order(names: &StringArray, states: Option<&[String]>) -> Result<Vec<String>> {
    let mut occur: Vec<&str> = names.iter().flatten().collect();
    occur.sort_unstable();
    occur.dedup();
    let Some(states) = states else {
        let key = |name: &&str| (name.parse::<f64>().unwrap_or(f64::INFINITY), (*name).to_owned());
        occur.sort_by(|a, b| key(a).0.total_cmp(&key(b).0).then_with(|| key(a).1.cmp(&key(b).1)));
        return Ok(occur.into_iter().map(str::to_owned).collect());
    };
    if let Some(other) = occur.iter().find(|name| !states.iter().any(|state| state == *name)) {
        let have = states.join(", ");
        return Err(Error::argument(
            format!("变动表里有未列出的状态“{other}”。列出的是：{have}"),
            format!("the changes have the state '{other}', which is not among those named: {have}"),
        ));
    }
    Ok(states.to_vec())
}

/// Appends the stays of one organisation, whose rows are sorted by day.
fn push_stays(
    rows: &[usize],
    ids: &StringArray,
    days: &Date32Array,
    names: &StringArray,
    states: &[String],
    until: i32,
    stays: &mut Vec<Stay>,
) -> Result<()> {
    let state = |row: usize| names.is_valid(row).then(|| states.iter().position(|s| s == names.value(row))).flatten();
    let mut now: Option<(usize, i32)> = None;
    let mut last: Option<(i32, Option<usize>)> = None;
    for row in rows.iter().copied() {
        let (day, next) = (days.value(row), state(row));
        if let Some((same, other)) = last.filter(|(before, _)| *before == day)
            && other != next
        {
            let (id, line) = (ids.value(row), row + 1);
            return Err(Error::data(
                format!("变动表第 {line} 行：单位 {id} 在同一天（1970-01-01 起第 {same} 天）有两种状态"),
                format!("row {line} of the changes: {id} has two states on one day (day {same} since 1970-01-01)"),
            )
            .at_row(line as u64)
            .in_column("state"));
        }
        last = Some((day, next));
        if day >= until {
            break;
        }
        match now {
            Some((state, _)) if next == Some(state) => {}
            Some((state, from)) => {
                stays.push(Stay { state, from, to: day, next });
                now = next.map(|next| (next, day));
            }
            None => now = next.map(|next| (next, day)),
        }
    }
    if let Some((state, from)) = now {
        stays.push(Stay { state, from, to: until, next: None });
    }
    Ok(())
}

/// Estimates transition intensities (转移强度): the transitions per year spent in a state, and the probabilities after
/// `ahead` years that follow if the intensities stay constant (Lando and Skødeberg 2002). Those are positive even for
/// transitions that never occurred in one step.
///
/// Columns: `state`, `next_state`, `moves` (transitions), `years` (spent in `state`, by all), `rate` = `moves` /
/// `years` (per year; null on the diagonal and if no time was spent), `low`, `high` (exact, for Poisson counts:
/// Garwood 1936), `probability` (of being in `next_state` after `ahead` years, starting in `state`; null if no time
/// was spent in a state that can be reached), `ahead`, `level`, `organisations` (observed at any time).
///
/// ```
/// use arrow::array::{RecordBatch, StringArray};
/// use dangjian::stats::aalen_johansen::{DatedChanges, dated_rates};
/// # use std::sync::Arc;
///
/// let texts = |texts: &[&str]| Arc::new(StringArray::from_iter_values(texts)) as arrow::array::ArrayRef;
/// let changes = RecordBatch::try_from_iter([
///     ("org_id", texts(&["a", "a", "b"])),
///     ("date", texts(&["2010-01-01", "2012-01-01", "2010-01-01"])),
///     ("state", texts(&["3", "4", "3"])),
/// ])?;
/// let dated = DatedChanges::read(&changes, None, 16_801)?; // until 2016-01-01
/// let table = dated_rates(&dated, 1.0, 0.95)?;
/// assert_eq!(table.num_rows(), 4);
/// # Ok::<(), dangjian::Error>(())
/// ```
pub fn dated_rates(dated: &DatedChanges, ahead: f64, level: f64) -> Result<RecordBatch> {
    z_for_confidence(level)?;
    if !(ahead > 0.0 && ahead <= 1000.0) {
        return Err(Error::argument(
            format!("年数应大于 0、不超过 1000，给的是 {ahead}"),
            format!("ahead is {ahead}; expected years above 0, up to 1000"),
        ));
    }
    let size = dated.states.len();
    let (transitions, days) = dated.sums();
    let years: Vec<f64> = days.iter().map(|days| *days as f64 / YEAR).collect();
    let rate = |from: usize, to: usize| (years[from] > 0.0).then(|| transitions[from][to] as f64 / years[from]);
    let generator = DMatrix::from_fn(size, size, |from, to| {
        let out: f64 = (0..size).filter_map(|to| rate(from, to)).sum();
        if from == to { -out } else { rate(from, to).unwrap_or(0.0) }
    });
    let probabilities = generator::probabilities_after(&generator, ahead);
    let leads_to_unknown =
        |from: usize| (0..size).any(|to| years[to] <= 0.0 && (to == from || probabilities[(from, to)] > 0.0));
    let cells: Vec<(usize, usize)> = (0..size).flat_map(|from| (0..size).map(move |to| (from, to))).collect();
    let tail = (1.0 - level) / 2.0;
    let ends = |(from, to): &(usize, usize), high: bool| {
        let count = transitions[*from][*to] as f64;
        let quantile = match (high, count > 0.0) {
            (false, false) => 0.0,
            (false, true) => chi2_isf(1.0 - tail, 2.0 * count),
            (true, _) => chi2_isf(tail, 2.0 * count + 2.0),
        };
        (from != to && years[*from] > 0.0).then(|| quantile / 2.0 / years[*from])
    };
    Columns::default()
        .texts("state", cells.iter().map(|(from, _)| &dated.states[*from]))
        .texts("next_state", cells.iter().map(|(_, to)| &dated.states[*to]))
        .counts("moves", cells.iter().map(|(from, to)| transitions[*from][*to]))
        .reals("years", cells.iter().map(|(from, _)| Some(years[*from])))
        .reals("rate", cells.iter().map(|(from, to)| rate(*from, *to).filter(|_| from != to)))
        .reals("low", cells.iter().map(|cell| ends(cell, false)))
        .reals("high", cells.iter().map(|cell| ends(cell, true)))
        .reals(
            "probability",
            cells
                .iter()
                .map(|(from, to)| (!leads_to_unknown(*from)).then(|| probabilities[(*from, *to)].clamp(0.0, 1.0))),
        )
        .reals("ahead", cells.iter().map(|_| Some(ahead)))
        .reals("level", cells.iter().map(|_| Some(level)))
        .counts("organisations", cells.iter().map(|_| dated.organisations))
        .finish()
}

/// Risk sets and transitions of one day; the risk set is that just before the day.
struct Day {
    date: i32,
    at_risk: Vec<u64>,
    transitions: Vec<Vec<u64>>,
}

impl DatedChanges {
    /// Returns the days with a transition, after `from` and up to `to`.
    fn days(&self, from: i32, to: i32) -> Vec<Day> {
        let size = self.states.len();
        let mut days: Vec<i32> = self.stays.iter().filter(|s| s.next.is_some()).map(|s| s.to).collect();
        days.retain(|day| *day > from && *day <= to);
        days.sort_unstable();
        days.dedup();
        // At risk: entered a state before the day, and not left before it.
        let mut entered: Vec<Vec<i32>> = vec![Vec::new(); size];
        let mut left: Vec<Vec<i32>> = vec![Vec::new(); size];
        for stay in &self.stays {
            entered[stay.state].push(stay.from);
            left[stay.state].push(stay.to);
        }
        entered.iter_mut().chain(&mut left).for_each(|days| days.sort_unstable());
        let before = |days: &[i32], day: i32| days.partition_point(|d| *d < day) as u64;
        let mut ended: Vec<&Stay> = self.stays.iter().filter(|s| s.next.is_some()).collect();
        ended.sort_unstable_by_key(|s| s.to);
        let of_day = |day: i32| {
            let mut transitions = vec![vec![0; size]; size];
            let first = ended.partition_point(|s| s.to < day);
            for stay in ended[first..].iter().take_while(|s| s.to == day) {
                if let Some(next) = stay.next {
                    transitions[stay.state][next] += 1;
                }
            }
            let at_risk = (0..size).map(|s| before(&entered[s], day) - before(&left[s], day)).collect();
            Day { date: day, at_risk, transitions }
        };
        days.into_iter().map(of_day).collect()
    }
}

/// Probabilities after a day, from each state to each, row by row.
struct After {
    date: i32,
    at_risk: Vec<u64>,
    events: Vec<u64>,
    probabilities: Vec<f64>,
    variances: Vec<f64>,
}

impl After {
    fn new(date: i32, at_risk: Vec<u64>, events: Vec<u64>, product: &ProductIntegral) -> Self {
        Self { date, at_risk, events, probabilities: product.flat(), variances: product.variances() }
    }
}

/// Estimates the probability of being in each state on each day with a transition, from the day `from` to the day
/// `to`, without assuming constant intensities (Aalen and Johansen 1978). Transitions on one day form one step, so
/// ties are exact. Organisations may enter late and be lost to follow-up; they are at risk while observed.
///
/// Columns: `date`, `state` (on the day `from`), `next_state`, `at_risk` (in `next_state` just before the day),
/// `events` (exits from `next_state` on that day), `probability`, `variance` (of the product integral: Andersen et
/// al. 1993, 4.4.20), `low`, `high` (probability ± z · standard error, clamped between 0 and 1), `level`. The first
/// rows are those of the day `from`.
pub fn aalen_johansen(dated: &DatedChanges, from: i32, to: i32, level: f64) -> Result<RecordBatch> {
    let z = z_for_confidence(level)?;
    if from >= to {
        return Err(Error::argument("起始日应早于截止日", "the first day must be before the last"));
    }
    let size = dated.states.len();
    let mut product = ProductIntegral::start(size);
    let mut steps: Vec<After> = Vec::new();
    let none = vec![0; size];
    let at_start: Vec<u64> = (0..size)
        .map(|s| dated.stays.iter().filter(|p| p.state == s && p.from <= from && p.to > from).count() as u64)
        .collect();
    steps.push(After::new(from, at_start, none, &product));
    for day in dated.days(from, to) {
        product.step(&day.at_risk, &day.transitions);
        let events = day.transitions.iter().map(|transitions| transitions.iter().sum()).collect();
        steps.push(After::new(day.date, day.at_risk, events, &product));
    }
    let cells = || steps.iter().flat_map(|f| (0..size * size).map(move |cell| (f, cell / size, cell % size)));
    let end = move |sign: f64| {
        cells().map(move |(f, from, to)| {
            let at = from * size + to;
            Some((f.probabilities[at] + sign * z * f.variances[at].max(0.0).sqrt()).clamp(0.0, 1.0))
        })
    };
    Columns::default()
        .array("date", std::sync::Arc::new(Date32Array::from_iter_values(cells().map(|(f, ..)| f.date))))
        .texts("state", cells().map(|(_, from, _)| &dated.states[from]))
        .texts("next_state", cells().map(|(.., to)| &dated.states[to]))
        .counts("at_risk", cells().map(|(f, _, to)| f.at_risk[to]))
        .counts("events", cells().map(|(f, _, to)| f.events[to]))
        .reals("probability", cells().map(|(f, from, to)| Some(f.probabilities[from * size + to])))
        .reals("variance", cells().map(|(f, from, to)| Some(f.variances[from * size + to])))
        .reals("low", end(-1.0))
        .reals("high", end(1.0))
        .reals("level", cells().map(|_| Some(level)))
        .finish()
}
