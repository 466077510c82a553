//! Cuts a long list of elements, such as the rows of a sheet, out of XML while it is inflated: into pieces of whole
//! elements, with at most one piece in memory. The content of the elements is not examined.

use std::io::{Cursor, Read};
use std::mem;

use memchr::memmem;
use memchr::memmem::{Finder, FinderRev};

use super::markup::{Markup, Tag, Token};
use super::{Parsed, XlsxFault};
use crate::lang::Text;

/// Approximate size of a piece. Smaller pieces cost more effort to encode, larger ones more memory.
const PIECE: usize = 1 << 22;
/// Number of bytes read first to find the start of the list.
const START: usize = 1 << 16;
/// Maximum size of an element: a row of the widest sheet, or a text of a thousand pages.
const LONGEST: usize = 1 << 25;

/// Cutter for the elements called `element` within the element `list`.
pub(super) struct Cutter<R> {
    input: R,
    element: &'static [u8],
    list: &'static [u8],
    /// Bytes read but not yet returned.
    window: Vec<u8>,
    /// End tags of an element and of the list, as spelled in this document.
    element_end: FinderRev<'static>,
    list_end: Finder<'static>,
    read_all: bool,
    done: bool,
}

/// Position at which the window can be cut.
enum CutPosition {
    /// After whole elements.
    Behind(usize),
    /// Before the end of the list.
    Last(usize),
    /// No position found.
    Nowhere,
}

impl<R: Read> Cutter<R> {
    /// Moves to the start of the list and passes the tags before it to `seen`.
    pub(super) fn new(
        input: R,
        list: &'static str,
        element: &'static str,
        mut seen: impl FnMut(&Tag<'_>),
    ) -> Parsed<Self> {
        let mut cutter = Self {
            input,
            element: element.as_bytes(),
            list: list.as_bytes(),
            window: Vec::with_capacity(PIECE),
            element_end: FinderRev::new(&[]),
            list_end: Finder::new(&[]),
            read_all: false,
            done: false,
        };
        let mut before = 0;
        loop {
            cutter.fill(START.max(2 * cutter.window.len()))?;
            let mut markup = Markup::new(&cutter.window, before);
            while let Some(token) = markup.next() {
                before = markup.position();
                let Token::Open(tag) = token else { continue };
                if tag.name != cutter.list {
                    seen(&tag);
                    continue;
                }
                let end = |name| [b"</", tag.prefix, name].concat();
                cutter.list_end = Finder::new(&end(cutter.list)).into_owned();
                cutter.element_end = FinderRev::new(&[&end(cutter.element)[..], b">"].concat()).into_owned();
                cutter.done = tag.empty;
                cutter.window.drain(..before);
                return Ok(cutter);
            }
            if cutter.read_all {
                return Err(Text::new(format!("没有“{list}”"), format!("'{list}' is missing")).into());
            }
            if cutter.window.len() > LONGEST {
                return Err(XlsxFault::TooLarge);
            }
        }
    }

    /// Reads until the window has `length` bytes.
    fn fill(&mut self, length: usize) -> Parsed<()> {
        let missing = length.saturating_sub(self.window.len());
        if missing > 0 && !self.read_all {
            let read = self.input.by_ref().take(missing as u64).read_to_end(&mut self.window)?;
            self.read_all = read < missing;
        }
        Ok(())
    }

    /// Returns the next elements.
    pub(super) fn next(&mut self) -> Parsed<Option<Vec<u8>>> {
        let mut length = PIECE;
        while !self.done {
            self.fill(length)?;
            let end = match self.cut() {
                CutPosition::Behind(end) => end,
                CutPosition::Last(end) => {
                    self.done = true;
                    end
                }
                CutPosition::Nowhere if self.read_all => {
                    return Err(Text::new("内容不完整", "it breaks off").into());
                }
                CutPosition::Nowhere if self.window.trim_ascii_start().is_empty() => {
                    self.window.clear();
                    continue;
                }
                CutPosition::Nowhere if length >= LONGEST => return Err(XlsxFault::TooLarge),
                CutPosition::Nowhere => {
                    length *= 2;
                    continue;
                }
            };
            let mut rest = Vec::with_capacity(if self.done { 0 } else { PIECE });
            rest.extend_from_slice(self.window.get(end..).unwrap_or_default());
            self.window.truncate(end);
            return Ok(Some(mem::replace(&mut self.window, rest)));
        }
        Ok(None)
    }

    /// Checks whether the end of the list was reached.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Returns the document after the list.
    pub(super) fn behind(&mut self) -> impl Read {
        Cursor::new(mem::take(&mut self.window)).chain(&mut self.input)
    }

    fn cut(&self) -> CutPosition {
        // Only comments and CDATA can contain an end tag that is not markup.
        if memmem::find(&self.window, b"<!").is_none() {
            if let Some(end) = self.list_end.find(&self.window) {
                return CutPosition::Last(end);
            }
            if let Some(end) = self.element_end.rfind(&self.window) {
                return CutPosition::Behind(end + self.element_end.needle().len());
            }
        }
        self.cut_slowly()
    }

    /// Finds the cut token by token, which also handles empty elements.
    fn cut_slowly(&self) -> CutPosition {
        let mut markup = Markup::new(&self.window, 0);
        let mut cut = CutPosition::Nowhere;
        loop {
            let at = markup.position();
            match markup.next() {
                Some(Token::Open(Tag { name, empty: true, .. }) | Token::Close(name)) if name == self.element => {
                    cut = CutPosition::Behind(markup.position());
                }
                Some(Token::Close(name)) if name == self.list => return CutPosition::Last(at),
                Some(_) => {}
                None => return cut,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> (Vec<String>, String) {
        let Ok(mut cutter) = Cutter::new(text.as_bytes(), "list", "a", |_| {}) else {
            return (vec!["fault".to_owned()], String::new());
        };
        let mut all = Vec::new();
        loop {
            match cutter.next() {
                Ok(Some(piece)) => all.push(String::from_utf8(piece).unwrap()),
                Ok(None) => break,
                Err(_) => return ([all, vec!["fault".to_owned()]].concat(), String::new()),
            }
        }
        let mut behind = String::new();
        cutter.behind().read_to_string(&mut behind).unwrap();
        (all, behind)
    }

    #[test]
    fn pieces_are_whole_elements_and_lose_nothing() {
        for (open, close) in [("<a>", "</a>"), ("<a><![CDATA[</a></list>]]><!--</a>-->", "</a>"), ("<a x=\"1\"/>", "")]
        {
            let one = format!("{open}{close}");
            let (count, text) = (
                3 * PIECE / one.len(),
                format!("<!-- <list> --><x><list y=\"\">{}", one.repeat(3 * PIECE / one.len())),
            );
            let (all, behind) = pieces(&format!("{text}</list><m/></x>"));
            assert_eq!(behind, "</list><m/></x>");
            assert!(all.len() > 2);
            assert!(all.iter().all(|piece| piece.len() <= PIECE && piece.len() % one.len() == 0), "{one}");
            assert_eq!(all.iter().map(String::len).sum::<usize>(), count * one.len());
            assert_eq!(pieces(&text).0.last().unwrap(), "fault", "no end");
        }
        assert_eq!(pieces("<p:x><p:list><p:a >1</p:a ></p:list></p:x>").0, ["<p:a >1</p:a >"]);
        assert_eq!(pieces("<x><list/></x>"), (vec![], "</x>".to_owned()));
        assert_eq!(pieces("<x><a/></x>").0, ["fault"]);
        let blanks = " ".repeat(3 * PIECE);
        assert_eq!(pieces(&format!("<list>{blanks}<a/>{blanks}</list>")).0.concat().trim(), "<a/>");
    }

    #[test]
    fn one_element_has_a_limit() {
        let long = format!("<list><a>{}</a></list>", "x".repeat(LONGEST / 2));
        assert_eq!(pieces(&long).0.len(), 1);
        for bomb in [format!("<list><a>{}", "x".repeat(2 * LONGEST)), format!("<list y=\"{}", " ".repeat(2 * LONGEST))]
        {
            assert_eq!(pieces(&bomb).0, ["fault"]);
        }
    }
}
