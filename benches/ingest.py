"""Times reading a canonical CSV: dangjian reads, validates and codes it; Polars and DuckDB only read it.

The peers are given the column types. The rows are those of a panel: generated here, or the first rows of a
given one. Every value that dangjian reads is compared with the panel before the timing. The engines then
take turns, so that other load on the machine affects all of them. Compare only ratios of one run.

    python benches/ingest.py --organisations 200000 --years 10
    python benches/ingest.py --panel panel.parquet --rows 5000000 --runs 5
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl

import dangjian

TYPES = {
    "year": pl.Int16,
    "org_id": pl.String,
    "region": pl.String,
    "kind": pl.String,
    "industry": pl.String,
    "employees": pl.UInt32,
    "members_full": pl.UInt32,
    "mode": pl.String,
    "instructor_id": pl.String,
    "operating": pl.Boolean,
    "activities": pl.UInt32,
    "star": pl.Float32,
}
ENGINES = ("Polars", "DuckDB", "dangjian")


def read(engine: str, path: Path) -> object:
    """Reads the file at ``path`` with ``engine`` into a table in memory, or a roster."""
    if engine == "Polars":
        return pl.read_csv(path, schema=TYPES)
    if engine == "DuckDB":
        names = {pl.Int16: "SMALLINT", pl.String: "VARCHAR", pl.UInt32: "UINTEGER", pl.Boolean: "BOOLEAN"}
        types = {name: names.get(ty, "FLOAT") for name, ty in TYPES.items()}
        con = duckdb.connect()
        con.execute(f"CREATE TABLE t AS SELECT * FROM read_csv('{path}', header=true, columns={types})")
        return con
    return dangjian.read_roster(path)


def write(options: argparse.Namespace, path: Path) -> int:
    """Writes the panel's first rows to ``path``; returns their number."""
    if options.panel is None:
        panel = dangjian.synth.panel(options.organisations, options.years, seed=options.seed)
    else:
        panel = pl.scan_parquet(options.panel).head(options.rows).collect()
    panel.select(*TYPES).write_csv(path)
    return panel.height


def assert_equal(path: Path) -> None:
    """Compares every value that dangjian reads with those that Polars reads."""
    roster = dangjian.read_roster(path)
    ours = roster.to_polars()
    lost = roster.sources.select(pl.col("rejected", "merged", "conflicts").sum()).sum_horizontal().item()
    # dangjian treats more than five members per employee as a typing error and reads null.
    members = pl.col("members_full")
    plausible = pl.when(members <= 5 * pl.col("employees")).then(members)
    theirs = pl.read_csv(path, schema=TYPES).with_columns(members_full=plausible).sort("year", "org_id")
    for name, ty in TYPES.items():
        if lost or not ours[name].cast(ty).equals(theirs[name], null_equal=True):
            sys.exit(f"column {name} differs, or {lost} rows are lost")


def peak_mib(engine: str, path: Path) -> int:
    """Returns the peak memory of a separate process that reads the file with ``engine``."""
    work = "import ingest, pathlib, sys; ingest.read(sys.argv[1], pathlib.Path(sys.argv[2]))"
    line = f"{work}; print(next(x for x in open('/proc/self/status') if x.startswith('VmHWM')).split()[1])"
    command = [sys.executable, "-c", line, engine, str(path)]
    here = Path(__file__).parent
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=here)
    return int(done.stdout.split()[-1]) // 1024  # after DuckDB's progress bar


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", type=Path, help="a panel as Parquet; without it one is made")
    parser.add_argument("--rows", type=int, default=5_000_000, help="how many rows of the panel")
    parser.add_argument("--organisations", type=int, default=200_000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.csv"
        rows = write(options, path)
        print(
            f"{rows:,} rows, {path.stat().st_size >> 20} MiB; {os.cpu_count()} CPUs, {platform.machine()}; "
            f"Polars {pl.__version__}, DuckDB {duckdb.__version__}, dangjian {dangjian.__version__}"
        )
        assert_equal(path)
        print(f"equal values in all {len(TYPES)} columns\n")
        times: dict[str, list[float]] = {engine: [] for engine in ENGINES}
        for _ in range(options.runs):
            for engine in ENGINES:
                start = time.perf_counter()
                table = read(engine, path)
                times[engine].append(time.perf_counter() - start)
                del table
        print("| engine | median s | least | most | peak MiB | dangjian's time ÷ this |")
        print("|---|---|---|---|---|---|")
        ours = statistics.median(times["dangjian"])
        for engine, took in times.items():
            median = statistics.median(took)
            cells = (f"{median:.3f}", f"{min(took):.3f}", f"{max(took):.3f}", peak_mib(engine, path))
            print("|", engine, "|", *(f"{cell} |" for cell in cells), f"{ours / median:.2f} |")


if __name__ == "__main__":
    main()
