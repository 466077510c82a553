"""Made panels and ledgers, slow obvious versions and scripts that the tests share."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
"""The folder of the project."""

TESTS = ROOT / "tests" / "python"
"""The folder from which scripts among the helpers run: `python -m helpers.threads`."""
