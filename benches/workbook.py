"""Times a large ledger in xlsx: read, checked and coded by dangjian, against calamine, which only yields
cells.

    python benches/workbook.py [--rows 100000] [--runs 5]

The workbook is written as Excel would write it (a table of strings, each text once) and kept below
target/. Both sides first count the cells of each kind and sum their contents; the counts must be equal,
and the columns of the panel must be those written. Each run reads the file again, the sides taking turns,
so that both meet the same load.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import resource
import statistics
import subprocess
import time
from pathlib import Path

import polars as pl
import xlsxwriter

import dangjian
from dangjian import _native, synth

ROOT = Path(__file__).parent.parent
COLUMNS = 62
YEAR = 2013


def ledger(rows: int) -> pl.DataFrame:
    """Generates one year of synthetic organisations, with most columns of the schema and others that
    offices add.
    """
    frame = synth.panel(rows, 1, first_year=YEAR).drop("year")
    frame = frame.with_columns(
        pl.col(pl.Categorical, pl.Enum).cast(pl.String), pl.col("star").cast(pl.Float64)
    )
    row = pl.int_range(pl.len())

    def word(step: int, *words: str) -> pl.Expr:
        at = row * step % 11 % len(words)
        return at.replace_strict(dict(enumerate(words)), return_dtype=pl.String)

    flags = (
        "above_scale",
        "owner_is_member",
        "owner_is_secretary",
        "union",
        "youth_league",
        "womens_federation",
    )
    counts = (
        "members_probationary",
        "members_elsewhere",
        "staff_full_time",
        "premises_m2",
        "complaints",
        "funds",
    )
    columns = {
        "name": pl.format("某某县第{}号测试有限责任公司", row),
        "committee": pl.format("{}党工委", word(3, "个体私营经济", "工业园区", "经信局", "住建局", "商务局")),
        "zone": pl.when(row % 3 == 0).then(pl.format("第{}工业园区", row * 31 % 90)),
        "grid": pl.format("{}街道第{}网格", row % 400, row * 7 % 20),
        "registration_type": word(5, "173", "150", "171", "310"),
        "party_org_id": pl.when(row % 4 > 0).then(pl.format("Q{}", row * 7919 % 90_000 + 100_000)),
        "party_org_level": pl.when(row % 4 > 0).then(word(7, "党支部", "党总支", "党委")),
        "secretary_source": pl.when(row % 4 > 0).then(
            word(2, "出资人担任", "中层管理人员担任", "上级党组织选派")
        ),
        "established_on": pl.when(row % 4 > 0).then(
            pl.lit(dt.date(1995, 1, 1)) + pl.duration(days=row * 37 % 6500)
        ),
        "score": (row * 7919 % 4000 + 6000) / 100,
        **{name: word(at + 2, "是", "否", "是") for at, name in enumerate(flags)},
        **{name: pl.when(row % (at + 2) > 0).then(row * (at + 3) % 97) for at, name in enumerate(counts)},
    }
    more = [
        lambda at: pl.when(row * (at + 3) % 7 < 2).then(pl.lit("√")),
        lambda at: row * (2 * at + 1) % 977,
        lambda at: pl.format("测试路{}号", row * (at + 1) % 5000),
    ]
    for at in range(COLUMNS - frame.width - len(columns)):
        columns[f"附加{at + 1}"] = more[at % len(more)](at)
    return frame.with_columns(**columns)


def write(frame: pl.DataFrame, path: Path) -> None:
    """Writes the ledger: texts as shared strings, dates as numbers with a date format."""
    with xlsxwriter.Workbook(path) as book:
        sheet, day = book.add_worksheet("台账"), book.add_format({"num_format": "yyyy-mm-dd"})
        for at, name in enumerate(frame.columns):
            sheet.write_string(0, at, name)
            for row, value in enumerate(frame[name].to_list(), 1):
                if isinstance(value, str):
                    sheet.write_string(row, at, value)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(row, at, value, day)
                elif isinstance(value, bool):
                    sheet.write_string(row, at, "是" if value else "否")
                elif value is not None:
                    sheet.write_number(row, at, value)


def peer() -> Path:
    """Builds the program that only iterates over the cells."""
    command = ["cargo", "bench", "--quiet", "--no-run", "--bench", "calamine", "--message-format=json"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    built = [json.loads(line).get("executable") for line in told.splitlines() if '"executable":"' in line]
    return Path(built[-1])


def calamine(program: Path, path: Path) -> tuple[float, float, dict[str, float]]:
    """Returns wall-clock seconds, CPU seconds, and the counts."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    told = subprocess.run([program, path], check=True, capture_output=True, text=True).stdout
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, json.loads(told)


def read(path: Path) -> tuple[float, float, dangjian.Roster]:
    """Returns wall-clock seconds, CPU seconds, and the roster read."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    roster = dangjian.read_roster(path, year=YEAR, progress=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, roster


def compare(program: Path, path: Path, frame: pl.DataFrame) -> int:
    """Exits unless both sides see the same cells and the panel is as written; returns the number of cells."""
    ((_, _, table, _),) = _native.grids(path)
    cells = pl.DataFrame(table)
    _, _, found = calamine(program, path)
    of = {kind: cells.filter(kind=kind) for kind in ("text", "number", "day")}
    ours = {
        "texts": of["text"].height,
        "letters": of["text"]["text"].str.len_bytes().sum(),
        "numbers": of["number"].height,
        "others": of["day"].height,
    }
    assert ours == {key: found[key] for key in ours}, (ours, found)
    assert abs(float(of["number"]["number"].sum()) / found["sum"] - 1) < 1e-9
    panel = read(path)[2].to_polars().sort("org_id")
    written = frame.sort("org_id")
    assert panel.height == written.height
    for name in ("org_id", "name", "employees", "established_on", "mode", "region", "activities"):
        assert panel[name].cast(written[name].dtype).equals(written[name], null_equal=True), name
    return cells.height


def main() -> None:
    """Writes the workbook, compares, then measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    frame = ledger(options.rows)
    path = ROOT / f"target/bench/ledger-{options.rows}.xlsx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write(frame, path)
    program = peer()
    cells = compare(program, path, frame)
    print(
        f"{platform.machine()}, {os.cpu_count()} processors; {frame.height:,} × {frame.width}, {cells:,} cells"
    )
    print(f"{path.stat().st_size / 1e6:.0f} MB; equal cells and equal panel\n")
    print(
        f"{'':12}{'calamine':>10}{'dangjian':>10}{'ratio':>8}    processors:{'calamine':>10}{'dangjian':>10}"
    )
    ratios = []
    for run in range(options.runs):
        (wall, busy, _), (own, own_busy, _) = calamine(program, path), read(path)
        ratios.append(own / wall)
        print(f"run {run + 1:<8}{wall:9.2f}s{own:9.2f}s{own / wall:8.2f}{'':15}{busy:9.2f}s{own_busy:9.2f}s")
    print(f"\nmedian ratio {statistics.median(ratios):.2f} (1.3 is the limit)")


if __name__ == "__main__":
    main()
