"""What every part of a roster works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dangjian import _native


class Held:
    """The panel inside the engine, and the files it was read from."""

    def __init__(self, native: _native.Roster, paths: Sequence[Path] = ()) -> None:
        self._native = native
        self._paths = tuple(paths)
