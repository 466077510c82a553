"""Run by `ingest/test_hostile.py` in a process of its own: reads what it is given and prints, as JSON, what came of it.

The process has a memory limit, so that a bomb ends the process and not the machine.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import dangjian

# Far above the needs of these files.
LIMIT = 8 << 30


def main(path: str, keep: str) -> None:
    """Reads ``path``, with all its columns if ``keep`` is set."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    answer: dict[str, object] = {}
    try:
        roster = dangjian.read_roster(path, keep=["*"] if keep else [], progress=False)
        answer["sources"] = roster.sources.to_dicts()
        answer["problems"] = roster.problems.select("code", "column", "value").rows()
        answer["panel"] = [
            {k: str(v)[:40] for k, v in row.items()} for row in roster.to_polars().head(5).to_dicts()
        ]
    except dangjian.Error as error:
        answer["error"], answer["kind"] = str(error), type(error).__name__
    answer["seconds"] = time.monotonic() - start
    answer["megabytes"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps(answer, ensure_ascii=False))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
