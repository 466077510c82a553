//! Finds the fields of delimited text. A carriage return before the end of a line is not part of the field.

use memchr::memchr3_iter;
use wide::u8x16;

use super::cut::{Dialect, QUOTE};

/// Number of bytes examined at once.
const STRETCH: usize = 64;

/// A byte searched for in many bytes at once.
#[derive(Clone, Copy)]
struct ByteFinder(u8x16);

impl ByteFinder {
    fn new(byte: u8) -> Self {
        Self(u8x16::splat(byte))
    }

    /// Returns a bit mask of the positions of the byte in `text`.
    #[inline]
    fn matches(self, text: &[u8; STRETCH]) -> u64 {
        let (parts, _) = text.as_chunks();
        parts
            .iter()
            .rev()
            .fold(0, |places, part| places << 16 | u64::from(self.0.simd_eq(u8x16::new(*part)).to_bitmask()))
    }
}

/// Bounds of a field in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldBounds {
    pub start: u32,
    pub end: u32,
}

/// Returns the ends of the fields of a text without quotation marks, preceded by the position before the first; and
/// for each record the number of fields before it, followed by their total. Works in stretches of 64 bytes.
pub(super) fn divide_plain(text: &[u8], dialect: Dialect) -> (Vec<u32>, Vec<u32>) {
    let (mut ends, mut starts) = (Vec::with_capacity(text.len() / 4), vec![0]);
    ends.push(u32::MAX);
    let (delimiter, end) = (ByteFinder::new(dialect.delimiter), ByteFinder::new(dialect.end));
    let mut divide = |base: usize, stretch: &[u8; STRETCH]| {
        /// Positions extracted at once. Their number is unpredictable, and few stretches have more.
        const TOGETHER: usize = 16;
        let mut record_ends = end.matches(stretch);
        let all = record_ends | delimiter.matches(stretch);
        let before = ends.len();
        let mut places = all;
        while places > 0 {
            let next: [u32; TOGETHER] = std::array::from_fn(|_| {
                let bit = places.trailing_zeros();
                places &= places.wrapping_sub(1);
                base as u32 + bit
            });
            ends.extend_from_slice(&next);
        }
        ends.truncate(before + all.count_ones() as usize);
        while record_ends > 0 {
            // Positions up to the end of this record.
            let inside = all & (record_ends ^ (record_ends - 1));
            starts.push((before - 1) as u32 + inside.count_ones());
            record_ends &= record_ends - 1;
        }
    };
    let (stretches, rest) = text.as_chunks();
    for (at, stretch) in stretches.iter().enumerate() {
        divide(at * STRETCH, stretch);
    }
    // Pad the last stretch with a byte that is neither separator.
    let mut last = [dialect.end ^ dialect.delimiter ^ 0x80; STRETCH];
    for (to, byte) in last.iter_mut().zip(rest) {
        *to = *byte;
    }
    divide(stretches.len() * STRETCH, &last);
    if text.last().is_some_and(|last| *last != dialect.end) {
        ends.push(text.len() as u32);
        starts.push(ends.len() as u32 - 1);
    }
    (ends, starts)
}

/// Fields of a text with quotation marks, as they are found.
#[derive(Default)]
pub(super) struct QuotedFields {
    pub fields: Vec<FieldBounds>,
    /// Number of fields before each record, followed by the total.
    pub starts: Vec<u32>,
    /// Line of each record, from 0.
    pub lines: Vec<u32>,
    /// Concatenated fields that had doubled quotes; their offsets continue after the text.
    pub unquoted: String,
}

impl QuotedFields {
    pub(super) fn divide(&mut self, text: &[u8], dialect: Dialect) {
        self.starts.push(0);
        self.lines.push(0);
        let (mut start, mut record, mut line) = (0, 0, 0_u32);
        // End of the quoted field, and whether it contained doubled quotes.
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
            // An unclosed quotation mark is part of the text.
            self.any_field(text, (start, text.len()), closed.take(), true);
            self.record();
        }
        self.lines.truncate(self.starts.len() - 1);
    }

    /// Adds a field that may be quoted, from `start` to `end`, with the closing quote at `closed`.
    fn any_field(&mut self, text: &[u8], (start, end): (usize, usize), closed: Option<(usize, bool)>, last: bool) {
        let Some((closing, doubled)) = closed else {
            return self.field(text, start, end, last);
        };
        let inside = text.get(start + 1..closing).unwrap_or_default();
        let behind = text.get(closing + 1..end).unwrap_or_default();
        let behind = if last { behind.strip_suffix(b"\r").unwrap_or(behind) } else { behind };
        if !doubled && behind.is_empty() {
            self.fields.push(FieldBounds { start: start as u32 + 1, end: closing as u32 });
            return;
        }
        // Text after the closing quote is appended to the field as it is.
        let from = (text.len() + self.unquoted.len()) as u32;
        self.unquoted.push_str(&String::from_utf8_lossy(inside).replace("\"\"", "\""));
        self.unquoted.push_str(&String::from_utf8_lossy(behind));
        self.fields.push(FieldBounds { start: from, end: (text.len() + self.unquoted.len()) as u32 });
    }

    fn field(&mut self, text: &[u8], start: usize, mut end: usize, last: bool) {
        if last && end > start && text.get(end - 1) == Some(&b'\r') {
            end -= 1;
        }
        self.fields.push(FieldBounds { start: start as u32, end: end as u32 });
    }

    fn record(&mut self) {
        self.starts.push(self.fields.len() as u32);
    }

    /// Checks whether the last record has fields but no end.
    fn is_open(&self) -> bool {
        self.starts.last().is_some_and(|start| (*start as usize) < self.fields.len())
    }
}
