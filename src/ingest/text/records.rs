//! Records and fields of delimited text: a quotation mark counts where a field begins, and doubled inside one; a record
//! ends with its line, a carriage return before the end is not part of it.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2_iter, memchr3_iter, memrchr};

use super::super::block::{At, Block};
use super::super::cells::Cell;

const QUOTE: u8 = b'"';

/// How the text is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    /// What ends a line.
    pub end: u8,
}

/// The complete records at the start of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// Whether there are quotation marks in the text.
    pub quoted: bool,
    /// Where the last of them ends.
    pub bytes: usize,
    pub records: u32,
    pub lines: u32,
    /// How many lines the record has that is not complete.
    pub open_lines: u32,
}

impl Dialect {
    /// The complete records at the start of `text`, which begins with a record.
    pub(super) fn cut(self, text: &[u8]) -> Cut {
        let lines = |text: &[u8]| memchr_iter(self.end, text).count() as u32;
        if memchr(QUOTE, text).is_none() {
            let bytes = memrchr(self.end, text).map_or(0, |at| at + 1);
            let records = lines(text.get(..bytes).unwrap_or_default());
            return Cut { quoted: false, bytes, records, lines: records, open_lines: 0 };
        }
        let mut cut = Cut { quoted: true, ..Cut::default() };
        let mut seen = 0;
        let mut quoted = false;
        let mut skip = 0;
        for at in memchr2_iter(QUOTE, self.end, text) {
            if at < skip {
                continue;
            }
            let is_end = text.get(at) == Some(&self.end);
            seen += u32::from(is_end);
            if quoted {
                if is_end {
                    continue;
                }
                if text.get(at + 1) == Some(&QUOTE) {
                    skip = at + 2;
                } else {
                    quoted = false;
                }
            } else if is_end {
                cut = Cut { bytes: at + 1, records: cut.records + 1, lines: seen, ..cut };
            } else {
                quoted = self.begins_field(text, at, cut.bytes);
            }
        }
        Cut { open_lines: seen - cut.lines, ..cut }
    }

    /// Whether a field begins at `at` in the record that begins at `record`.
    fn begins_field(self, text: &[u8], at: usize, record: usize) -> bool {
        at == record || at.checked_sub(1).and_then(|before| text.get(before)) == Some(&self.delimiter)
    }
}

/// A byte that is looked for in many at once.
#[derive(Clone, Copy)]
struct Sought(u64);

impl Sought {
    fn new(byte: u8) -> Self {
        Self(u64::from_le_bytes([byte; 8]))
    }

    /// A bit for each byte of `text`, set where it is this one.
    fn places(self, text: &[[u8; 8]; 8]) -> u64 {
        const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
        /// Brings the lowest bits of eight bytes together in the highest byte.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        text.iter().rev().fold(0, |places, eight| {
            let different = u64::from_le_bytes(*eight) ^ self.0;
            let same = !(((different & LOW) + LOW) | different | LOW);
            places << 8 | ((same >> 7).wrapping_mul(GATHER) >> 56)
        })
    }
}

/// Where a field stands in the text.
#[derive(Clone, Copy, Debug)]
struct Field {
    start: u32,
    end: u32,
}

/// The fields of a text.
enum Fields {
    /// Where each ends, which is one byte before the next begins: text without quotation marks. In front stands the
    /// place before the first.
    Plain(Vec<u32>),
    Quoted(Vec<Field>),
}

/// Which fields are whose.
enum Shape {
    /// Each record has as many; so many records at the start are left out.
    Regular { width: usize, rows: usize, out: usize },
    /// For each record where its fields begin, and where the last one's end.
    Ragged(Vec<u32>),
}

impl Shape {
    fn of(starts: Vec<u32>) -> Self {
        let (rows, width) = (starts.len() - 1, starts.get(1).copied().unwrap_or_default());
        let is_regular = (0..).zip(&starts).all(|(row, start)| *start == row * width);
        if is_regular { Self::Regular { width: width as usize, rows, out: 0 } } else { Self::Ragged(starts) }
    }
}

/// The records of a text, as a block.
pub(super) struct Records {
    /// The text, and behind it the fields in which quotation marks were doubled, without the doubling.
    text: String,
    fields: Fields,
    shape: Shape,
    /// For each record its line within the text, from 0; none where each record is a line.
    lines: Option<Vec<u32>>,
    first: At,
}

impl Records {
    /// Divides `text`, whose first record stands at `first`; its last one may lack the end. It has no quotation marks
    /// unless it is `quoted`.
    pub(super) fn new(mut text: String, quoted: bool, dialect: Dialect, first: At) -> Self {
        let bytes = text.as_bytes();
        if !quoted {
            let (ends, starts) = divide_plain(bytes, dialect);
            Self { text, fields: Fields::Plain(ends), shape: Shape::of(starts), lines: None, first }
        } else {
            let mut quoted = Quoted { starts: vec![0], ..Quoted::default() };
            quoted.divide(bytes, dialect);
            let Quoted { fields, starts, lines, unquoted } = quoted;
            text.push_str(&unquoted);
            Self { text, fields: Fields::Quoted(fields), shape: Shape::of(starts), lines: Some(lines), first }
        }
    }

    /// Leaves out the first `records`.
    pub(super) fn skip(&mut self, records: usize) {
        let lines = self.lines.as_ref().map_or(records as u32, |lines| lines.get(records).copied().unwrap_or_default());
        self.first.row += records as u32;
        self.first.line = self.first.line.map(|line| line + lines);
        match &mut self.shape {
            Shape::Regular { rows, out, .. } => {
                *out += records.min(*rows);
                *rows -= records.min(*rows);
            }
            Shape::Ragged(starts) => drop(starts.drain(..records.min(starts.len() - 1))),
        }
        if let Some(own) = &mut self.lines {
            own.drain(..records.min(own.len()));
            for line in own {
                *line -= lines;
            }
        }
    }

    /// The line of a record that spans more than `lines` lines, if there is one.
    pub(super) fn longer_than(&self, lines: u32) -> Option<u32> {
        let own = self.lines.as_ref()?;
        let at = own.windows(2).position(|pair| matches!(pair, [this, next] if next - this > lines))?;
        self.at(at).line
    }

    /// The texts of the fields of `row`.
    pub(super) fn texts(&self, row: usize) -> Vec<String> {
        (0..self.width(row)).map(|column| self.text(row, column).to_owned()).collect()
    }

    /// The positions of the fields of `row`.
    #[inline]
    fn fields_of(&self, row: usize) -> Range<usize> {
        match &self.shape {
            Shape::Regular { width, rows, out } => {
                let start = (row + out) * width;
                if row < *rows { start..start + width } else { 0..0 }
            }
            Shape::Ragged(starts) => match (starts.get(row), starts.get(row + 1)) {
                (Some(start), Some(end)) => *start as usize..*end as usize,
                _ => 0..0,
            },
        }
    }

    fn text(&self, row: usize, column: usize) -> &str {
        let fields = self.fields_of(row);
        let at = fields.start + column;
        if at >= fields.end {
            return "";
        }
        match &self.fields {
            Fields::Plain(ends) => plain(&self.text, ends, at, at + 1 == fields.end),
            Fields::Quoted(fields) => {
                let text = fields.get(at).and_then(|field| self.text.get(field.start as usize..field.end as usize));
                text.unwrap_or_default()
            }
        }
    }
}

/// The field at `at` of a text without quotation marks; the carriage return before the end of a line is no part of it.
#[inline]
fn plain<'a>(text: &'a str, ends: &[u32], at: usize, last: bool) -> &'a str {
    let Some([before, end]) = ends.get(at..at + 2) else { return "" };
    let field = text.get(before.wrapping_add(1) as usize..*end as usize).unwrap_or_default();
    if last { field.strip_suffix('\r').unwrap_or(field) } else { field }
}

/// Where the fields of a text without quotation marks end, behind the place before the first; and for each record how many
/// fields are before it, and of all. In stretches of 64 bytes.
fn divide_plain(text: &[u8], dialect: Dialect) -> (Vec<u32>, Vec<u32>) {
    let (mut ends, mut starts) = (Vec::with_capacity(text.len() / 4), vec![0]);
    ends.push(u32::MAX);
    let (delimiter, end) = (Sought::new(dialect.delimiter), Sought::new(dialect.end));
    let mut divide = |base: usize, stretch: &[[u8; 8]; 8]| {
        let record_ends = end.places(stretch);
        let mut places = record_ends | delimiter.places(stretch);
        while places > 0 {
            let bit = places.trailing_zeros();
            ends.push(base as u32 + bit);
            if record_ends >> bit & 1 > 0 {
                starts.push(ends.len() as u32 - 1);
            }
            places &= places - 1;
        }
    };
    let (eights, rest) = text.as_chunks();
    let (stretches, eights) = eights.as_chunks();
    for (at, stretch) in stretches.iter().enumerate() {
        divide(at * 64, stretch);
    }
    // Behind the text stands a byte that is neither.
    let mut last = [[dialect.end ^ dialect.delimiter ^ 0x80; 8]; 8];
    for (to, byte) in last.as_flattened_mut().iter_mut().zip(eights.as_flattened().iter().chain(rest)) {
        *to = *byte;
    }
    divide(stretches.len() * 64, &last);
    if text.last().is_some_and(|last| *last != dialect.end) {
        ends.push(text.len() as u32);
        starts.push(ends.len() as u32 - 1);
    }
    (ends, starts)
}

/// The fields of a text with quotation marks, as they are found.
#[derive(Default)]
struct Quoted {
    fields: Vec<Field>,
    starts: Vec<u32>,
    lines: Vec<u32>,
    /// The fields that had doubled marks, one behind the other.
    unquoted: String,
}

impl Quoted {
    fn divide(&mut self, text: &[u8], dialect: Dialect) {
        self.lines.push(0);
        let (mut start, mut record, mut line) = (0, 0, 0_u32);
        // Where a quoted field ended, and whether a mark in it was doubled.
        let mut closed: Option<(usize, bool)> = None;
        let mut quoted: Option<bool> = None;
        let mut skip = 0;
        for at in memchr3_iter(dialect.delimiter, dialect.end, QUOTE, text) {
            if at < skip {
                continue;
            }
            let byte = text.get(at).copied().unwrap_or_default();
            line += u32::from(byte == dialect.end);
            if let Some(doubled) = &mut quoted {
                if byte == QUOTE {
                    if text.get(at + 1) == Some(&QUOTE) {
                        *doubled = true;
                        skip = at + 2;
                    } else {
                        closed = Some((at, *doubled));
                        quoted = None;
                    }
                }
                continue;
            }
            if byte == QUOTE {
                if closed.is_none() && dialect.begins_field(text, at, record) {
                    quoted = Some(false);
                }
                continue;
            }
            self.any_field(text, (start, at), closed.take(), byte == dialect.end);
            start = at + 1;
            if byte == dialect.end {
                self.record();
                record = start;
                self.lines.push(line);
            }
        }
        if start < text.len() || self.is_open() {
            // A mark that nothing closes is part of the text.
            self.any_field(text, (start, text.len()), closed.take(), true);
            self.record();
        }
        self.lines.truncate(self.starts.len() - 1);
    }

    /// A field that may be quoted: between `start` and `end`, the closing mark at `closed`.
    fn any_field(&mut self, text: &[u8], (start, end): (usize, usize), closed: Option<(usize, bool)>, last: bool) {
        let Some((closing, doubled)) = closed else {
            return self.field(text, start, end, last);
        };
        let inside = text.get(start + 1..closing).unwrap_or_default();
        let behind = text.get(closing + 1..end).unwrap_or_default();
        let behind = if last { behind.strip_suffix(b"\r").unwrap_or(behind) } else { behind };
        if !doubled && behind.is_empty() {
            self.fields.push(Field { start: start as u32 + 1, end: closing as u32 });
            return;
        }
        // What stands behind the closing mark belongs to the field as it is.
        let from = (text.len() + self.unquoted.len()) as u32;
        self.unquoted.push_str(&String::from_utf8_lossy(inside).replace("\"\"", "\""));
        self.unquoted.push_str(&String::from_utf8_lossy(behind));
        self.fields.push(Field { start: from, end: (text.len() + self.unquoted.len()) as u32 });
    }

    fn field(&mut self, text: &[u8], start: usize, mut end: usize, last: bool) {
        if last && end > start && text.get(end - 1) == Some(&b'\r') {
            end -= 1;
        }
        self.fields.push(Field { start: start as u32, end: end as u32 });
    }

    fn record(&mut self) {
        self.starts.push(self.fields.len() as u32);
    }

    /// Whether the last record has fields and no end.
    fn is_open(&self) -> bool {
        self.starts.last().is_some_and(|start| (*start as usize) < self.fields.len())
    }
}

impl Block for Records {
    fn rows(&self) -> usize {
        match &self.shape {
            Shape::Regular { rows, .. } => *rows,
            Shape::Ragged(starts) => starts.len() - 1,
        }
    }

    #[inline]
    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        cell(self.text(row, column))
    }

    #[inline]
    fn each<'a>(&'a self, rows: &[u32], column: usize, mut visit: impl FnMut(u32, Cell<'a>)) {
        // Most ledgers are so, and most time is spent here.
        if let (Fields::Plain(ends), Shape::Regular { width, out, .. }) = (&self.fields, &self.shape)
            && column < *width
        {
            for &row in rows {
                let at = (row as usize + out) * width + column;
                visit(row, cell(plain(&self.text, ends, at, column + 1 == *width)));
            }
        } else {
            rows.iter().for_each(|row| visit(*row, self.cell(*row as usize, column)));
        }
    }

    #[inline]
    fn width(&self, row: usize) -> usize {
        self.fields_of(row).len()
    }

    fn at(&self, row: usize) -> At {
        let line = self.lines.as_ref().map_or(row as u32, |lines| lines.get(row).copied().unwrap_or_default());
        At { row: self.first.row + row as u32, line: self.first.line.map(|first| first + line) }
    }
}

#[inline]
fn cell(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use csv::ReaderBuilder;
    use proptest::prelude::*;

    const COMMA: Dialect = Dialect { delimiter: b',', end: b'\n' };

    fn fields(text: &str) -> Vec<Vec<String>> {
        let records = Records::new(text.to_owned(), text.contains('"'), COMMA, At { row: 1, line: Some(1) });
        (0..records.rows()).map(|row| records.texts(row)).collect()
    }

    #[test]
    fn quoted_fields_lines_and_numbers() {
        let text = "a,\"b \"\"x\"\"\r\nc\",d\r\n\r\n1,\"2\"3,4\"5\r\n,\"\",\n\"open,\nx";
        let records = Records::new(text.to_owned(), text.contains('"'), COMMA, At { row: 10, line: Some(20) });
        let found: Vec<_> = (0..records.rows()).map(|row| records.texts(row)).collect();
        let expected: [&[&str]; 5] =
            [&["a", "b \"x\"\r\nc", "d"], &[""], &["1", "23", "4\"5"], &["", "", ""], &["\"open,\nx"]];
        assert_eq!(found, expected);
        let at: Vec<_> = (0..records.rows()).map(|row| (records.at(row).row, records.at(row).line)).collect();
        assert_eq!(at, [(10, Some(20)), (11, Some(22)), (12, Some(23)), (13, Some(24)), (14, Some(25))]);
        let cut = COMMA.cut(text.as_bytes());
        assert_eq!((cut.records, cut.lines, cut.open_lines), (4, 5, 1));
        assert_eq!(text.get(cut.bytes..), Some("\"open,\nx"));
        let mut records = records;
        records.skip(2);
        assert_eq!((records.rows(), records.at(0).row, records.at(0).line), (3, 12, Some(23)));
        assert_eq!(records.texts(0), ["1", "23", "4\"5"]);
    }

    proptest! {
        /// The csv crate is the oracle wherever quotation marks are closed; it leaves empty lines out.
        #[test]
        fn fields_are_those_of_the_csv_crate(
            parts in prop::collection::vec(
                prop::sample::select(vec!["a", "党", ",", "\n", "\r\n", "\"", "\"\"", ",\"", "\",", "\"\n"]),
                0..40,
            ),
        ) {
            let bytes = parts.concat() + "\n";
            let cut = COMMA.cut(bytes.as_bytes());
            prop_assume!(cut.bytes == bytes.len());
            let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_bytes());
            let expected: Vec<Vec<String>> =
                reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
            let found = fields(&bytes);
            prop_assert_eq!(found.len(), cut.records as usize);
            // An empty line is a record of one empty field here, and so is a line of two quotation marks.
            let found: Vec<_> = found.into_iter().filter(|f| *f != [""]).collect();
            let expected: Vec<_> = expected.into_iter().filter(|f| *f != [""]).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
