"""Results are bit-identical for any number of threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from helpers import TESTS


def seen(threads):
    """What `helpers.threads` works out with so many threads."""
    done = subprocess.run(
        [sys.executable, "-m", "helpers.threads"],
        cwd=TESTS,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | {"RAYON_NUM_THREADS": str(threads), "PYTHONUTF8": "1"},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_number_of_threads_changes_nothing():
    one = seen(1)
    assert len(one) > 60
    # More threads than years, so that a year is split, and possibly more than cores.
    for threads in (2, 7):
        other = seen(threads)
        assert other.keys() == one.keys()
        assert [name for name in one if one[name] != other[name]] == []
