"""Results are bit-identical for any number of threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def seen(threads):
    """Returns the results of `threads.py` with a number of threads."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("threads.py")],
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
