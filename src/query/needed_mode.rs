//! The mode that the formation rules ask of each organisation (应建方式).

use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;

use super::star_state::{UNKNOWN, computed_axis};
use crate::cube::{Axis, numbers};
use crate::definition::FormationRules;
use crate::error::{Error, Result};
use crate::roster::{Frame, Integers, Roster};

/// Largest code that fits in the bytes that hold the codes.
const MAX_CODE: u32 = u8::MAX as u32;

/// Returns the code of the bitmap that contains each row, `none` for rows in no bitmap. The bitmaps are disjoint. Fails
/// if `none`, the largest code, does not fit in a byte.
pub(crate) fn coded_by<'a>(
    bitmaps: impl Iterator<Item = (u32, &'a BooleanBuffer)>,
    none: u32,
    rows: usize,
) -> Result<Integers> {
    if none > MAX_CODE {
        let (modes, most) = (none - 1, MAX_CODE - 1);
        return Err(Error::definition(
            format!("规则写了 {modes} 种组建形式，最多 {most} 种。请合并规则"),
            format!("the rules name {modes} modes; the maximum is {most}. Merge some of them"),
        ));
    }
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
    Ok(Integers::U8(numbers(&set.iter().collect::<Vec<_>>())))
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
        coded_by(rules, values.len() as u32, frame.rows())
    });
    let codes = codes.collect::<Result<_>>()?;
    Ok(computed_axis("need", codes, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_a_byte_are_distinct_and_more_are_an_error() {
        let one = |row: usize| BooleanBuffer::collect_bool(256, |at| at == row);
        for none in [1, 2, 7, 8, 255] {
            let bitmaps: Vec<BooleanBuffer> = (0..none as usize).map(one).collect();
            let codes = coded_by((0..none).zip(&bitmaps), none, 256).unwrap();
            assert!((0..256).all(|row| codes.get(row) == u64::from(none.min(row as u32))), "{none}");
        }
        assert!(matches!(coded_by([].into_iter(), 256, 1), Err(Error::Definition(_))));
    }
}
