"""Ready means ready: the site answers through its public address, with the code that was shipped."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from provisioner import logs, run_command
from provisioner.aws import Cloud
from provisioner.errors import Failed, ResourceError, TimedOut
from provisioner.model import Found
from provisioner.resources.host import BOOT_TAG
from provisioner.waiting import Tell

RESOURCE = "site"
TAIL = 30
"""Lines of the boot log that are shown when a boot fails."""

ASK_SECONDS = 30
"""How often the host itself is asked, once its boot is over."""

PATIENCE = 15
"""Seconds for a report: the site gives a database that hangs 10."""

STEP = re.compile(r"\bboot: ([a-z ]+)$", re.MULTILINE)
REPORT_LIMIT = 65536

Report = dict[str, Any]
"""What /healthz says: `status` (ok, degraded or down), `release`, and how `database` and `cache` are."""


class Silent(Exception):
    """The site gave no report; the text says what came instead."""


def until_healthy(host: Found, release: str, cloud: Cloud, tell: Tell, seconds: float) -> None:
    """Wait until <url>/healthz answers well, as this release; tell the boot's step meanwhile.

    Raises Failed when a step failed, or the site is not up though the boot is done (the next `create` boots
    again), or when the host answers itself and lets nobody through to here; and TimedOut when the time is
    over. All tell the end of the boot log.
    """
    deadline = cloud.clock() + seconds
    told, asking = "", 0.0
    while not healthy(host.facts["url"], release):
        steps = STEP.findall(logs.console(host, cloud))
        failed = [step for step in steps if step.startswith("failed")]
        state = f"boot: {(failed or steps)[-1]}" if steps else "booting"
        if state != told:
            tell(state)
            told = state
        if (failed or "done" in steps) and cloud.clock() >= asking:
            # A boot that failed may have been mended since, by a script that the console shows nothing of.
            runs = _runs(host, release, cloud)
            if not runs and (failed or asking):
                cloud.ec2.create_tags(Resources=[host.id], Tags=[{"Key": BOOT_TAG, "Value": "failed"}])
                boot = failed[-1] if failed else "is done all the same"
                state = f"not serving, its boot {boot}; run the command again to boot again"
                raise Failed(RESOURCE, host.id, state, _written(host, cloud))
            if runs and asking:
                reason = "the host answers itself: does --allow-from leave this machine out?"
                raise Failed(RESOURCE, host.facts["url"], "out of reach from here", reason)
            asking = cloud.clock() + ASK_SECONDS
        if cloud.clock() >= deadline:
            state = "silent, with its boot done" if "done" in steps else " ".join(["booting", *steps[-1:]])
            raise TimedOut(RESOURCE, state, seconds, _written(host, cloud))
        cloud.sleep(2)


def healthy(url: str, release: str) -> bool:
    """Does the site answer well, as this release?"""
    try:
        return _well(ask(url, 5), release)
    except Silent:
        return False


def ask(url: str, seconds: float = PATIENCE) -> Report:
    """What the site says of itself, be it up or down. Raises Silent."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=seconds) as answer:
            body = answer.read(REPORT_LIMIT)
    except urllib.error.HTTPError as error:  # a report too, when the site is down
        with error:
            return _report(error.read(REPORT_LIMIT), f"it answers {error.code} {error.reason}")
    except (OSError, http.client.HTTPException) as error:
        raise Silent(str(getattr(error, "reason", error))) from error
    return _report(body, "its answer is not a report")


def ask_there(host: Found, cloud: Cloud) -> Report:
    """The same, asked on the host itself by Run Command. Raises Silent."""
    port = urlsplit(host.facts["url"]).port
    script = f"curl --silent --show-error --max-time {PATIENCE} http://127.0.0.1:{port}/healthz"
    try:
        ran = run_command.run(script, RESOURCE, host, cloud, 30)
    except ResourceError as error:
        raise Silent(error.text) from error
    return _report(ran.output.encode(), ran.tail(1) or f"Run Command says {ran.status}")


def _report(body: bytes, otherwise: str) -> Report:
    try:
        report = json.loads(body)
    except ValueError:
        report = None
    if not isinstance(report, dict) or not isinstance(report.get("status"), str):
        raise Silent(otherwise)
    return report


def _well(report: Report, release: str) -> bool:
    return report["status"] in ("ok", "degraded") and report.get("release") == release


def _runs(host: Found, release: str, cloud: Cloud) -> bool:
    """Does the site answer well on the host itself?"""
    try:
        return _well(ask_there(host, cloud), release)
    except Silent:
        return False


def _written(host: Found, cloud: Cloud) -> str:
    lines, _ = logs.BootLog(host, cloud, TAIL).read()
    return "the boot wrote last:\n" + "\n".join(line.text for line in lines) if lines else ""
