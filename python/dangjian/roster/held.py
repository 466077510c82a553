"""What every part of a roster works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dangjian import _native


class Held:
    """The panel inside the engine."""

    def __init__(self, native: _native.Roster) -> None:
        self._native = native
