"""Trees of the units that ledgers name: committees, party organisations, zones, with the levels above them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from dangjian.errors import ArgumentError
from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from typing import Self

    from dangjian.roster.arguments import Source


class Trees(RosterPart):
    """Committees in charge (归口), party organisations (隶属), zones … as trees."""

    def with_tree(self, column: str, table: Source | object) -> Self:
        """Returns a new roster with a tree: a column for each of its levels, each of which is a dimension; this one
        is unchanged.

        Args:
            column: The column that names its units: ``"committee"`` (归口), ``"party_superior"`` (隶属), ``"zone"``,
                ``"grid"``, or a column of codes of your own.
            table: The units, one a row: a file (csv, xlsx …) or any object with ``__arrow_c_stream__``. ``id`` (also
                ``committee``, ``party_org_id``, 编号), ``parent`` (also ``superior``, 上级): the id of the unit
                above, empty at the top; ``name`` (名称), if the ledgers write names. Other columns are ignored.

        Returns:
            A roster with the columns ``<column>_1`` (the topmost level), ``<column>_2`` …: the id of the
            organisation's unit at that level; null below its own level, and at all levels where the table does not
            have the unit that the ledger names (``reconcile`` lists these). A party organisation belongs to the
            superior that its ledger names; without one, to the superior in the table, which is then in
            ``party_superior_listed``.

        Raises:
            DefinitionError: A unit is defined twice or under two others, a parent is not in the table, units form a
                cycle, a ledger writes a name that several units have. The message names file, record and field.
            ArgumentError: The roster has no such column, or has a tree already.

        Example:
            >>> import dangjian as dj, polars as pl
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> committees = roster.to_polars()["committee"].drop_nulls().unique()
            >>> above = pl.DataFrame({"id": ["旗委", *committees], "parent": [None, *["旗委"] * len(committees)]})
            >>> roster = roster.with_tree("committee", above)
            >>> levels = roster.coverage(
            ...     by=["committee_1", "committee_2"], rates="organised", years=2013, rollup=True
            ... )
            >>> levels.filter(pl.col("grouping") > 0).select("committee_1", "grouping", "population").rows()
            [('旗委', 1, 540), (None, 3, 540)]
        """
        if hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__"):
            source: Path | tuple[str, object] = (type(table).__name__, arguments.arrow(table))
        elif isinstance(table, str | PathLike):
            source = Path(table)
        else:
            got = type(table).__name__
            raise ArgumentError(
                f"table is of type {got}; expected a path, or a table with __arrow_c_stream__",
                f"table 的类型是 {got}，应为路径，或带 __arrow_c_stream__ 的表",
            )
        return type(self)(self._native.with_tree(column, source))
