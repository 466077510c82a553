"""Properties of every panel: order and files are irrelevant, parts add up, and slow direct versions agree.

``HYPOTHESIS_PROFILE=slow`` tries more panels.
"""

from __future__ import annotations

import itertools
from collections import Counter

import duckdb
import polars as pl
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import dangjian
from helpers import panels
from helpers.panels import LISTS, ORGANISED, TABLES, counts, read

OWN = pl.col("mode").is_in(ORGANISED)


def same(one, other, by):
    """Checks that every statistic is the same, to the last bit."""
    for name, table in TABLES.items():
        assert table(one, by=by).equals(table(other, by=by)), name
    year = one.years[-1]
    for name, table in LISTS.items():
        if name != "explain_change" or len(one.years) > 1:
            assert table(one, year).equals(table(other, year)), name
    assert one.breaks().equals(other.breaks())


@given(panel=panels.panels(), by=panels.groupings(), seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(panel, by, seed):
    one, other = read(panel), read(panel.sample(fraction=1, shuffle=True, seed=seed))
    assert_frame_equal(one.to_polars(), other.to_polars())
    same(one, other, by)


@given(
    panel=panels.panels(), by=panels.groupings(), parts=st.lists(st.integers(0, 2), min_size=20, max_size=20)
)
def test_splitting_into_files_changes_nothing(tmp_path_factory, panel, by, parts):
    folder = tmp_path_factory.mktemp("parts")
    part = pl.Series(parts[: panel.height])
    for at in part.unique():
        piece = panel.filter(part == at)
        if at == 2:
            piece.write_csv(folder / f"{at}.csv")
        else:
            piece.write_parquet(folder / f"{at}.parquet")
    one = read(panel)
    # Files need an explicit request to keep a user's own column.
    other = dangjian.read_roster(sorted(folder.iterdir()), keep=["楼栋"], progress=False)
    assert len(other) == panel.height
    same(one, other, by)


@given(panel=panels.panels(), by=panels.groupings())
def test_writing_and_opening_changes_nothing(tmp_path_factory, panel, by):
    one, path = read(panel), tmp_path_factory.mktemp("panel") / "panel.parquet"
    one.to_parquet(path)
    other = dangjian.open_roster(path, progress=False)
    assert (other.columns, other.years, other.dimensions) == (one.columns, one.years, one.dimensions)
    assert_frame_equal(other.to_polars(), one.to_polars())
    same(one, other, by)
    # Other libraries read the file too.
    for table in (pl.read_parquet(path), pl.from_arrow(pq.read_table(path))):
        assert_frame_equal(table, one.to_polars())
    assert_frame_equal(duckdb.sql(f"FROM '{path}' ORDER BY year, org_id").pl(), one.to_polars())


@given(panel=panels.panels(), by=panels.groupings(3))
def test_parts_add_up_to_the_whole(panel, by):
    roster = read(panel)
    for name, table in TABLES.items():
        assert counts(table(roster, by=by), without=by) == counts(table(roster)), name


@given(panel=panels.panels(), by=panels.groupings())
def test_twice_the_input_counts_twice(panel, by):
    ids = ("org_id", "party_org_id", "instructor_id")
    by = [name for name in by if name not in ids]
    both = pl.concat(
        [panel, panel.with_columns(pl.concat_str(pl.lit("B"), pl.col(name)).alias(name) for name in ids)]
    )
    once, twice = read(panel), read(both)
    for name, table in TABLES.items():
        want = {key: tuple(2 * n for n in numbers) for key, numbers in counts(table(once, by=by)).items()}
        assert counts(table(twice, by=by)) == want, name


# Conditions that a user may write in SQL; each may be null.
CONDITIONS = (
    *("operating", "not operating", "true", "members_full >= 3", "members_full between 1 and 2"),
    *(
        "mode in ('solo', 'joint', 'affiliated')",
        "mode not in ('area', 'none')",
        "mode <> 'none' or instructor_id is not null",
    ),
    *("star >= 2.5 and not above_scale", "activities > 0", "members_full - seconded_officers > 1"),
    *(
        "operating is not true",
        "above_scale = operating",
        "region like '1504%'",
        "mode = 'area' and members_full = 0",
    ),
    *(
        "committee in ('住建局党委', null)",
        "kind is null or owner_is_secretary",
        "\"楼栋\" = '甲' or star < 3",
    ),
)
condition = st.sampled_from(CONDITIONS)


def definitions(folder, population, success, of="organisations"):
    path = folder / "rates.toml"
    path.write_text(
        f"""[[rate]]
id = "drawn"
label = "抽到的"
label_en = "drawn"
population = '''{population}'''
success = '''{success}'''
counts = "{of}"
source = "test"
""",
        encoding="utf-8",
    )
    return path


DUCKDB = duckdb.connect()


def answers(panel, *conditions):
    """Returns DuckDB's answer for each row: true, false or null."""
    DUCKDB.register("panel", panel.cast({pl.UInt32: pl.Int64}).to_arrow())
    columns = ", ".join(f"({text}) AS c{at}" for at, text in enumerate(conditions))
    return DUCKDB.sql(f"SELECT year, kind, {columns} FROM panel").fetchall()  # noqa: S608 - our own conditions


FIGURES = ["population", "success", "failure", "unknown", "population_unknown"]


@given(panel=panels.panels(), population=condition, success=condition, where=st.none() | condition)
def test_rates_are_those_of_sql(tmp_path_factory, panel, population, success, where):
    file = definitions(tmp_path_factory.getbasetemp(), population, success)
    table = read(panel).coverage(by="kind", rates="drawn", rates_file=file, where=where)
    want: dict[object, list[int]] = {}
    for year, kind, p, s, asked in answers(panel, population, success, where or "true"):
        if asked:
            figures = want.setdefault((year, kind), [0] * len(FIGURES))
            in_it = p is True
            for at, holds in enumerate(
                (in_it, in_it and s, in_it and s is False, in_it and s is None, p is None)
            ):
                figures[at] += bool(holds)
    assert {row[:2]: list(row[2:]) for row in table.select("year", "kind", *FIGURES).rows()} == want
    for yes, no, rate in table.select("success", "failure", "rate").rows():
        assert rate == (yes / (yes + no) if yes + no else None)


@given(panel=panels.panels(), population=condition, success=condition)
def test_bounds_are_what_the_unknowns_allow(tmp_path_factory, panel, population, success):
    file = definitions(tmp_path_factory.getbasetemp(), population, success)
    table = read(panel).coverage(by="kind", rates="drawn", rates_file=file)
    rows: dict[object, list[tuple[bool | None, bool | None]]] = {}
    for year, kind, *answer in answers(panel, population, success):
        rows.setdefault((year, kind), []).append(answer)
    got = {row[:2]: row[2:] for row in table.select("year", "kind", "rate_low", "rate_high").rows()}
    assert got == {key: bounds(answers) for key, answers in rows.items()}


def bounds(rows):
    """Returns the smallest and the largest rate over all outcomes of the unknowns."""
    reach = {(0, 0)}  # possible population and success
    for population, success in rows:
        ways = {
            (int(p), int(p and s))
            for p in ([True, False] if population is None else [population])
            for s in ([True, False] if success is None else [success])
        }
        reach = {(p + dp, s + ds) for p, s in reach for dp, ds in ways}
    rates = [s / p for p, s in reach if p]
    return (min(rates), max(rates)) if rates else (None, None)


@given(panel=panels.panels(), population=condition, success=condition)
def test_rates_of_party_organisations(tmp_path_factory, panel, population, success):
    """A party organisation is in the population if any of its rows is; it meets the rate if any of these
    rows does.
    """
    file = definitions(tmp_path_factory.getbasetemp(), population, success, of="party_organisations")
    table = read(panel).coverage(rates="drawn", rates_file=file)
    asked = pl.DataFrame(
        [row[2:] for row in answers(panel, "year", "party_org_id", population, success)],
        schema={"year": pl.Int16, "party": pl.String, "p": pl.Boolean, "s": pl.Boolean},
        orient="row",
    )
    named, nameless = asked.filter(pl.col("party").is_not_null()), asked.filter(pl.col("party").is_null())
    parties = named.group_by("year", "party").agg(
        p=pl.col("p").any(ignore_nulls=False), s=pl.col("s").filter(pl.col("p")).any(ignore_nulls=False)
    )
    for row in table.iter_rows(named=True):
        of = parties.filter(pl.col("year") == row["year"])
        alone = nameless.filter(pl.col("year") == row["year"])
        members = of.filter("p")
        want = [
            members.height,
            members["s"].sum(),
            (~members["s"]).sum(),
            members["s"].null_count(),
            of["p"].null_count() + alone["p"].null_count(),
            alone["p"].sum(),
        ]
        assert [row[name] for name in (*FIGURES, "unidentified")] == want
    assert table["year"].to_list() == sorted(panel["year"].unique())


def state(star, mode):
    """Returns the star state of an organisation."""
    if star is not None:
        return f"{star:g}"
    if mode is None:
        return "unknown"
    return "unrated" if mode in ORGANISED else "no_party_org"


def moves(years, states):
    """Counts transitions between adjacent years; ``states`` maps each year to id -> (state, group)."""
    found: Counter[tuple[object, ...]] = Counter()
    for year, after in itertools.pairwise(years):
        if after == year + 1:
            for thing in states[year].keys() | states[after].keys():
                here, group = states[year].get(thing, ("absent", None))
                there, later = states[after].get(thing, ("absent", None))
                found[year, after, group if here != "absent" else later, here, there] += 1
    return found


@given(panel=panels.panels(), by=st.sampled_from(["kind", "above_scale", "楼栋"]))
def test_star_moves_of_organisations(panel, by):
    years = sorted(panel["year"].unique())
    states: dict[int, dict[str, tuple[str, object]]] = {year: {} for year in years}
    for row in panel.iter_rows(named=True):
        states[row["year"]][row["org_id"]] = (state(row["star"], row["mode"]), row[by])
    got = {row[:5]: row[5] for row in read(panel).star_transitions(by=by).rows()}
    assert got == moves(years, states)


@given(panel=panels.panels())
def test_star_moves_of_party_organisations(panel):
    years = sorted(panel["year"].unique())
    states: dict[int, dict[str, tuple[str, object]]] = {year: {} for year in years}
    for (year, party), rows in panel.filter(OWN, pl.col("party_org_id").is_not_null()).group_by(
        "year", "party_org_id"
    ):
        stars = [star for star in rows["star"] if star is not None]
        states[year][party] = (f"{max(stars):g}" if stars else "unrated", None)
    table = read(panel).star_transitions(counts="party_organisations")
    got = {(*row[:2], None, *row[2:4]): row[4] for row in table.rows()}
    assert got == moves(years, states)


@given(panel=panels.panels())
def test_party_organisations_are_counted_once(panel):
    roster = read(panel)
    by_mode = panel.with_columns(pl.col("mode").fill_null("unknown")).group_by("year", "mode")
    want = by_mode.agg(pl.len(), pl.col("party_org_id").drop_nulls().n_unique().alias("of"))
    assert counts(roster.formation()) == {row[:2]: row[2:] for row in want.rows()}
    parties = (
        panel.filter(OWN, pl.col("party_org_id").is_not_null())
        .group_by("year", "party_org_id")
        .agg(pl.col("star").max())
        .group_by(
            "year", pl.col("star").map_elements("{:g}".format, pl.String).fill_null("unrated").alias("state")
        )
        .len()
    )
    got = roster.star_distribution().select("year", "star_state", "party_organisations")
    assert {row[:2]: row[2] for row in got.rows() if row[2]} == {row[:2]: row[2] for row in parties.rows()}
    distinct = roster.count(measures={"of": "distinct(party_org_id)", "by": "distinct(instructor_id)"})
    number = pl.col("party_org_id", "instructor_id").drop_nulls().n_unique()
    assert distinct.rows() == panel.group_by("year").agg(number).sort("year").rows()


@given(panel=panels.panels(), where=condition, by=panels.groupings(1))
def test_where_is_filtering_first(panel, where, by):
    """Tests tables within a year: a transition needs both its years, and ``where`` applies to only one of
    them.
    """
    kept = pl.Series([row[2] for row in answers(panel, where)], dtype=pl.Boolean)
    whole = read(panel)
    filtered = panel.filter(kept)
    for name in panels.WITHIN_A_YEAR:
        got = counts(TABLES[name](whole, by=by, where=where))
        want = counts(TABLES[name](read(filtered), by=by)) if filtered.height else {}
        assert got == want, name


@given(panel=panels.panels(), by=panels.groupings(), chosen=st.data())
def test_years_are_never_added_up(panel, by, chosen):
    roster = read(panel)
    years = chosen.draw(st.lists(st.sampled_from(roster.years), min_size=1))
    for name in panels.WITHIN_A_YEAR:
        # Each year appears once, in ascending order, whatever the order of the argument.
        want = TABLES[name](roster, by=by).filter(pl.col("year").is_in(years))
        assert TABLES[name](roster, by=by, years=years).equals(want), name
        assert TABLES[name](roster, by=[*by, "year"], years=years).equals(want), name


@given(panel=panels.panels())
def test_a_dimension_that_a_table_has_changes_nothing(panel):
    roster = read(panel)
    for table, own in (
        (roster.formation, ["mode"]),
        (roster.formation_need, ["need", "mode"]),
        (roster.star_distribution, ["star_state"]),
    ):
        for by in own:
            assert counts(table(by=by)) == counts(table())
            assert set(table(by=by).columns) == set(table().columns)
