"""Run Command: a script that runs on an instance as root, and what it wrote. No port is open for it.

Systems Manager's agent on the instance asks for work; the instance's role allows that.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from provisioner.aws import Cloud, unless
from provisioner.errors import Failed, TimedOut
from provisioner.model import Found

DOCUMENT = "AWS-RunShellScript"
"""Amazon's own: it runs the lines as a file, so that their first one may name an interpreter."""

DELIVERY_SECONDS = 120
"""How long the agent may take to fetch the command."""

POLL = (0.2, 0.5, 1, 2)
"""Seconds between looks; the last one repeats."""

ENDED = ("Success", "Failed", "TimedOut", "Cancelled", "Undeliverable", "Terminated")
UNDELIVERED = ("Delivery Timed Out", "Undeliverable", "DeliveryTimedOut")
"""https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html"""


@dataclass(frozen=True)
class Ran:
    """How a script ended: Run Command's word for it, and what it wrote.

    Run Command keeps the first 24,000 characters of the output, and 8,000 of the errors.
    """

    status: str
    output: str
    errors: str

    @property
    def ok(self) -> bool:
        return self.status == "Success"

    def tail(self, lines: int) -> str:
        """The last lines of both, errors last."""
        written = [*self.output.splitlines(), *self.errors.splitlines()]
        return "\n".join(written[-lines:])


def run(script: str, name: str, host: Found, cloud: Cloud, seconds: int) -> Ran:
    """Run a script on the host, the resource `name`, and wait until it has ended.

    Raises Failed if the agent did not take it, TimedOut if it was still running after so many seconds.
    """
    sent = unless(
        "InvalidInstanceId",
        cloud.ssm.send_command,
        DocumentName=DOCUMENT,
        InstanceIds=[host.id],
        TimeoutSeconds=DELIVERY_SECONDS,
        Parameters={"commands": script.splitlines(), "executionTimeout": [str(seconds)]},
    )
    if sent is None:
        raise _unreached(name, host, cloud)
    command = sent["Command"]["CommandId"]
    deadline = cloud.clock() + DELIVERY_SECONDS + seconds
    for pause in itertools.chain(POLL, itertools.repeat(POLL[-1])):
        answer = cloud.ssm.get_command_invocation(CommandId=command, InstanceId=host.id)
        ran = Ran(answer["Status"], answer["StandardOutputContent"], answer["StandardErrorContent"])
        if ran.status in ENDED:
            break
        if cloud.clock() >= deadline:
            raise TimedOut(name, f"{ran.status} on {host.id}", seconds)
        cloud.sleep(pause)
    if answer["StatusDetails"] in UNDELIVERED:
        raise _unreached(name, host, cloud)
    return ran


def _unreached(name: str, host: Found, cloud: Cloud) -> Failed:
    end = f"aws ec2 terminate-instances --instance-ids {host.id} --region {cloud.region}"
    advice = (
        f"its agent takes no commands; terminate the instance: {end}, then the same command makes a new one"
    )
    return Failed(name, host.id, "not reached by Systems Manager", advice)
