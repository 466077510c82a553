use super::*;
use crate::ingest::cell::block::Block;
use crate::ingest::format::workbook::held::HeldPieces;
use crate::ingest::format::workbook::pieces::{SheetPiece, SheetPieces};

/// Returns the sheets of a page: name, rows with their numbers, and merged cells.
fn sheets(page: &str) -> Vec<String> {
    tables(page, 1).unwrap().sheets.iter().map(shown).collect()
}

fn shown(sheet: &HeldSheet) -> String {
    let mut words = vec![sheet.name.clone()];
    let mut pieces = HeldPieces::new(&sheet.cells);
    while let Some(SheetPiece::Grid(Some(grid))) = pieces.next().unwrap() {
        let row = |row| format!("{}:{}", grid.position(row).row, grid.texts(row).join(","));
        words.extend((0..grid.rows()).map(row));
    }
    let region = |r: &MergedRegion| format!("[{},{}-{},{}]", r.top, r.left, r.bottom, r.right);
    words.extend(sheet.cells.merged.iter().map(region));
    words.join(" ")
}

#[test]
fn cells_find_their_places() {
    let page = "<table><tr><td rowspan=2>a<td colspan=2>b<td rowspan=3>c<tr><td>d<td>e<tr><td>f<td>g<td>h<td>i</table>";
    assert_eq!(sheets(page), ["表1 1:a,b,,c 2:,d,e 3:f,g,h,,i [0,0-1,0] [0,1-0,2] [0,3-2,3]"]);
    let page = "<TABLE><tbody><TR><TD ROWSPAN=0>a</TD><TD>b</TD></TR><TR><TD>c</TD></TR></tbody>\
                <tbody><TR><TD rowspan=9>d</TD><td>e</td></TR></tbody></TABLE>";
    assert_eq!(sheets(page), ["表1 1:a,b 2:,c 3:d,e [0,0-1,0]"]);
}

#[test]
fn lines_above_a_table_are_its_first_rows() {
    let page = "<h1>甲县</h1><p>2013年<br>台账</p><table><caption>名单</caption><tr><td>a<td>b</table>尾";
    assert_eq!(sheets(page), ["名单 1:甲县 2:2013年 3:台账 4:a,b"]);
    let page = "<table><tr><td colspan=2>2013年台账</td></tr></table><table><tr><td>a<td>b</table>";
    assert_eq!(sheets(page), ["表1 1:2013年台账 2:a,b"]);
    let frame =
        "<table><tr><td>2013年台账</td></tr><tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table></td></tr></table>";
    assert_eq!(sheets(frame), ["表1 1:2013年台账 2:a,b 3:c,d"]);
}

#[test]
fn tables_that_belong_together_are_one_and_others_are_not() {
    let one = "<table><tr><th>a<th>b</table>";
    let two = "<table><tr><td>c<td>d</table>";
    assert_eq!(sheets(&format!("{one}<div></div>\n{two}")), ["表1 1:a,b 2:c,d"]);
    assert_eq!(sheets(&format!("{one}{one}")), ["表1 1:a,b", "表2 1:a,b"]);
    assert_eq!(sheets(&format!("{one}二{two}")), ["表1 1:a,b", "表2 1:二 2:c,d"]);
    assert_eq!(sheets("<table><tr><th>a<th>b<th>c</table><table><tr><td>c<td>d</table>").len(), 2);
}

#[test]
fn what_a_cell_shows_is_its_text() {
    let page = "<table><tr><td><table><tr><td>5</td></tr></table></td><td><select><option>甲<option selected>乙</select></td>\
                <td><input type=checkbox checked><td><input type=checkbox><td><img alt=★★><td x:num=\"15000\">####<td x:num='0.85'>85%\
                <td x:num=\"91150425990000001\">9.1E+16<td><input type=hidden value=x>y</table>";
    assert_eq!(sheets(page), ["表1 1:5,乙,√,,★★,15000,85%,91150425990000001,y"]);
}

#[test]
fn a_page_that_ends_early() {
    assert!(tables("<table><tr><td>a</td><td>b</td></tr>", 1).unwrap().open);
    assert!(!tables("<table><tr><td>a<td>b</table>", 1).unwrap().open);
    for cut in ["<table><tr><td>a</td><td>15", "<table><tr><td>a</td></tr><tr", "<table><tr><td>a</td><td>1<!-- x"] {
        assert_eq!(tables(cut, 1).err(), Some(PageFault::Cut), "{cut}");
    }
    assert!(tables("<table><tr><td>a<td>b", 1).unwrap().open);
}

#[test]
fn what_would_fill_the_memory_is_refused() {
    let wide = format!("<table><tr>{}</table>", "<td colspan=1000>x".repeat(17));
    assert_eq!(tables(&wide, 1).err(), Some(PageFault::TooLarge));
    assert_eq!(tables(&"<table><tr><td>".repeat(65), 1).err(), Some(PageFault::TooLarge));
    assert!(tables(&"<table><tr><td>".repeat(64), 1).is_ok());
}
