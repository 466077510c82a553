//! A minimal XML tokeniser for sheets: tags and the text between them, straight from the bytes. Comments and
//! instructions are skipped, names lose their prefix, and nothing is copied.

use memchr::{memchr, memmem};

/// One piece of markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<c r="A1">`, or `<c r="A1"/>`.
    Open(Tag<'a>),
    /// The name in `</c>`.
    Close(&'a [u8]),
    /// Text with entities still encoded.
    Text(&'a [u8]),
    /// Literal text (CDATA).
    Verbatim(&'a [u8]),
}

/// Start of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub name: &'a [u8],
    /// Prefix of the name, with its colon.
    pub prefix: &'a [u8],
    attributes: &'a [u8],
    /// True if the tag also ends the element.
    pub empty: bool,
}

impl<'a> Tag<'a> {
    /// Returns the attributes: names with prefix, and values as written.
    pub(super) fn attributes(&self) -> Attributes<'a> {
        Attributes(self.attributes)
    }

    /// Returns the value, as written, of the attribute called `name`, with any prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes().find(|(key, _)| local(key).1 == name.as_bytes()).map(|(_, value)| value)
    }
}

/// Iterator over the attributes of an element.
pub(super) struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.trim_ascii_start();
        let equals = text.iter().position(|b| *b == b'=')?;
        let (key, rest) = text.split_at_checked(equals)?;
        let rest = rest.get(1..)?.trim_ascii_start();
        let (quote, rest) = rest.split_first()?;
        let end = rest.iter().position(|b| b == quote)?;
        self.0 = rest.get(end + 1..)?;
        Some((key.trim_ascii_end(), rest.get(..end)?))
    }
}

/// Splits a name into its prefix, with the colon, and the local name.
fn local(name: &[u8]) -> (&[u8], &[u8]) {
    let at = name.iter().position(|b| *b == b':').map_or(0, |colon| colon + 1);
    name.split_at_checked(at).unwrap_or((&[], name))
}

/// Tokeniser over the markup of a text.
#[derive(Debug)]
pub(super) struct Markup<'a> {
    text: &'a [u8],
    position: usize,
}

impl<'a> Markup<'a> {
    /// Starts at `position`.
    pub(super) fn new(text: &'a [u8], position: usize) -> Self {
        Self { text, position }
    }

    /// Returns the current position.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Checks whether only white space is left; otherwise the text ends within a token.
    pub(super) fn is_done(&self) -> bool {
        self.text.get(self.position..).unwrap_or_default().trim_ascii().is_empty()
    }

    /// Returns the next token; `None` at the end of the text, also if it ends within a token.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.text.get(self.position..)?;
            if *rest.first()? != b'<' {
                let end = memchr(b'<', rest)?;
                self.position += end;
                return rest.get(..end).map(Token::Text);
            }
            match rest.get(1)? {
                b'/' => {
                    let end = rest.iter().position(|b| *b == b'>')?;
                    self.position += end + 1;
                    return rest.get(2..end).map(|name| Token::Close(local(name.trim_ascii_end()).1));
                }
                b'!' if rest.starts_with(b"<![CDATA[") => {
                    let end = memmem::find(rest, b"]]>")?;
                    self.position += end + 3;
                    return rest.get(9..end).map(Token::Verbatim);
                }
                b'!' => self.position += declaration(rest)?,
                b'?' => self.position += memmem::find(rest, b"?>")? + 2,
                _ => return self.open(rest).map(Token::Open),
            }
        }
    }

    fn open(&mut self, rest: &'a [u8]) -> Option<Tag<'a>> {
        let name_end = rest.iter().position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>'))?;
        let (prefix, name) = local(rest.get(1..name_end)?);
        let mut quote = None;
        let end = rest.get(name_end..)?.iter().position(|b| match quote {
            None if matches!(b, b'"' | b'\'') => {
                quote = Some(*b);
                false
            }
            None => *b == b'>',
            Some(open) => {
                if *b == open {
                    quote = None;
                }
                false
            }
        })?;
        let inside = rest.get(name_end..name_end + end)?;
        self.position += name_end + end + 1;
        Some(match inside.strip_suffix(b"/") {
            Some(attributes) => Tag { name, prefix, attributes, empty: true },
            None => Tag { name, prefix, attributes: inside, empty: false },
        })
    }
}

/// Returns the length of the comment or declaration at the start of `text`.
fn declaration(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"<!--") {
        return Some(4 + memmem::find(text.get(4..)?, b"-->")? + 3);
    }
    // The text may end within the first bytes of the declaration.
    if text.len() < 9 {
        return None;
    }
    let end = memchr(b'>', text)?;
    match memchr(b'[', text.get(..end)?) {
        // Internal definitions of the document are in brackets.
        Some(_) => Some(memmem::find(text, b"]>")? + 2),
        None => Some(end + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the tokens of `text` as text, and whether it ended between two tokens.
    fn tokens(text: &str) -> (Vec<String>, bool) {
        let mut markup = Markup::new(text.as_bytes(), 0);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut all = Vec::new();
        while let Some(token) = markup.next() {
            all.push(match token {
                Token::Open(tag) => {
                    let attributes = tag.attributes().map(|(key, value)| format!(" {}={}", text(key), text(value)));
                    let attributes: String = attributes.collect();
                    format!("{}|{}{attributes}{}", text(tag.prefix), text(tag.name), if tag.empty { "/" } else { "" })
                }
                Token::Close(name) => format!("/{}", text(name)),
                Token::Text(bytes) => text(bytes),
                Token::Verbatim(bytes) => format!("[{}]", text(bytes)),
            });
        }
        (all, markup.is_done())
    }

    #[test]
    fn tags_texts_and_what_is_left_out() {
        let (all, done) = tokens(
            "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a \"<b>\">]><!-- <c> --><x:c r=\"A>1\" s = '2\"'\n t=\"s\" >1&amp;2<![CDATA[<d>]]></x:c ><e/><f a=\"/\"/> ",
        );
        assert_eq!(all, ["x:|c r=A>1 s=2\" t=s", "1&amp;2", "[<d>]", "/c", "|e/", "|f a=//"]);
        assert!(done);
    }

    #[test]
    fn what_is_cut_is_no_token() {
        let whole = "<c r=\"A1\"><![CDATA[x]]></c>";
        for end in 1..whole.len() {
            let (all, done) = tokens(&whole[..end]);
            assert!(all.len() < 3, "{end}");
            assert_eq!(done, whole[..end].ends_with('>') && !whole[..end].ends_with("]>") || end == 23, "{end}");
        }
        for cut in
            ["<", "<!", "<!-", "<!-- x --", "<![CDATA", "<![CDATA[ ]]", "<?x ?", "<c r=\"", "</c", "<!DOCTYPE x [ ]"]
        {
            assert_eq!(tokens(cut), (vec![], false), "{cut}");
        }
    }
}
