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

/// Builds the exception for an error from its English and its Chinese text.
pub(crate) fn raise(error: &Error) -> PyErr {
    let texts = (error.message(Lang::En), error.message(Lang::Zh));
    match error {
        Error::Argument(_) => ArgumentError::new_err(texts),
        Error::Definition(_) => DefinitionError::new_err(texts),
        Error::File(_) => FileError::new_err(texts),
        Error::Data(_) => DataError::new_err(texts),
        Error::Cancelled => PyKeyboardInterrupt::new_err(()),
        _ => InternalError::new_err(texts),
    }
}
