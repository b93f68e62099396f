"""How far a load is: a bar on a terminal, a plain line every few seconds elsewhere."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

LINE_EVERY = 5.0  # seconds
BAR_EVERY = 0.2


class Meter:
    """Told often, shows seldom. Use as a context manager, which takes the bar away at the end."""

    def __init__(self, write: Callable[[str], object], terminal: TextIO | None = None) -> None:
        """`write` takes plain lines; with a `terminal` a bar is drawn there instead."""
        self._write = write
        self._stage = ""
        self._bar: Progress | None = None
        if terminal:
            columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
            console = Console(file=terminal)
            text = TextColumn("{task.fields[text]}")
            self._bar = Progress(*columns, text, console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> "Meter":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def tell(self, line: str) -> None:
        """A line that stays, above the bar if there is one."""
        if self._bar:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            self._write(line)

    def show(self, stage: str, done: int, total: int, rows: int | None = None) -> None:
        """`done` of `total` (0: unknown) are through, in rows if `rows` says how many, else in bytes."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._began, self._shown = stage, now, now
            if self._bar:
                self._task = self._bar.add_task(stage, total=total or None, text="")
        if now - self._shown < (BAR_EVERY if self._bar else LINE_EVERY):
            return
        self._shown = now
        text = pace(done, total, rows, now - self._began)
        if self._bar:
            self._bar.update(self._task, completed=done, total=total or None, text=text, refresh=True)
        else:
            percent = f" {done * 100 // total} %," if total else ""
            self._write(f"{stage}:{percent} {text}")


def pace(done: int, total: int, rows: int | None, seconds: float) -> str:
    """Amount, rate and time left, in words."""
    if rows is None:
        text = f"{done / 1e6:,.1f} MB, {done / 1e6 / seconds:,.1f} MB/s"
    else:
        text = f"{rows:,} rows, {rows / seconds:,.0f} rows/s"
    if done and total:
        left = round(seconds * (total - done) / done)
        text += f", {left // 60}:{left % 60:02} left"
    return text
