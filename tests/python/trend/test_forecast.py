"""Forecasts and dated changes against NumPy, SciPy and statsmodels."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import polars as pl
import pytest
import scipy.linalg
import scipy.stats
from statsmodels.duration.survfunc import SurvfuncRight

import dangjian as dj
from helpers import moving

WHOLE = moving.GRADES[::2]
LISTED = [*WHOLE, *moving.OFF]


@pytest.fixture(scope="module")
def frame():
    return moving.panel(11, organisations=300)


@pytest.fixture(scope="module")
def roster(frame):
    return moving.roster(frame)


def stock(frame, year):
    states = frame.filter(year=year)["state"].to_list()
    return np.array([states.count(s) for s in LISTED], float)


def mix(frame, last, horizon, recent=None):
    """Returns expected counts from pooled transition probabilities and the mean number of arrivals per
    year.
    """
    counts = moving.steps(frame.filter(pl.col("year") <= last))
    years = sorted({key[1] for key in counts})[-(recent or 99) :]
    n = moving.square(counts, LISTED, [*LISTED, "absent"], years)
    p = moving.chances(n)[:, :-1]
    births = moving.square(counts, ["absent"], LISTED, years)[0] / len(years)
    out, x = [], stock(frame, last)
    for _ in range(horizon):
        x = x @ p + births
        out.append(x)
    return np.array(out)


def shares(x):
    return x[..., : len(WHOLE)] / x[..., : len(WHOLE)].sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("recent", [None, 2])
def test_the_mix_is_the_matrix_and_who_comes(frame, roster, recent):
    right = mix(frame, 2015, 3, recent)
    table = roster.star_forecast(3, draws=None, recent=recent, at_least=3)
    got = table.filter(method="mix")
    assert got["year"].unique().to_list() == [2016, 2017, 2018]
    for h in range(3):
        of = got.filter(ahead=h + 1)
        one = of.filter(pl.col("star_state").is_in(WHOLE))
        np.testing.assert_allclose(one["organisations"].to_numpy(), right[h][: len(WHOLE)], rtol=1e-12)
        np.testing.assert_allclose(one["share"].to_numpy(), shares(right[h]), rtol=1e-12)
        least = of.filter(star_state="at_least_3")["share"].item()
        assert least == pytest.approx(shares(right[h])[2:].sum(), rel=1e-12)
    listed = roster.star_forecast(1, draws=None, recent=recent, share_of="listed").filter(method="mix")
    np.testing.assert_allclose(listed["share"].to_numpy(), right[0] / right[0].sum(), rtol=1e-12)


def test_the_others_and_the_hold_out(frame, roster):
    past = np.array([shares(stock(frame, y)) for y in range(2010, 2016)])
    table = roster.star_forecast(2, draws=None, hold_out=2)
    assert set(table["hold_out"]) == {2}
    of = {
        m: t.sort("ahead", "star_state")["share"].to_numpy().reshape(2, -1)
        for (m,), t in table.group_by("method")
    }
    np.testing.assert_allclose(of["naive"], np.tile(past[-1], (2, 1)))
    slope = (past[-1] - past[0]) / 5
    np.testing.assert_allclose(of["drift"], np.clip([past[-1] + slope, past[-1] + 2 * slope], 0, 1))
    assert not np.isnan(of["holt"]).any()
    errors = {row["method"]: row for row in table.to_dicts()}
    real = past[-2:]
    naive = np.abs(past[-3] - real).mean()
    before = (past[-3] - past[0]) / 3
    drift = np.abs(np.clip([past[-3] + before, past[-3] + 2 * before], 0, 1) - real).mean()
    mixed = np.abs(shares(mix(frame, 2013, 2)) - real).mean()
    for method, error in (("naive", naive), ("drift", drift), ("mix", mixed)):
        assert errors[method]["error"] == pytest.approx(error, rel=1e-9), method
        assert errors[method]["skill"] == pytest.approx(1 - error / naive, abs=1e-9), method
    # Four years remain for the damped trend, which needs five.
    assert errors["holt"]["error"] is None


def test_futures_surround_the_forecast(roster):
    table = roster.star_forecast(2, draws=400, seed=3).filter(method="mix")
    assert (table["share_low"] <= table["share"]).all()
    assert (table["share"] <= table["share_high"]).all()
    assert table.filter(ahead=2)["share_high"].sum() > table.filter(ahead=2)["share"].sum()
    assert 0 <= table["covered"][0] <= 1
    assert roster.star_forecast(2, draws=400, seed=3).filter(method="mix").equals(table)
    other = roster.star_forecast(2, draws=400, seed=4).filter(method="mix")
    assert not other["share_low"].equals(table["share_low"])


def test_the_spread_of_futures_is_that_of_chance():
    """Organisations stay or change state with probability one half, in every year: the spread one year
    ahead is binomial. A probability estimated from 24 years adds one 24th of its variance; resampling one
    of those 24 years adds its whole variance again.
    """
    rng = random.Random(2)  # noqa: S311 - seeded
    rows = [
        {"year": year, "org_id": f"o{org:03}", "star": float(rng.choice([3, 4])), "mode": "solo"}
        for org in range(200)
        for year in range(1990, 2015)
    ]
    roster = dj.read_roster(pl.DataFrame(rows))
    width = 2 * scipy.stats.norm.ppf(0.975) * np.sqrt(200 * 0.25)
    for interval, variances in (("organisations", 1 + 1 / 24), ("years", 2)):
        table = roster.star_forecast(1, draws=4000, hold_out=1, interval=interval)
        row = table.filter(method="mix", star_state="4").row(0, named=True)
        assert row["interval"] == interval
        # Organisations are whole, so the bounds are at least one apart.
        spread = row["organisations_high"] - row["organisations_low"]
        assert spread == pytest.approx(np.sqrt(variances) * width, rel=0.1), interval


def test_too_few_years_are_said():
    two = dj.read_roster(
        moving.panel(3, years=range(2010, 2014))
        .filter(pl.col("year") < 2012)
        .select(
            "year", "org_id", star=pl.col("state").replace_strict({g: float(g) for g in WHOLE}, default=None)
        )
    )
    table = two.star_forecast(1, draws=None)
    assert table["hold_out"].null_count() == table.height
    assert table["skill"].null_count() == table.height
    assert table.filter(method="mix")["share"].null_count() == 0
    assert table.filter(method="holt")["share"].null_count() == table.filter(method="holt").height
    with pytest.raises(dj.ArgumentError, match="horizon"):
        two.star_forecast(0)


def test_years_before_the_first_ratings_are_no_past():
    """The sample ledgers have stars from 2011 on."""
    roster = dj.read_roster(dj.datasets.hexigten().ledgers)
    table = roster.star_forecast(1, counts="party_organisations", draws=None)
    stars = roster.star_distribution(years=[2011, 2013]).filter(pl.col("star_state").is_in(WHOLE))
    past = {
        y: t["party_organisations"].to_numpy() / t["party_organisations"].sum()
        for (y,), t in stars.group_by("year")
    }
    of = {m: t["share"].to_numpy() for (m,), t in table.group_by("method")}
    np.testing.assert_allclose(of["naive"], past[2013])
    np.testing.assert_allclose(of["drift"], np.clip(past[2013] + (past[2013] - past[2011]) / 2, 0, 1))


DAY = dt.date(2010, 1, 1)


def changes(seed, organisations=80, states=("1", "2", "3"), lost=0.15):
    rng = random.Random(seed)  # noqa: S311 - seeded
    rows = []
    for at in range(organisations):
        day, state = DAY + dt.timedelta(days=rng.randrange(0, 200, 20)), rng.choice(states)
        rows.append({"org_id": f"o{at:03}", "date": day, "state": state})
        for _ in range(rng.randrange(4)):
            day += dt.timedelta(days=rng.randrange(20, 400, 20))
            state = None if rng.random() < lost else rng.choice([s for s in states if s != state])
            rows.append({"org_id": f"o{at:03}", "date": day, "state": state})
            if state is None:
                break
    return pl.DataFrame(rows).sample(fraction=1, shuffle=True, seed=1)


def spells(frame, until):
    out = []
    for (_,), rows in frame.sort("org_id", "date").group_by("org_id", maintain_order=True):
        of = [r for r in rows.to_dicts() if r["date"] < until]
        for at, row in enumerate(of):
            if row["state"] is not None:
                nxt = of[at + 1] if at + 1 < len(of) else None
                out.append(
                    (row["state"], row["date"], nxt["date"] if nxt else until, nxt["state"] if nxt else None)
                )
    return out


@pytest.mark.parametrize("seed", [1, 2])
def test_rates_of_dated_changes(seed):
    frame, until = changes(seed), dt.date(2012, 1, 1)
    table = dj.dated_rates(frame, until=until, ahead=2)
    states = ["1", "2", "3"]
    n, years = np.zeros((3, 3)), np.zeros(3)
    for state, start, end, nxt in spells(frame, until):
        years[states.index(state)] += (end - start).days / 365.2425
        if nxt is not None:
            n[states.index(state), states.index(nxt)] += 1
    q = n / years[:, None]
    q -= np.diag(q.sum(axis=1))
    assert np.array_equal(moving.matrix_of(table, "moves", states, state="state"), n)
    got = moving.matrix_of(table, "probability", states, state="state")
    np.testing.assert_allclose(got, scipy.linalg.expm(2 * q), rtol=0, atol=1e-10)
    row = table.filter(state="1", next_state="2").to_dicts()[0]
    assert row["rate"] == pytest.approx(q[0, 1])
    assert row["low"] == pytest.approx(scipy.stats.chi2.ppf(0.025, 2 * n[0, 1]) / 2 / years[0], rel=1e-9)
    assert row["high"] == pytest.approx(scipy.stats.chi2.ppf(0.975, 2 * n[0, 1] + 2) / 2 / years[0], rel=1e-9)


@pytest.mark.parametrize("seed", [3, 4])
def test_aalen_johansen_with_its_variance(seed):
    """Compares with the product integral, with the covariance of all probabilities at once by Kronecker
    products.
    """
    frame, since, until = changes(seed), dt.date(2010, 3, 1), dt.date(2012, 6, 1)
    of, states = spells(frame, until), ["1", "2", "3"]
    table = dj.dated_chances(frame, since=since, until=until)
    k = len(states)
    p, cov, checked = np.eye(k), np.zeros((k * k, k * k)), 0
    for day in sorted({end for _, _, end, nxt in of if nxt is not None and end > since}):
        increment, noise = np.zeros((k, k)), np.zeros((k * k, k * k))
        for h, state in enumerate(states):
            at_risk = sum(s == state and start < day <= end for s, start, end, _ in of)
            moved = np.array(
                [sum(s == state and end == day and nxt == t for s, _, end, nxt in of) for t in states]
            )
            if not at_risk or not moved.sum():
                continue
            share = moved / at_risk
            increment[h] = share
            increment[h, h] = -share.sum()
            full = np.eye(k)[h] + increment[h]
            block = (np.diag(full) - np.outer(full, full)) / at_risk
            # vec by columns: the cells (h, j) are at j * k + h.
            for a in range(k):
                for b in range(k):
                    noise[a * k + h, b * k + h] = block[a, b]
        step = np.eye(k) + increment
        cov = np.kron(step.T, np.eye(k)) @ cov @ np.kron(step, np.eye(k))
        cov += np.kron(np.eye(k), p) @ noise @ np.kron(np.eye(k), p).T
        p = p @ step
        part = table.filter(date=day)
        np.testing.assert_allclose(
            moving.matrix_of(part, "probability", states, state="state"), p, rtol=0, atol=1e-12
        )
        variance = np.diag(cov).reshape(k, k).T
        np.testing.assert_allclose(
            moving.matrix_of(part, "variance", states, state="state"), variance, rtol=0, atol=1e-12
        )
        checked += 1
    assert checked > 20
    assert table["date"].n_unique() == checked + 1


def test_with_one_end_it_is_kaplan_and_meier():
    rng = random.Random(8)  # noqa: S311 - seeded
    rows, times, events = [], [], []
    for at in range(60):
        time, event = rng.randrange(10, 400, 10), rng.random() < 0.6
        rows.append({"org_id": f"o{at}", "date": DAY, "state": "up"})
        rows.append(
            {"org_id": f"o{at}", "date": DAY + dt.timedelta(days=time), "state": "down" if event else None}
        )
        times.append(time)
        events.append(int(event))
    # Entry is on the day itself, at risk from the day after.
    table = dj.dated_chances(pl.DataFrame(rows), since=DAY, until=dt.date(2012, 1, 1), states=["up", "down"])
    got = table.filter(state="up", next_state="up", date=pl.col("date")).slice(1)
    km = SurvfuncRight(np.array(times), np.array(events))
    np.testing.assert_allclose(got["probability"].to_numpy(), km.surv_prob, rtol=1e-12)
    known = ~np.isnan(km.surv_prob_se)  # NaN in statsmodels at the end, with an empty risk set
    error = np.sqrt(got["variance"].to_numpy())
    np.testing.assert_allclose(error[known], km.surv_prob_se[known], rtol=1e-9)
    assert known.sum() > 20


def test_wrong_changes_are_refused_by_row():
    good = {"org_id": "a", "date": DAY, "state": "3"}
    until = dt.date(2012, 1, 1)
    with pytest.raises(dj.DataError, match=r"row 2 .* two states"):
        dj.dated_rates(pl.DataFrame([good, {**good, "state": "4"}]), until=until)
    with pytest.raises(dj.DataError, match=r"row 2 .*lacks"):
        dj.dated_rates(pl.DataFrame([good, {**good, "org_id": None}]), until=until)
    with pytest.raises(dj.ArgumentError, match="no column 'state'"):
        dj.dated_rates(pl.DataFrame([good]).drop("state"), until=until)
    with pytest.raises(dj.DataError, match="2010-13-01"):
        dj.dated_rates(pl.DataFrame([{**good, "date": "2010-13-01"}]), until=until)
    with pytest.raises(dj.ArgumentError, match="until"):
        dj.dated_rates(pl.DataFrame([good]), until="2012")  # type: ignore[arg-type]
    with pytest.raises(dj.ArgumentError, match="'3'"):
        dj.dated_rates(pl.DataFrame([good]), until=until, states=["4"])
