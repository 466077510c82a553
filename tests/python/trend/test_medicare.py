"""Star transitions of a real panel of many years, with half stars, against a cross-tabulation in pandas."""

from __future__ import annotations

import itertools

import pandas as pd
import polars as pl
import pyarrow.compute
import pyarrow.csv
import pytest

import dangjian
from helpers import shared

COLUMNS = {"star_year": "year", "contract_id": "org_id", "stars": "star"}


@pytest.fixture(scope="module")
def path():
    return shared.data("real/medicare_advantage_us_2009-2022_stars.csv")


def of_polars(path):
    return pl.read_csv(path, infer_schema_length=None).filter(pl.col("summary_type") == "Overall")


def of_pandas(path):
    frame = pd.read_csv(path)
    return frame[frame["summary_type"] == "Overall"]


def of_pyarrow(path):
    table = pyarrow.csv.read_csv(path)
    return table.filter(pyarrow.compute.field("summary_type") == "Overall")


def written_anew(path, folder):
    """Writes the lines of the file with the word `Overall` to a file, since text files and frames have
    different readers.
    """
    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    file = folder / "overall.csv"
    file.write_text(
        head + "".join(line for line in lines if line.split(",")[1] == "Overall"), encoding="utf-8"
    )
    return file


def crosstab(frame: pd.DataFrame) -> dict[tuple[int, int, str, str], int]:
    """Counts the contracts in each transition between consecutive years."""
    states = frame["stars"].map(lambda star: "unknown" if pd.isna(star) else f"{star:g}")
    wide = frame.assign(state=states).pivot(index="contract_id", columns="star_year", values="state")  # noqa: PD010
    wide = wide.fillna("absent")
    moved: dict[tuple[int, int, str, str], int] = {}
    for year, after in itertools.pairwise(sorted(wide.columns)):
        assert after == year + 1
        table = pd.crosstab(wide[year], wide[after])
        cells = ((a, b, int(n)) for a, row in table.iterrows() for b, n in row.items())
        moved |= {(year, after, a, b): n for a, b, n in cells if n and (a, b) != ("absent", "absent")}
    return moved


@pytest.mark.parametrize("source", [of_polars, of_pandas, of_pyarrow])
def test_every_cell_of_every_year_equals_pandas(path, source):
    roster = dangjian.read_roster(source(path), columns=COLUMNS)
    check(roster, of_pandas(path))


def test_the_same_read_from_a_file(tmp_path, path):
    roster = dangjian.read_roster(written_anew(path, tmp_path), columns=COLUMNS)
    assert roster.sources["encoding"].to_list() == ["utf-8"]
    check(roster, of_pandas(path))


def check(roster, frame):
    moves = roster.star_transitions()
    assert moves.columns == ["year", "next_year", "star_state", "next_star_state", "organisations"]
    got = {row[:4]: row[4] for row in moves.rows()}
    assert len(got) == moves.height
    want = crosstab(frame)
    assert {key: n for key, n in got.items() if n} == want
    # The comparison covers eleven pairs of years, half stars, missing values, arrivals and departures.
    assert len({key[0] for key in want}) == 11
    assert {"2.5", "4.5", "5", "unknown", "absent"} <= {key[2] for key in want} & {key[3] for key in want}
    # A pair of years has each contract listed in one of the two exactly once.
    listed = frame.groupby("star_year")["contract_id"].agg(set)
    for year, n in moves.group_by("year").agg(pl.col("organisations").sum()).rows():
        assert n == len(listed[year] | listed[year + 1])
