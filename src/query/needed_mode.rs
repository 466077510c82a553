//! The mode that the formation rules ask of each organisation (应建方式).

use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use super::star_state::{UNKNOWN, computed_axis};
use crate::cube::{Axis, numbers};
use crate::definition::FormationRules;
use crate::error::Result;
use crate::roster::{Frame, Integers, Roster};

/// Returns the code of the bitmap that contains each row, `none` for rows in no bitmap. The bitmaps are disjoint.
pub(crate) fn coded_by<'a>(
    bitmaps: impl Iterator<Item = (u32, &'a BooleanBuffer)>,
    none: u32,
    rows: usize,
) -> Integers {
    let bits = u32::BITS - none.leading_zeros();
    let empty = || BooleanBuffer::new_unset(rows);
    // Build one bitmap per bit of the code. The largest code is `none`, so its bits suffice.
    let (mut set, mut others) = (vec![empty(); bits as usize], empty());
    for (code, rows) in bitmaps {
        others = &others | rows;
        for (_, set) in set.iter_mut().enumerate().filter(|(bit, _)| code >> bit & 1 == 1) {
            *set = &*set | rows;
        }
    }
    let others = !&others;
    for (_, set) in set.iter_mut().enumerate().filter(|(bit, _)| none >> bit & 1 == 1) {
        *set = &*set | &others;
    }
    Integers::U8(numbers(&set.iter().collect::<Vec<_>>()))
}

/// Builds the axis of the mode that the formation rules require of each row. The first rule that is true
/// decides. The mode is `unknown` if an earlier rule is unknown, and null if no rule is true.
pub(crate) fn axis(roster: &Roster, frames: &[&Frame], rules: &FormationRules) -> Result<Axis> {
    let mut values: Vec<String> = Vec::new();
    for need in rules.needs() {
        if !values.contains(&need.mode) {
            values.push(need.mode.clone());
        }
    }
    values.push(UNKNOWN.to_owned());
    let code = |mode: &str| values.iter().position(|v| v == mode).unwrap_or(values.len()) as u32;
    let codes = frames.par_iter().map(|frame| {
        let needed = rules.evaluate(roster, frame)?;
        let rules = rules.needs().iter().map(|n| n.mode.as_str()).zip(&needed.by_rule);
        let rules = rules.chain([(UNKNOWN, &needed.unknown)]).map(|(mode, rows)| (code(mode), rows));
        Ok(coded_by(rules, values.len() as u32, frame.rows()))
    });
    let codes = codes.collect::<Result<_>>()?;
    Ok(computed_axis("need", codes, values))
}
