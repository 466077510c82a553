//! Finds the merged cells of a sheet, which come after its rows, by plain search without parsing.

use std::io::Read;

use memchr::memmem::Finder;

use super::rows::{COLUMNS, ROWS};
use crate::ingest::format::workbook::region::MergedRegion;

/// Number of bytes searched at a time.
const WINDOW: usize = 1 << 16;
/// Maximum length of the element of a merged cell.
const ELEMENT: usize = 128;
/// Maximum number of merged cells, far more than anyone makes by hand.
const MOST: usize = 1 << 20;

/// Returns the merged cells listed in `input`. A read error only ends the search: nothing else is needed from the
/// part after the rows.
pub(super) fn merged(mut input: impl Read) -> Vec<MergedRegion> {
    let finder = Finder::new(b"mergeCell ");
    let mut window = Vec::with_capacity(2 * WINDOW);
    let mut regions = Vec::new();
    loop {
        let Ok(read) = input.by_ref().take(WINDOW as u64).read_to_end(&mut window) else { return regions };
        // An element may be cut at the end of the window, so leave it for the next round.
        let whole = if read == 0 { window.len() } else { window.len().saturating_sub(ELEMENT) };
        let found = finder.find_iter(&window).take_while(|at| *at < whole);
        regions.extend(found.filter_map(|at| window.get(at..).and_then(region)));
        if read == 0 || regions.len() > MOST {
            return regions;
        }
        window.drain(..whole);
    }
}

/// Parses the region at the start of `text`, as in `mergeCell ref="A5:A9"/>`.
fn region(text: &[u8]) -> Option<MergedRegion> {
    let reference = text.split(|b| matches!(b, b'"' | b'\'')).nth(1)?;
    let (first, last) = reference.split_at(reference.iter().position(|b| *b == b':')?);
    let ((top, left), (bottom, right)) = (cell(first)?, cell(last.get(1..)?)?);
    (top <= bottom && left <= right).then_some(MergedRegion { top, left, bottom, right })
}

/// Parses a cell reference such as `B12` or `$B$12` into row and column.
fn cell(name: &[u8]) -> Option<(u32, u32)> {
    let (mut row, mut column) = (0_u32, 0_u32);
    for b in name {
        match b {
            b'A'..=b'Z' => column = column.checked_mul(26)?.checked_add(u32::from(b - b'A') + 1)?,
            b'0'..=b'9' => row = row.checked_mul(10)?.checked_add(u32::from(b - b'0'))?,
            b'$' => {}
            _ => return None,
        }
    }
    let is_there = (1..=ROWS).contains(&row) && (1..=COLUMNS).contains(&column);
    is_there.then(|| (row - 1, column - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_seen_wherever_they_stand() {
        let references = ["A1:F1", "B50:B61", "$AB$3:$AB$4", "", "A", "1:1", "ZZZZZZZ1:A9", "A0:B0", "党:建", "B2:A1"];
        let list = references.map(|reference| format!("<x:mergeCell ref=\"{reference}\"/>")).concat();
        let expected = [[0, 0, 0, 5], [49, 1, 60, 1], [2, 27, 3, 27]];
        for filler in [0, WINDOW - 80, WINDOW - 60, WINDOW - 40, WINDOW - 20, WINDOW, 3 * WINDOW + 7] {
            let text = format!("</sheetData>{}<mergeCells count=\"9\">{list}</mergeCells>", " ".repeat(filler));
            let found = merged(text.as_bytes());
            let found: Vec<_> = found.iter().map(|r| [r.top, r.left, r.bottom, r.right]).collect();
            assert_eq!(found, expected, "{filler}");
        }
    }
}
