"""A synthetic review: a small panel of Chinese ledgers and every table, counted in Polars."""

from __future__ import annotations

import itertools
import random
from typing import Any

import polars as pl

from dangjian.results import headline
from dangjian.results.review import Review

YEARS = [2011, 2012, 2013]
TOWNSHIPS = {
    "150425100000": "经棚镇",
    "150425101000": "宇宙地镇",
    "150425102000": "土城子镇",
    "150425103000": "同兴镇",
    "150425200000": "新开地乡",
    "150425205000": "达日罕乌拉苏木",
}
COMMITTEES = ["个体私营经济党工委", "工业园区党工委", "经信局党委", "住建局党委"]
KINDS = ["enterprise", "enterprise", "enterprise", "social_group", "cooperative", "social_service"]
HOSTILE = '<script>alert("x")</script>\'&'
FORMULA = '=HYPERLINK("http://evil.example/","点我")'

_ESTABLISHED = "mode in ('solo', 'joint', 'affiliated')"
_NOTE = {
    "inferred": True,
    "note_zh": "原文在“四个百分之百”处中断，只见第一项；本项系推定，请对照本地文件确认。",
    "note_en": "The article breaks off after the first target; this one is inferred. Please confirm it.",
}
# id, labels, counts, population, success, and the last two in Polars.
_OPERATING, _ALL = pl.col("operating"), pl.col("year") > 0
_HAS = pl.col("mode").is_in(["solo", "joint", "affiliated"])
_ACTIVE = ("party_organisations", _ESTABLISHED, "activities > 0", _HAS, pl.col("activities") > 0)
_DUE = ("organisations", "members_full >= 3", _ESTABLISHED, pl.col("members_full") >= 3, _HAS)
_RATES = [
    ("organised", "组织覆盖率", "coverage", "organisations", "operating", _ESTABLISHED, _OPERATING, _HAS),
    (
        "organised_all",
        "组织覆盖率（全部单位）",
        "coverage of all",
        "organisations",
        "true",
        _ESTABLISHED,
        _ALL,
        _HAS,
    ),
    ("eligible_established", "应建已建率", "established where due", *_DUE),
    (
        *("solo_rate", "单独组建率", "solo formation", "organisations", "operating", "mode = 'solo'"),
        *(_OPERATING, pl.col("mode") == "solo"),
    ),
    (
        *("worked", "党的工作覆盖率", "work coverage", "organisations", "operating"),
        "mode <> 'none' or instructor_id is not null",
        *(_OPERATING, (pl.col("mode") != "none") | pl.col("instructor_id").is_not_null()),
    ),
    ("active", "党组织活动开展率", "active party organisations", *_ACTIVE),
]
_TARGETS = [
    ("eligible_established", "具备条件的单位党组织组建率", "party organisations where due", *_DUE),
    ("established_active", "已建党组织活动开展率", "party organisations that hold activities", *_ACTIVE),
    (
        *("memberless_covered", "无党员单位区域党支部覆盖率", "organisations without members covered"),
        *(
            "organisations",
            "members_full = 0",
            "mode = 'area'",
            pl.col("members_full") == 0,
            pl.col("mode") == "area",
        ),
    ),
    (
        *("guided", "未单独或联合组建单位党建指导员选派率", "the others have an instructor", "organisations"),
        *("mode in ('area', 'none')", "instructor_id is not null"),
        *(pl.col("mode").is_in(["area", "none"]), pl.col("instructor_id").is_not_null()),
    ),
]
_KEYS = ("id", "label_zh", "label_en", "counts", "population", "success")
_PREDICATES = {row[0]: row[6:] for row in [*_RATES, *_TARGETS]}
RATES: list[dict[str, Any]] = [
    dict(zip(_KEYS, row, strict=False), source="中办发〔2012〕11号") for row in _RATES
]
TARGETS: list[dict[str, Any]] = [
    {
        **dict(zip(_KEYS, row, strict=False)),
        "source": "克什克腾旗两新组织党建“1234”工作法（2013）",
        **(_NOTE if at else {"inferred": False, "note_zh": None, "note_en": None}),
    }
    for at, row in enumerate(_TARGETS)
]


def panel(organisations: int = 120, seed: int = 1) -> pl.DataFrame:
    """Generates a panel of (org_id, year): words, counts and nulls as the engine reads them."""
    rng = random.Random(seed)  # noqa: S311
    codes = list(TOWNSHIPS)
    rows = []
    for i in range(organisations):
        township, kind, members = rng.choice(codes), rng.choice(KINDS), max(0, int(rng.gauss(2, 3)))
        if i == 7:
            township = None
        star = rng.choice([None, None, 1, 2, 2, 3, 4])
        for year in YEARS:
            if rng.random() < 0.08:
                continue
            members = max(0, members + rng.choice([-1, 0, 0, 0, 1]))
            mode = (
                "none" if rng.random() < 0.1 else "solo" if members >= 3 else "joint" if members else "area"
            )
            mode = None if rng.random() < 0.03 else mode
            if i < 2:  # the hostile names are on a gap list
                members, mode = 5, "none"
            party = {
                "solo": f"150425D{i:06}",
                "joint": f"150425L{i // 9:06}",
                "area": f"150425Q{township}",
            }.get(mode or "")
            organised = mode in ("solo", "joint")
            name = (
                HOSTILE
                if i == 0
                else FORMULA
                if i == 1
                else f"克什克腾{rng.choice('鼎新众合恒通盛世联合博远')}{i:03}有限责任公司"
            )
            rows.append(
                {
                    "year": year,
                    "org_id": f"91150425{i:010}",
                    "name": name,
                    "township": township,
                    "township_name": TOWNSHIPS.get(township or ""),
                    "kind": kind,
                    "committee": HOSTILE if i % 40 == 0 else rng.choice(COMMITTEES),
                    "mode": mode,
                    "members_full": None if rng.random() < 0.03 else members,
                    "party_org_id": party,
                    "instructor_id": f"ZD{i % 50:05}" if rng.random() < 0.8 else None,
                    "activities": rng.choice([0, 2, 5, 9, None]) if organised else None,
                    "star": star if organised and year >= 2012 else None,
                    "plaque": (star or 0) >= 3 if organised else None,
                    "owner_is_secretary": organised and rng.random() < 0.3,
                    "seconded_officers": int(rng.random() < 0.1),
                    "employees": rng.randint(3, 200),
                    "operating": None if rng.random() < 0.02 else rng.random() < 0.9,
                    "staff_full_time": 0,
                    "staff_part_time": rng.randint(0, 2),
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("year").cast(pl.Int16))


def review(year: int = 2013, frame: pl.DataFrame | None = None) -> Review:
    """Returns the review of ``year`` of the synthetic panel, or of another panel with the same columns."""
    frame = panel() if frame is None else frame
    frame = frame.with_columns(
        star_state=pl.when(pl.col("star").is_not_null())
        .then(pl.col("star").cast(pl.Int8, strict=False).cast(pl.String))
        .when(pl.col("mode").is_null())
        .then(pl.lit("unknown"))
        .when(_HAS)
        .then(pl.lit("unrated"))
        .otherwise(pl.lit("no_party_org")),
        need=pl.when(pl.col("members_full") >= 3)
        .then(pl.lit("solo"))
        .when(pl.col("members_full") > 0)
        .then(pl.lit("joint"))
        .when(pl.col("members_full") == 0)
        .then(pl.lit("area"))
        .otherwise(pl.lit("unknown")),
    )
    now = frame.filter(pl.col("year") == year)
    parties = pl.col("party_org_id").filter(_HAS).n_unique()
    both = {"organisations": pl.len(), "party_organisations": pl.col("party_org_id").drop_nulls().n_unique()}
    filled = frame.with_columns(pl.col("mode").fill_null("unknown"))
    filled_now = filled.filter(pl.col("year") == year)
    stars = {
        "organisations": pl.len(),
        "party_organisations": pl.col("party_org_id").filter(_HAS).n_unique(),
    }
    overview = frame.group_by("year").agg(
        organisations=pl.len(),
        organised=_HAS.sum(),
        party_organisations=parties,
        eligible=(pl.col("members_full") >= 3).sum(),
        eligible_established=((pl.col("members_full") >= 3) & _HAS).sum(),
        instructors=pl.col("instructor_id").drop_nulls().n_unique(),
        seconded_officers=pl.col("seconded_officers").sum(),
        owner_secretaries=pl.col("owner_is_secretary").sum(),
        members_full=pl.col("members_full").sum(),
        employees=pl.col("employees").sum(),
    )  # fmt: skip
    overview = overview.sort("year")
    targets = _targets(now, year)
    workforce = {
        "instructors": now["instructor_id"].drop_nulls().n_unique(),
        "organisations_with_instructor": now["instructor_id"].is_not_null().sum(),
        "seconded_officers": now["seconded_officers"].sum(),
        "owner_secretaries": now["owner_is_secretary"].sum(),
        "staff_full_time": now["staff_full_time"].sum(),
        "staff_part_time": now["staff_part_time"].sum(),
    }
    kept, rejected, merged, conflicts = now.height, 4, 3, 2
    rows = {
        "in": kept + rejected + merged + conflicts,
        "kept": kept,
        "rejected": rejected,
        "merged": merged,
        "conflicts": conflicts,
    }
    tables = {
        "sources": pl.DataFrame(
            {
                "year": [year],
                "file": [f"克什克腾旗两新组织党建台账{year}年.xlsx"],
                "sheet": ["非公企业"],
                "years": [str(year)],
                "rows_in": [rows["in"]],
                **{k: [rows[k]] for k in ("kept", "rejected", "merged", "conflicts")},
            }
        ),
        "problems_summary": pl.DataFrame(
            {
                "year": [year] * 3,
                "code": ["id_mangled", "uscc_check_digit", "something_new"],
                "action": ["reject", "warn", "null"],
                "n": [4, 11, 2],
            }
        ),
        "overview": overview,
        "targets": targets,
        "gaps": _gaps(now),
        "gaps_by_township": _gaps_by_township(now),
        "targets_series": pl.concat([_targets(frame.filter(pl.col("year") == y), y) for y in years(frame)]),
        "coverage": pl.concat([_rate(frame, r, ["year"]) for r in RATES]).sort("year", maintain_order=True),
        "coverage_by_township": _by(now, year, ["township", "township_name"]),
        "coverage_by_kind": _by(now, year, ["kind"]),
        "coverage_by_committee": _by(now, year, ["committee"]),
        "formation": filled.group_by("year", "mode").agg(**both).sort("year", "mode"),
        "formation_by_township": filled_now.group_by("year", "township", "township_name", "mode").agg(**both),
        "formation_need": filled_now.group_by("year", "need", "mode").agg(organisations=pl.len()),
        "formation_moves": _moves(filled, "mode", "org_id").rename({"n": "organisations"}),
        **_audit(frame, year),
        "stars": frame.group_by("year", "star_state").agg(**stars).sort("year", "star_state"),
        "star_moves": _star_moves(frame),
        "stars_by_township": now.group_by("year", "township", "township_name", "star_state").agg(**stars),
        "starred": now.filter(pl.col("star") >= 3, _HAS)
        .group_by("year", "party_org_id")
        .agg(
            pl.col("star").max().cast(pl.Float32), pl.col("name", "township_name", "mode", "plaque").first()
        ),
        "workforce": pl.DataFrame(
            {"year": year, "item": list(workforce), "value": list(workforce.values()), "source": "ledgers"}
        ),
    }
    return Review(year, tables, headline.of(year, tables), TARGETS, RATES)


def _rate(frame: pl.DataFrame, definition: dict[str, Any], keys: list[str]) -> pl.DataFrame:
    population, success = _PREDICATES[definition["id"]]
    return (
        frame.group_by(keys, maintain_order=True)
        .agg(
            population=population.sum(),
            success=(population & success).sum(),
            failure=(population & ~success).sum(),
            unknown=(population & success.is_null()).sum(),
            population_unknown=population.is_null().sum(),
        )
        .with_columns(pl.selectors.integer().exclude("year").cast(pl.Int64))
        .with_columns(
            rate_id=pl.lit(definition["id"]),
            label_zh=pl.lit(definition["label_zh"]),
            label_en=pl.lit(definition["label_en"]),
            counts=pl.lit(definition["counts"]),
            unidentified=pl.lit(0, pl.Int64),
            rate=_ratio(pl.col("success"), pl.col("success") + pl.col("failure")),
            rate_low=_ratio(pl.col("success"), pl.col("population")),
            rate_high=_ratio(pl.col("success") + pl.col("unknown"), pl.col("population")),
        )
    )


def _ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole)


def _by(now: pl.DataFrame, year: int, keys: list[str]) -> pl.DataFrame:
    frame = pl.concat([_rate(now, r, keys) for r in RATES]).sort(keys, nulls_last=True)
    return frame.select(*keys, pl.lit(year, pl.Int16).alias("year"), pl.exclude(keys))


def _targets(now: pl.DataFrame, year: int) -> pl.DataFrame:
    parts = [
        _rate(now, t, ["year"]).with_columns(
            goal=pl.lit(1.0),
            inferred=pl.lit(t["inferred"]),
            note_zh=pl.lit(t["note_zh"], pl.String),
            note_en=pl.lit(t["note_en"], pl.String),
        )
        for t in TARGETS
    ]
    met = (
        pl.when(pl.col("failure") > 0).then(statement=False).when(pl.col("unknown") == 0).then(statement=True)
    )
    return pl.concat(parts).rename({"rate_id": "target"}).with_columns(met=met, year=pl.lit(year, pl.Int16))


def _gaps(now: pl.DataFrame) -> pl.DataFrame:
    parts = []
    for target in TARGETS:
        population, success = _PREDICATES[target["id"]]
        status = pl.when(success.is_null()).then(pl.lit("unknown")).otherwise(pl.lit("missing"))
        open_ = now.filter(population & success.fill_null(value=False).not_())
        parts.append(
            open_.select(
                "year",
                pl.lit(target["id"]).alias("target"),
                status.alias("status"),
                *("org_id", "name", "township", "township_name", "kind", "committee", "mode", "members_full"),
                *("party_org_id", "instructor_id"),
            )
        )
    return pl.concat(parts)


def years(frame: pl.DataFrame) -> list[int]:
    """Returns the years of a panel."""
    return sorted(frame["year"].unique())


def _gaps_by_township(now: pl.DataFrame) -> pl.DataFrame:
    named = {t["id"]: t for t in TARGETS}
    missing = _gaps(now).filter(pl.col("status") == "missing").group_by("year", "township", "target").len()
    places = now.select("township", "township_name").unique()
    return missing.join(places, on="township", nulls_equal=True).select(
        *("year", "township", "township_name", "target"),
        *(
            pl.col("target")
            .replace_strict({k: t[name] for k, t in named.items()}, return_dtype=pl.String)
            .alias(name)
            for name in ("label_zh", "label_en")
        ),
        pl.col("len").cast(pl.Int64).alias("missing"),
    )


_FINDINGS = {
    "solo_due_none": ("应单建而未建", pl.col("mode").is_in(["none", "area"]) & (pl.col("members_full") >= 3)),
    "solo_due_joint": ("应单建而联建", (pl.col("mode") == "joint") & (pl.col("members_full") >= 3)),
}


def _audit(frame: pl.DataFrame, year: int) -> dict[str, pl.DataFrame]:
    """Returns the tables that the page draws: two findings, the joint branches, and those one member
    short.
    """
    counts, lists = [], []
    for finding, (label, found) in _FINDINGS.items():
        named = {
            "finding": pl.lit(finding),
            "label_zh": pl.lit(label),
            "label_en": pl.lit(finding),
            "severity": pl.lit("error"),
        }
        by_year = frame.group_by("year").agg(
            organisations=found.sum().cast(pl.Int64),
            party_organisations=pl.col("party_org_id").filter(found).n_unique().cast(pl.Int64),
            unknown=found.is_null().sum().cast(pl.Int64),
        )
        counts.append(by_year.sort("year").select("year", **named).hstack(by_year.sort("year").drop("year")))
        listed = frame.filter(pl.col("year") == year, found).with_columns(**named, status=pl.lit("found"))
        lists.append(
            listed.select(
                *("year", "finding", "label_zh", "label_en", "severity", "status", "org_id", "name"),
                *("township", "township_name", "kind", "committee", "mode", "members_full"),
                why_zh=pl.format("正式党员 {} 名", "members_full"),
                why_en=pl.format("{} full members", "members_full"),
                rule=pl.lit("党章"),
            )
        )
    joint = frame.filter(pl.col("mode") == "joint")
    summary = joint.group_by("year").agg(
        party_organisations=pl.col("party_org_id").n_unique().cast(pl.Int64),
        organisations=pl.len().cast(pl.Int64),
        units_mean=pl.len() / pl.col("party_org_id").n_unique(),
    )
    empty = dict.fromkeys(("units_due_solo", "over_limit", "alone", "apart", "too_small"), 0)
    ready = frame.filter(pl.col("year") == year, pl.col("members_full") == 2).height
    return {
        "formation_audit": pl.concat(counts),
        "formation_audit_list": pl.concat(lists),
        "joint_summary": summary.sort("year").with_columns(
            **{name: pl.lit(n, pl.Int64) for name, n in empty.items()}
        ),
        "readiness": pl.DataFrame(
            {
                "year": [year],
                "step": ["solo_3"],
                "label_zh": ["满 3 名：单建"],
                "label_en": ["3: solo"],
                "ready": [ready],
                "unknown": [0],
                "past_known": [10],
                "past_reached": [2],
                "past_rate": [0.2],
            }
        ),
    }


def _moves(frame: pl.DataFrame, state: str, key: str) -> pl.DataFrame:
    """Counts transitions between adjacent years; organisations not listed in one of them are `absent`
    there.
    """
    states = frame.select("year", key, state).drop_nulls(key)
    parts = []
    years = sorted(frame["year"].unique())
    for year, after in itertools.pairwise(years):
        one = states.filter(pl.col("year") == year).drop("year")
        two = states.filter(pl.col("year") == after).drop("year").rename({state: f"next_{state}"})
        parts.append(
            one.join(two, on=key, how="full", coalesce=True)
            .with_columns(pl.col(state, f"next_{state}").fill_null("absent"))
            .group_by(state, f"next_{state}")
            .agg(n=pl.len())
            .select(
                pl.lit(year, pl.Int16).alias("year"), pl.lit(after, pl.Int16).alias("next_year"), pl.all()
            )
        )
    one_year = states.clear().select(
        "year", next_year="year", n=pl.lit(0), **{state: state, f"next_{state}": state}
    )
    return pl.concat(parts) if parts else one_year


def _star_moves(frame: pl.DataFrame) -> pl.DataFrame:
    grade = pl.col("star").max().cast(pl.Int8).cast(pl.String).fill_null("unrated")
    party = frame.filter(_HAS).group_by("year", "party_org_id").agg(star_state=grade)
    keys = ["year", "next_year", "star_state", "next_star_state"]
    units = _moves(frame, "star_state", "org_id").rename({"n": "organisations"})
    orgs = _moves(party, "star_state", "party_org_id").rename({"n": "party_organisations"})
    return units.join(orgs, on=keys, how="full", coalesce=True).with_columns(
        pl.col("^.*organisations$").fill_null(0)
    )
