"""The content of an annual review, without the ways to write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl


class ReviewData:
    """Tables, figures and definitions of one year's review, documented on ``Review``."""

    def __init__(
        self,
        year: int,
        tables: Mapping[str, pl.DataFrame],
        headline: Mapping[str, Any],
        targets: Sequence[Mapping[str, Any]] = (),
        rates: Sequence[Mapping[str, Any]] = (),
        scheme: Mapping[str, Any] | None = None,
    ) -> None:
        self.year = year
        self.tables = dict(tables)
        self.headline = dict(headline)
        self.targets = list(targets)
        self.rates = list(rates)
        self.scheme = dict(scheme or {})
