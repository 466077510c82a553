//! The columns of a score table, converted from whatever types they have.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int16Array, RecordBatch, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int16Type};

use super::Reading;
use crate::analysis::stars::scheme::Scheme;
use crate::error::{Error, Result};

/// Points, with the original texts if the column was text.
#[derive(Debug)]
pub(super) struct Points {
    pub(super) values: Float64Array,
    pub(super) texts: Option<StringViewArray>,
}

/// Layout of a score table.
#[derive(Debug)]
pub(super) enum Shape {
    /// One row per item.
    Long { item: StringViewArray, points: Box<Points> },
    /// One column per item: item position and points.
    Wide(Vec<(usize, Points)>),
}

/// One batch of scores.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) rows: usize,
    pub(super) id: StringViewArray,
    pub(super) year: Option<Int16Array>,
    pub(super) quarter: Option<Int16Array>,
    pub(super) judge: Option<StringViewArray>,
    pub(super) shape: Shape,
}

impl Table {
    pub(super) fn new(batch: &RecordBatch, scheme: &Scheme, reading: &Reading) -> Result<Self> {
        let id = texts(batch, scheme.id_column())?.ok_or_else(|| lacks(batch, scheme.id_column()))?;
        let year = whole(batch, "year")?;
        if year.is_none() && reading.year.is_none() {
            return Err(lacks(batch, "year"));
        }
        let quarter = if scheme.parts.quarters > 1 {
            Some(whole(batch, "quarter")?.ok_or_else(|| lacks(batch, "quarter"))?)
        } else {
            None
        };
        let judge = if reading.judge.is_some() { texts(batch, "judge")? } else { None };
        let shape = match (texts(batch, "item")?, points(batch, "points")?) {
            (Some(item), Some(points)) => Shape::Long { item, points: Box::new(points) },
            (Some(_), None) => return Err(lacks(batch, "points")),
            (None, _) => {
                let items = scheme.parts.items.iter().enumerate();
                let there = items.map(|(at, item)| {
                    let own = points(batch, &item.id)?;
                    let own = own.map_or_else(|| points(batch, &item.label.zh), |own| Ok(Some(own)))?;
                    Ok(own.map(|points| (at, points)))
                });
                let there: Vec<_> = there.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
                if there.is_empty() {
                    return Err(no_items(batch, scheme));
                }
                Shape::Wide(there)
            }
        };
        Ok(Self { rows: batch.num_rows(), id, year, quarter, judge, shape })
    }
}

fn have(batch: &RecordBatch) -> String {
    batch.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ")
}

/// Returns the error for a missing column of a score table.
pub(crate) fn lacks(batch: &RecordBatch, name: &str) -> Error {
    let have = have(batch);
    Error::data(
        format!("评分表缺少“{name}”列。现有列：{have}"),
        format!("the table of scores lacks the column '{name}'. Available: {have}"),
    )
    .in_column(name)
}

fn no_items(batch: &RecordBatch, scheme: &Scheme) -> Error {
    let items = scheme.parts.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(", ");
    let have = have(batch);
    Error::data(
        format!("评分表既没有 item、points 两列，也没有以指标编号为名的列。现有列：{have}。指标：{items}"),
        format!(
            "the table of scores has neither the columns item and points nor one named after an item. Available: {have}. Items: {items}"
        ),
    )
}

fn unfit(batch: &RecordBatch, name: &str, zh: &str, en: &str) -> Error {
    let got = batch.column_by_name(name).map_or(DataType::Null, |c| c.data_type().clone());
    Error::data(format!("“{name}”列应为{zh}，给的是 {got}"), format!("the column '{name}' must be {en}, got {got}"))
        .in_column(name)
}

/// Returns a text column; integers are converted to text.
pub(crate) fn texts(batch: &RecordBatch, name: &str) -> Result<Option<StringViewArray>> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    let ty = match column.data_type() {
        DataType::Dictionary(_, values) => (**values).clone(),
        ty => ty.clone(),
    };
    let is_text = matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null);
    if !is_text && !ty.is_integer() {
        return Err(unfit(batch, name, "文字", "text"));
    }
    let column = if ty.is_integer() { cast(column, &DataType::Utf8)? } else { ArrayRef::clone(column) };
    Ok(Some(cast(&column, &DataType::Utf8View)?.as_string_view().clone()))
}

/// Returns a column of whole numbers.
pub(crate) fn whole(batch: &RecordBatch, name: &str) -> Result<Option<Int16Array>> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    match column.data_type() {
        ty if ty.is_integer() || ty.is_null() => {}
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {}
        _ => return Err(unfit(batch, name, "整数", "a whole number")),
    }
    Ok(Some(cast(column, &DataType::Int16)?.as_primitive::<Int16Type>().clone()))
}

fn points(batch: &RecordBatch, name: &str) -> Result<Option<Points>> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    let is_text = matches!(column.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    if !is_text && !column.data_type().is_numeric() && !column.data_type().is_null() {
        return Err(unfit(batch, name, "数字", "a number"));
    }
    let values = cast(column, &DataType::Float64)?.as_primitive::<Float64Type>().clone();
    let texts = if is_text { Some(cast(column, &DataType::Utf8View)?.as_string_view().clone()) } else { None };
    Ok(Some(Points { values, texts }))
}
