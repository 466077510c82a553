//! A study of spells: selection, time scale, groups, and the counts of excluded spells by reason.

use rustc_hash::FxHashMap;

use super::SpellOptions;
use super::spells::{Begun, Ended, Finder, Spell};
use crate::analysis::trend::histories::Histories;
use crate::cube::{Axis, AxisValues, Base};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::query::Scope;
use crate::roster::Roster;
use crate::stats::survival::Observation;
use crate::support::named::named_enum;

/// Selection of spells and origin of their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// Spells that began during observation; years since the start.
    #[default]
    Incident,
    /// Spells whose start is known; years since the start. Spells that began before the selected years enter late,
    /// in the first of those years (left truncation).
    Delayed,
    /// All spells; calendar years since the first selected year. Each spell enters in the year in which it was
    /// first observed.
    Calendar,
    /// All spells; years since they were first observed, which is too short by an unknown amount for those that
    /// began earlier.
    All,
}

named_enum! {
    pub Entry, "起点（entry）", "entry";
    Incident = "incident", Delayed = "delayed", Calendar = "calendar", All = "all",
}

/// Excluded spells, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Start unknown.
    pub(super) unknown_start: u64,
    /// Started before the selected years.
    pub(super) earlier_start: u64,
    /// Never at risk: observed only at the end of observation.
    pub(super) never_at_risk: u64,
    /// Later than an included spell of the entity.
    pub(super) later: u64,
}

/// The spells of one group.
#[derive(Default)]
pub(super) struct Group {
    /// Position of the group's value on each axis.
    pub(super) key: Vec<u32>,
    pub(super) observations: Vec<Observation>,
    /// Parallel to `observations`.
    pub(super) spells: Vec<Spell>,
    pub(super) left_out: LeftOut,
}

impl Group {
    /// Counts the distinct entities of its spells.
    pub(super) fn things(&self) -> u64 {
        self.spells.chunk_by(|a, b| a.thing == b.thing).count() as u64
    }

    /// Counts the spells with this end.
    pub(super) fn ended(&self, ended: Ended) -> u64 {
        self.spells.iter().filter(|spell| spell.ended == ended).count() as u64
    }
}

/// Groups of spells, in the order of the axis values.
pub(super) struct Study {
    pub(super) axes: Vec<Axis>,
    pub(super) groups: Vec<Group>,
}

impl Study {
    pub(super) fn new(roster: &Roster, options: &SpellOptions, scope: &Scope, job: &dyn Job) -> Result<Self> {
        let histories = Histories::new(roster, options.counts, scope, job)?;
        Self::from_histories(&histories, options, scope, job)
    }

    pub(super) fn from_histories(
        histories: &Histories<'_>,
        options: &SpellOptions,
        scope: &Scope,
        job: &dyn Job,
    ) -> Result<Self> {
        let roster = histories.roster;
        let looked_at = scope.frames(roster)?;
        let is_looked_at = |at: &usize| looked_at.iter().any(|frame| frame.year == histories.frames[*at].year);
        let window: Vec<usize> = (0..histories.frames.len()).filter(is_looked_at).collect();
        let spells = Finder::new(histories, options.at_least, window.clone())?.spells(job)?;
        let by = By::new(histories, &window, scope)?;
        let origin = looked_at.first().map_or(0, |frame| frame.year);
        let mut places: FxHashMap<Vec<u32>, usize> = FxHashMap::default();
        let mut groups: Vec<Group> = Vec::new();
        let mut key = Vec::new();
        let mut before = None;
        for spell in spells {
            let Some(row) = histories.row(spell.frame, spell.thing).filter(|row| by.passes(spell.frame, *row)) else {
                continue;
            };
            by.key(&spell, row, &mut key)?;
            if !places.contains_key(key.as_slice()) {
                places.insert(key.clone(), groups.len());
                groups.push(Group { key: key.clone(), ..Group::default() });
            }
            let Some(group) = places.get(key.as_slice()).and_then(|place| groups.get_mut(*place)) else { continue };
            let first = before != Some(spell.thing);
            match placed(&spell, options.entry, origin) {
                Ok((entry, exit)) if first || options.recurrent => {
                    before = Some(spell.thing);
                    let (entry, exit) = (f64::from(entry), f64::from(exit));
                    let (cause, cluster) = (spell.ended.cause(), spell.thing);
                    group.observations.push(Observation { entry, exit, cause, cluster });
                    group.spells.push(spell);
                }
                Ok(_) => group.left_out.later += 1,
                Err(reason) => *reason(&mut group.left_out) += 1,
            }
        }
        groups.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Self { axes: by.axes, groups })
    }

    /// Returns the keys of the groups, axis by axis, each repeated `times` times.
    pub(super) fn keys(&self, times: impl Fn(usize) -> usize) -> Vec<Vec<u32>> {
        let keys_of = |axis: usize| {
            let key = |(at, group): (usize, &Group)| std::iter::repeat_n(group.key[axis], times(at));
            self.groups.iter().enumerate().flat_map(key).collect()
        };
        (0..self.axes.len()).map(keys_of).collect()
    }
}

type Reason = fn(&mut LeftOut) -> &mut u64;

/// Returns the entry and exit of a spell, or the reason for its exclusion.
fn placed(spell: &Spell, entry: Entry, origin: i16) -> Result<(i16, i16), Reason> {
    let unknown: Reason = |out| &mut out.unknown_start;
    let earlier: Reason = |out| &mut out.earlier_start;
    let never: Reason = |out| &mut out.never_at_risk;
    let (from, start) = match entry {
        Entry::Incident => {
            let start = spell.start.ok_or(unknown)?;
            if start < spell.first {
                return Err(earlier);
            }
            (start, start)
        }
        Entry::Delayed => {
            let start = spell.start.ok_or(unknown)?;
            (spell.first, start)
        }
        Entry::Calendar => (spell.first, origin),
        Entry::All => (spell.first, spell.first),
    };
    let (from, to) = (from - start, spell.exit() - start);
    // A subject present at the origin counts at time 0, even if its observation ends there.
    if from < to || from == 0 { Ok((from, to)) } else { Err(never) }
}

/// Grouping of spells and selection of rows.
struct By {
    axes: Vec<Axis>,
    /// Codes of the rows by axis and selected year; `None` if the year does not have the column.
    codes: Vec<Vec<Option<crate::roster::Integers>>>,
    /// Position of the `start` axis among the axes.
    start: Option<usize>,
    window: Vec<usize>,
    rows: Vec<arrow::buffer::BooleanBuffer>,
}

/// Dimension that separates spells with a known start from the others.
const START: &str = "start";

impl By {
    fn new(histories: &Histories<'_>, window: &[usize], scope: &Scope) -> Result<Self> {
        let roster = histories.roster;
        let frames: Vec<_> = window.iter().map(|at| &histories.frames[*at]).collect();
        let is_start = |name: &String| name == START && roster.field(START).is_err();
        let start = scope.by.iter().filter(|name| *name != "year").position(is_start);
        let others: Vec<String> = scope.by.iter().filter(|name| !is_start(name)).cloned().collect();
        let scope = Scope { by: others, ..scope.clone() };
        let mut axes = scope.axes(roster, &frames)?;
        if let Some(at) = start {
            let values = AxisValues::Text(["known", "unknown"].map(str::to_owned).to_vec());
            let base = Base::Given { name: START, codes: Vec::new().into() };
            axes.insert(at, Axis { name: START.to_owned(), base, map: [0, 1].into(), values });
        }
        let codes_of = |axis: &Axis| -> Result<Vec<_>> {
            let codes = |(nth, frame): (usize, &&crate::roster::Frame)| {
                Ok(axis.base.codes(frame, nth)?.map(std::borrow::Cow::into_owned))
            };
            frames.iter().enumerate().map(codes).collect()
        };
        let codes = axes.iter().map(codes_of).collect::<Result<_>>()?;
        let rows = frames.iter().map(|frame| scope.rows(roster, frame)).collect::<Result<_>>()?;
        Ok(Self { axes, codes, start, window: window.to_vec(), rows })
    }

    fn nth(&self, at: usize) -> Option<usize> {
        self.window.binary_search(&at).ok()
    }

    fn passes(&self, at: usize, row: usize) -> bool {
        self.nth(at).is_some_and(|nth| self.rows[nth].value(row))
    }

    /// Writes the group key of a spell, from its row in the year in which it was first observed.
    fn key(&self, spell: &Spell, row: usize, key: &mut Vec<u32>) -> Result<()> {
        let nth = self.nth(spell.frame).ok_or_else(Error::broken)?;
        key.clear();
        for (at, (axis, codes)) in self.axes.iter().zip(&self.codes).enumerate() {
            if self.start == Some(at) {
                key.push(u32::from(!matches!(spell.begun, Begun::Risen | Begun::Appeared)));
                continue;
            }
            let code = codes[nth].as_ref().map_or(0, |codes| codes.get(row));
            key.push(axis.map.get(code as usize).copied().unwrap_or(axis.values.len() as u32));
        }
        Ok(())
    }
}
