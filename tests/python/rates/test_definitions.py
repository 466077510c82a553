"""Every kind of definition and every way in which it can be wrong: rejected with file, record, field and a
hint.
"""

from __future__ import annotations

import polars as pl
import pytest

import dangjian
from helpers.definitions import made, rate

RATE = rate("operating and large", "mode = 'solo'")
TARGET = rate("operating", "mode = 'solo'").replace("[[rate]]", "[[target]]")
CONDITION = '[[condition]]\nid = "large"\nwhen = "employees >= 50"\nsource = "s"\n'
BREAK = '[[break]]\ncolumn = "employees"\nyear = 2012\nnote = "n"\nsource = "s"\n'
NEED = '[[need]]\nmode = "solo"\nmembers = "members_full"\nat_least = 3\nsource = "s"\n'
LEVEL = '[[level]]\nlevel = "branch"\nmembers = "members_full"\nat_least = 3\nsource = "s"\n'
JOINT = '[[joint]]\nmost_units = 5\nsource = "s"\n'
TERM = '[[term]]\nlevel = "branch"\nyears = 3\nsource = "s"\n'
FINDING = '[[finding]]\nid = "f"\nlabel = "l"\nseverity = "info"\nwhen = "units > 1"\nwhy = "{units}"\nsource = "s"\n'
BANDS = '[[bands]]\nid = "b"\nlabel = "l"\ncolumn = "employees"\nfrom = [0, 8]\nsource = "x"\n'
TABLES = (
    '[[table]]\nid = "1"\nlabel = "l"\npopulation = "operating"\nsource = "s"\n'
    '[[column]]\ntables = ["1"]\nid = "all"\nwhen = "true"\n'
    '[[line]]\ntables = ["1"]\nid = "n"\nlabel = "l"\ncount = "*"\n'
)
ZONES = '[[zone]]\nid = "jp"\nname = "经棚园区"\nregion = "150425100000"\n'
FRAME = pl.DataFrame(
    {
        "year": pl.Series([2013], dtype=pl.Int16),
        "org_id": ["单位1"],
        "operating": [True],
        "employees": pl.Series([60], dtype=pl.UInt32),
        "members_full": pl.Series([3], dtype=pl.UInt32),
        "mode": ["solo"],
        "zone": ["经棚园区"],
    }
)

# The use of a file of each kind.
USES = {
    "rates": lambda r, path: r.coverage(rates_file=path),
    "targets": lambda r, path: r.targets(targets_file=path),
    "rules": lambda r, path: r.formation_audit(rules=path),
    "bands": lambda r, path: r.coverage(by="b", bands=path),
    "tables": lambda r, path: r.annual_table("1", 2013, tables_file=path),
    "zones": lambda _, path: dangjian.read_roster(FRAME, zones=path, progress=False),
}
GOOD = {
    "rates": RATE + CONDITION + BREAK,
    "targets": TARGET,
    "rules": NEED + LEVEL + JOINT + TERM + FINDING,
    "bands": BANDS,
    "tables": TABLES,
    "zones": ZONES,
}

# The change to a file, and the parts of the message: record, field, cause, hint.
WRONG = [
    # An unknown column.
    (
        "rates",
        ("operating", "operatin"),
        '[[rate]] "drawn": field population',
        "'operatin'",
        "did you mean 'operating'?",
    ),
    (
        "rates",
        ("employees >=", "employes >="),
        '[[condition]] "large": field when',
        "'employes'",
        "did you mean 'employees'?",
    ),
    (
        "rates",
        ('"employees"', '"employes"'),
        '[[break]] "employes": field column',
        "'employes'",
        "did you mean 'employees'?",
    ),
    (
        "targets",
        ("operating", "operatin"),
        '[[target]] "drawn": field population',
        "'operatin'",
        "did you mean 'operating'?",
    ),
    (
        "rules",
        ("members_full", "member_full"),
        '[[need]] "solo": field members',
        "'member_full'",
        "did you mean 'members_full'?",
    ),
    ("rules", ("units >", "unit >"), '[[finding]] "f": field when', "'unit'", "did you mean 'units'?"),
    ("rules", ("{units}", "{unit}"), '[[finding]] "f": field why', "'unit'", "did you mean 'units'?"),
    (
        "bands",
        ("employees", "employes"),
        '[[bands]] "b": field column',
        "'employes'",
        "did you mean 'employees'?",
    ),
    (
        "tables",
        ("operating", "operatin"),
        '[[table]] "1": field population',
        "'operatin'",
        "did you mean 'operating'?",
    ),
    # A value of the wrong type, or an unknown word.
    ("rates", ("mode = 'solo'", "mode > 3"), "field success", "mode", ""),
    ("rates", ("mode = 'solo'", "mode = 'sole'"), "field success", "'sole'", "did you mean 'solo'?"),
    ("rates", ("mode = 'solo'", "members_full"), "field success", "members_full", "members_full >= 3"),
    ("rates", ("employees >= 50", "employees >= '50'"), '[[condition]] "large": field when', "employees", ""),
    ("rates", ("year = 2012", "year = '2012'"), "field year", '"2012"', "such as 2013"),
    ("targets", ('source = "test"', 'source = "test"\ntarget = "1"'), "field target", '"1"', "1.0 is 100 %"),
    ("rules", ("at_least = 3", "at_least = -3"), "field at_least", "-3", "such as 3"),
    ("rules", ('level = "branch"', 'level = "cell"'), "field level", "'cell'", "Available: branch"),
    ("rules", ('mode = "solo"', 'mode = "sole"'), "field mode", "'sole'", "Available: solo"),
    ("bands", ("[0, 8]", "[0, -8]"), "field from", "-8", "such as [0, 10, 50]"),
    ("tables", ('count = "*"', 'count = "sum(mode)"'), "field count", "mode", ""),
    ("zones", ("150425100000", "15042"), '[[zone]] "jp": field region', "15042", ""),
    # A circular definition.
    (
        "rates",
        ("employees >= 50", "large or operating"),
        '[[condition]] "large": field when',
        "large → large",
        "in columns",
    ),
    # An unknown reference or a missing field.
    ("tables", ('tables = ["1"]', 'tables = ["2"]'), "field tables", "'2'", "Available: 1"),
    ("rates", ("source", "sourc"), "field source", "missing", ""),
    (
        "targets",
        ('source = "test"', 'source = "test"\nscop = "true"'),
        "field scop",
        "no such field",
        "did you mean 'scope'?",
    ),
]
# Records valid in the same year as the good one, with field and hint.
TWICE = [
    (
        "rates",
        RATE + "from = 2012\n",
        '[[rate]] "drawn": field from',
        "overlap",
        "give the earlier record a 'to'",
    ),
    (
        "targets",
        TARGET + "to = 2012\n",
        '[[target]] "drawn": field to',
        "overlap",
        "give the earlier record a 'to'",
    ),
    (
        "rules",
        LEVEL + "from = 2012\n",
        '[[level]] "branch": field from',
        "overlap",
        "give the earlier record a 'to'",
    ),
    (
        "rules",
        JOINT + "from = 2012\n",
        "[[joint]] #2: field from",
        "overlap",
        "give the earlier record a 'to'",
    ),
    (
        "rules",
        TERM + "from = 2012\n",
        '[[term]] "branch": field from',
        "overlap",
        "give the earlier record a 'to'",
    ),
    (
        "rules",
        FINDING + "from = 2012\n",
        '[[finding]] "f": field from',
        "overlap",
        "give the earlier record a 'to'",
    ),
    (
        "zones",
        ZONES.replace("jp", "other"),
        '[[zone]] "other": field written',
        "means both",
        "keep their years apart",
    ),
    ("rates", CONDITION, '[[condition]] "large": field id', "is defined twice", ""),
    ("bands", BANDS, '[[bands]] "b": field id', "is defined twice", ""),
]


@pytest.fixture(scope="module")
def roster():
    return dangjian.read_roster(FRAME, progress=False)


def refused(roster, path, kind, *said):
    with pytest.raises(dangjian.DefinitionError) as caught:
        USES[kind](roster, path)
    message = caught.value.message("en")
    assert message.startswith(str(path)), message
    for part in said:
        assert part in message, (part, message)
    chinese = caught.value.message("zh")
    assert chinese.startswith(str(path))
    assert "字段" in chinese


@pytest.mark.parametrize("kind", GOOD)
def test_good_ones_are_taken(roster, tmp_path, kind):
    path = tmp_path / "口径.toml"
    path.write_text(GOOD[kind], encoding="utf-8")
    USES[kind](roster, path)


@pytest.mark.parametrize(("kind", "change", "record", "cause", "hint"), WRONG)
def test_wrong_ones_are_refused(roster, tmp_path, kind, change, record, cause, hint):
    assert change[0] in GOOD[kind]
    path = tmp_path / "口径.toml"
    path.write_text(GOOD[kind].replace(*change), encoding="utf-8")
    refused(roster, path, kind, record, cause, hint)


@pytest.mark.parametrize(("kind", "more", "record", "cause", "hint"), TWICE)
def test_two_for_one_year_are_refused(roster, tmp_path, kind, more, record, cause, hint):
    path = tmp_path / "口径.toml"
    path.write_text(GOOD[kind] + more, encoding="utf-8")
    refused(roster, path, kind, record, cause, hint)


def test_a_circle_of_several_conditions_is_refused(roster, tmp_path):
    path = tmp_path / "口径.toml"
    named = '[[condition]]\nid = "{}"\nwhen = "{}"\nsource = "s"\n'
    circle = [named.format("a", "b and operating"), named.format("b", "not c"), named.format("c", "a")]
    path.write_text(TARGET.replace("[[target]]", "[[rate]]") + "".join(circle), encoding="utf-8")
    refused(
        roster,
        path,
        "rates",
        '[[condition]] "c": field when',
        "a → b → c → a",
        "Hint: write one of them in columns",
    )


def test_ids_that_are_not_there_are_refused_with_those_that_are():
    roster = made([(2013, "solo")], mode=pl.String)
    for call, said in (
        (lambda: roster.coverage(rates="organized"), "no rate 'organized'. Available: organised"),
        (lambda: roster.breaks(rates="organized"), "no rate 'organized'"),
        (lambda: roster.gaps("eligible", 2013), "'eligible'. Available: eligible_established"),
        (lambda: roster.targets(targets="eligible"), "'eligible'. Available: eligible_established"),
        (lambda: roster.formation_audit_list(2013, "solo_due"), "solo_due_none"),
        (lambda: roster.readiness_list(2013, "solo"), "solo_3"),
        (lambda: roster.annual_table("28", 2013), "'28'. Available: 27, 30"),
        (lambda: roster.explain_change("organized", 2012, 2013), "no rate 'organized'|no data for the year"),
    ):
        with pytest.raises(dangjian.ArgumentError, match=said):
            call()
