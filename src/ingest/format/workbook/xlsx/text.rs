//! Decodes text in XML: entities, line ends, and the escapes of spreadsheets.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use super::Parsed;
use super::markup::{Markup, Token};
use crate::lang::Text;

fn wrong(zh: &str, en: &str) -> super::XlsxFault {
    Text::new(zh, en).into()
}

/// Validates bytes as UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> Parsed<&str> {
    std::str::from_utf8(bytes).map_err(|_| wrong("文字不是 UTF-8 编码", "a text is not UTF-8"))
}

/// Appends `written` to `out`, with entities decoded and each line end as one character.
pub(super) fn decode(written: &[u8], out: &mut String) -> Parsed<()> {
    let mut rest = utf8(written)?;
    while let Some(at) = memchr2(b'&', b'\r', rest.as_bytes()) {
        let (before, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        if let Some(behind) = special.strip_prefix('\r') {
            out.push('\n');
            rest = behind.strip_prefix('\n').unwrap_or(behind);
        } else {
            let end = memchr(b';', special.as_bytes()).and_then(|end| special.get(1..end).zip(special.get(end + 1..)));
            let (name, behind) = end.unwrap_or(("", ""));
            out.push(entity(name).ok_or_else(|| wrong("有不认识的实体", "an entity is not known"))?);
            rest = behind;
        }
    }
    out.push_str(rest);
    Ok(())
}

/// Returns the character of an entity. Entities defined by the document are not supported.
fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?).filter(|c| *c != '\0')?
        }
    })
}

/// Decodes the value of an attribute.
pub(super) fn value(written: &[u8]) -> Parsed<String> {
    let mut value = String::new();
    decode(written, &mut value)?;
    Ok(value)
}

/// Returns the text in the element called `element`, whose start tag `markup` has just read.
pub(super) fn content<'a>(markup: &mut Markup<'a>, element: &[u8]) -> Parsed<Cow<'a, [u8]>> {
    let mut content = Cow::Borrowed(&[][..]);
    loop {
        let more = match markup.next() {
            Some(Token::Text(text)) if memchr2(b'&', b'\r', text).is_none() => Cow::Borrowed(text),
            Some(Token::Text(text)) => Cow::Owned(value(text)?.into_bytes()),
            Some(Token::Verbatim(text)) => Cow::Borrowed(text),
            Some(Token::Close(name)) if name == element => return Ok(content),
            Some(_) => continue,
            None => return Err(broken()),
        };
        if content.is_empty() {
            content = more;
        } else {
            content.to_mut().extend_from_slice(&more);
        }
    }
}

/// Appends the text of the element called `element`, whose start tag `markup` has just read, to `out`: plain text, or
/// several runs with different formatting. Phonetic hints are skipped.
pub(super) fn rich(markup: &mut Markup<'_>, element: &[u8], out: &mut String) -> Parsed<()> {
    let mut phonetic = false;
    loop {
        match markup.next() {
            Some(Token::Open(tag)) if tag.name == b"t" && !tag.empty && !phonetic => {
                let keep = tag.attributes().any(|attribute| attribute == (b"xml:space", b"preserve"));
                run(markup, keep, out)?;
            }
            Some(Token::Open(tag)) if tag.name == b"rPh" => phonetic = !tag.empty,
            Some(Token::Close(b"rPh")) => phonetic = false,
            Some(Token::Close(name)) if name == element => return Ok(()),
            Some(_) => {}
            None => return Err(broken()),
        }
    }
}

/// Appends the text of one run. Without `keep`, surrounding blanks are removed as layout.
fn run(markup: &mut Markup<'_>, keep: bool, out: &mut String) -> Parsed<()> {
    let start = out.len();
    loop {
        match markup.next() {
            Some(Token::Text(text)) => decode(text, out)?,
            Some(Token::Verbatim(text)) => out.push_str(utf8(text)?),
            Some(Token::Close(b"t")) => break,
            Some(_) => {}
            None => return Err(broken()),
        }
    }
    let blank = [' ', '\t', '\r', '\n'];
    let written = out.get(start..).unwrap_or_default();
    let trimmed = if keep { written } else { written.trim_matches(blank) };
    if trimmed.len() < written.len() || has_escape(trimmed) {
        let plain = unescape(trimmed).into_owned();
        out.truncate(start);
        out.push_str(&plain);
    }
    Ok(())
}

/// Returns the fault for markup that breaks off.
pub(super) fn broken() -> super::XlsxFault {
    wrong("内容不完整", "it breaks off")
}

fn has_escape(text: &str) -> bool {
    memmem::find(text.as_bytes(), b"_x").is_some()
}

/// Removes the escapes of characters that XML cannot represent: `_x000D_`, in UTF-16 units.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !has_escape(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        let units: Vec<u16> =
            std::iter::successors(escape(from), |(_, behind)| escape(behind)).map(|(unit, _)| unit).collect();
        if units.is_empty() {
            out.push_str("_x");
            rest = from.get(2..).unwrap_or_default();
        } else {
            let decoded = char::decode_utf16(units.iter().copied());
            out.extend(decoded.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
            rest = from.get(ESCAPE * units.len()..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Length of an escape.
const ESCAPE: usize = "_x000D_".len();

/// Splits off the UTF-16 unit escaped at the start of `text`.
fn escape(text: &str) -> Option<(u16, &str)> {
    let (escape, behind) = text.split_at_checked(ESCAPE)?;
    let digits = escape.strip_prefix("_x")?.strip_suffix('_')?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some((u16::from_str_radix(digits, 16).ok()?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &[u8]) -> Option<String> {
        value(text).ok()
    }

    #[test]
    fn entities_and_ends_of_lines() {
        for (written, meant) in [
            ("甲&amp;乙&lt;&gt;&quot;&apos;", "甲&乙<>\"'"),
            ("&#20826;&#x5EFA;&#x1F389;", "党建🎉"),
            ("a\r\nb\rc\nd\r\r\n", "a\nb\nc\nd\n\n"),
            ("", ""),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(decoded(written.as_bytes()).as_deref(), Some(meant));
        }
        for wrong in [&b"&a9;"[..], b"&", b"&;", b"&#;", b"&#xD800;", b"&#0;", b"&#x110000;", b"&amp", b"\xff"] {
            assert_eq!(decoded(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn escapes() {
        for (written, meant) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDCF7_", "📷"),
            ("_xD83D_x", "\u{fffd}x"),
            ("_xDCF7_", "\u{fffd}"),
            ("_x00", "_x00"),
            ("_x000G_党_x5EFA_", "_x000G_党建"),
            ("_x__x0041_", "_x_A"),
            ("党_x00党_", "党_x00党_"),
        ] {
            assert_eq!(unescape(written), meant, "{written}");
        }
    }

    #[test]
    fn runs_are_joined() {
        for (written, meant) in [
            ("<t>甲厂</t></si>", "甲厂"),
            ("</si>", ""),
            ("<t/></si>", ""),
            ("<r><rPr><b/></rPr><t>甲</t></r><r><t xml:space=\"preserve\"> 厂 </t></r></si>", "甲 厂 "),
            ("<t> 甲\n</t><rPh sb=\"0\" eb=\"1\"><t>jia</t></rPh><phoneticPr fontId=\"1\"/></si>", "甲"),
            ("<t>a<![CDATA[<&amp;>]]>b<!-- c -->d</t></si>", "a<&amp;>bd"),
            ("<t>_x0041_</t></si>", "A"),
        ] {
            let mut out = "x".to_owned();
            assert!(rich(&mut Markup::new(written.as_bytes(), 0), b"si", &mut out).is_ok());
            assert_eq!(out, format!("x{meant}"));
        }
        assert!(rich(&mut Markup::new(b"<t>a", 0), b"si", &mut String::new()).is_err());
    }
}
