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

from provisioner.aws import AnswerLost, Cloud, unless
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
    if not _put(cloud, name, ours, Tags=cloud.tag_list(NAME)):
        holder = _holder(cloud, name) or ours
        if not _abandoned(holder, now):
            raise Locked(
                cloud.stack, f"{holder['owner']} (process {holder['pid']})", holder["since"], holder["until"]
            )
        detail = f"taken over from {holder['owner']}, who held it since {holder['since']} and is gone"
        on_event(Event(NAME, "lock", "state", 0, detail=detail))
        _put(cloud, name, ours, Overwrite=True)
        # What the other one made in its last moment may not show yet.
        cloud.sleep(VISIBLE_SECONDS)
    try:
        yield
    finally:
        try:
            _delete(cloud.unstopped(), name)
        except (ClientError, ProvisionerError) as error:
            detail = f"not given back ({error}); it ends by itself at {ours['until']}"
            on_event(Event(NAME, "lock", "state", 0, detail=detail))


def _put(cloud: Cloud, name: str, ours: dict[str, Any], **how: Any) -> bool:
    """Is the lock ours now? Somebody else's is left alone, unless `how` says to overwrite it."""
    put = {"Name": name, "Value": json.dumps(ours), "Type": "String", **how}
    while True:
        try:
            return unless("ParameterAlreadyExists", cloud.ssm.put_parameter, **put) is not None
        except AnswerLost:
            if _holder(cloud, name) == ours:
                return True
            cloud.sleep(1)


def _delete(cloud: Cloud, name: str) -> None:
    try:
        unless("ParameterNotFound", cloud.ssm.delete_parameter, Name=name)
    except AnswerLost:
        unless("ParameterNotFound", cloud.ssm.delete_parameter, Name=name)


def _holder(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """What the lock says of who has it, or None if nobody has."""
    answer = unless("ParameterNotFound", cloud.ssm.get_parameter, Name=name)
    holder: dict[str, Any] | None = answer and json.loads(answer["Parameter"]["Value"])
    return holder


def _abandoned(holder: dict[str, Any], now: datetime) -> bool:
    """Is its time over, or its process on this very machine gone?"""
    if datetime.fromisoformat(holder["until"]) <= now:
        return True
    return holder["host"] == socket.gethostname() and not _alive(holder["pid"])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
