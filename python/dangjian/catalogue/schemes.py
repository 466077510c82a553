"""Star-rating schemes (星级管理办法): their catalogue, forms and text; and the replay of audit trails."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING

import polars as pl

from dangjian import _native

if TYPE_CHECKING:
    from collections.abc import Sequence


def star_schemes(schemes: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None) -> pl.DataFrame:
    """Lists the schemes that ship with the package, or those given by id or by the path of a TOML file.

    Returns:
        ``scheme``, ``label_zh``, ``label_en``, ``counts`` (the unit rated), ``method`` (``bands``, ``dimensions``,
        ``both``, ``top``, ``score``), ``cycle``, ``stars``, ``dimensions``, ``items``, ``full``, ``most``, ``gates``,
        ``caps``, ``vetoes``, ``quotas``, ``step``, ``plaque``, ``inferred``, ``source``, ``open_zh``, ``open_en``
        (points that the source leaves open).

    Example:
        >>> star_schemes().filter(pl.col("scheme") == "anqing")["label_zh"].item()
        '安庆市社会组织评估'
    """
    if schemes is None:
        return pl.DataFrame(_native.star_schemes())
    named = [schemes] if isinstance(schemes, str | PathLike) else list(schemes)
    return pl.DataFrame(_native.star_schemes([fspath(one) for one in named]))


def star_form(scheme: str | PathLike[str]) -> pl.DataFrame:
    """Returns the form of a scheme (评分表): its dimensions and items, with the points of each.

    Returns:
        ``dimension``, ``dimension_zh``, ``dimension_en``, ``weight``, ``item``, ``label_zh``, ``label_en``, ``gives``
        (``award``, ``deduct``, ``bonus``, ``penalty``), ``points``, ``values``, ``evidence``, ``inferred``.

    Example:
        >>> star_form("wuhao")["points"].sum()
        100.0
    """
    return pl.DataFrame(_native.star_form(fspath(scheme)))


def star_scheme_toml(scheme: str) -> str:
    """Returns the text of a scheme that ships with the package, to be read, copied and changed.

    Example:
        >>> star_scheme_toml("badong").splitlines()[2]
        '[[scheme]]'
    """
    return _native.star_scheme_toml(scheme)


def replay_stars(trail: object) -> pl.DataFrame:
    """Replays an audit trail from its first year and returns the stars to which it leads, computed from the trail
    alone.

    Returns:
        ``year``, the id, ``star_state`` (``absent`` for those not rated), ``star_low``, ``star_high``.

    Raises:
        DataError: A step does not begin where the one before it ended: a star changed without a reason.
    """
    return pl.DataFrame(_native.replay_stars(trail))
