"""Progress of long work as a bar in the terminal or the notebook."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tqdm import TqdmWarning

with warnings.catch_warnings():
    # A notebook without ipywidgets shows no bar; that is no reason to warn whoever imports this package.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm

# A bar is drawn only if the work takes longer than this, in seconds.
_DELAY = 0.5


class Bar:
    """Turns ``progress=`` of a call into what the engine calls: ``callback(what, done, total)`` or ``None``."""

    def __init__(self, progress: Callable[[str, int, int], None] | bool) -> None:  # noqa: FBT001 - it is the value of an option
        self._bar: Any = None
        self.callback: Callable[[str, int, int], None] | None
        if callable(progress):
            self.callback = progress
        else:
            self.callback = self._draw if progress else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def _draw(self, what: str, done: int, total: int) -> None:
        if self._bar is None or self._bar.total != total:
            if self._bar is not None:
                self._bar.close()
            # `disable=None`: nothing where nobody watches.
            self._bar = tqdm(total=total, delay=_DELAY, leave=False, disable=None)
        self._bar.set_description(what, refresh=False)
        self._bar.update(done - self._bar.n)
