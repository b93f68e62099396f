"""What the commands show: tables for people, objects for scripts."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from botocore.exceptions import ClientError
from rich.text import Text

from cli.place import Place
from cli.progress import emit
from cli.tables import new_table, print_table
from provisioner.engine import Step
from provisioner.events import Action
from provisioner.health import Report
from provisioner.logs import Line
from provisioner.model import Found, Stack
from provisioner.resources.host import RELEASE_DIGITS

STYLES = {
    Action.CREATE: "green",
    Action.CHANGE: "yellow",
    Action.REPLACE: "yellow",
    Action.WAIT: "cyan",
    Action.DELETE: "red",
    Action.KEEP: "dim",
}


def header(as_json: bool, place: Place) -> None:
    """The stack, the account and the region: whatever happens, happens there."""
    cloud = place.cloud
    if as_json:
        emit(
            event="begun",
            stack=cloud.stack,
            account=cloud.account,
            region=cloud.region,
            arn=cloud.identity["Arn"],
        )
        return
    where = "on this machine, emulated" if place.target else f"as {cloud.identity['Arn']}"
    print(f"stack {cloud.stack}, account {cloud.account}, region {cloud.region} ({where})")


def line(as_json: bool, text: str) -> None:
    if as_json:
        emit(event="note", detail=text)
    else:
        print(text)


def plan(as_json: bool, steps: Sequence[Step]) -> int:
    """Each step, and how many would do something: that number is the answer."""
    words = ["blocked" if step.blocked else step.action.value for step in steps]
    if as_json:
        for step, word in zip(steps, words, strict=True):
            emit(
                event="plan",
                resource=step.resource.name,
                kind=step.resource.kind,
                action=word,
                id=step.found.id if step.found else None,
                detail=step.blocked or "; ".join(map(str, step.changes)),
            )
    else:
        table = new_table("", "resource", "kind", "why")
        for step, word in zip(steps, words, strict=True):
            if word != Action.KEEP.value:
                why = step.blocked or "; ".join(map(str, step.changes))
                style = "red" if step.blocked else STYLES[step.action]
                kind = Text(step.resource.kind, "dim")
                table.add_row(Text(word, style), step.resource.name, kind, Text(why))
        if table.row_count:
            print_table(table)
        print(
            ", ".join(
                f"{number} {word}" if word == "blocked" else f"{number} to {word}"
                for word, number in Counter(words).items()
            )
            or "nothing there"
        )
    return sum(word != Action.KEEP.value for word in words)


def status(as_json: bool, stack: Stack, found: Mapping[str, Found | None]) -> None:
    """Each resource with its id and state."""
    table = new_table("resource", "kind", "state", "id")
    for name, each in found.items():
        kind = stack.resources[name].kind
        if as_json:
            emit(
                event="status",
                resource=name,
                kind=kind,
                id=each.id if each else None,
                state=each.state if each else None,
            )
        elif each is None:
            table.add_row(name, Text(kind, "dim"), Text("not there", "yellow"), "")
        else:
            table.add_row(name, Text(kind, "dim"), each.state, each.id)
    if not as_json:
        print_table(table)


@dataclass(frozen=True)
class Part:
    """How one part of the running site is: `ok`, or something worse, and what there is to say of it."""

    name: str
    state: str
    detail: str
    facts: Mapping[str, object] = field(default_factory=dict)


def parts(url: str, report: Report, unseen: str, checkout: str) -> list[Part]:
    """The site and what it uses, by its own report; `unseen` says why that came from the host itself.

    `checkout` is the release that `create` would bring.
    """
    release = str(report.get("release"))
    current = release == checkout
    words = f"release {release[:RELEASE_DIGITS]}, "
    words += (
        "this checkout's" if current else f"this checkout is {checkout[:RELEASE_DIGITS]}: `create` brings it"
    )
    state = "out of reach" if unseen else report["status"]
    if unseen:
        words = f"{unseen}; on the host it is {report['status']}, {words}; does --allow-from leave you out?"
    else:
        words = f"{url}, {words}"
    found = [Part("site", state, words, {"url": url, "release": release, "current": current})]
    for name in ("database", "cache"):
        part = report.get(name)
        part = part if isinstance(part, dict) else {}
        detail = str(part.get("version") or part.get("reason") or "")
        if name == "database" and part.get("status") == "ok":
            detail += f", {report.get('rows', 0):,} rows of articles"
        found.append(Part(name, str(part.get("status", "not told")), detail))
    return found


def health(as_json: bool, found: Sequence[Part]) -> None:
    """How the site, its database and its cache are."""
    if as_json:
        for part in found:
            emit(event="health", part=part.name, state=part.state, detail=part.detail, **part.facts)
        return
    table = new_table("health", "state", "")
    for part in found:
        table.add_row(
            part.name, Text(part.state, "green" if part.state == "ok" else "red"), Text(part.detail)
        )
    print()
    print_table(table)


def log(as_json: bool, name: str, lines: Sequence[Line]) -> None:
    """Lines of a log as they are, after their time where it is known."""
    for each in lines:
        time = each.time and each.time.isoformat(timespec="seconds")
        if as_json:
            emit(event="log", log=name, time=time, text=each.text)
        else:
            print(f"{time} {each.text}" if time else each.text, flush=True)


def fail(as_json: bool, status: int, *problems: str) -> int:
    for problem in problems:
        if as_json:
            emit(event="error", detail=problem, status=status)
        else:
            print(f"deploy.py: {problem}", file=sys.stderr)
    return status


def aside(as_json: bool, text: str) -> None:
    """A word to a person who reads along, which is not what was asked for."""
    if as_json:
        emit(event="note", detail=text)
    else:
        print(text, file=sys.stderr)


def outputs(as_json: bool, values: Mapping[str, str]) -> None:
    if as_json:
        emit(**values)
        return
    table = new_table("", "")
    table.show_header = False
    for key, value in values.items():
        table.add_row(Text(key, "bold"), value)
    print_table(table)


def result(as_json: bool, changed: int, seconds: float, values: Mapping[str, str]) -> None:
    """How it ended: what was done, how long it took, and the outputs."""
    if as_json:
        emit(event="done", changed=changed, seconds=round(seconds, 1), outputs=dict(values))
        return
    done = f"{changed} resources made or changed" if changed else "nothing to change"
    print(f"{done}, in {seconds:.0f} s\n")
    outputs(as_json, values)


def aws_error(error: ClientError) -> str:
    details = error.response["Error"]
    return f"AWS refused {error.operation_name}: {details['Code']}: {details['Message']}"
