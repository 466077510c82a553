"""The data of other people that tests read in place: they are not part of the project and may be absent."""

from __future__ import annotations

from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[2] / ".." / "shared" / "data"


def data(name: str) -> Path:
    """The path of ``name`` in the shared data; skips the test, saying so, where it is not there."""
    path = (_FOLDER / name).resolve()
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path
