//! Structure of a workbook: its sheets in order, and the package parts of sheets, strings and styles.

use super::Parsed;
use super::markup::{Markup, Tag, Token};
use super::text::value;

/// One sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest::format::workbook) struct SheetPart {
    pub name: String,
    pub hidden: bool,
    /// True if it has cells and is not a chart.
    pub is_table: bool,
    /// Part of the package; `None` if the workbook does not state it.
    pub(super) part: Option<String>,
}

/// Content of the workbook part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WorkbookPart {
    pub sheets: Vec<SheetPart>,
    /// True if dates count from 1904.
    pub is_1904: bool,
}

/// Relation from one part of a package to another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Relation {
    id: String,
    /// Last segment of its type, such as `worksheet`; the prefix is one of two namespaces.
    pub kind: String,
    /// Target part, as a path from the root of the package.
    pub part: String,
}

fn tags(part: &[u8]) -> impl Iterator<Item = Tag<'_>> {
    let mut markup = Markup::new(part, 0);
    std::iter::from_fn(move || markup.next()).filter_map(|token| match token {
        Token::Open(tag) => Some(tag),
        _ => None,
    })
}

fn attribute(tag: &Tag<'_>, name: &str) -> Parsed<String> {
    tag.attribute(name).map_or(Ok(String::new()), value)
}

/// Parses the relations in `part`, which belong to a part in `folder`.
pub(super) fn relations(part: &[u8], folder: &str) -> Parsed<Vec<Relation>> {
    let of = |tag: Tag<'_>| {
        let kind = attribute(&tag, "Type")?;
        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Relation { id: attribute(&tag, "Id")?, kind, part: resolve(folder, &attribute(&tag, "Target")?) })
    };
    tags(part).filter(|tag| tag.name == b"Relationship").map(of).collect()
}

/// Parses the workbook in `part`.
pub(super) fn workbook(part: &[u8], relations: &[Relation]) -> Parsed<WorkbookPart> {
    let mut workbook = WorkbookPart::default();
    for tag in tags(part) {
        match tag.name {
            b"workbookPr" => {
                if let Some(is_1904) = tag.attribute("date1904") {
                    workbook.is_1904 = matches!(is_1904, b"1" | b"true" | b"on");
                }
            }
            b"sheet" => {
                // A sheet's number is `sheetId`; the `id` in a namespace of its own is the relation.
                let id = attribute(&tag, "id")?;
                let relation = relations.iter().find(|relation| relation.id == id);
                workbook.sheets.push(SheetPart {
                    name: attribute(&tag, "name")?,
                    hidden: matches!(tag.attribute("state"), Some(b"hidden" | b"veryHidden")),
                    is_table: relation.is_none_or(|relation| relation.kind == "worksheet"),
                    part: relation.map(|relation| relation.part.clone()),
                });
            }
            _ => {}
        }
    }
    Ok(workbook)
}

/// Returns the folder of a part with its trailing slash, or an empty string.
pub(super) fn folder(part: &str) -> &str {
    part.rfind('/').and_then(|slash| part.get(..=slash)).unwrap_or_default()
}

/// Resolves `target` relative to `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let whole = if target.starts_with('/') { target } else { format!("{folder}{target}") };
    let mut path: Vec<&str> = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            _ => path.push(step),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (folder, target, part) in [
            ("xl/", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/", "../data/./s.xml", "data/s.xml"),
            ("", "xl\\workbook.xml", "xl/workbook.xml"),
            ("", "../../x", "x"),
        ] {
            assert_eq!(resolve(folder, target), part);
        }
        assert_eq!((super::folder("xl/workbook.xml"), super::folder("workbook.xml")), ("xl/", ""));
    }

    #[test]
    fn sheets_in_order() {
        let relations = br#"<Relationships><Relationship Target="worksheets/Sheet1.xml" Id="rId3"
            Type="http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet"/><p:Relationship Id="rId4"
            Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/chartsheet" Target="/c.xml"></p:Relationship>
            </Relationships>"#;
        let relations = super::relations(relations, "xl/").unwrap();
        assert_eq!((relations[0].kind.as_str(), relations[1].kind.as_str()), ("worksheet", "chartsheet"));
        let book = "<x:workbook><x:workbookPr date1904='1'/><x:sheets><x:sheet name=\"甲&amp;乙\" sheetId=\"rId4\" r:id=\"rId3\"/>\
            <x:sheet name=\"图\" state=\"veryHidden\" r:id=\"rId4\"/><x:sheet name=\"?\" r:id=\"rId9\"/></x:sheets></x:workbook>";
        let book = workbook(book.as_bytes(), &relations).unwrap();
        assert!(book.is_1904);
        let part = |part: &str| Some(part.to_owned());
        let expected = [
            ("甲&乙", false, true, part("xl/worksheets/Sheet1.xml")),
            ("图", true, false, part("c.xml")),
            ("?", false, true, None),
        ];
        let sheets = book.sheets.iter().map(|s| (s.name.as_str(), s.hidden, s.is_table, s.part.clone()));
        assert_eq!(sheets.collect::<Vec<_>>(), expected);
    }
}
