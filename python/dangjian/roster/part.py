"""Base of every part of a roster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dangjian.roster import arguments
from dangjian.roster.where import rows

if TYPE_CHECKING:
    from dangjian import _native
    from dangjian.roster.arguments import By, Source, Years
    from dangjian.roster.where import Where


class RosterPart:
    """The panel inside the engine.

    Every statistic takes ``where``: a condition in SQL over the columns, or a Polars expression over ``to_polars()``, which
    is evaluated once over all years together.
    """

    def __init__(self, native: _native.Roster) -> None:
        self._native = native

    def _scope(
        self, *, by: By = (), where: Where = None, years: Years = None, bands: Source | None = None
    ) -> _native.Scope:
        """Builds the scope of a statistic in the form of the engine."""
        return {
            "by": arguments.names(by),
            "bands": arguments.path(bands),
            "years": arguments.years(years),
            **rows(self._native, where),
        }
