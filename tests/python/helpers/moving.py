"""Panels of organisations that change star state, with a slow, direct count of their transitions."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import polars as pl

import dangjian as dj

GRADES = ["1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5", "5"]
OFF = ["unrated", "no_party_org", "unknown"]
MODE_OF = {"unrated": "solo", "no_party_org": "none", "unknown": None}


def panel(seed, *, organisations=120, years=range(2010, 2016), halves=False, committees=("甲", "乙", "丙")):
    """Generates a random panel with missing years, ratings gained and lost, and changes of committee."""
    rng = random.Random(seed)  # noqa: S311 - seeded
    grades = GRADES if halves else GRADES[::2]
    rows = []
    for at in range(organisations):
        first = rng.choice([*years][:3] + [*years][:1] * 4)
        last = rng.choice([*years][3:] + [*years][-1:] * 4)
        level, committee = rng.randrange(len(grades)), rng.choice(committees)
        for year in years:
            level = min(max(level + rng.choice([-1, 0, 0, 0, 1, 1]), 0), len(grades) - 1)
            committee = rng.choice(committees) if rng.random() < 0.05 else committee
            if not first <= year <= last or rng.random() < 0.06:
                continue
            state = rng.choice(OFF) if rng.random() < 0.15 else grades[level]
            rows.append(
                {
                    "year": year,
                    "org_id": f"组织{at:04}",
                    "state": state,
                    "committee": committee,
                    "rated": None,
                }
            )
    return pl.DataFrame(rows, schema_overrides={"rated": pl.Int64})


def roster(frame):
    """Returns the panel as a roster, rows shuffled."""
    frame = frame.select(
        "year",
        "org_id",
        "committee",
        "rated",
        star=pl.when(pl.col("state").is_in(OFF)).then(None).otherwise(pl.col("state")).cast(pl.Float64),
        mode=pl.col("state").replace_strict(MODE_OF, default="solo"),
    )
    return dj.read_roster(frame.sample(fraction=1, shuffle=True, seed=3))


def steps(frame, key=lambda _: ()):
    """Counts transitions by group, year, state and next state."""
    of = {(row["org_id"], row["year"]): row for row in frame.to_dicts()}
    years = sorted(set(frame["year"]))
    counts = Counter()
    for year in years:
        if year + 1 not in years:
            continue
        for org in {o for o, y in of if y in (year, year + 1)}:
            before, after = of.get((org, year)), of.get((org, year + 1))
            carried = before and after and before["rated"] is not None and before["rated"] == after["rated"]
            if not carried:
                states = [row["state"] if row else "absent" for row in (before, after)]
                counts[key(before or after), year, *states] += 1
    return counts


def square(counts, states, columns=None, years=None, group=()):
    """Returns the counts as a matrix, over all years or some."""
    columns = columns or states
    matrix = np.zeros((len(states), len(columns)))
    for (of, year, a, b), n in counts.items():
        if of == group and a in states and b in columns and (years is None or year in years):
            matrix[states.index(a), columns.index(b)] += n
    return matrix


def chances(matrix):
    return matrix / matrix.sum(axis=1, keepdims=True)


def of_group(table, **keys):
    """Returns the rows with these values."""
    return table.filter(*(pl.col(name).eq_missing(pl.lit(value)) for name, value in keys.items()))


def matrix_of(table, value, states, columns=None, state="star_state"):
    """Returns a column of a table of states and next states as a matrix; NaN for null."""
    columns = columns or states
    cells = {(a, b): v for a, b, v in table.select(state, f"next_{state}", value).rows()}
    assert len(cells) == table.height
    return np.array(
        [[np.nan if cells[a, b] is None else cells[a, b] for b in columns] for a in states], float
    )
