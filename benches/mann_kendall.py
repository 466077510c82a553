"""Times Mann–Kendall over many short series: dangjian against pymannkendall, after comparing the results.

    python benches/mann_kendall.py [--series 1000000] [--years 10] [--sample 2000]

pymannkendall tests one series per call and would take minutes for a million, so it is timed on a sample
and its time is scaled up; dangjian tests all of them. Compare only ratios of one run.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time

import numpy as np
import polars as pl
import pymannkendall

import dangjian as dj

NAMES = {
    "s": "s",
    "var_s": "var_s",
    "z": "z",
    "p": "p",
    "tau_a": "Tau",
    "slope": "slope",
    "intercept": "intercept",
}


def made(series: int, years: int) -> np.ndarray:
    """Generates rates in steps of 0.1 per cent. A third of the series have few levels and many ties; one
    cell in a hundred is missing.
    """
    draw = np.random.default_rng(7)
    rates = draw.integers(0, 1001, (series, years)) / 1000
    rates[::3] = draw.integers(6, 11, rates[::3].shape) / 10
    rates[draw.random(rates.shape) < 0.01] = np.nan
    return rates


def assert_equal(rates: np.ndarray) -> None:
    """Compares all figures of each series."""
    ours = dj.mann_kendall(rates, method="normal")
    compared = 0
    for row, one in zip(ours.iter_rows(named=True), rates, strict=True):
        if row["p"] is None:
            continue  # constant, or a single value: null here, 1 or an exception there
        peer = pymannkendall.original_test(one)
        for mine, theirs in NAMES.items():
            if not np.isclose(row[mine], getattr(peer, theirs), rtol=1e-9, atol=1e-12):
                sys.exit(f"{mine} of {one} differs: {row[mine]}, and {getattr(peer, theirs)}")
        compared += 1
    if compared < 0.9 * len(rates):
        sys.exit(f"only {compared} of {len(rates)} series were compared")
    print(f"equal {', '.join(NAMES)} in {compared} series\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1_000_000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--sample", type=int, default=2000, help="how many of them pymannkendall tests")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    rates = made(options.series, options.years)
    sample = rates[: options.sample]
    print(
        f"{options.series:,} series of {options.years} years; {os.cpu_count()} CPUs, {platform.machine()}; "
        f"pymannkendall {pymannkendall.__version__}, Polars {pl.__version__}, dangjian {dj.__version__}"
    )
    assert_equal(sample)
    one_call, all_ours, exact = [], [], []
    testable = sample[(~np.isnan(sample)).sum(axis=1) > 1]
    for _ in range(options.runs):
        start = time.perf_counter()
        for one in testable:
            pymannkendall.original_test(one)
        one_call.append((time.perf_counter() - start) / len(testable) * options.series)
        for method, times in (("normal", all_ours), ("auto", exact)):
            start = time.perf_counter()
            table = dj.mann_kendall(rates, method=method)
            times.append(time.perf_counter() - start)
            if table.height != options.series:
                sys.exit("series are lost")
    print("| | median s | least | most | pymannkendall ÷ this |")
    print("|---|---|---|---|---|")
    peer = statistics.median(one_call)
    for name, times in (
        (f"pymannkendall, {len(testable):,} series scaled up", one_call),
        ("dangjian, normal p-values and the slope's interval", all_ours),
        ("dangjian, exact p-values", exact),
    ):
        median = statistics.median(times)
        print(f"| {name} | {median:.3f} | {min(times):.3f} | {max(times):.3f} | {peer / median:.0f} |")


if __name__ == "__main__":
    main()
