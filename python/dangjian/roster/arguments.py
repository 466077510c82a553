"""Conversion of arguments to the one form in which the engine takes them."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TypeAlias

import polars as pl

from dangjian.errors import ArgumentError, FileError

Source: TypeAlias = str | PathLike[str]
Progress: TypeAlias = Callable[[str, int, int], None]
By: TypeAlias = str | Sequence[str]
Years: TypeAlias = int | Sequence[int] | None


def arrow(table: object) -> object:
    """Returns a table that exports Arrow, in a form that the engine accepts.

    Polars exports a column of type Null with a buffer, which such columns must not have.
    """
    if isinstance(table, pl.DataFrame):
        return table.with_columns(pl.col(pl.Null).cast(pl.String))
    return table


def several(source: object) -> list[Source]:
    """Returns one or several paths and patterns as a list."""
    if isinstance(source, str | PathLike):
        return [source]
    several = list(source) if isinstance(source, Iterable) else [source]
    paths: list[Source] = [one for one in several if isinstance(one, str | PathLike)]
    if len(paths) == len(several):
        return paths
    got = type(next(one for one in several if not isinstance(one, str | PathLike))).__name__
    raise ArgumentError(
        f"cannot read {got}: expected paths, or one object with __arrow_c_stream__ (join several tables first)",
        f"不能读取 {got}：应为路径，或一个带 __arrow_c_stream__ 的对象（多张表请先合并）",
    )


def expand(source: Source) -> list[Path]:
    """Returns a path, or the files that match a pattern."""
    text = fspath(source)
    if Path(text).exists() or not glob.has_magic(text):
        return [Path(text)]
    found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - it may be absolute
    if not found:
        raise FileError(f"{text}: no file matches this pattern", f"{text}：没有文件符合这个通配符", file=text)
    return [Path(path) for path in found]


def names(by: By) -> list[str]:
    """Returns one or several names as a list."""
    return [by] if isinstance(by, str) else list(by)


def years(given: Years) -> list[int] | None:
    """Returns one or several years, each once; ``None`` for all."""
    if given is None:
        return None
    return sorted({year(one) for one in ([given] if isinstance(given, int) else given)})


def year(given: int) -> int:
    """Checks that a year has four digits, and returns it."""
    if 1000 <= given <= 9999:  # noqa: PLR2004 - four digits
        return given
    raise ArgumentError(
        f"{given} is not a year: expected four digits, as in 2013", f"{given} 不是年份：应为四位数字，如 2013"
    )


def whole(given: int, name: str) -> int:
    """Checks that a number is whole and from 1 to 2^32 - 1, and returns it."""
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given < 1 << 32:
        return given
    raise ArgumentError(
        f"{name} is {given!r}: expected a whole number from 1", f"{name} 是 {given!r}：应为正整数"
    )


def path(given: Source | None) -> Path | None:
    """Returns a path, if one is given."""
    return None if given is None else Path(given)
