//! Units in brackets at the end of a header.

use crate::schema::spelling::{folded, undecorated};

/// Units of money, in yuan.
pub(crate) const MONEY: [(&str, f64); 4] = [("元", 1.0), ("千元", 1e3), ("万元", 1e4), ("亿元", 1e8)];

/// Splits off the unit in brackets at the end of a header; returns the name and the size of the unit in base units.
fn unit(header: &str) -> Option<(&str, f64)> {
    let (name, unit) = header.strip_suffix(')')?.rsplit_once('(')?;
    let unit = unit.strip_prefix("单位:").unwrap_or(unit);
    let money = MONEY.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let factor = match unit {
        "人" | "名" | "个" | "家" | "户" | "次" | "件" | "分" | "平方米" | "㎡" | "m2" | "m²" => 1.0,
        _ => money?,
    };
    Some((name, factor))
}

pub(crate) fn strip_unit(header: &str) -> &str {
    unit(header).map_or(header, |(name, _)| name)
}

/// Returns the size of a header's unit in base units.
pub(crate) fn factor(header: &str) -> f64 {
    unit(undecorated(&folded(header))).map_or(1.0, |(_, factor)| factor)
}
