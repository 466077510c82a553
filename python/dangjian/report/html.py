"""The report as one self-contained page: no network, no script, escaped, light and dark, for screen and paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import polars as pl

from dangjian import charts
from dangjian.catalogue.ledgers import FATES
from dangjian.report import grid
from dangjian.report.format import NOTHING, Formats, level, starred_label
from dangjian.report.svg import inline
from dangjian.results.headline import missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dangjian import labels
    from dangjian.results.review_data import ReviewData

SHOWN = 10
"""Lines of a gap list that are visible on the page."""

FOLDED = 500
"""Lines that may follow folded; the rest is in the workbook and in the Parquet files."""

BARS = 40
"""Maximum number of bars in a chart over a dimension; of more values, those with the lowest rates are drawn."""

_GAPS = (
    "name", "org_id", "status", "township_name", "kind", "committee", "mode", "members_full", "party_org_id",
    "instructor_id",
)  # fmt: skip
_FOUND = ("name", "org_id", "township_name", "kind", "committee")
_READY = ("ready", "unknown", "past_known", "past_reached", "past_rate")
_JOINT = (
    "year", "party_organisations", "organisations", "units_mean", "units_due_solo", "over_limit", "alone", "apart",
    "too_small",
)  # fmt: skip
_FILES = ("file", "sheet", "years", "rows_in", *FATES)
_STARRED = ("name", "star", "party_org_id", "township_name", "mode", "plaque")
# States a party organisation can be in; an organisation without one is in none of them.
_PARTY_STATES = [s for s in charts.STAR_STATES if s != "no_party_org"]
_DIMENSIONS = {"township_name": "township", "kind": "kind", "committee": "committee"}


def render(review: ReviewData, lang: labels.Lang) -> str:
    """Returns the page of ``review`` in ``lang``.

    Example:
        >>> render(review, "zh").startswith("<!doctype html>")  # doctest: +SKIP
        True
    """
    fmt = Formats(lang)
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(fmt=fmt, t=fmt.t, lang=lang)
    tables = review.tables
    years = tables["overview"]["year"].sort().to_list()
    return env.get_template("review.html.j2").render(
        year=review.year,
        years=years,
        headline=review.headline,
        targets=[_target(t, tables["gaps"], fmt) for t in tables["targets"].iter_rows(named=True)],
        progress=_progress(tables, fmt),
        coverage=_coverage(tables, review.year, fmt),
        formation=_formation(tables, review.year, years, fmt),
        audit=_audit(tables, review.year, fmt),
        stars=_stars(review, years, fmt),
        workforce=grid.plain(tables["workforce"], ("item", "value", "source"), fmt),
        overview=grid.plain(tables["overview"], tables["overview"].columns, fmt),
        files=grid.plain(tables["sources"], _FILES, fmt, names=2),
        lacking=_lacking(missing(tables), fmt),
        problems=grid.plain(tables["problems_summary"], ("code", "action", "n"), fmt, names=2),
        definitions=[*review.targets, *review.rates],
    )


_SECTIONS = {
    "targets": ("mode", "members_full", "party_org_id", "activities", "instructor_id"),
    "coverage": ("mode", "operating", "members_full", "above_scale", "region", "kind", "committee"),
    "formation": ("mode", "members_full", "party_org_id", "region"),
    "stars": ("star", "mode", "party_org_id", "region", "plaque"),
    "workforce": (
        "instructor_id", "seconded_officers", "owner_is_secretary", "staff_full_time", "staff_part_time", "party_org_id",
        "members_full", "employees",
    ),
}  # fmt: skip


def _lacking(columns: Sequence[str], fmt: Formats) -> dict[str, str]:
    """Returns for each section the columns missing from the year's ledger, and all of them together as ``quality``."""
    named = {section: [c for c in columns if c in drawn_on] for section, drawn_on in _SECTIONS.items()}
    return {
        section: fmt.t("、", ", ").join(fmt.column(c) for c in lacking)
        for section, lacking in (named | {"quality": list(columns)}).items()
    }


def _target(target: dict[str, Any], gaps: pl.DataFrame, fmt: Formats) -> dict[str, Any]:
    """Returns one target with its gap list cut into visible lines, folded lines and the number left out."""
    gaps = gaps.filter(pl.col("target") == target["target"])
    return {
        **target,
        "label": target[f"label_{fmt.lang}"] or target["target"],
        "note": target[f"note_{fmt.lang}"],
        "parts": grid.parts(target, fmt),
        "shares": {
            part: (target[part] or 0) / max(1, target["population"] or 0)
            for part in ("success", "unknown", "failure")
        },
        "gaps": gaps.height,
        "shown": grid.plain(gaps.head(SHOWN), _GAPS, fmt),
        "folded": grid.plain(gaps.slice(SHOWN, FOLDED), _GAPS, fmt),
        "left": max(0, gaps.height - SHOWN - FOLDED),
    }


def _progress(tables: dict[str, pl.DataFrame], fmt: Formats) -> dict[str, Any]:
    """Returns the targets over the years, and the number missing from each by township."""
    series, gaps, label = tables["targets_series"], tables["gaps_by_township"], f"label_{fmt.lang}"
    named = gaps[label].unique(maintain_order=True).to_list()
    return {
        "years": grid.rates(
            series.rename({"target": "rate_id"}).sort("year", maintain_order=True), "year", fmt
        ),
        "township": grid.matrix(
            gaps, "township_name", label, "missing", fmt, rows=_places(gaps), columns=named, sums="down"
        ),
    }


def _coverage(tables: dict[str, pl.DataFrame], year: int, fmt: Formats) -> dict[str, Any]:
    """Returns the rates over the years and by each dimension; one of the rates as bars over the townships."""
    frame = tables["coverage"]
    ids = frame["rate_id"].unique(maintain_order=True).to_list()
    main = "organised" if "organised" in ids else next(iter(ids), "")
    now = frame.filter(pl.col("rate_id") == main, pl.col("year") == year)
    place = tables["coverage_by_township"]
    drawn = place.filter(pl.col("rate_id") == main).sort("rate", nulls_last=True).head(BARS)
    label = frame.filter(pl.col("rate_id") == main)[f"label_{fmt.lang}"].cast(pl.String).first()
    return {
        "label": str(label or main),
        "now": grid.rate_cell(now.row(0, named=True), fmt) if now.height else grid.Cell(NOTHING),
        "years": grid.rates(frame.sort("year", maintain_order=True), "year", fmt),
        "by": {by: grid.rates(tables[f"coverage_by_{name}"], by, fmt) for by, name in _DIMENSIONS.items()},
        "bars": BARS if place["township_name"].n_unique() > BARS else 0,
        "chart": inline(
            charts.coverage_over_years(frame, lang=fmt.lang), fmt.table("coverage"), name="coverage"
        ),
        "township": inline(
            charts.coverage_by(drawn, "township_name", rate=main, lang=fmt.lang),
            str(label or main),
            name="township",
        ),
    }


def _formation(
    tables: dict[str, pl.DataFrame], year: int, years: Sequence[int], fmt: Formats
) -> dict[str, Any]:
    """Returns modes over the years and by township, the mode needed against the one recorded, and the last
    transitions.
    """
    frame, modes, place = tables["formation"], charts.MODES, tables["formation_by_township"]
    moved = tables["formation_moves"].filter(pl.col("next_year") == year)
    known = (*modes, "absent")
    return {
        "chart": inline(
            charts.formation_over_years(frame, lang=fmt.lang), fmt.table("formation"), name="formation"
        ),
        "years": grid.matrix(
            frame, "mode", "year", "organisations", fmt, rows=modes, columns=years, sums="down"
        ),
        "party": grid.matrix(
            frame, "mode", "year", "party_organisations", fmt, rows=modes, columns=years, sums="none"
        ),
        "need": grid.matrix(
            tables["formation_need"],
            "need",
            "mode",
            "organisations",
            fmt,
            rows=modes,
            columns=modes,
            moves=fmt.t("应建↓ 实建→", "needed ↓ recorded →"),
        ),
        "moves": grid.matrix(
            moved,
            "mode",
            "next_mode",
            "organisations",
            fmt,
            rows=known,
            columns=known,
            moves=_corner(moved, year),
        ),
        "before": moved["year"].first(),
        "township": grid.matrix(
            place, "township_name", "mode", "organisations", fmt, rows=_places(place), columns=modes
        ),
    }


def _audit(tables: dict[str, pl.DataFrame], year: int, fmt: Formats) -> dict[str, Any]:
    """Returns the findings of the formation audit over the years, and the organisations of each finding of this one."""
    audit, found, label = tables["formation_audit"], tables["formation_audit_list"], f"label_{fmt.lang}"
    years = audit["year"].unique().sort().to_list()
    rows = []
    for (finding,), of in audit.group_by("finding", maintain_order=True):
        last = of.sort("year").row(-1, named=True)
        by_year = {row["year"]: row for row in of.iter_rows(named=True)}
        here = by_year.get(year, {})
        listed = found.filter(pl.col("finding") == finding)
        rows.append(
            {
                "label": last[label],
                "severity": fmt.value("severity", last["severity"]),
                "counts": [fmt.number(by_year.get(y, {}).get("organisations")) for y in years],
                "party": fmt.number(here.get("party_organisations")),
                "unknown": fmt.number(here.get("unknown")),
                "n": listed.height,
                "shown": grid.plain(listed.head(FOLDED), (*_FOUND, f"why_{fmt.lang}"), fmt),
                "rule": listed["rule"].first(),
                "left": max(0, listed.height - FOLDED),
            }
        )
    ready = tables["readiness"]
    return {
        "findings": rows,
        "years": years,
        "joint": grid.plain(tables["joint_summary"].with_columns(pl.col("units_mean").round(1)), _JOINT, fmt),
        "ready": grid.plain(ready, (label, *_READY), fmt),
    }


def _stars(review: ReviewData, years: Sequence[int], fmt: Formats) -> dict[str, Any]:
    """Returns star states over the years and by township, the last transitions, and the party organisations listed by
    their stars.
    """
    tables, year = review.tables, review.year
    frame, states, place = tables["stars"], charts.STAR_STATES, tables["stars_by_township"]
    moved = tables["star_moves"].filter(pl.col("next_year") == year)
    count = "party_organisations"
    return {
        "chart": inline(charts.star_distribution(frame, lang=fmt.lang), fmt.table("stars"), name="stars"),
        "years": grid.matrix(
            frame, "star_state", "year", count, fmt, rows=_PARTY_STATES, columns=years, sums="down"
        ),
        "units": grid.matrix(
            frame, "star_state", "year", "organisations", fmt, rows=states, columns=years, sums="down"
        ),
        "moves": grid.matrix(
            moved,
            "star_state",
            "next_star_state",
            count,
            fmt,
            rows=_PARTY_STATES,
            columns=_PARTY_STATES,
            moves=_corner(moved, year),
        ),
        "before": moved["year"].first(),
        "level": level(review, fmt),
        "label": starred_label(review, fmt),
        "starred": grid.plain(
            tables["starred"].sort("star", "name", descending=[True, False]), _STARRED, fmt
        ),
        "township": grid.matrix(
            place, "township_name", "star_state", count, fmt, rows=_places(place), columns=_PARTY_STATES
        ),
    }


def _places(frame: pl.DataFrame) -> list[str | None]:
    """Returns the townships in the order of their codes; organisations without a township come last."""
    return frame.sort("township", nulls_last=True)["township_name"].unique(maintain_order=True).to_list()


def _corner(moved: pl.DataFrame, year: int) -> str:
    """Formats the corner of a matrix of transitions: the year down the side, the year along the top."""
    return f"{moved['year'].cast(str).first()!s}↓ {year}→"
