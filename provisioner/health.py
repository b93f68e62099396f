"""Ready means ready: the site answers through its public address, with the code that was shipped."""

from __future__ import annotations

import http.client
import json
import re
import urllib.request

from provisioner.aws import Cloud
from provisioner.errors import Failed, TimedOut
from provisioner.model import Found
from provisioner.waiting import Tell

RESOURCE = "site"
TAIL = 30
"""Lines of the boot log that are shown when a boot fails."""


def until_healthy(host: Found, release: str, cloud: Cloud, tell: Tell, seconds: float) -> None:
    """Wait until <url>/healthz answers 200 as this release; tell the boot's step meanwhile.

    Raises Failed with the end of the boot log when a step failed, TimedOut when the time is over.
    """
    deadline = cloud.clock() + seconds
    told = ""
    while not healthy(host.facts["url"], release):
        log = boot_log(host.id, cloud)
        steps = re.findall(r"boot: ([a-z ]+)$", log, re.MULTILINE)
        state = f"boot: {steps[-1]}" if steps else "booting"
        if "boot: failed" in state:
            raise Failed(RESOURCE, host.id, state, "\n" + "\n".join(log.splitlines()[-TAIL:]))
        if state != told:
            tell(state)
            told = state
        if cloud.clock() >= deadline:
            raise TimedOut(RESOURCE, state, seconds)
        cloud.sleep(2)


def healthy(url: str, release: str) -> bool:
    """Does the site answer, as this release?"""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            health = json.load(answer)
    except (OSError, http.client.HTTPException, ValueError):  # refused, reset, 5xx, cut off, or not ours
        return False
    return isinstance(health, dict) and health.get("release") == release


def boot_log(instance: str, cloud: Cloud) -> str:
    """What the instance wrote to its console so far."""
    answer = cloud.ec2.get_console_output(InstanceId=instance, Latest=True)
    return str(answer.get("Output", ""))
