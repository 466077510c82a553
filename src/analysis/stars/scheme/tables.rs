//! Tables of schemes and their forms.

use arrow::array::RecordBatch;

use super::units::{POINT, real};
use super::{Method, Scheme};
use crate::error::Result;
use crate::support::columns::Columns;

/// Lists schemes, one per row.
///
/// Columns: `scheme`, `label_zh`, `label_en`, `counts`, `method` (`bands`, `dimensions`, `both`, `top`, `score`),
/// `cycle`, `stars` (as text, ascending), `dimensions`, `items` (counts), `full` (marks), `most` (maximum total,
/// null without a limit), `gates`, `caps`, `vetoes`, `quotas` (counts), `step` (stars that a round may lead up,
/// null if unlimited), `plaque` (lowest star with a plaque), `inferred`, `source`, `open_zh`, `open_en` (points
/// that the source leaves open).
pub fn schemes_table(schemes: &[Scheme]) -> Result<RecordBatch> {
    let all = || schemes.iter();
    let stars = |s: &Scheme| s.ladder.all().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    Columns::default()
        .texts("scheme", all().map(Scheme::id))
        .texts("label_zh", all().map(|s| s.label().zh.as_str()))
        .texts("label_en", all().map(|s| s.label().en.as_str()))
        .texts("counts", all().map(|s| s.counts.name()))
        .texts("method", all().map(|s| s.method.name()))
        .texts("cycle", all().map(|s| s.cycle.name()))
        .some_texts("stars", all().map(|s| Some(stars(s)).filter(|_| s.method != Method::Score)))
        .counts("dimensions", all().map(|s| s.parts.dimensions.len() as u64))
        .counts("items", all().map(|s| s.parts.items.len() as u64))
        .reals("full", all().map(|s| Some(real(s.parts.full()))))
        .reals("most", all().map(|s| s.most.map(real)))
        .counts("gates", all().map(|s| s.gates.len() as u64))
        .counts("caps", all().map(|s| s.caps.len() as u64))
        .counts("vetoes", all().map(|s| s.vetoes.len() as u64))
        .counts("quotas", all().map(|s| s.quotas.len() as u64))
        .some_counts("step", all().map(|s| s.step.as_ref().map(|step| u64::from(step.up))))
        .reals("plaque", all().map(|s| s.plaque.and_then(|plaque| s.ladder.stars(plaque.rung))))
        .flags("inferred", all().map(|s| Some(s.is_inferred())))
        .texts("source", all().map(Scheme::source))
        .texts("open_zh", all().map(|s| s.open().join("\n")))
        .texts("open_en", all().map(|s| s.open_en().join("\n")))
        .finish()
}

impl Scheme {
    /// Returns the form (评分表), with its lines in order.
    ///
    /// Columns: `dimension`, `dimension_zh`, `dimension_en`, `weight` (of the dimension), `item`, `label_zh`,
    /// `label_en`, `gives` (`award`, `deduct`, `bonus`, `penalty`), `points` (maximum), `values` (the only
    /// permitted ones, as text), `evidence`, `inferred`.
    pub fn form(&self) -> Result<RecordBatch> {
        let items = || self.parts.items.iter();
        let dimension = |at: usize| &self.parts.dimensions[at];
        let points = |value: i64| value as f64 / POINT as f64;
        let listed = |values: &[i64]| {
            let texts = values.iter().map(|value| points(*value).to_string()).collect::<Vec<_>>();
            (!texts.is_empty()).then(|| texts.join(" "))
        };
        Columns::default()
            .texts("dimension", items().map(|i| dimension(i.dimension).id.as_str()))
            .texts("dimension_zh", items().map(|i| dimension(i.dimension).label.zh.as_str()))
            .texts("dimension_en", items().map(|i| dimension(i.dimension).label.en.as_str()))
            .reals("weight", items().map(|i| Some(points(dimension(i.dimension).weight))))
            .texts("item", items().map(|i| i.id.as_str()))
            .texts("label_zh", items().map(|i| i.label.zh.as_str()))
            .texts("label_en", items().map(|i| i.label.en.as_str()))
            .texts("gives", items().map(|i| i.gives.name()))
            .reals("points", items().map(|i| Some(points(i.points))))
            .some_texts("values", items().map(|i| listed(&i.values)))
            .some_texts("evidence", items().map(|i| Some(i.evidence.join(" ")).filter(|e| !e.is_empty())))
            .flags("inferred", items().map(|i| Some(i.inferred || dimension(i.dimension).inferred)))
            .finish()
    }
}
