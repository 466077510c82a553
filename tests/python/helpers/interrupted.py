"""Run by `binding/test_interrupt.py` in a process of its own: long work, Ctrl-C in the middle of it, and work again.

Prints, as JSON, for each kind of work the seconds from each signal to the exception, and the number of
exceptions raised in the engine rather than between two calls.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import dangjian

# Seconds from the start of the work to the signal, to hit different stages.
DELAYS = (0.05, 0.15, 0.3, 0.6)


def main(folder: Path) -> None:
    """Generates a panel, interrupts each kind of work on it, and checks that everything still works."""
    panel = dangjian.synth.panel(300_000, 5)
    parquet, text = folder / "panel.parquet", folder / "panel.csv"
    panel.write_parquet(parquet)
    panel.write_csv(text)
    roster = dangjian.read_roster(panel)
    year = roster.years[-1]
    work = {
        "read a table": lambda: dangjian.read_roster(panel),
        "read parquet": lambda: dangjian.read_roster(parquet),
        "read text": lambda: dangjian.read_roster(text),
        "coverage": lambda: roster.coverage(by="township"),
        "gaps": lambda: roster.gaps("guided", year),
        "write parquet": lambda: roster.to_parquet(folder / "roster.parquet"),
        "review": lambda: roster.review(year),
    }
    seen = {}
    for name, call in work.items():
        lags, inside = zip(*(interrupt(call, delay) for delay in DELAYS), strict=True)
        seen[name] = {"lags": lags, "inside": sum(inside)}
    seen["again"] = [len(roster) == panel.height, roster.review(year).headline["organisations"]]
    json.dump(seen, sys.stdout)


def interrupt(call, delay):
    """Repeats ``call`` until Ctrl-C, which comes after ``delay``."""
    sent = []

    def press():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(delay, press)
    timer.start()
    try:
        while True:
            call()
    except KeyboardInterrupt as stopped:
        lag = time.monotonic() - sent[0]
        innermost = traceback.extract_tb(stopped.__traceback__)[-1]
    timer.join()
    return lag, Path(innermost.filename).is_relative_to(Path(dangjian.__file__).parent)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
