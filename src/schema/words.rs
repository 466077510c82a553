//! The fixed sets of words (`definitions/words.toml`) and their spellings in ledgers.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::spelling::{folded, undecorated};
use crate::lang::Text;

/// The words of one column, in display order.
#[derive(Clone, Debug)]
pub struct Words {
    /// Column of the words.
    pub column: String,
    values: Vec<Word>,
    by_spelling: HashMap<String, u8>,
}

#[derive(Clone, Debug, Deserialize)]
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
                by_spelling.insert(folded(spelling).into_owned(), at as u8);
            }
        }
        Self { column: record.column, values: record.values, by_spelling }
    }

    /// Returns the ids of the words, in order.
    #[must_use]
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.values.iter().map(|w| w.id.as_str())
    }

    /// Finds the position of the word with the spelling `written`. Width, white space and the kind of brackets make
    /// no difference, nor does a leading list number (`1-单独组建`) or a trailing footnote mark.
    #[must_use]
    pub fn find(&self, written: &str) -> Option<usize> {
        let written = folded(written);
        let get = |spelling: &str| self.by_spelling.get(spelling);
        let bare = || {
            let bare = undecorated(&written);
            get(bare).or_else(|| get(bare.strip_suffix("(1+n)")?))
        };
        get(&written).or_else(bare).map(|at| usize::from(*at))
    }

    /// Iterates over all known spellings, folded, each with the position of its word.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = (&str, usize)> {
        self.by_spelling.iter().map(|(spelling, at)| (spelling.as_str(), usize::from(*at)))
    }

    /// Adds `written` as a spelling of the word at `at`, replacing any earlier meaning.
    pub(super) fn add(&mut self, written: &str, at: usize) {
        let written = folded(written);
        self.by_spelling.insert(undecorated(&written).to_owned(), at as u8);
        self.by_spelling.insert(written.into_owned(), at as u8);
    }

    /// Returns the ids of the words with their labels, in order.
    #[must_use]
    pub fn labelled(&self) -> impl ExactSizeIterator<Item = (&str, Text)> {
        self.values.iter().map(|w| (w.id.as_str(), Text::new(&w.zh, &w.en)))
    }
}

static WORDS: LazyLock<Vec<Arc<Words>>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../definitions/words.toml")).unwrap_or(File { word: Vec::new() });
    file.word.into_iter().map(|record| Arc::new(Words::new(record))).collect()
});

/// Returns the shipped words of the column called `name`.
#[must_use]
pub fn of(name: &str) -> Option<&'static Words> {
    shipped(name).map(Arc::as_ref)
}

/// Returns the shipped words of the column called `name` as a shared pointer.
pub(super) fn shipped(name: &str) -> Option<&'static Arc<Words>> {
    WORDS.iter().find(|w| w.column == name)
}

/// Lists the columns that have words.
pub(crate) fn columns() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|w| w.column.as_str())
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
        for written in [
            "1.单独组建",
            "1、单独组建",
            "(1) 单独组建",
            "（一）单独组建",
            "①单独组建",
            "单独组建。",
            "单独组建*",
            "单独 组建①",
        ] {
            assert_eq!(mode.find(written), Some(0), "{written}");
        }
        assert_eq!(mode.find("【区域覆盖】[1+N]"), None);
        assert_eq!(mode.find("区域覆盖〔1+N〕"), Some(3));
        assert_eq!(mode.find("待核实"), None);
    }
}
