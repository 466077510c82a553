//! The fixed sets of words (`definitions/words.toml`) and the ways ledgers write them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::lang::Text;

/// The words of one column, in the order in which tables show them.
#[derive(Debug)]
pub struct Words {
    /// The column they belong to.
    pub column: String,
    values: Vec<Word>,
    by_spelling: HashMap<String, u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    id: String,
    zh: String,
    en: String,
    written: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    word: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    column: String,
    values: Vec<Word>,
}

impl Words {
    fn new(record: Record) -> Self {
        let mut by_spelling = HashMap::new();
        for (at, word) in record.values.iter().enumerate() {
            for spelling in word.written.iter().chain([&word.id, &word.zh]) {
                by_spelling.insert(plain(spelling).into_owned(), at as u8);
            }
        }
        Self { column: record.column, values: record.values, by_spelling }
    }

    /// The ids of the words, in order.
    #[must_use]
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.values.iter().map(|w| w.id.as_str())
    }

    /// The position of the word that a ledger means by `written`, if it is one of these.
    #[must_use]
    pub fn find(&self, written: &str) -> Option<usize> {
        let written = plain(written);
        let bare = written.split_once('-').filter(|(n, _)| n.bytes().all(|b| b.is_ascii_digit()));
        let bare = bare.map_or(written.as_ref(), |(_, word)| word);
        self.by_spelling
            .get(bare)
            .or_else(|| self.by_spelling.get(bare.strip_suffix("(1+N)")?))
            .map(|at| usize::from(*at))
    }

    /// The words' ids with their labels, in order.
    #[must_use]
    pub fn labelled(&self) -> impl ExactSizeIterator<Item = (&str, Text)> {
        self.values.iter().map(|w| (w.id.as_str(), Text::new(&w.zh, &w.en)))
    }
}

static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../definitions/words.toml")).unwrap_or(File { word: Vec::new() });
    file.word.into_iter().map(Words::new).collect()
});

/// The words of the column called `name`.
#[must_use]
pub fn of(name: &str) -> Option<&'static Words> {
    WORDS.iter().find(|w| w.column == name)
}

/// Text as it is compared: full-width ASCII made half-width, all white space taken out.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').map(half_width).collect())
}

/// The half-width twin of a full-width ASCII character; other characters as they are.
#[must_use]
pub fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{COLUMNS, Type};

    #[test]
    fn every_word_column_has_words_and_finds_its_spellings() {
        for c in COLUMNS.iter().filter(|c| c.ty == Type::Word) {
            let words = of(c.name).unwrap_or_else(|| panic!("no words for {}", c.name));
            assert!(words.ids().len() > 2);
            for (id, label) in words.labelled() {
                assert_eq!(words.find(&label.zh).and_then(|at| words.ids().nth(at)), Some(id), "{}", label.zh);
            }
        }
        let mode = of("mode").unwrap();
        assert_eq!(mode.find(" 2-联合\n组建"), Some(1));
        assert_eq!(mode.find("区域覆盖（１＋Ｎ）"), Some(3));
        assert_eq!(mode.find("待核实"), None);
    }
}
