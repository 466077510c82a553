//! The string table of a workbook: each text once, referred to by number.

use std::io::Read;

use super::cut::Cutter;
use super::markup::{Markup, Token};
use super::text::{broken, rich};
use super::{Parsed, XlsxFault};

/// Maximum number of texts, and of bytes of text, in a workbook: more than in all cells of the largest real ones.
const MOST: usize = 1 << 25;
const BYTES: usize = 1 << 28;

/// Concatenated texts.
#[derive(Debug, Default)]
pub(in crate::ingest::format::workbook) struct Strings {
    texts: String,
    /// End of each text.
    ends: Vec<u32>,
}

impl Strings {
    /// Reads the table.
    pub(super) fn read(input: impl Read) -> Parsed<Self> {
        let mut cutter = Cutter::new(input, "sst", "si", |_| {})?;
        let mut strings = Self::default();
        while let Some(piece) = cutter.next()? {
            strings.add(&piece)?;
        }
        strings.texts.shrink_to_fit();
        Ok(strings)
    }

    fn add(&mut self, piece: &[u8]) -> Parsed<()> {
        let mut markup = Markup::new(piece, 0);
        while let Some(token) = markup.next() {
            let Token::Open(tag) = token else { continue };
            if tag.name != b"si" {
                continue;
            }
            if !tag.empty {
                rich(&mut markup, b"si", &mut self.texts)?;
            }
            if self.ends.len() >= MOST || self.texts.len() > BYTES {
                return Err(XlsxFault::TooLarge);
            }
            self.ends.push(self.texts.len() as u32);
        }
        if markup.is_done() { Ok(()) } else { Err(broken()) }
    }

    /// Returns the number of texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the text with a number.
    pub(in crate::ingest::format::workbook) fn get(&self, number: usize) -> Option<&str> {
        let start = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.texts.get(start as usize..*self.ends.get(number)? as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_by_number() {
        let table = "<sst><si><t>甲</t></si><si/><si><t></t></si><x:si><x:t>乙</x:t></x:si></sst>";
        let strings = Strings::read(table.as_bytes()).unwrap();
        let texts: Vec<_> = (0..6).map(|at| strings.get(at)).collect();
        assert_eq!(texts, [Some("甲"), Some(""), Some(""), Some("乙"), None, None]);
        assert_eq!(strings.len(), 4);
        assert_eq!(Strings::read(&b"<sst/>"[..]).unwrap().len(), 0);
        for wrong in ["", "<sst><si><t>a", "<sst><si><t>a</t></si>", "<sst><si><t>&a;</t></si></sst>"] {
            assert!(Strings::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
