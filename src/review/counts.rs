//! The part of a review counted row by row, in one shared scan: earlier years feed only the multi-year tables, the
//! reviewed year feeds all. Conditions shared by several tables are evaluated once.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use super::{Definitions, headlines};
use crate::analysis::count::Measure;
use crate::analysis::formation::{audit_statistic, modes, needs};
use crate::analysis::stars::states;
use crate::analysis::targets::gaps::table_of_gaps;
use crate::analysis::targets::table_of_targets;
use crate::analysis::{count, rates, workforce};
use crate::cube::statistic::{ScanPart, SharedScan, Statistic, only};
use crate::definition::{Rate, Target};
use crate::error::{Error, Result};
use crate::job::{Job, Quiet};
use crate::roster::{Frame, Roster};

/// Tables by id.
type Tables = Vec<(&'static str, RecordBatch)>;

/// Tables with their dimensions; the first covers several years, the others the reviewed year.
type Divided = [(&'static str, &'static str)];

const COVERAGE: &Divided = &[
    ("coverage", ""),
    ("coverage_by_township", "township"),
    ("coverage_by_kind", "kind"),
    ("coverage_by_committee", "committee"),
];
const TARGETS: &Divided = &[("targets", ""), ("gaps_by_township", "township")];
const FORMATION: &Divided = &[("formation", ""), ("formation_by_township", "township")];
const STARS: &Divided = &[("stars", ""), ("stars_by_township", "township")];

/// The definitions to be counted.
struct ReviewCounter<'r> {
    roster: &'r Roster,
    definitions: &'r Definitions,
    /// Rates of the coverage tables; the next field holds those of the targets.
    rates: Vec<Rate>,
    targets: Vec<Rate>,
    headlines: Vec<(String, Measure)>,
    workforce: Vec<(String, Measure)>,
}

/// Counts the tables by id: the multi-year ones up to `year`, and those of `year`.
pub(super) fn counted(
    roster: &Roster,
    year: i16,
    definitions: &Definitions,
    job: &dyn Job,
) -> Result<BTreeMap<&'static str, RecordBatch>> {
    definitions.targets.iter().try_for_each(|target| target.check(roster))?;
    let counter = ReviewCounter {
        roster,
        definitions,
        rates: definitions.rates.iter().filter(|rate| !rate.special).cloned().collect(),
        targets: definitions.targets.iter().map(|target| target.rate.clone()).collect(),
        headlines: headlines::measures(roster, definitions)?,
        workforce: workforce::items(&definitions.scope())?,
    };
    let mut frames: Vec<&Frame> = roster.frames().iter().filter(|frame| frame.year < year).collect();
    let earlier = frames.len();
    frames.push(roster.frame(year)?);
    let mut all = Vec::new();
    for (of, all_tables) in [(0..earlier, false), (earlier..earlier + 1, true)] {
        let statistics = counter.statistics(&frames[of.clone()], all_tables, job)?;
        all.extend(statistics.into_iter().map(|statistics| ScanPart { frames: of.clone(), statistics }));
    }
    let mut parts: BTreeMap<&'static str, Vec<RecordBatch>> = BTreeMap::new();
    for (id, table) in (SharedScan { frames: &frames, parts: all }).run(job)?.into_iter().flatten() {
        parts.entry(id).or_default().push(table);
    }
    let joined = |(id, parts): (&'static str, Vec<RecordBatch>)| {
        // No figure spans several years, so concatenate the parts in order of years.
        let filled: Vec<&RecordBatch> = parts.iter().filter(|part| part.num_rows() > 0).collect();
        let schema = parts.last().map(RecordBatch::schema).ok_or_else(Error::no_result)?;
        Ok((id, concat_batches(&schema, filled)?))
    };
    parts.into_iter().map(joined).collect()
}

impl<'r> ReviewCounter<'r> {
    /// Groups the statistics of `frames` by shared cells: all of them, or only the multi-year ones. Rates have many
    /// lanes (aggregate inputs) and few cells; modes and stars have few lanes and many cells. Mixing them would
    /// count every rate in about as many cells as there are rows.
    fn statistics(&'r self, frames: &[&'r Frame], all: bool, job: &dyn Job) -> Result<Vec<Vec<Statistic<'r, Tables>>>> {
        let (roster, everybody) = (self.roster, self.definitions.scope());
        let kept = |tables: &'static Divided| if all { tables } else { &tables[..1] };
        let by = |tables: &Divided| -> Vec<Vec<String>> {
            let by = |(_, by): &(&str, &str)| (!by.is_empty()).then(|| (*by).to_owned()).into_iter().collect();
            tables.iter().map(by).collect()
        };
        let axes = |tables: &Divided| {
            by(tables).iter().map(|by| everybody.divided(by).axes(roster, frames)).collect::<Result<Vec<_>>>()
        };
        let ids = |tables: &'static Divided| tables.iter().map(|(id, _)| *id);
        let (coverage, targets) = (kept(COVERAGE), kept(TARGETS));
        let (formation, stars) = (kept(FORMATION), kept(STARS));
        let set: &'r [Target] = &self.definitions.targets;
        let nothing = [Vec::new()];
        let of_places = vec![
            rates::statistic(roster, &self.rates, axes(coverage)?, &everybody, move |counted| {
                let table = |(id, counted)| Ok((id, rates::table(roster, &self.rates, &counted, None, None, &Quiet)?));
                ids(coverage).zip(counted).map(table).collect()
            })?,
            rates::statistic(roster, &self.targets, axes(targets)?, &everybody, move |counted| {
                let table = |(id, counted)| match id {
                    "targets" => Ok((id, table_of_targets(set, &counted)?)),
                    _ => Ok((id, table_of_gaps(set, &counted)?)),
                };
                ids(targets).zip(counted).map(table).collect()
            })?,
            count::statistic(roster, frames, &nothing, &self.headlines, &everybody, |counted| {
                Ok(vec![("headlines", count::wide(roster, &self.headlines, &only(counted)?)?)])
            })?,
            count::statistic(roster, frames, &nothing, &self.workforce, &everybody, |counted| {
                Ok(vec![("workforce", count::long(roster, &self.workforce, &only(counted)?)?)])
            })?,
        ];
        let audit = audit_statistic(roster, frames, &self.definitions.rules, &everybody)?;
        let audit = vec![audit.map(|table| Ok(vec![("formation_audit", table)]))];
        let mut of_classes = vec![
            modes(roster, frames, &by(formation), &everybody)?
                .map(move |tables| Ok(ids(formation).zip(tables).collect())),
            states(roster, frames, &by(stars), &everybody, job)?
                .map(move |tables| Ok(ids(stars).zip(tables).collect())),
        ];
        if all {
            let needs = needs(roster, frames, &self.definitions.rules, &everybody)?;
            of_classes.push(needs.map(|table| Ok(vec![("formation_need", table)])));
        }
        Ok(vec![of_places, audit, of_classes])
    }
}
