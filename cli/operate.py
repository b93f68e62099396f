"""Looking after a stack that stands: how it is, what it writes, and the ways to its host."""

import argparse
import shlex
import sys
from collections.abc import Iterator

from cli import options, session, show
from cli.place import ROOT, SITE, Place
from cli.progress import emit
from provisioner import engine, health
from provisioner.archive import pack
from provisioner.aws import AnswerLost
from provisioner.errors import Failed, Unreachable
from provisioner.logs import BootLog, Line, Log, SiteLog
from provisioner.model import Condition, Found

QUIET_SECONDS = 2
"""Between two looks at a log that had nothing new."""


def status(arguments: argparse.Namespace, place: Place) -> int:
    """0 if all of the stack is there and the site is well, else 1."""
    stack = place.whole_stack()
    optional = stack.resources.keys() - place.whole_stack(nat=place.config.nat).resources.keys()
    optional |= {"archive"}  # is named by its content: the one that runs may be another than this checkout's
    found = engine.status(stack, place.cloud)
    show.header(arguments.json, place)
    here = {name: each for name, each in found.items() if each is not None or name not in optional}
    show.status(arguments.json, stack, here)
    if not any(here.values()):
        show.line(arguments.json, f"stack {stack.name!r} is not there: `create` makes it")
        return 1
    complete = all(each and each.condition is Condition.READY for each in here.values())
    host = here["host"]
    if host is None or "url" not in host.facts:
        show.line(arguments.json, "no host, no site: `create` makes what is missing")
        return 1
    parts = _parts(host, place)
    show.health(arguments.json, parts)
    well = all(part.state == "ok" for part in parts)
    if not well:
        show.line(arguments.json, options.further(arguments))
    return 0 if complete and well else 1


def logs(arguments: argparse.Namespace, place: Place) -> int:
    """The last lines, and with --follow what comes until Ctrl-C or until the host is gone."""
    host = place.host()
    log = (BootLog if arguments.log == "boot" else SiteLog)(host, place.cloud, arguments.lines)
    if not arguments.follow:
        return _last_lines(arguments, log)
    try:
        for lines in _following(log, host, place):
            show.log(arguments.json, arguments.log, lines)
    except KeyboardInterrupt:  # how one ends it
        return 0
    show.aside(arguments.json, "the host is gone")
    return 0


def connect(arguments: argparse.Namespace, place: Place) -> int:
    """Ends as the session, whose exit status is the command's."""
    host = place.host()
    if place.target is None:
        words = session.shell(host.id, place.cloud.region, arguments.profile)
        if arguments.json:
            emit(instance=host.id, command=shlex.join(words))
            return 0
        session.become(words)
    environment = session.machine(host, place.cloud)
    directory = environment["DESTDIR"]
    if arguments.json:
        emit(instance=host.id, directory=directory)
        return 0
    print(directory)
    if sys.stdin.isatty() and sys.stdout.isatty():
        print(
            "There is no other machine: this is your own shell among the host's files, with its environment."
        )
        print("`systemctl`, `journalctl` and `aws` speak to it; `exit` leaves it.")
        session.become_shell(environment)
    return 0


def admin(arguments: argparse.Namespace, place: Place) -> int:
    """Shows the admin's address; on AWS it ends as the port-forward that leads there."""
    host = place.host()
    there = host.facts["admin port"]
    here = there if place.target else arguments.local_port or there
    values = {"admin_url": f"http://127.0.0.1:{here}/admin/"}
    if arguments.show_password:
        values |= place.admin()
    show.outputs(arguments.json, values)
    if place.target is None:
        session.become(session.port_forward(host.id, there, here, place.cloud.region, arguments.profile))
    return 0


def _last_lines(arguments: argparse.Namespace, log: Log) -> int:
    left, more = arguments.lines, True
    while left and more:
        lines, more = log.read()
        show.log(arguments.json, arguments.log, lines[:left])
        left -= len(lines[:left])
    if left == arguments.lines:
        show.aside(arguments.json, f"nothing is written in the {arguments.log} log")
    return 0


def _following(log: Log, host: Found, place: Place) -> Iterator[list[Line]]:
    """What is written, as it comes, until the host is gone."""
    resource = place.whole_stack().resources["host"]
    while True:
        lines: list[Line] = []
        more = False
        try:
            try:
                lines, more = log.read()
            except (AnswerLost, Failed):  # whatever it was, it may be that the host is leaving
                found = resource.find(place.cloud)
                if found and found.id == host.id and found.state == "running":
                    raise
            yield lines
            if lines or more:
                continue
            found = resource.find(place.cloud)
            if found is None or found.id != host.id or found.condition is Condition.GOING:
                return
        except AnswerLost:  # of a script that only reads: it is asked again
            pass
        except Unreachable:
            if place.target is None:
                raise
            return  # the region on this machine has gone with its host
        place.cloud.sleep(QUIET_SECONDS)


def _parts(host: Found, place: Place) -> list[show.Part]:
    """How the site, its database and its cache are, by what the site says here, or else on the host."""
    url = host.facts["url"]
    try:
        report, seen = health.ask(url), ""
    except health.Silent as silent:
        seen = f"{url} does not answer here: {silent}"
        try:
            report = health.ask_there(host, place.cloud)
        except health.Silent as there:
            return [show.Part("site", "no answer", f"{seen}; nor on the host: {there}")]
    return show.parts(url, report, seen, pack(ROOT, SITE).sha256)
