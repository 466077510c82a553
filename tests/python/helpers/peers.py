"""Results of peers that are not test dependencies; tests/peers holds them with the scripts that produced
them.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from typing import Any

from helpers import ROOT

_FOLDER = ROOT / "tests" / "peers"


def rows(name: str) -> dict[str, dict[str, list[int]]]:
    """Returns the columns of each panel in a file."""
    panels: dict[str, dict[str, list[int]]] = {}
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            panel = panels.setdefault(row.pop("panel"), defaultdict(list))
            for column, value in row.items():
                panel[column].append(int(value))
    return panels


def values(name: str) -> dict[tuple[str, str], dict[float, float | None]]:
    """Returns a peer's results: by panel and kind, the value at each time; null if it has none."""
    found: dict[tuple[str, str], dict[float, float | None]] = defaultdict(dict)
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            value = math.nan if row["value"] == "NA" else float(row["value"])
            known = value if math.isfinite(value) else None
            found[row["panel"], row["what"]][float(row["time"])] = known
    return dict(found)


def near(got: Any, want: Any, within: float = 1e-9) -> bool:
    """Checks whether two numbers agree to nine digits, or both are null."""
    if got is None or want is None:
        return got is want
    return math.isclose(got, want, rel_tol=within, abs_tol=within)
