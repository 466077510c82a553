//! Kinds of files, told by their first bytes; the extension only where these leave a choice.

use memchr::memmem;

/// Extensions of workbooks and of other files with sheets; `et` is that of WPS, which writes the same as xls.
pub(crate) const WORKBOOKS: [&str; 8] = ["xlsx", "xlsm", "xls", "xlsb", "ods", "et", "htm", "html"];
/// Extensions of text.
pub(crate) const TEXTS: [&str; 3] = ["csv", "tsv", "txt"];

/// Number of bytes by which kinds are told.
pub(crate) const FIRST_BYTES: usize = 4096;

/// Kind of a file of text or with sheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A zip archive: xlsx, xlsb or ods.
    Package,
    /// A compound document: xls, or an encrypted workbook.
    Compound,
    /// A web page.
    Page,
    Text,
    /// Something else, under the name of a workbook.
    Unknown,
}

/// Tells the kind of a file with this `extension` by its `first` bytes.
pub(crate) fn kind_of(extension: &str, first: &[u8]) -> FileKind {
    if first.starts_with(b"PK\x03\x04") {
        return FileKind::Package;
    }
    if first.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return FileKind::Compound;
    }
    let is_workbook = WORKBOOKS.contains(&extension);
    // UTF-16 has a zero byte in each sign of the markup.
    let letters: Vec<u8> = first.iter().filter(|b| **b != 0).map(u8::to_ascii_lowercase).collect();
    if is_page(&letters, is_workbook) {
        return FileKind::Page;
    }
    let has = |byte: u8| first.contains(&byte);
    let is_text = !has(0) && has(b'\n') && (has(b'\t') || has(b','));
    if is_workbook && !is_text { FileKind::Unknown } else { FileKind::Text }
}

/// Checks whether a file begins as a web page does; under the name of a workbook, its table may follow other text.
fn is_page(letters: &[u8], is_workbook: bool) -> bool {
    let marks = ["\u{feff}".as_bytes(), &[0xff, 0xfe], &[0xfe, 0xff]];
    let text = marks.iter().find_map(|mark| letters.strip_prefix(*mark)).unwrap_or(letters).trim_ascii_start();
    let has = |word: &str| memmem::find(text, word.as_bytes()).is_some();
    let tags = ["<html", "<table", "<!doctype html"];
    if text.starts_with(b"<") || is_workbook { tags.iter().any(|tag| has(tag)) } else { false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_tell_the_kind() {
        let utf16: Vec<u8> = "\u{feff}<table>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (extension, first, kind) in [
            ("csv", &b"PK\x03\x04"[..], FileKind::Package),
            ("xlsx", b"\xd0\xcf\x11\xe0", FileKind::Compound),
            ("csv", b"\xef\xbb\xbf \r\n<HTML>", FileKind::Page),
            ("xls", b"<style></style><Table border=1>", FileKind::Page),
            ("xls", b"ok <table>", FileKind::Page),
            ("xls", &utf16, FileKind::Page),
            ("csv", b"a,b\n<table>,x", FileKind::Text),
            ("csv", b"<2013>,b\n", FileKind::Text),
            ("xls", b"a\tb\n", FileKind::Text),
            ("xls", b"<a>\n", FileKind::Unknown),
            ("xls", b"\0\x01", FileKind::Unknown),
        ] {
            assert_eq!(kind_of(extension, first), kind, "{}", String::from_utf8_lossy(first));
        }
    }
}
