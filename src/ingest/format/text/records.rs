//! Records of delimited text as a block of cells.

use std::ops::Range;

use super::cut::Dialect;
use super::divide::{FieldBounds, QuotedFields, divide_plain};
use crate::ingest::cell::block::{Block, RowPosition, VisitedCell};
use crate::ingest::cell::content::Cell;
use crate::support::interner::PrefixedText;

/// Padding after the text, so that eight bytes can be read from the start of any field.
const BEHIND: &str = "        ";

/// Bounds of the fields of a text.
enum Fields {
    /// Text without quotation marks: the end of each field, one byte before the start of the next, preceded by the
    /// position before the first.
    Plain(Vec<u32>),
    Quoted(Vec<FieldBounds>),
}

/// Assignment of fields to records.
enum RecordShape {
    /// Every record has `width` fields; the first `out` records are left out.
    Regular { width: usize, rows: usize, out: usize },
    /// Start of the fields of each record, followed by the end of the last.
    Ragged(Vec<u32>),
}

impl RecordShape {
    fn from_starts(starts: Vec<u32>) -> Self {
        let (rows, width) = (starts.len() - 1, starts.get(1).copied().unwrap_or_default());
        let is_regular = (0..).zip(&starts).all(|(row, start)| *start == row * width);
        if is_regular { Self::Regular { width: width as usize, rows, out: 0 } } else { Self::Ragged(starts) }
    }
}

/// Records of a text, as a block.
pub(super) struct Records {
    /// The text, followed by the unescaped fields that had doubled quotes, and by [`BEHIND`].
    text: String,
    fields: Fields,
    shape: RecordShape,
    /// Line of each record within the text, from 0; `None` if every record is one line.
    lines: Option<Vec<u32>>,
    first: RowPosition,
}

impl Records {
    /// Divides `text`, whose first record is at `first` and whose last one may be unterminated. Unless `quoted`, the
    /// text has no quotation marks.
    pub(super) fn new(mut text: String, quoted: bool, dialect: Dialect, first: RowPosition) -> Self {
        let bytes = text.as_bytes();
        if quoted {
            let mut quoted = QuotedFields::default();
            quoted.divide(bytes, dialect);
            let QuotedFields { fields, starts, lines, unquoted } = quoted;
            text.push_str(&unquoted);
            text.push_str(BEHIND);
            Self {
                text,
                fields: Fields::Quoted(fields),
                shape: RecordShape::from_starts(starts),
                lines: Some(lines),
                first,
            }
        } else {
            let (ends, starts) = divide_plain(bytes, dialect);
            text.push_str(BEHIND);
            Self { text, fields: Fields::Plain(ends), shape: RecordShape::from_starts(starts), lines: None, first }
        }
    }

    /// Leaves out the first `records` records.
    pub(super) fn skip(&mut self, records: usize) {
        let lines = self.lines.as_ref().map_or(records as u32, |lines| lines.get(records).copied().unwrap_or_default());
        self.first.row += records as u32;
        self.first.line = self.first.line.map(|line| line + lines);
        match &mut self.shape {
            RecordShape::Regular { rows, out, .. } => {
                *out += records.min(*rows);
                *rows -= records.min(*rows);
            }
            RecordShape::Ragged(starts) => drop(starts.drain(..records.min(starts.len() - 1))),
        }
        if let Some(own) = &mut self.lines {
            own.drain(..records.min(own.len()));
            for line in own {
                *line -= lines;
            }
        }
    }

    /// Returns the line of a record that spans more than `lines` lines, if there is one.
    pub(super) fn longer_than(&self, lines: u32) -> Option<u32> {
        let own = self.lines.as_ref()?;
        let at = own.windows(2).position(|pair| matches!(pair, [this, next] if next - this > lines))?;
        self.position(at).line
    }

    /// Returns the texts of the fields of `row`.
    pub(super) fn texts(&self, row: usize) -> Vec<String> {
        (0..self.width(row)).map(|column| self.text(row, column).to_owned()).collect()
    }

    /// Returns the positions of the fields of `row`.
    #[inline]
    fn fields_of(&self, row: usize) -> Range<usize> {
        match &self.shape {
            RecordShape::Regular { width, rows, out } => {
                let start = (row + out) * width;
                if row < *rows { start..start + width } else { 0..0 }
            }
            RecordShape::Ragged(starts) => match (starts.get(row), starts.get(row + 1)) {
                (Some(start), Some(end)) => *start as usize..*end as usize,
                _ => 0..0,
            },
        }
    }

    fn text(&self, row: usize, column: usize) -> &str {
        self.prefixed_text(row, column).text
    }

    fn prefixed_text(&self, row: usize, column: usize) -> PrefixedText<'_> {
        let fields = self.fields_of(row);
        let at = fields.start.saturating_add(column);
        if at >= fields.end {
            return "".into();
        }
        match &self.fields {
            Fields::Plain(ends) => plain_field(&self.text, ends, at, at + 1 == fields.end),
            Fields::Quoted(fields) => {
                let bounds = fields.get(at).map_or(0..0, |field| field.start as usize..field.end as usize);
                with_prefix(&self.text, bounds.start, self.text.get(bounds).unwrap_or_default())
            }
        }
    }
}

/// Returns the field at `index` of a text without quotation marks, without the carriage return of a line end.
#[allow(
    clippy::inline_always,
    reason = "else the answer goes through memory in pieces and is waited for: half of the time"
)]
#[inline(always)]
fn plain_field<'a>(text: &'a str, ends: &[u32], index: usize, last: bool) -> PrefixedText<'a> {
    let Some([before, end]) = ends.get(index..index + 2) else { return "".into() };
    let start = before.wrapping_add(1) as usize;
    let field = text.get(start..*end as usize).unwrap_or_default();
    with_prefix(text, start, if last { field.strip_suffix('\r').unwrap_or(field) } else { field })
}

/// Returns `field`, which begins at `start` of `text`, with its first eight bytes.
#[allow(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn with_prefix<'a>(text: &str, start: usize, field: &'a str) -> PrefixedText<'a> {
    let Some(eight) = text.as_bytes().get(start..).and_then(|rest| rest.first_chunk()) else { return field.into() };
    let inside = if field.len() < 8 { !(u64::MAX << (8 * field.len())) } else { u64::MAX };
    PrefixedText { text: field, prefix: u64::from_le_bytes(*eight) & inside }
}

impl Block for Records {
    fn rows(&self) -> usize {
        match &self.shape {
            RecordShape::Regular { rows, .. } => *rows,
            RecordShape::Ragged(starts) => starts.len() - 1,
        }
    }

    #[inline]
    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.seen(row, column).cell()
    }

    #[inline]
    fn seen(&self, row: usize, column: usize) -> VisitedCell<'_> {
        VisitedCell::Text(self.prefixed_text(row, column))
    }

    fn see<'a>(&'a self, rows: &[u32], column: usize, to: &mut Vec<VisitedCell<'a>>) {
        // Most ledgers have this shape, and most time is spent here.
        if let (Fields::Plain(ends), RecordShape::Regular { width, out, .. }) = (&self.fields, &self.shape)
            && column < *width
        {
            let (text, ends, width, out) = (self.text.as_str(), ends.as_slice(), *width, *out);
            let last = column + 1 == width;
            let at = |row: u32| (row as usize + out) * width + column;
            to.extend(rows.iter().map(move |row| VisitedCell::Text(plain_field(text, ends, at(*row), last))));
        } else {
            to.extend(rows.iter().map(|row| self.seen(*row as usize, column)));
        }
    }

    #[inline]
    fn width(&self, row: usize) -> usize {
        self.fields_of(row).len()
    }

    fn position(&self, row: usize) -> RowPosition {
        let line = self.lines.as_ref().map_or(row as u32, |lines| lines.get(row).copied().unwrap_or_default());
        RowPosition { row: self.first.row + row as u32, line: self.first.line.map(|first| first + line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use csv::ReaderBuilder;
    use proptest::prelude::*;

    const COMMA: Dialect = Dialect { delimiter: b',', end: b'\n' };

    fn fields(text: &str) -> Vec<Vec<String>> {
        let records = Records::new(text.to_owned(), text.contains('"'), COMMA, RowPosition { row: 1, line: Some(1) });
        (0..records.rows()).map(|row| records.texts(row)).collect()
    }

    #[test]
    fn quoted_fields_lines_and_numbers() {
        let text = "a,\"b \"\"x\"\"\r\nc\",d\r\n\r\n1,\"2\"3,4\"5\r\n,\"\",\n\"open,\nx";
        let records = Records::new(text.to_owned(), text.contains('"'), COMMA, RowPosition { row: 10, line: Some(20) });
        let found: Vec<_> = (0..records.rows()).map(|row| records.texts(row)).collect();
        let expected: [&[&str]; 5] =
            [&["a", "b \"x\"\r\nc", "d"], &[""], &["1", "23", "4\"5"], &["", "", ""], &["\"open,\nx"]];
        assert_eq!(found, expected);
        let at: Vec<_> =
            (0..records.rows()).map(|row| (records.position(row).row, records.position(row).line)).collect();
        assert_eq!(at, [(10, Some(20)), (11, Some(22)), (12, Some(23)), (13, Some(24)), (14, Some(25))]);
        let cut = COMMA.cut(text.as_bytes());
        assert_eq!((cut.records, cut.lines, cut.open_lines), (4, 5, 1));
        assert_eq!(text.get(cut.bytes..), Some("\"open,\nx"));
        let mut records = records;
        records.skip(2);
        assert_eq!((records.rows(), records.position(0).row, records.position(0).line), (3, 12, Some(23)));
        assert_eq!(records.texts(0), ["1", "23", "4\"5"]);
    }

    proptest! {
        /// Compares with the csv crate wherever quotation marks are closed; that crate skips empty lines.
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
            // Here an empty line is a record of one empty field, as is a line of two quotation marks.
            let found: Vec<_> = found.into_iter().filter(|f| *f != [""]).collect();
            let expected: Vec<_> = expected.into_iter().filter(|f| *f != [""]).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
