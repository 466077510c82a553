//! Parses the rows in a piece of a sheet's XML into cells.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memmem;

use super::markup::{Markup, Tag, Token};
use super::strings::Strings;
use super::styles::day;
use super::text::{broken, content, rich, unescape, utf8};
use super::{Damage, Fault, Parsed};
use crate::ingest::format::workbook::grid::{Grid, Stored, error_text};
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
pub(super) struct Book {
    pub strings: Arc<Strings>,
    /// For each cell style, true if it is that of a date.
    pub dates: Vec<bool>,
    pub is_1904: bool,
}

/// State shared by all pieces of a sheet.
#[derive(Debug)]
pub(super) struct Shared {
    pub book: Arc<Book>,
    /// Number of cells so far.
    cells: AtomicU64,
}

impl Shared {
    pub(super) fn new(book: Arc<Book>) -> Self {
        Self { book, cells: AtomicU64::new(0) }
    }
}

/// Rows of a piece that are not parsed yet.
#[derive(Debug)]
pub(in crate::ingest::format::workbook) struct Rows {
    shared: Arc<Shared>,
    xml: Vec<u8>,
    at: usize,
    place: Place,
}

/// Position of the next row or cell, used if the element does not state its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    row: u32,
    column: u32,
}

impl Place {
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

impl Rows {
    /// Creates the rows in `xml`, of which the first is at `place`.
    pub(super) fn new(shared: Arc<Shared>, xml: Vec<u8>, place: Place) -> Self {
        Self { shared, xml, at: 0, place }
    }

    /// Returns the next rows that have cells.
    pub(in crate::ingest::format::workbook) fn next(&mut self) -> Parsed<Option<Grid>> {
        let mut markup = Markup::new(&self.xml, self.at);
        let mut grid = Grid::new(Arc::clone(&self.shared.book.strings));
        let mut place = self.place;
        let outcome = loop {
            let at = markup.at();
            let Some(token) = markup.next() else {
                self.at = self.xml.len();
                break if markup.is_done() { Ok(()) } else { Err(broken()) };
            };
            let step = match token {
                Token::Open(tag) if tag.name == b"c" => {
                    let before = place;
                    match cell(&self.shared.book, &mut markup, &tag, &mut place, &mut grid) {
                        Ok(Step::Full) => {
                            (self.at, place) = (at, before);
                            break Ok(());
                        }
                        Ok(Step::On) => Ok(()),
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
            return Err(Fault::TooLarge);
        }
        Ok((cells > 0).then_some(grid))
    }
}

/// Effect of a cell on a grid.
enum Step {
    On,
    /// Not added: the cell begins a row, and the grid is full.
    Full,
}

/// Declared type of a cell's value.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Shared,
    Flag,
    Error,
    Text,
    Inline,
}

/// Attributes of a cell that describe its value.
#[derive(Clone, Copy)]
struct Says<'a> {
    kind: Kind,
    /// True if the type is stated; the default is a number.
    is_typed: bool,
    /// Number of the cell style.
    look: Option<&'a [u8]>,
}

impl Kind {
    fn of(written: &[u8]) -> Option<Self> {
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
fn cell(book: &Book, markup: &mut Markup<'_>, tag: &Tag<'_>, place: &mut Place, grid: &mut Grid) -> Parsed<Step> {
    let mut row = place.row;
    let mut says = Says { kind: Kind::Number, is_typed: false, look: None };
    for (key, value) in tag.attributes() {
        match key {
            b"r" => (row, place.column) = reference(value)?,
            b"s" => says.look = Some(value),
            b"t" => {
                says.kind = Kind::of(value).ok_or_else(|| wrong("类型", "cell type", value))?;
                says.is_typed = true;
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
            return Ok(Step::Full);
        }
        let stored = stored(book, markup, says, grid)?;
        grid.put(row, column, stored);
    }
    place.column = column.saturating_add(1);
    Ok(Step::On)
}

/// Parses the content of a cell up to its end. A formula yields its value.
fn stored(book: &Book, markup: &mut Markup<'_>, says: Says<'_>, grid: &mut Grid) -> Parsed<Stored> {
    let mut stored = Stored::Empty;
    loop {
        match markup.next() {
            Some(Token::Open(tag)) if tag.name == b"v" => {
                let written = if tag.empty { Cow::default() } else { content(markup, b"v")? };
                if !matches!(says.kind, Kind::Inline) {
                    stored = value(book, &written, says, grid)?;
                }
            }
            Some(Token::Open(tag)) if tag.name == b"is" => {
                stored = grid.text_by(|out| if tag.empty { Ok(()) } else { rich(markup, b"is", out) })?;
            }
            Some(Token::Close(b"c")) => return Ok(stored),
            Some(_) => {}
            None => return Err(broken()),
        }
    }
}

fn value(book: &Book, written: &[u8], says: Says<'_>, grid: &mut Grid) -> Parsed<Stored> {
    let bare = written.trim_ascii();
    Ok(match says.kind {
        Kind::Text => grid.text(&unescape(utf8(written)?)),
        Kind::Inline => Stored::Empty,
        _ if bare.is_empty() => Stored::Empty,
        Kind::Number => match number(bare) {
            Some(number) => dated(book, number, says.look),
            // A value without a stated type may be text.
            None if !says.is_typed => grid.text(utf8(written)?),
            None => return Err(wrong("数字", "number", written)),
        },
        Kind::Shared => match integer(bare) {
            Some(at) if (at as usize) < book.strings.len() => Stored::Shared(at),
            _ => return Err(wrong("共享字符串序号", "shared string index", written)),
        },
        Kind::Flag if bare == b"1" || bare.eq_ignore_ascii_case(b"true") => Stored::Flag(true),
        Kind::Flag if bare == b"0" || bare.eq_ignore_ascii_case(b"false") => Stored::Flag(false),
        Kind::Flag => return Err(wrong("逻辑值", "truth value", written)),
        Kind::Error => Stored::Error(error_text(utf8(bare)?)),
    })
}

/// Applies the cell style: a date becomes a day.
fn dated(book: &Book, number: f64, look: Option<&[u8]>) -> Stored {
    let look = look.and_then(integer).unwrap_or(0) as usize;
    let is_date = book.dates.get(look).copied().unwrap_or(false);
    let day = if is_date { day(number, book.is_1904) } else { None };
    day.map_or(Stored::Number(number), Stored::Day)
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

fn no_place(name: &[u8]) -> Fault {
    let name = shown(name);
    let zh = format!("没有“{name}”这个位置（最远为 XFD1048576）");
    Text::new(zh, format!("there is no cell '{name}' (the last one is XFD1048576)")).into()
}

fn wrong(zh: &str, en: &str, value: &[u8]) -> Fault {
    let value = shown(value);
    let text = Text::new(format!("“{value}”不是单元格的{zh}"), format!("'{value}' is not a valid {en}"));
    Fault::Damaged(Box::new(Damage { text, row: None, value: Some(value), cause: None }))
}
