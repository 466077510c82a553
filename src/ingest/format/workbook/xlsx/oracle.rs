//! Compares every cell of all workbooks at hand, and of small ones with one oddity each, with another reader.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, SheetType, SheetVisible};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Xlsx;
use crate::ingest::cell::block::Block;
use crate::ingest::cell::content::{Cell, NO_RESULT};
use crate::ingest::cell::dates::day_of;

/// Cells by row and column, as text with their kind.
type SheetCells = BTreeMap<(u32, u32), String>;
/// Sheets: name, whether hidden, and cells.
type BookSheets = Vec<(String, bool, SheetCells)>;

const NONE: Cell<'_> = Cell::Empty;

fn ours(input: impl Read + Seek) -> Result<BookSheets, String> {
    let fault = |fault| format!("{fault:?}");
    let mut book = Xlsx::new(input).map_err(fault)?;
    let sheets: Vec<_> = book.sheets.iter().map(|s| (s.name.clone(), s.hidden, s.is_table)).collect();
    let mut all = Vec::new();
    for (at, (name, hidden, is_table)) in sheets.into_iter().enumerate() {
        if !is_table {
            continue;
        }
        let mut cells = SheetCells::new();
        let mut pieces = book.pieces(at).map_err(fault)?;
        while let Some(mut rows) = pieces.next().map_err(fault)? {
            while let Some(grid) = rows.next().map_err(fault)? {
                for row in 0..grid.rows() {
                    let number = grid.position(row).row - 1;
                    for (column, cell) in (0..grid.width(row)).map(|column| (column, grid.cell(row, column))) {
                        // For a formula without a result the other reader has nothing.
                        if cell != NONE && cell != Cell::Error(NO_RESULT) {
                            cells.insert((number, column as u32), format!("{cell:?}"));
                        }
                    }
                }
            }
        }
        all.push((name, hidden, cells));
    }
    Ok(all)
}

fn theirs(input: impl Read + Seek) -> Result<BookSheets, String> {
    let mut book = calamine::Xlsx::new(input).map_err(|e| e.to_string())?;
    let sheets = book.sheets_metadata().to_vec();
    let mut all = Vec::new();
    for sheet in sheets.into_iter().filter(|s| s.typ == SheetType::WorkSheet) {
        let mut cells = SheetCells::new();
        let mut reader = book.worksheet_cells_reader(&sheet.name).map_err(|e| e.to_string())?;
        while let Some(cell) = reader.next_cell().map_err(|e| e.to_string())? {
            let value = Data::from(cell.get_value().clone());
            let error;
            let read = match &value {
                Data::Empty => continue,
                Data::Int(number) => Cell::Number(*number as f64),
                Data::Float(number) => Cell::Number(*number),
                Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Text(text),
                Data::Bool(flag) => Cell::Flag(*flag),
                Data::DateTime(time) => {
                    let (year, month, day, ..) = time.to_ymd_hms_milli();
                    match day_of(year, u16::from(month), u16::from(day)) {
                        Some(day) if time.is_datetime() => Cell::Day(day),
                        _ => Cell::Number(time.as_f64()),
                    }
                }
                Data::Error(value) => {
                    error = value.to_string();
                    Cell::Error(crate::ingest::format::workbook::grid::error_text(&error))
                }
            };
            cells.insert(cell.get_position(), format!("{read:?}"));
        }
        all.push((sheet.name, sheet.visible != SheetVisible::Visible, cells));
    }
    Ok(all)
}

/// Collects the workbooks below `folder`.
fn workbooks(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            workbooks(&path, paths);
        } else if path.extension().is_some_and(|e| e == "xlsx" || e == "xlsm") {
            paths.push(path);
        }
    }
}

#[test]
fn workbooks_at_hand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["python/dangjian/datasets", "../shared/data"] {
        let before = found.len();
        workbooks(&root.join(folder), &mut found);
        if found.len() == before {
            eprintln!("skipped: no workbooks in {folder}");
        }
    }
    assert!(found.len() >= 5);
    let mut cells = 0;
    for path in found {
        let bytes = std::fs::read(&path).unwrap();
        let (ours, theirs) = (ours(Cursor::new(&bytes)).unwrap(), theirs(Cursor::new(&bytes)).unwrap());
        cells += ours.iter().map(|sheet| sheet.2.len()).sum::<usize>();
        assert!(ours == theirs, "{}", path.display());
    }
    assert!(cells > 10_000, "{cells}");
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Builds a workbook of one sheet with these rows and strings; `parts` replace parts of the package.
fn book(rows: &str, strings: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let sheet =
        format!("<worksheet xmlns=\"{MAIN}\"><dimension ref=\"A1:B2\"/><sheetData>{rows}</sheetData></worksheet>");
    let strings = format!("<?xml version=\"1.0\"?><sst xmlns=\"{MAIN}\">{strings}</sst>");
    let root = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let related = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let listed = format!(
        "<workbook xmlns:r=\"{RELATIONS}\"><workbookPr/><sheets><sheet name=\"台账\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let styles = "<styleSheet><numFmts count=\"1\"><numFmt numFmtId=\"176\" formatCode=\"yyyy&quot;年&quot;m\"/></numFmts>\
        <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"176\"/><xf numFmtId=\"46\"/><xf numFmtId=\"9\"/></cellXfs></styleSheet>";
    let usual = [
        ("_rels/.rels", root.as_str()),
        ("xl/workbook.xml", &listed),
        ("xl/_rels/workbook.xml.rels", &related),
        ("xl/worksheets/sheet1.xml", &sheet),
        ("xl/sharedStrings.xml", &strings),
        ("xl/styles.xml", styles),
    ];
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let is_new = |name: &str| parts.iter().all(|(new, _)| !new.eq_ignore_ascii_case(name));
    for (name, text) in usual.into_iter().filter(|(name, _)| is_new(name)).chain(parts.iter().copied()) {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Returns the cells of the first sheet, after asserting that both readers agree.
fn both(bytes: &[u8], what: &str) -> Vec<((u32, u32), String)> {
    let (ours, theirs) = (ours(Cursor::new(bytes)).unwrap(), theirs(Cursor::new(bytes)).unwrap());
    assert_eq!(ours, theirs, "{what}");
    ours.into_iter().next().unwrap().2.into_iter().collect()
}

#[test]
fn oddities_are_read_as_by_another_reader() {
    let strings = "<si><t>甲厂</t></si><si><r><t>a</t></r><r><rPr/><t xml:space=\"preserve\"> b </t></r></si>\
        <si><t> c&amp;d&#x4E2D;_x000D_e </t><rPh sb=\"0\" eb=\"1\"><t>x</t></rPh></si><si/><si><t/></si><si><t><![CDATA[<f>]]></t></si>";
    let shared = [0, 1, 2, 3, 4, 5].map(|at| format!("<c t=\"s\"><v>{at}</v></c>")).concat();
    for (rows, cells) in [
        (format!("<row r=\"1\">{shared}</row>"), 6),
        ("<row r=\"2\"><c r=\"B2\"><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>".to_owned(), 3),
        ("<row/><row r=\"5\"/><row><c><v>1.5</v></c></row><row><c r=\"c9\"><v>-7e-3</v></c></row>".to_owned(), 2),
        ("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>甲</t></is></c><c t=\"inlineStr\"><is><r><t>a</t></r><r><t>b</t></r></is></c><c t=\"inlineStr\"><is/></c></row>".to_owned(), 3),
        ("<row r=\"1\"><c t=\"str\"><f>A1&amp;\"&lt;/c&gt;\"</f><v>甲&amp;乙_x0041_ </v></c><c t=\"str\"><f>1</f><v></v></c><c t=\"str\"><v/></c></row>".to_owned(), 3),
        ("<row r=\"1\"><c t=\"b\"><v>1</v></c><c t=\"b\"><v>false</v></c><c t=\"e\"><v>#N/A</v></c><c t=\"e\"><f>1/0</f><v>#DIV/0!</v></c></row>".to_owned(), 4),
        ("<row r=\"1\"><c s=\"1\"><v>41000</v></c><c s=\"2\"><v>41000.75</v></c><c s=\"3\"><v>1.5</v></c><c s=\"4\"><v>0.85</v></c><c s=\"9\"><v>3</v></c><c s=\"1\"><v>60</v></c><c s=\"1\" t=\"n\"><v>0.5</v></c></row>".to_owned(), 7),
        ("<row r=\"1\"><c t=\"d\"><v>2012-05-01T00:00:00</v></c><c><v>abc</v></c><c><v></v></c><c><v/></c><c/><c><f>1+1</f></c><c><v>9</v></c></row>".to_owned(), 3),
        ("<row r=\"1\" spans=\"1:2\"><!-- </row><row> --><c r=\"A1\"><v>1</v></c><?x </row>?></row>\r\n <row r=\"3\"><c r=\"A3\"><v>2</v></c></row>".to_owned(), 2),
        ("<row r=\"9\"><c r=\"A9\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>2</v></c></row><row r=\"2\"><c r=\"A2\"><v>3</v></c><c r=\"A2\"><v>4</v></c></row>".to_owned(), 2),
        ("<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>".to_owned(), 1),
        ("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">a\r\nb\r</t></is></c></row>".to_owned(), 1),
        (["0", "-0", "1e5", "0.1", "1234567890.12345", "123456789012345", "1234567890123456789", "4.9406564584124654E-324", "0.30000000000000004", "5.", "100000000000000000000000"].iter().fold("<row r=\"1\">".to_owned(), |row, n| format!("{row}<c><v>{n}</v></c>")) + "</row>", 11),
    ] {
        assert_eq!(both(&book(&rows, strings, &[]), &rows).len(), cells, "{rows}");
    }
    let prefixed = format!(
        "<x:worksheet xmlns:x=\"{MAIN}\"><x:sheetData><x:row r=\"1\"><x:c r=\"A1\" t=\"inlineStr\"><x:is><x:t>甲</x:t></x:is></x:c><x:c><x:v>5</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    );
    assert_eq!(both(&book("", strings, &[("xl/worksheets/sheet1.xml", &prefixed)]), "prefix").len(), 2);
    assert_eq!(both(&book("", "", &[]), "nothing"), []);
}

#[test]
fn workbooks_of_other_programs() {
    let row = "<row r=\"1\"><c r=\"A1\" s=\"1\"><v>39000</v></c><c r=\"B1\"><v>39000</v></c></row>";
    let listed = |attributes: &str| {
        format!(
            "<x:workbook><x:workbookPr {attributes}/><x:sheets><x:sheet name=\"a\" state=\"visible\" sheetId=\"1\" q:id=\"r1\"/></x:sheets></x:workbook>"
        )
    };
    let sheet = format!("<worksheet><sheetData>{row}</sheetData></worksheet>");
    let strict = "http://purl.oclc.org/ooxml/officeDocument/relationships";
    let related = |target: &str, kind: &str| {
        format!("<Relationships><Relationship Target=\"{target}\" Type=\"{strict}/{kind}\" Id=\"r1\"/></Relationships>")
    };
    let root = related("/Xl/Workbook.xml", "officeDocument");
    for (attributes, day) in [("date1904=\"1\"", "Day(14893)"), ("date1904=\"0\"", "Day(13431)"), ("", "Day(13431)")] {
        for target in
            ["worksheets/one.xml", "/xl/worksheets/one.xml", "./worksheets/x/../one.xml", "WORKSHEETS/ONE.XML"]
        {
            let parts = [
                ("_rels/.rels", root.as_str()),
                ("xl/_rels/workbook.xml.rels", &related(target, "worksheet")),
                ("XL/workbook.xml", &listed(attributes)),
                ("xl\\worksheets\\One.xml", &sheet),
            ];
            let bytes = book("", "", &parts);
            let cells = &ours(Cursor::new(&bytes)).unwrap()[0].2;
            assert_eq!(cells[&(0, 0)], day, "{attributes} {target}");
            assert_eq!(cells[&(0, 1)], "Number(39000.0)");
        }
    }
    let chart = book(row, "", &[("xl/_rels/workbook.xml.rels", &related("c.xml", "chartsheet"))]);
    assert_eq!(ours(Cursor::new(chart)).unwrap(), []);
}

#[test]
fn what_is_wrong_is_told() {
    for (rows, told) in [
        ("<row r=\"3\"><c r=\"XFE3\"><v>1</v></c></row>", "第 3 行：没有“XFE3”"),
        ("<row r=\"3\"><c r=\"A1048577\"/></row>", "A1048577"),
        ("<row r=\"0\"/>", "没有“0”"),
        ("<row r=\"1048576\"/><row/><row/>", "1048576"),
        ("<row><c r=\"\"/></row>", "没有“”"),
        ("<row><c r=\"3A\"/></row>", "3A"),
        ("<row><c r=\"A99999999999999999999\"/></row>", "A99999999999999999999"),
        ("<row><c t=\"s\"><v>7</v></c></row>", "“7”不是单元格的共享字符串序号"),
        ("<row><c t=\"n\"><v>x</v></c></row>", "“x”不是单元格的数字"),
        ("<row><c t=\"b\"><v>2</v></c></row>", "“2”不是单元格的逻辑值"),
        ("<row><c t=\"q\"><v>2</v></c></row>", "“q”不是单元格的类型"),
        ("<row><c t=\"str\"><v>&b;</v></c></row>", "第 1 行：有不认识的实体"),
        ("<row><c><v>1</c></row>", "内容不完整"),
        ("<row><c", "内容不完整"),
    ] {
        let fault = ours(Cursor::new(book(rows, "", &[]))).unwrap_err();
        assert!(fault.contains(told), "{rows}: {fault}");
    }
    let wrong = ours(Cursor::new(book("", "", &[("xl/worksheets/sheet1.xml", "<chartsheet/>")]))).unwrap_err();
    assert!(wrong.contains("没有“sheetData”"), "{wrong}");
    let gone = book("", "", &[("xl/_rels/workbook.xml.rels", "<Relationships/>")]);
    assert!(ours(Cursor::new(gone)).unwrap_err().contains("缺少"));
}
