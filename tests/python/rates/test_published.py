"""Printed figures (docs/field-notes.md#published-figures) and the intervals that their rounding allows."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import dangjian

# Printed number in 万, percentage, and the bounds of the denominator, worked out by hand.
BULLETINS = [
    (2008, "38", "99.4", 37.71, 38.75),
    (2011, "98.3", "99.91", 98.33, 98.44),
    (2011, "2.65", "97.43", 2.715, 2.725),
    (2011, "2.74", "99.33", 2.753, 2.764),
    (2012, "147.5", "99.95", 147.52, 147.63),
    (2012, "4.03", "99.21", 4.057, 4.067),
    (2012, "3.95", "99.61", 3.960, 3.971),
    (2014, "157.9", "53.1", 297.0, 297.7),
    (2017, "187.7", "73.1", 256.5, 257.0),
    (2017, "30.3", "61.7", 48.99, 49.23),
    (2018, "18.1", "90.9", 19.85, 19.98),
    (2018, "51.5", "95.2", 54.02, 54.18),
    (2018, "23.0", "99.7", 23.01, 23.13),
    (2021, "1.02", "91.58", 1.108, 1.119),
    (2021, "2091", "88.98", 2349.3, 2350.7),
    (2011, "6.4355", "78.7", 8.172, 8.183),
]


@pytest.mark.parametrize(("year", "part", "percent", "low", "high"), BULLETINS)
def test_the_denominators_that_bulletins_allow(year, part, percent, low, high):
    (found,) = dangjian.check_published(year=year, numerator=part, percent=percent).iter_rows(named=True)
    digits = 1 if low > 200 else len(str(low).split(".")[1])
    assert found["denominator_low"] == pytest.approx(low, abs=0.6 * 10**-digits)
    assert found["denominator_high"] == pytest.approx(high, abs=0.6 * 10**-digits)
    assert found["agrees"] is None
    assert found["divided"] is None


def test_2008_agrees_through_the_rounding_of_its_parts_only():
    table = dangjian.check_published(year=2008, numerator="59.5", denominator="59.8", percent="99.6")
    (found,) = table.iter_rows(named=True)
    assert found["divided"] == pytest.approx(99.498, abs=5e-4)
    assert (found["divides"], found["agrees"]) == (False, True)
    assert (found["percent_low"], found["percent_high"]) == pytest.approx((99.33, 99.67), abs=5e-3)
    assert table.columns[0] == "year"
    # Taken as exact counts they would not agree; nor would a slightly different percentage.
    assert not dangjian.check_published(numerator=595, denominator=598, percent="99.6")["agrees"].item()
    assert not dangjian.check_published(numerator="59.5", denominator="59.8", percent="99.8")["agrees"].item()


def test_several_figures_and_units():
    shares = [(885, "16.67"), (3281, "61.80"), (1143, "21.53")]  # 鞍山
    table = dangjian.check_published(
        [{"numerator": part, "denominator": 5309, "percent": percent} for part, percent in shares]
    )
    assert table["agrees"].all()
    assert table["divides"].all()
    assert table["numerator"].to_list() == ["885", "3281", "1143"]
    same = dangjian.check_published(numerator="59.5万", denominator="59.8 万", percent="99.6%")
    assert same["agrees"].item()
    # 福州: social organisations counted one by one leave one whole number, 2350.
    (fuzhou,) = dangjian.check_published(numerator=2091, percent="88.98").iter_rows(named=True)
    assert math.ceil(fuzhou["denominator_low"]) == math.floor(fuzhou["denominator_high"]) == 2350
    # 2008: one number of enterprises is 99.4 % of the eligible ones and 15.9 % of all.
    for whole, percent in (("238.5", "15.9"), ("38.2", "99.4")):
        figure = dangjian.check_published(numerator="38", denominator=whole, percent=percent)
        assert figure["agrees"].item()
    zoucheng = dangjian.check_published(numerator="682", percent="30.72")
    assert zoucheng.select("denominator_low", "denominator_high").row(0) == pytest.approx(
        (2218.06, 2222.04), abs=5e-3
    )


@given(
    part=st.integers(0, 5000),
    whole=st.integers(1, 5000),
    places=st.integers(0, 2),
    decimals=st.integers(0, 2),
    off=st.integers(-3, 3),
)
def test_agrees_where_some_numbers_fit(part, whole, places, decimals, off):
    """Compares with exact bounds: from the smallest part of the largest whole to the largest part of the
    smallest whole.
    """
    unit, step = Fraction(1, 10**places), Fraction(1, 10**decimals)
    share = (Fraction(100 * part, whole) / step).__round__() + off
    assume(share >= 0)
    percent = share * step
    printed = [
        f"{float(part * unit):.{places}f}",
        f"{float(whole * unit):.{places}f}",
        f"{float(percent):.{decimals}f}",
    ]
    (found,) = dangjian.check_published(
        numerator=printed[0], denominator=printed[1], percent=printed[2]
    ).iter_rows(named=True)
    half = unit / 2
    least = max(Fraction(0), part * unit - half) / (whole * unit + half) * 100
    most = (part * unit + half) / (whole * unit - half) * 100
    assert found["agrees"] == (least <= percent + step / 2 and most >= max(Fraction(0), percent - step / 2))
    assert found["divides"] == (
        max(Fraction(0), percent - step / 2) <= Fraction(100 * part, whole) <= percent + step / 2
    )
    assert found["percent_low"] == pytest.approx(float(least))
    assert found["percent_high"] == pytest.approx(float(most))


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ({"numerator": "59,5万吨", "percent": "99"}, "is not a published number"),
        ({"numerator": "", "percent": "99"}, "is not a published number"),
        ({"numerator": "-1", "percent": "99"}, "is not a published number"),
        ({"numerator": "1.2.3", "percent": "99"}, "is not a published number"),
        ({"numerator": "1" * 40, "percent": "99"}, "is not a published number"),
        ({"numerator": 59.5, "percent": "99"}, "write it as text"),
        ({"numerator": "59.5"}, "at least two"),
        ({"part": "59.5"}, "no 'part'"),
    ],
)
def test_what_is_no_figure_is_refused(figure, said):
    with pytest.raises(dangjian.ArgumentError, match=said):
        dangjian.check_published([figure])
