//! Conversion of the engine's errors to Python exceptions. The classes are defined in Python (`dangjian.errors`),
//! so that they can have methods.

use dangjian::{Error, Lang};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::import_exception;
use pyo3::prelude::*;

import_exception!(dangjian.errors, ArgumentError);
import_exception!(dangjian.errors, DefinitionError);
import_exception!(dangjian.errors, FileError);
import_exception!(dangjian.errors, DataError);
import_exception!(dangjian.errors, InternalError);

/// Builds the exception for an error: its English and its Chinese text, and the file, sheet, row, column and value
/// at fault as far as they are known, in the order of the arguments of the Python class.
pub(crate) fn raise(error: &Error) -> PyErr {
    let arguments = (
        error.message(Lang::En),
        error.message(Lang::Zh),
        error.file().map(|file| file.display().to_string()),
        error.sheet().map(str::to_owned),
        error.row(),
        error.column().map(str::to_owned),
        error.value().map(str::to_owned),
    );
    match error {
        Error::Argument(_) => ArgumentError::new_err(arguments),
        Error::Definition(_) => DefinitionError::new_err(arguments),
        Error::File(_) => FileError::new_err(arguments),
        Error::Data(_) => DataError::new_err(arguments),
        Error::Cancelled => PyKeyboardInterrupt::new_err(()),
        _ => InternalError::new_err(arguments),
    }
}
