//! The contents of an error: its message, the place of the fault and the error that caused it.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use crate::lang::Text;

/// Error that caused another one.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// Contents of an error, behind one pointer so that a `Result` stays small.
#[derive(Debug)]
pub struct Detail {
    pub(super) text: Text,
    pub(super) file: Option<PathBuf>,
    pub(super) sheet: Option<String>,
    pub(super) row: Option<u64>,
    pub(super) column: Option<String>,
    pub(super) value: Option<String>,
    pub(super) cause: Option<Cause>,
}

impl Detail {
    pub(super) fn new(zh: impl Into<String>, en: impl Into<String>) -> Box<Self> {
        let text = Text::new(zh, en);
        Box::new(Self { text, file: None, sheet: None, row: None, column: None, value: None, cause: None })
    }

    /// Returns the message in both languages.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.text
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl Error for Detail {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
