"""EC2 with something behind it: each instance is a directory in which its user data really runs.

So do the scripts that Run Command is given for it.
"""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.models import EC2Backend
from moto.ec2.responses.general import General

from local.commands import Commands, Machine
from local.metadata import MetadataService
from local.plane import Plane
from local.servers import HOST
from local.supervision import Program
from local.systemd import MACHINE

SHIMS = Path(__file__).resolve().parent / "shims"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONSOLE_LIMIT = 65536  # bytes of output that EC2 keeps
STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48}
KEY = {"AccessKeyId": "local", "SecretAccessKey": "local", "Token": "local"}


class Hosts:
    """The machines of a region, which reach its API at `endpoint_url`."""

    def __init__(self, plane: Plane, endpoint_url: str) -> None:
        self._plane = plane
        self._endpoint_url = endpoint_url
        self._metadata: dict[str, MetadataService] = {}
        self._commands = Commands()

    def attach(self) -> None:
        """Let running and terminating instances boot and end machines, and their console show the boot."""
        ec2: Any = EC2Backend
        run, terminate = ec2.run_instances, ec2.terminate_instances

        def run_instances(backend: Any, *args: Any, **kwargs: Any) -> Any:
            reservation = run(backend, *args, **kwargs)
            for instance in reservation.instances:
                _set_state(instance, "pending")
                if instance.nics[0].public_ip:
                    instance.nics[0].public_ip = HOST
                self._later(instance, self._boot)
            return reservation

        def terminate_instances(backend: Any, instance_ids: list[str]) -> Any:
            changes = terminate(backend, instance_ids)
            for instance, previous in changes:
                if previous.name != "terminated":
                    _set_state(instance, "shutting-down")
                    self._later(instance, self._end)
            return changes

        def get_console_output(response: Any) -> ActionResult:
            instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
            log = self._plane.files(_name(instance)) / "boot.log"
            text = log.read_text(errors="replace")[-CONSOLE_LIMIT:] if log.exists() else ""
            output = Base64EncodedString.from_raw_string(text)
            return ActionResult({"InstanceId": instance.id, "Timestamp": datetime.now(UTC), "Output": output})

        ec2.run_instances = run_instances
        ec2.terminate_instances = terminate_instances
        console: Any = General
        console.get_console_output = get_console_output
        self._commands.attach()

    def _later(self, instance: Any, job: Callable[[Any], None]) -> None:
        self._plane.later(_name(instance), lambda: job(instance), lambda: _set_state(instance, "terminated"))

    def _boot(self, instance: Any) -> None:
        name = _name(instance)
        directory = self._plane.files(name)
        (directory / "root").mkdir(parents=True)
        _set_state(instance, "running")
        script = instance.user_data.decode() if instance.user_data else ""
        if not script.startswith("#!"):
            return
        (directory / "user-data").write_text(script)
        service = self._metadata[instance.id] = MetadataService(lambda: _facts(instance))
        environment = self._environment(name, instance, directory, service.url)
        self._commands.manage(instance.id, Machine(directory, environment))
        self._plane.supervisor.add(
            Program(
                f"{name}-boot",
                ["bash", str(directory / "user-data")],
                directory,
                directory / "boot.log",
                environment=environment,
                restart=False,
            )
        )

    def _environment(self, name: str, instance: Any, directory: Path, metadata_url: str) -> dict[str, str]:
        venv = Path(sys.executable).parent.parent
        return {
            "PATH": f"{SHIMS}:{venv / 'bin'}:{SYSTEM_PATH}",
            "HOME": str(directory / "root"),
            "DESTDIR": str(directory / "root"),
            "VENV": str(venv),
            "BIND_ADDRESS": HOST,  # a laptop has no security group before it
            "PYTHONPATH": "",
            "AWS_ENDPOINT_URL": self._endpoint_url,
            "AWS_DEFAULT_REGION": instance.region_name,
            "AWS_ACCESS_KEY_ID": KEY["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": KEY["SecretAccessKey"],
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata_url,
            MACHINE: name,
        }

    def _end(self, instance: Any) -> None:
        name = _name(instance)
        # Scripts first, since they may be about to start more.
        self._commands.leave(instance.id)
        self._plane.supervisor.remove(f"{name}-boot")
        for program in self._plane.supervisor.names(f"{name}-"):
            self._plane.supervisor.remove(program)
        if service := self._metadata.pop(instance.id, None):
            service.close()
        shutil.rmtree(self._plane.files(name), ignore_errors=True)
        _set_state(instance, "terminated")


def _name(instance: Any) -> str:
    return f"host-{instance.id}"


def _set_state(instance: Any, name: str) -> None:
    instance._state.name, instance._state.code = name, STATES[name]


def _facts(instance: Any) -> Mapping[str, str]:
    facts = {
        "instance-id": instance.id,
        "instance-type": instance.instance_type,
        "ami-id": instance.image_id,
        "local-ipv4": instance.private_ip,
        "placement/region": instance.region_name,
        "placement/availability-zone": instance.placement.zone,
    }
    if instance.nics[0].public_ip:
        facts["public-ipv4"] = instance.nics[0].public_ip
    if role := _role(instance):
        expiry = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = {"Code": "Success", "Type": "AWS-HMAC", **KEY, "Expiration": expiry}
        facts["iam/security-credentials/"] = role
        facts[f"iam/security-credentials/{role}"] = json.dumps(key)
    return facts


def _role(instance: Any) -> str | None:
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    roles = association.iam_instance_profile.roles if association else []
    return str(roles[0].name) if roles else None
