//! Rows at which another table may begin: headers, and headings with a year.

use crate::ingest::cell::block::CellRow;
use crate::ingest::cell::content::Cell;
use crate::ingest::cell::year;
use crate::ingest::header::naming::named;
use crate::schema::Type;
use crate::schema::spelling::plain;
use crate::standards::{trim, uscc};

/// Number of known headers in a row that is a header without a column of codes.
const KNOWN: usize = 3;
/// Words that end the title of a ledger.
const LEDGERS: [&str; 9] = ["年度", "台账", "名单", "名册", "花名册", "统计表", "情况表", "一览表", "汇总表"];
/// Number of columns that are looked at; wider sheets are no ledgers.
const WIDEST: usize = 512;
/// Length of the longest heading, in characters; longer texts are sentences.
const LONGEST: usize = 40;

/// Checks whether a row looks like a header: it has the header of a column of codes and another text, or several known
/// headers, and neither a code nor a number.
pub(crate) fn is_header_like<R: CellRow>(row: &R) -> bool {
    let (mut code, mut known): (bool, Vec<&str>) = (false, Vec::new());
    let mut texts = 0;
    for column in 0..row.width().min(WIDEST) {
        match row.cell(column) {
            Cell::Text(text) if uscc::is_valid(text) => return false,
            Cell::Text(text) => {
                texts += usize::from(!trim(text).is_empty());
                if let Some((column, _)) = named(text) {
                    code |= column.ty == Type::Id;
                    if !known.contains(&column.name) {
                        known.push(column.name);
                    }
                }
            }
            Cell::Empty => {}
            // Years may be headers.
            Cell::Number(number) if (1900.0..2100.0).contains(&number) => {}
            Cell::Number(_) | Cell::Flag(_) | Cell::Day(_) | Cell::Error(_) => return false,
        }
    }
    if code { texts > 1 } else { known.len() >= KNOWN }
}

/// Returns the year of a heading: the row has one text, which is a year or names a ledger of one (`2013年`, `二、2013年度`,
/// `2013年星级党组织名单`).
pub(crate) fn heading_year<R: CellRow>(row: &R) -> Option<i16> {
    let mut cells = (0..row.width().min(WIDEST)).map(|column| row.cell(column)).filter(|cell| !cell.is_blank());
    let (Cell::Text(text), None) = (cells.next()?, cells.next()) else { return None };
    let text = plain(text);
    if text.chars().count() > LONGEST || text.contains(['。', '；', '注']) {
        return None;
    }
    let year = year::of_ledger(&text)?;
    let is_bare = || text.chars().all(|c| c.is_ascii_digit() || "年度()一二三四五六七八九十〇零○、.:".contains(c));
    (is_bare() || LEDGERS.iter().any(|word| text.contains(word))).then_some(year)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row<'a>(&'a [Cell<'a>]);

    impl CellRow for Row<'_> {
        fn cell(&self, column: usize) -> Cell<'_> {
            self.0.get(column).copied().unwrap_or(Cell::Empty)
        }

        fn width(&self) -> usize {
            self.0.len()
        }
    }

    #[test]
    fn headers_and_headings_are_told_from_organisations() {
        use Cell::{Empty, Number, Text};
        for (cells, is) in [
            (&[Text("序号"), Text("单位名称"), Text("统一社会信用代码")][..], true),
            (&[Text("单位名称"), Text("从业人员"), Text("正式党员")], true),
            (&[Text("单位名称"), Text("从业人员"), Number(5.0)], false),
            (&[Text("统一社会信用代码"), Empty], false),
            (&[Text("统一社会信用代码"), Text("业务范围")], true),
            (&[Text("某厂"), Text("91110000600037341L"), Text("单位名称"), Text("从业人员")], false),
            (&[Text("某厂"), Empty, Text("工会")], false),
        ] {
            assert_eq!(is_header_like(&Row(cells)), is, "{cells:?}");
        }
        for (cells, year) in [
            (&[Text("2013年度星级党组织名单")][..], Some(2013)),
            (&[Empty, Text("（二）2013年")], Some(2013)),
            (&[Text("注：2013年度新建的不列入")], None),
            (&[Text("2013年新建3家")], None),
            (&[Text("2013年"), Number(3.0)], None),
            (&[Text("截至2013年12月31日名单")], None),
        ] {
            assert_eq!(heading_year(&Row(cells)), year, "{cells:?}");
        }
    }
}
