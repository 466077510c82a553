//! Finds the ends of records in delimited text. A quotation mark counts only at the start of a field, or doubled
//! within a quoted one; a record ends with its line.

use memchr::{memchr, memchr_iter, memchr2_iter, memrchr};

pub(super) const QUOTE: u8 = b'"';

/// Separators of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    /// Line terminator.
    pub end: u8,
}

/// The complete records at the start of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// True if the text contains quotation marks.
    pub quoted: bool,
    /// End of the last complete record.
    pub bytes: usize,
    pub records: u32,
    pub lines: u32,
    /// Number of line ends in the incomplete record.
    pub open_lines: u32,
}

impl Dialect {
    /// Measures the complete records at the start of `text`, which begins with a record.
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

    /// Checks whether a field begins at `position` in the record that begins at `record`.
    pub(super) fn begins_field(self, text: &[u8], position: usize, record: usize) -> bool {
        position == record || position.checked_sub(1).and_then(|before| text.get(before)) == Some(&self.delimiter)
    }
}
