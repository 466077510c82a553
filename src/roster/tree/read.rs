//! Reading the table of a tree from a file or from Arrow batches.

use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use super::Tree;
use crate::error::{Error, Result};
use crate::ingest::{all_records, grids};
use crate::job::Quiet;
use crate::lang::Text;

/// One record of the table.
pub(super) struct TreeEntry {
    /// Name of the table.
    origin: String,
    /// Position in the table, as a number and in words.
    row: u32,
    pub(super) position: Text,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) parent: Option<String>,
}

impl TreeEntry {
    /// Builds the error for an invalid `field`.
    pub(super) fn wrong(&self, field: &str, zh: &str, en: &str) -> Error {
        let Self { origin, row, position, .. } = self;
        let zh = format!("{origin}：{}：字段 {field}：{zh}", position.zh);
        let en = format!("{origin}: {}: field {field}: {en}", position.en);
        let error = Error::definition(zh, en).in_file(origin).at_row(u64::from(*row)).in_column(field);
        let value = match field {
            "id" => &self.id,
            "name" => &self.name,
            _ => &self.parent,
        };
        value.iter().fold(error, Error::with_value)
    }
}

/// Accepted column names; the first is used in messages.
const ID: [&str; 6] = ["id", "party_org_id", "committee", "编号", "代码", "党组织代码"];
const NAME: [&str; 2] = ["name", "名称"];
const PARENT: [&str; 5] = ["parent", "superior", "上级", "上级编号", "上级代码"];

impl Tree {
    /// Reads the table of a tree from a workbook (the first non-empty sheet) or a text file, encoded and delimited
    /// like a ledger. The columns are `id` (also `committee`, `party_org_id`, 编号, 代码); `parent` (also `superior`,
    /// 上级), the id of the unit above, empty at the top; and optionally `name` (名称), needed if ledgers use names.
    /// Other columns are ignored.
    ///
    /// Fails with [`Error::Definition`] if a unit is listed twice or has two parents, if a parent is not in the
    /// table, or if the parents form a cycle.
    pub fn from_file(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
        let rows = if matches!(extension.as_str(), "xlsx" | "xlsm" | "xls" | "xlsb" | "ods") {
            sheet(path)?
        } else {
            all_records(path)?
        };
        Self::from_rows(&path.display().to_string(), rows)
    }

    /// Builds a tree from Arrow batches of one schema; `origin` is the name used in messages.
    /// ```
    /// # use std::sync::Arc;
    /// use arrow::array::{ArrayRef, RecordBatch, StringArray};
    /// use dangjian::{Quiet, ReadOptions, Roster, Scope, analysis::count::Measure, roster::tree::Tree};
    ///
    /// let column = |texts: [Option<&str>; 3]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    /// let ledger = RecordBatch::try_from_iter_with_nullable([
    ///     ("year", column([Some("2012"); 3]), true),
    ///     ("org_id", column([Some("A1"), Some("A2"), Some("A3")]), true),
    ///     ("committee", column([Some("商务局党委"), Some("卫生局党委"), Some("商务局党委")]), true),
    /// ])?;
    /// let roster = Roster::read_arrow("ledger", &[ledger], &ReadOptions::default(), &Quiet)?;
    /// let table = RecordBatch::try_from_iter_with_nullable([
    ///     ("id", column([Some("旗委"), Some("商务局党委"), Some("卫生局党委")]), true),
    ///     ("parent", column([None, Some("旗委"), Some("旗委")]), true),
    /// ])?;
    /// let tree = Tree::from_batches("committees", &[table])?;
    /// let roster = roster.with_tree("committee", &tree, &Quiet)?;
    /// let whole = Measure::parse("*")?;
    /// let sets = [vec!["committee_1".to_owned()], vec!["committee_2".to_owned()]];
    /// let tables = roster.count_sets(&sets, &[("n".into(), whole)], &Scope::default(), &Quiet)?;
    /// assert_eq!((tables[0].num_rows(), tables[1].num_rows()), (1, 2));
    /// # Ok::<(), dangjian::Error>(())
    /// ```
    pub fn from_batches(origin: &str, batches: &[RecordBatch]) -> Result<Self> {
        let mut rows = Vec::new();
        for batch in batches {
            let schema = batch.schema();
            if rows.is_empty() {
                rows.push((1, schema.fields().iter().map(|field| field.name().clone()).collect()));
            }
            let columns = schema.fields().iter().zip(batch.columns()).map(|(field, array)| {
                let text = cast(array, &DataType::Utf8).map_err(|_| {
                    let (name, ty) = (field.name(), array.data_type());
                    Error::definition(
                        format!("{origin}：列“{name}”是 {ty}，应为文字"),
                        format!("{origin}: the column '{name}' is {ty}, expected text"),
                    )
                    .in_file(origin)
                    .in_column(name)
                });
                // Ignored columns may have any type.
                if [&ID[..], &NAME, &PARENT].concat().contains(&field.name().as_str()) {
                    text.map(Some)
                } else {
                    Ok(None)
                }
            });
            let columns = columns.collect::<Result<Vec<_>>>()?;
            for row in 0..batch.num_rows() {
                let text = |column: &Option<_>| {
                    let column: &std::sync::Arc<dyn Array> = column.as_ref()?;
                    // pandas turns integer ids into floats if one of them is missing.
                    let whole = |text: &str| text.strip_suffix(".0").unwrap_or(text).to_owned();
                    column.is_valid(row).then(|| whole(column.as_string::<i32>().value(row)))
                };
                let texts = columns.iter().map(|column| text(column).unwrap_or_default()).collect();
                rows.push((rows.len() as u32, texts));
            }
        }
        // Records of a data frame are counted without a header.
        let (first, at) = (1, |nth: u32| Text::new(format!("第 {nth} 条"), format!("record {nth}")));
        Self::from_records(origin, rows, first, at)
    }

    /// Builds a tree from rows of texts, each with its line number; the first row is the header.
    pub(super) fn from_rows(origin: &str, rows: Vec<(u32, Vec<String>)>) -> Result<Self> {
        Self::from_records(origin, rows, 0, |line| Text::new(format!("第 {line} 行"), format!("line {line}")))
    }

    fn from_records(
        origin: &str,
        rows: Vec<(u32, Vec<String>)>,
        first: u32,
        position: impl Fn(u32) -> Text,
    ) -> Result<Self> {
        let mut rows = rows.into_iter();
        let header: Vec<String> = rows.next().map(|(_, texts)| texts).unwrap_or_default();
        let place = |names: &[&str]| header.iter().position(|h| names.contains(&h.trim()));
        let needed = |names: &[&str]| {
            place(names).ok_or_else(|| {
                let (name, have, all) = (names[0], header.join(", "), names.join(", "));
                Error::definition(
                    format!("{origin}：缺少“{name}”列（可写作 {all}）。现有列：{have}"),
                    format!("{origin}: lacks the column '{name}' (may be called {all}). Available: {have}"),
                )
                .in_file(origin)
                .in_column(name)
            })
        };
        let (id, name, parent) = (needed(&ID)?, place(&NAME), needed(&PARENT)?);
        let entries: Vec<TreeEntry> = rows
            .map(|(line, texts)| {
                let cell =
                    |column: usize| texts.get(column).map(|t| t.trim().to_owned()).filter(|text| !text.is_empty());
                TreeEntry {
                    origin: origin.to_owned(),
                    row: line.max(first),
                    position: position(line.max(first)),
                    id: cell(id),
                    name: name.and_then(cell),
                    parent: cell(parent),
                }
            })
            .collect();
        if entries.is_empty() {
            return Err(Error::definition(
                format!("{origin}：没有记录。每行写一个单位"),
                format!("{origin}: there is no record. Each is a unit of the tree"),
            )
            .in_file(origin));
        }
        Self::new(origin, &entries)
    }
}

/// Reads the rows of the first sheet of a workbook that has cells.
fn sheet(path: &Path) -> Result<Vec<(u32, Vec<String>)>> {
    let Some(grid) = grids(path, &Quiet)?.into_iter().find(|grid| grid.cells.num_rows() > 0) else {
        return Ok(Vec::new());
    };
    let number = |name: &str| grid.cells[name].as_primitive::<arrow::datatypes::UInt32Type>().clone();
    let (at_row, at_column, text) = (number("row"), number("column"), grid.cells["text"].as_string::<i32>());
    let mut rows: Vec<(u32, Vec<String>)> = Vec::new();
    for cell in 0..text.len() {
        let (line, column) = (at_row.value(cell) + 1, at_column.value(cell) as usize);
        if rows.last().is_none_or(|(last, _)| *last != line) {
            rows.push((line, Vec::new()));
        }
        if let Some((_, texts)) = rows.last_mut() {
            texts.resize(texts.len().max(column + 1), String::new());
            text.value(cell).clone_into(&mut texts[column]);
        }
    }
    Ok(rows)
}
