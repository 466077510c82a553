//! Transitions over a break in years: organisations that were listed, were not, and are listed again.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;

use crate::cube;
use crate::cube::{Axis, AxisValues, Base, Lane};
use crate::error::Result;
use crate::job::Job;
use crate::query::Scope;
use crate::query::dimension::named_null;
use crate::query::star_state::UNKNOWN;
use crate::roster::coded;
use crate::roster::{Frame, Integers, Roster};
use crate::support::columns::Columns;

impl Roster {
    /// Counts transitions of organisations between modes over a break: from the last year in which an organisation was
    /// listed to the year in which it is listed again, with at least one calendar year between in which it was not
    /// listed or there was no survey. [`formation_transitions`](Self::formation_transitions) has these organisations,
    /// if at all, as leaving and arriving. `scope` applies to the earlier year.
    ///
    /// Columns: `year`, `next_year`, the dimensions, `mode`, `next_mode` (both with `unknown`), `organisations`.
    /// ```
    /// # use dangjian::{Quiet, ReadOptions, Roster, Scope, synth};
    /// let years = synth::panel(300, 3, 2010, 7)?; // without the year between
    /// let panel = [years[0].clone(), years[2].clone()];
    /// let roster = Roster::read_arrow("made", &panel, &ReadOptions::default(), &Quiet)?;
    /// assert!(roster.formation_returns(&Scope::default(), &Quiet)?.num_rows() > 0);
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn formation_returns(&self, scope: &Scope, job: &dyn Job) -> Result<RecordBatch> {
        let frames = scope.frames(self)?;
        let returns = returns(self);
        let of = |frame: &Frame| self.frames().iter().position(|f| f.year == frame.year).unwrap_or_default();
        let mode = self.field("mode").ok();
        let mut modes: Vec<String> =
            mode.and_then(|at| self.dictionary(at)).map_or_else(Vec::new, |d| d.values().to_vec());
        modes.push(UNKNOWN.to_owned());
        let unknown = modes.len() as u64 - 1;
        let next_mode = |to: &Return| {
            let there = &self.frames()[to.frame as usize];
            coded(self, there, mode).map_or(0, |m| m.get(to.row as usize)).checked_sub(1).unwrap_or(unknown)
        };
        let given = |name: &'static str, values: Vec<String>, code: &dyn Fn(&Return) -> u64| {
            let codes = frames.iter().map(|frame| {
                let codes = returns[of(frame)].iter().map(|to| to.as_ref().map_or(0, code));
                Integers::up_to(values.len() as u64, codes)
            });
            let base = Base::Given { name, codes: Arc::new(codes.collect()) };
            Axis {
                name: name.to_owned(),
                base,
                map: (0..values.len() as u32).collect(),
                values: AxisValues::Text(values),
            }
        };
        // The values of this axis are frame indices, read as keys below, so they need no names.
        let nameless = vec![String::new(); self.frames().len()];
        let mut axes = vec![given("next_year", nameless, &|to| u64::from(to.frame))];
        axes.extend(scope.axes_except(self, &frames, &["mode"])?);
        axes.push(named_null(scope.axis(self, &frames, "mode")?));
        axes.push(given("next_mode", modes, &next_mode));
        let lanes = |_, frame: &Frame| {
            let back = &returns[of(frame)];
            let back = BooleanBuffer::collect_bool(frame.rows(), |row| back[row].is_some());
            Ok(vec![Lane::Bits(&back & &scope.rows(self, frame)?)])
        };
        let mut counted = cube::count_one(&frames, axes, lanes, job)?;
        counted.axes.remove(0);
        let next = counted.keys.remove(0);
        let next = next.iter().map(|frame| self.frames()[*frame as usize].year);
        let mut columns = Columns::default().groups(&counted);
        columns.insert_years(1, "next_year", next);
        columns.counts("organisations", counted.lane(0).iter().copied()).finish()
    }
}

/// The row where an organisation is listed again.
#[derive(Clone, Copy)]
struct Return {
    frame: u32,
    row: u32,
}

/// Returns, for each frame and row, the row where the organisation is listed next, unless that is in the following
/// year.
fn returns(roster: &Roster) -> Vec<Vec<Option<Return>>> {
    let mut next: Vec<Option<Return>> = vec![None; arrow::array::Array::len(roster.organisations())];
    let years: Vec<i16> = roster.frames().iter().map(|f| f.year).collect();
    let back = roster.frames().iter().enumerate().rev().map(|(at, frame)| {
        let of_row = |(row, slot): (usize, &u32)| {
            let here = Return { frame: at as u32, row: row as u32 };
            next[*slot as usize].replace(here).filter(|to| years[to.frame as usize] > frame.year + 1)
        };
        frame.slots.iter().enumerate().map(of_row).collect()
    });
    let mut back: Vec<_> = back.collect();
    back.reverse();
    back
}
