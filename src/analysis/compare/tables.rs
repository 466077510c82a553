//! The tables of a comparison: organisations, changed cells, counts.

use std::sync::Arc;

use arrow::array::RecordBatch;
use rustc_hash::{FxHashMap, FxHashSet};

use super::cell_changes::{CellChange, is_known, sentence, shown};
use super::{CompareStatus, Comparison};
use crate::cube::{Axis, AxisValues, Base, GroupedCounts};
use crate::error::{Error, Result};
use crate::query::Scope;
use crate::roster::Integers;
use crate::support::columns::Columns;

impl Comparison {
    /// Lists the organisations that differ, one per row: `status` (new, reappeared, gone, changed), `org_id`,
    /// `name`, `region`, `region_name` (from the earlier survey for gone organisations), `last_year` (the last year
    /// before the later survey that lists it; null for new ones), `changes` (number of columns that differ). Sorted
    /// by status, then by id.
    pub fn organisations(&self) -> Result<RecordBatch> {
        let mut changes = vec![0_u64; self.both.len()];
        for column in &self.compared {
            column.differs.iter().for_each(|at| changes[*at as usize] += 1);
        }
        let of_row: FxHashMap<u32, u64> =
            self.both.iter().zip(&changes).filter(|(_, n)| **n > 0).map(|([row, _], n)| (*row, *n)).collect();
        let before: FxHashMap<u32, Option<i16>> = self.arrived.iter().copied().collect();
        let mut all: Vec<_> =
            self.each_organisation().filter(|(status, ..)| *status != CompareStatus::Unchanged).collect();
        // Row order within a survey is id order.
        all.sort_by_key(|(status, _, row)| (*status, *row));
        let last = |(status, _, row): &(CompareStatus, usize, u32)| match status {
            CompareStatus::New => None,
            CompareStatus::Reappeared => before.get(row).copied().flatten(),
            CompareStatus::Gone | CompareStatus::Changed | CompareStatus::Unchanged => Some(self.earlier_year()),
        };
        let differing = |(status, _, row): &(CompareStatus, usize, u32)| match status {
            CompareStatus::Changed => of_row.get(row).copied().unwrap_or(0),
            _ => 0,
        };
        let region = |at: &(CompareStatus, usize, u32)| self.value(at.1, at.2, "region");
        Columns::default()
            .texts("status", all.iter().map(|at| at.0.name()))
            .texts("org_id", all.iter().map(|at| self.id(at.1, at.2)))
            .some_texts("name", all.iter().map(|at| self.value(at.1, at.2, "name")))
            .some_texts("region", all.iter().map(region))
            .some_texts("region_name", all.iter().map(|at| crate::standards::region::name(&region(at)?)))
            .some_years("last_year", all.iter().map(last))
            .counts("changes", all.iter().map(differing))
            .finish()
    }

    /// Lists the changed cells, one per row: `org_id`, `name` and `region` (of the later survey), `column`,
    /// `change` (`changed`, `filled` if the value was unknown before, `emptied` if it no longer is known), `from`
    /// and `to` as canonical text, `label_zh` and `label_en` (the change as a sentence). Sorted by id, then in
    /// column order.
    pub fn changes(&self) -> Result<RecordBatch> {
        let mut cells: Vec<(u32, u32)> = Vec::new();
        for (column, compared) in self.compared.iter().enumerate() {
            cells.extend(compared.differs.iter().map(|at| (*at, column as u32)));
        }
        cells.sort_unstable();
        let mut rows = Vec::with_capacity(cells.len());
        for (pair, column) in &cells {
            let ([now, then], fields) = (self.both[*pair as usize], self.compared[*column as usize].fields);
            let field = &self.rosters[0].fields()[fields[0]];
            let to = shown(self.now().columns[fields[0]].as_ref(), now as usize);
            let from = shown(self.then().columns[fields[1]].as_ref(), then as usize);
            let kind = CellChange::between(from.is_some(), to.is_some());
            rows.push((now, &field.name, kind, sentence(field, from.as_deref(), to.as_deref()), from, to));
        }
        Columns::default()
            .texts("org_id", rows.iter().map(|row| self.id(0, row.0)))
            .some_texts("name", rows.iter().map(|row| self.value(0, row.0, "name")))
            .some_texts("region", rows.iter().map(|row| self.value(0, row.0, "region")))
            .texts("column", rows.iter().map(|row| row.1))
            .texts("change", rows.iter().map(|row| row.2.name()))
            .some_texts("from", rows.iter().map(|row| row.4.as_deref()))
            .some_texts("to", rows.iter().map(|row| row.5.as_deref()))
            .texts("label_zh", rows.iter().map(|row| &row.3.zh))
            .texts("label_en", rows.iter().map(|row| &row.3.en))
            .finish()
    }

    /// Counts organisations of each status: `year`, `earlier_year`, the dimensions `by` (from the earlier survey
    /// for a gone organisation), `earlier`, `later`, `new`, `reappeared`, `gone`, `changed`, `unchanged`.
    ///
    /// `later` = new + reappeared + changed + unchanged and `earlier` = gone + changed + unchanged. If a
    /// dimension's value itself changes between the surveys, `earlier` counts organisations that stayed under their
    /// later value.
    pub fn counts<S: AsRef<str>>(&self, by: &[S]) -> Result<RecordBatch> {
        let scope = Scope::by(by.iter().map(AsRef::as_ref));
        let axes = [0, 1].map(|which| scope.axes(&self.rosters[which], &[self.frame(which)]));
        let [now, then] = axes;
        let mut dimensions =
            now?.into_iter().zip(then?).map(|(a, b)| self.merge_dimension(&[a, b])).collect::<Result<Vec<_>>>()?;
        let cardinalities = dimensions.iter().map(|dimension| dimension.axis.values.len() as u64 + 1);
        if cardinalities.clone().try_fold(1_u64, u64::checked_mul).is_none() {
            return Err(Error::argument(
                "分组维度的组合过多，请减少维度",
                "the dimensions have too many combinations; name fewer of them",
            ));
        }
        let cardinalities: Vec<u64> = cardinalities.collect();
        let mut groups: FxHashMap<u64, [u64; 5]> = FxHashMap::default();
        for (status, which, row) in self.each_organisation() {
            let key = dimensions
                .iter()
                .zip(&cardinalities)
                .fold(0, |key, (dimension, n)| key * n + dimension.position(which, row));
            groups.entry(key).or_default()[status as usize] += 1;
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_unstable();
        let mut keys: Vec<Vec<u32>> = vec![Vec::new(); dimensions.len()];
        for (key, _) in &groups {
            let mut rest = *key;
            for (at, n) in cardinalities.iter().enumerate().rev() {
                keys[at].push((rest % n) as u32);
                rest /= n;
            }
        }
        let axes = dimensions.drain(..).map(|dimension| dimension.axis).collect();
        let counted = GroupedCounts::groups(axes, vec![self.year(); groups.len()], keys);
        let mut columns = Columns::default().groups(&counted);
        columns.insert_years(1, "earlier_year", std::iter::repeat_n(self.earlier_year(), groups.len()));
        let sum = |of: &[CompareStatus]| {
            groups.iter().map(|(_, n)| of.iter().map(|s| n[*s as usize]).sum()).collect::<Vec<u64>>()
        };
        let [new, reappeared, gone, changed, unchanged] = CompareStatus::ALL;
        columns = columns
            .counts("earlier", sum(&[gone, changed, unchanged]))
            .counts("later", sum(&[new, reappeared, changed, unchanged]));
        for status in CompareStatus::ALL {
            columns = columns.counts(status.name(), sum(&[status]));
        }
        columns.finish()
    }

    /// Counts the differing cells of each column: `column`, `compared` (organisations in both surveys), `changed`,
    /// `filled`, `emptied`.
    pub fn column_counts(&self) -> Result<RecordBatch> {
        let counts: Vec<[u64; 3]> = self
            .compared
            .iter()
            .map(|column| {
                let mut n = [0; 3];
                for at in &column.differs {
                    let [now, then] = self.both[*at as usize];
                    let known = |which: usize, row: u32| {
                        is_known(self.frame(which).columns[column.fields[which]].as_ref(), row as usize)
                    };
                    let kind = CellChange::between(known(1, then), known(0, now));
                    n[kind as usize] += 1;
                }
                n
            })
            .collect();
        let mut columns = Columns::default()
            .texts("column", self.compared.iter().map(|c| &self.rosters[0].fields()[c.fields[0]].name))
            .counts("compared", std::iter::repeat_n(self.both.len() as u64, counts.len()));
        for kind in [CellChange::Changed, CellChange::Filled, CellChange::Emptied] {
            columns = columns.counts(kind.name(), counts.iter().map(|n| n[kind as usize]));
        }
        columns.finish()
    }

    fn frame(&self, which: usize) -> &crate::roster::Frame {
        if which == 0 { self.now() } else { self.then() }
    }

    fn id(&self, which: usize, row: u32) -> &str {
        self.rosters[which].organisations().value(self.frame(which).slots[row as usize] as usize)
    }

    fn value(&self, which: usize, row: u32, column: &str) -> Option<String> {
        let at = self.rosters[which].field(column).ok()?;
        shown(self.frame(which).columns[at].as_ref(), row as usize)
    }

    /// Merges one dimension of both surveys onto a single list of values.
    fn merge_dimension(&self, axes: &[Axis; 2]) -> Result<MergedDimension> {
        let texts = |axis: &Axis| match &axis.values {
            AxisValues::Text(values) => values.clone(),
            AxisValues::Region(values) => values.to_vec(),
            AxisValues::Flag => Vec::new(),
        };
        let own = [texts(&axes[0]), texts(&axes[1])];
        let now = &own[0];
        let mut all = now.clone();
        let had: FxHashSet<&String> = now.iter().collect();
        all.extend(own[1].iter().filter(|value| !had.contains(value)).cloned());
        // Words of a column keep their declared order. Sorted values stay sorted after the merge.
        if now.is_sorted() && all.len() > now.len() {
            all.sort_unstable();
        }
        let position: FxHashMap<&str, u32> = all.iter().enumerate().map(|(at, v)| (v.as_str(), at as u32)).collect();
        let mut codes = Vec::new();
        for (which, axis) in axes.iter().enumerate() {
            let at = |at: &u32| match (&axis.values, own[which].get(*at as usize)) {
                (AxisValues::Flag, _) => u64::from(*at),
                (_, Some(value)) => position.get(value.as_str()).map_or(all.len() as u64, |at| u64::from(*at)),
                (_, None) => all.len() as u64,
            };
            let map: Vec<u64> = axis.map.iter().map(at).collect();
            let base = axis.base.codes(self.frame(which), 0)?;
            let rows = self.frame(which).rows();
            let of = |row| map[base.as_ref().map_or(0, |codes| codes.get(row)) as usize];
            codes.push(Integers::up_to(all.len().max(2) as u64, (0..rows).map(of)));
        }
        let values = match &axes[0].values {
            AxisValues::Text(_) => AxisValues::Text(all),
            AxisValues::Region(_) => AxisValues::Region(Arc::new(all.into())),
            AxisValues::Flag => AxisValues::Flag,
        };
        let base = Base::Given { name: "compared", codes: Vec::new().into() };
        Ok(MergedDimension { axis: Axis { name: axes[0].name.clone(), base, map: Arc::default(), values }, codes })
    }
}

/// A dimension, and the position of its value for each row of both surveys.
struct MergedDimension {
    axis: Axis,
    codes: Vec<Integers>,
}

impl MergedDimension {
    fn position(&self, which: usize, row: u32) -> u64 {
        self.codes[which].get(row as usize)
    }
}
