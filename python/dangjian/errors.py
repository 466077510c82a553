"""Errors of the package by who can fix them, each with its message in Chinese and English."""

from __future__ import annotations

import errno
from typing import Literal


class Error(Exception):
    """Base class of every error of this package.

    Attributes:
        file: File at fault, or the name given to a table in memory; like the others ``None`` where not known.
        sheet: Sheet of the workbook.
        row: Row from 1: a line of a text file, a row of a sheet or of a table.
        column: Column, or the field of a definition.
        value: Value as written.

    Example:
        >>> import dangjian
        >>> try:
        ...     dangjian.read_roster("no such folder")
        ... except dangjian.Error as error:
        ...     text = error.message("zh")
    """

    def __init__(
        self,
        en: str,
        zh: str | None = None,
        file: str | None = None,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
    ) -> None:
        super().__init__()
        # The texts are not passed to the base: `OSError` would take them for an error number and its meaning.
        self.args = (en, en if zh is None else zh)
        self.file = file
        self.sheet = sheet
        self.row = row
        self.column = column
        self.value = value

    def __str__(self) -> str:
        return str(self.args[0])

    def message(self, lang: Literal["zh", "en"] = "zh") -> str:
        """Returns the message in Chinese (`zh`) or English (`en`)."""
        return str(self.args[1] if lang == "zh" else self.args[0])


class ArgumentError(Error, ValueError):
    """The call asks for something that does not exist: an unknown column, year, dimension or option."""


class DefinitionError(Error):
    """A definition (rate, target set, predicate) is wrong; the message names file, record and field."""


class FileError(Error, OSError):
    """A file cannot be read: missing, encrypted, damaged, or no ledger in it."""


class DataError(Error):
    """The data violate an invariant: a column of the wrong type, rows without an id."""


class InternalError(Error):
    """A fault of this package; please report it."""


_SYSTEM = {
    errno.ENOENT: ("no such file or folder", "没有这个文件或文件夹"),
    errno.EACCES: (
        "no permission, or the file is in use by another program",
        "没有权限，或文件正被其他程序占用",
    ),
    errno.EPERM: ("no permission", "没有权限"),
    errno.EBUSY: ("it is in use by another program", "正被其他程序占用"),
    errno.EISDIR: ("this is a folder, not a file", "这是文件夹，不是文件"),
    errno.ENOTDIR: ("part of the path is not a folder", "路径中有一段不是文件夹"),
    errno.EEXIST: ("a file or folder of this name already exists", "已有同名的文件或文件夹"),
    errno.ENOSPC: ("the disk is full", "磁盘空间已满"),
    errno.EROFS: ("the disk is read-only", "磁盘是只读的"),
    errno.ENAMETOOLONG: ("the name is too long", "文件名过长"),
}


def of_system(error: OSError) -> FileError:
    """Converts an error of the operating system into one with a message in both languages.

    Example:
        >>> of_system(FileNotFoundError(2, "No such file or directory", "台账.xlsx")).message("zh")
        '台账.xlsx：没有这个文件或文件夹'
    """
    said = error.strerror or str(error)
    en, zh = _SYSTEM.get(error.errno or 0, (said, f"系统报错（系统的原话：{said}）"))
    file = str(error.filename) if error.filename else None
    return FileError(f"{file}: {en}", f"{file}：{zh}", file) if file else FileError(en, zh)
