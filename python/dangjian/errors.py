"""What can go wrong, told apart by who can mend it. Every message is there in both languages."""

from __future__ import annotations

from typing import Literal


class Error(Exception):
    """The base of every error of this package.

    Example:
        >>> import dangjian
        >>> try:
        ...     dangjian.read_roster("no such folder")
        ... except dangjian.Error as error:
        ...     text = error.message("zh")
    """

    def __init__(self, en: str, zh: str | None = None) -> None:
        super().__init__(en, en if zh is None else zh)

    def __str__(self) -> str:
        return str(self.args[0])

    def message(self, lang: Literal["zh", "en"] = "zh") -> str:
        """The message in Chinese (`zh`) or English (`en`)."""
        return str(self.args[1] if lang == "zh" else self.args[0])


class ArgumentError(Error):
    """The call asks for something that does not exist: an unknown column, year, dimension or option."""


class DefinitionError(Error):
    """A definition (rate, target set, predicate) is wrong; the message names file, record and field."""


class FileError(Error):
    """A file cannot be read: missing, encrypted, damaged, or no ledger in it."""


class DataError(Error):
    """The data break a promise of their own: a column of the wrong type, rows without an id."""


class InternalError(Error):
    """A fault of this package; please report it."""
