"""Survival against R (survival, etm) and lifelines, on arrays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian as dj
from helpers import peers
from helpers.peers import near

PANELS = peers.rows("survival_rows.csv")
R = peers.values("survival_values.csv")
LIFELINES = peers.values("lifelines_values.csv")
TIMED = ("time", "at_risk", "survival", "std_error", "low", "high")


def curve(panel, *, cluster=False, **options):
    rows = PANELS[panel]
    clusters = rows["cluster"] if cluster else None
    return dj.survival_curve(rows["exit"], rows["cause"], entry=rows["entry"], cluster=clusters, **options)


def column(table, name):
    return dict(table.select("time", name).rows())


@pytest.mark.parametrize("panel", PANELS)
def test_kaplan_meier_is_that_of_r(panel):
    table = curve(panel)
    shares = R[panel, "survival"]
    assert len(shares) >= 1
    for time, share in shares.items():
        assert near(column(table, "survival")[time], share)
        assert column(table, "at_risk")[time] == R[panel, "at_risk"][time]
        if 0 < share < 1:
            assert near(column(table, "std_error")[time], R[panel, "std_error"][time])
        else:
            # R has 0 before the first exit, and NaN once the risk set is empty.
            assert column(table, "std_error")[time] is None
    robust = column(curve(panel, cluster=True), "std_error")
    for time, share in shares.items():
        want = R[panel, "robust std_error"][time]
        assert near(robust[time], want) if 0 < share < 1 else robust[time] is None


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("interval", ["plain", "log", "log-log"])
def test_intervals_are_those_of_r(panel, interval):
    table = curve(panel, interval=interval)
    assert table["interval"].unique().to_list() == [interval]
    for time, share in R[panel, "survival"].items():
        low, high = column(table, "low")[time], column(table, "high")[time]
        if 0 < share < 1:
            assert near(low, R[panel, f"low {interval}"][time])
            assert near(high, R[panel, f"high {interval}"][time])
        else:
            # No interval is defined before the first event; R and lifelines give 1 to 1 there.
            assert (low, high) == ((None, 1.0) if share == 1 else (None, None))


@pytest.mark.parametrize("panel", sorted({panel for panel, _ in LIFELINES}))
def test_the_same_from_lifelines(panel):
    rows, table = PANELS[panel], curve(panel)
    for time, share in LIFELINES[panel, "survival"].items():
        assert near(column(table, "survival")[time], share)
        if 0 < share < 1:
            assert near(column(table, "low")[time], LIFELINES[panel, "low log-log"][time])
            assert near(column(table, "high")[time], LIFELINES[panel, "high log-log"][time])
    ((horizon, mean),) = LIFELINES[panel, "mean"].items()
    summary = dj.survival_summary(rows["exit"], rows["cause"], horizon=horizon)
    assert near(summary["mean"].item(), mean)
    assert near(summary["median"].item(), LIFELINES[panel, "median"][0]), "infinite there is null here"
    if (panel, "log-rank chi2") in LIFELINES:
        test = dj.log_rank(rows["exit"], [cause == 1 for cause in rows["cause"]], rows["group"])
        ((df, chi2),) = LIFELINES[panel, "log-rank chi2"].items()
        assert test["df"].unique().to_list() == [df]
        assert near(test["chi2"][0], chi2)
        assert near(test["p"][0], LIFELINES[panel, "log-rank p"][df])


@pytest.mark.parametrize("panel", PANELS)
def test_restricted_mean_is_that_of_r(panel):
    rows = PANELS[panel]
    ((horizon, mean),) = R[panel, "mean"].items()
    got = dj.survival_summary(rows["exit"], rows["cause"], entry=rows["entry"], horizon=horizon)
    assert near(got["mean"].item(), mean)
    error = R[panel, "mean_std_error"][horizon]
    assert near(got["mean_std_error"].item(), error or None), "0 there, where nobody fell, is null here"
    beyond = dj.survival_summary(rows["exit"], rows["cause"], entry=rows["entry"], horizon=horizon + 1)
    gone = column(curve(panel), "survival")[max(rows["exit"])] == 0
    assert (beyond["mean"].item() is not None) == gone, "what is not known is not made up"


@pytest.mark.parametrize("panel", sorted({panel for panel, what in R if what == "etm cif 1"}))
def test_incidence_is_that_of_etm_and_survival(panel):
    table, clustered = curve(panel, interval="plain"), curve(panel, cluster=True)
    names = {1: "cif", 2: "cif_cause_2", 3: "cif_cause_3"}
    causes = [cause for cause in names if (panel, f"cif {cause}") in R]
    assert len(causes) >= 2
    for cause in causes:
        for what in ("cif", "etm cif"):
            for time, share in R[panel, f"{what} {cause}"].items():
                assert near(column(table, names[cause])[time], share)
    compared = 0
    for what, of in (("etm", table), ("robust", clustered)):
        for time, error in R[panel, f"{what} cif_std_error 1"].items():
            if column(of, "cif")[time]:
                assert near(column(of, "cif_std_error")[time], error), what
                compared += 1
    assert compared >= 2
    for time, *shares in table.select("time", "kept", *(names[cause] for cause in causes)).rows():
        assert near(sum(shares), 1), time


@pytest.mark.parametrize("panel", sorted({panel for panel, what in R if what == "exact score"}))
def test_log_rank_is_that_of_r(panel):
    rows = PANELS[panel]
    event = [cause == 1 for cause in rows["cause"]]
    test = dj.log_rank(rows["exit"], event, rows["group"], entry=rows["entry"], cluster=rows["cluster"])
    ((df, chi2),) = R[panel, "exact score"].items()
    assert near(test["chi2"][0], chi2, 1e-8)
    assert test["df"][0] == df
    ((df, robust),) = R[panel, "robust score"].items()
    assert near(test["chi2_robust"][0], robust, 1e-8)
    assert test["df_robust"][0] == df
    expected = R.get((panel, "log-rank expected"), {})
    for group, want in expected.items():
        assert near(test.filter(group=int(group))["expected"].item(), want)
    if expected:
        assert near(test["chi2"][0], R[panel, "log-rank chi2"][df])


@given(
    data=st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(0, 2), st.integers(0, 3)),
        min_size=1,
        max_size=25,
    ),
    shuffled=st.randoms(use_true_random=False),
)
def test_the_order_of_rows_changes_nothing_and_lone_clusters_are_greenwoods(data, shuffled):
    def of(rows, *, cluster=None, late=True):
        entry = [e if late else 0 for e, *_ in rows]
        time = [e + length for e, length, *_ in rows]
        return dj.survival_curve(time, [c for *_, c, _ in rows], entry=entry, cluster=cluster)

    other = data[:]
    shuffled.shuffle(other)
    one = of(data, cluster=[cluster for *_, cluster in data])
    assert one.equals(of(other, cluster=[f"n{cluster}" for *_, cluster in other]))
    alone = of(data, cluster=range(len(data)), late=False)
    for name in ("std_error", "cif_std_error", "low", "high"):
        greenwood = of(data, late=False)[name]
        assert all(near(a, b) for a, b in zip(alone[name], greenwood, strict=True)), name


def test_every_watch_has_a_length_and_a_group():
    for time, cause, entry in (([1.0], [1], [1.0]), ([1.0], [1], [2.0]), ([-1.0], [0], [0.0])):
        with pytest.raises(dj.ArgumentError, match="watch"):
            dj.survival_curve(time, cause, entry=entry)
    with pytest.raises(dj.ArgumentError, match="equally long"):
        dj.survival_curve([1.0, 2.0], [1])
    with pytest.raises(dj.ArgumentError, match="None"):
        dj.log_rank([1.0], [True], [None])
    with pytest.raises(dj.ArgumentError, match="plain"):
        dj.survival_curve([1.0], [1], interval="loglog")  # type: ignore[arg-type]
    with pytest.raises(dj.ArgumentError, match="level"):
        dj.survival_curve([1.0], [1], level=1.5)
    assert dj.survival_curve([], []).height == 0
    four = dj.survival_curve([1.0, 2.0, 3.0, 4.0], [4, 3, 2, 1]).row(-1, named=True)
    assert [four[name] for name in ("cause_2", "cause_3", "cif_cause_4", "kept")] == [0, 0, 0.25, 0]
