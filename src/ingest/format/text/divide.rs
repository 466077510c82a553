//! Where the fields of delimited text stand. A carriage return before the end of a line is not part of it.

use memchr::memchr3_iter;
use wide::u8x16;

use super::cut::{Dialect, QUOTE};

/// How much text is looked at together.
const STRETCH: usize = 64;

/// A byte that is looked for in many at once.
#[derive(Clone, Copy)]
struct Sought(u8x16);

impl Sought {
    fn new(byte: u8) -> Self {
        Self(u8x16::splat(byte))
    }

    /// A bit for each byte of `text`, set where it is this one.
    #[inline]
    fn places(self, text: &[u8; STRETCH]) -> u64 {
        let (parts, _) = text.as_chunks();
        parts
            .iter()
            .rev()
            .fold(0, |places, part| places << 16 | u64::from(self.0.simd_eq(u8x16::new(*part)).to_bitmask()))
    }
}

/// Where a field stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub start: u32,
    pub end: u32,
}

/// Where the fields of a text without quotation marks end, behind the place before the first; and for each record how many
/// fields are before it, and of all. In stretches of 64 bytes.
pub(super) fn divide_plain(text: &[u8], dialect: Dialect) -> (Vec<u32>, Vec<u32>) {
    let (mut ends, mut starts) = (Vec::with_capacity(text.len() / 4), vec![0]);
    ends.push(u32::MAX);
    let (delimiter, end) = (Sought::new(dialect.delimiter), Sought::new(dialect.end));
    let mut divide = |base: usize, stretch: &[u8; STRETCH]| {
        /// How many places are taken at once: how many there are cannot be foreseen, and few stretches have more.
        const TOGETHER: usize = 16;
        let mut record_ends = end.places(stretch);
        let all = record_ends | delimiter.places(stretch);
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
            // The places up to the end of the record.
            let inside = all & (record_ends ^ (record_ends - 1));
            starts.push((before - 1) as u32 + inside.count_ones());
            record_ends &= record_ends - 1;
        }
    };
    let (stretches, rest) = text.as_chunks();
    for (at, stretch) in stretches.iter().enumerate() {
        divide(at * STRETCH, stretch);
    }
    // Behind the text stands a byte that is neither.
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

/// The fields of a text with quotation marks, as they are found.
#[derive(Default)]
pub(super) struct Quoted {
    pub fields: Vec<Field>,
    /// For each record how many fields are before it, and of all.
    pub starts: Vec<u32>,
    /// For each record its line, from 0.
    pub lines: Vec<u32>,
    /// The fields that had doubled marks, one behind the other; they count from the end of the text on.
    pub unquoted: String,
}

impl Quoted {
    pub(super) fn divide(&mut self, text: &[u8], dialect: Dialect) {
        self.starts.push(0);
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
