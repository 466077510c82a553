"""Progress of long work as one bar: in the terminal, in Jupyter, in marimo."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

from tqdm import TqdmWarning

with warnings.catch_warnings():
    # A notebook without ipywidgets shows no bar, which is no reason to warn every importer of this package.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm

# Delay before a bar is drawn, in seconds; shorter work draws none.
_DELAY = 0.5


class Bar:
    """Adapter from the ``progress=`` option of a call to the engine's ``callback(what, done, total)`` or ``None``.

    Work of several stages has one bar, which each stage restarts under its name.
    """

    def __init__(self, progress: Callable[[str, int, int], None] | bool) -> None:  # noqa: FBT001 - it is the value of an option
        self._drawn: _Drawn | None = None
        self._begun = time.monotonic()
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
        if self._drawn is not None:
            self._drawn.close()

    def _draw(self, what: str, done: int, total: int) -> None:
        if self._drawn is None:
            if time.monotonic() - self._begun < _DELAY:
                return
            self._drawn = _InMarimo() if _marimo() else _InTqdm()
        self._drawn.show(what, done, total)


class _Drawn(Protocol):
    """Interface of a bar that is shown."""

    def show(self, what: str, done: int, total: int) -> None: ...

    def close(self) -> None: ...


class _InTqdm:
    """Bar in the terminal and in Jupyter."""

    def __init__(self) -> None:
        # `disable=None` shows nothing where the output is not a terminal.
        self._bar = tqdm(leave=False, disable=None)

    def show(self, what: str, done: int, total: int) -> None:
        self._bar.set_description(what, refresh=False)
        if self._bar.total != total or done < self._bar.n:
            self._bar.reset(total=total)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _InMarimo:
    """Bar of marimo, whose cells take no bar of characters; it disappears when the work ends."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage: tuple[str, int] | None = None
        self._done = 0

    def show(self, what: str, done: int, total: int) -> None:
        if self._stage != (what, total) or done < self._done:
            # A marimo bar cannot go back, so the next stage gets a new one.
            self.close()
            self._bar = _marimo().status.progress_bar(total=total, title=what, remove_on_exit=True)
            self._progress = self._bar.__enter__()
            self._stage, self._done = (what, total), 0
        self._progress.update(increment=done - self._done)
        self._done = done

    def close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


def _marimo() -> Any:
    """Returns the marimo module if this runs in one of its cells."""
    marimo = sys.modules.get("marimo")
    return marimo if marimo is not None and marimo.running_in_notebook() else None
