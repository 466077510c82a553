"""The ``dj`` namespace of Polars, which reads values of any column as ledgers are read.

Importing ``dangjian`` registers the namespace for expressions and series (``pl.col("code").dj.uscc_status()``), and
for frames (``frame.dj.roster()``). The rules are those of reading ledgers, and run in Rust over whole columns, also
in lazy queries and the streaming engine. A null stays null, and an unreadable value becomes null: ``problem()`` gives
the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import polars as pl

from dangjian import _native
from dangjian.catalogue.standards import Level

if TYPE_CHECKING:
    from dangjian.roster import Roster

_T = TypeVar("_T", pl.Expr, pl.Series)

_TYPES: dict[str, Any] = {
    "flag": pl.Boolean(),
    "count": pl.UInt32(),
    "money": pl.UInt64(),
    "star": pl.Float32(),
    "date": pl.Date(),
}


class Values(Generic[_T]):
    """Readings of the values of a column: the same methods for expressions and for series."""

    def __init__(self, values: _T) -> None:
        self._values: _T = values

    def uscc_status(self) -> _T:
        """Classifies what is written in place of an organisation's code (统一社会信用代码, GB 32100-2015).

        Returns:
            An enum: ``valid``, ``check_digit`` (18 characters whose check character is wrong),
            ``registration_number`` (15 digits), ``mangled`` (a spreadsheet turned it into a number), ``missing``,
            ``other``.

        Example:
            >>> codes = pl.Series(["91110000600037341L", "91350211M0000XUF46", "9.11504E+17"])
            >>> codes.dj.uscc_status().to_list()
            ['valid', 'check_digit', 'mangled']
        """
        return self._read("uscc_status")

    def uscc_check(self) -> _T:
        """Computes the check character for a unified code's first 17 characters, whether or not the last one is
        right.

        Example:
            >>> pl.Series(["91350211M0000XUF46", "91350211M0000XUF4"]).dj.uscc_check().to_list()
            ['R', 'R']
        """
        return self._read("uscc_check")

    def organisation_code(self) -> _T:
        """Returns the organisation code (组织机构代码, GB 11714): characters 9-17 of a unified code, or the value,
        hyphen or not.

        Example:
            >>> pl.Series(["91110000600037341L", "60003734-1"]).dj.organisation_code().to_list()
            ['600037341', '600037341']
        """
        return self._read("organisation_code")

    def region(
        self, *, year: int | None = None, level: Level | None = None, of_year: int | None = None
    ) -> _T:
        """Resolves a code (6, 9 or 12 digits) or name of a region to its 12-digit code in ``year``.

        Args:
            year: The year whose regions are meant, 1980 to 2026 (the state at its end); by default the list of 2023,
                as in rosters.
            level: The level of the region; null where the value is of a higher one. By default the value's own level.
            of_year: The year of the values. Without it a code is that of the last region that had it.

        Returns:
            Text. Null where there is not exactly one region: split, abolished, ambiguous, unknown (see
            ``region_status``).

        Example:
            >>> pl.Series(["150425100000", "克什克腾旗", "110228"]).dj.region(year=1982, of_year=2013).to_list()
            ['152425000000', '152425000000', '110228000000']
            >>> pl.Series(["150425100000"]).dj.region(year=2013, level="prefecture").to_list()
            ['150400000000']
        """
        return self._read("region", year=year, level=level, of_year=of_year)

    def region_name(
        self, *, year: int | None = None, level: Level | None = None, of_year: int | None = None
    ) -> _T:
        """Returns the name of the region that ``region`` gives, with the same arguments.

        Example:
            >>> pl.Series(["150425", "110228"]).dj.region_name(year=2023).to_list()
            ['克什克腾旗', '密云区']
        """
        return self._read("region_name", year=year, level=level, of_year=of_year)

    def region_status(self, *, year: int | None = None, of_year: int | None = None) -> _T:
        """Returns the fate of a region by ``year``, or its earlier status.

        Returns:
            An enum: ``same``, ``renamed``, ``recoded``, ``merged`` (into one larger), ``split``, ``abolished``,
            ``not_yet`` (set up later), ``not_in_force`` (no region had the code in ``of_year``), ``ambiguous`` (a
            name of several), ``unknown``.

        Example:
            >>> codes = pl.Series(["110228", "330110", "310108", "999999"])
            >>> codes.dj.region_status(year=2023, of_year=2014).to_list()
            ['recoded', 'split', 'merged', 'unknown']
        """
        return self._read("region_status", year=year, of_year=of_year)

    def industry(self, level: Literal["section", "division", "group"] = "division") -> _T:
        """Reads the industry (GB/T 4754-2017), with its section letter, in any spelling.

        Args:
            level: ``"division"`` as in rosters (a letter alone where the value has no more detail), ``"section"`` the
                letter, ``"group"`` one digit more, null where the value is less detailed.

        Example:
            >>> written = pl.Series(["C13", "1311 食品", "1", "农业"])
            >>> written.dj.industry().to_list()
            ['C13', 'C13', 'A01', None]
            >>> written.dj.industry("section").to_list()
            ['C', 'C', 'A', None]
        """
        return self._read("industry", level=level)

    def word(self, column: str) -> _T:
        """Reads the word of a column of words: ``kind``, ``control``, ``mode``, ``party_org_level`` and others.

        Returns:
            An enum of the column's words, in their order.

        Example:
            >>> pl.Series(["民非", "社会团体", "？"]).dj.word("kind").to_list()
            ['social_service', 'social_group', None]
        """
        return self._read("word", column=column)

    def mode(self) -> _T:
        """Reads the formation mode (组建形式): ``solo``, ``joint``, ``affiliated``, ``area``, ``none``.

        Example:
            >>> pl.Series(["单独组建", "2-联合组建", "1+N"]).dj.mode().to_list()
            ['solo', 'joint', 'area']
        """
        return self.word("mode")

    def registration_type(
        self,
        system: Literal["old", "new", "registry"] | None = None,
        *,
        part: Literal["number", "system", "label_zh", "label_en"] = "number",
    ) -> _T:
        """Reads the registration type (登记注册类型) from a number, a name or both.

        Args:
            system: The code system of the values: ``"old"`` (1998, 2011), ``"new"`` (2022), ``"registry"`` (工商).
            part: The part of the type to return.

        Returns:
            Text. Null where the system is not clear and the systems differ: 140 is 联营 or 个人独资.

        Example:
            >>> pl.Series(["173 私营有限责任公司", "140", "140个人独资"]).dj.registration_type().to_list()
            ['173', None, '140']
            >>> pl.Series(["140"]).dj.registration_type("new", part="label_zh").to_list()
            ['个人独资企业']
        """
        return self._read("registration_type", system=system, part=part)

    def flag(self) -> _T:
        """Reads yes or no (是, 有, √, 1, Y, ●; 否, 无, ×, 0).

        Example:
            >>> pl.Series(["√", "否", "待定"]).dj.flag().to_list()
            [True, False, None]
        """
        return self._read("flag", column="union")

    def count(self) -> _T:
        """Reads a count in any spelling; null where it is negative or has decimals.

        Example:
            >>> pl.Series(["１２", "1,234", "若干"]).dj.count().to_list()
            [12, 1234, None]
        """
        return self._read("count", column="employees")

    def money(self, factor: float = 1.0) -> _T:
        """Reads an amount in yuan; ``factor`` is the number of yuan in its unit, 10000 for 万元.

        Example:
            >>> pl.Series(["3.5", "1,000"]).dj.money(10_000).to_list()
            [35000, 10000000]
        """
        return self._read("money", column="funds", factor=factor)

    def star(self) -> _T:
        """Reads a star grade, 0.5 to 5 in halves; words for "not rated" are null.

        Example:
            >>> pl.Series(["三星级", "★★★★", "4.5", "未评"]).dj.star().to_list()
            [3.0, 4.0, 4.5, None]
        """
        return self._read("star", column="star")

    def date(self) -> _T:
        """Reads a calendar day in any spelling; a month alone is its first day.

        Example:
            >>> pl.Series(["2012年5月", "20120501", "41030"]).dj.date().dt.to_string().unique().to_list()
            ['2012-05-01']
        """
        return self._read("date", column="established_on")

    def problem(self, column: str, *, factor: float = 1.0) -> _T:
        """Returns the problem that reading the value as ``column`` of a ledger reports: a code of
        ``dangjian.problem_codes()``.

        Null where there is nothing to report, and for nulls.

        Example:
            >>> pl.Series(["单建", "待核实"]).dj.problem("mode").to_list()
            [None, 'mode_unknown_word']
            >>> pl.Series(["91350211M0000XUF46"]).dj.problem("org_id").to_list()
            ['uscc_check_digit']
        """
        return self._read("problem", column=column, factor=factor)

    def _read(self, name: str, **options: Any) -> _T:
        # Built here, so that a wrong argument is an error of this call and not of the query.
        expression = _native.Expression(name, **options)
        words = expression.words
        if words is None:
            return self._map(
                lambda series: pl.Series(expression.evaluate(series)).alias(series.name),
                _TYPES.get(name, pl.String()),
            )
        categories = pl.Series(words, dtype=pl.Enum(words))
        return self._map(
            lambda series: categories.gather(pl.Series(expression.evaluate(series))).alias(series.name),
            categories.dtype,
        )

    def _map(self, read: Any, dtype: Any) -> _T:
        raise NotImplementedError


@pl.api.register_expr_namespace("dj")
class ExprValues(Values[pl.Expr]):
    """``pl.col(…).dj``."""

    def _map(self, read: Any, dtype: Any) -> pl.Expr:
        return self._values.map_batches(read, return_dtype=dtype, is_elementwise=True)


@pl.api.register_series_namespace("dj")
class SeriesValues(Values[pl.Series]):
    """``series.dj``."""

    def _map(self, read: Any, dtype: Any) -> pl.Series:  # noqa: ARG002 - the type is that of what is read
        return read(self._values)  # type: ignore[no-any-return]


@pl.api.register_dataframe_namespace("dj")
class Frame:
    """``frame.dj``."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def roster(self, **options: Any) -> Roster:
        """Reads the frame as a roster; ``options`` are those of ``dangjian.read_roster``.

        Example:
            >>> frame = pl.DataFrame({"year": [2013], "org_id": ["91110000600037341L"], "mode": ["单建"]})
            >>> len(frame.dj.roster())
            1
        """
        from dangjian.roster import read_roster

        return read_roster(self._frame, **options)


@pl.api.register_lazyframe_namespace("dj")
class Query:
    """``query.dj``."""

    def __init__(self, query: pl.LazyFrame) -> None:
        self._query = query

    def roster(self, **options: Any) -> Roster:
        """Reads the query's result as a roster, collected by the streaming engine; ``options`` as in ``read_roster``.

        Example:
            >>> query = pl.LazyFrame({"year": [2013], "org_id": ["91110000600037341L"], "mode": ["单建"]})
            >>> query.dj.roster().years
            [2013]
        """
        from dangjian.roster import read_roster

        return read_roster(self._query.collect(engine="streaming"), **options)
