//! Decodes a text file to UTF-8, a piece at a time. A byte order mark decides; otherwise it is UTF-8 as long as it is
//! valid, then GB18030. UTF-16 without a mark is recognised by its many zero bytes.

use std::io::Read;

use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, UTF_16BE, UTF_16LE};

use super::TextError;

/// Number of bytes examined to detect UTF-16 without a mark.
const SAMPLE: usize = 4096;

/// Decoding state.
enum Decoding {
    /// UTF-8. As long as all bytes were ASCII, the text may still turn out to be GB18030.
    Utf8 { ascii: bool, mark: bool },
    /// Decoded from another encoding.
    Decoded { decoder: Decoder, name: &'static str },
}

/// Text of a file in UTF-8.
pub(super) struct DecodedText<R> {
    input: R,
    how: Decoding,
    /// Bytes read to detect the encoding.
    sample: Vec<u8>,
    bytes: u64,
    ended: bool,
}

impl<R: Read> DecodedText<R> {
    pub(super) fn new(mut input: R) -> Result<Self, TextError> {
        let mut sample = Vec::with_capacity(SAMPLE);
        input.by_ref().take(SAMPLE as u64).read_to_end(&mut sample)?;
        let how = match Encoding::for_bom(&sample) {
            Some((encoding, length)) => {
                sample.drain(..length);
                match encoding.name() {
                    "UTF-8" => Decoding::Utf8 { ascii: false, mark: true },
                    "UTF-16LE" => decoded(UTF_16LE, "utf-16le"),
                    _ => decoded(UTF_16BE, "utf-16be"),
                }
            }
            None => match zeros(&sample) {
                (even, odd) if is_half(odd, even, sample.len()) => decoded(UTF_16LE, "utf-16le"),
                (even, odd) if is_half(even, odd, sample.len()) => decoded(UTF_16BE, "utf-16be"),
                _ => Decoding::Utf8 { ascii: true, mark: false },
            },
        };
        Ok(Self { input, how, bytes: sample.len() as u64, sample, ended: false })
    }

    /// Returns the number of bytes read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the name of the encoding, as far as it is known.
    pub(super) fn encoding(&self) -> &'static str {
        match &self.how {
            Decoding::Utf8 { mark: true, .. } => "utf-8-sig",
            Decoding::Utf8 { .. } => "utf-8",
            Decoding::Decoded { name, .. } => name,
        }
    }

    /// Appends about `most` bytes of text, nothing at the end. UTF-8 is not validated here: see
    /// [`DecodedText::checked`].
    pub(super) fn more(&mut self, out: &mut Vec<u8>, most: usize) -> Result<(), TextError> {
        match &mut self.how {
            Decoding::Utf8 { .. } => {
                out.append(&mut self.sample);
                out.reserve_exact(most + 64);
                let read = self.input.by_ref().take(most as u64).read_to_end(out)?;
                self.bytes += read as u64;
                self.ended = read == 0;
                Ok(())
            }
            Decoding::Decoded { decoder, .. } => {
                let mut raw = std::mem::take(&mut self.sample);
                let read = self.input.by_ref().take(most as u64).read_to_end(&mut raw)?;
                self.bytes += read as u64;
                self.ended = read == 0;
                decode(decoder, &raw, out, self.ended)
            }
        }
    }

    /// Checks whether the whole text was read.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Validates bytes from [`DecodedText::more`], cut between characters; `rest` holds the bytes after them. Invalid
    /// UTF-8 after nothing but ASCII is taken for GB18030, and `rest` is then decoded as well.
    pub(super) fn checked(&mut self, block: Vec<u8>, rest: &mut Vec<u8>) -> Result<Checked, TextError> {
        let Decoding::Utf8 { ascii, .. } = &mut self.how else {
            return String::from_utf8(block).map(Checked::Text).map_err(|_| TextError::Encoding);
        };
        match String::from_utf8(block) {
            Ok(text) => {
                *ascii = *ascii && text.is_ascii();
                Ok(Checked::Text(text))
            }
            Err(_) if !*ascii => Err(TextError::Encoding),
            Err(error) => {
                let mut raw = error.into_bytes();
                raw.append(rest);
                let mut decoder = GB18030.new_decoder_without_bom_handling();
                decode(&mut decoder, &raw, rest, self.ended)?;
                self.how = Decoding::Decoded { decoder, name: "gb18030" };
                Ok(Checked::Again)
            }
        }
    }
}

/// Result of validating a block.
pub(super) enum Checked {
    Text(String),
    /// The encoding was detected late: all text is now in the rest, to be cut again.
    Again,
}

fn decoded(encoding: &'static Encoding, name: &'static str) -> Decoding {
    Decoding::Decoded { decoder: encoding.new_decoder_without_bom_handling(), name }
}

/// Checks whether `zeros` zero bytes, of `bytes` bytes in all, are halves of UTF-16 characters. Delimiters, line ends
/// and digits among Chinese characters have a zero half; Chinese characters themselves rarely (一), and then in the
/// `other` half. Text in other encodings has no zero bytes.
fn is_half(zeros: usize, other: usize, bytes: usize) -> bool {
    zeros > 2 && zeros > bytes / 64 && other * 3 < zeros
}

/// Counts the zero bytes at even and at odd positions.
fn zeros(sample: &[u8]) -> (usize, usize) {
    let at = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    (at(0), at(1))
}

fn decode(decoder: &mut Decoder, mut raw: &[u8], out: &mut Vec<u8>, last: bool) -> Result<(), TextError> {
    loop {
        let start = out.len();
        let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).ok_or(TextError::Encoding)?;
        out.resize(start + room, 0);
        let place = out.get_mut(start..).unwrap_or_default();
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(raw, place, last);
        out.truncate(start + written);
        raw = raw.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return Ok(()),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => return Err(TextError::Encoding),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads all text in pieces of a few bytes, and its encoding.
    fn read(bytes: &[u8]) -> Option<(String, &'static str)> {
        let mut text = DecodedText::new(bytes).ok()?;
        let (mut rest, mut all) = (Vec::new(), String::new());
        while !text.ended() {
            text.more(&mut rest, 7).ok()?;
            let end =
                if text.ended() { rest.len() } else { rest.iter().rposition(|b| *b == b',').map_or(0, |p| p + 1) };
            let tail = rest.split_off(end);
            let block = std::mem::replace(&mut rest, tail);
            if let Checked::Text(text) = text.checked(block, &mut rest).ok()? {
                all.push_str(&text);
            }
        }
        all.push_str(&String::from_utf8(rest).ok()?);
        Some((all, text.encoding()))
    }

    #[test]
    fn encodings_are_told_apart() {
        let written = "org_id,name,单位名称,㛃玉,两新,".to_owned() + &"党,".repeat(3000);
        let utf16 = |to: fn(u16) -> [u8; 2]| written.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for (bytes, encoding) in [
            (written.clone().into_bytes(), "utf-8"),
            (marked(b"\xef\xbb\xbf", written.as_bytes()), "utf-8-sig"),
            (GB18030.encode(&written).0.into_owned(), "gb18030"),
            (utf16(u16::to_le_bytes), "utf-16le"),
            (utf16(u16::to_be_bytes), "utf-16be"),
            (marked(b"\xff\xfe", &utf16(u16::to_le_bytes)), "utf-16le"),
        ] {
            assert_eq!(read(&bytes), Some((written.clone(), encoding)), "{encoding}");
        }
        // The header of a ledger has few ASCII characters.
        let header = "统一社会信用代码,单位名称,正式党员人数,组建形式\r\n";
        let bytes: Vec<u8> = header.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&bytes), Some((header.to_owned(), "utf-16be")));
        assert_eq!(read("org_id,甲\0厂,2013".as_bytes()), Some(("org_id,甲\0厂,2013".to_owned(), "utf-8")));
        assert_eq!(read(b"\xff\xff\x80"), None);
        assert_eq!(
            read("党,".repeat(9).into_bytes().into_iter().chain(*b"\xff,").collect::<Vec<_>>().as_slice()),
            None
        );
        assert_eq!(read(b""), Some((String::new(), "utf-8")));
    }
}
