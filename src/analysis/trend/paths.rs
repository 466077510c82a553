//! The path of each organisation through the years (星级轨迹): rising, falling, steady or swinging, and its streaks.

use std::sync::Arc;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::histories::{GONE, Histories};
use crate::cube::GroupedCounts;
use crate::definition::Counts;
use crate::error::Result;
use crate::job;
use crate::job::Job;
use crate::query::Scope;
use crate::query::star_state::ABSENT;
use crate::roster::Roster;
use crate::support::columns::Columns;
use crate::support::named::named_enum;

/// Course of a path by its transitions: from one calendar year to the next, rated in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// 上升: up at least once, never down.
    Rising,
    /// 下降: down at least once, never up.
    Falling,
    /// 平稳: no change of stars in any transition.
    Steady,
    /// 波动: both up and down.
    Swinging,
    /// 无从判断: no transition.
    NoStep,
}

named_enum! {
    pub Course, "走势", "course";
    Rising = "rising", Falling = "falling", Steady = "steady", Swinging = "swinging", NoStep = "no_step",
}

/// Path of one entity.
#[derive(Clone, Debug, Default)]
struct Path {
    thing: u32,
    /// Position of the last year in which the entity was listed.
    frame: usize,
    first_year: i16,
    last_year: i16,
    listed: u64,
    rated: u64,
    unrated: u64,
    no_party_org: u64,
    unknown: u64,
    /// Years of the roster between the first and the last listed year in which the entity was not listed.
    absent: u64,
    first_star: Option<f64>,
    last_star: Option<f64>,
    lowest: Option<f64>,
    highest: Option<f64>,
    rises: u64,
    falls: u64,
    holds: u64,
    last_state: u16,
    /// Consecutive years, up to the last listed one, in the last state; `streak_at_least`, with at least the given
    /// stars.
    streak: u64,
    streak_at_least: u64,
    longest_at_least: u64,
    longest_rise: u64,
}

impl Path {
    fn course(&self) -> Course {
        match (self.rises, self.falls, self.holds) {
            (1.., 0, _) => Course::Rising,
            (0, 1.., _) => Course::Falling,
            (1.., 1.., _) => Course::Swinging,
            (0, 0, 1..) => Course::Steady,
            (0, 0, 0) => Course::NoStep,
        }
    }

    /// Builds the path of `thing` through the years at the positions `window`; `None` if it is listed in none of
    /// them.
    fn new(histories: &Histories<'_>, stars: &[f64], window: &[usize], at_least: f64, thing: u32) -> Option<Self> {
        let mut path: Option<Self> = None;
        let star = |state: u16| stars.get(state as usize).copied();
        let (mut before, mut rise, mut missed) = (None, 0, 0);
        for (nth, &at) in window.iter().enumerate() {
            let follows = nth > 0 && window[nth - 1] + 1 == at && histories.follows(at);
            let state = histories.state(at, thing);
            let earlier = before.replace(state).filter(|_| follows);
            if state == GONE {
                missed += u64::from(path.is_some());
                rise = 0;
                continue;
            }
            let year = histories.frames[at].year;
            let path = path.get_or_insert_with(|| Self { thing, first_year: year, ..Self::default() });
            let high = star(state).is_some_and(|star| star >= at_least);
            path.absent += std::mem::take(&mut missed);
            (path.frame, path.last_year, path.last_state) = (at, year, state);
            path.listed += 1;
            path.streak = if earlier == Some(state) { path.streak + 1 } else { 1 };
            let held = earlier.and_then(star).is_some_and(|star| star >= at_least);
            path.streak_at_least = match (high, held) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => path.streak_at_least + 1,
            };
            path.longest_at_least = path.longest_at_least.max(path.streak_at_least);
            let Some(now) = star(state) else {
                rise = 0;
                match usize::from(state) - stars.len() {
                    0 => path.unrated += 1,
                    1 => path.no_party_org += 1,
                    _ => path.unknown += 1,
                }
                continue;
            };
            path.rated += 1;
            path.first_star = path.first_star.or(Some(now));
            path.last_star = Some(now);
            path.lowest = Some(path.lowest.map_or(now, |low| low.min(now)));
            path.highest = Some(path.highest.map_or(now, |high| high.max(now)));
            match earlier.and_then(star) {
                Some(then) if now > then => {
                    path.rises += 1;
                    rise += 1;
                }
                Some(then) => {
                    if now < then {
                        path.falls += 1;
                    } else {
                        path.holds += 1;
                    }
                    rise = 0;
                }
                None => rise = 0,
            }
            path.longest_rise = path.longest_rise.max(rise);
        }
        path
    }
}

/// Builds the paths of all entities that pass `scope`, which is evaluated in the last year in which an entity was
/// listed.
fn paths(histories: &Histories<'_>, at_least: f64, scope: &Scope, job: &dyn Job) -> Result<(Vec<usize>, Vec<Path>)> {
    /// Entities per parallel task.
    const THINGS_PER_TASK: usize = 1 << 14;
    let roster = histories.roster;
    let selected = scope.frames(roster)?;
    let is_selected = |at: &usize| selected.iter().any(|frame| frame.year == histories.frames[*at].year);
    let window: Vec<usize> = (0..histories.frames.len()).filter(is_selected).collect();
    let rows: Vec<_> = selected.iter().map(|frame| scope.rows(roster, frame)).collect::<Result<_>>()?;
    let passes = |path: &Path| {
        let nth = window.binary_search(&path.frame).ok();
        nth.zip(histories.row(path.frame, path.thing)).is_some_and(|(nth, row)| rows[nth].value(row))
    };
    let stars = histories.stars();
    let things: Vec<u32> = (0..histories.things() as u32).collect();
    let task = |things: &[u32]| {
        job::check(job)?;
        let paths = things.iter().filter_map(|thing| Path::new(histories, &stars, &window, at_least, *thing));
        Ok(paths.filter(passes).collect::<Vec<_>>())
    };
    let paths = things.par_chunks(THINGS_PER_TASK).map(task).collect::<Result<Vec<_>>>()?.concat();
    Ok((window, paths))
}

/// Returns the keys of the paths on the axes of `scope`, axis by axis, taken from the row in the last listed year.
fn keyed(histories: &Histories<'_>, window: &[usize], paths: &[Path], scope: &Scope) -> Result<GroupedCounts> {
    let frames: Vec<_> = window.iter().map(|at| &histories.frames[*at]).collect();
    let axes = scope.axes(histories.roster, &frames)?;
    let mut keys = Vec::with_capacity(axes.len());
    for axis in &axes {
        let codes: Vec<_> =
            frames.iter().enumerate().map(|(nth, frame)| axis.base.codes(frame, nth)).collect::<Result<_>>()?;
        let key = |path: &Path| {
            let nth = window.binary_search(&path.frame).ok()?;
            let row = histories.row(path.frame, path.thing)?;
            axis.map.get(codes[nth].as_ref().map_or(0, |codes| codes.get(row)) as usize).copied()
        };
        keys.push(paths.iter().map(|path| key(path).unwrap_or(axis.values.len() as u32)).collect());
    }
    Ok(GroupedCounts::groups(axes, Vec::new(), keys))
}

impl Roster {
    /// Builds the path of each organisation (or party organisation), by id. `at_least` is the minimum number of stars
    /// for the streaks.
    ///
    /// Columns: `org_id` (or `party_org_id`), the dimensions (of the last year in which the entity was listed),
    /// `first_year`, `last_year`, `years_listed` (= `years_rated` + `years_unrated` + `years_no_party_org` +
    /// `years_unknown`), `years_absent` (surveys between first and last without the entity), `first_star`, `last_star`,
    /// `lowest_star`, `highest_star`, `rises`, `falls`, `holds` (transitions from one calendar year to the next, rated
    /// in both; a missing year interrupts them), `course` (`rising`: up and never down; `falling`; `steady`: neither;
    /// `swinging`: both; `no_step`), `state` (in the last listed year), `streak` (consecutive years in that state),
    /// `streak_at_least` (consecutive years, up to the last listed one, with `at_least` stars), `longest_at_least`,
    /// `longest_rise` (consecutive rises).
    ///
    /// ```
    /// # use dangjian::{Roster, Scope, job::Quiet};
    /// use dangjian::definition::Counts;
    ///
    /// let roster = Roster::sample(300, 3)?;
    /// let table = roster.star_paths(3.0, Counts::Organisations, &Scope::default(), &Quiet)?;
    /// assert_eq!(table.num_rows(), 300);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn star_paths(&self, at_least: f64, counts: Counts, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let histories = Histories::new(self, counts, scope, job)?;
        let (window, paths) = paths(&histories, at_least, scope, job)?;
        let keyed = keyed(&histories, &window, &paths, scope)?;
        let things: Vec<u32> = paths.iter().map(|path| path.thing).collect();
        let (name, names) = histories.names(&things);
        let count = |field: fn(&Path) -> u64| paths.iter().map(field);
        let star = |field: fn(&Path) -> Option<f64>| paths.iter().map(field);
        let state =
            |path: &Path| histories.states.values.get(usize::from(path.last_state)).map_or(ABSENT, String::as_str);
        Columns::default()
            .array(name, Arc::new(names))
            .dimensions(&keyed.axes, &keyed.keys)
            .years("first_year", paths.iter().map(|path| path.first_year))
            .years("last_year", paths.iter().map(|path| path.last_year))
            .counts("years_listed", count(|p| p.listed))
            .counts("years_rated", count(|p| p.rated))
            .counts("years_unrated", count(|p| p.unrated))
            .counts("years_no_party_org", count(|p| p.no_party_org))
            .counts("years_unknown", count(|p| p.unknown))
            .counts("years_absent", count(|p| p.absent))
            .reals("first_star", star(|p| p.first_star))
            .reals("last_star", star(|p| p.last_star))
            .reals("lowest_star", star(|p| p.lowest))
            .reals("highest_star", star(|p| p.highest))
            .counts("rises", count(|p| p.rises))
            .counts("falls", count(|p| p.falls))
            .counts("holds", count(|p| p.holds))
            .texts("course", paths.iter().map(|path| path.course().name()))
            .texts("state", paths.iter().map(state))
            .counts("streak", count(|p| p.streak))
            .counts("streak_at_least", count(|p| p.streak_at_least))
            .counts("longest_at_least", count(|p| p.longest_at_least))
            .counts("longest_rise", count(|p| p.longest_rise))
            .finish()
    }

    /// Counts the paths of each group by course; every course has a row in every group, with 0 if there is none.
    ///
    /// Columns: the dimensions (of the last year in which an entity was listed), `course`, `organisations` (or
    /// `party_organisations`), `share` (of the paths with a transition; null for `no_step`, and if no path has one).
    pub fn star_path_counts(&self, counts: Counts, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let histories = Histories::new(self, counts, scope, job)?;
        let (window, paths) = paths(&histories, f64::INFINITY, scope, job)?;
        let keyed = keyed(&histories, &window, &paths, scope)?;
        let mut groups = std::collections::BTreeMap::new();
        for (at, path) in paths.iter().enumerate() {
            let key: Vec<u32> = keyed.keys.iter().map(|keys| keys[at]).collect();
            let of_group = groups.entry(key).or_insert([0_u64; Course::ALL.len()]);
            let course = path.course();
            of_group.iter_mut().zip(Course::ALL).filter(|(_, c)| *c == course).for_each(|(n, _)| *n += 1);
        }
        let keys: Vec<Vec<u32>> = (0..keyed.axes.len())
            .map(|axis| groups.keys().flat_map(|key| std::iter::repeat_n(key[axis], Course::ALL.len())).collect())
            .collect();
        let rows = || {
            groups
                .values()
                .flat_map(|counts| Course::ALL.iter().zip(counts).map(move |(course, n)| (*course, *n, counts)))
        };
        let proportion = |(course, n, counts): (Course, u64, &[u64; Course::ALL.len()])| {
            let with_step: u64 =
                Course::ALL.iter().zip(counts).filter(|(c, _)| **c != Course::NoStep).map(|(_, n)| n).sum();
            (course != Course::NoStep && with_step > 0).then(|| n as f64 / with_step as f64)
        };
        Columns::default()
            .dimensions(&keyed.axes, &keys)
            .texts("course", rows().map(|(course, ..)| course.name()))
            .counts(counts.name(), rows().map(|(_, n, _)| n))
            .reals("share", rows().map(proportion))
            .finish()
    }
}
