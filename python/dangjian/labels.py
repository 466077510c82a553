"""What people see in place of names and codes: the labels of tables, columns and values, in Chinese and English.

The texts live with the engine (its schema, `definitions/words.toml`, `definitions/labels.toml`); this module looks them
up. What has no label is shown as it is written: a user's own column keeps its name, a committee's name stays a name.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, TypeAlias, cast, get_args

from dangjian.errors import ArgumentError

Lang: TypeAlias = Literal["zh", "en"]
"""A language a reader reads; ``"zh"`` is the default of everything an office reads."""


@cache
def _all() -> dict[str, dict[str, Any]]:
    from dangjian import _native

    return _native.labels()


def check_lang(lang: str) -> Lang:
    """Return ``lang`` if it is a language there are labels in.

    Raises:
        ArgumentError: There are none; the message says in which there are.

    Example:
        >>> check_lang("zh")
        'zh'
    """
    if lang not in get_args(Lang):
        raise ArgumentError(
            f"lang is {lang!r}. Expected: 'zh' (中文) or 'en' (English)",
            f"lang 是 {lang!r}；应为 'zh'（中文）或 'en'（English）",
        )
    return cast("Lang", lang)


def table(name: str, lang: Lang = "zh") -> str:
    """Return the label of the review's table ``name``.

    Example:
        >>> table("star_moves"), table("star_moves", "en")
        ('星级变动', 'Star moves')
    """
    return cast("str", _all()["table"].get(name, {}).get(lang, name))


def column(name: str, lang: Lang = "zh") -> str:
    """Return the label of the column ``name``, of a ledger or of a table.

    Example:
        >>> column("members_full"), column("rate", "en")
        ('正式党员', 'rate')
    """
    return cast("str", _all()["column"].get(name, {}).get(lang, name))


def value(column: str, value: str, lang: Lang = "zh") -> str:
    """Return the label of one ``value`` of a ``column`` of words or states.

    Example:
        >>> value("mode", "solo"), value("star_state", "4"), value("committee", "unknown")
        ('单建', '四星', '不明')
    """
    values = _all()["value"]
    found = values.get(column, {}).get(value) or values["any"].get(value, {})
    return cast("str", found.get(lang, value))


def words() -> dict[str, list[str]]:
    """Return the words of every column of words, by name.

    Example:
        >>> words()["mode"]
        ['affiliated', 'area', 'joint', 'none', 'solo']
    """
    import polars as pl

    from dangjian import _native

    columns = pl.DataFrame(_native.schema()).filter(pl.col("type") == "word")["name"]
    return {name: sorted(_all()["value"][name]) for name in columns}
