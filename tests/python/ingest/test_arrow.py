"""Tables in memory and Parquet: a round trip changes nothing, with any library as the source."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

import dangjian
from dangjian import synth


@pytest.fixture(scope="module")
def roster():
    """Reads the bundled ledgers: every column, nulls, dates, Chinese text."""
    return dangjian.read_roster(dangjian.datasets.hexigten().ledgers)


@pytest.fixture(scope="module")
def frame(roster):
    return roster.to_polars()


class Array:
    """A table that offers only ``__arrow_c_array__``."""

    def __init__(self, table: pa.Table) -> None:
        (self.batch,) = table.combine_chunks().to_batches()

    def __arrow_c_array__(self, requested_schema=None):
        return self.batch.__arrow_c_array__(requested_schema)


class Stream:
    """A table that offers only ``__arrow_c_stream__``, in small batches."""

    def __init__(self, table: pa.Table) -> None:
        self.reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=7))

    def __arrow_c_stream__(self, requested_schema=None):
        return self.reader.__arrow_c_stream__(requested_schema)


def old_strings(frame):
    """Converts text columns to 32-bit offsets, as libraries without string views produce."""
    table = frame.to_arrow()
    small = [
        pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in table.schema
    ]
    return table.cast(pa.schema(small))


def coded(frame):
    """Converts columns of few distinct words to categories."""
    words = frame["kind"].drop_nulls().unique().sort()
    return frame.with_columns(
        pl.col("mode", "committee", "party_org_id", "org_id").cast(pl.Categorical),
        pl.col("kind").cast(pl.Enum(words)),
    )


def dictionaries(frame):
    table = frame.to_arrow()
    for name in ("mode", "kind", "party_org_id", "org_id", "region"):
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table[name].cast(pa.string()).dictionary_encode())
    return table


FORMS = {
    "polars": lambda frame: frame,
    "polars, chunked": lambda frame: pl.concat([frame[:700], frame[700:]], rechunk=False),
    "pyarrow": pl.DataFrame.to_arrow,
    "pyarrow, old strings": old_strings,
    "pyarrow, string views": pa.table,
    "pyarrow, dictionaries": dictionaries,
    "a stream only": lambda frame: Stream(frame.to_arrow()),
    "an array only": lambda frame: Array(frame.to_arrow()),
    "pandas": pl.DataFrame.to_pandas,
    "pandas over arrow": lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
    "categories": coded,
    "wider numbers": lambda frame: frame.cast(
        {pl.UInt32: pl.Int64, pl.Float32: pl.Float64, pl.Int16: pl.Int64}
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_panel_comes_back_the_same(frame, form):
    back = dangjian.read_roster(FORMS[form](frame))
    assert_frame_equal(back.to_polars(), frame)
    assert back.sources["rejected"].sum() == 0
    assert len(back) == frame.height == 2660


def test_statistics_are_the_same_after_a_round_trip(roster, frame):
    back = dangjian.read_roster(frame)
    for statistic in (
        lambda r: r.coverage(by=["township", "kind"]),
        lambda r: r.targets(by="committee"),
        lambda r: r.formation(by="county"),
        lambda r: r.formation_need(),
        lambda r: r.formation_moves(by="kind"),
        lambda r: r.star_distribution(by="section"),
        lambda r: r.star_transitions(counts="party_organisations"),
        lambda r: r.workforce(by="above_scale"),
        lambda r: r.gaps("guided", 2012),
    ):
        assert_frame_equal(statistic(back), statistic(roster))
        assert statistic(back).height > 3
    assert back.dimensions == roster.dimensions


def test_the_roster_is_itself_a_stream(roster, frame):
    assert_frame_equal(pl.DataFrame(roster), frame)
    table = pa.table(roster)
    assert table.num_rows == len(roster)
    assert [batch.num_rows for batch in table.to_batches()] == roster._native.rows  # noqa: SLF001 - one batch a year
    assert_frame_equal(pl.DataFrame(dangjian.read_roster(roster)), frame)


def test_parquet(tmp_path, roster, frame):
    path = tmp_path / "台账.parquet"
    roster.to_parquet(path)
    assert_frame_equal(pl.DataFrame(pq.read_table(path)), frame)
    back = dangjian.read_roster(path)
    assert_frame_equal(back.to_polars(), frame)
    # Written as other tools write it: another library, small row groups, dictionaries, long integers.
    wide = coded(frame).cast({pl.UInt32: pl.Int64})
    wide.write_parquet(path, row_group_size=100, compression="gzip")
    assert_frame_equal(dangjian.read_roster(path).to_polars(), frame)


def test_a_panel_is_opened_with_the_columns_asked_for(tmp_path, roster):
    path = tmp_path / "台账.parquet"
    roster.to_parquet(path)
    some = dangjian.open_roster(path, ["mode", "region"], progress=False)
    assert some.columns == {name: roster.columns[name] for name in ("region", "mode")}
    assert_frame_equal(some.count(by=["county", "mode"]), roster.count(by=["county", "mode"]))
    assert_frame_equal(some.moves(of="mode"), roster.moves(of="mode"))
    assert dangjian.open_roster(path, "kind", progress=False).columns == {"kind": "word"}
    # Every row is accounted for, and the file is the source.
    sources = some.sources
    assert sources["file"].to_list() == [path.name]
    assert (sources["kept"].sum(), some.problems.height) == (len(roster), 0)
    # With a ledger next to the panel, both are read as ledgers.
    ledger = tmp_path / "2031.csv"
    ledger.write_text("统一社会信用代码,单位名称\n91110000600037341L,某厂\n", encoding="utf-8")
    both = dangjian.read_roster([path, ledger], progress=False)
    assert both.years == [*roster.years, 2031]
    assert len(both) == len(roster) + 1


def test_what_is_no_panel_is_not_opened(tmp_path, roster, frame):
    path, other = tmp_path / "panel.parquet", tmp_path / "other.parquet"
    roster.to_parquet(path)
    with pytest.raises(dangjian.ArgumentError, match=r"no column 'modes'.*mode"):
        dangjian.open_roster(path, ["modes"])
    with pytest.raises(dangjian.FileError, match="no such file"):
        dangjian.open_roster(other)
    frame.write_parquet(other)
    with pytest.raises(dangjian.FileError, match="read_roster"):
        dangjian.open_roster(other)
    # Metadata that pyarrow carries over to changed rows.
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata(pq.read_metadata(path).metadata).slice(0, 5), other)
    with pytest.raises(dangjian.FileError, match="read_roster"):
        dangjian.open_roster(other)
    assert len(dangjian.read_roster(other, progress=False)) == 5
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(dangjian.FileError, match="damaged") as raised:
        dangjian.open_roster(path)
    assert str(path) in str(raised.value)


def test_a_made_panel_comes_back_the_same():
    panel = synth.panel(500, 3)
    back = dangjian.read_roster(panel).to_polars()
    assert set(back.columns) <= set(panel.columns)
    left_out = set(panel.columns) - set(back.columns)
    assert all(panel[name].null_count() == panel.height for name in left_out)
    want = panel.select(back.columns).sort("year", "org_id")
    assert_frame_equal(back.cast(dict(want.schema)), want)


OWN = {
    "visits": [0, 3, None, 8, 1, 4],
    "楼栋": ["甲", "乙", "甲", None, "甲", "丙"],
    "paid": [True, False, None, True, True, False],
    "weight": [0.5, -1.5, 2.0, None, 0.25, 3.5],
    "手机号码": ["13800000000"] * 6,
    "联系人": ["某某"] * 6,
}
IDS = ["91110000600037341L", "91110000101623741K", "911101066976941872"]


@pytest.fixture
def own():
    return pl.DataFrame(
        {"year": [2012] * 3 + [2013] * 3, "org_id": IDS * 2, "mode": ["solo", "joint", "none"] * 2, **OWN}
    )


def test_columns_of_ones_own_are_kept_and_usable(own):
    roster = dangjian.read_roster(own)
    back = roster.to_polars().sort("year", "org_id")
    want = own.sort("year", "org_id")
    for name in ("visits", "楼栋", "paid", "weight"):
        assert back[name].to_list() == want[name].to_list()
    assert {"楼栋", "paid"} <= set(roster.dimensions)
    count = roster.count(
        by="楼栋", measures={"n": "*", "visits": "sum(visits)"}, where="weight > 0", years=2013
    )
    assert count.drop("year").rows() == [("丙", 1, 4), ("甲", 1, 1)]
    paid = roster.count(by="paid", where="visits >= 1").select("year", "paid", "organisations")
    assert set(paid.rows()) == {(2012, False, 1), (2013, True, 2), (2013, False, 1)}
    rates = roster.coverage(rates="organised_all", where="paid and \"楼栋\" = '甲'")
    assert rates.select("year", "population", "success").rows() == [(2012, 1, 1), (2013, 1, 1)]


def test_personal_columns_are_left_out_unless_named(own):
    roster = dangjian.read_roster(own)
    assert {"手机号码", "联系人"}.isdisjoint(roster.to_polars().columns)
    assert roster.dropped_columns.select("header", "reason").rows() == [
        ("手机号码", "personal"),
        ("联系人", "personal"),
    ]
    named = dangjian.read_roster(own, columns={"联系人": "contact"})
    assert named.to_polars()["contact"].to_list() == ["某某"] * 6
    assert named.dropped_columns["header"].to_list() == ["手机号码"]


def test_a_year_given_for_a_table_without_one(own):
    one = own.filter(pl.col("year") == 2013).drop("year")
    assert dangjian.read_roster(one, year=2021).years == [2021]
    with pytest.raises(dangjian.FileError, match="year"):
        dangjian.read_roster(one)


def test_a_table_without_rows_or_codes(own):
    with pytest.raises(dangjian.DataError, match="org_id"):
        dangjian.read_roster(own.drop("org_id"))
    empty = dangjian.read_roster(own.clear())
    assert (empty.years, len(empty)) == ([], 0)
    for name in TABLES:
        assert getattr(empty, name)().height == 0, name


TABLES = (
    *("coverage", "targets", "formation", "formation_need", "formation_moves", "star_distribution"),
    *("star_transitions", "workforce", "count"),
)


def test_one_year_has_statistics_but_no_moves(frame):
    one = dangjian.read_roster(frame.filter(pl.col("year") == 2013))
    for name in TABLES:
        table = getattr(one, name)()
        assert table.columns[0] == "year"
        assert (table.height == 0) == (name in {"formation_moves", "star_transitions"}), name
    assert one.review(2013).headline["organisations"] == 574


def test_a_column_without_any_value_has_no_type_of_its_own():
    """Polars types the column Null; it is read as unknown."""
    frame = pl.DataFrame({"year": [2013], "org_id": ["单位1"], "name": [None], "楼栋": [None]})
    roster = dangjian.read_roster(frame, progress=False)
    assert roster.to_polars().select("name").rows() == [(None,)]
