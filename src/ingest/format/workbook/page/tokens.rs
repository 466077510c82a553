//! Cuts markup into tags and texts: that of web pages, which nobody checks, and that of XML. Comments, scripts and
//! styles are passed over.

use memchr::memchr_iter;

use super::entities;

/// One piece of markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Token<'a> {
    Open(Tag<'a>),
    /// The name in `</td>`.
    Close(&'a str),
    /// Text with its entities.
    Text(&'a str),
    /// Literal text (CDATA).
    Verbatim(&'a str),
}

/// Start of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Tag<'a> {
    pub name: &'a str,
    attributes: &'a str,
    /// True if the tag also ends the element, in XML.
    pub empty: bool,
}

impl Tag<'_> {
    /// Returns the value of the attribute called `name`, in any case, with its entities as characters.
    pub(in super::super) fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes;
        while let Some((key, value, after)) = attribute(rest) {
            if key.eq_ignore_ascii_case(name) {
                let mut decoded = String::new();
                entities::decode(value, &mut decoded);
                return Some(decoded);
            }
            rest = after;
        }
        None
    }

    /// Checks whether the element is called `name`, in any case.
    pub(in super::super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Cuts the first attribute off: its name, its value, and the rest.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    let end = text.find(|c: char| c.is_whitespace() || c == '=' || c == '/').unwrap_or(text.len());
    // A stray equals sign is a name of its own.
    let end = if end == 0 { text.chars().next()?.len_utf8() } else { end };
    let (key, rest) = text.split_at(end);
    let Some(value) = rest.trim_start().strip_prefix('=').map(str::trim_start) else { return Some((key, "", rest)) };
    if let Some(quote @ ('"' | '\'')) = value.chars().next() {
        let inner = value.get(1..)?;
        let (value, rest) = inner.split_once(quote).unwrap_or((inner, ""));
        return Some((key, value, rest));
    }
    let (value, rest) = value.split_at(value.find(char::is_whitespace).unwrap_or(value.len()));
    Some((key, value, rest))
}

/// Tokeniser over a text.
#[derive(Debug)]
pub(in super::super) struct Tokens<'a> {
    rest: &'a str,
    /// True if scripts and styles are passed over, as in web pages.
    is_page: bool,
    /// True if the text ended within a tag or a comment.
    pub cut: bool,
}

impl<'a> Tokens<'a> {
    /// Starts on the text of a web page.
    pub(in super::super) fn of_page(text: &'a str) -> Self {
        Self { rest: text, is_page: true, cut: false }
    }

    /// Takes the text up to `end` and passes over `end`; without it all of the text, which is then cut.
    fn until(&mut self, end: &str) -> &'a str {
        if let Some((text, rest)) = self.rest.split_once(end) {
            self.rest = rest;
            text
        } else {
            self.cut = true;
            std::mem::take(&mut self.rest)
        }
    }

    /// Takes the start of an element, whose values may contain the sign that ends it.
    fn open(&mut self) -> Option<Tag<'a>> {
        let text = self.rest.get(1..)?;
        let (mut quote, mut after_equals) = (None, false);
        let end = text.bytes().position(|b| {
            if let Some(open) = quote {
                quote = (b != open).then_some(open);
            } else if b == b'>' {
                return true;
            } else if matches!(b, b'"' | b'\'') && after_equals {
                // A quote counts only where a value starts.
                quote = Some(b);
            }
            after_equals = b == b'=' || after_equals && b.is_ascii_whitespace();
            false
        });
        let Some(end) = end else {
            self.cut = true;
            self.rest = "";
            return None;
        };
        let (inside, rest) = text.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        let name_end = inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(name_end);
        Some(Tag { name, attributes, empty: inside.ends_with('/') })
    }

    /// Passes over the content of a script or a style.
    fn skip_raw(&mut self, name: &str) {
        let mut rest = self.rest;
        while let Some(at) = rest.find("</") {
            let after = rest.get(at + 2..).unwrap_or_default();
            if after.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name)) {
                self.rest = rest.get(at..).unwrap_or_default();
                return;
            }
            rest = after;
        }
        self.rest = "";
        self.cut = true;
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let mut bytes = self.rest.bytes();
            let (first, second) = (bytes.next()?, bytes.next());
            match (first, second) {
                (b'<', Some(b'/')) if bytes.next().is_some_and(|b| b.is_ascii_alphabetic()) => {
                    self.rest = self.rest.get(2..)?;
                    let name = self.until(">");
                    return Some(Token::Close(name.split_whitespace().next().unwrap_or_default()));
                }
                (b'<', Some(b'!')) if self.rest.starts_with("<!--") => {
                    self.rest = self.rest.get(4..)?;
                    self.until("-->");
                }
                (b'<', Some(b'!')) if self.rest.starts_with("<![CDATA[") => {
                    self.rest = self.rest.get(9..)?;
                    return Some(Token::Verbatim(self.until("]]>")));
                }
                (b'<', Some(b'!' | b'?' | b'/')) => {
                    self.until(">");
                }
                (b'<', Some(letter)) if letter.is_ascii_alphabetic() || !self.is_page => {
                    let tag = self.open()?;
                    if self.is_page
                        && let Some(raw) =
                            ["script", "style", "title", "xml", "noscript"].iter().find(|raw| tag.is(raw))
                        && !tag.empty
                    {
                        self.skip_raw(raw);
                    }
                    return Some(Token::Open(tag));
                }
                _ => {
                    let end = memchr_iter(b'<', self.rest.as_bytes()).find(|at| *at > 0).unwrap_or(self.rest.len());
                    let (text, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    return Some(Token::Text(text));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> (String, bool) {
        let mut tokens = Tokens::of_page(text);
        let shown = |token: Token<'_>| match token {
            Token::Open(tag) => format!("[{}|{}]", tag.name, tag.attribute("x").unwrap_or_default()),
            Token::Close(name) => format!("[/{name}]"),
            Token::Text(text) => text.to_owned(),
            Token::Verbatim(text) => format!("({text})"),
        };
        let all = tokens.by_ref().map(shown).collect();
        (all, tokens.cut)
    }

    #[test]
    fn tags_texts_and_what_is_passed_over() {
        let page = "<!DOCTYPE html><?a?><TD X='1>2' y>3<5 & 甲</TD ><!-- <td> --><script>if(a<b)'<td>'</Script><br/>\
                    <td x=a/b z><![if !x]><td y=\"\"x=\"&lt;\"><p it's x='1'><![CDATA[<b>]]>";
        let want = "[TD|1>2]3<5 & 甲[/TD][script|][/Script][br|][td|a/b][td|<][p|1](<b>)";
        assert_eq!(tokens(page), (want.to_owned(), false));
    }

    #[test]
    fn a_text_that_ends_within_a_tag_is_cut() {
        for text in ["甲<td x='1>", "甲<!-- 乙", "甲<![CDATA[乙", "甲</td", "甲<script>乙"] {
            assert!(tokens(text).1, "{text}");
            assert!(tokens(text).0.starts_with('甲'), "{text}");
        }
        assert_eq!(tokens("<"), ("<".to_owned(), false));
    }
}
