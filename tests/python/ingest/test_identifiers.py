"""What stands in the column of codes: codes in every dress, and what is none."""

from __future__ import annotations

import polars as pl
import pytest

import dangjian
from helpers.tables import ALPHABET, code, organisation

HEADER = "序号,单位名称,统一社会信用代码,正式党员"


def person(region: str, born: str, order: str) -> str:
    """Returns an identity number of nobody, right by its check character (GB 11643)."""
    first = region + born + order
    weights = [pow(2, 17 - at, 11) for at in range(17)]
    return (
        first
        + "10X98765432"[sum(int(sign) * weight for sign, weight in zip(first, weights, strict=True)) % 11]
    )


OWNERS = [person("150425", "19650307", "123"), person("110101", "20001231", "004")]


def ledger(folder, cells, year=2013, header=HEADER):
    lines = [f"{at + 1},{organisation(at)},{cell},{at + 1}" for at, cell in enumerate(cells)]
    path = folder / f"台账{year}.csv"
    path.write_text("\n".join([header, *lines]), encoding="utf-8-sig")
    return path


def read(folder, cells, **options):
    return dangjian.read_roster(ledger(folder, cells), progress=False, **options)


def problems(roster):
    return dict(roster.problems.group_by("code").len().rows())


DRESSES = {
    "label": "统一社会信用代码：{}",
    "short label": "代码:{}",
    "hyphen": "{0[0]}-{0[1]}",
    "blanks": "{0[0]} {0[1]}",
    "turned": "\u202d{}\u202c",
    "no width": "\u200b{}\ufeff",
    "apostrophe": "'{}",
}


@pytest.mark.parametrize("dress", DRESSES)
def test_a_code_in_any_dress_is_the_code(tmp_path, dress):
    text = DRESSES[dress]
    cells = [text.format([code(at)[:8], code(at)[8:]] if "[" in text else code(at)) for at in range(4)]
    roster = read(tmp_path, cells)
    assert roster.to_polars()["org_id"].to_list() == sorted(map(code, range(4)))
    assert problems(roster) == {}


@pytest.mark.parametrize(
    "more", ["{}(01)", "{}（副本）", "{}/150425006372899", "原150425006372899现{}", "{0}；{0}"]
)
def test_what_stands_beside_a_code_is_said(tmp_path, more):
    roster = read(tmp_path, [more.format(code(at)) for at in range(3)] + [code(3)])
    assert roster.to_polars()["org_id"].to_list() == sorted(map(code, range(4)))
    assert problems(roster) == {"id_with_more": 3}


def test_two_codes_are_nobodys(tmp_path):
    roster = read(tmp_path, [f"{code(0)}、{code(1)}", code(2)])
    assert roster.to_polars()["org_id"].to_list() == [code(2)]
    assert problems(roster) == {"id_several": 1}


PLACEHOLDERS = [
    "0" * 18,
    "1" * 18,
    "9" * 15,
    "0" * 17 + "X",
    "0",
    "12345",
    "123456789012345",
    "****",
    "******",
    "7",
]


def test_placeholders_are_no_organisations(tmp_path):
    hidden = code(1)[:8] + "******" + code(1)[14:]
    roster = read(tmp_path, [*PLACEHOLDERS, hidden, code(0)])
    assert roster.to_polars()["org_id"].to_list() == [code(0)]
    assert problems(roster) == {"id_placeholder": len(PLACEHOLDERS) + 1}


@pytest.mark.parametrize(
    "owner", [*OWNERS, OWNERS[0].lower(), OWNERS[0][:-1] + ("1" if OWNERS[0][-1] != "1" else "2")]
)
@pytest.mark.parametrize("written", ["{}", "身份证号：{}", "{}（业主）"])
def test_the_number_of_a_person_is_neither_kept_nor_shown(tmp_path, owner, written):
    roster = read(tmp_path, [code(0), written.format(owner), "13912345678"])
    assert roster.to_polars()["org_id"].to_list() == [code(0)]
    assert problems(roster) == {"id_of_person": 2}
    shown = roster.problems.write_csv() + str(roster) + repr(roster)
    assert owner.upper() not in shown.upper()
    assert "13912345678" not in shown


def test_the_number_of_a_person_is_hidden_in_every_column(tmp_path):
    path = tmp_path / "台账2013.csv"
    path.write_text(
        f"统一社会信用代码,单位名称,从业人员,成立时间\n{code(0)},甲厂,{OWNERS[0]},电话13912345678\n",
        encoding="utf-8",
    )
    shown = dangjian.read_roster(path, progress=False).problems.write_csv()
    assert "unreadable_date" in shown
    assert OWNERS[0] not in shown
    assert "13912345678" not in shown


def test_rows_of_persons_are_not_called_headers(tmp_path):
    path = tmp_path / "花名册2013.csv"
    path.write_text(
        f"序号,姓名,身份证号,联系电话,所在单位,职务\n1,甲某某,{OWNERS[0]},13912345678,工会,主席\n",
        encoding="utf-8",
    )
    with pytest.raises(dangjian.Error) as refused:
        dangjian.read_roster(path, progress=False)
    for planted in ("甲某某", OWNERS[0], OWNERS[0][:10], "13912345678", "主席"):
        assert planted not in str(refused.value)


def test_offices_own_numbers_are_said_once(tmp_path):
    roster = read(tmp_path, [f"KQ-{at:04}" for at in range(50)])
    assert roster.to_polars().height == 50
    assert problems(roster) == {"id_own_number": 1}


@pytest.mark.parametrize("text", ["2013.5", "2013-05-01", "约12人", "某某商贸有限公司", "办理中"])
def test_values_of_the_next_column_are_no_codes(tmp_path, text):
    roster = read(tmp_path, [code(0), text])
    assert roster.to_polars().height == 1
    assert problems(roster) == {"id_unreadable": 1}


def test_codes_that_went_through_a_double_are_known_and_repaired(tmp_path):
    """Python's own floats say what is left of a code."""
    # Codes of digits only are the ones that a program takes for numbers.
    whole = [code for code in map(digits, range(400)) if code]
    # One in 31 of the numbers that are left has a right check character by chance.
    whole = [
        code for code in whole if code == rounded(code) or with_check(rounded(code)[:17]) != rounded(code)
    ]
    assert len(whole) > 100
    left = [rounded(code) for code in whole]
    now = ledger(tmp_path, left)
    alone = dangjian.read_roster(now, progress=False)
    spoilt = sum(text != code for text, code in zip(left, whole, strict=True))
    assert problems(alone) == {"id_mangled": spoilt}
    before = ledger(tmp_path, whole, year=2012)
    both = dangjian.read_roster([before, now], repair=True, progress=False).to_polars()
    assert both.filter(pl.col("year") == 2013)["org_id"].to_list() == sorted(whole)


def rounded(code: str) -> str:
    return str(int(float(code)))


def with_check(first: str) -> str:
    total = sum(ALPHABET.index(sign) * pow(3, at, 31) for at, sign in enumerate(first))
    return first + ALPHABET[-total % 31]


def digits(number: int) -> str | None:
    """Returns a code of digits only, if the check character of ``number`` is a digit."""
    code = with_check(f"91150425{990000000 + number * 1001:09d}")
    return code if code.isdigit() else None


def test_another_number_of_the_row_stands_for_a_missing_code(tmp_path):
    path = tmp_path / "台账2013.csv"
    rows = [
        "单位名称,统一社会信用代码,工商注册号,组织机构代码,正式党员",
        f"甲厂,{code(0)},,,1",
        "乙厂,,150425006372899,,2",
        "丙厂,,,D2143569-X,3",
        "丁厂,0,150425006372898,,4",
        "戊厂,,,,5",
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    roster = dangjian.read_roster(path, progress=False)
    assert roster.to_polars()["org_id"].to_list() == [
        "150425006372898",
        "150425006372899",
        code(0),
        "D2143569-X",
    ]
    assert problems(roster) == {"id_other_column": 3, "id_missing": 1}
    missing = roster.problems.filter(code="id_missing")
    assert missing["value"].to_list() == ["戊厂"]


def test_hints_and_examples_are_no_organisations(tmp_path):
    path = tmp_path / "台账2013.csv"
    rows = [
        HEADER,
        "填写说明,必填，与执照一致,必填18位,人数",
        f"示例,某厂,{code(9)},3",
        f"1,甲厂,{code(0)},1",
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    roster = dangjian.read_roster(path, progress=False)
    assert roster.to_polars()["name"].to_list() == ["甲厂"]
    assert problems(roster) == {}


@pytest.mark.parametrize("end", ["有限公司", "协会", "小学校", "服务中心", "合作社", "有限公司（筹）"])
def test_a_name_without_a_code_is_an_organisation_that_lacks_it(tmp_path, end):
    path = tmp_path / "名单2013.csv"
    rows = [
        "企业名称,统一社会信用代码",
        f"甲商贸,{code(0)}",
        f"示例恒源{end},",
        f"乙商贸,{code(1)}",
        "经棚镇,",
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    roster = dangjian.read_roster(path, progress=False)
    assert problems(roster) == {"id_missing": 1}
