//! Checks that `docs/columns.md` agrees with the schema; `make docs` regenerates the page.

#![allow(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and not their helpers")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use dangjian::schema::{COLUMNS, SchemaColumn, Type, words};

const HEAD: &str = "\
# The columns of a ledger

Written by `make docs` from `src/schema/columns.rs`; do not edit. A ledger's header is matched after white space, width
and brackets are made equal; a column that a file does not have is null in its years. A column of your own keeps its
header as its name and can be counted by and asked about like these.

| column | 名称 | type | unit | what it means | headers it is also found under |
|---|---|---|---|---|---|
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for c in COLUMNS {
        let aliases = if c.aliases.is_empty() { "–".to_owned() } else { c.aliases.join(", ") };
        let (unit, ty) = (c.unit.unwrap_or("–"), c.ty.name());
        writeln!(page, "| `{}` | {} | {ty} | {unit} | {} | {aliases} |", c.name, c.zh, c.doc).unwrap();
    }
    page.push_str("\n## Words\n\nThe values of the columns of type word, in the order in which tables show them.\n");
    for c in COLUMNS.iter().filter(|c| c.ty == Type::Word) {
        page.push_str(&words_of(c));
    }
    page
}

fn words_of(column: &SchemaColumn) -> String {
    let words = words::of(column.name).unwrap();
    let mut text = format!("\n### `{}` {}\n\n| value | 中文 | English |\n|---|---|---|\n", column.name, column.zh);
    for (id, label) in words.labelled() {
        writeln!(text, "| `{id}` | {} | {} |", label.zh, label.en).unwrap();
    }
    text
}

#[test]
fn the_page_of_columns_is_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/columns.md");
    let page = page();
    assert!(page.lines().count() > COLUMNS.len() + 40, "the page holds every column and its words");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/columns.md does not say what the schema says; run `make docs`");
}
