//! Tables side by side: their headers repeat, or stand apart.

use std::collections::HashSet;
use std::ops::Range;

use crate::ingest::header::naming::named;
use crate::ingest::header::parts;
use crate::schema::Type;
use crate::schema::spelling::folded;

/// One column of a header: its position, its key for comparison, and the column of the schema that it names.
struct BandColumn {
    index: usize,
    key: String,
    name: Option<&'static str>,
    is_code: bool,
}

/// Checks whether a header, row by row, is that of several tables side by side.
pub(crate) fn is_several(header: &[Vec<String>]) -> bool {
    split(header).len() > 1
}

/// Divides the columns of a header among the tables that stand side by side. The first band begins at column 0, the
/// last one has no end.
pub(crate) fn split(header: &[Vec<String>]) -> Vec<Range<usize>> {
    let columns: Vec<BandColumn> = (parts(header).into_iter())
        .map(|(index, parts)| {
            let leaf = parts.last().map_or("", String::as_str);
            let named = named(leaf).map(|(column, _)| column);
            BandColumn {
                index,
                key: folded(&parts.join("/")).into_owned(),
                name: named.map(|column| column.name),
                is_code: named.is_some_and(|column| column.ty == Type::Id),
            }
        })
        .collect();
    let mut starts = vec![0];
    let mut from = 0;
    let codes: Vec<usize> = (0..columns.len()).filter(|at| columns.get(*at).is_some_and(|c| c.is_code)).collect();
    for pair in codes.windows(2) {
        let [left, right] = *pair else { continue };
        if let Some(at) = boundary(&columns, from, left, right) {
            from = at;
            starts.extend(columns.get(at).map(|column| column.index));
        }
    }
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// Returns the position among `columns` at which a table begins that has the code at `right`, while the table that
/// begins at `from` has the code at `left`: behind an empty column, or the first column that repeats one on the left.
/// Two numbers of one organisation, such as a code and a registration number, are no two tables, since nothing else
/// repeats.
fn boundary(columns: &[BandColumn], from: usize, left: usize, right: usize) -> Option<usize> {
    let of = |range: Range<usize>| columns.get(range).unwrap_or_default();
    let repeats = |at: usize| {
        let column = columns.get(at)?;
        let same = |other: &BandColumn| other.key == column.key || (other.name.is_some() && other.name == column.name);
        of(from..at).iter().any(same).then_some(at)
    };
    let apart = |at: usize| {
        let (before, here) = (columns.get(at.checked_sub(1)?)?, columns.get(at)?);
        (here.index > before.index + 1).then_some(at)
    };
    let same_code = columns.get(left)?.key == columns.get(right)?.key;
    let is_table = |at: &usize| shared(of(from..*at), of(*at..columns.len())) > 1;
    let at = (left + 1..=right).find_map(apart).filter(is_table);
    // Without an empty column the header of the code must be the same.
    at.or_else(|| (left + 1..=right).find_map(repeats).filter(|at| same_code && is_table(at)))
}

/// Counts the columns of the schema that both sides name.
fn shared(left: &[BandColumn], right: &[BandColumn]) -> usize {
    let names = |columns: &[BandColumn]| columns.iter().filter_map(|column| column.name).collect::<HashSet<_>>();
    names(left).intersection(&names(right)).count()
}

/// Returns `rows` with only the cells of `band`.
pub(super) fn masked(rows: &[Vec<String>], band: &Range<usize>) -> Vec<Vec<String>> {
    let cell = |(column, text): (usize, &String)| if band.contains(&column) { text.clone() } else { String::new() };
    rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(rows: &[&[&str]]) -> Vec<usize> {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|&s| s.to_owned()).collect()).collect();
        split(&rows).into_iter().map(|band| band.start).collect()
    }

    #[test]
    fn tables_side_by_side() {
        let one = ["序号", "企业名称", "统一社会信用代码", "星级"];
        assert_eq!(bands(&[&one]), [0]);
        assert_eq!(bands(&[&[&one[..], &[""], &one].concat()]), [0, 5]);
        assert_eq!(bands(&[&[&one[..], &one, &one].concat()]), [0, 4, 8]);
        // Without the running number, and with other columns on the right.
        assert_eq!(
            bands(&[&["单位名称", "信用代码", "星级", "", "社会组织名称", "统一社会信用代码", "正式党员"]]),
            [0, 4]
        );
        assert_eq!(bands(&[&["name", "信用代码", "星级", "", "序号", "名称", "信用代码", "星级"]]), [0, 4]);
        assert_eq!(bands(&[&["name", "信用代码", "星级", "名称", "信用代码", "正式党员"]]), [0, 3]);
        // Two numbers of one organisation.
        assert_eq!(bands(&[&["单位名称", "统一社会信用代码", "组织机构代码", "从业人员"]]), [0]);
        assert_eq!(bands(&[&["单位名称", "统一社会信用代码", "", "组织机构代码", "从业人员"]]), [0]);
        // Last year's and this year's columns under two groups are one table.
        let rows: [&[&str]; 2] = [
            &["单位名称", "统一社会信用代码", "上年数", "", "本年数", ""],
            &["", "", "正式党员", "评定星级", "正式党员", "评定星级"],
        ];
        assert_eq!(bands(&rows), [0]);
    }
}
