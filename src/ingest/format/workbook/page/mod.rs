//! Web pages with tables, as office systems export them under the name of a workbook.
//!
//! Each table is a sheet. The lines of text before it are its first rows, since a title with the year often stands
//! above the table; a table right after another one of the same width, without a header of its own, continues it.

pub(super) mod charset;
mod entities;
mod open_table;
mod text;
pub(super) mod tokens;

use self::open_table::OpenTable;
use self::text::FlowText;
use self::tokens::{Tag, Token, Tokens};
use super::held::{HeldCells, HeldSheet, TooLarge};
use super::region::MergedRegion;

/// Number of lines of text that are kept for the next table.
const LINES: usize = 5;

/// Maximum number of tables inside each other.
const DEEPEST: usize = 64;

/// A finished table of a page.
#[derive(Debug, Default)]
struct PageTable {
    caption: String,
    hidden: bool,
    /// Lines of text above it.
    lines: Vec<String>,
    /// Texts of the cells that begin in each row, with their columns.
    rows: Vec<Vec<(u32, String)>>,
    merged: Vec<MergedRegion>,
    width: u32,
    /// True if it has cells marked as headings.
    has_headings: bool,
}

impl PageTable {
    /// Checks whether all rows have one cell at most, as titles have and frames that only arrange other tables.
    fn is_text(&self) -> bool {
        self.rows.iter().all(|row| row.iter().filter(|(_, text)| !text.is_empty()).count() < 2)
    }

    /// Checks whether the table continues `before`.
    fn continues(&self, before: &Self) -> bool {
        self.lines.is_empty()
            && !self.has_headings
            && self.caption.is_empty()
            && (self.width, self.hidden) == (before.width, before.hidden)
    }

    /// Appends the rows of `next`.
    fn append(&mut self, next: Self) {
        let first = self.rows.len() as u32;
        self.rows.extend(next.rows);
        let down =
            |region: MergedRegion| MergedRegion { top: region.top + first, bottom: region.bottom + first, ..region };
        self.merged.extend(next.merged.into_iter().map(down));
    }

    /// Returns the table as a sheet, the lines above it in its first rows.
    fn sheet(self, number: usize) -> Result<HeldSheet, TooLarge> {
        let mut cells = HeldCells::default();
        let above = self.lines.len() as u32;
        for (row, line) in self.lines.iter().enumerate() {
            cells.push_text(row as u32, 0, line)?;
        }
        for (row, texts) in self.rows.iter().enumerate() {
            for (column, text) in texts {
                cells.push_text(row as u32 + above, *column, text)?;
            }
        }
        let down = |r: MergedRegion| MergedRegion { top: r.top + above, bottom: r.bottom + above, ..r };
        cells.merged = self.merged.into_iter().map(down).collect();
        let name = if self.caption.is_empty() { format!("表{number}") } else { self.caption };
        Ok(HeldSheet { name, hidden: self.hidden, cells })
    }
}

/// Reasons why a page cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageFault {
    TooLarge,
    /// The page ends within a cell.
    Cut,
}

impl From<TooLarge> for PageFault {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

/// The tables of a page.
pub(super) struct PageTables {
    pub sheets: Vec<HeldSheet>,
    /// True if the last table has no end.
    pub open: bool,
}

/// Reads the tables of a page. `first` is the number of the first of them.
pub(super) fn tables(text: &str, first: usize) -> Result<PageTables, PageFault> {
    let mut page = Page::default();
    let mut tokens = Tokens::of_page(text);
    for token in &mut tokens {
        match token {
            Token::Open(tag) => page.open(&tag)?,
            Token::Close(name) => page.close(name),
            Token::Text(text) => page.text(text, true),
            Token::Verbatim(text) => page.text(text, false),
        }
    }
    let is_open = !page.stack.is_empty();
    if is_open && (tokens.cut || page.stack.iter().any(OpenTable::is_cut)) {
        return Err(PageFault::Cut);
    }
    while !page.stack.is_empty() {
        page.end_table();
    }
    let sheets = page.done.into_iter().enumerate().map(|(at, table)| table.sheet(first + at));
    Ok(PageTables { sheets: sheets.collect::<Result<_, _>>()?, open: is_open })
}

/// A page being read.
#[derive(Default)]
struct Page {
    done: Vec<PageTable>,
    /// The table being read and those around it, the innermost last.
    stack: Vec<OpenTable>,
    /// Lines of text since the last table, and the text of the current one.
    lines: Vec<String>,
    line: FlowText,
    /// True within an option that is not chosen.
    unshown: bool,
}

impl Page {
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), PageFault> {
        let name = tag.name.to_ascii_lowercase();
        match name.as_str() {
            "table" => {
                if self.stack.is_empty() {
                    self.end_line();
                }
                if self.stack.len() == DEEPEST {
                    return Err(PageFault::TooLarge);
                }
                self.stack.push(OpenTable::new(open_table::is_hidden(tag)));
                return Ok(());
            }
            "option" => {
                self.unshown = tag.attribute("selected").is_none();
                return Ok(());
            }
            "input" => {
                let kind = tag.attribute("type").unwrap_or_default().to_ascii_lowercase();
                let shown = match kind.as_str() {
                    "checkbox" | "radio" => tag.attribute("checked").map(|_| "√".to_owned()),
                    "" | "text" | "number" | "date" => tag.attribute("value"),
                    _ => None,
                };
                self.text(&shown.unwrap_or_default(), false);
                return Ok(());
            }
            "img" => self.text(&tag.attribute("alt").unwrap_or_default(), false),
            "br" => self.flow().line_end(),
            name if is_block(name) => self.block(),
            _ => {}
        }
        match self.stack.last_mut() {
            Some(table) => table.open(&name, tag).map_err(PageFault::from),
            None => Ok(()),
        }
    }

    fn close(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "table" => self.end_table(),
            "option" | "select" => self.unshown = false,
            name if is_block(name) => self.block(),
            name => {
                if let Some(table) = self.stack.last_mut() {
                    table.close(name);
                }
            }
        }
    }

    /// Returns the text to which characters are added.
    fn flow(&mut self) -> &mut FlowText {
        let Self { stack, line, .. } = self;
        match stack.last_mut() {
            Some(table) => table.flow(),
            None => line,
        }
    }

    fn text(&mut self, text: &str, has_entities: bool) {
        if !self.unshown {
            self.flow().push(text, has_entities);
        }
    }

    /// Ends a line, as a block element does.
    fn block(&mut self) {
        if self.stack.is_empty() {
            self.end_line();
        } else {
            self.flow().line_end();
        }
    }

    /// Ends a line of text outside tables.
    fn end_line(&mut self) {
        let line = self.line.take();
        self.add_lines(line.lines());
    }

    fn add_lines<'a>(&mut self, lines: impl Iterator<Item = &'a str>) {
        self.lines.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        let before = self.lines.len().saturating_sub(LINES);
        self.lines.drain(..before);
    }

    /// Ends the innermost table: a small one inside a cell is text of the cell.
    fn end_table(&mut self) {
        let Some(mut table) = self.stack.pop() else { return };
        table.end();
        if let Some(outer) = self.stack.last_mut().filter(|_| table.is_small()) {
            let text = table.texts().collect::<Vec<_>>().join(" ");
            outer.flow().push(&text, false);
            return;
        }
        // What an arranging table holds before the inner one stands above it.
        for at in 0..self.stack.len() {
            let lines: Vec<String> = self.stack.get_mut(at).map(OpenTable::take_titles).unwrap_or_default();
            self.add_lines(lines.iter().map(String::as_str));
        }
        self.finish(table.finished());
    }

    /// Adds a finished table, or its lines where it has no more than one cell in a row.
    fn finish(&mut self, mut table: PageTable) {
        if table.is_text() {
            let texts: Vec<String> = table.rows.into_iter().flatten().map(|(_, text)| text).collect();
            self.add_lines(texts.iter().flat_map(|text| text.lines()));
            return;
        }
        table.lines = std::mem::take(&mut self.lines);
        match self.done.last_mut().filter(|before| table.continues(before)) {
            Some(before) => before.append(table),
            None => self.done.push(table),
        }
    }
}

/// Checks whether an element outside tables stands on lines of its own.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "li"
            | "ul"
            | "ol"
            | "hr"
            | "center"
            | "body"
            | "form"
            | "section"
            | "header"
            | "footer"
            | "article"
            | "nav"
            | "pre"
            | "blockquote"
    )
}

#[cfg(test)]
mod tests;
