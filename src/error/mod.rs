//! The error type; its variants distinguish who is at fault, which determines what a caller can do.

pub(crate) mod os;

use std::path::Path;

use crate::lang::{Lang, Text};

/// Result of every fallible function of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error. Every message says what was found, what was expected and what to do, in both languages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call asks for something that does not exist or makes no sense: an unknown column, year or option.
    #[error("{0}")]
    Argument(Text),
    /// A definition (rate, target set, formation rule, predicate) is wrong; the message names file, record and
    /// field.
    #[error("{0}")]
    Definition(Text),
    /// A file cannot be opened or is not what its name says: missing, encrypted, truncated, no ledger in it.
    #[error("{0}")]
    File(Text),
    /// The data violate an invariant: a column of the wrong type, a panel whose ids are not unique.
    #[error("{0}")]
    Data(Text),
    /// The caller asked for the work to stop.
    #[error("stopped before the work was done")]
    Cancelled,
    /// An internal error of this library; please report it.
    #[error("{0}")]
    Inside(Text),
}

impl Error {
    /// Returns the message in `lang`.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        match self {
            Self::Argument(t) | Self::Definition(t) | Self::File(t) | Self::Data(t) | Self::Inside(t) => {
                t.get(lang).to_owned()
            }
            Self::Cancelled => match lang {
                Lang::Zh => "工作未完成即已停止".to_owned(),
                Lang::En => self.to_string(),
            },
        }
    }

    /// Creates an [`Error::Argument`] from its two texts.
    pub fn argument(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Argument(Text::new(zh, en))
    }

    /// Creates an [`Error::Definition`] from its two texts.
    pub fn definition(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Definition(Text::new(zh, en))
    }

    /// Creates an [`Error::Data`] from its two texts.
    pub fn data(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Data(Text::new(zh, en))
    }

    /// Creates the internal error for a thread that failed.
    pub(crate) fn broken() -> Self {
        Self::Inside(Text::new("内部线程出错，请报告", "a thread failed inside; please report this"))
    }

    /// Creates the error for a file that could not be written.
    pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> Self {
        let why = os::why(error);
        Self::file(path, format!("不能写入：{}", why.zh), format!("cannot be written: {}", why.en))
    }

    /// Creates an [`Error::File`] about the file at `path`.
    pub fn file(path: &Path, zh: impl AsRef<str>, en: impl AsRef<str>) -> Self {
        let path = path.display();
        Self::File(Text::new(format!("{path}：{}", zh.as_ref()), format!("{path}: {}", en.as_ref())))
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(e: arrow::error::ArrowError) -> Self {
        Self::Inside(Text::new(format!("Arrow 内部错误：{e}"), format!("Arrow failed inside: {e}")))
    }
}
