//! Rows above a header that belong to it. They contain no known header; only cells merged over columns or into the
//! header distinguish them from titles.

use super::overrides::Overrides;
use super::{Header, TALLEST, meanings, parts};
use crate::ingest::ReadOptions;
use crate::ingest::cell::year;
use crate::ingest::format::workbook::MergedRegion;
use crate::standards::trim;

/// Returns for each of the first rows of a sheet whether it belongs to the next row. `numbers` are their positions in
/// the sheet, `regions` its merged cells.
pub(crate) fn joined(top: &[Vec<String>], numbers: &[u32], regions: &[MergedRegion]) -> Vec<bool> {
    let rows = top.iter().zip(numbers).zip(top.iter().zip(numbers).skip(1));
    rows.map(|((row, &at), (below, &next))| {
        let goes_down =
            |r: &MergedRegion| r.left == r.right && r.top <= at && r.bottom >= next && !text(row, r.left).is_empty();
        regions.iter().any(goes_down) || (is_of_groups(row) && regions.iter().any(|r| is_group(r, row, at, below)))
    })
    .collect()
}

/// Checks whether `region` is a cell of the row at position `number` alone that spans several columns, but not the
/// whole row `below`.
fn is_group(region: &MergedRegion, row: &[String], number: u32, below: &[String]) -> bool {
    if (region.top, region.bottom) != (number, number) || text(row, region.left).is_empty() {
        return false;
    }
    let columns = region.left as usize..=region.right as usize;
    let written = |row: &[String], within: bool| {
        row.iter()
            .enumerate()
            .filter(|(number, text)| columns.contains(number) == within && !trim(text).is_empty())
            .count()
    };
    written(below, true) > 1 && written(below, false) > 0 && (region.left > 0 || written(row, false) > 0)
}

/// Checks whether the texts of a row can be names of groups. A title has a year, and the lines below it have a colon
/// (`填报单位：`, `单位：人`).
fn is_of_groups(row: &[String]) -> bool {
    row.iter().all(|text| !text.contains([':', '：']) && year::in_name(text).is_none())
}

fn text(row: &[String], column: u32) -> &str {
    row.get(column as usize).map_or("", |text| trim(text))
}

impl Header {
    /// Extends the header by the rows above that belong to it (see [`joined`]), as long as no column is lost.
    pub(crate) fn raised(mut self, top: &[Vec<String>], joined: &[bool], options: &ReadOptions) -> Self {
        while self.height < TALLEST
            && let Some(first) = self.first.checked_sub(1).filter(|above| joined.get(*above) == Some(&true))
            && let Some(rows) = top.get(first..self.first + self.height)
        {
            let columns = meanings(parts(rows), &Overrides::new(options));
            let raised = Self { first, height: self.height + 1, columns, words: self.words.clone() };
            if raised.known() < self.known() || (self.is_ledger() && !raised.is_ledger()) {
                break;
            }
            self = raised;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::header::heading::Heading;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|r| r.iter().map(|&s| s.to_owned()).collect()).collect()
    }

    fn region((top, left): (u32, u32), (bottom, right): (u32, u32)) -> MergedRegion {
        MergedRegion { top, left, bottom, right }
    }

    #[test]
    fn merged_rows_above_belong_to_the_header() {
        let top = rows(&[
            &["某县登记企业名单", "", "", "", ""],
            &["地段", "基本信息", "", "登记信息", ""],
            &["", "单位名称", "信用代码", "成立时间", "从业人员"],
            &["1", "某厂", "91110000600037341L", "2012-01-20", "5"],
        ]);
        let title = region((0, 0), (0, 4));
        let find = |regions: &[MergedRegion]| {
            let joined = joined(&top, &[0, 1, 2, 3], regions);
            Header::find(&top, &joined, &ReadOptions::default()).unwrap()
        };
        let plain = find(&[title]);
        assert_eq!((plain.first, plain.height), (2, 1));
        for regions in [
            &[title, region((1, 0), (2, 0))][..],
            &[title, region((1, 1), (1, 2))],
            &[title, region((1, 3), (1, 4)), region((1, 1), (1, 2))],
        ] {
            let header = find(regions);
            assert_eq!((header.first, header.height), (1, 2), "{regions:?}");
            let headers: Vec<_> = header.columns.iter().map(Heading::header).collect();
            let expected = ["地段", "基本信息/单位名称", "基本信息/信用代码", "登记信息/成立时间", "登记信息/从业人员"];
            assert_eq!(headers, expected);
            assert_eq!(header.known(), plain.known());
        }
    }

    #[test]
    fn titles_and_what_is_said_below_them_do_not() {
        let header: &[&str] = &["单位名称", "信用代码", "从业人员", "备注"];
        for (above, regions) in [
            (&["某县台账", "", "", ""][..], vec![region((0, 0), (0, 3))]),
            (&["某县台账", "", "", ""], vec![region((0, 0), (0, 2))]),
            (&["某县台账", "", "2013年度", ""], vec![region((0, 0), (0, 1)), region((0, 2), (0, 3))]),
            (&["填报单位：某局", "", "单位：人", ""], vec![region((0, 0), (0, 1)), region((0, 2), (0, 3))]),
            (&["", "", "", ""], vec![region((0, 0), (0, 1)), region((0, 0), (1, 0))]),
        ] {
            assert_eq!(joined(&rows(&[above, header]), &[0, 1], &regions), [false], "{above:?}");
        }
    }
}
