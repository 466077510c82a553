"""Printed labels of tables, columns and values, in Chinese and English, in place of names and codes.

The texts belong to the engine (its schema, `definitions/words.toml`, `definitions/labels.toml`); this module looks
them up. A name without a label is shown as written, such as a user's own column or the name of a committee.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, TypeAlias, cast, get_args

from dangjian.errors import ArgumentError

Lang: TypeAlias = Literal["zh", "en"]
"""Language of printed text; reports to offices default to ``"zh"``."""


@cache
def _all() -> dict[str, dict[str, Any]]:
    from dangjian import _native

    return _native.labels()


def check_lang(lang: str) -> Lang:
    """Returns ``lang`` if there are labels in this language.

    Raises:
        ArgumentError: There are no labels in it; the message names the languages that have them.

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
    """Returns the label of the review's table ``name``.

    Example:
        >>> table("star_moves"), table("star_moves", "en")
        ('星级变动', 'Star moves')
    """
    return cast("str", _all()["table"].get(name, {}).get(lang, name))


def column(name: str, lang: Lang = "zh") -> str:
    """Returns the label of the column ``name``, of a ledger or of a table.

    Example:
        >>> column("members_full"), column("rate", "en")
        ('正式党员', 'rate')
    """
    return cast("str", _all()["column"].get(name, {}).get(lang, name))


def value(column: str, value: str, lang: Lang = "zh") -> str:
    """Returns the label of one ``value`` of a ``column`` of words or states.

    Example:
        >>> value("mode", "solo"), value("star_state", "4"), value("committee", "unknown")
        ('单建', '四星', '不明')
    """
    values = _all()["value"]
    found = values.get(column, {}).get(value) or values["any"].get(value, {})
    return cast("str", found.get(lang, value))


def words() -> dict[str, list[str]]:
    """Returns the words of every column of words, by name.

    Example:
        >>> words()["mode"]
        ['affiliated', 'area', 'joint', 'none', 'solo']
    """
    import polars as pl

    from dangjian import _native

    columns = pl.DataFrame(_native.schema()).filter(pl.col("type") == "word")["name"]
    return {name: sorted(_all()["value"][name]) for name in columns}
