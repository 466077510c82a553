"""A roster's account of its reading, as plain frames for the modules that write it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Account:
    """The frames of one reading. Each is documented on ``Roster`` under the same name."""

    sources: pl.DataFrame
    skipped: pl.DataFrame
    columns_read: pl.DataFrame
    words: pl.DataFrame
    problems: pl.DataFrame
