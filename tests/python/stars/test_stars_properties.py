"""Star rating against a slow direct reference on random schemes and scores: ties at the quota line,
unknown scores.

``HYPOTHESIS_PROFILE=slow`` tries more.
"""

from __future__ import annotations

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from helpers.stars_made import organisations, rate, rated, replayed, schemes, stars_of
from helpers.stars_reference import Reference


@given(data=st.data())
def test_stars_are_those_of_the_reference_where_all_is_known(tmp_path_factory, data):
    scheme = data.draw(schemes(quotas=True))
    orgs = data.draw(organisations(scheme, 7, unknown=0))
    orgs = [org for org in orgs if any(p != "absent" for p in org["scores"].values())]
    reference = Reference(scheme)
    want = reference.outcomes(orgs, len(orgs))
    folder = tmp_path_factory.mktemp("scheme", numbered=True)
    rating = rate(scheme, orgs, folder)
    for org, row, stars in zip(orgs, rated(rating, len(orgs)), want, strict=True):
        low, high = reference.totals(org)
        assert (Fraction(str(row["score_low"])), Fraction(str(row["score_high"]))) == (low, high)
        open_gap = len(stars) > 1  # an open gap between bands
        if not open_gap:
            assert row["stars_low"] == row["stars_high"] == (next(iter(stars)) or None), rating.reasons
    # Neither the order of rows nor a repeated row changes anything.
    again = rate(scheme, orgs, folder, random.Random(7))  # noqa: S311 - to shuffle
    for name in ("stars", "reasons", "trail", "summary", "quotas", "needed"):
        assert getattr(again, name).equals(getattr(rating, name)), name
    assert replayed(rating) == stars_of(rating)


@given(data=st.data())
def test_a_star_is_given_exactly_where_what_is_open_cannot_change_it(tmp_path_factory, data):
    scheme = data.draw(schemes(quotas=False, plain=True))
    orgs = data.draw(organisations(scheme, 2, unknown=3))
    orgs = [org for org in orgs if any(p != "absent" for p in org["scores"].values())]
    if not orgs:
        return
    reference = Reference(scheme)
    rating = rate(scheme, orgs, tmp_path_factory.mktemp("scheme", numbered=True))
    for org, row in zip(orgs, rated(rating, len(orgs)), strict=True):
        assert (Fraction(str(row["score_low"])), Fraction(str(row["score_high"]))) == reference.totals(org)
        possible = reference.before_quotas(org)
        ends = (row["stars_low"] or 0, row["stars_high"] or 0)
        assert ends == (min(possible), max(possible)), rating.reasons.rows()
        assert (row["star_state"] == "unknown") == (len(possible) > 1)


@given(data=st.data())
def test_at_the_quota_a_star_is_given_only_if_no_open_score_can_change_it(tmp_path_factory, data):
    scheme = data.draw(schemes(quotas=True))
    orgs = data.draw(organisations(scheme, 4, unknown=2))
    orgs = [org for org in orgs if any(p != "absent" for p in org["scores"].values())]
    if not orgs:
        return
    want = Reference(scheme).outcomes(orgs, len(orgs))
    rating = rate(scheme, orgs, tmp_path_factory.mktemp("scheme", numbered=True))
    for row, possible in zip(rated(rating, len(orgs)), want, strict=True):
        assert (row["stars_low"] or 0) <= min(possible), rating.reasons.rows()
        assert max(possible) <= (row["stars_high"] or 0), rating.reasons.rows()


@given(data=st.data())
def test_doing_what_is_needed_earns_the_star(tmp_path_factory, data):
    scheme = data.draw(schemes(quotas=False, plain=True).filter(lambda s: s["scheme"][0]["method"] != "both"))
    for kind in ("gate", "cap", "veto", "step", "exception", "direct"):
        scheme.pop(kind, None)
    scheme["scheme"][0].pop("first_year", None)
    orgs = data.draw(organisations(scheme, 3, unknown=0))
    orgs = [{**org, "events": {}} for org in orgs if any(p != "absent" for p in org["scores"].values())]
    if not orgs:
        return
    folder = tmp_path_factory.mktemp("scheme", numbered=True)
    rating = rate(scheme, orgs, folder)
    items = {item["id"]: item for item in scheme["item"]}
    improved = [{**org, "scores": dict(org["scores"])} for org in orgs]
    wanted, hopeless = {}, set()
    for row in rating.needed.filter(need_kind="item").iter_rows(named=True):
        at = int(row["party_org_id"][1:])
        if row["what"] is None:
            hopeless.add(at)  # out of reach, whatever the scores
            continue
        wanted[at] = row["next_star"]
        gives, most = items[row["what"]].get("gives", "award"), items[row["what"]]["points"]
        asked = row["asked"]
        written = {"award": asked, "bonus": asked, "deduct": most - asked, "penalty": -asked}[gives]
        improved[at]["scores"][row["what"]] = abs(written)
    after = rated(rate(scheme, improved, folder), len(orgs))
    for at in wanted.keys() - hopeless:
        star = wanted[at]
        assert after[at]["stars_low"] is not None
        assert after[at]["stars_low"] >= float(star), (rating.needed.rows(named=True), after[at])
