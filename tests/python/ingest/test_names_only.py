"""Ledgers that have names and no codes: the codes are brought in by name, and nothing is guessed."""

from __future__ import annotations

import polars as pl
import pytest
from typer.testing import CliRunner

import dangjian
from dangjian.cli import app
from helpers.tables import code, organisation


def csv(path, header, rows):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]), encoding="utf-8-sig")
    return path


@pytest.fixture
def ledger(tmp_path):
    rows = [(at + 1, organisation(at), at + 3, "单建") for at in range(5)]
    return csv(tmp_path / "台账2013.csv", "序号,单位名称,正式党员,组建形式", rows)


@pytest.fixture
def register(tmp_path):
    """The register: 0, 1, 2 once, 3 twice with two codes, 4 missing."""
    rows = [(organisation(at), code(at)) for at in (0, 1, 2, 3)] + [(organisation(3), code(33))]
    return csv(tmp_path / "对照表.csv", "企业名称,统一社会信用代码", rows)


def read(path, **options):
    return dangjian.read_roster(path, progress=False, **options)


def said(roster):
    return [(row["code"], row["value"]) for row in roster.problems.iter_rows(named=True)]


def test_codes_come_from_a_register_by_name(ledger, register):
    roster = read(ledger, codes_from=register)
    assert roster.to_polars()["org_id"].to_list() == [code(0), code(1), code(2)]
    assert roster.to_polars()["members_full"].to_list() == [3, 4, 5]
    assert said(roster) == [
        ("id_by_name", organisation(0)),
        ("id_several_in_register", organisation(3)),
        ("id_not_in_register", organisation(4)),
    ]


def test_a_roster_and_a_table_are_registers_too(ledger, register, tmp_path):
    expected = said(read(ledger, codes_from=register))
    table = pl.read_csv(register)
    assert said(read(ledger, codes_from=table)) == expected
    rows = [(organisation(at), code(at), 1) for at in (0, 1, 2)]
    before = csv(tmp_path / "台账2012.csv", "单位名称,统一社会信用代码,正式党员", rows)
    roster = read(ledger, codes_from=read(before))
    assert roster.to_polars()["org_id"].to_list() == [code(0), code(1), code(2)]
    assert [code for code, _ in said(roster)] == ["id_by_name", "id_not_in_register", "id_not_in_register"]


def test_rows_with_a_code_keep_theirs(tmp_path, register):
    rows = [(organisation(0), code(7), 1), (organisation(1), "", 2), (organisation(2), "无", 3)]
    path = csv(tmp_path / "台账2013.csv", "单位名称,统一社会信用代码,正式党员", rows)
    found = read(path, codes_from=register).to_polars()
    assert dict(found.select("org_id", "members_full").iter_rows()) == {code(7): 1, code(1): 2, code(2): 3}


def test_the_county_tells_two_of_one_name_apart(tmp_path):
    header = "单位名称,统一社会信用代码,行政区划代码"
    rows = [(organisation(0), code(0), "150425000000"), (organisation(0), code(1), "150426000000")]
    register = csv(tmp_path / "对照表.csv", header, rows)
    rows = [(organisation(0), "150426000000", 4), (organisation(0), "150402000000", 5)]
    path = csv(tmp_path / "台账2013.csv", "单位名称,行政区划代码,正式党员", rows)
    roster = read(path, codes_from=register)
    assert roster.to_polars()["org_id"].to_list() == [code(1)]
    assert [code for code, _ in said(roster)] == ["id_by_name", "id_not_in_register"]


def test_names_alone_are_refused_with_what_to_do(ledger):
    with pytest.raises(dangjian.Error, match="codes_from"):
        read(ledger)
    with pytest.raises(dangjian.Error, match="running number"):
        read(ledger, columns={"序号": "org_id"})


def test_the_command_takes_a_register(ledger, register):
    done = CliRunner().invoke(app, ["check", str(ledger), "--codes-from", str(register)])
    assert done.exit_code == 0, done.output
    assert organisation(3) in done.output
    assert organisation(4) in done.output
    assert organisation(1) not in done.output
