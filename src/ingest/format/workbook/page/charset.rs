//! Decodes a page to text. A byte order mark decides, then the bytes themselves where they are valid UTF-8, then the
//! encoding that the page or its sender names, and at last GB18030.

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;

/// Number of bytes in which a page names its encoding.
const HEAD: usize = 4096;

/// Returns the text of `bytes` and the name of its encoding; `None` if it is in none. `named` is the encoding that the
/// sender of the page gives.
pub(in super::super) fn decode(bytes: &[u8], named: Option<&str>) -> Option<(String, &'static str)> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let text = strictly(encoding, bytes.get(length..)?)?;
        return Some((text, if encoding == UTF_8 { "utf-8-sig" } else { name(encoding) }));
    }
    let start = bytes.first_chunk::<2>();
    for (encoding, is_it) in
        [(UTF_16LE, start.is_some_and(|two| two[1] == 0)), (UTF_16BE, start.is_some_and(|two| two[0] == 0))]
    {
        if is_it {
            return Some((strictly(encoding, bytes)?, name(encoding)));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some((text.to_owned(), "utf-8"));
    }
    let own = declared(bytes.get(..HEAD).unwrap_or(bytes));
    let candidates = own.as_deref().into_iter().chain(named).filter_map(|label| Encoding::for_label(label.as_bytes()));
    let encoding = |encoding: &'static Encoding| Some((strictly(encoding, bytes)?, name(encoding)));
    candidates.chain([GB18030]).find_map(encoding)
}

/// Decodes `bytes` unless a part of them has no meaning.
fn strictly(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    // Every GBK text is GB18030, which has the rare characters of names.
    let encoding = if encoding == encoding_rs::GBK { GB18030 } else { encoding };
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// Returns the name of an encoding as it is shown.
fn name(encoding: &'static Encoding) -> &'static str {
    match encoding.name() {
        "UTF-8" => "utf-8",
        "UTF-16LE" => "utf-16le",
        "UTF-16BE" => "utf-16be",
        "GBK" | "gb18030" => "gb18030",
        "Big5" => "big5",
        other => other,
    }
}

/// Returns the encoding named at the start of a page or of an XML file: `charset=gb2312`, `encoding="GBK"`.
fn declared(head: &[u8]) -> Option<String> {
    let head = head.to_ascii_lowercase();
    let after = |mark: &[u8]| memmem::find(&head, mark).and_then(|at| head.get(at + mark.len()..));
    let rest = after(b"charset").or_else(|| after(b"encoding"))?;
    let is_sign = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let start = rest.iter().position(is_sign).filter(|start| *start < 4)?;
    let label: Vec<u8> = rest.get(start..)?.iter().copied().take_while(|b| is_sign(b)).collect();
    String::from_utf8(label).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_count_more_than_the_words() {
        let page = |charset: &str| format!("<meta charset='{charset}'><td>两新组织㛃</td>");
        let gbk = |text: &str| GB18030.encode(text).0.into_owned();
        for (bytes, encoding) in [
            (page("gb2312").into_bytes(), "utf-8"),
            (gbk(&page("gb2312")), "gb18030"),
            (gbk(&page("utf-8")), "gb18030"),
            (gbk(&page("nothing")), "gb18030"),
        ] {
            let (text, name) = decode(&bytes, None).unwrap();
            assert!(text.ends_with("<td>两新组织㛃</td>"), "{text}");
            assert_eq!(name, encoding);
        }
        let big5 = encoding_rs::BIG5.encode("<meta content=\"text/html; charset=big5\"><td>黨組織</td>").0.into_owned();
        assert_eq!(decode(&big5, None).unwrap().1, "big5");
        let plain = encoding_rs::BIG5.encode("<td>黨組織</td>").0.into_owned();
        assert_eq!(decode(&plain, Some("Big5")).unwrap(), ("<td>黨組織</td>".to_owned(), "big5"));
        let wide: Vec<u8> = "<td>党</td>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide, None).unwrap(), ("<td>党</td>".to_owned(), "utf-16le"));
        assert_eq!(decode(&[b"\xff\xfe", &wide[..]].concat(), None).unwrap().0, "<td>党</td>");
        assert_eq!(decode(b"<td>\xff\xff\x80", None), None);
    }
}
