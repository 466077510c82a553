"""Workbooks: behaviour specific to long sheets, to the 1904 date system, and to damaged files."""

from __future__ import annotations

import datetime as dt
import random

import polars as pl
import pytest
import xlsxwriter

import dangjian
from helpers import hostile, shared

ROWS = 12_000
FILLER = "说明" * 40


def ids(count):
    """Generates codes with valid check characters."""
    first = pl.select(pl.format("91150425MA{}", pl.int_range(1_000_000, 1_000_000 + count))).to_series()
    return (first + first.dj.uscc_check()).to_list()


def long_sheet(path, merge, *, blank=()):
    """Writes a sheet of several blocks, its committees given once per seven rows: merged, or in each row."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("台账2013")
        sheet.merge_range(0, 0, 0, 4, "党建工作台账（2013年）")
        for at, head in enumerate(["社会信用代码", "单位名称", "归口管理党工委", "从业人员", "备注"]):
            sheet.merge_range(1, at, 2, at, head)
        row = 3
        for at, code in enumerate(ids(ROWS)):
            row += blank.count(at)
            sheet.write_row(row, 0, [code, f"第{at}号厂", None, at % 50, f"{FILLER}{at}"])
            name = f"第{at // 7 % 30}党工委"
            if not merge:
                sheet.write(row, 2, name)
            elif at % 7 == 0:
                sheet.merge_range(row, 2, row + 6, 2, name)
            row += 1
    return path


def read(path, **options):
    return dangjian.read_roster(path, progress=False, **options)


def test_merged_cells_behind_a_long_sheet_reach_all_their_rows(tmp_path):
    merged = read(long_sheet(tmp_path / "a.xlsx", merge=True))
    plain = read(long_sheet(tmp_path / "b.xlsx", merge=False))
    assert merged.to_polars().equals(plain.to_polars())
    assert merged.to_polars()["committee"].n_unique() == 30
    counted = merged.sources.drop("file", "path").to_dicts()
    assert counted == plain.sources.drop("file", "path").to_dicts()
    assert (counted[0]["data"], counted[0]["kept"]) == (ROWS, ROWS)


def test_rows_left_out_are_counted_across_pieces(tmp_path):
    blank = [1, 100, 100, 5000, 5001, 11_999]
    (full,) = read(long_sheet(tmp_path / "a.xlsx", merge=False)).sources.to_dicts()
    (loose,) = read(long_sheet(tmp_path / "b.xlsx", merge=False, blank=blank)).sources.to_dicts()
    assert (loose["blank"] - full["blank"], loose["data"]) == (len(blank), ROWS)


@pytest.mark.parametrize("date_1904", [False, True])
def test_dates_and_bare_serial_numbers_of_both_date_systems(tmp_path, date_1904):
    day = dt.date(2012, 5, 1)
    serial = (day - (dt.date(1904, 1, 1) if date_1904 else dt.date(1899, 12, 30))).days
    path = tmp_path / "台账2013.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": date_1904}) as book:
        sheet, look = book.add_worksheet(), book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
        sheet.write_row(0, 0, ["org_id", "established_on", "employees", "funds"])
        for row, cell in enumerate([serial, serial, serial + 0.75, 20120501, "2012.5.1"], 1):
            sheet.write_row(row, 0, [f"91110000600037{row}41L", cell, serial, serial])
        sheet.write_datetime(2, 1, dt.datetime.combine(day, dt.time()), look)
    panel = read(path).to_polars()
    assert panel["established_on"].to_list() == [day] * 5
    assert panel["employees"].to_list() == panel["funds"].to_list() == [serial] * 5


def test_old_workbooks_whose_dates_count_from_1904(tmp_path):
    """An xls with the record DATEMODE (0x0022, two bytes) set: every numeric date shifts by the same
    interval.
    """
    source = next(shared.data("ledgers/xls_old").glob("*.xls"))
    whole = bytearray(source.read_bytes())
    mode = b"\x22\x00\x02\x00"
    assert whole.count(mode + b"\x00\x00") == 1
    whole[whole.index(mode + b"\x00\x00") + len(mode)] = 1
    path = tmp_path / source.name
    path.write_bytes(whole)
    first, second = (read(p, year=2012).to_polars() for p in (source, path))
    days = (second["established_on"] - first["established_on"]).dt.total_days()
    later = (dt.date(1904, 1, 1) - dt.date(1899, 12, 30)).days
    assert set(days.drop_nulls()) == {0, later}
    assert second.drop("established_on").equals(first.drop("established_on"))


def test_damaged_workbooks_are_errors_of_files(tmp_path):
    """Bytes changed at random positions: read or rejected, never an internal error."""
    sources = [next(shared.data("ledgers/xls_old").glob("*.xls")), hostile.sound(tmp_path / "台账2013.xlsx")]
    refused = 0
    for source in sources:
        whole = source.read_bytes()
        for seed in range(60):
            rng = random.Random(seed)  # noqa: S311
            broken = bytearray(whole)
            for _ in range(rng.choice([1, 3, 30])):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            path = tmp_path / f"台账2012{source.suffix}"
            path.write_bytes(broken)
            try:
                read(path)
            except dangjian.FileError as error:
                refused += path.name in str(error)
    assert refused > 10
