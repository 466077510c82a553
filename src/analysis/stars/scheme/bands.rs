//! Score bands in a scheme's file, and the treatment of scores between them.

use super::Method;
use super::Parts;
use super::ladder::{Band, Bands, Ladder, Least};
use super::part::points;
use super::rule::{fine, rung_or_unrated};
use super::units::{POINT, shown};
use crate::error::Result;
use crate::support::named::named_enum;
use crate::support::record::Record;

/// Treatment of a score between two printed bands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    Lower,
    Upper,
    Round,
    Open,
}

named_enum! { Gap; Lower = "lower", Upper = "upper", Round = "round", Open = "open" }

/// Returns the stars of the scheme: those of its bands and dimensions, and those listed in `stars`.
pub(super) fn ladder(
    head: &mut Record,
    method: Method,
    parts: &Parts,
    bands: &[Record],
    suffix: Option<String>,
) -> Result<Ladder> {
    let listed = head.decimals("stars")?;
    let mut stars: Vec<f64> = listed.clone().unwrap_or_default();
    if matches!(method, Method::Dimensions | Method::Both { .. }) {
        stars.extend((1..=parts.dimensions.iter().filter(|d| d.proportion.is_some()).count()).map(|n| n as f64));
    }
    for band in bands {
        stars.extend(band.peek("stars"));
    }
    stars.extend(head.peek("below").filter(|stars| *stars > 0.0));
    if method == Method::Top && listed.is_none() {
        return head.error(
            "stars",
            "缺少此项；method = \"top\" 时应列出全部星级，如 [3, 4, 5]",
            "is missing; with method = \"top\" list all stars, such as [3, 4, 5]",
        );
    }
    if stars.iter().any(|s| !(0.0..=100.0).contains(s) || (s * 2.0).fract() != 0.0) || stars.len() > 100 {
        return head.error("stars", "星级应为 0 到 100 的整数或半星", "stars are whole or half numbers from 0 to 100");
    }
    if method == Method::Score && !stars.is_empty() {
        return head.error(
            "stars",
            "method = \"score\" 只计分、不评星",
            "with method = \"score\" there are points but no stars",
        );
    }
    Ok(Ladder::new(stars, suffix))
}

/// Reads the bands, ascending, and resolves the gaps between them.
pub(super) fn bands_of(head: &mut Record, method: Method, records: Vec<Record>, ladder: &Ladder) -> Result<Bands> {
    let gap = head.choice("band_gap", &Gap::NAMES)?.map(|at| Gap::ALL[at]);
    let below = rung_or_unrated(head, ladder, "below")?;
    let wanted = matches!(method, Method::Bands | Method::Both { .. });
    if wanted && records.is_empty() {
        return head.error(
            "method",
            "按分数段评星，却没有 [[band]]",
            "stars are given by bands, but there is no [[band]]",
        );
    }
    if !wanted {
        if let Some(band) = records.first() {
            return band.error(
                "stars",
                "只有 method = \"bands\" 或 \"both\" 才写分数段",
                "bands go with the methods \"bands\" and \"both\" only",
            );
        }
        return Ok(Bands::default());
    }
    let Some(below) = below else {
        return head.error(
            "below",
            "缺少此项；低于最低一段的评几星，或 \"unrated\"（不定级）",
            "is missing; the stars of a score below the lowest band, or \"unrated\"",
        );
    };
    let mut bands = records.into_iter().map(|record| band(record, ladder)).collect::<Result<Vec<_>>>()?;
    bands.sort_by_key(|(band, _)| band.rung);
    let mut gaps = false;
    for at in 1..bands.len() {
        let (lower, upper) = bands.split_at_mut(at);
        let ((before, _), (band, record)) = (&lower[at - 1], &mut upper[0]);
        if before.rung == band.rung || before.sure.at >= band.sure.at {
            return record.error(
                "from",
                "星级越高，分数段应越高，且每个星级只写一段",
                "more stars must begin at a higher score, and each number of stars is used once",
            );
        }
        let Some(to) = before.to else { continue };
        if to > band.sure.at {
            return record.error(
                "from",
                &format!("与下一段重叠：下一段到 {}", shown(to)),
                &format!("overlaps the band below, which goes to {}", shown(to)),
            );
        }
        if to < band.sure.at {
            gaps = true;
            let Some(gap) = gap else {
                let (to, from) = (shown(to), shown(band.sure.at));
                return record.error(
                    "from",
                    &format!(
                        "{to} 与 {from} 之间（如 {to} 分多一点）归哪一段，原文没有写。请在 [[scheme]] 写 band_gap：\"lower\" 归下段，\"upper\" 归上段，\"round\" 先四舍五入取整，\"open\" 暂不定星"
                    ),
                    &format!(
                        "between {to} and {from} there is no band. State in [[scheme]] where such scores belong, band_gap: \"lower\" band, \"upper\" band, \"round\" to whole points first, or \"open\": no star until it is decided"
                    ),
                );
            };
            let above = Least { at: to, above: true };
            match gap {
                Gap::Upper => (band.sure, band.possible) = (above, above),
                Gap::Open => band.possible = above,
                Gap::Lower | Gap::Round => {}
            }
        }
    }
    let lowest = bands.first().map_or(0, |(band, _)| band.rung);
    if below >= lowest && lowest > 0 {
        return head.error("below", "应低于最低一段的星级", "must be fewer than the stars of the lowest band");
    }
    if gap == Some(Gap::Round) && bands.iter().any(|(band, _)| band.sure.above) {
        return head.error("band_gap", "\"round\" 不能与 above 同用", "\"round\" does not go with 'above'");
    }
    if gap.is_some() && !gaps {
        return head.error(
            "band_gap",
            "各段之间没有空隙，无须写此项（有空隙的写法如 from = 80, to = 89）",
            "there is no gap between the bands (such as from = 80, to = 89, and 90), so leave it out",
        );
    }
    let bands = bands.into_iter().map(|(band, record)| record.finish().map(|()| band)).collect::<Result<_>>()?;
    Ok(Bands { all: bands, rounds: gap == Some(Gap::Round), below })
}

fn band(mut record: Record, ladder: &Ladder) -> Result<(Band, Record)> {
    let Some(rung) = record.decimal("stars")?.and_then(|stars| ladder.rung(stars)) else {
        return record.error("stars", "缺少此项；应为星数，如 5", "is missing; expected a number of stars, such as 5");
    };
    let sure = match (points(&mut record, "from")?, points(&mut record, "above")?) {
        (Some(at), None) => Least { at: at * POINT, above: false },
        (None, Some(at)) => Least { at: at * POINT, above: true },
        _ => {
            return record.error(
                "from",
                "应写且只写一个：from（含本数）或 above（不含本数）",
                "write one of from (that score or more) and above (more than that score)",
            );
        }
    };
    let to = fine(&mut record, "to")?;
    if to.is_some_and(|to| to < sure.at) {
        return record.error("to", "小于下限", "is less than the lower end");
    }
    let inferred = record.flag("inferred")?;
    Ok((Band { rung, sure, possible: sure, to, inferred }, record))
}
