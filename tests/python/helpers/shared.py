"""Third-party data that tests read in place; not part of the project, and possibly absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import ROOT

_FOLDER = ROOT / ".." / "shared" / "data"


def data(name: str) -> Path:
    """Returns the path of ``name`` in the shared data; skips the test, with a message, if absent."""
    path = (_FOLDER / name).resolve()
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path
