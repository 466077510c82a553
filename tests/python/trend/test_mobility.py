"""Mobility, steady states, tests of transitions and two groups, against NumPy, SciPy, statsmodels and
giddy.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import scipy.stats
from statsmodels.stats.contingency_tables import SquareTable

import dangjian as dj
from helpers import moving

SEEDS = [1, 2, 3]


@pytest.fixture(params=SEEDS, scope="module")
def frame(request):
    return moving.panel(request.param, halves=request.param == 3)


@pytest.fixture(scope="module")
def roster(frame):
    return moving.roster(frame)


@pytest.fixture(scope="module")
def grades(frame):
    return [g for g in moving.GRADES if g in set(frame["state"])]


def test_indices_of_mobility(frame, roster, grades):
    n = moving.square(moving.steps(frame), grades)
    p, k = moving.chances(n), len(grades)
    table = roster.mobility()
    got = {(i, w): v for i, w, v in table.select("index", "weights", "value").rows()}
    moduli = np.sort(np.abs(np.linalg.eigvals(p)))[::-1]
    values, vectors = np.linalg.eig(p.T)
    steady = np.abs(vectors[:, np.argmax(values.real)].real)
    places = np.arange(k)
    far = np.abs(places[:, None] - places)
    rise = places[None, :] - places[:, None]
    level = np.array([float(g) for g in grades])
    right = {
        ("shorrocks", None): (k - np.trace(p)) / (k - 1),
        ("determinant", None): 1 - abs(np.linalg.det(p)),
        ("second_eigenvalue", None): 1 - moduli[1],
        ("half_life", None): -np.log(2) / np.log(moduli[1]),
        ("svd", None): np.linalg.svd(p - np.eye(k), compute_uv=False).mean(),
        ("stay", None): np.trace(n) / n.sum(),
        ("exit", None): 1 - np.trace(n) / n.sum(),
        ("up", None): n[rise > 0].sum() / n.sum(),
        ("down", None): n[rise < 0].sum() / n.sum(),
        ("net", None): (n[rise > 0].sum() - n[rise < 0].sum()) / n.sum(),
        ("up_down_ratio", None): n[rise > 0].sum() / n[rise < 0].sum(),
        ("mean_steps", None): (n * rise).sum() / n.sum(),
        ("mean_stars", None): (n * (level[None, :] - level[:, None])).sum() / n.sum(),
    }
    weights = {
        "uniform": np.full(k, 1 / k),
        "observed": n.sum(axis=1) / n.sum(),
        "steady": steady / steady.sum(),
    }
    for name, w in weights.items():
        right["bartholomew_1", name] = (k - k * (w * np.diag(p)).sum()) / (k - 1)
        right["bartholomew_2", name] = (w[:, None] * p * far).sum() / (k - 1)
    assert got.keys() == right.keys()
    for key, value in right.items():
        assert got[key] == pytest.approx(value, abs=1e-9), key
    assert set(table["steps"]) == {int(n.sum())}
    assert set(table["states"]) == {k}


def test_steady_state_and_first_passage(frame, roster, grades):
    n = moving.square(moving.steps(frame), grades)
    p, k = moving.chances(n), len(grades)
    table = roster.steady_state()
    a = np.vstack([p.T - np.eye(k), np.ones(k)])
    steady = np.linalg.lstsq(a, np.r_[np.zeros(k), 1], rcond=None)[0]
    np.testing.assert_allclose(table["steady"].to_numpy(), steady, rtol=0, atol=1e-10)
    np.testing.assert_allclose(table["mean_stay"].to_numpy(), 1 / (1 - np.diag(p)), rtol=1e-12)
    # The method of Kemeny and Snell, by the fundamental matrix.
    z = np.linalg.inv(np.eye(k) - p + np.tile(steady, (k, 1)))
    times = (np.eye(k) - z + np.ones((k, k)) @ np.diag(np.diag(z))) @ np.diag(1 / steady)
    got = moving.matrix_of(roster.first_passage(), "years", grades)
    np.testing.assert_allclose(got, times, rtol=1e-9)


def homogeneity(tables):
    """Returns chi-square and likelihood ratio by SciPy, summed over the non-empty rows."""
    totals = np.zeros(3)
    for at in range(len(tables[0])):
        rows = np.array([t[at] for t in tables])
        rows = rows[rows.sum(axis=1) > 0][:, rows.sum(axis=0) > 0]
        if min(rows.shape, default=0) > 1:
            chi2 = scipy.stats.chi2_contingency(rows, correction=False)
            lr = scipy.stats.chi2_contingency(rows, correction=False, lambda_="log-likelihood")
            totals += [lr.statistic, chi2.statistic, chi2.dof]
    return totals


def test_tests_of_steps(frame, roster, grades):
    counts = moving.steps(frame)
    n = moving.square(counts, grades)
    got = {row["test"]: row for row in roster.transition_tests().to_dicts()}
    assert len(got) == 9
    years = sorted({key[1] for key in counts})
    lr, chi2, df = homogeneity([moving.square(counts, grades, years=[y]) for y in years])
    of = {(row["org_id"], row["year"]): row["state"] for row in frame.to_dicts()}
    triples = np.zeros((len(grades),) * 3)
    for (org, year), a in of.items():
        b, c = of.get((org, year + 1)), of.get((org, year + 2))
        if a in grades and b in grades and c in grades:
            triples[grades.index(a), grades.index(b), grades.index(c)] += 1
    lr2, chi22, df2 = homogeneity(list(triples))
    independent = homogeneity([n.T[:, [i]].T * 0 + n[[i]] for i in range(len(n))])
    table = SquareTable(n, shift_zeros=False)
    pairs = sum(n[i, j] + n[j, i] > 0 for i in range(len(n)) for j in range(i))
    right = {
        "time_lr": (lr, df),
        "time_chi2": (chi2, df),
        "order_0_lr": (independent[0], independent[2]),
        "order_0_chi2": (independent[1], independent[2]),
        "order_1_lr": (lr2, df2),
        "order_1_chi2": (chi22, df2),
        "bowker": (table.symmetry().statistic, pairs),
        "stuart_maxwell": (table.homogeneity().statistic, len(n) - 1),
        "bhapkar": (table.homogeneity(method="bhapkar").statistic, len(n) - 1),
    }
    for name, (statistic, df) in right.items():
        assert got[name]["statistic"] == pytest.approx(statistic, rel=1e-9), name
        assert got[name]["df"] == df, name
        assert got[name]["p"] == pytest.approx(scipy.stats.chi2.sf(statistic, df), rel=1e-9, abs=1e-15)
    assert got["bowker"]["effect"] == pytest.approx(np.sqrt(right["bowker"][0] / n.sum()), rel=1e-12)
    assert got["order_1_lr"]["steps"] == triples.sum()


def test_pairs_between_which_nothing_moves_are_no_degrees_of_freedom():
    """The library statsmodels 0.15.0 counts such pairs: three degrees of freedom for `SquareTable([[5, 3, 0], [1, 5,
    0], [0, 0, 5]])`.
    """
    n = [[5, 3, 0], [1, 5, 0], [0, 0, 5]]
    assert SquareTable(np.array(n, float), shift_zeros=False).symmetry().df == 3
    rows = []
    for a, row in enumerate(n):
        for b, many in enumerate(row):
            for _ in range(many):
                org = f"o{len(rows):03}"
                rows.extend(
                    {"year": y, "org_id": org, "star": s + 1.0, "mode": "solo"}
                    for y, s in ((1999, a), (2000, b))
                )
    got = {row["test"]: row for row in dj.read_roster(pl.DataFrame(rows)).transition_tests().to_dicts()}
    assert (got["bowker"]["statistic"], got["bowker"]["df"]) == (1.0, 1)
    # The third state is a separate table, so one difference is left to test.
    assert (got["stuart_maxwell"]["statistic"], got["stuart_maxwell"]["df"]) == (1.0, 1)
    assert got["time_lr"]["statistic"] is None
    assert got["time_lr"]["p"] is None


def test_two_groups_side_by_side(frame, roster, grades):
    counts = moving.steps(frame, lambda row: (row["committee"],))
    a = moving.square(counts, grades, group=("甲",))
    b = moving.square(counts, grades, group=("乙",)) + moving.square(counts, grades, group=("丙",))
    table = roster.compare_groups("committee", "甲", draws=200)
    lr, chi2, df = homogeneity([a, b])
    got = {(r["measure"], r["weights"]): r for r in table.to_dicts()}
    assert got["homogeneity_lr", None]["statistic"] == pytest.approx(lr, rel=1e-9)
    assert got["homogeneity_chi2", None]["statistic"] == pytest.approx(chi2, rel=1e-9)
    assert got["homogeneity_chi2", None]["df"] == df
    assert got["homogeneity_chi2", None]["effect"] == pytest.approx(
        np.sqrt(chi2 / (a.sum() + b.sum())), rel=1e-9
    )
    stay = got["stay", None]
    assert stay["difference"] == pytest.approx(np.trace(a) / a.sum() - np.trace(b) / b.sum(), abs=1e-12)
    assert stay["low"] < stay["difference"] < stay["high"]
    assert (stay["steps_a"], stay["steps_b"]) == (a.sum(), b.sum())
    two = roster.compare_groups("committee", "甲", "乙").filter(measure="stay")
    assert two["steps_b"].item() == moving.square(counts, grades, group=("乙",)).sum()
    with pytest.raises(dj.ArgumentError, match="丁"):
        roster.compare_groups("committee", "丁")


# The transitions of two pairs of years, and the results of giddy 2.3.8: `markov_mobility(P, measure,
# ini=n_i / n)`, `steady_state(P)`, `mfpt(P)`, and `Homogeneity_Results([A, B])` of floats.
A = [[30, 8, 2, 0], [5, 40, 9, 1], [1, 7, 25, 6], [0, 2, 4, 20]]
B = [[22, 10, 1, 0], [9, 35, 14, 0], [0, 5, 30, 11], [1, 0, 6, 25]]
GIDDY = {
    ("shorrocks", None): 0.4003445087408304,
    ("determinant", None): 0.8074311300134234,
    ("second_eigenvalue", None): 0.1944098049001305,
    ("bartholomew_1", "observed"): 0.4133738601823708,
    ("bartholomew_2", "observed"): 0.11246200607902734,
    ("bartholomew_2", "uniform"): 0.11097576643994218,
}
GIDDY_STEADY = [0.1431987173744482, 0.2635529839888048, 0.3080062154205449, 0.28524208321620215]
GIDDY_PASSAGE = [
    [6.9833027720850085, 4.930022075055186, 9.008525149190104, 18.115577889447234],
    [19.82755905511814, 3.794303463634763, 6.454390451832904, 15.474769681742044],
    [26.62834645669295, 10.176821192052971, 3.2466877287999574, 9.627093802345058],
    [27.995275590551223, 12.669094922737296, 6.147485080988913, 3.5057940564893446],
]


def of_tables(*tables):
    """Returns a roster in which each organisation makes one transition."""
    rows = []
    for pair, table in enumerate(tables):
        for a, row in enumerate(table):
            for b, many in enumerate(row):
                for at in range(many):
                    org = f"o{pair}{a}{b}{at:03}"
                    rows += [
                        {"year": 2010 + pair + late, "org_id": org, "star": grade + 1.0, "mode": "solo"}
                        for late, grade in ((0, a), (1, b))
                    ]
    return dj.read_roster(pl.DataFrame(rows))


def test_answers_are_those_of_giddy():
    roster = of_tables(A, B)
    got = {(i, w): v for i, w, v in roster.mobility().select("index", "weights", "value").rows()}
    for key, value in GIDDY.items():
        assert got[key] == pytest.approx(value, abs=1e-9), key
    assert roster.steady_state()["steady"].to_list() == pytest.approx(GIDDY_STEADY, abs=1e-9)
    grades = ["1", "2", "3", "4"]
    np.testing.assert_allclose(
        moving.matrix_of(roster.first_passage(), "years", grades), GIDDY_PASSAGE, rtol=1e-9
    )


def test_the_same_chances_in_every_year_of_whole_numbers():
    """Given integers, giddy 2.3.8 truncates the probabilities: its chi-square is 329.0 and its likelihood
    ratio -inf. Given floats, its results are right.
    """
    tests = {row["test"]: row for row in of_tables(A, B).transition_tests().to_dicts()}
    assert tests["time_chi2"]["statistic"] == pytest.approx(10.682648422153669, abs=1e-9)
    assert tests["time_lr"]["statistic"] == pytest.approx(12.609020657726482, abs=1e-9)
    assert tests["time_lr"]["df"] == 11
