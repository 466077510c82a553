"""The account that a roster gives of its reading, as plain frames for those who write it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Account:
    """Frames of the same names on ``Roster``, which documents their columns."""

    sources: pl.DataFrame
    skipped: pl.DataFrame
    columns_read: pl.DataFrame
    words: pl.DataFrame
    problems: pl.DataFrame
