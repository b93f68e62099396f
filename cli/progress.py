"""Live progress: a table on a terminal, plain lines in a pipe, JSON lines for scripts."""

import json
import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from provisioner.events import Action, Event

DONE = {
    Action.CREATE: ("created", "green"),
    Action.CHANGE: ("changed", "yellow"),
    Action.REPLACE: ("made again", "yellow"),
    Action.WAIT: ("there", "green"),
    Action.KEEP: ("unchanged", "dim"),
    Action.DELETE: ("deleted", "green"),
    Action.NONE: ("not there", "dim"),
}


class Progress(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def __call__(self, event: Event) -> None: ...


def progress(as_json: bool) -> Progress:
    """The one that fits where the output goes."""
    if as_json:
        return JsonLines()
    return LiveTable() if sys.stdout.isatty() else Lines()


class Lines:
    """One line for each thing that happens; what was unchanged stays silent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: Event) -> None:
        words, _ = _words(event)
        if event.what != "begun" and event.action not in (Action.KEEP, Action.NONE):
            print(f"{event.seconds:6.1f} s  {event.resource:<18} {words}", flush=True)


class JsonLines:
    """One JSON object for each event."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: Event) -> None:
        emit(
            event=event.what,
            resource=event.resource,
            kind=event.kind,
            action=event.action.value if event.action else None,
            detail=event.detail,
            seconds=round(event.seconds, 2),
        )


class LiveTable:
    """A row for each resource that is at work or has changed, with its own running time."""

    def __init__(self) -> None:
        self._rows: dict[str, Event] = {}
        self._begun: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._live = Live(get_renderable=self._table, console=Console(highlight=False), refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def __call__(self, event: Event) -> None:
        self._rows[event.resource] = event
        self._begun.setdefault(event.resource, time.monotonic())
        if event.what in ("done", "failed"):
            self._took[event.resource] = time.monotonic() - self._begun[event.resource]

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for heading in ("resource", "kind", "state"):
            table.add_column(heading, overflow="fold")
        table.add_column("time", justify="right", no_wrap=True)
        quiet = 0
        for name, event in self._rows.items():
            if event.action in (Action.KEEP, Action.NONE):
                quiet += 1
                continue
            words, style = _words(event)
            seconds = self._took.get(name, time.monotonic() - self._begun[name])
            table.add_row(name, Text(event.kind, "dim"), Text(words, style), f"{seconds:.0f} s")
        if quiet:
            table.add_row(Text(f"{quiet} more, nothing to do", "dim"))
        return table


def emit(**values: object) -> None:
    """One JSON object on a line of its own."""
    print(json.dumps(values), flush=True)


def _words(event: Event) -> tuple[str, str]:
    """What an event says to a person, and in which style."""
    if event.what == "done" and event.action is not None:
        return DONE[event.action]
    if event.what == "failed":
        # The command ends with all of it.
        return f"failed: {event.detail.splitlines()[0]}", "red"
    return event.detail or "looking", "cyan"
