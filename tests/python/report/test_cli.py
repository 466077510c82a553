"""The command line: output streams and exit codes."""

from __future__ import annotations

import json

import polars as pl
import pytest
from typer.testing import CliRunner

import dangjian
from dangjian.catalogue.ledgers import OTHER_ROWS
from dangjian.cli import app
from helpers import made

FILE = "台账2013[red].xlsx"


class Roster:
    """A stand-in with the part of a roster that the command uses."""

    years = made.YEARS
    sources = pl.DataFrame(
        {
            "file": [FILE],
            "sheet": ["非公企业"],
            "table": [1],
            "range": ["A3:H22"],
            "years": ["2013"],
            "year_from": ["file name"],
            "encoding": [None],
            "data": [20],
            **{kind: [0] for kind in OTHER_ROWS},
            "title": [2],
            "kept": [15],
            "rejected": [2],
            "merged": [2],
            "conflicts": [1],
        }
    )
    skipped = pl.DataFrame(
        {"file": [FILE], "sheet": ["[b]说明"], "why_zh": ["没有单位代码列"], "why_en": ["no codes"]}
    )
    columns_read = pl.DataFrame(
        {
            "file": [FILE] * 4,
            "sheet": ["非公企业"] * 4,
            "table": [1] * 4,
            "header": ["信用代码", "组建/单独\n建立", "姓名", "联系电话"],
            "column": ["org_id", "mode", None, None],
            "value": [None, "solo", None, None],
            "status": ["mapped", "mapped", "personal", "personal"],
            "proposal": pl.Series([None] * 4, dtype=pl.String),
            "proposal_value": pl.Series([None] * 4, dtype=pl.String),
            "proposal_like": pl.Series([None] * 4, dtype=pl.String),
            "similarity": pl.Series([None] * 4, dtype=pl.Float64),
        }
    )
    words = pl.DataFrame(schema=dict.fromkeys(("column", "written", "value", "instead_of"), pl.String))
    problems = pl.DataFrame(
        {
            "file": [FILE],
            "sheet": ["非公企业"],
            "row": [7],
            "line": [None],
            "year": [2013],
            "column": ["members_full"],
            "header": ["正式党员"],
            "value": ["三\n人"],
            "code": ["unreadable_number"],
            "action": ["null"],
            "severity": ["warning"],
            "message_zh": ["不是数字，按未知处理。"],
            "message_en": ["This is no number; it counts as not known."],
        }
    )

    def __init__(self) -> None:
        self.asked: dict[str, object] = {}

    def review(self, year, **options):
        """Records the request."""
        self.asked = {"year": year, **options}
        if year not in self.years:
            raise dangjian.ArgumentError(f"there is no ledger of {year}", f"没有 {year} 年的台账")
        return made.review(year)


@pytest.fixture
def roster(monkeypatch):
    roster = Roster()
    monkeypatch.setattr(dangjian, "read_roster", lambda _paths, **_: roster)
    return roster


def run(*args: object):
    return CliRunner().invoke(app, [str(a) for a in args])


def test_review_writes_all_and_sums_up(roster, tmp_path):
    result = run("review", FILE, "--out", tmp_path / "out", "--workers", "workers.csv")
    assert result.exit_code == 0, result.output
    assert roster.asked["year"] == 2013
    assert str(roster.asked["workers"]) == "workers.csv"
    head = json.loads((tmp_path / "out" / "review.json").read_text(encoding="utf-8"))
    rows = head["rows"]
    assert f"读入 {rows['in']} 行 = 保留 {rows['kept']} + 剔除 4 + 合并 3 + 冲突 2" in result.stdout
    assert head["targets"][0]["label"] in result.stdout
    assert "待确认" in result.stdout
    assert "review.html" in result.stdout
    assert (tmp_path / "out" / "review.xlsx").stat().st_size > 5000
    assert result.stderr == ""


def test_review_in_english_of_a_given_year(roster, tmp_path):
    result = run("review", FILE, "--out", tmp_path, "--year", 2012, "--lang", "en")
    assert result.exit_code == 0, result.output
    assert roster.asked["year"] == 2012
    assert "4 rejected" in result.stdout
    assert 'lang="en"' in (tmp_path / "review.html").read_text(encoding="utf-8")


def test_review_takes_a_star_scheme(roster, tmp_path):
    result = run("review", FILE, "--out", tmp_path, "--scheme", "badong")
    assert result.exit_code == 0, result.output
    assert roster.asked["scheme"] == "badong"


@pytest.mark.parametrize(("met", "code"), [(True, 0), (False, 1), (None, 1)])
@pytest.mark.usefixtures("roster")
def test_strict_exits_with_1_unless_every_target_is_met(monkeypatch, tmp_path, met, code):
    review = made.review()
    for target in review.headline["targets"]:
        target["met"] = True
    review.headline["targets"][-1]["met"] = met
    monkeypatch.setattr(Roster, "review", lambda *_, **__: review)
    assert run("review", FILE, "--out", tmp_path, "--strict").exit_code == code
    assert run("review", FILE, "--out", tmp_path).exit_code == 0


@pytest.mark.parametrize(
    ("lang", "text"), [("zh", "没有 1999 年的台账"), ("en", "there is no ledger of 1999")]
)
@pytest.mark.usefixtures("roster")
def test_unusable_input_is_one_message_and_2(tmp_path, lang, text):
    result = run("review", FILE, "--out", tmp_path, "--year", 1999, "--lang", lang)
    assert result.exit_code == 2
    assert result.stderr == f"dangjian: {text}\n"
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("roster")
def test_a_folder_that_cannot_be_written_is_2(tmp_path):
    (tmp_path / "file").write_text("")
    result = run("review", FILE, "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert "file" in result.stderr
    assert "Traceback" not in result.output


def test_interrupt_is_130(monkeypatch):
    def stop(*_: object, **__: object):
        raise KeyboardInterrupt

    monkeypatch.setattr(dangjian, "read_roster", stop)
    assert run("check", FILE).exit_code == 130


@pytest.mark.usefixtures("roster")
def test_check_prints_rows_columns_and_every_problem():
    result = run("check", FILE)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[:5] == [
        f"{FILE} · 非公企业",
        "  年度：2013（取自文件名）",
        "  读入 20 行 = 保留 15 + 剔除 2 + 合并 2 + 冲突 1；另有标题行 2",
        "  读入的列 2：信用代码 → 统一社会信用代码；党组织组建形式：单独建立=单建",
        "  未读入（个人信息） 2：姓名；联系电话",
    ]
    assert f"  {FILE} · [b]说明：没有单位代码列" in lines
    assert lines[-5:] == [
        "  数字无法识别 1 [提示，按未知处理]",
        "    不是数字，按未知处理。",
        "",
        f"{FILE} · 非公企业",
        "  第 7 行 正式党员 “三 人”：数字无法识别 [按未知处理]",
    ]


@pytest.mark.usefixtures("roster")
def test_a_balance_that_does_not_hold_says_so(monkeypatch):
    monkeypatch.setattr(Roster, "sources", Roster.sources.with_columns(data=pl.lit(21)))
    assert "读入 21 行 ≠ 保留 15" in run("check", FILE, "--lang", "zh").stdout


def test_version_and_help():
    assert run("--version").stdout.strip() == dangjian.__version__
    for args in (["--help"], ["review", "--help"], ["check", "--help"]):
        text = " ".join(run(*args).stdout.split())
        assert "130" in text, args
    assert run("review").exit_code == 2
    assert run("nonsense").exit_code == 2
