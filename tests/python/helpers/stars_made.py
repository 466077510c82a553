"""Random star schemes and scores, with the engine's ratings and trails of them."""

from __future__ import annotations

import datetime as dt
import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

import dangjian as dj
from helpers.stars_reference import Reference

YEAR = 2013


def toml(scheme: dict[str, list[dict[str, Any]]]) -> str:
    """Formats the records as TOML."""

    def value(v: Any) -> str:
        return json.dumps(v, ensure_ascii=False)

    records = ((kind, record) for kind, all_ in scheme.items() for record in all_)
    return "\n".join(
        f"[[{kind}]]\n" + "".join(f"{k} = {value(v)}\n" for k, v in record.items())
        for kind, record in records
    )


@st.composite
def schemes(  # noqa: C901, PLR0912, PLR0915 - draws the parts of a scheme in turn
    draw: st.DrawFn, *, quotas: bool, plain: bool = False
) -> dict[str, list[dict[str, Any]]]:
    """Draws a scheme of one to three dimensions with any of the rules; ``plain`` has none that a better
    score can harm.
    """

    def some(*options: Any) -> Any:
        return draw(st.sampled_from(options))

    def maybe(record: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in record.items() if v is not None}

    method = some("bands", "dimensions", "both", "top") if quotas else some("bands", "dimensions", "both")
    head: dict[str, Any] = {"id": "random", "label": "随机", "source": "test", "method": method}
    dimensions, items = [], []
    for d in range(some(1, 2, 3)):
        dimension = f"d{d}"
        dimensions.append(
            maybe(
                {
                    "id": dimension,
                    "weight": some(None, 0.7, 0.3, 1),
                    "most": some(None, None, 12),
                    "least": some(None, 0),
                }
            )
        )
        items.append({"id": f"i{d}", "dimension": dimension, "points": some(5, 10)})
        for n in range(some(0, 1, 2) if d == 0 else some(0, 1)):
            gives = some("award", "deduct", "bonus", "penalty")
            item = {"id": f"i{d}{n}", "dimension": dimension, "points": some(2, 4, 10), "gives": gives}
            if gives in ("award", "deduct") and draw(st.booleans()):
                item["values"] = [item["points"], 1, 0]
            if gives in ("bonus", "penalty") and draw(st.booleans()):
                item["unlisted"] = 0
            items.append(item)
    scheme: dict[str, list[dict[str, Any]]] = {"scheme": [head], "dimension": dimensions, "item": items}
    if method in ("dimensions", "both"):
        head["share"] = some(0.6, 0.85, 1.0)
    if method == "both":
        head["combine"] = some("lower", "higher")
    if method == "top":
        head["stars"] = some([3, 4, 5], [1, 2])
    if method in ("bands", "both"):
        top = some(3, 5)
        starts = sorted(draw(st.lists(st.integers(2, 24), min_size=top, max_size=top, unique=True)))
        head["below"] = some("unrated", 1)
        first = 2 if head["below"] == 1 else 1
        gap = some(None, "lower", "upper", "round", "open")
        above = gap in (None, "upper") and draw(st.booleans())
        bands = [
            {"stars": first + at, ("above" if above and at else "from"): start}
            for at, start in enumerate(starts)
        ]
        gaps = False
        if gap is not None:
            for band, after in pairwise(bands):
                last = after.get("from", after.get("above")) - 1
                if last >= band.get("from", band.get("above")):
                    band["to"] = last
                    gaps = True
        if gaps:
            head["band_gap"] = gap
        scheme["band"] = bands
    if not draw(st.booleans()):
        head |= {"most": some(15, 20)}
    if draw(st.booleans()):
        head["first_year"] = "unrated"
    ladder = Reference(scheme).ladder[1:]
    scheme["event"] = [
        {"id": "praise", "label": "表彰", "points": some(1, 2.5), "most": some(2, 5)},
        {"id": "step_up", "label": "增星", "stars": some(1, -1)},
        {"id": "project", "label": "项目"},
        {"id": "offence", "label": "违法"},
    ]
    part = {"dimension": "d0", "at_least_share": some(0.5, 0.8)}
    condition = some(
        {"event": "project"}, {"when": "operating"}, part, {"total": True, "at_least": some(6, 12.5)}
    )
    if draw(st.booleans()):
        gate = {"stars": some(*ladder), **condition}
        if not plain and gate["stars"] != ladder[0] and draw(st.booleans()):
            gate["otherwise"] = ladder[0] if gate["stars"] > ladder[0] else "unrated"
        scheme["gate"] = [gate]
    if draw(st.booleans()):
        low = some({"item": "i0", "below_share": 0.6}, {"item": "i0", "below": 3}, {"event": "offence"})
        scheme["cap"] = [{"stars": some(*ladder), **low}]
    if draw(st.booleans()):
        veto = some(
            {"consequence": "cancel"},
            {"consequence": "cap", "stars": some(*ladder)},
            {"consequence": "hold"},
            {"consequence": "downgrade", "steps": some(1, 2), "of": some("earned", "previous")},
        )
        scheme["veto"] = [{**some({"event": "offence"}, {"when": "not operating"}), **veto}]
        if "when" in scheme["veto"][0]:
            scheme["veto"][0] = {**scheme["veto"][0], "when": "operating"}
    if draw(st.booleans()):
        scheme["step"] = [{"up": some(1, 2), "entry": some("any", *ladder)}]
        if draw(st.booleans()):
            scheme["exception"] = [maybe({"event": "praise", "up": some(None, 2, 3)})]
    if draw(st.booleans()):
        scheme["direct"] = [{"event": "project", "stars": some(*ladder), "quota": some("inside", "outside")}]
    if quotas:
        stars = draw(st.lists(st.sampled_from(ladder), unique=True, min_size=1))
        scheme["quota"] = []
        for star in stars:
            ties = some("in", "out", "items")
            amount = some(
                {"places": some(0, 1, 2)},
                {
                    "share": some(0.3, 0.5, 0.25),
                    "of": some("all", "rated"),
                    "rounding": some("floor", "nearest", "ceil"),
                },
            )
            more = (
                {"tie_by": some(["i0"], ["d0", "i0"]), "still_tied": some("in", "out")}
                if ties == "items"
                else {}
            )
            scheme["quota"].append(
                {"stars": star, **amount, "ties": ties, **more, **some({}, {"within": ["kind"]})}
            )
    return scheme


@st.composite
def organisations(
    draw: st.DrawFn, scheme: dict[str, Any], most: int, *, unknown: int
) -> list[dict[str, Any]]:
    """Draws up to ``most`` organisations, with up to ``unknown`` open scores in all."""
    ladder = Reference(scheme).ladder
    orgs = []
    for _ in range(draw(st.integers(1, most))):
        scores: dict[str, Any] = {}
        for item in scheme["item"]:
            # Few distinct numbers give ties. Halves fall into gaps between bands.
            allowed = item.get("values", [0, item["points"], item["points"] / 2, 1, 1.5])
            scores[item["id"]] = draw(st.sampled_from(allowed))
            if "unlisted" in item and draw(st.booleans()):
                scores[item["id"]] = "absent"
        orgs.append(
            {
                "scores": scores,
                "flag": draw(st.booleans()),
                "group": draw(st.sampled_from(["enterprise", "social_group"])),
                "new": draw(st.sampled_from([False, False, True])),
                "previous": draw(st.sampled_from([None, *ladder])),
                "events": draw(
                    st.dictionaries(
                        st.sampled_from(["praise", "step_up", "project", "offence"]),
                        st.integers(1, 3),
                        max_size=2,
                    )
                ),
            }
        )
    for _ in range(unknown):
        org = orgs[draw(st.integers(0, len(orgs) - 1))]
        item = draw(st.sampled_from(scheme["item"]))
        org["scores"][item["id"]] = draw(
            st.sampled_from([None, 99.0] if "unlisted" in item else [None, "absent", 99.0])
        )
    if unknown and draw(st.booleans()):
        orgs[draw(st.integers(0, len(orgs) - 1))]["flag"] = None
    return orgs


def rate(
    scheme: dict[str, Any], orgs: list[dict[str, Any]], folder: Path, shuffle: random.Random | None = None
) -> Any:
    """Returns the engine's rating."""
    path = folder / "scheme.toml"
    path.write_text(toml(scheme), encoding="utf-8")
    ids = [f"D{at}" for at in range(len(orgs))]
    days = [dt.date(YEAR, 5, 1) if org["new"] else dt.date(2005, 1, 1) for org in orgs]
    roster = dj.read_roster(
        pl.DataFrame(
            {
                "year": [YEAR] * len(orgs),
                "org_id": [f"单位{at}" for at in range(len(orgs))],
                "party_org_id": ids,
                "mode": ["solo"] * len(orgs),
                "kind": [org["group"] for org in orgs],
                "operating": pl.Series([org["flag"] for org in orgs], dtype=pl.Boolean),
                "established_on": days,
            }
        ),
        progress=False,
    )
    rows = [
        (of, YEAR, item, points)
        for of, org in zip(ids, orgs, strict=True)
        for item, points in org["scores"].items()
        if points != "absent"
    ]
    if shuffle:
        rows += rows[: len(rows) // 2]  # repeated rows count once
        shuffle.shuffle(rows)
    schema = {"party_org_id": pl.String, "year": pl.Int32, "item": pl.String, "points": pl.Float64}
    scores = pl.DataFrame(rows, schema=schema, orient="row")
    happened = [
        (of, kind, YEAR)
        for of, org in zip(ids, orgs, strict=True)
        for kind, n in org["events"].items()
        for _ in range(n)
    ]
    events = pl.DataFrame(
        happened, schema={"party_org_id": pl.String, "kind": pl.String, "year": pl.Int16}, orient="row"
    )
    before = [
        (of, org["previous"] or None)
        for of, org in zip(ids, orgs, strict=True)
        if org["previous"] is not None
    ]
    previous = pl.DataFrame(before, schema={"party_org_id": pl.String, "stars": pl.Float64}, orient="row")
    return roster.rate_stars(scores, path, year=YEAR, events=events, previous=previous)


def rated(rating: Any, n: int) -> list[dict[str, Any] | None]:
    """Returns the rows of the result by organisation."""
    rows = {row["party_org_id"]: row for row in rating.stars.iter_rows(named=True)}
    return [rows.get(f"D{at}") for at in range(n)]


def stars_of(rating: Any) -> dict[tuple[int, str], str]:
    id_ = "party_org_id" if "party_org_id" in rating.stars.columns else "org_id"
    return {(y, i): s for y, i, s in rating.stars.select("year", id_, "star_state").rows()}


def replayed(rating: Any) -> dict[tuple[int, str], str]:
    """Replays the trail with its rows shuffled and returns the stars."""
    trail = rating.trail.sample(fraction=1, shuffle=True, seed=3)
    replay = dj.replay_stars(trail)
    return {(y, i): s for y, i, s, *_ in replay.rows() if s != "absent"}
