"""A case that cannot happen reaches Python as an `InternalError`, and never looks like Ctrl-C."""

from __future__ import annotations

import pytest

import dangjian
from dangjian import _native

# Only builds with debug assertions have it.
fail = getattr(_native, "_fail_internally", None)
pytestmark = pytest.mark.skipif(fail is None, reason="a release build has no call that fails on purpose")


def test_a_case_that_cannot_happen_is_an_internal_error():
    with pytest.raises(dangjian.InternalError) as caught:
        fail()
    error = caught.value
    assert not isinstance(error, KeyboardInterrupt)
    assert "please report" in error.message("en")
    assert "请报告" in error.message("zh")
    assert (error.file, error.sheet, error.row, error.column, error.value) == (None,) * 5


def test_an_internal_error_is_caught_with_all_exceptions():
    # An interrupt is no `Exception` and would pass.
    with pytest.raises(Exception, match="please report"):
        fail()
