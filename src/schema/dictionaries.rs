//! The words of all columns, including those added by a caller, such as a league's own names for modes and reasons.

use std::sync::Arc;

use super::spelling::folded;
use super::words;
use super::words::Words;
use crate::error::{Error, Result};
use crate::lang::Text;
use crate::support::similarity::nearest;

/// A spelling added to the shipped table (`definitions/words.toml`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// Column of the word.
    pub column: String,
    /// Spelling in ledgers.
    pub written: String,
    /// Id of the word it means.
    pub value: String,
    /// Id of the word with this spelling in the shipped table, if that is another one; the addition takes
    /// precedence.
    pub instead_of: Option<String>,
}

/// The shipped words, extended by a caller's own spellings.
/// ```
/// use dangjian::schema::Dictionaries;
/// let mut words = Dictionaries::default();
/// words.add("mode", "商会带建", "joint")?;
/// let mode = words.of("mode").unwrap();
/// assert_eq!(mode.find("商会 带建").and_then(|at| mode.ids().nth(at)), Some("joint"));
/// assert!(words.add("mode", "商会带建", "jointly").is_err());
/// # Ok::<(), dangjian::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Dictionaries {
    added: Vec<Spelling>,
    /// Tables with additions.
    extended: Vec<Arc<Words>>,
}

impl PartialEq for Dictionaries {
    fn eq(&self, other: &Self) -> bool {
        self.added == other.added
    }
}

impl Dictionaries {
    /// Adds `written` as a spelling of the word `value` of `column`. `value` is the word's id or any spelling in
    /// the shipped table. A later addition replaces a contradictory earlier one.
    pub fn add(&mut self, column: &str, written: &str, value: &str) -> Result<()> {
        self.try_add(column, written, value).map_err(|(wrong, Text { zh, en })| {
            let given = [("column", column), ("written", written), ("value", value)];
            let given = given.into_iter().find(|(argument, _)| *argument == wrong);
            given.into_iter().fold(Error::argument(zh, en), |error, (_, given)| error.with_value(given))
        })
    }

    /// Adds a spelling like [`Self::add`]; an error comes with the name of the wrong argument: `column`, `written`
    /// or `value`.
    pub(crate) fn try_add(&mut self, column: &str, written: &str, value: &str) -> Result<(), (&'static str, Text)> {
        let table = words::shipped(column).ok_or_else(|| ("column", no_words(column)))?;
        if folded(written).is_empty() {
            return Err(("written", Text::new("用词是空的", "the word as written is empty")));
        }
        let at = table.find(value).ok_or_else(|| ("value", no_word(table, value)))?;
        let id = |at: usize| table.ids().nth(at).unwrap_or_default().to_owned();
        let instead_of = table.find(written).filter(|shipped| *shipped != at).map(id);
        let spelling = Spelling { column: column.to_owned(), written: written.to_owned(), value: id(at), instead_of };
        self.put(spelling, table, at);
        Ok(())
    }

    fn put(&mut self, spelling: Spelling, table: &Arc<Words>, at: usize) {
        let same = |s: &Spelling| s.column == spelling.column && folded(&s.written) == folded(&spelling.written);
        self.added.retain(|s| !same(s));
        if let Some(words) = self.extended.iter_mut().find(|w| w.column == spelling.column) {
            Arc::make_mut(words).add(&spelling.written, at);
        } else {
            let mut words = Words::clone(table);
            words.add(&spelling.written, at);
            self.extended.push(Arc::new(words));
        }
        self.added.push(spelling);
    }

    /// Merges in the additions of `over`, which take precedence.
    #[must_use]
    pub fn with(&self, over: &Self) -> Self {
        let mut both = self.clone();
        for spelling in &over.added {
            if let Some(table) = words::shipped(&spelling.column)
                && let Some(at) = table.ids().position(|id| id == spelling.value)
            {
                both.put(spelling.clone(), table, at);
            }
        }
        both
    }

    /// Returns the words of the column called `name`, with the additions.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<Arc<Words>> {
        self.extended.iter().find(|w| w.column == name).or_else(|| words::shipped(name)).cloned()
    }

    /// Returns the additions, in the order in which they were made.
    #[must_use]
    pub fn added(&self) -> &[Spelling] {
        &self.added
    }
}

fn no_words(column: &str) -> Text {
    let have: Vec<&str> = words::columns().collect();
    let (zh, en) = hint(column, &have);
    Text::new(
        format!("“{column}”不是有固定用词的列。可用的列：{}{zh}", have.join("、")),
        format!("'{column}' is not a column of fixed words. Available: {}{en}", have.join(", ")),
    )
}

fn no_word(table: &Words, value: &str) -> Text {
    let have: Vec<&str> = table.ids().collect();
    let (zh, en) = hint(value, &have);
    Text::new(
        format!("“{value}”不是 {} 列的词。可用：{}{zh}", table.column, have.join("、")),
        format!("'{value}' is not one of the words of {}. Available: {}{en}", table.column, have.join(", ")),
    )
}

fn hint(name: &str, have: &[&str]) -> (String, String) {
    nearest(name, have.iter().copied()).map_or_else(Default::default, |near| {
        (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(words: &Dictionaries, column: &str, written: &str) -> Option<String> {
        let table = words.of(column).unwrap();
        table.find(written).and_then(|at| table.ids().nth(at)).map(str::to_owned)
    }

    #[test]
    fn additions_stand_over_the_shipped_words_and_later_ones_over_earlier() {
        let mut words = Dictionaries::default();
        words.add("mode", "商会带建", "joint").unwrap();
        words.add("mode", "挂靠组建", "联建").unwrap();
        assert_eq!(word(&words, "mode", "1-商会带建").as_deref(), Some("joint"));
        assert_eq!(word(&words, "mode", "挂靠 组建").as_deref(), Some("joint"));
        assert_eq!(word(&words, "mode", "挂靠").as_deref(), Some("affiliated"), "other spellings stay");
        assert_eq!(words.added()[1].instead_of.as_deref(), Some("affiliated"));
        assert_eq!(words.added()[0].instead_of, None);
        words.add("mode", "商会带建", "affiliated").unwrap();
        assert_eq!(word(&words, "mode", "商会带建").as_deref(), Some("affiliated"));
        assert_eq!(words.added().len(), 2);
        let mut over = Dictionaries::default();
        over.add("mode", "商会带建", "area").unwrap();
        over.add("kind", "商会", "social_group").unwrap();
        let both = words.with(&over);
        assert_eq!(word(&both, "mode", "商会带建").as_deref(), Some("area"));
        assert_eq!(word(&both, "kind", "商会").as_deref(), Some("social_group"));
        assert_eq!(word(&Dictionaries::default(), "mode", "商会带建"), None, "the shipped table is not touched");
    }

    #[test]
    fn what_cannot_be_added_says_what_could() {
        let mut words = Dictionaries::default();
        for (column, written, value, field, said) in [
            ("mod", "甲", "joint", "column", "did you mean 'mode'"),
            ("employees", "甲", "joint", "column", "secretary_source"),
            ("mode", "甲", "jiont", "value", "did you mean 'joint'"),
            ("mode", " ", "joint", "written", "empty"),
        ] {
            let (at, text) = words.try_add(column, written, value).unwrap_err();
            assert_eq!(at, field);
            assert!(text.en.contains(said), "{}", text.en);
        }
        assert!(words.added().is_empty());
    }
}
