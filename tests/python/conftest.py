"""Sets the effort of the property tests: low by default, high with ``HYPOTHESIS_PROFILE=slow``."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

# The fast profile runs the same examples every time, so that a change never fails for unrelated
# reasons.
settings.register_profile(
    "fast",
    max_examples=60,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "slow", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Returns a function that writes records into a file of definitions."""
    folder = tmp_path_factory.mktemp("definitions")

    def write(*records):
        path = folder / "mine.toml"
        path.write_text("".join(records), encoding="utf-8")
        return path

    return write
