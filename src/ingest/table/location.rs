//! Location of a table: file and sheet, as messages name them.

use std::path::Path;

use crate::error::Error;

/// Location of a table.
#[derive(Clone, Copy)]
pub(crate) struct TableLocation<'a> {
    pub path: &'a Path,
    /// Name that identifies the file.
    pub name: &'a str,
    pub sheet: Option<&'a str>,
    pub encoding: Option<&'static str>,
}

impl TableLocation<'_> {
    pub(crate) fn file(&self) -> String {
        self.name.to_owned()
    }

    /// Adds the file and the sheet to an error.
    pub(crate) fn add_to(&self, error: Error) -> Error {
        let error = error.in_file(self.path);
        match self.sheet {
            Some(sheet) => error.in_sheet(sheet),
            None => error,
        }
    }
}

/// Returns the name of a file without its folders.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
