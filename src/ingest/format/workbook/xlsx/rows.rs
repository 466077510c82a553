//! Parses the rows in a piece of a sheet's XML into cells.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memmem;

use super::markup::{Markup, Tag, Token};
use super::strings::Strings;
use super::styles::{DateLook, day};
use super::text::{broken, content, rich, unescape, utf8};
use super::{Damage, Parsed, XlsxFault};
use crate::ingest::cell::content::{NO_RESULT, day_shown};
use crate::ingest::format::workbook::grid::{SheetGrid, StoredCell, error_text};
use crate::lang::Text;

/// Number of rows and columns of a sheet.
pub(super) const ROWS: u32 = 1_048_576;
pub(super) const COLUMNS: u32 = 16_384;
/// Number of cells after which a grid is full; its last row may exceed it.
const CELLS: usize = 1 << 19;
/// Maximum number of cells in a sheet, counting the empty ones before others in their row: a million rows of four
/// thousand columns. Otherwise one cell at the far right of each row would exhaust the memory, or take hours.
const MOST: u64 = 1 << 32;

/// Workbook data that cells refer to.
#[derive(Debug, Default)]
pub(super) struct BookData {
    pub strings: Arc<Strings>,
    /// For each cell style, what it shows of a date.
    pub dates: Vec<DateLook>,
    pub is_1904: bool,
}

/// State shared by all pieces of a sheet.
#[derive(Debug)]
pub(super) struct SheetState {
    pub book: Arc<BookData>,
    /// Number of cells so far.
    cells: AtomicU64,
}

impl SheetState {
    pub(super) fn new(book: Arc<BookData>) -> Self {
        Self { book, cells: AtomicU64::new(0) }
    }
}

/// Rows of a piece that are not parsed yet.
#[derive(Debug)]
pub(in crate::ingest::format::workbook) struct XmlRows {
    shared: Arc<SheetState>,
    xml: Vec<u8>,
    position: usize,
    place: CellPlace,
}

/// Position of the next row or cell, used if the element does not state its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CellPlace {
    row: u32,
    column: u32,
}

impl CellPlace {
    /// Returns the row, from 0.
    pub(super) fn row(self) -> u32 {
        self.row
    }

    fn begin(&mut self, tag: &Tag<'_>) -> Parsed<()> {
        if let Some(number) = tag.attribute("r") {
            self.row = row_number(number)?;
        }
        if tag.empty {
            self.end();
        }
        Ok(())
    }

    fn end(&mut self) {
        *self = Self { row: self.row.saturating_add(1), column: 0 };
    }

    /// Returns the position after the rows of `xml`, which start at this position.
    pub(super) fn behind(mut self, xml: &[u8]) -> Parsed<Self> {
        // Usually the last row states its number. A comment may contain a row, so such a piece is scanned in full.
        let last = memmem::rfind(xml, b"<row ").filter(|_| memmem::find(xml, b"<!").is_none());
        let mut markup = Markup::new(xml, 0);
        if let Some(at) = last
            && let Some(Token::Open(tag)) = Markup::new(xml, at).next()
            && tag.attribute("r").is_some()
        {
            markup = Markup::new(xml, at);
        }
        while let Some(token) = markup.next() {
            match token {
                Token::Open(tag) if tag.name == b"row" => self.begin(&tag)?,
                Token::Close(b"row") => self.end(),
                _ => {}
            }
            if self.row > ROWS {
                return Err(no_place(ROWS.to_string().as_bytes()));
            }
        }
        Ok(self)
    }
}

impl XmlRows {
    /// Creates the rows in `xml`, of which the first is at `place`.
    pub(super) fn new(shared: Arc<SheetState>, xml: Vec<u8>, place: CellPlace) -> Self {
        Self { shared, xml, position: 0, place }
    }

    /// Returns the next rows that have cells.
    pub(in crate::ingest::format::workbook) fn next(&mut self) -> Parsed<Option<SheetGrid>> {
        let mut markup = Markup::new(&self.xml, self.position);
        let mut grid = SheetGrid::new(Arc::clone(&self.shared.book.strings));
        let mut place = self.place;
        let outcome = loop {
            let at = markup.position();
            let Some(token) = markup.next() else {
                self.position = self.xml.len();
                break if markup.is_done() { Ok(()) } else { Err(broken()) };
            };
            let step = match token {
                Token::Open(tag) if tag.name == b"c" => {
                    let before = place;
                    match cell(&self.shared.book, &mut markup, &tag, &mut place, &mut grid) {
                        Ok(CellStep::Full) => {
                            (self.position, place) = (at, before);
                            break Ok(());
                        }
                        Ok(CellStep::On) => Ok(()),
                        Err(fault) => Err(fault),
                    }
                }
                Token::Open(tag) if tag.name == b"row" => place.begin(&tag),
                Token::Close(b"row") => {
                    place.end();
                    Ok(())
                }
                _ => Ok(()),
            };
            if step.is_err() {
                break step;
            }
        };
        self.place = place;
        outcome.map_err(|fault| fault.in_row(place.row))?;
        let cells = grid.cells() as u64;
        if self.shared.cells.fetch_add(cells, Ordering::Relaxed) + cells > MOST {
            return Err(XlsxFault::TooLarge);
        }
        Ok((cells > 0).then_some(grid))
    }
}

/// Effect of a cell on a grid.
enum CellStep {
    On,
    /// Not added: the cell begins a row, and the grid is full.
    Full,
}

/// Declared type of a cell's value.
#[derive(Clone, Copy)]
enum ValueKind {
    Number,
    Shared,
    Flag,
    Error,
    Text,
    Inline,
}

/// Attributes of a cell that describe its value.
#[derive(Clone, Copy)]
struct CellAttributes<'a> {
    kind: ValueKind,
    /// True if the type is stated; the default is a number.
    is_typed: bool,
    /// Number of the cell style.
    look: Option<&'a [u8]>,
}

impl ValueKind {
    fn parse(written: &[u8]) -> Option<Self> {
        Some(match written {
            b"n" => Self::Number,
            b"s" => Self::Shared,
            b"b" => Self::Flag,
            b"e" => Self::Error,
            b"str" | b"d" => Self::Text,
            b"inlineStr" | b"is" => Self::Inline,
            _ => return None,
        })
    }
}

/// Parses a cell after the start of its element.
fn cell(
    book: &BookData,
    markup: &mut Markup<'_>,
    tag: &Tag<'_>,
    place: &mut CellPlace,
    grid: &mut SheetGrid,
) -> Parsed<CellStep> {
    let mut row = place.row;
    let mut attributes = CellAttributes { kind: ValueKind::Number, is_typed: false, look: None };
    for (key, value) in tag.attributes() {
        match key {
            b"r" => (row, place.column) = reference(value)?,
            b"s" => attributes.look = Some(value),
            b"t" => {
                attributes.kind = ValueKind::parse(value).ok_or_else(|| wrong("类型", "cell type", value))?;
                attributes.is_typed = true;
            }
            _ => {}
        }
    }
    let column = place.column;
    if !tag.empty {
        if row >= ROWS || column >= COLUMNS {
            return Err(no_place(format!("{}, {}", row.saturating_add(1), column.saturating_add(1)).as_bytes()));
        }
        if grid.cells() >= CELLS && grid.last() != Some(row) {
            return Ok(CellStep::Full);
        }
        let stored = stored(book, markup, attributes, grid)?;
        grid.push(row, column, stored);
    }
    place.column = column.saturating_add(1);
    Ok(CellStep::On)
}

/// Parses the content of a cell up to its end. A formula yields its value.
fn stored(
    book: &BookData,
    markup: &mut Markup<'_>,
    attributes: CellAttributes<'_>,
    grid: &mut SheetGrid,
) -> Parsed<StoredCell> {
    let mut stored = StoredCell::Empty;
    let (mut is_formula, mut has_result) = (false, matches!(attributes.kind, ValueKind::Inline));
    loop {
        match markup.next() {
            Some(Token::Open(tag)) if tag.name == b"v" => {
                let written = if tag.empty { Cow::default() } else { content(markup, b"v")? };
                has_result |= matches!(attributes.kind, ValueKind::Text) || !written.trim_ascii().is_empty();
                if !matches!(attributes.kind, ValueKind::Inline) {
                    stored = value(book, &written, attributes, grid)?;
                }
            }
            Some(Token::Open(tag)) if tag.name == b"is" => {
                stored = grid.text_by(|out| if tag.empty { Ok(()) } else { rich(markup, b"is", out) })?;
            }
            Some(Token::Open(tag)) if tag.name == b"f" => is_formula = true,
            // An empty text is a result, and has its type.
            Some(Token::Close(b"c")) if is_formula && !has_result => return Ok(StoredCell::Error(NO_RESULT)),
            Some(Token::Close(b"c")) => return Ok(stored),
            Some(_) => {}
            None => return Err(broken()),
        }
    }
}

fn value(book: &BookData, written: &[u8], attributes: CellAttributes<'_>, grid: &mut SheetGrid) -> Parsed<StoredCell> {
    let bare = written.trim_ascii();
    Ok(match attributes.kind {
        ValueKind::Text => grid.text(&unescape(utf8(written)?)),
        ValueKind::Inline => StoredCell::Empty,
        _ if bare.is_empty() => StoredCell::Empty,
        ValueKind::Number => match number(bare) {
            Some(number) => dated(book, number, attributes.look, grid),
            // A value without a stated type may be text.
            None if !attributes.is_typed => grid.text(utf8(written)?),
            None => return Err(wrong("数字", "number", written)),
        },
        ValueKind::Shared => match integer(bare) {
            Some(at) if (at as usize) < book.strings.len() => StoredCell::Shared(at),
            _ => return Err(wrong("共享字符串序号", "shared string index", written)),
        },
        ValueKind::Flag if bare == b"1" || bare.eq_ignore_ascii_case(b"true") => StoredCell::Flag(true),
        ValueKind::Flag if bare == b"0" || bare.eq_ignore_ascii_case(b"false") => StoredCell::Flag(false),
        ValueKind::Flag => return Err(wrong("逻辑值", "truth value", written)),
        ValueKind::Error => StoredCell::Error(error_text(utf8(bare)?)),
    })
}

/// Applies the cell style: a date becomes a day, or a year where the style shows nothing else.
fn dated(book: &BookData, number: f64, look: Option<&[u8]>, grid: &mut SheetGrid) -> StoredCell {
    let look = look.and_then(integer).unwrap_or(0) as usize;
    let shown = book.dates.get(look).copied().unwrap_or(DateLook::None);
    let day = if shown == DateLook::None { None } else { day(number, book.is_1904) };
    match day {
        None => StoredCell::Number(number),
        Some(day) if shown == DateLook::Year => grid.text(day_shown(day).get(..4).unwrap_or_default()),
        Some(day) => StoredCell::Day(day),
    }
}

/// Parses a number of up to nine digits.
fn integer(digits: &[u8]) -> Option<u32> {
    if !(1..=9).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, b| b.is_ascii_digit().then(|| number * 10 + u32::from(b - b'0')))
}

/// Parses a number. Up to 15 digits are exact as an integer, and a fraction takes a single division.
fn number(text: &[u8]) -> Option<f64> {
    const TENS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits));
    let (mut whole, mut fraction) = (0_u64, None);
    let plain = (1..=15).contains(&digits.len())
        && digits.first() != Some(&b'.')
        && digits.iter().all(|b| match b {
            b'0'..=b'9' => {
                whole = whole * 10 + u64::from(b - b'0');
                fraction = fraction.map(|places| places + 1);
                true
            }
            b'.' if fraction.is_none() => {
                fraction = Some(0_usize);
                true
            }
            _ => false,
        });
    if !plain {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let number = whole as f64 / TENS.get(fraction.unwrap_or(0)).copied()?;
    Some(if negative { -number } else { number })
}

/// Parses a reference such as `B12` into row and column, from 0.
fn reference(name: &[u8]) -> Parsed<(u32, u32)> {
    let mut column = 0_u32;
    for (at, b) in name.iter().enumerate() {
        match b {
            b'A'..=b'Z' => column = column * 26 + u32::from(b - b'A') + 1,
            b'a'..=b'z' => column = column * 26 + u32::from(b - b'a') + 1,
            _ if column == 0 => break,
            _ => return Ok((row_number(name.get(at..).unwrap_or_default()).map_err(|_| no_place(name))?, column - 1)),
        }
        if column > COLUMNS {
            break;
        }
    }
    Err(no_place(name))
}

/// Returns the position, from 0, of the row with this number.
fn row_number(digits: &[u8]) -> Parsed<u32> {
    integer(digits).filter(|row| (1..=ROWS).contains(row)).map(|row| row - 1).ok_or_else(|| no_place(digits))
}

/// Shortens a value for a message.
fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(value.get(..value.len().min(40)).unwrap_or_default()).into_owned()
}

fn no_place(name: &[u8]) -> XlsxFault {
    let name = shown(name);
    let zh = format!("没有“{name}”这个位置（最远为 XFD1048576）");
    Text::new(zh, format!("there is no cell '{name}' (the last one is XFD1048576)")).into()
}

fn wrong(zh: &str, en: &str, value: &[u8]) -> XlsxFault {
    let value = shown(value);
    let text = Text::new(format!("“{value}”不是单元格的{zh}"), format!("'{value}' is not a valid {en}"));
    XlsxFault::Damaged(Box::new(Damage { text, row: None, value: Some(value), cause: None }))
}
