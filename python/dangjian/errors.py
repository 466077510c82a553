"""Errors of the package by who can fix them, each with its message in Chinese and English."""

from __future__ import annotations

import errno
from typing import Literal


class Error(Exception):
    """Base class of every error of this package.

    Example:
        >>> import dangjian
        >>> try:
        ...     dangjian.read_roster("no such folder")
        ... except dangjian.Error as error:
        ...     text = error.message("zh")
    """

    def __init__(self, en: str, zh: str | None = None) -> None:
        super().__init__()
        # The texts are not passed to the base: `OSError` would take them for an error number and its meaning.
        self.args = (en, en if zh is None else zh)

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
    errno.EACCES: ("no permission, or another program holds it", "没有权限，或文件正被其他程序占用"),
    errno.EPERM: ("no permission", "没有权限"),
    errno.EBUSY: ("another program holds it", "正被其他程序占用"),
    errno.EISDIR: ("this is a folder, not a file", "这是文件夹，不是文件"),
    errno.ENOTDIR: ("a part of the path is no folder", "路径中有一段不是文件夹"),
    errno.EEXIST: ("there is a file or folder of this name", "已有同名的文件或文件夹"),
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
    en, zh = _SYSTEM.get(error.errno or 0, (said, f"系统报错：{said}"))
    return (
        FileError(f"{error.filename}: {en}", f"{error.filename}：{zh}")
        if error.filename
        else FileError(en, zh)
    )
