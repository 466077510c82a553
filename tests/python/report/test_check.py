"""`dangjian check` on realistic ledgers: everything read and everything skipped is reported, once, in both
languages.
"""

from __future__ import annotations

import re

import polars as pl
import pytest

import dangjian as dj
from dangjian.report.check import check_text
from dangjian.report.format import Formats
from dangjian.roster.provenance import account

SAMPLE = dj.datasets.hexigten()


@pytest.fixture(scope="module")
def roster():
    return dj.read_roster(SAMPLE.ledgers, progress=False)


@pytest.fixture(scope="module", params=["zh", "en"])
def told(request, roster):
    return list(check_text(account(roster), Formats(request.param)))


def test_every_sheet_is_told_as_read_or_as_left_out(roster, told):
    heads = [line for line in told if re.fullmatch(r"\S+\.xlsx · \S+", line)]
    places = [f"{file} · {sheet}" for file, sheet in roster.sources.select("file", "sheet").rows()]
    assert heads[: len(places)] == places
    assert len(places) == 10
    skipped = roster.skipped
    assert skipped.height == 10
    for file, sheet in skipped.select("file", "sheet").rows():
        assert [line for line in told if line.startswith(f"  {file} · {sheet}")]


def test_every_problem_is_one_line_with_its_place_and_what_was_done(roster, told):
    lines = [line for line in told if re.match(r"  (第 \d+ 行|row \d+) ", line)]
    assert len(lines) == roster.problems.height == 435
    # Row 12 of 2009's first sheet: 424 full members of a small firm, as in the list of corrupted cells.
    assert [
        line for line in lines if re.search(r"(第 12 行|row 12) 党员队伍/正式党员人数 “424”(：|: )", line)
    ]


def test_each_kind_of_problem_is_told_once_with_what_to_do(roster, told):
    lang = "zh" if any("问题" in line for line in told) else "en"
    messages = roster.problems[f"message_{lang}"].unique()
    assert len(messages) > 10
    for message in messages:
        assert told.count(f"    {message}") == 1


def test_personal_columns_are_named_and_their_values_are_not(roster, told):
    text = "\n".join(told)
    personal = roster.columns_read.filter(pl.col("status") == "personal")
    assert personal.height == 50
    assert "身份证号" in text
    assert not re.search(
        r"测试|0000000\d{4}|00000019000101\d{4}", text
    )  # the fictitious people of the sample


def test_the_english_answer_has_no_chinese_but_the_ledgers_own(roster):
    own = {*roster.columns_read["header"], *roster.problems["value"].drop_nulls(), *roster.sources["file"]}
    own |= {*roster.sources["sheet"], *roster.skipped["sheet"], *roster.problems["header"].drop_nulls()}
    known = set("".join(own))
    text = "".join(check_text(account(roster), Formats("en")))
    assert not {c for c in text if "一" <= c <= "鿿"} - known
