"""Printed form of numbers, rates and words. No rate is rounded to 0 % or 100 % unless it is exactly that."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from dangjian import labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from dangjian.results.review_data import ReviewData

NOTHING = "—"
"""Sign for a value that is missing or not known."""


YEARS = ("year", "next_year", "earlier_year", "last_year", "first_year", "deadline", "since", "until")
"""Columns of numbers that are not counts."""

RATES = (
    *("rate", "rate_low", "rate_high", "goal", "past_rate", "share"),
    *("share_rated", "share_all", "share_given", "share_low", "share_high"),
)
"""Columns of proportions, from 0 to 1, printed in per cent."""


class Formats:
    """Formatter of values in one language.

    Example:
        >>> fmt = Formats("zh")
        >>> fmt.number(12345), fmt.percent(0.99996), fmt.percent(None)
        ('12,345', '99.9%', '—')
    """

    def __init__(self, lang: labels.Lang) -> None:
        self.lang = lang

    def t(self, zh: str, en: str) -> str:
        """Returns the text in the reader's language."""
        return zh if self.lang == "zh" else en

    def number(self, number: float | None) -> str:
        """Formats a count with thousands separators, other numbers with as few decimals as possible."""
        if number is None or not math.isfinite(number):
            return NOTHING
        return f"{int(number):,}" if float(number).is_integer() else f"{number:,g}"

    def percent(self, rate: float | None) -> str:
        """Formats a rate in per cent with one decimal: 100.0% means all, 0.0% means none."""
        if rate is None or not math.isfinite(rate):
            return NOTHING
        text = f"{100 * rate:.1f}"
        if text == "100.0" and rate < 1:
            text = "99.9"
        if text == "0.0" and rate > 0:
            text = "0.1"
        return f"{text}%"

    def verdict(self, met: bool | None) -> str:  # noqa: FBT001 - the value to be formatted
        """Formats whether a target is met; ``None`` means that unknowns decide."""
        if met is None:
            return self.t("无法判定", "cannot be told")
        return self.t("达标", "met") if met else self.t("未达标", "not met")

    def stars(self, star: float | None) -> str:
        """Formats a grade as a star for each, with ``½`` for a half."""
        if star is None or not math.isfinite(star):
            return NOTHING
        return "★" * int(star) + ("½" if star % 1 else "") or "0"

    def value(self, column: str, value: Any) -> str:
        """Formats one value of a table's ``column``: words by their labels, numbers, dates, flags."""
        if value is None:
            return NOTHING
        if column in _WRITERS:
            return _WRITERS[column](self, value)
        if isinstance(value, bool):
            return self.t("是", "yes") if value else self.t("否", "no")
        if isinstance(value, (int, float)):
            return self.number(value)
        if isinstance(value, dt.date):
            return value.isoformat()
        return labels.value(column, str(value), self.lang)

    def column(self, name: str) -> str:
        """Returns the label of a column."""
        return labels.column(name, self.lang)

    def table(self, name: str) -> str:
        """Returns the label of a table."""
        return labels.table(name, self.lang)


_WRITERS: dict[str, Callable[[Formats, Any], str]] = {
    **dict.fromkeys(YEARS, lambda _, year: str(year)),
    **dict.fromkeys(RATES, Formats.percent),
    "star": Formats.stars,
}


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def level(review: ReviewData, fmt: Formats) -> str:
    """Returns the stars from which the review lists party organisations by name, in words.

    Example:
        >>> level(review, Formats("zh")), level(review, Formats("en"))  # doctest: +SKIP
        ('三星', 'three stars')
    """
    named = review.scheme.get(f"listed_{fmt.lang}")
    if named is None:
        return fmt.t("挂牌星级", "the stars of a plaque")
    number, space, unit = named.partition(" ")
    whole = fmt.lang == "en" and number.isdigit() and int(number) < len(_NUMBERS)
    return f"{_NUMBERS[int(number)] if whole else number}{space}{unit}"


def starred_label(review: ReviewData, fmt: Formats) -> str:
    """Returns the label of the table of the party organisations with these stars.

    Example:
        >>> starred_label(review, Formats("en"))  # doctest: +SKIP
        'Three stars and more'
    """
    if not review.scheme.get("listed_from"):
        return fmt.table("starred")
    named = level(review, fmt)
    return fmt.t(f"{named}及以上党组织", f"{named[0].upper()}{named[1:]} and more")


def rate_label(review: ReviewData, rate: str, fmt: Formats) -> str:
    """Returns the label of the rate of this id in the review's tables, or the id itself.

    Example:
        >>> rate_label(review, "organised", Formats("en"))  # doctest: +SKIP
        'organisation coverage'
    """
    table = review.tables["coverage"]
    named = dict(table.select("rate_id", f"label_{fmt.lang}").rows())
    return named.get(rate) or rate
