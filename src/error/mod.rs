//! The error type. Its variants distinguish faults of the call, of a definition, of a file, of the data and of this
//! library.
//!
//! The Chinese and English texts are written where an error is created, next to the check that fails. `library.rs` and
//! `os.rs` have the Chinese texts for errors of libraries and of the operating system; problems of cells and rows,
//! which do not stop reading, are in `../ingest/problem.rs`.

mod detail;
pub(crate) mod library;
pub(crate) mod os;

use std::path::{Path, PathBuf};

use arrow::error::ArrowError;

use self::detail::Cause;
use self::library::LibraryError;
use crate::lang::{Lang, Text};

pub use self::detail::Detail;

/// Result of every fallible function of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error. Every message says what was found, what was expected and what to do, in both languages. Where they are
/// known, the file, sheet, row, column and value at fault can be asked for, and `source()` gives the error of the
/// operating system or of a library that caused it.
///
/// ```
/// use std::path::Path;
///
/// use dangjian::standards::zone::Zones;
/// use dangjian::{Error, Lang};
///
/// let error = Zones::from_toml("[[zone]]\nid = \"jp\"\nname = 3", "zones.toml").unwrap_err();
/// assert!(matches!(error, Error::Definition(_)));
/// assert_eq!(error.file(), Some(Path::new("zones.toml")));
/// assert_eq!((error.column(), error.value()), (Some("name"), Some("3")));
/// assert!(error.message(Lang::Zh).contains("应为引号里的文字"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call asks for something that does not exist or makes no sense: an unknown column, year or option.
    #[error(transparent)]
    Argument(Box<Detail>),
    /// A definition (rate, target set, formation rule, predicate) is wrong; the message names file, record and
    /// field.
    #[error(transparent)]
    Definition(Box<Detail>),
    /// A file cannot be opened or is not what its name says: missing, encrypted, truncated, no ledger in it.
    #[error(transparent)]
    File(Box<Detail>),
    /// The data violate an invariant: a column of the wrong type, a panel whose ids are not unique.
    #[error(transparent)]
    Data(Box<Detail>),
    /// The caller asked for the work to stop.
    #[error("stopped before the work was done")]
    Cancelled,
    /// An internal error of this library; please report it.
    #[error(transparent)]
    Internal(Box<Detail>),
}

/// Creation of errors from their two texts.
impl Error {
    /// Creates an [`Error::Argument`].
    pub fn argument(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Argument(Detail::new(zh, en))
    }

    /// Creates an [`Error::Definition`].
    pub fn definition(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Definition(Detail::new(zh, en))
    }

    /// Creates an [`Error::File`] about the file at `path`, which both messages begin with.
    pub fn of_file(path: &Path, zh: impl AsRef<str>, en: impl AsRef<str>) -> Self {
        let name = path.display();
        let (zh, en) = (format!("{name}：{}", zh.as_ref()), format!("{name}: {}", en.as_ref()));
        Self::File(Detail::new(zh, en)).in_file(path)
    }

    /// Creates an [`Error::Data`].
    pub fn data(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Data(Detail::new(zh, en))
    }

    /// Creates an [`Error::Internal`], for a case that cannot happen unless this library is wrong.
    pub fn internal(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Internal(Detail::new(zh, en))
    }

    /// Creates the internal error for a thread that failed.
    pub(crate) fn broken() -> Self {
        Self::internal("内部线程出错，请报告", "an internal thread failed; please report this")
    }

    /// Creates the internal error for a missing intermediate result, such as a table or a set of counts.
    pub(crate) fn no_result() -> Self {
        Self::internal("内部错误：缺少一个中间结果，请报告", "an intermediate result is missing; please report this")
    }

    /// Creates the error for a file that could not be written.
    pub(crate) fn unwritten(path: &Path, error: std::io::Error) -> Self {
        let why = os::why(&error);
        Self::of_file(path, format!("不能写入：{}", why.zh), format!("cannot be written: {}", why.en)).caused_by(error)
    }
}

/// Place and cause of an error.
impl Error {
    /// Adds the file at fault, or the name given to a table that is not in a file.
    #[must_use]
    pub fn in_file(self, file: impl Into<PathBuf>) -> Self {
        self.with(|detail| detail.file = Some(file.into()))
    }

    /// Adds the sheet at fault.
    #[must_use]
    pub fn in_sheet(self, sheet: impl Into<String>) -> Self {
        self.with(|detail| detail.sheet = Some(sheet.into()))
    }

    /// Adds the row at fault, from 1: a line of a text file, a row of a sheet or of a table.
    #[must_use]
    pub fn at_row(self, row: u64) -> Self {
        self.with(|detail| detail.row = Some(row))
    }

    /// Adds the column at fault, or the field of a definition.
    #[must_use]
    pub fn in_column(self, column: impl Into<String>) -> Self {
        self.with(|detail| detail.column = Some(column.into()))
    }

    /// Adds the value at fault, as written.
    #[must_use]
    pub fn with_value(self, value: impl Into<String>) -> Self {
        self.with(|detail| detail.value = Some(value.into()))
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn caused_by(self, cause: impl Into<Cause>) -> Self {
        self.with(|detail| detail.cause = Some(cause.into()))
    }

    /// Changes the contents, which [`Error::Cancelled`] does not have.
    fn with(mut self, change: impl FnOnce(&mut Detail)) -> Self {
        match &mut self {
            Self::Argument(d) | Self::Definition(d) | Self::File(d) | Self::Data(d) | Self::Internal(d) => change(d),
            Self::Cancelled => {}
        }
        self
    }

    /// Turns an [`Error::Argument`] into an [`Error::Definition`] whose message `reword` makes of the old one.
    /// Returns other errors unchanged.
    pub(crate) fn redefined(self, reword: impl FnOnce(&Text) -> Text) -> Self {
        match self {
            Self::Argument(mut detail) => {
                detail.text = reword(&detail.text);
                Self::Definition(detail)
            }
            other => other,
        }
    }
}

/// Access to the contents of an error.
impl Error {
    /// Returns the message in `lang`.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        match (self.detail(), lang) {
            (Some(detail), _) => detail.text.get(lang).to_owned(),
            (None, Lang::Zh) => "工作未完成即已停止".to_owned(),
            (None, Lang::En) => self.to_string(),
        }
    }

    /// Returns the file at fault, or the name given to a table that is not in a file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.detail()?.file.as_deref()
    }

    /// Returns the sheet at fault.
    #[must_use]
    pub fn sheet(&self) -> Option<&str> {
        self.detail()?.sheet.as_deref()
    }

    /// Returns the row at fault, from 1: a line of a text file, a row of a sheet or of a table.
    #[must_use]
    pub fn row(&self) -> Option<u64> {
        self.detail()?.row
    }

    /// Returns the column at fault, or the field of a definition.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.detail()?.column.as_deref()
    }

    /// Returns the value at fault, as written.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.detail()?.value.as_deref()
    }

    fn detail(&self) -> Option<&Detail> {
        match self {
            Self::Argument(d) | Self::Definition(d) | Self::File(d) | Self::Data(d) | Self::Internal(d) => Some(d),
            Self::Cancelled => None,
        }
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        let zh = library::quoted(&format!("处理数据表时出错：{}", error.kind_zh()), &error);
        Self::internal(zh, format!("Arrow failed: {error}")).caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::*;

    #[test]
    fn an_error_keeps_its_place_and_its_cause() {
        let error = Error::of_file(Path::new("台账.xlsx"), "已损坏", "is damaged").in_sheet("企业").at_row(3);
        let error = error.in_column("mode").with_value("单独").caused_by(io::Error::other("no more"));
        assert_eq!(error.message(Lang::Zh), "台账.xlsx：已损坏");
        assert_eq!((error.to_string(), error.message(Lang::En)), ("台账.xlsx: is damaged".into(), error.to_string()));
        assert_eq!((error.file(), error.sheet()), (Some(Path::new("台账.xlsx")), Some("企业")));
        assert_eq!((error.row(), error.column(), error.value()), (Some(3), Some("mode"), Some("单独")));
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("no more"));
        let error = Error::from(ArrowError::DivideByZero);
        assert!(
            matches!(error, Error::Internal(_))
                && error.source().is_some_and(<dyn std::error::Error>::is::<ArrowError>)
        );
        assert!(error.message(Lang::Zh).contains("除数为零（库的原话："), "{}", error.message(Lang::Zh));
    }

    #[test]
    fn an_argument_becomes_part_of_a_definition() {
        let error = Error::argument("没有这一列", "no such column").with_value("x");
        let error = error.redefined(|what| Text::new(format!("甲：{}", what.zh), format!("a: {}", what.en)));
        assert!(matches!(error, Error::Definition(_)) && error.value() == Some("x"));
        assert_eq!((error.to_string(), error.message(Lang::Zh)), ("a: no such column".into(), "甲：没有这一列".into()));
        assert!(matches!(Error::Cancelled.at_row(1).redefined(Clone::clone), Error::Cancelled));
        assert!(size_of::<Error>() <= 2 * size_of::<usize>());
    }
}
