"""One runner at a time: a parameter that can be put only once, with who holds it, since when, until when."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from provisioner.aws import Cloud, unless
from provisioner.errors import Locked, ProvisionerError
from provisioner.events import Event, OnEvent, ignore
from provisioner.waiting import VISIBLE_SECONDS

LIFE = timedelta(hours=2)
"""Longer than the longest create: a lock older than this belongs to nobody."""

NAME = "lock"


@contextlib.contextmanager
def lock(cloud: Cloud, on_event: OnEvent = ignore) -> Iterator[None]:
    """Hold the stack's lock. Raises Locked while another runner has it; takes over what nobody holds.

    It is given back even after a stop. Where that fails it is told, not raised: it would hide why the work
    ended, and this machine's next run takes the lock over.
    """
    now = datetime.now(UTC)
    ours: dict[str, Any] = {
        "owner": f"{getpass.getuser()}@{socket.gethostname()}",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "account": cloud.account,
        "region": cloud.region,
        "since": now.isoformat(timespec="seconds"),
        "until": (now + LIFE).isoformat(timespec="seconds"),
    }
    name = f"/{cloud.stack}/{NAME}"
    put = {"Name": name, "Value": json.dumps(ours), "Type": "String"}
    if unless("ParameterAlreadyExists", cloud.ssm.put_parameter, Tags=cloud.tag_list(NAME), **put) is None:
        answer = unless("ParameterNotFound", cloud.ssm.get_parameter, Name=name)
        holder = json.loads(answer["Parameter"]["Value"]) if answer else ours
        if not _abandoned(holder, now):
            raise Locked(
                cloud.stack, f"{holder['owner']} (process {holder['pid']})", holder["since"], holder["until"]
            )
        detail = f"taken over from {holder['owner']}, who held it since {holder['since']} and is gone"
        on_event(Event(NAME, "lock", "state", 0, detail=detail))
        cloud.ssm.put_parameter(Overwrite=True, **put)
        # What the other one made in its last moment may not show yet.
        cloud.sleep(VISIBLE_SECONDS)
    try:
        yield
    finally:
        try:
            unless("ParameterNotFound", cloud.unstopped().ssm.delete_parameter, Name=name)
        except (ClientError, ProvisionerError) as error:
            detail = f"not given back ({error}); it ends by itself at {ours['until']}"
            on_event(Event(NAME, "lock", "state", 0, detail=detail))


def _abandoned(holder: dict[str, Any], now: datetime) -> bool:
    """Is its time over, or its process on this very machine gone?"""
    if datetime.fromisoformat(holder["until"]) <= now:
        return True
    if holder["host"] != socket.gethostname():
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
